/* SPDX-License-Identifier: MIT
 *
 * A consistent copy of a database that is in use.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "store/sql.h"

/* VACUUM INTO a new file (0600) that appears under `path` only when it is whole and on the disk. An
 * existing file is refused (-EEXIST), or replaced. */
int backup_write(struct sql *sql, const char *path, bool replace, struct error *err) _must_use_;
