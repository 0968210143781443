/* SPDX-License-Identifier: MIT
 *
 * A table for people: cells are filled in from left to right, columns become as wide
 * as what stands in them on a terminal, and what came from outside is made visible.
 *
 * Cells are copied. A failure (-ENOMEM, more than TABLE_CELLS_MAX cells: -EFBIG)
 * sticks and is told by table_print().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"

#define TABLE_CELLS_MAX 1000000

enum style {
    STYLE_PLAIN,
    STYLE_GOOD,
    STYLE_WARN,
    STYLE_BAD,
    STYLE_DIM,
};

struct table_cell {
    char *text;
    size_t width; /* columns on a terminal */
    enum style style;
};

struct table {
    const char *const *heads; /* borrowed */
    size_t n_columns;
    struct table_cell *cells;
    size_t n_cells;
    size_t cap;
    int error;
};

void table_open(struct table *table, const char *const *heads, size_t n_columns);

/* The next cell. NULL or "" is shown as "-". */
void table_add(struct table *table, const char *text, enum style style);

/* Heads and rows; the last column is not padded. Nothing at all without a row. */
int table_print(const struct table *table, FILE *out, bool color) _must_use_;
void table_close(struct table *table);

/* The columns that `text` takes on a terminal. */
size_t text_width(const char *text);

/* The escape sequence of a style, "" without colour; STYLE_PLAIN is the reset. */
const char *style_escape(enum style style, bool color);
