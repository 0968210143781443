/* SPDX-License-Identifier: MIT
 *
 * The scenes, and the words that they are told in.
 */
#include "scenes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scene all[] = {
    {"rule 1: a foreign container has its name", "plant:a0 | row:a0:hot wait:20"},
    {"rule 1: a second one has its labels", "row:a0:hot wait:20 | copy:a0 wait:40"},
    {"rule 2: deleted, hot", "row:a0:hot wait:20 | delete:a0 wait:20"},
    {"rule 2: deleted, asleep", "row:a0:lazy wait:20 | delete:a0 wait:20"},
    {"rule 2: deleted under a lease", "row:a0:lazy wait:20 wake:a0 wait:5 | delete:a0 wait:20"},
    {"rule 2: deleted, and there again",
     "row:a0:hot wait:20 | delete:a0 wait:1 row:a0:hot wait:20"},
    {"rule 3: held, killed, let go",
     "row:a0:hot wait:20 | hold:a0 wait:5 kill:a0 wait:10 unhold:a0 wait:30"},
    {"rule 4: invalid for a while", "row:a0:hot wait:20 | invalid:a0 wait:5 valid:a0 wait:10"},
    {"rule 6: dead", "row:a0:lazy wait:20 | dead:a0 look wait:40"},
    {"rule 7: a recreate", "row:a0:hot wait:20 | spec:a0 wait:40"},
    {"rule 7: a recreate that is rolled back", "row:a0:hot wait:20 | row:a0:hot:refused wait:60"},
    {"rule 7: a rolled back one is mended",
     "row:a0:hot wait:20 row:a0:hot:refused wait:60 | row:a0:hot wait:40"},
    {"rule 8: renamed by hand", "row:a0:hot wait:20 | rename:a0 wait:40"},
    {"rule 9: hot, missing", "| row:a0:hot wait:20"},
    {"rule 9: hot, three at once", "| row:a0:hot row:a1:hot row:a2:hot wait:20"},
    {"rule 9: no image", "| row:a0:hot:noimage wait:40 row:a0:hot wait:20"},
    {"rule 10: lazy, missing", "| row:a0:lazy wait:20"},
    {"rule 11: lazy, missing and wanted", "row:a0:lazy wait:20 wake:a0 wait:5 | remove:a0 wait:20"},
    {"rule 12: was hot, is lazy", "row:a0:hot wait:20 | row:a0:lazy wait:30"},
    {"rule 13: drifted in use", "row:a0:lazy wait:20 wake:a0 wait:5 | spec:a0 wait:90"},
    {"rule 28: the policy of a drifted one in use was changed",
     "row:a0:lazy wait:20 wake:a0 wait:5 | spec:a0 wait:1 update:a0 wait:90"},
    {"rule 14: drifted asleep", "row:a0:lazy wait:20 | spec:a0 wait:30"},
    {"rule 14: was lazy, is hot", "row:a0:lazy wait:20 | row:a0:hot wait:30"},
    {"rule 14: changed by hand", "row:a0:hot wait:20 | differ:a0 pass wait:40"},
    {"rule 14: a rollout of three",
     "row:a0:hot row:a1:hot row:a2:hot wait:20 | spec:a0 spec:a1 spec:a2 wait:90"},
    {"rule 14: asked for", "row:a0:hot wait:20 | recreate:a0 wait:40"},
    {"rule 15: the policy was changed", "row:a0:hot wait:20 | update:a0 wait:40"},
    {"rule 27: a restart, hot", "row:a0:hot wait:20 | again:a0 wait:60"},
    {"rule 27: a restart under a lease", "row:a0:lazy wait:20 wake:a0 wait:5 | again:a0 wait:90"},
    {"rule 27: a restart in its idle time",
     "row:a0:lazy wait:20 wake:a0 wait:5 release:a0 wait:5 | again:a0 wait:90"},
    {"rule 16: paused by somebody", "row:a0:hot wait:20 | pause:a0 wait:20 unpause:a0 wait:20"},
    {"rule 17: down", "row:a0:hot wait:20 | stop:a0 wait:30"},
    {"rule 18: the engine restarts it", "| row:a0:hot:crashes wait:60 row:a0:hot wait:40"},
    {"rule 19: started by hand", "row:a0:lazy wait:20 | start:a0 wait:90"},
    {"rule 20: a wake", "row:a0:lazy wait:20 | wake:a0 wait:90"},
    {"rule 20: a wake of a paused one",
     "row:a0:lazy:pause wait:20 wake:a0 wait:90 | wake:a0 wait:90"},
    {"rule 20: a wake with a dependency",
     "row:a0:lazy row:a1:lazy:depends wait:20 | wake:a1 wait:90"},
    {"rule 20: a wake while it is stopped",
     "row:a0:lazy wait:20 wake:a0 wait:5 | sleep:a0 wake:a0 wait:90"},
    {"rule 22: idle", "row:a0:lazy wait:20 wake:a0 wait:5 | release:a0 wait:60"},
    {"rule 22: idle, paused", "row:a0:lazy:pause wait:20 wake:a0 wait:5 | release:a0 wait:60"},
    {"rule 22: put to sleep", "row:a0:lazy wait:20 wake:a0 wait:5 | sleep:a0 wait:60"},
    {"rule 23: a deep pass over what is well", "row:a0:hot row:a1:lazy wait:20 | deep wait:20"},
    {"rule 25: overslept", "row:a0:lazy:oversleeps wait:20 wake:a0 wait:30 | release:a0 wait:120"},
    {"rule 27: follows a recreate", "row:a0:hot row:a1:hot:follows wait:20 | spec:a0 wait:60"},
    {"rule 27: follows a recreate under a lease",
     "row:a0:hot row:a1:lazy:follows wait:20 wake:a1 wait:5 | spec:a0 wait:60"},
    {"rule 22: follows a recreate into its sleep",
     "row:a0:hot row:a1:lazy:follows wait:20 wake:a1 wait:5 release:a1 | spec:a0 wait:60"},
    {"watchdog: ends well, hot", "row:a0:hot wait:20 | end0:a0 wait:40"},
    {"watchdog: crashes, hot", "row:a0:hot wait:20 | end1:a0 wait:40"},
    {"watchdog: crashes three times, hot",
     "row:a0:hot wait:20 | end1:a0 wait:5 end1:a0 wait:5 end1:a0 wait:5 end1:a0 wait:40"},
    {"watchdog: killed by hand, hot", "row:a0:hot wait:20 | kill:a0 wait:40"},
    {"watchdog: stopped and started by hand, hot", "row:a0:hot wait:20 | stop:a0 start:a0 wait:40"},
    {"watchdog: stopped by hand under a lease",
     "row:a0:lazy wait:20 wake:a0 wait:5 | stop:a0 wait:60"},
    {"watchdog: stopped by hand, adopted", "row:a0:lazy wait:20 start:a0 wait:5 | stop:a0 wait:60"},
    {"watchdog: job done", "row:a0:lazy wait:20 wake:a0 wait:5 | end0:a0 wait:60"},
    {"watchdog: crashes under a lease", "row:a0:lazy wait:20 wake:a0 wait:5 | end1:a0 wait:90"},
    {"watchdog: crashes, adopted", "row:a0:lazy wait:20 start:a0 wait:5 | end1:a0 wait:60"},
    {"watchdog: removed, hot", "row:a0:hot wait:20 | remove:a0 wait:40"},
    {"watchdog: removed, asleep", "row:a0:lazy wait:20 | remove:a0 wait:40"},
    {"watchdog: paused by hand, leased",
     "row:a0:lazy wait:20 wake:a0 wait:5 | pause:a0 wait:20 unpause:a0 wait:90"},
    {"watchdog: renamed, asleep", "row:a0:lazy wait:20 | rename:a0 wait:40"},
    {"watchdog: policy changed, asleep", "row:a0:lazy wait:20 | update:a0 wait:40"},
    {"watchdog: start refused under a lease", "| row:a0:lazy:refused wait:10 wake:a0 wait:90"},
    {"watchdog: sick, and well again",
     "row:a0:hot:checked wait:20 | sick:a0 wait:20 well:a0 wait:40"},
    {"watchdog: sick under a lease",
     "row:a0:lazy:checked wait:20 wake:a0 wait:5 | sick:a0 wait:60 wait:60"},
    {"watchdog: sick, and to be restarted", "row:a0:hot:heals wait:20 | sick:a0 wait:60"},
    {"watchdog: restarted by hand, hot", "row:a0:hot wait:20 | restart:a0 wait:40"},
    {"watchdog: restarted by hand under a lease",
     "row:a0:lazy wait:20 wake:a0 wait:5 | restart:a0 wait:90"},
    {"a dependency goes down", "row:a0:hot row:a1:hot:depends wait:20 | stop:a0 wait:60"},
    {"another name", "row:a0:hot wait:20 | name:a0 wait:40"},
};

const struct scene *scenes(size_t *ret_n)
{
    *ret_n = sizeof(all) / sizeof(all[0]);
    return all;
}

/* Rows */

static void tell(struct world *w, struct w_agent *a)
{
    a->stale = true;
    w->poll_ns = w->now_ns;
    if (a->exists)
        a->row.generation = ++w->generation;
}

static struct spec_id spec_for(const char *how, unsigned variant)
{
    struct sim_plan plan = {.variant = variant};
    if (strcmp(how, "refused") == 0)
        plan = (struct sim_plan){variant + 100, SIM_REFUSED, 0, 0, 0};
    else if (strcmp(how, "crashes") == 0)
        plan = (struct sim_plan){variant + 200, SIM_CRASHES, 2000, 0, 0};
    else if (strcmp(how, "noimage") == 0)
        plan = (struct sim_plan){variant + 300, SIM_NO_IMAGE, 0, 0, 0};
    else if (strcmp(how, "checked") == 0 || strcmp(how, "heals") == 0)
        plan = (struct sim_plan){variant + 400, SIM_STAYS, 0, 500, 1};
    return sim_spec(plan);
}

static void row(struct world *w, struct w_agent *a, const char *how, bool lazy)
{
    a->exists = true;
    a->tombstone = false;
    a->worked = a->worked && !lazy;
    a->row = (struct core_row){.lifecycle = lazy ? LIFECYCLE_LAZY : LIFECYCLE_HOT,
                               .spec = spec_for(how, 1),
                               .idle_timeout_ns = 20 * SECOND,
                               .ready_timeout_ns = 10 * SECOND};
    a->row.restart_unhealthy = strcmp(how, "heals") == 0;
    bool oversleeps = strcmp(how, "oversleeps") == 0;
    if (oversleeps || strcmp(how, "pause") == 0)
        a->row.sleep = SLEEP_PAUSE;
    a->row.stop_after_ns = oversleeps ? 30 * SECOND : 0;
    bool follows = strcmp(how, "follows") == 0;
    a->row.n_depends = follows || strcmp(how, "depends") == 0;
    a->depends[0] = (struct core_depends){.agent = "a0", .restart = follows};
    tell(w, a);
}

static void change_row(struct world *w, struct w_agent *a, const char *verb)
{
    if (strcmp(verb, "spec") == 0)
        a->row.spec = spec_for("", 2);
    else if (strcmp(verb, "name") == 0)
        a->named = snprintf(a->container_name, sizeof(a->container_name), "own-%s", a->name) > 0;
    else if (strcmp(verb, "hold") == 0 || strcmp(verb, "unhold") == 0)
        a->row.held = verb[0] == 'h';
    else
        a->row.invalid = verb[0] == 'i' ? "spec: bad" : NULL;
    tell(w, a);
}

static void delete_row(struct world *w, struct w_agent *a)
{
    a->exists = a->worked = false;
    a->tombstone = true;
    a->tombstone_generation = ++w->generation;
    for (size_t i = 0; i < W_LEASES; i++)
        w->leases[i].doomed |= strcmp(w->leases[i].agent, a->name) == 0;
    tell(w, a);
}

/* The API */

static bool is_one_of(const char *verb, const char *words)
{
    size_t len = strlen(verb);
    for (const char *at = words; (at = strstr(at, verb)); at++)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

static void ask(struct world *w, struct w_agent *a, const char *verb)
{
    char id[CORE_LEASE_ID_SIZE];
    (void)snprintf(id, sizeof(id), "l%llu", (unsigned long long)w->last_wake);
    struct core_event event = {.kind = CORE_LOOK};
    if (strcmp(verb, "release") == 0)
        event = (struct core_event){.kind = CORE_RELEASE, .release = {.lease = id}};
    else if (strcmp(verb, "sleep") == 0)
        event = (struct core_event){.kind = CORE_SLEEP, .sleep = {.agent = a->name}};
    else if (is_one_of(verb, "wake again") && w->core) {
        (void)snprintf(id, sizeof(id), "l%llu", (unsigned long long)++w->last_wake);
        event = (struct core_event){
            .kind = CORE_WAKE,
            .wake = {.wake = w->last_wake, .agent = a->name, .lease = id, .ttl_ns = 60 * SECOND}};
        event.wake.wait = event.wake.restart = verb[0] == 'a';
        w->wakes[0] = w->last_wake;
    }
    shell_step(w, &event);
}

static void ask_pass(struct world *w, struct w_agent *a, const char *verb)
{
    bool recreate = strcmp(verb, "recreate") == 0;
    shell_pass(w, (struct core_pass){.agent = recreate ? a->name : NULL,
                                     .recreate = recreate,
                                     .deep = strcmp(verb, "deep") == 0});
}

/* Containers by hand */

static struct sim_container *container_of(struct world *w, const struct w_agent *a)
{
    char name[SIM_NAME_SIZE];
    return sim_engine_named(&w->engine, final_name(a, name));
}

static void plant(struct world *w, const struct w_agent *a, bool copy)
{
    uint8_t id[CONTAINER_ID_SIZE];
    char name[SIM_NAME_SIZE];
    struct sim_call call = {.kind = OPERATION_CREATE,
                            .name = copy ? "a-copy" : final_name(a, name),
                            .agent = copy ? a->name : NULL,
                            .spec = spec_for("", 9)};
    if (sim_engine_begin(&w->engine, &call) != ENGINE_DONE ||
        sim_engine_call(&w->engine, &call, id) != ENGINE_DONE)
        return;
    sim_engine_find(&w->engine, id)->hands_off = true;
}

static void hand(struct world *w, struct w_agent *a, const char *verb)
{
    static const enum operation_kind kinds[] = {OPERATION_START,  OPERATION_STOP,
                                                OPERATION_PAUSE,  OPERATION_UNPAUSE,
                                                OPERATION_RENAME, OPERATION_UPDATE};
    struct sim_container *c = container_of(w, a);
    if (!c || !w->engine_up || c->status == CONTAINER_REMOVING)
        return;
    a->worked = false;
    if (strcmp(verb, "kill") == 0)
        sim_engine_kill(&w->engine, c);
    else if (strcmp(verb, "remove") == 0)
        sim_engine_drop(&w->engine, c);
    else if (strcmp(verb, "restart") == 0)
        (void)sim_engine_restart_container(&w->engine, c);
    else if (strcmp(verb, "sick") == 0 || strcmp(verb, "well") == 0)
        (void)sim_engine_feel(&w->engine, c, verb[0] == 's' ? HEALTH_UNHEALTHY : HEALTH_HEALTHY);
    else if (strcmp(verb, "differ") == 0)
        c->differs = 1;
    else if (strcmp(verb, "dead") == 0)
        c->status = sim_container_runs(c) ? c->status : CONTAINER_DEAD;
    else if (strncmp(verb, "end", 3) == 0 && c->status == CONTAINER_RUNNING)
        sim_engine_end(&w->engine, c, verb[3] - '0');
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(verb, operation_kind_name(kinds[i])) == 0)
            (void)sim_engine_hand(&w->engine, kinds[i], c, "by-hand");
}

/* Words */

static void act(struct world *w, const char *verb, struct w_agent *a, const char *how)
{
    trace(w, "scene: %s %s %s", verb, a ? a->name : "", how);
    sim_engine_advance(&w->engine, w->now_ns); /* else what it ends has ended long ago */
    if (strcmp(verb, "row") == 0)
        row(w, a, strchr(how, ':') ? strchr(how, ':') + 1 : "", strncmp(how, "lazy", 4) == 0);
    else if (strcmp(verb, "delete") == 0)
        delete_row(w, a);
    else if (is_one_of(verb, "spec name hold unhold invalid valid"))
        change_row(w, a, verb);
    else if (is_one_of(verb, "wake again sleep release look"))
        ask(w, a, verb);
    else if (is_one_of(verb, "pass deep recreate"))
        ask_pass(w, a, verb);
    else if (is_one_of(verb, "plant copy"))
        plant(w, a, verb[0] == 'c');
    else if (is_one_of(verb, "kill restart sick well remove differ dead end0 end1 start stop pause "
                             "unpause rename update"))
        hand(w, a, verb);
    else
        broken(w, "no such word: %s", verb);
    news_collect(w);
}

void scene_play(struct world *w, const struct scene *scene)
{
    char story[256], *save = NULL;
    (void)snprintf(story, sizeof(story), "%s", scene->story);
    for (char *word = strtok_r(story, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *rest = NULL;
        char *verb = strtok_r(word, ":", &rest);
        char *whom = strtok_r(NULL, ":", &rest);
        if (strcmp(verb, "|") == 0)
            w->sweep.counts = true;
        else if (strcmp(verb, "wait") == 0)
            world_run(w, strtoul(whom ? whom : "1", NULL, 10) * SECOND);
        else
            act(w, verb, whom ? agent_named(w, whom) : NULL, rest ? rest : "");
    }
}
