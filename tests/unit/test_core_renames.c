/* SPDX-License-Identifier: MIT
 *
 * Names that a container has and should not have: given by hand, which is told, or by an earlier
 * row, which is not.
 */
#include "core_world.h"

#include <string.h>

static int open_web(void **state)
{
    (void)open_fixture(state);
    boot("web", LIFECYCLE_HOT);
    return 0;
}

static struct core_row named(const char *container_name, unsigned variant)
{
    struct core_row row = fx_row("web", LIFECYCLE_HOT, variant);
    row.container_name = container_name;
    return row;
}

/* The name that it had then: told late, it has another by now. */
static void rename_told(const char *name)
{
    struct core_event event = {
        .kind = CORE_ENGINE_EVENT,
        .news = {.action = ENGINE_EVENT_RENAME, .name = name, .agent = "web"}};
    memcpy(event.news.id, f.engine.containers[0].id, CONTAINER_ID_SIZE);
    (void)fx_step(&f, &event);
}

static void a_row_that_gives_another_name_is_nobodys_hand(void **state)
{
    struct core_row row = named("own", 1);
    fx_put(&f, &row);
    fx_settle(&f);
    assert_status(&f, "own", CONTAINER_RUNNING);
    assert_events(&f, "");
}

static void nor_is_it_while_it_is_held(void **state)
{
    struct core_row row = named(NULL, 1);
    row.held = true;
    fx_put(&f, &row);
    fx_settle(&f);
    row.container_name = "own";
    fx_put(&f, &row);
    fx_settle(&f);
    row.held = false;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_status(&f, "own", CONTAINER_RUNNING);
    assert_events(&f, "");
}

static void a_rename_while_it_is_held_is_told_when_it_is_let_go(void **state)
{
    struct core_row row = named(NULL, 1);
    row.held = true;
    fx_put(&f, &row);
    fx_settle(&f);
    (void)sim_engine_hand(&f.engine, OPERATION_RENAME, &f.engine.containers[0], "other");
    rename_told("other");
    fx_settle(&f);
    assert_events(&f, "");
    row.held = false;
    fx_put(&f, &row);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_events(&f, "container_renamed web, container_recovered web");
}

/* The names of the spare containers change with it. */
static void nor_is_it_in_the_middle_of_a_recreate(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, 3 * FX_S);
    assert_int_equal(f.engine.n, 2);
    struct core_row row = named("own", 2);
    fx_put(&f, &row);
    fx_settle(&f);
    assert_status(&f, "own", CONTAINER_RUNNING);
    assert_events(&f, "");
}

static void nor_while_the_earlier_name_is_being_given(void **state)
{
    struct core_row row = named("first", 1);
    f.hold = true;
    fx_put(&f, &row);
    fx_run(&f, 0);
    fx_answer_list(&f);
    fx_run(&f, 0);
    row.container_name = "own";
    fx_put(&f, &row);
    fx_run(&f, 0);
    f.hold = false;
    fx_settle(&f);
    assert_trace(&f, "list, rename demo-web first, list, rename first own");
    assert_events(&f, "");
}

static void our_own_rename_that_is_told_late_is_nobodys_hand(void **state)
{
    rename_told("demo-web..old");
    fx_settle(&f);
    assert_events(&f, "");
    assert_trace(&f, "list");
}

/* Its trouble lasts, over our restart too, until that one has its name again. */
static void an_old_one_that_was_renamed_beside_the_new_one_is_told_once(void **state)
{
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 2);
    fx_run(&f, 3 * FX_S);
    (void)sim_engine_hand(&f.engine, OPERATION_RENAME, fx_container(&f, "demo-web..old"), "other");
    rename_told("other");
    fx_run(&f, FX_S);
    assert_events(&f, "container_renamed web");
    fx_clear(&f);
    fx_script(&f, OPERATION_RENAME, ENGINE_UNKNOWN, false, "timed out");
    fx_dies_for_good(&f, "demo-web", 1);
    fx_run(&f, 0);
    assert_trace(&f, "inspect demo-web, remove demo-web, rename other demo-web, list");
    assert_events(&f, "container_stopped web, rolled_back web");
    fx_restart(&f);
    fx_settle(&f);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_events(&f, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_web, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_that_gives_another_name_is_nobodys_hand),
        TEST(nor_is_it_while_it_is_held),
        TEST(a_rename_while_it_is_held_is_told_when_it_is_let_go),
        TEST(nor_is_it_in_the_middle_of_a_recreate),
        TEST(nor_while_the_earlier_name_is_being_given),
        TEST(our_own_rename_that_is_told_late_is_nobodys_hand),
        TEST(an_old_one_that_was_renamed_beside_the_new_one_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
