/* SPDX-License-Identifier: MIT
 *
 * Files become one tree, in Compose's order: what a file includes lies below the file, its
 * services get what they extend, and then it is laid over the files before it.
 */
#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "compose/load.h"
#include "compose/merge.h"

static const struct {
    const char *name;
    bool supported;
} top_keys[] = {
    {"name", true},    {"services", true}, {"networks", true}, {"volumes", true}, {"version", true},
    {"include", true}, {"configs", true},  {"models", false},  {"secrets", true},
};

static int refuse_top_key(const struct loader *l, const struct node *key)
{
    struct nearest nearest = {.word = key->text};
    for (size_t i = 0; i < ARRAY_LEN(top_keys); i++) {
        if (strcmp(key->text, top_keys[i].name) == 0)
            return node_error(l, key, "the key \"%s\" is not supported yet; remove it", key->text);
        if (top_keys[i].supported)
            nearest_offer(&nearest, top_keys[i].name);
    }
    if (nearest.best)
        return node_error(l, key, "unknown key \"%s\" at the top level; did you mean \"%s\"?",
                          SHOWN(key->text), nearest.best);
    return node_error(l, key,
                      "unknown key \"%s\" at the top level; a service belongs below \"services:\"",
                      SHOWN(key->text));
}

static int check_top_key(struct loader *l, const struct node *key)
{
    if (strncmp(key->text, "x-", 2) == 0)
        return 0;
    if (strcmp(key->text, "version") == 0)
        return node_warning(l, key, "version",
                            "\"version\" means nothing any more and is ignored; remove it");
    for (size_t i = 0; i < ARRAY_LEN(top_keys); i++)
        if (top_keys[i].supported && strcmp(key->text, top_keys[i].name) == 0)
            return 0;
    return refuse_top_key(l, key);
}

int model_check(struct loader *l, const struct source *source)
{
    const struct node *root = source->root;
    if (!root || node_is_null(root))
        return 0;
    if (root->kind != NODE_MAP)
        return node_error(l, root, "the file must be a mapping with \"services:\", not a %s",
                          root->kind == NODE_LIST ? "list" : "text");
    for (size_t i = 0; i < root->n_entries; i++) {
        int r = check_top_key(l, root->entries[i].key);
        if (r < 0)
            return r;
    }
    return 0;
}

int model_add(struct loader *l, const struct source *source, const struct include_chain *chain,
              const struct node *base, const struct node **ret_root)
{
    const struct node *root = source->root;
    *ret_root = base;
    if (!root || node_is_null(root))
        return 0;
    int r = include_apply(l, source, chain, root, &root);
    if (r == 0)
        r = extends_apply(l, root, &root);
    return r < 0 ? r : merge_files(l, base, root, ret_root);
}
