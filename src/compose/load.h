/* SPDX-License-Identifier: MIT
 *
 * What the steps of one compose_load() share. Internal to this folder and its tests.
 *
 * The order of the steps is the order of the files: yaml (text to tree), convert (tree to
 * JSON, with variables), environment, paths, service (JSON to spec), check (services among each
 * other), resource (networks and volumes), project (all of it).
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "compose/compose.h"
#include "compose/diag.h"
#include "compose/interpolate.h"
#include "compose/tree.h"
#include "spec/spec.h"

struct loader {
    const struct compose_options *options;
    const char *folder; /* absolute: where relative paths begin */
    struct diag diag;
    struct tree tree;
    json_t *dotenv;           /* variables of .env, name to text */
    const char *project_name; /* COMPOSE_PROJECT_NAME in the file; NULL until it is known */
    size_t text_bytes;        /* what has been converted so far, under COMPOSE_TEXT_MAX */
    struct compose_project *project;
    /* One for each service of the project, at the same index. */
    const struct node **nodes;
    struct spec **specs;
    size_t n_specs;
    json_t *index; /* name to index */
};

/* compose_load() of a text in memory. `folder` is absolute, `shown_as` names the file in
 * messages, `path` becomes the project's `file`. */
struct compose_text {
    const char *text;
    size_t len;
    const char *path;
    const char *shown_as;
    const char *folder;
};
int compose_load_text(const struct compose_options *options, const struct compose_text *text,
                      struct compose_project **ret_project, struct error *err) _must_use_;

/* A fault at a node, with -EINVAL. */
#define node_error(l, n, ...) diag_error(&(l)->diag, (n)->line, (n)->column, __VA_ARGS__)

/* scope.c: the value of a variable: the environment's, else that of .env. */
const char *scope_lookup(const struct loader *l, const char *name);
int scope_read_dotenv(struct loader *l) _must_use_;

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

/* paths.c: relative sources of binds become absolute. */
int paths_resolve(struct loader *l, const struct node *node, json_t *service) _must_use_;
/* "~", "~/x", "./x", "../x" or an absolute path, taken from the file's folder. */
int paths_absolute(struct loader *l, const struct node *node, const char *path,
                   char **ret_path) _must_use_;

/* service.c: one service into the project and the loader's arrays, which have room. */
int service_load(struct loader *l, const struct node *key, const struct node *value) _must_use_;

/* check.c: dependencies, names and (ports.c) ports of the services among each other. */
int check_services(struct loader *l) _must_use_;
int ports_check(struct loader *l) _must_use_;

/* resource.c: the networks and volumes that services use. */
int resource_load(struct loader *l, const struct node *root) _must_use_;
