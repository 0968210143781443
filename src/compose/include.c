/* SPDX-License-Identifier: MIT
 *
 * "include": another Compose application, with a project directory and variables of its own, whose
 * services, networks and volumes become the file's, below what the file says of them itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "compose/file.h"
#include "compose/load.h"
#include "compose/merge.h"

/* What has been included once is taken again when it is included twice. */
struct include {
    struct include *next;
    json_t *id;
    const struct node *root;
};

void includes_close(struct loader *l)
{
    while (l->includes) {
        struct include *i = l->includes;
        l->includes = i->next;
        json_decref(i->id);
        free(i);
    }
}

/* One entry of the list. */
struct entry {
    struct loader *l;
    const struct source *by; /* the file that includes */
    const struct node *at;
    const struct node *path, *directory, *env_file; /* NULL: not given */
    char *folder;
    json_t *paths;     /* absolute */
    json_t *variables; /* of the file that includes, and over nothing of these its own */
};

static void entry_close(struct entry *e)
{
    free(e->folder);
    json_decref(e->paths);
    json_decref(e->variables);
}

static int read_keys(struct entry *e)
{
    const struct node *n = e->at;
    if (n->kind == NODE_LIST)
        return node_error(e->l, n, "include takes a path, or {path: FILE}");
    if (n->kind == NODE_SCALAR) {
        e->path = n;
        return 0;
    }
    for (size_t i = 0; i < n->n_entries; i++) {
        const struct node *key = n->entries[i].key, *value = n->entries[i].value;
        if (strcmp(key->text, "path") == 0)
            e->path = value;
        else if (strcmp(key->text, "project_directory") == 0)
            e->directory = node_is_null(value) ? NULL : value;
        else if (strcmp(key->text, "env_file") == 0)
            e->env_file = node_is_null(value) ? NULL : value;
        else
            return node_error(e->l, key,
                              "include has the keys path, project_directory and env_file, not "
                              "\"%s\"",
                              SHOWN(key->text));
    }
    return e->path ? 0 : node_error(e->l, n, "include has no path; add \"path: FILE\"");
}

/* A path taken from the folder of the file that includes. */
static int take_path(struct entry *e, const struct node *n, char **ret_path)
{
    json_auto_t *made = NULL;
    int r = n->kind == NODE_SCALAR && !node_is_null(n) ? convert_node(e->l, n, true, &made) : 0;
    if (r < 0)
        return r;
    const char *text = json_string_value(made);
    if (!text || !*text)
        return node_error(e->l, n, "include needs the path of a file here");
    if (strstr(text, "://") || strncmp(text, "oci:", 4) == 0 || strncmp(text, "git@", 4) == 0)
        return node_error(e->l, n, "include takes only files of this machine; fetch it");
    return paths_absolute(e->l, n, text, ret_path);
}

/* One path or a list of them: calls `each` with the node and the path. */
static int each_path(struct entry *e, const struct node *n,
                     int (*each)(struct entry *e, const struct node *at, const char *path))
{
    const struct node_entry single = {.value = n};
    const struct node_entry *list = n->kind == NODE_SCALAR ? &single : n->entries;
    size_t count = n->kind == NODE_SCALAR ? 1 : n->n_entries;
    if (n->kind == NODE_MAP || count == 0)
        return node_error(e->l, n, "include needs the path of a file here, or a list of them");
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *path = NULL;
        int r = take_path(e, list[i].value, &path);
        if (r == 0)
            r = each(e, list[i].value, path);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_path(struct entry *e, const struct node *at, const char *path)
{
    if (!text_is_utf8(path, strlen(path)))
        return node_error(e->l, at, "the path is not UTF-8");
    return json_array_append_new(e->paths, json_string(path)) < 0 ? -ENOMEM : 0;
}

static int find_folder(struct entry *e)
{
    if (e->directory)
        return take_path(e, e->directory, &e->folder);
    return path_folder(json_string_value(json_array_get(e->paths, 0)), &e->folder);
}

/* ---- variables: those of the file that includes win ---- */

static int add_env_file(struct entry *e, const struct node *at, const char *path)
{
    if (strcmp(path, "/dev/null") == 0)
        return 0;
    return scope_read_named(e->l, at, "env_file", path, e->variables);
}

static int read_variables(struct entry *e)
{
    int r = e->env_file ? each_path(e, e->env_file, add_env_file)
                        : scope_read_dotenv(e->l, e->folder, e->variables);
    if (r < 0)
        return r;
    return json_object_update(e->variables, e->by->variables) < 0 ? -ENOMEM : 0;
}

/* ---- what is included ---- */

static int refuse_circle(struct entry *e, const struct include_chain *chain, const char *path)
{
    _cleanup_(buf_close) struct buf names = BUF_INIT(ERROR_TEXT_SIZE / 2);
    for (const struct include_chain *c = chain; c; c = c->up)
        (void)buf_printf(&names, "%s <- ", c->path);
    return node_error(e->l, e->at, "files include each other in a circle: %s%s; remove one",
                      buf_text(&names), names.error ? "..." : path);
}

static int load_file(struct entry *e, const struct include_chain *chain, const char *path,
                     const struct node **root)
{
    struct source *source;
    struct include_chain next = {.path = path, .up = chain};
    for (const struct include_chain *c = chain; c; c = c->up)
        if (strcmp(c->path, path) == 0)
            return refuse_circle(e, chain, path);
    const struct node *at = e->path->kind == NODE_SCALAR ? e->path : e->at;
    int r = source_open(e->l, at, path, e->folder, e->variables, &source);
    if (r == 0)
        r = model_check(e->l, source);
    if (r == 0 && (!source->root || node_is_null(source->root)))
        return node_error(e->l, at, "the file %s is empty", source->origin.shown_as);
    return r < 0 ? r : model_add(e->l, source, &next, *root, root);
}

/* Only what can be shared: not the name, nor what begins with "x-". */
static int take_sections(struct loader *l, const struct node *root, const struct node **ret)
{
    static const char *const sections[] = {"services", "networks", "volumes", "secrets", "configs"};
    struct node *made = tree_add_at(&l->tree, root, NODE_MAP, NULL, 0);
    int r = made ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(sections); i++) {
        const struct node_entry *e = node_entry(root, sections[i]);
        if (e && !node_is_null(e->value))
            r = merge_set(l, made, e->key, e->value);
    }
    if (r == 0)
        *ret = made;
    return r;
}

static int load_files(struct entry *e, const struct include_chain *chain, const struct node **ret)
{
    const struct node *root = NULL;
    size_t i;
    json_t *path;
    json_array_foreach (e->paths, i, path) {
        int r = load_file(e, chain, json_string_value(path), &root);
        if (r < 0)
            return r;
    }
    return take_sections(e->l, root, ret);
}

static int remember(struct loader *l, json_t *id, const struct node *root)
{
    struct include *i = calloc(1, sizeof(*i));
    if (!i)
        return -ENOMEM;
    *i = (struct include){.next = l->includes, .id = json_incref(id), .root = root};
    l->includes = i;
    return 0;
}

static int load_entry(struct entry *e, const struct include_chain *chain, const struct node **ret)
{
    int r = read_keys(e);
    if (r == 0)
        r = each_path(e, e->path, add_path);
    if (r == 0)
        r = find_folder(e);
    if (r == 0)
        r = read_variables(e);
    if (r < 0)
        return r;
    json_auto_t *id = json_pack("[O, s, O]", e->paths, e->folder, e->variables);
    if (!id)
        return -ENOMEM;
    for (const struct include *i = e->l->includes; i; i = i->next)
        if (json_equal(i->id, id)) {
            *ret = i->root;
            return 0;
        }
    r = load_files(e, chain, ret);
    return r < 0 ? r : remember(e->l, id, *ret);
}

static int without_include(struct loader *l, const struct node *root, const struct node **ret)
{
    struct node *made = tree_add_at(&l->tree, root, NODE_MAP, NULL, 0);
    int r = made ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < root->n_entries; i++)
        if (strcmp(root->entries[i].key->text, "include") != 0)
            r = merge_set(l, made, root->entries[i].key, root->entries[i].value);
    if (r == 0)
        *ret = made;
    return r;
}

int include_apply(struct loader *l, const struct source *source, const struct include_chain *chain,
                  const struct node *root, const struct node **ret_root)
{
    const struct node_entry *list = node_entry(root, "include");
    const struct node *below = NULL;
    *ret_root = root;
    if (!list)
        return 0;
    int r = without_include(l, root, &root);
    if (r == 0 && list->value->kind != NODE_LIST && !node_is_null(list->value))
        return node_error(l, list->key, "include must be a list of files");
    for (size_t i = 0; r == 0 && i < list->value->n_entries; i++) {
        const struct node *more = NULL;
        _cleanup_(entry_close) struct entry e = {.l = l,
                                                 .by = source,
                                                 .at = list->value->entries[i].value,
                                                 .paths = json_array(),
                                                 .variables = json_object()};
        r = e.paths && e.variables ? load_entry(&e, chain, &more) : -ENOMEM;
        if (r == 0)
            r = merge_files(l, below, more, &below);
    }
    return r < 0 ? r : merge_files(l, below, root, ret_root);
}
