/* SPDX-License-Identifier: MIT
 *
 * The line of shell that makes an agent's container by hand.
 */
#include "cli/docker_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/resources.h"
#include "cli/rows.h"
#include "spec/spec.h"

struct volumes {
    const char *agent;
    struct spec_volume *list; /* each text owned */
    size_t n;
};

static void volumes_close(struct volumes *v)
{
    for (size_t i = 0; i < v->n; i++) {
        free((char *)(uintptr_t)v->list[i].destination);
        free((char *)(uintptr_t)v->list[i].name);
    }
    free(v->list);
}

static int on_volume(void *ctx, const char *agent, const struct store_volume *volume)
{
    struct volumes *v = ctx;
    if (strcmp(agent, v->agent) != 0)
        return 0;
    struct spec_volume *grown = reallocarray(v->list, v->n + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    v->list = grown;
    v->list[v->n] = (struct spec_volume){strdup(volume->destination), strdup(volume->name)};
    v->n++;
    return v->list[v->n - 1].destination && v->list[v->n - 1].name ? 0 : -ENOMEM;
}

struct names {
    struct resources resources;
    const char *source; /* of the row; NULL: every source's */
    struct store *store;
    struct spec *other; /* whose container was asked for last */
};

static void names_close(struct names *names)
{
    resources_close(&names->resources);
    spec_free(names->other);
}

static const char *resource_name(void *ctx, const char *kind, const char *key)
{
    const struct names *names = ctx;
    for (size_t i = 0; i < names->resources.n; i++) {
        const struct resource *r = &names->resources.list[i];
        if (strcmp(r->kind, kind) == 0 && strcmp(r->key, key) == 0 &&
            (!names->source || strcmp(r->source, names->source) == 0))
            return r->engine_name;
    }
    return NULL;
}

/* What cannot be read now has the usual name. */
static const char *container_name(void *ctx, const char *agent)
{
    struct names *names = ctx;
    _cleanup_(row_close) struct row row = {0};
    struct error err = ERROR_INIT;
    spec_free(names->other);
    names->other = NULL;
    if (row_read(names->store, agent, &row, &err) < 0 ||
        spec_parse(row.spec, row.image, &names->other, &err) < 0)
        return NULL;
    return spec_settings(names->other)->container_name;
}

static int make_line(struct store *store, const struct row *row, const struct volumes *volumes,
                     struct names *names, bool secrets, struct buf *ret_line, struct error *err)
{
    struct spec_context context = {
        .fleet = store_fleet(store),
        .agent = row->name,
        .db_uid = store_uid(store),
        .image = row->image,
        .volumes = volumes->list,
        .n_volumes = volumes->n,
        .resource_name = resource_name,
        .container_name = container_name,
        .resource_ctx = names,
    };
    if (!lifecycle_parse(row->lifecycle, &context.lifecycle))
        return error_set(err, -EINVAL, ERROR_INVALID, NULL, "%s: lifecycle is neither hot nor lazy",
                         row->name);
    _cleanup_(spec_freep) struct spec *spec = NULL;
    int r = spec_parse(row->spec, row->image, &spec, err);
    if (r < 0)
        return error_wrap(err, r, "%s", row->name);
    return spec_docker_line(spec, &context, secrets, ret_line, err);
}

int docker_line(struct store *store, const char *name, bool secrets, struct buf *ret_line,
                struct error *err)
{
    _cleanup_(row_close) struct row row = {0};
    _cleanup_(volumes_close) struct volumes volumes = {.agent = name};
    int r = row_read(store, name, &row, err);
    if (r < 0)
        return r;
    _cleanup_(names_close) struct names names = {.source = row.source, .store = store};
    r = store_read_volumes(store, on_volume, &volumes, err);
    if (r < 0)
        return error_is_set(err) ? r : error_wrap(err, r, "cannot read the volumes of %s", name);
    r = resources_read(store, &names.resources, err);
    return r < 0 ? r : make_line(store, &row, &volumes, &names, secrets, ret_line, err);
}
