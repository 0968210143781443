/* SPDX-License-Identifier: MIT
 *
 * The n-th system call of SQLite fails, then the n-th allocation, for each n in turn; once, and
 * from then on. Whatever fails: an error that says so, no crash, no leak, and afterwards a sound
 * database that has everything which was reported as done. */
#include "store_fixture.h"

#include <fcntl.h>

enum kind { SYSTEM_CALL, ALLOCATION };

/* The countdown: 0 fails, below zero nothing does. */
static struct {
    enum kind kind;
    long left;
    bool for_good;
    long failed;
} fault = {.left = -1};

static bool fails(enum kind kind)
{
    if (fault.left < 0 || kind != fault.kind)
        return false;
    if (fault.left > 0) {
        fault.left--;
        return false;
    }
    if (!fault.for_good)
        fault.left = -1;
    fault.failed++;
    return true;
}

/* System calls: the ones that SQLite's "unix" lets one replace. */

static int call_errno;

#define CALL(type, name, parameters, ...)                                                          \
    static type name##_or_fail parameters                                                          \
    {                                                                                              \
        if (!fails(SYSTEM_CALL))                                                                   \
            return name(__VA_ARGS__);                                                              \
        errno = call_errno;                                                                        \
        return -1;                                                                                 \
    }

CALL(int, open, (const char *path, int flags, int mode), path, flags, mode)
CALL(int, ftruncate, (int fd, off_t size), fd, size)
CALL(int, fstat, (int fd, struct stat *st), fd, st)
CALL(ssize_t, read, (int fd, void *data, size_t len), fd, data, len)
CALL(ssize_t, write, (int fd, const void *data, size_t len), fd, data, len)
CALL(ssize_t, pread, (int fd, void *data, size_t len, off_t at), fd, data, len, at)
CALL(ssize_t, pwrite, (int fd, const void *data, size_t len, off_t at), fd, data, len, at)

static const struct {
    const char *name;
    sqlite3_syscall_ptr call;
} calls[] = {
    {"open", (sqlite3_syscall_ptr)open_or_fail},
    {"ftruncate", (sqlite3_syscall_ptr)ftruncate_or_fail},
    {"fstat", (sqlite3_syscall_ptr)fstat_or_fail},
    {"read", (sqlite3_syscall_ptr)read_or_fail},
    {"write", (sqlite3_syscall_ptr)write_or_fail},
    {"pread", (sqlite3_syscall_ptr)pread_or_fail},
    {"pwrite", (sqlite3_syscall_ptr)pwrite_or_fail},
    {"pread64", (sqlite3_syscall_ptr)pread_or_fail},
    {"pwrite64", (sqlite3_syscall_ptr)pwrite_or_fail},
};

/* Allocations. */

static sqlite3_mem_methods real;

static void *malloc_or_fail(int size)
{
    return fails(ALLOCATION) ? NULL : real.xMalloc(size);
}

static void *realloc_or_fail(void *p, int size)
{
    return fails(ALLOCATION) ? NULL : real.xRealloc(p, size);
}

/* What is done, step by step; each step only after the one before. */
enum {
    DONE_FLEET = 1,
    DONE_AGENTS,
    DONE_STATE,
    DONE_DELETED,
    DONE_TOMBSTONE,
    DONE_HELD,
    DONE_READ,
    DONE_BACKUP,
    DONE_ALL,
};

static int write_two(struct store *store, struct error *err)
{
    bool changed;
    struct store_agent agent = {.name = "a", .lifecycle = "hot", .image = "x", .spec = "{}"};
    int r = store_begin(store, err);
    if (r == 0)
        r = store_write_agent(store, &agent, &changed, err);
    agent.name = "b";
    if (r == 0)
        r = store_write_agent(store, &agent, &changed, err);
    if (r == 0)
        return store_commit(store, err);
    store_rollback(store);
    return r;
}

static int count_agent(void *ctx, const struct store_agent *agent)
{
    *(int *)ctx += strcmp(agent->name, "b") == 0 && agent->held;
    return 0;
}

static int count_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    *(int *)ctx += 100;
    return 0;
}

static int do_step(struct store *store, const struct fixture *f, int step, struct error *err)
{
    const struct store_state row = {.agent = "a", .container_id = "c", .state = "running"};
    char copy[128];
    uint64_t generation;
    int n = 0, r;
    (void)snprintf(copy, sizeof(copy), "%s.copy", f->db);
    switch (step) {
    case DONE_FLEET:
        return store_set_fleet(store, "demo", err);
    case DONE_AGENTS:
        return write_two(store, err);
    case DONE_STATE:
        return store_write_state(store, &row, err);
    case DONE_DELETED:
        return store_delete_agent(store, "a", err);
    case DONE_TOMBSTONE:
        return store_delete_tombstone(store, "a", 3, err);
    case DONE_HELD:
        return store_set_held(store, "b", true, "r", err);
    case DONE_READ:
        r = store_read_changes(store, 0, count_agent, count_tombstone, &n, &generation, err);
        assert_true(r < 0 || n == 1);
        return r;
    default:
        return store_backup(store, copy, err);
    }
}

/* The last step that was reported as done, 0 when not even the opening was. */
static int run(const struct fixture *f)
{
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    const struct store_options options = {.path = f->db, .create = true, .own = true};
    int step = 0, r = store_open(&options, &store, &err);
    while (r == 0 && step + 1 < DONE_ALL) {
        r = do_step(store, f, step + 1, &err);
        step += r == 0;
    }
    if (r < 0)
        assert_true(error_is_set(&err) && strlen(err.text) > 10);
    (void)store_close(store);
    return r < 0 ? step : DONE_ALL;
}

static void expect_done(const struct fixture *f, int done)
{
    static const struct {
        int step;
        const char *query; /* 1, once the step was reported as done */
    } effects[] = {
        {DONE_FLEET, "SELECT fleet = 'demo' FROM meta"},
        {DONE_AGENTS, "SELECT generation >= 2 FROM meta"},
        {DONE_DELETED, "SELECT generation >= 3 FROM meta"},
        {DONE_DELETED, "SELECT NOT EXISTS (SELECT 1 FROM agents WHERE name = 'a')"},
        {DONE_TOMBSTONE, "SELECT NOT EXISTS (SELECT 1 FROM tombstones)"},
        {DONE_TOMBSTONE, "SELECT NOT EXISTS (SELECT 1 FROM agent_state)"},
        {DONE_HELD, "SELECT held FROM agents WHERE name = 'b'"},
        /* Whole, whatever was done: */
        {0, "SELECT generation <> 1 FROM meta"},
        {0, "SELECT (SELECT generation FROM meta) >= 2 = EXISTS (SELECT 1 FROM agents WHERE name = "
            "'b')"},
        {0, "SELECT (SELECT generation FROM meta) <> 3 OR EXISTS (SELECT 1 FROM tombstones)"
            " OR NOT EXISTS (SELECT 1 FROM agent_state)"},
    };
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    const struct store_options options = {.path = f->db, .create = true, .own = true};
    int r = store_open(&options, &store, &err);
    if (r < 0)
        (void)printf("    %s\n", err.text);
    assert_int_equal(r, 0);
    assert_int_equal(store_check(store, true, &err), 0);
    (void)store_close(store);
    _cleanup_(client_closep) sqlite3 *db = client_open(f);
    for (size_t i = 0; i < ARRAY_LEN(effects); i++)
        if (done >= effects[i].step)
            expect_query(db, effects[i].query, "1");
}

static void remove_all(const struct fixture *f)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".copy"};
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s%s", f->db, suffixes[i]);
        (void)unlink(path);
    }
}

/* Until a run meets no fault. Where there are many places the later ones are sampled. */
static void fail_in_turn(const struct fixture *f, enum kind kind, bool for_good, long sample)
{
    long injected = 0;
    int seen[DONE_ALL + 1] = {0};
    for (long n = 0;; n += 1 + n / sample) {
        remove_all(f);
        fault.kind = kind;
        fault.left = n;
        fault.for_good = for_good;
        fault.failed = 0;
        int done = run(f);
        bool hit = fault.failed > 0;
        fault.left = -1;
        ROW("fault %ld%s: done %d", n, for_good ? " and on" : "", done);
        expect_done(f, done);
        seen[done]++;
        injected += hit;
        if (!hit) {
            assert_int_equal(done, DONE_ALL);
            break;
        }
    }
    assert_true(injected > 40);
    assert_true(seen[0] > 0 && seen[DONE_FLEET] > 0);
}

static void system_calls_fail(void **state)
{
    static const int errors[] = {ENOSPC, EIO};
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    int replaced = 0;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (vfs->xGetSystemCall(vfs, calls[i].name))
            replaced += vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call) == SQLITE_OK;
    assert_true(replaced >= 6);
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        call_errno = errors[i];
        fail_in_turn(*state, SYSTEM_CALL, false, 1000);
        fail_in_turn(*state, SYSTEM_CALL, true, 1000);
    }
    (void)vfs->xSetSystemCall(vfs, NULL, NULL);
}

static void allocations_fail(void **state)
{
    fail_in_turn(*state, ALLOCATION, false, 30);
    fail_in_turn(*state, ALLOCATION, true, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(system_calls_fail, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(allocations_fail, fixture_setup, fixture_teardown),
    };
    (void)sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
    sqlite3_mem_methods failing = real;
    failing.xMalloc = malloc_or_fail;
    failing.xRealloc = realloc_or_fail;
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
