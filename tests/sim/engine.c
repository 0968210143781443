/* SPDX-License-Identifier: MIT
 *
 * The pretended engine: see engine.h.
 */
#include "engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_FIRST_NS (100 * SIM_MS_NS)
#define BACKOFF_MAX_NS   (60 * SIM_SECOND_NS)
#define BACKOFF_RESET_NS (10 * SIM_SECOND_NS)

struct spec_id sim_spec(struct sim_plan plan)
{
    struct spec_id spec = {.version = 1};
    static_assert(sizeof(plan) <= sizeof(spec.sha256), "a plan fits into a hash");
    memcpy(spec.sha256, &plan, sizeof(plan));
    return spec;
}

struct sim_plan sim_plan_of(const struct spec_id *spec)
{
    struct sim_plan plan;
    memcpy(&plan, spec->sha256, sizeof(plan));
    return plan;
}

void sim_engine_free(struct sim_engine *e)
{
    free(e->containers);
    *e = (struct sim_engine){0};
}

struct sim_container *sim_engine_find(const struct sim_engine *e,
                                      const uint8_t id[CONTAINER_ID_SIZE])
{
    for (size_t i = 0; i < e->n; i++)
        if (memcmp(e->containers[i].id, id, CONTAINER_ID_SIZE) == 0)
            return &e->containers[i];
    return NULL;
}

struct sim_container *sim_engine_named(const struct sim_engine *e, const char *name)
{
    for (size_t i = 0; i < e->n; i++)
        if (strcmp(e->containers[i].name, name) == 0)
            return &e->containers[i];
    return NULL;
}

bool sim_container_runs(const struct sim_container *c)
{
    return c->status == CONTAINER_RUNNING || c->status == CONTAINER_PAUSED;
}

static char *find_taken(struct sim_engine *e, const char *name)
{
    for (int i = 0; i < SIM_TAKEN_MAX; i++)
        if (strcmp(e->taken[i], name) == 0)
            return e->taken[i];
    return NULL;
}

bool sim_engine_take_name(struct sim_engine *e, const char *name)
{
    if (sim_engine_named(e, name) || find_taken(e, name))
        return false;
    char *room = find_taken(e, "");
    if (room)
        (void)snprintf(room, SIM_NAME_SIZE, "%s", name);
    return room != NULL;
}

void sim_engine_free_name(struct sim_engine *e, const char *name)
{
    char *taken = find_taken(e, name);
    if (taken)
        taken[0] = '\0';
}

/* Events */

static int64_t clock_ns(struct sim_engine *e)
{
    int64_t at_ns = SIM_CLOCK_NS + (int64_t)e->now_ns + e->clock_off_ns;
    e->clock_ns = at_ns > e->clock_ns ? at_ns : e->clock_ns + 1;
    return e->clock_ns;
}

void sim_engine_move_clock(struct sim_engine *e, int64_t by_ns)
{
    e->clock_off_ns += by_ns;
    e->clock_ns = 0;
}

static void tell(struct sim_engine *e, enum engine_action action, const struct sim_container *c,
                 int signal)
{
    if (e->n_events == SIM_EVENTS) {
        e->events_at = (e->events_at + 1) % SIM_EVENTS;
        e->n_events--;
    }
    struct sim_event *event = &e->events[(e->events_at + e->n_events++) % SIM_EVENTS];
    *event = (struct sim_event){.action = action,
                                .signal = signal,
                                .exit_code = c->exit_code,
                                .health = c->health,
                                .time_ns = clock_ns(e)};
    memcpy(event->id, c->id, sizeof(event->id));
    (void)snprintf(event->name, sizeof(event->name), "%s", c->name);
    (void)snprintf(event->agent, sizeof(event->agent), "%s", c->ours ? c->agent : "");
    e->events_ever++;
}

bool sim_engine_take_event(struct sim_engine *e, struct sim_event *ret_event)
{
    if (e->n_events == 0)
        return false;
    *ret_event = e->events[e->events_at];
    e->events_at = (e->events_at + 1) % SIM_EVENTS;
    e->n_events--;
    return true;
}

/* The number, for people; and what tells sums of such numbers apart, as the real ones' are. */
static void make_id(uint64_t number, uint8_t ret_id[CONTAINER_ID_SIZE])
{
    uint64_t mix = number * UINT64_C(0x9E3779B97F4A7C15);
    mix = (mix ^ (mix >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mix ^= mix >> 27;
    memcpy(ret_id, &number, sizeof(number));
    memcpy(ret_id + sizeof(number), &mix, sizeof(mix));
}

/* The process */

static void run(struct sim_engine *e, struct sim_container *c)
{
    struct sim_plan plan = sim_plan_of(&c->spec);
    c->status = CONTAINER_RUNNING;
    c->up_since_ns = e->now_ns;
    c->started_ns = clock_ns(e);
    c->oom_killed = false;
    c->lingers_until_ns = 0;
    c->health = plan.checked ? HEALTH_STARTING : HEALTH_NONE;
    c->well_ns = plan.checked ? e->now_ns + plan.ready_ms * SIM_MS_NS : SIM_NEVER_NS;
    bool ends = plan.conduct == SIM_CRASHES || plan.conduct == SIM_ENDS;
    c->next_ns = ends ? e->now_ns + plan.run_ms * SIM_MS_NS : SIM_NEVER_NS;
    tell(e, ENGINE_EVENT_START, c, 0);
}

static void note_end(struct sim_container *c, int exit_code)
{
    memmove(&c->ends[1], &c->ends[0], (SIM_ENDS_KEPT - 1) * sizeof(c->ends[0]));
    c->ends[0] = c->oom_killed ? -exit_code : exit_code;
}

static void rest(struct sim_engine *e, struct sim_container *c, int exit_code)
{
    if (e->lingers && sim_container_runs(c)) {
        c->was = c->status;
        c->was_health = c->health;
        c->lingers_until_ns = e->now_ns + (70 + e->events_ever * 37 % 111) * SIM_MS_NS;
    }
    note_end(c, exit_code);
    c->ended_ns = clock_ns(e);
    c->status = CONTAINER_EXITED;
    c->exit_code = exit_code;
    c->next_ns = c->well_ns = SIM_NEVER_NS;
    c->up_since_ns = 0;
    c->health = sim_plan_of(&c->spec).checked ? HEALTH_UNHEALTHY : HEALTH_NONE;
}

void sim_engine_end(struct sim_engine *e, struct sim_container *c, int exit_code)
{
    bool long_enough = e->now_ns - c->up_since_ns >= BACKOFF_RESET_NS;
    rest(e, c, exit_code);
    tell(e, ENGINE_EVENT_DIE, c, 0);
    if (c->policy != LIFECYCLE_HOT)
        return;
    uint64_t next = c->backoff_ns * 2 < BACKOFF_MAX_NS ? c->backoff_ns * 2 : BACKOFF_MAX_NS;
    c->backoff_ns = long_enough || c->backoff_ns == 0 ? BACKOFF_FIRST_NS : next;
    c->restarts++;
    c->status = CONTAINER_RESTARTING;
    c->next_ns = e->now_ns + c->backoff_ns;
    if (c->next_ns < c->lingers_until_ns)
        c->next_ns = c->lingers_until_ns;
}

void sim_engine_oom(struct sim_engine *e, struct sim_container *c)
{
    bool first = e->events_ever % 2 == 0; /* nothing promises an order of the two */
    if (first)
        tell(e, ENGINE_EVENT_OOM, c, 0);
    c->oom_killed = true;
    sim_engine_end(e, c, 137);
    if (!first)
        tell(e, ENGINE_EVENT_OOM, c, 0);
}

bool sim_engine_feel(struct sim_engine *e, struct sim_container *c, enum container_health health)
{
    if (c->status != CONTAINER_RUNNING || c->health == HEALTH_NONE || c->health == health)
        return false;
    c->health = health;
    c->well_ns = SIM_NEVER_NS;
    tell(e, ENGINE_EVENT_HEALTH, c, 0);
    return true;
}

static void happen(struct sim_engine *e, struct sim_container *c)
{
    if (c->status == CONTAINER_RUNNING && c->well_ns <= c->next_ns) {
        (void)sim_engine_feel(e, c, HEALTH_HEALTHY);
        c->well_ns = SIM_NEVER_NS;
        return;
    }
    if (c->status == CONTAINER_RESTARTING) {
        run(e, c);
    } else {
        sim_engine_end(e, c, sim_plan_of(&c->spec).conduct == SIM_ENDS ? 0 : 1);
    }
}

/* A paused process does not get on: its end waits. */
static uint64_t next_of(const struct sim_container *c)
{
    bool moves = c->status == CONTAINER_RUNNING || c->status == CONTAINER_RESTARTING;
    if (!moves)
        return SIM_NEVER_NS;
    return c->well_ns < c->next_ns ? c->well_ns : c->next_ns;
}

static struct sim_container *soonest(const struct sim_engine *e)
{
    struct sim_container *first = NULL;
    for (size_t i = 0; i < e->n; i++)
        if (!first || next_of(&e->containers[i]) < next_of(first))
            first = &e->containers[i];
    return first;
}

uint64_t sim_engine_next(const struct sim_engine *e)
{
    const struct sim_container *c = soonest(e);
    return c ? next_of(c) : SIM_NEVER_NS;
}

void sim_engine_advance(struct sim_engine *e, uint64_t now_ns)
{
    struct sim_container *c;
    while ((c = soonest(e)) && next_of(c) <= now_ns) {
        if (next_of(c) > e->now_ns)
            e->now_ns = next_of(c);
        happen(e, c);
    }
    if (now_ns > e->now_ns)
        e->now_ns = now_ns;
    for (size_t i = 0; i < e->n; i++)
        if (e->containers[i].lingers_until_ns <= e->now_ns)
            e->containers[i].lingers_until_ns = 0;
}

/* Calls */

static enum engine_outcome say(struct sim_engine *e, enum engine_outcome outcome, const char *words)
{
    (void)snprintf(e->words, sizeof(e->words), "%s", words);
    return outcome;
}

static bool has_partners(const struct sim_engine *e, const struct sim_call *call)
{
    for (int i = 0; i < SIM_PARTNERS; i++)
        if (call->partners[i] && !sim_engine_named(e, call->partners[i]))
            return false;
    return true;
}

bool sim_container_shares(const struct sim_container *c, const struct sim_container *partner)
{
    for (int i = 0; i < SIM_PARTNERS; i++)
        if (memcmp(c->partners[i], partner->id, CONTAINER_ID_SIZE) == 0)
            return true;
    return false;
}

static bool partners_run(const struct sim_engine *e, const struct sim_container *c)
{
    static const uint8_t none[CONTAINER_ID_SIZE];
    for (int i = 0; i < SIM_PARTNERS; i++) {
        const struct sim_container *partner = sim_engine_find(e, c->partners[i]);
        if (memcmp(c->partners[i], none, sizeof(none)) != 0 &&
            (!partner || !sim_container_runs(partner)))
            return false;
    }
    return true;
}

static enum engine_outcome create(struct sim_engine *e, const struct sim_call *call,
                                  uint8_t *ret_id)
{
    if (!has_partners(e, call))
        return say(e, ENGINE_NOT_FOUND, "No such container, whose network it shares");
    assert(!sim_engine_named(e, call->name));
    if (e->n == e->cap) {
        e->cap = e->cap ? e->cap * 2 : 16;
        e->containers = realloc(e->containers, e->cap * sizeof(*e->containers));
        assert(e->containers);
    }
    struct sim_container *c = &e->containers[e->n++];
    *c = (struct sim_container){
        .status = CONTAINER_CREATED,
        .ours = call->agent != NULL,
        .spec = call->spec,
        .made_as = call->lifecycle,
        .with = call->with,
        .policy = call->lifecycle,
        .next_ns = SIM_NEVER_NS,
        .well_ns = SIM_NEVER_NS,
    };
    for (int i = 0; i < SIM_PARTNERS; i++)
        if (call->partners[i])
            memcpy(c->partners[i], sim_engine_named(e, call->partners[i])->id, CONTAINER_ID_SIZE);
    (void)snprintf(c->name, sizeof(c->name), "%s", call->name);
    (void)snprintf(c->agent, sizeof(c->agent), "%s", call->agent ? call->agent : "");
    make_id(++e->made, c->id);
    memcpy(ret_id, c->id, CONTAINER_ID_SIZE);
    tell(e, ENGINE_EVENT_CREATE, c, 0);
    return ENGINE_DONE;
}

/* Again and again, maybe: that is one end. */
static enum engine_outcome refuse_start(struct sim_engine *e, struct sim_container *c,
                                        const char *words)
{
    if (abs(c->ends[0]) != 128)
        note_end(c, 128);
    c->exit_code = 128;
    return say(e, ENGINE_REFUSED, words);
}

static enum engine_outcome start(struct sim_engine *e, struct sim_container *c)
{
    switch (c->status) {
    case CONTAINER_RUNNING:
    case CONTAINER_RESTARTING:
        return ENGINE_ALREADY;
    case CONTAINER_PAUSED:
        return say(e, ENGINE_BUSY, "cannot start a paused container, try unpause instead");
    case CONTAINER_REMOVING:
    case CONTAINER_DEAD:
        return say(e, ENGINE_BUSY, "container is marked for removal and cannot be started");
    case CONTAINER_CREATED:
    case CONTAINER_EXITED:
    case CONTAINER_STATUS_UNKNOWN:
        break;
    }
    if (sim_plan_of(&c->spec).conduct == SIM_REFUSED)
        return refuse_start(
            e, c, "driver failed programming external connectivity: port is already allocated");
    if (!partners_run(e, c))
        return refuse_start(e, c, "cannot join network of a non running container");
    c->restarts = 0;
    c->backoff_ns = 0;
    c->by_user = false;
    run(e, c);
    return ENGINE_DONE;
}

static enum engine_outcome stop(struct sim_engine *e, struct sim_container *c)
{
    if (!sim_container_runs(c) && c->status != CONTAINER_RESTARTING)
        return ENGINE_ALREADY;
    bool lives = sim_container_runs(c);
    if (lives)
        tell(e, ENGINE_EVENT_KILL, c, 15);
    if (c->status == CONTAINER_PAUSED) /* a frozen process is let go, to take its signal */
        tell(e, ENGINE_EVENT_UNPAUSE, c, 0);
    rest(e, c, 143);
    if (lives)
        tell(e, ENGINE_EVENT_DIE, c, 0);
    tell(e, ENGINE_EVENT_STOP, c, 0);
    return ENGINE_DONE;
}

static enum engine_outcome freeze(struct sim_engine *e, struct sim_container *c, bool on)
{
    if (on == (c->status == CONTAINER_PAUSED))
        return ENGINE_ALREADY;
    if (on && c->status != CONTAINER_RUNNING)
        return say(e, ENGINE_BUSY, "Container is not running");
    c->status = on ? CONTAINER_PAUSED : CONTAINER_RUNNING;
    tell(e, on ? ENGINE_EVENT_PAUSE : ENGINE_EVENT_UNPAUSE, c, 0);
    if (!on && c->next_ns < e->now_ns)
        c->next_ns = e->now_ns;
    if (!on && c->well_ns < e->now_ns)
        c->well_ns = e->now_ns;
    return ENGINE_DONE;
}

static enum engine_outcome rename_to(struct sim_engine *e, struct sim_container *c,
                                     const char *name)
{
    if (strcmp(c->name, name) == 0)
        return ENGINE_ALREADY;
    if (sim_engine_named(e, name) || find_taken(e, name))
        return say(e, ENGINE_NAME_TAKEN, "Conflict. The container name is already in use");
    (void)snprintf(c->name, sizeof(c->name), "%s", name);
    tell(e, ENGINE_EVENT_RENAME, c, 0);
    return ENGINE_DONE;
}

void sim_engine_drop(struct sim_engine *e, struct sim_container *c)
{
    size_t i = (size_t)(c - e->containers);
    if (sim_container_runs(c)) {
        tell(e, ENGINE_EVENT_KILL, c, 9);
        c->exit_code = 137;
        tell(e, ENGINE_EVENT_DIE, c, 0);
    }
    tell(e, ENGINE_EVENT_DESTROY, c, 0);
    memmove(c, c + 1, (e->n - i - 1) * sizeof(*c));
    e->n--;
}

enum engine_outcome sim_engine_begin(struct sim_engine *e, const struct sim_call *call)
{
    bool creates = call->kind == OPERATION_CREATE;
    if (creates && sim_plan_of(&call->spec).conduct == SIM_NO_IMAGE)
        return say(e, ENGINE_IMAGE_MISSING, "No such image: nowhere:latest"); /* before the name */
    if (creates && !has_partners(e, call))
        return say(e, ENGINE_NOT_FOUND, "No such container, whose network it shares");
    if (creates)
        return sim_engine_take_name(e, call->name)
                   ? ENGINE_DONE
                   : say(e, ENGINE_NAME_TAKEN, "Conflict. The container name is already in use");
    struct sim_container *c = sim_engine_find(e, call->id);
    if (!c)
        return say(e, ENGINE_NOT_FOUND, "No such container");
    if (call->kind != OPERATION_REMOVE)
        return ENGINE_DONE;
    if (sim_container_runs(c) || c->status == CONTAINER_RESTARTING)
        return say(e, ENGINE_BUSY, "You cannot remove a running container");
    if (c->status == CONTAINER_REMOVING)
        return say(e, ENGINE_BUSY, "removal of container is already in progress");
    c->status = CONTAINER_REMOVING;
    return ENGINE_DONE;
}

static enum engine_outcome change(struct sim_engine *e, struct sim_container *c,
                                  const struct sim_call *call)
{
    switch (call->kind) {
    case OPERATION_START:
        return start(e, c);
    case OPERATION_STOP:
        return stop(e, c);
    case OPERATION_PAUSE:
        return freeze(e, c, true);
    case OPERATION_UNPAUSE:
        return freeze(e, c, false);
    case OPERATION_RENAME:
        return rename_to(e, c, call->name);
    case OPERATION_UPDATE:
        if (e->no_update)
            return say(e, ENGINE_UNSUPPORTED, "Not Found");
        c->policy = call->lifecycle;
        tell(e, ENGINE_EVENT_UPDATE, c, 0);
        return ENGINE_DONE;
    case OPERATION_CREATE:
    case OPERATION_REMOVE:
    case OPERATION_INSPECT:
    case OPERATION_PROBE:
        break;
    }
    assert(false); /* not a change */
    return ENGINE_REFUSED;
}

enum engine_outcome sim_engine_call(struct sim_engine *e, const struct sim_call *call,
                                    uint8_t ret_id[CONTAINER_ID_SIZE])
{
    if (call->kind == OPERATION_CREATE) {
        sim_engine_free_name(e, call->name);
        return create(e, call, ret_id);
    }
    struct sim_container *c = sim_engine_find(e, call->id);
    if (!c)
        return say(e, ENGINE_NOT_FOUND, "No such container");
    if (call->kind == OPERATION_REMOVE) {
        sim_engine_drop(e, c);
        return ENGINE_DONE;
    }
    enum engine_outcome outcome = change(e, c, call);
    if (outcome == ENGINE_DONE)
        c->changes++;
    return outcome;
}

/* By hand */

enum engine_outcome sim_engine_hand(struct sim_engine *e, enum operation_kind kind,
                                    struct sim_container *c, const char *name)
{
    uint8_t id[CONTAINER_ID_SIZE];
    enum lifecycle other = c->policy == LIFECYCLE_HOT ? LIFECYCLE_LAZY : LIFECYCLE_HOT;
    struct sim_call call = {.kind = kind, .name = name, .lifecycle = other};
    memcpy(call.id, c->id, sizeof(call.id));
    enum engine_outcome outcome = sim_engine_begin(e, &call);
    if (outcome == ENGINE_DONE)
        outcome = sim_engine_call(e, &call, id);
    if (outcome == ENGINE_DONE && (kind == OPERATION_START || kind == OPERATION_UNPAUSE))
        c->by_user = true;
    return outcome;
}

/* Of what is killed by hand the engine restarts nothing. */
bool sim_engine_kill(struct sim_engine *e, struct sim_container *c)
{
    if (!sim_container_runs(c))
        return false;
    tell(e, ENGINE_EVENT_KILL, c, 9);
    rest(e, c, 137);
    tell(e, ENGINE_EVENT_DIE, c, 0);
    return true;
}

enum engine_outcome sim_engine_restart_container(struct sim_engine *e, struct sim_container *c)
{
    if (c->status == CONTAINER_REMOVING || c->status == CONTAINER_DEAD)
        return start(e, c);
    (void)stop(e, c);
    enum engine_outcome outcome = start(e, c);
    if (outcome == ENGINE_DONE)
        tell(e, ENGINE_EVENT_RESTART, c, 0);
    c->by_user = true;
    return outcome;
}

void sim_engine_restart(struct sim_engine *e, bool killed)
{
    for (size_t i = 0; i < e->n; i++) {
        struct sim_container *c = &e->containers[i];
        bool lives = sim_container_runs(c) || c->status == CONTAINER_RESTARTING;
        if (c->status == CONTAINER_REMOVING)
            c->status = CONTAINER_DEAD;
        if (!lives)
            continue;
        rest(e, c, 143); /* a killed engine stops the survivors when it is started again */
        c->lingers_until_ns = 0;
        if (c->policy == LIFECYCLE_HOT && !killed && partners_run(e, c))
            run(e, c);
    }
    e->n_events = 0; /* the ring goes with it */
    memset(e->taken, 0, sizeof(e->taken));
}

/* Views */

void sim_engine_observe(const struct sim_container *c, bool inspected, struct observation *ret_o)
{
    bool late = !inspected && c->lingers_until_ns != 0;
    enum container_health listed = late                    ? c->was_health
                                   : sim_container_runs(c) ? c->health
                                                           : HEALTH_NONE;
    *ret_o = (struct observation){
        .name = c->name,
        .status = late ? c->was : c->status,
        .health = inspected ? c->health : listed,
        .ours = c->ours,
        .agent = c->agent,
        .compose_service = c->compose_service,
        .spec = c->spec,
        .made_as = c->made_as,
        .with = c->with,
        .differs = c->differs,
        .inspected = inspected,
    };
    memcpy(ret_o->id, c->id, CONTAINER_ID_SIZE);
    if (!inspected)
        return;
    ret_o->policy_agrees = c->policy == c->made_as;
    ret_o->exit_code = c->exit_code;
    ret_o->oom_killed = c->oom_killed;
    ret_o->restarts = c->restarts;
    ret_o->started_ns = c->started_ns;
    ret_o->ended_ns = c->ended_ns;
}

bool sim_engine_is_ready(const struct sim_engine *e, const struct sim_container *c)
{
    return c->status == CONTAINER_RUNNING &&
           e->now_ns - c->up_since_ns >= sim_plan_of(&c->spec).ready_ms * SIM_MS_NS;
}
