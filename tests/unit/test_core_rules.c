/* SPDX-License-Identifier: MIT
 *
 * A behavioural test for rules 9 to 24 of the decision table: what the core asks of the engine, in
 * order, and what a pass reports. Those of rule N are named rule_N_…
 */
#include "core_world.h"

#include <string.h>

/* Rules 9 to 14 */

static void rule_9_hot_missing(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_CREATED, 9);
    sim_engine_drop(&f.engine, fx_container(&f, "demo-web"));
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_trace(&f, "list, create demo-web, start demo-web");
}

static void rule_10_lazy_missing(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_CREATED, 10);
    sim_engine_drop(&f.engine, fx_container(&f, "demo-web"));
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_trace(&f, "list, create demo-web");
    assert_state(&f, "web", STATE_STOPPED);
}

static struct core_depends on_db = {"db", DEPENDS_STARTED};

/* A hot dependent is as good as a lease. */
static void put_web_on_lazy_db(enum lifecycle web, unsigned db_variant)
{
    struct core_row db = fx_row("db", LIFECYCLE_LAZY, db_variant);
    db.idle_timeout_ns = 20 * FX_S;
    fx_put(&f, &db);
    struct core_row row = fx_row("web", web, 1);
    row.depends = &on_db;
    row.n_depends = 1;
    fx_put(&f, &row);
}

static void rule_11_lazy_missing_and_wanted(void **state)
{
    put_web_on_lazy_db(LIFECYCLE_HOT, 1);
    PASS(.agent = NULL);
    assert_report(&f, "db", REPORT_CREATED, 11);
    assert_status(&f, "demo-db", CONTAINER_RUNNING);
    assert_state(&f, "db", STATE_RUNNING);
}

static void rule_12_was_hot_is_lazy(void **state)
{
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_RECREATED, 12);
    assert_string_equal(f.reports[0].reason, "lifecycle changed from hot to lazy");
    assert_status(&f, "demo-web", CONTAINER_CREATED);
    assert_int_equal(fx_container(&f, "demo-web")->made_as, LIFECYCLE_LAZY);
}

static void rule_13_drift_waits_until_idle(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_LAZY, 1);
    row.idle_timeout_ns = 20 * FX_S;
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_LAZY, fx_spec(1), CONTAINER_RUNNING);
    row.spec = fx_spec(2);
    fx_put(&f, &row);
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_DEFERRED, 13);
    assert_string_equal(f.reports[0].reason, "spec changed");
    fx_run(&f, 15 * FX_S);
    assert_trace(&f, "list");
    fx_run(&f, 10 * FX_S);
    assert_trace(&f, "create demo-web..new, stop demo-web, rename demo-web demo-web..old, "
                     "rename demo-web..new demo-web, remove demo-web..old");
    assert_status(&f, "demo-web", CONTAINER_CREATED);
}

static void rule_13_drift_waits_for_the_lease(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_LAZY, 1);
    row.idle_timeout_ns = 20 * FX_S;
    fx_put(&f, &row);
    fx_run(&f, 0);
    (void)fx_wake(&f, "web", 100 * FX_S, false);
    fx_run(&f, 0);
    row.spec = fx_spec(2);
    fx_put(&f, &row);
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_DEFERRED, 13);
    assert_events(&f, "");
    fx_run(&f, 110 * FX_S);
    assert_trace(&f, "list");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    fx_run(&f, 20 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_CREATED);
    assert_int_equal(sim_plan_of(&fx_container(&f, "demo-web")->spec).variant, 2);
}

static void rule_14_drift_recreates(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_clear(&f);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, 0);
    assert_trace(&f, "create demo-web..new, stop demo-web, rename demo-web demo-web..old, "
                     "rename demo-web..new demo-web, start demo-web");
    fx_run(&f, 9 * FX_S);
    assert_trace(&f, "");
    fx_run(&f, 2 * FX_S);
    assert_trace(&f, "inspect demo-web, remove demo-web..old");
}

/* The label says so, the listing does not: a network cut off by hand. */
static void rule_14_listing_counts_too(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    fx_container(&f, "demo-web")->differs = 2;
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_RECREATED, 14);
    assert_int_equal(fx_container(&f, "demo-web")->differs, 0);
    assert_int_equal(f.engine.n, 1);
}

static void rule_14_starts_when_wanted(void **state)
{
    put_web_on_lazy_db(LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_stopped_unseen(&f, "demo-db");
    put_web_on_lazy_db(LIFECYCLE_HOT, 2);
    PASS(.agent = "db");
    assert_status(&f, "demo-db", CONTAINER_RUNNING);
    assert_int_equal(sim_plan_of(&fx_container(&f, "demo-db")->spec).variant, 2);
}

/* Rules 15 to 24 */

static void rule_15_restart_policy_is_put_back(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_container(&f, "demo-web")->policy = LIFECYCLE_LAZY;
    fx_clear(&f);
    PASS(.agent = NULL); /* a listing does not show it */
    assert_report(&f, "web", REPORT_UNCHANGED, 23);
    assert_trace(&f, "list");
    PASS(.deep = true);
    assert_report(&f, "web", REPORT_UPDATED, 15);
    assert_trace(&f, "list, inspect demo-web, update demo-web");
    assert_int_equal(fx_container(&f, "demo-web")->policy, LIFECYCLE_HOT);
    PASS(.deep = true);
    assert_report(&f, "web", REPORT_UNCHANGED, 23);
}

static void rule_15_recreates_without_the_call(void **state)
{
    f.engine.no_update = true;
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    fx_container(&f, "demo-web")->policy = LIFECYCLE_HOT;
    PASS(.deep = true);
    assert_report(&f, "web", REPORT_UPDATED, 15);
    assert_int_equal(fx_container(&f, "demo-web")->policy, LIFECYCLE_LAZY);
    assert_int_equal(f.engine.made, 2);
    assert_int_equal(f.engine.n, 1);
    fx_clear(&f);
    PASS(.deep = true);
    assert_trace(&f, "list, inspect demo-web");
}

/* Where it cannot be changed back, who uses it is not asked again and again. */
static void rule_15_waits_for_who_uses_it_without_the_call(void **state)
{
    f.engine.no_update = true;
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    (void)fx_wake(&f, "web", 600 * FX_S, true);
    fx_settle(&f);
    fx_container(&f, "demo-web")->policy = LIFECYCLE_HOT;
    PASS(.deep = true);
    assert_report(&f, "web", REPORT_UPDATED, 15);
    fx_container(&f, "demo-web")->restarts = 1;
    fx_clear(&f);
    PASS(.deep = true);
    assert_report(&f, "web", REPORT_DEFERRED, 13);
    assert_string_equal(fx_report(&f, "web")->reason, "its restart policy was changed by hand");
    assert_trace(&f, "list, inspect demo-web");
    assert_events(&f, "drift web, container_restarted web");
    fx_run(&f, 2400 * FX_S);
    assert_events(&f, "container_recovered web");
    assert_int_equal(f.engine.made, 2);
}

static void rule_28_policy_of_one_that_waits_to_be_made_anew(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    (void)fx_wake(&f, "web", 60 * FX_S, true);
    fx_settle(&f);
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 2);
    fx_settle(&f);
    fx_container(&f, "demo-web")->policy = LIFECYCLE_HOT;
    fx_clear(&f);
    PASS(.deep = true);
    assert_report(&f, "web", REPORT_UPDATED, 28);
    assert_trace(&f, "list, inspect demo-web, update demo-web");
    assert_int_equal(fx_container(&f, "demo-web")->policy, LIFECYCLE_LAZY);
    PASS(.deep = true);
    assert_report(&f, "web", REPORT_DEFERRED, 13);
}

static void rule_16_paused_by_somebody_stays(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_container(&f, "demo-web")->status = CONTAINER_PAUSED;
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_UNCHANGED, 16);
    fx_settle(&f);
    assert_trace(&f, "list");
    assert_state(&f, "web", STATE_PAUSED);
    fx_container(&f, "demo-web")->status = CONTAINER_RUNNING;
    PASS(.agent = NULL);
    assert_state(&f, "web", STATE_RUNNING);
}

static void rule_17_hot_and_down_is_started(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_container(&f, "demo-web")->status = CONTAINER_EXITED;
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_STARTED, 17);
    assert_trace(&f, "list, inspect demo-web, start demo-web");
    assert_state(&f, "web", STATE_RUNNING);
}

static void rule_18_engine_is_restarting_it(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.spec = sim_spec((struct sim_plan){.conduct = SIM_CRASHES, .run_ms = 60000});
    fx_put(&f, &row);
    fx_run(&f, 60 * FX_S + 50 * SIM_MS_NS);
    assert_status(&f, "demo-web", CONTAINER_RESTARTING);
    fx_clear(&f);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_PASS, .pass = {.pass = 9}});
    fx_run(&f, 0);
    assert_report(&f, "web", REPORT_UNCHANGED, 18);
    assert_trace(&f, "list");
}

static void rule_19_lazy_that_runs_is_adopted(void **state)
{
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_LAZY, fx_spec(1), CONTAINER_RUNNING);
    fx_put_simple(&f, "web", LIFECYCLE_LAZY, 1);
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_ADOPTED, 19);
    assert_state(&f, "web", STATE_RUNNING);
    fx_run(&f, 840 * FX_S);
    assert_trace(&f, "list");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

static void rule_20_wakes_who_is_wanted(void **state)
{
    put_web_on_lazy_db(LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    assert_status(&f, "demo-db", CONTAINER_CREATED);
    fx_clear(&f);
    put_web_on_lazy_db(LIFECYCLE_HOT, 1);
    PASS(.agent = NULL);
    assert_report(&f, "db", REPORT_STARTED, 20);
    assert_status(&f, "demo-db", CONTAINER_RUNNING);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* The same without anybody asking for a pass: a changed row alone wakes what it needs. */
static void rule_20_wakes_at_a_change_of_the_dependent(void **state)
{
    put_web_on_lazy_db(LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.depends = &on_db;
    row.n_depends = 1;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_status(&f, "demo-db", CONTAINER_RUNNING);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

static void rule_20_unpauses_what_we_paused(void **state)
{
    struct core_row db = fx_row("db", LIFECYCLE_LAZY, 1);
    db.sleep = SLEEP_PAUSE;
    (void)fx_plant(&f, "demo-db", "db", LIFECYCLE_LAZY, fx_spec(1), CONTAINER_PAUSED);
    fx_put(&f, &db);
    PASS(.agent = NULL);
    assert_report(&f, "db", REPORT_UNCHANGED, 21);
    assert_state(&f, "db", STATE_PAUSED);
    fx_clear(&f);
    struct core_row web = fx_row("web", LIFECYCLE_HOT, 1);
    web.depends = &on_db;
    web.n_depends = 1;
    fx_put(&f, &web);
    fx_settle(&f);
    assert_trace(&f, "create demo-web, unpause demo-db, start demo-web");
    assert_state(&f, "db", STATE_RUNNING);
}

static void rule_21_sleeper_is_left_asleep(void **state)
{
    static const enum container_status asleep[] = {CONTAINER_CREATED, CONTAINER_EXITED,
                                                   CONTAINER_PAUSED};
    for (size_t i = 0; i < 3; i++) {
        ROW("%s", container_status_name(asleep[i]));
        (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_LAZY, fx_spec(1), asleep[i]);
        struct core_row row = fx_row("web", LIFECYCLE_LAZY, 1);
        row.sleep = SLEEP_PAUSE;
        fx_put(&f, &row);
        fx_clear(&f);
        PASS(.agent = NULL);
        assert_report(&f, "web", REPORT_UNCHANGED, 21);
        assert_trace(&f, "list");
        assert_state(&f, "web", asleep[i] == CONTAINER_PAUSED ? STATE_PAUSED : STATE_STOPPED);
        fx_delete(&f, "web");
        fx_settle(&f);
        assert_int_equal(f.engine.n, 0);
    }
}

static void rule_22_idle_is_put_to_sleep(void **state)
{
    static const struct {
        enum sleep_kind sleep;
        const char *trace;
        enum agent_state state;
    } ways[] = {
        {SLEEP_STOP, "stop demo-web", STATE_STOPPED},
        {SLEEP_PAUSE, "pause demo-web", STATE_PAUSED},
    };
    for (size_t i = 0; i < 2; i++) {
        ROW("%s", ways[i].trace);
        struct core_row row = fx_row("web", LIFECYCLE_LAZY, 1);
        row.idle_timeout_ns = 20 * FX_S;
        row.sleep = ways[i].sleep;
        fx_put(&f, &row);
        fx_settle(&f);
        fx_container(&f, "demo-web")->status = CONTAINER_RUNNING;
        PASS(.agent = NULL);
        assert_report(&f, "web", REPORT_ADOPTED, 19);
        fx_clear(&f);
        fx_run(&f, 18 * FX_S);
        assert_trace(&f, "");
        fx_run(&f, 2 * FX_S);
        assert_trace(&f, ways[i].trace);
        assert_state(&f, "web", ways[i].state);
        fx_delete(&f, "web");
        fx_settle(&f);
        assert_int_equal(f.engine.n, 0);
    }
}

static void rule_22_idle_counts_from_the_last_dependent(void **state)
{
    put_web_on_lazy_db(LIFECYCLE_HOT, 1);
    fx_run(&f, 300 * FX_S);
    fx_clear(&f);
    fx_delete(&f, "web");
    fx_run(&f, 19 * FX_S);
    assert_trace(&f, "stop demo-web, remove demo-web");
    fx_run(&f, 5 * FX_S);
    assert_trace(&f, "stop demo-db");
    assert_state(&f, "db", STATE_STOPPED);
}

/* It ran unasked, then somebody needed it, then nobody: the idle time begins at the last of these.
 */
static void rule_22_idle_begins_anew_after_use(void **state)
{
    struct core_row db = fx_row("db", LIFECYCLE_LAZY, 1);
    db.idle_timeout_ns = 20 * FX_S;
    (void)fx_plant(&f, "demo-db", "db", LIFECYCLE_LAZY, fx_spec(1), CONTAINER_RUNNING);
    fx_put(&f, &db);
    PASS(.agent = NULL);
    fx_run(&f, 10 * FX_S);
    put_web_on_lazy_db(LIFECYCLE_HOT, 1);
    fx_run(&f, 300 * FX_S);
    fx_clear(&f);
    put_web_on_lazy_db(LIFECYCLE_LAZY, 1);
    fx_run(&f, 15 * FX_S);
    assert_null(strstr(f.trace, "stop demo-db"));
    fx_run(&f, 10 * FX_S);
    assert_non_null(strstr(f.trace, "stop demo-db"));
}

static void rule_23_as_wanted_asks_for_nothing(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "reviewer", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    fx_clear(&f);
    for (int i = 0; i < 3; i++)
        PASS(.agent = NULL);
    assert_trace(&f, "list, list, list");
    assert_report(&f, "web", REPORT_UNCHANGED, 23);
    assert_report(&f, "reviewer", REPORT_UNCHANGED, 21);
}

static void rule_24_orphan_is_told_and_left(void **state)
{
    struct sim_container before =
        *fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_ORPHANED, 24);
    assert_false(fx_report(&f, "web")->has_lifecycle);
    fx_settle(&f);
    assert_memory_equal(&before, fx_container(&f, "demo-web"), sizeof(before));
    assert_int_equal(f.operations, 0);
}

static void rule_24_orphan_goes_when_asked(void **state)
{
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    (void)fx_plant(&f, "demo-other", NULL, LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    PASS(.remove_orphans = true);
    assert_report(&f, "web", REPORT_REMOVED, 2);
    assert_null(sim_engine_named(&f.engine, "demo-web"));
    assert_non_null(sim_engine_named(&f.engine, "demo-other"));
    assert_string_equal(f.forgotten, ""); /* there was no tombstone */
}

static void rule_24_row_takes_the_orphan_over(void **state)
{
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    PASS(.agent = NULL);
    fx_clear(&f);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    PASS(.agent = NULL);
    assert_trace(&f, "list");
    assert_report(&f, "web", REPORT_UNCHANGED, 23);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_9_hot_missing),
        TEST(rule_10_lazy_missing),
        TEST(rule_11_lazy_missing_and_wanted),
        TEST(rule_12_was_hot_is_lazy),
        TEST(rule_13_drift_waits_until_idle),
        TEST(rule_13_drift_waits_for_the_lease),
        TEST(rule_14_drift_recreates),
        TEST(rule_14_listing_counts_too),
        TEST(rule_14_starts_when_wanted),
        TEST(rule_15_restart_policy_is_put_back),
        TEST(rule_15_recreates_without_the_call),
        TEST(rule_15_waits_for_who_uses_it_without_the_call),
        TEST(rule_28_policy_of_one_that_waits_to_be_made_anew),
        TEST(rule_16_paused_by_somebody_stays),
        TEST(rule_17_hot_and_down_is_started),
        TEST(rule_18_engine_is_restarting_it),
        TEST(rule_19_lazy_that_runs_is_adopted),
        TEST(rule_20_wakes_who_is_wanted),
        TEST(rule_20_wakes_at_a_change_of_the_dependent),
        TEST(rule_20_unpauses_what_we_paused),
        TEST(rule_21_sleeper_is_left_asleep),
        TEST(rule_22_idle_is_put_to_sleep),
        TEST(rule_22_idle_counts_from_the_last_dependent),
        TEST(rule_22_idle_begins_anew_after_use),
        TEST(rule_23_as_wanted_asks_for_nothing),
        TEST(rule_24_orphan_is_told_and_left),
        TEST(rule_24_orphan_goes_when_asked),
        TEST(rule_24_row_takes_the_orphan_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
