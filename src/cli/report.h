/* SPDX-License-Identifier: MIT
 *
 * The report of a pass:
 * {"summary":{"created":1,…},"agents":[{"name","lifecycle","action","reason","error"}]}.
 *
 * What each action is called, whether it changes anything and how it looks stands in one table.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "cli/cli.h"

/* An empty report, to which others are added. NULL when out of memory. */
json_t *report_new(void) _must_use_;

/* Adds the agents and sums of `more`. -EBADMSG when it is not a report, -ENOMEM. */
int report_add(json_t *report, const json_t *more) _must_use_;

bool report_has_error(const json_t *report);

/* Would it change something? `unchanged`, `held`, `deferred`, `adopted`, `orphaned` and errors do
 * not. */
bool report_has_changes(const json_t *report);

/* "2 created, 1 removed, 17 unchanged" in the order of the table of actions, of a plan "2 to
 * create, …"; "nothing" for none. */
int report_summary(const json_t *report, bool plan, struct buf *ret_text) _must_use_;

/* Did this agent's part go well? False when it is not in the report. */
bool report_agent_done(const json_t *report, const char *name);

enum report_mode {
    REPORT_PASS,    /* what was done */
    REPORT_PLAN,    /* what would be done */
    REPORT_WRITTEN, /* what came of a row that was written: only what is worth a word */
};

/* A row for each agent with which something is done (or failed; a lone one in any case), then a
 * summary of several. With -q only failures are shown, and a plan. */
int report_print(const struct cli *cli, const json_t *report, enum report_mode mode,
                 struct error *err) _must_use_;

/* Would report_print() have a row for this agent in REPORT_WRITTEN mode? */
bool report_tells(const json_t *report, const char *name);

/* report_print() or, with -o json, the object itself; then the exit status: 1 for any error,
 * EXIT_CHANGES for a plan that has changes, else 0. */
int report_finish(const struct cli *cli, const json_t *report, enum report_mode mode,
                  struct error *err) _must_use_;
