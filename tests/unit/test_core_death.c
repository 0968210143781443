/* SPDX-License-Identifier: MIT
 *
 * A death is judged from its event where it is certain what it means, before the inspection
 * answers; and what the engine shows in between, which is older, undoes nothing.
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
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    fx_news(&fx, ENGINE_EVENT_START, "demo-job", 0);
    fx_run(&fx, FX_S);
    fx_clear(&fx);
    fx.hold = true;
    return 0;
}

static int close_fleet(void **state)
{
    fx_close(&fx);
    return 0;
}

static void told(const char *container, enum engine_action action, int exit_code, int64_t time_ns)
{
    const struct sim_container *c = fx_container(&fx, container);
    struct core_event event = {.kind = CORE_ENGINE_EVENT,
                               .news = {.action = action,
                                        .name = c->name,
                                        .agent = c->agent,
                                        .has_exit_code = action == ENGINE_EVENT_DIE,
                                        .exit_code = exit_code,
                                        .time_ns = time_ns}};
    memcpy(event.news.id, c->id, CONTAINER_ID_SIZE);
    (void)fx_step(&fx, &event);
}

static void die_told(const char *container, int exit_code)
{
    told(container, ENGINE_EVENT_DIE, exit_code, 0);
}

static void dies(const char *container, int exit_code)
{
    sim_engine_end(&fx.engine, fx_container(&fx, container), exit_code);
    die_told(container, exit_code);
}

/* The engine goes on showing it as running, until its network is down. */
static void stale_listing(const char *container)
{
    struct sim_container *c = fx_container(&fx, container);
    enum container_status status = c->status;
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_LOOK});
    c->status = CONTAINER_RUNNING;
    fx_answer_list(&fx);
    c->status = status;
}

static void go_on(void)
{
    fx.hold = false;
    fx_settle(&fx);
}

static void a_crash_of_a_lazy_one_is_told_before_it_is_looked_at(void **state)
{
    dies("demo-job", 3);
    assert_events(&fx, "container_stopped job");
    assert_trace(&fx, "inspect demo-job");
    go_on();
    assert_events(&fx, "container_recovered job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

static void a_restart_by_the_engine_is_told_before_it_is_looked_at(void **state)
{
    dies("demo-web", 137);
    assert_events(&fx, "container_restarted web");
    assert_trace(&fx, "inspect demo-web");
    stale_listing("demo-web");
    go_on();
    fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
    fx_settle(&fx);
    assert_events(&fx, "");
    dies("demo-web", 1);
    go_on();
    assert_events(&fx, "container_restarted web");
}

static void the_third_restart_is_a_crash_loop(void **state)
{
    for (int i = 0; i < 5; i++) {
        fx.hold = true;
        dies("demo-web", 1);
        fx.hold = false;
        fx_run(&fx, 30 * FX_S);
        fx_news(&fx, ENGINE_EVENT_START, "demo-web", 0);
        fx_run(&fx, FX_S);
    }
    assert_events(&fx, "container_restarted web, container_restarted web, crash_loop web");
}

static void a_listing_does_not_undo_what_a_die_told(void **state)
{
    dies("demo-job", 0);
    assert_events(&fx, "container_exited job");
    stale_listing("demo-job");
    assert_state(&fx, "job", STATE_STOPPED);
    go_on();
    assert_events(&fx, "");
    assert_string_equal(fx.leases, "");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
}

static void a_listing_begun_while_it_was_looked_at_counts_no_more_than_that(void **state)
{
    dies("demo-job", 0);
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_LOOK});
    fx_answer(&fx, 0); /* the inspection */
    struct sim_container *c = fx_container(&fx, "demo-job");
    c->status = CONTAINER_RUNNING;
    fx_answer_list(&fx);
    c->status = CONTAINER_EXITED;
    go_on();
    assert_events(&fx, "container_exited job");
}

static void a_listing_that_comes_instead_of_the_inspection_undoes_nothing(void **state)
{
    dies("demo-job", 3);
    assert_events(&fx, "container_stopped job");
    fx_script(&fx, OPERATION_INSPECT, ENGINE_UNKNOWN, false, "timed out");
    fx_answer(&fx, 0);
    struct sim_container *c = fx_container(&fx, "demo-job");
    c->status = CONTAINER_RUNNING;
    fx_answer_list(&fx);
    c->status = CONTAINER_EXITED;
    assert_state(&fx, "job", STATE_FAILED);
    go_on();
    assert_events(&fx, "container_recovered job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

/* Where it is not certain, the inspection says what it was. */
static void what_is_not_certain_waits(const char *container, int exit_code)
{
    dies(container, exit_code);
    assert_events(&fx, "");
}

static void killed_with_9_may_be_the_kernel(void **state)
{
    what_is_not_certain_waits("demo-job", 137);
    go_on();
    assert_events(&fx, "container_stopped job, container_recovered job");
}

static void after_a_signal_the_engine_restarts_no_more(void **state)
{
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-web", 1);
    fx_ends_for_good(&fx, "demo-web", 1);
    die_told("demo-web", 1);
    assert_events(&fx, "");
    go_on();
    assert_events(&fx, "container_stopped web, container_recovered web");
}

static void a_signal_may_have_been_missed(void **state)
{
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_LOOK}); /* the stream was cut */
    fx_answer_list(&fx);
    what_is_not_certain_waits("demo-web", 1);
}

static void a_signal_before_we_came_is_not_known(void **state)
{
    fx.hold = false;
    fx_restart(&fx);
    fx_settle(&fx);
    fx.hold = true;
    what_is_not_certain_waits("demo-web", 1);
}

static void a_death_of_an_earlier_run_is_told_late(void **state)
{
    fx.hold = false;
    fx_sleep(&fx, "job");
    fx_run(&fx, FX_S);
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx.hold = true;
    die_told("demo-job", 143);
    assert_events(&fx, "");
    go_on();
    assert_events(&fx, "");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

static void our_own_stop_that_is_told_late_is_nobodys_hand(void **state)
{
    fx.hold = false;
    fx_sleep(&fx, "job");
    fx_run(&fx, FX_S);
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-job", 15);
    fx_news(&fx, ENGINE_EVENT_STOP, "demo-job", 0);
    fx_news(&fx, ENGINE_EVENT_START, "demo-job", 0);
    fx_run(&fx, FX_S);
    dies("demo-job", 3);
    assert_events(&fx, "container_stopped job");
    go_on();
    assert_string_equal(fx.leases, "l3 job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

/* The start before it as well, which is not that of the run after it. */
static void nor_is_one_whose_start_is_told_late_too(void **state)
{
    fx.hold = false;
    fx_sleep(&fx, "job");
    fx_run(&fx, FX_S);
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_sleep(&fx, "job");
    fx_run(&fx, FX_S);
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_news(&fx, ENGINE_EVENT_START, "demo-job", 0);
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-job", 15);
    fx_news(&fx, ENGINE_EVENT_STOP, "demo-job", 0);
    fx_news(&fx, ENGINE_EVENT_START, "demo-job", 0);
    fx_run(&fx, FX_S);
    dies("demo-job", 3);
    go_on();
    assert_true(fx.leases[0] != '\0');
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

/* Nobody told of its start, and ours found it running. */
static void a_stop_by_hand_of_one_whose_start_was_missed(void **state)
{
    fx.hold = false;
    fx_sleep(&fx, "job");
    fx_run(&fx, FX_S);
    (void)sim_engine_hand(&fx.engine, OPERATION_START, fx_container(&fx, "demo-job"), NULL);
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_LOOK}); /* the stream was cut */
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-job", 15);
    fx_ends_for_good(&fx, "demo-job", 143);
    die_told("demo-job", 143);
    fx_run(&fx, 5 * FX_S);
    assert_events(&fx, "container_stopped job");
    assert_string_equal(fx.leases, "");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
}

static void stream_is_cut(void)
{
    fx.hold = false;
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_LOOK});
    fx_run(&fx, FX_S);
    fx.hold = true;
}

/* Its end is told when it is judged already, and looked at. */
static void a_stop_by_hand_explains_no_later_run(void **state)
{
    stream_is_cut();
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-job", 15);
    fx_ends_for_good(&fx, "demo-job", 143);
    die_told("demo-job", 143);
    told("demo-job", ENGINE_EVENT_STOP, 0, 0);
    fx.hold = false;
    fx_run(&fx, 5 * FX_S);
    assert_events(&fx, "container_stopped job");
    assert_string_equal(fx.leases, "");
    fx_run(&fx, 5 * FX_S);
    fx_clear(&fx);
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    fx_news(&fx, ENGINE_EVENT_START, "demo-job", 0);
    dies("demo-job", 3);
    go_on();
    assert_events(&fx, "container_stopped job, container_recovered job");
    assert_string_not_equal(fx.leases, "");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
}

/* A listing shows it, after an outage of the stream. */
static void a_stop_by_hand_is_seen_before_it_is_told(void **state)
{
    fx_ends_for_good(&fx, "demo-job", 143);
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_LOOK});
    fx_answer_list(&fx);
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-job", 15);
    fx.hold = false;
    fx_run(&fx, 5 * FX_S);
    assert_events(&fx, "container_stopped job");
    assert_string_equal(fx.leases, "");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
}

/* It was told to end before anybody has seen that it runs. */
static void a_stop_by_hand_of_one_just_started_by_hand(void **state)
{
    fx.hold = false;
    fx_sleep(&fx, "job");
    fx_run(&fx, FX_S);
    fx.hold = true;
    (void)sim_engine_hand(&fx.engine, OPERATION_START, fx_container(&fx, "demo-job"), NULL);
    fx_news(&fx, ENGINE_EVENT_START, "demo-job", 0);
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-job", 15);
    fx_answer(&fx, 0);
    fx_ends_for_good(&fx, "demo-job", 143);
    die_told("demo-job", 143);
    go_on();
    assert_events(&fx, "container_adopted job");
    assert_status(&fx, "demo-job", CONTAINER_EXITED);
}

static void our_stop_of_the_old_one_is_nobodys_hand(void **state)
{
    stream_is_cut();
    fx.hold = false;
    fx_put_simple(&fx, "web", LIFECYCLE_HOT, 3);
    fx_run(&fx, 2 * FX_S);
    fx.hold = true;
    fx_ends_for_good(&fx, "demo-web", 3);
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_LOOK});
    fx_answer_list(&fx);
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-web..old", 15);
    fx_news(&fx, ENGINE_EVENT_STOP, "demo-web..old", 0);
    go_on();
    assert_events(&fx, "container_stopped web, rolled_back web");
    assert_status(&fx, "demo-web", CONTAINER_RUNNING);
}

static void start_and_death_of_an_earlier_run_are_told_late(void **state)
{
    fx.hold = false;
    fx_sleep(&fx, "job");
    fx_run(&fx, FX_S);
    (void)fx_wake(&fx, "job", 3600 * FX_S, false);
    fx_run(&fx, FX_S);
    int64_t begun_ns = fx.engine.clock_ns;
    sim_engine_end(&fx.engine, fx_container(&fx, "demo-job"), 3);
    int64_t ended_ns = fx.engine.clock_ns;
    (void)fx_step(&fx, &(struct core_event){.kind = CORE_LOOK});
    fx_settle(&fx);
    assert_events(&fx, "container_stopped job, container_recovered job");
    assert_status(&fx, "demo-job", CONTAINER_RUNNING);
    told("demo-job", ENGINE_EVENT_START, 0, begun_ns);
    told("demo-job", ENGINE_EVENT_DIE, 3, ended_ns);
    fx_settle(&fx);
    assert_events(&fx, "");
    told("demo-job", ENGINE_EVENT_START, 0, ended_ns + 1);
    sim_engine_end(&fx.engine, fx_container(&fx, "demo-job"), 3);
    told("demo-job", ENGINE_EVENT_DIE, 3, fx.engine.clock_ns);
    assert_events(&fx, "container_stopped job");
}

static void a_held_one_stays_silent(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.held = true;
    fx_put(&fx, &row);
    fx_time(&fx);
    what_is_not_certain_waits("demo-web", 1);
}

static void an_operation_in_flight_goes_first(void **state)
{
    fx_sleep(&fx, "job");
    assert_int_equal(fx.n_pending, 1);
    fx.engine.containers[0].changes = 0;
    dies("demo-job", 3);
    assert_events(&fx, "");
    go_on();
    assert_events(&fx, "");
}

static void a_stop_by_hand_still_waits_for_a_start(void **state)
{
    fx_news(&fx, ENGINE_EVENT_KILL, "demo-job", 15);
    dies("demo-job", 143);
    fx_news(&fx, ENGINE_EVENT_STOP, "demo-job", 0);
    assert_events(&fx, "");
    assert_string_equal(fx.leases, "l1 job");
    go_on();
    assert_events(&fx, "container_stopped job");
    assert_string_equal(fx.leases, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_fleet, close_fleet)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_crash_of_a_lazy_one_is_told_before_it_is_looked_at),
        TEST(a_restart_by_the_engine_is_told_before_it_is_looked_at),
        TEST(the_third_restart_is_a_crash_loop),
        TEST(a_listing_does_not_undo_what_a_die_told),
        TEST(a_listing_begun_while_it_was_looked_at_counts_no_more_than_that),
        TEST(a_listing_that_comes_instead_of_the_inspection_undoes_nothing),
        TEST(killed_with_9_may_be_the_kernel),
        TEST(after_a_signal_the_engine_restarts_no_more),
        TEST(a_signal_may_have_been_missed),
        TEST(a_signal_before_we_came_is_not_known),
        TEST(a_death_of_an_earlier_run_is_told_late),
        TEST(our_own_stop_that_is_told_late_is_nobodys_hand),
        TEST(nor_is_one_whose_start_is_told_late_too),
        TEST(a_stop_by_hand_of_one_whose_start_was_missed),
        TEST(a_stop_by_hand_explains_no_later_run),
        TEST(a_stop_by_hand_is_seen_before_it_is_told),
        TEST(a_stop_by_hand_of_one_just_started_by_hand),
        TEST(our_stop_of_the_old_one_is_nobodys_hand),
        TEST(start_and_death_of_an_earlier_run_are_told_late),
        TEST(a_held_one_stays_silent),
        TEST(an_operation_in_flight_goes_first),
        TEST(a_stop_by_hand_still_waits_for_a_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
