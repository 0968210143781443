/* SPDX-License-Identifier: MIT
 *
 * From the picture of an agent to at most one operation.
 */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

/* The operation that an action comes to, on the containers that are there. */
static struct step action_step(const struct core *core, const struct agent *a,
                               const struct rule *rule)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    struct step main = {.slot = SLOT_MAIN, .name_as = SLOT_MAIN};
    switch (rule->action) {
    case ACTION_REMOVE:
        for (int i = SLOTS - 1; i >= 0; i--)
            if (a->containers[i].known)
                return step_remove(a, (enum slot)i);
        break;
    case ACTION_CREATE:
        main.kind = OPERATION_CREATE;
        return main;
    case ACTION_RECREATE:
        return recreate_step(core, a);
    case ACTION_RENAME:
        main.kind = OPERATION_RENAME;
        return main;
    case ACTION_UPDATE:
        main.kind = OPERATION_UPDATE;
        return main;
    case ACTION_START:
        main.kind = c->status == CONTAINER_PAUSED ? OPERATION_UNPAUSE : OPERATION_START;
        return main;
    case ACTION_STOP:
        main.kind = OPERATION_STOP;
        return main;
    case ACTION_SLEEP:
        main.kind = a->sleep == SLEEP_PAUSE ? OPERATION_PAUSE : OPERATION_STOP;
        return main;
    case ACTION_NONE:
    case ACTION_WAIT:
    case ACTION_ADOPT:
        break;
    }
    return (struct step){.none = true};
}

static bool emit(struct core *core, struct agent *a, const struct step *step)
{
    char name[CONTAINER_NAME_SIZE];
    struct effect *e = effect_add(core, EFFECT_OPERATION);
    if (!e)
        return false;
    struct operation *op = &e->operation;
    op->id = ++core->last_operation;
    op->kind = step->kind;
    op->agent = effect_text(core, a->name);
    op->name = effect_text(core, agent_container_name(core, a, step->name_as, name, sizeof(name)));
    op->generation = a->generation;
    op->lifecycle = a->lifecycle;
    op->with = step->kind == OPERATION_CREATE ? share_made_of(core, a) : 0;
    memcpy(op->container, a->containers[step->slot].id, CONTAINER_ID_SIZE);
    if (!effect_whole(core))
        return false;
    if (step->kind == OPERATION_PROBE) {
        a->probe = op->id;
        return true;
    }
    a->operation = *op;
    a->operation.name = a->operation.agent = NULL; /* they live no longer than this step */
    a->operation_slot = step->slot;
    a->operation_as = step->name_as;
    a->operation_spec = a->spec;
    a->save = a->save || step->kind == OPERATION_REMOVE;
    core->in_flight++;
    return true;
}

static void told_sent(struct core *core, struct agent *a, const struct step *step)
{
    if (step->slot != SLOT_MAIN)
        return;
    if (step->kind == OPERATION_START)
        follow_forget(a);
    if (step->kind == OPERATION_START || step->kind == OPERATION_UNPAUSE)
        agent_move(core, a, INPUT_START_SENT);
    else if (step->kind == OPERATION_STOP || step->kind == OPERATION_PAUSE)
        agent_move(core, a, INPUT_STOP_SENT);
}

/* A container is made after those that it is made of (where nothing is under way that makes them,
 * the engine's own words say what is missing), and made anew after those that it would follow. */
static enum gate create_gate(struct core *core, const struct agent *a, const struct rule *rule,
                             const struct step *step)
{
    if (step->kind != OPERATION_CREATE)
        return GATE_OPEN;
    bool wait =
        share_awaits(core, a) || (rule->action == ACTION_RECREATE && follow_awaits(core, a));
    return wait ? GATE_WAIT : GATE_OPEN;
}

/* A first start waits for what it depends on, and does not happen without. A later one waits only
 * while there is hope, and in a recreate not at all: what ran before should not stay down because
 * its neighbour is. */
static enum gate depends_gate(struct core *core, struct agent *a, const struct step *step,
                              char *why, size_t size)
{
    const struct container *old = &a->containers[SLOT_OLD];
    bool replaces = old->known && old->status != CONTAINER_REMOVING; /* that may never have run */
    if (step->kind != OPERATION_START || (replaces && !share_lacks(core, a)))
        return GATE_OPEN;
    bool hopeless = false;
    uint64_t until_ns = NEVER_NS;
    const char *on = depends_blocks(core, a, &hopeless, &until_ns);
    if (!on)
        return GATE_OPEN;
    if (!hopeless) {
        clock_arm(core, a, until_ns);
        return GATE_WAIT;
    }
    if (replaces || a->containers[SLOT_MAIN].status != CONTAINER_CREATED)
        return GATE_OPEN;
    (void)snprintf(why, size, "waits for \"%s\", which it depends on", on);
    return GATE_CLOSED;
}

static void settled(struct core *core, struct agent *a, const char *error)
{
    (void)pass_settled(core, a, error);
}

/* To begin another one: a restart, or the way to the next container. */
static bool ends_run(const struct core *core, const struct agent *a, const struct step *step)
{
    bool leaves = step->kind == OPERATION_RENAME && step->name_as == SLOT_OLD;
    return step->slot == SLOT_MAIN && (leaves || step->kind == OPERATION_STOP) &&
           agent_is_wanted_awake(core, a);
}

/* Send the step, unless something stands before it. */
static void go(struct core *core, struct agent *a, const struct rule *rule, const struct step *step)
{
    char why[REASON_MAX];
    if (core->config.observe_only) {
        settled(core, a, NULL);
        return;
    }
    bool starts = step->kind == OPERATION_START;
    uint64_t retry_at_ns = starts ? agent_retry_at_ns(a) : a->retry_at_ns;
    if (core->now_ns < retry_at_ns) {
        rollout_end(core, a, true);
        clock_arm(core, a, retry_at_ns);
        settled(core, a,
                a->reason ? a->reason : "it crashed, and is started again after a back-off");
        return;
    }
    enum gate gate = create_gate(core, a, rule, step);
    if (gate == GATE_OPEN)
        gate = depends_gate(core, a, step, why, sizeof(why));
    if (gate != GATE_OPEN && a->waits_since_ns == 0)
        a->waits_since_ns = core->now_ns;
    if (gate != GATE_OPEN)
        rollout_end(core, a, false); /* what it waits for may wait for its place in the roll-out */
    if (gate == GATE_CLOSED) {
        a->stuck = true; /* depends_wake_dependents() */
        agent_set_reason(core, a, why);
        settled(core, a, why);
        return;
    }
    if (gate == GATE_WAIT) {
        a->blocked = true; /* depends_wake_dependents() */
        return;
    }
    gate = rollout_gate(core, a, rule);
    if (gate == GATE_CLOSED) {
        settled(core, a, "roll-out halted: three agents in a row could not be recreated");
        return;
    }
    if (gate == GATE_WAIT) {
        queue_push(core, a, QUEUE_ROLLOUT);
        return;
    }
    if (core->in_flight >= core->config.max_in_flight) {
        queue_push(core, a, QUEUE_WAITING);
        return;
    }
    if (starts && agent_retry_at_ns(a) != 0)
        agent_move(core, a, INPUT_BACKOFF_DUE);
    if (rule->action == ACTION_SLEEP)
        agent_move(core, a, INPUT_IDLE);
    if (!emit(core, a, step)) {
        queue_push(core, a, QUEUE_WAITING);
        return;
    }
    told_sent(core, a, step);
    if (ends_run(core, a, step))
        follow_note(core, a, true);
}

/* Nothing left of a deleted row, or of an orphan: forget the agent. True: `a` is gone. */
static bool forget(struct core *core, struct agent *a)
{
    for (int i = 0; i < SLOTS; i++)
        if (a->containers[i].known)
            return false;
    if (core->list_step != 0)
        return false; /* that listing may still show what is gone, and would be believed of one that
                         is not known */
    if (a->presence == PRESENCE_TOMBSTONE && !memory_forget(core, a))
        return false;
    settled(core, a, NULL);
    agents_remove(core, a);
    return true;
}

static void adopt(struct core *core, struct agent *a)
{
    if (a->idle_since_ns != 0 || agent_is_wanted_awake(core, a))
        return;
    a->idle_since_ns = core->now_ns;
    a->save = true;
    const struct container *c = &a->containers[SLOT_MAIN];
    if (!operation_is_lost(core, c, OPERATION_START))
        judge_tell(core, a, EVENT_CONTAINER_ADOPTED, "started_by_hand");
}

/* An orphan is told once. */
static void tell_orphan(struct core *core, struct agent *a)
{
    if (a->presence != PRESENCE_NONE || a->told_orphan)
        return;
    a->told_orphan = true;
    judge_tell(core, a, EVENT_CONTAINER_ORPHANED, "no_row");
}

/* The engine is at it, and says nothing when it is done: look once a second. */
static void look_again(struct core *core, struct agent *a)
{
    if (core->now_ns >= a->look_at_ns) {
        a->look_at_ns = core->now_ns + SECOND_NS;
        listing_request(core, false);
    }
    clock_arm(core, a, a->look_at_ns);
}

static void end_of_work(struct core *core, struct agent *a)
{
    rollout_end(core, a, agent_is_rolled_back(a));
    a->forced = false;
}

/* Nobody wants it awake any more: that it could not be kept up is no failure now, it sleeps. */
static void rest(struct core *core, struct agent *a)
{
    if (a->state == STATE_FAILED && !agent_is_wanted_awake(core, a))
        agent_move(core, a, INPUT_SEEN_DOWN);
}

static void act(struct core *core, struct agent *a, const struct rule *rule)
{
    struct step step = action_step(core, a, rule);
    if (step.roll_back) {
        agent_roll_back(core, a, "it ended before it had run 10 s");
        mark_dirty(core, a);
    } else if (step.wait) {
        clock_arm(core, a, step.until_ns);
    } else if (!step.none) {
        if (rule->action != ACTION_START || a->confirm_at_ns == 0)
            go(core, a, rule, &step);
    } else {
        if (rule->action == ACTION_ADOPT)
            adopt(core, a);
        if (rule->action == ACTION_WAIT)
            look_again(core, a);
        if (a->state != STATE_FAILED && !(a->told_not_ready && a->probe_at_ns != 0) &&
            !job_has_failed(a))
            agent_well(core, a); /* what an operation of ours did not do was done all the same */
        if (rule->report == REPORT_UNCHANGED)
            rest(core, a);
        end_of_work(core, a);
        tell_orphan(core, a);
        settled(core, a, facts_standing_error(a, rule));
    }
}

static void probe(struct core *core, struct agent *a)
{
    if (a->state != STATE_STARTING)
        a->probe_at_ns = 0; /* it is ready, or not the question any more */
    if (a->probe_at_ns == 0 || a->probe != 0 || core->config.observe_only)
        return;
    if (core->now_ns >= a->probe_at_ns) {
        struct step step = {.kind = OPERATION_PROBE, .slot = SLOT_MAIN};
        (void)emit(core, a, &step);
    } else {
        clock_arm(core, a, a->probe_at_ns);
    }
}

/* The times at which the facts change by themselves. */
static void arm_facts(struct core *core, struct agent *a)
{
    uint64_t idle_at_ns = a->idle_since_ns + a->idle_timeout_ns;
    uint64_t stop_at_ns = a->paused_since_ns + a->stop_after_ns;
    if (a->idle_since_ns != 0 && idle_at_ns > core->now_ns)
        clock_arm(core, a, idle_at_ns);
    if (a->paused_since_ns != 0 && a->stop_after_ns != 0 && stop_at_ns > core->now_ns)
        clock_arm(core, a, stop_at_ns);
}

/* Who was wanted awake and is not any more begins to be idle; what it depends on may, too. */
static void follow_wish(struct core *core, struct agent *a)
{
    bool wanted = agent_is_wanted_awake(core, a);
    uint64_t idle_since_ns = a->idle_since_ns;
    if (wanted)
        a->idle_since_ns = 0;
    else if (a->was_wanted && a->lifecycle == LIFECYCLE_LAZY &&
             container_is_up(&a->containers[SLOT_MAIN]))
        a->idle_since_ns = core->now_ns;
    if (a->idle_since_ns != idle_since_ns)
        a->save = true;
    if (wanted != a->was_wanted)
        depends_touch(core, a);
    a->was_wanted = wanted;
}

/* What a changed row means for people. Not told with the row: a part of a batch has no effects. */
static void tell_row(struct core *core, struct agent *a)
{
    if (a->presence == PRESENCE_TOMBSTONE)
        leases_end(core, a, "deleted", ANSWER_GONE);
    else if (a->retell_leases)
        leases_retell(core, a);
    if (a->unheld)
        judge_unheld(core, a);
    a->unheld = a->retell_leases = false;
}

/* True when the agent was forgotten. */
static bool settle(struct core *core, struct agent *a)
{
    clock_set(core, a, NEVER_NS);
    tell_row(core, a);
    clock_arm(core, a, leases_expire(core, a));
    clock_arm(core, a, judge_confirm(core, a));
    bool was_stuck = a->stuck;
    a->blocked = a->stuck = false;
    follow_wish(core, a);
    share_look(core, a);
    if (a->operation.id != 0 || core->engine_lost || (pass_awaits(core, a) && !a->leases))
        return false;
    if (a->unknown) {
        listing_request(core, false);
        return false;
    }
    job_look(core, a);
    follow_look_back(core, a);
    a->to_restart = restart_is_due(core, a);
    if (a->want_inspect && a->containers[SLOT_MAIN].known && !core->config.observe_only) {
        struct step step = {.kind = OPERATION_INSPECT, .slot = SLOT_MAIN};
        if (core->in_flight >= core->config.max_in_flight || !emit(core, a, &step))
            queue_push(core, a, QUEUE_WAITING);
        else
            a->want_inspect = false;
        return false;
    }
    if (follow_look(core, a)) {
        a->blocked = true; /* depends_wake_dependents() */
        return false;
    }
    const struct rule *rule = decide(agent_facts(core, a));
    pass_note(core, a, rule);
    if (a->presence != PRESENCE_ROW)
        rollout_end(core, a, false);
    if (a->presence != PRESENCE_ROW && forget(core, a))
        return true;
    act(core, a, rule);
    if (!a->stuck && !a->blocked)
        a->waits_since_ns = 0;
    if (was_stuck && !a->stuck)
        agent_well(core, a); /* it waits for nobody any more */
    probe(core, a);
    arm_facts(core, a);
    if (a->operation.id == 0)
        clock_arm(core, a, judge_wellness(core, a));
    depends_wake_dependents(core, a);
    share_tell(core, a);
    return false;
}

void settle_all(struct core *core)
{
    if (!core->synced || core->depends_stale)
        return;
    for (;;) {
        struct agent *a = queue_pop(core, QUEUE_DIRTY);
        if (!a && core->in_flight < core->config.max_in_flight)
            a = queue_pop(core, QUEUE_WAITING);
        if (!a)
            return;
        bool is_gone = settle(core, a);
        if (!is_gone) {
            clock_arm(core, a, leases_answer(core, a));
            memory_save(core, a);
        }
        if (core->starved && !is_gone)
            mark_dirty(core, a);
        if (core->starved)
            return; /* what is left stays dirty for the next step */
    }
}
