/* SPDX-License-Identifier: MIT
 *
 * The database's identity, its fleet, and whether anything has changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sha256.h"
#include "core/agent.h"
#include "store/internal.h"

static bool uid_is_valid(const char *uid)
{
    uint8_t bytes[(STORE_UID_SIZE - 1) / 2];
    return hex_parse(uid, bytes, sizeof(bytes)) == 0;
}

static int identity_load(struct store *store, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql, "SELECT uid, fleet FROM meta", &stmt, err);
    if (r == 0)
        r = sql_step(stmt, err);
    if (r < 0)
        return r;
    const char *uid = r > 0 ? sql_text(stmt, "uid") : NULL;
    const char *fleet = r > 0 ? sql_text(stmt, "fleet") : NULL;
    if (!uid || !fleet || !uid_is_valid(uid) || (*fleet && !fleet_name_is_valid(fleet)))
        return error_set(
            err, -EUCLEAN, ERROR_STORAGE, "corrupt",
            "database %s: table meta has no valid uid and fleet; put back a copy made by "
            "`roost backup`",
            store->sql.path);
    (void)snprintf(store->uid, sizeof(store->uid), "%s", uid);
    (void)snprintf(store->fleet, sizeof(store->fleet), "%s", fleet);
    return 0;
}

static int takeovers_load(struct store *store, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql, "SELECT uid FROM takeovers", &stmt, err);
    if (r < 0)
        return r;
    size_t n = 0;
    while (n < STORE_TAKEOVERS_MAX && (r = sql_step(stmt, err)) > 0) {
        if (!store->takeovers)
            store->takeovers = calloc(STORE_TAKEOVERS_MAX, sizeof(*store->takeovers));
        if (!store->takeovers)
            return error_set(err, -ENOMEM, ERROR_FAILED, "no_memory", "out of memory");
        const char *uid = sql_text(stmt, "uid");
        if (uid && uid_is_valid(uid))
            (void)snprintf(store->takeovers[n++], STORE_UID_SIZE, "%s", uid);
    }
    store->n_takeovers = n;
    return r < 0 ? r : 0;
}

int meta_load(struct store *store, struct error *err)
{
    int r = identity_load(store, err);
    return r < 0 ? r : takeovers_load(store, err);
}

const char *store_uid(const struct store *store)
{
    return store->uid;
}

const char *store_fleet(const struct store *store)
{
    return store->fleet;
}

static int fleet_refuse(const struct store *store, const char *fleet, struct error *err)
{
    return error_set(
        err, -EEXIST, ERROR_CONFLICT, "other_fleet",
        "database %s is of fleet \"%s\", not \"%s\"; give another database with --db, or "
        "name the file like the fleet",
        store->sql.path, store->fleet, fleet);
}

int store_set_fleet(struct store *store, const char *fleet, struct error *err)
{
    if (!fleet_name_is_valid(fleet))
        return error_set(
            err, -EINVAL, ERROR_INVALID, "bad_fleet",
            "\"%s\" is no name for a fleet; use at most 63 of a-z 0-9 _ -, the first a "
            "letter or a digit",
            fleet);
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql, "UPDATE meta SET fleet = ? WHERE fleet = ''", &stmt, err);
    if (r < 0)
        return r;
    if (strcmp(store->fleet, fleet) == 0)
        return 0;
    if (store->fleet[0] == '\0') {
        sql_bind_text(stmt, fleet);
        r = store_set_relaxed(store, false, err);
        if (r == 0)
            r = sql_run(stmt, err);
        /* Another process may have set one since it was read last. */
        if (r == 0)
            r = meta_load(store, err);
        if (r < 0)
            return r;
    }
    return strcmp(store->fleet, fleet) == 0 ? 0 : fleet_refuse(store, fleet, err);
}

int store_add_uid(struct store *store, const char *uid, struct error *err)
{
    if (!uid_is_valid(uid))
        return error_set(err, -EINVAL, ERROR_INVALID, "bad_uid",
                         "\"%s\" is no uid of a database; it has 32 hexadecimal digits", uid);
    if (store_has_uid(store, uid))
        return 0;
    if (store->n_takeovers == STORE_TAKEOVERS_MAX)
        return error_set(err, -ENOBUFS, ERROR_FAILED, NULL,
                         "database %s has taken over %d others already; delete some from its table "
                         "takeovers",
                         store->sql.path, STORE_TAKEOVERS_MAX);
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql, "INSERT OR IGNORE INTO takeovers (uid) VALUES (?)", &stmt, err);
    if (r == 0)
        r = store_set_relaxed(store, false, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, uid);
    r = sql_run(stmt, err);
    return r < 0 ? r : takeovers_load(store, err);
}

bool store_has_uid(const struct store *store, const char *uid)
{
    if (strcmp(uid, store->uid) == 0)
        return true;
    for (size_t i = 0; i < store->n_takeovers; i++)
        if (strcmp(uid, store->takeovers[i]) == 0)
            return true;
    return false;
}

/* A database that was replaced under us would never show a change again. */
static int file_is_ours(const struct store *store, struct error *err)
{
    struct stat st;
    if (!store->path)
        return 0;
    if (lstat(store->path, &st) == 0 && st.st_dev == store->dev && st.st_ino == store->ino)
        return 0;
    return sql_fail(&store->sql, SQLITE_READONLY_DBMOVED, err);
}

int store_changed(struct store *store, bool *ret_changed, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = file_is_ours(store, err);
    if (r == 0)
        r = sql_get(&store->sql, "PRAGMA data_version", &stmt, err);
    if (r == 0)
        r = sql_step(stmt, err);
    if (r < 0)
        return r;
    int64_t version = sql_int(stmt, "data_version");
    bool changed = version != store->data_version;
    sql_done(steal(&stmt));
    r = changed ? meta_load(store, err) : 0;
    if (r < 0)
        return r;
    store->data_version = version;
    *ret_changed = changed;
    return 0;
}

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

int store_begin(struct store *store, struct error *err)
{
    bool outer;
    if (!sqlite3_get_autocommit(store->sql.db))
        return error_set(err, -EALREADY, ERROR_FAILED, NULL,
                         "database %s: a transaction is open already", store->sql.path);
    int r = store_set_relaxed(store, false, err);
    return r < 0 ? r : sql_begin(&store->sql, SQL_WRITE, &outer, err);
}

int store_begin_relaxed(struct store *store, struct error *err)
{
    bool outer;
    if (!sqlite3_get_autocommit(store->sql.db))
        return error_set(err, -EALREADY, ERROR_FAILED, NULL,
                         "database %s: a transaction is open already", store->sql.path);
    int r = store_set_relaxed(store, true, err);
    return r < 0 ? r : sql_begin(&store->sql, SQL_WRITE, &outer, err);
}

int store_commit(struct store *store, struct error *err)
{
    if (sqlite3_get_autocommit(store->sql.db))
        return error_set(err, -ECANCELED, ERROR_STORAGE, "rolled_back",
                         "database %s: the transaction was taken back after a fault",
                         store->sql.path);
    return sql_end(&store->sql, true, 0, err);
}

void store_rollback(struct store *store)
{
    sql_rollback(&store->sql, true);
}
