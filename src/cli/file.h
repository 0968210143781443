/* SPDX-License-Identifier: MIT
 *
 * The compose file that `apply` and `check` are given.
 */
#pragma once

#include "cli/cli.h"
#include "compose/compose.h"

/* Loads the file of the first word (none: the usual names) and says its warnings on stderr. */
int file_load(const struct cli *cli, struct compose_project **ret_project,
              struct error *err) _must_use_;
void file_closep(struct compose_project **project);

/* Its name as it was given, or the path that was found. */
const char *file_shown(const struct cli *cli, const struct compose_project *project);

/* The warnings as an array of texts; NULL when out of memory. */
json_t *file_warnings(const struct compose_project *project) _must_use_;
