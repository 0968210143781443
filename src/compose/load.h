/* SPDX-License-Identifier: MIT
 *
 * What the steps of one compose_load() share. Internal to this folder and its tests.
 *
 * The order of the steps is the order of the files: yaml (text to tree), model (trees to one:
 * include, extends, merge), convert (tree to JSON, with variables), environment, paths, service
 * (JSON to spec), check (services among each other), resource (networks and volumes), project (all
 * of it).
 */
#pragma once

#include <errno.h>
#include <jansson.h>
#include <stddef.h>

#include "compose/compose.h"
#include "compose/diag.h"
#include "compose/interpolate.h"
#include "compose/tree.h"
#include "spec/spec.h"

/* A file that has been read, of a project directory: nodes refer to its origin, which comes first.
 */
struct source {
    struct origin origin;
    struct source *next;
    char *path; /* absolute */
    char *shown_as, *folder;
    json_t *variables;
    const struct node *root; /* NULL: the file is empty */
};

struct loader {
    const struct compose_options *options;
    struct diag diag;
    struct tree tree;
    struct source *sources; /* all that have been read, the last one first */
    size_t n_sources;
    size_t source_bytes;
    size_t merged;             /* entries of maps and lists that were merged */
    struct include *includes;  /* what has been included */
    const struct source *main; /* the first file */
    const struct node *root;   /* all files merged */
    const char *project_name;  /* COMPOSE_PROJECT_NAME in the file; NULL until it is known */
    size_t text_bytes;         /* what has been converted so far, under COMPOSE_TEXT_MAX */
    struct compose_project *project;
    /* One for each service of the project, at the same index. */
    const struct node **nodes;
    struct spec **specs;
    size_t n_specs;
    json_t *index;    /* name to index */
    json_t *profiles; /* those that are active, name to true */
    json_t *scales;   /* services of more or less than one agent: name to their number */
    json_t *awaited;  /* services that somebody waits for to complete */
    json_t *inactive; /* services that are not: name to a profile that would have them */
};

/* compose_load() of texts in memory, each laid over those before it. `shown_as` names one in
 * messages; the first one's `path` becomes the project's `file` and its `folder`, which is
 * absolute, the project directory. */
struct compose_text {
    const char *text;
    size_t len;
    const char *path;
    const char *shown_as;
    const char *folder;
};
int compose_load_texts(const struct compose_options *options, const struct compose_text *texts,
                       size_t n_texts, struct compose_project **ret_project,
                       struct error *err) _must_use_;

/* A fault at a node: -EINVAL, which a compiler that looks for faults is to know, too. */
#define node_error(l, n, ...)                                                                      \
    ((void)diag_error(&(const struct diag){.file = (n)->origin->shown_as, .err = (l)->diag.err},   \
                      (n)->line, (n)->column, __VA_ARGS__),                                        \
     -EINVAL)

/* A warning there, once for each key. */
#define node_warning(l, n, key, ...)                                                               \
    diag_warning(&(l)->diag, (n)->origin->shown_as, key, (n)->line, (n)->column, __VA_ARGS__)

/* scope.c: the value of a variable in a file: the environment's, else that of the file's .env. */
const char *scope_lookup(const struct loader *l, const struct origin *origin, const char *name);
/* One variable before any file is known: the environment's, else that of the .env of the working
 * folder; NULL where neither has it. */
int scope_read_variable(const struct compose_options *options, const char *folder, const char *name,
                        char **ret_value, struct error *err) _must_use_;
/* Read one file of variables over what is in `vars`. */
int scope_read_file(struct loader *l, const char *path, json_t *vars) _must_use_;
/* The same for a file that a node names, whose key is `key`. */
int scope_read_named(struct loader *l, const struct node *at, const char *key, const char *path,
                     json_t *vars) _must_use_;
/* The .env of a folder, if there is one. */
int scope_read_dotenv(struct loader *l, const char *folder, json_t *vars) _must_use_;

/* source.c: a text becomes a source, with its nodes in the loader's tree. */
int source_add(struct loader *l, const struct compose_text *text, const char *folder,
               json_t *variables, struct source **ret_source) _must_use_;
/* The same for a file that `at` names, read once for each project directory. */
int source_open(struct loader *l, const struct node *at, const char *path, const char *folder,
                json_t *variables, struct source **ret_source) _must_use_;
/* A path (or a name) as messages may show it: where a variable has part in it, as it is written, in
 * `ret_room`. */
const char *source_shown_path(const struct node *at, const char *path, struct shown *ret_room);
void sources_close(struct loader *l);

/* model.c: files become one tree. A chain of files that include each other, to find circles. */
struct include_chain {
    const char *path;
    const struct include_chain *up;
};
/* The keys of its top level; an empty file is fine. */
int model_check(struct loader *l, const struct source *source) _must_use_;
/* What a file says, with what it includes and extends; laid over `base` (may be NULL). */
int model_add(struct loader *l, const struct source *source, const struct include_chain *chain,
              const struct node *base, const struct node **ret_root) _must_use_;

/* include.c: what a file's "include" lists, merged below the file. */
int include_apply(struct loader *l, const struct source *source, const struct include_chain *chain,
                  const struct node *root, const struct node **ret_root) _must_use_;
void includes_close(struct loader *l);

/* extends.c: services that extend others get what these have. */
int extends_apply(struct loader *l, const struct node *root,
                  const struct node **ret_root) _must_use_;

/* profiles.c: is a service's profile active? */
int profiles_read(struct loader *l) _must_use_;
int profiles_check(struct loader *l, const struct node *key, const struct node *service,
                   bool *ret_active) _must_use_;

/* scale.c: how many agents a service is. */
int scale_count(struct loader *l, const struct node *service, size_t *ret_count) _must_use_;
int scale_note(struct loader *l, const struct node *key, size_t count) _must_use_;
/* What scaling means for a service's JSON: dependencies on others that are scaled, and, for one of
 * several agents (`replica` from 1 on, 0: it is the only one), its aliases. */
int scale_apply(struct loader *l, const struct node *service, json_t *json, const char *name,
                size_t replica) _must_use_;

/* job.c: whom a service waits for to complete; and what that makes of one. */
int job_note_awaited(struct loader *l, const struct node *service) _must_use_;
int job_apply(struct loader *l, const struct node *service, const char *name, json_t *json,
              bool *ret_job) _must_use_;

/* secret.c: the secrets and configs that the files declare; a service's, as mounts. */
int secrets_check(struct loader *l) _must_use_;
int secrets_apply(struct loader *l, const struct node *node, json_t *service) _must_use_;

/* convert.c: a node as JSON, its variables replaced. With `as_text` a number or a boolean below it
 * becomes the text that a container would get. */
int convert_node(struct loader *l, const struct node *n, bool as_text,
                 json_t **ret_json) _must_use_;
/* A mapping, key by key: those of `text_keys` (NULL-terminated) as text. */
int convert_map(struct loader *l, const struct node *map, const char *const *text_keys,
                json_t **ret_json) _must_use_;
/* Count bytes that a row will hold against COMPOSE_TEXT_MAX. */
int convert_charge(struct loader *l, const struct node *n, size_t bytes) _must_use_;

/* mask.c: a value as a message may quote it, with the scalar that it was made from: where a
 * variable has part in it, what stands in the file. */
struct shown shown_value(const struct node *n, const char *value);
/* The item of a list (or the source that it names) that became a value, or began with it and a
 * colon; NULL: none. */
const struct node *node_of_value(struct loader *l, const struct node *list, const char *value);
/* Hide in a message what variables below a node gave. */
void mask_variables(struct loader *l, const struct node *n, char *text, size_t size);

/* environment.c: env_file and environment become one map of texts. */
int environment_resolve(struct loader *l, const struct node *node, json_t *service) _must_use_;

/* deploy.c: what one engine carries out of deploy, in the keys that say the same; warnings for the
 * rest. */
int deploy_apply(struct loader *l, const struct node *node, json_t *service) _must_use_;

/* tmpfs.c: entries of volumes that are a tmpfs go to the key tmpfs. */
int tmpfs_move(struct loader *l, const struct node *node, json_t *service) _must_use_;

/* unused.c: keys that nothing comes of go, with a warning. */
int unused_drop(struct loader *l, const struct node *node, json_t *service) _must_use_;

/* label_file.c: files of labels go below `labels`. */
int label_file_resolve(struct loader *l, const struct node *node, json_t *service) _must_use_;

/* paths.c: relative sources of binds become absolute, a seccomp profile the text of its file. */
int paths_resolve(struct loader *l, const struct node *node, json_t *service) _must_use_;
/* "~", "~/x", "./x", "../x" or an absolute path, taken from the file's folder. */
int paths_absolute(struct loader *l, const struct node *node, const char *path,
                   char **ret_path) _must_use_;

/* service.c: the names of a service's keys, its profiles and how many agents it is: 0 also where it
 * is not active. */
int service_look(struct loader *l, const struct node *key, const struct node *value,
                 size_t *ret_agents) _must_use_;
/* Its agents into the project and the loader's arrays, which have room. */
int service_load(struct loader *l, const struct node *key, const struct node *value,
                 size_t agents) _must_use_;

/* check.c: dependencies, names and (ports.c) ports of the services among each other. */
int check_services(struct loader *l) _must_use_;
int ports_check(struct loader *l) _must_use_;

/* resource.c: the networks and volumes that services use. */
int resource_load(struct loader *l, const struct node *root) _must_use_;
