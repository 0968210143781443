/* SPDX-License-Identifier: MIT
 *
 * One file laid over another, by the rules of the Compose Specification ("Merge and override"):
 * mappings are merged, sequences appended, what is both (environment, labels, …) becomes a
 * mapping, and where the table of merge.c says so entries of a sequence that mean the same
 * replace each other.
 *
 * Nothing is converted yet: nodes keep their places and their variables. Only what tells entries
 * apart (a port, a path in the container) is looked at with its variables put in. Values with the
 * tag !reset stay, so that a result may be laid over something else, until merge_clean().
 *
 * What is merged may be COMPOSE_NODES_MAX entries. Results belong to the loader's tree; all return
 * 0, -EINVAL with the error set, or -ENOMEM.
 */
#pragma once

#include "base/buf.h"
#include "compose/load.h"

/* Whole files (or NULL as `base`: there is none yet), and services. */
int merge_files(struct loader *l, const struct node *base, const struct node *over,
                const struct node **ret) _must_use_;
int merge_services(struct loader *l, const struct node *base, const struct node *over,
                   const struct node **ret) _must_use_;

/* Without what has the tag !reset. */
int merge_clean(struct loader *l, const struct node *n, const struct node **ret) _must_use_;

/* A map for the result, counted. */
int merge_set(struct loader *l, struct node *map, const struct node *key,
              const struct node *value) _must_use_;

/* ---- merge_forms.c: the two forms of a value as one ---- */

/* A list of "NAME=value" as the map that it stands for; a map stays, nothing is an empty one. */
int form_texts(struct loader *l, const struct node *n, const struct node **ret) _must_use_;
/* A list of names as a map: to nothing, or for depends_on to what a name alone stands for. */
int form_names(struct loader *l, const struct node *n, const struct node **ret) _must_use_;
int form_depends(struct loader *l, const struct node *n, const struct node **ret) _must_use_;
/* One value as a list of one. */
int form_list(struct loader *l, const struct node *n, const struct node **ret) _must_use_;
/* A map as a list of "NAME=value". */
int form_pairs(struct loader *l, const struct node *n, const struct node **ret) _must_use_;
/* A text as the map of its context. */
int form_build(struct loader *l, const struct node *n, const struct node **ret) _must_use_;

/* ---- merge_keys.c: what tells the entries of a list apart ---- */

/* Append the key of an entry; nothing where it has none. */
typedef int merge_key_fn(struct loader *l, const struct node *entry, struct buf *key);

merge_key_fn key_whole, key_port, key_volume, key_device, key_secret, key_config, key_env_file,
    key_tmpfs, key_subnet;

#define MERGE_KEY_MAX 8192
