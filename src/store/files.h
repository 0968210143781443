/* SPDX-License-Identifier: MIT
 *
 * The files of a database and who may touch them. The database can make root do anything, so it
 * is treated like sudoers: a regular file of ours (or root's) without any right for others, in
 * a folder where others cannot exchange it.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

#define FILES_LOCK_SUFFIX ".lock"

/* Checks the file `path`, its folder and the files beside it. With `create` a missing folder (0700)
 * and a missing file (empty, 0600) are made; without, -ENOENT. *ret_path: the absolute path, to be
 * freed. */
int files_prepare(const char *path, bool create, char **ret_path, struct error *err) _must_use_;

/* The files beside the database (-wal, -shm, -journal, .lock), those that are there. */
int files_check_beside(const char *path, struct error *err) _must_use_;

/* The absolute path, its folder free of symbolic links; to be freed. */
int files_resolve(const char *path, bool create_folder, char **ret_path,
                  struct error *err) _must_use_;

/* Is this file, found under `path`, one that we may trust? */
int files_check_stat(const char *path, const struct stat *st, struct error *err) _must_use_;

/* Writes the folder of `path` to the disk, so that a new name in it survives a power cut. */
int files_sync_folder(const char *path) _must_use_;
