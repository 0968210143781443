/* SPDX-License-Identifier: MIT
 *
 * The networks and volumes that the fleet's specs use: as the files declare them, or by the names
 * that Compose would give.
 */
#include <errno.h>
#include <string.h>

#include "daemon/fleet.h"

static void free_resource(struct fleet_resource *r)
{
    free(r->kind);
    free(r->key);
    free(r->engine_name);
    free(r->body);
}

void fleet_free_resources(struct fleet *f)
{
    for (size_t i = 0; i < f->n_resources; i++)
        free_resource(&f->resources[i]);
    free(f->resources);
    f->resources = NULL;
    f->n_resources = 0;
}

static struct fleet_resource *find(const struct fleet *f, const char *kind, const char *key)
{
    for (size_t i = 0; i < f->n_resources; i++)
        if (strcmp(f->resources[i].kind, kind) == 0 && strcmp(f->resources[i].key, key) == 0)
            return &f->resources[i];
    return NULL;
}

const char *fleet_resource_name(void *ctx, const char *kind, const char *key)
{
    const struct fleet_resource *r = find(ctx, kind, key);
    return r ? r->engine_name : NULL;
}

static int add(struct fleet *f, const struct store_resource *from)
{
    struct fleet_resource *resources =
        realloc(f->resources, (f->n_resources + 1) * sizeof(*resources));
    if (!resources)
        return -ENOMEM;
    f->resources = resources;
    struct fleet_resource made = {
        .kind = strdup(from->kind),
        .key = strdup(from->key),
        .engine_name = strdup(from->engine_name),
        .body = strdup(from->body),
        .external = from->external,
    };
    if (!made.kind || !made.key || !made.engine_name || !made.body) {
        free_resource(&made);
        return -ENOMEM;
    }
    resources[f->n_resources++] = made;
    return 0;
}

static int on_resource(void *ctx, const struct store_resource *resource)
{
    struct fleet *f = ctx;
    return find(f, resource->kind, resource->key) ? 0 : add(f, resource);
}

/* A network or volume that no file declares (a row made by plain SQL, the default network): what
 * Compose would make. */
static int add_undeclared(struct fleet *f, const char *kind, const char *key)
{
    const char *fleet = store_fleet(f->store);
    bool network = strcmp(kind, "network") == 0;
    char name[256];
    (void)snprintf(name, sizeof(name), "%s_%s", fleet, key);
    json_t *labels = json_pack("{s:s, s:s, s:s}", "com.docker.compose.project", fleet,
                               network ? "com.docker.compose.network" : "com.docker.compose.volume",
                               key, "roost.fleet", fleet);
    json_t *body = json_pack("{s:s, s:o}", "Name", name, "Labels", labels);
    if (body && network)
        (void)json_object_set_new(body, "CheckDuplicate", json_true());
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    struct store_resource resource = {.kind = kind, .key = key, .engine_name = name, .body = text};
    int r = text ? add(f, &resource) : -ENOMEM;
    free(text);
    return r;
}

struct using
{
    struct fleet *f;
    int r;
};

static void on_use(void *ctx, const char *kind, const char *key)
{
    struct using *using = ctx;
    if (using->r == 0 && !find(using->f, kind, key))
        using->r = add_undeclared(using->f, kind, key);
}

int fleet_use_resources(struct fleet *f)
{
    struct using using = {.f = f};
    struct fleet_row *row, *next;
    HASH_ITER (hh, f->rows, row, next) {
        if (row->spec)
            spec_resources(row->spec, on_use, &using);
    }
    return using.r;
}

int fleet_read_resources(struct fleet *f, struct error *err)
{
    fleet_free_resources(f);
    return store_read_resources(f->store, on_resource, f, err);
}
