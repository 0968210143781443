/* SPDX-License-Identifier: MIT
 *
 * One owner a database: a lock on a file of its own beside it, which goes with
 * the process however that ends.
 */
#pragma once

#include "base/error.h"

/* Take the lock of the database `path` (absolute). *ret_fd: close() gives it back. -EBUSY names the
 * owner. */
int lock_take(const char *path, int *ret_fd, struct error *err) _must_use_;

/* The owner's pid, 0 for nobody, -1 for one that did not leave its pid. */
int lock_owner(const char *path, int *ret_pid, struct error *err) _must_use_;
