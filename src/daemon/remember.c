/* SPDX-License-Identifier: MIT
 *
 * What must outlive this process: states, leases, events, tombstones that are done. All of one step
 * is one transaction, and it is over before anything of that step is sent or answered.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"
#include "daemon/fleet.h"

/* Events that the store did not take wait here, so many at most. */
#define UNSAVED_MAX 10000

static int save(struct fleet *f, const struct core_memory *memory, struct error *err)
{
    char id[2 * CONTAINER_ID_SIZE + 1];
    hex_format(memory->container, CONTAINER_ID_SIZE, id);
    struct store_state state = {
        .agent = memory->name,
        .container_id = memory->has_container ? id : NULL,
        .state = agent_state_name(memory->state),
        .reason = memory->reason[0] != '\0' ? memory->reason : NULL,
        .failed_generation = memory->failed_generation,
        .episodes = memory->episodes,
        .crashes = memory->crashes,
        .boot_id = f->boot_id,
        .retry_at_ns = memory->retry_at_ns,
        .idle_since_ns = memory->idle_since_ns,
    };
    memcpy(state.restarts_ns, memory->restarts_ns, sizeof(state.restarts_ns));
    return store_write_state(f->store, &state, err);
}

static int save_lease(struct fleet *f, const struct effect *e, struct error *err)
{
    const struct core_lease *lease = &e->lease.lease;
    if (lease->until_ns == 0)
        return store_delete_lease(f->store, lease->id, err);
    struct store_lease row = {lease->id, lease->agent, f->boot_id, lease->until_ns,
                              lease->expires_ms};
    return store_write_lease(f->store, &row, err);
}

static json_t *detail_of(const struct core_happening *h)
{
    json_t *detail = json_object();
    char id[2 * CONTAINER_ID_SIZE + 1];
    if (h->has_container) {
        hex_format(h->container, CONTAINER_ID_SIZE, id);
        (void)json_object_set_new(detail, "container", json_string(id));
    }
    if (h->has_exit_code)
        (void)json_object_set_new(detail, "exit_code", json_integer(h->exit_code));
    if (h->oom_killed)
        (void)json_object_set_new(detail, "oom_killed", json_true());
    if (h->count > 0)
        (void)json_object_set_new(detail, "count", json_integer(h->count));
    return detail;
}

static int append(struct fleet *f, const struct core_happening *h, int64_t time_ms,
                  struct error *err)
{
    json_t *detail = detail_of(h);
    char *text = json_dumps(detail, JSON_COMPACT);
    json_decref(detail);
    struct store_event event = {
        .time_ms = time_ms,
        .kind = event_kind_name(h->kind),
        .agent = h->agent[0] != '\0' ? h->agent : NULL,
        .lifecycle = h->has_lifecycle ? lifecycle_name(h->lifecycle) : NULL,
        .state = h->has_state ? agent_state_name(h->state) : NULL,
        .reason = h->reason,
        .detail = text ? text : "{}",
    };
    int r = store_append_event(f->store, &event, &event.id, err);
    free(text);
    if (r == 0)
        f->last_event = event.id;
    return r;
}

static int write_one(struct fleet *f, const struct effect *e, struct error *err)
{
    switch (e->kind) {
    case EFFECT_SAVE:
        return save(f, &e->save, err);
    case EFFECT_FORGET:
        return store_delete_tombstone(f->store, e->forget.name, e->forget.generation, err);
    case EFFECT_LEASE:
        return save_lease(f, e, err);
    case EFFECT_EVENT:
        return append(f, &e->happening, clock_wall_ms(), err);
    case EFFECT_OPERATION:
    case EFFECT_LIST:
    case EFFECT_PROGRESS:
    case EFFECT_REPORT:
    case EFFECT_NOTICE:
    case EFFECT_ANSWER:
        return 0;
    }
    return 0;
}

static bool is_written(enum effect_kind kind)
{
    return kind == EFFECT_SAVE || kind == EFFECT_FORGET || kind == EFFECT_LEASE ||
           kind == EFFECT_EVENT;
}

/* Those that waited for a store that can be written. */
static int append_unsaved(struct fleet *f, struct error *err)
{
    for (const struct fleet_unsaved *u = f->unsaved; u; u = u->next) {
        int r = append(f, &u->happening, u->time_ms, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static void drop_unsaved(struct fleet *f)
{
    while (f->unsaved) {
        struct fleet_unsaved *next = f->unsaved->next;
        free(f->unsaved->agent);
        free(f->unsaved->reason);
        free(f->unsaved);
        f->unsaved = next;
    }
    f->unsaved_end = &f->unsaved;
    f->n_unsaved = 0;
}

void fleet_forget_unsaved(struct fleet *f)
{
    if (f->n_unsaved > 0)
        log_error("%zu events could not be written", f->n_unsaved);
    drop_unsaved(f);
}

static void keep_unsaved(struct fleet *f, const struct core_happening *h)
{
    struct fleet_unsaved *u = f->n_unsaved < UNSAVED_MAX ? calloc(1, sizeof(*u)) : NULL;
    if (!u)
        return;
    u->happening = *h;
    u->time_ms = clock_wall_ms();
    u->agent = strdup(h->agent);
    u->reason = strdup(h->reason);
    if (!u->agent || !u->reason) {
        free(u->agent);
        free(u->reason);
        free(u);
        return;
    }
    u->happening.agent = u->agent;
    u->happening.reason = u->reason;
    *f->unsaved_end = u;
    f->unsaved_end = &u->next;
    f->n_unsaved++;
}

static int write_all(struct fleet *f, const struct effects *effects, bool promise,
                     struct error *err)
{
    int r = promise ? store_begin(f->store, err) : store_begin_relaxed(f->store, err);
    if (r == 0)
        r = append_unsaved(f, err);
    for (size_t i = 0; r == 0 && i < effects->n; i++)
        r = write_one(f, &effects->items[i], err);
    if (r == 0)
        r = store_commit(f->store, err);
    if (r < 0)
        store_rollback(f->store);
    return r;
}

/* A store that cannot be written keeps no agent down: the core goes on, and says it all again
 * later. */
int fleet_remember(struct fleet *f, const struct effects *effects, struct error *err)
{
    bool any = false, promise = false;
    for (size_t i = 0; i < effects->n; i++) {
        any = any || is_written(effects->items[i].kind);
        promise = promise || (effects->items[i].kind == EFFECT_LEASE &&
                              effects->items[i].lease.lease.until_ns != 0);
    }
    if (!any || f->observe_only)
        return 0;
    int r = write_all(f, effects, promise, err);
    if (r == 0) {
        drop_unsaved(f);
        return 0;
    }
    for (size_t i = 0; i < effects->n; i++)
        if (effects->items[i].kind == EFFECT_EVENT)
            keep_unsaved(f, &effects->items[i].happening);
    if (!f->save_failed)
        log_error(
            "%s; the fleet is kept as it should be, and what is to be remembered is written later",
            err->text);
    f->save_failed = true;
    return r;
}
