/* SPDX-License-Identifier: MIT
 *
 * What the files of store/ share and nobody else sees.
 */
#pragma once

#include <sys/types.h>

#include "store/migrate.h"
#include "store/sql.h"
#include "store/store.h"

#define STORE_UID_SIZE   33
#define STORE_FLEET_SIZE 64

/* Databases that one can take over: more are read by nobody. */
#define STORE_TAKEOVERS_MAX 256

struct store {
    struct sql sql;
    char *path;  /* absolute, the folder without symbolic links; NULL in memory */
    int lock_fd; /* -1: not the owner */
    const struct migration_list *migrations;
    bool relaxed; /* PRAGMA synchronous is NORMAL just now */
    int64_t data_version;
    dev_t dev; /* the file that was opened, to notice that another took its place */
    ino_t ino;
    char uid[STORE_UID_SIZE];
    char fleet[STORE_FLEET_SIZE];
    char (*takeovers)[STORE_UID_SIZE];
    size_t n_takeovers;
};

/* store_open() with other migrations than the built-in ones: for tests. */
int store_open_with(const struct store_options *options, const struct migration_list *migrations,
                    struct store **ret_store, struct error *err) _must_use_;

/* Read uid, fleet and takeovers anew. */
int meta_load(struct store *store, struct error *err) _must_use_;

/* Does a commit wait until it is on the disk (PRAGMA synchronous FULL), or may a power cut (not a
 * kill) take back the last ones (relaxed)? Nothing changes while a transaction is open. */
int store_set_relaxed(struct store *store, bool relaxed, struct error *err) _must_use_;
