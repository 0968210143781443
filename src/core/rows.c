/* SPDX-License-Identifier: MIT
 *
 * What should be: rows, tombstones, and what was remembered over a restart.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

static bool same_depends(const struct agent *a, const struct core_row *row)
{
    if (a->n_depends != row->n_depends)
        return false;
    for (size_t i = 0; i < row->n_depends; i++)
        if (a->depends[i].condition != row->depends[i].condition ||
            a->depends[i].optional != row->depends[i].optional ||
            a->depends[i].shares != row->depends[i].shares ||
            a->depends[i].joins != row->depends[i].joins ||
            a->depends[i].restart != row->depends[i].restart ||
            strcmp(a->depends[i].agent, row->depends[i].agent) != 0)
            return false;
    return true;
}

static void take_depends(struct core *core, struct agent *a, const struct core_row *row)
{
    if (same_depends(a, row))
        return;
    struct core_depends *depends = NULL;
    if (row->n_depends > 0) {
        depends = calloc(row->n_depends, sizeof(*depends));
        if (!depends) {
            core->starved = true;
            return;
        }
    }
    for (size_t i = 0; i < row->n_depends; i++) {
        depends[i] = row->depends[i];
        depends[i].agent = strdup(row->depends[i].agent);
        if (depends[i].agent)
            continue;
        core->starved = true;
        while (i-- > 0)
            free((char *)(uintptr_t)depends[i].agent);
        free(depends);
        return;
    }
    for (size_t i = 0; i < a->n_depends; i++)
        free((char *)(uintptr_t)a->depends[i].agent);
    free(a->depends);
    a->depends = depends;
    a->n_depends = row->n_depends;
    core->depends_stale = true;
}

/* A name given by hand changes how a container is found: look again before acting. */
static void take_container_name(struct core *core, struct agent *a, const char *name)
{
    if ((!name && !a->container_name) ||
        (name && a->container_name && strcmp(name, a->container_name) == 0))
        return;
    if (!agents_set_container_name(core, a, name))
        return;
    for (int i = 0; i < SLOTS; i++)
        if (a->containers[i].known)
            a->containers[i].renamed = NAME_OF_EARLIER_ROW;
    if (core->synced || core->list_step != 0)
        a->unknown = true; /* whether the new name is free, only a listing tells */
    a->as_of = core->step;
}

void rows_take(struct core *core, const struct core_row *row)
{
    struct agent *a = agents_find(core, row->name);
    if (!a)
        a = agents_add(core, row->name);
    if (!a)
        return;
    bool fresh = a->presence != PRESENCE_ROW, was_held = a->held;
    bool wish_changed =
        a->lifecycle != row->lifecycle || a->held != row->held || !a->invalid != !row->invalid;
    if (fresh || wish_changed)
        core->depends_stale = true; /* whom it keeps awake is looked at again */
    a->presence = PRESENCE_ROW;
    a->generation = row->generation;
    a->lifecycle = row->lifecycle;
    a->held = row->held;
    a->spec = row->spec;
    a->idle_timeout_ns = row->idle_timeout_ns ? row->idle_timeout_ns : core->config.idle_timeout_ns;
    a->ready = row->ready;
    a->ready_timeout_ns = row->ready_timeout_ns;
    a->sleep = row->sleep;
    a->stop_after_ns = row->stop_after_ns;
    a->restart_unhealthy = row->restart_unhealthy;
    a->job = row->job;
    (void)set_text(core, &a->invalid, row->invalid);
    take_container_name(core, a, row->container_name);
    take_depends(core, a, row);
    rollout_reopen(core);
    agent_well(core, a);
    a->crashes = 0;
    a->job_done = false;
    a->crash_retry_at_ns = 0;
    agent_move(core, a, INPUT_ROW_CHANGED);
    if (was_held != a->held && !fresh)
        agent_move(core, a, a->held ? INPUT_HOLD : INPUT_UNHOLD);
    a->unheld = !a->held && (a->unheld || was_held);
    if (container_is_up(&a->containers[SLOT_MAIN]) && a->state == STATE_STOPPED)
        agent_move(core, a, INPUT_SEEN_UP);
    a->save = a->save || fresh;
    if (row->look_first && !a->containers[SLOT_MAIN].known) {
        a->unknown = true;
        a->as_of = core->step; /* a listing that is under way took it for another's */
    }
    a->retell_leases = a->leases != NULL;
    mark_dirty(core, a);
}

void rows_delete(struct core *core, const struct core_tombstone *tombstone)
{
    struct agent *a = agents_find(core, tombstone->name);
    if (a && a->presence == PRESENCE_ROW && a->generation > tombstone->generation)
        return; /* a row beats its tombstone */
    if (!a)
        a = agents_add(core, tombstone->name);
    if (!a)
        return;
    if (a->presence == PRESENCE_ROW)
        core->depends_stale = true;
    else if (tombstone->container_name)
        (void)agents_set_container_name(core, a, tombstone->container_name);
    a->presence = PRESENCE_TOMBSTONE;
    a->generation = tombstone->generation;
    a->held = false;
    a->unheld = false;
    agent_well(core, a);
    agent_move(core, a, INPUT_ROW_DELETED);
    mark_dirty(core, a);
}

void rows_remember(struct core *core, const struct core_memory *memory)
{
    struct agent *a = agents_find(core, memory->name);
    if (!a)
        return;
    a->state = memory->state;
    agent_set_reason(core, a, memory->reason[0] ? memory->reason : NULL);
    a->has_remembered = memory->has_container;
    memcpy(a->remembered, memory->container, CONTAINER_ID_SIZE);
    a->failed_generation = memory->failed_generation;
    memcpy(a->kept, memory->container, CONTAINER_ID_SIZE);
    a->remembered_up = memory->state == STATE_RUNNING || memory->state == STATE_STARTING;
    a->was_wanted = a->remembered_up && memory->idle_since_ns == 0;
    a->episodes = memory->episodes;
    a->crashes = memory->crashes;
    memcpy(a->restarts_ns, memory->restarts_ns, sizeof(a->restarts_ns));
    a->crash_retry_at_ns = memory->retry_at_ns;
    a->idle_since_ns = memory->idle_since_ns;
    a->job_ran = memory->job_ran;
    a->to_follow = memory->to_follow;
    a->save = false;
}
