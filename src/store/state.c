/* SPDX-License-Identifier: MIT
 *
 * What the keeper remembers: agent_state and agent_volumes. All of it can be found again at the
 * engine, so these writes do not wait for the disk (see store_begin_relaxed()). */
#include "store/internal.h"

int store_read_states(struct store *store, store_state_fn *state, void *ctx, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r =
        sql_get(&store->sql,
                "SELECT agent, container_id, state, reason, failed_generation, boot_id, episodes,"
                " crashes, restart_1_ns, restart_2_ns, restart_3_ns, retry_at_ns, idle_since_ns,"
                " job_ran, to_follow FROM agent_state"
                " ORDER BY agent",
                &stmt, err);
    if (r < 0)
        return r;
    while ((r = sql_step(stmt, err)) > 0) {
        struct store_state row = {
            .agent = sql_text(stmt, "agent"),
            .container_id = sql_text(stmt, "container_id"),
            .state = sql_text(stmt, "state"),
            .reason = sql_words(stmt, "reason"),
            .failed_generation = (uint64_t)sql_int(stmt, "failed_generation"),
            .episodes = (uint32_t)sql_int(stmt, "episodes"),
            .crashes = (unsigned)sql_int(stmt, "crashes"),
            .boot_id = sql_text(stmt, "boot_id"),
            .restarts_ns = {(uint64_t)sql_int(stmt, "restart_1_ns"),
                            (uint64_t)sql_int(stmt, "restart_2_ns"),
                            (uint64_t)sql_int(stmt, "restart_3_ns")},
            .retry_at_ns = (uint64_t)sql_int(stmt, "retry_at_ns"),
            .idle_since_ns = (uint64_t)sql_int(stmt, "idle_since_ns"),
            .job_ran = (uint64_t)sql_int(stmt, "job_ran"),
            .to_follow = sql_int(stmt, "to_follow") != 0,
        };
        r = sql_check(stmt, err);
        if (r == 0)
            r = state(ctx, &row);
        if (r != 0)
            break;
    }
    return r;
}

int store_write_state(struct store *store, const struct store_state *state, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = store_set_relaxed(store, true, err);
    if (r == 0)
        r = sql_get(&store->sql,
                    "INSERT OR REPLACE INTO agent_state (agent, container_id, state, reason,"
                    " failed_generation, episodes, crashes, boot_id, restart_1_ns, restart_2_ns,"
                    " restart_3_ns, retry_at_ns, idle_since_ns, job_ran, to_follow)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, state->agent);
    sql_bind_text(stmt, state->container_id);
    sql_bind_text(stmt, state->state);
    sql_bind_text(stmt, state->reason);
    sql_bind_int(stmt, (int64_t)state->failed_generation);
    sql_bind_int(stmt, state->episodes);
    sql_bind_int(stmt, state->crashes);
    sql_bind_text(stmt, state->boot_id ? state->boot_id : "");
    for (size_t i = 0; i < STORE_RESTARTS_KEPT; i++)
        sql_bind_int(stmt, (int64_t)state->restarts_ns[i]);
    sql_bind_int(stmt, (int64_t)state->retry_at_ns);
    sql_bind_int(stmt, (int64_t)state->idle_since_ns);
    sql_bind_int(stmt, (int64_t)state->job_ran);
    sql_bind_int(stmt, state->to_follow);
    return sql_run(stmt, err);
}

static int volume_insert(struct store *store, const char *agent, const struct store_volume *volume,
                         struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql,
                    "INSERT INTO agent_volumes (agent, destination, name) VALUES (?, ?, ?)", &stmt,
                    err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, agent);
    sql_bind_text(stmt, volume->destination);
    sql_bind_text(stmt, volume->name);
    return sql_run(stmt, err);
}

int store_write_volumes(struct store *store, const char *agent, const struct store_volume *volumes,
                        size_t n, struct error *err)
{
    bool outer = false;
    int r = store_set_relaxed(store, true, err);
    if (r == 0)
        r = sql_begin(&store->sql, SQL_WRITE, &outer, err);
    if (r < 0)
        return r;
    r = sql_run_with(&store->sql, "DELETE FROM agent_volumes WHERE agent = ?", agent, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = volume_insert(store, agent, &volumes[i], err);
    return sql_end(&store->sql, outer, r, err);
}

int store_read_volumes(struct store *store, store_volume_fn *volume, void *ctx, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql,
                    "SELECT agent, destination, name FROM agent_volumes"
                    " ORDER BY agent, destination",
                    &stmt, err);
    if (r < 0)
        return r;
    while ((r = sql_step(stmt, err)) > 0) {
        const char *agent = sql_text(stmt, "agent");
        struct store_volume row = {
            .destination = sql_text(stmt, "destination"),
            .name = sql_text(stmt, "name"),
        };
        r = sql_check(stmt, err);
        if (r == 0)
            r = volume(ctx, agent, &row);
        if (r != 0)
            break;
    }
    return r;
}
