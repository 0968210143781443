/* SPDX-License-Identifier: MIT
 *
 * A service that is scaled: several agents, NAME-1, NAME-2, …, that all have the service's name as
 * alias in its networks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "compose/load.h"

/* ---- how many ---- */

static int read_count(struct loader *l, const struct node *n, const char *what, int64_t *ret)
{
    json_auto_t *made = NULL;
    char *end = NULL;
    *ret = -1;
    if (!n || node_is_null(n) || n->tag == TAG_RESET)
        return 0;
    int r = n->kind == NODE_SCALAR ? convert_node(l, n, true, &made) : 0;
    if (r < 0)
        return r;
    const char *text = json_string_value(made);
    long count = text && *text ? strtol(text, &end, 10) : -1;
    if (!end || *end != '\0' || count < 0 || count > COMPOSE_SERVICES_MAX)
        return node_error(l, n, "%s must be a number from 0 to %d", what, COMPOSE_SERVICES_MAX);
    *ret = count;
    return 0;
}

int scale_count(struct loader *l, const struct node *service, size_t *ret_count)
{
    const struct node *deploy = node_get(service, "deploy");
    const struct node_entry *replicas = node_entry(deploy, "replicas");
    const struct node *mode = node_get(deploy, "mode");
    int64_t scale, count;
    if (mode && mode->text && strcmp(mode->text, "replicated") != 0)
        return node_error(l, mode,
                          "one engine has no mode \"%s\"; remove it, and write \"scale: N\" for "
                          "more than one",
                          SHOWN(mode->text));
    int r = read_count(l, node_get(service, "scale"), "scale", &scale);
    if (r == 0)
        r = read_count(l, replicas ? replicas->value : NULL, "deploy.replicas", &count);
    if (r < 0)
        return r;
    if (scale >= 0 && count >= 0 && scale != count)
        return node_error(l, replicas->key, "replicas and scale differ; remove one of them");
    *ret_count = scale >= 0 ? (size_t)scale : count >= 0 ? (size_t)count : 1;
    return 0;
}

/* Only what is not 1 is noted. */
int scale_note(struct loader *l, const struct node *key, size_t count)
{
    if (count == 1)
        return 0;
    return json_object_set_new(l->scales, key->text, json_integer((json_int_t)count)) < 0 ? -ENOMEM
                                                                                          : 0;
}

static bool is_scaled(const struct loader *l, const char *name, size_t *ret_count)
{
    const json_t *count = json_object_get(l->scales, name);
    *ret_count = count ? (size_t)json_integer_value(count) : 1;
    return count != NULL;
}

/* ---- one of several ---- */

static int drop_keys(json_t *service)
{
    json_t *deploy = json_object_get(service, "deploy");
    (void)json_object_del(service, "scale");
    if (!json_is_object(deploy))
        return 0;
    (void)json_object_del(deploy, "replicas");
    (void)json_object_del(deploy, "mode");
    if (json_object_size(deploy) == 0)
        (void)json_object_del(service, "deploy");
    return 0;
}

/* A network's options with one more alias. NULL: out of memory. */
static json_t *with_alias(json_t *options, const char *alias)
{
    json_auto_t *made = json_is_object(options) ? json_copy(options) : json_object();
    const json_t *old = json_object_get(made, "aliases");
    json_auto_t *aliases = json_is_array(old) ? json_copy((json_t *)old) : json_array();
    if (!made || json_array_append_new(aliases, json_string(alias)) < 0 ||
        json_object_set(made, "aliases", aliases) < 0)
        return NULL;
    return json_incref(made);
}

static int put_alias(json_t *networks, const char *name, json_t *options, const char *alias)
{
    return json_object_set_new(networks, name, with_alias(options, alias)) < 0 ? -ENOMEM : 0;
}

/* Other forms are for the spec to refuse. */
static int add_aliases(json_t *service, const char *alias)
{
    json_t *networks = json_object_get(service, "networks"), *options;
    const json_t *mode = json_object_get(service, "network_mode");
    json_auto_t *made = json_object();
    const char *name;
    size_t i;
    if (json_is_string(mode))
        return 0;
    int r = made ? 0 : -ENOMEM;
    if (r == 0 && (!networks || json_is_null(networks)))
        r = put_alias(made, "default", NULL, alias);
    json_array_foreach (networks, i, options)
        if (r == 0 && json_is_string(options))
            r = put_alias(made, json_string_value(options), NULL, alias);
    json_object_foreach (networks, name, options)
        if (r == 0)
            r = put_alias(made, name, options, alias);
    return r < 0 || json_object_set(service, "networks", made) < 0 ? -ENOMEM : 0;
}

/* ---- what depends on one ---- */

static int spread_name(json_t *map, const char *name, size_t count, json_t *options)
{
    for (size_t i = 1; i <= count; i++) {
        char replica[AGENT_NAME_MAX + 24];
        (void)snprintf(replica, sizeof(replica), "%.*s-%zu", AGENT_NAME_MAX, name, i);
        if (json_object_set(map, replica, options) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int spread(const struct loader *l, json_t *map, const char *name, json_t *options)
{
    size_t count;
    if (is_scaled(l, name, &count))
        return spread_name(map, name, count, options);
    return json_object_set(map, name, options) < 0 ? -ENOMEM : 0;
}

static bool depends_on_scaled(const struct loader *l, json_t *depends)
{
    const char *name;
    json_t *value;
    size_t i, count;
    json_array_foreach (depends, i, value)
        if (json_is_string(value) && is_scaled(l, json_string_value(value), &count))
            return true;
    json_object_foreach (depends, name, value)
        if (is_scaled(l, name, &count))
            return true;
    return false;
}

static int spread_dependencies(const struct loader *l, json_t *service)
{
    json_t *depends = json_object_get(service, "depends_on"), *value;
    const char *name;
    size_t i;
    if (!depends_on_scaled(l, depends))
        return 0;
    json_auto_t *map = json_object(), *nothing = json_null();
    int r = map ? 0 : -ENOMEM;
    json_array_foreach (depends, i, value)
        if (r == 0 && json_is_string(value))
            r = spread(l, map, json_string_value(value), nothing);
    json_object_foreach (depends, name, value)
        if (r == 0)
            r = spread(l, map, name, value);
    return r < 0 || json_object_set(service, "depends_on", map) < 0 ? -ENOMEM : 0;
}

/* "service:NAME": a namespace is one container's. */
static int check_namespace(struct loader *l, const struct node *service, const json_t *json,
                           const char *key)
{
    static const char prefix[] = "service:";
    const char *value = json_string_value(json_object_get(json, key));
    size_t count;
    if (!value || strncmp(value, prefix, strlen(prefix)) != 0 ||
        !is_scaled(l, value + strlen(prefix), &count))
        return 0;
    return node_error(
        l, node_locate(service, key),
        "%s: the service is scaled to %zu, so there is no one container to share with", key, count);
}

/* "NAME", "NAME:ro", "NAME:alias": volumes and names are one container's, too. */
static int check_list(struct loader *l, const struct node *service, const json_t *json,
                      const char *key)
{
    size_t i, count;
    json_t *entry;
    json_array_foreach (json_object_get(json, key), i, entry) {
        const char *text = json_is_string(entry) ? json_string_value(entry) : "";
        _cleanup_free_ char *name = strndup(text, strcspn(text, ":"));
        if (!name)
            return -ENOMEM;
        if (is_scaled(l, name, &count))
            return node_error(l, node_locate(service, key),
                              "%s: the service \"%s\" is scaled to %zu, and one container is meant",
                              key, SHOWN(name), count);
    }
    return 0;
}

int scale_apply(struct loader *l, const struct node *service, json_t *json, const char *name,
                size_t replica)
{
    static const char *const namespaces[] = {"network_mode", "pid", "ipc"};
    int r = drop_keys(json);
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(namespaces); i++)
        r = check_namespace(l, service, json, namespaces[i]);
    if (r == 0)
        r = check_list(l, service, json, "volumes_from");
    if (r == 0)
        r = check_list(l, service, json, "links");
    if (r == 0)
        r = spread_dependencies(l, json);
    if (r < 0 || replica == 0)
        return r;
    if (json_is_string(json_object_get(json, "container_name")))
        return node_error(l, node_locate(service, "container_name"),
                          "service \"%s\" is scaled, and only one container can have this name; "
                          "remove it",
                          name);
    return add_aliases(json, name);
}
