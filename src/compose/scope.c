/* SPDX-License-Identifier: MIT
 *
 * What a variable's name means.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "compose/dotenv.h"
#include "compose/file.h"
#include "compose/load.h"

static const char *environment_lookup(void *ctx, const char *name)
{
    const struct loader *l = ctx;
    const struct compose_options *o = l->options;
    return o->env ? o->env(o->env_ctx, name) : getenv(name);
}

const char *scope_lookup(const struct loader *l, const struct origin *origin, const char *name)
{
    if (l->project_name && strcmp(name, "COMPOSE_PROJECT_NAME") == 0)
        return l->project_name;
    const char *value = environment_lookup((void *)l, name);
    return value ? value : json_string_value(json_object_get(origin->variables, name));
}

/* The messages of another file, with the warnings in the same list. */
static int read_shown(struct loader *l, const char *path, const char *shown_as, json_t *vars)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(DOTENV_FILE_MAX);
    int r = file_read(path, shown_as, false, &text, l->diag.err);
    if (r < 0)
        return r;
    struct interpolation in = {.lookup = environment_lookup, .ctx = l};
    const char *file = l->diag.file;
    l->diag.file = shown_as;
    r = dotenv_parse(buf_text(&text), text.len, &in, &l->diag, vars);
    l->diag.file = file;
    return r;
}

int scope_read_file(struct loader *l, const char *path, json_t *vars)
{
    return read_shown(l, path, path, vars);
}

int scope_read_named(struct loader *l, const struct node *at, const char *key, const char *path,
                     json_t *vars)
{
    struct shown room;
    struct error *err = l->diag.err, why = ERROR_INIT;
    l->diag.err = &why;
    int r = read_shown(l, path, source_shown_path(at, path, &room), vars);
    l->diag.err = err;
    return r < 0 && r != -ENOMEM ? node_error(l, at, "%s: %s", key, why.text) : r;
}

int scope_read_dotenv(struct loader *l, const char *folder, json_t *vars)
{
    _cleanup_free_ char *path = NULL;
    int r = path_join(folder, ".env", &path);
    if (r < 0)
        return r;
    if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    return scope_read_file(l, path, vars);
}

int scope_read_variable(const struct compose_options *options, const char *folder, const char *name,
                        char **ret_value, struct error *err)
{
    json_auto_t *vars = json_object();
    struct error own = ERROR_INIT;
    struct loader l = {.options = options, .diag = {.file = ".env", .err = err ? err : &own}};
    const char *value = environment_lookup(&l, name);
    int r = vars ? 0 : -ENOMEM;
    if (r == 0 && !value)
        r = scope_read_dotenv(&l, folder, vars);
    diag_close(&l.diag);
    if (r == 0 && !value)
        value = json_string_value(json_object_get(vars, name));
    if (r < 0 || !value)
        return r;
    *ret_value = strdup(value);
    return *ret_value ? 0 : -ENOMEM;
}
