/* SPDX-License-Identifier: MIT
 *
 * Trouble or not: a change of an agent's container that no operation of ours explains, looked up in
 * the watchdog's table; and the events and episodes that come of it.
 *
 * An episode is a trouble that was told and is not over. It is told once, and its end is one
 * container_recovered.
 */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

#define CONFIRM_NS       (2 * SECOND_NS)
#define AFTER_LOSS_NS    (5 * SECOND_NS)
#define HAND_NS          (15 * SECOND_NS) /* a kill or stop by hand explains a death for so long */
#define CRASH_WINDOW_NS  (600 * SECOND_NS)
#define BACKOFF_RESET_NS (600 * SECOND_NS)

/* Telling ---------------------------------------------------------------------------------------
 */

static struct core_happening *happen(struct core *core, enum event_kind kind, const char *reason)
{
    struct effect *e = effect_add(core, EFFECT_EVENT);
    if (!e)
        return NULL;
    e->happening.kind = kind;
    e->happening.agent = "";
    e->happening.reason = effect_text(core, reason);
    return &e->happening;
}

void judge_tell(struct core *core, struct agent *a, enum event_kind kind, const char *reason)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    struct core_happening *h = happen(core, kind, reason);
    if (!h)
        return;
    h->agent = effect_text(core, a->name);
    h->has_lifecycle = a->presence == PRESENCE_ROW;
    h->lifecycle = a->lifecycle;
    h->has_state = true;
    h->state = a->state;
    h->has_container = c->known;
    memcpy(h->container, c->id, CONTAINER_ID_SIZE);
    h->has_exit_code = c->exit_seen;
    h->exit_code = c->exit_code;
    h->oom_killed = c->exit_seen && c->oom_killed;
    /* In the same step, so that the event and the state that it tells of are one transaction. */
    a->save = true;
    memory_save(core, a);
    mark_dirty(core, a);
}

/* Is this trouble a part of one that was told, and is not over? */
static bool is_told(const struct agent *a, enum event_kind kind)
{
    uint32_t told = EPISODE(kind);
    if (kind == EVENT_CONTAINER_STOPPED)
        told |= EPISODE(EVENT_CRASH_LOOP);
    return kind < EPISODE_KINDS && (a->episodes & told) != 0;
}

void judge_open(struct core *core, struct agent *a, enum event_kind kind, const char *reason)
{
    if (a->held || a->presence != PRESENCE_ROW || is_told(a, kind))
        return;
    a->episodes |= EPISODE(kind);
    judge_tell(core, a, kind, reason);
}

/* One trouble is over; the last one tells. */
static void close_all(struct core *core, struct agent *a)
{
    char reason[256] = "";
    size_t len = 0;
    for (int i = EVENT_NONE + 1; i < EPISODE_KINDS; i++)
        if ((a->episodes & EPISODE(i)) && len < sizeof(reason))
            len += (size_t)snprintf(reason + len, sizeof(reason) - len, "%s%s", len ? "," : "",
                                    event_kind_name((enum event_kind)i));
    a->episodes = 0;
    judge_tell(core, a, EVENT_CONTAINER_RECOVERED, reason);
}

/* The main one, or one that is kept beside it: the trouble is over when the last has its name, or
 * is gone. */
static bool is_renamed(const struct agent *a)
{
    for (int i = 0; i < SLOTS; i++)
        if (a->containers[i].known && a->containers[i].renamed)
            return true;
    return false;
}

/* When it may be called well again; NEVER_NS when that is not a question of time. */
static uint64_t well_at_ns(const struct core *core, const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (!c->known || agent_is_rolled_back(a) || c->health == HEALTH_UNHEALTHY || is_renamed(a) ||
        container_is_tampered(c))
        return NEVER_NS;
    if (c->status == CONTAINER_RESTARTING)
        return NEVER_NS;
    if ((a->episodes & EPISODE(EVENT_CRASH_LOOP)) && container_is_up(c))
        return c->up_since_ns + BACKOFF_RESET_NS;
    if (!agent_is_wanted_awake(core, a))
        return 0;
    if (c->status != CONTAINER_RUNNING || a->state != STATE_RUNNING)
        return NEVER_NS;
    return a->crashes > 0 && a->ready == READY_STARTED ? c->up_since_ns + PROOF_NS : 0;
}

uint64_t judge_wellness(struct core *core, struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    uint64_t due = NEVER_NS;
    if (a->crashes > 0 && c->known && c->status == CONTAINER_RUNNING) {
        due = c->up_since_ns + BACKOFF_RESET_NS;
        if (core->now_ns >= due) {
            a->crashes = 0;
            a->save = true;
            due = NEVER_NS;
        }
    }
    if (a->episodes == 0 || a->held || a->presence != PRESENCE_ROW)
        return due;
    uint64_t well_at = well_at_ns(core, a);
    if (well_at <= core->now_ns)
        close_all(core, a);
    else if (well_at < due)
        due = well_at;
    return due;
}

/* Judging ---------------------------------------------------------------------------------------
 */

static bool brings_about(enum operation_kind kind, enum slot slot, enum change change)
{
    switch (kind) {
    case OPERATION_STOP:
        return change == CHANGE_DOWN && slot == SLOT_MAIN;
    case OPERATION_PAUSE:
        return change == CHANGE_PAUSED;
    case OPERATION_REMOVE:
        return change == CHANGE_GONE && slot == SLOT_MAIN;
    case OPERATION_RENAME:
        return change == CHANGE_RENAMED;
    case OPERATION_UPDATE:
        return change == CHANGE_TAMPERED;
    case OPERATION_CREATE:
    case OPERATION_START:
    case OPERATION_UNPAUSE:
    case OPERATION_INSPECT:
    case OPERATION_PROBE:
        break;
    }
    return false;
}

/* By the operation in flight, or by the last one whose end was never told: it may be done later. */
static bool is_explained(const struct core *core, const struct agent *a, enum change change)
{
    if (a->operation.id != 0 && brings_about(a->operation.kind, a->operation_slot, change))
        return true;
    const struct container *c = &a->containers[SLOT_MAIN];
    return core->now_ns < c->lost_until_ns && brings_about(c->lost_kind, SLOT_MAIN, change);
}

/* Third restart within ten minutes? The ring holds the last three, latest first. */
static bool note_restart(struct core *core, struct agent *a)
{
    memmove(&a->restarts_ns[1], &a->restarts_ns[0],
            (CORE_RESTARTS_KEPT - 1) * sizeof(a->restarts_ns[0]));
    a->restarts_ns[0] = core->now_ns;
    a->save = true;
    uint64_t first = a->restarts_ns[CORE_RESTARTS_KEPT - 1];
    return first != 0 && core->now_ns - first <= CRASH_WINDOW_NS;
}

static void take_restarted(struct core *core, struct agent *a, int times, bool by_hand)
{
    if (a->held)
        return;
    if (by_hand) {
        judge_tell(core, a, EVENT_CONTAINER_RESTARTED, "by_hand");
        return;
    }
    for (int i = 0; i < times && i < CORE_RESTARTS_KEPT; i++) {
        if (note_restart(core, a))
            judge_open(core, a, EVENT_CRASH_LOOP, "restarted_by_engine");
        else if (!(a->episodes & EPISODE(EVENT_CRASH_LOOP)))
            judge_tell(core, a, EVENT_CONTAINER_RESTARTED, "by_engine");
    }
}

static void take_crash(struct core *core, struct agent *a, const struct watch_rule *rule)
{
    a->crashes++;
    if (note_restart(core, a))
        judge_open(core, a, EVENT_CRASH_LOOP, rule->reason);
    else
        judge_open(core, a, rule->event, rule->reason);
    a->crash_retry_at_ns = a->crashes > 1 ? core->now_ns + agent_backoff_ns(a->crashes - 1) : 0;
    a->save = true;
}

static void take_sleep(struct core *core, struct agent *a, const struct watch_rule *rule,
                       enum cause cause)
{
    if (rule->event != EVENT_NONE && !is_told(a, rule->event))
        judge_tell(core, a, rule->event, rule->reason);
    bool done = rule->event == EVENT_CONTAINER_EXITED;
    if (cause != CAUSE_CRASH)
        agent_move(core, a, INPUT_SEEN_DOWN); /* asleep, and not failed */
    a->job_done = done;
    leases_end(core, a, rule->reason, done ? ANSWER_COMPLETED : ANSWER_LEASE_ENDED);
}

static bool hand_was_there(const struct core *core, const struct agent *a)
{
    return a->hand_ns != 0 && core->now_ns - a->hand_ns <= HAND_NS;
}

static enum cause cause_of(const struct core *core, const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (a->down_by_hand || hand_was_there(core, a))
        return CAUSE_HAND;
    return c->exit_code == 0 && !c->oom_killed ? CAUSE_DONE : CAUSE_CRASH;
}

static void explain_crash(struct core *core, struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    char reason[64];
    if (c->oom_killed)
        (void)snprintf(reason, sizeof(reason), "crashed: out of memory");
    else
        (void)snprintf(reason, sizeof(reason), "crashed with exit code %d", c->exit_code);
    agent_set_reason(core, a, reason);
}

/* It ran and does not any more. How it ended, only an inspection tells. */
static void take_down(struct core *core, struct agent *a)
{
    if (a->held) {
        a->unjudged = true;
        a->down_by_hand = a->down_by_hand || hand_was_there(core, a);
        return;
    }
    if (core->after_loss) {
        core->found_down++;
        return;
    }
    if (!a->containers[SLOT_MAIN].exit_seen) {
        a->unjudged = a->want_inspect = true;
        return;
    }
    a->unjudged = false;
    a->save = true;
    enum cause cause = cause_of(core, a);
    if (cause == CAUSE_CRASH && !agent_is_rolled_back(a))
        explain_crash(core, a);
    const struct watch_rule *rule =
        watchdog_rule(CHANGE_DOWN, cause, a->lifecycle, agent_is_wanted_awake(core, a));
    a->hand_ns = 0;
    a->down_by_hand = false;
    switch (rule->verdict) {
    case VERDICT_CONFIRM:
        a->confirm_at_ns = core->now_ns + CONFIRM_NS;
        a->save = true;
        mark_dirty(core, a);
        break;
    case VERDICT_RESTART:
        take_crash(core, a, rule);
        break;
    case VERDICT_SLEEP:
        take_sleep(core, a, rule, cause);
        break;
    case VERDICT_NONE:
        break;
    }
}

/* No start came: it was a stop by hand, and no `docker restart`. */
void judge_stopped(struct core *core, struct agent *a)
{
    if (a->confirm_at_ns == 0)
        return;
    a->confirm_at_ns = 0;
    a->save = true;
    const struct watch_rule *rule =
        watchdog_rule(CHANGE_STOPPED, CAUSE_ANY, a->lifecycle, agent_is_wanted_awake(core, a));
    if (rule->verdict == VERDICT_SLEEP)
        take_sleep(core, a, rule, CAUSE_HAND);
    else
        judge_open(core, a, rule->event, rule->reason);
}

static void take_up(struct core *core, struct agent *a)
{
    if (a->confirm_at_ns == 0)
        return;
    if (a->operation.id != 0 && a->operation.kind == OPERATION_START) {
        judge_stopped(core, a); /* and our own start was faster than that of somebody else */
        return;
    }
    a->confirm_at_ns = 0;
    take_restarted(core, a, 1, true);
    if (!agent_is_wanted_awake(core, a))
        a->idle_since_ns = core->now_ns; /* it is known to run: nobody has to adopt it */
    a->save = true;
}

uint64_t judge_confirm(struct core *core, struct agent *a)
{
    if (a->confirm_at_ns == 0 || a->held)
        return NEVER_NS;
    if (core->now_ns < a->confirm_at_ns)
        return a->confirm_at_ns;
    judge_stopped(core, a);
    return NEVER_NS;
}

static void take_ran_on(struct core *core, struct agent *a, const struct container *before)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    int more = before->restarts_seen && c->restarts > before->restarts
                   ? c->restarts - before->restarts
                   : 0;
    bool hand = hand_was_there(core, a);
    if (a->died_news && more == 0)
        more = 1;
    else if (!a->died_news && before->status == CONTAINER_RESTARTING && more > 0)
        more--; /* the end of the one that was told already */
    if (a->died_news)
        a->hand_ns = 0;
    if (more > 0 && !core->after_loss)
        take_restarted(core, a, more, hand && c->restarts <= before->restarts);
}

static void open_by_table(struct core *core, struct agent *a, enum change change)
{
    const struct watch_rule *rule =
        watchdog_rule(change, CAUSE_ANY, a->lifecycle, agent_is_wanted_awake(core, a));
    if (!is_explained(core, a, change))
        judge_open(core, a, rule->event, rule->reason);
}

static bool is_asleep_paused(const struct core *core, const struct agent *a)
{
    return a->lifecycle == LIFECYCLE_LAZY && a->sleep == SLEEP_PAUSE &&
           !agent_is_wanted_awake(core, a);
}

/* Nobody can say any more how it ended; nor is it remembered as up any longer. */
void judge_forget(struct agent *a)
{
    a->save = a->save || a->unjudged || a->confirm_at_ns != 0;
    a->confirm_at_ns = a->hand_ns = 0;
    a->unjudged = a->down_by_hand = a->died_news = false;
}

void judge_gone(struct core *core, struct agent *a)
{
    if (a->presence != PRESENCE_ROW || is_explained(core, a, CHANGE_GONE) ||
        a->containers[SLOT_NEW].known || a->containers[SLOT_OLD].known)
        return;
    a->gone_held = a->held;
    open_by_table(core, a, CHANGE_GONE);
}

void judge_renamed(struct core *core, struct agent *a)
{
    if (a->presence == PRESENCE_ROW)
        open_by_table(core, a, CHANGE_RENAMED);
}

void judge_change(struct core *core, struct agent *a, const struct container *before)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (a->presence != PRESENCE_ROW || !c->known)
        return;
    bool same = before->known && same_id(before->id, c->id);
    if (c->health == HEALTH_UNHEALTHY && !(same && before->health == HEALTH_UNHEALTHY))
        open_by_table(core, a, CHANGE_UNHEALTHY); /* at first sight, too */
    if (!same)
        return;
    bool was_up = container_is_up(before), up = container_is_up(c);
    if (c->status == CONTAINER_REMOVING || c->status == CONTAINER_DEAD)
        return; /* on its way out: gone tells */
    bool went_down = was_up && !up && !is_explained(core, a, CHANGE_DOWN);
    bool can_be_judged = !up && a->unjudged && c->exit_seen;
    if (went_down || can_be_judged)
        take_down(core, a);
    else if (!was_up && up)
        take_up(core, a);
    else if (was_up && up && c->status != CONTAINER_PAUSED)
        take_ran_on(core, a, before);
    if (up) {
        a->unjudged = a->down_by_hand = false;
        a->died_news = false;
    }
    if (c->status == CONTAINER_PAUSED && before->status != CONTAINER_PAUSED &&
        !is_asleep_paused(core, a))
        open_by_table(core, a, CHANGE_PAUSED);
    if (container_is_tampered(c) && !container_is_tampered(before))
        open_by_table(core, a, CHANGE_TAMPERED);
}

/* unhold: what is seen then opens its episodes. */
void judge_unheld(struct core *core, struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (a->gone_held && !c->known)
        open_by_table(core, a, CHANGE_GONE);
    a->gone_held = false;
    if (a->unjudged && c->known)
        a->want_inspect = true;
    if (c->known && c->status == CONTAINER_PAUSED && !is_asleep_paused(core, a))
        open_by_table(core, a, CHANGE_PAUSED);
    if (c->known && c->renamed == NAME_BY_HAND)
        open_by_table(core, a, CHANGE_RENAMED);
    if (c->known && c->health == HEALTH_UNHEALTHY)
        open_by_table(core, a, CHANGE_UNHEALTHY);
    if (c->known && container_is_tampered(c))
        open_by_table(core, a, CHANGE_TAMPERED);
}

/* The engine ------------------------------------------------------------------------------------
 */

void judge_engine_lost(struct core *core, const char *words)
{
    if (core->engine_lost)
        return;
    core->engine_lost = true;
    core->lost_at_ns = core->now_ns;
    if (!core->after_loss) /* else it was not told yet that it is back: the same loss goes on */
        (void)happen(core, EVENT_ENGINE_LOST, words);
    core->after_loss = false;
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        agent_move(core, a, INPUT_ENGINE_LOST);
        judge_forget(a); /* the listing after it, never an old intention, decides */
        if (a->waiters || a->save)
            mark_dirty(core, a);
    }
}

void judge_engine_restored(struct core *core)
{
    if (!core->engine_lost)
        return;
    uint64_t away_ns = core->now_ns - core->lost_at_ns;
    core->engine_lost = false;
    core->after_loss = true;
    core->after_loss_until_ns = 0;
    core->found_down = 0;
    core->list_at_ns = 0;
    listing_request(core, true);
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        agent_move(core, a, INPUT_ENGINE_RESTORED);
        a->retry_at_ns = 0;
        a->unknown = true; /* what is there is looked at before anything is done */
        a->as_of = core->step;
        if (a->probe_since_ns != 0)
            a->probe_since_ns += away_ns; /* ready_timeout stood still */
    }
}

/* A killed engine that is back shows its containers as running at first, and kills the survivors
 * then: what goes down in its first seconds is its doing. Told by one event, when that time is
 * over. */
void judge_listed(struct core *core)
{
    if (core->after_loss && core->after_loss_until_ns == 0)
        core->after_loss_until_ns = core->now_ns + AFTER_LOSS_NS;
}

void judge_clock(struct core *core)
{
    if (!core->after_loss || core->after_loss_until_ns == 0 ||
        core->now_ns < core->after_loss_until_ns)
        return;
    core->after_loss = false;
    struct core_happening *h =
        happen(core, EVENT_ENGINE_RESTORED, core->found_down > 0 ? "engine_restarted" : "");
    if (h)
        h->count = core->found_down;
}

void judge_rollout_halted(struct core *core)
{
    (void)happen(core, EVENT_ROLLOUT_HALTED, "three agents in a row could not be recreated");
}
