/* SPDX-License-Identifier: MIT
 *
 * A pretended world around the real core: the engine of engine.h, a shell that keeps what the store
 * keeps and carries out effects with delays, users who change rows and containers, accidents, and
 * one random number generator that decides everything. The same seed gives the same run.
 *
 * Who does what:
 *   world.c     time: what happens next
 *   shell.c     events into the core, effects out of it; the store; death and rebirth of the daemon
 *   real.c      the real store beside that one, where it is asked for
 *   requests.c  operations and listings on their way: delays, lost answers, listings torn in time
 *   pulls.c     creates that wait for their image
 *   users.c     rows, leases and passes; containers by hand
 *   accidents.c the engine away, restarted or killed; the stream cut; the daemon killed; ghosts
 *   checks.c    what must hold always, and what must hold when all is quiet
 *   choices.c   what a life was made of, and a life of some of it
 *   fresh.c     the same table, made from nothing
 *   shrink.c    the shortest list of choices that still breaks
 *   life.c      chaos and quiet in turn
 *   trace.c     what happened, for people
 */
#pragma once

#include <string.h>

#include "core/core.h"
#include "engine.h"
#include "sweep.h"

#define MS     SIM_MS_NS
#define SECOND SIM_SECOND_NS
#define NEVER  SIM_NEVER_NS

#define W_AGENTS   7
#define W_DEPENDS  2
#define W_LEASES   32
#define W_WAKES    64
#define W_REQUESTS 64
#define W_NEWS     512
#define W_REASON   512
#define W_IMAGES   4 /* the first one is always there */

/* Lives from this seed on have pulls, jobs and shared networks too. Those before are as they were
 * when the oldest of tests/sim/seeds were found. */
#define W_WHOLE_FROM 3000000

/* A row of the table, its tombstone, and what the store remembers of the agent. */
struct w_agent {
    char name[8];
    bool exists;
    bool tombstone;
    bool stale; /* changed since the core was told */
    struct core_row row;
    struct core_depends depends[W_DEPENDS];
    char container_name[16]; /* "" for none */
    uint64_t tombstone_generation;

    bool has_memory;
    struct core_memory memory;
    char reason[W_REASON];

    /* As the core was last told: what it may act on. */
    bool told_row;
    struct core_row told;
    struct core_depends told_depends[W_DEPENDS];

    struct spec_id ran; /* of a job: what the store remembers of its last run */

    /* For the checks. */
    uint32_t episodes;
    unsigned
        troubles; /* deaths that no call of ours brought about, since the last container_stopped */
    bool worked;  /* hot, and one of its containers has run for ten seconds and would still */
    unsigned losses;  /* the same, of containers that went away */
    unsigned ills;    /* the same, of health checks that failed */
    unsigned renames; /* the same, of names */
    unsigned hands;   /* the same, of signals and stops, since the last stop by hand was told */
    bool named;       /* its row has given it another name since the daemon was started */
    uint8_t to_recreate[CONTAINER_ID_SIZE]; /* somebody has asked for that */
    bool must_miss;   /* its container went away, and container_missing has to be told */
    unsigned changes; /* changing operations sent for it */
    unsigned told_events;
    bool in_flight;
    bool parked; /* and does not count */
};

struct w_lease {
    bool live;
    bool doomed; /* gone from the store with its row, and known only to the core that gave it */
    char id[CORE_LEASE_ID_SIZE];
    char agent[8];
    uint64_t until_ns;
    int64_t expires_ms;
};

struct w_request {
    bool used;
    bool is_list;
    unsigned epoch; /* of the core that asked: to a later one the answer means nothing */
    uint64_t list;
    struct operation op;
    char agent[AGENT_NAME_MAX + 1];
    char name[SIM_NAME_SIZE];
    struct spec_id spec;
    char partners[W_DEPENDS][SIM_NAME_SIZE];

    uint64_t begin_ns, apply_ns, answer_ns;
    bool begun, applied;
    bool pulling;        /* a create: its image is on its way, until begin_ns */
    bool pull_fails;     /* at its end */
    uint64_t generation; /* create: of the row that it was sent for */
    bool lost;           /* the answer: nobody knows */
    bool deadly;         /* its answer kills the daemon */
    bool mute;           /* the stream tells nothing of it */
    bool half;           /* a removal that leaves it dead; a listing that breaks off */
    enum engine_outcome outcome;
    char words[SIM_NAME_SIZE * 2];
    uint8_t id[CONTAINER_ID_SIZE];
    bool ready;
    struct sim_container
        *seen; /* inspection: one; listing: all, as they were when it was applied */
    size_t n_seen, next_row;
};

struct w_news {
    struct sim_event event;
    uint64_t at_ns;
};

enum w_fault {
    FAULT_LOST_ANSWER,
    FAULT_LATE_APPLY,
    FAULT_NOT_SENT,
    FAULT_SLOW,
    FAULT_BROKEN_LISTING,
    FAULT_HALF_REMOVED,
    FAULT_NEWS_LOST,
    FAULT_NEWS_TWICE,
    FAULT_NEWS_LATE,
    FAULT_STREAM_CUT,
    FAULT_ENGINE_AWAY,
    FAULT_ENGINE_RESTARTED,
    FAULT_ENGINE_KILLED,
    FAULT_DAEMON_KILLED,
    FAULT_COMMIT_LOST,
    FAULT_GHOST,
    FAULT_DEAD,
    FAULT_CLOCK_MOVED,
    FAULT_PULL_SLOW,
    FAULT_PULL_FAILED,
    FAULTS
};

/* One of a life: an act (fault 0), the n-th fault after it, or that a daemon which starts then has
 * its boot pass. */
struct choice {
    unsigned act, fault;
};

struct choices {
    struct choice *items;
    size_t n, cap;
};

struct life {
    uint64_t seed;
    unsigned long steps;
};

struct w_counts {
    unsigned long ms, chaos_ms, steps, events_in, operations[OPERATION_PROBE + 1], lists, passes,
        passes_over, wakes, answers;
    unsigned long user_acts, rows, told[EVENT_KINDS], faults[FAULTS], recreated, converged,
        checked_agents, healed, restarts, asked_restarts, compared, whole, pulls, pulled, jobs_done,
        jobs_awaited, sharing, stored;
};

struct world {
    uint64_t seed;
    char again[120]; /* the command that shows this again */
    uint64_t random[2];
    uint64_t now_ns;
    int64_t wall_ms;

    struct sim_engine engine;
    bool engine_up;
    uint64_t engine_up_ns; /* when it is back */
    bool engine_lost;      /* the daemon has noticed */
    uint64_t notice_ns;    /* when it will, or that it is back */

    struct core *core; /* NULL: the daemon is dead */
    unsigned epoch;
    uint64_t boot_ns; /* when it is started again */
    unsigned max_in_flight;

    struct w_agent agents[W_AGENTS];
    uint64_t generation;
    uint64_t poll_ns; /* when the shell looks at the table */
    struct w_lease leases[W_LEASES];
    bool stored_engine_lost;
    struct w_real *real; /* NULL: not asked for */

    struct w_request requests[W_REQUESTS];
    struct w_news news[W_NEWS];
    size_t news_at, n_news;
    bool mute;     /* what the engine tells now is lost */
    bool by_roost; /* what the engine tells now is of an operation of ours */
    bool stream_open;
    uint64_t stream_open_ns;

    uint64_t wakes[W_WAKES]; /* numbers that still wait for their answer */
    uint64_t last_wake, last_pass;
    unsigned passes_open; /* of this core */

    bool chaos;  /* users and accidents are about */
    bool faulty; /* this seed has accidents */
    bool late_starts;
    bool whole; /* see W_WHOLE_FROM */
    bool images[W_IMAGES];
    uint64_t act_ns;
    unsigned pace;       /* how much slower than hectic */
    unsigned act, fault; /* the last choices: see choices.c */

    struct sweep sweep;
    struct w_counts counts;
};

/* trace.c */
extern bool trace_all;
void trace(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void broken(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void trace_free(void);
void trace_world(struct world *w);
const char *short_id(const uint8_t id[CONTAINER_ID_SIZE], char buf[24]);

/* world.c */
void seed_random(struct world *w, uint64_t seed);
uint64_t roll(struct world *w, uint64_t n); /* 0 … n-1 */
bool chance(struct world *w, unsigned per_mille);
void world_open(struct world *w, uint64_t seed);
void world_close(struct world *w);
void world_drop(struct world *w); /* the same; the trace goes on */
void world_run(struct world *w, uint64_t duration_ns);
void world_acts(struct world *w, unsigned n);

/* life.c */
extern struct w_counts total; /* of all lives so far */
extern struct life life_now;
void live(const struct life *life);
void live_tables(uint64_t seed); /* a table, and another one */

/* choices.c */
bool choose_act(struct world *w);                /* the next act; false: it is left out */
bool fault(struct world *w, unsigned per_mille); /* does a fault happen here? Only in chaos */
bool choose_boot_pass(const struct world *w);
void choices_begin(void);
const struct choices *choices_made(void);
void choices_only(const struct choices *choices); /* of a life all others are left out */
void choices_all(void);
bool choices_are_some(void);          /* not all of them */
bool choices_parse(const char *text); /* for choices_only(): "3,7,7.2" */
void choices_print(const struct choices *choices);
void choices_free(void);

/* shrink.c */
void shrink(const struct life *life, const char *what);
bool shrink_is_trial(void);
_Noreturn void shrink_tell(const char *what);

/* shell.c */
void shell_boot(struct world *w);
void shell_kill(struct world *w);
void shell_step(struct world *w, struct core_event *event);
void shell_tell_rows(struct world *w);
struct w_agent *agent_named(struct world *w, const char *name);
void shell_pass(struct world *w, struct core_pass pass);

/* requests.c */
void request_operation(struct world *w, const struct operation *op);
void request_list(struct world *w, uint64_t list);
uint64_t requests_next(const struct world *w);
void requests_run(struct world *w);
void requests_after_step(struct world *w);
void requests_forget(struct world *w, struct w_request *r);
void requests_fail(struct world *w, struct w_request *r, enum engine_outcome outcome,
                   const char *words);

/* pulls.c */
bool pull_takes(struct world *w, struct w_request *r); /* true: it does not begin now */
void pulls_prune(struct world *w);                     /* by somebody: images go */

/* news, in accidents.c */
void news_collect(struct world *w); /* must be called around what the engine does at once */
uint64_t accidents_next(const struct world *w);
void accidents_run(struct world *w);
void accident(struct world *w);
void restart_engine(struct world *w, bool killed);
void accidents_end(struct world *w);

/* What replaces a container need not run on, as long as it ends well, late, or after it was ready.
 */
static inline bool ends_well(const struct spec_id *spec)
{
    struct sim_plan plan = sim_plan_of(spec);
    bool proves_itself = plan.run_ms > 9000 || plan.ready_ms < plan.run_ms;
    return plan.conduct == SIM_ENDS || (plan.conduct == SIM_CRASHES && proves_itself);
}

/* real.c */
extern bool real_store; /* lives have one */
void real_begin(struct world *w);
void real_end(struct world *w);
void real_row(struct world *w, const struct w_agent *a); /* it was changed or deleted */
void real_commit(struct world *w, const struct effects *effects);
/* What the daemon reads as it starts has to be what was told. */
void real_compare(struct world *w);

/* users.c */
void user_act(struct world *w);
void user_table(struct world *w, unsigned changes); /* rows only */

static inline bool same_spec(const struct spec_id *a, const struct spec_id *b)
{
    return a->version == b->version && memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

/* The store remembers that a job has had its run of this spec. */
static inline bool has_had_its_run(const struct w_agent *a, const struct spec_id *spec)
{
    return a->has_memory && a->memory.job_ran != 0 && same_spec(&a->ran, spec);
}

/* checks.c */
void check_operation(struct world *w, const struct operation *op);
bool check_applied(struct world *w, const struct w_request *r); /* true: nobody can know of it */
void check_removed(struct world *w, const struct sim_container *c); /* before it is, by hand */
void check_news(struct world *w, const struct sim_event *event);
void check_event(struct world *w, const struct core_happening *h);
void check_always(struct world *w);
void check_quiet(struct world *w);
bool quiet_has_name(const struct w_agent *a, const struct sim_container *c); /* final or spare */
bool quiet_is_simple(const struct world *w, const struct w_agent *a);
bool quiet_is_rolled_back(const struct world *w, const struct w_agent *a);
const struct sim_container *quiet_container(const struct world *w, const struct w_agent *a);

/* fresh.c */
void check_fresh(struct world *w); /* all is quiet: would a fresh fleet have made the same? */
const char *final_name(const struct w_agent *a, char buf[SIM_NAME_SIZE]);
bool wanted_awake(const struct world *w, const struct w_agent *a);
