/* SPDX-License-Identifier: MIT
 *
 * The pretended engine by itself, for a comparison with a real one
 * (tests/integration/test_like.py): operations come on stdin, one a line (VERB NAME [ARGUMENT]);
 * after each it prints the outcome, the events, and all containers with their states, in words:
 *
 *     done; start n1; n1=running n2=exited:0
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

static const char *const actions[] = {
    [ENGINE_EVENT_CREATE] = "create",   [ENGINE_EVENT_START] = "start",
    [ENGINE_EVENT_DIE] = "die",         [ENGINE_EVENT_KILL] = "kill",
    [ENGINE_EVENT_STOP] = "stop",       [ENGINE_EVENT_RESTART] = "restart",
    [ENGINE_EVENT_PAUSE] = "pause",     [ENGINE_EVENT_UNPAUSE] = "unpause",
    [ENGINE_EVENT_RENAME] = "rename",   [ENGINE_EVENT_UPDATE] = "update",
    [ENGINE_EVENT_OOM] = "oom",         [ENGINE_EVENT_HEALTH] = "health",
    [ENGINE_EVENT_DESTROY] = "destroy",
};

static enum engine_outcome create(struct sim_engine *e, const char *name, const char *how)
{
    uint8_t id[CONTAINER_ID_SIZE];
    struct sim_plan plan = {.conduct = strstr(how, "refused")   ? SIM_REFUSED
                                       : strstr(how, "noimage") ? SIM_NO_IMAGE
                                                                : SIM_STAYS};
    struct sim_call call = {.kind = OPERATION_CREATE,
                            .name = name,
                            .spec = sim_spec(plan),
                            .lifecycle = strstr(how, "hot") ? LIFECYCLE_HOT : LIFECYCLE_LAZY};
    enum engine_outcome outcome = sim_engine_begin(e, &call);
    return outcome == ENGINE_DONE ? sim_engine_call(e, &call, id) : outcome;
}

/* One of the operations that roost knows. */
static enum engine_outcome operate(struct sim_engine *e, const char *verb, struct sim_container *c,
                                   const char *argument)
{
    for (int kind = OPERATION_START; kind <= OPERATION_UPDATE; kind++)
        if (strcmp(verb, operation_kind_name((enum operation_kind)kind)) == 0)
            return sim_engine_hand(e, (enum operation_kind)kind, c, argument);
    assert(false);
    return ENGINE_REFUSED;
}

static enum engine_outcome act(struct sim_engine *e, const char *verb, const char *name,
                               const char *argument)
{
    struct sim_container *c = sim_engine_named(e, name);
    if (strcmp(verb, "engine") == 0)
        sim_engine_restart(e, strcmp(name, "killed") == 0);
    else if (strcmp(verb, "create") == 0)
        return create(e, name, argument);
    else if (!c)
        return ENGINE_NOT_FOUND;
    else if (strcmp(verb, "kill") == 0)
        return sim_engine_kill(e, c) ? ENGINE_DONE : ENGINE_BUSY;
    else if (strcmp(verb, "restart") == 0)
        return sim_engine_restart_container(e, c);
    else if (strcmp(verb, "drop") == 0)
        sim_engine_drop(e, c);
    else if (strcmp(verb, "end") == 0 && c->status == CONTAINER_RUNNING)
        sim_engine_end(e, c, (int)strtol(argument, NULL, 10));
    else if (strcmp(verb, "end") != 0)
        return operate(e, verb, c, argument);
    return ENGINE_DONE;
}

static void print(struct sim_engine *e, enum engine_outcome outcome)
{
    struct sim_event event;
    (void)printf("%s;", engine_outcome_name(outcome));
    while (sim_engine_take_event(e, &event))
        (void)printf(" %s:%s", actions[event.action], event.name);
    (void)printf(";");
    for (size_t i = 0; i < e->n; i++) {
        const struct sim_container *c = &e->containers[i];
        (void)printf(" %s=%s", c->name, container_status_name(c->status));
        if (c->status == CONTAINER_EXITED)
            (void)printf(":%d", c->exit_code);
    }
    (void)printf("\n");
}

int main(void)
{
    struct sim_engine e = {.now_ns = SIM_SECOND_NS};
    char line[256], verb[32], name[64], argument[64];
    while (fgets(line, sizeof(line), stdin)) {
        argument[0] = '\0';
        if (sscanf(line, "%31s %63s %63s", verb, name, argument) < 2)
            return 2;
        enum engine_outcome outcome = act(&e, verb, name, argument);
        sim_engine_advance(&e, e.now_ns + 120 * SIM_SECOND_NS); /* what the engine restarts, runs */
        print(&e, outcome);
    }
    sim_engine_free(&e);
    return 0;
}
