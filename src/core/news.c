/* SPDX-License-Identifier: MIT
 *
 * The engine's event stream. An event is a hint, not a fact: most make us inspect the container,
 * and the inspection is what is judged. So a lost, doubled or late event costs a look at most, and
 * nothing is believed of a container that runs again by now.
 *
 * But for a death, where it is certain what it means: that is judged at once, since an inspection
 * waits until the engine has taken the container's network down (100 ms). The engine's listing
 * shows it as running as long; it is passed over, as the inspection is in flight, and what was
 * asked for before its answer is older than that.
 */
#include "core/internal.h"

#include <string.h>

static struct agent *find_agent(const struct core *core, const struct engine_news *news,
                                int *ret_slot)
{
    struct agent *a = news->agent[0] != '\0' ? agents_find(core, news->agent)
                                             : agents_find_by_container_name(core, news->name);
    *ret_slot = -1;
    for (int i = 0; a && i < SLOTS; i++)
        if (a->containers[i].known && same_id(a->containers[i].id, news->id))
            *ret_slot = i;
    return a;
}

/* What our operation in flight on this container brings about by itself. */
static bool is_expected(const struct agent *a, int slot, enum engine_action action)
{
    if (a->operation.id == 0 || a->operation_slot != (enum slot)slot)
        return false;
    switch (a->operation.kind) {
    case OPERATION_STOP:
        return action == ENGINE_EVENT_KILL || action == ENGINE_EVENT_DIE ||
               action == ENGINE_EVENT_STOP;
    case OPERATION_START:
        return action == ENGINE_EVENT_START;
    case OPERATION_PAUSE:
        return action == ENGINE_EVENT_PAUSE;
    case OPERATION_UNPAUSE:
        return action == ENGINE_EVENT_UNPAUSE;
    case OPERATION_RENAME:
        return action == ENGINE_EVENT_RENAME;
    case OPERATION_REMOVE:
        return action == ENGINE_EVENT_DESTROY;
    case OPERATION_UPDATE:
        return action == ENGINE_EVENT_UPDATE;
    case OPERATION_CREATE:
    case OPERATION_INSPECT:
    case OPERATION_PROBE:
        break;
    }
    return false;
}

/* Nothing that we do not know: the end of our own operation, told late. */
static bool is_old(const struct container *c, enum engine_action action)
{
    switch (action) {
    case ENGINE_EVENT_CREATE:
        return true;
    case ENGINE_EVENT_START:
    case ENGINE_EVENT_UNPAUSE:
        return c->status == CONTAINER_RUNNING;
    case ENGINE_EVENT_DIE:
    case ENGINE_EVENT_STOP:
    case ENGINE_EVENT_KILL:
        return c->status == CONTAINER_EXITED || c->status == CONTAINER_CREATED;
    case ENGINE_EVENT_PAUSE:
        return c->status == CONTAINER_PAUSED;
    case ENGINE_EVENT_RENAME:
    case ENGINE_EVENT_UPDATE:
    case ENGINE_EVENT_OOM:
    case ENGINE_EVENT_HEALTH:
    case ENGINE_EVENT_RESTART:
    case ENGINE_EVENT_DESTROY:
        break;
    }
    return false;
}

/* Signals that ask a program for something else than its end. */
static bool signal_ends(int signal)
{
    static const int harmless[] = {1, 10, 12, 17, 18, 28}; /* HUP USR1 USR2 CHLD CONT WINCH */
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        if (signal == harmless[i])
            return false;
    return true;
}

/* What is told late may be a name that it had: the listing sorts it out. */
static void take_rename(struct core *core, struct agent *a, enum slot slot, const char *name)
{
    char own[CONTAINER_NAME_SIZE];
    bool right = strcmp(agent_container_name(core, a, slot, own, sizeof(own)), name) == 0;
    if (right != (a->containers[slot].renamed == NAME_RIGHT))
        a->unknown = true;
    mark_dirty(core, a);
}

/* By the lifecycle that the container was made as the engine restarts it or leaves it down, unless
 * somebody sent a signal, or changed the policy. Who kills with 9 may be the kernel, for memory,
 * which only an inspection tells. */
static bool death_is_certain(const struct core *core, const struct agent *a,
                             const struct engine_news *news)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    bool can_be_looked_at = a->operation.id == 0 && !a->unknown && !a->want_inspect &&
                            core->in_flight < core->config.max_in_flight && !pass_awaits(core, a);
    bool is_plain = a->presence == PRESENCE_ROW && !a->held && !core->after_loss &&
                    c->status == CONTAINER_RUNNING && c->made_as == a->lifecycle &&
                    !a->containers[SLOT_NEW].known && !a->containers[SLOT_OLD].known;
    if (!news->has_exit_code || !can_be_looked_at || !is_plain)
        return false;
    if (a->lifecycle == LIFECYCLE_LAZY)
        return !container_is_tampered(c) && news->exit_code != 137;
    return c->policy == POLICY_AGREES && c->start_heard && !c->signalled;
}

static void take_death(struct core *core, struct agent *a, const struct engine_news *news)
{
    if (a->containers[SLOT_MAIN].starts_due > 0)
        return; /* told late: an end of an earlier run */
    a->died_news = true;
    follow_note(core, a, false);
    if (!death_is_certain(core, a, news))
        return;
    if (a->lifecycle == LIFECYCLE_LAZY)
        agent_see_death(core, a, news->exit_code);
    else
        agent_see_status(core, a, SLOT_MAIN, CONTAINER_RESTARTING);
    a->containers[SLOT_MAIN].death_told = true;
}

/* Somebody ends the main one's run; but what is told before our own start of this one was of an
 * earlier one, and may be our own stop, and what is told when the end is judged already explains no
 * later one. */
static void note_hand(const struct core *core, struct agent *a, int slot)
{
    const struct container *c = &a->containers[slot];
    bool is_early = c->starts_due > 0 && c->start_heard;
    bool is_over = c->starts_due > 0 && !container_is_up(c) && !a->unjudged;
    if (slot == SLOT_MAIN && !is_early && !is_over)
        a->hand_ns = core->now_ns;
}

/* The start of a run whose end was inspected already. */
static bool is_of_earlier_run(const struct container *c, const struct engine_news *news)
{
    return news->time_ns != 0 && news->time_ns < c->ended_ns;
}

/* What was told of a container from its start on says whether the engine restarts it. */
static void listen(struct container *c, const struct engine_news *news)
{
    if (news->action == ENGINE_EVENT_START && is_of_earlier_run(c, news)) {
        c->starts_due = c->starts_due > 0;
    } else if (news->action == ENGINE_EVENT_START) {
        c->start_heard = true;
        c->starts_due -= c->starts_due > 0;
        c->signalled = false;
    } else if (news->action == ENGINE_EVENT_KILL) {
        c->signalled = true;
    }
}

void news_missed(struct core *core)
{
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        struct container *c = &a->containers[SLOT_MAIN];
        c->start_heard = false;
        c->starts_due = c->starts_due > 0;
    }
}

/* A spare that runs (a request of one that was killed, carried out late) is seen before the next
 * step, which may be to start another. */
static void look(struct core *core, struct agent *a, int slot, enum engine_action action)
{
    if (slot == SLOT_MAIN)
        a->want_inspect = true;
    else if (action == ENGINE_EVENT_START || action == ENGINE_EVENT_UNPAUSE)
        a->unknown = true;
    else
        listing_request(core, false);
    mark_dirty(core, a);
}

static void take_known(struct core *core, struct agent *a, int slot, const struct engine_news *news)
{
    struct container *c = &a->containers[slot];
    bool expected = is_expected(a, slot, news->action);
    bool quiet = a->operation.id == 0 && !a->want_inspect;
    listen(c, news);
    if (news->action == ENGINE_EVENT_DESTROY) {
        agent_see_gone(core, a, (enum slot)slot); /* an id never comes back */
        a->as_of = core->step;
        mark_dirty(core, a);
        return;
    }
    if (expected || (quiet && is_old(c, news->action)))
        return;
    a->as_of = core->step;
    switch (news->action) {
    case ENGINE_EVENT_KILL:
        if (signal_ends(news->signal))
            note_hand(core, a, slot);
        return; /* the death that may follow has an event of its own */
    case ENGINE_EVENT_RENAME:
        take_rename(core, a, (enum slot)slot, news->name);
        return;
    case ENGINE_EVENT_HEALTH:
        if (slot != SLOT_MAIN)
            return;
        if (news->health != HEALTH_HEALTHY || c->health == HEALTH_UNHEALTHY)
            break; /* an old word would have it restarted once more, or call it well too early */
        agent_see_health(core, a, news->health);
        return;
    case ENGINE_EVENT_STOP:
        note_hand(core, a, slot);
        break;
    case ENGINE_EVENT_DIE:
        if (slot == SLOT_MAIN)
            take_death(core, a, news);
        break;
    case ENGINE_EVENT_CREATE:
    case ENGINE_EVENT_START:
    case ENGINE_EVENT_PAUSE:
    case ENGINE_EVENT_UNPAUSE:
    case ENGINE_EVENT_UPDATE:
    case ENGINE_EVENT_OOM:
    case ENGINE_EVENT_RESTART: /* what it ended was told before */
    case ENGINE_EVENT_DESTROY:
        break;
    }
    look(core, a, slot, news->action);
}

void news_take(struct core *core, const struct engine_news *news)
{
    int slot;
    struct agent *a = find_agent(core, news, &slot);
    if (!core->synced || core->engine_lost || !a)
        return;
    if (slot >= 0) {
        take_known(core, a, slot, news);
        return;
    }
    /* A container of this name or label that we do not know. Ours being made is told by its
     * completion; else look. */
    bool making = a->operation.id != 0 && a->operation.kind == OPERATION_CREATE;
    bool appears = news->action == ENGINE_EVENT_CREATE || news->action == ENGINE_EVENT_START ||
                   news->action == ENGINE_EVENT_RENAME;
    if (appears && !making)
        listing_request(core, false);
}
