/* SPDX-License-Identifier: MIT
 *
 * "extends": a service is laid over another one, of the same file or of another. All keys come
 * over; what they refer to (networks, volumes, services) has to be in the file that extends.
 * Paths of another file begin at its folder.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "compose/file.h"
#include "compose/load.h"
#include "compose/merge.h"

/* The services that extend each other, from the last one up. */
struct chain {
    const struct node *service;
    const char *name;
    const struct chain *up;
    size_t depth;
};

struct wanted {
    char *service;
    char *file; /* NULL: the same */
    const struct node *at, *file_at;
};

static void wanted_close(struct wanted *w)
{
    free(w->service);
    free(w->file);
}

static int take_text(struct loader *l, const struct node *n, const char *what, char **ret)
{
    json_auto_t *made = NULL;
    int r = n->kind == NODE_SCALAR && !node_is_null(n) ? convert_node(l, n, true, &made) : 0;
    if (r < 0)
        return r;
    if (!json_is_string(made) || json_string_length(made) == 0)
        return node_error(l, n, "%s of extends must be a text", what);
    *ret = strdup(json_string_value(made));
    return *ret ? 0 : -ENOMEM;
}

static int read_wanted(struct loader *l, const struct node *n, struct wanted *w)
{
    w->at = n;
    if (n->kind == NODE_SCALAR)
        return take_text(l, n, "the service", &w->service);
    if (n->kind == NODE_LIST)
        return node_error(l, n, "extends must be {service: NAME, file: FILE}");
    for (size_t i = 0; i < n->n_entries; i++) {
        const struct node_entry *e = &n->entries[i];
        int r;
        if (strcmp(e->key->text, "service") == 0 && !w->service) {
            w->at = e->value;
            r = take_text(l, e->value, "the service", &w->service);
        } else if (strcmp(e->key->text, "file") == 0 && !w->file) {
            w->file_at = e->value;
            r = node_is_null(e->value) ? 0 : take_text(l, e->value, "the file", &w->file);
        } else {
            return node_error(l, e->key, "extends has the keys service and file, not \"%s\"",
                              SHOWN(e->key->text));
        }
        if (r < 0)
            return r;
    }
    return w->service ? 0 : node_error(l, n, "extends names no service; add \"service: NAME\"");
}

/* The services of the file that is named. */
static int open_services(struct loader *l, const struct wanted *w, const struct node **ret_services)
{
    _cleanup_free_ char *path = NULL, *folder = NULL;
    struct source *source;
    int r = strstr(w->file, "://") || strncmp(w->file, "oci:", 4) == 0
                ? node_error(l, w->file_at, "extends takes only files of this machine; fetch it")
                : paths_absolute(l, w->file_at, w->file, &path);
    if (r == 0)
        r = path_folder(path, &folder);
    if (r == 0)
        r = source_open(l, w->file_at, path, folder, (json_t *)w->file_at->origin->variables,
                        &source);
    if (r == 0)
        *ret_services = node_get(source->root, "services");
    return r;
}

static int refuse_missing(struct loader *l, const struct wanted *w, const struct node *services)
{
    struct nearest nearest = {.word = w->service};
    for (size_t i = 0; services && services->kind == NODE_MAP && i < services->n_entries; i++)
        nearest_offer(&nearest, services->entries[i].key->text);
    struct shown file, service;
    const char *in =
        w->file ? source_shown_path(w->file_at, w->file, &file) : w->at->origin->shown_as;
    struct shown name = shown(source_shown_path(w->at, w->service, &service));
    if (nearest.best)
        return node_error(l, w->at, "no service \"%s\" in %s; did you mean \"%s\"?", name.text,
                          SHOWN(in), SHOWN(nearest.best));
    return node_error(l, w->at, "no service \"%s\" in %s", name.text, SHOWN(in));
}

static int refuse_circle(struct loader *l, const struct wanted *w, const struct chain *chain)
{
    _cleanup_(buf_close) struct buf names = BUF_INIT(ERROR_TEXT_SIZE / 2);
    for (const struct chain *c = chain; c; c = c->up)
        (void)buf_printf(&names, "%s <- ", SHOWN(c->name));
    return node_error(l, w->at, "services extend each other in a circle: %s%s; remove one",
                      buf_text(&names), names.error ? "..." : SHOWN(chain->name));
}

static int without_extends(struct loader *l, const struct node *service, const struct node **ret)
{
    struct node *made = tree_add_at(&l->tree, service, NODE_MAP, NULL, 0);
    int r = made ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < service->n_entries; i++)
        if (strcmp(service->entries[i].key->text, "extends") != 0)
            r = merge_set(l, made, service->entries[i].key, service->entries[i].value);
    if (r < 0)
        return r;
    made->tag = service->tag;
    *ret = made;
    return 0;
}

static int resolve(struct loader *l, const struct node *services, const struct chain *chain,
                   const struct node **ret);

static int resolve_base(struct loader *l, const struct node *services, const struct wanted *w,
                        const struct chain *chain, const struct node **ret)
{
    const struct node_entry *e = node_entry(services, w->service);
    if (!e)
        return refuse_missing(l, w, services);
    if (e->value->kind != NODE_MAP)
        return node_error(l, e->key, "service \"%s\" must be a mapping, to be extended",
                          SHOWN(e->key->text));
    for (const struct chain *c = chain; c; c = c->up)
        if (c->service == e->value)
            return refuse_circle(l, w, chain);
    if (chain->depth == COMPOSE_EXTENDS_MAX)
        return node_error(l, w->at, "more than %d services extend each other in a row",
                          COMPOSE_EXTENDS_MAX);
    struct chain next = {
        .service = e->value, .name = e->key->text, .up = chain, .depth = chain->depth + 1};
    return resolve(l, services, &next, ret);
}

/* The chain's last service with all that it extends. */
static int resolve(struct loader *l, const struct node *services, const struct chain *chain,
                   const struct node **ret)
{
    const struct node *extends = node_get(chain->service, "extends"), *base = NULL, *own = NULL;
    _cleanup_(wanted_close) struct wanted w = {0};
    *ret = chain->service;
    if (!extends || extends->tag == TAG_RESET)
        return 0;
    int r = read_wanted(l, extends, &w);
    if (r == 0 && w.file)
        r = open_services(l, &w, &services);
    if (r == 0)
        r = resolve_base(l, services, &w, chain, &base);
    if (r == 0)
        r = without_extends(l, chain->service, &own);
    return r < 0 ? r : merge_services(l, base, own, ret);
}

static int replace(struct loader *l, const struct node *map, const char *key,
                   const struct node *value, const struct node **ret)
{
    struct node *made = tree_add_at(&l->tree, map, NODE_MAP, NULL, 0);
    int r = made ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < map->n_entries; i++) {
        const struct node_entry *e = &map->entries[i];
        r = merge_set(l, made, e->key, strcmp(e->key->text, key) == 0 ? value : e->value);
    }
    if (r == 0)
        *ret = made;
    return r;
}

static bool any_extends(const struct node *services)
{
    for (size_t i = 0; i < services->n_entries; i++)
        if (node_get(services->entries[i].value, "extends"))
            return true;
    return false;
}

int extends_apply(struct loader *l, const struct node *root, const struct node **ret_root)
{
    const struct node *services = node_get(root, "services");
    *ret_root = root;
    if (!services || services->kind != NODE_MAP || !any_extends(services))
        return 0;
    struct node *made = tree_add_at(&l->tree, services, NODE_MAP, NULL, 0);
    int r = made ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < services->n_entries; i++) {
        const struct node_entry *e = &services->entries[i];
        const struct node *value = e->value;
        struct chain chain = {.service = value, .name = e->key->text};
        if (value->kind == NODE_MAP)
            r = resolve(l, services, &chain, &value);
        if (r == 0)
            r = merge_set(l, made, e->key, value);
    }
    if (r < 0)
        return r;
    made->tag = services->tag;
    return replace(l, root, "services", made, ret_root);
}
