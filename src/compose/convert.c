/* SPDX-License-Identifier: MIT
 *
 * A tree becomes JSON: scalars get their types and their variables' values. An alias is
 * converted at each of its places, so the bytes are counted.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "compose/load.h"
#include "compose/scalar.h"

struct place {
    struct loader *l;
    const struct node *node;
};

static const char *lookup(void *ctx, const char *name)
{
    const struct place *at = ctx;
    return scope_lookup(at->l, at->node->origin, name);
}

static int on_unset(void *ctx, const char *name)
{
    const struct place *at = ctx;
    return node_warning(at->l, at->node, name,
                        "the variable \"%s\" is not set and is taken as empty", name);
}

int convert_charge(struct loader *l, const struct node *n, size_t bytes)
{
    l->text_bytes += bytes;
    if (l->text_bytes <= COMPOSE_TEXT_MAX)
        return 0;
    return node_error(l, n,
                      "more than %u bytes of text, with the aliases and variables written out; "
                      "split the file",
                      COMPOSE_TEXT_MAX);
}

static int convert_variables(struct loader *l, const struct node *n, json_t **ret_json)
{
    struct place at = {.l = l, .node = n};
    struct interpolation in = {.lookup = lookup, .on_unset = on_unset, .ctx = &at};
    struct error problem = ERROR_INIT;
    _cleanup_(buf_close) struct buf out = BUF_INIT(COMPOSE_FILE_MAX);
    int r = interpolate(&in, n->text, &out, &problem);
    if (r == -EINVAL)
        return node_error(l, n, "%s", problem.text);
    if (r == -EFBIG)
        return node_error(l, n, "a text of more than %u bytes, with its variables",
                          COMPOSE_FILE_MAX);
    if (r == 0)
        r = convert_charge(l, n, out.len);
    if (r < 0)
        return r;
    if (!text_is_utf8(buf_text(&out), out.len))
        return node_error(l, n, "a variable in it has a value that is not UTF-8");
    *ret_json = json_stringn(buf_text(&out), out.len);
    return *ret_json ? 0 : -ENOMEM;
}

/* Compose reads 022 as 18 and 1.10 as 1.1, also where a text is meant. So do we, but say so. */
static int warn_of_number(struct loader *l, const struct node *n)
{
    char key[64];
    (void)snprintf(key, sizeof(key), "%p:%d:%d", (const void *)n->origin, n->line, n->column);
    return node_warning(l, n, key,
                        "this is a number that reads back differently from how it is written; put "
                        "it in quotes to keep it");
}

static int convert_number_as_text(struct loader *l, const struct node *n, const struct scalar *s,
                                  json_t **ret_json)
{
    char text[SCALAR_TEXT_SIZE];
    scalar_format(s, text);
    int r = s->kind != SCALAR_BOOL && strcmp(text, n->text) != 0 ? warn_of_number(l, n) : 0;
    if (r < 0)
        return r;
    *ret_json = json_string(text);
    return *ret_json ? 0 : -ENOMEM;
}

static int convert_scalar(struct loader *l, const struct node *n, bool as_text, json_t **ret_json)
{
    if (strchr(n->text, '$'))
        return convert_variables(l, n, ret_json);
    int r = convert_charge(l, n, strlen(n->text));
    if (r < 0)
        return r;
    struct scalar s = {.kind = SCALAR_TEXT};
    if (!n->is_text)
        s = scalar_resolve(n->text);
    if (as_text && s.kind != SCALAR_NULL && s.kind != SCALAR_TEXT)
        return convert_number_as_text(l, n, &s, ret_json);
    switch (s.kind) {
    case SCALAR_NULL:
        *ret_json = json_null();
        break;
    case SCALAR_BOOL:
        *ret_json = json_boolean(s.boolean);
        break;
    case SCALAR_INT:
        *ret_json = json_integer(s.integer);
        break;
    case SCALAR_REAL:
        *ret_json = json_real(s.real);
        break;
    case SCALAR_TEXT:
        *ret_json = json_string(n->text);
        break;
    }
    return *ret_json ? 0 : -ENOMEM;
}

static bool has_word(const char *const *words, const char *word)
{
    for (; words && *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static int convert_collection(struct loader *l, const struct node *n, bool as_text,
                              const char *const *text_keys, json_t **ret_json)
{
    bool is_map = n->kind == NODE_MAP;
    _cleanup_(json_decrefp) json_t *made = is_map ? json_object() : json_array();
    if (!made)
        return -ENOMEM;
    for (size_t i = 0; i < n->n_entries; i++) {
        const struct node_entry *e = &n->entries[i];
        json_t *value = NULL;
        int r = is_map ? convert_charge(l, e->key, strlen(e->key->text)) : 0;
        if (r == 0)
            r = convert_node(l, e->value, as_text || (is_map && has_word(text_keys, e->key->text)),
                             &value);
        if (r < 0)
            return r;
        if (is_map ? json_object_set_new(made, e->key->text, value) < 0
                   : json_array_append_new(made, value) < 0)
            return -ENOMEM;
    }
    *ret_json = steal(&made);
    return 0;
}

int convert_node(struct loader *l, const struct node *n, bool as_text, json_t **ret_json)
{
    if (n->kind == NODE_SCALAR)
        return convert_scalar(l, n, as_text, ret_json);
    return convert_collection(l, n, as_text, NULL, ret_json);
}

int convert_map(struct loader *l, const struct node *map, const char *const *text_keys,
                json_t **ret_json)
{
    return convert_collection(l, map, false, text_keys, ret_json);
}
