/* SPDX-License-Identifier: MIT */
#include "engine/docker/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* NUL bytes: jansson refuses them in keys, and in C strings they would cut the text. */
static json_t *parse_without_nul(const char *json, size_t len)
{
    _cleanup_free_ char *copy = malloc(len);
    if (!copy)
        return NULL;
    memcpy(copy, json, len);
    for (size_t i = 0; i + 1 < len; i++) {
        if (copy[i] != '\\')
            continue;
        if (i + 6 <= len && memcmp(copy + i, "\\u0000", 6) == 0)
            memcpy(copy + i, "\\ufffd", 6);
        i++; /* the escaped byte, which may be a backslash */
    }
    return json_loadb(copy, len, JSON_REJECT_DUPLICATES, NULL);
}

json_t *parse_json(const char *json, size_t len)
{
    if (memmem(json, len, "\\u0000", 6))
        return parse_without_nul(json, len);
    return json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
}

enum container_status parse_status(const char *word)
{
    for (int i = 0; word && i < CONTAINER_STATUS_UNKNOWN; i++)
        if (strcmp(word, container_status_name((enum container_status)i)) == 0)
            return (enum container_status)i;
    /* Podman's words. */
    if (word && strcmp(word, "stopped") == 0)
        return CONTAINER_EXITED;
    if (word && strcmp(word, "stopping") == 0)
        return CONTAINER_RUNNING; /* it is, until its process has ended */
    if (word && (strcmp(word, "configured") == 0 || strcmp(word, "initialized") == 0))
        return CONTAINER_CREATED;
    return CONTAINER_STATUS_UNKNOWN;
}

enum container_health parse_health(const char *word)
{
    if (word && strcmp(word, "healthy") == 0)
        return HEALTH_HEALTHY;
    if (word && strcmp(word, "unhealthy") == 0)
        return HEALTH_UNHEALTHY;
    if (word && strcmp(word, "starting") == 0)
        return HEALTH_STARTING;
    return HEALTH_NONE;
}

int64_t parse_time_ns(const char *text)
{
    int64_t ms;
    if (time_parse(text, &ms) < 0 || ms <= 0 || ms > INT64_MAX / 1000000)
        return 0;
    int64_t ns = ms * 1000000;
    const char *fraction = strchr(text, '.');
    int64_t unit = 100000000;
    for (int digit = 0; fraction && digit < 9; digit++, unit /= 10) {
        char c = fraction[1 + digit];
        if (c < '0' || c > '9')
            break;
        if (digit >= 3)
            ns += (c - '0') * unit;
    }
    return ns;
}

bool parse_id_is_valid(const char *id)
{
    size_t len = strspn(id, "0123456789abcdef");
    return len == (size_t)2 * CONTAINER_ID_SIZE && id[len] == '\0';
}

/* A string, or "" for what is missing or none. */
static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool is_missing(const json_t *value)
{
    return !value || json_is_null(value);
}

static int read_labels(json_t *labels, struct container_view *v)
{
    if (is_missing(labels))
        return 0;
    if (!json_is_object(labels))
        return -EBADMSG;
    v->labels = calloc(json_object_size(labels) + 1, sizeof(*v->labels));
    if (!v->labels)
        return -ENOMEM;
    const char *key;
    json_t *value;
    json_object_foreach (labels, key, value) {
        if (!json_is_string(value))
            return -EBADMSG;
        v->labels[v->c.n_labels++] = (struct engine_label){key, json_string_value(value)};
    }
    v->c.labels = v->labels;
    return 0;
}

static int read_networks(json_t *networks, struct container_view *v)
{
    if (is_missing(networks))
        return 0;
    if (!json_is_object(networks))
        return -EBADMSG;
    v->networks = calloc(json_object_size(networks) + 1, sizeof(*v->networks));
    if (!v->networks)
        return -ENOMEM;
    const char *key;
    json_t *value;
    json_object_foreach (networks, key, value) {
        v->networks[v->c.n_networks++] = key;
        if (v->c.address[0])
            continue;
        v->c.address = text_of(value, "IPAddress");
        if (!v->c.address[0])
            v->c.address = text_of(value, "GlobalIPv6Address");
    }
    v->c.networks = v->networks;
    return 0;
}

static int read_mounts(json_t *mounts, struct container_view *v)
{
    if (is_missing(mounts))
        return 0;
    if (!json_is_array(mounts))
        return -EBADMSG;
    v->mounts = calloc(json_array_size(mounts) + 1, sizeof(*v->mounts));
    if (!v->mounts)
        return -ENOMEM;
    size_t i;
    json_t *m;
    json_array_foreach (mounts, i, m) {
        if (!json_is_object(m))
            return -EBADMSG;
        v->mounts[v->c.n_mounts++] = (struct engine_mount){
            .type = text_of(m, "Type"),
            .name = text_of(m, "Name"),
            .source = text_of(m, "Source"),
            .destination = text_of(m, "Destination"),
            .read_only = json_is_false(json_object_get(m, "RW")),
        };
    }
    v->c.mounts = v->mounts;
    return 0;
}

static int read_id(struct container_view *v)
{
    v->c.id = text_of(v->root, "Id");
    return parse_id_is_valid(v->c.id) ? 0 : -EBADMSG;
}

static const char *without_slash(const char *name)
{
    return name[0] == '/' ? name + 1 : name;
}

void container_view_init(struct container_view *v)
{
    *v = (struct container_view){0};
    struct engine_container *c = &v->c;
    c->id = c->name = c->image = c->image_id = c->network_mode = "";
    c->restart_policy = c->state_error = c->address = "";
    c->status = CONTAINER_STATUS_UNKNOWN;
}

static int int_of(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int)value;
}

static int read_state(json_t *state, struct engine_container *c)
{
    if (!json_is_object(state))
        return -EBADMSG;
    c->status = parse_status(json_string_value(json_object_get(state, "Status")));
    c->health = parse_health(
        json_string_value(json_object_get(json_object_get(state, "Health"), "Status")));
    c->exit_code = int_of(state, "ExitCode");
    c->oom_killed = json_is_true(json_object_get(state, "OOMKilled"));
    c->state_error = text_of(state, "Error");
    c->started_at_ns = parse_time_ns(text_of(state, "StartedAt"));
    c->finished_at_ns = parse_time_ns(text_of(state, "FinishedAt"));
    return 0;
}

static int read_inspection(struct container_view *v)
{
    struct engine_container *c = &v->c;
    json_t *config = json_object_get(v->root, "Config");
    json_t *host = json_object_get(v->root, "HostConfig");
    json_t *network = json_object_get(v->root, "NetworkSettings");
    c->inspected = true;
    c->name = without_slash(text_of(v->root, "Name"));
    c->image = text_of(config, "Image");
    c->image_id = text_of(v->root, "Image");
    c->created_s = parse_time_ns(text_of(v->root, "Created")) / (int64_t)NS_PER_S;
    c->network_mode = text_of(host, "NetworkMode");
    c->tty = json_is_true(json_object_get(config, "Tty"));
    c->restart_policy = text_of(json_object_get(host, "RestartPolicy"), "Name");
    if (!c->restart_policy[0])
        c->restart_policy = "no";
    c->restart_count = int_of(v->root, "RestartCount");
    int r = read_id(v);
    if (r == 0)
        r = read_state(json_object_get(v->root, "State"), c);
    if (r == 0)
        r = read_labels(json_object_get(config, "Labels"), v);
    if (r == 0)
        r = read_networks(json_object_get(network, "Networks"), v);
    if (r == 0)
        r = read_mounts(json_object_get(v->root, "Mounts"), v);
    if (!c->address[0])
        c->address = text_of(network, "IPAddress"); /* before API 1.52 */
    return r;
}

int parse_inspection(const char *json, size_t len, struct container_view *ret_view)
{
    container_view_init(ret_view);
    ret_view->root = parse_json(json, len);
    int r = json_is_object(ret_view->root) ? read_inspection(ret_view) : -EBADMSG;
    if (r < 0)
        container_view_close(ret_view);
    return r;
}

void container_view_close(struct container_view *v)
{
    json_decref(v->root);
    free(v->text);
    free(v->labels);
    free(v->networks);
    free(v->mounts);
    *v = (struct container_view){0};
}
