/* SPDX-License-Identifier: MIT
 *
 * The compose file that `apply` and `check` are given.
 */
#pragma once

#include "cli/cli.h"
#include "cli/own_files.h"
#include "compose/compose.h"

/* The options that say what is loaded, for a command's table. */
#define FILE_OPTIONS                                                                               \
    {OPT_FILE, 'f', "file", "FILE", "a compose file, \"-\" for stdin; several are merged"},        \
        {OPT_PROFILE, 0, "profile", "NAME", "take services of this profile too; several times"},   \
        {OPT_ENV_FILE, 0, "env-file", "FILE",                                                      \
         "variables instead of those in .env; several times"},                                     \
    {                                                                                              \
        OPT_PROJECT, 'p', "project", "NAME", "the fleet's name instead of the file's"              \
    }

/* Loads the files of -f and of the first word (none: the usual names) and says its warnings on
 * stderr. */
int file_load(const struct cli *cli, const struct own_files *own,
              struct compose_project **ret_project, struct error *err) _must_use_;
void file_closep(struct compose_project **project);

/* The (first) file's name as it was given, or the path that was found. */
const char *file_shown(const struct cli *cli, const struct compose_project *project);

/* The warnings as an array of texts; NULL when out of memory. */
json_t *file_warnings(const struct compose_project *project) _must_use_;
