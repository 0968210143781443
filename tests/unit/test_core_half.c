/* SPDX-License-Identifier: MIT
 *
 * Recreates that were left half way, all of them: each of the three names is free or has a
 * container, in each state, as its row says or not; with a row that works, cannot be started, or
 * crashes; hot and lazy; the listing in either order. From each of these ~14,000 the core must come
 * to one right container and then leave it alone; on the way it never lets go of what worked before
 * the new one has run ten seconds, and never has two of them running.
 */
#include "core_fixture.h"

#include <string.h>

static const enum container_status statuses[] = {CONTAINER_CREATED,    CONTAINER_RUNNING,
                                                 CONTAINER_EXITED,     CONTAINER_PAUSED,
                                                 CONTAINER_RESTARTING, CONTAINER_DEAD};
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))
#define CHOICES  (1 + 2 * STATUSES) /* nothing; or a status, as wanted or not */

static const char *const names[] = {"demo-web", "demo-web..new", "demo-web..old"};

struct choice {
    bool there;
    bool wanted;
    enum container_status status;
};

struct start {
    enum lifecycle lifecycle;
    enum sim_conduct conduct; /* of the row */
    bool backwards;
    struct choice slots[3];
};

static struct fixture f;
static uint8_t old_id[CONTAINER_ID_SIZE];

static struct choice choice_of(size_t i)
{
    if (i == 0)
        return (struct choice){0};
    return (struct choice){true, (i - 1) % 2 == 0, statuses[(i - 1) / 2]};
}

#define OTHER_VARIANT 1
#define ROW_VARIANT   2

static struct spec_id row_spec(const struct start *s)
{
    return sim_spec(
        (struct sim_plan){.variant = ROW_VARIANT, .conduct = s->conduct, .run_ms = 3000});
}

static void print_start(const struct start *s)
{
    static const char *const conducts[] = {"works", "is refused", "crashes", "ends",
                                           "has no image"};
    (void)printf("    row: %s, %s%s:", lifecycle_name(s->lifecycle), conducts[s->conduct],
                 s->backwards ? ", backwards" : "");
    for (int i = 0; i < 3; i++)
        if (s->slots[i].there)
            (void)printf(" %s %s %s;", names[i], s->slots[i].wanted ? "right" : "wrong",
                         container_status_name(s->slots[i].status));
    (void)printf("\n");
    (void)fflush(stdout);
}

static void plant(const struct start *s)
{
    memset(old_id, 0, sizeof(old_id));
    for (int i = 0; i < 3; i++) {
        if (!s->slots[i].there)
            continue;
        struct spec_id spec = s->slots[i].wanted ? row_spec(s) : fx_spec(OTHER_VARIANT);
        struct sim_container *c =
            fx_plant(&f, names[i], "web", s->lifecycle, spec, s->slots[i].status);
        if (i == 2)
            memcpy(old_id, c->id, sizeof(old_id));
        c->exit_code = s->slots[i].wanted && s->conduct == SIM_CRASHES ? 1 : 0;
        if (c->status == CONTAINER_RESTARTING)
            c->next_ns = f.now_ns + 100 * SIM_MS_NS;
        else if (c->status == CONTAINER_RUNNING && sim_plan_of(&c->spec).conduct == SIM_CRASHES)
            c->next_ns = f.now_ns + 3 * FX_S;
    }
}

/* What worked, as far as one can tell: it is of another spec or was kept as the old one, has run,
 * is not dead, and is not a new one that was never put in place. */
static unsigned count_worked(void)
{
    unsigned n = 0;
    for (size_t i = 0; i < f.engine.n; i++) {
        const struct sim_container *c = &f.engine.containers[i];
        bool is_older = sim_plan_of(&c->spec).variant == OTHER_VARIANT ||
                        memcmp(c->id, old_id, sizeof(old_id)) == 0;
        n += is_older && c->status != CONTAINER_DEAD && c->status != CONTAINER_CREATED &&
             strcmp(c->name, names[1]) != 0;
    }
    return n;
}

/* With those that the engine is about to start again. */
static unsigned count_up(void)
{
    unsigned n = fx_runs(&f, "web");
    for (size_t i = 0; i < f.engine.n; i++)
        n += f.engine.containers[i].status == CONTAINER_RESTARTING;
    return n;
}

static bool new_one_is_proven(void)
{
    const struct sim_container *c = sim_engine_named(&f.engine, names[0]);
    if (!c || sim_plan_of(&c->spec).variant != ROW_VARIANT)
        return false;
    return (c->status == CONTAINER_RUNNING && f.now_ns - c->up_since_ns >= 10 * FX_S) ||
           (c->status == CONTAINER_EXITED && c->exit_code == 0);
}

/* One event at a time, so that what must hold always is seen to. */
static void run_watched(const struct start *s)
{
    unsigned worked = count_worked(), up = count_up();
    uint64_t until = f.now_ns + 400 * FX_S;
    for (unsigned busy = 0; f.now_ns < until; busy++) {
        assert_true(busy < 1000);
        if (f.list)
            fx_answer_list(&f);
        else if (f.n_pending > 0)
            fx_answer(&f, 0);
        else
            fx_run(&f, FX_S / 2);
        unsigned still = count_worked();
        if (s->lifecycle == LIFECYCLE_HOT && worked > 0 && still == 0)
            assert_true(new_one_is_proven());
        worked = still;
        unsigned still_up = count_up();
        assert_true(still_up <= 1 || still_up <= up);
        up = still_up;
    }
}

static void check_end(const struct start *s, bool had_worked)
{
    const struct sim_container *c = fx_container(&f, names[0]);
    bool is_right = sim_plan_of(&c->spec).variant == ROW_VARIANT;
    if (s->lifecycle == LIFECYCLE_HOT && is_right && c->status == CONTAINER_PAUSED)
        return; /* somebody paused it in the middle of its proof: for as long, the old one is kept
                 */
    assert_int_equal(f.engine.n, 1);
    bool runs = c->status == CONTAINER_RUNNING;
    if (s->conduct == SIM_STAYS && !is_right) {
        /* only where the new one was seen to fail, and then the old one goes on */
        assert_true(s->slots[0].wanted && s->slots[2].there);
        assert_true(s->slots[0].status == CONTAINER_RESTARTING);
    }
    if (s->lifecycle == LIFECYCLE_LAZY)
        assert_true(is_right && !runs);
    else if (s->conduct == SIM_STAYS || !is_right)
        assert_true(runs || c->status == CONTAINER_PAUSED);
    else if (s->conduct == SIM_REFUSED && had_worked)
        assert_true(new_one_is_proven());
}

static void check_one(const struct start *s)
{
    fx_open(&f, &(struct core_config){.resync_ns = 30 * FX_S});
    plant(s);
    bool had_worked = count_worked() > 0;
    struct core_row row = {.name = "web", .lifecycle = s->lifecycle, .spec = row_spec(s)};
    row.idle_timeout_ns = 20 * FX_S;
    f.list_backwards = s->backwards;
    f.hold = true;
    fx_put(&f, &row);
    fx_time(&f);
    run_watched(s);
    check_end(s, had_worked);
    f.hold = false;
    fx_settle(&f);
    unsigned operations = f.operations;
    fx_pass(&f, (struct core_pass){.agent = "web"});
    if (s->conduct == SIM_STAYS || s->lifecycle == LIFECYCLE_LAZY)
        assert_int_equal(f.operations, operations);
    fx_close(&f);
}

static bool has_run(const struct choice *c)
{
    return c->there && c->status != CONTAINER_CREATED && c->status != CONTAINER_DEAD;
}

/* A row that does not work, and a container of it that was kept because it did, or that cannot even
 * start, and has: these are no starts. */
static bool is_absurd(const struct start *s)
{
    const struct choice *main = &s->slots[0], *old = &s->slots[2];
    return (s->conduct != SIM_STAYS && old->wanted && has_run(old)) ||
           (s->conduct == SIM_REFUSED && main->wanted && has_run(main));
}

static void every_half(enum lifecycle lifecycle, enum sim_conduct conduct)
{
    struct start s = {.lifecycle = lifecycle, .conduct = conduct};
    for (size_t i = 0; i < CHOICES * CHOICES * CHOICES * 2; i++) {
        s.backwards = i % 2;
        s.slots[0] = choice_of(i / 2 % CHOICES);
        s.slots[1] = choice_of(i / 2 / CHOICES % CHOICES);
        s.slots[2] = choice_of(i / 2 / CHOICES / CHOICES);
        if (is_absurd(&s))
            continue;
        print_start(&s);
        check_one(&s);
    }
}

static void every_half_hot(void **state)
{
    every_half(LIFECYCLE_HOT, SIM_STAYS);
}

static void every_half_hot_refused(void **state)
{
    every_half(LIFECYCLE_HOT, SIM_REFUSED);
}

static void every_half_hot_crashing(void **state)
{
    every_half(LIFECYCLE_HOT, SIM_CRASHES);
}

static void every_half_lazy(void **state)
{
    every_half(LIFECYCLE_LAZY, SIM_STAYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_hot),
        cmocka_unit_test(every_half_hot_refused),
        cmocka_unit_test(every_half_hot_crashing),
        cmocka_unit_test(every_half_lazy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
