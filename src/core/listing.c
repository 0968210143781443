/* SPDX-License-Identifier: MIT
 *
 * A listing is the truth, as of the moment when it was asked for.
 *
 * So an agent that has an operation in flight, or that is known better since (`as_of`), is passed
 * over: its rows of this listing may be older than what we know (kubernetes/kubernetes#23636).
 */
#include "core/internal.h"

#include <string.h>

#define LIST_RETRY_MAX_NS (30 * SECOND_NS)

/* A listing has no restart policy, so each container is inspected now and then. In a round of this
 * length all get their turn; who was inspected within the last one is passed over, so that nobody
 * waits for more than two: ten minutes, with the time between two listings. */
#define SWEEP_NS (270 * SECOND_NS)

void listing_request(struct core *core, bool resources)
{
    core->want_list = true;
    core->want_resources = core->want_resources || resources;
}

static bool only_dry_passes_wait(const struct core *core)
{
    bool any = false;
    for (const struct pass *p = core->passes; p; p = p->next) {
        if (p->list != 0 || p->begun)
            continue;
        if (!p->request.dry_run)
            return false;
        any = true;
    }
    return any || core->config.observe_only;
}

void listing_emit(struct core *core)
{
    if (!core->want_list || core->list_step != 0 || core->now_ns < core->list_at_ns ||
        core->engine_lost)
        return;
    struct effect *e = effect_add(core, EFFECT_LIST);
    if (!e)
        return;
    e->list.list = ++core->last_list;
    e->list.resources = core->want_resources;
    e->list.create_resources = core->want_resources && !only_dry_passes_wait(core);
    core->list_step = core->step;
    core->want_list = core->want_resources = false;
    for (struct pass *p = core->passes; p; p = p->next)
        if (p->list == 0 && !p->begun)
            p->list = core->last_list;
}

/* May this listing say something of the agent? */
static bool listing_counts(const struct core *core, const struct agent *a)
{
    return a->operation.id == 0 && a->as_of <= core->list_step;
}

static void set_conflict(struct core *core, struct agent *a, enum conflict conflict)
{
    a->conflict = conflict;
    a->conflict_list = core->last_list;
}

static int slot_by_id(const struct agent *a, const uint8_t id[CONTAINER_ID_SIZE])
{
    for (int i = 0; i < SLOTS; i++)
        if (a->containers[i].known && same_id(a->containers[i].id, id))
            return i;
    bool remembered = a->has_remembered && same_id(a->remembered, id);
    return remembered && !a->containers[SLOT_MAIN].known ? SLOT_MAIN : -1;
}

static int slot_by_name(const struct core *core, const struct agent *a, const char *name)
{
    char own[CONTAINER_NAME_SIZE];
    for (int i = 0; i < SLOTS; i++)
        if (strcmp(agent_container_name(core, a, (enum slot)i, own, sizeof(own)), name) == 0)
            return i;
    return -1;
}

/* Ours are: a container under our final or a spare name with our labels, and those whose id we
 * know, whatever their names are now. Labels alone are not enough: `docker commit` bakes them into
 * images. */
static void take_ours(struct core *core, struct agent *a, const struct observation *o)
{
    int by_id = slot_by_id(a, o->id);
    int by_name = slot_by_name(core, a, o->name);
    int slot = by_name >= 0 ? by_name : by_id >= 0 || !o->by_id ? by_id : SLOT_MAIN;
    if (slot < 0) {
        set_conflict(core, a, CONFLICT_DUPLICATE);
        return;
    }
    struct container *c = &a->containers[slot];
    if (c->known && c->list == core->last_list && !same_id(c->id, o->id)) {
        set_conflict(core, a, CONFLICT_DUPLICATE);
        return;
    }
    if (by_id >= 0 && by_id != slot && a->containers[by_id].known)
        agent_move_container(core, a, (enum slot)by_id, (enum slot)slot);
    agent_see(core, a, (enum slot)slot, o);
    c->list = core->last_list;
    if (by_name < 0 && o->by_id && c->renamed == NAME_RIGHT)
        c->renamed = NAME_OF_EARLIER_ROW;
    agent_see_name(core, a, (enum slot)slot, by_name >= 0);
}

/* Whose name is it, and may it be there? */
static void take_foreign(struct core *core, const struct observation *o)
{
    struct agent *a = agents_find_by_container_name(core, o->name);
    enum conflict conflict = CONFLICT_NAME;
    if (!a && o->compose_service[0] != '\0') {
        a = agents_find(core, o->compose_service);
        conflict = CONFLICT_COMPOSE;
    }
    if (a && o->compose_service[0] != '\0' && strcmp(o->compose_service, a->name) == 0)
        conflict = CONFLICT_COMPOSE;
    if (a && listing_counts(core, a))
        set_conflict(core, a, conflict);
}

void listing_take(struct core *core, uint64_t list, const struct observation *o)
{
    if (core->list_step == 0 || list != core->last_list)
        return;
    if (!o->ours || !agent_name_is_valid(o->agent)) {
        take_foreign(core, o);
        return;
    }
    struct agent *a = agents_find(core, o->agent);
    if (!a)
        a = agents_add(core, o->agent);
    if (a && listing_counts(core, a))
        take_ours(core, a, o);
}

static void listing_broke(struct core *core, const struct core_listing_end *end)
{
    core->list_failures++;
    unsigned doublings = core->list_failures > 6 ? 6 : core->list_failures - 1;
    uint64_t wait = BACKOFF_FIRST_NS << doublings;
    core->list_at_ns = core->now_ns + (wait < LIST_RETRY_MAX_NS ? wait : LIST_RETRY_MAX_NS);
    listing_request(core, true);
    pass_break(core, end->list, end->words);
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        mark_dirty(core, a); /* no pass holds it back any more */
    }
}

/* The container that a roll-back kept is not there any more: nothing is left but to try the row
 * again. */
static void check_kept(struct agent *a)
{
    if (!agent_is_rolled_back(a))
        return;
    for (int i = 0; i < SLOTS; i++)
        if (a->containers[i].known && same_id(a->containers[i].id, a->kept))
            return;
    a->failed_generation = 0;
    a->save = true;
}

static void apply_to(struct core *core, struct agent *a)
{
    if (!listing_counts(core, a))
        return;
    for (int i = 0; i < SLOTS; i++)
        if (a->containers[i].known && a->containers[i].list != core->last_list)
            agent_see_gone(core, a, (enum slot)i);
    if (a->conflict_list != core->last_list)
        a->conflict = CONFLICT_NONE;
    if (a->has_remembered && !a->containers[SLOT_MAIN].known) {
        agent_move(core, a, INPUT_SEEN_GONE);
        judge_gone(core, a);
    }
    a->has_remembered = a->remembered_up = false;
    a->unknown = false;
    check_kept(a);
    agent_agree(core, a);
}

/* A few with each listing of the clock, so that they are spread. */
static void sweep(struct core *core)
{
    if (core->config.resync_ns == 0 || core->now_ns < core->sweep_at_ns)
        return;
    core->sweep_at_ns = core->now_ns + core->config.resync_ns;
    uint64_t share = HASH_COUNT(core->agents) * core->config.resync_ns / SWEEP_NS + 1;
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) { /* in the order of their serials */
        if (a->serial <= core->swept || share == 0)
            continue;
        share--;
        core->swept = a->serial;
        const struct container *c = &a->containers[SLOT_MAIN];
        if (a->presence == PRESENCE_ROW && c->known && core->now_ns - c->inspected_ns >= SWEEP_NS)
            a->want_inspect = true;
    }
    if (share > 0)
        core->swept = 0; /* the first ones again */
}

void listing_end(struct core *core, const struct core_listing_end *end)
{
    if (core->list_step == 0 || end->list != core->last_list)
        return;
    if (!end->whole) {
        core->list_step = 0;
        listing_broke(core, end);
        return;
    }
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        apply_to(core, a);
        mark_dirty(core, a);
    }
    core->list_step = 0;
    core->list_failures = 0;
    core->synced = true;
    judge_listed(core);
    core->list_at_ns = 0;
    sweep(core);
    if (core->config.resync_ns > 0)
        core->resync_at_ns = core->now_ns + core->config.resync_ns;
    pass_begin(core, end->list);
}
