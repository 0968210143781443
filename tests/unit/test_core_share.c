/* SPDX-License-Identifier: MIT
 *
 * Containers that are made of another agent's container: its network, its volumes.
 */
#include "core_world.h"

#include <string.h>

static struct core_depends on_vpn[] = {{"vpn", DEPENDS_STARTED, .shares = true}};

static void put(const char *name, enum lifecycle lifecycle, struct core_depends *depends,
                unsigned variant)
{
    struct core_row row = fx_row(name, lifecycle, variant);
    row.depends = depends;
    row.n_depends = depends ? 1 : 0;
    fx_put(&f, &row);
}

static uint64_t with_of(const char *name)
{
    return fx_container(&f, name)->with;
}

static void put_both(enum lifecycle lifecycle)
{
    put("app", lifecycle, on_vpn, 0);
    put("vpn", LIFECYCLE_HOT, NULL, 0);
    fx_settle(&f);
}

static void the_other_is_made_first(void **state)
{
    put_both(LIFECYCLE_HOT);
    const char *vpn = strstr(f.trace, "create demo-vpn"), *app = strstr(f.trace, "create demo-app");
    assert_true(vpn && app && vpn < app);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    assert_true(with_of("demo-app") != 0);
    assert_true(with_of("demo-vpn") == 0);
}

static void made_anew_when_the_other_is(void **state)
{
    put_both(LIFECYCLE_HOT);
    uint64_t before = with_of("demo-app");
    fx_clear(&f);
    put("vpn", LIFECYCLE_HOT, NULL, 1);
    fx_run(&f, 120 * FX_S);
    assert_true(with_of("demo-app") != before && with_of("demo-app") != 0);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 2);
    /* once, and when the other one has proven itself */
    const char *gone = strstr(f.trace, "remove demo-vpn..old");
    const char *made = strstr(f.trace, "create demo-app..new");
    assert_true(gone && made && gone < made);
    assert_null(strstr(made + 1, "create demo-app..new"));
    fx_clear(&f);
    unsigned before_restart = f.operations;
    fx_restart(&f);
    fx_run(&f, 120 * FX_S);
    assert_int_equal(f.operations, before_restart); /* nothing is changed */
}

/* The pass that makes the other one anew is over when this one is, too. */
static void a_pass_waits_for_it(void **state)
{
    put_both(LIFECYCLE_HOT);
    uint64_t before = with_of("demo-app");
    fx_pass(&f, (struct core_pass){.agent = "vpn", .recreate = true});
    assert_report(&f, "app", REPORT_RECREATED, 14);
    assert_true(with_of("demo-app") != before);
    assert_int_equal(f.engine.n, 2);
}

/* Its namespace ends with each run of the other one: it is restarted in place, once, when that runs
 * again. */
static struct core_depends in_vpn[] = {{"vpn", DEPENDS_STARTED, .shares = true, .joins = true}};

static void assert_one_restart_of_app(void)
{
    const char *stop = strstr(f.trace, "stop demo-app, start demo-app");
    assert_non_null(stop);
    assert_null(strstr(stop + 1, "stop demo-app"));
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
}

static void follows_each_run_of_whose_namespace_it_is_in(void **state)
{
    for (int by_hand = 0; by_hand < 2; by_hand++) {
        ROW("by hand: %d", by_hand);
        put("app", LIFECYCLE_HOT, in_vpn, 0);
        put("vpn", LIFECYCLE_HOT, NULL, 0);
        fx_settle(&f);
        fx_clear(&f);
        if (by_hand)
            fx_stopped_by_hand(&f, "demo-vpn");
        else
            fx_dies(&f, "demo-vpn", 1);
        fx_run(&f, 600 * FX_S); /* each is inspected meanwhile, which tells nothing new */
        assert_one_restart_of_app();
    }
}

/* The second crash has a back-off: nobody waits for that one meanwhile. */
static void follows_what_comes_back_after_a_back_off(void **state)
{
    put("app", LIFECYCLE_HOT, in_vpn, 0);
    put("vpn", LIFECYCLE_HOT, NULL, 0);
    fx_settle(&f);
    for (int i = 0; i < 3; i++) {
        ROW("crash %d", i + 1);
        fx_run(&f, 30 * FX_S);
        fx_clear(&f);
        fx_dies_for_good(&f, "demo-vpn", 1);
        fx_run(&f, 5 * FX_S);
        assert_status(&f, "demo-vpn", CONTAINER_RUNNING);
        assert_non_null(strstr(f.trace, "stop demo-app, start demo-app"));
    }
}

/* Started now it would be refused, or would follow at once. */
static void waits_while_the_engine_restarts_whose_namespace_it_is_in(void **state)
{
    put("app", LIFECYCLE_HOT, in_vpn, 0);
    put("vpn", LIFECYCLE_HOT, NULL, 0);
    fx_settle(&f);
    fx_dies(&f, "demo-vpn", 1);
    assert_status(&f, "demo-vpn", CONTAINER_RESTARTING);
    fx_container(&f, "demo-vpn")->next_ns = f.now_ns + 20 * FX_S;
    fx_dies_for_good(&f, "demo-app", 1);
    fx_clear(&f);
    fx_run(&f, 15 * FX_S);
    assert_status(&f, "demo-vpn", CONTAINER_RESTARTING);
    assert_null(strstr(f.trace, "start demo-app"));
    fx_run(&f, 10 * FX_S);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    const char *start = strstr(f.trace, "start demo-app");
    assert_true(start && !strstr(start + 1, "start demo-app"));
}

static void assert_follows_once(void)
{
    fx_clear(&f);
    fx_restart(&f);
    fx_run(&f, 120 * FX_S);
    assert_one_restart_of_app();
}

/* It is left with a dead one, whether the other runs again by then or is started by us, and
 * whichever comes first. */
static void follows_a_run_that_began_while_roost_was_away(void **state)
{
    for (int i = 0; i < 4; i++) {
        bool again = i & 1, owner_first = i & 2;
        ROW("runs again: %d, the owner first: %d", again, owner_first);
        fx_close(&f);
        fx_open(&f, NULL);
        if (owner_first)
            put("vpn", LIFECYCLE_HOT, NULL, 0);
        put("app", LIFECYCLE_HOT, in_vpn, 0);
        if (!owner_first)
            put("vpn", LIFECYCLE_HOT, NULL, 0);
        fx_settle(&f);
        (void)sim_engine_hand(&f.engine, OPERATION_STOP, fx_container(&f, "demo-vpn"), NULL);
        if (again)
            (void)sim_engine_hand(&f.engine, OPERATION_START, fx_container(&f, "demo-vpn"), NULL);
        assert_follows_once();
        unsigned before_restart = f.operations;
        fx_restart(&f); /* now it is the younger one */
        fx_run(&f, 120 * FX_S);
        assert_int_equal(f.operations, before_restart);
    }
}

/* It is another run by when it began, which the sweep finds: later than the one before, or earlier
 * by a clock that went back; in the first run, or soon after one that nobody has looked at. */
static void follows_a_restart_that_nobody_told(void **state)
{
    for (int i = 0; i < 4; i++) {
        bool back = i & 1, after_crash = i & 2;
        ROW("the clock goes back: %d, after a crash: %d", back, after_crash);
        fx_close(&f);
        fx_open(&f, &(struct core_config){.fleet = "demo", .resync_ns = 30 * FX_S});
        put("app", LIFECYCLE_HOT, in_vpn, 0);
        put("vpn", LIFECYCLE_HOT, NULL, 0);
        fx_settle(&f);
        if (after_crash)
            fx_dies(&f, "demo-vpn", 1);
        fx_run(&f, 60 * FX_S);
        fx_clear(&f);
        if (back)
            sim_engine_move_clock(&f.engine, -(int64_t)(3600 * FX_S));
        (void)sim_engine_restart_container(&f.engine, fx_container(&f, "demo-vpn"));
        fx_run(&f, 600 * FX_S);
        assert_one_restart_of_app();
        fx_clear(&f);
        fx_run(&f, 1200 * FX_S);
        assert_null(strstr(f.trace, "stop demo-app"));
    }
}

/* Whatever it began by that, its next run is not compared: it would be restarted for ever. */
static void a_clock_that_went_back_costs_one_restart(void **state)
{
    put("app", LIFECYCLE_HOT, in_vpn, 0);
    put("vpn", LIFECYCLE_HOT, NULL, 0);
    fx_settle(&f);
    fx_container(&f, "demo-vpn")->started_ns += (int64_t)(3600 * FX_S);
    assert_follows_once();
    fx_clear(&f);
    for (int i = 0; i < 3; i++) {
        fx_pass(&f, (struct core_pass){.deep = true});
        fx_settle(&f);
    }
    assert_null(strstr(f.trace, "stop demo-app"));
}

/* Made of one that has not proven itself, and is rolled back then. */
static void made_of_one_that_does_not_stay(void **state)
{
    put_both(LIFECYCLE_HOT);
    uint64_t before = with_of("demo-app");
    struct core_row row = fx_row("vpn", LIFECYCLE_HOT, 0);
    row.spec = sim_spec((struct sim_plan){.conduct = SIM_CRASHES, .run_ms = 8000, .variant = 3});
    fx_put(&f, &row);
    fx_run(&f, 3 * FX_S);
    fx_removed_by_hand(&f, "demo-app");
    fx_run(&f, 2 * FX_S);
    assert_true(with_of("demo-app") != 0 && with_of("demo-app") != before);
    fx_run(&f, 120 * FX_S);
    assert_state(&f, "vpn", STATE_FAILED);
    assert_true(with_of("demo-app") == before);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
}

/* What only shares its volumes does not. */
static void volumes_outlive_a_run(void **state)
{
    put_both(LIFECYCLE_HOT);
    fx_clear(&f);
    fx_dies(&f, "demo-vpn", 1);
    fx_run(&f, 120 * FX_S);
    assert_null(strstr(f.trace, "demo-app"));
}

/* Removed by hand, or pruned: it is made again, and is another one. */
static void made_anew_when_the_other_was_lost(void **state)
{
    put_both(LIFECYCLE_HOT);
    uint64_t before = with_of("demo-app");
    fx_removed_by_hand(&f, "demo-vpn");
    fx_run(&f, 120 * FX_S);
    assert_true(with_of("demo-app") != before);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 2);
}

static void roost_was_away_meanwhile(void **state)
{
    put_both(LIFECYCLE_HOT);
    uint64_t before = with_of("demo-app");
    fx_removed_by_hand(&f, "demo-vpn");
    fx_restart(&f);
    fx_run(&f, 120 * FX_S);
    assert_true(with_of("demo-app") != before);
    assert_int_equal(f.engine.n, 2);
}

/* Without its network it is of no use to who leased it, so that is not waited for. */
static void a_lazy_one_in_use_too(void **state)
{
    put_both(LIFECYCLE_LAZY);
    (void)fx_wake(&f, "app", 3600 * FX_S, true);
    fx_run(&f, 10 * FX_S);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    uint64_t before = with_of("demo-app");
    put("vpn", LIFECYCLE_HOT, NULL, 1);
    fx_run(&f, 120 * FX_S);
    assert_true(with_of("demo-app") != before);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
}

/* The new one does not start: the old one goes on, and so does what shares it. */
static void a_roll_back_changes_nothing(void **state)
{
    put_both(LIFECYCLE_HOT);
    uint64_t before = with_of("demo-app");
    struct core_row row = fx_row("vpn", LIFECYCLE_HOT, 0);
    row.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    fx_put(&f, &row);
    fx_clear(&f);
    fx_run(&f, 120 * FX_S);
    assert_true(with_of("demo-app") == before);
    assert_null(strstr(f.trace, "demo-app"));
    assert_status(&f, "demo-vpn", CONTAINER_RUNNING);
}

/* Whether it shares is a part of what it depends on. */
static void a_dependency_that_shares_from_now_on(void **state)
{
    static struct core_depends apart[] = {{"vpn", DEPENDS_STARTED}};
    put("app", LIFECYCLE_HOT, apart, 0);
    put("vpn", LIFECYCLE_HOT, NULL, 0);
    fx_settle(&f);
    assert_true(with_of("demo-app") == 0);
    put("app", LIFECYCLE_HOT, on_vpn, 1);
    fx_run(&f, 120 * FX_S);
    assert_true(with_of("demo-app") != 0);
}

static void why_it_is_made_anew_is_reported(void **state)
{
    put_both(LIFECYCLE_HOT);
    fx_container(&f, "demo-app")->with++;
    fx_pass(&f, (struct core_pass){.agent = "app"});
    assert_report(&f, "app", REPORT_RECREATED, 14);
    assert_string_equal(fx_report(&f, "app")->reason, "a container that it shares was made anew");
}

/* The other one is not made, since it is held: so the engine says what is missing. */
static void one_that_is_not_to_come_is_not_waited_for(void **state)
{
    struct core_row vpn = fx_row("vpn", LIFECYCLE_HOT, 0);
    vpn.held = true;
    fx_put(&f, &vpn);
    fx_settle(&f);
    fx_clear(&f);
    fx_script(&f, OPERATION_CREATE, ENGINE_REFUSED, false, "no such container: demo-vpn");
    put("app", LIFECYCLE_HOT, on_vpn, 0);
    fx_run(&f, 0);
    assert_trace(&f, "create demo-app");
    assert_string_equal(fx_view(&f, "app").reason, "no such container: demo-vpn");
}

static void assert_of_the_present_one(void)
{
    assert_memory_equal(fx_container(&f, "demo-app")->partners[0], fx_container(&f, "demo-vpn")->id,
                        CONTAINER_ID_SIZE);
}

/* Made while nobody knows yet whether the other one stays: it follows that one all the same. */
static void made_during_the_proof_of_the_other(void **state)
{
    put("vpn", LIFECYCLE_HOT, NULL, 0);
    fx_settle(&f);
    put("vpn", LIFECYCLE_HOT, NULL, 1);
    fx_run(&f, 5 * FX_S);
    put("app", LIFECYCLE_HOT, on_vpn, 0);
    fx_run(&f, 3 * FX_S);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    uint64_t before = with_of("demo-app");
    fx_settle(&f);
    assert_true(with_of("demo-app") == before);
    put("vpn", LIFECYCLE_HOT, NULL, 2);
    fx_run(&f, 120 * FX_S);
    assert_true(with_of("demo-app") != before);
    assert_of_the_present_one();
}

/* Asked for before the other one was there, and made when it was. */
static void made_when_the_other_has_just_come(void **state)
{
    f.hold = true;
    put("app", LIFECYCLE_HOT, on_vpn, 0);
    fx_run(&f, 0);
    put("vpn", LIFECYCLE_HOT, NULL, 0);
    fx_run(&f, 0);
    assert_trace(&f, "create demo-app, create demo-vpn");
    fx_answer(&f, 1);
    fx_answer(&f, 0);
    assert_of_the_present_one();
    f.hold = false;
    fx_settle(&f);
    put("vpn", LIFECYCLE_HOT, NULL, 1);
    fx_run(&f, 120 * FX_S);
    assert_of_the_present_one();
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
}

/* Somebody else's copy of one that has no row is nothing that is under way. */
static void who_has_no_row_is_not_waited_for(void **state)
{
    put("app", LIFECYCLE_HOT, on_vpn, 0);
    (void)fx_plant(&f, "a-copy", "vpn", LIFECYCLE_HOT, fx_spec(0), CONTAINER_EXITED);
    fx_pass(&f, (struct core_pass){0});
    assert_non_null(strstr(fx_report(&f, "app")->error, "No such container"));
}

static void answer_all_of(const char *agent)
{
    fx_time(&f);
    for (size_t i = 0; i < f.n_pending;)
        if (strcmp(f.pending[i].agent, agent) == 0) {
            fx_answer(&f, i);
            i = 0;
        } else {
            i++;
        }
}

/* The engine starts nobody in a network that nobody runs in. */
static void started_when_the_other_runs(void **state)
{
    put_both(LIFECYCLE_HOT);
    fx_clear(&f);
    f.hold = true;
    fx_removed_by_hand(&f, "demo-vpn");
    fx_run(&f, 0);
    fx_answer(&f, 0); /* it is created, and its start is under way */
    answer_all_of("app");
    assert_null(strstr(f.trace, "start demo-app"));
    f.hold = false;
    fx_settle(&f);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    assert_int_equal(f.engine.n, 2);
    assert_true(fx_view(&f, "app").state == STATE_RUNNING);
}

/* That it cannot be started without the other one does not show that it does not work. */
static void not_rolled_back_for_want_of_the_other(void **state)
{
    put_both(LIFECYCLE_HOT);
    struct core_row row = fx_row("vpn", LIFECYCLE_HOT, 0);
    row.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    fx_put(&f, &row);
    fx_removed_by_hand(&f, "demo-vpn");
    fx_settle(&f);
    assert_state(&f, "vpn", STATE_FAILED);
    assert_state(&f, "app", STATE_FAILED);
    put("vpn", LIFECYCLE_HOT, NULL, 3);
    fx_run(&f, 400 * FX_S);
    assert_status(&f, "demo-app", CONTAINER_RUNNING);
    assert_string_equal(fx_view(&f, "app").reason, "");
    assert_int_equal(f.engine.n, 2);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, open_listing, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_other_is_made_first),
        TEST(made_anew_when_the_other_is),
        TEST(follows_each_run_of_whose_namespace_it_is_in),
        TEST(follows_what_comes_back_after_a_back_off),
        TEST(waits_while_the_engine_restarts_whose_namespace_it_is_in),
        TEST(follows_a_run_that_began_while_roost_was_away),
        TEST(follows_a_restart_that_nobody_told),
        TEST(a_clock_that_went_back_costs_one_restart),
        TEST(made_of_one_that_does_not_stay),
        TEST(volumes_outlive_a_run),
        TEST(a_pass_waits_for_it),
        TEST(made_anew_when_the_other_was_lost),
        TEST(roost_was_away_meanwhile),
        TEST(a_lazy_one_in_use_too),
        TEST(a_roll_back_changes_nothing),
        TEST(a_dependency_that_shares_from_now_on),
        TEST(why_it_is_made_anew_is_reported),
        TEST(one_that_is_not_to_come_is_not_waited_for),
        TEST(made_during_the_proof_of_the_other),
        TEST(made_when_the_other_has_just_come),
        TEST(who_has_no_row_is_not_waited_for),
        TEST(started_when_the_other_runs),
        TEST(not_rolled_back_for_want_of_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
