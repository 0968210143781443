/* SPDX-License-Identifier: MIT
 *
 * The real store, in memory, beside the pretended one of shell.c: what the daemon writes of each
 * step goes into it, by the daemon's own functions, and what it would read when it starts has to be
 * the same.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/fleet.h"

bool real_store;

struct w_real {
    struct fleet fleet; /* nothing of it but what it remembers */
    unsigned long events;
};

static void must(struct world *w, int r, const struct error *err)
{
    if (r < 0)
        broken(w, "the real store: %s", err->text);
}

void real_begin(struct world *w)
{
    const struct store_options options = {.path = ":memory:", .create = true};
    struct error err = ERROR_INIT;
    if (!real_store)
        return;
    w->real = calloc(1, sizeof(*w->real));
    if (!w->real)
        broken(w, "out of memory");
    w->real->fleet.unsaved_end = &w->real->fleet.unsaved;
    (void)snprintf(w->real->fleet.boot_id, sizeof(w->real->fleet.boot_id), "this");
    must(w, store_open(&options, &w->real->fleet.store, &err), &err);
}

void real_end(struct world *w)
{
    if (w->real)
        w->real->fleet.store = store_close(w->real->fleet.store);
    free(w->real);
    w->real = NULL;
}

/* Rows and tombstones: the triggers count as the pretended table does. */

static int on_row(void *ctx, const struct store_agent *row)
{
    struct world *w = ctx;
    const struct w_agent *a = agent_named(w, row->name);
    if (!a || !a->exists || a->row.generation != row->generation)
        broken(w, "the real store has %s@%llu", row->name, (unsigned long long)row->generation);
    return 0;
}

static int on_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    struct world *w = ctx;
    const struct w_agent *a = agent_named(w, tombstone->name);
    if (!a || !a->tombstone || a->tombstone_generation != tombstone->generation)
        broken(w, "the real store has a tombstone %s@%llu", tombstone->name,
               (unsigned long long)tombstone->generation);
    return 0;
}

static void compare_rows(struct world *w)
{
    struct error err = ERROR_INIT;
    uint64_t generation;
    must(w, store_read_changes(w->real->fleet.store, 0, on_row, on_tombstone, w, &generation, &err),
         &err);
    if (generation != w->generation)
        broken(w, "the real store counts %llu changes of rows, and there were %llu",
               (unsigned long long)generation, (unsigned long long)w->generation);
}

void real_row(struct world *w, const struct w_agent *a)
{
    struct error err = ERROR_INIT;
    char spec[32];
    bool changed;
    if (!w->real)
        return;
    (void)snprintf(spec, sizeof(spec), "[%llu]", (unsigned long long)w->generation);
    const struct store_agent row = {.name = a->name,
                                    .lifecycle = lifecycle_name(a->row.lifecycle),
                                    .image = "image",
                                    .spec = spec,
                                    .held = a->row.held};
    must(w,
         a->exists ? store_write_agent(w->real->fleet.store, &row, &changed, &err)
                   : store_delete_agent(w->real->fleet.store, a->name, &err),
         &err);
    compare_rows(w);
}

/* What is remembered */

void real_commit(struct world *w, const struct effects *effects)
{
    struct error err = ERROR_INIT;
    if (!w->real)
        return;
    must(w, fleet_remember(&w->real->fleet, effects, &err), &err);
    for (size_t i = 0; i < effects->n; i++)
        w->real->events += effects->items[i].kind == EFFECT_EVENT;
    if (w->real->fleet.last_event != (int64_t)w->real->events)
        broken(w, "the real store has %lld events, and %lu were told",
               (long long)w->real->fleet.last_event, w->real->events);
}

struct found {
    struct world *w;
    size_t n;
};

static bool is_same(const struct core_memory *a, const struct core_memory *b)
{
    return a->has_container == b->has_container &&
           (!a->has_container || memcmp(a->container, b->container, CONTAINER_ID_SIZE) == 0) &&
           a->state == b->state && strcmp(a->reason, b->reason) == 0 &&
           a->failed_generation == b->failed_generation && a->episodes == b->episodes &&
           a->crashes == b->crashes &&
           memcmp(a->restarts_ns, b->restarts_ns, sizeof(a->restarts_ns)) == 0 &&
           a->retry_at_ns == b->retry_at_ns && a->idle_since_ns == b->idle_since_ns &&
           a->job_ran == b->job_ran && a->to_follow == b->to_follow;
}

static int on_state(void *ctx, const struct store_state *state)
{
    struct found *found = ctx;
    const struct w_agent *a = agent_named(found->w, state->agent);
    struct core_memory memory;
    if (!fleet_memory_of(&found->w->real->fleet, state, &memory) || !a || !a->has_memory ||
        !is_same(&memory, &a->memory))
        broken(found->w, "the real store remembers something else of %s", state->agent);
    found->n++;
    return 0;
}

static int on_lease(void *ctx, const struct store_lease *lease)
{
    struct found *found = ctx;
    for (size_t i = 0; i < W_LEASES; i++) {
        const struct w_lease *l = &found->w->leases[i];
        if (l->live && !l->doomed && strcmp(l->id, lease->id) == 0 &&
            strcmp(l->agent, lease->agent) == 0 && l->until_ns == lease->until_ns &&
            l->expires_ms == lease->expires_ms) {
            found->n++;
            return 0;
        }
    }
    broken(found->w, "the real store has another lease: %s of %s", lease->id, lease->agent);
}

void real_compare(struct world *w)
{
    struct error err = ERROR_INIT;
    struct found states = {w, 0}, leases = {w, 0};
    size_t n_states = 0, n_leases = 0;
    if (!w->real)
        return;
    compare_rows(w);
    must(w, store_read_states(w->real->fleet.store, on_state, &states, &err), &err);
    must(w, store_read_leases(w->real->fleet.store, on_lease, &leases, &err), &err);
    for (size_t i = 0; i < W_AGENTS; i++)
        n_states += w->agents[i].has_memory;
    for (size_t i = 0; i < W_LEASES; i++)
        n_leases += w->leases[i].live && !w->leases[i].doomed;
    if (states.n != n_states || leases.n != n_leases)
        broken(w, "the real store has %zu states of %zu and %zu leases of %zu", states.n, n_states,
               leases.n, n_leases);
    w->counts.stored += states.n + leases.n;
}
