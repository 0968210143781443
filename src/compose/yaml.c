/* SPDX-License-Identifier: MIT
 *
 * libyaml gives a stream of events; a stack of open collections makes a tree of them. A node
 * joins its parent when it is complete, so that its weight is known.
 */
#include "compose/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "compose/compose.h"
#include "compose/scalar.h"
#include "compose/yaml_text.h"

#define YAML_TAG "tag:yaml.org,2002:"

struct frame {
    struct node *node;
    const struct node *key;   /* a map's key that waits for its value */
    const struct node *merge; /* the value of its `<<` */
    const struct node *merge_key;
};

struct anchor {
    char *name;
    const struct node *node;
};

struct composer {
    yaml_parser_t parser;
    const struct diag *diag;
    struct tree *tree;
    struct frame stack[COMPOSE_DEPTH_MAX];
    size_t depth;
    struct anchor anchors[YAML_ANCHORS_MAX];
    size_t n_anchors;
};

static int line_of(const yaml_mark_t *mark)
{
    return (int)mark->line + 1;
}

static int column_of(const yaml_mark_t *mark)
{
    return (int)mark->column + 1;
}

static int too_many_nodes(const struct composer *c, int line, int column)
{
    return diag_error(c->diag, line, column,
                      "more than %d values, with the aliases written out; split the file",
                      COMPOSE_NODES_MAX);
}

static int count_node(struct composer *c, int line, int column)
{
    return ++c->tree->made > COMPOSE_NODES_MAX ? too_many_nodes(c, line, column) : 0;
}

/* ---- tags and anchors ---- */

static bool scalar_fits(const char *tag, const char *text)
{
    switch (scalar_resolve(text).kind) {
    case SCALAR_NULL:
        return strcmp(tag, "null") == 0;
    case SCALAR_BOOL:
        return strcmp(tag, "bool") == 0;
    case SCALAR_INT:
        return strcmp(tag, "int") == 0 || strcmp(tag, "float") == 0;
    case SCALAR_REAL:
        return strcmp(tag, "float") == 0;
    case SCALAR_TEXT:
        return false;
    }
    return false;
}

static bool tag_fits(const struct node *n, const char *tag)
{
    if (strncmp(tag, YAML_TAG, strlen(YAML_TAG)) != 0)
        return false;
    tag += strlen(YAML_TAG);
    switch (n->kind) {
    case NODE_SCALAR:
        return strcmp(tag, "str") == 0 || scalar_fits(tag, n->text);
    case NODE_LIST:
        return strcmp(tag, "seq") == 0;
    case NODE_MAP:
        return strcmp(tag, "map") == 0;
    }
    return false;
}

static int apply_tag(const struct composer *c, struct node *n, const char *tag)
{
    if (!tag)
        return 0;
    if (strcmp(tag, "!") == 0) {
        n->is_text = true;
        return 0;
    }
    if (strcmp(tag, "!reset") == 0 || strcmp(tag, "!override") == 0) {
        n->tag = tag[1] == 'r' ? TAG_RESET : TAG_OVERRIDE;
        return 0;
    }
    if (!tag_fits(n, tag)) {
        bool is_standard = strncmp(tag, YAML_TAG, strlen(YAML_TAG)) == 0;
        return diag_error(c->diag, n->line, n->column,
                          "the tag \"%s%s\" is unknown or does not fit here; remove it",
                          is_standard ? "!!" : "",
                          SHOWN(is_standard ? tag + strlen(YAML_TAG) : tag));
    }
    n->is_text = strcmp(tag, YAML_TAG "str") == 0;
    return 0;
}

static int add_anchor(struct composer *c, const struct node *n, const char *name)
{
    if (!name)
        return 0;
    if (c->n_anchors == YAML_ANCHORS_MAX)
        return diag_error(c->diag, n->line, n->column, "more than %d anchors", YAML_ANCHORS_MAX);
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    c->anchors[c->n_anchors++] = (struct anchor){.name = copy, .node = n};
    return 0;
}

/* The last anchor of a name counts: YAML lets it be set anew. */
static const struct node *find_anchor(const struct composer *c, const char *name)
{
    for (size_t i = c->n_anchors; i-- > 0;)
        if (strcmp(c->anchors[i].name, name) == 0)
            return c->anchors[i].node;
    return NULL;
}

/* ---- maps ---- */

static int check_key(struct composer *c, const struct frame *f, const struct node *key)
{
    if (key->kind != NODE_SCALAR)
        return diag_error(c->diag, key->line, key->column, "a key must be a plain text");
    const struct node_entry *there = node_entry(f->node, key->text);
    const struct node *first = there ? there->key : NULL;
    if (!first && f->merge_key && strcmp(key->text, "<<") == 0)
        first = f->merge_key;
    if (first)
        return diag_error(c->diag, key->line, key->column,
                          "the key \"%s\" stands here a second time, first on line %d; remove one",
                          SHOWN(key->text), first->line);
    return 0;
}

static int merge_map(struct composer *c, struct node *into, const struct node *from,
                     const struct node *at)
{
    if (from->kind != NODE_MAP)
        return diag_error(c->diag, at->line, at->column,
                          "what \"<<\" merges must be a mapping, or a list of mappings");
    for (size_t i = 0; i < from->n_entries; i++) {
        const struct node_entry *e = &from->entries[i];
        if (node_entry(into, e->key->text))
            continue; /* the map's own key wins, then the first one merged */
        int r = count_node(c, at->line, at->column);
        if (r == 0)
            r = node_append(into, e->key, e->value);
        if (r < 0)
            return r;
    }
    return 0;
}

static int apply_merge(struct composer *c, const struct frame *f)
{
    if (!f->merge)
        return 0;
    if (f->merge->kind != NODE_LIST)
        return merge_map(c, f->node, f->merge, f->merge_key);
    for (size_t i = 0; i < f->merge->n_entries; i++) {
        int r = merge_map(c, f->node, f->merge->entries[i].value, f->merge_key);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- the stack ---- */

static int put_in_map(struct composer *c, struct frame *f, const struct node *n)
{
    if (!f->key) {
        int r = check_key(c, f, n);
        if (r == 0)
            f->key = n;
        return r;
    }
    const struct node *key = steal(&f->key);
    if (strcmp(key->text, "<<") != 0 || key->is_text)
        return node_append(f->node, key, n);
    f->merge_key = key;
    f->merge = n;
    return 0;
}

/* A complete node joins what is open, or is the document. The place is an alias's, not its
 * anchor's. */
static int put(struct composer *c, const struct node *n, int line, int column)
{
    if (n->weight > COMPOSE_NODES_MAX)
        return too_many_nodes(c, line, column);
    if (c->depth + n->height > COMPOSE_DEPTH_MAX + 1)
        return diag_error(c->diag, line, column, "nested deeper than %d levels", COMPOSE_DEPTH_MAX);
    if (c->depth == 0) {
        c->tree->root = n;
        return 0;
    }
    struct frame *f = &c->stack[c->depth - 1];
    return f->node->kind == NODE_LIST ? node_append(f->node, NULL, n) : put_in_map(c, f, n);
}

static int make(struct composer *c, enum node_kind kind, const yaml_event_t *event,
                struct node **ret_node)
{
    bool is_scalar = kind == NODE_SCALAR;
    int line = line_of(&event->start_mark), column = column_of(&event->start_mark);
    int r = count_node(c, line, column);
    if (r < 0)
        return r;
    const char *text = is_scalar ? (const char *)event->data.scalar.value : NULL;
    size_t len = is_scalar ? event->data.scalar.length : 0;
    if (text && strlen(text) != len)
        return diag_error(c->diag, line, column, "a text with a NUL character in it");
    struct node *n = tree_add(c->tree, kind, text, len);
    if (!n)
        return -ENOMEM;
    n->line = line;
    n->column = column;
    *ret_node = n;
    return 0;
}

static int on_scalar(struct composer *c, const yaml_event_t *event)
{
    struct node *n = NULL;
    int r = make(c, NODE_SCALAR, event, &n);
    if (!n)
        return r;
    n->is_text = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    r = apply_tag(c, n, (const char *)event->data.scalar.tag);
    if (r == 0)
        r = add_anchor(c, n, (const char *)event->data.scalar.anchor);
    return r < 0 ? r : put(c, n, n->line, n->column);
}

static int on_start(struct composer *c, enum node_kind kind, const yaml_event_t *event)
{
    bool is_map = kind == NODE_MAP;
    const yaml_char_t *tag =
        is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const yaml_char_t *anchor =
        is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    struct node *n;
    int r = make(c, kind, event, &n);
    if (r == 0)
        r = apply_tag(c, n, (const char *)tag);
    if (r == 0)
        r = add_anchor(c, n, (const char *)anchor);
    if (r < 0)
        return r;
    if (c->depth == COMPOSE_DEPTH_MAX)
        return diag_error(c->diag, n->line, n->column, "nested deeper than %d levels",
                          COMPOSE_DEPTH_MAX);
    n->is_open = true;
    c->stack[c->depth++] = (struct frame){.node = n};
    return 0;
}

static int on_end(struct composer *c)
{
    struct frame f = c->stack[c->depth - 1];
    int r = apply_merge(c, &f);
    if (r < 0)
        return r;
    f.node->is_open = false;
    c->depth--;
    return put(c, f.node, f.node->line, f.node->column);
}

static int on_alias(struct composer *c, const yaml_event_t *event)
{
    int line = line_of(&event->start_mark), column = column_of(&event->start_mark);
    const char *name = (const char *)event->data.alias.anchor;
    const struct node *n = find_anchor(c, name);
    if (!n)
        return diag_error(c->diag, line, column, "no anchor \"&%s\" stands before this alias",
                          SHOWN(name));
    if (n->is_open)
        return diag_error(c->diag, line, column,
                          "the alias \"*%s\" stands inside of its own anchor", SHOWN(name));
    int r = count_node(c, line, column);
    return r < 0 ? r : put(c, n, line, column);
}

static int on_event(struct composer *c, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(c, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(c, NODE_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return on_start(c, NODE_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(c);
    case YAML_ALIAS_EVENT:
        return on_alias(c, event);
    case YAML_DOCUMENT_START_EVENT:
        if (c->tree->root)
            return diag_error(c->diag, line_of(&event->start_mark), column_of(&event->start_mark),
                              "a second document; a file holds one, so remove the \"---\"");
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    }
    return 0;
}

static int compose_events(struct composer *c, const char *text)
{
    for (;;) {
        _cleanup_(yaml_event_delete) yaml_event_t event;
        if (!yaml_parser_parse(&c->parser, &event))
            return yaml_parser_fault(c->diag, &c->parser, text);
        int r = on_event(c, &event);
        if (r < 0 || event.type == YAML_STREAM_END_EVENT)
            return r;
    }
}

static void composer_free(struct composer **c)
{
    if (!*c)
        return;
    for (size_t i = 0; i < (*c)->n_anchors; i++)
        free((*c)->anchors[i].name);
    yaml_parser_delete(&(*c)->parser);
    free(*c);
}

int yaml_read(const char *text, size_t len, const struct diag *diag, struct tree *ret_tree)
{
    int r = yaml_check_bytes(diag, text, len);
    if (r < 0)
        return r;
    ret_tree->root = NULL;
    struct composer *made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;
    if (!yaml_parser_initialize(&made->parser)) {
        free(made);
        return -ENOMEM;
    }
    _cleanup_(composer_free) struct composer *c = made;
    c->diag = diag;
    c->tree = ret_tree;
    yaml_parser_set_encoding(&c->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&c->parser, (const unsigned char *)text, len);
    return compose_events(c, text);
}
