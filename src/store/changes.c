/* SPDX-License-Identifier: MIT
 *
 * What changed since a generation: two walks by index, merged. */
#include <errno.h>

#include "store/internal.h"
#include "store/row.h"

/* The rows and the tombstones, each in order; `row` and `tombstone` say whether they stand on one.
 */
struct walk {
    struct sql_stmt *agents;
    struct sql_stmt *tombstones;
    bool agent;
    bool tombstone;
};

static void walk_close(struct walk *walk)
{
    sql_done(walk->agents);
    sql_done(walk->tombstones);
}

static int walk_open(struct walk *walk, struct sql *sql, uint64_t generation, struct error *err)
{
    int r =
        sql_get(sql, "SELECT " ROW_AGENT " FROM agents WHERE generation > ? ORDER BY generation",
                &walk->agents, err);
    /* Only a hand that switched the triggers off leaves both: the row beats its tombstone. */
    if (r == 0)
        r = sql_get(sql,
                    "SELECT name, generation, deleted_at, " ROW_SPEC " FROM tombstones"
                    " WHERE generation > ? AND NOT EXISTS"
                    " (SELECT 1 FROM agents WHERE agents.name = tombstones.name)"
                    " ORDER BY generation",
                    &walk->tombstones, err);
    if (r < 0)
        return r;
    sql_bind_int(walk->agents, (int64_t)generation);
    sql_bind_int(walk->tombstones, (int64_t)generation);
    return 0;
}

static int step(struct sql_stmt *stmt, bool *ret_row, struct error *err)
{
    int r = sql_step(stmt, err);
    if (r < 0)
        return r;
    *ret_row = r > 0;
    return 0;
}

static int give_agent(struct walk *walk, store_agent_fn *agent, void *ctx, struct error *err)
{
    struct store_agent row;
    int r = row_agent(walk->agents, &row, err);
    if (r == 0)
        r = agent(ctx, &row);
    return r != 0 ? r : step(walk->agents, &walk->agent, err);
}

static int give_tombstone(struct walk *walk, store_tombstone_fn *tombstone, void *ctx,
                          struct error *err)
{
    struct store_tombstone row = {
        .name = sql_text(walk->tombstones, "name"),
        .generation = (uint64_t)sql_int(walk->tombstones, "generation"),
        .deleted_at_ms = sql_int(walk->tombstones, "deleted_at"),
        .spec = sql_text(walk->tombstones, "spec"),
    };
    int r = sql_check(walk->tombstones, err);
    if (r == 0)
        r = tombstone(ctx, &row);
    return r != 0 ? r : step(walk->tombstones, &walk->tombstone, err);
}

static int walk_merged(struct walk *walk, store_agent_fn *agent, store_tombstone_fn *tombstone,
                       void *ctx, struct error *err)
{
    int r = step(walk->agents, &walk->agent, err);
    if (r == 0)
        r = step(walk->tombstones, &walk->tombstone, err);
    while (r == 0 && (walk->agent || walk->tombstone)) {
        bool agent_first =
            !walk->tombstone || (walk->agent && sql_int(walk->agents, "generation") <
                                                    sql_int(walk->tombstones, "generation"));
        r = agent_first ? give_agent(walk, agent, ctx, err)
                        : give_tombstone(walk, tombstone, ctx, err);
    }
    return r;
}

/* `.restore` of an old copy into the open file: what is gone since left no tombstones. */
static int went_back(const struct sql *sql, struct error *err)
{
    return error_set(
        err, -ESTALE, ERROR_STORAGE, "replaced",
        "database %s was replaced by an older copy while it was open; restart this program",
        sql->path);
}

int store_read_changes(struct store *store, uint64_t generation, store_agent_fn *agent,
                       store_tombstone_fn *tombstone, void *ctx, uint64_t *ret_generation,
                       struct error *err)
{
    struct sql *sql = &store->sql;
    int64_t now = 0;
    bool outer = false;
    int r = sql_begin(sql, SQL_READ, &outer, err);
    if (r < 0)
        return r;
    r = sql_query_int(sql, "SELECT generation FROM meta", &now, err);
    if (r == 0 && (uint64_t)now < generation)
        r = went_back(sql, err);
    if (r == 0 && (uint64_t)now > generation) {
        _cleanup_(walk_close) struct walk walk = {0};
        r = walk_open(&walk, sql, generation, err);
        if (r == 0)
            r = walk_merged(&walk, agent, tombstone, ctx, err);
    }
    int end = sql_end(sql, outer, r < 0 ? r : 0, err);
    if (r != 0)
        return r;
    if (end == 0)
        *ret_generation = (uint64_t)now;
    return end;
}

int store_delete_tombstone(struct store *store, const char *name, uint64_t generation,
                           struct error *err)
{
    static const char *const also[] = {
        "DELETE FROM agent_state WHERE agent = ?",
        "DELETE FROM agent_volumes WHERE agent = ?",
    };
    bool outer = false;
    int r = store_set_relaxed(store, true, err);
    if (r == 0)
        r = sql_begin(&store->sql, SQL_WRITE, &outer, err);
    if (r < 0)
        return r;
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    r = sql_get(&store->sql, "DELETE FROM tombstones WHERE name = ? AND generation = ?", &stmt,
                err);
    if (r == 0) {
        sql_bind_text(stmt, name);
        sql_bind_int(stmt, (int64_t)generation);
        r = sql_run(stmt, err);
    }
    bool done = r == 0 && sqlite3_changes(store->sql.db) > 0;
    for (size_t i = 0; r == 0 && done && i < ARRAY_LEN(also); i++)
        r = sql_run_with(&store->sql, also[i], name, err);
    return sql_end(&store->sql, outer, r, err);
}
