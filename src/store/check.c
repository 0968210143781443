/* SPDX-License-Identifier: MIT
 *
 * Is the database whole? */
#include <errno.h>
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

int store_check(struct store *store, bool full, struct error *err)
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
