/* SPDX-License-Identifier: MIT
 *
 * YAML text to a tree (libyaml's parser, a composer of our own).
 *
 * The composer resolves anchors, aliases and merge keys (`<<`), refuses duplicate keys, tags
 * that it does not know and a second document, and keeps to COMPOSE_DEPTH_MAX and
 * COMPOSE_NODES_MAX with the aliases written out, which counts for all documents of the tree.
 */
#pragma once

#include "compose/diag.h"
#include "compose/tree.h"

#define YAML_ANCHORS_MAX 1000

/* Add a document's nodes to a tree, which is to be closed in either case; an empty document has no
 * root. -EINVAL with the error set, -ENOMEM. */
int yaml_read(const char *text, size_t len, const struct diag *diag,
              struct tree *ret_tree) _must_use_;
