/* SPDX-License-Identifier: MIT
 *
 * A compose.yaml becomes rows.
 *
 * compose_load() reads the files (libyaml, depth, aliases and size capped) with what they include
 * and extend, merges them, interpolates `${VAR}` from the environment and the `.env` beside the
 * first file, resolves relative paths against that file's folder, reads env_file, leaves out
 * services whose profiles are not active, and validates each other service through
 * spec_from_json() with the file, line and column of what is wrong. Nothing is written anywhere:
 * the caller does that.
 *
 * Limits: COMPOSE_FILES_MAX files of COMPOSE_FILE_MAX bytes, COMPOSE_FILES_BYTES_MAX in all,
 * COMPOSE_DEPTH_MAX nesting, COMPOSE_NODES_MAX nodes and COMPOSE_TEXT_MAX bytes after aliases and
 * variables are written out, COMPOSE_EXTENDS_MAX services that extend each other in a row,
 * COMPOSE_SERVICES_MAX services. Each is an error that names the limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "core/agent.h"

#define COMPOSE_FILE_MAX        (4U << 20)
#define COMPOSE_FILES_MAX       100
#define COMPOSE_FILES_BYTES_MAX (16U << 20)
#define COMPOSE_FILES_FOLDER    "/var/lib/roost/roost.db.files"
#define COMPOSE_EXTENDS_MAX     32
#define COMPOSE_DEPTH_MAX       32
#define COMPOSE_NODES_MAX       500000
#define COMPOSE_TEXT_MAX        (64U << 20)
#define COMPOSE_SERVICES_MAX    10000

struct compose_service {
    char *name;
    enum lifecycle lifecycle;
    bool job; /* lazy, because it is to run once: nobody wrote so */
    char *image;
    char *idle_timeout; /* in its shortest form, or NULL */
    char *spec;         /* canonical JSON for the column */
    int line;
};

struct compose_resource {
    char *kind; /* "network", "volume" */
    char *key;
    char *engine_name; /* `name:`, else {project}_{key}; external: the key or its name */
    bool external;
    /* JSON of the engine's create call (POST /networks/create or /volumes/create), with Compose's
     * labels and ours. NULL for an external one: it is there or it is missing, never made. */
    char *body;
};

/* A file that containers mount and that is not there yet: a secret or config whose value is a
 * variable's or stands in the compose file. Its path is made of a hash of what it holds. */
struct compose_file {
    char *path;    /* absolute, in the options' files_folder */
    char *content; /* never to be shown */
    unsigned mode;
    long uid, gid; /* -1: whoever writes it */
};

struct compose_project {
    char *name;                       /* `name:`, else the folder's name by Compose's rules */
    char *file;                       /* absolute path of the first: the rows' source */
    struct compose_service *services; /* in the file's order */
    size_t n_services;
    struct compose_resource *resources; /* only those that a service uses, "default" among them */
    size_t n_resources;
    struct compose_file *files;
    size_t n_files;
    char **warnings; /* e.g. a variable that is not set: "FILE:LINE:COLUMN: what" */
    size_t n_warnings;
};

struct compose_options {
    /* Paths, "-" for standard input, each file laid over those before it. None: those of
     * COMPOSE_FILE, or else compose.yaml, compose.yml, docker-compose.yaml or docker-compose.yml,
     * here or in the nearest folder above, with the override file beside it. */
    const char *const *files;
    size_t n_files;
    /* --profile; none: COMPOSE_PROFILES. */
    const char *const *profiles;
    size_t n_profiles;
    /* --env-file: instead of the .env beside the first file; later ones win. */
    const char *const *env_files;
    size_t n_env_files;
    /* Where the project's `files` are to be, an absolute path without a slash at its end; NULL:
     * COMPOSE_FILES_FOLDER. The salt goes into their names, so that these do not give the values
     * away; NULL: none. */
    const char *files_folder;
    const char *files_salt;
    /* -p; NULL: the last `name:` of the files, else COMPOSE_PROJECT_NAME, else the folder's name.
     */
    const char *project_name;
    /* Looks up a variable of the environment; NULL: getenv. */
    const char *(*env)(void *ctx, const char *name);
    void *env_ctx;
};

/* -errno with `err` set: ERROR_INVALID with "FILE:LINE:COLUMN: what; how to mend it",
 * ERROR_FAILED or ERROR_NOT_FOUND for a file that cannot be read, ERROR_USAGE for a project_name
 * that is none. */
int compose_load(const struct compose_options *options, struct compose_project **ret_project,
                 struct error *err) _must_use_;

void compose_project_free(struct compose_project *project);

/* The other way round: appends the text of a compose file that gives this project's name, services
 * and resources, in their order; `spec` is in canonical form. A resource without a body that is not
 * external is declared without a word. The text is read back and compared first: -EINVAL with
 * ERROR_INVALID when no file says what they say (two agents publish one port …), -EFBIG for more
 * than COMPOSE_FILE_MAX bytes. It holds the values of the environment. */
int compose_write(const struct compose_project *project, struct buf *ret_text,
                  struct error *err) _must_use_;

/* The keys of networks and volumes, for documents; NULL past the end. */
const char *compose_resource_key(bool network, size_t index, const char **ret_takes);
