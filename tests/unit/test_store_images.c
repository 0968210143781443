/* SPDX-License-Identifier: MIT
 *
 * The tables of version 3: pulls, containers taken over, permissions. */
#include "store_fixture.h"

static void the_last_pull_counts(void **state)
{
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    struct error err = ERROR_INIT;
    int64_t ms = -1;
    assert_int_equal(store_read_pull(store, "busybox:1", &ms, &err), 0);
    assert_int_equal(ms, 0);
    assert_int_equal(store_write_pull(store, "busybox:1", 1000, &err), 0);
    assert_int_equal(store_write_pull(store, "busybox:1", 2000, &err), 0);
    assert_int_equal(store_write_pull(store, "busybox:2", 3000, &err), 0);
    store = store_close(store);
    store = fixture_open(*state);
    assert_int_equal(store_read_pull(store, "busybox:1", &ms, &err), 0);
    assert_int_equal(ms, 2000);
    assert_int_equal(store_read_pull(store, "busybox", &ms, &err), 0);
    assert_int_equal(ms, 0);
}

static void one_taken_container_an_agent(void **state)
{
    struct fixture *f = *state;
    _cleanup_(store_closep) struct store *store = fixture_open(f);
    _cleanup_(client_closep) sqlite3 *client = client_open(f);
    struct error err = ERROR_INIT;
    const struct store_taken rows[] = {
        {"aa", "web", "1:00", "hot"},
        {"bb", "web", "1:11", "lazy"}, /* another container of the agent */
        {"cc", "db", "1:22", "hot"},
        {"cc", "cache", "1:22", "hot"}, /* the container is another agent's now */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(store_write_taken(store, &rows[i], &err), 0);
    expect_query(client,
                 "SELECT container_id, agent, spec, lifecycle FROM taken ORDER BY container_id",
                 "bb|web|1:11|lazy\ncc|cache|1:22|hot");
}

static int count_taken(void *ctx, const struct store_taken *taken)
{
    assert_string_equal(taken->container_id, "aa");
    assert_string_equal(taken->lifecycle, "hot");
    ++*(int *)ctx;
    return 0;
}

static int count_allowed(void *ctx, const char *agent, const char *field)
{
    assert_string_equal(agent, "web");
    assert_string_equal(field, "privileged");
    ++*(int *)ctx;
    return 0;
}

static void a_permission_goes_with_its_row(void **state)
{
    struct fixture *f = *state;
    _cleanup_(store_closep) struct store *store = fixture_open(f);
    _cleanup_(client_closep) sqlite3 *client = client_open(f);
    struct error err = ERROR_INIT;
    int n = 0;
    client_run(client, "INSERT INTO agents (name, image) VALUES ('web', 'x'), ('db', 'x'),"
                       " ('old', 'x')");
    assert_int_equal(store_allow(store, "web", "privileged", &err), 0);
    assert_int_equal(store_allow(store, "web", "privileged", &err), 0);
    assert_int_equal(store_allow(store, "db", "pid", &err), 0);
    assert_int_equal(store_allow(store, "old", "pid", &err), 0);
    client_run(client, "REPLACE INTO agents (name, image) VALUES ('web', 'y')");
    client_run(client, "DELETE FROM agents WHERE name = 'db'");
    client_run(client, "UPDATE agents SET name = 'new' WHERE name = 'old'");
    assert_int_equal(store_read_allowed(store, count_allowed, &n, &err), 0);
    assert_int_equal(n, 1);
}

static void what_was_taken_is_read(void **state)
{
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    struct error err = ERROR_INIT;
    int n = 0;
    assert_int_equal(
        store_write_taken(store, &(struct store_taken){"aa", "web", "1:00", "hot"}, &err), 0);
    assert_int_equal(store_read_taken(store, count_taken, &n, &err), 0);
    assert_int_equal(n, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_pull_counts),
        TEST(one_taken_container_an_agent),
        TEST(a_permission_goes_with_its_row),
        TEST(what_was_taken_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
