/* SPDX-License-Identifier: MIT
 *
 * `roost show --docker-run`: the line of shell that makes an agent's container by hand.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "store/store.h"

/* From the row, by the same code that makes the engine's request. */
int docker_line(struct store *store, const char *name, bool secrets, struct buf *ret_line,
                struct error *err) _must_use_;
