/* SPDX-License-Identifier: MIT
 *
 * The line of shell that makes an agent's container by hand.
 */
#include "cli/docker_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/rows.h"
#include "spec/spec.h"

struct volumes {
    const char *agent;
    struct spec_volume *list; /* each text owned */
    size_t n;
};

struct resource {
    char *kind;
    char *key;
    char *engine_name;
};

struct resources {
    const char *source; /* of the row; NULL: every source's */
    struct resource *list;
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

static void resources_close(struct resources *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->list[i].kind);
        free(r->list[i].key);
        free(r->list[i].engine_name);
    }
    free(r->list);
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

static int on_resource(void *ctx, const struct store_resource *resource)
{
    struct resources *r = ctx;
    if (r->source && strcmp(r->source, resource->source) != 0)
        return 0;
    struct resource *grown = reallocarray(r->list, r->n + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    r->list = grown;
    struct resource *last = &r->list[r->n++];
    *last = (struct resource){strdup(resource->kind), strdup(resource->key),
                              strdup(resource->engine_name)};
    return last->kind && last->key && last->engine_name ? 0 : -ENOMEM;
}

static const char *resource_name(void *ctx, const char *kind, const char *key)
{
    const struct resources *r = ctx;
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->list[i].kind, kind) == 0 && strcmp(r->list[i].key, key) == 0)
            return r->list[i].engine_name;
    return NULL;
}

static int make_line(struct store *store, const struct row *row, const struct volumes *volumes,
                     struct resources *resources, bool secrets, struct buf *ret_line,
                     struct error *err)
{
    struct spec_context context = {
        .fleet = store_fleet(store),
        .agent = row->name,
        .db_uid = store_uid(store),
        .image = row->image,
        .volumes = volumes->list,
        .n_volumes = volumes->n,
        .resource_name = resource_name,
        .resource_ctx = resources,
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
    _cleanup_(resources_close) struct resources resources = {.source = row.source};
    r = store_read_volumes(store, on_volume, &volumes, err);
    if (r == 0)
        r = store_read_resources(store, on_resource, &resources, err);
    if (r < 0)
        return error_is_set(err) ? r : error_wrap(err, r, "cannot read what %s needs", name);
    return make_line(store, &row, &volumes, &resources, secrets, ret_line, err);
}
