/* SPDX-License-Identifier: MIT
 *
 * Files of roost's own that containers mount: secrets and configs whose values are variables' or
 * stand in the compose file. They are in a folder beside the database, for its owner alone; a
 * file's name is a hash of what it holds and of a salt that is kept there too. A file is written
 * once and never changed. One that no row names any more stays for a month: a container of an
 * older row may still be started.
 */
#pragma once

#include "cli/cli.h"
#include "cli/rows.h"
#include "compose/compose.h"

#define OWN_FILES_KEEP_DAYS 30

struct own_files {
    char folder[PATH_MAX];
    char salt[65];
};

/* Where they are; the salt is read, or made when there is none yet. Nothing is written. */
int own_files_find(const struct cli *cli, struct own_files *ret_files,
                   struct error *err) _must_use_;

/* The project's files, those that are not there. Removes old ones that no row names. */
int own_files_write(const struct own_files *files, const struct compose_project *project,
                    const struct rows *rows, struct error *err) _must_use_;

/* Is it the name of one of them, or of the salt? */
bool own_files_is_name(const char *name);

/* Those that are not in `folder` yet, which is made: with their modes and owners, and the salt.
 * Nothing when there are none. *n counts them. */
int own_files_copy(const struct own_files *files, const char *folder, size_t *n,
                   struct error *err) _must_use_;

/* Removes what that has made. */
void own_files_drop_copy(const char *folder);
