/* SPDX-License-Identifier: MIT
 *
 * Containers that were taken over from Compose. */
#include "store/internal.h"

int store_read_taken(struct store *store, store_taken_fn *taken, void *ctx, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql,
                    "SELECT container_id, agent, spec, lifecycle FROM taken ORDER BY agent", &stmt,
                    err);
    if (r < 0)
        return r;
    while ((r = sql_step(stmt, err)) > 0) {
        struct store_taken row = {
            .container_id = sql_text(stmt, "container_id"),
            .agent = sql_text(stmt, "agent"),
            .spec = sql_text(stmt, "spec"),
            .lifecycle = sql_text(stmt, "lifecycle"),
        };
        r = sql_check(stmt, err);
        if (r == 0)
            r = taken(ctx, &row);
        if (r != 0)
            break;
    }
    return r;
}

static int insert(struct store *store, const struct store_taken *taken, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql,
                    "INSERT INTO taken (container_id, agent, spec, lifecycle) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (container_id) DO UPDATE SET agent = excluded.agent,"
                    " spec = excluded.spec, lifecycle = excluded.lifecycle",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, taken->container_id);
    sql_bind_text(stmt, taken->agent);
    sql_bind_text(stmt, taken->spec);
    sql_bind_text(stmt, taken->lifecycle);
    return sql_run(stmt, err);
}

int store_write_taken(struct store *store, const struct store_taken *taken, struct error *err)
{
    bool outer = false;
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_begin(&store->sql, SQL_WRITE, &outer, err);
    if (r < 0)
        return r;
    r = sql_run_with(&store->sql, "DELETE FROM taken WHERE agent = ?", taken->agent, err);
    if (r == 0)
        r = insert(store, taken, err);
    return sql_end(&store->sql, outer, r, err);
}
