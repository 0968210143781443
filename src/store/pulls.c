/* SPDX-License-Identifier: MIT
 *
 * When images were pulled: worth no wait for the disk, for the worst is one more pull. */
#include "store/internal.h"

int store_read_pull(struct store *store, const char *image, int64_t *ret_ms, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql, "SELECT pulled_at FROM pulls WHERE image = ?", &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, image);
    r = sql_step(stmt, err);
    if (r < 0)
        return r;
    *ret_ms = r > 0 ? sql_int(stmt, "pulled_at") : 0;
    return 0;
}

int store_write_pull(struct store *store, const char *image, int64_t time_ms, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = store_set_relaxed(store, true, err);
    if (r == 0)
        r = sql_get(&store->sql,
                    "INSERT INTO pulls (image, pulled_at) VALUES (?, ?)"
                    " ON CONFLICT (image) DO UPDATE SET pulled_at = excluded.pulled_at",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, image);
    sql_bind_int(stmt, time_ms);
    return sql_run(stmt, err);
}
