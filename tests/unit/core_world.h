/* SPDX-License-Identifier: MIT
 *
 * A core that has had its first listing, anew for each test, and the few words in which many tests
 * speak of it.
 */
#pragma once

#include "core_fixture.h"

static struct fixture f;

static inline int open_with(const struct core_config *config)
{
    fx_open(&f, config);
    fx_run(&f, 0);
    fx_clear(&f);
    return 0;
}

/* No rows. */
static inline int open_fixture(void **state)
{
    return open_with(NULL);
}

/* No rows. A listing each 10 s tells what the stream, which is the tests' to write, does not. */
static inline int open_listing(void **state)
{
    return open_with(&(struct core_config){.fleet = "demo", .resync_ns = 10 * FX_S});
}

/* A lazy "job" and a hot "web", as they should be. */
static inline int open_pair(void **state)
{
    (void)open_with(NULL);
    fx_put_simple(&f, "job", LIFECYCLE_LAZY, 1);
    fx_put_simple(&f, "web", LIFECYCLE_HOT, 1);
    fx_settle(&f);
    fx_clear(&f);
    return 0;
}

static inline int close_fixture(void **state)
{
    fx_close(&f);
    return 0;
}

#define PASS(...) fx_pass(&f, (struct core_pass){__VA_ARGS__})

static inline void begin_pass(struct core_pass request)
{
    (void)fx_step(&f, &(struct core_event){.kind = CORE_PASS, .pass = request});
}

/* Nothing was listed yet. */
static inline void open_anew(const struct core_config *config)
{
    fx_close(&f);
    fx_open(&f, config);
}

static inline void boot(const char *name, enum lifecycle lifecycle)
{
    fx_put_simple(&f, name, lifecycle, 1);
    fx_settle(&f);
    assert_events(&f, "");
    fx_clear(&f);
}

static inline void count_lease(void *ctx, const struct core_lease *lease)
{
    ++*(unsigned *)ctx;
}

static inline unsigned leases_of(const char *agent)
{
    unsigned n = 0;
    core_each_lease(f.core, agent, count_lease, &n);
    return n;
}

static inline void step(enum core_event_kind kind)
{
    (void)fx_step(&f, &(struct core_event){.kind = kind, .words = "connection refused"});
}

static inline void look(void)
{
    step(CORE_LOOK);
    fx_run(&f, 0);
}

static inline void by_hand(enum operation_kind kind, const char *container, const char *name)
{
    assert_int_equal(sim_engine_hand(&f.engine, kind, fx_container(&f, container), name),
                     ENGINE_DONE);
}
