/* SPDX-License-Identifier: MIT
 *
 * A recreate, one step at a time, from nothing but the containers that are there:
 *
 *     {F}           the old one, not as its row says
 *     {F, new}      created under the spare name: if that fails, nothing was touched
 *     {F, new}      old one stopped
 *     {new, old}    old one renamed aside
 *     {F, old}      new one renamed to the final name
 *     {F, old}      started; until it is ready, or has run PROOF_NS, the old one is kept
 *     {F}           old one removed
 *
 * When the new one cannot start, or dies before it has proven itself: it is removed, the old one is
 * renamed back and started. When the row changes before it has, it proves itself first, or goes. A
 * crash between any two steps leaves one of these sets, so the next look at what is there goes on
 * from it: there is no other memory of a recreate.
 */
#include "core/internal.h"

static struct step send(enum operation_kind kind, enum slot slot, enum slot name_as)
{
    return (struct step){.kind = kind, .slot = slot, .name_as = name_as};
}

/* A container is removed stopped, and stopped unpaused: the grace period is of no use to a frozen
 * one. */
struct step step_remove(const struct agent *a, enum slot slot)
{
    switch (a->containers[slot].status) {
    case CONTAINER_PAUSED:
        return send(OPERATION_UNPAUSE, slot, slot);
    case CONTAINER_RUNNING:
    case CONTAINER_RESTARTING:
        return send(OPERATION_STOP, slot, slot);
    case CONTAINER_CREATED:
    case CONTAINER_EXITED:
    case CONTAINER_REMOVING:
    case CONTAINER_DEAD:
    case CONTAINER_STATUS_UNKNOWN:
        break;
    }
    return send(OPERATION_REMOVE, slot, slot);
}

static struct step set_old_aside(const struct agent *a)
{
    const struct container *f = &a->containers[SLOT_MAIN];
    if (f->status == CONTAINER_PAUSED)
        return send(OPERATION_UNPAUSE, SLOT_MAIN, SLOT_MAIN);
    if (container_is_up(f))
        return send(OPERATION_STOP, SLOT_MAIN, SLOT_MAIN);
    if (f->status == CONTAINER_DEAD)
        return send(OPERATION_REMOVE, SLOT_MAIN, SLOT_MAIN);
    return send(OPERATION_RENAME, SLOT_MAIN, SLOT_OLD);
}

static bool has_run(const struct container *old)
{
    return old->status != CONTAINER_CREATED && old->status != CONTAINER_DEAD;
}

/* What never ran, or cannot again, is nothing to go back to. */
static bool is_worth_keeping(const struct container *old)
{
    return has_run(old) && !old->doomed;
}

/* The new one runs: is that proof enough to let go of the old one? */
static struct step prove(const struct agent *a, uint64_t now_ns)
{
    const struct container *f = &a->containers[SLOT_MAIN];
    if (f->restarts > 0)
        return (struct step){.roll_back = true};
    if (a->ready != READY_STARTED && a->state == STATE_RUNNING)
        return step_remove(a, SLOT_OLD);
    uint64_t proven_at = f->up_since_ns + PROOF_NS;
    if (now_ns < proven_at)
        return (struct step){.wait = true, .until_ns = proven_at};
    if (f->seen_ns < proven_at)
        return send(OPERATION_INSPECT, SLOT_MAIN, SLOT_MAIN); /* does it still run? */
    return step_remove(a, SLOT_OLD);
}

/* The final name is on the right container, the old one is still there. */
static struct step finish(const struct core *core, const struct agent *a)
{
    const struct container *f = &a->containers[SLOT_MAIN], *o = &a->containers[SLOT_OLD];
    bool both_run = container_is_up(o); /* or would: somebody started the old one */
    /* As long as the old one is there, the start in its place waits for no dependency. */
    bool is_to_start = f->status == CONTAINER_CREATED && has_run(o);
    if (!agent_is_wanted_awake(core, a) || (!is_worth_keeping(o) && !is_to_start) ||
        (both_run && (f->status == CONTAINER_RUNNING || f->status == CONTAINER_PAUSED)))
        return step_remove(a, SLOT_OLD);
    switch (f->status) {
    case CONTAINER_CREATED:
        if (both_run)
            return step_remove(a, SLOT_OLD);
        return send(OPERATION_START, SLOT_MAIN, SLOT_MAIN);
    case CONTAINER_RUNNING:
        return prove(a, core->now_ns);
    case CONTAINER_RESTARTING:
        return (struct step){.roll_back = true};
    case CONTAINER_EXITED:
        if (core->after_loss) /* it went down with the engine: that shows nothing */
            return send(OPERATION_START, SLOT_MAIN, SLOT_MAIN);
        if (!f->exit_seen)
            return send(OPERATION_INSPECT, SLOT_MAIN, SLOT_MAIN);
        if (f->exit_code != 0)
            return (struct step){.roll_back = true};
        return step_remove(a, SLOT_OLD);
    case CONTAINER_PAUSED:
        if (a->lifecycle == LIFECYCLE_LAZY && a->sleep == SLEEP_PAUSE) /* it was put to sleep */
            return send(OPERATION_UNPAUSE, SLOT_MAIN, SLOT_MAIN);
        break;
    case CONTAINER_REMOVING:
    case CONTAINER_DEAD:
    case CONTAINER_STATUS_UNKNOWN:
        break;
    }
    return (struct step){
        .none = true}; /* it proves nothing like this: the old one is kept until it does */
}

/* The row could not be carried out: back to the one that was kept. */
static struct step roll_back(const struct agent *a)
{
    const struct container *f = &a->containers[SLOT_MAIN];
    if (a->containers[SLOT_NEW].known)
        return step_remove(a, SLOT_NEW);
    if (f->known && !container_is_wanted(a, f))
        return step_remove(a, SLOT_MAIN);
    if (!f->known)
        return send(OPERATION_RENAME, SLOT_OLD, SLOT_MAIN);
    return step_remove(a, SLOT_OLD);
}

/* The final name is on a wrong container, and an older one is still kept: the row changed before
 * the wrong one had proven itself. So it does that first, and goes if it cannot; then there is one
 * container to replace again. */
static struct step replace_unproven(const struct core *core, const struct agent *a)
{
    const struct container *f = &a->containers[SLOT_MAIN], *o = &a->containers[SLOT_OLD];
    if (!is_worth_keeping(o))
        return step_remove(a, SLOT_OLD);
    if (a->containers[SLOT_NEW].known)
        return step_remove(a, SLOT_NEW);
    bool proves_nothing = f->status == CONTAINER_CREATED || f->status == CONTAINER_DEAD ||
                          f->status == CONTAINER_PAUSED;
    if (proves_nothing || container_is_wanted(a, o))
        return step_remove(a, SLOT_MAIN);
    struct step step = finish(core, a);
    return step.roll_back ? step_remove(a, SLOT_MAIN) : step;
}

/* The new one cannot be made, and the one that it is to replace is down: better that one than none.
 * Each is tried in turn. */
static bool is_better_than_none(const struct core *core, const struct agent *a)
{
    return !a->job && a->failures % 2 == 1 && a->containers[SLOT_MAIN].status == CONTAINER_EXITED &&
           agent_is_wanted_awake(core, a);
}

struct step recreate_step(const struct core *core, const struct agent *a)
{
    const struct container *f = &a->containers[SLOT_MAIN];
    const struct container *n = &a->containers[SLOT_NEW];
    const struct container *o = &a->containers[SLOT_OLD];
    if (agent_is_rolled_back(a))
        return roll_back(a);
    bool right = f->known && container_is_wanted(a, f);
    bool is_fresh = n->known && n->status == CONTAINER_CREATED; /* else somebody has started it */
    if (n->known && (right || !is_fresh || !container_is_wanted(a, n)))
        return step_remove(a, SLOT_NEW);
    if (right)
        return finish(core, a);
    if (f->known && o->known)
        return replace_unproven(core, a);
    if (f->known && !n->known && is_better_than_none(core, a))
        return send(OPERATION_START, SLOT_MAIN, SLOT_MAIN);
    if (f->known && !n->known)
        return send(OPERATION_CREATE, SLOT_NEW, SLOT_NEW);
    if (f->known)
        return set_old_aside(a);
    if (o->known && (!n->known || container_is_wanted(a, o)))
        return send(OPERATION_RENAME, SLOT_OLD, SLOT_MAIN);
    return send(OPERATION_RENAME, SLOT_NEW, SLOT_MAIN);
}
