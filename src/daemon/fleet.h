/* SPDX-License-Identifier: MIT
 *
 * One fleet in this process: store, engine and core joined on a loop. Private to src/daemon.
 *
 * Everything that happens becomes a core event through fleet_step(), and its effects are carried out at once:
 * first what is to be remembered, in one transaction, then what is to be done. A thing that ends within
 * the carrying out (a request that cannot be built) is queued as a further event, so
 * fleet_step() never calls itself.
 *
 *   fleet.c    open, close, step, clock
 *   rows.c     rows of the store -> core_row, and the cache of their specs
 *   observe.c  containers of the engine -> observation; anonymous volumes
 *   listing.c  EFFECT_LIST: networks and volumes, then the listing
 *   carry.c    EFFECT_OPERATION
 *   probe.c    OPERATION_PROBE
 *   backend.c  the API's calls; passes that somebody waits for
 *   view.c     agents and reports as JSON
 *   serve.c, call.c  the two ways to run it
 */
#pragma once

#include <stddef.h>
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
};

struct fleet_resource {
    char *kind;
    char *key;
    char *engine_name;
    char *body;
    bool external;
    bool ensured; /* a volume that was made or found once stays */
};

/* A completion that is not the engine's: told to the core when the step at hand is carried out. */
struct fleet_late {
    struct fleet_late *next;
    uint64_t operation;
    char *agent;
    enum engine_outcome outcome;
    bool ready;
    struct error error;
};

/* What goes with a request to the engine until its callback. After engine_close() there is none: then the
 * fleet frees it. */
struct fleet_hold {
    struct fleet_hold *next, *prev;
    max_align_t data[];
};

/* Somebody waits for a pass. */
struct fleet_waiter {
    struct fleet_waiter *next;
    uint64_t pass;
    struct api_reply *reply; /* NULL: the boot pass */
};

struct fleet_listing {
    uint64_t list;
    unsigned waiting; /* requests not yet answered */
    bool whole;
    struct error error;
};

struct fleet {
    uv_loop_t *loop;
    struct store *store;
    struct engine *engine;
    struct core *core; /* NULL until the fleet has a name and nobody else's containers */
    bool observe_only;
    bool takeover;

    struct fleet_row *rows;
    struct fleet_resource *resources;
    size_t n_resources;
    uint64_t generation; /* rows are read up to here */

    int clock_fd; /* CLOCK_BOOTTIME, which libuv's own timers are not */
    uv_poll_t clock;
    bool clock_open;

    struct fleet_listing listing;
    bool engine_lost;        /* the last listing broke off */
    struct error engine_error;
    bool save_failed;        /* the store did not take what was to be remembered */

    struct fleet_late *late, **late_end;
    struct fleet_hold *holds;
    struct fleet_waiter *waiters;
    uint64_t last_pass;
    bool stepping;

    void (*made)(void *ctx); /* the core is there, its rows are read: a pass asked for now is in the first listing */
    void (*booted)(void *ctx, const struct effect *report); /* the boot pass is over */
    void (*fatal)(void *ctx, const struct error *err);      /* it cannot go on */
    void (*listed)(void *ctx, bool whole);                  /* after each listing */
    void *ctx;
};

/* fleet.c */
int fleet_open(struct fleet *f, uv_loop_t *loop, const struct daemon_options *options, struct error *err) _must_use_;
/* Looks for another database's containers of this fleet, then makes the core and lets it list. Needs a fleet's name. */
void fleet_begin(struct fleet *f);
void fleet_close(struct fleet *f);
void fleet_step(struct fleet *f, struct core_event *event);
void fleet_late(struct fleet *f, const struct operation *op, enum engine_outcome outcome, bool ready,
                const struct error *err);
/* Zeroed memory for the time of a request to the engine; NULL when there is none. */
void *fleet_hold(struct fleet *f, size_t size);
void fleet_release(struct fleet *f, void *data);
/* Begin a pass; `reply` may be NULL. */
void fleet_pass(struct fleet *f, const struct api_reconcile *what, struct api_reply *reply);

/* rows.c */
int fleet_read_rows(struct fleet *f, struct error *err) _must_use_;
int fleet_read_memory(struct fleet *f, struct error *err) _must_use_;
struct fleet_row *fleet_find_row(const struct fleet *f, const char *name);
void fleet_free_rows(struct fleet *f);
/* Remember the anonymous volumes of an agent's container, here and in the store. */
void fleet_set_volumes(struct fleet *f, struct fleet_row *row, const struct store_volume *volumes, size_t n);
void fleet_context(struct fleet *f, const struct fleet_row *row, struct spec_context *ret_context);

/* resources.c */
int fleet_read_resources(struct fleet *f, struct error *err) _must_use_;
/* Adds those that the rows use and no file declares. */
int fleet_use_resources(struct fleet *f) _must_use_;
void fleet_free_resources(struct fleet *f);
const char *fleet_resource_name(void *ctx, const char *kind, const char *key);

/* observe.c */
void fleet_observe(struct fleet *f, const struct engine_container *c, struct observation *ret_observation);
void fleet_learn_volumes(struct fleet *f, const struct engine_container *c, const struct observation *o);

/* listing.c */
void fleet_list(struct fleet *f, const struct effect *effect);
/* Makes the networks of the fleet again, then calls `done`. */
void fleet_ensure_networks(struct fleet *f, void (*done)(struct fleet *f, void *ctx), void *ctx);

/* carry.c */
void fleet_carry(struct fleet *f, const struct operation *op);

/* probe.c */
void fleet_probe(struct fleet *f, const struct operation *op);

/* backend.c */
extern const struct api_backend fleet_backend;
void fleet_report(struct fleet *f, const struct effect *effect);
void fleet_progress(struct fleet *f, const struct effect *effect);
void fleet_drop_waiters(struct fleet *f);

/* view.c */
json_t *view_agents(struct fleet *f);
json_t *view_agent(struct fleet *f, const char *name, struct error *err);
json_t *view_report(const struct effect *effect);
