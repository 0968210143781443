/* SPDX-License-Identifier: MIT
 *
 * Rows of the table `agents`, kept: what the store lends for a callback is copied here.
 */
#pragma once

#include "base/error.h"
#include "store/store.h"

struct row {
    char *name;
    char *lifecycle;
    char *image;
    char *spec;
    char *idle_timeout;
    char *pool;
    bool held;
    char *held_reason;
    char *source;
    char *applied;
};

struct rows {
    struct row *rows; /* sorted by name */
    size_t n;
    uint64_t generation; /* of the fleet, when they were read */
};

/* The whole table. */
int rows_read(struct store *store, struct rows *ret_rows, struct error *err) _must_use_;
void rows_close(struct rows *rows);

/* NULL when there is none. */
const struct row *rows_find(const struct rows *rows, const char *name);

/* One row; ERROR_NOT_FOUND with the nearest name. */
int row_read(struct store *store, const char *name, struct row *ret_row,
             struct error *err) _must_use_;
void row_close(struct row *row);

/* Has any row changed since these were read? Then -EAGAIN with ERROR_CONFLICT. */
int rows_check_unchanged(struct store *store, const struct rows *rows,
                         struct error *err) _must_use_;

/* The row as the store takes it; borrows from `row`. */
struct store_agent row_as_agent(const struct row *row);

/* Replace a text of a row by a copy (NULL: none). -ENOMEM. */
int row_set(char **field, const char *text) _must_use_;
