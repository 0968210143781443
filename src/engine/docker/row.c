/* SPDX-License-Identifier: MIT
 *
 * One row of a listing, read without a tree (see json_read.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/docker/json_read.h"
#include "engine/docker/parse.h"

struct row {
    struct json_read json;
    struct container_view *view;
    unsigned seen; /* members of `members` that have come: none may come twice */
    int error;     /* what the JSON's syntax does not show: wrong kinds, out of memory */
};

/* The status text: "Up 3 minutes (healthy)". */
static enum container_health health_in_text(const char *text)
{
    if (strstr(text, "(healthy)"))
        return HEALTH_HEALTHY;
    if (strstr(text, "(unhealthy)"))
        return HEALTH_UNHEALTHY;
    if (strstr(text, "(health: starting)"))
        return HEALTH_STARTING;
    return HEALTH_NONE;
}

/* Room for one more element behind the `n` that are there. */
static bool make_room(struct row *row, void **array, size_t n, size_t element_size)
{
    if ((n & (n - 1)) != 0)
        return true; /* there is room up to the next power of two */
    void *more = realloc(*array, (n ? 2 * n : 1) * element_size);
    if (!more) {
        row->error = -ENOMEM;
        return false;
    }
    *array = more;
    return true;
}

/* A string; "" for anything else. */
static const char *lenient_text(struct row *row)
{
    const char *text = NULL;
    if (json_read_peek(&row->json) == JSON_KIND_STRING)
        text = json_read_string(&row->json);
    else
        json_read_skip(&row->json);
    return text ? text : "";
}

/* Whether a value of this kind is there to be read: null is an empty one, anything else a wrong
 * row. */
static bool is_there(struct row *row, enum json_kind kind)
{
    enum json_kind found = json_read_peek(&row->json);
    if (found == kind)
        return true;
    json_read_skip(&row->json);
    if (found != JSON_KIND_NULL)
        row->error = -EBADMSG;
    return false;
}

/* The object of a member that may be anything else, which then says nothing. */
static bool is_object(struct row *row)
{
    if (json_read_peek(&row->json) == JSON_KIND_OBJECT)
        return true;
    json_read_skip(&row->json);
    return false;
}

static void read_id(struct row *row)
{
    row->view->c.id = lenient_text(row); /* looked at in the end */
}

/* With links a container has more names; its own has no second slash. */
static void read_names(struct row *row)
{
    const char **name = &row->view->c.name;
    if (!is_there(row, JSON_KIND_ARRAY))
        return; /* being made or removed */
    struct json_scope names = json_read_array(&row->json);
    while (json_read_element(&row->json, &names)) {
        const char *text = json_read_string(&row->json);
        if (text && text[0] == '/')
            text++;
        if (text && (!(*name)[0] || (strchr(*name, '/') && !strchr(text, '/'))))
            *name = text;
    }
}

static void read_image(struct row *row)
{
    row->view->c.image = lenient_text(row);
}

static void read_image_id(struct row *row)
{
    row->view->c.image_id = lenient_text(row);
}

static void read_created(struct row *row)
{
    if (json_read_peek(&row->json) == JSON_KIND_NUMBER)
        row->view->c.created_s = json_read_integer(&row->json);
    else
        json_read_skip(&row->json);
}

static void read_labels(struct row *row)
{
    struct container_view *v = row->view;
    const char *key;
    if (!is_there(row, JSON_KIND_OBJECT))
        return;
    struct json_scope labels = json_read_object(&row->json);
    while ((key = json_read_member(&row->json, &labels))) {
        const char *value = json_read_string(&row->json);
        if (!value || !make_room(row, (void **)&v->labels, v->c.n_labels, sizeof(*v->labels)))
            return;
        v->labels[v->c.n_labels++] = (struct engine_label){key, value};
    }
}

static void read_state(struct row *row)
{
    row->view->c.status = parse_status(lenient_text(row));
}

static void read_status(struct row *row)
{
    row->view->c.health = health_in_text(lenient_text(row));
}

static void read_host_config(struct row *row)
{
    const char *key;
    if (!is_object(row))
        return;
    struct json_scope host = json_read_object(&row->json);
    while ((key = json_read_member(&row->json, &host))) {
        if (strcmp(key, "NetworkMode") == 0)
            row->view->c.network_mode = lenient_text(row);
        else
            json_read_skip(&row->json);
    }
}

static void read_networks(struct row *row)
{
    struct container_view *v = row->view;
    const char *key;
    if (!is_there(row, JSON_KIND_OBJECT))
        return;
    struct json_scope networks = json_read_object(&row->json);
    while ((key = json_read_member(&row->json, &networks))) {
        json_read_skip(&row->json);
        if (!make_room(row, (void **)&v->networks, v->c.n_networks, sizeof(*v->networks)))
            return;
        v->networks[v->c.n_networks++] = key;
    }
}

static void read_network_settings(struct row *row)
{
    const char *key;
    if (!is_object(row))
        return;
    struct json_scope settings = json_read_object(&row->json);
    while ((key = json_read_member(&row->json, &settings))) {
        if (strcmp(key, "Networks") == 0)
            read_networks(row);
        else
            json_read_skip(&row->json);
    }
}

static struct engine_mount read_mount(struct row *row)
{
    struct engine_mount mount = {.type = "", .name = "", .source = "", .destination = ""};
    const struct {
        const char *key;
        const char **place;
    } texts[] = {
        {"Type", &mount.type},
        {"Name", &mount.name},
        {"Source", &mount.source},
        {"Destination", &mount.destination},
    };
    const char *key;
    struct json_scope object = json_read_object(&row->json);
    while ((key = json_read_member(&row->json, &object))) {
        size_t i = 0;
        while (i < ARRAY_LEN(texts) && strcmp(key, texts[i].key) != 0)
            i++;
        if (i < ARRAY_LEN(texts)) {
            *texts[i].place = lenient_text(row);
        } else {
            if (strcmp(key, "RW") == 0)
                mount.read_only = json_read_peek(&row->json) == JSON_KIND_FALSE;
            json_read_skip(&row->json);
        }
    }
    return mount;
}

static void read_mounts(struct row *row)
{
    struct container_view *v = row->view;
    if (!is_there(row, JSON_KIND_ARRAY))
        return;
    struct json_scope mounts = json_read_array(&row->json);
    while (json_read_element(&row->json, &mounts)) {
        if (!make_room(row, (void **)&v->mounts, v->c.n_mounts, sizeof(*v->mounts)))
            return;
        v->mounts[v->c.n_mounts++] = read_mount(row);
    }
}

static const struct {
    const char *key;
    void (*read)(struct row *row);
} members[] = {
    {"Id", read_id},
    {"Names", read_names},
    {"Image", read_image},
    {"ImageID", read_image_id},
    {"Created", read_created},
    {"Labels", read_labels},
    {"State", read_state},
    {"Status", read_status},
    {"HostConfig", read_host_config},
    {"NetworkSettings", read_network_settings},
    {"Mounts", read_mounts},
};

static void read_member(struct row *row, const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (strcmp(key, members[i].key) != 0)
            continue;
        if (row->seen & 1U << i)
            row->error = -EBADMSG;
        row->seen |= 1U << i;
        members[i].read(row);
        return;
    }
    json_read_skip(&row->json);
}

static int read_row(struct row *row)
{
    struct engine_container *c = &row->view->c;
    const char *key;
    struct json_scope object = json_read_object(&row->json);
    while (row->error == 0 && (key = json_read_member(&row->json, &object)))
        read_member(row, key);
    if (row->error)
        return row->error;
    if (!json_read_end(&row->json) || !parse_id_is_valid(c->id))
        return -EBADMSG;
    c->labels = row->view->labels;
    c->networks = row->view->networks;
    c->mounts = row->view->mounts;
    return 0;
}

int parse_row(const char *json, size_t len, struct container_view *ret_view)
{
    container_view_init(ret_view);
    ret_view->text = malloc(len ? len : 1);
    if (!ret_view->text)
        return -ENOMEM;
    struct row row = {.view = ret_view};
    memcpy(ret_view->text, json, len);
    json_read_init(&row.json, ret_view->text, len);
    int r = read_row(&row);
    if (r < 0)
        container_view_close(ret_view);
    return r;
}
