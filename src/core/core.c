/* SPDX-License-Identifier: MIT
 *
 * core_step() and the views.
 */
#include "core/core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

#define DEFAULT_IN_FLIGHT   16
#define DEFAULT_UNAVAILABLE 1
#define DEFAULT_IDLE_NS     (900 * SECOND_NS)

static const char *const operation_names[] = {
    [OPERATION_CREATE] = "create", [OPERATION_START] = "start",     [OPERATION_STOP] = "stop",
    [OPERATION_PAUSE] = "pause",   [OPERATION_UNPAUSE] = "unpause", [OPERATION_RENAME] = "rename",
    [OPERATION_REMOVE] = "remove", [OPERATION_UPDATE] = "update",   [OPERATION_INSPECT] = "inspect",
    [OPERATION_PROBE] = "probe",
};

const char *operation_kind_name(enum operation_kind kind)
{
    return operation_names[kind];
}

struct core *core_new(const struct core_config *config)
{
    struct core *core = calloc(1, sizeof(*core));
    if (core)
        core->fleet = strdup(config->fleet);
    if (!core || !core->fleet) {
        free(core);
        return NULL;
    }
    core->config = *config;
    core->config.fleet = core->fleet;
    if (core->config.max_in_flight == 0)
        core->config.max_in_flight = DEFAULT_IN_FLIGHT;
    if (core->config.max_unavailable == 0)
        core->config.max_unavailable = DEFAULT_UNAVAILABLE;
    if (core->config.idle_timeout_ns == 0)
        core->config.idle_timeout_ns = DEFAULT_IDLE_NS;
    core->engine_lost = config->engine_lost;
    core->resync_at_ns = NEVER_NS;
    listing_request(core, true);
    return core;
}

struct core *core_free(struct core *core)
{
    if (!core)
        return NULL;
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        agents_remove(core, a);
    }
    pass_free_all(core);
    effects_reset(core);
    free(core->heap);
    free(core->fleet);
    free(core);
    return NULL;
}

static void take(struct core *core, const struct core_event *event)
{
    switch (event->kind) {
    case CORE_TIME:
        break;
    case CORE_ROW:
        rows_take(core, &event->row);
        break;
    case CORE_TOMBSTONE:
        rows_delete(core, &event->tombstone);
        break;
    case CORE_MEMORY:
        rows_remember(core, &event->memory);
        break;
    case CORE_LISTED:
        listing_take(core, event->listed.list, event->listed.observation);
        break;
    case CORE_LISTING_END:
        listing_end(core, &event->listing_end);
        break;
    case CORE_COMPLETION:
        complete_take(core, &event->completion);
        break;
    case CORE_PARKED:
        complete_park(core, &event->parked);
        break;
    case CORE_PASS:
        pass_add(core, &event->pass);
        break;
    case CORE_LEASE:
        leases_remember(core, &event->lease);
        break;
    case CORE_WAKE:
        leases_wake(core, &event->wake);
        break;
    case CORE_RENEW:
        leases_renew(core, &event->renew);
        break;
    case CORE_RELEASE:
        leases_release(core, &event->release);
        break;
    case CORE_SLEEP:
        leases_sleep(core, &event->sleep);
        break;
    case CORE_LOOK:
        news_missed(core);
        listing_request(core, false);
        break;
    case CORE_ENGINE_EVENT:
        news_take(core, &event->news);
        break;
    case CORE_ENGINE_LOST:
        judge_engine_lost(core, event->words);
        break;
    case CORE_ENGINE_RESTORED:
        judge_engine_restored(core);
        break;
    }
}

static void run_clock(struct core *core)
{
    struct agent *a;
    while ((a = clock_pop_due(core)))
        mark_dirty(core, a);
    judge_clock(core);
    if (core->now_ns >= core->resync_at_ns) {
        core->resync_at_ns = NEVER_NS; /* until this one is over */
        listing_request(core, false);
    }
}

/* Listings and changes of rows come in many steps, and nothing is decided in their middle. */
static bool is_part_of_batch(enum core_event_kind kind)
{
    return kind == CORE_LISTED || kind == CORE_ROW || kind == CORE_TOMBSTONE ||
           kind == CORE_MEMORY || kind == CORE_LEASE;
}

int core_step(struct core *core, const struct core_event *event, struct effects *ret_effects)
{
    effects_reset(core);
    pass_free_over(core);
    core->starved = false;
    core->step++;
    if (event->now_ns > core->now_ns)
        core->now_ns = event->now_ns;
    core->wall_ms = event->wall_ms;
    bool is_part = is_part_of_batch(event->kind);
    if (!is_part)
        depends_refresh(core); /* who is needed decides what the event means */
    take(core, event);
    if (!is_part) {
        run_clock(core);
        settle_all(core);
        pass_report(core);
        listing_emit(core);
    }
    ret_effects->items = core->effects;
    ret_effects->n = core->effects_n;
    return core->starved ? -ENOMEM : 0;
}

uint64_t core_next_deadline(const struct core *core)
{
    uint64_t due = core->heap_n > 0 ? core->heap[0]->due_ns : NEVER_NS;
    if (core->after_loss && core->after_loss_until_ns != 0 && core->after_loss_until_ns < due)
        due = core->after_loss_until_ns;
    if (core->resync_at_ns < due)
        due = core->resync_at_ns;
    if (core->want_list && core->list_step == 0 && !core->engine_lost && core->list_at_ns < due)
        due = core->list_at_ns;
    if (core->starved && core->now_ns + SECOND_NS < due)
        due = core->now_ns + SECOND_NS;
    return due;
}

struct agent_view agent_view_of(const struct core *core, const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    struct agent_view view = {
        .name = a->name,
        .has_row = a->presence == PRESENCE_ROW,
        .lifecycle = a->lifecycle,
        .held = a->held,
        .state = agent_is_rolled_back(a) ? STATE_FAILED : a->state,
        .generation = a->generation,
        .has_container = c->known,
        .status = c->status,
        .differs = c->differs,
        .spec_differs =
            c->known && (c->spec.version != a->spec.version ||
                         memcmp(c->spec.sha256, a->spec.sha256, sizeof(a->spec.sha256)) != 0),
        .lifecycle_differs = c->known && c->made_as != a->lifecycle,
        .in_flight = a->operation.id != 0,
    };
    for (const struct lease *lease = a->leases; lease; lease = lease->next) {
        view.n_leases++;
        if (lease->until_ns > view.lease_until_ns)
            view.lease_until_ns = lease->until_ns;
    }
    const char *standing =
        a->presence == PRESENCE_ROW ? facts_standing_error(a, decide(agent_facts(core, a))) : NULL;
    view.reason = standing ? standing : a->reason ? a->reason : "";
    memcpy(view.container, c->id, CONTAINER_ID_SIZE);
    return view;
}

void core_each_agent(const struct core *core,
                     void (*each)(void *ctx, const struct agent_view *view), void *ctx)
{
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        struct agent_view view = agent_view_of(core, a);
        each(ctx, &view);
    }
}

bool core_view_agent(const struct core *core, const char *name, struct agent_view *ret_view)
{
    const struct agent *a = agents_find(core, name);
    if (a)
        *ret_view = agent_view_of(core, a);
    return a != NULL;
}

void core_save_all(struct core *core)
{
    struct agent *a, *next;
    HASH_ITER (hh, core->agents, a, next) {
        a->save = true;
        mark_dirty(core, a);
    }
}

bool core_is_synced(const struct core *core)
{
    return core->synced;
}

unsigned core_bad_moves(const struct core *core)
{
    return core->bad_moves;
}

bool core_is_quiet(const struct core *core)
{
    for (int i = QUEUE_DIRTY; i < QUEUES; i++)
        if (core->queues[i].head)
            return false;
    return core->in_flight == 0 && core->parked == 0 && core->list_step == 0 && !core->want_list &&
           core->heap_n == 0;
}
