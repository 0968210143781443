/* SPDX-License-Identifier: MIT
 *
 * networks and mac_address.
 *
 * How they get into the request stands in request.c: an agent without either is on a network, too.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "spec/lists.h"

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

/* ---- what is said of one network ---- */

static int read_address(struct reader *r, const json_t *value, int family, json_t **ret)
{
    unsigned char binary[sizeof(struct in6_addr)];
    char plain[INET6_ADDRSTRLEN], quoted[READER_QUOTE_SIZE];
    const char *text;
    int rc = reader_text(r, value, "an address", &text);
    if (rc < 0)
        return rc;
    if (inet_pton(family, text, binary) != 1)
        return reader_fail(r, "\"%s\" is no address of IPv%d", reader_quote(quoted, text),
                           family == AF_INET ? 4 : 6);
    return reader_give(r, json_string(inet_ntop(family, binary, plain, sizeof(plain))), ret);
}

static int read_ipv4(struct reader *r, const json_t *value, json_t **ret)
{
    return read_address(r, value, AF_INET, ret);
}

static int read_ipv6(struct reader *r, const json_t *value, json_t **ret)
{
    return read_address(r, value, AF_INET6, ret);
}

static int item_address(struct reader *r, const json_t *value, json_t **ret)
{
    const char *text = json_string_value(value);
    return read_address(r, value, text && strchr(text, ':') ? AF_INET6 : AF_INET, ret);
}

static int read_addresses(struct reader *r, const json_t *value, json_t **ret)
{
    static const struct key sorted = {.name = "", .flags = KEY_SORTED};
    return list_read(r, &sorted, value, item_address, ret);
}

/* Six bytes in small hexadecimal digits. */
static int read_hardware(struct reader *r, const json_t *value, json_t **ret)
{
    char quoted[READER_QUOTE_SIZE], plain[18] = "";
    const char *text;
    int rc = reader_text(r, value, "six bytes such as \"02:42:ac:11:00:02\"", &text);
    if (rc < 0)
        return rc;
    bool ok = strlen(text) == 17;
    for (size_t i = 0; ok && i < 17; i++) {
        plain[i] = (char)tolower((unsigned char)text[i]);
        ok = i % 3 == 2 ? text[i] == ':' || text[i] == '-' : isxdigit((unsigned char)text[i]);
        if (i % 3 == 2)
            plain[i] = ':';
    }
    if (!ok)
        return reader_fail(r, "\"%s\" is no hardware address; write \"02:42:ac:11:00:02\"",
                           reader_quote(quoted, text));
    return reader_give(r, json_string(plain), ret);
}

int read_mac(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return read_hardware(r, value, ret);
}

/* Any order that fits a number; the same for all says nothing. */
static int read_priority(struct reader *r, const json_t *value, json_t **ret)
{
    int64_t n;
    int rc = reader_integer(r, value, INT_MIN, INT_MAX, &n);
    return rc < 0 ? rc : reader_give(r, json_integer(n), ret);
}

static int refuse_newer(struct reader *r, const json_t *value, json_t **ret)
{
    return reader_fail(r, "it needs Docker 28, whose API roost does not speak; remove it");
}

/* null when nothing is said of it. */
static int read_options(struct reader *r, const json_t *value, json_t **ret)
{
    static const struct reader_part known[] = {
        {"aliases", read_aliases},          {"driver_opts", map_read},
        {"gw_priority", refuse_newer},      {"interface_name", refuse_newer},
        {"ipv4_address", read_ipv4},        {"ipv6_address", read_ipv6},
        {"link_local_ips", read_addresses}, {"mac_address", read_hardware},
        {"priority", read_priority},        {NULL, NULL},
    };
    json_auto_t *made = NULL;
    if (json_is_null(value))
        return reader_give(r, json_null(), ret);
    if (!json_is_object(value))
        return reader_expected(r, "a map or nothing", value);
    int rc = reader_map(r, value, known, &made);
    if (rc < 0)
        return rc;
    return reader_give(r, json_object_size(made) > 0 ? json_incref(made) : json_null(), ret);
}

static int read_map(struct reader *r, const json_t *value, json_t *map)
{
    const char *name;
    json_t *part;
    json_object_foreach ((json_t *)value, name, part) {
        json_t *made = NULL;
        size_t mark = reader_enter(r, name);
        int rc = check_name(r, name);
        if (rc == 0)
            rc = read_options(r, part, &made);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_object_set_new(map, name, made) < 0)
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
    json_t *said;
    json_object_foreach (map, name, said) {
        if (!json_is_null(said)) {
            *ret = json_incref(map);
            return 0;
        }
    }
    return reader_give(r, sorted_names(map), ret);
}
