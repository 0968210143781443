/* SPDX-License-Identifier: MIT
 *
 * What must hold always: at each operation that the core sends, at each that takes effect, at each
 * event told.
 */
#include "world.h"

#include <string.h>

static bool is_leased(const struct world *w, const struct w_agent *a)
{
    for (size_t i = 0; i < W_LEASES; i++)
        if (w->leases[i].live && strcmp(w->leases[i].agent, a->name) == 0)
            return true;
    return false;
}

static bool runs(const struct world *w, const struct w_agent *a)
{
    for (size_t i = 0; i < w->engine.n; i++) {
        const struct sim_container *c = &w->engine.containers[i];
        if (strcmp(c->agent, a->name) == 0 &&
            (sim_container_runs(c) || c->status == CONTAINER_RESTARTING))
            return true;
    }
    struct agent_view v; /* or the core does not know yet that it does not */
    return w->core && core_view_agent(w->core, a->name, &v) && v.has_container &&
           (v.status == CONTAINER_RUNNING || v.status == CONTAINER_RESTARTING);
}

static bool told_depends(const struct w_agent *d, const struct w_agent *on)
{
    for (size_t i = 0; d->told_row && i < d->told.n_depends; i++)
        if (strcmp(d->told_depends[i].agent, on->name) == 0)
            return true;
    return false;
}

static bool is_awake(const struct world *w, const struct w_agent *a, unsigned depth)
{
    if (depth > W_AGENTS || !a->told_row)
        return false;
    if (a->told.lifecycle == LIFECYCLE_HOT || is_leased(w, a))
        return true;
    if (a->told.job && !has_had_its_run(a, &a->told.spec))
        return true;
    for (size_t i = 0; i < W_AGENTS; i++) {
        const struct w_agent *d = &w->agents[i];
        if (d != a && told_depends(d, a) && (runs(w, d) || is_awake(w, d, depth + 1)))
            return true;
    }
    return false;
}

/* As far as the core was told: hot, leased, or somebody awake needs it. */
bool wanted_awake(const struct world *w, const struct w_agent *a)
{
    return is_awake(w, a, 0);
}

static bool is_change(enum operation_kind kind)
{
    return kind != OPERATION_INSPECT && kind != OPERATION_PROBE;
}

static unsigned count_containers(const struct world *w, const struct w_agent *a)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->engine.n; i++)
        n += strcmp(w->engine.containers[i].agent, a->name) == 0 &&
             !w->engine.containers[i].hands_off;
    return n;
}

static void check_in_flight(struct world *w)
{
    unsigned n = 0;
    for (size_t i = 0; i < W_AGENTS; i++)
        n += w->agents[i].in_flight && !w->agents[i].parked;
    if (n > w->max_in_flight)
        broken(w, "%u operations at once, and at most %u are allowed", n, w->max_in_flight);
}

/* A first start that waits for a job comes after it. */
static void check_awaited(struct world *w, const struct w_agent *a, const struct operation *op)
{
    const struct sim_container *c = sim_engine_find(&w->engine, op->container);
    if (op->kind != OPERATION_START || !c || c->status != CONTAINER_CREATED ||
        count_containers(w, a) > 1)
        return;
    for (size_t i = 0; i < a->told.n_depends; i++) {
        const struct w_agent *job = agent_named(w, a->told_depends[i].agent);
        if (a->told_depends[i].condition == DEPENDS_COMPLETED && job->told.job &&
            !(job->told_row && has_had_its_run(job, &job->told.spec) && job->memory.job_ran & 1))
            broken(w, "%s is started before %s has ended well", a->name, job->name);
    }
}

void check_operation(struct world *w, const struct operation *op)
{
    struct w_agent *a = agent_named(w, op->agent);
    if (!a || op->name[0] == '\0')
        broken(w, "an operation without a name: \"%s\" \"%s\"", op->agent, op->name);
    if (op->kind != OPERATION_PROBE) {
        if (a->in_flight)
            broken(w, "two operations at once on %s", a->name);
        a->in_flight = true;
        check_in_flight(w);
    }
    if (w->engine_lost && is_change(op->kind))
        broken(w, "an operation on %s while the engine is lost", a->name);
    if (!is_change(op->kind))
        return;
    a->changes++;
    if (a->told_row && (a->told.held || a->told.invalid))
        broken(w, "an operation on %s, which is held or broken", a->name);
    if (op->kind == OPERATION_CREATE && !a->told_row)
        broken(w, "%s is created without a row", a->name);
    if (op->kind == OPERATION_CREATE && count_containers(w, a) > 1)
        trace(w, "note: %s has more than one container already", a->name);
    bool lazy = a->told_row && a->told.lifecycle == LIFECYCLE_LAZY;
    if (op->kind == OPERATION_START && (!a->told_row || (lazy && !wanted_awake(w, a))))
        broken(w, "%s is started, and nobody wants it awake", a->name);
    check_awaited(w, a, op);
}

/* A start of an earlier daemon, or one whose answer was given up, may come at any time: nobody can
 * know. */
static bool is_late(const struct world *w, const struct w_request *r)
{
    return r->epoch != w->epoch || r->answer_ns < w->now_ns || r->lost;
}

bool check_applied(struct world *w, const struct w_request *r)
{
    const struct sim_container *c = sim_engine_find(&w->engine, r->op.container);
    if (c && r->op.kind != OPERATION_CREATE && c->hands_off)
        broken(w, "%s of %s, which is not ours", operation_kind_name(r->op.kind), c->name);
    return is_late(w, r);
}

static bool is_as_specified(const struct w_agent *a, const struct sim_container *c)
{
    char name[SIM_NAME_SIZE];
    return !c->hands_off && memcmp(&c->spec, &a->row.spec, sizeof(c->spec)) == 0 &&
           c->made_as == a->row.lifecycle && c->differs == 0 && c->status != CONTAINER_DEAD &&
           strcmp(c->name, final_name(a, name)) == 0;
}

/* So it is to be replaced, too: what it shares is being replaced, or was. */
static bool shares_what_goes(const struct world *w, const struct w_agent *a,
                             const struct sim_container *c)
{
    for (size_t i = 0; i < a->row.n_depends; i++) {
        const struct w_agent *on = agent_named((struct world *)(uintptr_t)w, a->depends[i].agent);
        const struct sim_container *partner = quiet_container(w, on);
        bool stays = partner && is_as_specified(on, partner) && !on->in_flight && !on->stale &&
                     sim_container_shares(c, partner);
        if (a->depends[i].shares && !stays)
            return true;
    }
    return false;
}

/* A container that the store knows, and nothing of ours is about to change: one that is to be
 * replaced anyway is not missed. */
void check_removed(struct world *w, const struct sim_container *c)
{
    struct w_agent *a = agent_named(w, c->agent);
    bool known = a && a->has_memory && a->memory.has_container &&
                 memcmp(a->memory.container, c->id, CONTAINER_ID_SIZE) == 0;
    if (!known || !is_as_specified(a, c) || a->in_flight || a->stale || !a->exists || a->row.held ||
        a->row.invalid || count_containers(w, a) > 1 || shares_what_goes(w, a, c) ||
        memcmp(a->to_recreate, c->id, sizeof(a->to_recreate)) == 0)
        return;
    a->must_miss = (a->memory.episodes & EPISODE(EVENT_CONTAINER_MISSING)) == 0;
}

/* What the engine did that no operation of ours asked for. */
void check_news(struct world *w, const struct sim_event *event)
{
    const struct sim_container *c = sim_engine_find(&w->engine, event->id);
    struct w_agent *a = agent_named(w, event->agent);
    if (!a || w->by_roost || (c && c->hands_off))
        return;
    a->troubles += event->action == ENGINE_EVENT_DIE;
    a->losses += event->action == ENGINE_EVENT_DESTROY;
    a->renames += event->action == ENGINE_EVENT_RENAME;
    a->hands += event->action == ENGINE_EVENT_KILL || event->action == ENGINE_EVENT_STOP;
    a->ills += event->action == ENGINE_EVENT_HEALTH && event->health == HEALTH_UNHEALTHY;
}

static void check_engine_event(struct world *w, const struct core_happening *h)
{
    if (h->kind == EVENT_ENGINE_LOST && w->stored_engine_lost)
        broken(w, "engine_lost twice");
    if (h->kind == EVENT_ENGINE_RESTORED && !w->stored_engine_lost)
        broken(w, "engine_restored, and it was not lost");
}

/* Who is told of an end is told how it ended: as one of its last ends was. */
static void check_exit(struct world *w, const struct core_happening *h)
{
    const struct sim_container *c = sim_engine_find(&w->engine, h->container);
    int end = h->oom_killed ? -h->exit_code : h->exit_code;
    bool known = false;
    if (!c || !h->has_container || !h->has_exit_code)
        return;
    for (size_t i = 0; i < SIM_ENDS_KEPT; i++)
        known = known || c->ends[i] == end;
    if (!known)
        broken(w, "%s of %s tells of exit code %d%s, and it was %d", event_kind_name(h->kind),
               h->agent, h->exit_code, h->oom_killed ? " for memory" : "", c->ends[0]);
}

void check_event(struct world *w, const struct core_happening *h)
{
    struct w_agent *a = agent_named(w, h->agent);
    if (h->agent[0] == '\0') {
        check_engine_event(w, h);
        return;
    }
    if (!a)
        broken(w, "an event of nobody: \"%s\"", h->agent);
    a->told_events++;
    check_exit(w, h);
    /* A lazy one that goes down and may sleep then is well: no episode, and told each time. */
    bool is_episode = h->kind < EPISODE_KINDS &&
                      !(h->kind == EVENT_CONTAINER_STOPPED && h->lifecycle == LIFECYCLE_LAZY);
    if (is_episode && (a->episodes & EPISODE(h->kind)))
        broken(w, "%s of %s is told twice", event_kind_name(h->kind), a->name);
    if (is_episode)
        a->episodes |= EPISODE(h->kind);
    if (h->kind == EVENT_CONTAINER_RECOVERED && a->episodes == 0 && a->memory.episodes == 0)
        broken(w, "%s has recovered from nothing", a->name);
    if (h->kind == EVENT_CONTAINER_RECOVERED)
        a->episodes = 0;
    w->counts.healed += h->kind == EVENT_CONTAINER_RECOVERED && strstr(h->reason, "unhealthy");
    if (h->kind == EVENT_CONTAINER_UNHEALTHY && a->ills == 0)
        broken(w, "container_unhealthy of %s, and it is not sick", a->name);
    if (h->kind == EVENT_CONTAINER_UNHEALTHY)
        a->ills = 0;
    if (a->told_row && a->told.held)
        broken(w, "%s of %s, which is held", event_kind_name(h->kind), a->name);
    bool refused = strcmp(h->reason, "start_refused") == 0;
    bool is_end =
        h->kind == EVENT_CONTAINER_EXITED || (h->kind == EVENT_CONTAINER_STOPPED && !refused);
    if (is_end && a->troubles == 0)
        broken(w, "%s of %s, and nothing but roost has stopped it since it was last told",
               event_kind_name(h->kind), a->name);
    if (is_end)
        a->troubles = 0;
    bool by_hand = strcmp(h->reason, "stopped_by_hand") == 0;
    if (by_hand && a->hands == 0)
        broken(w, "%s is told to be stopped by hand, and nobody but roost has", a->name);
    if (by_hand)
        a->hands = 0;
    if (h->kind == EVENT_CONTAINER_RENAMED && a->renames == 0)
        broken(w, "container_renamed of %s, and nobody but roost has renamed it", a->name);
    if (h->kind == EVENT_CONTAINER_RENAMED)
        a->renames = 0;
    if (h->kind == EVENT_CONTAINER_MISSING && a->losses == 0)
        broken(w, "container_missing of %s, and nothing but roost has removed it", a->name);
    if (h->kind == EVENT_CONTAINER_MISSING)
        a->losses = a->must_miss = 0;
}

/* The engine's own truth, after each step. */
static void check_containers(struct world *w, const struct w_agent *a)
{
    unsigned up = 0, n = 0;
    for (size_t i = 0; i < w->engine.n; i++) {
        const struct sim_container *c = &w->engine.containers[i];
        if (strcmp(c->agent, a->name) != 0 || c->hands_off)
            continue;
        n +=
            quiet_has_name(a, c); /* what an earlier row has left under a name of its own is lost */
        up += !c->by_user && (sim_container_runs(c) || c->status == CONTAINER_RESTARTING);
    }
    if (up > 1)
        broken(w, "two running containers of %s", a->name);
    if (n > 2)
        broken(w, "%u containers of %s", n, a->name);
}

/* Hot, and one of its containers has shown that it works. */
void check_always(struct world *w)
{
    for (size_t i = 0; i < W_AGENTS; i++)
        check_containers(w, &w->agents[i]);
    for (size_t i = 0; i < w->engine.n; i++) {
        const struct sim_container *c = &w->engine.containers[i];
        struct w_agent *a = agent_named(w, c->agent);
        char name[SIM_NAME_SIZE];
        if (!a || c->hands_off || strcmp(c->name, final_name(a, name)) != 0 ||
            c->status != CONTAINER_RUNNING || (c->restarts > 0 && count_containers(w, a) > 1) ||
            !a->told_row || a->stale || !a->exists)
            continue;
        if (a->row.lifecycle == LIFECYCLE_HOT && sim_plan_of(&c->spec).conduct == SIM_STAYS &&
            !ends_well(&a->row.spec) && w->now_ns - c->up_since_ns >= 10 * SECOND && !a->row.held &&
            !a->row.invalid)
            a->worked = true;
    }
}
