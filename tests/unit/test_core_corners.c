/* SPDX-License-Identifier: MIT
 *
 * What seldom happens, found as a branch of the core that no test took, or a fault made on purpose
 * that none noticed (scripts/mutate).
 */
#include "core_world.h"

#include <string.h>

static void hold(const char *name, enum lifecycle lifecycle, bool held)
{
    struct core_row row = fx_row(name, lifecycle, 1);
    row.held = held;
    fx_put(&f, &row);
    fx_run(&f, 0);
}

/* Judging ----------------------------------------------------------------------------------------
 */

/* The event and the state that it tells of are one transaction: who is killed before the end of the
 * listing does not tell it again. */
static void an_event_goes_with_its_state(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_put_simple(&f, "other", LIFECYCLE_LAZY, 1);
    fx_settle(&f);
    by_hand(OPERATION_RENAME, "demo-web", "elsewhere");
    step(CORE_LOOK);
    struct observation o;
    sim_engine_observe(fx_container(&f, "elsewhere"), false, &o);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTED, .listed = {f.list, &o}});
    assert_events(&f, "container_renamed web");
    assert_true(fx_memory(&f, "web")->memory.episodes != 0);
    fx_restart(&f);
    fx_settle(&f);
    assert_events(&f, "container_recovered web");
}

/* Ten minutes well, and crashes of before do not make the next one wait. */
static void a_long_run_forgets_earlier_crashes(void **state)
{
    boot("web", LIFECYCLE_HOT);
    for (int i = 0; i < 5; i++) {
        fx_dies_for_good(&f, "demo-web", 1);
        fx_run(&f, 60 * FX_S);
    }
    fx_run(&f, 700 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    fx_dies_for_good(&f, "demo-web", 1);
    fx_run(&f, FX_S / 10);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* A program that ends well again and again is stopped, and not failed, while it waits to be
 * started. */
static void an_end_without_a_fault_is_no_failure(void **state)
{
    for (int exit_code = 0; exit_code < 2; exit_code++) {
        ROW("exit code %d", exit_code);
        open_anew(NULL);
        boot("web", LIFECYCLE_HOT);
        for (int i = 0; i < 8; i++) {
            fx_dies_for_good(&f, "demo-web", exit_code);
            fx_run(&f, i < 7 ? 200 * FX_S / 3 : FX_S);
        }
        assert_status(&f, "demo-web", CONTAINER_EXITED);
        assert_state(&f, "web", exit_code == 0 ? STATE_STOPPED : STATE_FAILED);
    }
}

/* It ended well, was started by hand, and crashed, and nothing but listings shows it. */
static void the_exit_code_of_an_earlier_run_says_nothing(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    fx_dies_for_good(&f, "demo-job", 0);
    fx_run(&f, 0);
    assert_events(&f, "container_exited job");
    by_hand(OPERATION_START, "demo-job", NULL);
    look();
    assert_events(&f, "container_adopted job");
    fx_ends_for_good(&f, "demo-job", 1);
    look();
    assert_events(&f, "container_stopped job");
}

/* It was down when roost came back, and that listing broke off; the next one shows it up. */
static void a_first_listing_that_breaks_off_is_believed_once(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_ends_for_good(&f, "demo-web", 1);
    f.hold = true;
    fx_restart(&f);
    fx_time(&f);
    f.break_lists = 1;
    fx_answer_list(&f);
    by_hand(OPERATION_START, "demo-web", NULL);
    f.hold = false;
    fx_settle(&f);
    assert_state(&f, "web", STATE_RUNNING);
}

/* Somebody wants it awake again while it is being paused: that pause was ours. */
static void a_pause_of_ours_is_none_by_hand(void **state)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 1);
    row.sleep = SLEEP_PAUSE;
    fx_put(&f, &row);
    fx_settle(&f);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    f.hold = true;
    fx_sleep(&f, "job");
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_answer(&f, 0);
    f.hold = false;
    fx_settle(&f);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    assert_events(&f, "");
}

/* Somebody sent it a signal that it survived. */
static void a_signal_explains_a_death_for_a_while_only(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_news(&f, ENGINE_EVENT_START, "demo-web", 0);
    fx_news(&f, ENGINE_EVENT_KILL, "demo-web", 15);
    fx_run(&f, 16 * FX_S);
    fx_dies_for_good(&f, "demo-web", 1);
    fx_run(&f, 0);
    assert_events(&f, "container_stopped web");
}

/* It was stopped and started by hand, and the stream told only of the first. */
static void a_restart_by_hand_of_which_half_was_told(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_stopped_by_hand(&f, "demo-web");
    fx_run(&f, FX_S);
    by_hand(OPERATION_START, "demo-web", NULL);
    look();
    fx_settle(&f);
    assert_events(&f, "container_restarted web");
}

static void one_that_was_made_again_while_held_is_not_missing(void **state)
{
    boot("web", LIFECYCLE_HOT);
    hold("web", LIFECYCLE_HOT, true);
    fx_removed_by_hand(&f, "demo-web");
    fx_settle(&f);
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    look();
    hold("web", LIFECYCLE_HOT, false);
    fx_settle(&f);
    assert_events(&f, "");
}

/* It went down while it was held, and was put aside before anybody looked. */
static void one_that_was_put_aside_while_held_is_not_judged(void **state)
{
    boot("web", LIFECYCLE_HOT);
    hold("web", LIFECYCLE_HOT, true);
    fx_dies_for_good(&f, "demo-web", 1);
    fx_settle(&f);
    by_hand(OPERATION_RENAME, "demo-web", "demo-web..old");
    look();
    hold("web", LIFECYCLE_HOT, false);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

/* It sleeps by being paused: that is how it should be. */
static void a_sleeper_that_is_let_go_is_not_paused_by_hand(void **state)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 1);
    row.sleep = SLEEP_PAUSE;
    fx_put(&f, &row);
    fx_settle(&f);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    fx_sleep(&f, "job");
    fx_run(&f, 0);
    assert_status(&f, "demo-job", CONTAINER_PAUSED);
    row.held = true;
    fx_put(&f, &row);
    fx_run(&f, 0);
    row.held = false;
    fx_put(&f, &row);
    fx_put(&f, &row); /* changed again before anybody has looked */
    fx_settle(&f);
    assert_events(&f, "");
}

static void a_change_without_a_rule_has_none(void **state)
{
    assert_null(watchdog_rule(CHANGE_DOWN, CAUSE_ANY, LIFECYCLE_HOT, true));
}

/* Recreates --------------------------------------------------------------------------------------
 */

static void a_spare_new_one_after_a_roll_back_goes(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "no such program");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, FX_S);
    assert_non_null(strstr(fx_view(&f, "web").reason, "rolled back"));
    (void)fx_plant(&f, "demo-web..new", "web", LIFECYCLE_HOT, fx_spec(2), CONTAINER_CREATED);
    fx_clear(&f);
    look();
    fx_run(&f, 2 * FX_S);
    assert_trace(&f, "list, remove demo-web..new");
}

/* The one that goes on after a roll-back gets not ready either, and dies: why it was rolled back is
 * still the reason. */
static void a_roll_back_stays_the_reason(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.spec = sim_spec((struct sim_plan){.ready_ms = 1000000});
    row.ready = READY_TCP;
    row.ready_timeout_ns = 5 * FX_S;
    fx_put(&f, &row);
    fx_settle(&f);
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "no such program");
    row.spec = sim_spec((struct sim_plan){.variant = 2, .ready_ms = 1000000});
    fx_put(&f, &row);
    fx_settle(&f);
    assert_string_equal(fx_view(&f, "web").reason, "rolled back: no such program");
    fx_dies_for_good(&f, "demo-web", 1);
    fx_run(&f, 0);
    assert_string_equal(fx_view(&f, "web").reason, "rolled back: no such program");
}

/* A sleeper that was paused by hand while it proves itself is wanted: it goes on. */
static void one_that_is_paused_during_its_proof_is_let_go_on(void **state)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 1);
    row.sleep = SLEEP_PAUSE;
    fx_put(&f, &row);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_settle(&f);
    fx_sleep(&f, "job");
    fx_run(&f, 0);
    row.spec = fx_spec(2);
    fx_clear(&f);
    f.hold = true;
    fx_put(&f, &row);
    fx_time(&f);
    for (int i = 0; i < 4; i++)
        fx_answer(&f, 0);
    assert_trace(&f, "create demo-job..new, unpause demo-job, stop demo-job, rename demo-job "
                     "demo-job..old, rename demo-job..new demo-job");
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    f.hold = false;
    fx_run(&f, FX_S);
    by_hand(OPERATION_PAUSE, "demo-job", NULL);
    fx_news(&f, ENGINE_EVENT_PAUSE, "demo-job", 0);
    fx_run(&f, FX_S);
    assert_trace(&f, "start demo-job, inspect demo-job, unpause demo-job");
    fx_settle(&f);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

/* Somebody lets the old one go on before the new one is started. */
static void a_spare_that_is_let_go_on_is_looked_at_first(void **state)
{
    boot("web", LIFECYCLE_HOT);
    f.hold = true;
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_time(&f);
    for (int i = 0; i < 3; i++)
        fx_answer(&f, 0);
    struct sim_container *old = fx_container(&f, "demo-web..old");
    old->status = CONTAINER_RUNNING;
    old->up_since_ns = f.now_ns;
    fx_news(&f, ENGINE_EVENT_UNPAUSE, "demo-web..old", 0);
    fx_clear(&f);
    fx_answer(&f, 0); /* the new one has the name */
    assert_trace(&f, "list");
    f.hold = false;
    fx_settle(&f);
    assert_int_equal(fx_runs(&f, "web"), 1);
}

/* Ours is being removed when its row comes back: nobody else has done that. */
static void one_that_is_put_back_while_it_is_removed_is_not_missing(void **state)
{
    boot("web", LIFECYCLE_HOT);
    f.hold = true;
    fx_delete(&f, "web");
    fx_time(&f);
    fx_answer(&f, 0);
    assert_trace(&f, "stop demo-web, remove demo-web");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_time(&f);
    fx_answer(&f, 0);
    f.hold = false;
    fx_settle(&f);
    assert_events(&f, "");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* The last of those that wait for a place leaves the queue, since its row changes, and comes again.
 */
static void nobody_is_lost_when_the_last_leaves_the_queue(void **state)
{
    open_anew(&(struct core_config){.max_in_flight = 1});
    fx_run(&f, 0);
    fx_put_simple(&f, "a", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "b", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "c", LIFECYCLE_HOT, 1);
    f.hold = true;
    fx_time(&f);
    assert_int_equal(f.n_pending, 1);
    fx_put_simple(&f, "c", LIFECYCLE_HOT, 2);
    fx_time(&f);
    f.hold = false;
    fx_settle(&f);
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
    assert_status(&f, "demo-b", CONTAINER_RUNNING);
    assert_status(&f, "demo-c", CONTAINER_RUNNING);
}

/* Whose time has come is looked at before those that wait for a place, and nobody earlier. */
static void nobody_is_looked_at_before_time(void **state)
{
    open_anew(&(struct core_config){.max_in_flight = 1});
    fx_run(&f, 0);
    boot("a", LIFECYCLE_LAZY);
    boot("b", LIFECYCLE_LAZY);
    boot("c", LIFECYCLE_LAZY);
    f.hold = true;
    (void)fx_wake(&f, "a", 600 * FX_S, false);
    (void)fx_wake(&f, "b", 600 * FX_S, false);
    (void)fx_wake(&f, "c", FX_S / 2, false);
    fx_time(&f);
    fx_answer(&f, 0);
    assert_trace(&f, "start demo-a, start demo-b");
}

/* A listing from before it was removed still shows it. */
static void what_is_removed_is_no_orphan(void **state)
{
    boot("web", LIFECYCLE_HOT);
    f.hold = true;
    step(CORE_LOOK);
    struct observation seen;
    sim_engine_observe(fx_container(&f, "demo-web"), false, &seen);
    seen.name = "demo-web";
    seen.agent = "web";
    seen.compose_service = "";
    fx_delete(&f, "web");
    fx_time(&f);
    fx_answer(&f, 0);
    fx_answer(&f, 0);
    assert_int_equal(f.engine.n, 0);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTED, .listed = {f.list, &seen}});
    fx_answer_list(&f);
    f.hold = false;
    fx_settle(&f);
    assert_events(&f, "");
    struct agent_view view;
    assert_false(core_view_agent(f.core, "web", &view));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_goes_with_its_state),
        TEST(a_long_run_forgets_earlier_crashes),
        TEST(an_end_without_a_fault_is_no_failure),
        TEST(the_exit_code_of_an_earlier_run_says_nothing),
        TEST(a_first_listing_that_breaks_off_is_believed_once),
        TEST(a_pause_of_ours_is_none_by_hand),
        TEST(a_signal_explains_a_death_for_a_while_only),
        TEST(a_restart_by_hand_of_which_half_was_told),
        TEST(one_that_was_made_again_while_held_is_not_missing),
        TEST(one_that_was_put_aside_while_held_is_not_judged),
        TEST(a_sleeper_that_is_let_go_is_not_paused_by_hand),
        TEST(a_change_without_a_rule_has_none),
        TEST(a_spare_new_one_after_a_roll_back_goes),
        TEST(a_roll_back_stays_the_reason),
        TEST(one_that_is_paused_during_its_proof_is_let_go_on),
        TEST(a_spare_that_is_let_go_on_is_looked_at_first),
        TEST(one_that_is_put_back_while_it_is_removed_is_not_missing),
        TEST(nobody_is_lost_when_the_last_leaves_the_queue),
        TEST(nobody_is_looked_at_before_time),
        TEST(what_is_removed_is_no_orphan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
