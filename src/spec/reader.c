/* SPDX-License-Identifier: MIT */
#include "spec/reader.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "base/text.h"

size_t reader_enter(struct reader *r, const char *key)
{
    char clean[READER_QUOTE_SIZE];
    size_t mark = strlen(r->path);
    text_visible(key, clean, sizeof(clean));
    (void)snprintf(r->path + mark, sizeof(r->path) - mark, "%s%s", mark > 0 ? "." : "", clean);
    text_cut(r->path, sizeof(r->path));
    return mark;
}

size_t reader_enter_index(struct reader *r, size_t index)
{
    size_t mark = strlen(r->path);
    (void)snprintf(r->path + mark, sizeof(r->path) - mark, "[%zu]", index);
    return mark;
}

void reader_leave(struct reader *r, size_t mark)
{
    r->path[mark] = '\0';
}

/* The place of the path, or of the nearest part of the input that has one. */
static bool locate(const struct reader *r, char *ret_where, size_t size)
{
    char path[READER_PATH_SIZE];
    if (!r->locate)
        return false;
    (void)snprintf(path, sizeof(path), "%s", r->path);
    for (;;) {
        if (r->locate(r->locate_ctx, path, ret_where, size))
            return true;
        size_t len = strlen(path);
        if (len == 0)
            return false;
        while (len > 0 && path[len - 1] != '.' && path[len - 1] != '[')
            len--;
        path[len > 0 ? len - 1 : 0] = '\0';
    }
}

int reader_fail(struct reader *r, const char *fmt, ...)
{
    char text[ERROR_TEXT_SIZE], where[ERROR_TEXT_SIZE / 2];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    text_cut(text, sizeof(text));
    const char *colon = r->path[0] ? ": " : "";
    if (locate(r, where, sizeof(where)))
        (void)error_set(r->err, 0, ERROR_INVALID, "invalid_spec", "%s: %s%s%s", where, r->path,
                        colon, text);
    else
        (void)error_set(r->err, 0, ERROR_INVALID, "invalid_spec", "spec%s%s: %s",
                        r->path[0] ? "." : "", r->path, text);
    return -EINVAL;
}

static const char *type_name(const json_t *value)
{
    if (!value)
        return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "a map";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    }
    return "something else";
}

int reader_expected(struct reader *r, const char *wanted, const json_t *found)
{
    return reader_fail(r, "expected %s, found %s", wanted, type_name(found));
}

int reader_no_memory(struct reader *r)
{
    (void)error_set(r->err, 0, ERROR_FAILED, NULL, "out of memory");
    return -ENOMEM;
}

const char *reader_quote(char ret_text[READER_QUOTE_SIZE], const char *value)
{
    text_visible(value, ret_text, READER_QUOTE_SIZE);
    return ret_text;
}

int reader_give(struct reader *r, json_t *fresh, json_t **ret)
{
    if (!fresh)
        return reader_no_memory(r);
    *ret = fresh;
    return 0;
}

int reader_text(struct reader *r, const json_t *value, const char *wanted, const char **ret)
{
    if (!json_is_string(value))
        return reader_expected(r, wanted, value);
    *ret = json_string_value(value);
    return 0;
}

/* Text too: what interpolation gives is text, whatever it says. */
int reader_bool(struct reader *r, const json_t *value, bool *ret)
{
    static const char *const yes[] = {"true", "yes", "on", "y"};
    static const char *const no[] = {"false", "no", "off", "n"};
    if (json_is_boolean(value)) {
        *ret = json_is_true(value);
        return 0;
    }
    if (!json_is_string(value))
        return reader_expected(r, "true or false", value);
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        bool is_yes = strcasecmp(json_string_value(value), yes[i]) == 0;
        if (!is_yes && strcasecmp(json_string_value(value), no[i]) != 0)
            continue;
        *ret = is_yes;
        return 0;
    }
    char quoted[READER_QUOTE_SIZE];
    return reader_fail(r, "expected true or false, found \"%s\"",
                       reader_quote(quoted, json_string_value(value)));
}

static bool parse_integer(const char *text, int64_t *ret)
{
    char *end;
    if (!isdigit((unsigned char)text[text[0] == '-']))
        return false;
    errno = 0;
    *ret = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

int reader_integer(struct reader *r, const json_t *value, int64_t min, int64_t max, int64_t *ret)
{
    int64_t n = json_integer_value(value);
    char quoted[READER_QUOTE_SIZE];
    if (json_is_string(value)) {
        if (!parse_integer(json_string_value(value), &n))
            return reader_fail(r, "expected a whole number, found \"%s\"",
                               reader_quote(quoted, json_string_value(value)));
    } else if (json_is_real(value)) {
        return reader_fail(r, "expected a whole number, found a fraction");
    } else if (!json_is_integer(value)) {
        return reader_expected(r, "a whole number", value);
    }
    if (n < min || n > max)
        return reader_fail(r, "%" PRId64 " is out of range; give %" PRId64 " to %" PRId64, n, min,
                           max);
    *ret = n;
    return 0;
}

int reader_port(struct reader *r, const json_t *value, int64_t *ret)
{
    return reader_integer(r, value, 1, UINT16_MAX, ret);
}

int reader_duration(struct reader *r, const json_t *value, uint64_t *ret_ns)
{
    static const char wanted[] = "a duration such as \"90s\" or \"1h30m\"";
    const char *text = "";
    uint64_t ns;
    char quoted[READER_QUOTE_SIZE];
    int rc = reader_text(r, value, wanted, &text);
    if (rc < 0)
        return rc;
    rc = duration_parse(text, &ns);
    if (rc == -ERANGE || (rc == 0 && ns > INT64_MAX))
        return reader_fail(r, "\"%s\" is too long a time", reader_quote(quoted, text));
    if (rc < 0)
        return reader_fail(r, "expected %s, found \"%s\"", wanted, reader_quote(quoted, text));
    *ret_ns = ns;
    return 0;
}

int reader_word(struct reader *r, const json_t *value, const char *const *words, size_t *ret_index)
{
    char list[256] = "", quoted[READER_QUOTE_SIZE];
    for (size_t i = 0; words[i]; i++) {
        if (json_is_string(value) && strcmp(json_string_value(value), words[i]) == 0) {
            *ret_index = i;
            return 0;
        }
        size_t len = strlen(list);
        (void)snprintf(list + len, sizeof(list) - len, "%s%s",
                       i == 0         ? ""
                       : words[i + 1] ? ", "
                                      : " or ",
                       words[i]);
    }
    if (!json_is_string(value))
        return reader_expected(r, list, value);
    return reader_fail(r, "expected %s, found \"%s\"", list,
                       reader_quote(quoted, json_string_value(value)));
}

int reader_choice(struct reader *r, const json_t *value, const char *const *words, json_t **ret)
{
    size_t i = 0;
    int rc = reader_word(r, value, words, &i);
    return rc < 0 ? rc : reader_give(r, json_string(words[i]), ret);
}

int reader_flag(struct reader *r, const json_t *value, json_t **ret)
{
    bool on = false;
    int rc = reader_bool(r, value, &on);
    return rc < 0 ? rc : reader_give(r, json_boolean(on), ret);
}

int reader_unknown_key(struct reader *r, const char *key, const char *const *known)
{
    struct nearest nearest = {.word = key};
    _cleanup_(buf_close) struct buf all = BUF_INIT(ERROR_TEXT_SIZE);
    size_t mark = reader_enter(r, key);
    for (size_t i = 0; known[i]; i++) {
        nearest_offer(&nearest, known[i]);
        (void)buf_printf(&all, "%s%s", i > 0 ? ", " : "", known[i]);
    }
    int rc = nearest.best ? reader_fail(r, "unknown key; did you mean \"%s\"?", nearest.best)
                          : reader_fail(r, "unknown key; known are: %s", buf_text(&all));
    reader_leave(r, mark);
    return rc;
}

static const struct reader_part *find_part(struct reader *r, const struct reader_part *parts,
                                           const char *name)
{
    const char *known[READER_PARTS_MAX + 1] = {0};
    for (size_t i = 0; i < READER_PARTS_MAX && parts[i].name; i++) {
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
        known[i] = parts[i].name;
    }
    (void)reader_unknown_key(r, name, known);
    return NULL;
}

int reader_map(struct reader *r, const json_t *value, const struct reader_part *parts,
               json_t **ret_map)
{
    json_auto_t *map = json_object();
    const char *name;
    json_t *item;
    if (!map)
        return reader_no_memory(r);
    if (!json_is_object(value))
        return reader_expected(r, "a map", value);
    json_object_foreach ((json_t *)value, name, item) {
        json_t *canonical = NULL;
        if (strncmp(name, "x-", 2) == 0)
            continue;
        const struct reader_part *part = find_part(r, parts, name);
        if (!part)
            return -EINVAL;
        size_t mark = reader_enter(r, name);
        int rc = json_is_null(item) ? 0 : part->read(r, item, &canonical);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
        if (canonical && json_object_set_new(map, name, canonical) < 0)
            return reader_no_memory(r);
    }
    return reader_give(r, json_incref(map), ret_map);
}

void number_format(const json_t *number, char ret_text[NUMBER_TEXT_SIZE])
{
    if (json_is_integer(number)) {
        (void)snprintf(ret_text, NUMBER_TEXT_SIZE, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(number));
        return;
    }
    double value = json_real_value(number);
    if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value) {
        (void)snprintf(ret_text, NUMBER_TEXT_SIZE, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(ret_text, NUMBER_TEXT_SIZE, "%.*g", digits, value);
        if (strtod(ret_text, NULL) == value)
            return;
    }
}

json_t *duration_json(uint64_t ns)
{
    char text[DURATION_TEXT_SIZE];
    duration_format(ns, text);
    return json_string(text);
}
