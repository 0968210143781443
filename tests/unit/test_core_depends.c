/* SPDX-License-Identifier: MIT
 *
 * depends_on: the order of first starts, what it forbids and whom it keeps awake.
 */
#include "core_world.h"

#include <string.h>

static struct core_depends on_b[] = {{"b", DEPENDS_STARTED}};
static struct core_depends on_b_healthy[] = {{"b", DEPENDS_HEALTHY}};
static struct core_depends on_b_completed[] = {{"b", DEPENDS_COMPLETED}};
static struct core_depends on_c[] = {{"c", DEPENDS_STARTED}};
static struct core_depends on_a[] = {{"a", DEPENDS_STARTED}};

static void put(const char *name, enum lifecycle lifecycle, struct core_depends *depends,
                struct sim_plan plan, enum ready_kind ready)
{
    struct core_row row = fx_row(name, lifecycle, 0);
    row.depends = depends;
    row.n_depends = depends ? 1 : 0;
    row.spec = sim_spec(plan);
    row.ready = ready;
    row.ready_timeout_ns = 30 * FX_S;
    row.idle_timeout_ns = 20 * FX_S;
    fx_put(&f, &row);
}

static const struct sim_plan stays = {.conduct = SIM_STAYS};

static void first_starts_are_in_order(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, on_c, stays, READY_STARTED);
    put("c", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_settle(&f);
    assert_trace(
        &f,
        "create demo-a, create demo-b, create demo-c, start demo-c, start demo-b, start demo-a");
}

/* The engine refuses to make one that shares something of a container that is not there. */
static void what_shares_is_made_after(void **state)
{
    static struct core_depends shares_b[] = {{"b", DEPENDS_STARTED, .shares = true}};
    put("a", LIFECYCLE_LAZY, shares_b, stays, READY_STARTED);
    put("b", LIFECYCLE_LAZY, NULL, stays, READY_STARTED);
    fx_settle(&f);
    assert_trace(&f, "create demo-b, create demo-a");
}

/* Nobody makes it: the engine's own words tell. */
static void what_shares_with_nobody_is_tried(void **state)
{
    static struct core_depends shares_b[] = {{"b", DEPENDS_STARTED, .shares = true}};
    put("a", LIFECYCLE_LAZY, shares_b, stays, READY_STARTED);
    fx_run(&f, 0);
    assert_trace(&f, "create demo-a");
    assert_non_null(strstr(fx_view(&f, "a").reason, "No such container"));
}

static void healthy_waits_for_ready(void **state)
{
    put("a", LIFECYCLE_HOT, on_b_healthy, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, NULL, (struct sim_plan){.ready_ms = 5000}, READY_HEALTHY);
    fx_run(&f, 4 * FX_S);
    assert_status(&f, "demo-a", CONTAINER_CREATED);
    assert_state(&f, "b", STATE_STARTING);
    fx_run(&f, 4 * FX_S);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
}

/* Not ready in time: hope ends, and the pass with it; but it goes on when it is ready after all. */
static void healthy_gives_up_with_the_ready_timeout(void **state)
{
    put("a", LIFECYCLE_HOT, on_b_healthy, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, NULL, (struct sim_plan){.ready_ms = 60000}, READY_HEALTHY);
    PASS(.agent = NULL);
    assert_report(&f, "a", REPORT_ERROR, 9);
    assert_string_equal(fx_report(&f, "a")->error, "waits for \"b\", which it depends on");
    assert_status(&f, "demo-b", CONTAINER_RUNNING); /* left running */
    assert_state(&f, "b", STATE_STARTING);
    assert_non_null(strstr(fx_view(&f, "b").reason, "not ready in time"));
    fx_run(&f, 60 * FX_S);
    assert_state(&f, "b", STATE_RUNNING);
    assert_string_equal(fx_view(&f, "b").reason, "");
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
    assert_string_equal(fx_view(&f, "a").reason, "");
}

/* An answer that comes between a change of rows and the word that it is whole. */
static void who_is_needed_is_known_as_soon_as_rows_have_changed(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    put("b", LIFECYCLE_LAZY, NULL, stays, READY_STARTED);
    f.hold = true;
    fx_run(&f, 0);
    fx_answer(&f, 0);
    fx_answer(&f, 0);
    assert_trace(&f, "create demo-a, create demo-b, start demo-b");
    put("c", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "no such device");
    fx_answer(&f, 0);
    assert_events(&f, "container_stopped b");
    f.hold = false;
    fx_settle(&f);
    assert_events(&f, "container_recovered b");
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
}

static void completed_waits_for_exit_0(void **state)
{
    put("a", LIFECYCLE_HOT, on_b_completed, stays, READY_STARTED);
    put("b", LIFECYCLE_LAZY, NULL, (struct sim_plan){.conduct = SIM_ENDS, .run_ms = 5000},
        READY_STARTED);
    fx_run(&f, 4 * FX_S);
    assert_status(&f, "demo-b", CONTAINER_RUNNING);
    assert_status(&f, "demo-a", CONTAINER_CREATED);
    fx_run(&f, 2 * FX_S);
    PASS(.agent = NULL);
    fx_settle(&f);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
    assert_status(&f, "demo-b", CONTAINER_EXITED);
    fx_clear(&f);
    PASS(.agent = NULL); /* one run is enough */
    assert_trace(&f, "list");
}

static void completed_with_a_failure_is_hopeless(void **state)
{
    put("a", LIFECYCLE_HOT, on_b_completed, stays, READY_STARTED);
    put("b", LIFECYCLE_LAZY, NULL, (struct sim_plan){.conduct = SIM_CRASHES, .run_ms = 1000},
        READY_STARTED);
    fx_run(&f, 2 * FX_S);
    PASS(.agent = NULL);
    assert_report(&f, "a", REPORT_ERROR, 17);
    assert_status(&f, "demo-a", CONTAINER_CREATED);
}

static void missing_dependency_is_told(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    PASS(.agent = NULL);
    assert_report(&f, "a", REPORT_ERROR, 9);
    assert_string_equal(f.reports[0].error, "waits for \"b\", which it depends on");
    assert_status(&f, "demo-a", CONTAINER_CREATED);
    put("b", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_settle(&f); /* without a pass */
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
    assert_string_equal(fx_view(&f, "a").reason, "");
}

static struct core_depends maybe_b[] = {{"b", DEPENDS_STARTED, .optional = true}};

static void optional_dependency_need_not_be_there(void **state)
{
    put("a", LIFECYCLE_HOT, maybe_b, stays, READY_STARTED);
    PASS(.agent = NULL);
    assert_report(&f, "a", REPORT_CREATED, 9);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
}

static void optional_dependency_that_is_there_comes_first(void **state)
{
    put("a", LIFECYCLE_HOT, maybe_b, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_settle(&f);
    assert_trace(&f, "create demo-a, create demo-b, start demo-b, start demo-a");
}

/* Only that it must be there has changed. */
static void dependency_becomes_optional(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    fx_settle(&f);
    assert_status(&f, "demo-a", CONTAINER_CREATED);
    put("a", LIFECYCLE_HOT, maybe_b, stays, READY_STARTED);
    fx_settle(&f);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
}

static void dependency_that_cannot_start(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, NULL, (struct sim_plan){.conduct = SIM_REFUSED}, READY_STARTED);
    PASS(.agent = NULL);
    assert_report(&f, "a", REPORT_ERROR, 9);
    assert_report(&f, "b", REPORT_ERROR, 9);
    put("b", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_settle(&f);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
}

/* The engine forgets that b's port was taken: b's own back-off starts it, and that starts a. */
static void dependency_that_recovers_starts_its_dependents(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "port taken");
    fx_run(&f, 0);
    assert_status(&f, "demo-a", CONTAINER_CREATED);
    fx_run(&f, 2 * FX_S);
    assert_status(&f, "demo-b", CONTAINER_RUNNING);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
}

static void what_ran_before_is_not_kept_down(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_settle(&f);
    fx_container(&f, "demo-a")->status = CONTAINER_EXITED;
    sim_engine_drop(&f.engine, fx_container(&f, "demo-b"));
    put("b", LIFECYCLE_HOT, NULL, (struct sim_plan){.conduct = SIM_NO_IMAGE}, READY_STARTED);
    PASS(.agent = NULL);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
}

static void a_circle_is_an_error_for_all_in_it(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, on_a, stays, READY_STARTED);
    put("c", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    put("leads-in", LIFECYCLE_HOT, on_a, stays, READY_STARTED);
    PASS(.agent = NULL);
    assert_report(&f, "a", REPORT_ERROR, 4);
    assert_report(&f, "b", REPORT_ERROR, 4);
    assert_report(&f, "leads-in", REPORT_ERROR, 4);
    assert_report(&f, "c", REPORT_CREATED, 9);
    assert_non_null(strstr(f.reports[0].error, "circle"));
    put("b", LIFECYCLE_HOT, on_c, stays, READY_STARTED);
    fx_settle(&f);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
    assert_status(&f, "demo-leads-in", CONTAINER_RUNNING);
}

static void on_itself_is_a_circle(void **state)
{
    put("a", LIFECYCLE_HOT, on_a, stays, READY_STARTED);
    PASS(.agent = NULL);
    assert_report(&f, "a", REPORT_ERROR, 4);
}

static void twice_the_same_dependency(void **state)
{
    struct core_depends twice[] = {{"b", DEPENDS_STARTED}, {"b", DEPENDS_HEALTHY}};
    struct core_row row = fx_row("a", LIFECYCLE_HOT, 1);
    row.depends = twice;
    row.n_depends = 2;
    fx_put(&f, &row);
    put("b", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_settle(&f);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
    fx_delete(&f, "a");
    fx_settle(&f);
}

/* Through a chain: a is hot, so lazy b and lazy c are awake. */
static void awake_dependents_keep_a_chain_awake(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    put("b", LIFECYCLE_LAZY, on_c, stays, READY_STARTED);
    put("c", LIFECYCLE_LAZY, NULL, stays, READY_STARTED);
    fx_run(&f, 300 * FX_S);
    assert_int_equal(fx_runs(&f, "a") + fx_runs(&f, "b") + fx_runs(&f, "c"), 3);
    put("a", LIFECYCLE_LAZY, on_b, stays, READY_STARTED);
    fx_run(&f, 300 * FX_S);
    assert_int_equal(fx_runs(&f, "a") + fx_runs(&f, "b") + fx_runs(&f, "c"), 0);
}

static void held_or_broken_dependents_keep_nobody_awake(void **state)
{
    for (int broken = 0; broken < 2; broken++) {
        ROW("broken %d", broken);
        struct core_row a = fx_row("a", LIFECYCLE_HOT, 1);
        a.depends = on_b;
        a.n_depends = 1;
        a.held = !broken;
        a.invalid = broken ? "bad" : NULL;
        fx_put(&f, &a);
        put("b", LIFECYCLE_LAZY, NULL, stays, READY_STARTED);
        fx_settle(&f);
        assert_int_equal(fx_runs(&f, "b"), 0);
        a.held = false;
        a.invalid = NULL;
        fx_put(&f, &a);
        fx_settle(&f);
        assert_int_equal(fx_runs(&f, "b"), 1);
        a.held = !broken;
        a.invalid = broken ? "bad" : NULL;
        fx_put(&f, &a);
        fx_settle(&f);
        assert_int_equal(fx_runs(&f, "b"), 0);
        fx_delete(&f, "a");
        fx_delete(&f, "b");
        fx_settle(&f);
    }
}

/* a is being recreated and has the only place in the roll-out; b, which waits for that place, is
 * not ready. Neither may wait for the other. */
static void roll_out_and_dependency_do_not_wait_for_each_other(void **state)
{
    put("b", LIFECYCLE_HOT, NULL, stays, READY_HEALTHY);
    put("a", LIFECYCLE_HOT, on_b_healthy, stays, READY_STARTED);
    fx_settle(&f);
    struct core_row c = fx_row("a", LIFECYCLE_HOT, 7);
    c.depends = on_b_healthy;
    c.n_depends = 1;
    fx_put(&f, &c);
    put("b", LIFECYCLE_HOT, NULL, (struct sim_plan){.variant = 7}, READY_HEALTHY);
    fx_settle(&f);
    assert_int_equal(sim_plan_of(&fx_container(&f, "demo-a")->spec).variant, 7);
    assert_int_equal(sim_plan_of(&fx_container(&f, "demo-b")->spec).variant, 7);
    assert_int_equal(f.engine.n, 2);
}

static void deleted_dependency_is_missing(void **state)
{
    put("a", LIFECYCLE_HOT, on_b, stays, READY_STARTED);
    put("b", LIFECYCLE_HOT, NULL, stays, READY_STARTED);
    fx_settle(&f);
    fx_delete(&f, "b");
    fx_settle(&f);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
    sim_engine_drop(&f.engine, fx_container(&f, "demo-a"));
    PASS(.agent = NULL);
    assert_report(&f, "a", REPORT_ERROR, 9);
    assert_status(&f, "demo-a", CONTAINER_CREATED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_starts_are_in_order),
        TEST(what_shares_is_made_after),
        TEST(what_shares_with_nobody_is_tried),
        TEST(healthy_waits_for_ready),
        TEST(healthy_gives_up_with_the_ready_timeout),
        TEST(who_is_needed_is_known_as_soon_as_rows_have_changed),
        TEST(completed_waits_for_exit_0),
        TEST(completed_with_a_failure_is_hopeless),
        TEST(missing_dependency_is_told),
        TEST(optional_dependency_need_not_be_there),
        TEST(optional_dependency_that_is_there_comes_first),
        TEST(dependency_becomes_optional),
        TEST(dependency_that_cannot_start),
        TEST(dependency_that_recovers_starts_its_dependents),
        TEST(what_ran_before_is_not_kept_down),
        TEST(a_circle_is_an_error_for_all_in_it),
        TEST(on_itself_is_a_circle),
        TEST(twice_the_same_dependency),
        TEST(awake_dependents_keep_a_chain_awake),
        TEST(held_or_broken_dependents_keep_nobody_awake),
        TEST(roll_out_and_dependency_do_not_wait_for_each_other),
        TEST(deleted_dependency_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
