/* SPDX-License-Identifier: MIT
 *
 * For the tests of the store: a folder of its own for each test, and what a plain SQL client would
 * do.
 */
#pragma once

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "store/store.h"

struct fixture {
    char folder[64];
    char db[96];
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/roost-store-XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    (void)snprintf(f->db, sizeof(f->db), "%s/roost.db", f->folder);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    DIR *dir = opendir(f->folder);
    if (!dir)
        return -1;
    for (struct dirent *entry; (entry = readdir(dir));)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    (void)closedir(dir);
    int r = rmdir(f->folder);
    free(f);
    return r;
}

static inline struct store *fixture_open(const struct fixture *f)
{
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    struct store_options options = {.path = f->db, .create = true};
    int r = store_open(&options, &store, &err);
    if (r < 0)
        (void)printf("    %s\n", err.text);
    assert_int_equal(r, 0);
    return store;
}

/* A second program: its own connection, default pragmas. */
static inline sqlite3 *client_open(const struct fixture *f)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 5000);
    return db;
}

static inline void client_closep(sqlite3 **db)
{
    assert_int_equal(sqlite3_close(*db), SQLITE_OK);
}

static inline void client_run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    if (rc != SQLITE_OK)
        (void)printf("    %s: %s\n", sql, message);
    sqlite3_free(message);
    assert_int_equal(rc, SQLITE_OK);
}

/* The rows of a query as "a|b\nc|d", NULL as "-". */
static inline void client_query(sqlite3 *db, const char *sql, char *ret_text, size_t size)
{
    sqlite3_stmt *stmt = NULL;
    size_t len = 0;
    ret_text[0] = '\0';
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *text = (const char *)sqlite3_column_text(stmt, i);
            len += (size_t)snprintf(ret_text + len, size - len, "%s%s",
                                    i > 0     ? "|"
                                    : len > 0 ? "\n"
                                              : "",
                                    text ? text : "-");
            assert_true(len < size);
        }
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
}

static inline void expect_query(sqlite3 *db, const char *sql, const char *expected)
{
    char text[4096];
    client_query(db, sql, text, sizeof(text));
    assert_string_equal(text, expected);
}

#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            (void)printf("    \"%s\" is not in \"%s\"\n", (part), (text));                         \
        assert_non_null(strstr((text), (part)));                                                   \
    } while (0)
