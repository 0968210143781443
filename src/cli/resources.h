/* SPDX-License-Identifier: MIT
 *
 * The networks and volumes of the fleet's files, kept: what the store lends for a callback is
 * copied here.
 */
#pragma once

#include "base/error.h"
#include "store/store.h"

struct resource {
    char *kind;
    char *key;
    char *engine_name;
    bool external;
    char *body;
    char *source;
};

struct resources {
    struct resource *list;
    size_t n;
};

int resources_read(struct store *store, struct resources *ret_resources,
                   struct error *err) _must_use_;
void resources_close(struct resources *resources);

/* Drops the rows of all files, but with `keep_volumes` those of volumes. */
int resources_forget(struct store *store, const struct resources *resources, bool keep_volumes,
                     struct error *err) _must_use_;
