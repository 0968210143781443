/* SPDX-License-Identifier: MIT
 *
 * Passes: what they look at, what they report, when they are over.
 */
#include "core_world.h"

#include <string.h>

static void dry_run_reports_and_does_nothing(void **state)
{
    fx_put_simple(&f, "old", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_stopped_unseen(&f, "demo-old");
    (void)fx_plant(&f, "demo-gone", "gone", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "lazy", LIFECYCLE_LAZY, 1);
    fx_clear(&f);
    f.hold = true;
    begin_pass((struct core_pass){.pass = 1, .dry_run = true});
    unsigned operations = f.operations;
    fx_answer_list(&f);
    assert_int_equal(f.reported, 1);
    assert_report(&f, "old", REPORT_STARTED, 17);
    assert_report(&f, "web", REPORT_CREATED, 9);
    assert_report(&f, "lazy", REPORT_CREATED, 10);
    assert_report(&f, "gone", REPORT_ORPHANED, 24);
    assert_int_equal(f.operations, operations);
}

/* `roost plan` without a daemon: a core that may only look. */
static void observe_only_never_operates(void **state)
{
    fx_close(&f);
    (void)0;
    fx_open(&f, &(struct core_config){.observe_only = true});
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_EXITED);
    (void)fx_plant(&f, "demo-dead", "dead", LIFECYCLE_HOT, fx_spec(1), CONTAINER_DEAD);
    (void)fx_plant(&f, "demo-bye", "bye", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "drift", LIFECYCLE_HOT, 2);
    fx_put_simple(&f, "dead", LIFECYCLE_HOT, 1);
    fx_delete(&f, "bye");
    PASS(.deep = true); /* the fixture fails on any operation */
    assert_report(&f, "web", REPORT_STARTED, 17);
    assert_report(&f, "drift", REPORT_CREATED, 9);
    assert_report(&f, "dead", REPORT_RECREATED, 6);
    assert_report(&f, "bye", REPORT_REMOVED, 2);
    PASS(.dry_run = true);
    assert_report(&f, "web", REPORT_STARTED, 17);
    fx_settle(&f);
    assert_int_equal(f.operations, 0);
    assert_int_equal(f.engine.n, 3);
}

static void deep_inspects_before_it_decides(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_container(&f, "demo-web")->policy = LIFECYCLE_LAZY;
    fx_container(&f, "demo-web")->status = CONTAINER_EXITED;
    fx_clear(&f);
    PASS(.deep = true);
    assert_trace(&f, "list, inspect demo-web, update demo-web, start demo-web");
    assert_report(&f, "web", REPORT_UPDATED, 15);
}

static void deep_survives_a_failed_inspection(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_script(&f, OPERATION_INSPECT, ENGINE_UNKNOWN, false, "timed out");
    PASS(.deep = true);
    fx_settle(&f);
    assert_state(&f, "web", STATE_RUNNING);
    fx_script(&f, OPERATION_INSPECT, ENGINE_NOT_FOUND, false, "No such container");
    PASS(.deep = true);
    fx_settle(&f);
    assert_state(&f, "web", STATE_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

/* The pass begins with a listing that was asked for after it: a listing under way is not enough. */
static void pass_has_its_own_listing(void **state)
{
    f.hold = true;
    begin_pass((struct core_pass){.pass = 1});
    uint64_t first = f.list;
    begin_pass((struct core_pass){.pass = 2});
    fx_answer_list(&f);
    assert_int_equal(f.reported, 1);
    assert_int_equal(f.list, first + 1);
    fx_answer_list(&f);
    assert_int_equal(f.reported, 2);
    assert_int_equal(f.n_passes_reported, 2);
}

static void two_passes_at_once_share_the_work(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "db", LIFECYCLE_HOT, 1);
    f.hold = true;
    begin_pass((struct core_pass){.pass = 1});
    begin_pass((struct core_pass){.pass = 2, .agent = "web"});
    assert_int_equal(f.n_pending, 0); /* not before the listing */
    fx_answer_list(&f);
    assert_int_equal(f.n_pending, 1); /* web waits for the second one */
    f.hold = false;
    fx_settle(&f);
    assert_int_equal(f.n_passes_reported, 2);
    assert_int_equal(f.engine.made, 2);
    assert_report(&f, "web", REPORT_CREATED, 9);
}

/* A pass that comes in the middle of work tells of what is left of it. */
static void pass_in_the_middle_of_work(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    f.hold = true;
    fx_time(&f);
    assert_trace(&f, "create demo-web");
    begin_pass((struct core_pass){.pass = 1});
    fx_answer_list(&f);
    assert_int_equal(f.reported, 0);
    fx_answer(&f, 0);
    assert_int_equal(f.reported, 0);
    fx_answer(&f, 0);
    assert_int_equal(f.reported, 1);
    assert_report(&f, "web", REPORT_STARTED, 17);
}

static void agent_deleted_during_a_pass(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "db", LIFECYCLE_HOT, 1);
    f.hold = true;
    begin_pass((struct core_pass){.pass = 1});
    fx_answer_list(&f);
    assert_int_equal(f.n_pending, 2);
    fx_delete(&f, "web");
    f.hold = false;
    fx_settle(&f);
    assert_int_equal(f.reported, 1);
    assert_int_equal(f.n_reports, 2);
    assert_report(&f, "web", REPORT_CREATED, 9);
    assert_report(&f, "db", REPORT_CREATED, 9);
    assert_null(sim_engine_named(&f.engine, "demo-web"));
    assert_false(core_view_agent(f.core, "web", &(struct agent_view){0}));
}

static void pass_of_nobody_is_over_at_once(void **state)
{
    PASS(.agent = "nobody");
    assert_int_equal(f.n_reports, 0);
    assert_string_equal(f.report_error, "");
}

static void broken_listing_fails_the_pass(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "db", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    fx_clear(&f);
    f.break_lists = 1;
    PASS(.agent = NULL);
    assert_string_equal(f.report_error, "cut in half");
    assert_int_equal(f.n_reports, 0);
    assert_trace(&f, "list"); /* what it did not show is not taken for gone */
    fx_run(&f, 2 * FX_S);
    assert_trace(&f, "list"); /* again, by itself */
    assert_state(&f, "web", STATE_RUNNING);
    PASS(.agent = NULL);
    assert_string_equal(f.report_error, "");
    assert_int_equal(f.n_reports, 2);
}

/* What was held back for the pass goes on without it. */
static void broken_listing_holds_nobody_back(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    f.break_lists = 1;
    PASS(.agent = NULL);
    fx_clear(&f);
    fx_run(&f, 0);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

static void listings_that_fail_are_spaced_out(void **state)
{
    unsigned lists[4];
    for (int i = 0; i < 4; i++) {
        begin_pass((struct core_pass){.pass = (uint64_t)i + 1});
        unsigned before = f.lists;
        f.break_lists = 1000;
        fx_run(&f, 100 * FX_S);
        lists[i] = f.lists - before;
    }
    assert_in_range(lists[0], 4, 10);
    assert_in_range(lists[3], 2, 5);
}

static void resync_lists_by_itself(void **state)
{
    fx_close(&f);
    fx_open(&f, &(struct core_config){.resync_ns = 30 * FX_S});
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_clear(&f);
    fx_run(&f, 30 * FX_S);
    assert_trace(&f, "list");
    sim_engine_drop(&f.engine, fx_container(&f, "demo-web"));
    fx_run(&f, 31 * FX_S);
    assert_trace(&f, "list, create demo-web, start demo-web");
}

static void progress_is_told(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "db", LIFECYCLE_HOT, 1);
    f.hold = true;
    begin_pass((struct core_pass){.pass = 1});
    fx_answer_list(&f);
    assert_int_equal(f.progress_total, 2);
    assert_int_equal(f.progress_done, 0);
    fx_answer(&f, 0); /* web is created */
    fx_answer(&f, 1); /* … and started */
    assert_int_equal(f.progress_done, 1);
}

static void errors_stay_with_their_agent(void **state)
{
    struct core_row bad = fx_row("bad", LIFECYCLE_HOT, 1);
    bad.spec = sim_spec((struct sim_plan){.conduct = SIM_NO_IMAGE});
    fx_put(&f, &bad);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    PASS(.agent = NULL);
    assert_report(&f, "bad", REPORT_ERROR, 9);
    assert_string_equal(fx_report(&f, "bad")->error, "No such image: nowhere:latest");
    assert_report(&f, "web", REPORT_CREATED, 9);
    assert_string_equal(fx_report(&f, "web")->error, "");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* Somebody asks: what is waiting for its back-off is tried at once. */
static void pass_skips_the_back_off(void **state)
{
    struct core_row bad = fx_row("bad", LIFECYCLE_HOT, 1);
    bad.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    fx_put(&f, &bad);
    fx_run(&f, 100 * FX_S);
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_trace(&f, "list, start demo-bad");
    assert_report(&f, "bad", REPORT_ERROR, 17);
}

/* One pass that removes orphans, one that does not, at once. */
static void remove_orphans_is_not_forgotten(void **state)
{
    (void)fx_plant(&f, "demo-gone", "gone", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    f.hold = true;
    begin_pass((struct core_pass){.pass = 1, .remove_orphans = true});
    begin_pass((struct core_pass){.pass = 2});
    f.hold = false;
    fx_settle(&f);
    assert_int_equal(f.n_passes_reported, 2);
    assert_int_equal(f.engine.n, 0);
}

static void views_are_in_order_of_appearance(void **state)
{
    fx_put_simple(&f, "zebra", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "ant", LIFECYCLE_HOT, 1);
    PASS(.agent = NULL);
    assert_string_equal(f.reports[0].agent, "zebra");
    assert_string_equal(f.reports[1].agent, "ant");
}

static void quiet_when_all_is_done(void **state)
{
    assert_true(core_is_quiet(f.core));
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    f.hold = true;
    fx_time(&f);
    assert_false(core_is_quiet(f.core));
    f.hold = false;
    fx_settle(&f);
    assert_true(core_is_quiet(f.core));
    assert_true(core_next_deadline(f.core) == UINT64_MAX);
}

static void nothing_is_decided_before_the_first_listing(void **state)
{
    fx_close(&f);
    fx_open(&f, NULL);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    f.hold = true;
    fx_run(&f, 60 * FX_S);
    assert_false(core_is_synced(f.core));
    assert_trace(&f, "list");
    f.break_lists = 1;
    fx_answer_list(&f);
    assert_false(core_is_synced(f.core));
    fx_run(&f, 60 * FX_S);
    assert_trace(&f, "list");
    fx_answer_list(&f);
    assert_true(core_is_synced(f.core));
    assert_trace(&f, "create demo-web");
    f.hold = false;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dry_run_reports_and_does_nothing), TEST(observe_only_never_operates),
        TEST(deep_inspects_before_it_decides),  TEST(deep_survives_a_failed_inspection),
        TEST(pass_has_its_own_listing),         TEST(two_passes_at_once_share_the_work),
        TEST(pass_in_the_middle_of_work),       TEST(agent_deleted_during_a_pass),
        TEST(pass_of_nobody_is_over_at_once),   TEST(broken_listing_fails_the_pass),
        TEST(broken_listing_holds_nobody_back), TEST(listings_that_fail_are_spaced_out),
        TEST(resync_lists_by_itself),           TEST(progress_is_told),
        TEST(errors_stay_with_their_agent),     TEST(pass_skips_the_back_off),
        TEST(remove_orphans_is_not_forgotten),  TEST(views_are_in_order_of_appearance),
        TEST(quiet_when_all_is_done),           TEST(nothing_is_decided_before_the_first_listing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
