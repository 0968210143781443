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
#include "store/lock.h"

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

static int fleet_write(struct store *store, const char *fleet, struct error *err)
{
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_run_with(&store->sql, "UPDATE meta SET fleet = ? WHERE fleet = ''", fleet, err);
    /* Another process may have set one since it was read last. */
    return r < 0 ? r : meta_load(store, err);
}

int store_set_fleet(struct store *store, const char *fleet, struct error *err)
{
    if (!fleet_name_is_valid(fleet))
        return error_set(
            err, -EINVAL, ERROR_INVALID, "bad_fleet",
            "\"%s\" is no name for a fleet; use at most 63 of a-z 0-9 _ -, the first a "
            "letter or a digit",
            fleet);
    int r = store->fleet[0] == '\0' ? fleet_write(store, fleet, err) : 0;
    if (r < 0 || strcmp(store->fleet, fleet) == 0)
        return r;
    return fleet_refuse(store, fleet, err);
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
    int r = store_set_relaxed(store, false, err);
    if (r == 0)
        r = sql_run_with(&store->sql, "INSERT OR IGNORE INTO takeovers (uid) VALUES (?)", uid, err);
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

/* After a change by others. Another uid: somebody restored another database into the open file. */
static int meta_reload(struct store *store, struct error *err)
{
    char uid[STORE_UID_SIZE];
    memcpy(uid, store->uid, sizeof(uid));
    int r = meta_load(store, err);
    if (r < 0 || strcmp(uid, store->uid) == 0)
        return r;
    memcpy(store->uid, uid, sizeof(uid));
    return sql_fail(&store->sql, SQLITE_READONLY_DBMOVED, err);
}

static int data_version(struct store *store, int64_t *ret_version, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql, "PRAGMA data_version", &stmt, err);
    if (r == 0)
        r = sql_step(stmt, err);
    if (r < 0)
        return r;
    *ret_version = sql_int(stmt, "data_version");
    return sql_check(stmt, err);
}

int store_changed(struct store *store, bool *ret_changed, struct error *err)
{
    int64_t version = 0;
    int r = file_is_ours(store, err);
    if (r == 0 && store->lock_fd >= 0)
        r = lock_keep(store->path, &store->lock_fd, err);
    if (r == 0)
        r = data_version(store, &version, err);
    if (r < 0)
        return r;
    bool changed = version != store->data_version;
    r = changed ? meta_reload(store, err) : 0;
    if (r < 0)
        return r;
    store->data_version = version;
    *ret_changed = changed;
    return 0;
}
