/* SPDX-License-Identifier: MIT
 *
 * One network or volume of the file as the body of the engine's create call.
 */
#include "compose/resource.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "compose/load.h"

static const struct field network_fields[] = {
    {"attachable", "Attachable", FIELD_BOOLEAN, "true, false"},
    {"driver", "Driver", FIELD_TEXT, "text; `bridge` where it is not given"},
    {"driver_opts", "Options", FIELD_TEXTS, "a map"},
    {"enable_ipv4", NULL, FIELD_OWN, "true: it is so; false is an error: it needs Docker 28"},
    {"enable_ipv6", "EnableIPv6", FIELD_BOOLEAN, "true, false"},
    {"external", NULL, FIELD_OWN,
     "true: it must be there already, and is neither made nor removed; "
     "beside it only `name` may stand"},
    {"internal", "Internal", FIELD_BOOLEAN, "true, false"},
    {"ipam", "IPAM", FIELD_IPAM,
     "`driver`, `options`, and `config`: a list of `subnet`, `gateway`, "
     "`ip_range`, `aux_addresses`"},
    {"labels", "Labels", FIELD_LABELS, "a map, or a list of `name=value`"},
    {"name", NULL, FIELD_OWN, "its name, instead of `{name}_{key}`"},
    {NULL},
};

static const struct field volume_fields[] = {
    {"driver", "Driver", FIELD_TEXT, "text; `local` where it is not given"},
    {"driver_opts", "DriverOpts", FIELD_TEXTS, "a map"},
    {"external", NULL, FIELD_OWN, "true: as of a network"},
    {"labels", "Labels", FIELD_LABELS, "a map, or a list of `name=value`"},
    {"name", NULL, FIELD_OWN, "its name, instead of `{name}_{key}`"},
    {NULL},
};

const char *compose_resource_key(bool network, size_t index, const char **ret_takes)
{
    const struct field *f = network ? &network_fields[index] : &volume_fields[index];
    *ret_takes = f->takes;
    return f->key;
}

const struct resource_kind resource_network = {
    "network", "networks", "com.docker.compose.network", "bridge", network_fields,
};

const struct resource_kind resource_volume = {
    "volume", "volumes", "com.docker.compose.volume", "local", volume_fields,
};

/* One resource in the making. */
struct making {
    struct loader *l;
    const struct resource_kind *kind;
    const char *key;
    const struct node *at;   /* its key in the file */
    const struct node *node; /* its mapping; NULL when there is none */
    json_t *body;
};

static const char *const text_keys[] = {"driver_opts", "labels", NULL};

/* ---- values ---- */

static int refuse(const struct making *m, const char *key, const char *wanted)
{
    const struct node_entry *e = node_entry(m->node, key);
    return node_error(m->l, e ? e->key : m->at, "%s of the %s \"%s\" must be %s", key,
                      m->kind->name, m->key, wanted);
}

/* A variable gives a text, so the words for a boolean are taken too. */
static int read_boolean(const struct making *m, const char *key, const json_t *value, bool *ret)
{
    const char *text = json_is_boolean(value) ? "" : json_string_value(value);
    bool yes = json_is_true(value) || (text && strcasecmp(text, "true") == 0);
    if (!yes && !json_is_false(value) && !(text && strcasecmp(text, "false") == 0))
        return refuse(m, key, "true or false");
    *ret = yes;
    return 0;
}

static int put_text(const struct making *m, json_t *map, const char *name, const json_t *value,
                    const char *key)
{
    if (!json_is_string(value) && !json_is_null(value))
        return refuse(m, key, "a mapping of texts");
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    return json_object_set_new(map, name, json_string(text)) < 0 ? -ENOMEM : 0;
}

static int put_label(const struct making *m, json_t *map, const json_t *item)
{
    const char *text = json_string_value(item);
    size_t n = text ? strcspn(text, "=") : 0;
    if (n == 0)
        return refuse(m, "labels", "a mapping, or a list of \"name=value\"");
    _cleanup_free_ char *name = strndup(text, n);
    json_t *value = json_string(text + n + (text[n] == '='));
    if (!name) {
        json_decref(value);
        return -ENOMEM;
    }
    return json_object_set_new(map, name, value) < 0 ? -ENOMEM : 0;
}

static int read_texts(const struct making *m, const struct field *f, json_t *value, json_t *map)
{
    const char *name;
    json_t *item;
    size_t i;
    int r = 0;
    if (json_is_array(value) && f->type == FIELD_LABELS) {
        json_array_foreach (value, i, item)
            if ((r = put_label(m, map, item)) < 0)
                return r;
        return 0;
    }
    if (!json_is_object(value) && !json_is_null(value))
        return refuse(m, f->key, "a mapping of texts");
    json_object_foreach (value, name, item)
        if ((r = put_text(m, map, name, item, f->key)) < 0)
            return r;
    return 0;
}

/* ---- ipam ---- */

const struct field resource_ipam_fields[] = {
    {"aux_addresses", "AuxiliaryAddresses", FIELD_TEXTS},
    {"gateway", "Gateway", FIELD_TEXT},
    {"ip_range", "IPRange", FIELD_TEXT},
    {"subnet", "Subnet", FIELD_TEXT},
    {NULL},
};

static const struct field *find_field(const struct field *fields, const char *key)
{
    for (; fields->key; fields++)
        if (strcmp(fields->key, key) == 0)
            return fields;
    return NULL;
}

static bool all_texts(json_t *map)
{
    const char *key;
    json_t *value;
    json_object_foreach (map, key, value)
        if (!json_is_string(value))
            return false;
    return json_is_object(map);
}

static int read_pool(const struct making *m, json_t *pool, json_t *list)
{
    json_auto_t *made = json_object();
    const char *key;
    json_t *value;
    if (!made)
        return -ENOMEM;
    if (!json_is_object(pool))
        return refuse(m, "ipam", "a mapping with a list \"config\" of mappings");
    json_object_foreach (pool, key, value) {
        if (strncmp(key, "x-", 2) == 0)
            continue;
        const struct field *f = find_field(resource_ipam_fields, key);
        if (!f)
            return refuse(m, "ipam",
                          "a mapping whose config has only the keys subnet, gateway, "
                          "ip_range and aux_addresses");
        if (f->type == FIELD_TEXT ? !json_is_string(value) : !all_texts(value))
            return refuse(m, "ipam", "a mapping whose config has only texts");
        if (json_object_set(made, f->engine, value) < 0)
            return -ENOMEM;
    }
    return json_array_append(list, made) < 0 ? -ENOMEM : 0;
}

static int read_ipam(const struct making *m, json_t *value)
{
    json_t *ipam = json_pack("{s:s, s:[]}", "Driver", "default", "Config"), *item, *pool;
    if (json_object_set_new(m->body, "IPAM", ipam) < 0)
        return -ENOMEM;
    const char *key;
    size_t i;
    if (!json_is_object(value))
        return refuse(m, "ipam", "a mapping with driver, config and options");
    json_object_foreach (value, key, item) {
        int r = 0;
        if (strncmp(key, "x-", 2) == 0 || json_is_null(item))
            continue;
        if (strcmp(key, "driver") == 0 && json_is_string(item))
            r = json_object_set(ipam, "Driver", item) < 0 ? -ENOMEM : 0;
        else if (strcmp(key, "options") == 0 && all_texts(item))
            r = json_object_set(ipam, "Options", item) < 0 ? -ENOMEM : 0;
        else if (strcmp(key, "config") != 0 || !json_is_array(item))
            r = refuse(m, "ipam",
                       "a mapping with driver (a text), config (a list) and options "
                       "(texts)");
        if (r < 0)
            return r;
    }
    json_array_foreach (json_object_get(value, "config"), i, pool) {
        int r = read_pool(m, pool, json_object_get(ipam, "Config"));
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- one resource ---- */

static int read_field(const struct making *m, const struct field *f, json_t *value)
{
    bool yes = false;
    int r = 0;
    json_t *map;
    switch (f->type) {
    case FIELD_OWN:
        return 0;
    case FIELD_TEXT:
        if (!json_is_string(value))
            return refuse(m, f->key, "a text");
        return json_object_set(m->body, f->engine, value) < 0 ? -ENOMEM : 0;
    case FIELD_BOOLEAN:
        r = read_boolean(m, f->key, value, &yes);
        if (r < 0)
            return r;
        return json_object_set_new(m->body, f->engine, json_boolean(yes)) < 0 ? -ENOMEM : 0;
    case FIELD_TEXTS:
    case FIELD_LABELS:
        map = json_object();
        if (json_object_set_new(m->body, f->engine, map) < 0)
            return -ENOMEM;
        return read_texts(m, f, value, map);
    case FIELD_IPAM:
        return read_ipam(m, value);
    }
    return 0;
}

static int unknown_field(const struct making *m, const struct node *key)
{
    struct nearest nearest = {.word = key->text};
    for (const struct field *f = m->kind->fields; f->key; f++)
        nearest_offer(&nearest, f->key);
    if (nearest.best)
        return node_error(m->l, key, "unknown key \"%s\" in the %s \"%s\"; did you mean \"%s\"?",
                          SHOWN(key->text), m->kind->name, m->key, nearest.best);
    return node_error(m->l, key, "unknown key \"%s\" in the %s \"%s\"; remove it", SHOWN(key->text),
                      m->kind->name, m->key);
}

static int read_fields(const struct making *m, const json_t *json, bool external)
{
    for (size_t i = 0; m->node && i < m->node->n_entries; i++) {
        const struct node *key = m->node->entries[i].key;
        const struct field *f = find_field(m->kind->fields, key->text);
        if (!f && strncmp(key->text, "x-", 2) == 0)
            continue;
        if (!f)
            return unknown_field(m, key);
        if (external && f->type != FIELD_OWN)
            return node_error(m->l, key,
                              "the %s \"%s\" is external, so \"%s\" would do nothing; remove it",
                              m->kind->name, m->key, key->text);
        int r = read_field(m, f, json_object_get(json, key->text));
        if (r < 0)
            return r;
    }
    return 0;
}

/* Compose's labels, so that Compose still takes the resource for its own, and ours. They win
 * over the user's. */
static int put_labels(const struct making *m)
{
    json_t *labels = json_object_get(m->body, "Labels");
    const char *project = m->l->project->name;
    if (!labels) {
        labels = json_object();
        if (json_object_set_new(m->body, "Labels", labels) < 0)
            return -ENOMEM;
    }
    if (json_object_set_new(labels, "com.docker.compose.project", json_string(project)) < 0 ||
        json_object_set_new(labels, m->kind->label, json_string(m->key)) < 0 ||
        json_object_set_new(labels, "roost.fleet", json_string(project)) < 0)
        return -ENOMEM;
    return 0;
}

static bool is_engine_name(const char *name)
{
    if (!isalnum((unsigned char)name[0]) || strlen(name) > 255)
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("_.-", *name))
            return false;
    return true;
}

static int take_name(const struct making *m, const json_t *json, struct compose_resource *res)
{
    const json_t *name = json_object_get(json, "name");
    if (!name)
        name = json_object_get(json_object_get(json, "external"), "name");
    if (name && (!json_is_string(name) || !is_engine_name(json_string_value(name))))
        return refuse(m, "name", "made of letters, digits and _ . - with a letter or digit first");
    if (name)
        res->engine_name = strdup(json_string_value(name));
    else if (res->external)
        res->engine_name = strdup(m->key);
    else if (asprintf(&res->engine_name, "%s_%s", m->l->project->name, m->key) < 0)
        res->engine_name = NULL;
    return res->engine_name ? 0 : -ENOMEM;
}

static int start_body(const struct making *m, const char *engine_name)
{
    if (json_object_set_new(m->body, "Name", json_string(engine_name)) < 0 ||
        json_object_set_new(m->body, "Driver", json_string(m->kind->driver)) < 0)
        return -ENOMEM;
    if (m->kind != &resource_network)
        return 0;
    if (json_object_set_new(m->body, "CheckDuplicate", json_true()) < 0 ||
        json_object_set_new(m->body, "Internal", json_false()) < 0)
        return -ENOMEM;
    return 0;
}

/* external: {name: NAME}, as it was written once. */
static int read_old_external(const struct making *m, const json_t *external,
                             struct compose_resource *res)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)external, name, value)
        if (strncmp(name, "x-", 2) != 0 && strcmp(name, "name") != 0)
            return refuse(m, "external", "true, with the name beside it: \"name: NAME\"");
    res->external = true;
    return 0;
}

static int make_resource(const struct making *m, const json_t *json, struct compose_resource *res)
{
    const json_t *external = json_object_get(json, "external");
    int r = 0;
    const json_t *ipv4 = json_object_get(json, "enable_ipv4");
    bool yes = true;
    if (json_is_object(external))
        r = read_old_external(m, external, res);
    else if (external)
        r = read_boolean(m, "external", external, &res->external);
    if (r == 0 && ipv4)
        r = read_boolean(m, "enable_ipv4", ipv4, &yes);
    if (r == 0 && !yes)
        return refuse(m, "enable_ipv4", "true: a network without IPv4 needs Docker 28");
    if (r == 0)
        r = take_name(m, json, res);
    if (r == 0)
        r = start_body(m, res->engine_name);
    if (r == 0)
        r = read_fields(m, json, res->external);
    if (r == 0)
        r = put_labels(m);
    if (r < 0 || res->external)
        return r;
    res->body = json_dumps(m->body, JSON_COMPACT | JSON_SORT_KEYS);
    return res->body ? 0 : -ENOMEM;
}

void resource_close(struct compose_resource *res)
{
    free(res->kind);
    free(res->key);
    free(res->engine_name);
    free(res->body);
}

int resource_read(struct loader *l, const struct resource_kind *kind, const char *key,
                  const struct node_entry *e, struct compose_resource *ret_resource)
{
    json_auto_t *body = json_object(), *json = NULL;
    struct making m = {.l = l, .kind = kind, .key = key, .at = e ? e->key : l->root, .body = body};
    bool is_map = e && e->value->kind == NODE_MAP;
    if (e && !is_map && !node_is_null(e->value))
        return node_error(l, e->key, "the %s \"%s\" must be a mapping, or nothing", kind->name,
                          SHOWN(key));
    if (!is_engine_name(key))
        return node_error(l, m.at,
                          "\"%s\" cannot be the name of a %s; use letters, digits and _ . - with a "
                          "letter or digit first",
                          SHOWN(key), kind->name);
    _cleanup_(resource_close) struct compose_resource res = {.kind = strdup(kind->name),
                                                             .key = strdup(key)};
    int r = body && res.kind && res.key ? 0 : -ENOMEM;
    if (r == 0 && is_map) {
        m.node = e->value;
        r = convert_map(l, m.node, text_keys, &json);
    }
    if (r == 0)
        r = make_resource(&m, json, &res);
    if (r < 0)
        return r;
    *ret_resource = res;
    res = (struct compose_resource){0};
    return 0;
}
