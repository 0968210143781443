/* SPDX-License-Identifier: MIT
 *
 * Numbers and sizes that limit a container, and ulimits.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "spec/lists.h"

/* Between the row's min and max. */
int read_number(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    int64_t n;
    int rc = reader_integer(r, value, key->min, key->max, &n);
    return rc < 0 ? rc : reader_give(r, json_integer(n), ret);
}

/* Microseconds, as a number or as "50ms". */
int read_micros(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    uint64_t ns;
    const char *text = json_string_value(value);
    if (!text || text[strspn(text, "-0123456789")] == '\0')
        return read_number(r, key, value, ret);
    int rc = reader_duration(r, value, &ns);
    if (rc < 0)
        return rc;
    json_auto_t *micros = json_integer((json_int_t)(ns / 1000));
    return micros ? read_number(r, key, micros, ret) : reader_no_memory(r);
}

/* Bytes; with a row's min of -1 that number, too. */
int read_bytes(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    uint64_t bytes = 0;
    const char *text = json_string_value(value);
    bool unlimited = key->min < 0 && ((text && strcmp(text, "-1") == 0) ||
                                      (json_is_integer(value) && json_integer_value(value) == -1));
    if (unlimited)
        return reader_give(r, json_string("-1"), ret);
    int rc = reader_size(r, value, &bytes);
    return rc < 0 ? rc : reader_give(r, size_json(bytes), ret);
}

int put_bytes(struct maker *m, const struct key *key, const json_t *value)
{
    uint64_t bytes;
    if (strcmp(json_string_value(value), "-1") == 0)
        return maker_put(m, key->field, json_integer(-1));
    int rc = size_parse(json_string_value(value), &bytes);
    return rc < 0 ? rc : maker_put(m, key->field, json_integer((json_int_t)bytes));
}

/* "0-3", "0,2" */
int read_cpuset(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    char quoted[READER_QUOTE_SIZE];
    json_auto_t *text = NULL;
    int rc = item_text(r, value, &text);
    if (rc < 0)
        return rc;
    const char *set = json_string_value(text);
    if (set[strspn(set, "0123456789,-")] != '\0' || !isdigit((unsigned char)set[0]))
        return reader_fail(r, "\"%s\" is no set of CPUs; write \"0-3\" or \"0,2\"",
                           reader_quote(quoted, set));
    return reader_give(r, json_incref(text), ret);
}

int read_text_key(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_auto_t *text = NULL;
    if (!json_is_string(value))
        return reader_expected(r, "text", value);
    int rc = item_text(r, value, &text);
    return rc < 0 ? rc : reader_give(r, json_incref(text), ret);
}

/* ---- ulimits ---- */

static int read_limit(struct reader *r, const json_t *value, int64_t *ret)
{
    return reader_integer(r, value, -1, INT64_MAX, ret);
}

static int read_pair(struct reader *r, const json_t *value, int64_t pair[2])
{
    static const char *const known[] = {"soft", "hard", NULL};
    const char *name;
    json_t *part;
    bool seen[2] = {false, false};
    json_object_foreach ((json_t *)value, name, part) {
        size_t i = strcmp(name, known[0]) == 0 ? 0 : 1;
        if (strncmp(name, "x-", 2) == 0)
            continue;
        if (strcmp(name, known[i]) != 0)
            return reader_unknown_key(r, name, known);
        size_t mark = reader_enter(r, name);
        int rc = read_limit(r, part, &pair[i]);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        seen[i] = true;
    }
    if (!seen[0] || !seen[1])
        return reader_fail(r, "both are needed: {soft: 1024, hard: 2048}");
    if (pair[1] >= 0 && (pair[0] < 0 || pair[0] > pair[1]))
        return reader_fail(r, "soft is above hard");
    return 0;
}

static bool is_limit(const char *name)
{
    static const char *const names[] = {"core",    "cpu",      "data",   "fsize",      "locks",
                                        "memlock", "msgqueue", "nice",   "nofile",     "nproc",
                                        "rss",     "rtprio",   "rttime", "sigpending", "stack"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* {"nofile": {"soft": 1024, "hard": 2048}}; one number is both. */
int read_ulimits(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_auto_t *map = json_object();
    const char *name;
    json_t *limit;
    if (!map)
        return reader_no_memory(r);
    if (!json_is_object(value))
        return reader_expected(r, "a map", value);
    json_object_foreach ((json_t *)value, name, limit) {
        int64_t pair[2] = {0, 0};
        size_t mark = reader_enter(r, name);
        if (!is_limit(name))
            return reader_fail(r, "there is no such limit; nofile, nproc, memlock, core, … are");
        int rc = json_is_object(limit) ? read_pair(r, limit, pair) : read_limit(r, limit, &pair[0]);
        if (rc < 0)
            return rc;
        if (!json_is_object(limit))
            pair[1] = pair[0];
        reader_leave(r, mark);
        if (json_object_set_new(map, name,
                                json_pack("{s:I, s:I}", "soft", pair[0], "hard", pair[1])) < 0)
            return reader_no_memory(r);
    }
    if (json_object_size(map) > 0)
        *ret = json_incref(map);
    return 0;
}

int put_ulimits(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *list = maker_list(m, "HostConfig.Ulimits"), *limit;
    const char *name;
    json_object_foreach ((json_t *)value, name, limit) {
        json_t *made =
            json_pack("{s:s, s:O, s:O}", "Name", name, "Soft", json_object_get(limit, "soft"),
                      "Hard", json_object_get(limit, "hard"));
        if (!list || json_array_append_new(list, made) < 0)
            return -ENOMEM;
    }
    return 0;
}

int say_ulimits(struct line *l, const struct key *key, const json_t *value)
{
    const char *name;
    json_t *limit;
    json_object_foreach ((json_t *)value, name, limit) {
        char text[128];
        (void)snprintf(text, sizeof(text), "%s=%" JSON_INTEGER_FORMAT ":%" JSON_INTEGER_FORMAT,
                       name, json_integer_value(json_object_get(limit, "soft")),
                       json_integer_value(json_object_get(limit, "hard")));
        line_option(l, "--ulimit", text);
    }
    return 0;
}
