/* SPDX-License-Identifier: MIT
 *
 * The end of an operation: what it changed, or what its failure means.
 */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

/* Its row may give it another name by now: then the listing that is to come tells. */
static void note_name(struct agent *a, enum slot slot)
{
    a->containers[slot].renamed = a->unknown ? NAME_OF_EARLIER_ROW : NAME_RIGHT;
}

/* What the engine has done is so, without another look: a listing asked for earlier would say
 * otherwise. */
static void take_done(struct core *core, struct agent *a, const struct operation *op,
                      const struct core_completion *completion)
{
    struct observation made;
    switch (op->kind) {
    case OPERATION_CREATE:
        made = (struct observation){.status = CONTAINER_CREATED,
                                    .spec = a->operation_spec,
                                    .made_as = op->lifecycle,
                                    .with = op->with,
                                    .inspected = true,
                                    .policy_agrees = true};
        memcpy(made.id, completion->container, CONTAINER_ID_SIZE);
        agent_see(core, a, a->operation_slot, &made);
        note_name(a, a->operation_slot);
        break;
    case OPERATION_START:
    case OPERATION_UNPAUSE:
        a->containers[a->operation_slot].start_heard =
            op->kind == OPERATION_START && completion->outcome == ENGINE_DONE;
        a->containers[a->operation_slot].signalled = false;
        agent_see_status(core, a, a->operation_slot, CONTAINER_RUNNING);
        if (a->operation_slot == SLOT_MAIN && !agent_is_wanted_awake(core, a) &&
            a->idle_since_ns == 0)
            a->idle_since_ns = core->now_ns; /* who wanted it is gone already */
        break;
    case OPERATION_STOP:
        agent_see_status(core, a, a->operation_slot, CONTAINER_EXITED);
        break;
    case OPERATION_PAUSE:
        agent_see_status(core, a, a->operation_slot, CONTAINER_PAUSED);
        break;
    case OPERATION_RENAME:
        agent_move_container(core, a, a->operation_slot, a->operation_as);
        note_name(a, a->operation_as);
        break;
    case OPERATION_REMOVE:
        agent_see_gone(core, a, a->operation_slot);
        break;
    case OPERATION_UPDATE:
        a->containers[a->operation_slot].policy = POLICY_AGREES;
        break;
    case OPERATION_INSPECT:
        if (completion->observation && same_id(completion->observation->id, op->container))
            agent_see(core, a, a->operation_slot, completion->observation);
        break;
    case OPERATION_PROBE:
        break;
    }
    if (op->kind != OPERATION_INSPECT && op->kind != OPERATION_STOP)
        agent_well(core, a);
}

static bool moves_state(const struct agent *a, const struct operation *op)
{
    return a->operation_slot == SLOT_MAIN && op->kind != OPERATION_RENAME &&
           op->kind != OPERATION_REMOVE && op->kind != OPERATION_UPDATE &&
           op->kind != OPERATION_INSPECT;
}

/* The engine understood and said no. Only of a create or a start does that tell something: it does
 * not work. For the others, the container is probably not as we think. */
static void take_refused(struct core *core, struct agent *a, const struct operation *op,
                         const char *words)
{
    bool is_start = op->kind == OPERATION_START;
    if (op->kind != OPERATION_START && op->kind != OPERATION_CREATE)
        a->unknown = true;
    if (moves_state(a, op))
        agent_move(core, a, INPUT_REFUSED);
    if (is_start && agent_is_wanted_awake(core, a))
        judge_open(core, a, EVENT_CONTAINER_STOPPED,
                   "start_refused"); /* the engine tells no death of it */
    const struct container *old = &a->containers[SLOT_OLD];
    if (is_start && old->known && !old->doomed && !agent_is_rolled_back(a) && !share_lacks(core, a))
        agent_roll_back(core, a, words);
    else
        agent_fail(core, a, op, words);
}

static void take_unsupported(struct core *core, struct agent *a, const struct operation *op,
                             const char *words)
{
    if (op->kind != OPERATION_UPDATE) {
        take_refused(core, a, op, words);
        return;
    }
    a->containers[SLOT_MAIN].policy = POLICY_STAYS_TAMPERED;
}

static void take_outcome(struct core *core, struct agent *a, const struct operation *op,
                         const struct core_completion *completion)
{
    const char *words = completion->words ? completion->words : "";
    switch (completion->outcome) {
    case ENGINE_DONE:
    case ENGINE_ALREADY:
        take_done(core, a, op, completion);
        break;
    case ENGINE_NOT_FOUND:
        if (op->kind == OPERATION_CREATE)
            take_refused(core, a, op, words); /* something that it needs is not there */
        else
            agent_see_gone(core, a, a->operation_slot);
        break;
    case ENGINE_IMAGE_MISSING:
    case ENGINE_NETWORK_MISSING:
    case ENGINE_REFUSED:
        take_refused(core, a, op, words);
        break;
    case ENGINE_UNSUPPORTED:
        take_unsupported(core, a, op, words);
        break;
    case ENGINE_NAME_TAKEN: /* by whom, the listing tells: ours, a foreign one, or a ghost's
                               reservation */
    case ENGINE_BUSY:
        a->unknown = true;
        agent_fail(core, a, op, words);
        break;
    case ENGINE_UNKNOWN:
        if (op->kind == OPERATION_REMOVE)
            a->containers[a->operation_slot].doomed = true;
        if (op->kind != OPERATION_INSPECT) {
            a->containers[a->operation_slot].lost_kind = op->kind;
            a->containers[a->operation_slot].lost_until_ns = core->now_ns + OPERATION_LOST_NS;
        }
        a->unknown = true;
        agent_move(core, a, INPUT_UNKNOWN);
        agent_fail(core, a, op, words);
        break;
    case ENGINE_UNREACHABLE:
        a->unknown = true;
        agent_move(core, a, INPUT_UNKNOWN);
        agent_fail(core, a, op, words);
        break;
    }
}

/* The stream has told meanwhile that the container is gone: whatever the answer says, it is older
 * than that. */
static bool is_overtaken(const struct agent *a, const struct operation *op)
{
    return op->kind != OPERATION_CREATE && !a->containers[a->operation_slot].known;
}

static void take_probe(struct core *core, struct agent *a, const struct core_completion *completion)
{
    a->probe = 0;
    if (a->state != STATE_STARTING)
        return;
    if (completion->outcome == ENGINE_DONE && completion->ready) {
        a->probe_at_ns = 0;
        agent_move(core, a, INPUT_READY);
        if (a->told_not_ready && !agent_is_rolled_back(a))
            agent_set_reason(core, a, NULL); /* another reason, of what failed meanwhile, stands */
        a->told_not_ready = false;
        return;
    }
    /* Often at first, when it matters, then ever more seldom. */
    uint64_t age = core->now_ns - a->probe_since_ns;
    uint64_t gap = age / 4;
    uint64_t least = SECOND_NS / 20, most = 2 * SECOND_NS;
    a->probe_at_ns = core->now_ns + (gap < least ? least : gap > most ? most : gap);
    if (a->ready_timeout_ns > 0 && age >= a->ready_timeout_ns && !a->told_not_ready) {
        a->told_not_ready = true;
        agent_move(core, a, INPUT_NOT_READY);
        if (!agent_is_rolled_back(a))
            agent_set_reason(core, a, "not ready in time; it is left running, and probing goes on");
        judge_open(core, a, EVENT_NOT_READY, "ready_timeout");
    }
    mark_dirty(core, a);
}

void complete_park(struct core *core, const struct core_parked *parked)
{
    struct agent *a = agents_find(core, parked->agent);
    if (!a || a->operation.id == 0 || a->operation.id != parked->operation || a->parked)
        return;
    a->parked = true;
    core->parked++;
    core->in_flight--;
}

void complete_take(struct core *core, const struct core_completion *completion)
{
    struct agent *a = agents_find(core, completion->agent);
    if (a && a->probe != 0 && a->probe == completion->operation) {
        take_probe(core, a, completion);
        return;
    }
    if (!a || a->operation.id == 0 || a->operation.id != completion->operation)
        return;
    struct operation op = a->operation;
    if (!is_overtaken(a, &op))
        take_outcome(core, a, &op,
                     completion); /* the operation explains what it did: it ends after */
    a->operation.id = 0;
    a->as_of = core->step;
    if (a->parked)
        core->parked--;
    else
        core->in_flight--;
    a->parked = false;
    mark_dirty(core, a);
    depends_wake_dependents(core, a);
}
