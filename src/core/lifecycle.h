/* SPDX-License-Identifier: MIT
 *
 * The life of an agent as a table: state x input -> state, every cell filled.
 *
 *     missing --created--> stopped --start--> starting --ready--> running --stop--> stopping -->
 * stopped ^                  |  ^                |
 *                             +---- died --------+--+---- died ------+
 *                                  failed <------+ (refused, crashed)   paused <--> running
 *
 * One function moves (agent_move in state.c) and it asks this table. A state is what
 * roost believes and tells; what it does is decided from the containers themselves (decide.h).
 */
#pragma once

#include "core/agent.h"

enum lifecycle_input {
    /* from people */
    INPUT_WAKE,
    INPUT_LEASE_ENDED,
    INPUT_IDLE,
    INPUT_HOLD,
    INPUT_UNHOLD,
    INPUT_ROW_CHANGED,
    INPUT_ROW_DELETED,
    /* from the engine */
    INPUT_SEEN_DOWN, /* it exists and does not run: new, or not known, or not known so */
    INPUT_SEEN_UP,
    INPUT_SEEN_PAUSED,
    INPUT_SEEN_UNPAUSED,
    INPUT_SEEN_DIED,    /* it ran, and ended as it should: stopped, or done with exit 0 */
    INPUT_SEEN_CRASHED, /* it ran, and should still */
    INPUT_SEEN_GONE,
    INPUT_SEEN_HEALTHY,
    INPUT_SEEN_UNHEALTHY,
    INPUT_ENGINE_LOST,
    INPUT_ENGINE_RESTORED,
    /* from our own operations and clocks */
    INPUT_START_SENT,
    INPUT_STOP_SENT,
    INPUT_REFUSED, /* the engine said no to what was sent */
    INPUT_UNKNOWN, /* the end of what was sent is not known: the next listing tells */
    INPUT_READY,
    INPUT_NOT_READY, /* ready_timeout is over; probing goes on */
    INPUT_BACKOFF_DUE,
};
#define LIFECYCLE_INPUTS 25

/* The state after, or STATE_IMPOSSIBLE: the input cannot come in that state, and when it does there
 * is a bug. */
#define STATE_IMPOSSIBLE ((enum agent_state)AGENT_STATES)
enum agent_state lifecycle_next(enum agent_state state, enum lifecycle_input input);

const char *lifecycle_input_name(enum lifecycle_input input);
