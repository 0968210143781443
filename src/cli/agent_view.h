/* SPDX-License-Identifier: MIT
 *
 * Reading the API's agents.
 */
#pragma once

#include <jansson.h>

#include "cli/table.h"

/* A text of an object; "" when it is not there or none. */
const char *view_text(const json_t *object, const char *key);

enum style view_state_style(const char *state);

/* Values of the environment become "***", in a map or a list; a spec that is no object as a whole.
 * In place. */
int view_mask_spec(json_t *agent);
