/* SPDX-License-Identifier: MIT
 *
 * What people do: to the table, to containers behind roost's back, and through the API.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

static struct w_agent *any_agent(struct world *w)
{
    return &w->agents[roll(w, W_AGENTS)];
}

static struct sim_container *any_container(struct world *w)
{
    return w->engine.n > 0 ? &w->engine.containers[roll(w, w->engine.n)] : NULL;
}

/* Rows */

static void changed(struct world *w, struct w_agent *a)
{
    a->stale = true;
    w->counts.rows++;
    if (w->poll_ns == NEVER)
        w->poll_ns = w->now_ns + roll(w, SECOND);
}

static struct spec_id any_spec(struct world *w)
{
    struct sim_plan plan = {.variant = (unsigned)roll(w, 4)};
    if (chance(w, 200)) {
        static const enum sim_conduct conducts[] = {SIM_REFUSED, SIM_CRASHES, SIM_CRASHES, SIM_ENDS,
                                                    SIM_NO_IMAGE};
        plan.conduct = conducts[roll(w, 5)];
        plan.run_ms = (unsigned)roll(w, chance(w, 500) ? 2000 : 60000);
        plan.variant += 4;
    }
    if (chance(w, 300))
        plan.ready_ms = (unsigned)roll(w, 15000);
    plan.checked = chance(w, 300);
    if (w->whole && plan.conduct != SIM_NO_IMAGE)
        plan.image = (unsigned)roll(w, W_IMAGES);
    return sim_spec(plan);
}

static void any_depends(struct world *w, struct w_agent *a)
{
    a->row.n_depends = chance(w, 600) ? 0 : 1 + roll(w, W_DEPENDS);
    for (size_t i = 0; i < a->row.n_depends; i++) {
        /* mostly on those that stand before it; else there would be circles only */
        size_t own = (size_t)(a - w->agents);
        size_t on = own > 0 && chance(w, 980) ? roll(w, own) : roll(w, W_AGENTS);
        if (i > 0 && a->depends[0].agent == w->agents[on].name)
            on = (on + 1) % W_AGENTS;
        a->depends[i].agent = w->agents[on].name;
        a->depends[i].shares = w->whole && chance(w, 300);
        a->depends[i].condition =
            (enum depends_condition)(chance(w, 600) ? DEPENDS_STARTED : roll(w, 3));
        a->depends[i].restart = (a->row.generation + i) % 3 == 0;
    }
}

/* A job mostly ends, and who depends on it mostly waits for that. */
static void maybe_job(struct world *w, struct w_agent *a, bool fresh)
{
    if (fresh || chance(w, 100))
        a->row.job = chance(w, 400);
    a->row.job = a->row.job && a->row.lifecycle == LIFECYCLE_LAZY;
    if (a->row.job && chance(w, 600))
        a->row.n_depends = 0;
    struct sim_plan plan = sim_plan_of(&a->row.spec);
    if (a->row.job && plan.conduct == SIM_STAYS && chance(w, 700)) {
        plan.conduct = SIM_ENDS;
        plan.run_ms = (unsigned)roll(w, 30000);
        a->row.spec = sim_spec(plan);
    }
    for (size_t i = 0; i < a->row.n_depends; i++)
        if (agent_named(w, a->depends[i].agent)->row.job && chance(w, 800))
            a->depends[i].condition = DEPENDS_COMPLETED;
}

/* Whose network it shares is a part of its spec. */
static void maybe_share(struct world *w, struct w_agent *a)
{
    struct sim_plan plan = sim_plan_of(&a->row.spec);
    plan.shares = 0;
    for (size_t i = 0; i < a->row.n_depends; i++) {
        if (chance(w, 100))
            a->depends[i].shares = chance(w, 500);
        a->depends[i].shares = a->depends[i].shares && a->depends[i].condition != DEPENDS_COMPLETED;
        a->depends[i].joins = a->depends[i].shares;
        if (a->depends[i].shares)
            plan.shares =
                plan.shares * 16 + 1 + (unsigned)(agent_named(w, a->depends[i].agent) - w->agents);
    }
    a->row.spec = sim_spec(plan);
}

/* Before it has seen its containers the daemon cannot know who gave them their names. */
static void name_changed(const struct world *w, struct w_agent *a)
{
    a->named = true;
    a->renames += w->core && !core_is_synced(w->core);
}

static void put_row(struct world *w, struct w_agent *a)
{
    bool fresh = !a->exists, has_name = a->container_name[0] != '\0';
    if (fresh) {
        a->row = (struct core_row){.lifecycle = chance(w, 500) ? LIFECYCLE_HOT : LIFECYCLE_LAZY};
        a->container_name[0] = '\0';
        a->worked = false;
    }
    a->exists = true;
    a->tombstone = a->must_miss = false;
    a->row.generation = ++w->generation;
    if (fresh || chance(w, 400))
        a->row.spec = any_spec(w);
    if (!fresh && chance(w, 200))
        a->row.lifecycle = a->row.lifecycle == LIFECYCLE_HOT ? LIFECYCLE_LAZY : LIFECYCLE_HOT;
    if (chance(w, a->row.held ? 600 : 50))
        a->row.held = !a->row.held;
    if (chance(w, 30) || a->row.invalid)
        a->row.invalid = a->row.invalid ? NULL : "spec: bad";
    if (fresh || chance(w, 100))
        any_depends(w, a);
    if (chance(w, 60))
        (void)snprintf(a->container_name, sizeof(a->container_name), "%s%s",
                       a->container_name[0] ? "" : "own-", a->container_name[0] ? "" : a->name);
    if (has_name != (a->container_name[0] != '\0'))
        name_changed(w, a);
    a->row.idle_timeout_ns = (10 + roll(w, 50)) * SECOND;
    a->row.ready = chance(w, 600) ? READY_STARTED : READY_TCP;
    if (sim_plan_of(&a->row.spec).checked && chance(w, 500))
        a->row.ready = READY_HEALTHY;
    a->row.restart_unhealthy = chance(w, 300);
    a->row.ready_timeout_ns = (5 + roll(w, 10)) * SECOND;
    a->row.sleep = chance(w, 700) ? SLEEP_STOP : SLEEP_PAUSE;
    a->row.stop_after_ns = chance(w, 700) ? 0 : (10 + roll(w, 60)) * SECOND;
    if (w->whole) {
        maybe_job(w, a, fresh);
        maybe_share(w, a);
    }
    if (a->row.lifecycle == LIFECYCLE_LAZY || ends_well(&a->row.spec))
        a->worked = false; /* what replaces it need not run on */
    trace(w, "user: row %s@%llu %s%s%s%s", a->name, (unsigned long long)a->row.generation,
          lifecycle_name(a->row.lifecycle), a->row.job ? " job" : "", a->row.held ? " held" : "",
          a->row.invalid ? " invalid" : "");
    real_row(w, a);
    changed(w, a);
}

static void delete_row(struct world *w, struct w_agent *a)
{
    if (!a->exists)
        return;
    a->exists = false;
    a->tombstone = true;
    a->worked = a->must_miss = false;
    a->tombstone_generation = ++w->generation;
    for (size_t i = 0; i < W_LEASES; i++)
        if (strcmp(w->leases[i].agent, a->name) == 0)
            w->leases[i].doomed =
                true; /* the store's trigger; a core that lives does not see it before the row */
    trace(w, "user: row %s is deleted", a->name);
    real_row(w, a);
    changed(w, a);
}

/* Containers */

static void blame(struct world *w, const struct sim_container *c)
{
    struct w_agent *a = agent_named(w, c->agent);
    if (a && !c->hands_off)
        a->worked = false;
}

static void plant(struct world *w)
{
    uint8_t id[CONTAINER_ID_SIZE];
    char name[SIM_NAME_SIZE];
    struct w_agent *a = any_agent(w);
    unsigned kind = (unsigned)roll(w, 3);
    if (kind == 0)
        (void)snprintf(name, sizeof(name), "sim-%s", a->name);
    else
        (void)snprintf(name, sizeof(name), "other%llu", (unsigned long long)w->engine.made);
    struct sim_call call = {.kind = OPERATION_CREATE,
                            .name = name,
                            .agent = kind == 1 ? a->name : NULL,
                            .spec = a->row.spec,
                            .lifecycle = LIFECYCLE_LAZY};
    if (sim_plan_of(&call.spec).conduct == SIM_NO_IMAGE)
        call.spec = sim_spec((struct sim_plan){0});
    if (sim_engine_begin(&w->engine, &call) != ENGINE_DONE ||
        sim_engine_call(&w->engine, &call, id) != ENGINE_DONE)
        return;
    struct sim_container *c = sim_engine_find(&w->engine, id);
    c->hands_off = true;
    if (kind == 2)
        (void)snprintf(c->compose_service, sizeof(c->compose_service), "%s", a->name);
    if (chance(w, 500))
        (void)sim_engine_hand(&w->engine, OPERATION_START, c, NULL);
    if (kind != 1)
        a->worked = false; /* its name may be what a recreate needs */
    trace(w, "user: plants %s (%s)", name,
          kind == 0   ? "foreign"
          : kind == 1 ? "a copy"
                      : "compose");
}

static void remove_by_hand(struct world *w, struct sim_container *c)
{
    struct w_request *r = NULL;
    for (size_t i = 0; i < W_REQUESTS; i++)
        if (w->requests[i].used && w->requests[i].begun && !w->requests[i].applied &&
            !w->requests[i].is_list && w->requests[i].op.kind == OPERATION_REMOVE &&
            memcmp(w->requests[i].op.container, c->id, CONTAINER_ID_SIZE) == 0)
            r = &w->requests[i];
    if (r)
        return; /* removal in progress */
    blame(w, c);
    check_removed(w, c);
    sim_engine_drop(&w->engine, c);
}

/* With 137 the kernel has killed it, for memory, or somebody on the host. */
static void end(struct world *w, struct sim_container *c)
{
    static const int codes[] = {0, 0, 0, 1, 1, 1, 137, -1, -1, -1};
    int code = codes[roll(w, 10)];
    trace(w, "%s ends by itself (%d)", c->name, code);
    blame(w, c);
    if (code < 0)
        sim_engine_oom(&w->engine, c);
    else
        sim_engine_end(&w->engine, c, code);
}

static void feel(struct world *w, struct sim_container *c, enum container_health health)
{
    if (sim_engine_feel(&w->engine, c, health))
        trace(w, "%s is %s", c->name, health == HEALTH_HEALTHY ? "well" : "sick");
}

static void touch_container(struct world *w)
{
    static const enum operation_kind kinds[] = {OPERATION_STOP, OPERATION_START, OPERATION_PAUSE,
                                                OPERATION_UNPAUSE, OPERATION_UPDATE};
    struct sim_container *c = any_container(w);
    char id[24], name[32];
    if (!c || !w->engine_up || c->status == CONTAINER_REMOVING)
        return;
    switch (roll(w, 14)) {
    case 6:
    case 7:
        feel(w, c, HEALTH_UNHEALTHY);
        return;
    case 8:
        feel(w, c, HEALTH_HEALTHY);
        return;
    case 9:
        trace(w, "user: restarts %s", c->name);
        w->counts.restarts++;
        (void)sim_engine_restart_container(&w->engine, c);
        return;
    case 0:
        trace(w, "user: kills %s", c->name);
        blame(w, c);
        sim_engine_kill(&w->engine, c);
        return;
    case 1:
        trace(w, "user: removes %s", c->name);
        remove_by_hand(w, c);
        return;
    case 2:
        (void)snprintf(name, sizeof(name), "hand%llu", (unsigned long long)roll(w, 1000));
        trace(w, "user: renames %s to %s", c->name, name);
        if (!c->hands_off)
            (void)sim_engine_hand(&w->engine, OPERATION_RENAME, c, name);
        return;
    case 3:
        trace(w, "user: makes %s differ", c->name);
        c->differs = 1;
        return;
    case 4:
        for (size_t i = 0; i < w->engine.n && !c->hands_off; i++)
            c = w->engine.containers[i].hands_off ? &w->engine.containers[i] : c;
        if (c->hands_off) {
            trace(w, "user: takes %s away again", c->name);
            sim_engine_drop(&w->engine, c);
        }
        return;
    case 5:
        if (c->status == CONTAINER_RUNNING)
            end(w, c);
        return;
    default:
        break;
    }
    enum operation_kind kind = kinds[roll(w, 5)];
    trace(w, "user: %s %s %s", operation_kind_name(kind), c->name, short_id(c->id, id));
    if (kind == OPERATION_STOP || kind == OPERATION_PAUSE)
        blame(w, c);
    (void)sim_engine_hand(&w->engine, kind, c, NULL);
}

/* The API */

/* The number of a new request; 0: no room, or nobody to ask. */
static uint64_t new_wake(struct world *w)
{
    size_t slot = 0, live = 0;
    while (slot < W_WAKES && w->wakes[slot] != 0)
        slot++;
    for (size_t i = 0; i < W_LEASES; i++)
        live += w->leases[i].live;
    if (!w->core || slot == W_WAKES || live > W_LEASES - 4)
        return 0;
    w->wakes[slot] = ++w->last_wake;
    return w->last_wake;
}

static void wake(struct world *w)
{
    struct w_agent *a = any_agent(w);
    char lease[CORE_LEASE_ID_SIZE];
    if (new_wake(w) == 0)
        return;
    w->counts.wakes++;
    (void)snprintf(lease, sizeof(lease), "l%llu", (unsigned long long)w->last_wake);
    struct core_event event = {.kind = CORE_WAKE,
                               .wake = {.wake = w->last_wake,
                                        .agent = a->name,
                                        .lease = lease,
                                        .ttl_ns = (1 + roll(w, 90)) * SECOND,
                                        .wait = chance(w, 500),
                                        .wait_ns = chance(w, 500) ? 0 : roll(w, 30 * SECOND),
                                        .now = chance(w, 200)}};
    trace(w, "user: wakes %s (%llu)", a->name, (unsigned long long)w->last_wake);
    shell_step(w, &event);
}

static void restart(struct world *w)
{
    struct w_agent *a = any_agent(w);
    char lease[CORE_LEASE_ID_SIZE];
    if (new_wake(w) == 0)
        return;
    w->counts.asked_restarts++;
    (void)snprintf(lease, sizeof(lease), "l%llu", (unsigned long long)w->last_wake);
    struct core_event event = {.kind = CORE_WAKE,
                               .wake = {.wake = w->last_wake,
                                        .agent = a->name,
                                        .lease = lease,
                                        .ttl_ns = 300 * SECOND,
                                        .wait = true,
                                        .restart = true}};
    trace(w, "user: asks to restart %s (%llu)", a->name, (unsigned long long)w->last_wake);
    shell_step(w, &event);
}

static void touch_lease(struct world *w)
{
    const struct w_lease *l = &w->leases[roll(w, W_LEASES)];
    if (!w->core || !l->live)
        return;
    char id[CORE_LEASE_ID_SIZE];
    (void)snprintf(id, sizeof(id), "%s", l->id);
    bool renew = chance(w, 500);
    trace(w, "user: %s lease %s of %s", renew ? "renews" : "releases", l->id, l->agent);
    struct core_event event = {.kind = renew ? CORE_RENEW : CORE_RELEASE};
    if (renew)
        event.renew = (struct core_renew){.lease = id, .ttl_ns = roll(w, 60 * SECOND)};
    else
        event.release = (struct core_release){.lease = id};
    shell_step(w, &event);
}

static void sleep_now(struct world *w)
{
    struct w_agent *a = any_agent(w);
    if (!w->core)
        return;
    trace(w, "user: sleep %s", a->name);
    struct core_event event = {.kind = CORE_SLEEP, .sleep = {.agent = a->name}};
    shell_step(w, &event);
}

static void pass(struct world *w)
{
    struct core_pass pass = {
        .agent = chance(w, 500) ? any_agent(w)->name : NULL,
        .dry_run = chance(w, 150),
        .deep = chance(w, 200),
        .recreate = chance(w, 150),
        .remove_orphans = chance(w, 100),
    };
    pass.recreate = pass.recreate && pass.agent;
    shell_pass(w, pass);
}

void user_table(struct world *w, unsigned changes)
{
    for (unsigned i = 0; i < changes; i++)
        if (chance(w, 150))
            delete_row(w, any_agent(w));
        else
            put_row(w, any_agent(w));
}

void user_act(struct world *w)
{
    w->counts.user_acts++;
    uint64_t what = roll(w, 100);
    if (what < 35)
        put_row(w, any_agent(w));
    else if (what < 41)
        delete_row(w, any_agent(w));
    else if (what < 66)
        touch_container(w);
    else if (what < 67 && chance(w, 500))
        plant(w);
    else if (what < 67 && w->whole)
        pulls_prune(w);
    else if (what < 83)
        wake(w);
    else if (what < 88)
        touch_lease(w);
    else if (what < 90)
        sleep_now(w);
    else if (what < 91)
        restart(w);
    else
        pass(w);
}
