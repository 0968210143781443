/* SPDX-License-Identifier: MIT
 *
 * What a call is told beside its path: parameters of the query, members of the body. Each stands in
 * one row: its name, what it may be, where it goes. Both ways are read by the same rows' rules;
 * what has no row is refused with the nearest name.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "api/api.h"
#include "api/target.h"

enum param_kind {
    PARAM_BOOL,     /* bool; in a query 1, 0, true, false */
    PARAM_COUNT,    /* int64_t within the bounds */
    PARAM_DURATION, /* uint64_t, ns, within the bounds */
    PARAM_WHEN,     /* int64_t, ms of wall time: RFC 3339, or a duration: so long ago */
    PARAM_AGENT,    /* const char *, borrowed: a name of an agent */
    PARAM_KIND,     /* const char *, borrowed: a kind of event */
    PARAM_TEXT,     /* const char *, borrowed: at most `max` bytes */
};

struct param {
    const char *name; /* NULL ends a table */
    enum param_kind kind;
    size_t offset; /* in struct params */
    uint64_t min, max;
};

/* All that any call may be told. */
struct params {
    struct api_reconcile reconcile;
    struct api_wake wake; /* a renewal has its ttl_ns */
    struct api_events events;
    const char *reason;
};

#define PARAM_AT(field)       offsetof(struct params, field)
#define PARAM_EVENTS_NO_AFTER (-1)
#define PARAM_KIND_MAX        63
#define PARAM_REASON_MAX      1024
#define PARAM_IS_IN(param, n) ((uint64_t)(n) >= (param)->min && (uint64_t)(n) <= (param)->max)

/* False when they have answered: 400, or 422 for a value of the body that is out of bounds. A table
 * of NULL: nothing may be given. */
bool params_read_query(const struct param *table, const struct target *target,
                       struct params *params, struct api_reply *reply);
bool params_read_body(const struct param *table, const json_t *body, struct params *params,
                      struct api_reply *reply);

/* A decimal number, digits only, at most INT64_MAX. -EINVAL. */
int param_count_parse(const char *text, int64_t *ret_count) _must_use_;
