/* SPDX-License-Identifier: MIT
 *
 * Keys whose value is a list of texts, each carried to the engine as it is, or a map of texts.
 */
#include "spec/lists.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- one entry ---- */

static bool is_plain(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (iscntrl((unsigned char)*p))
            return false;
    return text[0] != '\0';
}

int item_text(struct reader *r, const json_t *value, json_t **ret)
{
    char number[NUMBER_TEXT_SIZE];
    if (json_is_number(value)) {
        number_format(value, number);
        return reader_give(r, json_string(number), ret);
    }
    if (!json_is_string(value))
        return reader_expected(r, "text", value);
    if (!is_plain(json_string_value(value)))
        return reader_fail(r, "an empty text, or one of several lines, means nothing here");
    return reader_give(r, json_string(json_string_value(value)), ret);
}

/* "CAP_NET_ADMIN", "net_admin": NET_ADMIN. */
static int item_capability(struct reader *r, const json_t *value, json_t **ret)
{
    char name[32], quoted[READER_QUOTE_SIZE];
    const char *text;
    int rc = reader_text(r, value, "a capability such as NET_ADMIN", &text);
    if (rc < 0)
        return rc;
    const char *bare = strncasecmp(text, "CAP_", 4) == 0 ? text + 4 : text;
    size_t n = 0;
    for (; bare[n] != '\0' && n + 1 < sizeof(name); n++)
        name[n] = (char)toupper((unsigned char)bare[n]);
    name[n] = '\0';
    if (n == 0 || bare[n] != '\0' || name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] != '\0')
        return reader_fail(r, "\"%s\" is no capability; write NET_ADMIN, SYS_TIME, …, or ALL",
                           reader_quote(quoted, text));
    return reader_give(r, json_string(name), ret);
}

/* A profile of its own is a file, which `apply` reads: a row has its text. */
static int item_security(struct reader *r, const json_t *value, json_t **ret)
{
    const char *text;
    int rc = reader_text(r, value, "text such as \"no-new-privileges:true\"", &text);
    if (rc < 0)
        return rc;
    const char *profile = strncmp(text, "seccomp", 7) == 0 && strchr(":=", text[7]) && text[7]
                              ? text + 8
                              : "unconfined";
    if (strcmp(profile, "unconfined") != 0 && strcmp(profile, "builtin") != 0 && profile[0] != '{')
        return reader_fail(r, "a profile in a file is read by apply; a row has no files: write its "
                              "text, seccomp={…}");
    return item_text(r, value, ret);
}

/* "80", "80/udp", "80-90" */
static int item_port(struct reader *r, const json_t *value, json_t **ret)
{
    json_auto_t *text = NULL;
    char quoted[READER_QUOTE_SIZE], *end;
    int rc = item_text(r, value, &text);
    if (rc < 0)
        return rc;
    const char *port = json_string_value(text);
    long low = strtol(port, &end, 10), high = low;
    if (*end == '-')
        high = strtol(end + 1, &end, 10);
    bool known = strcmp(end, "/tcp") == 0 || strcmp(end, "/udp") == 0 || strcmp(end, "/sctp") == 0;
    if (!isdigit((unsigned char)port[0]) || low < 1 || high < low || high > UINT16_MAX ||
        (*end != '\0' && !known))
        return reader_fail(r, "\"%s\" is no port; write \"80\", \"80-90\" or \"53/udp\"",
                           reader_quote(quoted, port));
    size_t n = strcspn(port, "/");
    bool tcp = port[n] == '\0' || strcmp(port + n, "/tcp") == 0;
    return reader_give(r, json_sprintf("%.*s%s", (int)n, port, tcp ? "" : port + n), ret);
}

/* ---- lists ---- */

static int by_text(const void *pa, const void *pb)
{
    return strcmp(json_string_value(*(json_t *const *)pa), json_string_value(*(json_t *const *)pb));
}

static int sort_texts(json_t *list)
{
    size_t n = json_array_size(list);
    _cleanup_free_ json_t **items = calloc(n + 1, sizeof(json_t *));
    json_auto_t *sorted = json_array();
    if (!items || !sorted)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        items[i] = json_array_get(list, i);
    qsort(items, n, sizeof(json_t *), by_text);
    for (size_t i = 0; i < n; i++)
        if (json_array_append(sorted, items[i]) < 0)
            return -ENOMEM;
    return json_array_clear(list) < 0 || json_array_extend(list, sorted) < 0 ? -ENOMEM : 0;
}

static int add_once(struct reader *r, json_t *list, json_t *seen, json_t *fresh)
{
    json_auto_t *entry = fresh;
    const char *text = json_string_value(entry);
    if (json_object_get(seen, text))
        return 0;
    if (json_object_set(seen, text, entry) < 0 || json_array_append(list, entry) < 0)
        return reader_no_memory(r);
    return 0;
}

int list_read(struct reader *r, const struct key *key, const json_t *value, list_item_fn *item,
              json_t **ret)
{
    json_auto_t *list = json_array(), *seen = json_object(), *one = NULL;
    size_t i;
    json_t *entry;
    if (!json_is_array(value) && !json_is_string(value))
        return reader_expected(r, "a list", value);
    if (json_is_string(value)) {
        one = json_pack("[O]", value);
        value = one;
    }
    if (!list || !seen || !value)
        return reader_no_memory(r);
    json_array_foreach (value, i, entry) {
        json_t *fresh = NULL;
        size_t mark = reader_enter_index(r, i);
        int rc = item(r, entry, &fresh);
        if (rc == 0)
            rc = add_once(r, list, seen, fresh);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    if ((key->flags & KEY_SORTED) && sort_texts(list) < 0)
        return reader_no_memory(r);
    if (json_array_size(list) > 0)
        *ret = json_incref(list);
    return 0;
}

int read_texts(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_text, ret);
}

int read_capabilities(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_capability, ret);
}

int read_security(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_security, ret);
}

int read_expose(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return list_read(r, key, value, item_port, ret);
}

int put_texts(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *list = maker_list(m, key->field);
    return list && json_array_extend(list, (json_t *)value) == 0 ? 0 : -ENOMEM;
}

int say_texts(struct line *l, const struct key *key, const json_t *value)
{
    size_t i;
    json_t *text;
    json_array_foreach (value, i, text)
        line_option(l, key->option, json_string_value(text));
    return 0;
}

/* "systempaths=unconfined" is the docker command's word for two fields of the request. */
int put_security(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *list = maker_list(m, "HostConfig.SecurityOpt"), *text;
    size_t i;
    json_array_foreach (value, i, text) {
        bool paths = strcmp(json_string_value(text), "systempaths=unconfined") == 0 ||
                     strcmp(json_string_value(text), "systempaths:unconfined") == 0;
        int rc =
            !paths ? json_array_append(list, text)
            : maker_list(m, "HostConfig.MaskedPaths") && maker_list(m, "HostConfig.ReadonlyPaths")
                ? 0
                : -1;
        if (rc < 0)
            return -ENOMEM;
    }
    return list ? 0 : -ENOMEM;
}

int say_security(struct line *l, const struct key *key, const json_t *value)
{
    size_t i;
    json_t *text;
    json_array_foreach (value, i, text) {
        if (strchr(json_string_value(text), '{'))
            return error_set(l->err, -ENOTSUP, ERROR_FAILED, NULL,
                             "a seccomp profile cannot be said on a docker line, which takes a "
                             "file; write it into one");
        line_option(l, "--security-opt", json_string_value(text));
    }
    return 0;
}

int put_expose(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *exposed = maker_map(m, "ExposedPorts"), *text;
    size_t i;
    json_array_foreach (value, i, text) {
        char *end;
        long low = strtol(json_string_value(text), &end, 10), high = low;
        if (*end == '-')
            high = strtol(end + 1, &end, 10);
        for (long port = low; port <= high; port++) {
            char name[32];
            (void)snprintf(name, sizeof(name), "%ld%s", port, *end ? end : "/tcp");
            if (!exposed || json_object_set_new(exposed, name, json_object()) < 0)
                return -ENOMEM;
        }
    }
    return 0;
}

/* ---- maps ---- */

static int add_pair(struct reader *r, json_t *map, const json_t *entry)
{
    const char *text;
    char quoted[READER_QUOTE_SIZE];
    int rc = reader_text(r, entry, "text \"name=value\"", &text);
    size_t n = rc == 0 ? strcspn(text, "=") : 0;
    if (rc < 0)
        return rc;
    if (n == 0 || text[n] == '\0')
        return reader_fail(r, "\"%s\" is no \"name=value\"", reader_quote(quoted, text));
    return json_object_setn_new(map, text, n, json_string(text + n + 1)) < 0 ? reader_no_memory(r)
                                                                             : 0;
}

static int add_value(struct reader *r, json_t *map, const char *name, const json_t *value)
{
    char number[NUMBER_TEXT_SIZE];
    const char *text = json_is_null(value)    ? ""
                       : json_is_true(value)  ? "true"
                       : json_is_false(value) ? "false"
                                              : json_string_value(value);
    if (json_is_number(value)) {
        number_format(value, number);
        text = number;
    }
    if (!text)
        return reader_expected(r, "text", value);
    if (name[0] == '\0')
        return reader_fail(r, "a name is empty");
    return json_object_set_new(map, name, json_string(text)) < 0 ? reader_no_memory(r) : 0;
}

int map_read(struct reader *r, const json_t *value, json_t **ret)
{
    json_auto_t *map = json_object();
    const char *name;
    json_t *entry;
    size_t i;
    if (!map)
        return reader_no_memory(r);
    if (!json_is_object(value) && !json_is_array(value))
        return reader_expected(r, "a map or a list", value);
    json_array_foreach (value, i, entry) {
        size_t mark = reader_enter_index(r, i);
        int rc = add_pair(r, map, entry);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    json_object_foreach ((json_t *)value, name, entry) {
        size_t mark = reader_enter(r, name);
        int rc = add_value(r, map, name, entry);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    if (json_object_size(map) > 0)
        *ret = json_incref(map);
    return 0;
}

int read_pairs(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return map_read(r, value, ret);
}

static int say_pair(struct line *l, const char *option, const char *name, const json_t *value)
{
    _cleanup_free_ char *entry = NULL;
    if (asprintf(&entry, "%s=%s", name, json_string_value(value)) < 0) {
        entry = NULL;
        return -ENOMEM;
    }
    line_option(l, option, entry);
    return 0;
}

int say_pairs(struct line *l, const struct key *key, const json_t *value)
{
    const char *name;
    json_t *text;
    json_object_foreach ((json_t *)value, name, text)
        if (say_pair(l, key->option, name, text) < 0)
            return -ENOMEM;
    return 0;
}

int put_annotations(struct maker *m, const struct key *key, const json_t *value)
{
    maker_needs(m, 43, "annotations");
    return put_field(m, key, value);
}

/* ---- logging ---- */

int read_logging(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    static const struct reader_part known[] = {
        {"driver", item_text},
        {"options", map_read},
        {NULL, NULL},
    };
    json_auto_t *parts = NULL;
    int rc = reader_map(r, value, known, &parts);
    if (rc == 0 && json_object_size(parts) > 0)
        *ret = json_incref(parts);
    return rc;
}

int put_logging(struct maker *m, const struct key *key, const json_t *value)
{
    const char *driver = json_string_value(json_object_get(value, "driver"));
    json_t *options = json_object_get(value, "options");
    json_t *config = options ? json_deep_copy(options) : json_object();
    return maker_put(m, "HostConfig.LogConfig",
                     json_pack("{s:s, s:o}", "Type", driver ? driver : "", "Config", config));
}

int say_logging(struct line *l, const struct key *key, const json_t *value)
{
    const char *name, *driver = json_string_value(json_object_get(value, "driver"));
    json_t *text;
    if (driver)
        line_option(l, "--log-driver", driver);
    json_object_foreach (json_object_get(value, "options"), name, text)
        if (say_pair(l, "--log-opt", name, text) < 0)
            return -ENOMEM;
    return 0;
}
