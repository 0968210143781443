/* SPDX-License-Identifier: MIT
 *
 * What must hold when all is quiet: the fleet is as its table says, however it came there, and
 * stays so without one more changing request.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

const char *final_name(const struct w_agent *a, char buf[SIM_NAME_SIZE])
{
    (void)snprintf(buf, SIM_NAME_SIZE, "%s%s", a->container_name[0] ? "" : "sim-",
                   a->container_name[0] ? a->container_name : a->name);
    return buf;
}

static bool is_ours(const struct sim_container *c, const struct w_agent *a)
{
    return strcmp(c->agent, a->name) == 0 && !c->hands_off;
}

static unsigned count(const struct world *w, const struct w_agent *a, bool only_up)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->engine.n; i++) {
        const struct sim_container *c = &w->engine.containers[i];
        bool up = sim_container_runs(c) || c->status == CONTAINER_RESTARTING;
        n += is_ours(c, a) && (!only_up || up);
    }
    return n;
}

bool quiet_has_name(const struct w_agent *a, const struct sim_container *c)
{
    char name[SIM_NAME_SIZE];
    size_t len = strlen(final_name(a, name));
    return strncmp(c->name, name, len) == 0 &&
           (!c->name[len] || strcmp(c->name + len, AGENT_SUFFIX_NEW) == 0 ||
            strcmp(c->name + len, AGENT_SUFFIX_OLD) == 0);
}

/* A create that was given up, and carried out when the row had another name already: its name is
 * the right one again, and taken by it. */
static bool is_second(const struct world *w, const struct w_agent *a, const struct sim_container *c)
{
    char name[SIM_NAME_SIZE];
    const struct sim_container *own = a->has_memory && a->memory.has_container
                                          ? sim_engine_find(&w->engine, a->memory.container)
                                          : NULL;
    return own && own != c && is_ours(c, a) && is_ours(own, a) && !quiet_has_name(a, own) &&
           strcmp(c->name, final_name(a, name)) == 0;
}

/* Somebody renamed it while the daemon was dead, and it is not the one that is remembered: labels
 * alone do not make it ours, so it stands in the way. */
static bool is_lost(const struct world *w, const struct w_agent *a, const struct sim_container *c)
{
    bool remembered = a->has_memory && a->memory.has_container &&
                      memcmp(a->memory.container, c->id, CONTAINER_ID_SIZE) == 0;
    struct agent_view v;
    bool known = count(w, a, false) == 1 && w->core && core_view_agent(w->core, a->name, &v) &&
                 v.has_container && memcmp(v.container, c->id, CONTAINER_ID_SIZE) == 0;
    return is_ours(c, a) && !quiet_has_name(a, c) && !remembered && !known;
}

static bool is_in_conflict(const struct world *w, const struct w_agent *a)
{
    char name[SIM_NAME_SIZE];
    (void)final_name(a, name);
    for (size_t i = 0; i < w->engine.n; i++) {
        const struct sim_container *c = &w->engine.containers[i];
        if (c->hands_off && (strcmp(c->agent, a->name) == 0 || strcmp(c->name, name) == 0 ||
                             strcmp(c->compose_service, a->name) == 0))
            return true;
        if (is_lost(w, a, c) || is_second(w, a, c))
            return true;
    }
    return false;
}

static const struct w_agent *dependency(const struct world *w, const struct w_agent *a, size_t i)
{
    for (size_t j = 0; j < W_AGENTS; j++)
        if (strcmp(w->agents[j].name, a->depends[i].agent) == 0)
            return &w->agents[j];
    return NULL;
}

/* On a circle, or leading into one: a walk along dependencies that does not end. */
static bool leads_into_circle(const struct world *w, const struct w_agent *a, unsigned depth)
{
    if (depth > W_AGENTS)
        return true;
    for (size_t i = 0; a->exists && i < a->row.n_depends; i++)
        if (leads_into_circle(w, dependency(w, a, i), depth + 1))
            return true;
    return false;
}

static bool is_left_alone(const struct world *w, const struct w_agent *a)
{
    return !a->exists || a->row.held || a->row.invalid || is_in_conflict(w, a) ||
           leads_into_circle(w, a, 0);
}

const struct sim_container *quiet_container(const struct world *w, const struct w_agent *a)
{
    char name[SIM_NAME_SIZE];
    const struct sim_container *c = sim_engine_named(&w->engine, final_name(a, name));
    return c && is_ours(c, a) ? c : NULL;
}

/* The same, even when its name is not the final one now. */
static const struct sim_container *own_container(const struct world *w, const struct w_agent *a)
{
    const struct sim_container *c = quiet_container(w, a);
    return c || !a->has_memory || !a->memory.has_container
               ? c
               : sim_engine_find(&w->engine, a->memory.container);
}

/* The one that goes on instead of a new one that failed need not be any better. */
static bool is_rolled_back(const struct agent_view *v)
{
    return strncmp(v->reason, "rolled back", 11) == 0;
}

bool quiet_is_rolled_back(const struct world *w, const struct w_agent *a)
{
    struct agent_view v;
    return core_view_agent(w->core, a->name, &v) && is_rolled_back(&v);
}

/* It has had its run, and would have it again if it were made anew. */
static bool is_done_job(const struct world *w, const struct w_agent *a)
{
    return a->row.job && has_had_its_run(a, &a->row.spec) && (a->memory.job_ran & 1) != 0 &&
           sim_plan_of(&a->row.spec).conduct == SIM_ENDS && a->row.n_depends == 0 &&
           !is_left_alone(w, a);
}

/* Nothing keeps it from being exactly as its row says. */
bool quiet_is_simple(const struct world *w, const struct w_agent *a)
{
    if (is_left_alone(w, a) || sim_plan_of(&a->row.spec).conduct != SIM_STAYS)
        return false;
    for (size_t i = 0; i < a->row.n_depends; i++) {
        const struct w_agent *on = dependency(w, a, i);
        const struct sim_container *c = own_container(w, on);
        bool stands_still = c && (c->status == CONTAINER_PAUSED ||
                                  (c->status == CONTAINER_EXITED && c->exit_code == 0));
        struct agent_view v;
        if (a->depends[i].condition == DEPENDS_COMPLETED && is_done_job(w, on))
            continue;
        if (!core_view_agent(w->core, on->name, &v) || is_rolled_back(&v) ||
            !quiet_is_simple(w, on) || a->depends[i].condition == DEPENDS_COMPLETED || stands_still)
            return false;
    }
    return true;
}

/* In its place, or under whatever name that is remembered for its own; a spare keeps nobody awake.
 */
static bool runs(const struct world *w, const struct w_agent *a)
{
    const struct sim_container *c = own_container(w, a);
    return c && is_ours(c, a) && !is_lost(w, a, c) &&
           (c->status == CONTAINER_RUNNING || c->status == CONTAINER_RESTARTING);
}

static bool is_awake(const struct world *w, const struct w_agent *a);

/* Does `d`, by its dependency on `a`, keep it awake? */
static bool keeps_awake(const struct world *w, const struct w_agent *d, const struct w_agent *a,
                        bool has_ended)
{
    if (!d->exists || d->row.held || d->row.invalid || leads_into_circle(w, d, 0))
        return false;
    for (size_t j = 0; j < d->row.n_depends; j++)
        if (dependency(w, d, j) == a && (is_awake(w, d) || runs(w, d)))
            return d->depends[j].condition != DEPENDS_COMPLETED || (!has_ended && !a->row.job);
    return false;
}

static bool has_run(const struct sim_container *c)
{
    return c->status == CONTAINER_EXITED || c->status == CONTAINER_DEAD;
}

/* A job wants one run, and what runs to its end. */
static bool wants_run(const struct world *w, const struct w_agent *a)
{
    const struct sim_container *c = own_container(w, a);
    if (!a->row.job || !a->exists || a->row.held || a->row.invalid || leads_into_circle(w, a, 0))
        return false;
    if (c && (sim_container_runs(c) || c->status == CONTAINER_RESTARTING))
        return true;
    bool ran_now = c && c->status == CONTAINER_EXITED && same_spec(&c->spec, &a->row.spec);
    return !ran_now && !has_had_its_run(a, &a->row.spec);
}

static bool is_awake(const struct world *w, const struct w_agent *a)
{
    const struct sim_container *own = own_container(w, a);
    bool has_ended = own && has_run(own);
    if (a->row.lifecycle == LIFECYCLE_HOT || wants_run(w, a))
        return true;
    if (has_ended && own->exit_code == 0)
        return false; /* its job is done */
    for (size_t i = 0; i < W_AGENTS; i++)
        if (keeps_awake(w, &w->agents[i], a, has_ended))
            return true;
    return false;
}

/* A trouble that is there was told; one that is over was told to be over. */
static void check_health(struct world *w, const struct w_agent *a, const struct sim_container *c)
{
    bool sick = c->status == CONTAINER_RUNNING && c->health == HEALTH_UNHEALTHY;
    bool told = a->has_memory && (a->memory.episodes & EPISODE(EVENT_CONTAINER_UNHEALTHY)) != 0;
    if (sick && a->row.restart_unhealthy)
        broken(w, "%s is sick, and was not restarted", a->name);
    if (sick && !told)
        broken(w, "%s is sick, and nobody was told", a->name);
    if (!sick && told && c->status == CONTAINER_RUNNING)
        broken(w, "%s is well again, and nobody was told", a->name);
}

/* It shares the networks of the containers that its neighbours have now. */
static void check_partners(struct world *w, const struct w_agent *a, const struct sim_container *c)
{
    for (size_t i = 0; i < a->row.n_depends; i++) {
        const struct w_agent *on = dependency(w, a, i);
        const struct sim_container *partner = quiet_container(w, on);
        if (!a->depends[i].shares || !partner || count(w, on, false) > 1)
            continue;
        w->counts.sharing++;
        if (!sim_container_shares(c, partner))
            broken(w, "%s shares the network of a container that %s has no more", a->name,
                   on->name);
    }
}

static void check_as_specified(struct world *w, const struct w_agent *a,
                               const struct sim_container *c, const struct agent_view *v)
{
    if (is_rolled_back(v)) {
        if (v->state != STATE_FAILED)
            broken(w, "%s is rolled back, and not failed", a->name);
        return;
    }
    bool deferred = a->row.lifecycle == LIFECYCLE_LAZY && c->status == CONTAINER_RUNNING;
    if (deferred && (c->differs != 0 || !same_spec(&c->spec, &a->row.spec)))
        return;
    if (!same_spec(&c->spec, &a->row.spec))
        broken(w, "%s has another spec than its row", a->name);
    bool half =
        count(w, a, false) > 1; /* paused by somebody in the middle of its proof: it waits */
    if (c->made_as != a->row.lifecycle || (c->policy != a->row.lifecycle && !half))
        broken(w, "%s is made as %s, and its row says %s", a->name, lifecycle_name(c->made_as),
               lifecycle_name(a->row.lifecycle));
    if (c->differs != 0)
        broken(w, "%s differs", a->name);
    check_partners(w, a, c);
    bool crashed = v->state == STATE_FAILED && strncmp(v->reason, "crashed", 7) == 0;
    bool job_failed = has_had_its_run(a, &a->row.spec) && (a->memory.job_ran & 1) == 0;
    if (v->reason[0] != '\0' && !crashed && !(a->row.job && job_failed))
        broken(w, "%s is well, and says: %s", a->name, v->reason);
    check_health(w, a, c);
    if (c->status == CONTAINER_RUNNING && v->state != STATE_RUNNING)
        broken(w, "%s runs, and its state is %s", a->name, agent_state_name(v->state));
    if (!sim_container_runs(c) && v->state != STATE_STOPPED && v->state != STATE_FAILED)
        broken(w, "%s is down, and its state is %s", a->name, agent_state_name(v->state));
}

/* Whether a job that is done is to be run again, its row may have said since: of what it depends
 * on, either is right. */
static bool is_needed_by_a_job(const struct world *w, const struct w_agent *a)
{
    for (size_t i = 0; i < W_AGENTS; i++) {
        const struct w_agent *d = &w->agents[i];
        const struct sim_container *c = own_container(w, d);
        for (size_t j = 0; d->exists && j < d->row.n_depends; j++)
            if (dependency(w, d, j) == a && c && has_run(c) && c->exit_code == 0)
                return true;
    }
    return false;
}

static void check_awake(struct world *w, const struct w_agent *a, const struct sim_container *c)
{
    bool paused = c->status == CONTAINER_PAUSED;
    bool paused_by_us = paused && a->row.lifecycle == LIFECYCLE_LAZY && a->row.sleep == SLEEP_PAUSE;
    if (is_awake(w, a) && c->status != CONTAINER_RUNNING && (!paused || paused_by_us))
        broken(w, "%s should be awake, and is %s", a->name, container_status_name(c->status));
    if (!is_awake(w, a) && c->status == CONTAINER_RUNNING && !is_needed_by_a_job(w, a))
        broken(w, "%s should be asleep", a->name);
}

/* restart: true. What it was to follow is there again, so it has. */
static void check_follows(struct world *w, const struct w_agent *a, const struct sim_container *c)
{
    bool due = a->has_memory && a->memory.to_follow && c->status == CONTAINER_RUNNING;
    for (size_t i = 0; i < a->row.n_depends; i++) {
        const struct w_agent *on = dependency(w, a, i);
        if (!a->depends[i].restart && !a->depends[i].joins)
            continue;
        const struct sim_container *b = on && on->exists ? quiet_container(w, on) : NULL;
        due = due && b && b->status == CONTAINER_RUNNING && quiet_is_simple(w, on) &&
              a->depends[i].condition == DEPENDS_STARTED && count(w, on, false) == 1;
    }
    if (due)
        broken(w, "%s was to be restarted after what it depends on, and was not", a->name);
}

/* A namespace ends with the run that it belongs to, so whoever lives in it began after that. */
static void check_joins(struct world *w, const struct w_agent *a, const struct sim_container *c)
{
    for (size_t i = 0; c->status == CONTAINER_RUNNING && i < a->row.n_depends; i++) {
        const struct w_agent *on = dependency(w, a, i);
        if (!a->depends[i].joins || !on || !on->exists || !quiet_is_simple(w, on))
            continue;
        const struct sim_container *b = quiet_container(w, on);
        if (b && b->status == CONTAINER_RUNNING && sim_plan_of(&b->spec).conduct == SIM_STAYS &&
            sim_container_shares(c, b) && count(w, on, false) == 1 &&
            b->up_since_ns > c->up_since_ns)
            broken(w, "%s has the network of a run of %s that is over", a->name, on->name);
    }
}

static void check_simple(struct world *w, const struct w_agent *a, const struct agent_view *v)
{
    const struct sim_container *c = quiet_container(w, a);
    if (!c && v->state == STATE_PAUSED && count(w, a, false) > 1)
        return; /* renamed, and paused in the middle of its proof: it waits */
    if (!c)
        broken(w, "%s has no container", a->name);
    if (count(w, a, false) > 1 && c->status != CONTAINER_PAUSED)
        broken(w, "%s has %u containers", a->name, count(w, a, false));
    check_as_specified(w, a, c, v);
    check_follows(w, a, c);
    check_joins(w, a, c);
    if (!is_rolled_back(v))
        check_awake(w, a, c);
    if (a->has_memory && (a->memory.state != v->state && v->state != STATE_FAILED))
        broken(w, "%s is %s, and remembered as %s", a->name, agent_state_name(v->state),
               agent_state_name(a->memory.state));
    if (!a->has_memory || memcmp(a->memory.container, c->id, CONTAINER_ID_SIZE) != 0)
        broken(w, "the container of %s is not remembered", a->name);
    for (size_t i = 0; i < a->row.n_depends; i++)
        w->counts.jobs_awaited += is_done_job(w, dependency(w, a, i));
    w->counts.checked_agents++;
}

static bool has_dependents(const struct world *w, const struct w_agent *a)
{
    for (size_t i = 0; i < W_AGENTS; i++)
        for (size_t j = 0; w->agents[i].exists && j < w->agents[i].row.n_depends; j++)
            if (dependency(w, &w->agents[i], j) == a)
                return true;
    return false;
}

/* What can have its run has had it, and only that. */
static void check_job(struct world *w, const struct w_agent *a, const struct agent_view *v)
{
    enum sim_conduct conduct = sim_plan_of(&a->row.spec).conduct;
    const struct sim_container *c = quiet_container(w, a);
    bool deferred = c && sim_container_runs(c) && !same_spec(&c->spec, &a->row.spec);
    if ((conduct != SIM_ENDS && conduct != SIM_CRASHES) || deferred || a->row.n_depends > 0 ||
        is_left_alone(w, a) || is_rolled_back(v) || !c || c->status == CONTAINER_PAUSED)
        return;
    if (!has_had_its_run(a, &a->row.spec))
        broken(w, "%s is a job, and has not run", a->name);
    if (sim_container_runs(c) && !has_dependents(w, a))
        broken(w, "%s is a job, has run, and runs again", a->name);
    w->counts.jobs_done++;
}

/* Under the names that any agent has. A name of its own went with its row: what comes late under
 * that, nobody can know for ours. */
static bool has_leftovers(const struct world *w, const struct w_agent *a)
{
    for (size_t i = 0; i < w->engine.n; i++)
        if (is_ours(&w->engine.containers[i], a) &&
            strncmp(w->engine.containers[i].name, "sim-", 4) == 0)
            return true;
    return false;
}

/* One that shares a network cannot run when the other does not, is another now, or is never up for
 * long. */
static bool lacks_a_network(const struct world *w, const struct w_agent *a)
{
    static const uint8_t none[CONTAINER_ID_SIZE];
    const struct sim_container *c = own_container(w, a);
    for (size_t i = 0; c && i < SIM_PARTNERS; i++) {
        const struct sim_container *partner = sim_engine_find(&w->engine, c->partners[i]);
        if (memcmp(c->partners[i], none, sizeof(none)) != 0 &&
            (!partner || !sim_container_runs(partner) ||
             sim_plan_of(&partner->spec).conduct != SIM_STAYS))
            return true;
    }
    return false;
}

/* It follows one that is never up for long, in at most so many steps: there are circles. */
static bool comes_and_goes(const struct world *w, const struct w_agent *a, unsigned steps)
{
    for (size_t i = 0; steps > 0 && i < a->row.n_depends; i++) {
        const struct core_depends *d = &a->depends[i];
        const struct w_agent *b = agent_named((struct world *)(uintptr_t)w, d->agent);
        const struct sim_container *c = own_container(w, b);
        if ((d->joins || d->restart) && b->exists &&
            (sim_plan_of(c ? &c->spec : &b->row.spec).conduct != SIM_STAYS ||
             comes_and_goes(w, b, steps - 1)))
            return true;
    }
    return false;
}

static void check_agent(struct world *w, struct w_agent *a)
{
    struct agent_view v = {.reason = ""};
    bool known = core_view_agent(w->core, a->name, &v);
    if (!a->exists && has_leftovers(w, a) && !is_in_conflict(w, a) && (!known || v.has_row))
        broken(w, "%s is deleted, and has containers", a->name);
    if (a->must_miss)
        broken(w, "the container of %s went away, and nobody was told", a->name);
    if (a->exists && !known)
        broken(w, "%s is not known", a->name);
    if (!a->exists)
        return;
    if (count(w, a, true) > 1 && !is_left_alone(w, a))
        broken(w, "%s runs twice", a->name);
    if (a->worked && a->row.lifecycle == LIFECYCLE_HOT && !is_left_alone(w, a) &&
        count(w, a, true) == 0 && !lacks_a_network(w, a) && !comes_and_goes(w, a, W_AGENTS))
        broken(w, "%s worked, and does not any more", a->name);
    if (a->row.job)
        check_job(w, a, &v);
    if (quiet_is_simple(w, a))
        check_simple(w, a, &v);
}

/* What looks lost is the old one of a recreate that cannot go on: the core saw how somebody renamed
 * it, and tries on. */
static bool is_known_spare(const struct world *w, const struct w_agent *a,
                           const struct agent_view *v)
{
    bool in_the_way = strncmp(v->reason, "duplicate", 9) == 0 ||
                      strncmp(v->reason, "name_conflict", 13) == 0 ||
                      strncmp(v->reason, "compose_running", 15) == 0;
    return a->exists && is_in_conflict(w, a) && v->state == STATE_FAILED && !in_the_way;
}

static void calm_down(struct world *w)
{
    w->chaos = false;
    accidents_end(w);
    if (!w->engine_up)
        w->engine_up_ns = w->now_ns;
    if (!w->core)
        w->boot_ns = w->now_ns;
    if (w->poll_ns == NEVER)
        w->poll_ns = w->now_ns;
}

static void check_all_over(struct world *w)
{
    if (!w->core || w->passes_open > 0)
        broken(w, "%u passes are not over", w->passes_open);
    for (size_t i = 0; i < W_WAKES; i++)
        if (w->wakes[i] != 0)
            broken(w, "wake %llu was never answered", (unsigned long long)w->wakes[i]);
    for (size_t i = 0; i < W_LEASES; i++)
        if (w->leases[i].live)
            broken(w, "lease %s of %s never ended", w->leases[i].id, w->leases[i].agent);
    if (w->stored_engine_lost)
        broken(w, "the engine was never told to be back");
}

/* Faults end; in bounded time all is as it should be; then nothing is changed any more. */
void check_quiet(struct world *w)
{
    unsigned changes[W_AGENTS], told[W_AGENTS];
    trace(w, "---- quiet");
    calm_down(w);
    world_run(w, 1200 * SECOND);
    shell_pass(w, (struct core_pass){.deep = true});
    world_run(w, 700 * SECOND);
    check_all_over(w);
    for (size_t i = 0; i < W_AGENTS; i++) {
        check_agent(w, &w->agents[i]);
        changes[i] = w->agents[i].changes;
        told[i] = w->agents[i].told_events;
    }
    trace(w, "---- still");
    shell_pass(w, (struct core_pass){.deep = true});
    world_run(w, 100 * SECOND);
    shell_pass(w, (struct core_pass){.agent = NULL});
    world_run(w, 100 * SECOND);
    for (size_t i = 0; i < W_AGENTS; i++) {
        const struct w_agent *a = &w->agents[i];
        struct agent_view v = {.reason = ""};
        (void)core_view_agent(w->core, a->name, &v);
        bool alone = is_left_alone(w, a) && !is_known_spare(w, a, &v);
        bool still = (quiet_is_simple(w, a) && !is_rolled_back(&v)) || alone;
        if (still && !lacks_a_network(w, a) &&
            (a->changes != changes[i] || a->told_events != told[i]))
            broken(w, "%s is as it should be, and is not left alone", a->name);
    }
    check_all_over(w);
    w->counts.converged++;
}
