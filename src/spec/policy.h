/* SPDX-License-Identifier: MIT
 *
 * What would hand out the host. Checked is the very body that is sent to the engine, so that no
 * spelling in a row or a file can say one thing here and another there. Pure: what must be known of
 * the machine is asked of the caller.
 *
 * Each finding has a permission by which it can be allowed: the key in Compose's terms and, where
 * there are several, the value: "privileged", "pid=host", "cap_add=SYS_ADMIN",
 * "volumes=/var/run/docker.sock". So what was allowed stays what was meant when a list is changed.
 */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

struct policy_world {
    /* Folders and files beside those that are known here: the engine's data root, roost's own
     * folder, the sockets of both. Ends with NULL; may be NULL. */
    const char *const *private_paths;
    /* roost's database: nobody may have it, or a file beside it that begins with its name. May be
     * NULL. */
    const char *database;
    /* roost's own folder of secrets and configs: nobody's, but single ones of these to read. May be
     * NULL. */
    const char *own_files;
    /* A new reference to the create body of a volume by its engine name, or NULL. May be NULL. */
    json_t *(*volume)(void *ctx, const char *name);
    /* A new reference to the body of a container of this fleet by its name, or NULL for a foreign
     * one. May be NULL. */
    json_t *(*container)(void *ctx, const char *name);
    /* Where a path leads, symbolic links followed, and whether a socket or a device is there, or
     * what cannot be looked at; false when nothing is, or we may not know. May be NULL. */
    bool (*resolve)(void *ctx, const char *path, char ret_real[PATH_MAX], bool *ret_special);
    void *ctx;
};

#define POLICY_PERMISSION_SIZE (PATH_MAX + 64)

/* A value other than 0 ends the check, which returns it. */
typedef int policy_fn(void *ctx, const char *permission, const char *why);

/* Calls `found` for everything in the body of POST /containers/create that hands out the host. 0,
 * -ENOMEM, or what `found` returned. */
int policy_check(const json_t *body, const struct policy_world *world, policy_fn *found, void *ctx);

/* Does a grant ("*", "volumes", "volumes=/run/docker.sock") cover a permission? */
bool policy_covers(const char *grant, const char *permission);
