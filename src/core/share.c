/* SPDX-License-Identifier: MIT
 *
 * Containers that are made of another agent's container: that share its namespaces or its volumes.
 * The engine ties them to that one container, so they are made anew when it is. Each bears a number
 * for the containers that it was made of (label roost.with), and that number is compared.
 */
#include "core/internal.h"

/* FNV-1a, never 0. */
static uint64_t number_of(const uint8_t id[CONTAINER_ID_SIZE])
{
    uint64_t number = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < CONTAINER_ID_SIZE; i++)
        number = (number ^ id[i]) * UINT64_C(0x100000001b3);
    return number | 1;
}

/* What others can be made of, or 0: there is none yet, or another will take its place. */
static uint64_t shown(const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    bool stays = a->presence == PRESENCE_ROW && c->known && !c->doomed &&
                 c->status != CONTAINER_DEAD && c->status != CONTAINER_REMOVING &&
                 !a->containers[SLOT_NEW].known && !a->containers[SLOT_OLD].known;
    return stays ? number_of(c->id) : 0;
}

/* A sum, so the order of dependencies does not matter. 0: nothing is shared, or not all of it is
 * there. */
static uint64_t with_now(struct core *core, const struct agent *a)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < a->n_depends; i++) {
        if (!a->depends[i].shares)
            continue;
        struct agent *b = agents_find(core, a->depends[i].agent);
        uint64_t number = b ? shown(b) : 0;
        if (number == 0)
            return 0;
        sum += number;
    }
    return sum;
}

/* Of what is there now, proven or not; who is missing counts as well. So whatever takes its place
 * is seen to be another. */
uint64_t share_made_of(const struct core *core, const struct agent *a)
{
    static const uint8_t nothing[CONTAINER_ID_SIZE];
    uint64_t sum = 0;
    for (size_t i = 0; i < a->n_depends; i++) {
        if (!a->depends[i].shares)
            continue;
        const struct agent *b = agents_find(core, a->depends[i].agent);
        bool there = b && b->containers[SLOT_MAIN].known;
        sum += number_of(there ? b->containers[SLOT_MAIN].id : nothing);
    }
    return sum;
}

void share_look(struct core *core, struct agent *a)
{
    a->with = with_now(core, a);
}

bool share_agrees(const struct agent *a, const struct container *c)
{
    return a->with == 0 || c->with == 0 || c->with == a->with;
}

bool share_awaits(struct core *core, const struct agent *a)
{
    for (size_t i = 0; i < a->n_depends; i++) {
        const struct agent *b =
            a->depends[i].shares ? agents_find(core, a->depends[i].agent) : NULL;
        if (b && b->presence == PRESENCE_ROW && shown(b) == 0 && agent_is_busy(b))
            return true;
    }
    return false;
}

/* Of a network that nobody runs in the engine lets nobody have a share. */
bool share_lacks(const struct core *core, const struct agent *a)
{
    for (size_t i = 0; i < a->n_depends; i++) {
        const struct agent *b =
            a->depends[i].shares ? agents_find(core, a->depends[i].agent) : NULL;
        if (b && !container_is_up(&b->containers[SLOT_MAIN]))
            return true;
    }
    return false;
}

void share_tell(struct core *core, struct agent *a)
{
    uint64_t now = shown(a);
    if (now == 0 || now == a->shown)
        return;
    a->shown = now;
    for (size_t i = 0; i < a->n_dependents; i++) {
        struct agent *d = a->dependents[i];
        share_look(core, d);
        if (d->containers[SLOT_MAIN].known && !share_agrees(d, &d->containers[SLOT_MAIN]))
            pass_follow(core, d, a);
        mark_dirty(core, d);
    }
}
