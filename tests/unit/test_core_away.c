/* SPDX-License-Identifier: MIT
 *
 * What happens while roost, the engine, the clock or the machine are away: nothing is told twice,
 * nothing is forgotten, no lease is lost.
 */
#include "core_fixture.h"

#include <string.h>

static struct fixture fx;

static int open_fleet(void **state)
{
    fx_open(&fx, NULL);
    fx.wall_ms = INT64_C(1700000000000);
    fx_put_simple(&fx, "web", LIFECYCLE_HOT, 1);
    fx_put_simple(&fx, "job", LIFECYCLE_LAZY, 2);
    fx_settle(&fx);
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

static void by_hand(enum operation_kind kind, const char *container, const char *name)
{
    assert_int_equal(sim_engine_hand(&fx.engine, kind, fx_container(&fx, container), name),
                     ENGINE_DONE);
}

static void started_by_hand(const char *container)
{
    by_hand(OPERATION_START, container, NULL);
    fx_news(&fx, ENGINE_EVENT_START, container, 0);
}

static void engine(enum core_event_kind kind)
{
    (void)fx_step(&fx, &(struct core_event){.kind = kind, .words = "connection refused"});
}

/* A stop by hand, or half of a restart -----------------------------------------------------------
 */

static void restarting_a_leased_one_is_one_restart(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_clear(&fx);
    fx_stopped_by_hand(&fx, "demo-job");
    fx_run(&fx, FX_S);
    started_by_hand("demo-job");
    fx_news(&fx, ENGINE_EVENT_RESTART, "demo-job", 0);
    fx_settle(&fx);
    assert_events(&fx, "container_restarted job");
    assert_string_equal(fx.leases, "l1 job");
    assert_null(strstr(fx.trace, "start demo-job"));
    assert_state(&fx, "job", STATE_RUNNING);
}

/* Nobody could ask it meanwhile. */
static void the_time_to_be_ready_stands_still_without_the_engine(void **state)
{
    struct core_row row = fx_row("slow", LIFECYCLE_HOT, 1);
    row.spec = sim_spec((struct sim_plan){.ready_ms = 600000});
    row.ready = READY_TCP;
    row.ready_timeout_ns = 30 * FX_S;
    fx_put(&fx, &row);
    fx_run(&fx, 15 * FX_S);
    assert_state(&fx, "slow", STATE_STARTING);
    engine(CORE_ENGINE_LOST);
    fx_run(&fx, 60 * FX_S);
    engine(CORE_ENGINE_RESTORED);
    fx_run(&fx, 10 * FX_S);
    assert_events(&fx, "engine_lost, engine_restored");
    fx_run(&fx, 10 * FX_S);
    assert_events(&fx, "not_ready slow");
}

static void a_crash_soon_after_a_restart_by_hand_is_a_crash(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_stopped_by_hand(&fx, "demo-job");
    fx_run(&fx, FX_S);
    started_by_hand("demo-job");
    fx_news(&fx, ENGINE_EVENT_RESTART, "demo-job", 0);
    fx_run(&fx, 5 * FX_S);
    fx_dies(&fx, "demo-job", 3);
    fx_settle(&fx);
    assert_events(&fx, "container_restarted job, container_stopped job, container_recovered job");
    assert_string_equal(fx.leases, "l1 job");
}

static void restarting_an_idle_one_adopts_nothing(void **state)
{
    (void)fx_wake(&fx, "job", FX_S, false);
    fx_run(&fx, 100 * FX_S);
    fx_stopped_by_hand(&fx, "demo-job");
    fx_run(&fx, FX_S);
    started_by_hand("demo-job");
    fx_run(&fx, 850 * FX_S);
    assert_events(&fx, "container_restarted job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    fx_run(&fx, 60 * FX_S); /* idle_timeout is 15 min, from the restart */
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
    assert_events(&fx, "");
}

static void a_wake_after_a_stop_by_hand_is_good(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_stopped_by_hand(&fx, "demo-job");
    fx_run(&fx, FX_S);
    (void)fx_wake(&fx, "job", 600 * FX_S, true);
    fx_run(&fx, FX_S / 2); /* at once: not after 2 s */
    assert_answers(&fx, "1 done, 2 done");
    assert_string_equal(fx.leases, "l2 job");
    fx_settle(&fx);
    assert_events(&fx, "container_stopped job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

static void a_stop_of_one_that_nobody_wants_any_more_is_silent(void **state)
{
    (void)fx_wake(&fx, "job", 3 * FX_S, false);
    fx_run(&fx, 2 * FX_S);
    fx_stopped_by_hand(&fx, "demo-job");
    fx_run(&fx, 10 * FX_S); /* the lease ran out before it was clear that it was a stop */
    assert_events(&fx, "");
    (void)fx_wake(&fx, "job", 600 * FX_S, true);
    fx_settle(&fx);
    assert_answers(&fx, "1 done, 2 done");
    assert_events(&fx, "");
}

static void an_engine_that_ends_in_order_ends_no_lease(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_stopped_by_hand(&fx, "demo-job"); /* so it looks */
    fx_run(&fx, FX_S);
    engine(CORE_ENGINE_LOST);
    fx_run(&fx, 60 * FX_S);
    engine(CORE_ENGINE_RESTORED);
    fx_settle(&fx);
    assert_events(&fx, "engine_lost, engine_restored");
    assert_string_equal(fx.leases, "l1 job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

/* Killed in the middle ---------------------------------------------------------------------------
 */

static void killed_before_it_was_clear_that_it_was_a_stop(void **state)
{
    fx_stopped_by_hand(&fx, "demo-web");
    fx_run(&fx, FX_S);
    assert_events(&fx, "");
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped web, container_recovered web");
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
}

static void killed_before_a_death_was_looked_at(void **state)
{
    fx.hold = true;
    fx_dies_for_good(&fx, "demo-web", 1);
    fx_time(&fx);
    assert_events(&fx, "");
    fx.hold = false;
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped web, container_recovered web");
}

/* Docker lists a dead container as running until its network is down. */
static void killed_when_it_had_told_an_end(void)
{
    started_by_hand("demo-job");
    fx_run(&fx, FX_S);
    assert_events(&fx, "container_adopted job");
    fx_dies_for_good(&fx, "demo-job", 3);
    fx_settle(&fx);
    assert_events(&fx, "container_stopped job");
    fx_container(&fx, "demo-job")->was = CONTAINER_RUNNING;
    fx_container(&fx, "demo-job")->lingers_until_ns = fx.now_ns + FX_S / 10;
    fx_restart(&fx);
}

static void an_end_that_was_told_is_not_told_again_by_a_listing_of_before(void **state)
{
    killed_when_it_had_told_an_end();
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_state(&fx, "job", STATE_STOPPED);
}

/* A pass that came too late for the first listing has a second one before anything is inspected. */
static void nor_by_a_second_listing_of_before(void **state)
{
    killed_when_it_had_told_an_end();
    fx.hold = true;
    fx_time(&fx);
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_PASS, .pass = {.pass = 1}});
    fx_answer_list(&fx);
    fx_answer_list(&fx);
    fx.hold = false;
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_state(&fx, "job", STATE_STOPPED);
}

static void nor_by_one_after_an_inspection_that_failed(void **state)
{
    killed_when_it_had_told_an_end();
    fx_script(&fx, OPERATION_INSPECT, ENGINE_UNKNOWN, false, "timed out");
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_state(&fx, "job", STATE_STOPPED);
}

/* It runs, and before it was inspected a rename of the dead roost has set it aside. */
static void one_that_was_doubted_and_is_set_aside_is_stopped(void **state)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 3);
    by_hand(OPERATION_START, "demo-job", NULL);
    fx_put(&fx, &row);
    (void)fx_plant(&fx, "demo-job..new", "job", LIFECYCLE_LAZY, fx_spec(3), CONTAINER_CREATED);
    fx_restart(&fx);
    fx.hold = true;
    fx_time(&fx);
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_PASS, .pass = {.pass = 1}});
    fx_answer_list(&fx);
    by_hand(OPERATION_RENAME, "demo-job", "demo-job..old");
    fx_answer_list(&fx);
    fx.hold = false;
    fx_settle(&fx);
    assert_null(sim_engine_named(&fx.engine, "demo-job..old"));
    assert_status(&fx, "demo-job", CONTAINER_CREATED);
}

static void one_that_was_started_while_roost_was_dead_is_adopted(void **state)
{
    by_hand(OPERATION_START, "demo-job", NULL);
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "container_adopted job");
    assert_state(&fx, "job", STATE_RUNNING);
}

static void a_crash_while_it_was_starting_is_told(void **state)
{
    struct core_row row = fx_row("slow", LIFECYCLE_HOT, 3);
    row.ready = READY_TCP;
    row.spec = sim_spec((struct sim_plan){.variant = 3, .ready_ms = 600000});
    fx_put(&fx, &row);
    fx_run(&fx, FX_S);
    assert_state(&fx, "slow", STATE_STARTING);
    fx_ends_for_good(&fx, "demo-slow", 1);
    fx_restart(&fx);
    fx_run(&fx, FX_S);
    assert_events(&fx, "container_stopped slow");
    assert_status(&fx, "demo-slow", CONTAINER_RUNNING);
}

static void a_start_that_never_came_to_the_engine_is_no_death(void **state)
{
    fx.hold = true;
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_time(&fx);
    assert_int_equal(fx.n_pending, 1);
    assert_state(&fx, "job", STATE_STARTING);
    fx.hold = false;
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    assert_string_equal(fx.leases, "l1 job");
}

/* The engine's listing shows as running for a moment what is down already. */
static void killed_while_it_was_stopped_by_us(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx.engine.lingers = fx.hold = true;
    fx_sleep(&fx, "job");
    fx_time(&fx);
    assert_state(&fx, "job", STATE_STOPPING);
    by_hand(OPERATION_STOP, "demo-job", NULL);
    fx.hold = false;
    fx.config.resync_ns = 30 * FX_S; /* and looks closer at some */
    fx_restart(&fx);
    fx_time(&fx);
    fx_settle(&fx);
    assert_events(&fx, "");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
}

/* Its stop timed out and is carried out late; in between it was listed as running, and somebody
 * wants it again. For two minutes whoever starts knows of that stop; later it is somebody else's.
 */
static void killed_after_a_stop_that_was_lost(void **state)
{
    static const struct {
        unsigned wait_s;
        const char *events;
    } rows[] = {{1, ""}, {200, "container_stopped job, container_recovered job"}};
    fx.config.resync_ns = 30 * FX_S;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ROW("is down %u s later", rows[i].wait_s);
        fx_restart(&fx);
        (void)fx_wake(&fx, "job", 600 * FX_S, false);
        fx_settle(&fx);
        fx_script(&fx, OPERATION_STOP, ENGINE_UNKNOWN, false, "timed out");
        fx_sleep(&fx, "job");
        (void)fx_wake(&fx, "job", 600 * FX_S, false);
        fx_run(&fx, rows[i].wait_s * FX_S);
        assert_status(&fx, "demo-job", CONTAINER_RUNNING);
        fx_clear(&fx);
        fx_stopped_unseen(&fx, "demo-job");
        fx_restart(&fx);
        fx_settle(&fx);
        assert_events(&fx, rows[i].events);
        assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    }
}

/* An episode of each kind is open when roost is killed: what opened it is not told again, its end
 * is told once. */
static void killed_in_a_crash_loop(void **state)
{
    for (int i = 0; i < 3; i++) {
        fx_dies(&fx, "demo-web", 1);
        fx_run(&fx, 30 * FX_S);
        fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    }
    assert_events(&fx, "container_restarted web, container_restarted web, crash_loop web");
    fx_restart(&fx);
    fx_run(&fx, FX_S);
    fx_dies(&fx, "demo-web", 1);
    fx_run(&fx, 30 * FX_S);
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    assert_events(&fx, "");
    fx_run(&fx, 700 * FX_S);
    assert_events(&fx, "container_recovered web");
}

static void killed_while_it_is_paused(void **state)
{
    by_hand(OPERATION_PAUSE, "demo-web", NULL);
    fx_news(&fx, ENGINE_EVENT_PAUSE, "demo-web", 0);
    fx_run(&fx, FX_S);
    assert_events(&fx, "container_paused web");
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "");
    by_hand(OPERATION_UNPAUSE, "demo-web", NULL);
    fx_news(&fx, ENGINE_EVENT_UNPAUSE, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "container_recovered web");
}

static void killed_while_it_is_renamed(void **state)
{
    fx.hold = true;
    by_hand(OPERATION_RENAME, "demo-web", "other");
    fx_news(&fx, ENGINE_EVENT_RENAME, "other", 0);
    fx_time(&fx);
    fx_answer_list(&fx);
    assert_events(&fx, "container_renamed web");
    fx.hold = false;
    fx_restart(&fx);
    fx_settle(&fx);
    assert_events(&fx, "container_recovered web");
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
}

static void killed_while_the_engine_is_lost(void **state)
{
    engine(CORE_ENGINE_LOST);
    assert_events(&fx, "engine_lost");
    fx.config.engine_lost = true; /* the shell knows it from the last event */
    fx_restart(&fx);
    engine(CORE_ENGINE_LOST);
    fx_run(&fx, 10 * FX_S);
    assert_events(&fx, "");
    engine(CORE_ENGINE_RESTORED);
    fx_settle(&fx);
    assert_events(&fx, "engine_restored");
}

/* Rows, clocks, machines -------------------------------------------------------------------------
 */

static void a_row_deleted_and_put_back_has_its_leases_stored_again(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx.leases[0] = '\0'; /* the store's trigger, at the deletion that nobody has seen */
    fx.n_lease_rows = 0;
    fx_put_simple(&fx, "job", LIFECYCLE_LAZY, 2);
    fx_run(&fx, FX_S);
    assert_string_equal(fx.leases, "l1 job");
    fx_restart(&fx);
    fx_settle(&fx);
    assert_int_equal(fx_view(&fx, "job").n_leases, 1);
}

static void a_jumping_wall_clock_ends_no_lease_and_restarts_nothing(void **state)
{
    static const int64_t jumps_ms[] = {3600000, -3600000, -3600000, 3600000};
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_clear(&fx);
    for (size_t i = 0; i < sizeof(jumps_ms) / sizeof(jumps_ms[0]); i++) {
        ROW("jump of %lld ms", (long long)jumps_ms[i]);
        fx.wall_ms += jumps_ms[i];
        fx_run(&fx, 100 * FX_S);
        assert_string_equal(fx.leases, "l1 job");
        assert_trace(&fx, "");
    }
    fx_run(&fx, 300 * FX_S);
    assert_string_equal(fx.leases, ""); /* ten minutes after it was given, as promised */
    assert_events(&fx, "");
}

/* The shell gives what is left of the leases by wall time, and no times of the old boot. */
static void after_a_reboot_leases_that_are_still_good_hold(void **state)
{
    (void)fx_wake(&fx, "job", 600 * FX_S, false);
    fx_run(&fx, FX_S);
    for (size_t i = 0; i < fx.engine.n; i++) {
        fx.engine.containers[i].status = CONTAINER_EXITED;
        fx.engine.containers[i].next_ns = SIM_NEVER_NS;
    }
    for (size_t i = 0; i < fx.n_memories; i++) {
        struct core_memory *m = &fx.memories[i].memory;
        m->state = STATE_STOPPED;
        m->retry_at_ns = m->idle_since_ns = 0;
        memset(m->restarts_ns, 0, sizeof(m->restarts_ns));
    }
    fx.now_ns = 5 * FX_S; /* the clock began anew */
    fx.engine.now_ns = fx.now_ns;
    assert_int_equal(fx.n_lease_rows, 1);
    fx.lease_rows[0].until_ns = fx.now_ns + 300 * FX_S;
    fx_restart(&fx);
    fx_run(&fx, FX_S);
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
    assert_string_equal(fx.leases, "l1 job");
    fx_run(&fx, 301 * FX_S);
    assert_string_equal(fx.leases, "");
    assert_events(&fx, "");
    fx_run(&fx, 900 * FX_S); /* its idle time */
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
    assert_events(&fx, "");
}

static void what_expired_while_roost_was_down_sleeps_after_its_idle_time(void **state)
{
    (void)fx_wake(&fx, "job", 10 * FX_S, false);
    fx_run(&fx, FX_S);
    fx.now_ns += 100 * FX_S;
    fx_restart(&fx);
    fx_run(&fx, FX_S);
    assert_string_equal(fx.leases, "");
    fx_run(&fx, 890 * FX_S);
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    fx_run(&fx, 20 * FX_S);
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
    assert_events(&fx, "");
}

/* The stream may not have told of it, and a listing does not show it. */
static void a_policy_changed_unseen_is_found_within_ten_minutes(void **state)
{
    enum { AGENTS = 25 };
    static char names[AGENTS][8];
    struct core_config config = {.fleet = "demo", .resync_ns = 30 * FX_S};
    fx_close(&fx);
    fx_open(&fx, &config);
    for (int i = 0; i < AGENTS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "a%d", i);
        fx_put_simple(&fx, names[i], LIFECYCLE_LAZY, 1);
    }
    fx_run(&fx, 600 * FX_S);
    fx_clear(&fx);
    fx_run(&fx, 600 * FX_S); /* who is left alone is looked at, and at all others' times */
    size_t inspected = 0;
    for (const char *at = fx.trace; (at = strstr(at, "inspect")); at++)
        inspected++;
    assert_in_range(inspected, AGENTS, 3 * AGENTS);
    assert_null(strstr(fx.trace, "inspect demo-a1, inspect demo-a2, inspect demo-a3"));
    assert_events(&fx, "");
    for (size_t i = 0; i < fx.engine.n; i++)
        fx.engine.containers[i].policy = LIFECYCLE_HOT;
    fx_clear(&fx);
    fx_run(&fx, 600 * FX_S);
    for (size_t i = 0; i < fx.engine.n; i++)
        assert_int_equal(fx.engine.containers[i].policy, LIFECYCLE_LAZY);
    assert_non_null(strstr(fx.events, "drift a24"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_fleet, close_fleet)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(restarting_a_leased_one_is_one_restart),
        TEST(the_time_to_be_ready_stands_still_without_the_engine),
        TEST(a_crash_soon_after_a_restart_by_hand_is_a_crash),
        TEST(restarting_an_idle_one_adopts_nothing),
        TEST(a_wake_after_a_stop_by_hand_is_good),
        TEST(a_stop_of_one_that_nobody_wants_any_more_is_silent),
        TEST(an_engine_that_ends_in_order_ends_no_lease),
        TEST(killed_before_it_was_clear_that_it_was_a_stop),
        TEST(killed_before_a_death_was_looked_at),
        TEST(an_end_that_was_told_is_not_told_again_by_a_listing_of_before),
        TEST(nor_by_a_second_listing_of_before),
        TEST(nor_by_one_after_an_inspection_that_failed),
        TEST(one_that_was_doubted_and_is_set_aside_is_stopped),
        TEST(one_that_was_started_while_roost_was_dead_is_adopted),
        TEST(a_crash_while_it_was_starting_is_told),
        TEST(a_start_that_never_came_to_the_engine_is_no_death),
        TEST(killed_in_a_crash_loop),
        TEST(killed_while_it_is_paused),
        TEST(killed_while_it_is_renamed),
        TEST(killed_while_it_was_stopped_by_us),
        TEST(killed_after_a_stop_that_was_lost),
        TEST(killed_while_the_engine_is_lost),
        TEST(a_row_deleted_and_put_back_has_its_leases_stored_again),
        TEST(a_jumping_wall_clock_ends_no_lease_and_restarts_nothing),
        TEST(after_a_reboot_leases_that_are_still_good_hold),
        TEST(what_expired_while_roost_was_down_sleeps_after_its_idle_time),
        TEST(a_policy_changed_unseen_is_found_within_ten_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
