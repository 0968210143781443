/* SPDX-License-Identifier: MIT
 *
 * environment and labels: maps of text, which may be written as lists of "name=value".
 *
 * A value of the environment never gets into a message, and neither does a list's entry, which may
 * be one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/keys.h"
#include "spec/shell.h"

/* What the two kinds of map differ in. */
struct variables {
    const char *what;
    bool keeps_null; /* a name without a value means something of its own */
};

static const struct variables environment = {"a variable", true};
static const struct variables labels = {"a label", false};

static int check_name(struct reader *r, const struct variables *v, const char *name)
{
    if (name[0] == '\0')
        return reader_fail(r, "%s has no name", v->what);
    if (strchr(name, '='))
        return reader_fail(r, "the name of %s has a \"=\" in it", v->what);
    return 0;
}

static int read_value(struct reader *r, const struct variables *v, const json_t *value,
                      json_t **ret)
{
    char number[NUMBER_TEXT_SIZE];
    switch (json_typeof(value)) {
    case JSON_STRING:
        return reader_give(r, json_copy((json_t *)value), ret);
    case JSON_NULL:
        return reader_give(r, v->keeps_null ? json_null() : json_string(""), ret);
    case JSON_TRUE:
        return reader_give(r, json_string("true"), ret);
    case JSON_FALSE:
        return reader_give(r, json_string("false"), ret);
    case JSON_INTEGER:
    case JSON_REAL:
        number_format(value, number);
        return reader_give(r, json_string(number), ret);
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return reader_expected(r, "text", value);
}

static int read_map(struct reader *r, const struct variables *v, const json_t *value, json_t *map)
{
    const char *name;
    json_t *entry;
    json_object_foreach ((json_t *)value, name, entry) {
        json_t *text = NULL;
        size_t mark = reader_enter(r, name);
        int rc = check_name(r, v, name);
        if (rc == 0)
            rc = read_value(r, v, entry, &text);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (json_object_set_new(map, name, text) < 0)
            return reader_no_memory(r);
    }
    return 0;
}

/* "name=value", or a name alone. The last one of a name wins. */
static int read_entry(struct reader *r, const struct variables *v, const char *entry, json_t *map)
{
    const char *equals = strchr(entry, '=');
    size_t len = equals ? (size_t)(equals - entry) : strlen(entry);
    if (len == 0)
        return reader_fail(r, "%s has no name; write \"name=value\"", v->what);
    json_t *text = equals ? json_string(equals + 1) : v->keeps_null ? json_null() : json_string("");
    return json_object_setn_new(map, entry, len, text) < 0 ? reader_no_memory(r) : 0;
}

static int read_list(struct reader *r, const struct variables *v, const json_t *value, json_t *map)
{
    size_t i;
    json_t *entry;
    json_array_foreach (value, i, entry) {
        const char *text;
        size_t mark = reader_enter_index(r, i);
        int rc = reader_text(r, entry, "text \"name=value\"", &text);
        if (rc == 0)
            rc = read_entry(r, v, text, map);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    return 0;
}

static int read_variables(struct reader *r, const struct variables *v, const json_t *value,
                          json_t **ret)
{
    json_auto_t *map = json_object();
    if (!map)
        return reader_no_memory(r);
    if (!json_is_object(value) && !json_is_array(value))
        return reader_expected(r, "a map or a list", value);
    int rc = json_is_object(value) ? read_map(r, v, value, map) : read_list(r, v, value, map);
    if (rc < 0)
        return rc;
    if (json_object_size(map) > 0)
        *ret = json_incref(map);
    return 0;
}

int read_environment(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    return read_variables(r, &environment, value, ret);
}

/* Ours and Compose's own labels say whose a container is: nobody else may set them. */
static int check_labels(struct reader *r, const json_t *map)
{
    static const char *const reserved[] = {"roost.", "com.docker.compose."};
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)map, name, value) {
        for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
            if (strncmp(name, reserved[i], strlen(reserved[i])) != 0)
                continue;
            (void)reader_enter(r, name);
            return reader_fail(r, "labels that begin with \"%s\" are reserved; choose another name",
                               reserved[i]);
        }
    }
    return 0;
}

int read_labels(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    json_t *map = NULL;
    int rc = read_variables(r, &labels, value, &map);
    if (rc == 0)
        rc = check_labels(r, map);
    if (rc < 0)
        json_decref(map);
    else
        *ret = map;
    return rc;
}

int put_environment(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *list = maker_list(m, "Env");
    if (!list)
        return -ENOMEM;
    const char *name;
    json_t *text;
    json_object_foreach ((json_t *)value, name, text) {
        json_t *entry = json_is_null(text) ? json_string(name)
                                           : json_sprintf("%s=%s", name, json_string_value(text));
        if (json_array_append_new(list, entry) < 0)
            return -ENOMEM;
    }
    return 0;
}

int put_labels(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *map = maker_map(m, "Labels");
    return map && json_object_update(map, (json_t *)value) == 0 ? 0 : -ENOMEM;
}

/* A name alone takes the value from docker's own environment, where there is one: it must not see
 * any. */
int say_environment(struct line *l, const struct key *key, const json_t *value)
{
    const char *name;
    json_t *text;
    json_object_foreach ((json_t *)value, name, text) {
        _cleanup_free_ char *entry = NULL;
        if (json_is_null(text)) {
            (void)buf_puts(&l->before, l->before.len == 0 ? "env -u " : "-u ");
            shell_quote(&l->before, name);
            (void)buf_putc(&l->before, ' ');
            line_option(l, "-e", name);
            continue;
        }
        if (asprintf(&entry, "%s=%s", name, l->secrets ? json_string_value(text) : "***") < 0) {
            entry = NULL;
            return -ENOMEM;
        }
        line_option(l, "-e", entry);
    }
    return 0;
}

/* Also ours: from the request, not from what the user wrote. */
int say_labels(struct line *l, const struct key *key, const json_t *value)
{
    const char *name;
    json_t *text;
    json_object_foreach (json_object_get(l->body, "Labels"), name, text) {
        _cleanup_free_ char *entry = NULL;
        if (asprintf(&entry, "%s=%s", name, json_string_value(text)) < 0) {
            entry = NULL;
            return -ENOMEM;
        }
        line_option(l, "--label", entry);
    }
    return 0;
}
