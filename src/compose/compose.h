/* SPDX-License-Identifier: MIT
 *
 * A compose.yaml becomes rows.
 *
 * compose_load() reads the file (libyaml, depth, aliases and size capped), interpolates
 * `${VAR}` from the environment and the `.env` beside the file, resolves relative paths against the
 * file's folder, reads env_file, and validates each service through spec_from_json() with the line and column of what
 * is wrong. Nothing is written anywhere: the caller does that.
 *
 * Limits: COMPOSE_FILE_MAX bytes, COMPOSE_DEPTH_MAX nesting, COMPOSE_NODES_MAX nodes after aliases are expanded,
 * COMPOSE_SERVICES_MAX services. Each is an error that names the limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "core/agent.h"

#define COMPOSE_FILE_MAX     (4U << 20)
#define COMPOSE_DEPTH_MAX    32
#define COMPOSE_NODES_MAX    500000
#define COMPOSE_SERVICES_MAX 10000

struct compose_service {
    char *name;
    enum lifecycle lifecycle;
    char *image;
    char *idle_timeout; /* as written, or NULL */
    char *spec;         /* canonical JSON for the column */
    int line;
};

struct compose_resource {
    char *kind; /* "network", "volume" */
    char *key;
    char *engine_name; /* `name:`, else {project}_{key}; external: the key or its name */
    bool external;
    char *body; /* JSON of the engine's create call, with Compose's labels (com.docker.compose.project, .network or .volume) and ours */
};

struct compose_project {
    char *name; /* `name:`, else the folder's name by Compose's rules */
    char *file; /* absolute path: the rows' source */
    struct compose_service *services; /* in the file's order */
    size_t n_services;
    struct compose_resource *resources; /* only those that a service uses; "default" among them */
    size_t n_resources;
    char **warnings; /* e.g. a variable that is not set; "file:line:column: …" */
    size_t n_warnings;
};

struct compose_options {
    const char *file; /* path; NULL: compose.yaml, compose.yml, docker-compose.yaml, docker-compose.yml, here or in a parent folder */
    const char *project_name; /* -p; NULL: the file's */
    /* Looks up a variable of the environment; NULL: getenv. */
    const char *(*env)(void *ctx, const char *name);
    void *env_ctx;
};

/* -errno with `err` set: ERROR_INVALID with "FILE:LINE:COLUMN: what; how to mend it" or ERROR_FAILED/NOT_FOUND for a
 * file that cannot be read. */
int compose_load(const struct compose_options *options, struct compose_project **ret_project,
                 struct error *err) _must_use_;

void compose_project_free(struct compose_project *project);
