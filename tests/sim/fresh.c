/* SPDX-License-Identifier: MIT
 *
 * However a fleet came to its table, it ends as a fresh one would that makes the table from nothing
 * (after Acto, SOSP 2023): the same containers, of the same specs, up or down.
 *
 * Not compared is what a fresh fleet cannot know: an agent that was rolled back, that somebody
 * paused or planted a container for, that is in use with its old spec, or that hangs together with
 * one of a job that was done.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

static void copy_table(struct world *to, const struct world *from)
{
    to->generation = from->generation;
    for (size_t i = 0; i < W_AGENTS; i++) {
        const struct w_agent *a = &from->agents[i];
        struct w_agent *b = &to->agents[i];
        b->exists = b->stale = a->exists;
        b->row = a->row;
        memcpy(b->depends, a->depends, sizeof(b->depends));
        (void)snprintf(b->container_name, sizeof(b->container_name), "%s", a->container_name);
    }
    to->poll_ns = to->now_ns;
}

static void make_fresh(struct world *fresh, const struct world *w)
{
    trace(fresh, "---- the same table, from nothing");
    world_open(fresh, w->seed);
    (void)snprintf(fresh->again, sizeof(fresh->again), "%s", w->again);
    fresh->engine.no_update = w->engine.no_update;
    copy_table(fresh, w);
    world_run(fresh, 1200 * SECOND);
}

static bool is_up(const struct sim_container *c)
{
    return c->status == CONTAINER_RUNNING || c->status == CONTAINER_RESTARTING;
}

/* Who depends on it, and so says whether it is awake. */
static bool hangs_on_simple_ones(const struct world *w, const struct w_agent *a)
{
    for (size_t i = 0; i < W_AGENTS; i++) {
        const struct w_agent *d = &w->agents[i];
        for (size_t j = 0; d->exists && j < d->row.n_depends; j++)
            if (strcmp(d->depends[j].agent, a->name) == 0 &&
                (d->row.job || !quiet_is_simple(w, d) || !hangs_on_simple_ones(w, d)))
                return false;
    }
    return true;
}

/* Put to sleep so by roost: it stands still, whatever it is to be woken for. */
static bool depends_on_a_paused_one(const struct world *w, const struct w_agent *a)
{
    for (size_t i = 0; i < a->row.n_depends; i++) {
        char name[SIM_NAME_SIZE];
        const struct w_agent *on = agent_named((struct world *)(uintptr_t)w, a->depends[i].agent);
        const struct sim_container *c = sim_engine_named(&w->engine, final_name(on, name));
        if (c && c->status == CONTAINER_PAUSED)
            return true;
    }
    return false;
}

static void compare(struct world *w, const struct world *fresh, size_t i)
{
    const struct w_agent *a = &w->agents[i], *b = &fresh->agents[i];
    if (!quiet_is_simple(w, a))
        return;
    if (depends_on_a_paused_one(fresh, b))
        return;
    if (!quiet_is_simple(fresh, b))
        broken(w, "%s is as it should be, and would not be if it were made anew", a->name);
    const struct sim_container *c = quiet_container(w, a), *d = quiet_container(fresh, b);
    bool same = c && d && memcmp(&c->spec, &d->spec, sizeof(c->spec)) == 0 &&
                c->made_as == d->made_as && c->policy == d->policy && !c->with == !d->with;
    bool deferred = a->row.lifecycle == LIFECYCLE_LAZY && c && is_up(c) && !same;
    if (!d)
        broken(w, "%s has no container if it is made anew", a->name);
    if (!c || c->status == CONTAINER_PAUSED || deferred || quiet_is_rolled_back(w, a))
        return;
    if (!same)
        broken(w, "%s is made otherwise than anew", a->name);
    if (!a->row.job && hangs_on_simple_ones(w, a) && is_up(c) != is_up(d))
        broken(w, "%s is %s, and made anew it is %s", a->name, container_status_name(c->status),
               container_status_name(d->status));
    w->counts.compared++;
}

void check_fresh(struct world *w)
{
    static struct world fresh;
    make_fresh(&fresh, w);
    for (size_t i = 0; i < W_AGENTS; i++)
        compare(w, &fresh, i);
    world_drop(&fresh);
}
