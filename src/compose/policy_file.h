/* SPDX-License-Identifier: MIT
 *
 * policy.yaml: what agents may have of the host, as root has written it.
 *
 *     agents:
 *       traefik: ["volumes=/var/run/docker.sock"]
 *     fleets:
 *       lab: [privileged, devices]
 *
 * Permissions are those of spec/policy.h. The file counts only if it is root's and nobody else can
 * write it or the folder it is in.
 */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "base/error.h"

#define POLICY_FILE     "/etc/roost/policy.yaml"
#define POLICY_FILE_MAX (1U << 20)

/* Where it is: POLICY_FILE; for root, ROOST_POLICY may name another. */
const char *policy_file_path(void);

/* {"agents":{NAME:[…]},"fleets":{NAME:[…]}}, or NULL when there is no file. -EPERM with the error
 * set for a file that does not count, -EINVAL for one that is wrong. */
int policy_file_read(const char *path, json_t **ret_policy, struct error *err) _must_use_;

/* The same for a text in memory. */
int policy_file_parse(const char *text, size_t len, const char *shown_as, json_t **ret_policy,
                      struct error *err) _must_use_;

/* The `resolve` of a policy_world, by the file system as it is now. */
bool policy_file_resolve(void *ctx, const char *path, char ret_real[PATH_MAX], bool *ret_special);

/* Does the policy allow this to an agent of a fleet? NULL allows nothing. */
bool policy_file_allows(const json_t *policy, const char *fleet, const char *agent,
                        const char *permission);
