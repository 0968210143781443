/* SPDX-License-Identifier: MIT
 *
 * Operations and listings on their way to the engine and back. A request begins, takes effect, and
 * is answered, at three moments; the answer may be lost whether it took effect or not, and may even
 * be given up before it does. A listing shows what was there at one moment, and arrives row by row
 * later, between other things.
 */
#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct w_request *new_request(struct world *w)
{
    for (size_t i = 0; i < W_REQUESTS; i++)
        if (!w->requests[i].used) {
            w->requests[i] = (struct w_request){.used = true, .epoch = w->epoch};
            return &w->requests[i];
        }
    broken(w, "more than %d requests at once", W_REQUESTS);
}

void requests_forget(struct world *w, struct w_request *r)
{
    (void)w;
    free(r->seen);
    *r = (struct w_request){0};
}

static uint64_t usual_ns(struct world *w, enum operation_kind kind)
{
    switch (kind) {
    case OPERATION_CREATE:
        return 5 * MS + roll(w, 30 * MS);
    case OPERATION_START:
        return 60 * MS + roll(w, 200 * MS);
    case OPERATION_STOP:
        return chance(w, 200) ? roll(w, 10 * SECOND) : 50 * MS + roll(w, 100 * MS);
    case OPERATION_PAUSE:
    case OPERATION_UNPAUSE:
    case OPERATION_RENAME:
    case OPERATION_REMOVE:
    case OPERATION_UPDATE:
    case OPERATION_INSPECT:
    case OPERATION_PROBE:
        break;
    }
    return roll(w, 10 * MS);
}

/* Of a start that is done after it was given up, nobody could know: only where it is asked for. */
static bool may_be_late(const struct world *w, enum operation_kind kind)
{
    return w->late_starts || (kind != OPERATION_START && kind != OPERATION_UNPAUSE);
}

static void maybe_goes_wrong(struct world *w, struct w_request *r)
{
    if (fault(w, 30)) {
        r->apply_ns += roll(w, 20 * SECOND);
        r->answer_ns = r->apply_ns + roll(w, 5 * SECOND);
        w->counts.faults[FAULT_SLOW]++;
    }
    if (fault(w, 30)) {
        r->lost = true;
        r->answer_ns += roll(w, 10 * SECOND);
        w->counts.faults[FAULT_LOST_ANSWER]++;
        if (!r->is_list && may_be_late(w, r->op.kind) && chance(w, 400)) {
            r->apply_ns = r->answer_ns + roll(w, 5 * SECOND);
            w->counts.faults[FAULT_LATE_APPLY]++;
        } else if (chance(w, 300)) {
            r->apply_ns = NEVER;
        }
    }
    if (r->is_list && fault(w, 30))
        w->counts.faults[FAULT_BROKEN_LISTING] += r->half = true;
    if (!r->is_list && r->op.kind == OPERATION_REMOVE && fault(w, 30))
        w->counts.faults[FAULT_HALF_REMOVED] += r->half = true;
}

/* The one fault of a case of the sweep. */
static void maybe_swept(struct world *w, struct w_request *r)
{
    struct sweep *s = &w->sweep;
    if (!s->counts || ++s->calls != s->call)
        return;
    r->deadly = s->kind == SWEEP_CRASH_ANSWERED;
    r->mute = s->kind == SWEEP_EVENTS_DROPPED;
    if (s->kind == SWEEP_LOST_DONE || s->kind == SWEEP_LOST_NOT_DONE) {
        r->lost = true;
        r->answer_ns += 5 * SECOND;
        if (s->kind == SWEEP_LOST_NOT_DONE)
            r->apply_ns = NEVER;
    }
    s->due = s->kind == SWEEP_CRASH_SENT || s->kind == SWEEP_STALE_LISTING ||
             s->kind == SWEEP_ENGINE_KILLED || s->kind == SWEEP_ENGINE_RESTARTED;
}

/* What cannot happen in the middle of a step. */
void requests_after_step(struct world *w)
{
    struct core_event look = {.kind = CORE_LOOK};
    if (!w->sweep.due)
        return;
    w->sweep.due = false;
    if (w->sweep.kind == SWEEP_CRASH_SENT) {
        shell_kill(w);
        w->boot_ns = w->now_ns + 20 * MS; /* and the engine has not noticed yet what has ended */
    } else if (w->sweep.kind == SWEEP_STALE_LISTING) {
        w->sweep.slow_list = true;
        shell_step(w, &look);
    } else {
        restart_engine(w, w->sweep.kind == SWEEP_ENGINE_KILLED);
    }
}

/* By their names: which containers these are the engine knows when it makes it. */
static void note_partners(struct world *w, struct w_request *r, const struct w_agent *a)
{
    r->spec = a->told.spec;
    for (size_t i = 0; i < a->told.n_depends; i++)
        if (a->told_depends[i].shares)
            (void)final_name(agent_named(w, a->told_depends[i].agent), r->partners[i]);
}

void request_operation(struct world *w, const struct operation *op)
{
    struct w_request *r = new_request(w);
    char id[24];
    r->op = *op;
    (void)snprintf(r->agent, sizeof(r->agent), "%s", op->agent);
    (void)snprintf(r->name, sizeof(r->name), "%s", op->name);
    r->op.agent = r->op.name = NULL;
    const struct w_agent *a = agent_named(w, op->agent);
    if (op->kind == OPERATION_CREATE && a)
        note_partners(w, r, a);
    r->generation = op->generation;
    r->begin_ns = w->now_ns + roll(w, 2 * MS);
    r->apply_ns = r->begin_ns + usual_ns(w, op->kind);
    r->answer_ns = r->apply_ns + roll(w, 2 * MS);
    const struct sim_container *c = sim_engine_find(&w->engine, op->container);
    trace(w, "-> %s %s: %s %s%s%s", operation_kind_name(op->kind), op->agent,
          op->kind == OPERATION_CREATE ? "" : short_id(op->container, id), c ? c->name : "",
          op->kind == OPERATION_RENAME || op->kind == OPERATION_CREATE ? " to " : "",
          op->kind == OPERATION_RENAME || op->kind == OPERATION_CREATE ? op->name : "");
    w->counts.operations[op->kind]++;
    w->counts.recreated +=
        op->kind == OPERATION_CREATE && strstr(op->name, AGENT_SUFFIX_NEW) != NULL;
    if (!w->engine_up) {
        r->outcome = ENGINE_UNREACHABLE;
        r->begun = r->applied = true;
        r->answer_ns = w->now_ns + roll(w, 50 * MS);
        (void)snprintf(r->words, sizeof(r->words), "connection refused");
        w->counts.faults[FAULT_NOT_SENT]++;
        return;
    }
    maybe_goes_wrong(w, r);
    maybe_swept(w, r);
}

void request_list(struct world *w, uint64_t list)
{
    struct w_request *r = new_request(w);
    r->is_list = true;
    r->list = list;
    r->begin_ns = w->now_ns;
    r->apply_ns = w->now_ns + roll(w, 20 * MS);
    r->answer_ns = r->apply_ns + roll(w, 10 * MS);
    w->counts.lists++;
    if (w->chaos)
        trace(w, "-> list %llu", (unsigned long long)list);
    if (!w->engine_up)
        r->half = true;
    maybe_goes_wrong(w, r);
    maybe_swept(w, r);
    if (w->sweep.slow_list) {
        w->sweep.slow_list = false;
        r->apply_ns = w->now_ns;
        r->answer_ns = w->now_ns + 2 * SECOND;
    }
    if (r->lost || r->apply_ns == NEVER) {
        r->half = true;
        r->lost = false;
        r->apply_ns = r->answer_ns;
    }
}

uint64_t requests_next(const struct world *w)
{
    uint64_t at = NEVER;
    for (size_t i = 0; i < W_REQUESTS; i++) {
        const struct w_request *r = &w->requests[i];
        if (!r->used)
            continue;
        uint64_t next = !r->begun ? r->begin_ns : r->answer_ns;
        if (!r->applied && r->apply_ns < next)
            next = r->begun ? r->apply_ns : next;
        if (next < at)
            at = next;
    }
    return at;
}

static struct sim_call call_of(const struct w_request *r)
{
    struct sim_call call = {.kind = r->op.kind,
                            .name = r->name,
                            .agent = r->agent,
                            .spec = r->spec,
                            .lifecycle = r->op.lifecycle,
                            .with = r->op.with};
    for (size_t i = 0; i < SIM_PARTNERS; i++)
        call.partners[i] = r->partners[i][0] ? r->partners[i] : NULL;
    memcpy(call.id, r->op.container, CONTAINER_ID_SIZE);
    return call;
}

static bool is_change(const struct w_request *r)
{
    return !r->is_list && r->op.kind != OPERATION_INSPECT && r->op.kind != OPERATION_PROBE;
}

void requests_fail(struct world *w, struct w_request *r, enum engine_outcome outcome,
                   const char *words)
{
    r->outcome = outcome;
    (void)snprintf(r->words, sizeof(r->words), "%s", words);
    if (!r->applied && r->answer_ns < w->now_ns)
        r->answer_ns = w->now_ns;
    r->applied = true;
}

static void begin(struct world *w, struct w_request *r)
{
    r->begun = true;
    if (!is_change(r) || r->apply_ns == NEVER || pull_takes(w, r))
        return;
    struct sim_call call = call_of(r);
    enum engine_outcome outcome = sim_engine_begin(&w->engine, &call);
    if (outcome != ENGINE_DONE)
        requests_fail(w, r, outcome, w->engine.words);
}

static void look(struct world *w, struct w_request *r)
{
    const struct sim_container *c =
        r->is_list ? NULL : sim_engine_find(&w->engine, r->op.container);
    if (!r->is_list && !c) {
        requests_fail(w, r, ENGINE_NOT_FOUND, "No such container");
        return;
    }
    r->n_seen = r->is_list ? w->engine.n : 1;
    r->seen = calloc(r->n_seen + 1, sizeof(*r->seen));
    assert(r->seen);
    if (r->n_seen > 0) /* an empty engine has no array */
        memcpy(r->seen, r->is_list ? w->engine.containers : c, r->n_seen * sizeof(*r->seen));
    r->ready = c && sim_engine_is_ready(&w->engine, c);
}

/* The removal fails in the middle: such a container is dead, and has its name. */
static bool is_half_removed(struct world *w, struct w_request *r)
{
    struct sim_container *c = sim_engine_find(&w->engine, r->op.container);
    if (r->op.kind != OPERATION_REMOVE || !r->half || !c || c->status != CONTAINER_REMOVING)
        return false;
    c->status = CONTAINER_DEAD;
    requests_fail(w, r, ENGINE_REFUSED,
                  "driver failed to remove root filesystem: device or resource busy");
    return true;
}

static void apply(struct world *w, struct w_request *r)
{
    r->applied = true;
    if (!is_change(r)) {
        look(w, r);
        return;
    }
    if (is_half_removed(w, r))
        return;
    struct sim_call call = call_of(r);
    bool late = check_applied(w, r);
    news_collect(w);
    /* of an earlier daemon's, or of one that was given up, this one knows nothing */
    w->by_roost = r->epoch == w->epoch && r->answer_ns != NEVER;
    r->outcome = sim_engine_call(&w->engine, &call, r->id);
    w->mute = r->mute;
    news_collect(w);
    w->by_roost = w->mute = false;
    if (r->outcome > ENGINE_ALREADY)
        (void)snprintf(r->words, sizeof(r->words), "%s", w->engine.words);
    struct sim_container *c = sim_engine_find(&w->engine, r->op.container);
    if (c && r->op.kind == OPERATION_STOP && r->answer_ns < c->lingers_until_ns && !r->lost)
        r->answer_ns = c->lingers_until_ns; /* a stop is answered when it is quite down */
    if (c && r->op.kind == OPERATION_START && late)
        c->by_user = true; /* this daemon knows as little of it as of a start by hand */
}

static void answer_operation(struct world *w, struct w_request *r)
{
    struct observation o;
    struct core_event event = {
        .kind = CORE_COMPLETION,
        .completion = {.operation = r->op.id, .agent = r->agent, .outcome = r->outcome}};
    struct core_completion *done = &event.completion;
    bool took_effect = r->applied;
    if (r->lost || !took_effect) {
        done->outcome = ENGINE_UNKNOWN;
        (void)snprintf(r->words, sizeof(r->words), "timed out");
    }
    done->words = r->words;
    memcpy(done->container, r->id, CONTAINER_ID_SIZE);
    if (done->outcome == ENGINE_DONE && r->seen) {
        sim_engine_observe(r->seen, true, &o);
        done->observation = &o;
        done->ready = r->ready;
    }
    struct w_agent *a = agent_named(w, r->agent);
    if (r->deadly && r->epoch == w->epoch && w->core)
        shell_kill(w);
    bool mine = r->epoch == w->epoch;
    if (mine)
        trace(w, "<- %s %s: %s %s", operation_kind_name(r->op.kind), r->agent,
              engine_outcome_name(done->outcome), r->words);
    if (mine && a && r->op.kind != OPERATION_PROBE)
        a->in_flight = a->parked = false;
    if (mine)
        shell_step(w, &event);
    if (took_effect || r->apply_ns == NEVER)
        requests_forget(w, r);
    else
        r->answer_ns = NEVER; /* nobody waits any more, but it is still to be done */
}

/* One row, or the end. */
static void answer_list(struct world *w, struct w_request *r)
{
    if (r->deadly && r->epoch == w->epoch && w->core)
        shell_kill(w);
    struct observation o;
    struct core_event event = {.kind = CORE_LISTED, .listed = {r->list, &o}};
    bool cut = r->half && r->next_row >= r->n_seen / 2;
    if (r->next_row < r->n_seen && !cut) {
        sim_engine_observe(&r->seen[r->next_row++], false, &o);
        r->answer_ns += roll(w, 3) == 0 ? roll(w, 3 * MS) : 0;
    } else {
        event = (struct core_event){.kind = CORE_LISTING_END,
                                    .listing_end = {r->list, !cut, "cut in half"}};
        if (r->epoch == w->epoch && w->chaos)
            trace(w, "<- list %llu: %s", (unsigned long long)r->list, cut ? "broken" : "whole");
    }
    if (r->epoch == w->epoch)
        shell_step(w, &event);
    if (event.kind == CORE_LISTING_END)
        requests_forget(w, r);
}

/* The engine holds a container's lock until it is quite down: who wants something of it waits. */
static void wait_for_lock(struct world *w, struct w_request *r)
{
    const struct sim_container *c =
        r->is_list || r->applied || r->apply_ns == NEVER || r->op.kind == OPERATION_PROBE
            ? NULL
            : sim_engine_find(&w->engine, r->op.container);
    if (!c || c->lingers_until_ns <= w->now_ns || (r->begun && r->apply_ns > w->now_ns))
        return;
    uint64_t late = c->lingers_until_ns - w->now_ns;
    if (!r->begun)
        r->begin_ns += late;
    r->apply_ns += late;
    if (r->answer_ns != NEVER && !r->lost)
        r->answer_ns += late;
}

static void run_one(struct world *w, struct w_request *r)
{
    wait_for_lock(w, r);
    if (!r->begun && r->begin_ns <= w->now_ns)
        begin(w, r);
    if (r->begun && !r->applied && r->apply_ns <= w->now_ns) {
        apply(w, r);
        if (r->answer_ns == NEVER) {
            requests_forget(w, r);
            return;
        }
    }
    if (!r->begun || r->answer_ns > w->now_ns)
        return;
    if (r->is_list)
        answer_list(w, r);
    else
        answer_operation(w, r);
}

/* From anywhere on, so that the order of what is due at once varies. */
void requests_run(struct world *w)
{
    size_t from = roll(w, W_REQUESTS);
    for (size_t i = 0; i < W_REQUESTS; i++) {
        struct w_request *r = &w->requests[(from + i) % W_REQUESTS];
        if (r->used)
            run_one(w, r);
    }
}
