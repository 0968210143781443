/* SPDX-License-Identifier: MIT
 *
 * A network or volume as the file would declare it, from the body of its create call.
 */
#include <stdio.h>
#include <string.h>

#include "compose/resource.h"

static bool is_text(const json_t *json, const char *text)
{
    return json_is_string(json) && strcmp(json_string_value(json), text) == 0;
}

/* Without those that every resource gets. */
static json_t *user_labels(const struct resource_kind *kind, json_t *labels)
{
    json_auto_t *made = json_copy(labels);
    (void)json_object_del(made, "com.docker.compose.project");
    (void)json_object_del(made, kind->label);
    (void)json_object_del(made, "roost.fleet");
    return json_object_size(made) > 0 ? json_incref(made) : NULL;
}

static json_t *unread_pool(const json_t *pool)
{
    json_t *made = json_object();
    for (const struct field *f = resource_ipam_fields; f->key; f++)
        if (json_object_get(pool, f->engine))
            (void)json_object_set(made, f->key, json_object_get(pool, f->engine));
    return made;
}

static json_t *unread_ipam(const json_t *ipam)
{
    json_t *made = json_object(), *options = json_object_get(ipam, "Options"), *pool;
    json_auto_t *config = json_array();
    size_t i;
    if (!is_text(json_object_get(ipam, "Driver"), "default"))
        (void)json_object_set(made, "driver", json_object_get(ipam, "Driver"));
    json_array_foreach (json_object_get(ipam, "Config"), i, pool)
        (void)json_array_append_new(config, unread_pool(pool));
    if (json_array_size(config) > 0)
        (void)json_object_set(made, "config", config);
    if (options)
        (void)json_object_set(made, "options", options);
    return made;
}

/* NULL: it is as without a word. */
static json_t *unread_field(const struct resource_kind *kind, const struct field *f, json_t *value)
{
    bool is_default = (f->type == FIELD_TEXT && is_text(value, kind->driver)) ||
                      (strcmp(f->key, "internal") == 0 && json_is_false(value));
    if (!value || is_default)
        return NULL;
    if (f->type == FIELD_LABELS)
        return user_labels(kind, value);
    return f->type == FIELD_IPAM ? unread_ipam(value) : json_incref(value);
}

/* The name that it has where none is written. */
static bool is_own_name(const struct compose_project *project, const struct compose_resource *res)
{
    size_t n = strlen(project->name);
    if (res->external)
        return strcmp(res->engine_name, res->key) == 0;
    return strncmp(res->engine_name, project->name, n) == 0 && res->engine_name[n] == '_' &&
           strcmp(res->engine_name + n + 1, res->key) == 0;
}

json_t *resource_unread(const struct compose_project *project, const struct compose_resource *res)
{
    const struct resource_kind *kind =
        strcmp(res->kind, resource_network.name) == 0 ? &resource_network : &resource_volume;
    json_auto_t *body = res->body ? json_loads(res->body, 0, NULL) : NULL;
    json_t *made = json_object();
    if (!is_own_name(project, res))
        (void)json_object_set_new(made, "name", json_string(res->engine_name));
    if (res->external)
        (void)json_object_set_new(made, "external", json_true());
    for (const struct field *f = kind->fields; f->key && !res->external; f++) {
        json_t *value = f->engine ? unread_field(kind, f, json_object_get(body, f->engine)) : NULL;
        if (value)
            (void)json_object_set_new(made, f->key, value);
    }
    return made;
}
