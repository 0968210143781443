/* SPDX-License-Identifier: MIT
 *
 * Is the database whole, and are the triggers there that it stands on? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

static int damaged(struct store *store, const char *what, struct error *err)
{
    return error_set(
        err, -EUCLEAN, ERROR_STORAGE, "corrupt",
        "database %s: %s; put back a copy made by `roost backup`, or rescue what is left "
        "with sqlite3's `.recover`",
        store->sql.path, what);
}

static int check_pages(struct store *store, bool full, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(&store->sql,
                    full ? "SELECT integrity_check AS fault FROM pragma_integrity_check(1)"
                         : "SELECT quick_check AS fault FROM pragma_quick_check(1)",
                    &stmt, err);
    if (r == 0)
        r = sql_step(stmt, err);
    if (r < 0)
        return r;
    const char *fault = r > 0 ? sql_text(stmt, "fault") : NULL;
    if (!fault)
        return damaged(store, "no answer to the check", err);
    return strcmp(fault, "ok") == 0 ? 0 : damaged(store, fault, err);
}

static int trigger_compare(struct store *store, const char *name, const char *text,
                           struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r =
        sql_get(&store->sql, "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?",
                &stmt, err);
    if (r < 0)
        return r;
    sql_bind_text(stmt, name);
    r = sql_step(stmt, err);
    if (r < 0)
        return r;
    const char *found = r > 0 ? sql_text(stmt, "sql") : NULL;
    if (found && strcmp(found, text) == 0)
        return 0;
    return error_set(
        err, -EUCLEAN, ERROR_STORAGE, "corrupt",
        "database %s: trigger %s is missing or was changed, so that changes go unseen; "
        "put back a copy made by `roost backup`",
        store->sql.path, name);
}

/* Against those of a new database. Tables need no look: a statement that misses one fails. */
static int check_triggers(struct store *store, struct error *err)
{
    _cleanup_(store_closep) struct store *fresh = NULL;
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL; /* of `fresh`, so it goes first */
    const struct store_options options = {.path = ":memory:"};
    int r = store_open_with(&options, store->migrations, &fresh, err);
    if (r == 0)
        r = sql_get(&fresh->sql, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'",
                    &stmt, err);
    if (r < 0)
        return r;
    while ((r = sql_step(stmt, err)) > 0) {
        const char *name = sql_text(stmt, "name"), *text = sql_text(stmt, "sql");
        r = sql_check(stmt, err);
        if (r == 0)
            r = trigger_compare(store, name, text, err);
        if (r < 0)
            break;
    }
    return r;
}

int store_check(struct store *store, bool full, struct error *err)
{
    int r = check_pages(store, full, err);
    return r < 0 ? r : check_triggers(store, err);
}
