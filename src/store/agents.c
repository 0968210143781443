/* SPDX-License-Identifier: MIT
 *
 * Rows of `agents` one by one. Generations, times and tombstones are the triggers' part. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "core/agent.h"
#include "store/internal.h"
#include "store/row.h"

int row_agent(struct sql_stmt *stmt, struct store_agent *ret_agent, struct error *err)
{
    struct store_agent row = (struct store_agent){
        .name = sql_text(stmt, "name"),
        .lifecycle = sql_words(stmt, "lifecycle"),
        .image = sql_words(stmt, "image"),
        .spec = sql_text(stmt, "spec"),
        .idle_timeout = sql_words(stmt, "idle_timeout"),
        .pool = sql_words(stmt, "pool"),
        .held = sql_int(stmt, "held") != 0,
        .held_reason = sql_words(stmt, "held_reason"),
        .source = sql_words(stmt, "source"),
        .applied = sql_words(stmt, "applied"),
        .generation = (uint64_t)sql_int(stmt, "generation"),
        .created_at_ms = sql_int(stmt, "created_at"),
        .updated_at_ms = sql_int(stmt, "updated_at"),
    };
    int r = sql_check(stmt, err);
    if (r == 0)
        *ret_agent = row;
    return r;
}

/* The nearest known name, copied: the statement's texts do not live as long. */
static bool nearest_agent(struct store *store, const char *name, char ret_name[AGENT_NAME_MAX + 1])
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    struct nearest nearest = {.word = name};
    if (sql_get(&store->sql, "SELECT name FROM agents", &stmt, NULL) < 0)
        return false;
    while (sql_step(stmt, NULL) > 0) {
        const char *before = nearest.best;
        const char *known = sql_text(stmt, "name");
        if (known)
            nearest_offer(&nearest, known);
        if (nearest.best == before)
            continue;
        (void)snprintf(ret_name, AGENT_NAME_MAX + 1, "%s", nearest.best);
        nearest.best = ret_name;
    }
    return nearest.best != NULL;
}

int store_agent_not_found(struct store *store, const char *name, struct error *err)
{
    char visible[4 * AGENT_NAME_MAX], known[AGENT_NAME_MAX + 1];
    if (!err)
        return -ENOENT;
    text_visible(name, visible, sizeof(visible));
    if (nearest_agent(store, name, known))
        return error_set(err, -ENOENT, ERROR_NOT_FOUND, "no_agent",
                         "there is no agent \"%s\"; did you mean \"%s\"?", visible, known);
    return error_set(err, -ENOENT, ERROR_NOT_FOUND, "no_agent",
                     "there is no agent \"%s\"; `roost ls` lists them", visible);
}

int store_read_agent(struct store *store, const char *name, store_agent_fn *agent, void *ctx,
                     struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    struct store_agent row;
    int r = sql_get(&store->sql, "SELECT " ROW_AGENT " FROM agents WHERE name = ?", &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, name);
    r = sql_step(stmt, err);
    if (r < 0)
        return r;
    if (r == 0)
        return store_agent_not_found(store, name, err);
    r = row_agent(stmt, &row, err);
    return r < 0 ? r : agent(ctx, &row);
}

int store_write_agent(struct store *store, const struct store_agent *agent, bool *ret_changed,
                      struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_get(&store->sql,
                    "INSERT INTO agents (name, lifecycle, image, spec, idle_timeout, pool, held,"
                    " held_reason, source, applied) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT (name) DO UPDATE SET lifecycle = excluded.lifecycle,"
                    " image = excluded.image, spec = excluded.spec,"
                    " idle_timeout = excluded.idle_timeout, pool = excluded.pool,"
                    " held = excluded.held, held_reason = excluded.held_reason,"
                    " source = excluded.source, applied = excluded.applied"
                    " WHERE (lifecycle, image, spec, idle_timeout, pool, held, held_reason, source,"
                    " applied) IS NOT (excluded.lifecycle, excluded.image, excluded.spec,"
                    " excluded.idle_timeout, excluded.pool, excluded.held, excluded.held_reason,"
                    " excluded.source, excluded.applied)",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, agent->name);
    sql_bind_text(stmt, agent->lifecycle);
    sql_bind_text(stmt, agent->image);
    sql_bind_text(stmt, agent->spec);
    sql_bind_text(stmt, agent->idle_timeout);
    sql_bind_text(stmt, agent->pool);
    sql_bind_int(stmt, agent->held);
    sql_bind_text(stmt, agent->held_reason);
    sql_bind_text(stmt, agent->source);
    sql_bind_text(stmt, agent->applied);
    r = sql_run(stmt, err);
    if (r < 0)
        return r;
    *ret_changed = sqlite3_changes(store->sql.db) > 0;
    return 0;
}

int store_delete_agent(struct store *store, const char *name, struct error *err)
{
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_run_with(&store->sql, "DELETE FROM agents WHERE name = ?", name, err);
    if (r < 0)
        return r;
    return sqlite3_changes(store->sql.db) > 0 ? 0 : store_agent_not_found(store, name, err);
}

int store_set_held(struct store *store, const char *name, bool held, const char *reason,
                   struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_get(&store->sql, "UPDATE agents SET held = ?, held_reason = ? WHERE name = ?",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_int(stmt, held);
    sql_bind_text(stmt, held ? reason : NULL);
    sql_bind_text(stmt, name);
    r = sql_run(stmt, err);
    if (r < 0)
        return r;
    return sqlite3_changes(store->sql.db) > 0 ? 0 : store_agent_not_found(store, name, err);
}
