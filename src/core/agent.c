/* SPDX-License-Identifier: MIT */
#include "core/agent.h"

#include <string.h>

static const char *const lifecycle_names[] = {
    [LIFECYCLE_HOT] = "hot",
    [LIFECYCLE_LAZY] = "lazy",
};

static const char *const state_names[AGENT_STATES] = {
    [STATE_MISSING] = "missing", [STATE_STOPPED] = "stopped",   [STATE_STARTING] = "starting",
    [STATE_RUNNING] = "running", [STATE_STOPPING] = "stopping", [STATE_PAUSED] = "paused",
    [STATE_FAILED] = "failed",
};

const char *lifecycle_name(enum lifecycle lifecycle)
{
    return lifecycle_names[lifecycle];
}

bool lifecycle_parse(const char *text, enum lifecycle *ret_lifecycle)
{
    for (int i = LIFECYCLE_HOT; i <= LIFECYCLE_LAZY; i++)
        if (strcmp(text, lifecycle_names[i]) == 0) {
            *ret_lifecycle = (enum lifecycle)i;
            return true;
        }
    return false;
}

const char *agent_state_name(enum agent_state state)
{
    return state_names[state];
}

bool agent_state_parse(const char *text, enum agent_state *ret_state)
{
    for (int i = 0; i < AGENT_STATES; i++)
        if (strcmp(text, state_names[i]) == 0) {
            *ret_state = (enum agent_state)i;
            return true;
        }
    return false;
}

const char *lifecycle_restart_policy(enum lifecycle lifecycle)
{
    return lifecycle == LIFECYCLE_HOT ? "unless-stopped" : "no";
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool agent_name_is_valid(const char *name)
{
    if (!is_alnum(name[0]) || strlen(name) > AGENT_NAME_MAX)
        return false;
    for (const char *p = name; *p; p++)
        if ((!is_alnum(*p) && !strchr("_.-", *p)) || (p[0] == '.' && p[1] == '.'))
            return false;
    return true;
}

bool fleet_name_is_valid(const char *name)
{
    if (!is_alnum(name[0]) || strlen(name) > AGENT_NAME_MAX)
        return false;
    for (const char *p = name; *p; p++)
        if ((!is_alnum(*p) && !strchr("_-", *p)) || (*p >= 'A' && *p <= 'Z'))
            return false;
    return true;
}
