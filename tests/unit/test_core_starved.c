/* SPDX-License-Identifier: MIT
 *
 * The core without memory: the n-th allocation of a busy story fails, for each n in turn, alone or
 * with the next few. Nothing may crash or leak, no effect may go out half made, and once memory is
 * back the fleet comes to its table.
 */
#include "core_fixture.h"

#include <stdlib.h>
#include <string.h>

static bool counting;
static unsigned long counted, fail_at, fail_n;

static bool fails(void)
{
    if (!counting)
        return false;
    counted++;
    return counted >= fail_at && counted < fail_at + fail_n;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

static void in_core(bool in)
{
    counting = in;
}

static struct fixture f;

static const struct core_depends on_db[] = {{"db", DEPENDS_STARTED},
                                            {"named", DEPENDS_STARTED, .optional = true}};

static void boot(void)
{
    struct core_row web = fx_row("web", LIFECYCLE_HOT, 1),
                    named = fx_row("named", LIFECYCLE_HOT, 1);
    struct core_row bad = fx_row("bad", LIFECYCLE_HOT, 1);
    web.depends = on_db;
    web.n_depends = 2;
    named.container_name = "frontend";
    bad.invalid = "spec: bad";
    (void)fx_plant(&f, "demo-gone", "gone", LIFECYCLE_HOT, fx_spec(1), CONTAINER_RUNNING);
    (void)fx_plant(&f, "demo-web", "web", LIFECYCLE_HOT, fx_spec(9), CONTAINER_RUNNING);
    fx_put(&f, &web);
    fx_put(&f, &named);
    fx_put(&f, &bad);
    fx_put_simple(&f, "db", LIFECYCLE_LAZY, 1);
    fx_run(&f, 40 * FX_S);
}

/* A row that comes while the listing of a pass is under way. */
static void change_in_a_pass(void)
{
    struct core_row web = fx_row("web", LIFECYCLE_HOT, 1);
    web.depends = on_db;
    web.n_depends = 1;
    f.hold = true;
    (void)fx_step(&f, &(struct core_event){.kind = CORE_PASS, .pass = {.pass = 5}});
    fx_put(&f, &web);
    f.hold = false;
    fx_run(&f, 10 * FX_S);
}

static void change(void)
{
    struct core_row broken = fx_row("named", LIFECYCLE_HOT, 0);
    broken.container_name = "frontend";
    broken.spec = sim_spec((struct sim_plan){.conduct = SIM_REFUSED});
    fx_put(&f, &broken);
    (void)fx_step(&f, &(struct core_event){.kind = CORE_PASS, .pass = {.pass = 1, .deep = true}});
    (void)fx_step(&f, &(struct core_event){.kind = CORE_PASS,
                                           .pass = {.pass = 2, .agent = "db", .dry_run = true}});
    fx_run(&f, 40 * FX_S);
    fx_delete(&f, "never");
    fx_run(&f, FX_S);
    f.break_lists = 1;
    (void)fx_step(&f, &(struct core_event){.kind = CORE_PASS, .pass = {.pass = 4}});
    fx_run(&f, 10 * FX_S);
    change_in_a_pass();
    fx_delete(&f, "bad");
    fx_put_simple(&f, "db", LIFECYCLE_LAZY, 2);
    broken.container_name = "backend";
    broken.spec = fx_spec(3);
    fx_put(&f, &broken);
    fx_run(&f, 40 * FX_S);
}

/* Without memory it may not have come to be. */
static void stop_by_hand(const char *container)
{
    if (sim_engine_named(&f.engine, container))
        fx_stopped_by_hand(&f, container);
}

static void ask(enum core_event_kind kind, const char *lease)
{
    struct core_event event = {.kind = kind};
    if (kind == CORE_RENEW)
        event.renew = (struct core_renew){.wake = 9, .lease = lease, .ttl_ns = 90 * FX_S};
    else if (kind == CORE_ENGINE_LOST)
        event.words = "connection refused";
    (void)fx_step(&f, &event);
}

/* People ask for things, and the engine is lost and comes back. */
static void use(void)
{
    struct core_row held = fx_row("web", LIFECYCLE_HOT, 1);
    held.depends = on_db;
    held.n_depends = 2;
    held.held = true;
    (void)fx_wake(&f, "db", 90 * FX_S, true);
    (void)fx_wake(&f, "db", 90 * FX_S, false);
    (void)fx_wake(&f, "nobody", 90 * FX_S, false);
    ask(CORE_RENEW, "l1");
    ask(CORE_RENEW, "l9");
    fx_put_simple(&f, "db", LIFECYCLE_LAZY, 2); /* its leases are told again */
    fx_run(&f, FX_S);
    fx_release(&f, "l1");
    fx_release(&f, "l9");
    fx_sleep(&f, "db");
    fx_sleep(&f, "web");
    ask(CORE_ENGINE_LOST, NULL);
    fx_run(&f, FX_S);
    ask(CORE_ENGINE_RESTORED, NULL);
    fx_run(&f, 40 * FX_S);
    fx_put(&f, &held);
    stop_by_hand("demo-web");
    fx_run(&f, 10 * FX_S);
    held.held = false;
    fx_put(&f, &held);
    fx_run(&f, 40 * FX_S);
}

static void boot_again(void)
{
    fx_restart(&f);
    (void)fx_step(
        &f, &(struct core_event){.kind = CORE_PASS, .pass = {.pass = 3, .remove_orphans = true}});
    fx_run(&f, 40 * FX_S);
}

static void story(void)
{
    fx_open(&f, &(struct core_config){.resync_ns = 30 * FX_S});
    f.may_starve = true;
    f.in_core = in_core;
    boot();
    change();
    use();
    boot_again();
}

/* Memory is back: a last look, and all is as the table says. */
static void check_end(void)
{
    fail_n = 0;
    f.may_starve = false;
    fx_run(&f, 700 * FX_S);
    fx_pass(&f, (struct core_pass){.remove_orphans = true});
    assert_string_equal(f.report_error, "");
    fx_settle(&f);
    assert_int_equal(f.engine.n, 3);
    assert_status(&f, "demo-web", CONTAINER_RUNNING);
    assert_int_equal(sim_plan_of(&fx_container(&f, "demo-web")->spec).variant, 1);
    assert_status(&f, "backend", CONTAINER_RUNNING);
    assert_int_equal(sim_plan_of(&fx_container(&f, "backend")->spec).variant, 3);
    assert_status(&f, "demo-db", CONTAINER_RUNNING);
    assert_string_equal(f.forgotten, "bad@8");
    assert_int_equal(f.n_memories, 3);
    for (size_t i = 0; i < f.n_memories; i++) {
        struct agent_view view = fx_view(&f, f.memories[i].name);
        assert_int_equal(view.state, STATE_RUNNING);
        assert_int_equal(f.memories[i].memory.state, view.state);
        assert_string_equal(f.memories[i].reason, view.reason);
        assert_memory_equal(f.memories[i].memory.container, view.container, CONTAINER_ID_SIZE);
    }
    unsigned operations = f.operations;
    fx_settle(&f);
    assert_int_equal(f.operations, operations);
}

static void fail_each(unsigned long in_a_row)
{
    unsigned long n = 0;
    do {
        fail_at = ++n;
        fail_n = in_a_row;
        counted = 0;
        ROW("allocation %lu and %lu more", fail_at, in_a_row - 1);
        story();
        check_end();
        fx_close(&f);
    } while (counted >= n);
    assert_true(n > 80); /* it did fail something */
}

static void each_allocation_fails_alone(void **state)
{
    fail_each(1);
}

static void each_allocation_fails_with_the_next(void **state)
{
    fail_each(2);
    fail_each(7);
    fail_each(40);
}

static void core_new_fails(void **state)
{
    struct core_config config = {.fleet = "demo"};
    fail_n = 1;
    for (fail_at = 1; fail_at <= 2; fail_at++) {
        counted = 0;
        counting = true;
        struct core *core = core_new(&config);
        counting = false;
        assert_null(core);
    }
    assert_null(core_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_alone),
        cmocka_unit_test(each_allocation_fails_with_the_next),
        cmocka_unit_test(core_new_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
