/* SPDX-License-Identifier: MIT
 *
 * Rows of `agents` as the store hands them out.
 */
#pragma once

#include "store/sql.h"
#include "store/store.h"

/* A spec past the limit (which the table's CHECK does not let in, unless the writer switched
 * checks off) is cut to one character more than it may have: whoever parses it still sees that it
 * is too long, and nobody is handed a gigabyte. */
#define ROW_SPEC "substr(spec, 1, 1048577) AS spec"

/* The columns that row_agent() reads. */
#define ROW_AGENT                                                                                  \
    "name, lifecycle, image, " ROW_SPEC ", idle_timeout, pool, held, held_reason, source, "        \
    "applied, generation, created_at, updated_at"

/* Borrows the texts of the statement's row. */
int row_agent(struct sql_stmt *stmt, struct store_agent *ret_agent, struct error *err) _must_use_;
