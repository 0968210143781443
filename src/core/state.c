/* SPDX-License-Identifier: MIT
 *
 * The only writer of an agent's state, and what a changed container means for it.
 */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

bool same_id(const uint8_t a[CONTAINER_ID_SIZE], const uint8_t b[CONTAINER_ID_SIZE])
{
    return memcmp(a, b, CONTAINER_ID_SIZE) == 0;
}

/* A bad edge is a bug: counted for the tests. In production the agent is looked at anew before
 * anything is done to it. */
void agent_move(struct core *core, struct agent *a, enum lifecycle_input input)
{
    enum agent_state next = lifecycle_next(a->state, input);
    if (next == STATE_IMPOSSIBLE) {
        core->bad_moves++;
        a->unknown = true;
        return;
    }
    if (next == a->state)
        return;
    a->state = next;
    a->save = true;
    mark_dirty(core, a);
    depends_wake_dependents(core, a);
}

void agent_set_reason(struct core *core, struct agent *a, const char *reason)
{
    if ((!reason && !a->reason) || (reason && a->reason && strcmp(reason, a->reason) == 0))
        return;
    char text[REASON_MAX];
    if (reason)
        (void)snprintf(text, sizeof(text), "%s", reason);
    if (set_text(core, &a->reason, reason ? text : NULL))
        a->save = true;
}

uint64_t agent_backoff_ns(unsigned failures)
{
    unsigned doublings = failures > 16 ? 16 : failures - 1;
    uint64_t ns = BACKOFF_FIRST_NS << doublings;
    return ns < BACKOFF_MAX_NS ? ns : BACKOFF_MAX_NS;
}

static void notice(struct core *core, const struct agent *a, const char *words)
{
    struct effect *e = effect_add(core, EFFECT_NOTICE);
    if (!e)
        return;
    e->notice.agent = effect_text(core, a->name);
    e->notice.lifecycle = a->lifecycle;
    e->notice.has_lifecycle = a->presence == PRESENCE_ROW;
    e->notice.action = REPORT_ERROR;
    e->notice.reason = "";
    e->notice.error = effect_text(core, words);
    (void)effect_whole(core);
}

/* What was rolled back keeps that reason: it is why the row is not carried out. That we could not
 * look is no reason for the state of an agent. */
void agent_fail(struct core *core, struct agent *a, const struct operation *op, const char *words)
{
    a->failures++;
    a->retry_at_ns = core->now_ns + agent_backoff_ns(a->failures);
    if (!agent_is_rolled_back(a) && op->kind != OPERATION_INSPECT)
        agent_set_reason(core, a, words);
    notice(core, a, words);
}

uint64_t agent_retry_at_ns(const struct agent *a)
{
    return a->retry_at_ns > a->crash_retry_at_ns ? a->retry_at_ns : a->crash_retry_at_ns;
}

bool agent_is_rolled_back(const struct agent *a)
{
    return a->failed_generation != 0 && a->failed_generation == a->generation;
}

void agent_well(struct core *core, struct agent *a)
{
    a->failures = 0;
    a->retry_at_ns = 0;
    if (!agent_is_rolled_back(a))
        agent_set_reason(core, a, NULL);
}

/* The new container does not work: the old one goes on, until the row changes. */
void agent_roll_back(struct core *core, struct agent *a, const char *words)
{
    char text[REASON_MAX];
    (void)snprintf(text, sizeof(text), "rolled back: %s", words);
    a->failed_generation = a->generation;
    memcpy(a->kept, a->containers[SLOT_OLD].id, CONTAINER_ID_SIZE);
    a->forced = false;
    agent_set_reason(core, a, text);
    notice(core, a, text);
    a->failures = 0;
    a->retry_at_ns = 0;
    a->save = true;
    judge_open(core, a, EVENT_ROLLED_BACK, "new_container_failed");
    pass_outcome(core, a, REPORT_ROLLED_BACK);
}

bool container_is_up(const struct container *c)
{
    return c->known && (c->status == CONTAINER_RUNNING || c->status == CONTAINER_RESTARTING ||
                        c->status == CONTAINER_PAUSED);
}

bool operation_is_lost(const struct core *core, const struct container *c, enum operation_kind kind)
{
    return c->lost_kind == kind && core->now_ns < c->lost_until_ns;
}

/* Is its end what we, or its row, asked for? */
static bool death_is_explained(const struct core *core, const struct agent *a,
                               const struct container *c)
{
    bool stopping = (a->operation.id != 0 && a->operation.kind == OPERATION_STOP) ||
                    operation_is_lost(core, c, OPERATION_STOP);
    return stopping || !agent_is_wanted_awake(core, a) || (c->exit_seen && c->exit_code == 0);
}

static void begin_ready(struct core *core, struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (a->state != STATE_STARTING)
        return;
    if (a->ready == READY_STARTED || (a->ready == READY_HEALTHY && c->health == HEALTH_HEALTHY)) {
        agent_move(core, a, INPUT_READY);
        return;
    }
    if (a->probe_at_ns == 0) {
        a->probe_at_ns = a->probe_since_ns = core->now_ns;
        a->told_not_ready = false;
        mark_dirty(core, a);
    }
}

static void take_main_change(struct core *core, struct agent *a, const struct container *before)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    bool remembered = !before->known && a->has_remembered && same_id(a->remembered, c->id);
    bool same = c->known && (remembered || (before->known && same_id(before->id, c->id)));
    enum container_status was = same && before->known ? before->status : CONTAINER_STATUS_UNKNOWN;
    if (!same)
        judge_forget(a);
    if (!c->known) {
        agent_move(core, a, INPUT_SEEN_GONE);
        return;
    }
    switch (c->status) {
    case CONTAINER_RUNNING:
    case CONTAINER_RESTARTING:
        if (was == CONTAINER_PAUSED)
            agent_move(core, a, INPUT_SEEN_UNPAUSED);
        else if (!same || !container_is_up(before))
            agent_move(core, a, INPUT_SEEN_UP);
        if (c->health == HEALTH_UNHEALTHY && before->health != HEALTH_UNHEALTHY)
            agent_move(core, a, INPUT_SEEN_UNHEALTHY);
        else if (c->health == HEALTH_HEALTHY && before->health != HEALTH_HEALTHY)
            agent_move(core, a, INPUT_SEEN_HEALTHY);
        begin_ready(core, a);
        break;
    case CONTAINER_PAUSED:
        if (was != CONTAINER_PAUSED)
            agent_move(core, a, INPUT_SEEN_PAUSED);
        break;
    case CONTAINER_CREATED:
    case CONTAINER_EXITED:
    case CONTAINER_REMOVING:
    case CONTAINER_DEAD:
    case CONTAINER_STATUS_UNKNOWN:
        if (same && container_is_up(before))
            agent_move(core, a,
                       death_is_explained(core, a, c) ? INPUT_SEEN_DIED : INPUT_SEEN_CRASHED);
        else if (!same)
            agent_move(core, a, INPUT_SEEN_DOWN);
        break;
    }
}

/* What was kept instead of the failed one is of no use any more: try the row again. */
static void forget_kept(struct agent *a, const struct container *c)
{
    if (a->failed_generation == 0 || !same_id(c->id, a->kept))
        return;
    a->failed_generation = 0;
    a->save = true;
}

/* Also when nobody has told: it has another beginning, maybe an earlier one by a clock that went
 * back. */
static bool runs_anew(const struct container *c, const struct container *before)
{
    return before->status == CONTAINER_RESTARTING ||
           (before->restarts_seen && c->restarts > before->restarts) ||
           (before->started_ns != 0 && c->started_ns != before->started_ns);
}

static bool is_same_run(const struct agent *a, const struct container *before)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    bool remembered = !before->known && a->has_remembered && same_id(a->remembered, c->id);
    return container_is_up(c) && (remembered || (before->known && same_id(before->id, c->id)));
}

/* After any change of a container: its own clock, and for the main one what it means. */
static void take_change(struct core *core, struct agent *a, enum slot slot,
                        const struct container *before)
{
    struct container *c = &a->containers[slot];
    if (c->status != CONTAINER_RUNNING && c->status != CONTAINER_PAUSED) {
        c->health = HEALTH_NONE; /* Docker calls all that does not run unhealthy */
        c->started_ns = 0;
        c->began_before = c->looked_back = false;
    }
    if (c->known && (c->status == CONTAINER_DEAD || c->doomed))
        forget_kept(a, c);
    if (!container_is_up(c) && (container_is_up(before) || c->starts_due == 0))
        c->starts_due = c->starts_due > 0 ? 2 : 1;
    if (!container_is_up(c))
        c->up_since_ns = 0;
    else if (c->up_since_ns == 0 || runs_anew(c, before))
        c->up_since_ns = core->now_ns;
    if (slot != SLOT_MAIN)
        return;
    if (!is_same_run(a, before))
        follow_forget(a);
    if (container_is_up(before) &&
        (!container_is_up(c) || c->status == CONTAINER_RESTARTING || runs_anew(c, before)))
        follow_note(core, a, false);
    if (container_is_up(c) || !c->known || !same_id(before->id, c->id))
        a->job_done = false;
    if (!container_is_up(c) && a->told_not_ready) {
        a->told_not_ready = false;
        if (!agent_is_rolled_back(a))
            agent_set_reason(core, a, NULL);
    }
    if (!container_is_up(c)) {
        a->probe_at_ns = 0;
        a->probe = 0; /* its answer would be of this run */
        a->idle_since_ns = 0;
        a->sleep_now = false;
    }
    if (!c->known || c->status != CONTAINER_PAUSED)
        a->paused_since_ns = 0;
    else if (a->paused_since_ns == 0)
        a->paused_since_ns = core->now_ns;
    if (before->known != c->known || (c->known && !same_id(before->id, c->id)) ||
        container_is_up(before) != container_is_up(c))
        a->save = true;
    take_main_change(core, a, before);
    if (before->status != c->status || before->known != c->known) {
        mark_dirty(core, a);
        depends_wake_dependents(core, a);
        depends_touch(core, a);
    }
    if (!c->known && !before->doomed)
        judge_gone(core, a);
    judge_change(core, a, before);
}

/* An operation whose end was never known leaves a state that nothing would end. */
void agent_agree(struct core *core, struct agent *a)
{
    struct container *c = &a->containers[SLOT_MAIN];
    if (!c->known)
        return;
    if (c->lost_until_ns != 0 && core->now_ns >= c->lost_until_ns) {
        c->lost_until_ns = 0;
        a->save = true; /* what it was remembered as for that */
    }
    bool runs = c->status == CONTAINER_RUNNING || c->status == CONTAINER_RESTARTING;
    if (runs && a->state == STATE_STOPPING)
        agent_move(core, a, INPUT_REFUSED);
    else if (c->status == CONTAINER_PAUSED)
        agent_move(core, a, INPUT_SEEN_PAUSED);
    else if (runs && a->state == STATE_STOPPED)
        agent_move(core, a, INPUT_SEEN_UP);
    else if (!container_is_up(c) && a->state != STATE_STOPPED && a->state != STATE_FAILED)
        agent_move(core, a, INPUT_SEEN_DOWN);
    begin_ready(core, a);
}

/* It was down when we last looked, before a restart of ours, and a listing shows it up: Docker
 * lists what has died as running until its network is down, and that death is told already. */
static bool is_doubtful(const struct core *core, const struct agent *a, enum slot slot,
                        const struct observation *o)
{
    bool was_down = a->has_remembered && !a->remembered_up && !a->containers[slot].known &&
                    (a->state == STATE_STOPPED || a->state == STATE_FAILED);
    return slot == SLOT_MAIN && was_down && same_id(a->remembered, o->id) && !o->inspected &&
           o->status == CONTAINER_RUNNING && !core->config.observe_only;
}

/* For the same reason, as long as it was not inspected since that death. */
static bool is_late(const struct container *c, const struct observation *o)
{
    return c->known && same_id(c->id, o->id) && c->death_told && !o->inspected &&
           o->status == CONTAINER_RUNNING;
}

/* What a listing does not tell. */
static void take_inspection(const struct core *core, struct container *c,
                            const struct observation *o)
{
    if (c->inspected_ns == 0)
        c->began_before = o->started_ns != 0;
    c->inspected_ns = core->now_ns;
    c->started_ns = o->started_ns;
    if (o->policy_agrees)
        c->policy = POLICY_AGREES;
    else if (c->policy != POLICY_STAYS_TAMPERED)
        c->policy = POLICY_TAMPERED;
    c->exit_code = o->exit_code;
    c->exit_seen = o->status == CONTAINER_EXITED;
    c->oom_killed = o->oom_killed;
    c->restarts = o->restarts;
    c->restarts_seen = true;
    c->death_told = false;
    c->ended_ns = o->ended_ns;
}

void agent_see(struct core *core, struct agent *a, enum slot slot, const struct observation *o)
{
    struct container *c = &a->containers[slot];
    enum container_status status = o->status;
    bool doubtful = is_doubtful(core, a, slot, o);
    if (doubtful || is_late(c, o)) {
        status = doubtful ? CONTAINER_EXITED : c->status;
        a->want_inspect = true;
    }
    struct container before = *c;
    bool same = c->known && same_id(c->id, o->id);
    if (slot == SLOT_MAIN && a->has_remembered && a->remembered_up &&
        same_id(a->remembered, o->id)) {
        /* It ran when we last looked, before a restart of ours: what is not so any more is a
         * change. */
        a->remembered_up = false;
        before.known = true;
        before.status = CONTAINER_RUNNING;
        memcpy(before.id, o->id, CONTAINER_ID_SIZE);
    }
    if (!same) {
        memset(c, 0, sizeof(*c));
        c->known = true;
        memcpy(c->id, o->id, CONTAINER_ID_SIZE);
        c->death_told = doubtful; /* the next listing may be as late */
        if (slot == SLOT_MAIN && a->has_remembered && a->state == STATE_STOPPING &&
            same_id(a->remembered, o->id)) {
            /* A stop was under way when roost was killed: a listing shows its end late. */
            c->lost_kind = OPERATION_STOP;
            c->lost_until_ns = core->now_ns + OPERATION_LOST_NS;
        }
    }
    if (c->status != status)
        c->exit_seen = false;
    c->status = status;
    if (o->health != HEALTH_NONE || o->inspected)
        c->health = o->health;
    c->spec = o->spec;
    c->made_as = o->made_as;
    c->with = o->with;
    c->differs = o->differs;
    c->seen_ns = core->now_ns;
    bool is_first = c->inspected_ns == 0;
    if (o->inspected)
        take_inspection(core, c, o);
    take_change(core, a, slot, &before);
    if (is_first && c->started_ns != 0)
        follow_know_start(core, a);
}

void agent_see_status(struct core *core, struct agent *a, enum slot slot,
                      enum container_status status)
{
    struct container *c = &a->containers[slot];
    struct container before = *c;
    c->death_told = false;
    c->status = status;
    c->exit_seen = false;
    take_change(core, a, slot, &before);
}

/* Told by the stream, before anybody has looked. */
void agent_see_death(struct core *core, struct agent *a, int exit_code)
{
    struct container *c = &a->containers[SLOT_MAIN];
    struct container before = *c;
    c->status = CONTAINER_EXITED;
    c->exit_code = exit_code;
    c->exit_seen = true;
    c->oom_killed = false;
    take_change(core, a, SLOT_MAIN, &before);
}

void agent_see_health(struct core *core, struct agent *a, enum container_health health)
{
    struct container *c = &a->containers[SLOT_MAIN];
    struct container before = *c;
    c->health = health;
    take_change(core, a, SLOT_MAIN, &before);
    mark_dirty(core, a);
}

void agent_see_gone(struct core *core, struct agent *a, enum slot slot)
{
    struct container *c = &a->containers[slot];
    struct container before = *c;
    forget_kept(a, c);
    memset(c, 0, sizeof(*c));
    take_change(core, a, slot, &before);
}

/* A name that was wrong before is told already, or is one that an earlier row gave. */
void agent_see_name(struct core *core, struct agent *a, enum slot slot, bool right)
{
    struct container *c = &a->containers[slot];
    if (right)
        c->renamed = NAME_RIGHT;
    else if (c->renamed == NAME_RIGHT) {
        c->renamed = NAME_BY_HAND;
        judge_renamed(core, a);
    }
}

/* A rename of ours: the container in one slot is in the other now. */
void agent_move_container(struct core *core, struct agent *a, enum slot from, enum slot to)
{
    if (from == to) {
        a->containers[to].renamed = NAME_RIGHT;
        return;
    }
    struct container main_before = a->containers[SLOT_MAIN];
    if (from == SLOT_MAIN && a->want_inspect) {
        a->want_inspect = false;
        a->unknown = true; /* what was told of it is looked at all the same: it may run again */
    }
    a->containers[to] = a->containers[from];
    a->containers[to].renamed = NAME_RIGHT;
    a->containers[to].death_told = false; /* nobody inspects a spare: the listing is believed */
    memset(&a->containers[from], 0, sizeof(a->containers[from]));
    if (from == SLOT_MAIN) {
        a->probe_at_ns = 0;
        a->probe = 0;
        a->idle_since_ns = 0;
        a->save = true;
        return; /* between the two renames of a recreate there is no main one, and that is no loss
                 */
    }
    a->save = true;
    a->job_done = false;
    take_main_change(core, a, &main_before);
}
