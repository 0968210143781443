/* SPDX-License-Identifier: MIT
 *
 * Versions of the database, with migrations made up for the test. */
#include "store_fixture.h"

#include <sys/wait.h>

#include "store/internal.h"

#define V1                                                                                         \
    "CREATE TABLE meta (uid TEXT, fleet TEXT); CREATE TABLE takeovers (uid TEXT);"                 \
    "INSERT INTO meta VALUES ('0123456789abcdef0123456789abcdef', 'demo');"
#define V2 "CREATE TABLE two (x TEXT); INSERT INTO two VALUES ('kept');"
#define V3 "ALTER TABLE two ADD COLUMN y TEXT; UPDATE two SET y = 'new'"

static const struct migration steps[] = {{1, V1}, {2, V2}, {3, V3}};
static const struct migration broken_steps[] = {{1, V1}, {2, V2}, {3, "UPDATE nowhere SET x = 1"}};

static int open_version(const struct fixture *f, int version, struct store_options options,
                        struct error *err)
{
    struct migration_list list = {steps, (size_t)version};
    struct store *store = NULL;
    options.path = f->db;
    int r = store_open_with(&options, &list, &store, err);
    (void)store_close(store);
    return r;
}

static const struct store_options creating = {.create = true};
static const struct store_options owning = {.own = true};
static const struct store_options reading = {.read_only = true};

static void expect_version(const char *path, const char *expected)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    expect_query(db, "PRAGMA user_version", expected);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void the_list_ascends(void **state)
{
    const struct migration_list *list = migrate_builtin();
    for (size_t i = 0; i < list->n; i++)
        assert_int_equal(list->steps[i].version, i + 1);
    assert_int_equal(migrate_latest(list), list->n);
}

static void an_empty_file_gets_all_steps(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char copy[128];
    assert_int_equal(open_version(f, 3, creating, &err), 0);
    _cleanup_(client_closep) sqlite3 *db = client_open(f);
    expect_query(db, "PRAGMA user_version", "3");
    expect_query(db, "PRAGMA journal_mode", "wal");
    expect_query(db, "PRAGMA application_id", "1383034739");
    expect_query(db, "SELECT x, y FROM two", "kept|new");
    (void)snprintf(copy, sizeof(copy), "%s.v0.bak", f->db);
    assert_int_equal(access(copy, F_OK), -1);
}

static void an_older_one_is_copied_first(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char copy[128];
    struct stat st;
    assert_int_equal(open_version(f, 2, creating, &err), 0);
    assert_int_equal(open_version(f, 3, reading, &err), -ENOTSUP);
    assert_contains(err.text, "is of an older roost (version 2)");
    expect_version(f->db, "2");
    assert_int_equal(open_version(f, 3, owning, &err), 0);
    expect_version(f->db, "3");
    (void)snprintf(copy, sizeof(copy), "%s.v2.bak", f->db);
    expect_version(copy, "2");
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(open_version(f, 3, reading, &err), 0);

    /* Once more with another old one: the newest copy takes the place of the one before. */
    assert_int_equal(unlink(f->db), 0);
    assert_int_equal(open_version(f, 2, creating, &err), 0);
    sqlite3 *db = client_open(f);
    client_run(db, "UPDATE two SET x = 'second'");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(open_version(f, 3, creating, &err), 0);
    assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
    expect_query(db, "SELECT x FROM two", "second");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_newer_one_is_refused(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    assert_int_equal(open_version(f, 3, creating, &err), 0);
    assert_int_equal(open_version(f, 2, owning, &err), -ENOTSUP);
    assert_string_equal(err.code, "newer");
    assert_contains(err.text, "of a newer roost (version 3, this one knows up to 2)");
    assert_int_equal(open_version(f, 2, reading, &err), -ENOTSUP);
    expect_version(f->db, "3");
}

static void a_failed_step_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    struct migration_list list = {broken_steps, ARRAY_LEN(broken_steps)};
    const struct store_options options = {.path = f->db};
    assert_int_equal(open_version(f, 1, creating, &err), 0);
    assert_int_equal(store_open_with(&options, &list, &store, &err), -EIO);
    assert_null(store);
    assert_contains(err.text, "migration to version 3: ");
    assert_contains(err.text, "no such table: nowhere");
    _cleanup_(client_closep) sqlite3 *db = client_open(f);
    expect_query(db, "PRAGMA user_version", "1");
    expect_query(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'two'", "0");
}

static void an_owned_one_is_left_to_its_owner(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *owner = NULL;
    struct migration_list list = {steps, 1};
    const struct store_options options = {.path = f->db, .create = true, .own = true};
    assert_int_equal(store_open_with(&options, &list, &owner, &err), 0);
    assert_int_equal(open_version(f, 2, creating, &err), -EBUSY);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_contains(err.text, "database of an older roost (version 1): ");
    assert_contains(err.text, "is in use by roost (pid ");
    expect_version(f->db, "1");
    (void)store_close(owner);
    assert_int_equal(open_version(f, 2, creating, &err), 0);
}

static void databases_of_others_are_left_alone(void **state)
{
    static const struct {
        const char *sql;
    } others[] = {
        {"CREATE TABLE agents (name TEXT)"},
        {"PRAGMA user_version = 1"},
        {"PRAGMA application_id = 42"},
        {"PRAGMA application_id = 1383034739; CREATE TABLE x (y)"}, /* ours, but of no version */
        {"PRAGMA application_id = 1383034739; PRAGMA user_version = -1"},
    };
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        ROW("%s", others[i].sql);
        (void)unlink(f->db);
        sqlite3 *db = client_open(f);
        client_run(db, others[i].sql);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_int_equal(chmod(f->db, 0600), 0);
        assert_int_equal(open_version(f, 2, creating, &err), -EUCLEAN);
        assert_contains(err.text, "is not one of roost's");
        db = client_open(f);
        expect_query(db, "PRAGMA journal_mode", "delete");
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
    }
}

static int create_at_once(const struct fixture *f)
{
    pid_t children[8];
    int failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] > 0)
            continue;
        struct error err = ERROR_INIT;
        int r = open_version(f, 3, creating, &err);
        if (r < 0)
            (void)fprintf(stderr, "    %s\n", err.text);
        _exit(r < 0 || error_is_set(&err)); /* a fault that was overcome leaves no error */
    }
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        failed += status != 0;
    }
    return failed;
}

/* Many processes at once on no file: one makes it, all find it. */
static void many_may_create_at_once(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 20; round++) {
        (void)unlink(f->db);
        assert_int_equal(create_at_once(f), 0);
        _cleanup_(client_closep) sqlite3 *db = client_open(f);
        expect_query(db, "SELECT count(*) FROM two", "1");
    }
}

/* The triggers must be those of a new database; what else there is does not matter. */
static void the_builtin_schema_is_checked(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = fixture_open(f);
    assert_int_equal(store_check(store, false, &err), 0);
    assert_int_equal(store_check(store, true, &err), 0);
    _cleanup_(client_closep) sqlite3 *db = client_open(f);
    client_run(db, "CREATE TABLE my_own (x); CREATE TRIGGER my_trigger AFTER INSERT ON my_own"
                   " BEGIN SELECT 1; END");
    assert_int_equal(store_check(store, false, &err), 0);
    client_run(db, "DROP TRIGGER agents_delete");
    assert_int_equal(store_check(store, false, &err), -EUCLEAN);
    assert_contains(err.text, "trigger agents_delete is missing or was changed");
    client_run(db, "CREATE TRIGGER agents_delete AFTER DELETE ON agents BEGIN SELECT 1; END");
    assert_int_equal(store_check(store, true, &err), -EUCLEAN);
    store = store_close(store);
    const struct store_options options = {.path = f->db, .own = true};
    assert_int_equal(store_open(&options, &store, &err), -EUCLEAN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_ascends),       TEST(an_empty_file_gets_all_steps),
        TEST(an_older_one_is_copied_first),       TEST(a_newer_one_is_refused),
        TEST(a_failed_step_changes_nothing),      TEST(an_owned_one_is_left_to_its_owner),
        TEST(databases_of_others_are_left_alone), TEST(many_may_create_at_once),
        TEST(the_builtin_schema_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
