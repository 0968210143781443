/* SPDX-License-Identifier: MIT
 *
 * Leases and who asks for them, where it is not plain: what is answered, and what stays of it.
 */
#include "core_world.h"

#include <string.h>

static void an_orphan_is_nobody_to_wake(void **state)
{
    (void)fx_plant(&f, "demo-lost", "lost", LIFECYCLE_LAZY, fx_spec(1), CONTAINER_EXITED);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_LOOK});
    fx_settle(&f);
    assert_events(&f, "container_orphaned lost");
    (void)fx_wake(&f, "lost", FX_S, false);
    (void)fx_wake(&f, "nobody", FX_S, false);
    assert_answers(&f, "1 no_agent, 2 no_agent");
    assert_int_equal(leases_of("lost"), 0);
    assert_int_equal(leases_of("nobody"), 0);
}

static void a_hot_agent_is_not_put_to_sleep(void **state)
{
    fx_sleep(&f, "web");
    fx_settle(&f);
    assert_answers(&f, "1 hot");
    assert_trace(&f, "");
}

static void a_lease_that_is_remembered_twice_is_one(void **state)
{
    struct core_event event = {.kind = CORE_LEASE,
                               .lease = {.id = "l9", .agent = "job", .until_ns = f.now_ns + FX_S}};
    (void)fx_step(&f, &event);
    (void)fx_step(&f, &event);
    assert_int_equal(leases_of("job"), 1);
}

static void a_lease_of_nobody_is_not_remembered(void **state)
{
    struct core_event event = {
        .kind = CORE_LEASE, .lease = {.id = "l9", .agent = "nobody", .until_ns = f.now_ns + FX_S}};
    (void)fx_step(&f, &event);
    assert_int_equal(leases_of("nobody"), 0);
}

static void who_waits_for_one_that_is_held_is_told_so(void **state)
{
    f.hold = true;
    (void)fx_wake(&f, "job", 600 * FX_S, true);
    assert_answers(&f, "");
    struct core_row row = fx_row("job", LIFECYCLE_LAZY, 1);
    row.held = true;
    fx_put(&f, &row);
    fx_time(&f);
    assert_answers(&f, "1 held");
    f.hold = false;
}

/* It crashed again and again, and is started in a while: nobody waits for that. */
static void who_waits_for_one_that_crashes_is_told_so(void **state)
{
    (void)fx_wake(&f, "job", 6000 * FX_S, false);
    fx_run(&f, FX_S);
    for (int i = 0; i < 8; i++) {
        fx_dies_for_good(&f, "demo-job", 1);
        fx_run(&f, i < 7 ? 200 * FX_S / 3 : FX_S);
    }
    assert_status(&f, "demo-job", CONTAINER_EXITED);
    assert_answers(&f, "1 done");
    (void)fx_wake(&f, "job", 6000 * FX_S, true);
    assert_answers(&f, "2 failed");
}

/* Somebody wants it to sleep, and somebody else wants it awake before it does. When they are done,
 * it has all of its idle time. */
static void a_wake_takes_back_a_sleep(void **state)
{
    (void)fx_wake(&f, "job", 600 * FX_S, false);
    fx_run(&f, 20 * FX_S);
    f.hold = true;
    fx_news(&f, ENGINE_EVENT_OOM, "demo-job", 0);
    assert_trace(&f, "start demo-job, inspect demo-job");
    fx_sleep(&f, "job"); /* when the inspection is there */
    uint64_t wake = fx_wake(&f, "job", 600 * FX_S, false);
    char lease[CORE_LEASE_ID_SIZE];
    (void)snprintf(lease, sizeof(lease), "l%llu", (unsigned long long)wake);
    f.hold = false;
    fx_run(&f, FX_S);
    fx_release(&f, lease);
    fx_run(&f, 600 * FX_S);
    assert_status(&f, "demo-job", CONTAINER_RUNNING);
}

static const struct core_depends on_job[] = {{"job", DEPENDS_STARTED}},
                                 on_mid[] = {{"mid", DEPENDS_STARTED}};

/* Who is woken wakes what it depends on, and what that depends on; and lets go of it. */
static void a_lease_is_one_on_all_that_it_needs(void **state)
{
    struct core_row mid = fx_row("mid", LIFECYCLE_LAZY, 1), top = fx_row("top", LIFECYCLE_LAZY, 1);
    mid.depends = on_job;
    top.depends = on_mid;
    mid.n_depends = top.n_depends = 1;
    fx_put(&f, &mid);
    fx_put(&f, &top);
    fx_settle(&f);
    fx_clear(&f);
    (void)fx_wake(&f, "top", 600 * FX_S, false);
    fx_run(&f, FX_S);
    assert_trace(&f, "start demo-job, start demo-mid, start demo-top");
    fx_sleep(&f, "top");
    fx_run(&f, FX_S);
    assert_status(&f, "demo-top", CONTAINER_EXITED);
    fx_run(&f, 2000 * FX_S);
    assert_trace(&f, "stop demo-top, stop demo-mid, stop demo-job");
    (void)fx_wake(&f, "top", 600 * FX_S, false);
    fx_run(&f, FX_S);
    assert_trace(&f, "start demo-job, start demo-mid, start demo-top");
}

/* roost is killed while a container is being removed for a row that may be put back. */
static void a_container_that_is_leaving_is_not_remembered(void **state)
{
    fx_delete(&f, "job");
    f.hold = true;
    fx_time(&f);
    assert_trace(&f, "remove demo-job");
    assert_false(fx_memory(&f, "job")->memory.has_container);
    f.hold = false;
    fx_settle(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_orphan_is_nobody_to_wake),
        TEST(a_hot_agent_is_not_put_to_sleep),
        TEST(a_lease_that_is_remembered_twice_is_one),
        TEST(a_lease_of_nobody_is_not_remembered),
        TEST(who_waits_for_one_that_is_held_is_told_so),
        TEST(who_waits_for_one_that_crashes_is_told_so),
        TEST(a_wake_takes_back_a_sleep),
        TEST(a_lease_is_one_on_all_that_it_needs),
        TEST(a_container_that_is_leaving_is_not_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
