/* SPDX-License-Identifier: MIT
 *
 * A core, a pretended engine (tests/sim/engine.h), a table of rows and a pretended clock, so that a
 * test of the core is a few lines: change rows, run for a while, compare the trace.
 *
 * Every request is answered at once and rightly, unless the test has scripted another answer. The
 * trace is what the core asked of the engine, in order, in words:
 *
 *     "list, create demo-web, start demo-web"
 *
 * with the name that the container had at that moment. Inspections and probes are in it too. What
 * must hold always (one operation in flight an agent, effects with a name, no impossible edge, no
 * operation in a dry look) is checked in every step.
 */
#pragma once

#include "core/core.h"
#include "core/lifecycle.h"
#include "sim/engine.h"
#include "unit.h"

#define FX_TRACE   8192
#define FX_PENDING 64
#define FX_AGENTS  32
#define FX_REPORTS 32

struct fx_answer {
    enum operation_kind kind; /* the next operation of this kind is answered so */
    enum engine_outcome outcome;
    bool applied; /* and the engine has done it all the same */
    const char *words;
};

struct fx_operation {
    struct operation op;
    char agent[AGENT_NAME_MAX + 1];
    char name[SIM_NAME_SIZE];
    struct spec_id spec; /* create */
};

struct fx_memory {
    struct core_memory memory;
    char name[AGENT_NAME_MAX + 1];
    char reason[512];
};

struct fx_lease {
    char id[CORE_LEASE_ID_SIZE];
    char agent[AGENT_NAME_MAX + 1];
    uint64_t until_ns;
    int64_t expires_ms;
};

struct fx_report {
    char agent[AGENT_NAME_MAX + 1];
    enum report_word action;
    unsigned rule;
    bool has_lifecycle;
    char reason[256];
    char error[256]; /* "" for none */
};

struct fixture {
    struct core_config config;
    struct core_row rows[FX_AGENTS]; /* the table; strings are the tests' own, and constant */
    size_t n_rows;
    struct core_tombstone tombstones[FX_AGENTS];
    size_t n_tombstones;
    struct core *core;
    struct sim_engine engine;
    uint64_t now_ns;
    int64_t wall_ms;
    uint64_t generation;
    bool may_starve; /* -ENOMEM is expected: rows, tombstones, memories and passes are told again */
    void (*in_core)(bool in); /* NULL, or called around each step */

    bool hold; /* answer nothing by itself: the test calls fx_answer() */
    struct fx_operation pending[FX_PENDING]; /* in order */
    size_t n_pending;
    uint64_t list;        /* asked for and not answered yet; 0: none */
    unsigned break_lists; /* so many listings break off */
    bool list_backwards;  /* rows of listings come in the reverse order of creation */

    struct fx_answer answers[8];
    size_t n_answers;

    char trace[FX_TRACE];
    unsigned operations; /* that change something, ever */
    unsigned lists;
    bool list_resources; /* the last one asked for networks and volumes, too, … */
    bool list_creates;   /* … and that they be made */

    struct fx_memory memories[FX_AGENTS];
    size_t n_memories;
    struct fx_lease lease_rows[FX_AGENTS]; /* the same as `leases`, for a new core */
    size_t n_lease_rows;
    char forgotten[256]; /* tombstones done with: "web@3" */
    unsigned notices;
    char notice[256]; /* the last one's error */

    char events[FX_TRACE];       /* "container_stopped web, container_recovered web" */
    unsigned event_count;        /* of the last event */
    char answers_told[FX_TRACE]; /* "7 done, 8 failed" */
    uint64_t retry_at_ns;        /* of the last answer */
    char leases[FX_TRACE];       /* the table of leases: "l1 web" in the order that they came */
    uint64_t wakes;

    uint64_t reported; /* the last pass whose report came */
    unsigned n_passes_reported;
    struct fx_report reports[FX_REPORTS];
    size_t n_reports;
    char report_error[256];
    size_t progress_done, progress_total;
};

#define FX_S SIM_SECOND_NS

/* The fleet is "demo". `config` NULL: all defaults, no resync of its own. */
void fx_open(struct fixture *f, const struct core_config *config);
void fx_close(struct fixture *f);
void fx_restart(struct fixture *f); /* drops the core; a new one is told the rows, tombstones,
                                       memories, leases */

/* Rows. Each draws a generation and hands the row over; the batch ends with fx_run(), fx_pass() or
 * fx_time(). */
struct core_row fx_row(const char *name, enum lifecycle lifecycle, unsigned variant);
void fx_put(struct fixture *f, struct core_row *row);
void fx_put_simple(struct fixture *f, const char *name, enum lifecycle lifecycle, unsigned variant);
void fx_delete(struct fixture *f, const char *name);

int fx_step(struct fixture *f, struct core_event *event);
void fx_time(struct fixture *f);
void fx_run(struct fixture *f,
            uint64_t duration_ns); /* ends the batch; answers and timers, until that time */
void fx_settle(struct fixture *f); /* a minute of it */

/* A pass, run to its report. The request's number is the fixture's. */
void fx_pass(struct fixture *f, struct core_pass request);
const struct fx_report *fx_report(const struct fixture *f, const char *agent); /* NULL: none */
void assert_report(const struct fixture *f, const char *agent, enum report_word action,
                   unsigned rule);

/* Leases. fx_wake() gives the number of the request, and the lease "l<number>". */
uint64_t fx_wake(struct fixture *f, const char *agent, uint64_t ttl_ns, bool wait);
void fx_release(struct fixture *f, const char *lease);
void fx_sleep(struct fixture *f, const char *agent);

/* What somebody (or the container itself) did, told by the engine's stream. */
void fx_news(struct fixture *f, enum engine_action action, const char *container, int signal);
void fx_dies(struct fixture *f, const char *container,
             int exit_code); /* by itself: and die is told */
void fx_ends_for_good(struct fixture *f, const char *container,
                      int exit_code); /* the engine does not restart it */
void fx_dies_for_good(struct fixture *f, const char *container, int exit_code);
void fx_stopped_by_hand(struct fixture *f, const char *container); /* docker stop */
void fx_stopped_unseen(struct fixture *f, const char *container);  /* and nobody tells */
void fx_removed_by_hand(struct fixture *f, const char *container); /* docker rm -f */

/* Since the last call, compared and begun anew. */
void assert_events(struct fixture *f, const char *expected);
void assert_answers(struct fixture *f, const char *expected);

/* Answers by hand. */
void fx_script(struct fixture *f, enum operation_kind kind, enum engine_outcome outcome,
               bool applied, const char *words);
void fx_answer(struct fixture *f, size_t i); /* pending[i], as the engine or the script says */
void fx_answer_list(struct fixture *f);
void fx_park(struct fixture *f, size_t i); /* pending[i] waits for something slow */

/* The trace since the last call, compared and begun anew. */
void assert_trace(struct fixture *f, const char *expected);
void fx_clear(struct fixture *f);

struct agent_view fx_view(const struct fixture *f,
                          const char *agent); /* fails when there is none */
const struct fx_memory *fx_memory(const struct fixture *f, const char *agent);
void assert_state(const struct fixture *f, const char *agent, enum agent_state state);

/* The container of that name, which must be there. */
struct sim_container *fx_container(struct fixture *f, const char *name);
void assert_status(struct fixture *f, const char *name, enum container_status status);
unsigned fx_runs(const struct fixture *f, const char *agent); /* its running containers */

/* Puts a container there by hand: ours with labels when `agent` is given. */
struct sim_container *fx_plant(struct fixture *f, const char *name, const char *agent,
                               enum lifecycle made_as, struct spec_id spec,
                               enum container_status status);
struct spec_id fx_spec(unsigned variant);
