/* SPDX-License-Identifier: MIT
 *
 * Leases: a promise that somebody was given, so each write waits for the disk. */
#include "store/internal.h"

int store_read_leases(struct store *store, store_lease_fn *lease, void *ctx, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql,
                    "SELECT id, agent, boot_id, until_ns, expires_at FROM leases ORDER BY id",
                    &stmt, err);
    if (r < 0)
        return r;
    while ((r = sql_step(stmt, err)) > 0) {
        struct store_lease row = {
            .id = sql_text(stmt, "id"),
            .agent = sql_text(stmt, "agent"),
            .boot_id = sql_text(stmt, "boot_id"),
            .until_ns = (uint64_t)sql_int(stmt, "until_ns"),
            .expires_ms = sql_int(stmt, "expires_at"),
        };
        r = sql_check(stmt, err);
        if (r == 0)
            r = lease(ctx, &row);
        if (r != 0)
            break;
    }
    return r;
}

int store_write_lease(struct store *store, const struct store_lease *lease, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_get(&store->sql,
                    "INSERT INTO leases (id, agent, boot_id, until_ns, expires_at)"
                    " SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM agents WHERE name = ?2)"
                    " ON CONFLICT (id) DO UPDATE SET boot_id = excluded.boot_id,"
                    " until_ns = excluded.until_ns, expires_at = excluded.expires_at",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, lease->id);
    sql_bind_text(stmt, lease->agent);
    sql_bind_text(stmt, lease->boot_id);
    sql_bind_int(stmt, (int64_t)lease->until_ns);
    sql_bind_int(stmt, lease->expires_ms);
    return sql_run(stmt, err);
}

int store_delete_lease(struct store *store, const char *id, struct error *err)
{
    int r = store_set_relaxed(store, true, err);
    return r < 0 ? r : sql_run_with(&store->sql, "DELETE FROM leases WHERE id = ?", id, err);
}
