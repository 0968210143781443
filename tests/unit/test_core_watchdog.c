/* SPDX-License-Identifier: MIT
 *
 * The watchdog tells truth from noise: each row of its table, and the episodes.
 */
#include "core_fixture.h"

#include <string.h>

static struct fixture fx;

static int open_fleet(void **state)
{
    fx_open(&fx, NULL);
    fx_put_simple(&fx, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&fx, "job", LIFECYCLE_LAZY, 2);
    fx_settle(&fx);
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
    assert_status(&fx, "demo-job", CONTAINER_CREATED);
    assert_events(&fx, "");
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    fx_time(&fx);
    fx_clear(&fx);
    return 0;
}

static int close_fleet(void **state)
{
    fx_close(&fx);
    return 0;
}

/* The four original criteria --------------------------------------------------------------------
 */

static void lazy_stopped_gives_no_event(void **state)
{
    (void)fx_wake(&fx, "job", 10 * FX_S, false);
    fx_run(&fx, 5 * FX_S);
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    fx_sleep(&fx, "job");
    fx_run(&fx, 5 * FX_S);
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
    fx_news(&fx, ENGINE_EVENT_DIE, "demo-job", 0); /* late news of it change nothing */
    fx_news(&fx, ENGINE_EVENT_STOP, "demo-job", 0);
    fx_settle(&fx);
    assert_events(&fx, "");
}

static void lazy_missing_is_told_and_recreated_asleep(void **state)
{
    fx_removed_by_hand(&fx, "demo-job");
    fx_settle(&fx);
    assert_events(&fx, "container_missing job, container_recovered job");
    assert_status(&fx, "demo-job", CONTAINER_CREATED);
    assert_trace(&fx, "create demo-job");
}

static void hot_stopped_is_told_and_started(void **state)
{
    fx_dies_for_good(&fx, "demo-web", 1);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped web, container_recovered web");
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
}

static void hot_missing_is_told_recreated_and_started(void **state)
{
    fx_removed_by_hand(&fx, "demo-web");
    fx_settle(&fx);
    assert_events(&fx, "container_missing web, container_recovered web");
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
    assert_trace(&fx, "create demo-web, start demo-web");
}

/* The table -------------------------------------------------------------------------------------
 */

static void table_of_the_watchdog(void **state)
{
    static const struct {
        enum change change;
        enum cause cause;
        enum lifecycle lifecycle;
        bool wanted;
        enum event_kind event;
        enum verdict verdict;
    } rows[] = {
        {CHANGE_DOWN, CAUSE_CRASH, LIFECYCLE_HOT, true, EVENT_CONTAINER_STOPPED, VERDICT_RESTART},
        {CHANGE_DOWN, CAUSE_DONE, LIFECYCLE_HOT, true, EVENT_CONTAINER_STOPPED, VERDICT_RESTART},
        {CHANGE_DOWN, CAUSE_HAND, LIFECYCLE_HOT, true, EVENT_NONE, VERDICT_CONFIRM},
        {CHANGE_DOWN, CAUSE_CRASH, LIFECYCLE_LAZY, true, EVENT_CONTAINER_STOPPED, VERDICT_RESTART},
        {CHANGE_DOWN, CAUSE_CRASH, LIFECYCLE_LAZY, false, EVENT_CONTAINER_STOPPED, VERDICT_SLEEP},
        {CHANGE_DOWN, CAUSE_DONE, LIFECYCLE_LAZY, true, EVENT_CONTAINER_EXITED, VERDICT_SLEEP},
        {CHANGE_DOWN, CAUSE_DONE, LIFECYCLE_LAZY, false, EVENT_CONTAINER_EXITED, VERDICT_SLEEP},
        {CHANGE_DOWN, CAUSE_HAND, LIFECYCLE_LAZY, true, EVENT_NONE, VERDICT_CONFIRM},
        {CHANGE_DOWN, CAUSE_HAND, LIFECYCLE_LAZY, false, EVENT_NONE, VERDICT_CONFIRM},
        {CHANGE_STOPPED, CAUSE_ANY, LIFECYCLE_HOT, true, EVENT_CONTAINER_STOPPED, VERDICT_NONE},
        {CHANGE_STOPPED, CAUSE_ANY, LIFECYCLE_LAZY, true, EVENT_CONTAINER_STOPPED, VERDICT_SLEEP},
        {CHANGE_STOPPED, CAUSE_ANY, LIFECYCLE_LAZY, false, EVENT_NONE, VERDICT_SLEEP},
        {CHANGE_RESTARTED, CAUSE_ANY, LIFECYCLE_HOT, true, EVENT_CONTAINER_RESTARTED, VERDICT_NONE},
        {CHANGE_GONE, CAUSE_ANY, LIFECYCLE_HOT, true, EVENT_CONTAINER_MISSING, VERDICT_NONE},
        {CHANGE_GONE, CAUSE_ANY, LIFECYCLE_LAZY, false, EVENT_CONTAINER_MISSING, VERDICT_NONE},
        {CHANGE_PAUSED, CAUSE_ANY, LIFECYCLE_HOT, true, EVENT_CONTAINER_PAUSED, VERDICT_NONE},
        {CHANGE_UNHEALTHY, CAUSE_ANY, LIFECYCLE_HOT, true, EVENT_CONTAINER_UNHEALTHY, VERDICT_NONE},
        {CHANGE_RENAMED, CAUSE_ANY, LIFECYCLE_LAZY, false, EVENT_CONTAINER_RENAMED, VERDICT_NONE},
        {CHANGE_TAMPERED, CAUSE_ANY, LIFECYCLE_HOT, true, EVENT_DRIFT, VERDICT_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ROW("change %d cause %d %s wanted %d", (int)rows[i].change, (int)rows[i].cause,
            lifecycle_name(rows[i].lifecycle), (int)rows[i].wanted);
        const struct watch_rule *rule =
            watchdog_rule(rows[i].change, rows[i].cause, rows[i].lifecycle, rows[i].wanted);
        assert_non_null(rule);
        assert_int_equal(rule->event, rows[i].event);
        assert_int_equal(rule->verdict, rows[i].verdict);
    }
}

/* take_down() relies on a row for every death. */
static void every_death_has_a_row(void **state)
{
    for (int cause = CAUSE_CRASH; cause <= CAUSE_HAND; cause++)
        for (int lifecycle = LIFECYCLE_HOT; lifecycle <= LIFECYCLE_LAZY; lifecycle++)
            for (int wanted = 0; wanted <= 1; wanted++)
                assert_non_null(watchdog_rule(CHANGE_DOWN, (enum cause)cause,
                                              (enum lifecycle)lifecycle, wanted));
}

/* Deaths ----------------------------------------------------------------------------------------
 */

static void engine_restarts_hot_by_itself(void **state)
{
    fx_dies(&fx, "demo-web", 137);
    fx_run(&fx, FX_S);
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "container_restarted web");
    assert_trace(&fx, "inspect demo-web, inspect demo-web");
}

static void hot_stopped_by_hand_is_started_after_two_seconds(void **state)
{
    fx_stopped_by_hand(&fx, "demo-web");
    fx_run(&fx, FX_S);
    assert_status(&fx, "demo-web", CONTAINER_EXITED);
    assert_events(&fx, "");
    fx_run(&fx, 2 * FX_S);
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
    assert_events(&fx, "container_stopped web, container_recovered web");
}

static void docker_restart_is_one_restart(void **state)
{
    fx_stopped_by_hand(&fx, "demo-web");
    fx_run(&fx, FX_S / 2);
    struct sim_call start = {.kind = OPERATION_START};
    uint8_t id[CONTAINER_ID_SIZE];
    memcpy(start.id, fx_container(&fx, "demo-web")->id, sizeof(id));
    assert_int_equal(sim_engine_call(&fx.engine, &start, id), ENGINE_DONE);
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    fx_news(&fx, ENGINE_EVENT_RESTART, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "container_restarted web");
    assert_null(strstr(fx.trace, "start demo-web"));
}

static void third_restart_in_ten_minutes_is_a_crash_loop(void **state)
{
    for (int i = 0; i < 6; i++) {
        fx_dies(&fx, "demo-web", 1);
        fx_run(&fx, 30 * FX_S);
        fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    }
    assert_events(&fx, "container_restarted web, container_restarted web, crash_loop web");
    fx_run(&fx, 700 * FX_S); /* it ran for backoff_reset */
    assert_events(&fx, "container_recovered web");
}

static void job_that_ends_well_is_done(void **state)
{
    uint64_t wake = fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_dies(&fx, "demo-job", 0);
    fx_settle(&fx);
    assert_int_equal(wake, 1);
    assert_events(&fx, "container_exited job");
    assert_string_equal(fx.leases, "");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
}

static void leased_lazy_that_crashes_is_restarted_with_back_off(void **state)
{
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_clear(&fx);
    fx_dies(&fx, "demo-job", 3);
    fx_run(&fx, FX_S / 2);
    assert_trace(&fx, "inspect demo-job, start demo-job"); /* the first time at once */
    fx_dies(&fx, "demo-job", 3);
    fx_run(&fx, FX_S / 2);
    assert_trace(&fx, "inspect demo-job");
    fx_run(&fx, FX_S);
    assert_trace(&fx, "start demo-job");
    fx_dies(&fx, "demo-job", 3);
    fx_run(&fx, 3 * FX_S / 2);
    assert_trace(&fx, "inspect demo-job");
    assert_events(&fx, "container_stopped job, crash_loop job");
}

static void a_crash_loop_stays_silent_when_its_lease_ends(void **state)
{
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    for (int i = 0; i < 3; i++) {
        fx_run(&fx, 10 * FX_S);
        fx_dies(&fx, "demo-job", 3);
    }
    fx_run(&fx, 10 * FX_S);
    assert_events(&fx, "container_stopped job, container_recovered job, container_stopped job, "
                       "crash_loop job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    fx_release(&fx, "l1");
    fx_dies(&fx, "demo-job", 3);
    fx_settle(&fx);
    assert_events(&fx, "container_recovered job");
    assert_state(&fx, "job", STATE_STOPPED);
}

static void unleased_lazy_that_crashes_sleeps(void **state)
{
    (void)fx_wake(&fx, "job", 2 * FX_S, false);
    fx_run(&fx, 5 * FX_S);
    fx_dies(&fx, "demo-job", 3);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped job");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
}

static void stop_by_hand_ends_the_leases(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_stopped_by_hand(&fx, "demo-job");
    fx_settle(&fx);
    assert_events(&fx, "container_stopped job");
    assert_string_equal(fx.leases, "");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
    assert_state(&fx, "job", STATE_STOPPED);
}

static void a_failure_that_nobody_wants_awake_sleeps(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    for (int i = 0; i < 2; i++) {
        fx_run(&fx, FX_S);
        fx_dies(&fx, "demo-job", 3);
        fx_run(&fx, FX_S / 2);
    }
    assert_state(&fx, "job", STATE_FAILED);
    fx_sleep(&fx, "job");
    fx_run(&fx, 5 * FX_S);
    assert_state(&fx, "job", STATE_STOPPED);
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
    assert_events(&fx, "container_stopped job, container_recovered job");
}

static void start_that_is_refused_is_told_once(void **state)
{
    for (int i = 0; i < 3; i++)
        fx_script(&fx, OPERATION_START, ENGINE_REFUSED, false, "port is already allocated");
    fx_dies_for_good(&fx, "demo-web", 1);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped web, container_recovered web");
}

static void hup_is_no_stop(void **state)
{
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-web", 1);
    fx_dies_for_good(&fx, "demo-web", 1); /* the engine takes it for stopped by hand */
    fx_run(&fx, FX_S);
    assert_status(&fx, "demo-web", CONTAINER_RUNNING); /* at once, not after 2 s */
}

/* By hand ---------------------------------------------------------------------------------------
 */

static void started_by_hand_is_adopted(void **state)
{
    struct sim_call start = {.kind = OPERATION_START};
    uint8_t id[CONTAINER_ID_SIZE];
    memcpy(start.id, fx_container(&fx, "demo-job")->id, sizeof(id));
    assert_int_equal(sim_engine_call(&fx.engine, &start, id), ENGINE_DONE);
    fx_news(&fx, ENGINE_EVENT_START, "demo-job", 0);
    fx_run(&fx, 800 * FX_S);
    assert_events(&fx, "container_adopted job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    fx_run(&fx, 200 * FX_S); /* idle_timeout is 15 min */
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
    assert_events(&fx, "");
}

static void paused_by_hand_is_told_and_left(void **state)
{
    fx_container(&fx, "demo-web")->status = CONTAINER_PAUSED;
    fx_news(&fx, ENGINE_EVENT_PAUSE, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "container_paused web");
    fx_container(&fx, "demo-web")->status = CONTAINER_RUNNING;
    fx_news(&fx, ENGINE_EVENT_UNPAUSE, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "container_recovered web");
}

static void renamed_by_hand_is_told_and_renamed_back(void **state)
{
    struct sim_container *c = fx_container(&fx, "demo-web");
    (void)snprintf(c->name, sizeof(c->name), "other");
    fx_news(&fx, ENGINE_EVENT_RENAME, "other", 0);
    fx_settle(&fx);
    assert_events(&fx, "container_renamed web, container_recovered web");
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
}

static void tampered_policy_is_drift(void **state)
{
    fx_container(&fx, "demo-web")->policy = LIFECYCLE_LAZY;
    fx_news(&fx, ENGINE_EVENT_UPDATE, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "drift web, container_recovered web");
}

static void removed_during_our_stop_is_missing(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx.hold = true;
    fx_sleep(&fx, "job");
    assert_int_equal(fx.n_pending, 1);
    fx_removed_by_hand(&fx, "demo-job");
    fx.hold = false;
    fx_settle(&fx);
    assert_events(&fx, "container_missing job, container_recovered job");
    assert_status(&fx, "demo-job", CONTAINER_CREATED);
}

/* `docker rm -f` sends a signal too: it explains no end of the next container. */
static void a_hand_on_one_container_is_none_on_the_next(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_news(&fx, ENGINE_EVENT_START, "demo-job", 0);
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-job", 9);
    fx_removed_by_hand(&fx, "demo-job");
    fx_run(&fx, 2 * FX_S);
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    assert_events(&fx, "container_missing job, container_recovered job");
    fx_dies_for_good(&fx, "demo-job", 1);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped job, container_recovered job");
    assert_string_equal(fx.leases, "l1 job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

static void put_checked(bool restart_unhealthy)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.spec = sim_spec((struct sim_plan){.variant = 2, .checked = 1});
    row.restart_unhealthy = restart_unhealthy;
    fx_put(&fx, &row);
    fx_settle(&fx);
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    fx_time(&fx);
    fx_clear(&fx);
}

static void health_is_told(enum container_health health)
{
    struct core_event event = {
        .kind = CORE_ENGINE_EVENT,
        .news = {
            .action = ENGINE_EVENT_HEALTH, .name = "demo-web", .agent = "web", .health = health}};
    memcpy(event.news.id, fx_container(&fx, "demo-web")->id, CONTAINER_ID_SIZE);
    (void)fx_step(&fx, &event);
}

static void unhealthy_is_an_episode(void **state)
{
    put_checked(false);
    assert_true(sim_engine_feel(&fx.engine, fx_container(&fx, "demo-web"), HEALTH_UNHEALTHY));
    health_is_told(HEALTH_UNHEALTHY);
    health_is_told(HEALTH_UNHEALTHY);
    fx_run(&fx, FX_S);
    assert_events(&fx, "container_unhealthy web");
    assert_trace(&fx, "inspect demo-web, inspect demo-web");
    assert_true(sim_engine_feel(&fx.engine, fx_container(&fx, "demo-web"), HEALTH_HEALTHY));
    health_is_told(HEALTH_HEALTHY);
    fx_run(&fx, FX_S);
    assert_events(&fx, "container_recovered web");
}

static void one_that_is_sick_when_we_come_is_told(void **state)
{
    put_checked(false);
    assert_true(sim_engine_feel(&fx.engine, fx_container(&fx, "demo-web"), HEALTH_UNHEALTHY));
    fx.n_memories = 0;
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "container_unhealthy web");
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "");
}

static void an_old_word_of_health_ends_no_sickness(void **state)
{
    put_checked(false);
    assert_true(sim_engine_feel(&fx.engine, fx_container(&fx, "demo-web"), HEALTH_UNHEALTHY));
    health_is_told(HEALTH_UNHEALTHY);
    fx_run(&fx, FX_S);
    assert_events(&fx, "container_unhealthy web");
    health_is_told(HEALTH_HEALTHY);
    fx_settle(&fx);
    assert_events(&fx, "");
}

static void an_old_word_of_sickness_restarts_nothing(void **state)
{
    put_checked(true);
    health_is_told(HEALTH_UNHEALTHY);
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_trace(&fx, "inspect demo-web");
}

/* The engine calls it unhealthy while it does not run. */
static void one_that_restarts_is_not_unhealthy(void **state)
{
    put_checked(false);
    sim_engine_end(&fx.engine, fx_container(&fx, "demo-web"), 1);
    fx_news(&fx, ENGINE_EVENT_DIE, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "container_restarted web");
}

/* Hold, restart, engine --------------------------------------------------------------------------
 */

static void hold_is_silence(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.held = true;
    fx_put(&fx, &row);
    fx_settle(&fx);
    fx_removed_by_hand(&fx, "demo-web");
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_null(sim_engine_named(&fx.engine, "demo-web"));
    row.held = false;
    fx_put(&fx, &row);
    fx_settle(&fx);
    assert_events(&fx, "container_missing web, container_recovered web");
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
}

static void restart_of_a_held_one_is_not_told(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.held = true;
    fx_put(&fx, &row);
    fx_settle(&fx);
    fx_dies(&fx, "demo-web", 137);
    fx_run(&fx, FX_S);
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    fx_settle(&fx);
    row.held = false;
    fx_put(&fx, &row);
    fx_settle(&fx);
    assert_events(&fx, "");
}

static void policy_of_a_held_one_is_told_at_unhold(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.held = true;
    fx_put(&fx, &row);
    fx_settle(&fx);
    fx_container(&fx, "demo-web")->policy = LIFECYCLE_LAZY;
    fx_news(&fx, ENGINE_EVENT_UPDATE, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "");
    row.held = false;
    fx_put(&fx, &row);
    fx_settle(&fx);
    assert_events(&fx, "drift web, container_recovered web");
}

static void held_death_is_judged_at_unhold(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.held = true;
    fx_put(&fx, &row);
    fx_settle(&fx);
    fx_dies_for_good(&fx, "demo-web", 1);
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_status(&fx, "demo-web", CONTAINER_EXITED);
    row.held = false;
    fx_put(&fx, &row);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped web, container_recovered web");
}

static void held_stop_by_hand_is_no_crash_however_late(void **state)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 2);
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    row.held = true;
    fx_put(&fx, &row);
    fx_stopped_by_hand(&fx, "demo-job");
    fx_settle(&fx);
    row.held = false;
    fx_put(&fx, &row);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped job");
    assert_string_equal(fx.leases, "");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
}

static void an_episode_survives_a_kill(void **state)
{
    fx.hold = true;
    fx_removed_by_hand(&fx, "demo-job");
    fx_time(&fx);
    assert_events(&fx, "container_missing job");
    fx.hold = false;
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "container_recovered job");
    assert_status(&fx, "demo-job", CONTAINER_CREATED);
}

static void a_death_while_we_were_away_is_told(void **state)
{
    fx_ends_for_good(&fx, "demo-web", 1);
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped web, container_recovered web");
}

static void removed_while_we_were_away_is_missing(void **state)
{
    sim_engine_drop(&fx.engine, fx_container(&fx, "demo-job"));
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "container_missing job, container_recovered job");
}

static void engine_lost_is_told_once_and_without_a_flood(void **state)
{
    fx_put_simple(&fx, "api", LIFECYCLE_HOT, 3);
    fx_settle(&fx);
    (void)fx_step(&fx,
                  &(struct core_event){.kind = CORE_ENGINE_LOST, .words = "connection refused"});
    (void)fx_step(&fx,
                  &(struct core_event){.kind = CORE_ENGINE_LOST, .words = "connection refused"});
    for (size_t i = 0; i < fx.engine.n; i++)
        if (sim_container_runs(&fx.engine.containers[i])) {
            fx.engine.containers[i].status =
                CONTAINER_EXITED; /* a killed engine leaves them down */
            fx.engine.containers[i].next_ns = SIM_NEVER_NS;
        }
    fx_clear(&fx);
    fx_run(&fx, 60 * FX_S);
    assert_trace(&fx, "");
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_ENGINE_RESTORED});
    fx_settle(&fx);
    assert_events(&fx, "engine_lost, engine_restored");
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
    assert_status(&fx, "demo-api", CONTAINER_RUNNING);
}

static void a_busy_stream_changes_nothing(void **state)
{
    for (int i = 0; i < 200; i++) {
        fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
        fx_news(&fx, ENGINE_EVENT_CREATE, "demo-job", 0);
        fx_news(&fx, ENGINE_EVENT_STOP, "demo-job", 0);
    }
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_trace(&fx, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_fleet, close_fleet)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lazy_stopped_gives_no_event),
        TEST(lazy_missing_is_told_and_recreated_asleep),
        TEST(hot_stopped_is_told_and_started),
        TEST(hot_missing_is_told_recreated_and_started),
        cmocka_unit_test(table_of_the_watchdog),
        cmocka_unit_test(every_death_has_a_row),
        TEST(engine_restarts_hot_by_itself),
        TEST(hot_stopped_by_hand_is_started_after_two_seconds),
        TEST(docker_restart_is_one_restart),
        TEST(third_restart_in_ten_minutes_is_a_crash_loop),
        TEST(job_that_ends_well_is_done),
        TEST(leased_lazy_that_crashes_is_restarted_with_back_off),
        TEST(a_crash_loop_stays_silent_when_its_lease_ends),
        TEST(unleased_lazy_that_crashes_sleeps),
        TEST(stop_by_hand_ends_the_leases),
        TEST(a_failure_that_nobody_wants_awake_sleeps),
        TEST(start_that_is_refused_is_told_once),
        TEST(hup_is_no_stop),
        TEST(started_by_hand_is_adopted),
        TEST(paused_by_hand_is_told_and_left),
        TEST(renamed_by_hand_is_told_and_renamed_back),
        TEST(tampered_policy_is_drift),
        TEST(removed_during_our_stop_is_missing),
        TEST(a_hand_on_one_container_is_none_on_the_next),
        TEST(unhealthy_is_an_episode),
        TEST(one_that_is_sick_when_we_come_is_told),
        TEST(an_old_word_of_health_ends_no_sickness),
        TEST(an_old_word_of_sickness_restarts_nothing),
        TEST(one_that_restarts_is_not_unhealthy),
        TEST(hold_is_silence),
        TEST(restart_of_a_held_one_is_not_told),
        TEST(policy_of_a_held_one_is_told_at_unhold),
        TEST(held_death_is_judged_at_unhold),
        TEST(held_stop_by_hand_is_no_crash_however_late),
        TEST(an_episode_survives_a_kill),
        TEST(a_death_while_we_were_away_is_told),
        TEST(removed_while_we_were_away_is_missing),
        TEST(engine_lost_is_told_once_and_without_a_flood),
        TEST(a_busy_stream_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
