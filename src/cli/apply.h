/* SPDX-License-Identifier: MIT
 *
 * What `apply` does, for commands that do more with the same file.
 */
#pragma once

#include "cli/cli.h"
#include "compose/compose.h"

/* Besides: `look` before anything is written, and it may ask; `write` in the transaction of the
 * rows. Negative from either: nothing is written. */
struct apply_more {
    int (*look)(void *ctx, const struct compose_project *project, struct error *err);
    int (*write)(void *ctx, struct store *store, struct error *err);
    void *ctx;
};

/* `more` may be NULL. An exit status, or negative. */
int apply_run(struct cli *cli, const struct apply_more *more, struct error *err) _must_use_;
