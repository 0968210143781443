/* SPDX-License-Identifier: MIT
 *
 * A core without rows that has had its first listing, anew for each test, and the few words in
 * which many tests speak of it.
 */
#pragma once

#include "core_fixture.h"

static struct fixture f;

static inline int open_fixture(void **state)
{
    fx_open(&f, NULL);
    fx_run(&f, 0);
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
