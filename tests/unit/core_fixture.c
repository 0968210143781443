/* SPDX-License-Identifier: MIT
 *
 * See core_fixture.h.
 */
#include "core_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct spec_id fx_spec(unsigned variant)
{
    return sim_spec((struct sim_plan){.variant = variant});
}

void fx_open(struct fixture *f, const struct core_config *config)
{
    memset(f, 0, sizeof(*f));
    if (config)
        f->config = *config;
    f->config.fleet = "demo";
    f->now_ns = f->engine.now_ns = 1000 * FX_S;
    f->core = core_new(&f->config);
    assert_non_null(f->core);
}

void fx_close(struct fixture *f)
{
    assert_int_equal(core_bad_moves(f->core), 0);
    f->core = core_free(f->core);
    sim_engine_free(&f->engine);
}

/* Effects */

static void trace(struct fixture *f, const char *what, const char *name)
{
    size_t len = strlen(f->trace);
    int n = snprintf(f->trace + len, sizeof(f->trace) - len, "%s%s%s%s", len ? ", " : "", what,
                     *name ? " " : "", name);
    assert_true(n > 0 && (size_t)n < sizeof(f->trace) - len);
}

static bool changes_something(enum operation_kind kind)
{
    return kind != OPERATION_INSPECT && kind != OPERATION_PROBE;
}

static void trace_operation(struct fixture *f, const struct operation *op)
{
    const struct sim_container *c = sim_engine_find(&f->engine, op->container);
    char text[2 * SIM_NAME_SIZE + 4];
    const char *name = op->kind == OPERATION_CREATE ? op->name : c ? c->name : "gone";
    if (op->kind == OPERATION_RENAME)
        (void)snprintf(text, sizeof(text), "%s %s", name, op->name);
    else
        (void)snprintf(text, sizeof(text), "%s", name);
    trace(f, operation_kind_name(op->kind), text);
}

static struct spec_id spec_of(const struct fixture *f, const char *agent)
{
    for (size_t i = 0; i < f->n_rows; i++)
        if (strcmp(f->rows[i].name, agent) == 0)
            return f->rows[i].spec;
    fail_msg("an operation for %s, which has no row", agent);
    return (struct spec_id){0};
}

static void take_operation(struct fixture *f, const struct operation *op)
{
    assert_false(f->config.observe_only);
    assert_true(op->agent[0] != '\0' && op->name[0] != '\0');
    for (size_t i = 0; i < f->n_pending; i++) {
        const struct fx_operation *other = &f->pending[i];
        if (other->op.kind != OPERATION_PROBE && op->kind != OPERATION_PROBE)
            assert_string_not_equal(other->agent, op->agent);
    }
    assert_true(f->n_pending < FX_PENDING);
    struct fx_operation *p = &f->pending[f->n_pending++];
    p->op = *op;
    (void)snprintf(p->agent, sizeof(p->agent), "%s", op->agent);
    (void)snprintf(p->name, sizeof(p->name), "%s", op->name);
    p->op.agent = p->op.name = NULL;
    if (op->kind == OPERATION_CREATE)
        p->spec = spec_of(f, op->agent);
    trace_operation(f, op);
    f->operations += changes_something(op->kind);
}

static void take_save(struct fixture *f, const struct core_memory *memory)
{
    assert_true(memory->name[0] != '\0');
    size_t i = 0;
    while (i < f->n_memories && strcmp(f->memories[i].name, memory->name) != 0)
        i++;
    assert_true(i < FX_AGENTS);
    struct fx_memory *m = &f->memories[i];
    m->memory = *memory;
    (void)snprintf(m->name, sizeof(m->name), "%s", memory->name);
    (void)snprintf(m->reason, sizeof(m->reason), "%s", memory->reason);
    m->memory.name = m->memory.reason = NULL;
    if (i == f->n_memories)
        f->n_memories++;
}

static void drop_tombstone(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->n_tombstones; i++)
        if (strcmp(f->tombstones[i].name, name) == 0)
            f->tombstones[i] = f->tombstones[--f->n_tombstones];
}

static void take_forget(struct fixture *f, const struct core_tombstone *tombstone)
{
    assert_true(tombstone->name[0] != '\0');
    drop_tombstone(f, tombstone->name);
    (void)snprintf(f->forgotten, sizeof(f->forgotten), "%s@%llu", tombstone->name,
                   (unsigned long long)tombstone->generation);
    for (size_t i = 0; i < f->n_memories; i++)
        if (strcmp(f->memories[i].name, tombstone->name) == 0)
            f->memories[i] = f->memories[--f->n_memories];
}

static void take_report(struct fixture *f, const struct effect *e)
{
    f->reported = e->report.pass;
    f->n_passes_reported++;
    f->n_reports = e->report.n_reports;
    assert_true(f->n_reports <= FX_REPORTS);
    (void)snprintf(f->report_error, sizeof(f->report_error), "%s",
                   e->report.error ? e->report.error : "");
    for (size_t i = 0; i < f->n_reports; i++) {
        const struct report *r = &e->report.reports[i];
        struct fx_report *mine = &f->reports[i];
        *mine = (struct fx_report){
            .action = r->action, .rule = r->rule, .has_lifecycle = r->has_lifecycle};
        (void)snprintf(mine->agent, sizeof(mine->agent), "%s", r->agent);
        (void)snprintf(mine->reason, sizeof(mine->reason), "%s", r->reason);
        (void)snprintf(mine->error, sizeof(mine->error), "%s", r->error ? r->error : "");
    }
}

static void add(char *list, const char *what, const char *more)
{
    size_t len = strlen(list);
    (void)snprintf(list + len, FX_TRACE - len, "%s%s%s%s", len ? ", " : "", what, *more ? " " : "",
                   more);
}

static void keep_lease(struct fixture *f, const struct core_lease *lease)
{
    size_t i = 0;
    while (i < f->n_lease_rows && strcmp(f->lease_rows[i].id, lease->id) != 0)
        i++;
    if (lease->until_ns == 0) {
        if (i < f->n_lease_rows)
            f->lease_rows[i] = f->lease_rows[--f->n_lease_rows];
        return;
    }
    assert_true(i < FX_AGENTS);
    if (i == f->n_lease_rows)
        f->n_lease_rows++;
    struct fx_lease *mine = &f->lease_rows[i];
    (void)snprintf(mine->id, sizeof(mine->id), "%s", lease->id);
    (void)snprintf(mine->agent, sizeof(mine->agent), "%s", lease->agent);
    mine->until_ns = lease->until_ns;
    mine->expires_ms = lease->expires_ms;
}

static void take_lease(struct fixture *f, const struct effect *e)
{
    char entry[128];
    keep_lease(f, &e->lease.lease);
    (void)snprintf(entry, sizeof(entry), "%s %s", e->lease.lease.id, e->lease.lease.agent);
    char *at = strstr(f->leases, entry);
    if (e->lease.lease.until_ns != 0 && !at) {
        add(f->leases, entry, "");
    } else if (e->lease.lease.until_ns == 0 && at) {
        size_t cut = strlen(entry) + (at[strlen(entry)] == ',' ? 2 : 0);
        memmove(at, at + cut, strlen(at + cut) + 1);
    }
}

static const char *answer_word(enum answer answer)
{
    static const char *const words[] = {
        [ANSWER_DONE] = "done",
        [ANSWER_COMPLETED] = "completed",
        [ANSWER_NO_AGENT] = "no_agent",
        [ANSWER_NO_LEASE] = "no_lease",
        [ANSWER_GONE] = "gone",
        [ANSWER_HELD] = "held",
        [ANSWER_INVALID] = "invalid",
        [ANSWER_FAILED] = "failed",
        [ANSWER_NOT_READY] = "not_ready",
        [ANSWER_ENGINE_LOST] = "engine_lost",
        [ANSWER_HOT] = "hot",
        [ANSWER_ASLEEP] = "asleep",
        [ANSWER_IN_USE] = "in_use",
        [ANSWER_LEASE_ENDED] = "lease_ended",
    };
    return words[answer];
}

static void take_answer(struct fixture *f, const struct effect *e)
{
    char number[32];
    (void)snprintf(number, sizeof(number), "%llu", (unsigned long long)e->answer.wake);
    add(f->answers_told, number, answer_word(e->answer.answer));
    f->retry_at_ns = e->answer.retry_at_ns;
}

static void take_effect(struct fixture *f, const struct effect *e)
{
    switch (e->kind) {
    case EFFECT_OPERATION:
        take_operation(f, &e->operation);
        break;
    case EFFECT_LIST:
        assert_int_equal(f->list, 0);
        f->list = e->list.list;
        f->lists++;
        f->list_resources = e->list.resources;
        f->list_creates = e->list.create_resources;
        trace(f, "list", "");
        break;
    case EFFECT_SAVE:
        take_save(f, &e->save);
        break;
    case EFFECT_FORGET:
        take_forget(f, &e->forget);
        break;
    case EFFECT_PROGRESS:
        f->progress_done = e->progress.done;
        f->progress_total = e->progress.total;
        break;
    case EFFECT_REPORT:
        take_report(f, e);
        break;
    case EFFECT_NOTICE:
        f->notices++;
        (void)snprintf(f->notice, sizeof(f->notice), "%s", e->notice.error);
        break;
    case EFFECT_EVENT:
        add(f->events, event_kind_name(e->happening.kind), e->happening.agent);
        f->event_count = e->happening.count;
        break;
    case EFFECT_LEASE:
        take_lease(f, e);
        break;
    case EFFECT_ANSWER:
        take_answer(f, e);
        break;
    }
}

static int step_once(struct fixture *f, const struct core_event *event)
{
    struct effects effects;
    if (f->in_core)
        f->in_core(true);
    int r = core_step(f->core, event, &effects);
    if (f->in_core)
        f->in_core(false);
    assert_true(r == 0 || (r == -ENOMEM && f->may_starve));
    /* Rows are read within a transaction of the store, which effects need for themselves. */
    if (event->kind == CORE_ROW || event->kind == CORE_TOMBSTONE)
        assert_int_equal(effects.n, 0);
    for (size_t i = 0; i < effects.n; i++)
        take_effect(f, &effects.items[i]);
    assert_int_equal(core_bad_moves(f->core), 0);
    return r;
}

static bool is_told_again(enum core_event_kind kind)
{
    return kind == CORE_ROW || kind == CORE_TOMBSTONE || kind == CORE_MEMORY || kind == CORE_PASS;
}

int fx_step(struct fixture *f, struct core_event *event)
{
    event->now_ns = f->now_ns;
    event->wall_ms = f->wall_ms;
    int r = step_once(f, event);
    for (int again = 0; again < 100 && r == -ENOMEM && is_told_again(event->kind); again++)
        r = step_once(f, event);
    return r;
}

void fx_time(struct fixture *f)
{
    (void)fx_step(f, &(struct core_event){.kind = CORE_TIME});
}

void fx_park(struct fixture *f, size_t i)
{
    (void)fx_step(f, &(struct core_event){.kind = CORE_PARKED,
                                          .parked = {.operation = f->pending[i].op.id,
                                                     .agent = f->pending[i].agent}});
}

/* Rows */

struct core_row fx_row(const char *name, enum lifecycle lifecycle, unsigned variant)
{
    return (struct core_row){.name = name, .lifecycle = lifecycle, .spec = fx_spec(variant)};
}

static void keep_row(struct fixture *f, const struct core_row *row)
{
    size_t i = 0;
    while (i < f->n_rows && strcmp(f->rows[i].name, row->name) != 0)
        i++;
    assert_true(i < FX_AGENTS);
    f->rows[i] = *row;
    if (i == f->n_rows)
        f->n_rows++;
}

void fx_put(struct fixture *f, struct core_row *row)
{
    row->generation = ++f->generation;
    keep_row(f, row);
    drop_tombstone(f, row->name);
    (void)fx_step(f, &(struct core_event){.kind = CORE_ROW, .row = *row});
}

void fx_put_simple(struct fixture *f, const char *name, enum lifecycle lifecycle, unsigned variant)
{
    struct core_row row = fx_row(name, lifecycle, variant);
    fx_put(f, &row);
}

void fx_delete(struct fixture *f, const char *name)
{
    struct core_tombstone tombstone = {name, ++f->generation};
    for (size_t i = 0; i < f->n_rows; i++)
        if (strcmp(f->rows[i].name, name) == 0)
            f->rows[i] = f->rows[--f->n_rows];
    assert_true(f->n_tombstones < FX_AGENTS);
    f->tombstones[f->n_tombstones++] = tombstone;
    (void)fx_step(f, &(struct core_event){.kind = CORE_TOMBSTONE, .tombstone = tombstone});
}

void fx_restart(struct fixture *f)
{
    core_free(f->core);
    f->core = core_new(&f->config);
    assert_non_null(f->core);
    f->n_pending = 0;
    f->list = 0;
    for (size_t i = 0; i < f->n_rows; i++)
        (void)fx_step(f, &(struct core_event){.kind = CORE_ROW, .row = f->rows[i]});
    for (size_t i = 0; i < f->n_tombstones; i++)
        (void)fx_step(f,
                      &(struct core_event){.kind = CORE_TOMBSTONE, .tombstone = f->tombstones[i]});
    for (size_t i = 0; i < f->n_memories; i++) {
        struct core_event event = {.kind = CORE_MEMORY, .memory = f->memories[i].memory};
        event.memory.name = f->memories[i].name;
        event.memory.reason = f->memories[i].reason;
        (void)fx_step(f, &event);
    }
    for (size_t i = 0; i < f->n_lease_rows; i++) {
        const struct fx_lease *l = &f->lease_rows[i];
        struct core_event event = {.kind = CORE_LEASE,
                                   .lease = {l->id, l->agent, l->until_ns, l->expires_ms}};
        (void)fx_step(f, &event);
    }
}

/* Leases and news */

uint64_t fx_wake(struct fixture *f, const char *agent, uint64_t ttl_ns, bool wait)
{
    char lease[CORE_LEASE_ID_SIZE];
    uint64_t wake = ++f->wakes;
    (void)snprintf(lease, sizeof(lease), "l%llu", (unsigned long long)wake);
    (void)fx_step(
        f, &(struct core_event){
               .kind = CORE_WAKE,
               .wake = {
                   .wake = wake, .agent = agent, .lease = lease, .ttl_ns = ttl_ns, .wait = wait}});
    return wake;
}

void fx_release(struct fixture *f, const char *lease)
{
    (void)fx_step(f, &(struct core_event){.kind = CORE_RELEASE,
                                          .release = {.wake = ++f->wakes, .lease = lease}});
}

void fx_sleep(struct fixture *f, const char *agent)
{
    (void)fx_step(
        f, &(struct core_event){.kind = CORE_SLEEP, .sleep = {.wake = ++f->wakes, .agent = agent}});
}

void fx_news(struct fixture *f, enum engine_action action, const char *container, int signal)
{
    const struct sim_container *c = sim_engine_named(&f->engine, container);
    assert_non_null(c);
    struct core_event event = {
        .kind = CORE_ENGINE_EVENT,
        .news = {
            .action = action, .name = c->name, .agent = c->ours ? c->agent : "", .signal = signal}};
    memcpy(event.news.id, c->id, CONTAINER_ID_SIZE);
    (void)fx_step(f, &event);
}

void fx_dies(struct fixture *f, const char *container, int exit_code)
{
    struct sim_container *c = fx_container(f, container);
    sim_engine_end(&f->engine, c, exit_code);
    fx_news(f, ENGINE_EVENT_DIE, container, 0);
}

void fx_ends_for_good(struct fixture *f, const char *container, int exit_code)
{
    struct sim_container *c = fx_container(f, container);
    enum lifecycle policy = c->policy;
    c->policy = LIFECYCLE_LAZY;
    sim_engine_end(&f->engine, c, exit_code);
    c->policy = policy;
}

void fx_dies_for_good(struct fixture *f, const char *container, int exit_code)
{
    fx_ends_for_good(f, container, exit_code);
    fx_news(f, ENGINE_EVENT_DIE, container, 0);
}

/* kill, die, stop: in the engine's order, and all after its start. Nothing restarts a container
 * that was stopped by hand. */
void fx_stopped_by_hand(struct fixture *f, const char *container)
{
    fx_news(f, ENGINE_EVENT_START, container, 0);
    fx_news(f, ENGINE_EVENT_KILL, container, 15);
    fx_ends_for_good(f, container, 143);
    fx_news(f, ENGINE_EVENT_DIE, container, 0);
    fx_news(f, ENGINE_EVENT_STOP, container, 0);
}

void fx_stopped_unseen(struct fixture *f, const char *container)
{
    struct sim_call call = {.kind = OPERATION_STOP};
    uint8_t id[CONTAINER_ID_SIZE];
    memcpy(call.id, fx_container(f, container)->id, sizeof(call.id));
    assert_int_equal(sim_engine_call(&f->engine, &call, id), ENGINE_DONE);
}

void fx_removed_by_hand(struct fixture *f, const char *container)
{
    struct sim_container *c = fx_container(f, container);
    struct core_event event = {.kind = CORE_ENGINE_EVENT,
                               .news = {.action = ENGINE_EVENT_DESTROY, .name = "x"}};
    char agent[AGENT_NAME_MAX + 1];
    memcpy(event.news.id, c->id, CONTAINER_ID_SIZE);
    (void)snprintf(agent, sizeof(agent), "%s", c->agent);
    event.news.agent = agent;
    sim_engine_drop(&f->engine, c);
    (void)fx_step(f, &event);
}

static void assert_and_clear(char *list, const char *expected)
{
    assert_string_equal(list, expected);
    list[0] = '\0';
}

void assert_events(struct fixture *f, const char *expected)
{
    assert_and_clear(f->events, expected);
}

void assert_answers(struct fixture *f, const char *expected)
{
    assert_and_clear(f->answers_told, expected);
}

/* Answers */

void fx_script(struct fixture *f, enum operation_kind kind, enum engine_outcome outcome,
               bool applied, const char *words)
{
    assert_true(f->n_answers < sizeof(f->answers) / sizeof(f->answers[0]));
    f->answers[f->n_answers++] = (struct fx_answer){kind, outcome, applied, words};
}

static bool pop_script(struct fixture *f, enum operation_kind kind, struct fx_answer *ret_answer)
{
    for (size_t i = 0; i < f->n_answers; i++) {
        if (f->answers[i].kind != kind)
            continue;
        *ret_answer = f->answers[i];
        f->n_answers--;
        memmove(&f->answers[i], &f->answers[i + 1], (f->n_answers - i) * sizeof(f->answers[0]));
        return true;
    }
    return false;
}

/* Whose network it shares; those have no names of their own. */
static void add_partners(const struct fixture *f, const struct fx_operation *p,
                         struct sim_call *call, char names[SIM_PARTNERS][SIM_NAME_SIZE])
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_rows; i++) {
        const struct core_row *row = &f->rows[i];
        for (size_t j = 0; strcmp(row->name, p->agent) == 0 && j < row->n_depends; j++) {
            if (!row->depends[j].shares || n == SIM_PARTNERS)
                continue;
            (void)snprintf(names[n], SIM_NAME_SIZE, "demo-%s", row->depends[j].agent);
            call->partners[n] = names[n];
            n++;
        }
    }
}

static enum engine_outcome call_engine(struct fixture *f, const struct fx_operation *p,
                                       struct core_completion *done, struct observation *o)
{
    const struct sim_container *c = sim_engine_find(&f->engine, p->op.container);
    if (!changes_something(p->op.kind)) {
        if (!c)
            return ENGINE_NOT_FOUND;
        sim_engine_observe(c, true, o);
        done->observation = o;
        done->ready = sim_engine_is_ready(&f->engine, c);
        return ENGINE_DONE;
    }
    struct sim_call call = {.kind = p->op.kind,
                            .name = p->name,
                            .agent = p->agent,
                            .lifecycle = p->op.lifecycle,
                            .with = p->op.with};
    char partners[SIM_PARTNERS][SIM_NAME_SIZE];
    if (p->op.kind == OPERATION_CREATE) {
        call.spec = p->spec;
        add_partners(f, p, &call, partners);
    }
    memcpy(call.id, p->op.container, CONTAINER_ID_SIZE);
    enum engine_outcome outcome = sim_engine_begin(&f->engine, &call);
    return outcome == ENGINE_DONE ? sim_engine_call(&f->engine, &call, done->container) : outcome;
}

void fx_answer(struct fixture *f, size_t i)
{
    assert_true(i < f->n_pending);
    struct fx_operation p = f->pending[i];
    f->n_pending--;
    memmove(&f->pending[i], &f->pending[i + 1], (f->n_pending - i) * sizeof(p));
    struct observation o;
    struct fx_answer answer = {.applied = true};
    bool scripted = pop_script(f, p.op.kind, &answer);
    struct core_event event = {.kind = CORE_COMPLETION,
                               .completion = {.operation = p.op.id, .agent = p.agent}};
    struct core_completion *done = &event.completion;
    if (answer.applied) {
        done->outcome = call_engine(f, &p, done, &o);
        done->words = done->outcome > ENGINE_ALREADY ? f->engine.words : "";
    }
    if (scripted) {
        done->outcome = answer.outcome;
        done->words = answer.words;
    }
    if (done->outcome > ENGINE_ALREADY)
        done->observation = NULL;
    (void)fx_step(f, &event);
}

void fx_answer_list(struct fixture *f)
{
    uint64_t list = f->list;
    assert_int_not_equal(list, 0);
    f->list = 0;
    for (size_t i = 0; i < f->engine.n; i++) {
        struct observation o;
        size_t at = f->list_backwards ? f->engine.n - 1 - i : i;
        sim_engine_observe(&f->engine.containers[at], false, &o);
        struct core_event event = {.kind = CORE_LISTED, .listed = {list, &o}};
        (void)fx_step(f, &event);
        if (f->break_lists > 0)
            break;
    }
    struct core_event event = {.kind = CORE_LISTING_END,
                               .listing_end = {list, f->break_lists == 0, "cut in half"}};
    if (f->break_lists > 0)
        f->break_lists--;
    (void)fx_step(f, &event);
}

static bool answer_next(struct fixture *f)
{
    if (f->list)
        fx_answer_list(f);
    else if (f->n_pending > 0)
        fx_answer(f, 0);
    else
        return false;
    return true;
}

/* More answers than this in one go, without time going on, is a loop. */
#define BUSY_MAX 2000

void fx_run(struct fixture *f, uint64_t duration_ns)
{
    uint64_t until = f->now_ns + duration_ns;
    fx_time(f);
    for (;;) {
        unsigned busy = 0;
        while (!f->hold && answer_next(f))
            assert_true(++busy < BUSY_MAX);
        uint64_t next = core_next_deadline(f->core);
        if (sim_engine_next(&f->engine) < next)
            next = sim_engine_next(&f->engine);
        if (next > until)
            break;
        if (next > f->now_ns)
            f->now_ns = next;
        sim_engine_advance(&f->engine, f->now_ns);
        fx_time(f);
    }
    f->now_ns = until;
    sim_engine_advance(&f->engine, f->now_ns);
}

void fx_settle(struct fixture *f)
{
    fx_run(f, 60 * FX_S);
}

/* Passes */

void fx_pass(struct fixture *f, struct core_pass request)
{
    request.pass = f->reported + 1;
    unsigned before = f->n_passes_reported;
    (void)fx_step(f, &(struct core_event){.kind = CORE_PASS, .pass = request});
    fx_run(f, 0);
    for (int i = 0; i < 10000 && f->n_passes_reported == before; i++)
        fx_run(f, FX_S / 10);
    assert_int_equal(f->n_passes_reported, before + 1);
    assert_int_equal(f->reported, request.pass);
}

const struct fx_report *fx_report(const struct fixture *f, const char *agent)
{
    for (size_t i = 0; i < f->n_reports; i++)
        if (strcmp(f->reports[i].agent, agent) == 0)
            return &f->reports[i];
    return NULL;
}

void assert_report(const struct fixture *f, const char *agent, enum report_word action,
                   unsigned rule)
{
    const struct fx_report *r = fx_report(f, agent);
    if (!r) {
        fail_msg("the report says nothing of %s", agent);
        return;
    }
    assert_string_equal(report_word_name(r->action), report_word_name(action));
    assert_int_equal(r->rule, rule);
}

/* Looking */

void assert_trace(struct fixture *f, const char *expected)
{
    assert_string_equal(f->trace, expected);
    fx_clear(f);
}

void fx_clear(struct fixture *f)
{
    f->trace[0] = '\0';
}

struct agent_view fx_view(const struct fixture *f, const char *agent)
{
    struct agent_view view;
    if (!core_view_agent(f->core, agent, &view))
        fail_msg("no agent %s", agent);
    return view;
}

const struct fx_memory *fx_memory(const struct fixture *f, const char *agent)
{
    for (size_t i = 0; i < f->n_memories; i++)
        if (strcmp(f->memories[i].name, agent) == 0)
            return &f->memories[i];
    fail_msg("nothing is remembered of %s", agent);
    return NULL;
}

void assert_state(const struct fixture *f, const char *agent, enum agent_state state)
{
    assert_string_equal(agent_state_name(fx_view(f, agent).state), agent_state_name(state));
}

struct sim_container *fx_container(struct fixture *f, const char *name)
{
    struct sim_container *c = sim_engine_named(&f->engine, name);
    if (!c)
        fail_msg("no container %s", name);
    return c;
}

void assert_status(struct fixture *f, const char *name, enum container_status status)
{
    assert_string_equal(container_status_name(fx_container(f, name)->status),
                        container_status_name(status));
}

unsigned fx_runs(const struct fixture *f, const char *agent)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->engine.n; i++)
        n += strcmp(f->engine.containers[i].agent, agent) == 0 &&
             sim_container_runs(&f->engine.containers[i]);
    return n;
}

struct sim_container *fx_plant(struct fixture *f, const char *name, const char *agent,
                               enum lifecycle made_as, struct spec_id spec,
                               enum container_status status)
{
    uint8_t id[CONTAINER_ID_SIZE];
    struct sim_call call = {
        .kind = OPERATION_CREATE, .name = name, .agent = agent, .spec = spec, .lifecycle = made_as};
    assert_int_equal(sim_engine_begin(&f->engine, &call), ENGINE_DONE);
    assert_int_equal(sim_engine_call(&f->engine, &call, id), ENGINE_DONE);
    struct sim_container *c = fx_container(f, name);
    c->status = status;
    bool up = status == CONTAINER_RUNNING || status == CONTAINER_PAUSED;
    c->up_since_ns = up ? f->now_ns : 0;
    return c;
}
