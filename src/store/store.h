/* SPDX-License-Identifier: MIT
 *
 * The table that says how the fleet should be, and what roost remembers of it.
 *
 * One SQLite file (WAL, STRICT, 0600). Plain SQL from any process is an API: the triggers of
 * schema.sql keep generations and tombstones right with any client's default pragmas.
 * A `struct store` is one connection; it is not shared between threads, and a child that is forked
 * without exec must not touch it (and keeps the owner's lock alive). Any number of processes may
 * open the file; one at a time may own it (`own`): the owner alone drives the engine.
 *
 * Rows and texts handed to a callback are borrowed for that call; texts are as they stand in the
 * file, not checked to be UTF-8 or to make sense. A callback must not call the store.
 *
 * Functions return 0 or a negative errno; `err` then says what and how to mend it. Faults of the
 * database by meaning, with the error's code:
 *
 *     -ENOSPC   disk_full                disk full
 *     -EBUSY    busy                     locked by another writer past the timeout
 *     -EBUSY    locked (ERROR_CONFLICT)  owned by another roost
 *     -EROFS    read_only                cannot be written
 *     -EUCLEAN  corrupt, not_a_database, not_roost
 *     -ENOTSUP  newer, older             of another version of roost
 *     -ESTALE   replaced                 another file took its place while it was open: start anew
 *     -EINVAL   constraint (ERROR_INVALID) the row breaks a rule of the table, which is named
 *     -EIO      io, cannot_open          anything else
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct store;

struct store_options {
    /* The file; ":memory:" for tests. */
    const char *path;

    /* Make the file, and its folder (0700), when it is not there; else -ENOENT. */
    bool create;

    /* Take the one-owner lock; refused with the owner's pid. The owner's open reads the whole file
     * once (quick_check). */
    bool own;

    /* Write nothing, not even a migration. */
    bool read_only;

    /* How long to wait for another writer; 0: 5,000, but with `own`, once it is open, 250: its
     * loop must not stand. */
    int busy_timeout_ms;
};

/* Opens, checks (regular file, no link, owner is us or root, mode no wider than 0600, folder not
 * writable by the world unless it is like /tmp, application_id), migrates. A database of a newer
 * roost is refused; an older one is migrated only while nobody else owns it, and is copied beside
 * itself first ("roost.db.v1.bak"). */
int store_open(const struct store_options *options, struct store **ret_store,
               struct error *err) _must_use_;
struct store *store_close(struct store *store); /* takes NULL, returns NULL */

/* For `_cleanup_`. */
void store_closep(struct store **store);

/* Gives back what is only kept to read it faster: pages of the database. */
void store_trim(struct store *store);

/* The random identity of this database (32 hex digits), label roost.db; never changes. */
const char *store_uid(const struct store *store);

/* The fleet's name, "" until one is set; a pointer into the store, whose text store_changed(),
 * store_set_fleet() and the end of a transaction may change. Set once: -EEXIST with ERROR_CONFLICT
 * when it has another already. */
const char *store_fleet(const struct store *store);
int store_set_fleet(struct store *store, const char *fleet, struct error *err) _must_use_;

/* Other databases whose containers this one has taken over (`--takeover`): their uids. */
int store_add_uid(struct store *store, const char *uid, struct error *err) _must_use_;
bool store_has_uid(const struct store *store, const char *uid); /* our own, or one taken over */

/* Has another connection committed since the last look (PRAGMA data_version)? Microseconds, so it
 * may be asked often. -ESTALE when the file is no longer the one that was opened. For the owner,
 * also -EBUSY (ERROR_CONFLICT) when its lock file was removed and another roost took the lock. */
int store_changed(struct store *store, bool *ret_changed, struct error *err) _must_use_;

/* One transaction: begin … commit, or rollback (safe when none is open). Calls outside of one are
 * their own; a call that fails inside of one takes back only itself, except where a full disk ends
 * the whole: then commit returns -ECANCELED. A commit that fails has taken everything back. */
int store_begin(struct store *store, struct error *err) _must_use_;
/* As store_begin(), but the commit does not wait for the disk: for what can be found again at the
 * engine. A kill of the process loses nothing; a power cut may take back the last such transactions
 * (never one before a later store_begin()'s commit). Single calls choose by themselves: agents,
 * fleet and resources wait, states, volumes and tombstones do not. */
int store_begin_relaxed(struct store *store, struct error *err) _must_use_;
int store_commit(struct store *store, struct error *err) _must_use_;
void store_rollback(struct store *store);

/* agents ------------------------------------------------------------------------------------- */

struct store_agent {
    const char *name;
    const char *lifecycle; /* "hot", "lazy" */
    const char *image;
    const char *spec; /* JSON text as it stands in the row, valid or not; when longer than 1 MiB (a
                         writer switched checks off) cut to one character more than that */
    const char *idle_timeout; /* Compose duration or NULL */
    const char *pool;         /* NULL */
    bool held;
    const char *held_reason; /* NULL */
    const char *source;  /* the file that apply took it from (absolute path); NULL: made by hand */
    const char *applied; /* fingerprint of what apply wrote last; NULL */
    uint64_t generation;
    int64_t created_at_ms;
    int64_t updated_at_ms;
};

/* A deleted agent whose container may still be there. */
struct store_tombstone {
    const char *name;
    uint64_t generation;
    int64_t deleted_at_ms;
    const char *spec; /* the row's last one, as in store_agent: it may name the container */
};

/* A callback that returns non-zero ends the walk, which then returns that. */
typedef int store_agent_fn(void *ctx, const struct store_agent *agent);
typedef int store_tombstone_fn(void *ctx, const struct store_tombstone *tombstone);

/* Rows and tombstones changed since `generation` (0: all), in order of generation; one read
 * transaction for both, so that a rename is seen whole: first the tombstone of the old name, then
 * the row. Costs by what changed. *ret_generation: the counter at that time. */
int store_read_changes(struct store *store, uint64_t generation, store_agent_fn *agent,
                       store_tombstone_fn *tombstone, void *ctx, uint64_t *ret_generation,
                       struct error *err) _must_use_;

/* One row; ERROR_NOT_FOUND (-ENOENT) when there is none, naming the nearest known agent. */
int store_read_agent(struct store *store, const char *name, store_agent_fn *agent, void *ctx,
                     struct error *err) _must_use_;

/* -ENOENT, in the words of everybody who is asked for an agent that is not there: the nearest known
 * one, or how to list them. */
int store_agent_not_found(struct store *store, const char *name, struct error *err);

/* Insert or update every column but the generation and times. A row that is already so is not
 * touched (its generation stays): *ret_changed. */
int store_write_agent(struct store *store, const struct store_agent *agent, bool *ret_changed,
                      struct error *err) _must_use_;
int store_delete_agent(struct store *store, const char *name, struct error *err) _must_use_;
int store_set_held(struct store *store, const char *name, bool held, const char *reason,
                   struct error *err) _must_use_;

/* The tombstone has done its work: drop it, and with it the agent's state and volumes, if it still
 * has that generation; nothing when the agent came back meanwhile. */
int store_delete_tombstone(struct store *store, const char *name, uint64_t generation,
                           struct error *err) _must_use_;

/* agent_state: what the keeper remembers over a restart ---------------------------------------- */

#define STORE_RESTARTS_KEPT 3

struct store_state {
    const char *agent;
    const char *container_id;   /* NULL: none known */
    const char *state;          /* as agent_state_name() */
    const char *reason;         /* NULL, or why (a failure in the engine's words) */
    uint64_t failed_generation; /* 0, or of the row that could not start and was rolled back:
                                 * container_id is then the one that was kept */
    uint32_t episodes;          /* as in core_memory */
    unsigned crashes;
    const char *boot_id; /* the times below are of CLOCK_BOOTTIME under this boot; 0: none */
    uint64_t restarts_ns[STORE_RESTARTS_KEPT];
    uint64_t retry_at_ns;
    uint64_t idle_since_ns;
    uint64_t job_ran; /* as in core_memory */
    bool to_follow;   /* as in core_memory; of this boot, too */
};
typedef int store_state_fn(void *ctx, const struct store_state *state);
int store_read_states(struct store *store, store_state_fn *state, void *ctx,
                      struct error *err) _must_use_;
int store_write_state(struct store *store, const struct store_state *state,
                      struct error *err) _must_use_;

/* Anonymous volumes of an agent's container, by destination: they go over to the next one. Kept
 * when the agent's state goes, until the agent is removed. write replaces the agent's whole set. */
struct store_volume {
    const char *destination;
    const char *name;
};
int store_write_volumes(struct store *store, const char *agent, const struct store_volume *volumes,
                        size_t n, struct error *err) _must_use_;
typedef int store_volume_fn(void *ctx, const char *agent, const struct store_volume *volume);
int store_read_volumes(struct store *store, store_volume_fn *volume, void *ctx,
                       struct error *err) _must_use_;

/* leases ----------------------------------------------------------------------------------- */

struct store_lease {
    const char *id;
    const char *agent;
    const char *boot_id; /* `until_ns` counts under this boot, `expires_ms` after a reboot */
    uint64_t until_ns;
    int64_t expires_ms;
};
typedef int store_lease_fn(void *ctx, const struct store_lease *lease);
int store_read_leases(struct store *store, store_lease_fn *lease, void *ctx,
                      struct error *err) _must_use_;
/* Nothing is written for an agent whose row is gone. */
int store_write_lease(struct store *store, const struct store_lease *lease,
                      struct error *err) _must_use_;
int store_delete_lease(struct store *store, const char *id, struct error *err) _must_use_;

/* events ----------------------------------------------------------------------------------- */

struct store_event {
    int64_t id; /* given by the store */
    int64_t time_ms;
    const char *kind;
    const char *agent;     /* NULL: of the engine or the fleet */
    const char *lifecycle; /* NULL */
    const char *state;     /* NULL */
    const char *reason;
    const char *detail; /* JSON */
};
int store_append_event(struct store *store, const struct store_event *event, int64_t *ret_id,
                       struct error *err) _must_use_;

/* In order of id: those after `after`, of `kind` and `agent` where given, not before `since_ms`; at
 * most `limit`, and with `newest` the last ones instead of the first. */
struct store_event_query {
    int64_t after;
    const char *kind;
    const char *agent;
    int64_t since_ms;
    int64_t limit;
    bool newest;
};
typedef int store_event_fn(void *ctx, const struct store_event *event);
int store_read_events(struct store *store, const struct store_event_query *q, store_event_fn *event,
                      void *ctx, struct error *err) _must_use_;

/* Drop at most `at_most` events that are older than `before_ms` or beyond the last `keep`. Returns
 * how many; call again (later) until it is 0. */
int store_prune_events(struct store *store, int64_t before_ms, int64_t keep, int64_t at_most,
                       struct error *err) _must_use_;

/* resources: the networks and volumes of the fleet's files ------------------------------------- */

struct store_resource {
    const char *kind; /* "network", "volume" */
    const char *key;
    const char *engine_name;
    bool external;
    const char *body; /* JSON of the engine's create call */
    const char *source;
};
typedef int store_resource_fn(void *ctx, const struct store_resource *resource);
int store_read_resources(struct store *store, store_resource_fn *resource, void *ctx,
                         struct error *err) _must_use_;
/* The whole set of one source, replacing what it had. */
int store_write_resources(struct store *store, const char *source,
                          const struct store_resource *resources, size_t n,
                          struct error *err) _must_use_;

/* pulls: when each image was pulled last, by the reference as rows write it. *ret_ms is 0 for
 * never. Neither waits for the disk. */
int store_read_pull(struct store *store, const char *image, int64_t *ret_ms,
                    struct error *err) _must_use_;
int store_write_pull(struct store *store, const char *image, int64_t time_ms,
                     struct error *err) _must_use_;

/* taken: containers that Compose made and that belong to an agent all the same. They have no label
 * of ours; `spec` and `lifecycle` are what they count as made from. One an agent: the last. */
struct store_taken {
    const char *container_id;
    const char *agent;
    const char *spec; /* as spec_id_format() */
    const char *lifecycle;
};
typedef int store_taken_fn(void *ctx, const struct store_taken *taken);
int store_read_taken(struct store *store, store_taken_fn *taken, void *ctx,
                     struct error *err) _must_use_;
int store_write_taken(struct store *store, const struct store_taken *taken,
                      struct error *err) _must_use_;

/* allowed: the fields by which an agent may hand out the host ("privileged", "volumes[2]"). A
 * permission stays until the agent's row is deleted. */
typedef int store_allowed_fn(void *ctx, const char *agent, const char *field);
int store_read_allowed(struct store *store, store_allowed_fn *allowed, void *ctx,
                       struct error *err) _must_use_;
int store_allow(struct store *store, const char *agent, const char *field,
                struct error *err) _must_use_;

/* A consistent copy of the database to a new file (VACUUM INTO), 0600, which appears when it is
 * whole and on the disk. -EEXIST: nothing is overwritten. */
int store_backup(struct store *store, const char *path, struct error *err) _must_use_;

/* PRAGMA quick_check / integrity_check, and whether the triggers are as they were made: 0, or
 * -EUCLEAN with what is wrong. */
int store_check(struct store *store, bool full, struct error *err) _must_use_;

/* Who owns the database now: the pid of the lock's holder, 0 for nobody, -1 for somebody who could
 * not leave a pid. */
int store_owner(const char *path, int *ret_pid, struct error *err) _must_use_;
