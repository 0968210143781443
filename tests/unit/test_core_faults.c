/* SPDX-License-Identifier: MIT
 *
 * Answers that are lost, late, stale or refusals; and the limits: back-off, operations in flight,
 * the roll-out.
 */
#include "core_world.h"

#include <string.h>

/* Not known how it ended: a listing before anything else, and the truth is taken from there. */
static void unknown_create_is_looked_for(void **state)
{
    for (int applied = 0; applied < 2; applied++) {
        ROW("applied %d", applied);
        fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
        fx_script(&f, OPERATION_CREATE, ENGINE_UNKNOWN, applied, "timed out");
        fx_settle(&f);
        assert_trace(&f, applied ? "create demo-web, list, start demo-web"
                                 : "create demo-web, list, create demo-web, start demo-web");
        assert_state(&f, "web", STATE_RUNNING);
        assert_string_equal(fx_view(&f, "web").reason, "");
        fx_delete(&f, "web");
        fx_settle(&f);
        assert_int_equal(f.engine.n, 0);
        fx_clear(&f);
    }
}

/* In each step of a recreate, applied or not, whatever the outcome is called. */
static void any_step_may_end_unknown(void **state)
{
    static const enum operation_kind steps[] = {OPERATION_CREATE, OPERATION_STOP,
                                                OPERATION_RENAME, OPERATION_START,
                                                OPERATION_REMOVE, OPERATION_INSPECT};
    static const enum engine_outcome outcomes[] = {ENGINE_UNKNOWN, ENGINE_UNREACHABLE, ENGINE_BUSY};
    for (size_t i = 0; i < 36; i++) {
        enum operation_kind step = steps[i / 6];
        enum engine_outcome outcome = outcomes[i / 2 % 3];
        bool applied = i % 2 && outcome == ENGINE_UNKNOWN;
        ROW("%s: %s, applied %d", operation_kind_name(step), engine_outcome_name(outcome), applied);
        boot("web", LIFECYCLE_HOT);
        fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
        fx_script(&f, step, outcome, applied, "?");
        fx_settle(&f);
        assert_int_equal(f.n_answers, 0);
        assert_int_equal(f.engine.n, 1);
        assert_int_equal(sim_plan_of(&fx_container(&f, "demo-web")->spec).variant, 2);
        assert_status(&f, "demo-web", CONTAINER_RUNNING);
        assert_state(&f, "web", STATE_RUNNING);
        assert_string_equal(fx_view(&f, "web").reason, "");
        const char *lost = strstr(f.trace, "list, ");
        assert_true(lost || strstr(f.trace, "list"));
        fx_delete(&f, "web");
        fx_settle(&f);
        assert_int_equal(f.engine.n, 0);
    }
}

static void nothing_is_sent_before_the_listing(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_script(&f, OPERATION_CREATE, ENGINE_UNKNOWN, true, "timed out");
    f.hold = true;
    fx_time(&f);
    fx_answer(&f, 0);
    assert_trace(&f, "create demo-web, list");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, 30 * FX_S);
    assert_trace(&f, "");
    f.break_lists = 1;
    fx_answer_list(&f); /* a broken listing tells nothing */
    fx_run(&f, 0);
    assert_int_equal(f.n_pending, 0);
    f.hold = false;
    fx_settle(&f);
    assert_int_equal(f.engine.made, 2);
    assert_int_equal(f.engine.n, 1);
}

/* The listing was asked for before the container was made: it does not show it, and that means
 * nothing. */
static void stale_listing_is_ignored(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    f.hold = true;
    begin_pass((struct core_pass){.pass = 1, .agent = "nobody"});
    assert_trace(&f, "create demo-web, list");
    struct core_event end = {.kind = CORE_LISTING_END,
                             .listing_end = {.list = f.list, .whole = true}};
    fx_answer(&f, 0);
    assert_trace(&f, "start demo-web");
    fx_answer(&f, 0);
    (void)fx_step(&f, &end);
    f.list = 0;
    assert_trace(&f, "");
    assert_true(fx_view(&f, "web").has_container);
    assert_state(&f, "web", STATE_RUNNING);
}

/* The same for one that shows it as it was. */
static void stale_row_of_a_listing_is_ignored(void **state)
{
    boot("web", LIFECYCLE_HOT);
    f.hold = true;
    fx_delete(&f, "web");
    begin_pass((struct core_pass){.pass = 1, .agent = "nobody"});
    struct observation o;
    struct sim_container was = *fx_container(&f, "demo-web");
    sim_engine_observe(&was, false, &o);
    uint64_t list = f.list;
    fx_answer(&f, 0);
    fx_answer(&f, 0);
    assert_int_equal(f.engine.n, 0);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTED, .listed = {list, &o}});
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTING_END,
                                           .listing_end = {.list = list, .whole = true}});
    f.list = 0;
    f.hold = false;
    fx_clear(&f);
    fx_settle(&f);
    assert_null(strstr(f.trace, "remove"));
}

static void answers_to_nobody_are_ignored(void **state)
{
    boot("web", LIFECYCLE_HOT);
    struct core_event event = {
        .kind = CORE_COMPLETION,
        .completion = {.operation = 9999, .agent = "web", .outcome = ENGINE_REFUSED}};
    (void)fx_step(&f, &event);
    event.completion.agent = "nobody";
    (void)fx_step(&f, &event);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTING_END,
                                           .listing_end = {.list = 9999, .whole = true}});
    fx_settle(&f);
    assert_trace(&f, "");
    assert_state(&f, "web", STATE_RUNNING);
}

/* The name is taken: by a foreign one, by ours whose create was given up, or by nobody at all. */
static void name_taken_by_a_foreign_one(void **state)
{
    (void)fx_plant(&f, "demo-web", NULL, LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    assert_trace(&f, "create demo-web, list");
    assert_non_null(strstr(fx_view(&f, "web").reason, "name_conflict"));
}

static void name_taken_by_ours(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    f.hold = true;
    fx_time(&f);
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_CREATED);
    f.hold = false;
    fx_settle(&f);
    assert_trace(&f, "create demo-web, list, start demo-web");
    assert_state(&f, "web", STATE_RUNNING);
}

static void name_taken_by_a_ghost(void **state)
{
    assert_true(sim_engine_take_name(&f.engine, "demo-web"));
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_ERROR, 9);
    assert_non_null(strstr(f.reports[0].error, "already in use"));
    assert_non_null(strstr(fx_view(&f, "web").reason, "already in use"));
    unsigned before = f.operations;
    fx_run(&f, 300 * FX_S);
    assert_in_range(f.operations - before, 3, 12); /* backed off, not given up */
    sim_engine_free_name(&f.engine, "demo-web");
    fx_run(&f, 300 * FX_S);
    assert_state(&f, "web", STATE_RUNNING);
    assert_string_equal(fx_view(&f, "web").reason, "");
}

/* A network of it was pruned and cannot be made: no such container is not meant. */
static void not_found_of_a_create_is_a_failure(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_script(&f, OPERATION_CREATE, ENGINE_NOT_FOUND, false, "network demo_default not found");
    fx_run(&f, 0);
    assert_trace(&f, "create demo-web");
    assert_non_null(strstr(fx_view(&f, "web").reason, "network demo_default not found"));
    fx_run(&f, 2 * FX_S);
    assert_trace(&f, "create demo-web, start demo-web");
}

static void gone_in_the_middle_of_an_operation(void **state)
{
    static const enum operation_kind steps[] = {OPERATION_STOP, OPERATION_RENAME, OPERATION_START,
                                                OPERATION_REMOVE};
    for (size_t i = 0; i < 4; i++) {
        ROW("%s", operation_kind_name(steps[i]));
        boot("web", LIFECYCLE_HOT);
        fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
        f.hold = true;
        fx_time(&f);
        for (int n = 0; n < 20 && (f.n_pending == 0 || f.pending[0].op.kind != steps[i]); n++) {
            if (f.n_pending > 0)
                fx_answer(&f, 0);
            else
                fx_run(&f, FX_S);
        }
        assert_int_equal(f.pending[0].op.kind, steps[i]);
        sim_engine_drop(&f.engine, sim_engine_find(&f.engine, f.pending[0].op.container));
        f.hold = false;
        fx_settle(&f);
        PASS(.agent = NULL);
        assert_int_equal(f.engine.n, 1);
        assert_int_equal(sim_plan_of(&fx_container(&f, "demo-web")->spec).variant, 2);
        assert_status(&f, "demo-web", CONTAINER_RUNNING);
        fx_delete(&f, "web");
        fx_settle(&f);
    }
}

/* Refusals of what is no start leave the state as it is, and are tried again. */
static void refused_rename_is_looked_into(void **state)
{
    boot("web", LIFECYCLE_HOT);
    strcpy(fx_container(&f, "demo-web")->name, "mine");
    fx_script(&f, OPERATION_RENAME, ENGINE_UNKNOWN, true, "timed out");
    PASS(.agent = NULL);
    fx_settle(&f);
    assert_state(&f, "web", STATE_RUNNING);
    strcpy(fx_container(&f, "demo-web")->name, "mine");
    f.hold = true;
    fx_script(&f, OPERATION_RENAME, ENGINE_REFUSED, false, "server error");
    begin_pass((struct core_pass){.pass = 99});
    fx_answer_list(&f);
    strcpy(fx_container(&f, "mine")->name, "demo-web"); /* they put it right themselves */
    f.hold = false;
    fx_clear(&f);
    fx_settle(&f);
    assert_trace(&f, "list");
    assert_state(&f, "web", STATE_RUNNING);
    assert_string_equal(fx_view(&f, "web").reason, "");
}

static void starting_agent_whose_rename_is_refused_still_gets_ready(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.spec = sim_spec((struct sim_plan){.ready_ms = 8000});
    row.ready = READY_TCP;
    row.ready_timeout_ns = 60 * FX_S;
    fx_put(&f, &row);
    fx_run(&f, FX_S);
    assert_state(&f, "web", STATE_STARTING);
    strcpy(fx_container(&f, "demo-web")->name, "mine");
    fx_script(&f, OPERATION_RENAME, ENGINE_REFUSED, false, "no");
    begin_pass((struct core_pass){.pass = 1});
    fx_settle(&f);
    assert_state(&f, "web", STATE_RUNNING);
    assert_non_null(sim_engine_named(&f.engine, "demo-web"));
}

/* A container that is there now is not failed any more because it could not be made earlier. */
static void failure_ends_with_what_ends_it(void **state)
{
    static const enum lifecycle lifecycles[] = {LIFECYCLE_HOT, LIFECYCLE_LAZY};
    for (size_t i = 0; i < 2; i++) {
        ROW("%s", lifecycle_name(lifecycles[i]));
        fx_put_simple(&f, "web", lifecycles[i], 1);
        fx_script(&f, OPERATION_CREATE, ENGINE_IMAGE_MISSING, false, "No such image");
        fx_run(&f, 0);
        assert_state(&f, "web", STATE_FAILED);
        assert_string_equal(fx_view(&f, "web").reason, "No such image");
        assert_int_equal(fx_memory(&f, "web")->memory.state, STATE_FAILED);
        fx_run(&f, 2 * FX_S);
        assert_state(&f, "web", lifecycles[i] == LIFECYCLE_HOT ? STATE_RUNNING : STATE_STOPPED);
        assert_string_equal(fx_view(&f, "web").reason, "");
        fx_delete(&f, "web");
        fx_settle(&f);
    }
}

/* And one that failed stays so over a restart of the daemon. */
static void failure_survives_a_restart(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    fx_put(&f, &row);
    fx_settle(&f);
    assert_state(&f, "web", STATE_FAILED);
    fx_restart(&f);
    f.hold = true;
    fx_time(&f);
    assert_state(&f, "web", STATE_FAILED);
    assert_non_null(strstr(fx_view(&f, "web").reason, "port is already"));
    f.hold = false;
}

static void back_off_doubles_to_five_minutes(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    fx_put(&f, &row);
    fx_run(&f, 0);
    assert_trace(&f, "create demo-web, start demo-web");
    uint64_t expected[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        ROW("after %d failures", (int)i + 1);
        fx_run(&f, expected[i] * FX_S - 1);
        assert_trace(&f, "");
        fx_run(&f, 1);
        assert_trace(&f, "start demo-web");
    }
    assert_int_equal(f.notices, 13);
    row.spec = fx_spec(2);
    fx_put(&f, &row); /* a changed row is tried at once */
    fx_run(&f, 0);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

static void no_more_than_so_many_in_flight(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "g", "h", "i"};
    fx_close(&f);
    fx_open(&f, &(struct core_config){.max_in_flight = 3});
    fx_run(&f, 0);
    for (size_t i = 0; i < 8; i++)
        fx_put_simple(&f, names[i], LIFECYCLE_HOT, 1);
    f.hold = true;
    fx_time(&f);
    size_t answered = 0;
    while (f.n_pending > 0) {
        assert_true(f.n_pending <= 3);
        assert_true(f.n_pending == 3 || answered >= 12);
        fx_answer(&f, 0);
        answered++;
    }
    assert_int_equal(answered, 16);
    f.hold = false;
}

/* A pull may last for minutes: it must not stand in the way of others. */
static void a_parked_operation_does_not_count(void **state)
{
    fx_close(&f);
    fx_open(&f, &(struct core_config){.max_in_flight = 1});
    fx_run(&f, 0);
    fx_put_simple(&f, "a", LIFECYCLE_HOT, 1);
    fx_put_simple(&f, "b", LIFECYCLE_HOT, 1);
    f.hold = true;
    fx_time(&f);
    assert_int_equal(f.n_pending, 1);
    fx_park(&f, 0);
    assert_int_equal(f.n_pending, 2);
    fx_park(&f, 0); /* once more is nothing more */
    assert_int_equal(f.n_pending, 2);
    assert_false(core_is_quiet(f.core));
    fx_answer(&f, 1); /* b is created, and started beside the one that is parked */
    assert_int_equal(f.n_pending, 2);
    fx_answer(&f, 0); /* a is created, and has to wait for its turn again */
    assert_int_equal(f.n_pending, 1);
    while (f.n_pending > 0)
        fx_answer(&f, 0);
    f.hold = false;
    assert_status(&f, "demo-a", CONTAINER_RUNNING);
    assert_status(&f, "demo-b", CONTAINER_RUNNING);
}

static unsigned count_not_running(void)
{
    static const char *const names[] = {"demo-a", "demo-b", "demo-c", "demo-d", "demo-e"};
    unsigned n = 0;
    for (size_t i = 0; i < 5; i++) {
        const struct sim_container *c = sim_engine_named(&f.engine, names[i]);
        n += !c || c->status != CONTAINER_RUNNING;
    }
    return n;
}

static void put_five(enum lifecycle lifecycle, struct sim_plan plan)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        struct core_row row = fx_row(names[i], lifecycle, 0);
        row.spec = sim_spec(plan);
        fx_put(&f, &row);
    }
}

static unsigned roll_out(unsigned *ret_most_down)
{
    unsigned steps = 0;
    *ret_most_down = 0;
    f.hold = true;
    fx_time(&f);
    for (; steps < 500; steps++) {
        if (f.n_pending > 0)
            fx_answer(&f, 0);
        else if (f.list)
            fx_answer_list(&f);
        else if (core_is_quiet(f.core))
            break;
        else
            fx_run(&f, FX_S);
        if (count_not_running() > *ret_most_down)
            *ret_most_down = count_not_running();
    }
    f.hold = false;
    return steps;
}

static void roll_out_takes_one_hot_agent_at_a_time(void **state)
{
    for (unsigned max = 1; max <= 3; max++) {
        ROW("max_unavailable %u", max);
        fx_close(&f);
        fx_open(&f, &(struct core_config){.max_unavailable = max});
        put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 1});
        fx_settle(&f);
        assert_int_equal(count_not_running(), 0);
        put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 2});
        unsigned down;
        (void)roll_out(&down);
        assert_int_equal(down, max);
        assert_int_equal(count_not_running(), 0);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(sim_plan_of(&f.engine.containers[i].spec).variant, 2);
    }
}

static void sleepers_need_no_roll_out(void **state)
{
    put_five(LIFECYCLE_LAZY, (struct sim_plan){.variant = 1});
    fx_settle(&f);
    put_five(LIFECYCLE_LAZY, (struct sim_plan){.variant = 2});
    f.hold = true;
    fx_time(&f);
    assert_int_equal(f.n_pending, 5);
    f.hold = false;
}

static void roll_out_halts_after_three_failures(void **state)
{
    put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 1});
    fx_settle(&f);
    put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 2, .conduct = SIM_REFUSED});
    PASS(.agent = NULL);
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        ROW("%s", names[i]);
        const struct fx_report *r = fx_report(&f, names[i]);
        assert_int_equal(r->action, i < 3 ? REPORT_ROLLED_BACK : REPORT_ERROR);
        if (i >= 3)
            assert_non_null(strstr(r->error, "roll-out halted"));
    }
    assert_int_equal(count_not_running(), 0);
    assert_int_equal(f.engine.made, 5 + 3);
    fx_settle(&f);
    assert_int_equal(f.engine.made, 5 + 3);
    put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 3}); /* new rows, new luck */
    fx_run(&f, 600 * FX_S);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(sim_plan_of(&f.engine.containers[i].spec).variant, 3);
    assert_int_equal(f.engine.n, 5);
}

/* The one whose turn it is goes away in the middle: the others must not wait for it. */
static void roll_out_goes_on_when_its_first_is_deleted(void **state)
{
    put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 1});
    fx_settle(&f);
    put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 2});
    fx_run(&f, 3 * FX_S);
    assert_int_equal(f.engine.n, 6);
    fx_delete(&f, "a");
    fx_run(&f, 300 * FX_S);
    assert_int_equal(f.engine.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(sim_plan_of(&f.engine.containers[i].spec).variant, 2);
}

static void roll_out_goes_on_when_its_first_is_held(void **state)
{
    put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 1});
    fx_settle(&f);
    put_five(LIFECYCLE_HOT, (struct sim_plan){.variant = 2});
    fx_run(&f, 3 * FX_S);
    struct core_row a = fx_row("a", LIFECYCLE_HOT, 2);
    a.held = true;
    fx_put(&f, &a);
    fx_run(&f, 300 * FX_S);
    unsigned right = 0;
    for (size_t i = 0; i < f.engine.n; i++)
        right += sim_plan_of(&f.engine.containers[i].spec).variant == 2;
    assert_int_equal(right, 5);
}

/* A late answer of a probe is of the container that it was asked of. */
static void probe_of_an_earlier_run_says_nothing(void **state)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.spec = sim_spec((struct sim_plan){.ready_ms = 5000});
    row.ready = READY_TCP;
    row.ready_timeout_ns = 60 * FX_S;
    fx_put(&f, &row);
    f.hold = true;
    fx_time(&f);
    fx_answer(&f, 0);
    fx_answer(&f, 0);
    fx_run(&f, FX_S);
    assert_int_equal(f.pending[0].op.kind, OPERATION_PROBE);
    uint64_t probe = f.pending[0].op.id;
    fx_container(&f, "demo-web")->status = CONTAINER_EXITED;
    begin_pass((struct core_pass){.pass = 1});
    fx_answer_list(&f);
    fx_answer(&f, 1); /* started again */
    assert_state(&f, "web", STATE_STARTING);
    struct core_event late = {.kind = CORE_COMPLETION,
                              .completion = {.operation = probe, .agent = "web", .ready = true}};
    (void)fx_step(&f, &late);
    assert_state(&f, "web", STATE_STARTING);
    f.n_pending = 0;
    f.hold = false;
}

static void next_deadline_is_the_earliest(void **state)
{
    assert_true(core_next_deadline(f.core) == UINT64_MAX);
    struct core_row web = fx_row("web", LIFECYCLE_HOT, 1), lazy = fx_row("lazy", LIFECYCLE_LAZY, 1);
    (void)fx_plant(&f, "demo-lazy", "lazy", LIFECYCLE_LAZY, fx_spec(1), CONTAINER_RUNNING);
    lazy.idle_timeout_ns = 50 * FX_S;
    fx_put(&f, &lazy);
    PASS(.agent = NULL);
    uint64_t idle_at = f.now_ns + 50 * FX_S;
    assert_in_range(core_next_deadline(f.core), idle_at - FX_S, idle_at);
    web.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    fx_put(&f, &web);
    fx_run(&f, 0);
    assert_int_equal(core_next_deadline(f.core), f.now_ns + FX_S); /* back-off */
    fx_delete(&f, "web");
    fx_run(&f, 0);
    assert_in_range(core_next_deadline(f.core), idle_at - FX_S, idle_at);
    fx_delete(&f, "lazy");
    fx_run(&f, 0);
    assert_true(core_next_deadline(f.core) == UINT64_MAX);
}

/* Many timers, in no order: each is kept. */
static void deadlines_of_many(void **state)
{
    static const unsigned after[] = {50, 20, 90, 70, 10, 80, 30, 60, 40, 55};
    static const char *const names[] = {"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"};
    for (size_t i = 0; i < 10; i++) {
        char name[SIM_NAME_SIZE];
        (void)snprintf(name, sizeof(name), "demo-%s", names[i]);
        (void)fx_plant(&f, name, names[i], LIFECYCLE_LAZY, fx_spec(1), CONTAINER_RUNNING);
        struct core_row row = fx_row(names[i], LIFECYCLE_LAZY, 1);
        row.idle_timeout_ns = after[i] * FX_S;
        fx_put(&f, &row);
    }
    PASS(.agent = NULL);
    fx_clear(&f);
    fx_delete(&f, "a6"); /* from the middle of the heap */
    fx_run(&f, 100 * FX_S);
    assert_trace(
        &f, "stop demo-a6, remove demo-a6, stop demo-a4, stop demo-a1, stop demo-a8, stop demo-a0, "
            "stop demo-a9, stop demo-a7, stop demo-a3, stop demo-a5, stop demo-a2");
}

static void time_never_goes_back(void **state)
{
    boot("web", LIFECYCLE_HOT);
    f.now_ns -= 50 * FX_S;
    fx_time(&f);
    assert_trace(&f, "");
    f.now_ns += 50 * FX_S;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_create_is_looked_for),
        TEST(any_step_may_end_unknown),
        TEST(nothing_is_sent_before_the_listing),
        TEST(stale_listing_is_ignored),
        TEST(stale_row_of_a_listing_is_ignored),
        TEST(answers_to_nobody_are_ignored),
        TEST(name_taken_by_a_foreign_one),
        TEST(name_taken_by_ours),
        TEST(name_taken_by_a_ghost),
        TEST(not_found_of_a_create_is_a_failure),
        TEST(gone_in_the_middle_of_an_operation),
        TEST(refused_rename_is_looked_into),
        TEST(starting_agent_whose_rename_is_refused_still_gets_ready),
        TEST(failure_ends_with_what_ends_it),
        TEST(failure_survives_a_restart),
        TEST(back_off_doubles_to_five_minutes),
        TEST(no_more_than_so_many_in_flight),
        TEST(a_parked_operation_does_not_count),
        TEST(roll_out_takes_one_hot_agent_at_a_time),
        TEST(sleepers_need_no_roll_out),
        TEST(roll_out_halts_after_three_failures),
        TEST(roll_out_goes_on_when_its_first_is_deleted),
        TEST(roll_out_goes_on_when_its_first_is_held),
        TEST(probe_of_an_earlier_run_says_nothing),
        TEST(next_deadline_is_the_earliest),
        TEST(deadlines_of_many),
        TEST(time_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
