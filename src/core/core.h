/* SPDX-License-Identifier: MIT
 *
 * The brain: facts in, effects out.
 *
 * core_step() is the only way in. An event carries every fact and the time; what is to be done
 * comes back as effects, in order. The caller carries each of them out and answers operations and
 * listings with further events, in any order and at any time. The core does no I/O, reads no clock,
 * and has no global: the same core runs in the daemon, in `roost plan`, and under a simulated
 * engine.
 *
 * How it decides: level-triggered. An event only changes the core's picture of an agent (its row,
 * its containers, who wants it awake) and marks the agent dirty; then every dirty agent is settled:
 * the table of decide.h looks at the picture and says the next single operation. So a crash between
 * any two operations, a lost answer or a missed event needs no code of its own: the next look at
 * what is there goes on from there.
 *
 * What it guards: one operation in flight an agent; no operation on a view older than what it knows
 * (a listing that was asked for before an operation ended does not count for that agent); an
 * operation whose end is unknown is followed by a listing before anything else.
 *
 * Ownership: strings in events are borrowed for the step. Effects and their strings are valid until
 * the next core_step().
 *
 * Memory: when it runs out the step returns -ENOMEM; the picture stays consistent, no effect is
 * half made, and the next CORE_TIME or listing catches up. A row, tombstone, memory, lease or pass
 * must then be told again, since it may not have been taken whole; twice does no harm.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/agent.h"
#include "core/decide.h"
#include "core/observed.h"
#include "core/watchdog.h"

struct core;

struct core_config {
    const char *fleet;
    unsigned max_in_flight;   /* operations at once, all agents; 0: 16 */
    unsigned max_unavailable; /* hot agents being recreated at once; 0: 1 */
    uint64_t idle_timeout_ns; /* of a lazy agent without its own; 0: 15 min */
    uint64_t resync_ns;       /* a full listing again after this; 0: never by itself */
    bool engine_lost;         /* it was when we last ran, and that was told */
    bool observe_only;        /* look and report, never emit an operation (`roost plan`) */
};

struct core *core_new(const struct core_config *config);
struct core *core_free(struct core *core); /* takes NULL, returns NULL */

/* Events ----------------------------------------------------------------------------------------
 */

enum core_event_kind {
    CORE_TIME, /* nothing but the time: due timers run */
    /* Parts of a batch: they change the picture and decide nothing yet. */
    CORE_ROW,       /* a row is so now; a batch of rows and tombstones ends with CORE_TIME */
    CORE_TOMBSTONE, /* a row was deleted; its container may still be there */
    CORE_MEMORY,    /* at start, after the rows: what was remembered of an agent */
    CORE_LISTED,    /* one container of the listing that was asked for */

    CORE_LEASE, /* at start, after the rows: a lease that is still good */

    CORE_LISTING_END, /* that listing is over */
    CORE_COMPLETION,  /* an operation is over */
    CORE_PARKED,      /* an operation waits for something that is slow and not the engine's work (a
                         pull): it does not count against max_in_flight from now on */
    CORE_PASS,        /* somebody asks for a pass */
    CORE_WAKE,        /* somebody wants an agent awake: a lease */
    CORE_RENEW,
    CORE_RELEASE,
    CORE_SLEEP, /* all leases of an agent end, and it goes to sleep now */
    CORE_LOOK,  /* events may have been missed: list again */
    CORE_ENGINE_EVENT,
    CORE_ENGINE_LOST, /* it does not answer: nothing is sent, nothing is judged */
    CORE_ENGINE_RESTORED,
};

struct core_depends {
    const char *agent;
    enum depends_condition condition;
    bool optional; /* what is not there, or does not come to it, is not waited for */
    bool shares;   /* its container must be there to make ours: a namespace, volumes */
    bool joins;   /* a namespace, which ends with each run of it: ours is restarted after it then */
    bool restart; /* when we restart it or make it anew, ours is restarted after it */
};

struct core_row {
    const char *name;
    uint64_t generation;
    enum lifecycle lifecycle;
    bool held;
    const char *invalid;        /* NULL, or why this row cannot be carried out */
    const char *container_name; /* NULL: {fleet}-{name} */
    bool look_first;     /* it was given a container that no listing has shown as its own yet */
    struct spec_id spec; /* by the current version's rules */
    uint64_t idle_timeout_ns; /* 0: the fleet's */
    enum ready_kind ready;
    uint64_t ready_timeout_ns;
    enum sleep_kind sleep;
    uint64_t stop_after_ns; /* paused by us: stopped after this; 0: never */
    bool restart_unhealthy;
    bool job; /* lazy: it wants one run by itself, for each spec that it gets */
    const struct core_depends *depends;
    size_t n_depends;
};

struct core_tombstone {
    const char *name;
    uint64_t generation;
    const char *container_name; /* of the last row; NULL: {fleet}-{name}, or not known */
};

/* Of EFFECT_SAVE and back. */
#define CORE_RESTARTS_KEPT 3

struct core_memory {
    const char *name;
    bool has_container;
    uint8_t container[CONTAINER_ID_SIZE];
    enum agent_state state;
    const char *reason;         /* "" for none */
    uint64_t failed_generation; /* of the row that could not start and was rolled back, or 0;
                                 * `container` is then the one that was kept */
    uint32_t episodes; /* troubles that were told and are not over: bits by enum event_kind */
    unsigned crashes;  /* in a row, without a good run between */
    /* CLOCK_BOOTTIME; 0: none. After a reboot the shell gives 0 for all of them. */
    uint64_t restarts_ns[CORE_RESTARTS_KEPT]; /* the last ones, latest first */
    uint64_t retry_at_ns;
    uint64_t idle_since_ns;
    uint64_t job_ran; /* of a job: which spec has had its run, and how that ended; 0: none */
    bool to_follow;   /* that container's run is to end, as the one that it depends on did */
};

#define CORE_LEASE_ID_SIZE 33

/* A wish that an agent be awake until a time. Ids are the caller's (random), at most 32 characters.
 */
struct core_lease {
    const char *id;
    const char *agent;
    uint64_t until_ns;  /* CLOCK_BOOTTIME */
    int64_t expires_ms; /* the same in wall time, for people and for after a reboot */
};

struct core_wake {
    uint64_t wake; /* the caller's number of this request, not 0: its answer bears it */
    const char *agent;
    const char *lease; /* id for the lease that it gives */
    uint64_t ttl_ns;
    bool wait;        /* answer when it is ready, not at once */
    uint64_t wait_ns; /* with `wait`: at most this long; 0: until ready_timeout says no */
    bool now;         /* do not wait for a back-off to be over */
    bool restart; /* down first, when it is up; refused of one that sleeps. The lease ends with the
                   * answer */
};

struct core_renew {
    uint64_t wake;
    const char *lease;
    uint64_t ttl_ns;
};

struct core_release {
    uint64_t wake; /* 0: nobody waits for the answer */
    const char *lease;
};

struct core_sleep {
    uint64_t wake;
    const char *agent;
};

struct core_listing_end {
    uint64_t list;     /* as in EFFECT_LIST */
    bool whole;        /* false: it broke off, and says nothing of what is missing */
    const char *words; /* why it broke off */
};

struct core_completion {
    uint64_t operation;
    const char *agent; /* as in the operation */
    enum engine_outcome outcome;
    const char *words;                     /* the engine's, on failure */
    uint8_t container[CONTAINER_ID_SIZE];  /* create: the new one */
    const struct observation *observation; /* inspect, done: what it showed */
    bool ready;                            /* probe, done: it is ready */
};

struct core_parked {
    uint64_t operation;
    const char *agent; /* as in the operation */
};

struct core_pass {
    uint64_t pass;     /* the caller's number, not 0 */
    const char *agent; /* NULL: the fleet */
    bool dry_run;
    bool deep;
    bool recreate;
    bool remove_orphans;
};

struct core_event {
    enum core_event_kind kind;
    uint64_t now_ns; /* CLOCK_BOOTTIME; never goes back */
    int64_t wall_ms; /* for what people read; may jump, and nothing is decided by it */
    union {
        struct core_row row;
        struct core_tombstone tombstone;
        struct core_memory memory;
        struct {
            uint64_t list;
            const struct observation *observation;
        } listed;
        struct core_listing_end listing_end;
        struct core_completion completion;
        struct core_parked parked;
        struct core_pass pass;
        struct core_lease lease;
        struct core_wake wake;
        struct core_renew renew;
        struct core_release release;
        struct core_sleep sleep;
        struct engine_news news;
        const char *words; /* engine lost: why */
    };
};

/* Effects ---------------------------------------------------------------------------------------
 */

enum effect_kind {
    EFFECT_OPERATION, /* carry it out on the engine; answer with CORE_COMPLETION */
    EFFECT_LIST,   /* see to the fleet's networks and volumes, then list all containers; answer with
                    * CORE_LISTED … and CORE_LISTING_END */
    EFFECT_SAVE,   /* remember this of the agent */
    EFFECT_FORGET, /* the tombstone of that generation has done its work */
    EFFECT_PROGRESS, /* of a pass */
    EFFECT_REPORT,   /* a pass is over */
    EFFECT_NOTICE,   /* worth a line in the log: something could not be done */
    EFFECT_EVENT,  /* append it to the events, in the transaction of the states that it tells of */
    EFFECT_LEASE,  /* remember the lease (until_ns > 0), or that it is over (0) */
    EFFECT_ANSWER, /* of a wake, renew, release or sleep */
};

enum answer {
    ANSWER_DONE,      /* leased, renewed, released, going to sleep; or, waited for, ready */
    ANSWER_COMPLETED, /* the job has ended with 0 meanwhile */
    ANSWER_NO_AGENT,
    ANSWER_NO_LEASE,
    ANSWER_GONE, /* its row was deleted */
    ANSWER_HELD,
    ANSWER_INVALID,   /* the row cannot be carried out, or a foreign container is in the way */
    ANSWER_FAILED,    /* it could not start, or crashed; tried again at retry_at_ns */
    ANSWER_NOT_READY, /* not in time; it is left running */
    ANSWER_ENGINE_LOST,
    ANSWER_HOT,         /* sleep: a hot agent does not */
    ANSWER_ASLEEP,      /* restart: there is nothing to restart */
    ANSWER_IN_USE,      /* sleep: an awake agent depends on it */
    ANSWER_LEASE_ENDED, /* while waiting: by sleep, release, expiry or a stop by hand */
};

enum operation_kind {
    OPERATION_CREATE, /* from the agent's row of `generation`, under `name` */
    OPERATION_START,
    OPERATION_STOP,
    OPERATION_PAUSE,
    OPERATION_UNPAUSE,
    OPERATION_RENAME, /* to `name` */
    OPERATION_REMOVE, /* never its volumes */
    OPERATION_UPDATE, /* the restart policy, to the lifecycle's */
    OPERATION_INSPECT,
    OPERATION_PROBE, /* is it ready, by the row's own test? */
};

const char *operation_kind_name(enum operation_kind kind);

struct operation {
    uint64_t id;
    enum operation_kind kind;
    const char *agent;
    uint64_t generation; /* of the row that it was decided on */
    uint8_t container[CONTAINER_ID_SIZE];
    const char *name;
    enum lifecycle lifecycle;
    uint64_t with; /* create: the label roost.with, a number for the containers that it is made of;
                      0: none */
};

struct report {
    const char *agent;
    bool has_lifecycle; /* false for an orphan */
    enum lifecycle lifecycle;
    enum report_word action;
    unsigned rule;
    const char *reason; /* why it was done; "" for none */
    const char *error;  /* NULL, or what went wrong, in the engine's words */
};

struct core_happening {
    enum event_kind kind;
    const char *agent; /* "" when it is of the engine or the fleet */
    bool has_lifecycle;
    enum lifecycle lifecycle;
    bool has_state;
    enum agent_state state;
    const char *reason;
    bool has_container;
    uint8_t container[CONTAINER_ID_SIZE];
    bool has_exit_code;
    int exit_code;
    bool oom_killed;
    unsigned count; /* 0: none */
};

struct effect {
    enum effect_kind kind;
    union {
        struct operation operation;
        struct {
            uint64_t list;
            bool resources; /* false: the listing alone is wanted (resync, an answer got lost) */
            bool create_resources; /* false in a dry run: look, but make nothing */
        } list;
        struct core_memory save;
        struct core_tombstone forget;
        struct {
            uint64_t pass;
            size_t done;
            size_t total;
        } progress;
        struct {
            uint64_t pass;
            const char *error; /* NULL, or why the whole pass came to nothing (no listing) */
            const struct report *reports;
            size_t n_reports;
        } report;
        struct report notice;
        struct core_happening happening;
        struct {
            struct core_lease lease;
            const char *reason; /* over: "expired", "released", "sleep", "job_done",
                                   "stopped_by_hand", "deleted", "restarted" */
        } lease;
        struct {
            uint64_t wake;
            enum answer answer;
            const char *agent;
            const char *lease; /* "" for none */
            int64_t expires_ms;
            enum agent_state state;
            uint64_t retry_at_ns; /* failed: 0 for none */
            const char *words;
        } answer;
    };
};

struct effects {
    struct effect *items; /* owned by the core */
    size_t n;
};

/* 0, or -ENOMEM. `ret_effects` is set in either case. */
int core_step(struct core *core, const struct core_event *event, struct effects *ret_effects);

/* When CORE_TIME is wanted next; UINT64_MAX for never. The caller's only timer. */
uint64_t core_next_deadline(const struct core *core);

/* The store lost what it was told: say EFFECT_SAVE again for every agent, at the next CORE_TIME. */
void core_save_all(struct core *core);

/* Looking in -------------------------------------------------------------------------------------
 */

struct agent_view {
    const char *name;
    bool has_row;
    enum lifecycle lifecycle;
    bool held;
    enum agent_state state;
    const char *reason; /* "" for none */
    uint64_t generation;
    bool has_container;
    uint8_t container[CONTAINER_ID_SIZE];
    enum container_status status;
    unsigned differs;  /* the shell's bits of the last listing */
    bool spec_differs; /* the label's spec against the row's */
    bool lifecycle_differs;
    bool in_flight;
    size_t n_leases;
    uint64_t lease_until_ns; /* the last one's end; 0 without */
};

/* The leases of an agent, in no order. */
void core_each_lease(const struct core *core, const char *agent,
                     void (*each)(void *ctx, const struct core_lease *lease), void *ctx);

/* Calls `each` for every agent, in the order of their first appearance, or for the one of that name
 * (false when there is none). Strings are borrowed until the next step. */
void core_each_agent(const struct core *core,
                     void (*each)(void *ctx, const struct agent_view *view), void *ctx);
bool core_view_agent(const struct core *core, const char *name, struct agent_view *ret_view);

/* Has a whole listing been applied? Nothing is decided before. */
bool core_is_synced(const struct core *core);

/* Edges that the table of states calls impossible, seen so far: 0, or there is a bug. */
unsigned core_bad_moves(const struct core *core);

/* Is nothing in flight, nothing waiting, no timer due before something happens from outside? */
bool core_is_quiet(const struct core *core);
