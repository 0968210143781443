/* SPDX-License-Identifier: MIT */
#include "core/watchdog.h"

#include <string.h>

#define HOT  LIFECYCLE_HOT
#define LAZY LIFECYCLE_LAZY
#define BOTH (-1)
#define YES  1
#define NO   0
#define ANY  (-1)

static const struct watch_rule rules[] = {
    {CHANGE_RESTARTED, CAUSE_ANY, BOTH, ANY, EVENT_CONTAINER_RESTARTED, VERDICT_NONE, ""},
    {CHANGE_DOWN, CAUSE_HAND, BOTH, ANY, EVENT_NONE, VERDICT_CONFIRM, ""},
    {CHANGE_DOWN, CAUSE_DONE, HOT, ANY, EVENT_CONTAINER_STOPPED, VERDICT_RESTART, "exited"},
    {CHANGE_DOWN, CAUSE_CRASH, HOT, ANY, EVENT_CONTAINER_STOPPED, VERDICT_RESTART, "crashed"},
    {CHANGE_DOWN, CAUSE_DONE, LAZY, ANY, EVENT_CONTAINER_EXITED, VERDICT_SLEEP, "job_done"},
    {CHANGE_DOWN, CAUSE_CRASH, LAZY, YES, EVENT_CONTAINER_STOPPED, VERDICT_RESTART, "crashed"},
    {CHANGE_DOWN, CAUSE_CRASH, LAZY, NO, EVENT_CONTAINER_STOPPED, VERDICT_SLEEP, "crashed"},
    {CHANGE_STOPPED, CAUSE_ANY, HOT, ANY, EVENT_CONTAINER_STOPPED, VERDICT_NONE, "stopped_by_hand"},
    {CHANGE_STOPPED, CAUSE_ANY, LAZY, YES, EVENT_CONTAINER_STOPPED, VERDICT_SLEEP,
     "stopped_by_hand"},
    {CHANGE_STOPPED, CAUSE_ANY, LAZY, NO, EVENT_NONE, VERDICT_SLEEP, ""},
    {CHANGE_GONE, CAUSE_ANY, BOTH, ANY, EVENT_CONTAINER_MISSING, VERDICT_NONE, "removed"},
    {CHANGE_PAUSED, CAUSE_ANY, BOTH, ANY, EVENT_CONTAINER_PAUSED, VERDICT_NONE, "paused_by_hand"},
    {CHANGE_UNHEALTHY, CAUSE_ANY, BOTH, ANY, EVENT_CONTAINER_UNHEALTHY, VERDICT_NONE, "unhealthy"},
    {CHANGE_RENAMED, CAUSE_ANY, BOTH, ANY, EVENT_CONTAINER_RENAMED, VERDICT_NONE,
     "renamed_by_hand"},
    {CHANGE_TAMPERED, CAUSE_ANY, BOTH, ANY, EVENT_DRIFT, VERDICT_NONE, "restart_policy"},
};

static const char *const names[EVENT_KINDS] = {
    [EVENT_NONE] = "none",
    [EVENT_CONTAINER_STOPPED] = "container_stopped",
    [EVENT_CONTAINER_MISSING] = "container_missing",
    [EVENT_CONTAINER_PAUSED] = "container_paused",
    [EVENT_CONTAINER_UNHEALTHY] = "container_unhealthy",
    [EVENT_CONTAINER_RENAMED] = "container_renamed",
    [EVENT_DRIFT] = "drift",
    [EVENT_CRASH_LOOP] = "crash_loop",
    [EVENT_NOT_READY] = "not_ready",
    [EVENT_ROLLED_BACK] = "rolled_back",
    [EVENT_CONTAINER_RECOVERED] = "container_recovered",
    [EVENT_CONTAINER_RESTARTED] = "container_restarted",
    [EVENT_CONTAINER_ADOPTED] = "container_adopted",
    [EVENT_CONTAINER_EXITED] = "container_exited",
    [EVENT_CONTAINER_ORPHANED] = "container_orphaned",
    [EVENT_ENGINE_LOST] = "engine_lost",
    [EVENT_ENGINE_RESTORED] = "engine_restored",
    [EVENT_ROLLOUT_HALTED] = "rollout_halted",
};

const char *event_kind_name(enum event_kind kind)
{
    return names[kind];
}

bool event_kind_parse(const char *text, enum event_kind *ret_kind)
{
    for (int i = EVENT_NONE + 1; i < EVENT_KINDS; i++)
        if (strcmp(text, names[i]) == 0) {
            *ret_kind = (enum event_kind)i;
            return true;
        }
    return false;
}

static bool matches(const struct watch_rule *rule, enum change change, enum cause cause,
                    enum lifecycle lifecycle, bool wanted)
{
    return rule->change == change && (rule->cause == CAUSE_ANY || rule->cause == cause) &&
           (rule->lifecycle < 0 || rule->lifecycle == (int)lifecycle) &&
           (rule->wanted < 0 || rule->wanted == (wanted ? 1 : 0));
}

const struct watch_rule *watchdog_rule(enum change change, enum cause cause,
                                       enum lifecycle lifecycle, bool wanted)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (matches(&rules[i], change, cause, lifecycle, wanted))
            return &rules[i];
    return NULL;
}

const struct watch_rule *watchdog_table(size_t *ret_n)
{
    *ret_n = sizeof(rules) / sizeof(rules[0]);
    return rules;
}
