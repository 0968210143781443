/* SPDX-License-Identifier: MIT
 *
 * What goes wrong by itself: the stream of events, the engine, the daemon, names and containers
 * that are stuck.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

/* The stream */

static void queue_news(struct world *w, const struct sim_event *event)
{
    if (w->n_news == W_NEWS) {
        w->counts.faults[FAULT_NEWS_LOST]++;
        return;
    }
    uint64_t at = w->now_ns + roll(w, 2 * MS);
    if (fault(w, 20)) {
        at += roll(w, 5 * SECOND);
        w->counts.faults[FAULT_NEWS_LATE]++;
    }
    if (w->n_news > 0 && w->news[(w->news_at + w->n_news - 1) % W_NEWS].at_ns > at)
        at = w->news[(w->news_at + w->n_news - 1) % W_NEWS].at_ns; /* it is a stream */
    w->news[(w->news_at + w->n_news++) % W_NEWS] = (struct w_news){*event, at};
}

/* From the engine's ring onto the wire. */
void news_collect(struct world *w)
{
    struct sim_event event;
    while (sim_engine_take_event(&w->engine, &event)) {
        check_news(w, &event);
        if (!w->core || !w->stream_open || !w->engine_up || w->mute)
            continue;
        if (fault(w, 20)) {
            w->counts.faults[FAULT_NEWS_LOST]++;
            continue;
        }
        queue_news(w, &event);
        if (fault(w, 10)) {
            w->counts.faults[FAULT_NEWS_TWICE]++;
            queue_news(w, &event);
        }
    }
}

static void deliver(struct world *w)
{
    struct sim_event e = w->news[w->news_at].event;
    struct core_event event = {.kind = CORE_ENGINE_EVENT,
                               .news = {.action = e.action,
                                        .name = e.name,
                                        .agent = e.agent,
                                        .signal = e.signal,
                                        .has_exit_code = e.action == ENGINE_EVENT_DIE,
                                        .exit_code = e.exit_code,
                                        .health = e.health,
                                        .time_ns = e.time_ns}};
    memcpy(event.news.id, e.id, sizeof(e.id));
    w->news_at = (w->news_at + 1) % W_NEWS;
    w->n_news--;
    shell_step(w, &event);
}

static void open_stream(struct world *w)
{
    struct core_event event = {.kind = CORE_LOOK};
    w->stream_open = true;
    w->stream_open_ns = NEVER;
    shell_step(w, &event);
}

/* The engine */

static void engine_goes(struct world *w, uint64_t away_ns, bool dies)
{
    trace(w, "the engine is away");
    w->engine_up = w->stream_open = false;
    w->stream_open_ns = NEVER;
    w->engine_up_ns = w->now_ns + away_ns;
    w->n_news = 0;
    w->notice_ns = w->engine_lost ? NEVER : w->now_ns + roll(w, 15 * SECOND);
    for (size_t i = 0; i < W_REQUESTS; i++) {
        struct w_request *r = &w->requests[i];
        if (!r->used)
            continue;
        r->half = r->is_list || r->half;
        r->lost = !r->is_list || r->lost;
        r->begin_ns = r->pulling ? w->now_ns : r->begin_ns;   /* its pull breaks off */
        if (!r->applied && (r->is_list || !r->begun || dies)) /* else what has begun is done */
            r->apply_ns = r->is_list ? w->now_ns : NEVER;
        if (r->answer_ns == NEVER && !r->applied && r->apply_ns == NEVER)
            requests_forget(w, r);
        else if (r->answer_ns > w->now_ns)
            r->answer_ns = w->now_ns + roll(w, 100 * MS);
    }
}

static void notice(struct world *w)
{
    struct core_event event = {.kind = w->engine_up ? CORE_ENGINE_RESTORED : CORE_ENGINE_LOST,
                               .words = "connection refused"};
    w->notice_ns = NEVER;
    if (!w->core || w->engine_lost == !w->engine_up)
        return;
    w->engine_lost = !w->engine_up;
    trace(w, w->engine_lost ? "the daemon sees that the engine is away"
                            : "the daemon sees the engine again");
    if (!w->engine_lost)
        w->stream_open = true;
    shell_step(w, &event);
}

static void engine_comes(struct world *w)
{
    trace(w, "the engine is back");
    w->engine_up = true;
    w->engine_up_ns = NEVER;
    w->notice_ns = w->engine_lost ? w->now_ns + roll(w, SECOND) : NEVER;
    if (!w->engine_lost)
        w->stream_open_ns = w->now_ns + roll(w, SECOND);
}

uint64_t accidents_next(const struct world *w)
{
    uint64_t at = w->engine_up_ns < w->notice_ns ? w->engine_up_ns : w->notice_ns;
    if (w->engine_up && w->stream_open_ns < at)
        at = w->stream_open_ns;
    if (w->n_news > 0 && w->core && w->news[w->news_at].at_ns < at)
        at = w->news[w->news_at].at_ns;
    return at;
}

void accidents_run(struct world *w)
{
    if (w->engine_up_ns <= w->now_ns)
        engine_comes(w);
    if (w->notice_ns <= w->now_ns)
        notice(w);
    if (w->engine_up && w->stream_open_ns <= w->now_ns)
        open_stream(w);
    if (w->n_news > 0 && w->core && w->news[w->news_at].at_ns <= w->now_ns)
        deliver(w);
}

/* Accidents */

static void cut_stream(struct world *w)
{
    if (!w->stream_open || !w->engine_up)
        return;
    trace(w, "the stream is cut");
    w->counts.faults[FAULT_STREAM_CUT]++;
    w->stream_open = false;
    w->n_news = 0;
    w->stream_open_ns = w->now_ns + roll(w, 3 * SECOND);
}

void restart_engine(struct world *w, bool killed)
{
    if (!w->engine_up)
        return;
    trace(w, "the engine is %s", killed ? "killed" : "restarted");
    w->counts.faults[killed ? FAULT_ENGINE_KILLED : FAULT_ENGINE_RESTARTED]++;
    engine_goes(w, SECOND + roll(w, 20 * SECOND), true);
    for (size_t i = 0; i < w->engine.n; i++) {
        struct sim_container *c = &w->engine.containers[i];
        struct w_agent *a = agent_named(w, c->agent);
        if (a && sim_container_runs(c))
            a->troubles++;
        if (a && killed)
            a->worked = false;
    }
    sim_engine_restart(&w->engine, killed);
}

/* By a create that is under way, and frees it itself. */
static bool is_reserved(const struct world *w, const char *name)
{
    for (size_t i = 0; i < W_REQUESTS; i++) {
        const struct w_request *r = &w->requests[i];
        if (r->used && !r->is_list && r->op.kind == OPERATION_CREATE && r->begun && !r->applied &&
            r->apply_ns != NEVER && strcmp(r->name, name) == 0)
            return true;
    }
    return false;
}

static void ghost(struct world *w)
{
    static const char *const suffixes[] = {"", AGENT_SUFFIX_NEW, AGENT_SUFFIX_OLD};
    char name[SIM_NAME_SIZE];
    (void)snprintf(name, sizeof(name), "sim-%s%s", w->agents[roll(w, W_AGENTS)].name,
                   suffixes[roll(w, 3)]);
    if (is_reserved(w, name))
        return;
    if (chance(w, 500))
        sim_engine_free_name(&w->engine, name);
    else if (sim_engine_take_name(&w->engine, name))
        w->counts.faults[FAULT_GHOST]++;
}

static void dies_badly(struct world *w)
{
    if (w->engine.n == 0)
        return;
    struct sim_container *c = &w->engine.containers[roll(w, w->engine.n)];
    struct w_agent *a = agent_named(w, c->agent);
    if (c->hands_off || sim_container_runs(c))
        return;
    c->status = CONTAINER_DEAD;
    w->counts.faults[FAULT_DEAD]++;
    if (a)
        a->worked = false;
}

/* Of the machine: roost's and the engine's. */
static void move_clock(struct world *w)
{
    static const int64_t by_s[] = {3600, -3600, 1, -1, 86400, -86400, 30, -30};
    int64_t by = by_s[w->act % (sizeof(by_s) / sizeof(by_s[0]))];
    trace(w, "the clock is moved by %lld s", (long long)by);
    w->counts.faults[FAULT_CLOCK_MOVED]++;
    w->wall_ms += by * 1000;
    sim_engine_move_clock(&w->engine, by * (int64_t)SECOND);
}

void accident(struct world *w)
{
    switch (roll(w, 12)) {
    case 0:
    case 1:
        cut_stream(w);
        break;
    case 2:
        restart_engine(w, false);
        break;
    case 3:
        restart_engine(w, true);
        break;
    case 4:
        if (w->engine_up) {
            w->counts.faults[FAULT_ENGINE_AWAY]++;
            engine_goes(w, roll(w, 40 * SECOND), false);
        }
        break;
    case 5:
    case 6:
        if (w->core)
            shell_kill(w);
        break;
    case 7:
        ghost(w);
        break;
    case 8:
        dies_badly(w);
        break;
    case 9:
        move_clock(w);
        break;
    default:
        break;
    }
}

/* All that was broken is whole again. */
void accidents_end(struct world *w)
{
    static const char *const suffixes[] = {"", AGENT_SUFFIX_NEW, AGENT_SUFFIX_OLD};
    for (size_t i = 0; i < W_AGENTS; i++)
        for (size_t j = 0; j < 3; j++) {
            char name[SIM_NAME_SIZE];
            (void)snprintf(name, sizeof(name), "sim-%s%s", w->agents[i].name, suffixes[j]);
            if (!is_reserved(w, name))
                sim_engine_free_name(&w->engine, name);
        }
}
