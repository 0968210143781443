/* SPDX-License-Identifier: MIT
 *
 * A thin layer over SQLite, private to store/: statements that are prepared once and kept, bound
 * in order, read by name.
 *
 *     _cleanup_(sql_donep) struct sql_stmt *stmt = NULL;
 *     r = sql_get(sql, "SELECT image FROM agents WHERE name = ?", &stmt, err);
 *     if (r < 0)
 *         return r;
 *     sql_bind_text(stmt, name);
 *     while ((r = sql_step(stmt, err)) > 0)
 *         puts(sql_text(stmt, "image"));
 *
 * A fault in a bind or in a column's name sticks in the statement and is returned by the next
 * sql_step(). `struct sql` owns the connection and its statements. Every failure is a negative
 * errno by its meaning (see sql_fail()), and names the file.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* More statements than the store has; the cache never grows past it. */
#define SQL_STATEMENTS_MAX 64

struct sql_stmt {
    struct sql *sql;
    const char *text; /* a string literal: its address is the key of the cache */
    sqlite3_stmt *stmt;
    int next;                /* the last bound parameter */
    int rc;                  /* SQLITE_OK, or the fault that sticks */
    struct sql_words *words; /* of this row */
    bool used;
};

struct sql {
    sqlite3 *db;
    char *path; /* for messages */
    struct sql_stmt stmts[SQL_STATEMENTS_MAX];
    size_t n_stmts;
};

/* Opens with the flags of sqlite3_open_v2() and switches off what a database from outside could
 * do harm with. `sql` is zeroed before; sql_close() also after a failure. */
int sql_open(struct sql *sql, const char *path, int flags, struct error *err) _must_use_;
void sql_close(struct sql *sql);

/* The kept statement of a string literal, ready to be bound. Borrowed until sql_done(). */
int sql_get(struct sql *sql, const char *text, struct sql_stmt **ret_stmt,
            struct error *err) _must_use_;
void sql_done(struct sql_stmt *stmt);
void sql_donep(struct sql_stmt **stmt);

/* Bind the next `?`. Texts are borrowed until sql_done(); NULL is SQL's NULL. */
void sql_bind_text(struct sql_stmt *stmt, const char *text);
void sql_bind_int(struct sql_stmt *stmt, int64_t value);

/* 1: a row, 0: done. */
int sql_step(struct sql_stmt *stmt, struct error *err) _must_use_;

/* Columns of the row by name: borrowed until the next step. NULL is NULL, and 0. */
const char *sql_text(struct sql_stmt *stmt, const char *column);
int64_t sql_int(struct sql_stmt *stmt, const char *column);
/* The same for a text that may be shown: what is no UTF-8 in it (any hand with sqlite3 can write
 * that) is spelled out, as text_visible() does. */
const char *sql_words(struct sql_stmt *stmt, const char *column);

/* Returns what sticks: after the columns of a row were read, before they are used. Then no text is
 * NULL whose column is not. */
int sql_check(struct sql_stmt *stmt, struct error *err) _must_use_;

/* Run to the end a statement that returns no rows, or whose rows are not wanted. */
int sql_run(struct sql_stmt *stmt, struct error *err) _must_use_;

/* The same of a string literal with one `?`, which is a text. */
int sql_run_with(struct sql *sql, const char *text, const char *parameter,
                 struct error *err) _must_use_;

/* One-off text, may be several statements. */
int sql_exec(struct sql *sql, const char *text, struct error *err) _must_use_;

/* The first column of the first row of a one-off statement; -ENODATA when there is none. */
int sql_query_int(struct sql *sql, const char *text, int64_t *ret_value,
                  struct error *err) _must_use_;

/* A transaction, or a savepoint inside the one that is open; *ret_outer tells which. SQL_READ sees
 * one state of the database throughout. */
enum sql_mode { SQL_READ, SQL_WRITE };
int sql_begin(struct sql *sql, enum sql_mode mode, bool *ret_outer, struct error *err) _must_use_;

/* End it. With `r` < 0 everything since sql_begin() is taken back and `r` returned, with the
 * error as it was; else it is made permanent, or taken back when that fails. */
int sql_end(struct sql *sql, bool outer, int r, struct error *err) _must_use_;
void sql_rollback(struct sql *sql, bool outer);

/* What went wrong with the last call, as a negative errno and an error that names the file. */
int sql_fail(const struct sql *sql, int rc, struct error *err);
