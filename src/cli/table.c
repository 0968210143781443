/* SPDX-License-Identifier: MIT
 *
 * A table for people.
 */
#include "cli/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

#define GAP 2

static const char *const escapes[] = {
    [STYLE_PLAIN] = "\033[0m", [STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m",
    [STYLE_BAD] = "\033[31m",  [STYLE_DIM] = "\033[2m",
};

const char *style_escape(enum style style, bool color)
{
    return color ? escapes[style] : "";
}

size_t text_width(const char *text)
{
    size_t width = 0;
    mbstate_t state = {0};
    size_t left = strlen(text);
    while (left > 0) {
        wchar_t c = 0;
        size_t n = mbrtowc(&c, text, left, &state);
        if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
            memset(&state, 0, sizeof(state));
            n = 1;
            width++;
        } else {
            int w = wcwidth(c);
            width += w > 0 ? (size_t)w : 0;
        }
        text += n;
        left -= n;
    }
    return width;
}

void table_open(struct table *table, const char *const *heads, size_t n_columns)
{
    memset(table, 0, sizeof(*table));
    table->heads = heads;
    table->n_columns = n_columns;
}

static int reserve(struct table *table)
{
    if (table->error)
        return table->error;
    if (table->n_cells >= TABLE_CELLS_MAX)
        return table->error = -EFBIG;
    if (table->n_cells < table->cap)
        return 0;
    size_t cap = table->cap ? table->cap * 2 : 64;
    struct table_cell *cells = reallocarray(table->cells, cap, sizeof(*cells));
    if (!cells)
        return table->error = -ENOMEM;
    table->cells = cells;
    table->cap = cap;
    return 0;
}

void table_add(struct table *table, const char *text, enum style style)
{
    if (reserve(table) < 0)
        return;
    if (!text || !*text)
        text = "-";
    size_t size = strlen(text) * 4 + 1; /* each byte may become "\xNN" */
    char *clean = malloc(size);
    if (!clean) {
        table->error = -ENOMEM;
        return;
    }
    text_visible(text, clean, size);
    table->cells[table->n_cells++] =
        (struct table_cell){.text = clean, .width = text_width(clean), .style = style};
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t width = text_width(table->heads[column]);
    for (size_t i = column; i < table->n_cells; i += table->n_columns)
        if (table->cells[i].width > width)
            width = table->cells[i].width;
    return width;
}

static void print_cell(FILE *out, const struct table_cell *cell, size_t pad, bool color)
{
    color = color && cell->style != STYLE_PLAIN;
    (void)fprintf(out, "%s%s%s%*s", style_escape(cell->style, color), cell->text,
                  style_escape(STYLE_PLAIN, color), (int)pad, "");
}

int table_print(const struct table *table, FILE *out, bool color)
{
    if (table->error || table->n_cells == 0)
        return table->error;
    size_t n = table->n_columns;
    _cleanup_free_ size_t *widths = calloc(n, sizeof(*widths));
    if (!widths)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        widths[i] = column_width(table, i);
    for (size_t i = 0; i < n; i++)
        (void)fprintf(out, "%-*s%s", i + 1 < n ? (int)(widths[i] + GAP) : 0, table->heads[i],
                      i + 1 < n ? "" : "\n");
    for (size_t i = 0; i < table->n_cells; i++) {
        const struct table_cell *cell = &table->cells[i];
        bool last = i % n + 1 == n;
        print_cell(out, cell, last ? 0 : widths[i % n] - cell->width + GAP, color);
        if (last)
            (void)fputc('\n', out);
    }
    return 0;
}

void table_close(struct table *table)
{
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i].text);
    free(table->cells);
    memset(table, 0, sizeof(*table));
}
