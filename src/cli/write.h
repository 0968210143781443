/* SPDX-License-Identifier: MIT
 *
 * What set, hold, unhold, rm and down have in common: they write rows, have the daemon (or this
 * process) carry that out, and tell both as one answer:
 * {"agents":[{"name","change"}],"reconcile":report or null}.
 */
#pragma once

#include "cli/cli.h"

/* A row was written: remembered for the answer. `change` is "created", "changed", "unchanged",
 * "removed". */
json_t *written_new(void) _must_use_;
int written_add(json_t *written, const char *name, const char *change) _must_use_;

/* Reconciles what was written, if anything was, and prints the answer. *ret_report (may be NULL) is
 * borrowed from `written`, NULL without a daemon. The exit status, or negative with `err`. */
int written_finish(struct cli *cli, json_t *written, enum call_where where,
                   const json_t **ret_report, struct error *err) _must_use_;
