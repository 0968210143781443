/* SPDX-License-Identifier: MIT
 *
 * depends_on: whom a start waits for, and who is wanted awake because somebody awake depends on it.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

static void forget_dependents(struct core *core)
{
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        if (a->n_dependents > 0)
            mark_dirty(core, a); /* the last one may be gone */
        free(a->dependents);
        a->dependents = NULL;
        a->n_dependents = 0;
        a->on_cycle = false;
        a->mark = 0;
    }
}

static bool add_dependent(struct agent *a, struct agent *dependent)
{
    struct agent **dependents =
        realloc(a->dependents, (a->n_dependents + 1) * sizeof(struct agent *));
    if (!dependents)
        return false;
    dependents[a->n_dependents++] = dependent;
    a->dependents = dependents;
    return true;
}

/* Peel off, again and again, agents that depend on nobody left (Kahn). What stays is on a circle,
 * or depends on one. `mark` counts the dependencies that are left. */
static bool find_cycles(struct core *core)
{
    struct agent **peeled = calloc(HASH_COUNT(core->agents), sizeof(struct agent *));
    if (!peeled)
        return false;
    size_t n = 0;
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        if (a->mark == 0)
            peeled[n++] = a;
    }
    while (n > 0) {
        a = peeled[--n];
        for (size_t i = 0; i < a->n_dependents; i++)
            if (--a->dependents[i]->mark == 0)
                peeled[n++] = a->dependents[i];
    }
    free(peeled);
    HASH_ITER (hh, core->agents, a, next) {
        a->on_cycle = a->mark > 0;
        if (a->n_depends > 0 || a->n_dependents > 0)
            mark_dirty(core, a);
    }
    return true;
}

void depends_refresh(struct core *core)
{
    if (!core->depends_stale)
        return;
    forget_dependents(core);
    struct agent *a, *next;
    bool any = false;
    HASH_ITER (hh, core->agents, a, next) {
        if (a->presence != PRESENCE_ROW)
            continue;
        for (size_t i = 0; i < a->n_depends; i++) {
            struct agent *b = agents_find(core, a->depends[i].agent);
            if (!b || b->presence != PRESENCE_ROW)
                continue;
            any = true;
            a->mark++;
            if (!add_dependent(b, a)) {
                core->starved = true; /* stays stale: built again at the next step */
                return;
            }
        }
    }
    if (any && !find_cycles(core))
        core->starved = true;
    else
        core->depends_stale = false;
}

void depends_wake_dependents(struct core *core, struct agent *a)
{
    if (core->depends_stale)
        return; /* the refresh marks them all */
    for (size_t i = 0; i < a->n_dependents; i++) {
        struct agent *d = a->dependents[i];
        if (d->blocked || d->stuck || (d->to_follow && !d->on_cycle))
            mark_dirty(core, d);
    }
}

void depends_touch(struct core *core, struct agent *a)
{
    for (size_t i = 0; i < a->n_depends; i++) {
        struct agent *b = agents_find(core, a->depends[i].agent);
        if (b)
            mark_dirty(core, b);
    }
}

/* Wanted awake, or not yet asleep: what it needs stays up for as long. */
static bool is_awake(const struct core *core, const struct agent *a)
{
    return agent_is_wanted_awake(core, a) || (container_is_up(&a->containers[SLOT_MAIN]) &&
                                              a->containers[SLOT_MAIN].status != CONTAINER_PAUSED);
}

const struct core_depends *depends_on(const struct agent *dependent, const struct agent *a)
{
    static const struct core_depends none = {.condition = DEPENDS_STARTED};
    for (size_t i = 0; i < dependent->n_depends; i++)
        if (strcmp(dependent->depends[i].agent, a->name) == 0)
            return &dependent->depends[i];
    return &none;
}

/* An awake dependent is an implicit lease. One that waits for our completion wants one run of us,
 * not a loop. */
bool depends_want_awake(const struct core *core, const struct agent *a)
{
    if (core->depends_stale || a->on_cycle || a->job_done)
        return false;
    for (size_t i = 0; i < a->n_dependents; i++) {
        const struct agent *d = a->dependents[i];
        if (d->on_cycle || d->held || d->invalid || !is_awake(core, d))
            continue;
        if (depends_on(d, a)->condition != DEPENDS_COMPLETED)
            return true;
        const struct container *c = &a->containers[SLOT_MAIN];
        bool runs_once = !c->known || c->status == CONTAINER_CREATED || container_is_up(c);
        if (runs_once && !a->job) /* a job wants its run by itself */
            return true;
    }
    return false;
}

bool depends_is_met(const struct agent *b, enum depends_condition condition)
{
    const struct container *c = &b->containers[SLOT_MAIN];
    switch (condition) {
    case DEPENDS_STARTED:
        return c->known && (c->status == CONTAINER_RUNNING || b->job_done);
    case DEPENDS_HEALTHY:
        return c->known && c->status == CONTAINER_RUNNING && b->state == STATE_RUNNING;
    case DEPENDS_COMPLETED:
        if (b->job)
            return job_has_succeeded(b);
        return c->known && c->status == CONTAINER_EXITED && c->exit_seen && c->exit_code == 0;
    }
    return true;
}

/* Nothing under way that could still fulfil it, or not for a long time: a job that runs is waited
 * for as long as this, and so is one that is about to have another run, which who lives in its
 * namespace would follow. A hot agent, which the engine restarts, never completes. */
#define PATIENCE_NS (60 * SECOND_NS)

static bool is_hopeless(const struct core *core, const struct agent *a, const struct agent *b,
                        const struct core_depends *on, uint64_t *ret_until_ns)
{
    const struct container *c = &b->containers[SLOT_MAIN];
    bool completes = on->condition == DEPENDS_COMPLETED && container_is_up(c);
    bool joins = on->joins && c->known && c->status == CONTAINER_RESTARTING;
    if (!completes && !joins)
        return !agent_is_busy(b);
    *ret_until_ns = (a->waits_since_ns ? a->waits_since_ns : core->now_ns) + PATIENCE_NS;
    return (completes && b->lifecycle == LIFECYCLE_HOT) || core->now_ns >= *ret_until_ns;
}

const char *depends_blocks(struct core *core, const struct agent *a, bool *ret_hopeless,
                           uint64_t *ret_until_ns)
{
    for (size_t i = 0; i < a->n_depends; i++) {
        struct agent *b = agents_find(core, a->depends[i].agent);
        enum depends_condition condition = a->depends[i].condition;
        if (!b || b->presence != PRESENCE_ROW) {
            if (a->depends[i].optional)
                continue;
            *ret_hopeless = true;
            return a->depends[i].agent;
        }
        if (depends_is_met(b, condition))
            continue;
        struct container *c = &b->containers[SLOT_MAIN];
        if (condition == DEPENDS_COMPLETED && c->known && c->status == CONTAINER_EXITED &&
            !c->exit_seen && !b->want_inspect) {
            b->want_inspect = true; /* a listing does not tell how it ended */
            mark_dirty(core, b);
        }
        *ret_hopeless = is_hopeless(core, a, b, &a->depends[i], ret_until_ns);
        if (*ret_hopeless && a->depends[i].optional)
            continue;
        return b->name;
    }
    return NULL;
}
