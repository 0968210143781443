/* SPDX-License-Identifier: MIT
 *
 * The networks and volumes of the fleet's files, kept.
 */
#include "cli/resources.h"

#include <errno.h>
#include <string.h>

void resources_close(struct resources *resources)
{
    for (size_t i = 0; i < resources->n; i++) {
        free(resources->list[i].kind);
        free(resources->list[i].key);
        free(resources->list[i].engine_name);
        free(resources->list[i].body);
        free(resources->list[i].source);
    }
    free(resources->list);
    memset(resources, 0, sizeof(*resources));
}

static int on_resource(void *ctx, const struct store_resource *from)
{
    struct resources *r = ctx;
    struct resource *grown = reallocarray(r->list, r->n + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    r->list = grown;
    struct resource *to = &r->list[r->n++];
    *to = (struct resource){
        .kind = strdup(from->kind),
        .key = strdup(from->key),
        .engine_name = strdup(from->engine_name),
        .external = from->external,
        .body = strdup(from->body),
        .source = strdup(from->source),
    };
    return to->kind && to->key && to->engine_name && to->body && to->source ? 0 : -ENOMEM;
}

int resources_read(struct store *store, struct resources *ret_resources, struct error *err)
{
    _cleanup_(resources_close) struct resources resources = {0};
    int r = store_read_resources(store, on_resource, &resources, err);
    if (r < 0)
        return error_is_set(err) ? r : error_wrap(err, r, "cannot read networks and volumes");
    *ret_resources = resources;
    memset(&resources, 0, sizeof(resources));
    return 0;
}

/* Writes anew what of one file is to stay. */
static int forget_source(struct store *store, const struct resources *resources, const char *source,
                         bool keep_volumes, struct error *err)
{
    _cleanup_free_ struct store_resource *kept = calloc(resources->n + 1, sizeof(*kept));
    size_t n = 0;
    if (!kept)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    for (size_t i = 0; i < resources->n && keep_volumes; i++) {
        const struct resource *r = &resources->list[i];
        if (strcmp(r->source, source) == 0 && strcmp(r->kind, "volume") == 0)
            kept[n++] = (struct store_resource){r->kind,     r->key,  r->engine_name,
                                                r->external, r->body, r->source};
    }
    return store_write_resources(store, source, kept, n, err);
}

/* A source of several rows is written several times, to the same end. */
int resources_forget(struct store *store, const struct resources *resources, bool keep_volumes,
                     struct error *err)
{
    int r = store_begin(store, err);
    for (size_t i = 0; i < resources->n && r == 0; i++)
        r = forget_source(store, resources, resources->list[i].source, keep_volumes, err);
    return r < 0 ? r : store_commit(store, err);
}
