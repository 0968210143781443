/* SPDX-License-Identifier: MIT */
#include "compose/tree.h"

#include <errno.h>
#include <string.h>

#include "compose/scalar.h"

struct node *tree_add(struct tree *t, enum node_kind kind, const char *text, size_t len)
{
    struct node *n = calloc(1, sizeof(*n));
    if (!n)
        return NULL;
    n->next = t->nodes;
    t->nodes = n;
    n->kind = kind;
    n->origin = t->origin;
    n->weight = n->height = 1;
    if (text && !(n->text = strndup(text, len)))
        return NULL;
    if (kind == NODE_MAP && !(n->index = json_object()))
        return NULL;
    return n;
}

struct node *tree_add_at(struct tree *t, const struct node *at, enum node_kind kind,
                         const char *text, size_t len)
{
    struct node *n = tree_add(t, kind, text, len);
    if (!n)
        return NULL;
    n->origin = at->origin;
    n->line = at->line;
    n->column = at->column;
    return n;
}

/* Room for one more: the array doubles at each power of two. */
static int grow(struct node *n)
{
    if (n->n_entries & (n->n_entries - 1))
        return 0;
    size_t cap = n->n_entries ? n->n_entries * 2 : 1;
    struct node_entry *entries = realloc(n->entries, cap * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    n->entries = entries;
    return 0;
}

int node_append(struct node *n, const struct node *key, const struct node *value)
{
    int r = grow(n);
    if (r < 0)
        return r;
    if (key && json_object_set_new(n->index, key->text, json_integer((json_int_t)n->n_entries)) < 0)
        return -ENOMEM;
    n->entries[n->n_entries++] = (struct node_entry){.key = key, .value = value};
    n->has_reset |= value->has_reset || value->tag == TAG_RESET;
    size_t more = value->weight + (key ? 1 : 0);
    if (__builtin_add_overflow(n->weight, more, &n->weight))
        n->weight = SIZE_MAX;
    if (n->height <= value->height)
        n->height = value->height + 1;
    return 0;
}

void node_put(struct node *n, size_t position, const struct node *key, const struct node *value)
{
    struct node_entry *e = &n->entries[position];
    n->weight = n->weight - e->value->weight + value->weight;
    n->has_reset |= value->has_reset || value->tag == TAG_RESET;
    if (n->height <= value->height)
        n->height = value->height + 1;
    *e = (struct node_entry){.key = key, .value = value};
}

int node_set(struct node *map, const struct node *key, const struct node *value)
{
    const json_t *at = json_object_get(map->index, key->text);
    if (!at)
        return node_append(map, key, value);
    node_put(map, (size_t)json_integer_value(at), key, value);
    return 0;
}

const struct node_entry *node_entry(const struct node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    const json_t *at = json_object_get(map->index, key);
    return at ? &map->entries[json_integer_value(at)] : NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
    const struct node_entry *e = node_entry(map, key);
    return e ? e->value : NULL;
}

bool node_is_null(const struct node *n)
{
    return n->kind == NODE_SCALAR && !n->is_text && scalar_resolve(n->text).kind == SCALAR_NULL;
}

/* A key may hold dots itself ("com.example.x"), so the longest one that fits is meant. */
static const struct node_entry *match_key(const struct node *map, const char **path)
{
    const struct node_entry *best = NULL;
    size_t best_len = 0;
    for (size_t i = 0; i < map->n_entries; i++) {
        const char *key = map->entries[i].key->text;
        size_t len = strlen(key);
        if (strncmp(*path, key, len) != 0 || !strchr(".[", (*path)[len]) ||
            (best && len < best_len))
            continue;
        best = &map->entries[i];
        best_len = len;
    }
    if (best)
        *path += best_len;
    return best;
}

static const struct node_entry *match_item(const struct node *list, const char **path)
{
    if (**path == '[') {
        char *end;
        unsigned long i = strtoul(*path + 1, &end, 10);
        if (*end != ']' || i >= list->n_entries)
            return NULL;
        *path = end + 1;
        return &list->entries[i];
    }
    for (size_t i = 0; i < list->n_entries; i++) {
        const char *text = list->entries[i].value->text;
        size_t len = text ? strcspn(text, "=") : 0;
        if (len == 0 || strncmp(*path, text, len) != 0 || (*path)[len] != '\0')
            continue;
        *path += len;
        return &list->entries[i];
    }
    return NULL;
}

/* The last entry that the path meets; NULL when it meets none. */
static const struct node_entry *walk(const struct node *from, const char *path)
{
    const struct node_entry *found = NULL;
    while (*path != '\0') {
        const struct node_entry *e = NULL;
        if (*path == '.')
            path++;
        if (from->kind == NODE_MAP)
            e = match_key(from, &path);
        else if (from->kind == NODE_LIST)
            e = match_item(from, &path);
        if (!e)
            break;
        found = e;
        from = e->value;
    }
    return found;
}

const struct node *node_locate(const struct node *from, const char *path)
{
    const struct node_entry *e = walk(from, path);
    if (!e)
        return from;
    return e->key ? e->key : e->value;
}

const struct node *node_value(const struct node *from, const char *path)
{
    const struct node_entry *e = walk(from, path);
    return e ? e->value : from;
}

void tree_close(struct tree *t)
{
    while (t->nodes) {
        struct node *n = t->nodes;
        t->nodes = n->next;
        free(n->text);
        free(n->entries);
        json_decref(n->index);
        free(n);
    }
    t->root = NULL;
}
