/* SPDX-License-Identifier: MIT
 *
 * Leases: who wants an agent awake, until when, and who waits for it to be ready.
 */
#include "core/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(struct core *core, uint64_t wake, enum answer answer, const struct agent *a,
                const struct lease *lease, const char *words)
{
    if (wake == 0)
        return;
    struct effect *e = effect_add(core, EFFECT_ANSWER);
    if (!e)
        return;
    e->answer.wake = wake;
    e->answer.answer = answer;
    e->answer.agent = effect_text(core, a ? a->name : "");
    e->answer.lease = effect_text(core, lease ? lease->id : "");
    e->answer.expires_ms = lease ? lease->expires_ms : 0;
    e->answer.state = a ? agent_view_of(core, a).state : STATE_MISSING;
    uint64_t retry_at_ns = a && agent_is_wanted_awake(core, a) ? agent_retry_at_ns(a) : 0;
    e->answer.retry_at_ns = retry_at_ns > core->now_ns ? retry_at_ns : 0;
    e->answer.words = effect_text(core, words ? words : "");
}

static struct lease *find_lease(const struct core *core, const char *id)
{
    struct lease *lease = NULL;
    HASH_FIND_STR(core->leases, id, lease);
    return lease;
}

static struct lease *add_lease(struct core *core, struct agent *a, const char *id,
                               uint64_t until_ns, int64_t expires_ms)
{
    struct lease *lease = calloc(1, sizeof(*lease));
    if (!lease) {
        core->starved = true;
        return NULL;
    }
    (void)snprintf(lease->id, sizeof(lease->id), "%s", id);
    HASH_ADD_STR(core->leases, id, lease);
    if (!lease->hh.tbl) {
        free(lease);
        core->starved = true;
        return NULL;
    }
    lease->agent = a;
    lease->until_ns = until_ns;
    lease->expires_ms = expires_ms;
    lease->next = a->leases;
    a->leases = lease;
    mark_dirty(core, a);
    return lease;
}

static void tell_lease(struct core *core, const struct lease *lease, const char *over)
{
    struct effect *e = effect_add(core, EFFECT_LEASE);
    if (!e)
        return;
    e->lease.lease.id = effect_text(core, lease->id);
    e->lease.lease.agent = effect_text(core, lease->agent->name);
    e->lease.lease.until_ns = over ? 0 : lease->until_ns;
    e->lease.lease.expires_ms = lease->expires_ms;
    e->lease.reason = over ? over : "";
}

static struct waiter **find_waiter(struct agent *a, const char *lease)
{
    struct waiter **w = &a->waiters;
    while (*w && strcmp((*w)->lease, lease) != 0)
        w = &(*w)->next;
    return w;
}

static void answer_waiter(struct core *core, struct agent *a, struct waiter **w, enum answer answer,
                          const char *words)
{
    struct waiter *waiter = *w;
    *w = waiter->next;
    say(core, waiter->wake, answer, a, find_lease(core, waiter->lease), words);
    free(waiter);
}

static void end_lease(struct core *core, struct lease *lease, const char *reason,
                      enum answer answer)
{
    struct agent *a = lease->agent;
    struct waiter **w = find_waiter(a, lease->id);
    if (*w)
        answer_waiter(core, a, w, answer, reason);
    tell_lease(core, lease, reason);
    struct lease **p = &a->leases;
    while (*p != lease)
        p = &(*p)->next;
    *p = lease->next;
    HASH_DELETE(hh, core->leases, lease);
    free(lease);
    agent_move(core, a, INPUT_LEASE_ENDED);
    mark_dirty(core, a);
}

void leases_end(struct core *core, struct agent *a, const char *reason, enum answer answer)
{
    while (a->leases)
        end_lease(core, a->leases, reason, answer);
}

/* A row that was deleted and put back between two looks has lost its leases in the store. */
void leases_retell(struct core *core, struct agent *a)
{
    for (const struct lease *lease = a->leases; lease; lease = lease->next)
        tell_lease(core, lease, NULL);
}

void leases_free(struct core *core, struct agent *a)
{
    while (a->leases) {
        struct lease *next = a->leases->next;
        HASH_DELETE(hh, core->leases, a->leases); // NOLINT(clang-analyzer-core.NullDereference)
        free(a->leases);
        a->leases = next;
    }
    while (a->waiters) {
        struct waiter *next = a->waiters->next;
        free(a->waiters);
        a->waiters = next;
    }
}

uint64_t leases_expire(struct core *core, struct agent *a)
{
    uint64_t due = NEVER_NS;
    struct lease *next;
    for (struct lease *lease = a->leases; lease; lease = next) {
        next = lease->next;
        if (lease->until_ns <= core->now_ns)
            end_lease(core, lease, "expired", ANSWER_LEASE_ENDED);
        else if (lease->until_ns < due)
            due = lease->until_ns;
    }
    return due;
}

/* A lease whose time is over may not have been ended yet: its agent is settled later in this step.
 */
bool leases_hold(const struct core *core, const struct agent *a)
{
    const struct lease *lease = a->leases;
    while (lease && lease->until_ns <= core->now_ns)
        lease = lease->next;
    return lease != NULL;
}

/* Why nobody can be helped with this agent; ANSWER_DONE when somebody can. */
static enum answer refusal(const struct core *core, const struct agent *a, const char **ret_words)
{
    if (!a || a->presence == PRESENCE_NONE)
        return ANSWER_NO_AGENT;
    if (a->presence == PRESENCE_TOMBSTONE)
        return ANSWER_GONE;
    if (a->held)
        return ANSWER_HELD;
    const struct rule *rule = decide(agent_facts(core, a));
    if (rule->report != REPORT_ERROR)
        return ANSWER_DONE;
    *ret_words = facts_standing_error(a, rule);
    return ANSWER_INVALID;
}

static enum answer restart_refusal(const struct core *core, const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (core->engine_lost)
        return ANSWER_ENGINE_LOST;
    bool asleep = !container_is_up(c) || c->status == CONTAINER_PAUSED;
    return asleep && !agent_is_wanted_awake(core, a) ? ANSWER_ASLEEP : ANSWER_DONE;
}

static bool add_waiter(struct core *core, struct agent *a, const struct core_wake *wake)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));
    if (!waiter) {
        core->starved = true;
        return false;
    }
    waiter->wake = wake->wake;
    waiter->wait = wake->wait;
    waiter->restart = wake->restart;
    waiter->deadline_ns = wake->wait_ns ? core->now_ns + wake->wait_ns : NEVER_NS;
    (void)snprintf(waiter->lease, sizeof(waiter->lease), "%s", wake->lease);
    waiter->next = a->waiters;
    a->waiters = waiter;
    return true;
}

void leases_wake(struct core *core, const struct core_wake *wake)
{
    struct agent *a = agents_find(core, wake->agent);
    const char *words = NULL;
    enum answer answer = refusal(core, a, &words);
    if (answer == ANSWER_DONE && wake->restart)
        answer = restart_refusal(core, a);
    if (answer != ANSWER_DONE) {
        say(core, wake->wake, answer, a, NULL, words);
        return;
    }
    if (a->lifecycle == LIFECYCLE_LAZY)
        judge_stopped(core, a); /* a stop by hand ended the older leases, and not this one */
    struct lease *lease = add_lease(core, a, wake->lease, core->now_ns + wake->ttl_ns,
                                    core->wall_ms + (int64_t)(wake->ttl_ns / 1000000));
    if (!lease || !add_waiter(core, a, wake)) {
        say(core, wake->wake, ANSWER_FAILED, a, NULL, "out of memory");
        return;
    }
    if (wake->now)
        a->retry_at_ns = a->crash_retry_at_ns = 0;
    a->sleep_now = false;
    tell_lease(core, lease, NULL);
    agent_move(core, a, INPUT_WAKE);
    if (wake->restart)
        restart_ask(core, a);
}

void leases_renew(struct core *core, const struct core_renew *renew)
{
    struct lease *lease = find_lease(core, renew->lease);
    if (!lease) {
        say(core, renew->wake, ANSWER_NO_LEASE, NULL, NULL, NULL);
        return;
    }
    lease->until_ns = core->now_ns + renew->ttl_ns;
    lease->expires_ms = core->wall_ms + (int64_t)(renew->ttl_ns / 1000000);
    tell_lease(core, lease, NULL);
    mark_dirty(core, lease->agent);
    say(core, renew->wake, ANSWER_DONE, lease->agent, lease, NULL);
}

void leases_release(struct core *core, const struct core_release *release)
{
    struct lease *lease = find_lease(core, release->lease);
    if (!lease) {
        say(core, release->wake, ANSWER_NO_LEASE, NULL, NULL, NULL);
        return;
    }
    struct agent *a = lease->agent;
    end_lease(core, lease, "released", ANSWER_LEASE_ENDED);
    say(core, release->wake, ANSWER_DONE, a, NULL, NULL);
}

void leases_sleep(struct core *core, const struct core_sleep *sleep)
{
    struct agent *a = agents_find(core, sleep->agent);
    const char *words = NULL;
    enum answer answer = refusal(core, a, &words);
    if (answer == ANSWER_DONE && a->lifecycle == LIFECYCLE_HOT)
        answer = ANSWER_HOT;
    if (answer != ANSWER_DONE) {
        say(core, sleep->wake, answer, a, NULL, words);
        return;
    }
    leases_end(core, a, "sleep", ANSWER_LEASE_ENDED);
    if (depends_want_awake(core, a) || job_wants_run(a)) {
        say(core, sleep->wake, ANSWER_IN_USE, a, NULL, NULL);
        return;
    }
    a->sleep_now = container_is_up(&a->containers[SLOT_MAIN]);
    mark_dirty(core, a);
    say(core, sleep->wake, ANSWER_DONE, a, NULL, NULL);
}

/* At start: one that was given before, and is still good. */
void leases_remember(struct core *core, const struct core_lease *lease)
{
    struct agent *a = agents_find(core, lease->agent);
    if (a && a->presence == PRESENCE_ROW && !find_lease(core, lease->id))
        (void)add_lease(core, a, lease->id, lease->until_ns, lease->expires_ms);
}

static bool is_ready(const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    return c->known && c->status == CONTAINER_RUNNING && a->state == STATE_RUNNING;
}

/* What can be told to one who waits; -1 when it is too early. */
static int verdict_on(const struct core *core, const struct agent *a, const struct waiter *waiter)
{
    if (!waiter->wait)
        return ANSWER_DONE;
    if (a->held)
        return ANSWER_HELD;
    bool is_due = restart_is_due(core, a); /* what it is now, it is not for long */
    if (is_ready(a) && !is_due && !core->engine_lost)
        return ANSWER_DONE;
    if (core->now_ns >= waiter->deadline_ns)
        return core->engine_lost ? ANSWER_ENGINE_LOST : ANSWER_NOT_READY;
    if (core->engine_lost)
        return -1;
    if (a->told_not_ready && !is_due)
        return ANSWER_NOT_READY;
    if (agent_retry_at_ns(a) > core->now_ns || a->stuck)
        return ANSWER_FAILED;
    return -1;
}

/* Its lease has done its work; what is told is so without it. */
static void answer_restart(struct core *core, struct agent *a, struct waiter **w,
                           enum answer answer)
{
    struct waiter *waiter = *w;
    struct lease *lease = find_lease(core, waiter->lease);
    *w = waiter->next;
    if (lease)
        end_lease(core, lease, "restarted", answer);
    say(core, waiter->wake, answer, a, NULL, a->reason);
    free(waiter);
}

uint64_t leases_answer(struct core *core, struct agent *a)
{
    uint64_t due = NEVER_NS;
    for (struct waiter **w = &a->waiters; *w;) {
        int verdict = verdict_on(core, a, *w);
        if (verdict >= 0 && (*w)->restart) {
            answer_restart(core, a, w, (enum answer)verdict);
            continue;
        }
        if (verdict >= 0) {
            answer_waiter(core, a, w, (enum answer)verdict, a->reason);
            continue;
        }
        if ((*w)->deadline_ns < due)
            due = (*w)->deadline_ns;
        w = &(*w)->next;
    }
    return due;
}

void core_each_lease(const struct core *core, const char *agent,
                     void (*each)(void *ctx, const struct core_lease *lease), void *ctx)
{
    const struct agent *a = agents_find(core, agent);
    for (const struct lease *lease = a ? a->leases : NULL; lease; lease = lease->next) {
        struct core_lease view = {lease->id, a->name, lease->until_ns, lease->expires_ms};
        each(ctx, &view);
    }
}
