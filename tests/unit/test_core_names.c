/* SPDX-License-Identifier: MIT
 *
 * Whose container is it? By its name, its labels and its id, where they do not agree.
 */
#include "core_world.h"

#include <string.h>

/* Names and strangers ----------------------------------------------------------------------------
 */

static struct sim_container *stranger(const char *name)
{
    return fx_plant(&f, name, NULL, LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
}

static void a_stranger_under_a_name_given_by_hand_is_in_the_way(void **state)
{
    (void)stranger("frontend");
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.container_name = "frontend";
    fx_put(&f, &row);
    fx_pass(&f, (struct core_pass){0});
    assert_report(&f, "web", REPORT_ERROR, 1);
    assert_non_null(strstr(fx_view(&f, "web").reason, "name_conflict"));
}

/* The one that its agent would have without. */
static void the_name_that_a_row_gave_up_is_anybodys(void **state)
{
    (void)stranger("demo-web");
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.container_name = "frontend";
    fx_put(&f, &row);
    look();
    fx_settle(&f);
    assert_string_equal(fx_view(&f, "web").reason, "");
    assert_status(&f, "frontend", CONTAINER_RUNNING);
}

static void a_stranger_under_a_similar_name_is_in_nobodys_way(void **state)
{
    (void)stranger("demo2web");
    (void)stranger("demo");
    boot("web", LIFECYCLE_HOT);
    look();
    assert_string_equal(fx_view(&f, "web").reason, "");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

/* Of Compose's own containers, the one of this service is told as that. */
static void a_stranger_of_another_service_is_a_conflict_of_names(void **state)
{
    struct sim_container *c = stranger("demo-web");
    (void)snprintf(c->compose_service, sizeof(c->compose_service), "db");
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    look();
    assert_non_null(strstr(fx_view(&f, "web").reason, "name_conflict"));
}

static void labels_with_a_name_that_cannot_be_make_a_stranger(void **state)
{
    (void)fx_plant(&f, "demo-web", "../web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    look();
    assert_non_null(strstr(fx_view(&f, "web").reason, "name_conflict"));
    struct agent_view view;
    assert_false(core_view_agent(f.core, "../web", &view));
}

/* Ours was renamed, and another one has its labels and its name: whichever is listed first. */
static void two_that_may_be_the_same_one_are_a_duplicate(void **state)
{
    for (int backwards = 0; backwards < 2; backwards++) {
        ROW("%s", backwards ? "the copy first" : "ours first");
        open_anew(NULL);
        boot("web", LIFECYCLE_HOT);
        by_hand(OPERATION_RENAME, "demo-web", "elsewhere");
        (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_EXITED);
        f.list_backwards = backwards;
        f.hold = true;
        step(CORE_LOOK);
        fx_answer_list(&f);
        assert_non_null(strstr(fx_view(&f, "web").reason, "duplicate"));
        assert_trace(&f, "list");
        f.hold = false;
    }
}

static void the_same_tombstone_may_be_told_twice(void **state)
{
    struct core_event event = {
        .kind = CORE_TOMBSTONE,
        .tombstone = {.name = "web", .generation = 7, .container_name = "frontend"}};
    open_anew(NULL);
    (void)fx_plant(&f, "frontend", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_EXITED);
    (void)fx_step(&f, &event);
    (void)fx_step(&f, &event);
    fx_settle(&f);
    assert_int_equal(f.engine.n, 0);
    assert_string_equal(f.forgotten, "web@7");
}

static void what_is_remembered_of_nobody_is_ignored(void **state)
{
    (void)fx_step(
        &f, &(struct core_event){.kind = CORE_MEMORY, .memory = {.name = "nobody", .reason = ""}});
    struct agent_view view;
    assert_false(core_view_agent(f.core, "nobody", &view));
}

/* Another one under the same name ----------------------------------------------------------------
 */

static struct sim_container *replace_by_hand(const char *name, const char *agent)
{
    sim_engine_drop(&f.engine, fx_container(&f, name));
    struct sim_container *c =
        fx_plant(&f, name, agent, LIFECYCLE_HOT, fx_spec(1), CONTAINER_EXITED);
    return c;
}

/* Nobody told of it: it is another one, of which nothing is known, and not one that went down. */
static void one_that_was_replaced_by_hand_has_not_stopped(void **state)
{
    boot("web", LIFECYCLE_HOT);
    (void)replace_by_hand("demo-web", "web");
    look();
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_events(&f, "");
}

static void one_that_was_replaced_while_roost_was_away_has_not_stopped(void **state)
{
    boot("web", LIFECYCLE_HOT);
    (void)replace_by_hand("demo-web", "web");
    fx_restart(&f);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_events(&f, "");
}

/* roost was killed in the middle of its stop; then it was another one's time. */
static void a_stop_under_way_explains_nothing_of_the_next_container(void **state)
{
    boot("job", LIFECYCLE_LAZY);
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    f.hold = true;
    fx_sleep(&f, "job");
    assert_int_equal(f.n_pending, 1);
    struct sim_container *c = replace_by_hand("demo-job", "job");
    c->made_as = c->policy = LIFECYCLE_LAZY;
    c->status = CONTAINER_RUNNING;
    c->up_since_ns = f.now_ns;
    f.hold = false;
    fx_restart(&f);
    fx_run(&f, FX_S);
    fx_dies_for_good(&f, "demo-job", 1);
    fx_run(&f, 0);
    assert_events(&f, "container_stopped job");
}

static void a_version_of_the_spec_is_a_difference(void **state)
{
    struct spec_id old = fx_spec(1);
    old.version++;
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, old, CONTAINER_RUNNING);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_pass(&f, (struct core_pass){0});
    assert_report(&f, "web", REPORT_RECREATED, 14);
    assert_string_equal(fx_report(&f, "web")->reason, "spec changed");
}

static void a_state_without_a_name_is_left_alone(void **state)
{
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_STATUS_UNKNOWN);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_pass(&f, (struct core_pass){0});
    assert_report(&f, "web", REPORT_UNCHANGED, 23);
    assert_trace(&f, "list");
}

/* Nothing but a spare is left of it. */
static void a_spare_of_a_deleted_row_is_removed(void **state)
{
    open_anew(NULL);
    fx_delete(&f, "web");
    (void)fx_plant(&f, "demo-web..old", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_EXITED);
    fx_settle(&f);
    assert_trace(&f, "list, remove demo-web..old");
    assert_string_equal(f.forgotten, "web@1");
}

/* Somebody's container became that of a row: it is known by its id, and gets our name. */
static void one_that_is_taken_over_is_not_renamed_by_hand(void **state)
{
    struct sim_container *c =
        fx_plant(&f, "my-web", "web", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    struct core_row row = fx_row("web", LIFECYCLE_HOT, 1);
    row.look_first = true;
    f.hold = true;
    fx_put(&f, &row);
    fx_time(&f);
    assert_trace(&f, "list");
    struct observation o;
    sim_engine_observe(c, false, &o);
    o.by_id = true;
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTED, .listed = {f.list, &o}});
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LISTING_END,
                                           .listing_end = {.list = f.list, .whole = true}});
    assert_trace(&f, "rename my-web demo-web");
    f.list = 0;
    f.hold = false;
    fx_put(&f, &row); /* it is known by now: there is nothing to look for */
    fx_settle(&f);
    assert_trace(&f, "");
    assert_events(&f, "");
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stranger_under_a_name_given_by_hand_is_in_the_way),
        TEST(the_name_that_a_row_gave_up_is_anybodys),
        TEST(a_stranger_under_a_similar_name_is_in_nobodys_way),
        TEST(a_stranger_of_another_service_is_a_conflict_of_names),
        TEST(labels_with_a_name_that_cannot_be_make_a_stranger),
        TEST(two_that_may_be_the_same_one_are_a_duplicate),
        TEST(the_same_tombstone_may_be_told_twice),
        TEST(what_is_remembered_of_nobody_is_ignored),
        TEST(one_that_was_replaced_by_hand_has_not_stopped),
        TEST(one_that_was_replaced_while_roost_was_away_has_not_stopped),
        TEST(a_stop_under_way_explains_nothing_of_the_next_container),
        TEST(a_version_of_the_spec_is_a_difference),
        TEST(a_state_without_a_name_is_left_alone),
        TEST(a_spare_of_a_deleted_row_is_removed),
        TEST(one_that_is_taken_over_is_not_renamed_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
