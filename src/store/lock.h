/* SPDX-License-Identifier: MIT
 *
 * One owner a database: a lock on a file of its own beside it, which goes with
 * the process however that ends.
 */
#pragma once

#include "base/error.h"

/* Take the lock of the database `path` (absolute); -EBUSY names the owner. *ret_fd is given back by
 * lock_give(), or by the end of the process: and of every child that was forked, without exec,
 * while the lock was held. */
int lock_take(const char *path, int *ret_fd, struct error *err) _must_use_;

void lock_give(int fd);

/* Somebody may have removed the lock file, and a second owner could then lock a new one: take that
 * one too. -EBUSY when another has it already. */
int lock_keep(const char *path, int *fd, struct error *err) _must_use_;

/* The owner's pid, 0 for nobody, -1 for one that did not leave its pid. */
int lock_owner(const char *path, int *ret_pid, struct error *err) _must_use_;
