/* SPDX-License-Identifier: MIT
 *
 * Recreates, step by step, and what happens when the new container does not work.
 */
#include "core_world.h"

#include <string.h>

static struct core_row row_with(enum sim_conduct conduct, unsigned run_ms)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 0);
    row.spec = sim_spec((struct sim_plan){.variant = 2, .conduct = conduct, .run_ms = run_ms});
    return row;
}

static void assert_variant(const char *name, unsigned variant)
{
    assert_int_equal(sim_plan_of(&fx_container(&f, name)->spec).variant, variant);
}

/* web runs variant 1. */
static void boot_web(void)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    fx_clear(&f);
}

static void assert_rolled_back(void)
{
    assert_variant("demo-web", 1);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
    assert_state(&f, "web", STATE_FAILED);
    assert_non_null(strstr(fx_view(&f, "web").reason, "rolled back"));
}

static void refused_start_rolls_back(void **state)
{
    boot_web();
    struct core_row row = row_with(SIM_REFUSED, 0);
    fx_put(&f, &row);
    PASS(.agent = NULL);
    assert_trace(&f, "list, create demo-web..new, stop demo-web, rename demo-web demo-web..old, "
                     "rename demo-web..new demo-web, start demo-web, remove demo-web, "
                     "rename demo-web..old demo-web, start demo-web");
    assert_report(&f, "web", REPORT_ROLLED_BACK, 14);
    assert_non_null(strstr(f.reports[0].error, "port is already allocated"));
    assert_rolled_back();
}

static void death_within_ten_seconds_rolls_back(void **state)
{
    boot_web();
    struct core_row row = row_with(SIM_CRASHES, 9000);
    fx_put(&f, &row);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_ROLLED_BACK, 14);
    fx_settle(&f);
    assert_rolled_back();
}

/* It crashes too, but only once it has proven itself: the engine's business from then on. */
static void death_after_ten_seconds_does_not(void **state)
{
    boot_web();
    struct core_row row = row_with(SIM_CRASHES, 11000);
    fx_put(&f, &row);
    PASS(.agent = NULL);
    assert_report(&f, "web", REPORT_RECREATED, 14);
    assert_variant("demo-web", 2);
    assert_int_equal(f.engine.n, 1);
}

static void exit_0_is_accepted(void **state)
{
    boot_web();
    struct core_row row = row_with(SIM_ENDS, 2000);
    fx_put(&f, &row);
    fx_run(&f, FX_S);
    fx_container(&f, "demo-web")->policy = LIFECYCLE_LAZY; /* else the engine starts it again */
    fx_clear(&f);
    fx_run(&f, 9 * FX_S + 1);
    assert_trace(&f, "inspect demo-web, remove demo-web..old, update demo-web, start demo-web");
    assert_variant("demo-web", 2);
}

static void ready_by_its_own_test_is_proof(void **state)
{
    boot_web();
    struct core_row row = row_with(SIM_STAYS, 0);
    row.spec = sim_spec((struct sim_plan){.variant = 2, .ready_ms = 3000});
    row.ready = READY_TCP;
    fx_put(&f, &row);
    fx_run(&f, 2 * FX_S);
    assert_state(&f, "web", STATE_STARTING);
    assert_int_equal(f.engine.n, 2);
    fx_run(&f, 2 * FX_S);
    assert_state(&f, "web", STATE_RUNNING);
    assert_int_equal(f.engine.n, 1);
    assert_variant("demo-web", 2);
}

static void failed_create_costs_nothing(void **state)
{
    boot_web();
    struct core_row row = row_with(SIM_NO_IMAGE, 0);
    fx_put(&f, &row);
    PASS(.agent = NULL);
    assert_trace(&f, "list, create demo-web..new");
    assert_report(&f, "web", REPORT_ERROR, 14);
    assert_non_null(strstr(f.reports[0].error, "No such image"));
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_state(&f, "web", STATE_RUNNING);
    assert_non_null(strstr(fx_view(&f, "web").reason, "No such image"));
}

static void rollback_lasts_until_the_row_changes(void **state)
{
    boot_web();
    struct core_row row = row_with(SIM_REFUSED, 0);
    fx_put(&f, &row);
    fx_settle(&f);
    assert_rolled_back();
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_trace(&f, "list");
    assert_report(&f, "web", REPORT_UNCHANGED, 23);
    assert_non_null(strstr(f.reports[0].error, "rolled back"));
    assert_rolled_back();

    fx_restart(&f);
    fx_settle(&f);
    assert_trace(&f, "list");
    assert_rolled_back();

    fx_put_simple(&f, "web", LIFECYCLE_HOT, 3);
    fx_settle(&f);
    assert_variant("demo-web", 3);
    assert_state(&f, "web", STATE_RUNNING);
    assert_string_equal(fx_view(&f, "web").reason, "");
    assert_int_equal(fx_memory(&f, "web")->memory.failed_generation, 0);
}

/* Kept by its id: a container of the old spec that is down is started, and a pass of force tries
 * the row again. */
static void rollback_keeps_the_old_one_up(void **state)
{
    boot_web();
    struct core_row row = row_with(SIM_REFUSED, 0);
    fx_put(&f, &row);
    fx_settle(&f);
    fx_container(&f, "demo-web")->status = CONTAINER_EXITED;
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_trace(&f, "list, inspect demo-web, start demo-web");
    assert_rolled_back();
    PASS(.agent = "web", .recreate = true);
    assert_report(&f, "web", REPORT_ROLLED_BACK, 14);
    assert_rolled_back();
}

static void rollback_ends_when_the_kept_one_goes(void **state)
{
    for (int restarted = 0; restarted < 2; restarted++) {
        ROW("restarted %d", restarted);
        fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
        fx_settle(&f);
        struct core_row row = row_with(SIM_REFUSED, 0);
        fx_put(&f, &row);
        fx_settle(&f);
        assert_rolled_back();
        sim_engine_drop(&f.engine, fx_container(&f, "demo-web"));
        if (restarted)
            fx_restart(&f);
        fx_clear(&f);
        PASS(.agent = NULL);
        assert_variant("demo-web", 2); /* nothing else is left but to try the row */
        assert_status(&f, "demo-web", CONTAINER_CREATED);
        assert_report(&f, "web", REPORT_ERROR, 9);
        fx_delete(&f, "web");
        fx_settle(&f);
        assert_int_equal(f.engine.n, 0);
    }
}

/* The daemon dies after any number of operations, and the listing that it boots with has any order.
 */
static void survives_a_restart_half_way(enum sim_conduct conduct, bool backwards)
{
    for (unsigned after = 1; after < 9; after++) {
        ROW("after %u operations, backwards %d", after, backwards);
        fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
        fx_settle(&f);
        struct core_row row = row_with(conduct, 0);
        fx_put(&f, &row);
        f.hold = true;
        fx_time(&f);
        for (unsigned i = 0; i < after && f.n_pending > 0; i++)
            fx_answer(&f, 0);
        f.hold = false;
        f.list_backwards = backwards;
        fx_restart(&f);
        fx_clear(&f);
        f.notices = 0;
        fx_settle(&f);
        assert_null(strstr(f.trace, "create demo-web..new, create"));
        /* Nothing was refused on the way but the start that is rolled back. */
        assert_true(f.notices <= (conduct == SIM_REFUSED ? 1 : 0));
        if (conduct == SIM_REFUSED)
            assert_rolled_back();
        else
            assert_variant("demo-web", 2);
        assert_status(&f, "demo-web", CONTAINER_RUNNING);
        fx_delete(&f, "web");
        fx_settle(&f);
        assert_int_equal(f.engine.n, 0);
    }
}

static void recreate_survives_a_restart_half_way(void **state)
{
    survives_a_restart_half_way(SIM_STAYS, false);
    survives_a_restart_half_way(SIM_STAYS, true);
}

static void rollback_survives_a_restart_half_way(void **state)
{
    survives_a_restart_half_way(SIM_REFUSED, false);
    survives_a_restart_half_way(SIM_REFUSED, true);
}

/* B is being proven when C comes, and neither works: A is what did. */
static void new_row_during_the_proof_keeps_what_worked(void **state)
{
    boot_web();
    struct core_row b = row_with(SIM_CRASHES, 5000);
    fx_put(&f, &b);
    fx_run(&f, 3 * FX_S);
    assert_variant("demo-web..old", 1);
    struct core_row c = row_with(SIM_REFUSED, 0);
    fx_put(&f, &c);
    fx_settle(&f);
    assert_rolled_back();
}

/* And when C cannot even be made, A is up again before it could be. */
static void new_row_without_an_image_keeps_what_worked(void **state)
{
    boot_web();
    struct core_row b = row_with(SIM_CRASHES, 5000);
    fx_put(&f, &b);
    fx_run(&f, 3 * FX_S);
    struct core_row c = row_with(SIM_NO_IMAGE, 0);
    fx_put(&f, &c);
    fx_settle(&f);
    assert_variant("demo-web", 1);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_non_null(strstr(fx_view(&f, "web").reason, "No such image"));
    c.spec = fx_spec(3);
    fx_put(&f, &c);
    fx_settle(&f);
    assert_variant("demo-web", 3);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

static void new_row_during_the_proof(void **state)
{
    boot_web();
    struct core_row b = row_with(SIM_STAYS, 0);
    fx_put(&f, &b);
    fx_run(&f, 3 * FX_S);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 3);
    fx_settle(&f);
    assert_variant("demo-web", 3);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

/* The change is taken back while the new one is being proven: the old one is right again. */
static void row_goes_back_during_the_proof(void **state)
{
    boot_web();
    struct sim_container before = *fx_container(&f, "demo-web");
    struct core_row b = row_with(SIM_STAYS, 0);
    fx_put(&f, &b);
    fx_run(&f, 3 * FX_S);
    fx_clear(&f);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    assert_trace(&f,
                 "stop demo-web, remove demo-web, rename demo-web..old demo-web, start demo-web");
    assert_memory_equal(before.id, fx_container(&f, "demo-web")->id, CONTAINER_ID_SIZE);
}

static void dead_new_one_gives_way_to_the_old(void **state)
{
    boot_web();
    struct core_row b = row_with(SIM_STAYS, 0);
    fx_put(&f, &b);
    fx_run(&f, 3 * FX_S);
    fx_container(&f, "demo-web")->status = CONTAINER_DEAD;
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_int_equal(f.engine.n, 1);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    const char *gone = strstr(f.trace, "remove demo-web..old"),
               *up = strstr(f.trace, "start demo-web");
    assert_non_null(up);
    assert_true(!gone || up < gone); /* the one that worked is let go last */
}

/* Somebody started the old one by hand: it is stopped before the new one is started. */
static void old_one_started_by_hand_is_stopped_first(void **state)
{
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(2), CONTAINER_CREATED);
    (void)fx_plant(&f, "demo-web..old", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_clear(&f);
    PASS(.agent = NULL);
    assert_trace(
        &f, "list, stop demo-web..old, start demo-web, inspect demo-web, remove demo-web..old");
}

/* A start that a killed daemon had asked for is carried out while its successor sets the container
 * aside, or when it is aside: it is stopped before the new one is started. */
static void old_one_started_late(bool aside)
{
    const char *name = aside ? "demo-web..old" : "demo-web";
    boot_web();
    f.hold = true;
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_time(&f);
    fx_answer(&f, 0); /* create */
    fx_answer(&f, 0); /* stop */
    assert_int_equal(f.pending[0].op.kind, OPERATION_RENAME);
    if (aside)
        fx_answer(&f, 0);
    fx_container(&f, name)->status = CONTAINER_RUNNING;
    fx_news(&f, ENGINE_EVENT_START, name, 0);
    while (f.n_pending > 0 || f.list != 0) {
        if (f.list != 0)
            fx_answer_list(&f);
        else
            fx_answer(&f, 0);
        assert_true(fx_runs(&f, "web") <= 1);
    }
    f.hold = false;
    fx_settle(&f);
    assert_variant("demo-web", 2);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

static void old_one_started_late_is_stopped_first(void **state)
{
    old_one_started_late(false);
}

static void old_one_started_late_aside_is_stopped_first(void **state)
{
    old_one_started_late(true);
}

static void forced_recreate(void **state)
{
    boot_web();
    struct sim_container before = *fx_container(&f, "demo-web");
    PASS(.agent = "web", .recreate = true);
    assert_report(&f, "web", REPORT_RECREATED, 14);
    assert_string_equal(f.reports[0].reason, "asked for");
    assert_memory_not_equal(before.id, fx_container(&f, "demo-web")->id, CONTAINER_ID_SIZE);
    assert_int_equal(f.engine.n, 1);
    fx_clear(&f);
    PASS(.agent = "web");
    assert_trace(&f, "list"); /* once */
}

static void forced_recreate_that_fails_keeps_the_old(void **state)
{
    boot_web();
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "port taken");
    PASS(.agent = "web", .recreate = true);
    assert_report(&f, "web", REPORT_ROLLED_BACK, 14);
    assert_rolled_back();
}

/* container_name changes while a spare stands under the old name's spare name. */
static void container_name_changes_half_way(void **state)
{
    boot_web();
    struct core_row b = row_with(SIM_STAYS, 0);
    fx_put(&f, &b);
    fx_run(&f, 3 * FX_S);
    b.container_name = "frontend";
    fx_put(&f, &b);
    fx_settle(&f);
    assert_int_equal(f.engine.n, 1);
    assert_variant("frontend", 2);
    assert_status(&f, "frontend", CONTAINER_RUNNING);
    assert_string_equal(fx_view(&f, "web").reason, "");
}

static void deleted_half_way(void **state)
{
    boot_web();
    struct core_row b = row_with(SIM_STAYS, 0);
    fx_put(&f, &b);
    fx_run(&f, 3 * FX_S);
    fx_delete(&f, "web");
    fx_settle(&f);
    assert_int_equal(f.engine.n, 0);
}

/* Dependencies order first starts; they must not keep down what ran before. */
static void dependency_down_does_not_cost_a_running_one(void **state)
{
    static const struct core_depends on_db = {"db", DEPENDS_STARTED};
    struct core_row db = fx_row("db", LIFECYCLE_HOT, 1), web = fx_row("web", LIFECYCLE_HOT, 1);
    web.depends = &on_db;
    web.n_depends = 1;
    fx_put(&f, &db);
    fx_put(&f, &web);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    db.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    sim_engine_drop(&f.engine, fx_container(&f, "demo-db"));
    fx_put(&f, &db);
    PASS(.agent = NULL);
    assert_state(&f, "db", STATE_FAILED);
    web.spec = fx_spec(2);
    fx_put(&f, &web);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_variant("demo-web", 2);
}

/* Deleted, and there again while it is removed: the removal that was given up may still be carried
 * out, so the container is replaced. It runs by now, and its neighbour is down. */
static void one_that_was_to_be_removed_is_replaced_without_its_neighbour(void **state)
{
    static const struct core_depends on_db = {"db", DEPENDS_STARTED};
    struct core_row db = fx_row("db", LIFECYCLE_HOT, 1), web = fx_row("web", LIFECYCLE_HOT, 1);
    db.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    fx_put(&f, &db);
    fx_put(&f, &web);
    fx_settle(&f);
    fx_script(&f, OPERATION_REMOVE, ENGINE_UNKNOWN, false, "timed out");
    f.hold = true;
    fx_delete(&f, "web");
    fx_run(&f, 0);
    fx_answer(&f, 0); /* the stop */
    web.depends = &on_db;
    web.n_depends = 1;
    fx_put(&f, &web);
    fx_time(&f);
    (void)sim_engine_hand(&f.engine, OPERATION_START, fx_container(&f, "demo-web"), NULL);
    uint8_t old[CONTAINER_ID_SIZE];
    memcpy(old, fx_container(&f, "demo-web")->id, sizeof(old));
    f.hold = false;
    fx_settle(&f);
    assert_memory_not_equal(fx_container(&f, "demo-web")->id, old, sizeof(old));
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 2);
}

/* And when the new one cannot be started, there is nothing to go back to: it is tried again. */
static void one_that_was_to_be_removed_is_not_gone_back_to(void **state)
{
    boot_web();
    fx_script(&f, OPERATION_REMOVE, ENGINE_UNKNOWN, false, "timed out");
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "port taken");
    fx_script(&f, OPERATION_START, ENGINE_REFUSED, false, "port taken");
    f.hold = true;
    fx_delete(&f, "web");
    fx_run(&f, 0);
    fx_answer(&f, 0); /* the stop */
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    f.hold = false;
    fx_settle(&f);
    assert_events(&f, "container_stopped web, container_recovered web");
    assert_variant("demo-web", 2);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refused_start_rolls_back),
        TEST(death_within_ten_seconds_rolls_back),
        TEST(death_after_ten_seconds_does_not),
        TEST(exit_0_is_accepted),
        TEST(ready_by_its_own_test_is_proof),
        TEST(failed_create_costs_nothing),
        TEST(rollback_lasts_until_the_row_changes),
        TEST(rollback_keeps_the_old_one_up),
        TEST(rollback_ends_when_the_kept_one_goes),
        TEST(recreate_survives_a_restart_half_way),
        TEST(rollback_survives_a_restart_half_way),
        TEST(new_row_during_the_proof_keeps_what_worked),
        TEST(new_row_without_an_image_keeps_what_worked),
        TEST(new_row_during_the_proof),
        TEST(row_goes_back_during_the_proof),
        TEST(dead_new_one_gives_way_to_the_old),
        TEST(old_one_started_by_hand_is_stopped_first),
        TEST(old_one_started_late_is_stopped_first),
        TEST(old_one_started_late_aside_is_stopped_first),
        TEST(forced_recreate),
        TEST(forced_recreate_that_fails_keeps_the_old),
        TEST(container_name_changes_half_way),
        TEST(deleted_half_way),
        TEST(dependency_down_does_not_cost_a_running_one),
        TEST(one_that_was_to_be_removed_is_replaced_without_its_neighbour),
        TEST(one_that_was_to_be_removed_is_not_gone_back_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
