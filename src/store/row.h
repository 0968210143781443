/* SPDX-License-Identifier: MIT
 *
 * Rows of `agents` as the store hands them out.
 */
#pragma once

#include "store/sql.h"
#include "store/store.h"

/* The columns that row_agent() reads. A spec past the limit (which the table's CHECK does not let
 * in, unless the writer switched checks off) is cut to one character more than it may have: whoever
 * parses it still sees that it is too long, and a fleet's reading never takes a gigabyte. */
#define ROW_AGENT                                                                                  \
    "name, lifecycle, image, substr(spec, 1, 1048577) AS spec, idle_timeout, pool, held, "         \
    "held_reason, source, applied, generation, created_at, updated_at"

/* Borrows the texts of the statement's row. */
void row_agent(struct sql_stmt *stmt, struct store_agent *ret_agent);
