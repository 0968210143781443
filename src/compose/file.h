/* SPDX-License-Identifier: MIT
 *
 * Files and paths, as Compose takes them: ".." is resolved in the text, not through symbolic
 * links.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Read a file whole into `ret_text`, whose ceiling is the most that is read. Only a regular
 * file, or with `allow_pipe` a pipe too. -errno with the error set, naming `shown_as`. */
int file_read(const char *path, const char *shown_as, bool allow_pipe, struct buf *ret_text,
              struct error *err) _must_use_;

/* `path`, if it is relative taken from `folder`, without "." and ".." and double slashes. -ENOMEM.
 */
int path_join(const char *folder, const char *path, char **ret_path) _must_use_;

/* The working folder. -errno with the error set. */
int path_working_folder(char **ret_folder, struct error *err) _must_use_;

/* What stands before and behind the last slash of an absolute path. -ENOMEM. */
int path_folder(const char *path, char **ret_folder) _must_use_;
const char *path_base(const char *path);

/* The first of Compose's default names in `folder` or the nearest folder above, and the override
 * file beside it, or NULL. `ret_ignored` gets the name of a second file of these kinds that stands
 * there and is not read, or "". -ENOENT with the error set. */
#define FILE_NAME_MAX 32
int file_find(const char *folder, char **ret_path, char **ret_override,
              char ret_ignored[FILE_NAME_MAX], struct error *err) _must_use_;
