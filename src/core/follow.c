/* SPDX-License-Identifier: MIT
 *
 * depends_on with restart: true: who depends is restarted after what it depends on was restarted or
 * made anew by us. Not after the engine has restarted that, or somebody by hand: only who lives in
 * its namespace follows each run of it, since that is left with a dead one (a network without
 * interfaces, say).
 *
 * So does who is found to run since before that one's run: it was restarted while we did not look.
 * A restart that the stream did not tell is found by the sweep of listing.c.
 *
 * Who runs is noted before that run ends, and the note is in the transaction before the stop is
 * sent: so it follows, once, whatever happens in between. The note is over with the run that it was
 * made for.
 */
#include "core/internal.h"

static bool follows(const struct core_depends *on, bool by_us)
{
    return on->joins || (by_us && on->restart);
}

void follow_note(struct core *core, struct agent *a, bool by_us)
{
    if (core->depends_stale)
        return; /* those that depend on it are not known yet */
    for (size_t i = 0; i < a->n_dependents; i++) {
        struct agent *d = a->dependents[i];
        bool starts = d->operation.id != 0 && d->operation.kind == OPERATION_START;
        bool runs = starts || d->remembered_up || container_is_up(&d->containers[SLOT_MAIN]);
        if (!runs || d->to_follow || !follows(depends_on(d, a), by_us))
            continue;
        d->to_follow = d->save = true;
        pass_follow(core, d, a);
        mark_dirty(core, d);
    }
}

/* A run is known by when it began, which an inspection tells. Asked for once a run; should that
 * fail, the sweep of listing.c tells later. */
static void ask_start(struct core *core, struct agent *a)
{
    struct container *c = &a->containers[SLOT_MAIN];
    if (c->looked_back || c->started_ns != 0)
        return;
    c->looked_back = a->want_inspect = true;
    mark_dirty(core, a);
}

void follow_know_start(struct core *core, const struct agent *a)
{
    for (size_t i = 0; !core->depends_stale && i < a->n_dependents; i++)
        if (depends_on(a->dependents[i], a)->joins)
            mark_dirty(core, a->dependents[i]);
}

void follow_look_back(struct core *core, struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    for (size_t i = 0; i < a->n_depends; i++) {
        struct agent *b = a->depends[i].joins ? agents_find(core, a->depends[i].agent) : NULL;
        const struct container *o = b ? &b->containers[SLOT_MAIN] : NULL;
        if (!o || o->status != CONTAINER_RUNNING || c->status != CONTAINER_RUNNING || a->to_follow)
            continue;
        ask_start(core, a);
        ask_start(core, b);
        if (!c->began_before || c->started_ns >= o->started_ns)
            continue;
        a->to_follow = a->save = true;
        pass_follow(core, a, b);
    }
}

void follow_forget(struct agent *a)
{
    a->save = a->save || a->to_follow;
    a->to_follow = false;
}

static bool has_spare(const struct agent *a)
{
    return a->containers[SLOT_NEW].known || a->containers[SLOT_OLD].known;
}

/* Something is being done to it, or about to be. A recreate goes on, unless it is in a back-off, or
 * the new container was paused by somebody and so proves nothing. */
static bool moves(const struct core *core, const struct agent *b)
{
    bool stands_still = b->held || b->invalid || b->on_cycle || b->conflict != CONFLICT_NONE;
    bool goes_on = has_spare(b) && core->now_ns >= agent_retry_at_ns(b) &&
                   b->containers[SLOT_MAIN].status != CONTAINER_PAUSED;
    return !stands_still &&
           (b->operation.id != 0 || b->queue != QUEUE_NONE || b->unknown || b->blocked || goes_on);
}

bool follow_awaits(const struct core *core, const struct agent *a)
{
    for (size_t i = 0; i < a->n_depends; i++) {
        bool needs = a->depends[i].restart || a->depends[i].shares;
        const struct agent *b = needs ? agents_find(core, a->depends[i].agent) : NULL;
        if (b && b->presence == PRESENCE_ROW && moves(core, b))
            return true;
    }
    return false;
}

/* Is `b` there again, and has proven itself? */
static enum gate come_back(const struct core *core, const struct agent *b,
                           enum depends_condition condition)
{
    bool back = depends_is_met(b, condition) && !has_spare(b);
    if (moves(core, b) || (!back && !b->held && agent_is_busy(b)))
        return GATE_WAIT;
    return back ? GATE_OPEN : GATE_CLOSED;
}

/* Are all of them back? Closed: one of them will not be for now. */
static enum gate all_come_back(const struct core *core, const struct agent *a)
{
    enum gate all = GATE_OPEN;
    for (size_t i = 0; i < a->n_depends; i++) {
        if (!follows(&a->depends[i], true))
            continue;
        const struct agent *b = agents_find(core, a->depends[i].agent);
        if (!b || b->presence != PRESENCE_ROW)
            return GATE_CLOSED;
        enum gate gate = come_back(core, b, a->depends[i].condition);
        if (gate == GATE_CLOSED)
            return GATE_CLOSED;
        if (gate == GATE_WAIT)
            all = GATE_WAIT;
    }
    return all;
}

bool follow_look(const struct core *core, struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (!a->to_follow || a->held || a->presence != PRESENCE_ROW || has_spare(a) ||
        !container_is_up(c))
        return false;
    enum gate gate = all_come_back(core, a);
    if (gate == GATE_WAIT) /* its own place in the roll-out may be what the other one waits for */
        return !a->rolling;
    if (gate == GATE_CLOSED || c->status != CONTAINER_RUNNING)
        return false;
    if (agent_is_wanted_awake(core, a))
        a->to_restart = true;
    else
        a->sleep_now = true; /* nobody needs it: that is all */
    return false;
}
