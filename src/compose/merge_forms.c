/* SPDX-License-Identifier: MIT
 *
 * Where the specification has two forms for one thing, files that use different ones can still be
 * merged: both are brought into one form first.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compose/merge.h"

static struct node *add_map(struct loader *l, const struct node *at)
{
    return tree_add_at(&l->tree, at, NODE_MAP, NULL, 0);
}

static struct node *add_text(struct loader *l, const struct node *at, const char *text, size_t len)
{
    struct node *n = tree_add_at(&l->tree, at, NODE_SCALAR, text, len);
    if (n)
        n->is_text = true;
    return n;
}

static struct node *add_null(struct loader *l, const struct node *at)
{
    return tree_add_at(&l->tree, at, NODE_SCALAR, "", 0);
}

/* ---- NAME=value ---- */

/* The first "=" that is not inside of a variable's braces, or the end. */
static size_t name_length(const char *text)
{
    size_t open = 0, i = 0;
    for (; text[i] && !(text[i] == '=' && open == 0); i++) {
        if (text[i] == '$' && text[i + 1] == '{')
            open++;
        else if (text[i] == '}' && open > 0)
            open--;
    }
    return i;
}

/* A name with a variable in it is needed now. Where its value has an "=" in it, what follows that
 * belongs to the value, in which a dollar sign is no variable's any more. */
static int expand_name(struct loader *l, const struct node *name, const struct node **ret_name,
                       struct buf *ret_value)
{
    json_auto_t *made = NULL;
    int r = convert_node(l, name, true, &made);
    if (r < 0)
        return r;
    const char *text = json_string_value(made);
    size_t n = strcspn(text, "=");
    *ret_name = add_text(l, name, text, n);
    for (const char *p = text + n; *p; p++)
        (void)buf_puts(ret_value, *p == '$' ? "$$" : (const char[]){*p, '\0'});
    return *ret_name ? ret_value->error : -ENOMEM;
}

static int add_item(struct loader *l, struct node *map, const struct node *item)
{
    _cleanup_(buf_close) struct buf rest = BUF_INIT(COMPOSE_FILE_MAX);
    size_t n = name_length(item->text);
    const struct node *name = add_text(l, item, item->text, n), *value;
    int r = name ? 0 : -ENOMEM;
    if (r == 0 && strchr(name->text, '$'))
        r = expand_name(l, name, &name, &rest);
    if (r == 0)
        r = buf_puts(&rest, item->text + n);
    if (r < 0)
        return r;
    value = rest.len > 0 ? add_text(l, item, buf_text(&rest) + 1, rest.len - 1) : add_null(l, item);
    return value ? merge_set(l, map, name, value) : -ENOMEM;
}

static int refuse_item(struct loader *l, const struct node *item, const char *wanted)
{
    return node_error(l, item, "expected %s here, found %s", wanted,
                      item->kind == NODE_MAP    ? "a mapping"
                      : item->kind == NODE_LIST ? "a list"
                                                : "nothing");
}

int form_texts(struct loader *l, const struct node *n, const struct node **ret)
{
    *ret = n;
    if (n->kind != NODE_LIST)
        return 0;
    struct node *map = add_map(l, n);
    int r = map ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < n->n_entries; i++) {
        const struct node *item = n->entries[i].value;
        if (item->tag == TAG_RESET)
            continue;
        r = item->kind == NODE_SCALAR ? add_item(l, map, item)
                                      : refuse_item(l, item, "NAME=value, or NAME alone");
    }
    if (r == 0)
        *ret = map;
    return r;
}

/* ---- names ---- */

static int add_names(struct loader *l, const struct node *n, const struct node *value,
                     const struct node **ret)
{
    struct node *map = add_map(l, n);
    int r = map ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < n->n_entries; i++) {
        const struct node *name = n->entries[i].value;
        _cleanup_(buf_close) struct buf rest = BUF_INIT(COMPOSE_FILE_MAX);
        if (name->kind != NODE_SCALAR || node_is_null(name))
            return refuse_item(l, name, "a name");
        if (strchr(name->text, '$'))
            r = expand_name(l, name, &name, &rest);
        if (r == 0)
            r = merge_set(l, map, name, value);
    }
    if (r == 0)
        *ret = map;
    return r;
}

int form_names(struct loader *l, const struct node *n, const struct node **ret)
{
    *ret = n;
    if (n->kind != NODE_LIST)
        return 0;
    const struct node *nothing = add_null(l, n);
    return nothing ? add_names(l, n, nothing, ret) : -ENOMEM;
}

static int put_word(struct loader *l, struct node *map, const char *key, const char *word)
{
    const struct node *k = add_text(l, map, key, strlen(key));
    const struct node *v = tree_add_at(&l->tree, map, NODE_SCALAR, word, strlen(word));
    return k && v ? node_append(map, k, v) : -ENOMEM;
}

int form_depends(struct loader *l, const struct node *n, const struct node **ret)
{
    *ret = n;
    if (n->kind != NODE_LIST)
        return 0;
    struct node *usual = add_map(l, n);
    int r = usual ? put_word(l, usual, "condition", "service_started") : -ENOMEM;
    if (r == 0)
        r = put_word(l, usual, "required", "true");
    return r < 0 ? r : add_names(l, n, usual, ret);
}

/* ---- lists ---- */

static int add_pair(struct loader *l, struct node *list, const struct node_entry *e)
{
    _cleanup_free_ char *text = NULL;
    if (e->value->kind != NODE_SCALAR)
        return refuse_item(l, e->value, "a text");
    if (asprintf(&text, "%s=%s", e->key->text, e->value->text) < 0)
        return -ENOMEM;
    struct node *item = add_text(l, e->key, text, strlen(text));
    return item ? merge_set(l, list, NULL, item) : -ENOMEM;
}

int form_list(struct loader *l, const struct node *n, const struct node **ret)
{
    *ret = n;
    if (n->kind == NODE_LIST)
        return 0;
    struct node *list = tree_add_at(&l->tree, n, NODE_LIST, NULL, 0);
    int r = list ? merge_set(l, list, NULL, n) : -ENOMEM;
    if (r == 0)
        *ret = list;
    return r;
}

int form_pairs(struct loader *l, const struct node *n, const struct node **ret)
{
    if (n->kind != NODE_MAP)
        return form_list(l, n, ret);
    struct node *list = tree_add_at(&l->tree, n, NODE_LIST, NULL, 0);
    int r = list ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < n->n_entries; i++)
        r = add_pair(l, list, &n->entries[i]);
    if (r == 0)
        *ret = list;
    return r;
}

int form_build(struct loader *l, const struct node *n, const struct node **ret)
{
    *ret = n;
    if (n->kind != NODE_SCALAR)
        return 0;
    struct node *map = add_map(l, n);
    const struct node *key = add_text(l, n, "context", strlen("context"));
    int r = map && key ? merge_set(l, map, key, n) : -ENOMEM;
    if (r == 0)
        *ret = map;
    return r;
}
