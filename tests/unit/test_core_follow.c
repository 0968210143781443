/* SPDX-License-Identifier: MIT
 *
 * depends_on with restart: true: who depends is restarted after what it depends on was, by us.
 */
#include "core_world.h"

#include <string.h>

static struct core_depends on_db[] = {{"db", DEPENDS_STARTED, .restart = true}};
static struct core_depends on_db_healthy[] = {{"db", DEPENDS_HEALTHY, .restart = true}};
static struct core_depends on_db_completed[] = {{"db", DEPENDS_COMPLETED, .restart = true}};
static struct core_depends on_app[] = {{"app", DEPENDS_STARTED, .restart = true}};
static struct core_depends plainly_on_db[] = {{"db", DEPENDS_STARTED}};

static void put(const char *name, enum lifecycle lifecycle, struct core_depends *depends,
                struct sim_plan plan)
{
    struct core_row row = fx_row(name, lifecycle, 0);
    row.depends = depends;
    row.n_depends = depends ? 1 : 0;
    row.spec = sim_spec(plan);
    row.ready = plan.ready_ms ? READY_HEALTHY : READY_STARTED;
    row.ready_timeout_ns = 30 * FX_S;
    row.idle_timeout_ns = 60 * FX_S;
    fx_put(&f, &row);
}

static const struct sim_plan stays = {.conduct = SIM_STAYS}, changed = {.variant = 1};

static void boot_both(struct core_depends *depends)
{
    put("app", LIFECYCLE_HOT, depends, stays);
    put("db", LIFECYCLE_HOT, NULL, stays);
    fx_settle(&f);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    fx_clear(&f);
    assert_events(&f, "");
}

/* Once, in place, when the new one has proven itself; and nobody is told of a trouble. */
static void follows_a_recreate(void **state)
{
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_settle(&f);
    assert_trace(&f, "create demo-db..new, stop demo-db, rename demo-db demo-db..old, "
                     "rename demo-db..new demo-db, start demo-db, inspect demo-db, "
                     "remove demo-db..old, stop demo-app, start demo-app");
    assert_events(&f, "");
    assert_false(fx_memory(&f, "app")->memory.to_follow);
    fx_settle(&f);
    assert_trace(&f, "");
}

/* The pass is over when that is done, too. */
static void a_pass_waits_and_says_so(void **state)
{
    boot_both(on_db);
    PASS(.agent = NULL);
    assert_report(&f, "app", REPORT_UNCHANGED, 23);
    put("db", LIFECYCLE_HOT, NULL, changed);
    PASS(.agent = NULL);
    assert_report(&f, "db", REPORT_RECREATED, 14);
    assert_report(&f, "app", REPORT_STARTED, 27);
    assert_string_equal(fx_report(&f, "app")->reason, "what it depends on was restarted");
    assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
}

/* Who asks for one alone hears of those that follow it, too. */
static void a_pass_over_one_is_about_those_that_follow(void **state)
{
    put("zoo", LIFECYCLE_HOT, on_app, stays);
    boot_both(on_db);
    PASS(.agent = "db", .recreate = true);
    assert_int_equal(f.n_reports, 3);
    assert_report(&f, "db", REPORT_RECREATED, 14);
    assert_report(&f, "app", REPORT_STARTED, 27);
    assert_report(&f, "zoo", REPORT_STARTED, 27);
    assert_string_equal(f.reports[0].agent, "zoo"); /* as in any report: by their first coming */
    assert_string_equal(f.reports[2].agent, "db");
}

static void without_restart_it_runs_on(void **state)
{
    boot_both(plainly_on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_settle(&f);
    assert_null(strstr(f.trace, "demo-app"));
}

static void not_after_an_end_of_its_own(void **state)
{
    boot_both(on_db);
    fx_dies(&f, "demo-db", 1);
    fx_settle(&f);
    fx_dies_for_good(&f, "demo-db", 1);
    fx_settle(&f);
    fx_removed_by_hand(&f, "demo-db");
    fx_settle(&f);
    assert_status(&f, "demo-db", CONTAINER_RUNNING);
    assert_null(strstr(f.trace, "demo-app"));
}

static void follows_a_restart_for_its_health(void **state)
{
    put("app", LIFECYCLE_HOT, on_db_healthy, stays);
    struct core_row db = fx_row("db", LIFECYCLE_HOT, 0);
    db.spec = sim_spec((struct sim_plan){.ready_ms = 2000, .checked = 1});
    db.ready = READY_HEALTHY;
    db.restart_unhealthy = true;
    fx_put(&f, &db);
    fx_settle(&f);
    fx_clear(&f);
    (void)sim_engine_feel(&f.engine, fx_container(&f, "demo-db"), HEALTH_UNHEALTHY);
    fx_news(&f, ENGINE_EVENT_HEALTH, "demo-db", 0);
    fx_run(&f, 1 * FX_S);
    assert_non_null(strstr(f.trace, "stop demo-db, start demo-db"));
    assert_null(strstr(f.trace, "demo-app")); /* it is not healthy yet */
    fx_settle(&f);
    assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
}

static void through_a_chain(void **state)
{
    put("web", LIFECYCLE_HOT, on_app, stays);
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_settle(&f);
    assert_non_null(
        strstr(f.trace, "stop demo-app, start demo-app, stop demo-web, start demo-web"));
}

/* It was restarted on the way back, all the same. */
static void follows_a_roll_back(void **state)
{
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, (struct sim_plan){.conduct = SIM_REFUSED});
    fx_settle(&f);
    assert_state(&f, "db", STATE_FAILED);
    const char *stop = strstr(f.trace, "stop demo-app, start demo-app");
    assert_non_null(stop);
    assert_null(strstr(stop + 1, "stop demo-app"));
}

/* Not while what it is to follow is down; then it does. */
static void waits_until_it_is_back(void **state)
{
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    for (int i = 0; i < 3; i++)
        fx_script(&f, OPERATION_START, ENGINE_BUSY, false, "busy");
    fx_run(&f, 6 * FX_S);
    assert_null(strstr(f.trace, "demo-app"));
    assert_true(fx_memory(&f, "app")->memory.to_follow);
    fx_settle(&f);
    assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
}

static void roost_was_killed_in_between(void **state)
{
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_run(&f, 5 * FX_S);
    assert_non_null(strstr(f.trace, "start demo-db"));
    assert_null(strstr(f.trace, "demo-app"));
    fx_restart(&f);
    fx_settle(&f);
    const char *stop = strstr(f.trace, "stop demo-app, start demo-app");
    assert_non_null(stop);
    assert_null(strstr(stop + 1, "stop demo-app"));
    fx_clear(&f);
    fx_restart(&f);
    fx_settle(&f);
    assert_null(strstr(f.trace, "demo-app"));
}

/* It has ended meanwhile, and begins anew in any case. */
static void its_own_end_is_enough(void **state)
{
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_run(&f, 5 * FX_S);
    fx_dies_for_good(&f, "demo-app", 1);
    fx_settle(&f);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    assert_null(strstr(f.trace, "stop demo-app"));
}

static void a_lazy_one_under_a_lease(void **state)
{
    put("app", LIFECYCLE_LAZY, on_db, stays);
    put("db", LIFECYCLE_HOT, NULL, stays);
    fx_settle(&f);
    (void)fx_wake(&f, "app", 3600 * FX_S, false);
    fx_run(&f, 5 * FX_S);
    fx_clear(&f);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_settle(&f);
    assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
    assert_string_equal(f.leases, "l1 app");
}

/* Its idle time runs: it is stopped for it, and that is all. One that sleeps is left alone. */
static void a_lazy_one_that_is_idle(void **state)
{
    put("app", LIFECYCLE_LAZY, on_db, stays);
    put("db", LIFECYCLE_HOT, NULL, stays);
    fx_settle(&f);
    (void)fx_wake(&f, "app", 3600 * FX_S, false);
    fx_run(&f, 5 * FX_S);
    fx_release(&f, "l1");
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_clear(&f);
    fx_run(&f, 30 * FX_S);
    assert_non_null(strstr(f.trace, "remove demo-db..old, stop demo-app"));
    assert_state(&f, "app", STATE_STOPPED);
    assert_null(strstr(f.trace, "start demo-app"));
    assert_events(&f, "");
    put("db", LIFECYCLE_HOT, NULL, stays);
    fx_clear(&f);
    fx_settle(&f);
    assert_null(strstr(f.trace, "demo-app"));
}

/* A migration that is run again. */
static void follows_a_job(void **state)
{
    fx_close(&f); /* here the listing tells of its end */
    fx_open(&f, &(struct core_config){.fleet = "demo", .resync_ns = 10 * FX_S});
    fx_run(&f, 0);
    struct core_row db = fx_row("db", LIFECYCLE_LAZY, 0);
    db.job = true;
    db.spec = sim_spec((struct sim_plan){.conduct = SIM_ENDS, .run_ms = 3000});
    put("app", LIFECYCLE_HOT, on_db_completed, stays);
    fx_put(&f, &db);
    fx_settle(&f);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    fx_clear(&f);
    db = fx_row("db", LIFECYCLE_LAZY, 0);
    db.job = true;
    db.spec = sim_spec((struct sim_plan){.variant = 1, .conduct = SIM_ENDS, .run_ms = 3000});
    fx_put(&f, &db);
    fx_run(&f, 2 * FX_S);
    assert_non_null(strstr(f.trace, "start demo-db"));
    assert_null(strstr(f.trace, "demo-app"));
    fx_settle(&f);
    assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
}

/* Both changed: what depends waits for the other one, and is made anew once. */
static void both_changed(void **state)
{
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    put("app", LIFECYCLE_HOT, on_db, changed);
    PASS(.agent = NULL);
    assert_report(&f, "app", REPORT_RECREATED, 14);
    fx_settle(&f);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 2);
    const char *gone = strstr(f.trace, "remove demo-db..old");
    const char *made = strstr(f.trace, "create demo-app..new");
    assert_true(gone && made && gone < made);
    assert_null(strstr(f.trace, "stop demo-app, start demo-app"));
}

/* It comes to stand on a circle before it has: then it is left alone, and nobody waits for anybody.
 */
static void on_a_circle_nobody_follows(void **state)
{
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_run(&f, 5 * FX_S);
    assert_true(fx_memory(&f, "app")->memory.to_follow);
    put("db", LIFECYCLE_HOT, on_app, changed);
    fx_settle(&f);
    assert_null(strstr(f.trace, "demo-app"));
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_settle(&f);
    assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
}

static void a_held_one_is_left_alone(void **state)
{
    boot_both(on_db);
    struct core_row app = fx_row("app", LIFECYCLE_HOT, 0);
    app.depends = on_db;
    app.n_depends = 1;
    app.held = true;
    app.spec = sim_spec(stays);
    fx_put(&f, &app);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_settle(&f);
    assert_null(strstr(f.trace, "demo-app"));
    app.held = false;
    fx_put(&f, &app);
    fx_settle(&f);
    assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
}

static void hold_half_way(void)
{
    boot_both(on_db);
    put("db", LIFECYCLE_HOT, NULL, changed);
    fx_run(&f, 5 * FX_S);
    struct core_row db = fx_row("db", LIFECYCLE_HOT, 0);
    db.spec = sim_spec(changed);
    db.held = true;
    fx_put(&f, &db);
    fx_settle(&f);
    assert_null(strstr(f.trace, "demo-app"));
}

/* What it is to follow is held half way: it is looked after all the same. */
static void what_is_held_is_not_waited_for(void **state)
{
    hold_half_way();
    PASS(.agent = NULL);
    assert_report(&f, "app", REPORT_UNCHANGED, 23);
    fx_dies_for_good(&f, "demo-app", 1);
    fx_settle(&f);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
}

/* Somebody ends the recreate in place of roost: then there is nothing to wait for any more. */
static void what_is_held_comes_back_by_hand(void **state)
{
    hold_half_way();
    fx_removed_by_hand(&f, "demo-db..old");
    fx_settle(&f);
    assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(follows_a_recreate),
        TEST(a_pass_waits_and_says_so),
        TEST(a_pass_over_one_is_about_those_that_follow),
        TEST(without_restart_it_runs_on),
        TEST(not_after_an_end_of_its_own),
        TEST(follows_a_restart_for_its_health),
        TEST(through_a_chain),
        TEST(follows_a_roll_back),
        TEST(waits_until_it_is_back),
        TEST(roost_was_killed_in_between),
        TEST(its_own_end_is_enough),
        TEST(a_lazy_one_under_a_lease),
        TEST(a_lazy_one_that_is_idle),
        TEST(follows_a_job),
        TEST(both_changed),
        TEST(on_a_circle_nobody_follows),
        TEST(a_held_one_is_left_alone),
        TEST(what_is_held_is_not_waited_for),
        TEST(what_is_held_comes_back_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
