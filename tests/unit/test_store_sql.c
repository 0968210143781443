/* SPDX-License-Identifier: MIT
 *
 * Plain SQL as an API: what any client's statement leaves behind, with the default pragmas, with
 * the opposite ones, and through the sqlite3 command. */
#include "store_fixture.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "core/agent.h"

/* Generations 1 and 2 are a's and b's; c's tombstone has 4. */
static const char start[] =
    "INSERT INTO agents (name, lifecycle, image, spec) VALUES ('a', 'hot', 'busybox', 'A'),"
    " ('b', 'lazy', 'busybox', 'B'), ('c', 'lazy', 'busybox', 'C');"
    "DELETE FROM agents WHERE name = 'c';";

static const struct {
    const char *sql;
    const char *agents;     /* name|lifecycle|spec|generation */
    const char *tombstones; /* name|spec|generation */
    int generation;
} rows[] = {
    {"SELECT 1", "a|hot|A|1\nb|lazy|B|2", "c|C|4", 4},

    {"INSERT INTO agents (name, lifecycle, image) VALUES ('x', 'lazy', 'busybox')",
     "a|hot|A|1\nb|lazy|B|2\nx|lazy|{}|5", "c|C|4", 5},
    {"INSERT INTO agents (name, image) VALUES ('x', 'busybox')",
     "a|hot|A|1\nb|lazy|B|2\nx|hot|{}|5", "c|C|4", 5},
    {"INSERT INTO agents (name, image) VALUES ('c', 'busybox')",
     "a|hot|A|1\nb|lazy|B|2\nc|hot|{}|5", "", 5},
    {"INSERT INTO agents (name, image, generation) VALUES ('x', 'busybox', 99)",
     "a|hot|A|1\nb|lazy|B|2\nx|hot|{}|5", "c|C|4", 5},
    {"INSERT OR IGNORE INTO agents (name, image) VALUES ('a', 'x'), ('x', 'x')",
     "a|hot|A|1\nb|lazy|B|2\nx|hot|{}|5", "c|C|4", 5},
    {"INSERT OR IGNORE INTO agents (name, image) VALUES ('c', 'x')",
     "a|hot|A|1\nb|lazy|B|2\nc|hot|{}|5", "", 5},

    {"UPDATE agents SET lifecycle = 'lazy' WHERE name = 'a'", "a|lazy|A|5\nb|lazy|B|2", "c|C|4", 5},
    {"UPDATE agents SET lifecycle = 'lazy'", "a|lazy|A|5\nb|lazy|B|2", "c|C|4", 5},
    {"UPDATE agents SET image = 'x', held = 1", "a|hot|A|5\nb|lazy|B|6", "c|C|4", 6},
    {"UPDATE agents SET image = image, spec = spec, held = 0", "a|hot|A|1\nb|lazy|B|2", "c|C|4", 4},
    {"UPDATE agents SET idle_timeout = '5m' WHERE name = 'b'", "a|hot|A|1\nb|lazy|B|5", "c|C|4", 5},
    {"UPDATE agents SET pool = 'p' WHERE name = 'b'", "a|hot|A|1\nb|lazy|B|5", "c|C|4", 5},
    {"UPDATE agents SET held_reason = 'r' WHERE name = 'b'", "a|hot|A|1\nb|lazy|B|5", "c|C|4", 5},
    {"UPDATE agents SET source = '/f' WHERE name = 'b'", "a|hot|A|1\nb|lazy|B|5", "c|C|4", 5},
    {"UPDATE agents SET applied = 'x' WHERE name = 'b'", "a|hot|A|1\nb|lazy|B|5", "c|C|4", 5},
    {"UPDATE agents SET created_at = 1, updated_at = 1", "a|hot|A|1\nb|lazy|B|2", "c|C|4", 4},

    /* A generation by hand. */
    {"UPDATE agents SET generation = 99 WHERE name = 'a'", "a|hot|A|5\nb|lazy|B|2", "c|C|4", 5},
    {"UPDATE agents SET generation = 0", "a|hot|A|5\nb|lazy|B|6", "c|C|4", 6},
    {"UPDATE agents SET generation = -9223372036854775808, spec = 'S' WHERE name = 'a'",
     "a|hot|S|6\nb|lazy|B|2", "c|C|4", 6},

    /* Renames. */
    {"UPDATE agents SET name = 'x' WHERE name = 'a'", "b|lazy|B|2\nx|hot|A|6", "a|A|5\nc|C|4", 6},
    {"UPDATE agents SET name = 'x', spec = 'S' WHERE name = 'a'", "b|lazy|B|2\nx|hot|S|6",
     "a|A|5\nc|C|4", 6},
    {"UPDATE agents SET name = 'c' WHERE name = 'a'", "b|lazy|B|2\nc|hot|A|6", "a|A|5", 6},
    {"UPDATE agents SET name = 'x' WHERE name = 'a'; UPDATE agents SET name = 'a' WHERE name = 'x'",
     "a|hot|A|8\nb|lazy|B|2", "c|C|4\nx|A|7", 8},
    {"UPDATE agents SET name = 'x' WHERE name = 'a';"
     "UPDATE agents SET name = 'a' WHERE name = 'b'; UPDATE agents SET name = 'b' WHERE name = 'x'",
     "a|lazy|B|8\nb|hot|A|10", "c|C|4\nx|A|9", 10},
    {"UPDATE agents SET name = name || '1'", "a1|hot|A|6\nb1|lazy|B|8", "a|A|5\nb|B|7\nc|C|4", 8},
    {"UPDATE OR REPLACE agents SET name = 'b' WHERE name = 'a'", "b|hot|A|6", "a|A|5\nc|C|4", 6},
    {"UPDATE OR REPLACE agents SET name = 'z'", "z|lazy|B|8", "a|A|5\nb|B|7\nc|C|4", 8},
    {"UPDATE OR IGNORE agents SET name = 'b'", "a|hot|A|1\nb|lazy|B|2", "c|C|4", 4},
    {"UPDATE OR IGNORE agents SET name = 'c' WHERE name = 'a'", "b|lazy|B|2\nc|hot|A|6", "a|A|5",
     6},

    /* Deletions. */
    {"DELETE FROM agents WHERE name = 'a'", "b|lazy|B|2", "a|A|5\nc|C|4", 5},
    {"DELETE FROM agents", "", "a|A|5\nb|B|6\nc|C|4", 6},
    {"DELETE FROM agents WHERE name = 'a'; INSERT INTO agents (name, image) VALUES ('a', 'x')",
     "a|hot|{}|6\nb|lazy|B|2", "c|C|4", 6},
    {"BEGIN; DELETE FROM agents; ROLLBACK", "a|hot|A|1\nb|lazy|B|2", "c|C|4", 4},

    /* REPLACE and UPSERT: the statements that remove rows without a word. */
    {"REPLACE INTO agents (name, image, spec) VALUES ('b', 'busybox', 'R')", "a|hot|A|1\nb|hot|R|5",
     "c|C|4", 5},
    {"REPLACE INTO agents (name, image) VALUES ('c', 'busybox'), ('x', 'busybox')",
     "a|hot|A|1\nb|lazy|B|2\nc|hot|{}|5\nx|hot|{}|6", "", 6},
    {"INSERT INTO agents (name, image) VALUES ('b', 'x') ON CONFLICT (name) DO UPDATE"
     " SET image = excluded.image",
     "a|hot|A|1\nb|lazy|B|5", "c|C|4", 5},
    {"INSERT INTO agents (name, image) VALUES ('b', 'x') ON CONFLICT DO UPDATE SET name = 'c'",
     "a|hot|A|1\nc|lazy|B|6", "b|B|5", 6},
    {"INSERT INTO agents (name, image) VALUES ('b', 'x'), ('x', 'x') ON CONFLICT DO NOTHING",
     "a|hot|A|1\nb|lazy|B|2\nx|hot|{}|5", "c|C|4", 5},
    {"INSERT INTO agents (name, image) VALUES ('b', 'busybox') ON CONFLICT (name) DO UPDATE"
     " SET image = excluded.image",
     "a|hot|A|1\nb|lazy|B|2", "c|C|4", 4},
};

/* "a|b|1\nc|d|2" without the last column: "a|b\nc|d". */
static void cut_last_column(const char *text, char *ret_text)
{
    while (*text) {
        size_t line = strcspn(text, "\n"), kept = line;
        while (kept > 0 && text[kept] != '|')
            kept--;
        memcpy(ret_text, text, kept);
        ret_text += kept;
        text += line;
        if (*text)
            *ret_text++ = *text++;
    }
    *ret_text = '\0';
}

/* With recursive_triggers a REPLACE is a deletion and an insertion, and draws a generation for
 * each; what is left is the same. */
static void expect_rows(sqlite3 *db, size_t i, bool generations)
{
    char agents[256], tombstones[256], generation[16];
    if (generations) {
        expect_query(db, "SELECT name, lifecycle, spec, generation FROM agents ORDER BY name",
                     rows[i].agents);
        expect_query(db, "SELECT name, spec, generation FROM tombstones ORDER BY name",
                     rows[i].tombstones);
        (void)snprintf(generation, sizeof(generation), "%d", rows[i].generation);
        expect_query(db, "SELECT generation FROM meta", generation);
        return;
    }
    cut_last_column(rows[i].agents, agents);
    cut_last_column(rows[i].tombstones, tombstones);
    expect_query(db, "SELECT name, lifecycle, spec FROM agents ORDER BY name", agents);
    expect_query(db, "SELECT name, spec FROM tombstones ORDER BY name", tombstones);
}

static void fresh_start(struct fixture *f)
{
    (void)unlink(f->db);
    (void)store_close(fixture_open(f));
    _cleanup_(client_closep) sqlite3 *db = client_open(f);
    client_run(db, start);
}

/* What always holds, whatever was done. */
static void expect_sound(sqlite3 *db)
{
    expect_query(db, "SELECT name FROM tombstones WHERE name IN (SELECT name FROM agents)", "");
    expect_query(db,
                 "SELECT count(*) FROM (SELECT generation FROM agents UNION ALL"
                 " SELECT generation FROM tombstones) GROUP BY generation HAVING count(*) > 1",
                 "");
    expect_query(db,
                 "SELECT max(g) <= (SELECT generation FROM meta) FROM (SELECT 0 AS g UNION ALL"
                 " SELECT generation FROM agents UNION ALL SELECT generation FROM tombstones)",
                 "1");
}

static void run_rows(struct fixture *f, const char *pragmas, bool generations)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s %s", pragmas, rows[i].sql);
        fresh_start(f);
        _cleanup_(client_closep) sqlite3 *db = client_open(f);
        client_run(db, pragmas);
        client_run(db, rows[i].sql);
        expect_rows(db, i, generations);
        expect_sound(db);
    }
}

static void with_default_pragmas(void **state)
{
    run_rows(*state, "", true);
}

static void with_foreign_keys(void **state)
{
    run_rows(*state, "PRAGMA foreign_keys = ON", true);
}

static void with_recursive_triggers(void **state)
{
    run_rows(*state, "PRAGMA recursive_triggers = ON", false);
}

static void with_untrusted_schema(void **state)
{
    run_rows(*state, "PRAGMA trusted_schema = OFF", true);
}

/* The command's exit status; what it says goes to `said`. */
static int command_run(const struct fixture *f, const char *sql, char *said, size_t size)
{
    char out[128];
    (void)snprintf(out, sizeof(out), "%s/said", f->folder);
    const char *const argv[] = {"sqlite3", "-batch", "-init", "/dev/null", f->db, sql, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    (void)posix_spawn_file_actions_addopen(&actions, 1, out, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    (void)posix_spawn_file_actions_adddup2(&actions, 1, 2);
    int r = posix_spawnp(&pid, "sqlite3", &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (r != 0)
        return -r;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    FILE *file = fopen(out, "re");
    assert_non_null(file);
    said[fread(said, 1, size - 1, file)] = '\0';
    (void)fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

static void through_the_sqlite3_command(void **state)
{
    struct fixture *f = *state;
    char said[1024];
    fresh_start(f);
    if (command_run(f, "SELECT 1", said, sizeof(said)) == -ENOENT)
        skip();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("sqlite3 %s", rows[i].sql);
        fresh_start(f);
        int r = command_run(f, rows[i].sql, said, sizeof(said));
        if (r != 0)
            (void)printf("    %s\n", said);
        assert_int_equal(r, 0);
        _cleanup_(client_closep) sqlite3 *db = client_open(f);
        expect_rows(db, i, true);
        expect_sound(db);
    }
    assert_true(command_run(f,
                            "INSERT INTO agents (name, lifecycle, image)"
                            " VALUES ('x', 'warm', 'busybox')",
                            said, sizeof(said)) > 0);
    assert_contains(said, "lifecycle: hot or lazy");
}

static void times_are_kept(void **state)
{
    fresh_start(*state);
    _cleanup_(client_closep) sqlite3 *db = client_open(*state);
    const char *now =
        "SELECT count(*) FROM agents WHERE abs(created_at - unixepoch() * 1000) < 60000"
        " AND abs(updated_at - unixepoch() * 1000) < 60000";
    expect_query(db, now, "2");
    expect_query(
        db, "SELECT count(*) FROM tombstones WHERE abs(deleted_at - unixepoch() * 1000) < 60000",
        "1");
    client_run(db, "UPDATE agents SET created_at = 5, updated_at = 5");
    client_run(db, "UPDATE agents SET held = 0");
    expect_query(db, "SELECT DISTINCT created_at, updated_at FROM agents", "5|5");
    client_run(db, "UPDATE agents SET held = 1 WHERE name = 'a'; UPDATE agents SET name = 'x'"
                   " WHERE name = 'b'");
    expect_query(db, "SELECT created_at, updated_at > 5 FROM agents", "5|1\n5|1");
}

static void bad_rows_are_refused_with_the_rule(void **state)
{
    static const struct {
        const char *sql;
        const char *message;
    } refused[] = {
        {"INSERT INTO agents (name, image) VALUES (NULL, 'x')", "agents.name"},
        {"INSERT INTO agents (name) VALUES ('x')", "NOT NULL constraint failed: agents.image"},
        {"INSERT INTO agents (name, image) VALUES ('x', '')", "image: 1 to 4096 bytes"},
        {"INSERT INTO agents (name, image, held) VALUES ('x', 'x', 2)", "held: 0 or 1"},
        {"INSERT INTO agents (name, image, held) VALUES ('x', 'x', 'yes')", "INTEGER column"},
        {"INSERT INTO agents (name, image, lifecycle) VALUES ('x', 'x', 'HOT')",
         "lifecycle: hot or lazy"},
        {"INSERT INTO agents (name, image, lifecycle) VALUES ('x', 'x', NULL)", "agents.lifecycle"},
        {"INSERT INTO agents (name, image, spec) VALUES ('x', 'x', NULL)", "agents.spec"},
        {"INSERT INTO agents (name, image, spec) VALUES ('x', 'x', x'7b7d')", "TEXT column"},
        {"INSERT INTO agents (name, image, spec) VALUES ('x', 'x', printf('%.*c', 1048577, 'x'))",
         "spec: at most 1 MiB"},
        {"INSERT INTO agents (name, image, idle_timeout) VALUES ('x', 'x', printf('%.*c', 65, "
         "'1'))",
         "idle_timeout: a duration"},
        {"INSERT INTO agents (name, image, held_reason) VALUES ('x', 'x', printf('%.*c', 4097, "
         "'1'))",
         "held_reason: at most"},
        {"INSERT INTO agents (name, image, pool) VALUES ('x', 'x', printf('%.*c', 64, '1'))",
         "pool: at most"},
        {"INSERT OR REPLACE INTO agents (name, image) VALUES ('a..b', 'x')",
         "no two dots in a row"},
        {"UPDATE agents SET name = 'b' WHERE name = 'a'", "UNIQUE constraint failed: agents.name"},
        {"UPDATE agents SET name = '' WHERE name = 'a'", "1 to 63 of"},
        {"DELETE FROM meta", "the row of meta must stay"},
        {"INSERT INTO meta DEFAULT VALUES", "is there already"},
        {"REPLACE INTO meta (id, uid) VALUES (1, 'x')", "is there already"},
        {"UPDATE meta SET generation = 0", "only counts up by one"},
        {"UPDATE meta SET generation = 9223372036854775807", "only counts up by one"},
        {"UPDATE meta SET uid = 'x'", "uid never changes"},
        {"UPDATE meta SET id = 2", "meta has one row"},
        {"UPDATE meta SET fleet = 'Demo'", "fleet: at most 63 of"},
    };
    fresh_start(*state);
    _cleanup_(client_closep) sqlite3 *db = client_open(*state);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        ROW("%s", refused[i].sql);
        char *message = NULL;
        assert_int_equal(sqlite3_exec(db, refused[i].sql, NULL, NULL, &message), SQLITE_CONSTRAINT);
        assert_contains(message, refused[i].message);
        sqlite3_free(message);
    }
    expect_rows(db, 0, true);
}

/* The table's grammar is the one of core/agent.h: every short text over an alphabet of what
 * matters. */
static void names_have_one_grammar(void **state)
{
    static const char alphabet[] = "aZ0_.-/ *[\xc3\x01";
    const size_t n = sizeof(alphabet) - 1;
    int valid = 0;
    fresh_start(*state);
    _cleanup_(client_closep) sqlite3 *db = client_open(*state);
    sqlite3_stmt *stmt = NULL;
    client_run(db, "BEGIN");
    assert_int_equal(sqlite3_prepare_v2(db, "REPLACE INTO agents (name, image) VALUES (?, 'x')", -1,
                                        &stmt, NULL),
                     SQLITE_OK);
    char names[12 * 13 * 13 + 4][72] = {"", "", "", ""};
    size_t count = 4;
    memset(names[0], 'a', 63);
    memset(names[1], 'a', 64);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= n; j++)
            for (size_t k = 0; k <= n; k++) {
                char *name = names[count++];
                name[0] = alphabet[i];
                name[1] = alphabet[j]; /* NUL past the end: a shorter name */
                name[2] = alphabet[name[1] ? k : n];
                name[3] = '\0';
            }
    for (size_t i = 0; i < count; i++) {
        bool expected = agent_name_is_valid(names[i]);
        (void)sqlite3_bind_text(stmt, 1, names[i], -1, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        if ((rc == SQLITE_DONE) != expected)
            (void)printf("    name \"%s\"\n", names[i]);
        assert_int_equal(rc, expected ? SQLITE_DONE : SQLITE_CONSTRAINT);
        (void)sqlite3_reset(stmt);
        valid += expected;
    }
    /* C would see this one as "a", beside the one that is. */
    (void)sqlite3_bind_text(stmt, 1, "a\0b", 3, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_CONSTRAINT);
    (void)sqlite3_finalize(stmt);
    client_run(db, "COMMIT");
    assert_true(valid > 100);
}

static int keep_spec_length(void *ctx, const struct store_agent *agent)
{
    *(size_t *)ctx = strlen(agent->spec);
    return 0;
}

/* A writer that switches checks off fails its own agent, not the reading of the others. */
static void rows_past_the_checks_are_read(void **state)
{
    struct error err = ERROR_INIT;
    size_t len = 0;
    fresh_start(*state);
    _cleanup_(client_closep) sqlite3 *db = client_open(*state);
    client_run(db, "PRAGMA ignore_check_constraints = ON;"
                   "INSERT INTO agents (name, image, lifecycle, spec)"
                   " VALUES ('x..y', '', 'warm', printf('%.*c', 3000000, 'x'))");
    struct store *owner = NULL;
    const struct store_options options = {.path = ((struct fixture *)*state)->db, .own = true};
    assert_int_equal(store_open(&options, &owner, &err), 0);
    assert_int_equal(store_read_agent(owner, "x..y", keep_spec_length, &len, &err), 0);
    assert_int_equal(len, 1048577);
    assert_int_equal(store_check(owner, true, &err), -EUCLEAN); /* who asks is told */
    assert_contains(err.text, "CHECK constraint failed in agents");
    owner = store_close(owner);
}

/* Reading what changed costs by what changed. */
static void changes_are_found_by_index(void **state)
{
    static const char *const plans[] = {
        "EXPLAIN QUERY PLAN SELECT name, spec FROM agents WHERE generation > 5 ORDER BY generation",
        "EXPLAIN QUERY PLAN SELECT name FROM tombstones WHERE generation > 5 AND NOT EXISTS"
        " (SELECT 1 FROM agents WHERE agents.name = tombstones.name) ORDER BY generation",
    };
    fresh_start(*state);
    _cleanup_(client_closep) sqlite3 *db = client_open(*state);
    for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
        char plan[1024];
        client_query(db, plans[i], plan, sizeof(plan));
        ROW("%s", plan);
        assert_contains(plan, "_by_generation (generation>?)");
        assert_null(strstr(plan, "SCAN"));
        assert_null(strstr(plan, "TEMP B-TREE"));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(with_default_pragmas),
        TEST(with_foreign_keys),
        TEST(with_recursive_triggers),
        TEST(with_untrusted_schema),
        TEST(through_the_sqlite3_command),
        TEST(times_are_kept),
        TEST(bad_rows_are_refused_with_the_rule),
        TEST(names_have_one_grammar),
        TEST(rows_past_the_checks_are_read),
        TEST(changes_are_found_by_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
