/* SPDX-License-Identifier: MIT
 *
 * The project as a whole: its files, its name, its services in their order.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compose/file.h"
#include "compose/load.h"
#include "compose/merge.h"
#include "compose/resource.h"

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
    const char *other = scope_lookup(l, n->origin, "COMPOSE_PROJECT_NAME");
    if (other && *other && strcmp(other, text) != 0) {
        r = node_warning(l, n, "name",
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
    const char *base = path_base(l->main->folder);
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

/* The last file that has one says it; only the files that were named have been read. */
static int find_name(struct loader *l)
{
    const struct node *n = NULL;
    for (const struct source *s = l->sources; !n && s; s = s->next)
        n = node_get(s->root, "name");
    const char *variable = scope_lookup(l, &l->main->origin, "COMPOSE_PROJECT_NAME");
    if (l->options->project_name)
        return name_from_option(l, l->options->project_name);
    if (n)
        return name_from_file(l, n);
    if (variable && *variable)
        return name_from_environment(l, variable);
    return name_from_folder(l);
}

/* ---- services ---- */

static int too_many(struct loader *l, const struct node *at)
{
    return node_error(l, at, "more than %d services, with what is scaled; use fewer",
                      COMPOSE_SERVICES_MAX);
}

/* How many agents each service is, and in all. */
static int look_at_services(struct loader *l, const struct node *services, size_t *agents,
                            size_t *ret_total)
{
    *ret_total = 0;
    for (size_t i = 0; i < services->n_entries; i++) {
        const struct node_entry *e = &services->entries[i];
        int r = service_look(l, e->key, e->value, &agents[i]);
        if (r < 0)
            return r;
        *ret_total += agents[i];
        if (*ret_total > COMPOSE_SERVICES_MAX)
            return too_many(l, e->key);
    }
    return 0;
}

static int make_room(struct loader *l, size_t n)
{
    l->project->services = calloc(n + 1, sizeof(*l->project->services));
    l->nodes = calloc(n + 1, sizeof(void *));
    l->specs = calloc(n + 1, sizeof(void *));
    if (!l->project->services || !l->nodes || !l->specs)
        return -ENOMEM;
    l->n_specs = n;
    return 0;
}

static int load_agents(struct loader *l, const struct node *services)
{
    _cleanup_free_ size_t *agents = calloc(services->n_entries, sizeof(*agents));
    size_t total;
    int r = agents ? look_at_services(l, services, agents, &total) : -ENOMEM;
    if (r == 0)
        r = make_room(l, total);
    for (size_t i = 0; r == 0 && i < services->n_entries; i++)
        r = service_load(l, services->entries[i].key, services->entries[i].value, agents[i]);
    if (r == 0 && total == 0)
        return diag_warning(&l->diag, NULL, "services", 0, 0,
                            "no service is active; name a profile with --profile");
    return r;
}

static int load_services(struct loader *l)
{
    const struct node_entry *e = node_entry(l->root, "services");
    if (!e)
        return diag_error(&l->diag, 0, 0,
                          "no \"services:\" in the file; add it, with a service at least");
    if (node_is_null(e->value) || (e->value->kind == NODE_MAP && e->value->n_entries == 0))
        return node_error(l, e->key, "no service stands under \"services:\"");
    if (e->value->kind != NODE_MAP)
        return node_error(l, e->key, "\"services\" must be a mapping of names to services");
    return e->value->n_entries > COMPOSE_SERVICES_MAX
               ? too_many(l, e->value->entries[COMPOSE_SERVICES_MAX].key)
               : load_agents(l, e->value);
}

/* ---- loading ---- */

static void loader_close(struct loader *l)
{
    for (size_t i = 0; i < l->n_specs; i++)
        spec_free(l->specs[i]);
    free(l->specs);
    free(l->nodes);
    json_decref(l->index);
    json_decref(l->profiles);
    json_decref(l->inactive);
    json_decref(l->scales);
    json_decref(l->awaited);
    includes_close(l);
    sources_close(l);
    tree_close(&l->tree);
    diag_close(&l->diag);
    compose_project_free(l->project);
}

/* --env-file, or else the .env of the project directory. */
static int read_variables(struct loader *l, const char *folder, json_t *variables)
{
    const struct compose_options *o = l->options;
    _cleanup_free_ char *here = NULL;
    if (o->n_env_files == 0)
        return scope_read_dotenv(l, folder, variables);
    int r = path_working_folder(&here, l->diag.err);
    for (size_t i = 0; r == 0 && i < o->n_env_files; i++) {
        _cleanup_free_ char *path = NULL;
        r = path_join(here, o->env_files[i], &path);
        if (r == 0)
            r = scope_read_file(l, path, variables);
    }
    return r;
}

static int read_sources(struct loader *l, const struct compose_text *texts, size_t n,
                        struct source **sources)
{
    json_auto_t *variables = json_object();
    int r = variables ? 0 : -ENOMEM;
    if (r == 0)
        r = read_variables(l, texts[0].folder, variables);
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = source_add(l, &texts[i], texts[0].folder, variables, &sources[i]);
        if (r == 0)
            r = model_check(l, sources[i]);
    }
    l->main = sources[0];
    return r;
}

static int merge_sources(struct loader *l, struct source **sources, size_t n)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct include_chain chain = {.path = sources[i]->path};
        r = model_add(l, sources[i], &chain, l->root, &l->root);
    }
    if (r == 0 && !l->root)
        return diag_error(&l->diag, 0, 0, "the file is empty; a fleet begins with \"services:\"");
    if (r == 0)
        r = merge_clean(l, l->root, &l->root);
    if (r == 0 && l->root->weight > COMPOSE_NODES_MAX)
        return node_error(l, l->root,
                          "more than %d values, with the aliases written out and what services "
                          "extend; use fewer",
                          COMPOSE_NODES_MAX);
    return r;
}

static int load_steps(struct loader *l, const struct compose_text *texts, size_t n)
{
    struct source *sources[COMPOSE_FILES_MAX] = {0};
    if (n == 0 || n > COMPOSE_FILES_MAX)
        return diag_error(&l->diag, 0, 0, "more than %d files; use fewer", COMPOSE_FILES_MAX);
    int r = read_sources(l, texts, n, sources);
    if (r == 0)
        r = find_name(l);
    if (r == 0)
        r = profiles_read(l);
    if (r == 0)
        r = merge_sources(l, sources, n);
    if (r == 0)
        r = secrets_check(l);
    if (r == 0)
        r = load_services(l);
    if (r == 0)
        r = check_services(l);
    return r < 0 ? r : resource_load(l, l->root);
}

int compose_load_texts(const struct compose_options *options, const struct compose_text *texts,
                       size_t n_texts, struct compose_project **ret_project, struct error *err)
{
    struct error own = ERROR_INIT;
    _cleanup_(loader_close) struct loader l = {
        .options = options,
        .diag = {.file = texts[0].shown_as, .err = err ? err : &own},
        .index = json_object(),
        .profiles = json_object(),
        .inactive = json_object(),
        .scales = json_object(),
        .awaited = json_object(),
        .project = calloc(1, sizeof(*l.project)),
    };
    int r = l.profiles && l.inactive && l.scales && l.awaited && l.index && l.project ? 0 : -ENOMEM;
    if (r == 0 && !(l.project->file = strdup(texts[0].path)))
        r = -ENOMEM;
    if (r == 0)
        r = load_steps(&l, texts, n_texts);
    if (r == -ENOMEM)
        return error_set(err, r, ERROR_FAILED, NULL, "out of memory");
    if (r < 0)
        return r;
    l.project->warnings = diag_steal_warnings(&l.diag, &l.project->n_warnings);
    *ret_project = steal(&l.project);
    return 0;
}
