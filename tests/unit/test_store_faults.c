/* SPDX-License-Identifier: MIT
 *
 * What goes wrong underneath: a full disk, another writer, damage, a kill at any instruction. */
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

#include "store/internal.h"

static int write_row(struct store *store, const char *name, const char *image, struct error *err)
{
    bool changed;
    struct store_agent agent = {.name = name, .lifecycle = "hot", .image = image, .spec = "{}"};
    return store_write_agent(store, &agent, &changed, err);
}

static int count_agent(void *ctx, const struct store_agent *agent)
{
    (*(int *)ctx)++;
    return 0;
}

static int count_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    return 0;
}

static int agents_in(struct store *store)
{
    struct error err = ERROR_INIT;
    uint64_t generation;
    int n = 0;
    assert_int_equal(
        store_read_changes(store, 0, count_agent, count_tombstone, &n, &generation, &err), 0);
    return n;
}

static void another_writer_is_waited_for_and_named(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    const struct store_options options = {.path = f->db, .create = true, .busy_timeout_ms = 20};
    assert_int_equal(store_open(&options, &store, &err), 0);
    _cleanup_(client_closep) sqlite3 *client = client_open(f);
    client_run(client, "BEGIN IMMEDIATE");
    assert_int_equal(write_row(store, "a", "x", &err), -EBUSY);
    assert_int_equal(err.kind, ERROR_STORAGE);
    assert_string_equal(err.code, "busy");
    assert_contains(err.text, f->db);
    assert_int_equal(store_begin(store, &err), -EBUSY);
    assert_int_equal(store_begin_relaxed(store, &err), -EBUSY);
    assert_int_equal(agents_in(store), 0); /* reading goes on */
    client_run(client, "ROLLBACK");
    assert_int_equal(write_row(store, "a", "x", &err), 0);
    assert_int_equal(agents_in(store), 1);
    (void)store_close(store);
}

/* Rows until there is no room, large ones and then small ones for what is left: -ENOSPC, what was
 * written stays, and it goes on once there is room. */
static int fill(struct store *store, struct error *err)
{
    static char image[4001];
    char name[16];
    int n = 0;
    memset(image, 'x', sizeof(image) - 1);
    for (int small = 0; small <= 1; small++)
        for (int r = 0; r == 0 && n < 100000; n += r == 0) {
            (void)snprintf(name, sizeof(name), "a%d", n);
            r = write_row(store, name, small ? "x" : image, err);
            if (r < 0)
                assert_int_equal(r, -ENOSPC);
        }
    assert_true(n > 0 && n < 100000);
    assert_int_equal(err->kind, ERROR_STORAGE);
    assert_string_equal(err->code, "disk_full");
    assert_contains(err->text, "the disk is full; free some space");
    return n;
}

static void a_full_database_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = fixture_open(f);
    assert_int_equal(sql_exec(&store->sql, "PRAGMA max_page_count = 60", &err), 0);
    int n = fill(store, &err);
    assert_int_equal(agents_in(store), n);
    /* In a transaction: all of it or nothing, and the commit does not pretend. */
    assert_int_equal(store_begin(store, &err), 0);
    assert_int_equal(store_delete_agent(store, "a0", &err), 0);
    int r = 0;
    for (int i = 0; i < 10 && r == 0; i++) {
        char name[16], image[4001] = {0};
        memset(image, 'x', sizeof(image) - 1);
        (void)snprintf(name, sizeof(name), "b%d", i);
        r = write_row(store, name, image, &err);
    }
    assert_int_equal(r, -ENOSPC);
    store_rollback(store);
    assert_int_equal(agents_in(store), n);
    assert_int_equal(sql_exec(&store->sql, "PRAGMA max_page_count = 6000", &err), 0);
    assert_int_equal(write_row(store, "more", "x", &err), 0);
    assert_int_equal(store_check(store, true, &err), 0);
    assert_int_equal(agents_in(store), n + 1);
    (void)store_close(store);
}

/* The same on a real file system, where the -wal and -shm files meet the end of the room. */
static void a_full_disk_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    char ballast[128];
    const struct store_options options = {.path = f->db, .create = true, .own = true};
    if (mount("tmpfs", f->folder, "tmpfs", 0, "size=768k,mode=0700") < 0)
        skip();
    assert_int_equal(store_open(&options, &store, &err), 0);
    (void)snprintf(ballast, sizeof(ballast), "%s/ballast", f->folder);
    int fd = open(ballast, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(posix_fallocate(fd, 0, 128 << 10), 0);
    (void)close(fd);
    int n = fill(store, &err);
    assert_int_equal(agents_in(store), n);
    assert_int_equal(write_row(store, "more", "x", &err), -ENOSPC);
    store = store_close(store);

    /* A start on the full disk: the fleet is read, and kept up. */
    int again = store_open(&options, &store, &err);
    int seen = again == 0 ? agents_in(store) : 0;
    if (again < 0)
        (void)printf("    %s\n", err.text);
    (void)unlink(ballast);
    int more = again == 0 ? write_row(store, "more", "x", &err) : again;
    int sound = again == 0 ? store_check(store, true, &err) : again;
    (void)store_close(store);
    assert_int_equal(umount2(f->folder, MNT_DETACH), 0);
    assert_int_equal(again, 0);
    assert_int_equal(seen, n);
    assert_int_equal(more, 0);
    assert_int_equal(sound, 0);
}

static void a_read_only_file_system_is_named(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    const struct store_options options = {.path = f->db, .create = true};
    if (mount("tmpfs", f->folder, "tmpfs", 0, "size=1m,mode=0700") < 0)
        skip();
    assert_int_equal(store_open(&options, &store, &err), 0);
    store = store_close(store);
    assert_int_equal(mount("tmpfs", f->folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    const struct store_options reading = {.path = f->db, .read_only = true};
    struct error read_err = ERROR_INIT;
    int r = store_open(&options, &store, &err);
    store = store_close(store);
    int read = store_open(&reading, &store, &read_err);
    (void)store_close(store);
    assert_int_equal(umount2(f->folder, MNT_DETACH), 0);
    assert_int_equal(r, -EROFS);
    assert_string_equal(err.code, "read_only");
    assert_int_equal(read, -EIO); /* WAL needs a -shm file, even to read */
    assert_contains(read_err.text, "its -wal or -shm file, cannot be opened");
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    (void)close(fd);
}

static off_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void damage_is_told_and_not_touched(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    char junk[4096];
    const struct store_options options = {.path = f->db, .create = true, .own = true};

    int fd = open(f->db, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "name: demo\nservices: {}\n", 24), 24);
    (void)close(fd);
    assert_int_equal(store_open(&options, &store, &err), -EUCLEAN);
    assert_string_equal(err.code, "not_a_database");
    assert_contains(err.text, "this is not a SQLite database");
    assert_int_equal(size_of(f->db), 24);
    (void)unlink(f->db);

    store = fixture_open(f);
    for (int i = 0; i < 50; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "a%d", i);
        assert_int_equal(write_row(store, name, "image", &err), 0);
    }
    store = store_close(store);
    memset(junk, 0x5a, sizeof(junk));
    off_t size = size_of(f->db);
    for (off_t at = 4096; at < size; at += 4096)
        overwrite(f->db, at, junk, sizeof(junk));
    assert_int_equal(store_open(&options, &store, &err), -EUCLEAN);
    assert_string_equal(err.code, "corrupt");
    assert_contains(err.text, "put back a copy made by `roost backup`");
    assert_int_equal(size_of(f->db), size);
}

/* One bad page among many: the owner finds it at its start. */
static void hidden_damage_is_found_by_the_owner(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = fixture_open(f);
    char image[4001] = {0}, junk[64];
    memset(image, 'x', sizeof(image) - 1);
    memset(junk, 0xff, sizeof(junk));
    for (int i = 0; i < 50; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "a%d", i);
        assert_int_equal(write_row(store, name, image, &err), 0);
    }
    store = store_close(store);
    overwrite(f->db, size_of(f->db) - 4096, junk, sizeof(junk));
    const struct store_options options = {.path = f->db, .own = true};
    assert_int_equal(store_open(&options, &store, &err), -EUCLEAN);
    assert_null(store);
}

/* An index that is not what its table says: only the full check looks. */
static void the_full_check_reads_indexes(void **state)
{
    struct error err = ERROR_INIT;
    struct store *store = fixture_open(*state);
    assert_int_equal(write_row(store, "a", "x", &err), 0);
    store = store_close(store);
    sqlite3 *db = client_open(*state);
    client_run(db, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
                   " 'CREATE INDEX agents_by_generation ON agents (created_at)'"
                   " WHERE name = 'agents_by_generation'");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    store = fixture_open(*state);
    assert_int_equal(store_check(store, false, &err), 0);
    assert_int_equal(store_check(store, true, &err), -EUCLEAN);
    assert_contains(err.text, "agents_by_generation");
    (void)store_close(store);
}

static void an_owner_does_not_wait_long(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    const struct {
        bool own;
        int set_ms;
        int64_t expected_ms;
    } rows[] = {{false, 0, 5000}, {true, 0, 250}, {true, 40, 40}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store *store = NULL;
        int64_t ms = 0;
        const struct store_options options = {
            .path = f->db, .create = true, .own = rows[i].own, .busy_timeout_ms = rows[i].set_ms};
        assert_int_equal(store_open(&options, &store, &err), 0);
        assert_int_equal(sql_query_int(&store->sql, "PRAGMA busy_timeout", &ms, &err), 0);
        assert_int_equal(ms, rows[i].expected_ms);
        (void)store_close(store);
    }
}

/* What is wished waits for the disk; what the engine knows does not. */
static void commits_are_as_durable_as_needed(void **state)
{
    struct error err = ERROR_INIT;
    struct store *store = fixture_open(*state);
    struct store_state row = {.agent = "a", .state = "running"};
    int64_t synchronous = -1;
    assert_int_equal(store_write_state(store, &row, &err), 0);
    assert_int_equal(sql_query_int(&store->sql, "PRAGMA synchronous", &synchronous, &err), 0);
    assert_int_equal(synchronous, 1);
    assert_int_equal(write_row(store, "a", "x", &err), 0);
    assert_int_equal(sql_query_int(&store->sql, "PRAGMA synchronous", &synchronous, &err), 0);
    assert_int_equal(synchronous, 2);
    assert_int_equal(store_begin_relaxed(store, &err), 0);
    assert_int_equal(sql_query_int(&store->sql, "PRAGMA synchronous", &synchronous, &err), 0);
    assert_int_equal(synchronous, 1);
    assert_int_equal(store_commit(store, &err), 0);
    assert_int_equal(store_begin(store, &err), 0);
    assert_int_equal(store_write_state(store, &row, &err), 0);
    assert_int_equal(sql_query_int(&store->sql, "PRAGMA synchronous", &synchronous, &err), 0);
    assert_int_equal(synchronous, 2);
    assert_int_equal(store_commit(store, &err), 0);
    (void)store_close(store);
}

/* Writes agents one by one, and says through the pipe which are committed. */
static void write_for_ever(const struct fixture *f, int pipe_end)
{
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    const struct store_options options = {.path = f->db, .own = true};
    if (store_open(&options, &store, &err) < 0)
        _exit(1);
    for (uint32_t i = 0;; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "a%u", i);
        struct store_state row = {.agent = name, .container_id = name, .state = "running"};
        if (store_begin(store, &err) < 0 || write_row(store, name, "busybox", &err) < 0 ||
            store_write_state(store, &row, &err) < 0 || store_commit(store, &err) < 0 ||
            write(pipe_end, &i, sizeof(i)) != sizeof(i))
            _exit(1);
    }
}

static void a_kill_loses_no_committed_row(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    (void)store_close(fixture_open(f));
    for (int round = 0; round < 10; round++) {
        int ends[2], status;
        uint32_t last = UINT32_MAX, i;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_for_ever(f, ends[1]);
        (void)close(ends[1]);
        /* After at least one row, and then at any instruction. */
        assert_int_equal(read(ends[0], &last, sizeof(last)), sizeof(last));
        const struct timespec pause = {.tv_nsec = 1000000L * (1 + 3 * round)};
        (void)nanosleep(&pause, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(ends[0], &i, sizeof(i)) == sizeof(i))
            last = i;
        (void)close(ends[0]);

        struct store *store = NULL;
        const struct store_options options = {.path = f->db, .own = true};
        assert_int_equal(store_open(&options, &store, &err), 0); /* the lock is free */
        assert_int_equal(store_check(store, true, &err), 0);
        _cleanup_(client_closep) sqlite3 *db = client_open(f);
        char sql[128];
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) >= %u FROM agents", last + 1);
        expect_query(db, sql, "1");
        expect_query(
            db, "SELECT (SELECT count(*) FROM agents) = (SELECT count(*) FROM agent_state)", "1");
        expect_query(db,
                     "SELECT (SELECT generation FROM meta) >= (SELECT max(generation) FROM agents)",
                     "1");
        (void)store_close(store);
        client_run(db, "DELETE FROM agents; DELETE FROM agent_state");
    }
}

/* What a callback may not do is refused, not undefined. */
static int calls_back(void *ctx, const struct store_agent *agent)
{
    struct error err = ERROR_INIT;
    uint64_t generation;
    int r = store_read_changes(ctx, 0, calls_back, count_tombstone, ctx, &generation, &err);
    return r < 0 ? r : -1;
}

static void callbacks_do_not_call_back(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t generation;
    struct store *store = fixture_open(*state);
    assert_int_equal(write_row(store, "a", "x", &err), 0);
    assert_int_equal(
        store_read_changes(store, 0, calls_back, count_tombstone, store, &generation, &err),
        -EBUSY);
    assert_int_equal(agents_in(store), 1);
    (void)store_close(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_writer_is_waited_for_and_named),
        TEST(a_full_database_loses_nothing),
        TEST(a_full_disk_loses_nothing),
        TEST(a_read_only_file_system_is_named),
        TEST(damage_is_told_and_not_touched),
        TEST(hidden_damage_is_found_by_the_owner),
        TEST(the_full_check_reads_indexes),
        TEST(an_owner_does_not_wait_long),
        TEST(commits_are_as_durable_as_needed),
        TEST(a_kill_loses_no_committed_row),
        TEST(callbacks_do_not_call_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
