/* SPDX-License-Identifier: MIT
 *
 * Networks and volumes. Internal to this folder.
 */
#pragma once

#include "compose/load.h"

struct field;

struct resource_kind {
    const char *name;    /* "network" */
    const char *section; /* "networks" */
    const char *label;   /* Compose's, which holds the key */
    const char *driver;  /* when the file names none */
    const struct field *fields;
};

extern const struct resource_kind resource_network, resource_volume;

/* Validate one that the file declares; `e` is NULL for the network "default" that none does. */
int resource_read(struct loader *l, const struct resource_kind *kind, const char *key,
                  const struct node_entry *e, struct compose_resource *ret_resource) _must_use_;

void resource_close(struct compose_resource *res);
