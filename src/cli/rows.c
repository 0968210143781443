/* SPDX-License-Identifier: MIT
 *
 * Rows of the table `agents`, kept.
 */
#include "cli/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int row_set(char **field, const char *text)
{
    char *copy = NULL;
    if (text) {
        copy = strdup(text);
        if (!copy)
            return -ENOMEM;
    }
    free(*field);
    *field = copy;
    return 0;
}

void row_close(struct row *row)
{
    free(row->name);
    free(row->lifecycle);
    free(row->image);
    free(row->spec);
    free(row->idle_timeout);
    free(row->pool);
    free(row->held_reason);
    free(row->source);
    free(row->applied);
    memset(row, 0, sizeof(*row));
}

static int copy_row(struct row *row, const struct store_agent *agent)
{
    const struct {
        char **to;
        const char *from;
    } texts[] = {
        {&row->name, agent->name},
        {&row->lifecycle, agent->lifecycle},
        {&row->image, agent->image},
        {&row->spec, agent->spec},
        {&row->idle_timeout, agent->idle_timeout},
        {&row->pool, agent->pool},
        {&row->held_reason, agent->held_reason},
        {&row->source, agent->source},
        {&row->applied, agent->applied},
    };
    row->held = agent->held;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (row_set(texts[i].to, texts[i].from) < 0)
            return -ENOMEM;
    return 0;
}

struct store_agent row_as_agent(const struct row *row)
{
    return (struct store_agent){
        .name = row->name,
        .lifecycle = row->lifecycle,
        .image = row->image,
        .spec = row->spec,
        .idle_timeout = row->idle_timeout,
        .pool = row->pool,
        .held = row->held,
        .held_reason = row->held_reason,
        .source = row->source,
        .applied = row->applied,
    };
}

static int on_row(void *ctx, const struct store_agent *agent)
{
    struct rows *rows = ctx;
    if ((rows->n & (rows->n - 1)) == 0) {
        size_t cap = rows->n ? rows->n * 2 : 1;
        struct row *grown = reallocarray(rows->rows, cap, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        rows->rows = grown;
    }
    struct row *row = &rows->rows[rows->n++];
    memset(row, 0, sizeof(*row));
    return copy_row(row, agent);
}

static int on_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    return 0;
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

int rows_read(struct store *store, struct rows *ret_rows, struct error *err)
{
    _cleanup_(rows_close) struct rows rows = {0};
    int r = store_read_changes(store, 0, on_row, on_tombstone, &rows, &rows.generation, err);
    if (r < 0)
        return error_is_set(err) ? r : error_wrap(err, r, "cannot read the table");
    if (rows.n > 0)
        qsort(rows.rows, rows.n, sizeof(*rows.rows), compare_rows);
    *ret_rows = rows;
    memset(&rows, 0, sizeof(rows));
    return 0;
}

void rows_close(struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        row_close(&rows->rows[i]);
    free(rows->rows);
    memset(rows, 0, sizeof(*rows));
}

const struct row *rows_find(const struct rows *rows, const char *name)
{
    struct row key = {.name = (char *)(uintptr_t)name};
    return rows->n ? bsearch(&key, rows->rows, rows->n, sizeof(key), compare_rows) : NULL;
}

static int on_one(void *ctx, const struct store_agent *agent)
{
    return copy_row(ctx, agent);
}

int row_read(struct store *store, const char *name, struct row *ret_row, struct error *err)
{
    _cleanup_(row_close) struct row row = {0};
    int r = store_read_agent(store, name, on_one, &row, err);
    if (r < 0)
        return error_is_set(err) ? r : error_wrap(err, r, "cannot read agent %s", name);
    *ret_row = row;
    memset(&row, 0, sizeof(row));
    return 0;
}

static int changed_row(void *ctx, const struct store_agent *agent)
{
    return 1;
}

static int changed_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    return 1;
}

int rows_check_unchanged(struct store *store, const struct rows *rows, struct error *err)
{
    uint64_t now = 0;
    int r = store_read_changes(store, rows->generation, changed_row, changed_tombstone, NULL, &now,
                               err);
    if (r > 0)
        return error_set(err, -EAGAIN, ERROR_CONFLICT, "changed_meanwhile",
                         "somebody else changed the table meanwhile; nothing was written, "
                         "run it again");
    return r;
}
