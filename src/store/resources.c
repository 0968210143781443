/* SPDX-License-Identifier: MIT
 *
 * The networks and volumes of the fleet's files. */
#include "store/internal.h"

int store_read_resources(struct store *store, store_resource_fn *resource, void *ctx,
                         struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql,
                    "SELECT source, kind, key, engine_name, external, body FROM resources"
                    " ORDER BY source, kind, key",
                    &stmt, err);
    if (r < 0)
        return r;
    while ((r = sql_step(stmt, err)) > 0) {
        struct store_resource row = {
            .kind = sql_text(stmt, "kind"),
            .key = sql_text(stmt, "key"),
            .engine_name = sql_text(stmt, "engine_name"),
            .external = sql_int(stmt, "external") != 0,
            .body = sql_text(stmt, "body"),
            .source = sql_text(stmt, "source"),
        };
        r = sql_check(stmt, err);
        if (r == 0)
            r = resource(ctx, &row);
        if (r != 0)
            break;
    }
    return r;
}

static int resource_insert(struct store *store, const char *source,
                           const struct store_resource *resource, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql,
                    "INSERT INTO resources (source, kind, key, engine_name, external, body)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, source);
    sql_bind_text(stmt, resource->kind);
    sql_bind_text(stmt, resource->key);
    sql_bind_text(stmt, resource->engine_name);
    sql_bind_int(stmt, resource->external);
    sql_bind_text(stmt, resource->body);
    return sql_run(stmt, err);
}

int store_write_resources(struct store *store, const char *source,
                          const struct store_resource *resources, size_t n, struct error *err)
{
    bool outer = false;
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_begin(&store->sql, SQL_WRITE, &outer, err);
    if (r < 0)
        return r;
    r = sql_run_with(&store->sql, "DELETE FROM resources WHERE source = ?", source, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = resource_insert(store, source, &resources[i], err);
    return sql_end(&store->sql, outer, r, err);
}
