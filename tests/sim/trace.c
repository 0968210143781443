/* SPDX-License-Identifier: MIT
 *
 * What happened, for people: the last lines are printed when something is broken, all of them with
 * --trace.
 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 3000
#define LINE  240

bool trace_all;

static char lines[LINES][LINE];
static size_t n_lines;

__attribute__((format(printf, 2, 0))) static void add(struct world *w, const char *format,
                                                      va_list args)
{
    char *line = lines[n_lines++ % LINES];
    int len = snprintf(line, LINE, "%10.3f ", (double)(w->now_ns / MS) / 1000.0);
    (void)vsnprintf(line + len, LINE - (size_t)len, format, args);
    if (trace_all)
        (void)puts(line);
}

void trace(struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(w, format, args);
    va_end(args);
}

const char *short_id(const uint8_t id[CONTAINER_ID_SIZE], char buf[24])
{
    uint64_t number;
    memcpy(&number, id, sizeof(number));
    (void)snprintf(buf, 24, "#%llu", (unsigned long long)number);
    return buf;
}

static void print_view(void *ctx, const struct agent_view *v)
{
    char id[24];
    (void)ctx;
    (void)printf("  core: %s%s %s state %s, %s %s%s%s reason \"%s\"\n", v->name,
                 v->has_row ? "" : " (no row)", lifecycle_name(v->lifecycle),
                 agent_state_name(v->state), v->has_container ? short_id(v->container, id) : "-",
                 v->has_container ? container_status_name(v->status) : "",
                 v->in_flight ? " in flight" : "", v->held ? " held" : "", v->reason);
}

static const char *shares(const struct w_agent *a, size_t i)
{
    return i < a->row.n_depends && a->depends[i].shares ? "+" : "";
}

void trace_world(struct world *w)
{
    char id[24], with[2][24];
    for (size_t i = 0; i < W_AGENTS; i++) {
        const struct w_agent *a = &w->agents[i];
        struct sim_plan plan = sim_plan_of(&a->row.spec);
        if (a->exists)
            (void)printf("  row: %s@%llu %s variant %u conduct %d run %u ready %u%s%s name \"%s\" "
                         "deps %s%s %s%s\n",
                         a->name, (unsigned long long)a->row.generation,
                         lifecycle_name(a->row.lifecycle), plan.variant, (int)plan.conduct,
                         plan.run_ms, plan.ready_ms, a->row.held ? " held" : "",
                         a->row.invalid ? " invalid" : "", a->container_name,
                         a->row.n_depends > 0 ? a->depends[0].agent : "-", shares(a, 0),
                         a->row.n_depends > 1 ? a->depends[1].agent : "-", shares(a, 1));
        else if (a->tombstone)
            (void)printf("  tombstone: %s@%llu\n", a->name,
                         (unsigned long long)a->tombstone_generation);
    }
    for (size_t i = 0; i < w->engine.n; i++) {
        const struct sim_container *c = &w->engine.containers[i];
        struct sim_plan plan = sim_plan_of(&c->spec);
        (void)printf("  container: %s %s agent %s variant %u conduct %d %s made %s policy %s "
                     "differs %u with %s %s%s%s\n",
                     short_id(c->id, id), c->name, c->agent, plan.variant, (int)plan.conduct,
                     container_status_name(c->status), lifecycle_name(c->made_as),
                     lifecycle_name(c->policy), c->differs, short_id(c->partners[0], with[0]),
                     short_id(c->partners[1], with[1]), c->hands_off ? " hands off" : "",
                     c->by_user ? " by user" : "");
    }
    if (w->core)
        core_each_agent(w->core, print_view, NULL);
}

void broken(struct world *w, const char *format, ...)
{
    if (shrink_is_trial())
        shrink_tell(format);
    size_t from = n_lines > LINES ? n_lines - LINES : 0;
    for (size_t i = from; !trace_all && i < n_lines; i++)
        (void)puts(lines[i % LINES]);
    trace_world(w);
    va_list args;
    va_start(args, format);
    (void)printf("seed %llu, step %lu: ", (unsigned long long)w->seed, w->counts.steps);
    (void)vprintf(format, args);
    (void)printf("\nrun again with: %s\n", w->again);
    va_end(args);
    if (life_now.steps > 0 && !choices_are_some())
        shrink(&life_now, format);
    (void)fflush(stdout);
    exit(1);
}

void trace_free(void)
{
    n_lines = 0;
}
