/* SPDX-License-Identifier: MIT
 *
 * Time: what happens next, one thing after the other.
 */
#include "world.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* xorshift128+, seeded by splitmix64. */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint64_t next_random(struct world *w)
{
    uint64_t a = w->random[0], b = w->random[1];
    w->random[0] = b;
    a ^= a << 23;
    w->random[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return w->random[1] + b;
}

void seed_random(struct world *w, uint64_t seed)
{
    w->random[0] = splitmix(&seed);
    w->random[1] = splitmix(&seed);
}

uint64_t roll(struct world *w, uint64_t n)
{
    return next_random(w) % n;
}

bool chance(struct world *w, unsigned per_mille)
{
    return roll(w, 1000) < per_mille;
}

void world_open(struct world *w, uint64_t seed)
{
    static const unsigned in_flight[] = {1, 2, 4, 16};
    static const unsigned paces[] = {1, 1, 1, 1, 1, 3, 20, 100};
    memset(w, 0, sizeof(*w));
    w->seed = seed;
    seed_random(w, seed);
    w->now_ns = w->engine.now_ns = 1000 * SECOND;
    w->wall_ms = 1700000000000;
    w->engine_up = w->stream_open = true;
    w->engine_up_ns = w->notice_ns = w->boot_ns = w->stream_open_ns = w->poll_ns = NEVER;
    w->max_in_flight = in_flight[roll(w, 4)];
    w->faulty = chance(w, 800);
    w->pace = paces[roll(w, 8)];
    w->act_ns = w->now_ns;
    w->engine.no_update = chance(w, 100);
    w->engine.lingers = true;
    w->whole = seed >= W_WHOLE_FROM;
    w->counts.whole = w->whole;
    for (size_t i = 0; i < W_AGENTS; i++)
        (void)snprintf(w->agents[i].name, sizeof(w->agents[i].name), "a%zu", i);
    real_begin(w);
    shell_boot(w);
}

void world_drop(struct world *w)
{
    for (size_t i = 0; i < W_REQUESTS; i++)
        requests_forget(w, &w->requests[i]);
    w->core = core_free(w->core);
    sim_engine_free(&w->engine);
    real_end(w);
}

void world_close(struct world *w)
{
    world_drop(w);
    trace_free();
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_ns(const struct world *w)
{
    uint64_t at = earlier(requests_next(w), accidents_next(w));
    at = earlier(at, sim_engine_next(&w->engine));
    at = earlier(at, w->poll_ns);
    if (w->engine_up)
        at = earlier(at, w->boot_ns);
    if (w->core)
        at = earlier(at, core_next_deadline(w->core));
    return w->chaos ? earlier(at, w->act_ns) : at;
}

static void act(struct world *w)
{
    bool taken = choose_act(w);
    w->act_ns = w->now_ns + 1 + w->pace * roll(w, chance(w, 300) ? 20 * SECOND : 300 * MS);
    if (!taken)
        return;
    if (w->faulty && chance(w, 120))
        accident(w);
    else
        user_act(w);
}

/* All that is due now, one after the other; what each brings about comes in the next round. */
static void round_of_now(struct world *w)
{
    sim_engine_advance(&w->engine, w->now_ns);
    news_collect(w);
    if (w->boot_ns <= w->now_ns && w->engine_up)
        shell_boot(w);
    if (w->poll_ns <= w->now_ns)
        shell_tell_rows(w);
    accidents_run(w);
    requests_run(w);
    news_collect(w);
    if (w->chaos && w->act_ns <= w->now_ns)
        act(w);
    news_collect(w);
    if (w->core && core_next_deadline(w->core) <= w->now_ns) {
        struct core_event event = {.kind = CORE_TIME};
        shell_step(w, &event);
    }
    check_always(w);
    w->counts.steps++;
}

static void pass_time(struct world *w, uint64_t to_ns)
{
    w->wall_ms += (int64_t)((to_ns - w->now_ns) / MS);
    w->counts.ms += (to_ns - w->now_ns) / MS;
    w->counts.chaos_ms += w->chaos ? (to_ns - w->now_ns) / MS : 0;
    w->now_ns = to_ns;
}

/* More rounds than this at one moment is a loop. */
#define STANDSTILL_MAX 20000

static void go_on(struct world *w, uint64_t until_ns, unsigned acts)
{
    unsigned standstill = 0;
    while (w->act < acts) {
        uint64_t at = next_ns(w);
        if (at > until_ns)
            break;
        standstill = at > w->now_ns ? 0 : standstill + 1;
        if (standstill > STANDSTILL_MAX)
            broken(w, "time stands still");
        if (at > w->now_ns) {
            pass_time(w, at);
        }
        round_of_now(w);
    }
    if (until_ns != NEVER && w->now_ns < until_ns)
        pass_time(w, until_ns);
}

void world_run(struct world *w, uint64_t duration_ns)
{
    go_on(w, w->now_ns + duration_ns, UINT_MAX);
}

void world_acts(struct world *w, unsigned n)
{
    w->act_ns = w->now_ns;
    go_on(w, NEVER, w->act + n);
}
