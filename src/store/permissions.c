/* SPDX-License-Identifier: MIT
 *
 * What agents may have of the host. */
#include "store/internal.h"

int store_read_allowed(struct store *store, store_allowed_fn *allowed, void *ctx, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r =
        sql_get(&store->sql, "SELECT agent, field FROM allowed ORDER BY agent, field", &stmt, err);
    if (r < 0)
        return r;
    while ((r = sql_step(stmt, err)) > 0) {
        const char *agent = sql_text(stmt, "agent"), *field = sql_text(stmt, "field");
        r = sql_check(stmt, err);
        if (r == 0)
            r = allowed(ctx, agent, field);
        if (r != 0)
            break;
    }
    return r;
}

int store_allow(struct store *store, const char *agent, const char *field, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_get(&store->sql,
                    "INSERT INTO allowed (agent, field) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, agent);
    sql_bind_text(stmt, field);
    return sql_run(stmt, err);
}
