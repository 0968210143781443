/* SPDX-License-Identifier: MIT
 *
 * The inside of a spec: its canonical form as text, and the few facts that are asked for too
 * often to read them out of it each time. A fleet holds one of these an agent, so there is no tree
 * in it.
 */
#pragma once

#include "spec/mounts.h"
#include "spec/spec.h"

struct spec {
    struct spec_settings settings;
    struct spec_id id; /* by SPEC_VERSION */
    char *canonical;
    char *image;
    char *strings; /* what the facts below and the settings point into */
    struct spec_depends *depends;
    struct mount *mounts; /* volumes */
    const char *
        *networks; /* by key, by priority and name; "default" when there is no word of networks */
    size_t n_mounts, n_networks;
    const char *network_mode; /* NULL: networks */
    const char *restart;      /* NULL: not written */
};

/* Fills everything that comes from the canonical form `root`. -ENOMEM. */
int facts_fill(struct spec *spec, const json_t *root);

/* What no key can see alone: contradictions between two. */
int check_together(struct reader *r, const json_t *root);

/* The canonical form as a tree again. NULL: out of memory. */
json_t *spec_tree(const struct spec *spec);

/* SHA-256 over the hashed form by a version's rules. */
int identity_compute(const json_t *root, const char *image, uint8_t version, struct spec_id *ret);
json_t *identity_tree(const json_t *root, const char *image);
