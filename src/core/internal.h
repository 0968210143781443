/* SPDX-License-Identifier: MIT
 *
 * The core's own picture of the fleet, shared by the files of src/core and by nobody else.
 *
 * Who does what:
 *   agents.c   agents by name and by container name; queues; the clock's heap
 *   rows.c     CORE_ROW, CORE_TOMBSTONE, CORE_MEMORY change what should be
 *   listing.c  CORE_LISTED, CORE_LISTING_END change what is
 *   complete.c CORE_COMPLETION changes what is, and ends the operation in flight
 *   state.c    the only writer of agent->state; what a changed container means for it
 *   depends.c  who depends on whom, and what that forbids or wants
 *   follow.c   who is restarted after what it depends on
 *   facts.c    picture -> facts, and in words
 *   settle.c   facts -> rule -> at most one operation
 *   rollout.c  mass changes: so many at once, and no further after failures
 *   memory.c   what is remembered of an agent over a restart
 *   recreate.c the next step of a recreate, from what is there
 *   restart.c  restarts that were asked for
 *   pass.c     passes and their reports
 *   lease.c    leases, and who waits for an agent to be ready
 *   news.c     CORE_ENGINE_EVENT: what to look at
 *   job.c      jobs, which want one run by themselves
 *   share.c    containers that are made of another agent's
 *   judge.c    trouble or not: episodes and events, by the table of watchdog.h
 *   effects.c  the list of effects
 *   core.c     core_step() and the views
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* uthash exits the program when out of memory unless told otherwise: hash_oom is looked at after
 * each add. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/core.h"
#include "core/lifecycle.h"

#define SECOND_NS UINT64_C(1000000000)
#define NEVER_NS  UINT64_MAX

/* A new container has proven itself when it is ready by its own test, or has run this long. */
#define PROOF_NS (10 * SECOND_NS)

/* An operation that was given up may still be carried out for so long. */
#define OPERATION_LOST_NS (120 * SECOND_NS)

#define BACKOFF_FIRST_NS SECOND_NS
#define BACKOFF_MAX_NS   (300 * SECOND_NS)

#define REASON_MAX 512

enum slot { SLOT_MAIN, SLOT_NEW, SLOT_OLD };
#define SLOTS 3

enum naming { NAME_RIGHT, NAME_OF_EARLIER_ROW, NAME_BY_HAND };

/* The last one: and the engine has no call to change it back. */
enum policy { POLICY_NOT_SEEN, POLICY_AGREES, POLICY_TAMPERED, POLICY_STAYS_TAMPERED };

struct container {
    bool known;
    enum naming renamed; /* ours by its id, under a name that is not */
    bool doomed;    /* a removal of ours was given up, and may still be carried out at any time */
    bool exit_seen; /* exit_code is of this death */
    bool oom_killed;
    bool restarts_seen;  /* `restarts` is known */
    bool start_heard;    /* and whatever the stream told since its last start */
    unsigned starts_due; /* it was down, and the stream has not told of the start since (1); nor of
                            that of the run before (2) */
    bool death_told;     /* by the stream, or before a restart of ours, and not inspected since */
    bool signalled;      /* somebody sent it a signal since: the engine restarts it no more */
    uint8_t id[CONTAINER_ID_SIZE];
    enum container_status status;
    enum container_health health;
    struct spec_id spec;
    enum lifecycle made_as;
    uint64_t with; /* share.c */
    enum policy policy;
    unsigned differs;
    int exit_code;
    int restarts;
    enum operation_kind lost_kind; /* an operation of ours whose end was never told … */
    uint64_t lost_until_ns;        /* … explains what it brings about until then */
    uint64_t list;                 /* the last listing that showed it */
    uint64_t up_since_ns;          /* since when we know it to run; 0 when it does not */
    uint64_t inspected_ns;         /* when it was inspected, or made, last */
    uint64_t seen_ns;              /* when the engine last showed it */
    int64_t ended_ns;              /* by the engine's clock: the last end that was inspected */
    int64_t started_ns;            /* the same: when its run began; 0: not inspected in this one */
    bool began_before;             /* that was before we looked first */
    bool looked_back;              /* when it began was asked for, in this run */
};

enum presence { PRESENCE_NONE, PRESENCE_ROW, PRESENCE_TOMBSTONE };

enum conflict { CONFLICT_NONE, CONFLICT_NAME, CONFLICT_DUPLICATE, CONFLICT_COMPOSE };

/* Dirty: to be settled in this step. Waiting: for room in flight. Roll-out: for another's recreate
 * to end. */
enum queue { QUEUE_NONE, QUEUE_DIRTY, QUEUE_WAITING, QUEUE_ROLLOUT };
#define QUEUES 4

struct agent;

struct lease {
    UT_hash_handle hh;  /* by id */
    struct lease *next; /* of the same agent */
    struct agent *agent;
    char id[CORE_LEASE_ID_SIZE];
    uint64_t until_ns;
    int64_t expires_ms;
};

struct waiter {
    struct waiter *next;
    uint64_t wake;
    bool wait;    /* false: answered as soon as the agent is settled once */
    bool restart; /* its lease ends with the answer */
    char lease[CORE_LEASE_ID_SIZE];
    uint64_t deadline_ns;
};

struct agent {
    UT_hash_handle hh;      /* by name */
    UT_hash_handle hh_name; /* by container name, when the row gives one */
    char *name;
    uint64_t serial; /* order of first appearance */

    /* what should be */
    enum presence presence;
    enum lifecycle lifecycle;
    uint64_t generation;
    struct spec_id spec;
    bool held;
    bool remove_orphan;
    char *invalid;
    char *container_name; /* NULL: {fleet}-{name} */
    uint64_t idle_timeout_ns;
    uint64_t ready_timeout_ns;
    enum ready_kind ready;
    enum sleep_kind sleep;
    uint64_t stop_after_ns;
    bool restart_unhealthy;
    bool job;
    struct core_depends *depends; /* names owned */
    size_t n_depends;
    uint64_t with; /* what its container should be made of; 0: nothing, or not known */

    /* what is */
    struct container containers[SLOTS];
    enum conflict conflict;
    uint64_t conflict_list;
    uint64_t as_of; /* the step after which this picture was last made better than by a listing */
    bool unknown;   /* an operation's end is not known: no operation before a listing */
    bool want_inspect;

    /* what is believed and remembered */
    enum agent_state state;
    char *reason; /* NULL or why it is not well */
    uint64_t failed_generation;
    uint8_t
        kept[CONTAINER_ID_SIZE]; /* with failed_generation: the container that goes on instead */
    uint8_t remembered[CONTAINER_ID_SIZE]; /* of CORE_MEMORY: the last container that was ours */
    bool has_remembered;
    bool save;          /* changed since EFFECT_SAVE */
    uint64_t job_ran;   /* job.c */
    bool to_follow;     /* its run is to end, as the one that it depends on did: follow.c */
    bool remembered_up; /* of CORE_MEMORY: it ran when we last looked */

    /* leases */
    struct lease *leases;
    struct waiter *waiters;
    bool was_wanted; /* awake, at the last settling */
    bool sleep_now;  /* `roost sleep`: do not wait for the idle time */
    uint64_t paused_since_ns;

    /* the watchdog */
    uint32_t episodes;
    unsigned crashes;
    uint64_t restarts_ns[CORE_RESTARTS_KEPT];
    uint64_t crash_retry_at_ns;
    uint64_t confirm_at_ns; /* a stop by hand, or a restart? known then */
    uint64_t hand_ns;       /* when somebody last stopped or killed it */
    bool down_by_hand;      /* it was so when it went down, while it was held */
    bool died_news;         /* a death was told and not yet looked at */
    bool retell_leases; /* its row changed: if it was deleted and put back, they are not stored any
                           more */
    bool unjudged; /* it went down, and how is not known yet, or nobody was to be told (held) */
    bool gone_held;
    bool unheld; /* let go, and not yet looked at */
    bool told_orphan;

    /* what is being done */
    struct operation operation; /* id 0: none */
    bool parked;                /* it does not count as in flight */
    enum slot operation_slot;
    enum slot operation_as;        /* rename: the slot that it becomes */
    struct spec_id operation_spec; /* create: made from this */
    uint64_t probe;                /* id of a probe in flight, beside the operation */
    uint64_t probe_at_ns;
    uint64_t probe_since_ns;
    bool told_not_ready;
    bool forced; /* a recreate was asked for: `forced_id` is not as wanted */
    uint8_t forced_id[CONTAINER_ID_SIZE];
    bool to_restart; /* a restart was asked for: it is to go down once */
    bool rolling;    /* counts against max_unavailable */
    bool blocked;    /* waits for its turn: a dependency, or the roll-out */
    bool job_done; /* it has ended with exit code 0, and nobody but a dependent wants it: it is not
                      run again for that */
    bool stuck;    /* waits for a dependency without hope: not busy, but looked at when that one
                      changes */
    uint64_t waits_since_ns; /* for a dependency; 0: it does not */
    unsigned failures;       /* in a row */
    uint64_t retry_at_ns;
    uint64_t look_at_ns;    /* the engine is at it: when to list again */
    uint64_t idle_since_ns; /* lazy and up: since when nobody wants it; 0: somebody does */

    /* queues and clock */
    enum queue queue;
    struct agent *prev, *next;
    uint64_t due_ns;
    size_t heap_index; /* in core->heap, 1-based; 0: not in it */

    /* depends.c */
    struct agent **dependents;
    size_t n_dependents;
    uint64_t shown; /* share.c: what they were last told of its container */
    bool on_cycle;
    uint32_t mark;
};

struct agent_queue {
    struct agent *head, *tail;
};

struct pass_entry {
    struct agent *agent; /* NULL once it is forgotten */
    uint64_t serial;
    char *name; /* owned, once `agent` is NULL */
    bool pending;
    bool noted; /* the first decision of this pass is in `action` */
    bool has_lifecycle;
    enum lifecycle lifecycle;
    enum report_word action;
    unsigned rule;
    char *reason; /* owned or NULL */
    char *error;  /* owned or NULL */
};

struct pass {
    struct pass *next;
    struct core_pass request;
    char *agent;                /* owned copy of request.agent */
    uint64_t list;              /* waits for this listing; 0 once it was applied */
    struct pass_entry *entries; /* sorted by the agent's serial */
    size_t n;
    size_t pending;
    size_t told; /* `pending` when progress was last told */
    bool over;   /* reported: freed by the next step */
    bool begun;  /* `entries` are there */
    char *error;
    bool failed; /* and there was no memory for `error` */
    struct report *reports;
};

struct core {
    struct core_config config;
    char *fleet;
    struct agent *agents;
    struct agent *by_container_name;
    uint64_t serial;
    uint64_t step;
    uint64_t now_ns;
    int64_t wall_ms;
    struct lease *leases;
    bool engine_lost;
    uint64_t lost_at_ns;
    bool after_loss;              /* what is found down is counted, not judged, … */
    uint64_t after_loss_until_ns; /* … until then; 0: the first listing is not there yet */
    unsigned found_down;
    uint64_t last_operation;

    struct agent_queue queues[QUEUES]; /* by enum queue; the first is not used */
    struct agent **heap;
    size_t heap_n, heap_cap;

    unsigned in_flight;
    unsigned parked; /* operations beside those in flight */
    unsigned rolling;
    unsigned rollout_failures;
    bool rollout_halted;

    bool synced;
    bool want_list;
    bool want_resources;
    uint64_t last_list;
    uint64_t list_step;    /* when the listing in flight was asked for; 0: none in flight */
    uint64_t list_at_ns;   /* not before: the last one broke off */
    uint64_t resync_at_ns; /* the next one by the clock */
    uint64_t sweep_at_ns; /* some more containers are inspected with the first listing after this */
    uint64_t swept;       /* serial of the last agent that was */
    unsigned list_failures;

    struct pass *passes;
    bool depends_stale;
    unsigned bad_moves;

    struct effect *effects;
    size_t effects_n, effects_cap;
    struct text_chunk *texts; /* strings of this step's effects */
    bool starved;             /* out of memory in this step */
};

/* agents.c*/
struct agent *agents_find(const struct core *core, const char *name);
struct agent *agents_find_by_container_name(const struct core *core, const char *container_name);
struct agent *agents_add(struct core *core, const char *name); /* NULL: out of memory */
void agents_remove(struct core *core, struct agent *a);
bool agents_set_container_name(struct core *core, struct agent *a, const char *container_name);
const char *agent_container_name(const struct core *core, const struct agent *a, enum slot slot,
                                 char *buf, size_t size);
#define CONTAINER_NAME_SIZE 256
void queue_push(struct core *core, struct agent *a, enum queue queue);
struct agent *queue_pop(struct core *core, enum queue queue);
void queue_drop(struct core *core, struct agent *a);
void clock_set(struct core *core, struct agent *a, uint64_t due_ns);
struct agent *clock_pop_due(struct core *core);
bool set_text(struct core *core, char **text, const char *value);

/* Be called at `due_ns` at the latest. */
static inline void clock_arm(struct core *core, struct agent *a, uint64_t due_ns)
{
    if (due_ns < a->due_ns)
        clock_set(core, a, due_ns);
}

static inline void mark_dirty(struct core *core, struct agent *a)
{
    queue_push(core, a, QUEUE_DIRTY);
}

/* effects.c */
struct effect *effect_add(struct core *core,
                          enum effect_kind kind); /* NULL: out of memory, core->starved set */
const char *effect_text(struct core *core,
                        const char *text); /* a copy that lives until the next step */
bool effect_whole(
    struct core *core); /* are all texts of the last one there? If not it is taken back */
void effects_reset(struct core *core);

/* rows.c */
void rows_take(struct core *core, const struct core_row *row);
void rows_delete(struct core *core, const struct core_tombstone *tombstone);
void rows_remember(struct core *core, const struct core_memory *memory);

/* listing.c */
void listing_request(struct core *core, bool resources);
void listing_emit(struct core *core); /* at the end of a step: the listing that is wanted */
void listing_take(struct core *core, uint64_t list, const struct observation *o);
void listing_end(struct core *core, const struct core_listing_end *end);

/* complete.c */
void complete_park(struct core *core, const struct core_parked *parked);
void complete_take(struct core *core, const struct core_completion *completion);

/* state.c */
void agent_move(struct core *core, struct agent *a, enum lifecycle_input input);
void agent_set_reason(struct core *core, struct agent *a, const char *reason);
void agent_see(struct core *core, struct agent *a, enum slot slot, const struct observation *o);
void agent_see_status(struct core *core, struct agent *a, enum slot slot,
                      enum container_status status);
void agent_agree(struct core *core,
                 struct agent *a); /* after a listing: a state that contradicts it gives way */
void agent_see_death(struct core *core, struct agent *a, int exit_code);
void agent_see_health(struct core *core, struct agent *a, enum container_health health);
uint64_t agent_backoff_ns(unsigned failures);
uint64_t agent_retry_at_ns(const struct agent *a);
void agent_see_name(struct core *core, struct agent *a, enum slot slot, bool right);
void agent_see_gone(struct core *core, struct agent *a, enum slot slot);
void agent_move_container(struct core *core, struct agent *a, enum slot from, enum slot to);
void agent_fail(struct core *core, struct agent *a, const struct operation *op, const char *words);
void agent_well(struct core *core, struct agent *a);
void agent_roll_back(struct core *core, struct agent *a, const char *words);
bool agent_is_rolled_back(const struct agent *a);
bool same_id(const uint8_t a[CONTAINER_ID_SIZE], const uint8_t b[CONTAINER_ID_SIZE]);
struct agent_view agent_view_of(const struct core *core, const struct agent *a);
bool container_is_up(const struct container *c);
/* One of ours, that may yet come to pass. */
bool operation_is_lost(const struct core *core, const struct container *c,
                       enum operation_kind kind);
bool container_is_tampered(const struct container *c);

/* What stands before a step: nothing; what will pass; what will not by itself. */
enum gate { GATE_OPEN, GATE_WAIT, GATE_CLOSED };

/* depends.c */
void depends_refresh(struct core *core);
/* `a` is wanted awake now, or not any more: those that it depends on look again. */
void depends_touch(struct core *core, struct agent *a);
void depends_wake_dependents(struct core *core, struct agent *a);
bool depends_want_awake(const struct core *core, const struct agent *a);
/* May `a` start now? NULL, or the agent or missing name that it waits for; *ret_hopeless when
 * waiting does not help; *ret_until_ns, when it is set, is when it may cease to. */
const char *depends_blocks(struct core *core, const struct agent *a, bool *ret_hopeless,
                           uint64_t *ret_until_ns);
const struct core_depends *depends_on(const struct agent *dependent, const struct agent *a);
bool depends_is_met(const struct agent *b, enum depends_condition condition);

/* follow.c */
/* We end the run of `a` or replace its container, or its run has ended otherwise: those that follow
 * that are noted. */
void follow_note(struct core *core, struct agent *a, bool by_us);
void follow_forget(struct agent *a); /* the run that was to end for that has ended */
/* Is one of those that it would follow, or shares a container of, being changed? It comes first. */
bool follow_awaits(const struct core *core, const struct agent *a);
/* Has the one in whose namespace it lives had another run before we looked first? Then it is noted.
 */
void follow_look_back(struct core *core, struct agent *a);
void follow_know_start(struct core *core, const struct agent *a); /* of its run: others may tell */
/* Is it time to? Then it is restarted, or put to sleep. True: soon, and until then it is left
 * alone. */
bool follow_look(const struct core *core, struct agent *a);

/* share.c */
void share_look(struct core *core, struct agent *a); /* what is its container to be made of? */
uint64_t share_made_of(const struct core *core, const struct agent *a); /* for the label */
bool share_agrees(const struct agent *a, const struct container *c);
bool share_awaits(struct core *core, const struct agent *a); /* is one of these still to come? */
bool share_lacks(const struct core *core, const struct agent *a); /* does one of these not run? */
void share_tell(struct core *core, struct agent *a); /* its container is another: dependents look */

/* job.c */
bool job_wants_run(const struct agent *a);
bool job_is_run_again(const struct agent *a);
bool job_has_succeeded(const struct agent *a); /* its last run, of this spec */
bool job_has_failed(const struct agent *a);
void job_look(struct core *core, struct agent *a); /* notes a run that has ended */

/* restart.c */
void restart_ask(struct core *core, struct agent *a);
bool restart_is_due(const struct core *core, const struct agent *a); /* has still to go down */

/* facts.c */
bool agent_is_wanted_awake(const struct core *core, const struct agent *a);
bool agent_is_busy(const struct agent *a);
bool container_is_wanted(const struct agent *a, const struct container *c);
uint32_t agent_facts(const struct core *core, const struct agent *a);
const char *facts_standing_error(const struct agent *a, const struct rule *rule);
void facts_reason(const struct agent *a, const struct rule *rule, char *buf, size_t size);

/* settle.c */
void settle_all(struct core *core);

/* rollout.c */
enum gate rollout_gate(struct core *core, struct agent *a, const struct rule *rule);
void rollout_end(struct core *core, struct agent *a, bool failed);
void rollout_reopen(struct core *core);

/* memory.c */
void memory_save(struct core *core, struct agent *a); /* EFFECT_SAVE, when there is something new */
bool memory_forget(struct core *core, const struct agent *a); /* false: no memory for the effects */

/* lease.c */
void leases_wake(struct core *core, const struct core_wake *wake);
void leases_renew(struct core *core, const struct core_renew *renew);
void leases_release(struct core *core, const struct core_release *release);
void leases_sleep(struct core *core, const struct core_sleep *sleep);
void leases_remember(struct core *core, const struct core_lease *lease);
void leases_end(struct core *core, struct agent *a, const char *reason, enum answer answer);
bool leases_hold(const struct core *core, const struct agent *a); /* is there one that is good? */
void leases_free(struct core *core, struct agent *a);
void leases_retell(struct core *core, struct agent *a);
/* Both return when they want to be called next. */
uint64_t leases_expire(struct core *core, struct agent *a);
uint64_t leases_answer(struct core *core, struct agent *a);

/* news.c */
void news_take(struct core *core, const struct engine_news *news);
void news_missed(struct core *core); /* the stream was interrupted */

/* judge.c */
void judge_change(struct core *core, struct agent *a, const struct container *before);
void judge_forget(struct agent *a);
void judge_gone(struct core *core, struct agent *a);
void judge_renamed(struct core *core, struct agent *a);
void judge_unheld(struct core *core, struct agent *a);
void judge_stopped(struct core *core, struct agent *a);
uint64_t judge_confirm(struct core *core, struct agent *a); /* when it wants to be called next */
void judge_tell(struct core *core, struct agent *a, enum event_kind kind, const char *reason);
void judge_open(struct core *core, struct agent *a, enum event_kind kind, const char *reason);
uint64_t judge_wellness(struct core *core, struct agent *a); /* when it wants to be called next */
void judge_engine_lost(struct core *core, const char *words);
void judge_engine_restored(struct core *core);
void judge_listed(struct core *core);
void judge_clock(struct core *core);
void judge_rollout_halted(struct core *core);

/* recreate.c */
struct step {
    bool wait; /* nothing to send before `until_ns` */
    uint64_t until_ns;
    bool none;      /* nothing to send */
    bool roll_back; /* the new one has shown that it does not work */
    enum operation_kind kind;
    enum slot slot;    /* the container that it is done to */
    enum slot name_as; /* create, rename: the name to take */
};
struct step recreate_step(const struct core *core, const struct agent *a);
struct step step_remove(const struct agent *a, enum slot slot);

/* pass.c */
void pass_add(struct core *core, const struct core_pass *request);
void pass_begin(struct core *core, uint64_t list);
void pass_break(struct core *core, uint64_t list, const char *words);
bool pass_awaits(const struct core *core, const struct agent *a);
void pass_note(struct core *core, const struct agent *a, const struct rule *rule);
/* What a pass comes to with `cause` changes `a`, too: the pass is about that as well. */
void pass_follow(struct core *core, struct agent *a, const struct agent *cause);
void pass_outcome(struct core *core, const struct agent *a, enum report_word action);
bool pass_settled(struct core *core, const struct agent *a, const char *error);
bool pass_has_pending(const struct core *core, const struct agent *a);
void pass_forget(struct core *core, const struct agent *a);
void pass_report(struct core *core);
void pass_free_over(struct core *core);
void pass_free_all(struct core *core);
