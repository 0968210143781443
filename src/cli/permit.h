/* SPDX-License-Identifier: MIT
 *
 * What a compose file's services would have of the host, before anything is written; and the
 * person's word on it.
 */
#pragma once

#include "cli/cli.h"
#include "cli/own_files.h"
#include "compose/compose.h"

struct permit_finding {
    char *agent;
    char *permission;
    char *why;
    bool allowed; /* by policy.yaml or the database */
};

struct permits {
    struct permit_finding *list;
    size_t n, n_refused;
};

/* `store` NULL: no database, so nothing is allowed there. */
int permits_find(const struct cli *cli, const struct compose_project *project,
                 const struct own_files *own, struct store *store, struct permits *ret_permits,
                 struct error *err) _must_use_;
void permits_close(struct permits *permits);

/* 0 when nothing is refused, or root allows it: by --allow-host, or when asked on the terminal.
 * Negative: it is not to be. */
int permits_ask(const struct cli *cli, const struct permits *permits, struct error *err) _must_use_;

/* Records what was refused as allowed: within the transaction that writes the rows. */
int permits_write(const struct permits *permits, struct store *store, struct error *err) _must_use_;

int permits_print(const struct cli *cli, const struct permits *permits,
                  struct error *err) _must_use_;
