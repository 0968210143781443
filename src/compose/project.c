/* SPDX-License-Identifier: MIT
 *
 * The file as a whole: its top-level keys, its name, its services in their order.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "compose/file.h"
#include "compose/load.h"
#include "compose/resource.h"
#include "compose/yaml.h"

/* ---- top-level keys ---- */

static const struct {
    const char *name;
    bool supported;
} top_keys[] = {
    {"name", true},     {"services", true}, {"networks", true},
    {"volumes", true},  {"version", true},  {"configs", false},
    {"include", false}, {"models", false},  {"secrets", false},
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
        return diag_warning(&l->diag, "version", key->line, key->column,
                            "\"version\" means nothing any more and is ignored; remove it");
    for (size_t i = 0; i < ARRAY_LEN(top_keys); i++)
        if (top_keys[i].supported && strcmp(key->text, top_keys[i].name) == 0)
            return 0;
    return refuse_top_key(l, key);
}

static int check_root(struct loader *l)
{
    const struct node *root = l->tree.root;
    if (!root || node_is_null(root))
        return diag_error(&l->diag, 0, 0, "the file is empty; a fleet begins with \"services:\"");
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

/* ---- the project's name ---- */

#define NAME_RULE "use 1 to 63 small letters, digits and _ - with a letter or digit first"

static int set_name(struct loader *l, const char *name)
{
    l->project->name = strdup(name);
    l->project_name = l->project->name;
    return l->project->name ? 0 : -ENOMEM;
}

static int name_from_option(struct loader *l, const char *name)
{
    if (!fleet_name_is_valid(name))
        return error_set(l->diag.err, -EINVAL, ERROR_USAGE, "bad_name",
                         "\"%s\" cannot be the name of a project; " NAME_RULE, SHOWN(name));
    return set_name(l, name);
}

static int name_from_file(struct loader *l, const struct node *n)
{
    json_auto_t *name = NULL;
    int r = convert_node(l, n, true, &name);
    if (r < 0)
        return r;
    const char *text = json_string_value(name);
    if (!text || !fleet_name_is_valid(text))
        return node_error(l, n, "\"%s\" cannot be the name of a project; " NAME_RULE,
                          n->text ? SHOWN(n->text) : "");
    const char *other = scope_lookup(l, "COMPOSE_PROJECT_NAME");
    if (other && *other && strcmp(other, text) != 0) {
        r = diag_warning(&l->diag, "name", n->line, n->column,
                         "COMPOSE_PROJECT_NAME is set to another name, which Compose would take; "
                         "roost takes the file's");
        if (r < 0)
            return r;
    }
    return set_name(l, text);
}

static int name_from_environment(struct loader *l, const char *name)
{
    if (!fleet_name_is_valid(name))
        return diag_error(&l->diag, 0, 0,
                          "COMPOSE_PROJECT_NAME cannot be the name of a project; " NAME_RULE);
    return set_name(l, name);
}

/* Compose's rule: small letters, what a name cannot have is dropped, and the first is a letter
 * or digit. */
static int name_from_folder(struct loader *l)
{
    const char *base = path_base(l->folder);
    _cleanup_free_ char *name = malloc(strlen(base) + 1);
    size_t n = 0;
    if (!name)
        return -ENOMEM;
    for (const char *p = base; *p; p++) {
        char c = (char)tolower((unsigned char)*p);
        if ((c >= 'a' && c <= 'z') || isdigit((unsigned char)c) || (n > 0 && strchr("_-", c)))
            name[n++] = c;
    }
    name[n] = '\0';
    if (!fleet_name_is_valid(name))
        return diag_error(
            &l->diag, 0, 0,
            "the name of the folder gives no name for the project; add \"name: NAME\"");
    return set_name(l, name);
}

static int find_name(struct loader *l)
{
    const struct node *n = node_get(l->tree.root, "name");
    const char *variable = scope_lookup(l, "COMPOSE_PROJECT_NAME");
    if (l->options->project_name)
        return name_from_option(l, l->options->project_name);
    if (n)
        return name_from_file(l, n);
    if (variable && *variable)
        return name_from_environment(l, variable);
    return name_from_folder(l);
}

/* ---- services ---- */

static int load_services(struct loader *l)
{
    const struct node_entry *e = node_entry(l->tree.root, "services");
    if (!e)
        return diag_error(&l->diag, 0, 0,
                          "no \"services:\" in the file; add it, with a service at least");
    if (node_is_null(e->value) || (e->value->kind == NODE_MAP && e->value->n_entries == 0))
        return node_error(l, e->key, "no service stands under \"services:\"");
    if (e->value->kind != NODE_MAP)
        return node_error(l, e->key, "\"services\" must be a mapping of names to services");
    size_t n = e->value->n_entries;
    if (n > COMPOSE_SERVICES_MAX)
        return node_error(l, e->value->entries[COMPOSE_SERVICES_MAX].key,
                          "more than %d services; split the file", COMPOSE_SERVICES_MAX);
    l->project->services = calloc(n, sizeof(*l->project->services));
    l->nodes = calloc(n, sizeof(void *));
    l->specs = calloc(n, sizeof(void *));
    if (!l->project->services || !l->nodes || !l->specs)
        return -ENOMEM;
    l->n_specs = n;
    for (size_t i = 0; i < n; i++) {
        int r = service_load(l, e->value->entries[i].key, e->value->entries[i].value);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- loading ---- */

static void loader_close(struct loader *l)
{
    for (size_t i = 0; i < l->n_specs; i++)
        spec_free(l->specs[i]);
    free(l->specs);
    free(l->nodes);
    json_decref(l->index);
    json_decref(l->dotenv);
    tree_close(&l->tree);
    diag_close(&l->diag);
    compose_project_free(l->project);
}

static int load_steps(struct loader *l, const struct compose_text *text)
{
    int r = yaml_read(text->text, text->len, &l->diag, &l->tree);
    if (r == 0)
        r = check_root(l);
    if (r == 0)
        r = scope_read_dotenv(l);
    if (r == 0)
        r = find_name(l);
    if (r == 0)
        r = load_services(l);
    if (r == 0)
        r = check_services(l);
    return r < 0 ? r : resource_load(l, l->tree.root);
}

int compose_load_text(const struct compose_options *options, const struct compose_text *text,
                      struct compose_project **ret_project, struct error *err)
{
    struct error own = ERROR_INIT;
    _cleanup_(loader_close) struct loader l = {
        .options = options,
        .folder = text->folder,
        .diag = {.file = text->shown_as, .err = err ? err : &own},
        .dotenv = json_object(),
        .index = json_object(),
        .project = calloc(1, sizeof(*l.project)),
    };
    int r = l.dotenv && l.index && l.project ? 0 : -ENOMEM;
    if (r == 0 && !(l.project->file = strdup(text->path)))
        r = -ENOMEM;
    if (r == 0)
        r = load_steps(&l, text);
    if (r == -ENOMEM)
        return error_set(err, r, ERROR_FAILED, NULL, "out of memory");
    if (r < 0)
        return r;
    l.project->warnings = diag_steal_warnings(&l.diag, &l.project->n_warnings);
    *ret_project = steal(&l.project);
    return 0;
}
