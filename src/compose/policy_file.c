/* SPDX-License-Identifier: MIT */
#include "compose/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "compose/diag.h"
#include "compose/file.h"
#include "compose/tree.h"
#include "compose/yaml.h"
#include "spec/policy.h"

const char *policy_file_path(void)
{
    const char *other = geteuid() == 0 ? getenv("ROOST_POLICY") : NULL;
    return other && other[0] ? other : POLICY_FILE;
}

static int list_of(const struct diag *d, const struct node *node, json_t *list)
{
    if (node->kind != NODE_LIST)
        return diag_error(d, node->line, node->column,
                          "expected a list of permissions such as [privileged]");
    for (size_t i = 0; i < node->n_entries; i++) {
        const struct node *value = node->entries[i].value;
        if (value->kind != NODE_SCALAR || value->text[0] == '\0')
            return diag_error(d, value->line, value->column, "expected a permission, a text");
        if (json_array_append_new(list, json_string(value->text)) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int names_of(const struct diag *d, const struct node *map, json_t *names)
{
    if (map->kind != NODE_MAP)
        return diag_error(d, map->line, map->column, "expected a map of names to permissions");
    for (size_t i = 0; i < map->n_entries; i++) {
        json_t *list = json_array();
        int r = list ? list_of(d, map->entries[i].value, list) : -ENOMEM;
        if (r == 0 && json_object_set(names, map->entries[i].key->text, list) < 0)
            r = -ENOMEM;
        json_decref(list);
        if (r < 0)
            return r;
    }
    return 0;
}

static int policy_of(const struct diag *d, const struct node *root, json_t *policy)
{
    if (!root)
        return 0;
    if (root->kind != NODE_MAP)
        return diag_error(d, root->line, root->column, "expected agents and fleets");
    for (size_t i = 0; i < root->n_entries; i++) {
        const struct node *key = root->entries[i].key;
        json_t *names = json_object();
        int r = 0;
        if (strcmp(key->text, "agents") != 0 && strcmp(key->text, "fleets") != 0)
            r = diag_error(d, key->line, key->column,
                           "unknown key \"%s\"; agents and fleets are known", SHOWN(key->text));
        if (r == 0)
            r = names ? names_of(d, root->entries[i].value, names) : -ENOMEM;
        if (r == 0 && json_object_set(policy, key->text, names) < 0)
            r = -ENOMEM;
        json_decref(names);
        if (r < 0)
            return r;
    }
    return 0;
}

int policy_file_parse(const char *text, size_t len, const char *shown_as, json_t **ret_policy,
                      struct error *err)
{
    struct diag d = {.file = shown_as, .err = err};
    struct tree tree = {0};
    json_t *policy = json_object();
    int r = policy ? yaml_read(text, len, &d, &tree) : -ENOMEM;
    if (r == 0)
        r = policy_of(&d, tree.root, policy);
    tree_close(&tree);
    diag_close(&d);
    if (r < 0) {
        json_decref(policy);
        return error_is_set(err) ? r : error_wrap(err, r, "cannot read %s", shown_as);
    }
    *ret_policy = policy;
    return 0;
}

static bool is_roots_alone(const struct stat *st)
{
    return st->st_uid == 0 && !(st->st_mode & 022);
}

/* Of the folder too: who can rename in it can put another file there. */
static int check_owner(const char *path, struct error *err)
{
    struct stat st, folder;
    _cleanup_free_ char *name = NULL;
    if (lstat(path, &st) < 0)
        return -errno;
    int r = path_folder(path, &name);
    if (r < 0)
        return r;
    if (stat(name, &folder) < 0)
        return -errno;
    if (S_ISREG(st.st_mode) && is_roots_alone(&st) && is_roots_alone(&folder))
        return 0;
    return error_set(err, -EPERM, ERROR_DENIED, "policy",
                     "%s does not count, for it or its folder is not root's alone; make it a file "
                     "of root's that nobody else can write (chmod 644)",
                     path);
}

int policy_file_read(const char *path, json_t **ret_policy, struct error *err)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(POLICY_FILE_MAX);
    int r = path[0] == '/' ? check_owner(path, err)
                           : error_set(err, -EINVAL, ERROR_USAGE, "policy",
                                       "ROOST_POLICY must be an absolute path");
    if (r == -ENOENT || r == -ENOTDIR) {
        *ret_policy = NULL;
        return 0;
    }
    if (r == 0)
        r = file_read(path, path, false, &text, err);
    if (r < 0)
        return error_is_set(err) ? r : error_wrap(err, r, "cannot read %s", path);
    return policy_file_parse(buf_text(&text), text.len, path, ret_policy, err);
}

/* Who lacks the rights to follow a path is not told that it is refused: it is judged as written. */
bool policy_file_resolve(void *ctx, const char *path, char ret_real[PATH_MAX], bool *ret_special)
{
    struct stat st;
    if (!realpath(path, ret_real) || stat(ret_real, &st) < 0) {
        *ret_special = errno != ENOENT && errno != ENOTDIR && errno != EACCES;
        return *ret_special;
    }
    *ret_special = !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
    return true;
}

static bool grants(const json_t *names, const char *name, const char *permission)
{
    size_t i;
    json_t *grant;
    json_array_foreach (json_object_get(names, name), i, grant)
        if (policy_covers(json_string_value(grant), permission))
            return true;
    return false;
}

bool policy_file_allows(const json_t *policy, const char *fleet, const char *agent,
                        const char *permission)
{
    const json_t *agents = json_object_get(policy, "agents"),
                 *fleets = json_object_get(policy, "fleets");
    return grants(agents, agent, permission) || grants(agents, "*", permission) ||
           grants(fleets, fleet, permission) || grants(fleets, "*", permission);
}
