/* SPDX-License-Identifier: MIT
 *
 * What the daemon is around the core, without what is not of interest: the store's rows, memories
 * and leases; a transaction a step, over before anything of that step is sent; death at any moment,
 * and a new start from what was stored.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

struct w_agent *agent_named(struct world *w, const char *name)
{
    for (size_t i = 0; i < W_AGENTS; i++)
        if (strcmp(w->agents[i].name, name) == 0)
            return &w->agents[i];
    return NULL;
}

/* The store */

static void store_memory(struct world *w, const struct core_memory *memory)
{
    struct w_agent *a = agent_named(w, memory->name);
    if (!a)
        broken(w, "a memory of nobody: \"%s\"", memory->name);
    if (!a->has_memory || a->memory.state != memory->state)
        trace(w, "store: %s is %s", a->name, agent_state_name(memory->state));
    if (memory->job_ran != 0 && (!a->has_memory || a->memory.job_ran != memory->job_ran))
        a->ran = a->told.spec;
    a->has_memory = true;
    a->memory = *memory;
    (void)snprintf(a->reason, sizeof(a->reason), "%s", memory->reason);
    a->memory.name = a->name;
    a->memory.reason = a->reason;
}

static void store_forget(struct world *w, const struct core_tombstone *tombstone)
{
    struct w_agent *a = agent_named(w, tombstone->name);
    if (a)
        a->episodes = 0; /* the core knows nothing of them any more */
    if (!a || !a->tombstone || a->tombstone_generation != tombstone->generation)
        return; /* a row came meanwhile */
    a->tombstone = false;
    a->has_memory = false;
    trace(w, "store: %s is forgotten", a->name);
}

static void store_lease(struct world *w, const struct core_lease *lease, const char *reason)
{
    struct w_lease *free_one = NULL;
    bool doomed = !agent_named(w, lease->agent)->exists;
    for (size_t i = 0; i < W_LEASES; i++) {
        struct w_lease *l = &w->leases[i];
        if (!l->live && !free_one)
            free_one = l;
        if (!l->live || strcmp(l->id, lease->id) != 0)
            continue;
        l->live = lease->until_ns != 0;
        l->doomed = doomed;
        l->until_ns = lease->until_ns;
        l->expires_ms = lease->expires_ms;
        if (!l->live)
            trace(w, "store: lease %s of %s is over: %s", l->id, l->agent, reason);
        return;
    }
    if (lease->until_ns == 0)
        return; /* the store's trigger was faster: its row is gone */
    if (!free_one)
        broken(w, "too many leases");
    *free_one = (struct w_lease){.live = true, .doomed = doomed};
    (void)snprintf(free_one->id, sizeof(free_one->id), "%s", lease->id);
    (void)snprintf(free_one->agent, sizeof(free_one->agent), "%s", lease->agent);
    free_one->until_ns = lease->until_ns;
    free_one->expires_ms = lease->expires_ms;
}

static void store_event(struct world *w, const struct core_happening *h)
{
    trace(w, "event: %s %s %s", event_kind_name(h->kind), h->agent, h->reason);
    check_event(w, h);
    w->counts.told[h->kind]++;
    if (h->kind == EVENT_ENGINE_LOST || h->kind == EVENT_ENGINE_RESTORED)
        w->stored_engine_lost = h->kind == EVENT_ENGINE_LOST;
}

static void commit(struct world *w, const struct effects *effects)
{
    real_commit(w, effects);
    for (size_t i = 0; i < effects->n; i++) {
        const struct effect *e = &effects->items[i];
        if (e->kind == EFFECT_SAVE)
            store_memory(w, &e->save);
        else if (e->kind == EFFECT_FORGET)
            store_forget(w, &e->forget);
        else if (e->kind == EFFECT_LEASE)
            store_lease(w, &e->lease.lease, e->lease.reason);
        else if (e->kind == EFFECT_EVENT)
            store_event(w, &e->happening);
    }
}

/* Carrying out */

static void take_answer(struct world *w, const struct effect *e)
{
    static const char *const words[] = {
        "done",   "completed", "no agent",    "no lease", "gone",   "held",   "invalid",
        "failed", "not ready", "engine lost", "hot",      "asleep", "in use", "lease ended"};
    trace(w, "answer to %llu: %s %s", (unsigned long long)e->answer.wake, words[e->answer.answer],
          e->answer.agent);
    w->counts.answers++;
    for (size_t i = 0; i < W_WAKES; i++)
        if (w->wakes[i] == e->answer.wake) {
            w->wakes[i] = 0;
            return;
        }
    broken(w, "an answer to nobody: %llu", (unsigned long long)e->answer.wake);
}

static void take_report(struct world *w, const struct effect *e)
{
    if (w->passes_open == 0)
        broken(w, "a report of no pass: %llu", (unsigned long long)e->report.pass);
    w->passes_open--;
    w->counts.passes_over++;
    trace(w, "report of pass %llu: %s", (unsigned long long)e->report.pass,
          e->report.error ? e->report.error : "");
    for (size_t i = 0; i < e->report.n_reports; i++) {
        const struct report *r = &e->report.reports[i];
        if (r->action != REPORT_UNCHANGED || r->error)
            trace(w, "    %s: %s (rule %u) %s; %s", r->agent, report_word_name(r->action), r->rule,
                  r->reason, r->error ? r->error : "");
    }
}

static void carry_out(struct world *w, const struct effect *e)
{
    switch (e->kind) {
    case EFFECT_OPERATION:
        check_operation(w, &e->operation);
        request_operation(w, &e->operation);
        break;
    case EFFECT_LIST:
        request_list(w, e->list.list);
        break;
    case EFFECT_REPORT:
        take_report(w, e);
        break;
    case EFFECT_ANSWER:
        take_answer(w, e);
        break;
    case EFFECT_NOTICE:
        trace(w, "notice: %s: %s", e->notice.agent, e->notice.error ? e->notice.error : "");
        break;
    case EFFECT_SAVE:
    case EFFECT_FORGET:
    case EFFECT_PROGRESS:
    case EFFECT_EVENT:
    case EFFECT_LEASE:
        break;
    }
}

/* Killed before the commit, after it, or in the middle of sending. */
void shell_step(struct world *w, struct core_event *event)
{
    struct effects effects;
    if (!w->core)
        return;
    event->now_ns = w->now_ns;
    event->wall_ms = w->wall_ms;
    w->counts.events_in++;
    if (core_step(w->core, event, &effects) < 0)
        broken(w, "out of memory");
    if (core_bad_moves(w->core) > 0)
        broken(w, "an impossible edge");
    bool dies = effects.n > 0 && fault(w, 3);
    if (dies && chance(w, 400)) {
        w->counts.faults[FAULT_COMMIT_LOST]++;
        shell_kill(w);
        return;
    }
    commit(w, &effects);
    size_t n = dies ? roll(w, effects.n + 1) : effects.n;
    for (size_t i = 0; i < n; i++)
        carry_out(w, &effects.items[i]);
    if (dies)
        shell_kill(w);
    requests_after_step(w);
}

void shell_kill(struct world *w)
{
    trace(w, "the daemon is killed");
    w->counts.faults[FAULT_DAEMON_KILLED]++;
    w->core = core_free(w->core);
    w->epoch++;
    w->boot_ns = w->now_ns + roll(w, chance(w, 300) ? 60 * SECOND : 500 * MS);
    w->passes_open = 0;
    memset(w->wakes, 0, sizeof(w->wakes));
    w->n_news = 0;
    w->engine_lost = false;
    for (size_t i = 0; i < W_AGENTS; i++)
        w->agents[i].in_flight = w->agents[i].parked = w->agents[i].told_row = false;
}

static void tell_row(struct world *w, struct w_agent *a)
{
    struct core_event event = {.kind = CORE_ROW, .row = a->row};
    event.row.name = a->name;
    event.row.depends = a->depends;
    event.row.container_name = a->container_name[0] ? a->container_name : NULL;
    a->told_row = true;
    a->told = a->row;
    memcpy(a->told_depends, a->depends, sizeof(a->depends));
    shell_step(w, &event);
}

static void tell_agent(struct world *w, struct w_agent *a)
{
    a->stale = false;
    if (a->exists) {
        tell_row(w, a);
    } else if (a->tombstone) {
        struct core_event event = {.kind = CORE_TOMBSTONE,
                                   .tombstone = {a->name, a->tombstone_generation,
                                                 a->container_name[0] ? a->container_name : NULL}};
        a->told_row = false;
        shell_step(w, &event);
    }
}

void shell_tell_rows(struct world *w)
{
    w->poll_ns = NEVER;
    if (!w->core)
        return; /* it reads them all when it starts */
    for (size_t i = 0; w->core && i < W_AGENTS; i++)
        if (w->agents[i].stale)
            tell_agent(w, &w->agents[i]);
    struct core_event event = {.kind = CORE_TIME};
    shell_step(w, &event);
}

static void tell_memories(struct world *w)
{
    for (size_t i = 0; w->core && i < W_AGENTS; i++) {
        struct core_event event = {.kind = CORE_MEMORY, .memory = w->agents[i].memory};
        if (w->agents[i].has_memory)
            shell_step(w, &event);
    }
    for (size_t i = 0; w->core && i < W_LEASES; i++) {
        struct w_lease *l = &w->leases[i];
        l->live = l->live && !l->doomed;
        struct core_event event = {.kind = CORE_LEASE,
                                   .lease = {l->id, l->agent, l->until_ns, l->expires_ms}};
        if (l->live)
            shell_step(w, &event);
    }
}

/* The boot pass waits for the stream. At every other start somebody asks for something before that,
 * and so it comes too late for the first listing. */
static void begin(struct world *w, struct core_event *event)
{
    bool passes = choose_boot_pass(w);
    if (!passes || w->epoch % 2 == 1 || event->kind != CORE_TIME)
        shell_step(w, event);
    if (passes)
        shell_pass(w, (struct core_pass){0});
}

/* A new process: rows and tombstones, memories, leases, then the stream and the first listing. */
void shell_boot(struct world *w)
{
    struct core_config config = {
        .fleet = "sim",
        .max_in_flight = w->max_in_flight,
        .resync_ns = 30 * SECOND,
        .engine_lost = w->stored_engine_lost,
    };
    bool chaos = w->chaos;
    trace(w, "the daemon starts");
    w->boot_ns = NEVER;
    w->core = core_new(&config);
    if (!w->core)
        broken(w, "no core");
    for (size_t i = 0; i < W_AGENTS; i++) {
        w->agents[i].renames += w->agents[i].named; /* by whom, nobody knows any more */
        w->agents[i].named = false;
    }
    w->chaos = false; /* a process that dies while it reads changes nothing */
    for (size_t i = 0; i < W_AGENTS; i++)
        tell_agent(w, &w->agents[i]);
    real_compare(w);
    tell_memories(w);
    w->n_news = 0;
    w->stream_open = true;
    struct core_event event = {.kind = w->stored_engine_lost ? CORE_ENGINE_RESTORED : CORE_TIME};
    w->chaos = chaos;
    begin(w, &event);
}

void shell_pass(struct world *w, struct core_pass pass)
{
    if (!w->core)
        return;
    pass.pass = ++w->last_pass;
    trace(w, "pass %llu: %s%s%s%s%s", (unsigned long long)pass.pass,
          pass.agent ? pass.agent : "the fleet", pass.dry_run ? " dry" : "",
          pass.deep ? " deep" : "", pass.recreate ? " recreate" : "",
          pass.remove_orphans ? " orphans" : "");
    w->passes_open++;
    w->counts.passes++;
    struct w_agent *a = pass.recreate && !pass.dry_run ? agent_named(w, pass.agent) : NULL;
    const struct sim_container *c = a ? quiet_container(w, a) : NULL;
    if (c)
        memcpy(a->to_recreate, c->id, sizeof(a->to_recreate));
    struct core_event event = {.kind = CORE_PASS, .pass = pass};
    shell_step(w, &event);
}
