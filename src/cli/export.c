/* SPDX-License-Identifier: MIT */
#include "cli/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "cli/file.h"
#include "spec/spec.h"

struct making {
    struct compose_project *project;
    const struct row *row;
    int r;
};

/* networks and volumes ------------------------------------------------------------------------- */

static const struct compose_resource *find(const struct compose_project *p, const char *kind,
                                           const char *key)
{
    for (size_t i = 0; i < p->n_resources; i++)
        if (strcmp(p->resources[i].kind, kind) == 0 && strcmp(p->resources[i].key, key) == 0)
            return &p->resources[i];
    return NULL;
}

/* `engine_name` NULL: as the fleet calls what no file declares. */
static int add_resource(struct compose_project *p, const char *kind, const char *key,
                        const char *engine_name, bool external, const char *body)
{
    struct compose_resource *grown =
        reallocarray(p->resources, p->n_resources + 1, sizeof(*p->resources));
    if (!grown)
        return -ENOMEM;
    p->resources = grown;
    struct compose_resource *to = &grown[p->n_resources++];
    *to = (struct compose_resource){
        .kind = strdup(kind),
        .key = strdup(key),
        .external = external,
        .body = body ? strdup(body) : NULL,
    };
    if (engine_name)
        to->engine_name = strdup(engine_name);
    else if (asprintf(&to->engine_name, "%s_%s", p->name, key) < 0)
        to->engine_name = NULL;
    return to->kind && to->key && to->engine_name && !body == !to->body ? 0 : -ENOMEM;
}

/* Two files may declare the same, but not otherwise. */
static int add_declared(struct compose_project *p, const struct resource *res, struct error *err)
{
    const struct compose_resource *there = find(p, res->kind, res->key);
    if (!there)
        return add_resource(p, res->kind, res->key, res->engine_name, res->external,
                            res->external ? NULL : res->body);
    bool same =
        strcmp(there->engine_name, res->engine_name) == 0 && there->external == res->external;
    /* What is not external has a body: the table says NOT NULL.
     * NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    if (same && (res->external || strcmp(there->body, res->body) == 0))
        return 0;
    return error_set(err, -EEXIST, ERROR_CONFLICT, "declared_twice",
                     "two files declare the %s \"%s\" and differ, so it cannot stand in one; the "
                     "second is %s",
                     res->kind, res->key, res->source);
}

static void on_use(void *ctx, const char *kind, const char *key)
{
    struct making *m = ctx;
    if (m->r == 0 && !find(m->project, kind, key))
        m->r = add_resource(m->project, kind, key, NULL, false, NULL);
}

/* agents --------------------------------------------------------------------------------------- */

static int take_idle_timeout(const char *written, struct compose_service *s, struct error *err)
{
    char text[DURATION_TEXT_SIZE];
    if (!written)
        return 0;
    if (duration_shorten(written, text) < 0)
        return error_set(err, -EINVAL, ERROR_INVALID, "idle_timeout",
                         "idle_timeout: \"%s\" is no duration; write it like 90s or 1h30m",
                         written);
    s->idle_timeout = strdup(text);
    return s->idle_timeout ? 0 : -ENOMEM;
}

static int add_row(struct making *m, struct error *err)
{
    const struct row *row = m->row;
    struct compose_service *s = &m->project->services[m->project->n_services++];
    struct spec *spec = NULL;
    _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX);
    int r = lifecycle_parse(row->lifecycle, &s->lifecycle)
                ? spec_parse(row->spec, row->image, &spec, err)
                : error_set(err, -EINVAL, ERROR_INVALID, "lifecycle", "lifecycle: hot or lazy");
    if (r == 0)
        r = spec_check_lifecycle(spec, s->lifecycle, NULL, NULL, err);
    if (r == 0)
        r = spec_canonical(spec, false, &text);
    if (r == 0) {
        spec_resources(spec, on_use, m);
        r = m->r;
    }
    spec_free(spec);
    if (r == 0)
        r = take_idle_timeout(row->idle_timeout, s, err);
    if (r < 0)
        return r;
    s->name = strdup(row->name);
    s->image = strdup(row->image);
    s->spec = buf_steal(&text);
    return s->name && s->image && s->spec ? 0 : -ENOMEM;
}

static int add_rows(struct making *m, const struct rows *rows, struct error *err)
{
    size_t n_bad = 0;
    for (size_t i = 0; i < rows->n; i++) {
        struct error bad = ERROR_INIT;
        m->row = &rows->rows[i];
        int r = add_row(m, &bad);
        if (r < 0 && r != -EINVAL)
            return error_wrap(err, r, "cannot read agent %s", m->row->name);
        if (r < 0)
            cli_error("%s: %s", m->row->name, bad.text);
        n_bad += r < 0;
    }
    if (n_bad > 0)
        return error_set(err, -EINVAL, ERROR_INVALID, "invalid_rows",
                         "%zu of %zu agents are not valid, and a file without them would delete "
                         "them; mend them with `roost set`, or `roost rm` them",
                         n_bad, rows->n);
    return 0;
}

int export_project(const char *fleet, const struct rows *rows, const struct resources *resources,
                   struct compose_project **ret_project, struct error *err)
{
    _cleanup_(file_closep) struct compose_project *p = calloc(1, sizeof(*p));
    int r = 0;
    if (p) {
        p->name = strdup(fleet);
        p->services = calloc(rows->n + 1, sizeof(*p->services));
    }
    if (!p || !p->name || !p->services)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    for (size_t i = 0; r == 0 && i < resources->n; i++)
        r = add_declared(p, &resources->list[i], err);
    struct making m = {.project = p};
    if (r == 0)
        r = add_rows(&m, rows, err);
    if (r < 0)
        return error_is_set(err) ? r : error_wrap(err, r, "cannot read the table");
    *ret_project = steal(&p);
    return 0;
}

/* what a file cannot say ----------------------------------------------------------------------- */

void export_tell(const struct rows *rows)
{
    const char *first = rows->n > 0 ? rows->rows[0].source : NULL;
    bool several = false;
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *row = &rows->rows[i];
        several |= !row->source || !first || strcmp(row->source, first) != 0;
        if (row->held)
            cli_warn("%s is held, which a compose file cannot say; elsewhere `roost hold %s`",
                     row->name, row->name);
        if (row->pool)
            cli_warn("%s is in the pool %s, which a compose file cannot say; elsewhere `roost set "
                     "%s pool=%s`",
                     row->name, row->pool, row->name, row->pool);
    }
    if (several)
        cli_warn("rows of several files, or made by hand, stand in one now; before it is applied "
                 "to this database, `roost set NAME source=FILE` hands them to it");
}
