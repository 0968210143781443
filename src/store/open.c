/* SPDX-License-Identifier: MIT
 *
 * Opening and closing: checks first, then the lock, then SQLite, then migrations. Until the file is
 * known to be roost's nothing is written to it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "store/backup.h"
#include "store/files.h"
#include "store/internal.h"
#include "store/lock.h"

#define BUSY_MS       5000
#define BUSY_OWNER_MS 250
#define WAL_RETRY_MS  10

/* Bytes of WAL that stay on the disk after a burst. */
#define JOURNAL_LIMIT "16777216"

/* While opening, the owner too has time: its loop does not run yet. */
static int open_timeout_ms(const struct store_options *options)
{
    return options->busy_timeout_ms ? options->busy_timeout_ms : BUSY_MS;
}

static int connect_file(struct store *store, const struct store_options *options, struct error *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                (options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int r;
    if (!store->path) {
        flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY;
        r = sql_open(&store->sql, ":memory:", flags, err);
    } else {
        r = sql_open(&store->sql, store->path, flags, err);
    }
    if (r < 0)
        return r;
    /* SQLite opens what it may not write read-only, and fails later without a reason. */
    if (!options->read_only && sqlite3_db_readonly(store->sql.db, "main") == 1)
        return sql_fail(&store->sql, SQLITE_READONLY, err);
    (void)sqlite3_busy_timeout(store->sql.db, open_timeout_ms(options));
    return sql_exec(&store->sql,
                    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; "
                    "PRAGMA journal_size_limit = " JOURNAL_LIMIT,
                    err);
}

/* An older database: copied first, and changed only while nobody owns it, for an older daemon would
 * go on working with tables that it does not know. */
static int upgrade(struct store *store, const struct migration_list *migrations, int version,
                   struct error *err)
{
    int fd = -1;
    int r = store->lock_fd < 0 ? lock_take(store->path, &fd, err) : 0;
    if (r < 0)
        return error_wrap(err, r, "database of an older roost (version %d)", version);
    _cleanup_free_ char *copy = NULL;
    if (asprintf(&copy, "%s.v%d.bak", store->path, version) < 0)
        r = error_set(err, -ENOMEM, ERROR_FAILED, "no_memory", "out of memory");
    else
        r = backup_write(&store->sql, copy, true, err);
    if (r == 0)
        r = migrate_apply(&store->sql, migrations, err);
    lock_give(fd);
    return r;
}

/* Writes to a file that was in another mode. That needs the file alone, and SQLite does not wait
 * for it: several processes may be making the database at once. (In memory it does nothing.) */
static int enter_wal(struct sql *sql, int timeout_ms, struct error *err)
{
    const struct timespec pause = {.tv_nsec = WAL_RETRY_MS * (long)NS_PER_MS};
    for (int waited_ms = 0;; waited_ms += WAL_RETRY_MS) {
        int r = sql_exec(sql, "PRAGMA journal_mode = WAL", err);
        if (r != -EBUSY || waited_ms >= timeout_ms)
            return r;
        error_clear(err);
        (void)nanosleep(&pause, NULL);
    }
}

static int bring_up_to_date(struct store *store, const struct store_options *options,
                            const struct migration_list *migrations, struct error *err)
{
    int version;
    int r = migrate_identify(&store->sql, migrations, &version, err);
    if (r < 0)
        return r;
    if (version == 0 && store->path && !options->create)
        return error_set(err, -ENOENT, ERROR_NOT_FOUND, "no_database",
                         "the database %s is empty; `roost apply` or `roost serve` fills it",
                         store->path);
    if (options->read_only) {
        if (version == migrate_latest(migrations))
            return 0;
        return error_set(
            err, -ENOTSUP, ERROR_STORAGE, "older",
            "the database %s is of an older roost (version %d); start this one's daemon once",
            store->path, version);
    }
    r = enter_wal(&store->sql, open_timeout_ms(options), err);
    if (r < 0 || version == migrate_latest(migrations))
        return r;
    if (version == 0)
        return migrate_apply(&store->sql, migrations, err);
    return upgrade(store, migrations, version, err);
}

static int remember_file(struct store *store, struct error *err)
{
    struct stat st;
    if (!store->path)
        return 0;
    if (lstat(store->path, &st) < 0)
        return error_wrap(err, -errno, "database %s", store->path);
    store->dev = st.st_dev;
    store->ino = st.st_ino;
    /* In a folder like /tmp somebody may have put them there between the check and the opening. */
    return files_check_beside(store->path, err);
}

/* Reading the whole file is the owner's part, once at its start; a damaged file shows itself to
 * others where they meet the damage. A row that came past the table's CHECKs is no damage: it fails
 * its agent. */
static int check_owned(struct store *store, struct error *err)
{
    int r = sql_exec(&store->sql, "PRAGMA ignore_check_constraints = ON", err);
    if (r == 0)
        r = store_check(store, false, err);
    int off = sql_exec(&store->sql, "PRAGMA ignore_check_constraints = OFF", r < 0 ? NULL : err);
    return r < 0 ? r : off;
}

static int open_all(struct store *store, const struct store_options *options,
                    const struct migration_list *migrations, struct error *err)
{
    int r = 0;
    if (strcmp(options->path, ":memory:") != 0)
        r = files_prepare(options->path, options->create && !options->read_only, &store->path, err);
    if (r == 0 && options->own && store->path)
        r = lock_take(store->path, &store->lock_fd, err);
    if (r == 0)
        r = connect_file(store, options, err);
    if (r == 0)
        r = bring_up_to_date(store, options, migrations, err);
    if (r == 0)
        r = remember_file(store, err);
    if (r == 0 && options->own)
        r = check_owned(store, err);
    /* In this order: what others change in between is at worst told once more. */
    if (r == 0)
        r = sql_query_int(&store->sql, "PRAGMA data_version", &store->data_version, err);
    if (r == 0)
        r = meta_load(store, err);
    if (r == 0 && options->own && !options->busy_timeout_ms)
        (void)sqlite3_busy_timeout(store->sql.db, BUSY_OWNER_MS);
    return r;
}

int store_open_with(const struct store_options *options, const struct migration_list *migrations,
                    struct store **ret_store, struct error *err)
{
    if (options->read_only && (options->own || options->create))
        return error_set(err, -EINVAL, ERROR_USAGE, NULL,
                         "a database that is opened read-only is neither owned nor made");
    _cleanup_(store_closep) struct store *store = calloc(1, sizeof(*store));
    if (!store)
        return error_set(err, -ENOMEM, ERROR_FAILED, "no_memory", "out of memory");
    store->lock_fd = -1;
    store->migrations = migrations;
    int r = open_all(store, options, migrations, err);
    if (r < 0)
        return r;
    *ret_store = steal(&store);
    return 0;
}

int store_open(const struct store_options *options, struct store **ret_store, struct error *err)
{
    return store_open_with(options, migrate_builtin(), ret_store, err);
}

/* The lock goes last: whoever takes it finds a database that is closed. */
struct store *store_close(struct store *store)
{
    if (!store)
        return NULL;
    sql_close(&store->sql);
    lock_give(store->lock_fd);
    free(store->takeovers);
    free(store->path);
    free(store);
    return NULL;
}

void store_closep(struct store **store)
{
    *store = store_close(*store);
}

void store_trim(struct store *store)
{
    (void)sqlite3_db_release_memory(store->sql.db);
}

int store_owner(const char *path, int *ret_pid, struct error *err)
{
    _cleanup_free_ char *real = NULL;
    int r = files_resolve(path, false, &real, err);
    return r < 0 ? r : lock_owner(real, ret_pid, err);
}
