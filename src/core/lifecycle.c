/* SPDX-License-Identifier: MIT */
#include "core/lifecycle.h"

#define MISSING  STATE_MISSING
#define STOPPED  STATE_STOPPED
#define STARTING STATE_STARTING
#define RUNNING  STATE_RUNNING
#define STOPPING STATE_STOPPING
#define PAUSED   STATE_PAUSED
#define FAILED   STATE_FAILED
#define NEVER    STATE_IMPOSSIBLE

/* Columns: the state before. Written out in full, so that a reader sees each cell and a missing one
 * does not compile into something plausible: a row is seven words.
 *
 * What surprises: a wish (wake, idle, …) moves nothing by itself, the operation that follows from
 * it does; a container that is seen up while we stop it stays "stopping", since our stop still
 * runs; one that is refused while it runs (a pause, say) runs on. */
/* clang-format off */
static const enum agent_state table[LIFECYCLE_INPUTS][AGENT_STATES] = {
    /*                          missing   stopped   starting  running   stopping  paused    failed */
    [INPUT_WAKE] =            {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_LEASE_ENDED] =     {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_IDLE] =            {NEVER,    NEVER,    STARTING, RUNNING,  NEVER,    PAUSED,   FAILED},
    [INPUT_HOLD] =            {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_UNHOLD] =          {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_ROW_CHANGED] =     {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   STOPPED},
    [INPUT_ROW_DELETED] =     {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   STOPPED},
    [INPUT_SEEN_DOWN] =       {STOPPED,  STOPPED,  STOPPED,  STOPPED,  STOPPED,  STOPPED,  STOPPED},
    [INPUT_SEEN_UP] =         {STARTING, STARTING, STARTING, RUNNING,  STOPPING, STARTING, STARTING},
    [INPUT_SEEN_PAUSED] =     {PAUSED,   PAUSED,   PAUSED,   PAUSED,   PAUSED,   PAUSED,   PAUSED},
    [INPUT_SEEN_UNPAUSED] =   {STARTING, STARTING, STARTING, RUNNING,  STOPPING, RUNNING,  STARTING},
    [INPUT_SEEN_DIED] =       {STOPPED,  STOPPED,  STOPPED,  STOPPED,  STOPPED,  STOPPED,  FAILED},
    [INPUT_SEEN_CRASHED] =    {STOPPED,  STOPPED,  FAILED,   FAILED,   STOPPED,  FAILED,   FAILED},
    [INPUT_SEEN_GONE] =       {MISSING,  MISSING,  MISSING,  MISSING,  MISSING,  MISSING,  MISSING},
    [INPUT_SEEN_HEALTHY] =    {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_SEEN_UNHEALTHY] =  {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_ENGINE_LOST] =     {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_ENGINE_RESTORED] = {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_START_SENT] =      {NEVER,    STARTING, STARTING, STARTING, NEVER,    STARTING, STARTING},
    [INPUT_STOP_SENT] =       {NEVER,    STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING},
    [INPUT_REFUSED] =         {FAILED,   FAILED,   FAILED,   RUNNING,  RUNNING,  PAUSED,   FAILED},
    [INPUT_UNKNOWN] =         {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
    [INPUT_READY] =           {NEVER,    NEVER,    RUNNING,  RUNNING,  STOPPING, NEVER,    NEVER},
    [INPUT_NOT_READY] =       {NEVER,    NEVER,    STARTING, NEVER,    NEVER,    NEVER,    NEVER},
    [INPUT_BACKOFF_DUE] =     {MISSING,  STOPPED,  STARTING, RUNNING,  STOPPING, PAUSED,   FAILED},
};
/* clang-format on */

static const char *const names[LIFECYCLE_INPUTS] = {
    [INPUT_WAKE] = "wake",
    [INPUT_LEASE_ENDED] = "lease ended",
    [INPUT_IDLE] = "idle",
    [INPUT_HOLD] = "hold",
    [INPUT_UNHOLD] = "unhold",
    [INPUT_ROW_CHANGED] = "row changed",
    [INPUT_ROW_DELETED] = "row deleted",
    [INPUT_SEEN_DOWN] = "seen down",
    [INPUT_SEEN_UP] = "seen up",
    [INPUT_SEEN_PAUSED] = "seen paused",
    [INPUT_SEEN_UNPAUSED] = "seen unpaused",
    [INPUT_SEEN_DIED] = "died",
    [INPUT_SEEN_CRASHED] = "crashed",
    [INPUT_SEEN_GONE] = "gone",
    [INPUT_SEEN_HEALTHY] = "healthy",
    [INPUT_SEEN_UNHEALTHY] = "unhealthy",
    [INPUT_ENGINE_LOST] = "engine lost",
    [INPUT_ENGINE_RESTORED] = "engine restored",
    [INPUT_START_SENT] = "start sent",
    [INPUT_STOP_SENT] = "stop sent",
    [INPUT_REFUSED] = "refused",
    [INPUT_UNKNOWN] = "end unknown",
    [INPUT_READY] = "ready",
    [INPUT_NOT_READY] = "not ready in time",
    [INPUT_BACKOFF_DUE] = "back-off due",
};

enum agent_state lifecycle_next(enum agent_state state, enum lifecycle_input input)
{
    return table[input][state];
}

const char *lifecycle_input_name(enum lifecycle_input input)
{
    return names[input];
}
