/* SPDX-License-Identifier: MIT
 *
 * Events: appended beside the state that they tell of, read in pages, dropped by age and number. */
#include "store/internal.h"

int store_append_event(struct store *store, const struct store_event *event, int64_t *ret_id,
                       struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = store_set_relaxed(store, true, err);
    if (r == 0)
        r = sql_get(&store->sql,
                    "INSERT INTO events (time, kind, agent, lifecycle, state, reason, detail)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_int(stmt, event->time_ms);
    sql_bind_text(stmt, event->kind);
    sql_bind_text(stmt, event->agent);
    sql_bind_text(stmt, event->lifecycle);
    sql_bind_text(stmt, event->state);
    sql_bind_text(stmt, event->reason);
    sql_bind_text(stmt, event->detail);
    r = sql_run(stmt, err);
    if (r == 0)
        *ret_id = sqlite3_last_insert_rowid(store->sql.db);
    return r;
}

/* The newest come by going down, so that a limit keeps them; all else goes up. */
static int query(struct store *store, const struct store_event_query *q, struct sql_stmt **ret_stmt,
                 struct error *err)
{
    static const char *const newest =
        "SELECT * FROM (SELECT * FROM events WHERE id > ?1 AND (?2 IS NULL OR kind = ?2)"
        " AND (?3 IS NULL OR agent = ?3) AND time >= ?4 ORDER BY id DESC LIMIT ?5) ORDER BY id";
    static const char *const oldest =
        "SELECT * FROM events WHERE id > ?1 AND (?2 IS NULL OR kind = ?2)"
        " AND (?3 IS NULL OR agent = ?3) AND time >= ?4 ORDER BY id LIMIT ?5";
    int r = sql_get(&store->sql, q->newest ? newest : oldest, ret_stmt, err);
    if (r < 0)
        return r;
    sql_bind_int(*ret_stmt, q->after);
    sql_bind_text(*ret_stmt, q->kind);
    sql_bind_text(*ret_stmt, q->agent);
    sql_bind_int(*ret_stmt, q->since_ms);
    sql_bind_int(*ret_stmt, q->limit);
    return 0;
}

int store_read_events(struct store *store, const struct store_event_query *q, store_event_fn *event,
                      void *ctx, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = query(store, q, &stmt, err);
    if (r < 0)
        return r;
    while ((r = sql_step(stmt, err)) > 0) {
        struct store_event row = {
            .id = sql_int(stmt, "id"),
            .time_ms = sql_int(stmt, "time"),
            .kind = sql_words(stmt, "kind"),
            .agent = sql_words(stmt, "agent"),
            .lifecycle = sql_words(stmt, "lifecycle"),
            .state = sql_words(stmt, "state"),
            .reason = sql_words(stmt, "reason"),
            .detail = sql_text(stmt, "detail"),
        };
        r = sql_check(stmt, err);
        if (r == 0)
            r = event(ctx, &row);
        if (r != 0)
            break;
    }
    return r;
}

static int run_int(struct store *store, const char *text, int64_t a, int64_t b, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = store_set_relaxed(store, true, err);
    if (r == 0)
        r = sql_get(&store->sql, text, &stmt, err);
    if (r < 0)
        return r;
    sql_bind_int(stmt, a);
    sql_bind_int(stmt, b);
    r = sql_run(stmt, err);
    return r < 0 ? r : sqlite3_changes(store->sql.db);
}

int store_prune_events(struct store *store, int64_t before_ms, int64_t keep, int64_t at_most,
                       struct error *err)
{
    int r = run_int(store,
                    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE time < ?1"
                    " ORDER BY time LIMIT ?2)",
                    before_ms, at_most, err);
    if (r != 0)
        return r;
    return run_int(store,
                   "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id <="
                   " (SELECT max(id) FROM events) - ?1 ORDER BY id LIMIT ?2)",
                   keep, at_most, err);
}
