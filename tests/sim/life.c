/* SPDX-License-Identifier: MIT
 *
 * A life: chaos and quiet in turn.
 */
#include "world.h"

#include <stdio.h>

struct w_counts total;
struct life life_now;

static void add_counts(const struct w_counts *c)
{
    unsigned long *sum = (unsigned long *)&total;
    const unsigned long *more = (const unsigned long *)c;
    for (size_t i = 0; i < sizeof(*c) / sizeof(*sum); i++)
        sum[i] += more[i];
}

void live(const struct life *life)
{
    static struct world w;
    life_now = *life;
    choices_begin();
    world_open(&w, life->seed);
    (void)snprintf(w.again, sizeof(w.again), "sim --seed %llu --steps %lu --trace",
                   (unsigned long long)life->seed, life->steps);
    while (w.counts.steps < life->steps) {
        w.chaos = true;
        world_acts(&w, 5 + (unsigned)roll(&w, 90));
        check_quiet(&w);
    }
    check_fresh(&w);
    add_counts(&w.counts);
    world_close(&w);
}

/* Nothing fails, and only rows are changed, all at once: often before the first ones have come to
 * what they say. */
void live_tables(uint64_t seed)
{
    static struct world w;
    life_now = (struct life){0};
    world_open(&w, seed);
    (void)snprintf(w.again, sizeof(w.again), "sim --tables %llu..%llu --trace",
                   (unsigned long long)seed, (unsigned long long)seed);
    for (unsigned i = 0; i < 3; i++) {
        user_table(&w, 1 + (unsigned)roll(&w, 20));
        world_run(&w, roll(&w, 2) ? 600 * SECOND : roll(&w, 20 * SECOND));
    }
    check_quiet(&w);
    check_fresh(&w);
    add_counts(&w.counts);
    world_close(&w);
}
