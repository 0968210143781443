/* SPDX-License-Identifier: MIT
 *
 * One service: the columns of its row (name, lifecycle, image, idle_timeout), and the rest as
 * a spec.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "compose/load.h"

/* The values below these are texts for the container, whatever they look like. */
static const char *const text_keys[] = {"annotations", "environment", "labels",
                                        "storage_opt", "sysctls",     NULL};

/* One service on its way. */
struct reading {
    struct loader *l;
    const char *name;
    size_t replica; /* of several agents which one, from 1 on */
    const struct node *key, *node;
    const struct node *failed; /* what the spec last asked the place of */
    size_t where;              /* how long the text of that place is */
    json_t *json;
};

/* ---- what the spec asks of us ---- */

static bool locate(void *ctx, const char *path, char *ret_where, size_t size)
{
    struct reading *rd = ctx;
    const struct node *n = *path ? node_locate(rd->node, path) : rd->key;
    (void)snprintf(ret_where, size, "%s:%d:%d: service \"%s\"", n->origin->shown_as, n->line,
                   n->column, rd->name);
    rd->where = strlen(ret_where);
    rd->failed = *path ? node_value(rd->node, path) : NULL;
    return true;
}

/* ---- keys ---- */

static bool is_spec_key(const char *key)
{
    for (size_t i = 0; spec_key_name(i); i++)
        if (strcmp(key, spec_key_name(i)) == 0)
            return true;
    return false;
}

static bool is_known_key(const char *key)
{
    return is_spec_key(key) || strncmp(key, "x-", 2) == 0;
}

static int unknown_key(const struct reading *rd, const struct node *key)
{
    struct nearest nearest = {.word = key->text};
    for (size_t i = 0; spec_key_name(i); i++)
        nearest_offer(&nearest, spec_key_name(i));
    if (nearest.best)
        return node_error(rd->l, key, "unknown key \"%s\" in service \"%s\"; did you mean \"%s\"?",
                          SHOWN(key->text), rd->name, nearest.best);
    return node_error(rd->l, key, "unknown key \"%s\" in service \"%s\"; remove it",
                      SHOWN(key->text), rd->name);
}

static int check_keys(const struct reading *rd)
{
    for (size_t i = 0; i < rd->node->n_entries; i++)
        if (!is_known_key(rd->node->entries[i].key->text))
            return unknown_key(rd, rd->node->entries[i].key);
    return 0;
}

/* ---- columns ---- */

static int steal_text(json_t *from, const char *key, char **ret_text)
{
    *ret_text = strdup(json_string_value(json_object_get(from, key)));
    (void)json_object_del(from, key);
    return *ret_text ? 0 : -ENOMEM;
}

/* Compose names what it builds {project}-{service}. */
static int name_built(const struct reading *rd, struct compose_service *s)
{
    int r = node_warning(rd->l, node_entry(rd->node, "build")->key, "build",
                         "roost builds nothing: \"docker compose build\" makes the image, and "
                         "its name is used");
    if (r < 0 || json_is_string(json_object_get(rd->json, "image")))
        return r;
    if (asprintf(&s->image, "%s-%s", rd->l->project->name, rd->key->text) >= 0)
        return 0;
    s->image = NULL;
    return -ENOMEM;
}

static int take_image(const struct reading *rd, struct compose_service *s)
{
    const json_t *image = json_object_get(rd->json, "image");
    if (json_object_get(rd->json, "build")) {
        int r = name_built(rd, s);
        if (r < 0 || s->image)
            return r;
    }
    if (json_is_string(image) && json_string_length(image) > 0)
        return steal_text(rd->json, "image", &s->image);
    if (json_is_string(image) && *node_get(rd->node, "image")->text)
        return node_error(rd->l, node_entry(rd->node, "image")->key,
                          "the image of service \"%s\" is empty: its variables are not set",
                          rd->name);
    if (image)
        return node_error(rd->l, node_entry(rd->node, "image")->key,
                          "service \"%s\": image must be a text such as \"busybox:1.36\"",
                          rd->name);
    return node_error(rd->l, rd->key, "service \"%s\" has no image; add \"image: NAME\"", rd->name);
}

static int take_lifecycle(const struct reading *rd, const struct node *at, json_t *settings,
                          struct compose_service *s)
{
    const json_t *value = json_object_get(settings, "lifecycle");
    s->lifecycle = LIFECYCLE_HOT;
    if (!value)
        return 0;
    if (!json_is_string(value) || !lifecycle_parse(json_string_value(value), &s->lifecycle))
        return node_error(rd->l, at, "service \"%s\": lifecycle must be hot or lazy", rd->name);
    return json_object_del(settings, "lifecycle");
}

static int take_idle_timeout(const struct reading *rd, const struct node *at, json_t *settings,
                             struct compose_service *s)
{
    const json_t *value = json_object_get(settings, "idle_timeout");
    char text[DURATION_TEXT_SIZE];
    if (!value)
        return 0;
    if (!json_is_string(value) || duration_shorten(json_string_value(value), text) < 0)
        return node_error(rd->l, at,
                          "service \"%s\": idle_timeout must be a duration such as \"15m\" or "
                          "\"1h30m\", and not 0",
                          rd->name);
    s->idle_timeout = strdup(text);
    return s->idle_timeout ? json_object_del(settings, "idle_timeout") : -ENOMEM;
}

static int take_settings(const struct reading *rd, struct compose_service *s)
{
    json_t *settings = json_object_get(rd->json, "x-roost");
    int r = take_lifecycle(rd, node_locate(rd->node, "x-roost.lifecycle"), settings, s);
    if (r == 0)
        r = take_idle_timeout(rd, node_locate(rd->node, "x-roost.idle_timeout"), settings, s);
    if (r == 0 && json_is_object(settings) && json_object_size(settings) == 0)
        r = json_object_del(rd->json, "x-roost");
    return r;
}

/* ---- the spec ---- */

static int check_spec(struct reading *rd, const struct compose_service *s, struct spec **ret_spec)
{
    struct error *err = rd->l->diag.err;
    int r = spec_from_json(rd->json, s->image, locate, rd, ret_spec, err);
    if (r == 0)
        r = spec_check_lifecycle(*ret_spec, s->lifecycle, locate, rd, err);
    if (r == -EINVAL && rd->failed && strlen(err->text) > rd->where)
        mask_variables(rd->l, rd->failed, err->text + rd->where, sizeof(err->text) - rd->where);
    return r;
}

static int make_spec(struct reading *rd, struct compose_service *s, struct spec **ret_spec)
{
    int r = check_spec(rd, s, ret_spec);
    if (r < 0)
        return r;
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    r = spec_canonical(*ret_spec, false, &text);
    if (r == -EFBIG)
        return node_error(rd->l, rd->key, "service \"%s\" is larger than %u bytes", rd->name,
                          SPEC_JSON_MAX);
    if (r < 0)
        return r;
    s->spec = buf_steal(&text);
    return s->spec ? 0 : -ENOMEM;
}

static int read_service(struct reading *rd, struct compose_service *s, struct spec **ret_spec)
{
    int r = convert_map(rd->l, rd->node, text_keys, &rd->json);
    (void)json_object_del(rd->json, "profiles");
    (void)json_object_del(rd->json, "extends");
    if (r == 0)
        r = scale_apply(rd->l, rd->node, rd->json, rd->key->text, rd->replica);
    if (r == 0)
        r = unused_drop(rd->l, rd->node, rd->json);
    if (r == 0)
        r = deploy_apply(rd->l, rd->node, rd->json);
    if (r == 0)
        r = take_image(rd, s);
    if (r == 0)
        r = job_apply(rd->l, rd->node, rd->key->text, rd->json, &s->job);
    if (r == 0)
        r = take_settings(rd, s);
    if (r == 0)
        r = environment_resolve(rd->l, rd->node, rd->json);
    if (r == 0)
        r = label_file_resolve(rd->l, rd->node, rd->json);
    if (r == 0)
        r = paths_resolve(rd->l, rd->node, rd->json);
    if (r == 0)
        r = tmpfs_move(rd->l, rd->node, rd->json);
    if (r == 0)
        r = secrets_apply(rd->l, rd->node, rd->json);
    return r < 0 ? r : make_spec(rd, s, ret_spec);
}

static int load_agent(struct loader *l, const struct node *key, const struct node *value,
                      size_t replica)
{
    size_t i = l->project->n_services++;
    struct compose_service *s = &l->project->services[i];
    l->nodes[i] = value;
    s->line = key->line;
    if (replica == 0)
        s->name = strdup(key->text);
    else if (asprintf(&s->name, "%s-%zu", key->text, replica) < 0)
        s->name = NULL;
    if (!s->name)
        return -ENOMEM;
    if (!agent_name_is_valid(s->name))
        return node_error(l, key, "\"%s\" is scaled, and \"%s\" is too long for a name", key->text,
                          s->name);
    if (json_object_get(l->index, s->name))
        return node_error(l, key,
                          "two agents would be called \"%s\": a service of that name, and one of a "
                          "service that is scaled; rename one service",
                          s->name);
    if (json_object_set_new(l->index, s->name, json_integer((json_int_t)i)) < 0)
        return -ENOMEM;
    struct reading rd = {.l = l, .name = s->name, .replica = replica, .key = key, .node = value};
    int r = read_service(&rd, s, &l->specs[i]);
    json_decref(rd.json);
    return r;
}

int service_load(struct loader *l, const struct node *key, const struct node *value, size_t agents)
{
    int r = agents == 1 ? load_agent(l, key, value, 0) : 0;
    for (size_t i = 1; r == 0 && agents > 1 && i <= agents; i++)
        r = load_agent(l, key, value, i);
    return r;
}

int service_look(struct loader *l, const struct node *key, const struct node *value,
                 size_t *ret_agents)
{
    bool active = true;
    *ret_agents = 0;
    if (!agent_name_is_valid(key->text))
        return node_error(l, key,
                          "\"%s\" cannot be the name of a service; use 1 to %d letters, digits and "
                          "_ . - with a letter or digit first and no two dots in a row",
                          SHOWN(key->text), AGENT_NAME_MAX);
    if (value->kind != NODE_MAP)
        return node_error(l, key, "service \"%s\" must be a mapping, with an image at least",
                          key->text);
    struct reading rd = {.l = l, .name = key->text, .key = key, .node = value};
    int r = check_keys(&rd);
    if (r == 0)
        r = profiles_check(l, key, value, &active);
    if (r < 0 || !active)
        return r;
    r = job_note_awaited(l, value);
    if (r == 0)
        r = scale_count(l, value, ret_agents);
    return r < 0 ? r : scale_note(l, key, *ret_agents);
}
