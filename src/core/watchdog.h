/* SPDX-License-Identifier: MIT
 *
 * What is worth telling: the table of the watchdog, and the words of its events.
 *
 * A change of a container that no operation of ours explains is looked up by (lifecycle, change,
 * cause, wanted awake); the first row that matches says which event is told and what follows. A
 * sleeping lazy agent matches no row that tells.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/agent.h"
#include "core/observed.h"

enum event_kind {
    EVENT_NONE,
    EVENT_CONTAINER_STOPPED,
    EVENT_CONTAINER_MISSING,
    EVENT_CONTAINER_PAUSED,
    EVENT_CONTAINER_UNHEALTHY,
    EVENT_CONTAINER_RENAMED,
    EVENT_DRIFT, /* changed by hand at the engine */
    EVENT_CRASH_LOOP,
    EVENT_NOT_READY,
    EVENT_ROLLED_BACK,
    /* up to here episodes: told once, over with one container_recovered */
    EVENT_CONTAINER_RECOVERED,
    EVENT_CONTAINER_RESTARTED,
    EVENT_CONTAINER_ADOPTED,
    EVENT_CONTAINER_EXITED,
    EVENT_CONTAINER_ORPHANED,
    EVENT_ENGINE_LOST,
    EVENT_ENGINE_RESTORED,
    EVENT_ROLLOUT_HALTED,
};
#define EVENT_KINDS   18
#define EPISODE_KINDS EVENT_CONTAINER_RECOVERED
#define EPISODE(kind) (1U << (kind))

const char *event_kind_name(enum event_kind kind);
bool event_kind_parse(const char *text, enum event_kind *ret_kind);

enum change {
    CHANGE_DOWN,      /* it ran, and does not any more */
    CHANGE_STOPPED,   /* somebody stopped it, and no start came within 2 s: no `docker restart` */
    CHANGE_RESTARTED, /* it ran, and runs again (or will): the engine's doing, or somebody's */
    CHANGE_GONE,
    CHANGE_PAUSED,
    CHANGE_UNHEALTHY,
    CHANGE_RENAMED,
    CHANGE_TAMPERED,
};
#define CHANGES 8

enum cause {
    CAUSE_ANY,
    CAUSE_CRASH, /* exit code not 0, or out of memory */
    CAUSE_DONE,  /* exit code 0, on its own */
    CAUSE_HAND,  /* somebody's stop, kill or restart */
};

enum verdict {
    VERDICT_NONE,    /* what follows, if anything, the decision table says */
    VERDICT_CONFIRM, /* wait 2 s for a start: it may be a `docker restart`, or the engine's end */
    VERDICT_RESTART, /* start it, with back-off */
    VERDICT_SLEEP,   /* its leases end */
};

struct watch_rule {
    enum change change;
    enum cause cause;
    int lifecycle; /* enum lifecycle, or -1 for both */
    int wanted;    /* wanted awake: 1, not: 0, -1 for both */
    enum event_kind event;
    enum verdict verdict;
    const char *reason;
};

const struct watch_rule *watchdog_rule(enum change change, enum cause cause,
                                       enum lifecycle lifecycle, bool wanted);
const struct watch_rule *watchdog_table(size_t *ret_n);

/* One event of the engine's stream, as far as it matters. */
enum engine_action {
    ENGINE_EVENT_CREATE,
    ENGINE_EVENT_START,
    ENGINE_EVENT_DIE,
    ENGINE_EVENT_KILL,
    ENGINE_EVENT_STOP,
    ENGINE_EVENT_RESTART,
    ENGINE_EVENT_PAUSE,
    ENGINE_EVENT_UNPAUSE,
    ENGINE_EVENT_RENAME,
    ENGINE_EVENT_UPDATE,
    ENGINE_EVENT_OOM,
    ENGINE_EVENT_HEALTH,
    ENGINE_EVENT_DESTROY,
};

struct engine_news {
    enum engine_action action;
    uint8_t id[CONTAINER_ID_SIZE];
    const char *name;  /* the container's name then */
    const char *agent; /* label roost.agent of a container of ours, else "" */
    int signal;        /* kill */
    bool has_exit_code;
    int exit_code; /* die */
    enum container_health health;
    int64_t time_ns; /* the engine's clock; 0: not told */
};
