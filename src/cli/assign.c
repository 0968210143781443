/* SPDX-License-Identifier: MIT
 *
 * Words like lifecycle=lazy, carried out on a row.
 */
#include "cli/assign.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "spec/spec.h"

struct assign {
    struct row *row;
    json_t *spec;          /* the row's, once a word touched it; NULL: as it is */
    bool image, lifecycle; /* these columns changed, which a spec must fit */
    struct error *err;
};

static int no_memory(struct assign *a)
{
    return error_set(a->err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
}

static int set_text(struct assign *a, char **field, const char *value)
{
    return row_set(field, value) < 0 ? no_memory(a) : 0;
}

/* columns -------------------------------------------------------------------------------------- */

static int set_lifecycle(struct assign *a, const char *value)
{
    enum lifecycle lifecycle;
    if (!lifecycle_parse(value, &lifecycle))
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage",
                         "lifecycle is hot or lazy, not \"%s\"", value);
    a->lifecycle = true;
    return set_text(a, &a->row->lifecycle, value);
}

static int set_image(struct assign *a, const char *value)
{
    if (!*value)
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage", "an agent needs an image");
    a->image = true;
    return set_text(a, &a->row->image, value);
}

static int set_idle_timeout(struct assign *a, const char *value)
{
    char text[DURATION_TEXT_SIZE];
    if (*value && duration_shorten(value, text) < 0)
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage",
                         "idle_timeout is a duration like 90s or 1h30m, not \"%s\"", value);
    return set_text(a, &a->row->idle_timeout, *value ? text : NULL);
}

static int set_pool(struct assign *a, const char *value)
{
    return set_text(a, &a->row->pool, *value ? value : NULL);
}

static int set_held(struct assign *a, const char *value)
{
    bool yes = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
    if (!yes && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage", "held is true or false, not \"%s\"",
                         value);
    a->row->held = yes;
    return yes ? 0 : set_text(a, &a->row->held_reason, NULL);
}

static int set_source(struct assign *a, const char *value)
{
    if (*value && *value != '/')
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage",
                         "source is the absolute path of a file, not \"%s\"", value);
    return set_text(a, &a->row->source, *value ? value : NULL);
}

static int set_whole_spec(struct assign *a, const char *value)
{
    json_error_t why;
    json_t *spec = json_loads(value, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(spec)) {
        json_decref(spec);
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage", "spec is a JSON object; %s",
                         why.text[0] ? why.text : "this is none");
    }
    json_decref(a->spec);
    a->spec = spec;
    return 0;
}

static const struct column {
    const char *name;
    int (*set)(struct assign *a, const char *value);
} columns[] = {
    {"lifecycle", set_lifecycle}, {"image", set_image}, {"idle_timeout", set_idle_timeout},
    {"pool", set_pool},           {"held", set_held},   {"source", set_source},
    {"spec", set_whole_spec},
};

/* paths into the spec -------------------------------------------------------------------------- */

/* Maps of names to texts, in which a dot is part of a name. */
static bool is_text_map(const char *key)
{
    return strcmp(key, "environment") == 0 || strcmp(key, "labels") == 0;
}

/* The spec takes a text for a number and for true or false, as Compose does, so that nobody needs
 * to know which it is. NULL with `err` set. */
static json_t *parse_value(struct assign *a, const char *path, const char *text)
{
    json_error_t why;
    json_t *value = NULL;
    if (strcmp(text, "null") == 0)
        return json_null();
    if (!*text || !strchr("{[\"", *text)) {
        value = json_string(text);
        if (!value)
            (void)error_set(a->err, -EINVAL, ERROR_USAGE, "usage", "%s: not valid UTF-8", path);
        return value;
    }
    value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    if (!value)
        (void)error_set(a->err, -EINVAL, ERROR_USAGE, "usage", "%s: not valid JSON: %s", path,
                        why.text);
    return value;
}

/* The map below `map` under this key, made when it is not there. `path` is the way to it. */
static json_t *step_into(struct assign *a, json_t *map, const char *key, const char *path,
                         size_t path_len)
{
    json_t *next = json_object_get(map, key);
    if (!next) {
        if (json_object_set_new(map, key, json_object()) < 0)
            (void)no_memory(a);
        return json_object_get(map, key);
    }
    if (json_is_object(next))
        return next;
    (void)error_set(a->err, -EINVAL, ERROR_USAGE, "usage",
                    "%s: there are no keys below %.*s; give it whole: %.*s=…", path, (int)path_len,
                    path, (int)path_len, path);
    return NULL;
}

/* Puts the value at a path, whose copy `walked` is cut up on the way. */
static int set_at(struct assign *a, const char *path, char *walked, json_t *value)
{
    json_t *map = a->spec;
    char *rest = walked;
    bool whole = false; /* what is left is one key */
    for (char *dot = strchr(rest, '.'); dot && !whole; dot = strchr(rest, '.')) {
        *dot = '\0';
        whole = rest == walked && is_text_map(rest);
        map = step_into(a, map, rest, path, (size_t)(dot - walked));
        if (!map)
            return -EINVAL;
        rest = dot + 1;
    }
    if (!*rest)
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage", "%s: a key is missing", path);
    if (json_is_null(value)) {
        (void)json_object_del(map, rest);
        return 0;
    }
    return json_object_set(map, rest, value) < 0 ? no_memory(a) : 0;
}

static int unknown_key(struct assign *a, const char *key)
{
    struct nearest n = {.word = key};
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        nearest_offer(&n, columns[i].name);
    for (size_t i = 0; spec_key_name(i); i++)
        nearest_offer(&n, spec_key_name(i));
    if (n.best)
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage",
                         "unknown key \"%s\"; did you mean \"%s\"?", key, n.best);
    return error_set(a->err, -EINVAL, ERROR_USAGE, "usage",
                     "unknown key \"%s\"; `roost help set` tells which there are", key);
}

static int check_key(struct assign *a, const char *key)
{
    for (size_t i = 0; spec_key_name(i); i++)
        if (strcmp(spec_key_name(i), key) == 0)
            return 0;
    return unknown_key(a, key);
}

/* The row's spec in its canonical form, in which a map is a map whatever was written. */
static int load_spec(struct assign *a)
{
    _cleanup_(spec_freep) struct spec *spec = NULL;
    int r = spec_parse(a->row->spec, a->row->image, &spec, a->err);
    if (r < 0)
        return error_wrap(a->err, r, "what %s has is not valid, mend it with spec='{…}'",
                          a->row->name);
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    r = spec_canonical(spec, false, &text);
    if (r < 0)
        return error_wrap(a->err, r, "cannot read the spec of %s", a->row->name);
    a->spec = json_loads(buf_text(&text), 0, NULL);
    return a->spec ? 0 : no_memory(a);
}

static int set_path(struct assign *a, const char *path, const char *text)
{
    _cleanup_free_ char *walked = strdup(path);
    _cleanup_free_ char *first = strndup(path, strcspn(path, "."));
    if (!walked || !first)
        return no_memory(a);
    int r = check_key(a, first);
    if (r == 0 && !a->spec)
        r = load_spec(a);
    if (r < 0)
        return r;
    json_auto_t *value = parse_value(a, path, text);
    return value ? set_at(a, path, walked, value) : -EINVAL;
}

/* all words ------------------------------------------------------------------------------------ */

static int assign_word(struct assign *a, const char *word)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word)
        return error_set(a->err, -EINVAL, ERROR_USAGE, "usage",
                         "\"%s\" is not of the form key=value", word);
    _cleanup_free_ char *key = strndup(word, (size_t)(equals - word));
    if (!key)
        return no_memory(a);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (strcmp(columns[i].name, key) == 0)
            return columns[i].set(a, equals + 1);
    return set_path(a, key, equals + 1);
}

static int canonical_spec(struct assign *a, const struct spec *spec)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    int r = spec_canonical(spec, false, &text);
    if (r < 0)
        return error_wrap(a->err, r, "cannot write the spec of %s", a->row->name);
    return set_text(a, &a->row->spec, buf_text(&text));
}

/* A spec that was not touched stays as it was written, and may be broken: that is for who broke it.
 */
static int check_spec(struct assign *a)
{
    enum lifecycle lifecycle;
    _cleanup_free_ char *text = a->spec ? json_dumps(a->spec, JSON_COMPACT) : NULL;
    if (a->spec && !text)
        return no_memory(a);
    _cleanup_(spec_freep) struct spec *spec = NULL;
    int r = spec_parse(text ? text : a->row->spec, a->row->image, &spec, a->err);
    if (r == -EINVAL && !a->spec && !a->image) {
        error_clear(
            a->err); /* it was broken before, which is no reason not to change the lifecycle */
        return 0;
    }
    if (r == 0 && lifecycle_parse(a->row->lifecycle, &lifecycle))
        r = spec_check_lifecycle(spec, lifecycle, NULL, NULL, a->err);
    if (r < 0)
        return r;
    return a->spec ? canonical_spec(a, spec) : 0;
}

int assign_words(struct row *row, const char *const *words, size_t n, struct error *err)
{
    struct assign a = {.row = row, .err = err};
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++)
        r = assign_word(&a, words[i]);
    if (r == 0 && (a.spec || a.image || a.lifecycle))
        r = check_spec(&a);
    json_decref(a.spec);
    return r;
}
