/* SPDX-License-Identifier: MIT
 *
 * Which paths of the host a container may not have.
 */
#pragma once

#include "base/cleanup.h"
#include "spec/policy.h"

/* NULL, or why not. */
const char *policy_path_judge(const struct policy_world *world, const char *path, bool read_only);
