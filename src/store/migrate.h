/* SPDX-License-Identifier: MIT
 *
 * What a database is, and how one version becomes the next. The version stands in
 * `user_version`; `application_id` says that the file is roost's.
 *
 * A step is never changed once it was released: a new one is appended to the list.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "store/sql.h"

#define MIGRATE_APPLICATION_ID 0x526f6f73 /* "Roos" */

struct migration {
    int version; /* the version that it leads to; ascending */
    const char *sql;
};

struct migration_list {
    const struct migration *steps;
    size_t n;
};

/* Those that are compiled in. */
const struct migration_list *migrate_builtin(void);

int migrate_latest(const struct migration_list *list);

/* The version of the database, 0 for an empty file. Refused: a database of another program, one of
 * a newer roost. Writes nothing. */
int migrate_identify(struct sql *sql, const struct migration_list *list, int *ret_version,
                     struct error *err) _must_use_;

/* Bring the database to the newest version in one transaction. Another process may have done so
 * meanwhile. */
int migrate_apply(struct sql *sql, const struct migration_list *list, struct error *err) _must_use_;
