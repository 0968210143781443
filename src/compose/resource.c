/* SPDX-License-Identifier: MIT
 *
 * What the file declares, and what of it the services use. All that is declared is validated;
 * only what is used is kept.
 */
#include "compose/resource.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

struct use {
    struct loader *l;
    const struct node *root;
    json_t *positions; /* "kind key" to the position in the project's resources */
    json_t *used;      /* the same for those that a service uses */
    size_t service;    /* which one is being looked at */
    int r;
};

static int position_name(const struct resource_kind *kind, const char *key, char **ret_name)
{
    if (asprintf(ret_name, "%s %s", kind->name, key) >= 0)
        return 0;
    *ret_name = NULL;
    return -ENOMEM;
}

static int add(struct use *u, const struct resource_kind *kind, const char *key,
               const struct node_entry *e)
{
    struct compose_project *p = u->l->project;
    _cleanup_free_ char *name = NULL;
    struct compose_resource *grown =
        realloc(p->resources, (p->n_resources + 1) * sizeof(*p->resources));
    if (!grown)
        return -ENOMEM;
    p->resources = grown;
    int r = resource_read(u->l, kind, key, e, &grown[p->n_resources]);
    if (r < 0)
        return r;
    json_int_t position = (json_int_t)p->n_resources++;
    r = position_name(kind, key, &name);
    if (r == 0 && json_object_set_new(u->positions, name, json_integer(position)) < 0)
        r = -ENOMEM;
    return r;
}

static int add_section(struct use *u, const struct resource_kind *kind)
{
    const struct node_entry *section = node_entry(u->root, kind->section);
    if (!section || node_is_null(section->value))
        return 0;
    if (section->value->kind != NODE_MAP)
        return node_error(u->l, section->key, "\"%s\" must be a mapping of names", kind->section);
    for (size_t i = 0; i < section->value->n_entries; i++) {
        const struct node_entry *e = &section->value->entries[i];
        int r = add(u, kind, e->key->text, e);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Where a service names a resource: a network by its key, a volume as "key:/path". */
static const struct node *place_of_use(struct loader *l, const struct node *service,
                                       const char *section, const char *key)
{
    const struct node *uses = node_get(service, section);
    const struct node_entry *e = node_entry(uses, key);
    const struct node *item = e ? e->key : node_of_value(l, uses, key);
    return item ? item : node_locate(service, section);
}

static int refuse_undeclared(const struct use *u, const struct resource_kind *kind, const char *key)
{
    const struct node *section = node_get(u->root, kind->section);
    struct nearest nearest = {.word = key};
    for (size_t i = 0; section && section->kind == NODE_MAP && i < section->n_entries; i++)
        nearest_offer(&nearest, section->entries[i].key->text);
    const struct node *at = place_of_use(u->l, u->l->nodes[u->service], kind->section, key);
    const char *service = u->l->project->services[u->service].name;
    if (nearest.best)
        return node_error(u->l, at,
                          "service \"%s\" uses the %s \"%s\", which the file does not declare; did "
                          "you mean \"%s\"?",
                          service, kind->name, shown_value(at, key).text, SHOWN(nearest.best));
    return node_error(u->l, at,
                      "service \"%s\" uses the %s \"%s\", which the file does not declare; add it "
                      "under \"%s:\" at the top level",
                      service, kind->name, shown_value(at, key).text, kind->section);
}

static int use(struct use *u, const struct resource_kind *kind, const char *key)
{
    _cleanup_free_ char *name = NULL;
    int r = position_name(kind, key, &name);
    if (r < 0)
        return r;
    if (!json_object_get(u->positions, name)) {
        if (kind != &resource_network || strcmp(key, "default") != 0)
            return refuse_undeclared(u, kind, key);
        r = add(u, kind, key, NULL);
        if (r < 0)
            return r;
    }
    return json_object_set(u->used, name, json_object_get(u->positions, name)) < 0 ? -ENOMEM : 0;
}

static void on_use(void *ctx, const char *kind, const char *key)
{
    struct use *u = ctx;
    bool is_network = strcmp(kind, resource_network.name) == 0;
    if (u->r == 0)
        u->r = use(u, is_network ? &resource_network : &resource_volume, key);
}

/* Unused ones go; the others keep their order. */
static int drop_unused(struct use *u)
{
    struct compose_project *p = u->l->project;
    size_t n = p->n_resources;
    _cleanup_free_ bool *keep = calloc(n + 1, sizeof(*keep));
    const char *name;
    json_t *position;
    if (!keep)
        return -ENOMEM;
    json_object_foreach (u->used, name, position)
        keep[json_integer_value(position)] = true;
    p->n_resources = 0;
    for (size_t i = 0; i < n; i++) {
        if (keep[i])
            p->resources[p->n_resources++] = p->resources[i];
        else
            resource_close(&p->resources[i]);
    }
    return 0;
}

int resource_load(struct loader *l, const struct node *root)
{
    json_auto_t *positions = json_object(), *used = json_object();
    if (!positions || !used)
        return -ENOMEM;
    struct use u = {.l = l, .root = root, .positions = positions, .used = used};
    int r = add_section(&u, &resource_network);
    if (r == 0)
        r = add_section(&u, &resource_volume);
    for (size_t i = 0; r == 0 && i < l->project->n_services; i++) {
        u.service = i;
        spec_resources(l->specs[i], on_use, &u);
        r = u.r;
    }
    return r < 0 ? r : drop_unused(&u);
}
