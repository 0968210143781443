/* SPDX-License-Identifier: MIT
 *
 * The API's calls, and the passes that somebody waits for.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "daemon/fleet.h"

/* A request speaks of the table as it is now, also when another process wrote it a moment ago. */
bool fleet_look_at_table(struct fleet *f, struct api_reply *reply)
{
    struct error err = ERROR_INIT;
    bool changed = false;
    int r = fleet_follow_table(f, &changed, &err);
    if (r < 0) {
        api_reply_error(reply, &err);
        return false;
    }
    if (changed && f->core) {
        struct core_event event = {.kind = CORE_TIME};
        fleet_step(f, &event);
    }
    return true;
}

static void reply_json(struct api_reply *reply, json_t *steal_json, const struct error *err)
{
    if (!steal_json && err && error_is_set(err))
        api_reply_error(reply, err);
    else
        api_reply_json(reply, 200, steal_json);
}

/* Without a core there is nothing to tell of the agents that there are: none is not the answer. */
static void get_agents(void *ctx, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (!fleet_look_at_table(f, reply))
        return;
    if (store_fleet(f->store)[0] == '\0' || fleet_has_core(f, reply))
        reply_json(reply, view_agents(f), NULL);
}

static void get_agent(void *ctx, const char *name, struct api_reply *reply)
{
    struct fleet *f = ctx;
    struct error err = ERROR_INIT;
    if (fleet_look_at_table(f, reply) && fleet_has_core(f, reply))
        reply_json(reply, view_agent(f, name, &err), &err);
}

static void get_ready(void *ctx, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (store_fleet(f->store)[0] == '\0')
        api_reply_problem(reply, 503, "no_fleet",
                          "the database has no fleet yet; `roost apply FILE` makes one");
    else if (f->engine_lost)
        api_reply_problem(reply, 503, "engine_lost", "%s", f->engine_error.text);
    else if (!f->core || !core_is_synced(f->core))
        api_reply_problem(reply, 503, "starting", "the engine was not listed yet");
    else if (f->save_failed)
        api_reply_problem(reply, 503, "store_failed", "the database cannot be written");
    else
        api_reply_json(reply, 200, json_pack("{s:s}", "status", "ready"));
}

void fleet_pass(struct fleet *f, const struct api_reconcile *what, struct api_reply *reply)
{
    struct fleet_waiter *waiter = calloc(1, sizeof(*waiter));
    if (!waiter) {
        if (reply)
            api_reply_problem(reply, 500, NULL, "out of memory");
        return;
    }
    waiter->pass = ++f->last_pass;
    waiter->reply = reply;
    waiter->f = f;
    waiter->dry_run = what->dry_run;
    waiter->next = f->waiters;
    f->waiters = waiter;
    struct core_event event = {.kind = CORE_PASS,
                               .pass = {.pass = waiter->pass,
                                        .agent = what->agent,
                                        .dry_run = what->dry_run,
                                        .deep = what->deep,
                                        .recreate = what->recreate,
                                        .remove_orphans = what->remove_orphans}};
    fleet_step(f, &event);
}

bool fleet_has_core(struct fleet *f, struct api_reply *reply)
{
    if (f->core)
        return true;
    if (f->engine_lost)
        api_reply_error(reply, &f->engine_error);
    else if (store_fleet(f->store)[0] == '\0')
        api_reply_problem(reply, 503, "no_fleet",
                          "the database has no fleet yet; `roost apply FILE` makes one");
    else
        api_reply_problem(reply, 503, "starting",
                          "the engine was not listed yet; ask again in a moment");
    return false;
}

/* The daemon has just begun, or the table has just got its fleet: soon there will be a core. */
static bool is_beginning(const struct fleet *f)
{
    return f->serves && !f->engine_lost && store_fleet(f->store)[0] != '\0' &&
           (!f->core || !f->watch.listed_once);
}

static void keep_early(struct fleet *f, const struct api_reconcile *what, struct api_reply *reply)
{
    struct fleet_early *early = calloc(1, sizeof(*early));
    if (early && what->agent)
        early->agent = strdup(what->agent);
    if (!early || (what->agent && !early->agent)) {
        free(early);
        api_reply_problem(reply, 500, NULL, "out of memory");
        return;
    }
    early->what = *what;
    early->what.agent = early->agent;
    early->reply = reply;
    *f->early_end = early;
    f->early_end = &early->next;
}

static struct fleet_early *pop_early(struct fleet *f)
{
    struct fleet_early *early = f->early;
    f->early = early->next;
    if (!f->early)
        f->early_end = &f->early;
    return early;
}

static void free_early(struct fleet_early *early)
{
    free(early->agent);
    free(early);
}

static void pass_for(struct fleet *f, const struct api_reconcile *what, struct api_reply *reply)
{
    struct error err = ERROR_INIT;
    struct agent_view view;
    if (!fleet_has_core(f, reply))
        return;
    if (what->agent && !core_view_agent(f->core, what->agent, &view)) {
        reply_json(reply, view_agent(f, what->agent, &err), &err);
    } else {
        fleet_pass(f, what, reply);
    }
}

void fleet_take_early(struct fleet *f)
{
    while (f->early) {
        struct fleet_early *early = pop_early(f);
        pass_for(f, &early->what, early->reply);
        free_early(early);
    }
}

static void post_reconcile(void *ctx, const struct api_reconcile *what, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (!fleet_look_at_table(f, reply))
        return;
    if (is_beginning(f))
        keep_early(f, what, reply);
    else
        pass_for(f, what, reply);
}

const struct api_backend fleet_backend = {
    .agents = get_agents,
    .agent = get_agent,
    .stats = stats_ask,
    .reconcile = post_reconcile,
    .ready = get_ready,
    .wake = wakes_wake,
    .renew = wakes_renew,
    .release = wakes_release,
    .sleep = wakes_sleep,
    .restart = wakes_restart,
    .hold = wakes_hold,
    .pull = pulls_pull,
    .outdated = outdated_get,
    .events = follow_page,
    .events_follow = follow_stream,
};

static struct fleet_waiter *find_waiter(struct fleet *f, uint64_t pass, bool take)
{
    for (struct fleet_waiter **w = &f->waiters; *w; w = &(*w)->next) {
        struct fleet_waiter *found = *w;
        if (found->pass != pass)
            continue;
        if (take)
            *w = found->next;
        return found;
    }
    return NULL;
}

void fleet_progress(struct fleet *f, const struct effect *effect)
{
    struct fleet_waiter *waiter = find_waiter(f, effect->progress.pass, false);
    if (waiter && waiter->reply)
        api_reply_progress(waiter->reply,
                           json_pack("{s:I, s:I}", "done", (json_int_t)effect->progress.done,
                                     "total", (json_int_t)effect->progress.total));
}

static void reply_planned(void *ctx)
{
    struct fleet_waiter *waiter = ctx;
    (void)find_waiter(waiter->f, waiter->pass, true);
    planned_permit(waiter->f, waiter->report);
    reply_json(waiter->reply, waiter->report, NULL);
    free(waiter);
}

void fleet_report(struct fleet *f, const struct effect *effect)
{
    struct fleet_waiter *waiter = find_waiter(f, effect->report.pass, false);
    struct error err = ERROR_INIT;
    if (!waiter)
        return;
    if (waiter->dry_run && !effect->report.error) {
        waiter->report = view_report(effect);
        fleet_know_engine(f, reply_planned, waiter);
        return;
    }
    (void)find_waiter(f, effect->report.pass, true);
    if (!waiter->reply)
        f->booted(f->ctx, effect);
    else if (effect->report.error)
        api_reply_error(waiter->reply, (error_set(&err, 1, ERROR_UNREACHABLE, "engine_lost", "%s",
                                                  effect->report.error),
                                        &err));
    else
        reply_json(waiter->reply, view_report(effect), NULL);
    free(waiter);
}

/* Closing: who still waits is told so. */
void fleet_drop_waiters(struct fleet *f)
{
    while (f->waiters) {
        struct fleet_waiter *waiter = f->waiters;
        f->waiters = waiter->next;
        if (waiter->reply)
            api_reply_problem(waiter->reply, 503, "stopping",
                              "the daemon is stopping; ask again when it is back");
        json_decref(waiter->report);
        free(waiter);
    }
    while (f->early) {
        struct fleet_early *early = pop_early(f);
        api_reply_problem(early->reply, 503, "stopping",
                          "the daemon is stopping; ask again when it is back");
        free_early(early);
    }
}
