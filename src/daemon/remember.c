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

/* What the store did not take waits, so much of it at most. Beyond that events are lost; states are
 * said again. */
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
        .job_ran = memory->job_ran,
        .to_follow = memory->to_follow,
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

static int write_one(struct fleet *f, const struct effect *e, int64_t time_ms, struct error *err)
{
    switch (e->kind) {
    case EFFECT_SAVE:
        return save(f, &e->save, err);
    case EFFECT_FORGET:
        return store_delete_tombstone(f->store, e->forget.name, e->forget.generation, err);
    case EFFECT_LEASE:
        return save_lease(f, e, err);
    case EFFECT_EVENT:
        return append(f, &e->happening, time_ms, err);
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

/* What waited for a store that can be written. */
static int write_unsaved(struct fleet *f, struct error *err)
{
    for (const struct fleet_unsaved *u = f->unsaved; u; u = u->next) {
        int r = write_one(f, &u->effect, u->time_ms, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static struct fleet_unsaved *free_unsaved(struct fleet_unsaved *u)
{
    struct fleet_unsaved *next = u->next;
    free(u->name);
    free(u->reason);
    free(u);
    return next;
}

static void drop_unsaved(struct fleet *f)
{
    while (f->unsaved)
        f->unsaved = free_unsaved(f->unsaved);
    f->unsaved_end = &f->unsaved;
    f->n_unsaved = 0;
}

void fleet_forget_unsaved(struct fleet *f)
{
    if (f->n_unsaved > 0)
        log_error("%zu events, states and ends of leases could not be written", f->n_unsaved);
    drop_unsaved(f);
}

/* The strings of an effect: NULL where it has none. A lease is not kept: who asked for it is told
 * that it was not given. */
static bool is_kept(struct effect *e, const char ***ret_name, const char ***ret_reason)
{
    *ret_reason = NULL;
    switch (e->kind) {
    case EFFECT_EVENT:
        *ret_name = &e->happening.agent;
        *ret_reason = &e->happening.reason;
        return true;
    case EFFECT_SAVE:
        *ret_name = &e->save.name;
        *ret_reason = &e->save.reason;
        return true;
    case EFFECT_FORGET:
        *ret_name = &e->forget.name;
        return true;
    case EFFECT_LEASE:
        *ret_name = &e->lease.lease.id;
        e->lease.lease.agent = e->lease.reason = "";
        return e->lease.lease.until_ns == 0;
    case EFFECT_OPERATION:
    case EFFECT_LIST:
    case EFFECT_PROGRESS:
    case EFFECT_REPORT:
    case EFFECT_NOTICE:
    case EFFECT_ANSWER:
        return false;
    }
    return false;
}

static bool own_text(char **ret_own, const char **text)
{
    *ret_own = text ? strdup(*text) : NULL;
    if (text)
        *text = *ret_own;
    return !text || *ret_own;
}

/* Of an agent only the last state counts. */
static bool replaces_unsaved(struct fleet *f, const struct effect *e)
{
    if (e->kind != EFFECT_SAVE)
        return false;
    for (struct fleet_unsaved *u = f->unsaved; u; u = u->next) {
        if (u->effect.kind != EFFECT_SAVE || strcmp(u->name, e->save.name) != 0)
            continue;
        char *reason = strdup(e->save.reason);
        if (!reason)
            return false;
        free(u->reason);
        u->reason = reason;
        u->effect = *e;
        u->effect.save.name = u->name;
        u->effect.save.reason = reason;
        return true;
    }
    return false;
}

static void keep_unsaved(struct fleet *f, const struct effect *e)
{
    struct effect copy = *e;
    const char **name, **reason;
    if (!is_kept(&copy, &name, &reason) || replaces_unsaved(f, e))
        return;
    struct fleet_unsaved *u = f->n_unsaved < UNSAVED_MAX ? calloc(1, sizeof(*u)) : NULL;
    if (!u || !own_text(&u->name, name) || !own_text(&u->reason, reason)) {
        f->save_dropped = true;
        if (u)
            (void)free_unsaved(u);
        return;
    }
    u->effect = copy;
    u->time_ms = clock_wall_ms();
    *f->unsaved_end = u;
    f->unsaved_end = &u->next;
    f->n_unsaved++;
}

static int write_all(struct fleet *f, const struct effects *effects, bool promise,
                     struct error *err)
{
    int r = promise ? store_begin(f->store, err) : store_begin_relaxed(f->store, err);
    if (r == 0)
        r = write_unsaved(f, err);
    for (size_t i = 0; r == 0 && i < effects->n; i++)
        r = write_one(f, &effects->items[i], clock_wall_ms(), err);
    if (r == 0)
        r = store_commit(f->store, err);
    if (r < 0)
        store_rollback(f->store);
    return r;
}

static void all_is_written(struct fleet *f)
{
    if (f->save_failed)
        log_info("the database can be written again; all that was to be remembered is there");
    drop_unsaved(f);
    if (f->save_dropped)
        core_save_all(f->core);
    f->save_failed = f->save_dropped = false;
}

/* A store that cannot be written keeps no agent down: the core goes on, and what is to be
 * remembered is written with the next transaction that succeeds. */
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
        all_is_written(f);
        return 0;
    }
    for (size_t i = 0; i < effects->n; i++)
        keep_unsaved(f, &effects->items[i]);
    if (!f->save_failed)
        log_error(
            "%s; the fleet is kept as it should be, and what is to be remembered is written later",
            err->text);
    f->save_failed = true;
    return r;
}

void fleet_remember_again(struct fleet *f)
{
    struct effects none = {0};
    struct error err = ERROR_INIT;
    if (f->save_failed && write_all(f, &none, true, &err) == 0)
        all_is_written(f);
}
