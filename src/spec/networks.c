/* SPDX-License-Identifier: MIT
 *
 * networks and network_mode.
 *
 * How they get into the request stands in request.c: an agent without either is on a network, too.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/keys.h"

static int check_name(struct reader *r, const char *name)
{
    char quoted[READER_QUOTE_SIZE];
    size_t len = strlen(name);
    bool ok = len > 0 && len <= 128;
    for (const char *p = name; ok && *p != '\0'; p++)
        ok = isalnum((unsigned char)*p) || (p > name && strchr("_.-", *p));
    return ok ? 0
              : reader_fail(
                    r,
                    "\"%s\" is no name of a network; use letters, digits, \"_\", \".\" and \"-\"",
                    reader_quote(quoted, name));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *sorted_names(json_t *set)
{
    json_auto_t *list = json_array();
    size_t n = 0;
    _cleanup_free_ const char **names = calloc(json_object_size(set) + 1, sizeof(*names));
    if (!names || !list)
        return NULL;
    for (void *i = json_object_iter(set); i; i = json_object_iter_next(set, i))
        names[n++] = json_object_iter_key(i);
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, json_string(names[i])) < 0)
            return NULL;
    return json_incref(list);
}

static int read_list(struct reader *r, const json_t *value, json_t *map)
{
    size_t i;
    json_t *item;
    json_array_foreach (value, i, item) {
        const char *name;
        size_t mark = reader_enter_index(r, i);
        int rc = reader_text(r, item, "a network's name", &name);
        if (rc == 0)
            rc = check_name(r, name);
        if (rc == 0 && json_object_get(map, name))
            rc = reader_fail(r, "network %s stands twice in the list; remove one", name);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_object_set_new(map, name, json_null()) < 0)
            return reader_no_memory(r);
    }
    return 0;
}

/* Keys of a network's map that Compose knows and roost does not carry out yet. */
static bool is_unsupported(const char *name)
{
    static const char *const names[] = {"ipv4_address", "ipv6_address",  "link_local_ips",
                                        "mac_address",  "driver_opts",   "priority",
                                        "gw_priority",  "interface_name"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int read_aliases(struct reader *r, const json_t *value, json_t **ret)
{
    json_auto_t *set = json_object();
    size_t i;
    json_t *item;
    if (!set)
        return reader_no_memory(r);
    if (!json_is_array(value))
        return reader_expected(r, "a list", value);
    json_array_foreach (value, i, item) {
        const char *alias;
        size_t mark = reader_enter_index(r, i);
        int rc = reader_text(r, item, "a host's name", &alias);
        if (rc == 0)
            rc = check_name(r, alias);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_object_set_new(set, alias, json_true()) < 0)
            return reader_no_memory(r);
    }
    return json_object_size(set) == 0 ? 0 : reader_give(r, sorted_names(set), ret);
}

/* null when nothing is said of it, else {"aliases": [...]}. */
static int read_options(struct reader *r, const json_t *value, json_t **ret)
{
    static const char *const known[] = {"aliases", NULL};
    json_t *aliases = NULL;
    const char *name;
    json_t *part;
    if (!json_is_null(value) && !json_is_object(value))
        return reader_expected(r, "a map or nothing", value);
    json_object_foreach ((json_t *)value, name, part) {
        bool unsupported = is_unsupported(name);
        if (!unsupported && strcmp(name, "aliases") != 0)
            return reader_unknown_key(r, name, known);
        size_t mark = reader_enter(r, name);
        int rc = json_is_null(part) ? 0
                 : unsupported      ? reader_fail(r, "not supported yet; remove it")
                                    : read_aliases(r, part, &aliases);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    return reader_give(r, aliases ? json_pack("{s:o}", "aliases", aliases) : json_null(), ret);
}

static int read_map(struct reader *r, const json_t *value, json_t *map)
{
    const char *name;
    json_t *part;
    json_object_foreach ((json_t *)value, name, part) {
        json_t *options = NULL;
        size_t mark = reader_enter(r, name);
        int rc = check_name(r, name);
        if (rc == 0)
            rc = read_options(r, part, &options);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_object_set_new(map, name, options) < 0)
            return reader_no_memory(r);
    }
    return 0;
}

/* A list of names; a map only when something is said of one of them. */
int read_networks(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_auto_t *map = json_object();
    if (!map)
        return reader_no_memory(r);
    if (!json_is_array(value) && !json_is_object(value))
        return reader_expected(r, "a list or a map", value);
    int rc = json_is_array(value) ? read_list(r, value, map) : read_map(r, value, map);
    if (rc < 0 || json_object_size(map) == 0)
        return rc;
    const char *name;
    json_t *options;
    json_object_foreach (map, name, options) {
        if (!json_is_null(options)) {
            *ret = json_incref(map);
            return 0;
        }
    }
    return reader_give(r, sorted_names(map), ret);
}

int read_network_mode(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    static const char *const modes[] = {"bridge", "host", "none", NULL};
    const char *mode = json_string_value(value);
    size_t i;
    if (mode && (strncmp(mode, "service:", 8) == 0 || strncmp(mode, "container:", 10) == 0))
        return reader_fail(r,
                           "the network of another container is not supported yet; use networks");
    int rc = reader_word(r, value, modes, &i);
    if (rc < 0)
        return rc;
    return reader_give(r, json_string(modes[i]), ret);
}

int put_network_mode(struct maker *m, const struct key *key, const json_t *value)
{
    return maker_put(m, "HostConfig.NetworkMode", json_incref((json_t *)value));
}
