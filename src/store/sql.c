/* SPDX-License-Identifier: MIT
 *
 * Statements, transactions and what SQLite's failures mean to people. */
#include "store/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* By extended code first, then by its low byte. */
static const struct fault {
    int rc;
    int r;
    enum error_kind kind;
    const char *code;
    const char *text; /* NULL: SQLite's own words */
} faults[] = {
    {SQLITE_READONLY_DBMOVED, -ESTALE, ERROR_STORAGE, "replaced",
     "the file was moved or deleted while it was open; restart this program"},
    {SQLITE_FULL, -ENOSPC, ERROR_STORAGE, "disk_full", "the disk is full; free some space"},
    {SQLITE_BUSY, -EBUSY, ERROR_STORAGE, "busy",
     "another program keeps it locked; end that program's transaction and try again"},
    {SQLITE_LOCKED, -EBUSY, ERROR_STORAGE, "busy",
     "it is locked by a statement that is not finished; try again"},
    {SQLITE_READONLY, -EROFS, ERROR_STORAGE, "read_only",
     "it cannot be written; look at its file system, and whether its folder and its -wal and "
     "-shm files may be written"},
    {SQLITE_CORRUPT, -EUCLEAN, ERROR_STORAGE, "corrupt",
     "it is damaged; put back a copy made by `roost backup`, or rescue what is left with "
     "sqlite3's `.recover`"},
    {SQLITE_NOTADB, -EUCLEAN, ERROR_STORAGE, "not_a_database",
     "this is not a SQLite database; give the right file, or move this one away"},
    {SQLITE_NOMEM, -ENOMEM, ERROR_FAILED, "no_memory", "out of memory"},
    {SQLITE_CONSTRAINT, -EINVAL, ERROR_INVALID, "constraint", NULL},
    {SQLITE_TOOBIG, -E2BIG, ERROR_INVALID, "too_big", NULL},
    {SQLITE_PERM, -EACCES, ERROR_DENIED, "denied", "permission denied"},
    {SQLITE_CANTOPEN, -EIO, ERROR_STORAGE, "cannot_open",
     "it, or its -wal or -shm file, cannot be opened; look at its file system and at the "
     "permissions "
     "of its folder"},
    {SQLITE_IOERR, -EIO, ERROR_STORAGE, "io",
     "the disk failed to read or to write; look at the kernel's log"},
};

static const struct fault *fault_find(int rc)
{
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        if (faults[i].rc == rc)
            return &faults[i];
    return NULL;
}

/* SQLite says "disk I/O error" where the system's errno knows better (a full disk met by the -shm
 * file, a folder without permission). */
static int rc_by_errno(const struct sql *sql, int rc)
{
    int primary = rc & 0xff;
    if (!sql->db || (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN))
        return rc;
    switch (sqlite3_system_errno(sql->db)) {
    case ENOSPC:
    case EDQUOT:
        return SQLITE_FULL;
    case EROFS:
        return SQLITE_READONLY;
    case EACCES:
    case EPERM:
        return SQLITE_PERM;
    default:
        return rc;
    }
}

int sql_fail(const struct sql *sql, int rc, struct error *err)
{
    rc = rc_by_errno(sql, rc);
    const struct fault *fault = fault_find(rc);
    if (!fault)
        fault = fault_find(rc & 0xff);
    const char *text = fault ? fault->text : NULL;
    if (!text)
        text = sql->db && sqlite3_errcode(sql->db) != SQLITE_OK ? sqlite3_errmsg(sql->db)
                                                                : sqlite3_errstr(rc);
    if (!fault)
        return error_set(err, -EIO, ERROR_FAILED, "sqlite", "database %s: %s", sql->path, text);
    return error_set(err, fault->r, fault->kind, fault->code, "database %s: %s", sql->path, text);
}

int sql_open(struct sql *sql, const char *path, int flags, struct error *err)
{
    sql->path = strdup(path);
    if (!sql->path)
        return error_set(err, -ENOMEM, ERROR_FAILED, "no_memory", "out of memory");
    int rc = sqlite3_open_v2(path, &sql->db, flags, NULL);
    if (rc != SQLITE_OK)
        return sql_fail(sql, rc, err);
    (void)sqlite3_extended_result_codes(sql->db, 1);
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    return 0;
}

void sql_close(struct sql *sql)
{
    for (size_t i = 0; i < sql->n_stmts; i++)
        (void)sqlite3_finalize(sql->stmts[i].stmt);
    sql->n_stmts = 0;
    (void)sqlite3_close(sql->db);
    sql->db = NULL;
    free(sql->path);
    sql->path = NULL;
}

int sql_get(struct sql *sql, const char *text, struct sql_stmt **ret_stmt, struct error *err)
{
    size_t i = 0;
    while (i < sql->n_stmts && sql->stmts[i].text != text)
        i++;
    if (i == SQL_STATEMENTS_MAX)
        return error_set(err, -ENOBUFS, ERROR_FAILED, NULL, "database %s: too many statements",
                         sql->path);
    struct sql_stmt *stmt = &sql->stmts[i];
    if (i < sql->n_stmts && stmt->used)
        return sql_fail(sql, SQLITE_LOCKED, err); /* a callback called back */
    if (i == sql->n_stmts) {
        *stmt = (struct sql_stmt){.sql = sql, .text = text};
        int rc =
            sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt->stmt, NULL);
        if (rc != SQLITE_OK)
            return sql_fail(sql, rc, err);
        sql->n_stmts++;
    }
    stmt->used = true;
    *ret_stmt = stmt;
    return 0;
}

struct sql_words {
    struct sql_words *next;
    char text[];
};

static void forget_words(struct sql_stmt *stmt)
{
    while (stmt->words) {
        struct sql_words *words = stmt->words;
        stmt->words = words->next;
        free(words);
    }
}

void sql_done(struct sql_stmt *stmt)
{
    if (!stmt)
        return;
    forget_words(stmt);
    (void)sqlite3_reset(stmt->stmt);
    (void)sqlite3_clear_bindings(stmt->stmt);
    stmt->next = 0;
    stmt->rc = SQLITE_OK;
    stmt->used = false;
}

void sql_donep(struct sql_stmt **stmt)
{
    sql_done(*stmt);
}

static void stick(struct sql_stmt *stmt, int rc)
{
    if (stmt->rc == SQLITE_OK)
        stmt->rc = rc;
}

void sql_bind_text(struct sql_stmt *stmt, const char *text)
{
    stick(stmt, sqlite3_bind_text(stmt->stmt, ++stmt->next, text, -1, SQLITE_STATIC));
}

void sql_bind_int(struct sql_stmt *stmt, int64_t value)
{
    stick(stmt, sqlite3_bind_int64(stmt->stmt, ++stmt->next, value));
}

int sql_check(struct sql_stmt *stmt, struct error *err)
{
    return stmt->rc == SQLITE_OK ? 0 : sql_fail(stmt->sql, stmt->rc, err);
}

int sql_step(struct sql_stmt *stmt, struct error *err)
{
    int r = sql_check(stmt, err);
    if (r < 0)
        return r;
    forget_words(stmt);
    int rc = sqlite3_step(stmt->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    return sql_fail(stmt->sql, rc, err);
}

static int column_find(struct sql_stmt *stmt, const char *column)
{
    int n = sqlite3_column_count(stmt->stmt);
    for (int i = 0; i < n; i++)
        if (strcmp(sqlite3_column_name(stmt->stmt, i), column) == 0)
            return i;
    stick(stmt, SQLITE_RANGE);
    return -1;
}

const char *sql_text(struct sql_stmt *stmt, const char *column)
{
    int i = column_find(stmt, column);
    if (i < 0 || sqlite3_column_type(stmt->stmt, i) == SQLITE_NULL)
        return NULL;
    const char *text = (const char *)sqlite3_column_text(stmt->stmt, i);
    if (!text)
        stick(stmt, SQLITE_NOMEM);
    return text;
}

const char *sql_words(struct sql_stmt *stmt, const char *column)
{
    const char *text = sql_text(stmt, column);
    if (!text || text_is_utf8(text, strlen(text)))
        return text;
    size_t size = strlen(text) * 4 + 1;
    struct sql_words *words = malloc(sizeof(*words) + size);
    if (!words) {
        stick(stmt, SQLITE_NOMEM);
        return NULL;
    }
    text_visible(text, words->text, size);
    words->next = stmt->words;
    stmt->words = words;
    return words->text;
}

int64_t sql_int(struct sql_stmt *stmt, const char *column)
{
    int i = column_find(stmt, column);
    return i < 0 ? 0 : sqlite3_column_int64(stmt->stmt, i);
}

int sql_run(struct sql_stmt *stmt, struct error *err)
{
    int r;
    do
        r = sql_step(stmt, err);
    while (r > 0);
    return r;
}

int sql_run_with(struct sql *sql, const char *text, const char *parameter, struct error *err)
{
    _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
    int r = sql_get(sql, text, &stmt, err);
    if (!stmt)
        return r;
    sql_bind_text(stmt, parameter);
    return sql_run(stmt, err);
}

int sql_exec(struct sql *sql, const char *text, struct error *err)
{
    int rc = sqlite3_exec(sql->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : sql_fail(sql, rc, err);
}

int sql_query_int(struct sql *sql, const char *text, int64_t *ret_value, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(sql->db, text, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    int r = 0;
    if (rc == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(stmt, 0);
    else if (rc == SQLITE_DONE)
        r = error_set(err, -ENODATA, ERROR_STORAGE, NULL, "database %s: no answer to %s", sql->path,
                      text);
    else
        r = sql_fail(sql, rc, err);
    (void)sqlite3_finalize(stmt);
    return r;
}

int sql_begin(struct sql *sql, enum sql_mode mode, bool *ret_outer, struct error *err)
{
    bool outer = sqlite3_get_autocommit(sql->db);
    /* IMMEDIATE: a transaction that reads first and then wants to write would fail at once,
     * without waiting, when another program wrote meanwhile. */
    const char *text = !outer ? "SAVEPOINT inner" : mode == SQL_WRITE ? "BEGIN IMMEDIATE" : "BEGIN";
    int r = sql_exec(sql, text, err);
    if (r == 0)
        *ret_outer = outer;
    return r;
}

void sql_rollback(struct sql *sql, bool outer)
{
    /* A full disk may have ended the transaction already. */
    if (!sqlite3_get_autocommit(sql->db))
        (void)sqlite3_exec(sql->db, outer ? "ROLLBACK" : "ROLLBACK TO inner; RELEASE inner", NULL,
                           NULL, NULL);
}

int sql_end(struct sql *sql, bool outer, int r, struct error *err)
{
    if (r >= 0)
        r = sql_exec(sql, outer ? "COMMIT" : "RELEASE inner", err);
    if (r < 0)
        sql_rollback(sql, outer);
    return r;
}
