/* SPDX-License-Identifier: MIT
 *
 * A pretended Docker engine, for the simulator and for the unit tests of the core: containers with
 * names, states, restart policies and ends of their own, in a pretended time. It behaves as the
 * real one was measured to, quirks included:
 *
 *   - a name belongs to one container, and is taken from the moment when a create or rename begins;
 *     a ghost reservation (moby/moby#23371) takes a name that no container has
 *   - starting what runs, stopping what does not, pausing what is paused, unpausing what is not,
 * renaming to the name it has: ALREADY. A start of a paused one, removing one that runs or is being
 * removed: BUSY
 *   - a start that fails leaves the container as it was, with an exit code, and nobody is told
 *   - a container made as hot is restarted by the engine when it ends by itself: 100 ms, doubling
 *     to a minute, reset by a run of 10 s; a start by hand sets its count of restarts back to 0
 *   - a health check passes first when the container is ready; one that does not run is unhealthy,
 *     and nobody is told of that
 *   - a removal may fail half way and leave it dead
 *   - one that shares another's network is tied to that one container, not to its name: it cannot
 * be made without it, nor started while that does not run
 *   - a listing shows what went down as it was for 70 to 180 ms more, until its network is down:
 *     so long an inspection of it, or a change to it, waits (with `lingers`)
 *
 * What a container does when it runs is written in its spec (struct sim_plan), so a row says it
 * too. No I/O, no clock, no randomness: the caller has those.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"

#define SIM_NEVER_NS  UINT64_MAX
#define SIM_MS_NS     UINT64_C(1000000)
#define SIM_SECOND_NS UINT64_C(1000000000)
#define SIM_NAME_SIZE 160
#define SIM_TAKEN_MAX 64
#define SIM_ENDS_KEPT 4
#define SIM_PARTNERS  2

enum sim_conduct {
    SIM_STAYS,    /* runs until it is stopped */
    SIM_REFUSED,  /* cannot be started */
    SIM_CRASHES,  /* ends with exit code 1 after run_ms */
    SIM_ENDS,     /* ends with exit code 0 after run_ms */
    SIM_NO_IMAGE, /* cannot even be created */
};

struct sim_plan {
    unsigned variant; /* no meaning: makes specs differ */
    enum sim_conduct conduct;
    unsigned run_ms;
    unsigned ready_ms; /* of running, until a probe says ready */
    unsigned checked;  /* has a health check: well when it is ready, until somebody makes it sick */
    unsigned shares;   /* no meaning: whose network it shares */
    unsigned image;    /* of which image; the engine looks at no other than SIM_NO_IMAGE's */
};

struct spec_id sim_spec(struct sim_plan plan);
struct sim_plan sim_plan_of(const struct spec_id *spec);

struct sim_container {
    uint8_t id[CONTAINER_ID_SIZE];
    char name[SIM_NAME_SIZE];
    bool ours;
    char agent[AGENT_NAME_MAX + 1]; /* roost.agent */
    char compose_service[AGENT_NAME_MAX + 1];
    struct spec_id spec;
    enum lifecycle made_as;
    uint64_t with;
    uint8_t partners[SIM_PARTNERS][CONTAINER_ID_SIZE]; /* whose network it shares; all 0: none */
    enum lifecycle policy;                             /* what the engine goes by */
    unsigned differs;
    enum container_status status;
    int exit_code;
    bool oom_killed;
    int64_t started_ns;        /* StartedAt */
    int64_t ended_ns;          /* FinishedAt */
    int ends[SIM_ENDS_KEPT];   /* exit codes, the latest first; negative: for memory */
    enum container_status was; /* before it went down */
    uint64_t lingers_until_ns; /* so long a listing shows that, and everything else waits */
    int restarts;
    uint64_t up_since_ns;
    uint64_t next_ns; /* it ends, or the engine restarts it */
    uint64_t backoff_ns;
    enum container_health health, was_health;
    uint64_t well_ns; /* its health check passes */
    unsigned changes; /* operations that changed it */
    bool hands_off;   /* not roost's, whatever its labels say: nobody of ours may change it */
    bool by_user;     /* it was started by somebody */
};

/* What the stream of events tells, oldest first. Like the real one, the engine keeps the last 256.
 */
#define SIM_EVENTS 256
/* The time of day when now_ns is 0. */
#define SIM_CLOCK_NS INT64_C(1700000000000000000)

struct sim_event {
    enum engine_action action;
    uint8_t id[CONTAINER_ID_SIZE];
    char name[SIM_NAME_SIZE];
    char agent[AGENT_NAME_MAX + 1]; /* "" of a container that is not ours */
    int signal;
    int exit_code; /* die */
    enum container_health health;
    int64_t time_ns;
};

struct sim_engine {
    struct sim_container *containers; /* in order of creation */
    size_t n, cap;
    char taken[SIM_TAKEN_MAX][SIM_NAME_SIZE]; /* ghosts, and creates that are under way */
    uint64_t now_ns;
    int64_t clock_ns;     /* of the last thing that happened: no two are at the same moment */
    int64_t clock_off_ns; /* how far somebody has moved it */
    uint64_t made;        /* containers ever: ids are made from it */
    struct sim_event events[SIM_EVENTS];
    size_t events_at, n_events;
    unsigned long events_ever;
    bool no_update;                /* has no call for the restart policy (podman) */
    bool lingers;                  /* the way down takes its time */
    char words[SIM_NAME_SIZE * 2]; /* why the last call failed */
};

void sim_engine_free(struct sim_engine *e);

/* The time of day of what is told and inspected; it may go back. */
void sim_engine_move_clock(struct sim_engine *e, int64_t by_ns);

/* Time goes on: what ends by itself ends, what the engine restarts is restarted, in order. */
void sim_engine_advance(struct sim_engine *e, uint64_t now_ns);
uint64_t sim_engine_next(const struct sim_engine *e); /* when something happens by itself */

struct sim_call {
    enum operation_kind kind;
    uint8_t id[CONTAINER_ID_SIZE];
    const char *name;         /* create, rename */
    const char *agent;        /* create: the labels; NULL: not ours */
    struct spec_id spec;      /* create */
    enum lifecycle lifecycle; /* create, update */
    uint64_t with;            /* create */
    const char
        *partners[SIM_PARTNERS]; /* create: names of those whose network it shares; or NULL */
};

/* A call begins: a create reserves its name, a removal is seen to be in progress. DONE: it goes on,
 * and sim_engine_call() must follow; else it failed at once. */
enum engine_outcome sim_engine_begin(struct sim_engine *e, const struct sim_call *call);

/* What has begun takes effect, now. `ret_id`: of a create. Inspections and probes are not for here.
 */
enum engine_outcome sim_engine_call(struct sim_engine *e, const struct sim_call *call,
                                    uint8_t ret_id[CONTAINER_ID_SIZE]);

/* The same by hand: what is not done at once is not done at all. */
enum engine_outcome sim_engine_hand(struct sim_engine *e, enum operation_kind kind,
                                    struct sim_container *c, const char *name);
/* docker kill; false: it does not run */
bool sim_engine_kill(struct sim_engine *e, struct sim_container *c);
/* docker restart */
enum engine_outcome sim_engine_restart_container(struct sim_engine *e, struct sim_container *c);

/* The engine is restarted: politely, or killed. What happens to each container then was measured.
 */
void sim_engine_restart(struct sim_engine *e, bool killed);

/* The oldest event that was not taken yet; false: none. */
bool sim_engine_take_event(struct sim_engine *e, struct sim_event *ret_event);

/* For users and accidents. NULL: there is none. */
struct sim_container *sim_engine_find(const struct sim_engine *e,
                                      const uint8_t id[CONTAINER_ID_SIZE]);
struct sim_container *sim_engine_named(const struct sim_engine *e, const char *name);
void sim_engine_end(struct sim_engine *e, struct sim_container *c,
                    int exit_code); /* it ends by itself, now */
/* Its health check fails, or passes again; false: it has none, or does not run. */
bool sim_engine_feel(struct sim_engine *e, struct sim_container *c, enum container_health health);
void sim_engine_oom(struct sim_engine *e, struct sim_container *c);  /* the kernel kills it */
void sim_engine_drop(struct sim_engine *e, struct sim_container *c); /* docker rm -f */
bool sim_engine_take_name(struct sim_engine *e,
                          const char *name); /* a ghost; false: taken, or no room */
void sim_engine_free_name(struct sim_engine *e, const char *name);

/* Strings are borrowed from the container. */
void sim_engine_observe(const struct sim_container *c, bool inspected, struct observation *ret_o);
bool sim_engine_is_ready(const struct sim_engine *e, const struct sim_container *c);
bool sim_container_runs(const struct sim_container *c); /* its process lives */
/* Of that one's network it is made; in which place among those of its row, is no matter. */
bool sim_container_shares(const struct sim_container *c, const struct sim_container *partner);
