/* SPDX-License-Identifier: MIT
 *
 * The calls of store.h, one by one. */
#include "store_fixture.h"

#include "base/buf.h"

/* What the callbacks saw, as text. */
static int note_agent(void *ctx, const struct store_agent *agent)
{
    return buf_printf(ctx, "%s %s %s %s %s %d %s %s@%d\n", agent->name, agent->lifecycle,
                      agent->image, agent->spec, agent->idle_timeout ? agent->idle_timeout : "-",
                      agent->held, agent->held_reason ? agent->held_reason : "-",
                      agent->source ? agent->source : "-", (int)agent->generation);
}

static int note_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    return buf_printf(ctx, "%s gone %s@%d\n", tombstone->name, tombstone->spec,
                      (int)tombstone->generation);
}

static int note_state(void *ctx, const struct store_state *state)
{
    return buf_printf(ctx, "%s %s %s %s %d\n", state->agent,
                      state->container_id ? state->container_id : "-", state->state,
                      state->reason ? state->reason : "-", (int)state->failed_generation);
}

static int note_volume(void *ctx, const char *agent, const struct store_volume *volume)
{
    return buf_printf(ctx, "%s %s=%s\n", agent, volume->destination, volume->name);
}

static int note_resource(void *ctx, const struct store_resource *resource)
{
    return buf_printf(ctx, "%s %s %s %s %d %s\n", resource->source, resource->kind, resource->key,
                      resource->engine_name, resource->external, resource->body);
}

static void expect_changes(struct store *store, uint64_t since, const char *expected, uint64_t now)
{
    struct error err = ERROR_INIT;
    _cleanup_(buf_close) struct buf seen = BUF_INIT(65536);
    uint64_t generation = 0;
    assert_int_equal(
        store_read_changes(store, since, note_agent, note_tombstone, &seen, &generation, &err), 0);
    assert_string_equal(buf_text(&seen), expected);
    assert_int_equal(generation, now);
}

static void write_agent(struct store *store, const char *name, const char *lifecycle, bool expected)
{
    struct error err = ERROR_INIT;
    bool changed = !expected;
    struct store_agent agent = {
        .name = name, .lifecycle = lifecycle, .image = "busybox", .spec = "{}"};
    assert_int_equal(store_write_agent(store, &agent, &changed, &err), 0);
    assert_int_equal(changed, expected);
}

static void a_new_database_has_an_identity(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char uid[64];
    _cleanup_(store_closep) struct store *store = fixture_open(f);
    (void)snprintf(uid, sizeof(uid), "%s", store_uid(store));
    assert_int_equal(strlen(uid), 32);
    assert_string_equal(store_fleet(store), "");
    assert_int_equal(store_set_fleet(store, "Demo", &err), -EINVAL);
    assert_int_equal(store_set_fleet(store, "demo", &err), 0);
    assert_int_equal(store_set_fleet(store, "demo", &err), 0);
    assert_int_equal(store_set_fleet(store, "other", &err), -EEXIST);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_contains(err.text, "fleet \"demo\", not \"other\"");
    assert_true(store_has_uid(store, uid));
    assert_false(store_has_uid(store, "0123456789abcdef0123456789abcdef"));
    assert_int_equal(store_add_uid(store, "0123456789abcdef0123456789abcde", &err), -EINVAL);
    assert_int_equal(store_add_uid(store, "0123456789abcdef0123456789abcdef", &err), 0);
    assert_int_equal(store_add_uid(store, "0123456789abcdef0123456789abcdef", &err), 0);
    store = store_close(store);
    store = fixture_open(f);
    assert_string_equal(store_uid(store), uid);
    assert_string_equal(store_fleet(store), "demo");
    assert_true(store_has_uid(store, "0123456789abcdef0123456789abcdef"));
}

static void a_fleet_set_by_another_is_kept(void **state)
{
    struct error err = ERROR_INIT;
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    _cleanup_(client_closep) sqlite3 *client = client_open(*state);
    client_run(client, "UPDATE meta SET fleet = 'first'");
    assert_int_equal(store_set_fleet(store, "second", &err), -EEXIST);
    assert_string_equal(store_fleet(store), "first");
}

static void agents_are_written_once(void **state)
{
    struct error err = ERROR_INIT;
    _cleanup_(buf_close) struct buf seen = BUF_INIT(65536);
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    write_agent(store, "web", "hot", true);
    write_agent(store, "reviewer", "lazy", true);
    write_agent(store, "web", "hot", false);
    expect_changes(store, 0, "web hot busybox {} - 0 - -@1\nreviewer lazy busybox {} - 0 - -@2\n",
                   2);
    expect_changes(store, 2, "", 2);
    write_agent(store, "web", "lazy", true);
    expect_changes(store, 2, "web lazy busybox {} - 0 - -@3\n", 3);
    assert_int_equal(store_set_held(store, "web", true, "being looked at", &err), 0);
    assert_int_equal(store_set_held(store, "web", true, "being looked at", &err), 0);
    assert_int_equal(store_read_agent(store, "web", note_agent, &seen, &err), 0);
    assert_string_equal(buf_text(&seen), "web lazy busybox {} - 1 being looked at -@4\n");
    assert_int_equal(store_set_held(store, "web", false, "no reason to be free", &err), 0);
    expect_changes(store, 4, "web lazy busybox {} - 0 - -@5\n", 5);
    assert_int_equal(store_delete_agent(store, "web", &err), 0);
    expect_changes(store, 2, "web gone {}@6\n", 6);
    write_agent(store, "web", "hot", true);
    expect_changes(store, 2, "web hot busybox {} - 0 - -@7\n", 7);
}

static void every_column_is_written(void **state)
{
    struct error err = ERROR_INIT;
    bool changed = false;
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    _cleanup_(client_closep) sqlite3 *client = client_open(*state);
    struct store_agent agent = {.name = "n",
                                .lifecycle = "lazy",
                                .image = "i",
                                .spec = "s",
                                .idle_timeout = "t",
                                .pool = "p",
                                .held = true,
                                .held_reason = "h",
                                .source = "o",
                                .applied = "a"};
    const char *query =
        "SELECT name, lifecycle, image, spec, idle_timeout, pool, held, held_reason,"
        " source, applied FROM agents";
    assert_int_equal(store_write_agent(store, &agent, &changed, &err), 0);
    expect_query(client, query, "n|lazy|i|s|t|p|1|h|o|a");
    agent = (struct store_agent){.name = "n", .lifecycle = "hot", .image = "I", .spec = "S"};
    assert_int_equal(store_write_agent(store, &agent, &changed, &err), 0);
    expect_query(client, query, "n|hot|I|S|-|-|0|-|-|-");
}

static void a_row_beats_its_tombstone(void **state)
{
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    _cleanup_(client_closep) sqlite3 *client = client_open(*state);
    write_agent(store, "web", "hot", true);
    client_run(client, "INSERT INTO tombstones VALUES ('web', 7, 0, '{}'), ('db', 8, 0, '{}')");
    expect_changes(store, 0, "web hot busybox {} - 0 - -@1\ndb gone {}@8\n", 1);
}

static void a_missing_agent_names_the_nearest(void **state)
{
    struct error err = ERROR_INIT;
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    write_agent(store, "web", "hot", true);
    write_agent(store, "reviewer", "hot", true);
    assert_int_equal(store_delete_agent(store, "reviwer", &err), -ENOENT);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_string_equal(err.text, "there is no agent \"reviwer\"; did you mean \"reviewer\"?");
    assert_int_equal(store_set_held(store, "wbe", true, NULL, &err), -ENOENT);
    assert_string_equal(err.text, "there is no agent \"wbe\"; did you mean \"web\"?");
    assert_int_equal(store_read_agent(store, "x\x1b[2J", note_agent, NULL, &err), -ENOENT);
    assert_string_equal(err.text, "there is no agent \"x\\x1b[2J\"; `roost ls` lists them");
}

static void refused_rows_name_the_rule(void **state)
{
    struct error err = ERROR_INIT;
    bool changed = false;
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    struct store_agent agent = {.name = "a..new", .lifecycle = "hot", .image = "x", .spec = "{}"};
    assert_int_equal(store_write_agent(store, &agent, &changed, &err), -EINVAL);
    assert_int_equal(err.kind, ERROR_INVALID);
    assert_contains(err.text, "no two dots in a row");
    expect_changes(store, 0, "", 0);
}

static int stop_at_once(void *ctx, const struct store_agent *agent)
{
    (*(int *)ctx)++;
    return -ECANCELED;
}

static int no_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    return 1;
}

static void a_callback_ends_the_walk(void **state)
{
    struct error err = ERROR_INIT;
    int calls = 0;
    uint64_t generation = 77;
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    write_agent(store, "a", "hot", true);
    write_agent(store, "b", "hot", true);
    assert_int_equal(
        store_read_changes(store, 0, stop_at_once, no_tombstone, &calls, &generation, &err),
        -ECANCELED);
    assert_int_equal(calls, 1);
    assert_int_equal(generation, 77);
    assert_int_equal(store_delete_agent(store, "a", &err), 0);
    assert_int_equal(
        store_read_changes(store, 2, stop_at_once, no_tombstone, &calls, &generation, &err), 1);
    assert_int_equal(store_begin(store, &err), 0); /* no transaction was left open */
    store_rollback(store);
}

static void states_and_volumes_go_with_the_tombstone(void **state)
{
    struct error err = ERROR_INIT;
    _cleanup_(buf_close) struct buf seen = BUF_INIT(65536);
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    struct store_volume volumes[] = {{"/data", "v1"}, {"/cache", "v2"}};
    struct store_state row = {.agent = "web", .container_id = "c1", .state = "running"};
    write_agent(store, "web", "hot", true);
    assert_int_equal(store_write_state(store, &row, &err), 0);
    row.state = "failed";
    row.reason = "no such image";
    row.failed_generation = 1;
    assert_int_equal(store_write_state(store, &row, &err), 0);
    assert_int_equal(store_write_volumes(store, "web", volumes, 2, &err), 0);
    assert_int_equal(store_write_volumes(store, "web", volumes + 1, 1, &err), 0);
    assert_int_equal(store_read_states(store, note_state, &seen, &err), 0);
    assert_int_equal(store_read_volumes(store, note_volume, &seen, &err), 0);
    assert_string_equal(buf_text(&seen), "web c1 failed no such image 1\nweb /cache=v2\n");

    assert_int_equal(store_delete_agent(store, "web", &err), 0);
    assert_int_equal(store_delete_tombstone(store, "web", 1, &err), 0); /* of an older row: stays */
    expect_changes(store, 0, "web gone {}@2\n", 2);
    write_agent(store, "web", "hot", true);
    assert_int_equal(store_delete_tombstone(store, "web", 2, &err), 0); /* the row came back */
    buf_reset(&seen);
    assert_int_equal(store_read_states(store, note_state, &seen, &err), 0);
    assert_string_equal(buf_text(&seen), "web c1 failed no such image 1\n");

    assert_int_equal(store_delete_agent(store, "web", &err), 0);
    assert_int_equal(store_delete_tombstone(store, "web", 4, &err), 0);
    buf_reset(&seen);
    assert_int_equal(store_read_states(store, note_state, &seen, &err), 0);
    assert_int_equal(store_read_volumes(store, note_volume, &seen, &err), 0);
    assert_string_equal(buf_text(&seen), "");
    expect_changes(store, 0, "", 4);
}

static void a_source_has_one_set_of_resources(void **state)
{
    struct error err = ERROR_INIT;
    _cleanup_(buf_close) struct buf seen = BUF_INIT(65536);
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    struct store_resource rows[] = {
        {"network", "default", "demo_default", false, "{\"Driver\":\"bridge\"}", NULL},
        {"volume", "data", "data", true, "{}", NULL},
        {"network", "default", "twice", false, "{}", NULL},
        {"share", "x", "x", false, "{}", NULL},
    };
    assert_int_equal(store_write_resources(store, "/a.yaml", rows, 2, &err), 0);
    assert_int_equal(store_write_resources(store, "/b.yaml", rows, 1, &err), 0);
    assert_int_equal(store_write_resources(store, "/a.yaml", rows, 3, &err),
                     -EINVAL); /* all or none */
    assert_int_equal(store_write_resources(store, "/a.yaml", rows + 3, 1, &err), -EINVAL);
    assert_int_equal(store_write_resources(store, "/b.yaml", rows + 1, 1, &err), 0);
    assert_int_equal(store_read_resources(store, note_resource, &seen, &err), 0);
    assert_string_equal(buf_text(&seen),
                        "/a.yaml network default demo_default 0 {\"Driver\":\"bridge\"}\n"
                        "/a.yaml volume data data 1 {}\n"
                        "/b.yaml volume data data 1 {}\n");
}

/* A renewal may come between the deletion of the row and the look at it. */
static void a_lease_has_a_row(void **state)
{
    struct error err = ERROR_INIT;
    struct store_lease lease = {"one", "web", "boot", 5, 10};
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    _cleanup_(client_closep) sqlite3 *client = client_open(*state);
    assert_int_equal(store_write_lease(store, &lease, &err), 0);
    expect_query(client, "SELECT * FROM leases", "");
    write_agent(store, "web", "lazy", true);
    assert_int_equal(store_write_lease(store, &lease, &err), 0);
    expect_query(client, "SELECT * FROM leases", "one|web|boot|5|10");
    lease.until_ns = 7, lease.expires_ms = 12;
    assert_int_equal(store_write_lease(store, &lease, &err), 0);
    expect_query(client, "SELECT * FROM leases", "one|web|boot|7|12");
    client_run(client, "DELETE FROM agents");
    expect_query(client, "SELECT * FROM leases", "");
    assert_int_equal(store_write_lease(store, &lease, &err), 0);
    expect_query(client, "SELECT * FROM leases", "");
    assert_int_equal(store_delete_lease(store, "one", &err), 0);
}

static void transactions_are_whole(void **state)
{
    struct error err = ERROR_INIT;
    struct store_volume twice[] = {{"/data", "v1"}, {"/data", "v2"}};
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    _cleanup_(client_closep) sqlite3 *client = client_open(*state);
    assert_int_equal(store_begin(store, &err), 0);
    assert_int_equal(store_begin(store, &err), -EALREADY);
    write_agent(store, "web", "hot", true);
    expect_query(client, "SELECT count(*) FROM agents", "0");
    assert_int_equal(store_set_fleet(store, "demo", &err), 0);
    assert_int_equal(store_add_uid(store, "0123456789abcdef0123456789abcdef", &err), 0);
    assert_string_equal(store_fleet(store), "demo");
    store_rollback(store);
    store_rollback(store);
    assert_string_equal(store_fleet(store), "");
    assert_false(store_has_uid(store, "0123456789abcdef0123456789abcdef"));
    assert_int_equal(store_commit(store, &err), -ECANCELED);
    expect_changes(store, 0, "", 0);

    /* What fails inside takes back itself, not the whole. */
    assert_int_equal(store_begin_relaxed(store, &err), 0);
    write_agent(store, "web", "hot", true);
    assert_int_equal(store_write_volumes(store, "web", twice, 2, &err), -EINVAL);
    assert_int_equal(store_commit(store, &err), 0);
    expect_query(client, "SELECT name FROM agents", "web");
    expect_query(client, "SELECT count(*) FROM agent_volumes", "0");
}

static void a_write_of_others_is_noticed(void **state)
{
    struct error err = ERROR_INIT;
    bool changed = true;
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    _cleanup_(client_closep) sqlite3 *client = client_open(*state);
    assert_int_equal(store_changed(store, &changed, &err), 0);
    assert_false(changed);
    write_agent(store, "own", "hot", true);
    assert_int_equal(store_changed(store, &changed, &err), 0);
    assert_false(changed);
    client_run(client, "UPDATE meta SET fleet = 'demo'");
    assert_int_equal(store_changed(store, &changed, &err), 0);
    assert_true(changed);
    assert_string_equal(store_fleet(store), "demo");
    assert_int_equal(store_changed(store, &changed, &err), 0);
    assert_false(changed);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_database_has_an_identity),
        TEST(agents_are_written_once),
        TEST(every_column_is_written),
        TEST(a_row_beats_its_tombstone),
        TEST(a_fleet_set_by_another_is_kept),
        TEST(a_missing_agent_names_the_nearest),
        TEST(refused_rows_name_the_rule),
        TEST(a_callback_ends_the_walk),
        TEST(states_and_volumes_go_with_the_tombstone),
        TEST(a_source_has_one_set_of_resources),
        TEST(a_lease_has_a_row),
        TEST(transactions_are_whole),
        TEST(a_write_of_others_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
