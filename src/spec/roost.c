/* SPDX-License-Identifier: MIT
 *
 * x-roost: roost's own settings, for which Compose has no word.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "spec/keys.h"

static int read_ready_http(struct reader *r, const json_t *value, json_t **ret)
{
    static const char *const known[] = {"port", "path", "status", NULL};
    const char *name, *path = "/";
    json_t *part;
    int64_t port = 0, status = 0;
    int rc = 0;
    if (!json_is_object(value))
        return reader_expected(r, "a map such as {port: 8080, path: /healthz}", value);
    json_object_foreach ((json_t *)value, name, part) {
        size_t mark = reader_enter(r, name);
        if (strcmp(name, "port") == 0)
            rc = reader_port(r, part, &port);
        else if (strcmp(name, "path") == 0)
            rc = reader_text(r, part, "a path such as /healthz", &path);
        else if (strcmp(name, "status") == 0)
            rc = reader_integer(r, part, 100, 599, &status);
        else {
            reader_leave(r, mark);
            rc = reader_unknown_key(r, name, known);
        }
        if (rc == 0 && (path[0] != '/' || strpbrk(path, " \t\r\n")))
            rc = reader_fail(r, "a path begins with \"/\" and has no blanks");
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    if (port == 0)
        return reader_fail(r, "the port is missing; write {port: 8080}");
    json_t *http = json_pack("{s:I, s:s}", "port", (json_int_t)port, "path", path);
    if (http && status > 0 && json_object_set_new(http, "status", json_integer(status)) < 0) {
        json_decref(http);
        return reader_no_memory(r);
    }
    return reader_give(r, http ? json_pack("{s:o}", "http", http) : NULL, ret);
}

static int read_ready_map(struct reader *r, const json_t *value, json_t **ret)
{
    static const char *const known[] = {"tcp", "http", NULL};
    json_t *tcp = json_object_get(value, "tcp"), *http = json_object_get(value, "http");
    const char *name;
    json_t *part;
    int64_t port;
    json_object_foreach ((json_t *)value, name, part)
        if (part != tcp && part != http)
            return reader_unknown_key(r, name, known);
    if (json_object_size(value) != 1)
        return reader_fail(r, "expected exactly one of tcp and http");
    (void)reader_enter(r, tcp ? "tcp" : "http");
    if (http)
        return read_ready_http(r, http, ret);
    int rc = reader_port(r, tcp, &port);
    return rc < 0 ? rc : reader_give(r, json_pack("{s:I}", "tcp", (json_int_t)port), ret);
}

static int read_ready(struct reader *r, const json_t *value, json_t **ret)
{
    static const char *const words[] = {"started", "healthy", "{tcp: PORT}",
                                        "{http: {port: PORT, path: PATH}}", NULL};
    size_t i;
    if (json_is_object(value))
        return read_ready_map(r, value, ret);
    int rc = reader_word(r, value, words, &i);
    if (rc == 0 && i > 1)
        rc = reader_fail(r, "expected a map, found text; write it without quotes");
    return rc < 0 ? rc : reader_give(r, json_string(words[i]), ret);
}

static int read_ready_timeout(struct reader *r, const json_t *value, json_t **ret)
{
    uint64_t ns;
    int rc = reader_duration(r, value, &ns);
    if (rc == 0 && ns < NS_PER_MS)
        rc = reader_fail(r, "shorter than 1ms; remove it for the default");
    return rc < 0 ? rc : reader_give(r, duration_json(ns), ret);
}

static int read_stop_after(struct reader *r, const json_t *value, json_t **ret)
{
    uint64_t ns;
    int rc = reader_duration(r, value, &ns);
    return rc < 0 ? rc : reader_give(r, duration_json(ns), ret);
}

static int read_sleep(struct reader *r, const json_t *value, json_t **ret)
{
    static const char *const words[] = {"stop", "pause", NULL};
    return reader_choice(r, value, words, ret);
}

static int read_on_unhealthy(struct reader *r, const json_t *value, json_t **ret)
{
    static const char *const words[] = {"none", "restart", NULL};
    return reader_choice(r, value, words, ret);
}

static int read_column(struct reader *r, const json_t *value, json_t **ret)
{
    return reader_fail(r, "it is a column of the row, not part of its spec; set the column");
}

typedef int read_setting_fn(struct reader *r, const json_t *value, json_t **ret);

static const struct setting {
    const char *name;
    read_setting_fn *read;
} settings[] = {
    {"ready", read_ready},
    {"ready_timeout", read_ready_timeout},
    {"sleep", read_sleep},
    {"stop_after", read_stop_after},
    {"on_unhealthy", read_on_unhealthy},
    {"follow_image", reader_flag},
    {"job", reader_flag},
    {"lifecycle", read_column},
    {"idle_timeout", read_column},
};

static const struct setting *find_setting(struct reader *r, const char *name)
{
    const char *known[ARRAY_LEN(settings) + 1] = {0};
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
        known[i] = settings[i].name;
    }
    (void)reader_unknown_key(r, name, known);
    return NULL;
}

int read_roost(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_auto_t *map = json_object();
    const char *name;
    json_t *part;
    if (!map)
        return reader_no_memory(r);
    if (!json_is_object(value))
        return reader_expected(r, "a map", value);
    json_object_foreach ((json_t *)value, name, part) {
        json_t *canonical = NULL;
        const struct setting *setting = find_setting(r, name);
        if (!setting)
            return -EINVAL;
        if (json_is_null(part))
            continue;
        size_t mark = reader_enter(r, name);
        int rc = setting->read(r, part, &canonical);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_object_set_new(map, name, canonical) < 0)
            return reader_no_memory(r);
    }
    if (json_object_size(map) > 0)
        *ret = json_incref(map);
    return 0;
}
