/* SPDX-License-Identifier: MIT
 *
 * Jobs: one run by themselves for each spec, never a second one, and what waits for them.
 */
#include "core_world.h"

#include <string.h>

static struct core_depends on_job[] = {{"job", DEPENDS_COMPLETED}};
static struct core_depends on_db[] = {{"db", DEPENDS_STARTED}};

static const struct sim_plan stays = {.conduct = SIM_STAYS};

static struct sim_plan ends_after(unsigned ms, unsigned variant)
{
    return (struct sim_plan){.conduct = SIM_ENDS, .run_ms = ms, .variant = variant};
}

static struct core_row row_of(const char *name, enum lifecycle lifecycle, struct sim_plan plan)
{
    struct core_row row = fx_row(name, lifecycle, 0);
    row.spec = sim_spec(plan);
    row.idle_timeout_ns = 20 * FX_S;
    return row;
}

static void put_job(struct sim_plan plan)
{
    struct core_row row = row_of("job", LIFECYCLE_LAZY, plan);
    row.job = true;
    fx_put(&f, &row);
}

static void put_dependent(void)
{
    struct core_row row = row_of("web", LIFECYCLE_HOT, stays);
    row.depends = on_job;
    row.n_depends = 1;
    fx_put(&f, &row);
}

static void it_runs_once_by_itself(void **state)
{
    put_job(ends_after(5000, 0));
    fx_run(&f, 2 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    fx_run(&f, 600 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
    assert_events(&f, "container_exited job");
    fx_clear(&f);
    PASS(.agent = NULL);
    fx_run(&f, 600 * FX_S);
    assert_null(strstr(f.trace, "start demo-job"));
    assert_state(&f, "job", STATE_STOPPED);
}

/* Longer than its idle time: it is not idle while it works. */
static void it_is_left_to_its_work(void **state)
{
    put_job(ends_after(100000, 0));
    fx_run(&f, 90 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    fx_sleep(&f, "job");
    assert_answers(&f, "1 in_use");
    fx_run(&f, 90 * FX_S);
    assert_events(&f, "container_exited job");
}

static void a_changed_spec_is_run_again(void **state)
{
    put_job(ends_after(1000, 0));
    fx_run(&f, 60 * FX_S);
    fx_clear(&f);
    put_job(ends_after(1000, 0)); /* the row changed, and not what it runs */
    fx_run(&f, 60 * FX_S);
    assert_null(strstr(f.trace, "start demo-job"));
    put_job(ends_after(1000, 1));
    fx_run(&f, 60 * FX_S);
    assert_events(&f, "container_exited job, container_exited job");
    assert_status(&f, "demo-job", CONTAINER_EXITED);
    assert_int_equal(f.engine.n, 1);
}

static void a_failure_is_told_and_not_tried_again(void **state)
{
    put_job((struct sim_plan){.conduct = SIM_CRASHES, .run_ms = 1000});
    put_dependent();
    fx_run(&f, 600 * FX_S);
    assert_events(&f, "container_stopped job");
    assert_status(&f, "demo-web", CONTAINER_CREATED);
    assert_non_null(strstr(fx_view(&f, "job").reason, "crashed with exit code"));
    assert_string_equal(fx_view(&f, "web").reason, "waits for \"job\", which it depends on");
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_ERROR, 17);
    assert_report(&f, "job", REPORT_ERROR, 21);
    assert_non_null(strstr(fx_report(&f, "job")->error, "crashed with exit code"));
    fx_restart(&f);
    fx_run(&f, 600 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_CREATED);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
    assert_events(&f, "");
    put_job(ends_after(1000, 1)); /* mended */
    fx_run(&f, 60 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_string_equal(fx_view(&f, "job").reason, "");
}

/* `docker system prune` takes the containers of jobs that are done. */
/* Its row changed, and not what it runs: how it ended is known, and no more. */
static void a_failure_is_one_without_its_words(void **state)
{
    static const struct sim_plan plan = {.conduct = SIM_CRASHES, .run_ms = 30000};
    put_job(plan);
    fx_run(&f, 600 * FX_S);
    assert_non_null(strstr(fx_view(&f, "job").reason, "crashed with exit code"));
    put_job(plan);
    fx_run(&f, FX_S);
    assert_string_equal(fx_view(&f, "job").reason, "its run failed");
    (void)fx_wake(&f, "job", 60 * FX_S, false); /* run again, it has not failed yet */
    fx_run(&f, FX_S);
    assert_string_equal(fx_view(&f, "job").reason, "");
    fx_delete(&f, "job");
    fx_settle(&f);
    assert_int_equal(f.engine.n, 0);
}

static void a_run_that_was_killed_for_memory_has_failed(void **state)
{
    put_job(ends_after(600000, 0));
    fx_run(&f, 2 * FX_S);
    struct sim_container *c = fx_container(&f, "demo-job");
    sim_engine_end(&f.engine, c, 0);
    c->oom_killed = true;
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LOOK});
    fx_settle(&f);
    assert_events(&f, "container_stopped job");
    assert_string_equal(fx_view(&f, "job").reason, "crashed: out of memory");
}

/* A run of a row that cannot be carried out any more is no run that anybody wants. */
static void a_row_that_cannot_be_carried_out_is_not_wanted(void **state)
{
    static const struct core_depends on_itself = {"job", DEPENDS_STARTED};
    for (int circle = 0; circle < 2; circle++) {
        ROW("%s", circle ? "depends on itself" : "invalid");
        struct core_row row = row_of("job", LIFECYCLE_LAZY, ends_after(600000, 0));
        row.job = true;
        fx_put(&f, &row);
        fx_run(&f, 2 * FX_S);
        assert_status(&f, "demo-job", CONTAINER_RUNNING);
        row.spec = sim_spec(ends_after(600000, 1));
        row.invalid = circle ? NULL : "spec: bad";
        row.depends = circle ? &on_itself : NULL;
        row.n_depends = circle ? 1 : 0;
        fx_put(&f, &row);
        fx_run(&f, FX_S);
        fx_dies_for_good(&f, "demo-job", 1);
        fx_run(&f, 0);
        assert_state(&f, "job", STATE_STOPPED);
        fx_delete(&f, "job");
        fx_settle(&f);
    }
}

static void one_that_was_pruned_is_not_run_again(void **state)
{
    put_job(ends_after(1000, 0));
    fx_run(&f, 60 * FX_S);
    assert_events(&f, "container_exited job");
    fx_restart(&f);
    fx_run(&f, 60 * FX_S);
    fx_removed_by_hand(&f, "demo-job");
    put_dependent();
    fx_run(&f, 600 * FX_S);
    assert_events(&f, "container_missing job, container_recovered job");
    assert_status(&f, "demo-job", CONTAINER_CREATED);
    assert_status(&f, "demo-web", CONTAINER_RUNNING); /* it has had its run */
    fx_restart(&f);
    fx_run(&f, 600 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_CREATED);
}

/* Killed while it ran: it ended, and that was its run. */
static void it_ended_while_roost_was_away(void **state)
{
    put_job(ends_after(5000, 0));
    fx_run(&f, 2 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
    f.now_ns += 60 * FX_S;
    sim_engine_advance(&f.engine, f.now_ns);
    fx_restart(&f);
    fx_clear(&f);
    put_dependent();
    fx_run(&f, 600 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_null(strstr(f.trace, "start demo-job"));
}

static void while_it_is_held_it_does_not_run(void **state)
{
    struct core_row row = row_of("job", LIFECYCLE_LAZY, ends_after(1000, 0));
    row.job = row.held = true;
    fx_put(&f, &row);
    fx_run(&f, 60 * FX_S);
    assert_null(strstr(f.trace, "start demo-job"));
    row.held = false;
    fx_put(&f, &row);
    fx_run(&f, 60 * FX_S);
    assert_events(&f, "container_exited job");
}

/* That one may never have run: it is no reason to start its successor at once. */
static void one_whose_old_one_is_being_removed_waits(void **state)
{
    put_job(ends_after(60000, 0));
    struct core_row row = row_of("web", LIFECYCLE_LAZY, stays);
    fx_put(&f, &row);
    fx_run(&f, FX_S);
    f.hold = true;
    put_dependent();
    fx_run(&f, 0);
    for (int i = 0; i < 3; i++)
        fx_answer(&f, 0); /* create, rename, rename */
    fx_container(&f, "demo-web..old")->status = CONTAINER_REMOVING;
    fx_script(&f, OPERATION_REMOVE, ENGINE_UNKNOWN, false, "timed out");
    f.hold = false;
    fx_run(&f, 5 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_CREATED);
    sim_engine_drop(&f.engine, fx_container(&f, "demo-web..old"));
    fx_run(&f, 120 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 2);
}

/* Its policy was changed by hand: the engine would run it for ever. */
static void one_that_the_engine_runs_again_is_made_anew(void **state)
{
    for (int drifted = 0; drifted < 2; drifted++) {
        ROW("%s", drifted ? "not as its row says" : "as its row says");
        f.engine.no_update = true;
        put_job(ends_after(15000, 0));
        fx_run(&f, 2 * FX_S);
        fx_container(&f, "demo-job")->policy = LIFECYCLE_HOT;
        PASS(.deep = true);
        assert_report(&f, "job", REPORT_UPDATED, 15);
        if (drifted)
            put_job(ends_after(15000, 1));
        fx_run(&f, 8 * FX_S);
        assert_int_equal(f.engine.made, 1);
        fx_run(&f, 900 * FX_S);
        assert_int_equal(f.engine.made, 2);
        assert_status(&f, "demo-job", drifted ? CONTAINER_EXITED : CONTAINER_CREATED);
        close_fixture(NULL);
        open_listing(NULL);
    }
}

/* What it depends on is awake for as long as it runs. */
static void it_wakes_what_it_depends_on(void **state)
{
    struct core_row row = row_of("db", LIFECYCLE_LAZY, stays);
    fx_put(&f, &row);
    row = row_of("job", LIFECYCLE_LAZY, ends_after(30000, 0));
    row.job = true;
    row.depends = on_db;
    row.n_depends = 1;
    fx_put(&f, &row);
    fx_run(&f, 25 * FX_S);
    assert_non_null(strstr(f.trace, "start demo-db, start demo-job"));
    assert_status(&f, "demo-db", CONTAINER_RUNNING);
    fx_run(&f, 60 * FX_S);
    assert_status(&f, "demo-db", CONTAINER_EXITED);
    assert_status(&f, "demo-job", CONTAINER_EXITED);
}

static void somebody_may_run_it_again(void **state)
{
    put_job(ends_after(1000, 0));
    fx_run(&f, 60 * FX_S);
    assert_events(&f, "container_exited job");
    (void)fx_wake(&f, "job", 60 * FX_S, true);
    fx_run(&f, 60 * FX_S);
    assert_events(&f, "container_exited job");
}

/* Not required: what it waits for need not come to it. */
static void an_optional_job_may_fail(void **state)
{
    static struct core_depends maybe[] = {{"job", DEPENDS_COMPLETED, .optional = true}};
    put_job((struct sim_plan){.conduct = SIM_CRASHES, .run_ms = 1000});
    struct core_row row = row_of("web", LIFECYCLE_HOT, stays);
    row.depends = maybe;
    row.n_depends = 1;
    fx_put(&f, &row);
    fx_run(&f, 60 * FX_S);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, open_listing, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_runs_once_by_itself),
        TEST(it_is_left_to_its_work),
        TEST(a_changed_spec_is_run_again),
        TEST(a_failure_is_told_and_not_tried_again),
        TEST(a_failure_is_one_without_its_words),
        TEST(a_run_that_was_killed_for_memory_has_failed),
        TEST(a_row_that_cannot_be_carried_out_is_not_wanted),
        TEST(one_that_was_pruned_is_not_run_again),
        TEST(it_ended_while_roost_was_away),
        TEST(while_it_is_held_it_does_not_run),
        TEST(one_whose_old_one_is_being_removed_waits),
        TEST(one_that_the_engine_runs_again_is_made_anew),
        TEST(it_wakes_what_it_depends_on),
        TEST(somebody_may_run_it_again),
        TEST(an_optional_job_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
