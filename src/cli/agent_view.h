/* SPDX-License-Identifier: MIT
 *
 * Reading the API's agents.
 */
#pragma once

#include <jansson.h>

#include "cli/table.h"

#define VIEW_UNKNOWN "unknown"

/* A text of an object; "" when it is not there or none. */
const char *view_text(const json_t *object, const char *key);

/* The state of an agent of `answer`, for people. While the engine is away nobody knows whether what
 * roost knows no container of is missing: "unknown". */
const char *view_state(const json_t *agent, const json_t *answer);
enum style view_state_style(const char *state);

/* One line on stderr when the engine could not be asked for `answer`, and why. */
void view_warn_engine(const json_t *answer);

/* Values of the environment become "***", in a map or a list; a spec that is no object as a whole.
 * In place. */
int view_mask_spec(json_t *agent);
