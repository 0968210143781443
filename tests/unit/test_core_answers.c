/* SPDX-License-Identifier: MIT
 *
 * Answers, listings and passes, where they are not what was asked for.
 */
#include "core_world.h"

#include <string.h>

/* Answers ----------------------------------------------------------------------------------------
 */

static void who_is_nobody_is_not_parked(void **state)
{
    boot("web", LIFECYCLE_HOT);
    struct core_event event = {.kind = CORE_PARKED, .parked = {.operation = 7, .agent = "nobody"}};
    (void)fx_step(&f, &event);
    event.parked.agent = "web"; /* which does nothing */
    (void)fx_step(&f, &event);
    f.hold = true;
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_time(&f);
    assert_trace(&f, "create demo-web..new");
    fx_park(&f, 0);
    fx_park(&f, 0); /* told twice */
    assert_false(core_is_quiet(f.core));
    fx_answer(&f, 0);
    f.hold = false;
    fx_settle(&f);
    assert_true(core_is_quiet(f.core));
    assert_int_equal(f.engine.n, 1);
}

static void rows_of_no_listing_are_ignored(void **state)
{
    struct sim_container *c =
        fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    struct observation o;
    sim_engine_observe(c, false, &o);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTED, .listed = {1, &o}});
    struct agent_view view;
    assert_false(core_view_agent(f.core, "web", &view));
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTING_END,
                                           .listing_end = {.list = 1, .whole = true}});
    fx_settle(&f);
    assert_trace(&f, "");
}

/* An inspection that says nothing, or something of another container, tells nothing of ours. */
static void an_inspection_of_something_else_is_not_believed(void **state)
{
    boot("web", LIFECYCLE_HOT);
    struct sim_container *other =
        fx_plant(&f, "elsewhere", NULL, LIFECYCLE_HOT, fx_spec(1), CONTAINER_EXITED);
    struct observation o;
    sim_engine_observe(other, true, &o);
    for (int i = 0; i < 2; i++) {
        f.hold = true;
        fx_news(&f, ENGINE_EVENT_OOM, "demo-web", 0);
        assert_trace(&f, "inspect demo-web");
        struct core_event event = {.kind = CORE_COMPLETION,
                                   .completion = {.operation = f.pending[0].op.id,
                                                  .agent = "web",
                                                  .observation = i == 0 ? NULL : &o,
                                                  .words = ""}};
        f.n_pending = 0;
        (void)fx_step(&f, &event);
        assert_state(&f, "web", STATE_RUNNING);
        f.hold = false;
        fx_settle(&f);
    }
    assert_events(&f, "");
}

static void an_inspection_that_is_refused_changes_no_state(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_script(&f, OPERATION_INSPECT, ENGINE_REFUSED, false, "busy");
    f.hold = true;
    fx_news(&f, ENGINE_EVENT_OOM, "demo-web", 0);
    fx_answer(&f, 0);
    assert_state(&f, "web", STATE_RUNNING);
    assert_string_equal(fx_view(&f, "web").reason, "");
    f.hold = false;
    fx_settle(&f);
    assert_events(&f, "");
}

static void a_policy_that_cannot_be_changed_back_changes_no_state(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_container(&f, "demo-web")->policy = LIFECYCLE_LAZY;
    fx_script(&f, OPERATION_UPDATE, ENGINE_REFUSED, false, "no");
    fx_news(&f, ENGINE_EVENT_UPDATE, "demo-web", 0);
    fx_run(&f, 0);
    assert_state(&f, "web", STATE_RUNNING);
    assert_string_equal(fx_view(&f, "web").reason, "no");
    assert_trace(&f, "inspect demo-web, update demo-web, list"); /* is it as we think? */
    fx_settle(&f);
    assert_string_equal(fx_view(&f, "web").reason, "");
    assert_events(&f, "drift web, container_recovered web");
}

/* An engine that has no such call, and no words for it. */
static void what_the_engine_cannot_do_is_a_refusal(void **state)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 1);
    row.sleep = SLEEP_PAUSE;
    fx_put(&f, &row);
    fx_settle(&f);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    fx_script(&f, OPERATION_PAUSE, ENGINE_UNSUPPORTED, false, NULL);
    fx_sleep(&f, "job");
    fx_run(&f, 0);
    assert_int_equal(f.notices, 1);
    assert_string_equal(f.notice, "");
    assert_state(&f, "job", STATE_RUNNING);
    fx_settle(&f);
    assert_state(&f, "job", STATE_PAUSED);
}

/* A start of which nobody knows whether it was done was done, and nobody wants it any more. It was
 * ours all the same. */
static void a_start_that_was_lost_is_not_started_by_hand(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    fx_script(&f, OPERATION_START, ENGINE_UNKNOWN, true, "timed out");
    f.hold = true;
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_release(&f, "l1");
    f.hold = false;
    fx_settle(&f);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    assert_events(&f, "");
}

static void a_stop_that_was_lost_hides_no_start_by_hand(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    fx_script(&f, OPERATION_STOP, ENGINE_UNKNOWN, true, "timed out");
    fx_sleep(&f, "job");
    fx_run(&f, 20 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
    by_hand(OPERATION_START, "demo-job", NULL);
    fx_news(&f, ENGINE_EVENT_START, "demo-job", 0);
    fx_settle(&f);
    assert_events(&f, "container_adopted job");
}

/* Passes and listings ----------------------------------------------------------------------------
 */

static void a_pass_that_is_told_twice_is_one(void **state)
{
    boot("web", LIFECYCLE_HOT);
    f.hold = true;
    struct core_event event = {.kind = CORE_PASS, .pass = {.pass = 5}};
    (void)fx_step(&f, &event);
    (void)fx_step(&f, &event);
    f.hold = false;
    fx_settle(&f);
    assert_int_equal(f.n_passes_reported, 1);
}

/* Who may only look asks that nothing be made, even when nobody waits for a pass. */
static void who_may_only_look_has_nothing_made(void **state)
{
    open_anew(&(struct core_config){.observe_only = true});
    fx_run(&f, 0);
    assert_true(f.list_resources);
    assert_false(f.list_creates);
    open_anew(NULL);
    fx_run(&f, 0);
    assert_true(f.list_creates);
}

static void who_may_only_look_asks_nobody_whether_it_is_ready(void **state)
{
    open_anew(&(struct core_config){.observe_only = true});
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.ready = READY_TCP;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_state(&f, "web", STATE_STARTING);
    assert_trace(&f, "list");
}

/* As long as it may only look, what it sees is what it says. */
static void who_may_only_look_does_not_doubt_what_it_sees(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    fx_container(&f, "demo-job")->status = CONTAINER_RUNNING;
    f.config.observe_only = true;
    fx_restart(&f);
    fx_pass(&f, (struct core_pass){0});
    assert_report(&f, "job", REPORT_ADOPTED, 19);
}

static void a_fleet_that_lists_is_not_quiet(void **state)
{
    boot("web", LIFECYCLE_HOT);
    f.hold = true;
    step(CORE_LOOK);
    assert_false(core_is_quiet(f.core));
    f.break_lists = 1;
    fx_answer_list(&f); /* wanted still, in a second */
    assert_false(core_is_quiet(f.core));
    f.hold = false;
    fx_settle(&f);
    assert_true(core_is_quiet(f.core));
}

/* Three were enough; that the fourth fails as well is no news. */
static void a_halted_roll_out_is_told_once(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    open_anew(&(struct core_config){.max_unavailable = 5});
    for (unsigned variant = 1; variant <= 2; variant++) {
        for (size_t i = 0; i < 5; i++) {
            struct core_row row = fx_row(names[i], LIFECYCLE_HOT, variant);
            if (variant == 2)
                row.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
            fx_put(&f, &row);
        }
        fx_settle(&f);
    }
    char *first = strstr(f.events, "rollout_halted");
    assert_non_null(first);
    assert_null(strstr(first + 1, "rollout_halted"));
}

/* The words of the engine are longer than what is kept at once for all texts of a step. */
static void long_words_find_their_room(void **state)
{
    static char words[6000];
    memset(words, 'x', sizeof(words) - 1);
    boot("job", LIFECYCLE_LAZY);
    f.hold = true;
    (void)fx_wake(&f, "job", 600 * FX_S, true);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_ENGINE_LOST, .words = words});
    assert_events(&f, "engine_lost");
    f.hold = false;
    assert_string_equal(fx_memory(&f, "job")->name, "job");
}

static void nothing_is_news_while_the_engine_is_lost(void **state)
{
    boot("web", LIFECYCLE_HOT);
    step(CORE_ENGINE_LOST);
    fx_news(&f, ENGINE_EVENT_OOM, "demo-web", 0);
    fx_run(&f, 0);
    assert_trace(&f, "");
    step(CORE_ENGINE_RESTORED);
    fx_settle(&f);
    assert_trace(&f, "list");
    assert_events(&f, "engine_lost, engine_restored");
}

static void an_engine_that_was_not_lost_is_not_restored(void **state)
{
    boot("web", LIFECYCLE_HOT);
    step(CORE_ENGINE_RESTORED);
    fx_settle(&f);
    assert_events(&f, "");
    assert_trace(&f, "");
}

/* A lease's time runs by the latest time that was told. */
static void a_clock_that_goes_back_keeps_no_lease_longer(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", 100 * FX_S, false);
    fx_run(&f, 90 * FX_S);
    fx_time(&f);
    f.now_ns -= 50 * FX_S;
    (void)fx_step(&f,
                  &(struct core_event){.kind = CORE_RENEW,
                                       .renew = {.wake = 9, .lease = "l1", .ttl_ns = 20 * FX_S}});
    f.now_ns += 50 * FX_S;
    assert_true(fx_view(&f, "job").lease_until_ns == f.now_ns + 20 * FX_S);
}

static void the_fleet_has_an_idle_time(void **state)
{
    open_anew(&(struct core_config){.idle_timeout_ns = 30 * FX_S});
    fx_put_simple(&f, "job", LIFECYCLE_LAZY, 1);
    (void)fx_wake(&f, "job", 10 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    fx_put_simple(&f, "job", LIFECYCLE_LAZY, 1);
    (void)fx_wake(&f, "job", 10 * FX_S, false);
    fx_run(&f, 38 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    fx_run(&f, 4 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
}

/* More timers than there is room for at first. */
static void many_agents_have_a_timer_each(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
                                        "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v"};
    enum { MANY = sizeof(names) / sizeof(names[0]) };
    for (size_t i = 0; i < MANY; i++)
        fx_put_simple(&f, names[i], LIFECYCLE_LAZY, 1);
    fx_run(&f, FX_S);
    for (size_t i = 0; i < MANY; i++)
        (void)fx_wake(&f, names[i], (MANY - i) * FX_S, false);
    fx_run(&f, FX_S / 2);
    for (size_t i = MANY; i-- > 0;) {
        assert_int_equal(fx_view(&f, names[i]).n_leases, 1);
        fx_run(&f, FX_S);
        assert_int_equal(fx_view(&f, names[i]).n_leases, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_nobody_is_not_parked),
        TEST(rows_of_no_listing_are_ignored),
        TEST(an_inspection_of_something_else_is_not_believed),
        TEST(an_inspection_that_is_refused_changes_no_state),
        TEST(a_policy_that_cannot_be_changed_back_changes_no_state),
        TEST(what_the_engine_cannot_do_is_a_refusal),
        TEST(a_start_that_was_lost_is_not_started_by_hand),
        TEST(a_stop_that_was_lost_hides_no_start_by_hand),
        TEST(a_pass_that_is_told_twice_is_one),
        TEST(who_may_only_look_has_nothing_made),
        TEST(who_may_only_look_asks_nobody_whether_it_is_ready),
        TEST(who_may_only_look_does_not_doubt_what_it_sees),
        TEST(a_fleet_that_lists_is_not_quiet),
        TEST(a_halted_roll_out_is_told_once),
        TEST(long_words_find_their_room),
        TEST(nothing_is_news_while_the_engine_is_lost),
        TEST(an_engine_that_was_not_lost_is_not_restored),
        TEST(a_clock_that_goes_back_keeps_no_lease_longer),
        TEST(the_fleet_has_an_idle_time),
        TEST(many_agents_have_a_timer_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
