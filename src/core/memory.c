/* SPDX-License-Identifier: MIT
 *
 * What is remembered of an agent over a restart: EFFECT_SAVE and EFFECT_FORGET.
 */
#include "core/internal.h"

#include <string.h>

/* It is being removed, by us. Who starts after a crash must not miss it, least of all for a new row
 * of that name. */
static bool is_leaving(const struct agent *a)
{
    bool in_flight = a->operation.id != 0 && a->operation.kind == OPERATION_REMOVE &&
                     a->operation_slot == SLOT_MAIN;
    return in_flight || a->containers[SLOT_MAIN].doomed;
}

/* Only what was seen to run is remembered as up: our start may never have come to the engine. And
 * as long as nobody was told that it went down, it is remembered as up: who starts after a crash
 * tells it. But a stop of ours whose end nobody knows may still come to pass, and who starts then
 * must know whose it was. */
static enum agent_state state_to_save(const struct core *core, const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (c->known && (a->unjudged || a->confirm_at_ns != 0))
        return STATE_RUNNING;
    if (container_is_up(c) && a->state == STATE_RUNNING &&
        operation_is_lost(core, c, OPERATION_STOP))
        return STATE_STOPPING;
    if (a->state == STATE_STARTING && !container_is_up(c))
        return STATE_STOPPED;
    return a->state;
}

void memory_save(struct core *core, struct agent *a)
{
    if (!a->save || a->presence == PRESENCE_NONE)
        return;
    struct effect *e = effect_add(core, EFFECT_SAVE);
    if (!e)
        return;
    const struct container *c = &a->containers[SLOT_MAIN];
    e->save.name = effect_text(core, a->name);
    e->save.state = state_to_save(core, a);
    e->save.reason = effect_text(core, a->reason ? a->reason : "");
    e->save.failed_generation = agent_is_rolled_back(a) ? a->failed_generation : 0;
    e->save.has_container = (c->known && !is_leaving(a)) || e->save.failed_generation != 0;
    memcpy(e->save.container, e->save.failed_generation ? a->kept : c->id, CONTAINER_ID_SIZE);
    e->save.episodes = a->episodes;
    e->save.crashes = a->crashes;
    memcpy(e->save.restarts_ns, a->restarts_ns, sizeof(a->restarts_ns));
    e->save.retry_at_ns = a->crash_retry_at_ns;
    e->save.idle_since_ns = a->idle_since_ns;
    e->save.job_ran = a->job_ran;
    e->save.to_follow = a->to_follow;
    a->save = !effect_whole(core);
}

/* For the same reason as is_leaving(). */
static bool save_nothing(struct core *core, const struct agent *a)
{
    struct effect *e = effect_add(core, EFFECT_SAVE);
    if (!e)
        return false;
    e->save = (struct core_memory){
        .name = effect_text(core, a->name), .state = STATE_MISSING, .reason = ""};
    return effect_whole(core);
}

bool memory_forget(struct core *core, const struct agent *a)
{
    struct effect *e = save_nothing(core, a) ? effect_add(core, EFFECT_FORGET) : NULL;
    if (!e)
        return false;
    e->forget.name = effect_text(core, a->name);
    e->forget.generation = a->generation;
    return effect_whole(core);
}
