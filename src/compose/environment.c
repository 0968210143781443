/* SPDX-License-Identifier: MIT
 *
 * The environment of a service: the files of env_file in their order, over them `environment`.
 * What comes out is one map of texts; where it came from is forgotten, so that a row does not
 * depend on files that may change.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "compose/dotenv.h"
#include "compose/file.h"
#include "compose/load.h"

/* One service's environment in the making. */
struct gather {
    struct loader *l;
    const struct node *service;
    json_t *own;    /* what `environment` says; null: unset, whatever a file says */
    json_t *result; /* what the files say */
    char path[64];  /* of what is being read, for its place in the file */
};

static const struct node *place(const struct gather *g)
{
    return node_locate(g->service, g->path);
}

/* What a variable means in an env file; the files' own come after these. */
static const char *lookup(void *ctx, const char *name)
{
    const struct gather *g = ctx;
    const char *value = scope_lookup(g->l, place(g)->origin, name);
    return value ? value : json_string_value(json_object_get(g->own, name));
}

static size_t text_bytes(json_t *vars)
{
    size_t bytes = 0;
    const char *name;
    json_t *value;
    json_object_foreach (vars, name, value)
        bytes += strlen(name) + json_string_length(value);
    return bytes;
}

/* ---- env_file ---- */

static int parse_file(struct gather *g, const char *path, bool raw, const struct buf *text)
{
    struct loader *l = g->l;
    struct interpolation in = {.lookup = lookup, .ctx = g};
    size_t before = text_bytes(g->result);
    const char *file = l->diag.file;
    l->diag.file = path;
    int r = raw ? dotenv_parse_raw(buf_text(text), text->len, &in, &l->diag, g->result)
                : dotenv_parse(buf_text(text), text->len, &in, &l->diag, g->result);
    l->diag.file = file;
    size_t after = text_bytes(g->result);
    return r < 0 || after <= before ? r : convert_charge(l, place(g), after - before);
}

static int refuse_file(const struct gather *g, int r, const char *why)
{
    return node_error(g->l, place(g), "env_file: %s%s", why,
                      r == -ENOENT ? "; make it, or write {path: FILE, required: false} if it "
                                     "need not be there"
                                   : "");
}

static int read_file(struct gather *g, const char *name, bool required, bool raw)
{
    _cleanup_free_ char *path = NULL;
    _cleanup_(buf_close) struct buf text = BUF_INIT(DOTENV_FILE_MAX);
    int r = paths_absolute(g->l, place(g), name, &path);
    if (r < 0)
        return r;
    /* A file that a variable names is called what the compose file calls it. */
    const struct node *written = node_value(g->service, g->path);
    if (written->kind == NODE_MAP)
        written = node_get(written, "path");
    struct shown room;
    const char *shown_as = source_shown_path(written, path, &room);
    struct error why = ERROR_INIT;
    r = file_read(path, shown_as, false, &text, &why);
    if (r == -ENOENT && !required)
        return 0;
    if (r < 0 && r != -ENOMEM)
        return refuse_file(g, r, why.text);
    return r < 0 ? r : parse_file(g, shown_as, raw, &text);
}

/* {path: …, required: false, format: raw} */
static int read_file_object(struct gather *g, const json_t *entry)
{
    const json_t *path = NULL;
    bool required = true, raw = false;
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)entry, key, value) {
        if (strcmp(key, "path") == 0 && json_is_string(value))
            path = value;
        else if (strcmp(key, "required") == 0 && json_is_boolean(value))
            required = json_is_true(value);
        else if (strcmp(key, "format") == 0 && json_is_string(value) &&
                 strcmp(json_string_value(value), "raw") == 0)
            raw = true;
        else
            return node_error(g->l, place(g),
                              "env_file takes the keys path (a text), required (true or false) "
                              "and format (raw), not \"%s\" as it stands here",
                              SHOWN(key));
    }
    if (!path)
        return node_error(g->l, place(g), "env_file has no path; add \"path: FILE\"");
    return read_file(g, json_string_value(path), required, raw);
}

static int read_file_entry(struct gather *g, const json_t *entry)
{
    if (json_is_string(entry))
        return read_file(g, json_string_value(entry), true, false);
    if (json_is_object(entry))
        return read_file_object(g, entry);
    return node_error(g->l, place(g), "env_file must be the path of a file, or a list of them");
}

static int gather_files(struct gather *g, const json_t *env_file)
{
    (void)snprintf(g->path, sizeof(g->path), "env_file");
    if (!env_file || json_is_null(env_file))
        return 0;
    if (!json_is_array(env_file))
        return read_file_entry(g, env_file);
    size_t i;
    json_t *entry;
    json_array_foreach (env_file, i, entry) {
        (void)snprintf(g->path, sizeof(g->path), "env_file[%zu]", i);
        int r = read_file_entry(g, entry);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- environment ---- */

/* A name without a value takes the one that roost itself sees; without one it stays null. A value
 * of another type is left for the spec to refuse. */
static int put_variable(struct gather *g, const char *name, json_t *value)
{
    const char *seen = json_is_null(value) ? scope_lookup(g->l, place(g)->origin, name) : NULL;
    if (!seen)
        return json_object_set(g->own, name, value) < 0 ? -ENOMEM : 0;
    int r = convert_charge(g->l, place(g), strlen(seen));
    if (r < 0)
        return r;
    if (!text_is_utf8(seen, strlen(seen)))
        return node_error(g->l, place(g), "the value of \"%s\" in the environment is not UTF-8",
                          SHOWN(name));
    return json_object_set_new(g->own, name, json_string(seen)) < 0 ? -ENOMEM : 0;
}

static int put_item(struct gather *g, const json_t *item)
{
    const char *text = json_string_value(item);
    size_t n = text ? strcspn(text, "=") : 0;
    if (n == 0)
        return node_error(g->l, place(g), "expected NAME=value, or NAME alone");
    if (text[n - 1] == ' ' || text[n - 1] == '\t')
        return node_error(g->l, place(g),
                          "a blank before the \"=\" would be part of the name; write NAME=value");
    _cleanup_free_ char *name = strndup(text, n);
    json_auto_t *value = text[n] ? json_string(text + n + 1) : json_null();
    return name && value ? put_variable(g, name, value) : -ENOMEM;
}

static int gather_items(struct gather *g, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach (list, i, item) {
        (void)snprintf(g->path, sizeof(g->path), "environment[%zu]", i);
        int r = put_item(g, item);
        if (r < 0)
            return r;
    }
    return 0;
}

static int gather_map(struct gather *g, json_t *map)
{
    const char *name;
    json_t *value;
    (void)snprintf(g->path, sizeof(g->path), "environment");
    json_object_foreach (map, name, value) {
        int r = put_variable(g, name, value);
        if (r < 0)
            return r;
    }
    return 0;
}

/* `environment` wins over the files. */
static int overlay(struct gather *g)
{
    const char *name;
    json_t *value;
    json_object_foreach (g->own, name, value) {
        if (json_is_null(value))
            (void)json_object_del(g->result, name);
        else if (json_object_set(g->result, name, value) < 0)
            return -ENOMEM;
    }
    return 0;
}

int environment_resolve(struct loader *l, const struct node *node, json_t *service)
{
    json_t *environment = json_object_get(service, "environment");
    json_auto_t *own = json_object(), *result = json_object();
    if (!own || !result)
        return -ENOMEM;
    struct gather g = {.l = l, .service = node, .own = own, .result = result};
    int r =
        json_is_array(environment) ? gather_items(&g, environment) : gather_map(&g, environment);
    if (r == 0)
        r = gather_files(&g, json_object_get(service, "env_file"));
    if (r == 0)
        r = overlay(&g);
    if (r < 0)
        return r;
    (void)json_object_del(service, "env_file");
    if (environment && !json_is_object(environment) && !json_is_array(environment) &&
        !json_is_null(environment))
        return 0; /* neither map nor list: for the spec to refuse */
    if (json_object_size(result) > 0)
        return json_object_set(service, "environment", result) < 0 ? -ENOMEM : 0;
    (void)json_object_del(service, "environment");
    return 0;
}
