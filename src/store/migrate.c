/* SPDX-License-Identifier: MIT
 *
 * Identification and migration of a database. */
#include "store/migrate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

extern const char schema_sql[]; /* schema.sql, by embed.S */
extern const char schema2_sql[];
extern const char schema3_sql[];
extern const char schema4_sql[];
extern const char schema5_sql[];

const struct migration_list *migrate_builtin(void)
{
    static const struct migration steps[] = {
        {1, schema_sql}, {2, schema2_sql}, {3, schema3_sql}, {4, schema4_sql}, {5, schema5_sql},
    };
    static const struct migration_list list = {steps, ARRAY_LEN(steps)};
    return &list;
}

int migrate_latest(const struct migration_list *list)
{
    return list->steps[list->n - 1].version;
}

struct identity {
    int64_t application;
    int64_t version;
    int64_t objects; /* tables, indexes, triggers */
};

/* In one transaction: another process may be making the database just now. */
static int identity_read(struct sql *sql, struct identity *ret_identity, struct error *err)
{
    struct identity identity = {0};
    bool outer = false;
    int r = sql_begin(sql, SQL_READ, &outer, err);
    if (r < 0)
        return r;
    r = sql_query_int(sql, "PRAGMA application_id", &identity.application, err);
    if (r == 0)
        r = sql_query_int(sql, "PRAGMA user_version", &identity.version, err);
    if (r == 0)
        r = sql_query_int(sql, "SELECT count(*) FROM sqlite_schema", &identity.objects, err);
    r = sql_end(sql, outer, r, err);
    if (r == 0)
        *ret_identity = identity;
    return r;
}

int migrate_identify(struct sql *sql, const struct migration_list *list, int *ret_version,
                     struct error *err)
{
    struct identity found = {0};
    int r = identity_read(sql, &found, err);
    if (r < 0)
        return r;
    if (found.application == 0 && found.version == 0 && found.objects == 0) {
        *ret_version = 0;
        return 0;
    }
    if (found.application != MIGRATE_APPLICATION_ID || found.version < 1)
        return error_set(err, -EUCLEAN, ERROR_STORAGE, "not_roost",
                         "database %s is not one of roost's (application_id %" PRId64
                         "); give the right file",
                         sql->path, found.application);
    if (found.version > migrate_latest(list))
        return error_set(err, -ENOTSUP, ERROR_STORAGE, "newer",
                         "database %s is of a newer roost (version %" PRId64
                         ", this one knows up to %d); install that roost, or put back the copy "
                         "that it made beside the database",
                         sql->path, found.version, migrate_latest(list));
    *ret_version = (int)found.version;
    return 0;
}

static int step_apply(struct sql *sql, const struct migration *step, struct error *err)
{
    char pragma[96];
    int r = sql_exec(sql, step->sql, err);
    if (r < 0)
        return error_wrap(err, r, "migration to version %d", step->version);
    (void)snprintf(pragma, sizeof(pragma), "PRAGMA application_id = %d; PRAGMA user_version = %d",
                   MIGRATE_APPLICATION_ID, step->version);
    return sql_exec(sql, pragma, err);
}

int migrate_apply(struct sql *sql, const struct migration_list *list, struct error *err)
{
    bool outer = false;
    int version = 0;
    int r = sql_begin(sql, SQL_WRITE, &outer, err);
    if (r < 0)
        return r;
    r = migrate_identify(sql, list, &version, err);
    for (size_t i = 0; r == 0 && i < list->n; i++)
        if (list->steps[i].version > version)
            r = step_apply(sql, &list->steps[i], err);
    return sql_end(sql, outer, r, err);
}
