/* SPDX-License-Identifier: MIT
 *
 * One fleet in this process: store, engine and core joined on a loop. Private to src/daemon.
 *
 * Everything that happens becomes a core event through fleet_step(), and its effects are carried
 * out at once: first what is to be remembered, in one transaction, then what is to be done. A thing
 * that ends within the carrying out (a request that cannot be built) is queued as a further event,
 * so fleet_step() never calls itself.
 *
 *   fleet.c    open, close, step, clock
 *   rows.c     rows of the store -> core_row, and the cache of their specs
 *   taken.c    containers that were Compose's
 *   observe.c  containers of the engine -> observation; anonymous volumes
 *   listing.c  EFFECT_LIST: networks and volumes, then the listing
 *   watch.c    the engine's event stream and its pulse
 *   remember.c what outlives the process
 *   wakes.c    leases, asked for and answered
 *   follow.c   events, in pages and as a stream
 *   stats.c    what the awake use, while somebody asks
 *   carry.c    EFFECT_OPERATION
 *   permit.c   what a container may have of the host
 *   planned.c  what of that a plan says
 *   pull.c     images, each pulled once at a time
 *   pulls.c    the API's calls about images
 *   outdated.c who is of an older image
 *   probe.c    OPERATION_PROBE
 *   backend.c  the API's calls; passes that somebody waits for
 *   view.c     agents and reports as JSON
 *   serve.c, call.c  the two ways to run it
 */
#pragma once

#include <stddef.h>
/* uthash ends the program when memory is short unless told otherwise: a handle without a table is
 * looked at after each addition instead. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <uv.h>

#include "api/api.h"
#include "core/core.h"
#include "daemon/daemon.h"
#include "engine/engine.h"
#include "spec/spec.h"
#include "store/store.h"

struct fleet_row {
    UT_hash_handle hh;
    char *name;
    char *image;
    char *held_reason;
    char *invalid;     /* NULL, or why `spec` is */
    struct spec *spec; /* NULL: invalid */
    enum lifecycle lifecycle;
    uint64_t generation;
    struct spec_volume *volumes; /* anonymous ones, strings owned */
    size_t n_volumes;
    bool volumes_unsaved; /* the store did not take them */
};

/* A container of Compose that an agent has taken over. */
struct fleet_taken {
    UT_hash_handle hh;
    uint8_t id[CONTAINER_ID_SIZE];
    char agent[AGENT_NAME_MAX + 1];
    struct spec_id spec; /* what it counts as made from */
    enum lifecycle lifecycle;
};

struct fleet_resource {
    char *kind;
    char *key;
    char *engine_name;
    char *body;
    bool external;
    bool ensured; /* a volume that was made or found once stays */
};

/* A completion that is not the engine's, or a lease that could not be kept: told to the core when
 * the step at hand is carried out. */
struct fleet_late {
    struct fleet_late *next;
    char lease[CORE_LEASE_ID_SIZE]; /* else a completion */
    uint64_t until_ns;              /* it is good until then; 0: it ends */
    uint64_t operation;
    char *agent;
    enum engine_outcome outcome;
    bool ready;
    bool parked; /* no completion: CORE_PARKED */
    struct error error;
};

/* What goes with a request to the engine until its callback. After engine_close() there is none:
 * then the fleet frees it. */
struct fleet_hold {
    struct fleet_hold *next, *prev;
    max_align_t data[];
};

/* Somebody waits for a pass. */
struct fleet_waiter {
    struct fleet_waiter *next;
    uint64_t pass;
    struct api_reply *reply; /* NULL: the boot pass */
    struct fleet *f;
    bool dry_run;
    json_t *report; /* of a dry run, until it is known what the engine keeps for itself */
};

/* A pass asked for while the daemon begins, before the engine was listed. */
struct fleet_early {
    struct fleet_early *next;
    struct api_reconcile what;
    char *agent; /* of `what`, owned */
    struct api_reply *reply;
};

struct fleet_listing {
    uint64_t list;
    unsigned waiting; /* requests not yet answered */
    bool whole;
    struct error error;
};

/* An effect that the store did not take. */
struct fleet_unsaved {
    struct fleet_unsaved *next;
    struct effect effect; /* its strings are the two below */
    char *name;
    char *reason;
    int64_t time_ms; /* of an event */
};

struct fleet_seen {
    int64_t time_ns;
    uint64_t mark;
};

struct fleet_watch {
    bool running;
    bool open;
    bool lost;
    bool listed_once;
    bool pinging;
    unsigned pings_failed;
    unsigned tries;
    int64_t last_ns; /* the engine's time of its last event */
    struct fleet_seen seen[64];
    size_t next_seen;
    uv_timer_t ping, reopen, headers;
};

struct fleet {
    uv_loop_t *loop;
    struct store *store;
    struct engine *engine;
    struct core *core; /* NULL until the fleet has a name and nobody else's containers */
    bool observe_only;
    bool serves; /* with the event stream, until SIGTERM */
    bool takeover;

    struct fleet_row *rows;
    struct fleet_taken *taken;
    struct fleet_resource *resources;
    size_t n_resources;
    uint64_t generation; /* rows are read up to here */
    bool behind;         /* there are changes that were not read */

    unsigned starved; /* steps in a row that memory was too short for */
    int clock_fd;     /* CLOCK_BOOTTIME, which libuv's own timers are not */
    uv_poll_t clock;
    bool clock_open;

    struct fleet_listing listing;
    bool engine_lost; /* the last listing broke off */
    struct error engine_error;
    struct fleet_watch watch;
    char boot_id[37];
    struct fleet_unsaved *unsaved, **unsaved_end;
    size_t n_unsaved;
    bool save_failed;  /* the store did not take what was to be remembered */
    bool save_dropped; /* and not all of it waits in `unsaved` */

    struct fleet_late *late, **late_end;
    struct fleet_hold *holds;
    struct fleet_waiter *waiters;
    struct fleet_early *early, **early_end;
    struct fleet_asker *askers;
    struct fleet_follower *followers;
    struct fleet_pull *pulls;
    struct fleet_puller *pullers;
    struct fleet_outdated *outdated;
    struct fleet_knowing *knowing; /* they wait for the engine's facts */
    char *engine_root;             /* its data root; NULL: not known */
    bool asks_engine;
    char *own_db, *own_files, *own_socket; /* absolute paths, which no container may have */
    struct fleet_stats *stats;             /* NULL until somebody asked */
    int64_t last_event;                    /* id of the last one that was appended */
    int64_t events_told;                   /* followers were told up to here */
    uint64_t last_pass;
    bool stepping;

    void (*made)(void *ctx); /* the core is there, its rows are read: a pass asked for now is in the
                                first listing */
    void (*watching)(void *ctx); /* of fleet_watch(): the stream is open, and the first listing may
                                    be asked for */
    void (*booted)(void *ctx, const struct effect *report); /* the boot pass is over */
    void (*fatal)(void *ctx, const struct error *err);      /* it cannot go on */
    void (*listed)(void *ctx, bool whole);                  /* after each listing */
    void *ctx;
};

/* fleet.c */
int fleet_loop_init(uv_loop_t *loop, struct error *err) _must_use_;
int fleet_open(struct fleet *f, uv_loop_t *loop, const struct daemon_options *options,
               struct error *err) _must_use_;
/* Looks for another database's containers of this fleet, then makes the core and lets it list.
 * Needs a fleet's name. */
void fleet_begin(struct fleet *f);
/* The second half of it, for one who wants to know what is remembered though the engine is away. */
void fleet_make_core(struct fleet *f);
void fleet_close(struct fleet *f);
void fleet_step(struct fleet *f, struct core_event *event);
/* From a callback of the loop that may have queued one of the below. */
void fleet_step_late(struct fleet *f);
void fleet_late(struct fleet *f, const struct operation *op, enum engine_outcome outcome,
                bool ready, const struct error *err);
void fleet_late_parked(struct fleet *f, const struct operation *op);
/* Zeroed memory for the time of a request to the engine; NULL when there is none. */
void *fleet_hold(struct fleet *f, size_t size);
void fleet_release(struct fleet *f, void *data);
/* What the store could not be told of this lease is not so: it ends, or is as long as the store
 * says. */
void fleet_unlease_late(struct fleet *f, const char *lease);
/* Begin a pass; `reply` may be NULL. */
void fleet_pass(struct fleet *f, const struct api_reconcile *what, struct api_reply *reply);

/* remember.c */
int fleet_remember(struct fleet *f, const struct effects *effects, struct error *err) _must_use_;
/* Try once more, when the store failed: called now and then. */
void fleet_remember_again(struct fleet *f);
void fleet_forget_unsaved(struct fleet *f);

/* watch.c */
void fleet_watch(struct fleet *f); /* begin: the stream, then the first listing */
void fleet_watch_close(struct fleet *f);

/* wakes.c: of the API's backend, and the core's answers. `unsaved`: NULL, or why the step was not
 * remembered */
void wakes_wake(void *ctx, const struct api_wake *what, struct api_reply *reply);
void wakes_renew(void *ctx, const char *lease, uint64_t ttl_ns, struct api_reply *reply);
void wakes_release(void *ctx, const char *lease, struct api_reply *reply);
void wakes_sleep(void *ctx, const char *agent, struct api_reply *reply);
void wakes_restart(void *ctx, const char *agent, struct api_reply *reply);
void wakes_hold(void *ctx, const char *agent, bool held, const char *reason,
                struct api_reply *reply);
void wakes_answer(struct fleet *f, const struct effect *effect, const struct error *unsaved);
void wakes_drop(struct fleet *f);

/* follow.c: of the API's backend; and streams are told after each step */
void follow_page(void *ctx, const struct api_events *what, struct api_reply *reply);
void follow_stream(void *ctx, const struct api_events *what, struct api_stream *stream);
json_t *follow_json(struct fleet *f, const struct api_events *what, struct error *err);
void follow_tell(struct fleet *f);
void follow_drop(struct fleet *f);
/* What was told last: where followers begin, and whether the engine was lost when we last ran. */
int follow_remember(struct fleet *f, struct error *err) _must_use_;
void follow_prune(struct fleet *f); /* a bite of the old ones */

/* stats.c: of the API's backend */
void stats_ask(void *ctx, struct api_reply *reply);
void stats_close(struct fleet *f); /* after the engine */

/* rows.c */
int fleet_read_rows(struct fleet *f, struct error *err) _must_use_;
/* Reads what another process has changed since, if the core is there. What cannot be read now is
 * read by the next call. */
int fleet_follow_table(struct fleet *f, bool *ret_changed, struct error *err) _must_use_;
int fleet_read_memory(struct fleet *f, struct error *err) _must_use_;
/* False: a word of a later version; as if nothing were known. Its strings are borrowed. */
bool fleet_memory_of(const struct fleet *f, const struct store_state *state,
                     struct core_memory *ret_memory);
/* Until when a lease is good by the store; 0: it is not there, or cannot be read. */
uint64_t fleet_stored_lease(struct fleet *f, const char *id);
struct fleet_row *fleet_find_row(const struct fleet *f, const char *name);
void fleet_free_rows(struct fleet *f);
/* Remember the anonymous volumes of an agent's container, here and in the store. */
void fleet_set_volumes(struct fleet *f, struct fleet_row *row, const struct store_volume *volumes,
                       size_t n);
/* Another agent's container_name; NULL: the usual one. */
const char *fleet_container_name(void *ctx, const char *agent);
void fleet_context(struct fleet *f, const struct fleet_row *row, struct spec_context *ret_context);

/* taken.c */
int fleet_read_taken(struct fleet *f, struct error *err) _must_use_;
void fleet_free_taken(struct fleet *f);
bool fleet_has_taken(const struct fleet *f, const char *agent);
const struct fleet_taken *fleet_find_taken(const struct fleet *f,
                                           const uint8_t id[CONTAINER_ID_SIZE]); /* or NULL */

/* resources.c */
int fleet_read_resources(struct fleet *f, struct error *err) _must_use_;
/* Adds those that the rows use and no file declares. */
int fleet_use_resources(struct fleet *f) _must_use_;
void fleet_free_resources(struct fleet *f);
const char *fleet_resource_name(void *ctx, const char *kind, const char *key);

/* observe.c */
void fleet_observe(struct fleet *f, const struct engine_container *c,
                   struct observation *ret_observation);
void fleet_learn_volumes(struct fleet *f, const struct engine_container *c,
                         const struct observation *o);

/* listing.c */
void fleet_list(struct fleet *f, const struct effect *effect);
/* Makes the networks of the fleet again, then calls `done`. */
void fleet_ensure_networks(struct fleet *f, void (*done)(struct fleet *f, void *ctx), void *ctx);

/* trim.c */
void fleet_trim(struct fleet *f);       /* after a listing */
void fleet_trim_start(struct fleet *f); /* once, when all that is loaded has run its start */

/* mend.c */
void fleet_mend_networks(struct fleet *f, const char *agent, const char *id,
                         void (*done)(struct fleet *f, void *ctx), void *ctx);

/* carry.c */
void fleet_carry(struct fleet *f, const struct operation *op);

/* pull.c: joins the pull of this reference for this platform (NULL: the engine's own) that runs
 * already, or begins one. `done` runs later, from the loop, unless the fleet is closed before;
 * `news` may be NULL. Both are told the image by its label: the reference, and " (PLATFORM)" where
 * one was asked for. A pull that went well is noted with its time. -ENOMEM: `done` does not run. */
typedef void fleet_pull_news_fn(void *ctx, const char *image, const struct engine_pull_news *news);
typedef void fleet_pulled_fn(void *ctx, const char *image, const struct engine_result *result);
int fleet_pull(struct fleet *f, const char *image, const char *platform, fleet_pull_news_fn *news,
               fleet_pulled_fn *done, void *ctx) _must_use_;
/* For free(); NULL: out of memory. */
char *fleet_pull_label(const char *image, const char *platform) _must_use_;
void fleet_drop_pulls(struct fleet *f);
/* When it was pulled last; 0: never, or not known. */
int64_t fleet_pulled_at(struct fleet *f, const char *image);

/* permit.c: 0, or -EPERM with the reason: the body would hand out the host, and nobody has allowed
 * that to the agent. */
int fleet_permit(struct fleet *f, const char *agent, const json_t *body,
                 struct error *err) _must_use_;
/* The same of the container that the agent's row asks for; what others share with it may still be
 * to be made. */
int fleet_permit_planned(struct fleet *f, const char *agent, struct error *err) _must_use_;
/* planned.c: of a report of a dry run, what fleet_permit_planned() says of containers to be made.
 */
void planned_permit(struct fleet *f, json_t *report);
/* Calls `done` when it is known where the engine keeps its own, at once or from the loop; not at
 * all when the fleet is closed before. */
void fleet_know_engine(struct fleet *f, void (*done)(void *ctx), void *ctx);
void fleet_forget_engine(struct fleet *f);

/* pulls.c */
void pulls_pull(void *ctx, const char *agent, struct api_reply *reply);
void pulls_drop(struct fleet *f);

/* outdated.c */
void outdated_get(void *ctx, struct api_reply *reply);
void outdated_drop(struct fleet *f);

/* probe.c */
void fleet_probe(struct fleet *f, const struct operation *op);

/* backend.c */
extern const struct api_backend fleet_backend;
/* False: the reply is answered, the table cannot be read. */
bool fleet_look_at_table(struct fleet *f, struct api_reply *reply);
/* False: the reply is answered, nothing is kept yet. */
bool fleet_has_core(struct fleet *f, struct api_reply *reply);
void fleet_report(struct fleet *f, const struct effect *effect);
void fleet_progress(struct fleet *f, const struct effect *effect);
void fleet_drop_waiters(struct fleet *f);
/* The daemon has begun, or cannot: passes asked for before that go on. */
void fleet_take_early(struct fleet *f);

/* view.c */
json_t *view_agents(struct fleet *f);
json_t *view_agent(struct fleet *f, const char *name, struct error *err);
/* An array of objects, by their text under this key. NULL: out of memory. */
json_t *view_sorted(json_t *steal_objects, const char *key);
json_t *view_report(const struct effect *effect);
