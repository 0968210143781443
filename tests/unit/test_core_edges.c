/* SPDX-License-Identifier: MIT
 *
 * What no other test noticed when it was broken on purpose (scripts/mutate): one case each.
 */
#include "core_world.h"

#include <string.h>

/* lease.c: refusal() */
static void a_held_agent_is_not_woken(void **state)
{
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 1);
    row.held = true;
    fx_put(&f, &row);
    fx_settle(&f);
    (void)fx_wake(&f, "job", 60 * FX_S, true);
    assert_answers(&f, "1 held");
    assert_int_equal(leases_of("job"), 0);
    assert_trace(&f, "");
}

/* lease.c: leases_remember() */
static void a_lease_of_a_deleted_row_is_not_remembered(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    f.hold = true;
    fx_delete(&f, "job");
    fx_time(&f);
    assert_trace(&f, "remove demo-job");
    struct core_event event = {.kind = CORE_LEASE,
                               .lease = {.id = "l9", .agent = "job", .until_ns = f.now_ns + FX_S}};
    (void)fx_step(&f, &event);
    assert_int_equal(leases_of("job"), 0);
}

/* listing.c: listing_take() */
static void labels_of_another_database_make_a_stranger(void **state)
{
    struct sim_container *c =
        fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    c->ours = false;
    c->hands_off = true;
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_pass(&f, (struct core_pass){0});
    assert_report(&f, "web", REPORT_ERROR, 1);
    assert_false(fx_view(&f, "web").has_container);
    fx_delete(&f, "web");
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* judge.c: judge_open(). The last three crashes are not within ten minutes, but the loop is not
 * over: it has not run for ten minutes either. */
static void a_crash_loop_silences_what_follows(void **state)
{
    boot("web", LIFECYCLE_HOT);
    for (int i = 0; i < 3; i++) {
        fx_dies_for_good(&f, "demo-web", 1);
        fx_run(&f, 60 * FX_S);
    }
    assert_events(&f, "container_stopped web, container_recovered web, container_stopped web, "
                      "container_recovered web, crash_loop web");
    fx_run(&f, 500 * FX_S);
    fx_dies_for_good(&f, "demo-web", 1);
    fx_run(&f, 60 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_events(&f, "");
}

/* judge.c: take_sleep() */
static void a_done_job_is_not_begun_again_for_its_dependent(void **state)
{
    static const struct core_depends on_job = {"job", DEPENDS_STARTED};
    struct core_row web = fx_row("web", LIFECYCLE_HOT, 1);
    web.depends = &on_job;
    web.n_depends = 1;
    fx_put_simple(&f, "job", LIFECYCLE_LAZY, 1);
    fx_put(&f, &web);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    fx_clear(&f);
    fx_dies_for_good(&f, "demo-job", 0);
    fx_settle(&f);
    assert_events(&f, "container_exited job");
    assert_status(&f, "demo-job", CONTAINER_EXITED);
}

/* judge.c: judge_listed(). Listings that follow do not put off the news that the engine is back. */
static void the_engine_is_told_to_be_back_five_seconds_after_the_first_listing(void **state)
{
    boot("web", LIFECYCLE_HOT);
    struct core_event event = {.kind = CORE_ENGINE_LOST, .words = "gone"};
    (void)fx_step(&f, &event);
    event = (struct core_event){.kind = CORE_ENGINE_RESTORED};
    (void)fx_step(&f, &event);
    for (int i = 0; i < 3; i++) {
        fx_run(&f, 2 * FX_S);
        event = (struct core_event){.kind = CORE_LOOK};
        (void)fx_step(&f, &event);
    }
    fx_run(&f, 0);
    assert_events(&f, "engine_lost, engine_restored");
}

/* complete.c: is_overtaken(). The answer to a start is older than the news that it is gone. */
static void an_answer_that_was_overtaken_means_nothing(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    f.hold = true;
    (void)fx_wake(&f, "job", 60 * FX_S, false);
    assert_trace(&f, "start demo-job");
    fx_removed_by_hand(&f, "demo-job");
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "no such container");
    fx_answer(&f, 0);
    assert_string_equal(fx_view(&f, "job").reason, "");
    f.hold = false;
    fx_settle(&f);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
}

/* recreate.c: prove(). One restart by the engine is enough to show that the new one does not hold.
 */
static void a_new_container_that_was_restarted_once_is_rolled_back(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, 2 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_status(&f, "demo-web..old", CONTAINER_EXITED);
    sim_engine_end(&f.engine, fx_container(&f, "demo-web"), 1); /* nobody is told */
    fx_settle(&f);
    assert_string_equal(fx_view(&f, "web").reason, "rolled back: it ended before it had run 10 s");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* rows.c: rows_delete() */
static void a_deleted_row_is_not_held_any_more(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    fx_put(&f, &row);
    fx_settle(&f);
    row.held = true;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_true(fx_view(&f, "web").held);
    f.hold = true;
    fx_delete(&f, "web");
    fx_time(&f);
    assert_false(fx_view(&f, "web").held);
}

/* judge.c: note_restart(). Three crashes make a loop only within ten minutes. */
static void seldom_crashes_are_no_loop(void **state)
{
    boot("web", LIFECYCLE_HOT);
    for (int i = 0; i < 3; i++) {
        fx_dies_for_good(&f, "demo-web", 1);
        fx_run(&f, 360 * FX_S);
    }
    assert_events(&f, "container_stopped web, container_recovered web, container_stopped web, "
                      "container_recovered web, container_stopped web, container_recovered web");
}

/* lease.c: leases_renew(). From now, not from where it would have ended. */
static void a_renewal_counts_from_now(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", 100 * FX_S, false);
    fx_run(&f, 50 * FX_S);
    struct core_event event = {.kind = CORE_RENEW,
                               .renew = {.wake = 9, .lease = "l1", .ttl_ns = 100 * FX_S}};
    (void)fx_step(&f, &event);
    assert_true(fx_view(&f, "job").lease_until_ns == f.now_ns + 100 * FX_S);
}

/* lease.c: verdict_on(), leases_answer(). Who waits while the engine is away is told just that, at
 * the end of their time. */
static void who_waits_for_a_lost_engine_is_told_so(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    struct core_event event = {.kind = CORE_ENGINE_LOST, .words = "gone"};
    (void)fx_step(&f, &event);
    event = (struct core_event){.kind = CORE_WAKE,
                                .wake = {.wake = 7,
                                         .agent = "job",
                                         .lease = "l7",
                                         .ttl_ns = 100 * FX_S,
                                         .wait = true,
                                         .wait_ns = 5 * FX_S}};
    (void)fx_step(&f, &event);
    fx_run(&f, 4 * FX_S);
    assert_answers(&f, "");
    fx_run(&f, 2 * FX_S);
    assert_answers(&f, "7 engine_lost");
}

/* lease.c: leases_wake(). "now" skips the back-off after crashes, too. */
static void a_wake_with_now_skips_the_back_off_after_crashes(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, FX_S);
    for (int i = 0; i < 8; i++) {
        fx_dies_for_good(&f, "demo-job", 1);
        fx_run(&f, i < 7 ? 200 * FX_S / 3 : 0);
    }
    fx_run(&f, 2 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
    struct core_event event = {
        .kind = CORE_WAKE,
        .wake = {.wake = 7, .agent = "job", .lease = "l7", .ttl_ns = 100 * FX_S, .now = true}};
    (void)fx_step(&f, &event);
    fx_run(&f, FX_S / 10);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
}

/* complete.c: take_refused(). The engine tells no death of a start that it refuses. */
static void a_refused_start_of_a_hot_agent_is_told(void **state)
{
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "no such program");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    assert_events(&f, "container_stopped web, container_recovered web");
}

/* news.c: news_take(). A container of ours that we do not know of is looked for. */
static void a_strange_container_of_ours_is_looked_for(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_plant(&f, "demo-job..new", "job", LIFECYCLE_LAZY, fx_spec(2), CONTAINER_CREATED);
    fx_news(&f, ENGINE_EVENT_CREATE, "demo-job..new", 0);
    fx_settle(&f);
    assert_int_equal(f.engine.n, 1);
    assert_trace(&f, "list, remove demo-job..new");
}

/* rows.c: rows_remember(). A restart of roost does not begin the idle time anew. */
static void idle_time_goes_on_over_a_restart(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", FX_S, false);
    fx_run(&f, 600 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    fx_restart(&f);
    fx_run(&f, 400 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
}

/* rows.c: rows_take(). A changed row is tried at once, whatever crashed before. */
static void a_changed_row_ends_the_back_off_after_crashes(void **state)
{
    boot("web", LIFECYCLE_HOT);
    for (int i = 0; i < 8; i++) {
        fx_dies_for_good(&f, "demo-web", 1);
        fx_run(&f, i < 7 ? 200 * FX_S / 3 : 0);
    }
    fx_run(&f, 2 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_EXITED);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_run(&f, FX_S / 10);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* judge.c: cause_of(). A process that the kernel killed for memory may end with 0 all the same. */
static void out_of_memory_is_a_crash_whatever_the_exit_code(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    struct sim_container *c = fx_container(&f, "demo-job");
    sim_engine_end(&f.engine, c, 0); /* nobody is told */
    c->oom_killed = true;
    struct core_event event = {.kind = CORE_LOOK};
    (void)fx_step(&f, &event);
    fx_settle(&f);
    assert_events(&f, "container_stopped job, container_recovered job");
}

/* listing.c: listing_emit(). What one pass wanted is not asked for ever after. */
static void only_the_listing_of_a_pass_asks_for_resources(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_pass(&f, (struct core_pass){0});
    assert_true(f.list_resources);
    struct core_event event = {.kind = CORE_LOOK};
    (void)fx_step(&f, &event);
    fx_settle(&f);
    assert_false(f.list_resources);
}

static void lose_the_engine(void)
{
    struct core_event event = {.kind = CORE_ENGINE_LOST, .words = "gone"};
    (void)fx_step(&f, &event);
}

static void restore_the_engine(void)
{
    struct core_event event = {.kind = CORE_ENGINE_RESTORED};
    (void)fx_step(&f, &event);
    fx_settle(&f);
}

/* judge.c: judge_engine_restored(). What the loss before took down is not counted again. */
static void each_loss_counts_what_it_took_down(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    lose_the_engine();
    sim_engine_restart(&f.engine, true);
    restore_the_engine();
    assert_events(&f, "engine_lost, engine_restored");
    assert_int_equal(f.event_count, 1);
    lose_the_engine();
    restore_the_engine();
    assert_events(&f, "engine_lost, engine_restored");
    assert_int_equal(f.event_count, 0);
}

/* pass.c: pass_awaits(). A dry look holds nobody up. */
static void a_dry_pass_does_not_hold_up_a_changed_row(void **state)
{
    boot("web", LIFECYCLE_HOT);
    f.hold = true;
    struct core_event event = {.kind = CORE_PASS, .pass = {.pass = 99, .dry_run = true}};
    (void)fx_step(&f, &event);
    assert_trace(&f, "list");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_time(&f);
    assert_trace(&f, "create demo-web..new");
}

/* complete.c: take_done(). It was ours, so it is not adopted when it is up. */
static void a_start_nobody_wants_any_more_is_idle_from_then_on(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    f.hold = true;
    (void)fx_wake(&f, "job", 60 * FX_S, false);
    assert_trace(&f, "start demo-job");
    fx_release(&f, "l1");
    fx_answer(&f, 0);
    f.hold = false;
    fx_settle(&f);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    assert_events(&f, "");
}

/* state.c: take_change(). Who starts it by hand later has all of the idle time. */
static void idle_time_ends_with_the_run(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", FX_S, false);
    fx_run(&f, 600 * FX_S);
    fx_stopped_by_hand(&f, "demo-job");
    fx_settle(&f);
    fx_clear(&f);
    struct sim_container *c = fx_container(&f, "demo-job");
    (void)sim_engine_hand(&f.engine, OPERATION_START, c, NULL);
    fx_news(&f, ENGINE_EVENT_START, "demo-job", 0);
    fx_run(&f, 600 * FX_S);
    assert_events(&f, "container_adopted job");
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
}

/* depends.c: is_hopeless(). A hot agent never completes: nobody waits a minute to be told so. */
static void the_end_of_a_hot_agent_is_not_waited_for(void **state)
{
    static const struct core_depends on_web = {"web", DEPENDS_COMPLETED};
    boot("web", LIFECYCLE_HOT);
    struct core_row api = fx_row("api", LIFECYCLE_HOT, 1);
    api.depends = &on_web;
    api.n_depends = 1;
    fx_put(&f, &api);
    uint64_t began_ns = f.now_ns;
    fx_pass(&f, (struct core_pass){0});
    assert_true(f.now_ns - began_ns < 30 * FX_S);
}

/* state.c: agent_well(). What was refused before the last success does not make waits longer. */
static void a_success_ends_the_back_off(void **state)
{
    for (int i = 0; i < 5; i++)
        fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "no such program");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_run(&f, 120 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    fx_clear(&f);
    fx_script(&f, OPERATION_CREATE, ENGINE_REFUSED, false, "no such image");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, 3 * FX_S);
    struct spec_id wanted = fx_spec(2);
    assert_memory_equal(fx_container(&f, "demo-web")->spec.sha256, wanted.sha256,
                        sizeof(wanted.sha256));
}

/* pass.c: pass_settled(). A pass that comes in the middle of a roll-back says what came of it. */
static void a_pass_in_the_middle_of_a_roll_back_reports_it(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "no such program");
    fx_script(&f, OPERATION_REMOVE, ENGINE_REFUSED, false, "disk is slow");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, FX_S / 10);
    assert_int_equal(f.engine.n, 2);
    assert_non_null(strstr(fx_view(&f, "web").reason, "rolled back"));
    fx_pass(&f, (struct core_pass){0});
    assert_report(&f, "web", REPORT_ROLLED_BACK, 7);
    assert_int_equal(f.engine.n, 1);
}

/* recreate.c: recreate_step(). After a roll-back the one that goes on has nothing to prove. */
static void after_a_roll_back_a_spare_old_one_goes_at_once(void **state)
{
    boot("web", LIFECYCLE_HOT);
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "no such program");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, FX_S);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
    fx_clear(&f);
    (void)fx_plant(&f, "demo-web..old", "web", LIFECYCLE_HOT, fx_spec(3), CONTAINER_EXITED);
    struct core_event event = {.kind = CORE_LOOK};
    (void)fx_step(&f, &event);
    fx_run(&f, 2 * FX_S);
    assert_trace(&f, "list, remove demo-web..old");
}

/* agents.c: clock_pop_due(). Not even half a second, when the engine is just back and the listing
 * under way. */
static void a_retry_is_not_made_before_its_time(void **state)
{
    for (int i = 0; i < 3; i++) /* tried again after 1, 2 and 4 s */
        fx_script(&f, OPERATION_CREATE, ENGINE_REFUSED, false, "no such image");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_run(&f, 4 * FX_S);
    fx_clear(&f);
    f.hold = true;
    lose_the_engine();
    fx_run(&f, 5 * FX_S / 2);
    struct core_event event = {.kind = CORE_ENGINE_RESTORED};
    (void)fx_step(&f, &event);
    assert_trace(&f, "list");
    f.hold = false;
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* judge.c: judge_engine_restored(). Neither a retry that is due just then nor a wake goes by what
 * was seen before. */
static void nothing_is_done_before_the_listing_after_a_loss(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    for (int i = 0; i < 3; i++) /* tried again after 1, 2 and 4 s */
        fx_script(&f, OPERATION_CREATE, ENGINE_REFUSED, false, "no such image");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_run(&f, 4 * FX_S);
    fx_clear(&f);
    f.hold = true;
    lose_the_engine();
    f.now_ns += 4 * FX_S;
    struct core_event event = {.kind = CORE_ENGINE_RESTORED};
    (void)fx_step(&f, &event);
    (void)fx_wake(&f, "job", 60 * FX_S, false);
    assert_trace(&f, "list");
    f.hold = false;
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_held_agent_is_not_woken, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_lease_of_a_deleted_row_is_not_remembered, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(labels_of_another_database_make_a_stranger, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_crash_loop_silences_what_follows, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_done_job_is_not_begun_again_for_its_dependent,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(
            the_engine_is_told_to_be_back_five_seconds_after_the_first_listing, open_fixture,
            close_fixture),
        cmocka_unit_test_setup_teardown(an_answer_that_was_overtaken_means_nothing, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_new_container_that_was_restarted_once_is_rolled_back,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_deleted_row_is_not_held_any_more, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(seldom_crashes_are_no_loop, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_renewal_counts_from_now, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(who_waits_for_a_lost_engine_is_told_so, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_wake_with_now_skips_the_back_off_after_crashes,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_refused_start_of_a_hot_agent_is_told, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_strange_container_of_ours_is_looked_for, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(idle_time_goes_on_over_a_restart, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_changed_row_ends_the_back_off_after_crashes, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(out_of_memory_is_a_crash_whatever_the_exit_code,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(only_the_listing_of_a_pass_asks_for_resources, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(each_loss_counts_what_it_took_down, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_dry_pass_does_not_hold_up_a_changed_row, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_start_nobody_wants_any_more_is_idle_from_then_on,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(idle_time_ends_with_the_run, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(the_end_of_a_hot_agent_is_not_waited_for, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_success_ends_the_back_off, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_pass_in_the_middle_of_a_roll_back_reports_it,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(after_a_roll_back_a_spare_old_one_goes_at_once,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_retry_is_not_made_before_its_time, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(nothing_is_done_before_the_listing_after_a_loss,
                                        open_fixture, close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
