/* SPDX-License-Identifier: MIT
 *
 * What the table of agents comes to: hot rows run, lazy ones exist, one agent at each change of its
 * row; then a behavioural test for rules 1 to 8 of the decision table, those of rule N named
 * rule_N_…
 */
#include "core_world.h"

#include <string.h>

/* The fleet's table at boot */

static void hot_row_starts(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_run(&f, 0);
    assert_trace(&f, "create demo-web, start demo-web");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(fx_container(&f, "demo-web")->policy, LIFECYCLE_HOT);
    assert_state(&f, "web", STATE_RUNNING);
    assert_int_equal(fx_memory(&f, "web")->memory.state, STATE_RUNNING);
    assert_true(fx_memory(&f, "web")->memory.has_container);
    fx_settle(&f);
    assert_trace(&f, "");
}

static void lazy_row_exists_stopped(void **state)
{
    fx_put_simple(&f, "reviewer", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    assert_trace(&f, "create demo-reviewer");
    assert_status(&f, "demo-reviewer", CONTAINER_CREATED);
    assert_int_equal(fx_container(&f, "demo-reviewer")->policy, LIFECYCLE_LAZY);
    assert_state(&f, "reviewer", STATE_STOPPED);
}

static void lifecycle_change_recreates(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_clear(&f);
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    assert_trace(&f, "create demo-web..new, stop demo-web, rename demo-web demo-web..old, "
                     "rename demo-web..new demo-web, remove demo-web..old");
    assert_status(&f, "demo-web", CONTAINER_CREATED);
    assert_int_equal(fx_container(&f, "demo-web")->policy, LIFECYCLE_LAZY);
    assert_state(&f, "web", STATE_STOPPED);

    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(fx_container(&f, "demo-web")->policy, LIFECYCLE_HOT);
    assert_state(&f, "web", STATE_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

/* One agent at each create, update and delete of its row */

static void reconcile_one_creates_hot(void **state)
{
    fx_put_simple(&f, "other", LIFECYCLE_LAZY, 1);
    fx_run(&f, 0);
    fx_clear(&f);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    PASS(.agent = "web");
    assert_report(&f, "web", REPORT_CREATED, 9);
    assert_int_equal(f.n_reports, 1);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

static void reconcile_one_creates_lazy(void **state)
{
    fx_put_simple(&f, "reviewer", LIFECYCLE_LAZY, 1);
    PASS(.agent = "reviewer");
    assert_report(&f, "reviewer", REPORT_CREATED, 10);
    assert_int_equal(f.n_reports, 1);
    assert_status(&f, "demo-reviewer", CONTAINER_CREATED);
}

static void reconcile_one_updates(enum lifecycle lifecycle, enum container_status status)
{
    fx_put_simple(&f, "a", lifecycle, 1);
    fx_put_simple(&f, "b", lifecycle, 1);
    fx_settle(&f);
    struct sim_container old = *fx_container(&f, "demo-a"), other = *fx_container(&f, "demo-b");
    fx_put_simple(&f, "a", lifecycle, 2);
    PASS(.agent = "a");
    assert_report(&f, "a", REPORT_RECREATED, 14);
    assert_int_equal(f.n_reports, 1);
    assert_string_equal(f.reports[0].reason, "spec changed");
    struct sim_container *now = fx_container(&f, "demo-a");
    assert_memory_not_equal(old.id, now->id, CONTAINER_ID_SIZE);
    assert_int_equal(sim_plan_of(&now->spec).variant, 2);
    assert_status(&f, "demo-a", status);
    assert_memory_equal(&other, fx_container(&f, "demo-b"), sizeof(other));
    assert_int_equal(f.engine.n, 2);
}

static void reconcile_one_updates_hot(void **state)
{
    reconcile_one_updates(LIFECYCLE_HOT, CONTAINER_RUNNING);
}

static void reconcile_one_updates_lazy(void **state)
{
    reconcile_one_updates(LIFECYCLE_LAZY, CONTAINER_CREATED);
}

static void reconcile_one_deletes(enum lifecycle lifecycle, const char *trace)
{
    fx_put_simple(&f, "a", lifecycle, 1);
    fx_put_simple(&f, "b", lifecycle, 1);
    fx_settle(&f);
    fx_clear(&f);
    fx_delete(&f, "a");
    fx_run(&f, 0);
    assert_trace(&f, trace);
    assert_null(sim_engine_named(&f.engine, "demo-a"));
    assert_non_null(sim_engine_named(&f.engine, "demo-b"));
    assert_string_equal(f.forgotten, "a@3");
    assert_false(core_view_agent(f.core, "a", &(struct agent_view){0}));
}

static void reconcile_one_deletes_hot(void **state)
{
    reconcile_one_deletes(LIFECYCLE_HOT, "stop demo-a, remove demo-a");
}

static void reconcile_one_deletes_lazy(void **state)
{
    reconcile_one_deletes(LIFECYCLE_LAZY, "remove demo-a");
}

/* Rule 1 */

static void rule_1_foreign_name_is_never_touched(void **state)
{
    struct sim_container before =
        *fx_plant(&f, "demo-web", NULL, LIFECYCLE_HOT, fx_spec(9), CONTAINER_EXITED);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_ERROR, 1);
    assert_non_null(strstr(f.reports[0].error, "name_conflict"));
    assert_memory_equal(&before, fx_container(&f, "demo-web"), sizeof(before));

    fx_clear(&f);
    fx_settle(&f);
    PASS(.agent = NULL);
    assert_trace(&f, "list"); /* known by now: not tried again */

    sim_engine_drop(&f.engine, fx_container(&f, "demo-web"));
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_CREATED, 9);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* Who is looked at first must not matter. */
static void rule_1_second_with_our_labels(void **state)
{
    for (int backwards = 0; backwards < 2; backwards++) {
        ROW("backwards %d", backwards);
        fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
        fx_run(&f, 0);
        struct sim_container copy =
            *fx_plant(&f, "copy", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
        f.list_backwards = backwards;
        fx_clear(&f);
        PASS(.agent = NULL);
        assert_report(&f, "web", REPORT_ERROR, 1);
        assert_non_null(strstr(f.reports[0].error, "duplicate"));
        assert_trace(&f, "list");
        assert_memory_equal(&copy, fx_container(&f, "copy"), sizeof(copy));
        sim_engine_drop(&f.engine, fx_container(&f, "copy"));
        PASS(.agent = NULL);
        assert_report(&f, "web", REPORT_UNCHANGED, 23);
    }
}

/* Compose names its container {project}-{service}-1, or as container_name says. */
static void rule_1_compose_runs_it(void **state)
{
    static const char *const names[] = {"demo-web-1", "demo-web"};
    for (size_t i = 0; i < 2; i++) {
        ROW("%s", names[i]);
        struct sim_container *c =
            fx_plant(&f, names[i], NULL, LIFECYCLE_HOT, fx_spec(9), CONTAINER_RUNNING);
        strcpy(c->compose_service, "web");
        struct sim_container before = *c;
        PASS(.agent = NULL);
        fx_clear(&f);
        fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
        PASS(.agent = NULL);
        assert_report(&f, "web", REPORT_ERROR, 1);
        assert_non_null(strstr(f.reports[0].error, "compose_running"));
        assert_memory_equal(&before, fx_container(&f, names[i]), sizeof(before));
        fx_delete(&f, "web");
        fx_settle(&f);
        sim_engine_drop(&f.engine, fx_container(&f, names[i]));
    }
}

static void rule_1_outranks_held_and_broken(void **state)
{
    (void)fx_plant(&f, "demo-web", NULL, LIFECYCLE_HOT, fx_spec(9), CONTAINER_RUNNING);
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.held = true;
    row.invalid = "bad";
    fx_put(&f, &row);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_ERROR, 1);
}

/* Rule 2 */

static void rule_2_tombstone_removes_whatever_state(void **state)
{
    static const struct {
        enum container_status status;
        const char *trace;
    } cases[] = {
        {CONTAINER_CREATED, "remove demo-web"},
        {CONTAINER_EXITED, "remove demo-web"},
        {CONTAINER_RUNNING, "stop demo-web, remove demo-web"},
        {CONTAINER_RESTARTING, "stop demo-web, remove demo-web"},
        {CONTAINER_PAUSED, "unpause demo-web, stop demo-web, remove demo-web"},
        {CONTAINER_DEAD, "remove demo-web"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ROW("%s", container_status_name(cases[i].status));
        fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
        fx_run(&f, 0);
        fx_container(&f, "demo-web")->status = cases[i].status;
        fx_container(&f, "demo-web")->next_ns = SIM_NEVER_NS;
        PASS(.agent = NULL, .dry_run = true);
        fx_clear(&f);
        fx_delete(&f, "web");
        fx_run(&f, 0);
        assert_trace(&f, cases[i].trace);
        assert_int_equal(f.engine.n, 0);
        assert_false(core_view_agent(f.core, "web", &(struct agent_view){0}));
    }
}

static void rule_2_is_reported(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_delete(&f, "web");
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_REMOVED, 2);
}

static void rule_2_removes_every_spare(void **state)
{
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(2), CONTAINER_RUNNING);
    (void)fx_plant(&f, "demo-web..old", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_EXITED);
    (void)fx_plant(&f, "demo-web..new", "web", LIFECYCLE_HOT, fx_spec(3), CONTAINER_CREATED);
    fx_delete(&f, "web");
    PASS(.agent = NULL);
    assert_int_equal(f.engine.n, 0);
    assert_string_equal(f.forgotten, "web@1");
}

static void rule_2_row_beats_tombstone(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    f.generation = 5;
    fx_put(&f, &row);
    fx_run(&f, 0);
    fx_clear(&f);
    struct core_event event = {.kind = CORE_TOMBSTONE, .tombstone = {"web", 5}};
    (void)fx_step(&f, &event);
    fx_settle(&f);
    assert_trace(&f, "");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

static void rule_2_row_comes_back_during_the_removal(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_clear(&f);
    fx_delete(&f, "web");
    fx_time(&f); /* the stop is on its way */
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    assert_trace(&f, "stop demo-web, start demo-web");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* Rules 3, 4 */

static void rule_3_held_is_left_alone(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.held = true;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_trace(&f, "");
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_HELD, 3);
    row.held = false;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    row.held = true;
    fx_put(&f, &row);
    sim_engine_end(&f.engine, fx_container(&f, "demo-web"), 1);
    fx_container(&f, "demo-web")->status = CONTAINER_EXITED;
    fx_container(&f, "demo-web")->next_ns = SIM_NEVER_NS;
    row.spec = fx_spec(2);
    fx_put(&f, &row);
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_trace(&f, "list");
    assert_report(&f, "web", REPORT_HELD, 3);
}

static void rule_4_broken_row_is_told_and_left(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "other", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_clear(&f);
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 2);
    row.invalid = "spec: unknown key \"imgae\"";
    fx_put(&f, &row);
    PASS(.agent = NULL);
    assert_trace(&f, "list");
    assert_report(&f, "web", REPORT_ERROR, 4);
    assert_string_equal(fx_report(&f, "web")->error, "spec: unknown key \"imgae\"");
    assert_report(&f, "other", REPORT_UNCHANGED, 23);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_string_equal(fx_view(&f, "web").reason, "spec: unknown key \"imgae\"");
}

/* Rules 5 to 8 */

static void rule_5_waits_for_the_removal(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_container(&f, "demo-web")->status = CONTAINER_REMOVING;
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_PENDING, 5);
    fx_run(&f, 3 * FX_S);
    for (const char *t = f.trace; *t; t += strcspn(t, ",") + (strchr(t, ',') ? 2 : 0))
        assert_memory_equal(t, "list", 4); /* and nothing else */
    assert_in_range(f.lists, 4, 8);
    fx_clear(&f);
    sim_engine_drop(&f.engine, fx_container(&f, "demo-web"));
    fx_run(&f, 2 * FX_S); /* nobody has to ask */
    assert_trace(&f, "list, create demo-web, start demo-web");
}

static void rule_6_dead_is_made_anew(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_container(&f, "demo-web")->status = CONTAINER_DEAD;
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_RECREATED, 6);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

static void rule_7_finishes_half_a_recreate(void **state)
{
    (void)fx_plant(&f, "demo-web..old", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_EXITED);
    (void)fx_plant(&f, "demo-web..new", "web", LIFECYCLE_HOT, fx_spec(2), CONTAINER_CREATED);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_RECREATED, 7);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(sim_plan_of(&fx_container(&f, "demo-web")->spec).variant, 2);
    assert_int_equal(f.engine.n, 1);
}

static void rule_8_renames_back(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    strcpy(fx_container(&f, "demo-web")->name, "mine");
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_trace(&f, "list, rename mine demo-web");
    assert_report(&f, "web", REPORT_RENAMED, 8);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

/* The id is remembered over a restart: renamed while nobody looked. */
static void rule_8_knows_it_after_a_restart(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    strcpy(fx_container(&f, "demo-web")->name, "mine");
    fx_clear(&f);
    fx_restart(&f);
    fx_settle(&f);
    assert_trace(&f, "list, rename mine demo-web");
}

/* container_name in the row is the same thing from the other side. */
static void rule_8_follows_container_name(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_clear(&f);
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.container_name = "frontend";
    fx_put(&f, &row);
    fx_settle(&f);
    assert_trace(&f, "list, rename demo-web frontend");
    row.container_name = NULL;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_trace(&f, "list, rename frontend demo-web");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hot_row_starts),
        TEST(lazy_row_exists_stopped),
        TEST(lifecycle_change_recreates),
        TEST(reconcile_one_creates_hot),
        TEST(reconcile_one_creates_lazy),
        TEST(reconcile_one_updates_hot),
        TEST(reconcile_one_updates_lazy),
        TEST(reconcile_one_deletes_hot),
        TEST(reconcile_one_deletes_lazy),
        TEST(rule_1_foreign_name_is_never_touched),
        TEST(rule_1_second_with_our_labels),
        TEST(rule_1_compose_runs_it),
        TEST(rule_1_outranks_held_and_broken),
        TEST(rule_2_tombstone_removes_whatever_state),
        TEST(rule_2_is_reported),
        TEST(rule_2_removes_every_spare),
        TEST(rule_2_row_beats_tombstone),
        TEST(rule_2_row_comes_back_during_the_removal),
        TEST(rule_3_held_is_left_alone),
        TEST(rule_4_broken_row_is_told_and_left),
        TEST(rule_5_waits_for_the_removal),
        TEST(rule_6_dead_is_made_anew),
        TEST(rule_7_finishes_half_a_recreate),
        TEST(rule_8_renames_back),
        TEST(rule_8_knows_it_after_a_restart),
        TEST(rule_8_follows_container_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
