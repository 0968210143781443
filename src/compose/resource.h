/* SPDX-License-Identifier: MIT
 *
 * Networks and volumes. Internal to this folder.
 */
#pragma once

#include "compose/load.h"

enum field_type {
    FIELD_TEXT,
    FIELD_BOOLEAN,
    FIELD_TEXTS,  /* a map of texts */
    FIELD_LABELS, /* the same, or a list of "name=value" */
    FIELD_IPAM,
    FIELD_OWN, /* read by name */
};

struct field {
    const char *key;
    const char *engine; /* in the engine's create call */
    enum field_type type;
    const char *takes; /* for docs/keys.md */
};

struct resource_kind {
    const char *name;    /* "network" */
    const char *section; /* "networks" */
    const char *label;   /* Compose's, which holds the key */
    const char *driver;  /* when the file names none */
    const struct field *fields;
};

extern const struct resource_kind resource_network, resource_volume;
extern const struct field resource_ipam_fields[]; /* of an entry of ipam.config */

/* Validate one that the file declares; `e` is NULL for the network "default" that none does. */
int resource_read(struct loader *l, const struct resource_kind *kind, const char *key,
                  const struct node_entry *e, struct compose_resource *ret_resource) _must_use_;

void resource_close(struct compose_resource *res);

/* The other way round: what the file would declare for a resource of this project. NULL: out of
 * memory. */
json_t *resource_unread(const struct compose_project *project,
                        const struct compose_resource *res) _must_use_;
