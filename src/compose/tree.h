/* SPDX-License-Identifier: MIT
 *
 * YAML documents in memory, each node with its place in its file.
 *
 * The tree owns the nodes of all files. An alias is a second pointer to the anchor's node, so a
 * document can stand for far more nodes than it has: `weight` and `height` count what it would
 * be when written out, and the reader keeps both under the caps of compose.h. Nodes never form
 * a cycle.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

/* A file that nodes come from, borrowed by them. */
struct origin {
    const char *shown_as;    /* as messages name the file */
    const char *folder;      /* absolute: where its relative paths begin */
    const json_t *variables; /* those of .env, which come after the environment's */
};

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
};

/* What a file that is laid over another says of a value. */
enum node_tag {
    TAG_NONE,
    TAG_RESET,    /* !reset: neither this nor what was there */
    TAG_OVERRIDE, /* !override: this instead of what was there, not merged with it */
};

struct node_entry {
    const struct node *key; /* NULL in a list */
    const struct node *value;
};

struct node {
    enum node_kind kind;
    bool is_text;   /* a scalar that was quoted, a block, or has the tag !!str: never a number */
    bool is_open;   /* a collection whose end has not been read yet */
    bool has_reset; /* a value below it has the tag !reset */
    enum node_tag tag;
    int line, column;
    const struct origin *origin;
    char *text; /* a scalar's: valid UTF-8 without a NUL inside */
    struct node_entry *entries;
    size_t n_entries;
    json_t *index;     /* a map's: key to position in entries */
    size_t weight;     /* nodes, with aliases written out */
    size_t height;     /* levels, 1 for a scalar */
    struct node *next; /* in the tree's list of what it owns */
};

struct tree {
    struct node *nodes;
    const struct node *root;     /* of the document that was read last */
    const struct origin *origin; /* of nodes that are added */
    size_t made;                 /* nodes of all documents, and what `<<` merged into them */
};

/* A new node that the tree owns; NULL: out of memory. `text` is copied, NULL for a collection. */
struct node *tree_add(struct tree *t, enum node_kind kind, const char *text, size_t len);
/* One at the place of another. */
struct node *tree_add_at(struct tree *t, const struct node *at, enum node_kind kind,
                         const char *text, size_t len);

/* Append an entry; a map's key must be new and a scalar. 0 or -ENOMEM. */
int node_append(struct node *n, const struct node *key, const struct node *value) _must_use_;
/* The same for a map that may have the key: then key and value are replaced. */
int node_set(struct node *map, const struct node *key, const struct node *value) _must_use_;
/* Replace an entry. */
void node_put(struct node *n, size_t position, const struct node *key, const struct node *value);

/* The entry or value of a map's key; NULL where there is none or `map` is NULL or no map. */
const struct node_entry *node_entry(const struct node *map, const char *key);
const struct node *node_get(const struct node *map, const char *key);

/* A plain scalar that means nothing: "", "~", "null". */
bool node_is_null(const struct node *n);

/* The node at which a dotted path ("ports[2]", "labels.com.example.x") begins: an entry's key,
 * a list's item. Where the path leads out of the tree, the last node that it met. In a list of
 * "NAME=VALUE" a NAME is found too, for a path into the map that it stands for. */
const struct node *node_locate(const struct node *from, const char *path);

/* The value there, for which node_locate() gives the place. */
const struct node *node_value(const struct node *from, const char *path);

void tree_close(struct tree *t);
