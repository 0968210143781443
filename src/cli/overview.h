/* SPDX-License-Identifier: MIT
 *
 * The fleet at a glance, joined from three answers of the API: what should be and is, what it uses,
 * what happened last. Pure: from data to data.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/cleanup.h"

/* `last` is {agent: its last event}: take in a page of events, in their order. The id of the page's
 * last one, or `after` when it has none. */
int64_t overview_note_events(json_t *last, const json_t *page, int64_t after);

/* {"fleet","agents":[…],"engine_error"}: the agents of GET /v1/agents, each with "cpu_percent",
 * "memory_bytes", "memory_limit_bytes" (null when not known) and "last_event" (or null); those that
 * are awake first, then by name. `stats` and `last` may be NULL. NULL: out of memory. */
json_t *overview_join(const json_t *agents, const json_t *stats, const json_t *last) _must_use_;
