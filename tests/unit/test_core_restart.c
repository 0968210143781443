/* SPDX-License-Identifier: MIT
 *
 * Restarts that somebody asks for: down and up once, silently, and never an agent that sleeps.
 */
#include "core_world.h"

#include <string.h>

static void ask(const char *agent)
{
    char lease[CORE_LEASE_ID_SIZE];
    (void)snprintf(lease, sizeof(lease), "l%llu", (unsigned long long)++f.wakes);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_WAKE,
                                           .wake = {.wake = f.wakes,
                                                    .agent = agent,
                                                    .lease = lease,
                                                    .ttl_ns = 3600 * FX_S,
                                                    .wait = true,
                                                    .restart = true}});
}

static void put_lazy(unsigned variant)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, variant);
    row.idle_timeout_ns = 60 * FX_S;
    fx_put(&f, &row);
}

/* Awake, and in its idle time. */
static void idle(void)
{
    put_lazy(1);
    (void)fx_wake(&f, "job", 10 * FX_S, true);
    fx_run(&f, FX_S);
    fx_release(&f, "l1");
    fx_run(&f, FX_S);
    assert_answers(&f, "1 done, 2 done");
    fx_clear(&f);
}

static void a_hot_one_goes_down_and_up(void **state)
{
    ask("web");
    assert_state(&f, "web", STATE_STOPPING);
    assert_string_equal(f.leases, "l1 web");
    fx_run(&f, FX_S);
    assert_trace(&f, "stop demo-web, start demo-web");
    assert_answers(&f, "1 done");
    assert_string_equal(f.leases, "");
    fx_settle(&f);
    assert_trace(&f, "");
    assert_events(&f, "");
}

/* The stream is often behind the answers. */
static void a_death_that_is_told_late_is_no_trouble(void **state)
{
    ask("web");
    fx_run(&f, FX_S);
    assert_answers(&f, "1 done");
    fx_news(&f, ENGINE_EVENT_KILL, "demo-web", 15);
    fx_news(&f, ENGINE_EVENT_DIE, "demo-web", 0);
    fx_news(&f, ENGINE_EVENT_STOP, "demo-web", 0);
    fx_news(&f, ENGINE_EVENT_START, "demo-web", 0);
    fx_settle(&f);
    assert_events(&f, "");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

static void a_leased_one_keeps_its_lease(void **state)
{
    (void)fx_wake(&f, "job", 3600 * FX_S, true);
    fx_run(&f, FX_S);
    fx_clear(&f);
    ask("job");
    fx_run(&f, FX_S);
    assert_trace(&f, "stop demo-job, start demo-job");
    assert_answers(&f, "1 done, 2 done");
    assert_non_null(strstr(f.leases, "l1 job"));
    assert_null(strstr(f.leases, "l2"));
    assert_events(&f, "");
}

static void an_idle_one_is_idle_again(void **state)
{
    idle();
    ask("job");
    fx_run(&f, FX_S);
    assert_trace(&f, "stop demo-job, start demo-job");
    assert_answers(&f, "3 done");
    assert_string_equal(f.leases, "");
    fx_run(&f, 55 * FX_S);
    assert_trace(&f, "");
    fx_run(&f, 10 * FX_S);
    assert_trace(&f, "stop demo-job");
    assert_events(&f, "");
}

static void a_sleeper_is_left_asleep(void **state)
{
    ask("job");
    assert_answers(&f, "1 asleep");
    assert_string_equal(f.leases, "");
    fx_settle(&f);
    assert_trace(&f, "");
}

static void a_paused_sleeper_is_left_asleep(void **state)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 1);
    row.sleep = SLEEP_PAUSE;
    fx_put(&f, &row);
    (void)fx_wake(&f, "job", FX_S, false);
    fx_run(&f, FX_S / 2);
    fx_sleep(&f, "job");
    fx_run(&f, FX_S);
    assert_status(&f, "demo-job", CONTAINER_PAUSED);
    assert_answers(&f, "1 done, 2 done");
    fx_clear(&f);
    ask("job");
    fx_settle(&f);
    assert_answers(&f, "3 asleep");
    assert_trace(&f, "");
}

static void nobody_and_held_ones_are_refused(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.held = true;
    fx_put(&f, &row);
    ask("web");
    ask("nobody");
    fx_settle(&f);
    assert_answers(&f, "1 held, 2 no_agent");
    assert_trace(&f, "");
}

static void without_an_engine_it_is_refused(void **state)
{
    (void)fx_step(&f, &(struct core_event){.kind = CORE_ENGINE_LOST, .words = "gone"});
    ask("web");
    assert_answers(&f, "1 engine_lost");
    assert_string_equal(f.leases, "");
}

/* As Compose does: what is down is started, and at once. */
static void one_that_is_down_is_started(void **state)
{
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "port taken");
    fx_dies_for_good(&f, "demo-web", 1);
    fx_run(&f, FX_S / 2);
    assert_state(&f, "web", STATE_FAILED);
    fx_clear(&f);
    ask("web");
    assert_trace(&f, "start demo-web");
    fx_run(&f, FX_S);
    assert_answers(&f, "1 done");
    assert_trace(&f, "");
}

static void one_that_somebody_paused_is_restarted(void **state)
{
    (void)sim_engine_hand(&f.engine, OPERATION_PAUSE, fx_container(&f, "demo-web"), NULL);
    fx_news(&f, ENGINE_EVENT_PAUSE, "demo-web", 0);
    fx_run(&f, FX_S);
    assert_events(&f, "container_paused web");
    fx_clear(&f);
    ask("web");
    fx_run(&f, FX_S);
    assert_trace(&f, "stop demo-web, start demo-web");
    assert_answers(&f, "1 done");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* What was put off until nobody uses it would be put off over a restart, too. */
static void a_change_that_waits_is_carried_out(void **state)
{
    (void)fx_wake(&f, "job", 3600 * FX_S, true);
    fx_run(&f, FX_S);
    put_lazy(2);
    fx_run(&f, FX_S);
    fx_clear(&f);
    ask("job");
    fx_settle(&f);
    assert_answers(&f, "1 done, 2 done");
    assert_trace(&f, "create demo-job..new, stop demo-job, rename demo-job demo-job..old, "
                     "rename demo-job..new demo-job, start demo-job, inspect demo-job, "
                     "remove demo-job..old");
}

static void one_that_does_not_come_up_again_is_told(void **state)
{
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "port taken");
    ask("web");
    fx_run(&f, FX_S / 2);
    assert_answers(&f, "1 failed");
    assert_string_equal(f.leases, "");
    assert_events(&f, "container_stopped web");
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* Nobody wants a lazy one any more when its restart has failed: it is not tried again. */
static void an_idle_one_that_does_not_come_up_sleeps(void **state)
{
    idle();
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "port taken");
    ask("job");
    fx_run(&f, FX_S / 2);
    assert_answers(&f, "3 failed");
    assert_int_equal(f.retry_at_ns, 0);
    fx_settle(&f);
    assert_trace(&f, "stop demo-job, start demo-job");
    assert_state(&f, "job", STATE_STOPPED);
}

static void one_that_cannot_be_stopped_is_told(void **state)
{
    fx_script(&f, OPERATION_STOP, ENGINE_REFUSED, false, "no");
    ask("web");
    fx_run(&f, FX_S / 2);
    assert_answers(&f, "1 failed");
    assert_string_equal(f.leases, "");
}

static void sleep_ends_it(void **state)
{
    idle();
    f.hold = true;
    ask("job");
    fx_sleep(&f, "job");
    assert_answers(&f, "3 lease_ended, 4 done");
    f.hold = false;
    fx_answer(&f, 0);
    fx_settle(&f);
    assert_trace(&f, "stop demo-job");
    assert_status(&f, "demo-job", CONTAINER_EXITED);
}

/* Nobody wants it when its turn has come: nor is it restarted at the next wake. */
static void one_that_comes_to_nothing_is_forgotten(void **state)
{
    put_lazy(1);
    (void)fx_wake(&f, "job", 3600 * FX_S, true);
    fx_run(&f, FX_S);
    f.hold = true;
    fx_news(&f, ENGINE_EVENT_OOM, "demo-job", 0); /* it is looked at, which takes its time */
    fx_run(&f, 0);
    ask("job");
    fx_release(&f, "l1");
    fx_release(&f, "l2");
    f.hold = false;
    fx_answer(&f, 0);
    fx_run(&f, FX_S);
    assert_answers(&f, "1 done, 3 done, 2 lease_ended, 4 done");
    fx_clear(&f);
    (void)fx_wake(&f, "job", FX_S, true);
    fx_run(&f, FX_S);
    assert_trace(&f, "");
    assert_answers(&f, "5 done");
}

/* It is looked at when the restart is asked for, so the stop has to wait. */
static void ask_while_it_is_looked_at(void)
{
    f.hold = true;
    fx_news(&f, ENGINE_EVENT_OOM, "demo-web", 0);
    fx_run(&f, 0);
    ask("web");
}

static void one_that_is_held_meanwhile_is_left_alone(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    ask_while_it_is_looked_at();
    row.held = true;
    fx_put(&f, &row);
    f.hold = false;
    fx_answer(&f, 0);
    fx_run(&f, FX_S);
    assert_answers(&f, "1 held");
    row.held = false;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_trace(&f, "inspect demo-web");
}

static void one_that_is_made_anew_meanwhile_is_not_restarted_too(void **state)
{
    f.hold = true;
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_time(&f);
    ask("web");
    f.hold = false;
    fx_answer(&f, 0);
    fx_settle(&f);
    assert_answers(&f, "1 done");
    assert_trace(&f, "create demo-web..new, stop demo-web, rename demo-web demo-web..old, "
                     "rename demo-web..new demo-web, start demo-web, inspect demo-web, "
                     "remove demo-web..old");
}

/* That it was not ready in time before says nothing of what it is after. */
static void one_that_is_not_ready_has_its_time_once_more(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 2);
    row.spec = sim_spec((struct sim_plan){.variant = 2, .ready_ms = 3600000});
    row.ready = READY_TCP;
    row.ready_timeout_ns = 5 * FX_S;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_events(&f, "not_ready web");
    ask_while_it_is_looked_at();
    assert_answers(&f, "");
    f.hold = false;
    fx_answer(&f, 0);
    fx_run(&f, 4 * FX_S);
    assert_answers(&f, "");
    fx_run(&f, 4 * FX_S);
    assert_answers(&f, "1 not_ready");
}

/* As the report of a pass says so at once. */
static void one_that_waits_without_hope_is_told(void **state)
{
    static const struct core_depends on_nobody[] = {{"nobody", DEPENDS_STARTED}};
    struct core_row row = fx_row("late", LIFECYCLE_HOT, 1);
    row.depends = on_nobody;
    row.n_depends = 1;
    fx_put(&f, &row);
    fx_run(&f, FX_S);
    ask("late");
    (void)fx_wake(&f, "late", 60 * FX_S, true);
    assert_answers(&f, "1 failed, 2 failed");
    assert_non_null(strstr(f.leases, "l2 late"));
}

static void a_wake_meanwhile_waits_for_its_end(void **state)
{
    f.hold = true;
    ask("web");
    (void)fx_wake(&f, "web", 60 * FX_S, true);
    assert_answers(&f, "");
    f.hold = false;
    fx_answer(&f, 0);
    fx_run(&f, FX_S);
    assert_answers(&f, "2 done, 1 done");
    assert_trace(&f, "stop demo-web, start demo-web");
}

static void two_at_once_are_one(void **state)
{
    ask("web");
    ask("web");
    fx_run(&f, FX_S);
    assert_answers(&f, "2 done, 1 done");
    assert_trace(&f, "stop demo-web, start demo-web");
}

/* A kill between the stop and the start: the lease has outlived it. */
static void a_new_daemon_starts_what_was_stopped(void **state)
{
    idle();
    f.hold = true;
    ask("job");
    f.hold = false;
    fx_answer(&f, 0);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
    fx_restart(&f);
    fx_run(&f, FX_S);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    assert_events(&f, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(a_hot_one_goes_down_and_up),
        TEST(a_death_that_is_told_late_is_no_trouble),
        TEST(a_leased_one_keeps_its_lease),
        TEST(an_idle_one_is_idle_again),
        TEST(a_sleeper_is_left_asleep),
        TEST(a_paused_sleeper_is_left_asleep),
        TEST(nobody_and_held_ones_are_refused),
        TEST(without_an_engine_it_is_refused),
        TEST(one_that_is_down_is_started),
        TEST(one_that_somebody_paused_is_restarted),
        TEST(a_change_that_waits_is_carried_out),
        TEST(one_that_does_not_come_up_again_is_told),
        TEST(an_idle_one_that_does_not_come_up_sleeps),
        TEST(one_that_cannot_be_stopped_is_told),
        TEST(sleep_ends_it),
        TEST(one_that_comes_to_nothing_is_forgotten),
        TEST(one_that_is_held_meanwhile_is_left_alone),
        TEST(one_that_is_made_anew_meanwhile_is_not_restarted_too),
        TEST(one_that_is_not_ready_has_its_time_once_more),
        TEST(one_that_waits_without_hope_is_told),
        TEST(a_wake_meanwhile_waits_for_its_end),
        TEST(two_at_once_are_one),
        TEST(a_new_daemon_starts_what_was_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
