/* SPDX-License-Identifier: MIT
 *
 * Transactions of the caller, and how durable a commit is. */
#include <errno.h>

#include "store/internal.h"

int store_set_relaxed(struct store *store, bool relaxed, struct error *err)
{
    if (store->relaxed == relaxed || !sqlite3_get_autocommit(store->sql.db))
        return 0;
    int r = sql_exec(&store->sql,
                     relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", err);
    if (r == 0)
        store->relaxed = relaxed;
    return r;
}

static int begin(struct store *store, bool relaxed, struct error *err)
{
    bool outer = false;
    if (!sqlite3_get_autocommit(store->sql.db))
        return error_set(err, -EALREADY, ERROR_FAILED, NULL,
                         "database %s: a transaction is open already", store->sql.path);
    int r = store_set_relaxed(store, relaxed, err);
    return r < 0 ? r : sql_begin(&store->sql, SQL_WRITE, &outer, err);
}

int store_begin(struct store *store, struct error *err)
{
    return begin(store, false, err);
}

int store_begin_relaxed(struct store *store, struct error *err)
{
    return begin(store, true, err);
}

/* A fleet or a takeover may be among what was taken back. What cannot be read stays as it was
 * known. */
static void taken_back(struct store *store)
{
    int r = meta_load(store, NULL);
    (void)r;
}

int store_commit(struct store *store, struct error *err)
{
    int r = -ECANCELED;
    if (sqlite3_get_autocommit(store->sql.db))
        (void)error_set(err, r, ERROR_STORAGE, "rolled_back",
                        "database %s: the transaction was taken back after a fault",
                        store->sql.path);
    else
        r = sql_end(&store->sql, true, 0, err);
    if (r < 0)
        taken_back(store);
    return r;
}

void store_rollback(struct store *store)
{
    sql_rollback(&store->sql, true);
    taken_back(store);
}
