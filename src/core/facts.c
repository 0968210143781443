/* SPDX-License-Identifier: MIT
 *
 * The facts of an agent, one bit each, for the table of decisions; and what they are in words.
 */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

bool agent_is_wanted_awake(const struct core *core, const struct agent *a)
{
    if (a->presence != PRESENCE_ROW)
        return false;
    return a->lifecycle == LIFECYCLE_HOT || leases_hold(core, a) || job_wants_run(a) ||
           depends_want_awake(core, a);
}

bool agent_is_busy(const struct agent *a)
{
    return a->operation.id != 0 || a->queue != QUEUE_NONE || a->unknown || a->blocked ||
           (a->probe_at_ns != 0 && !a->told_not_ready);
}

bool container_is_tampered(const struct container *c)
{
    return c->policy == POLICY_TAMPERED || c->policy == POLICY_STAYS_TAMPERED;
}

bool container_is_wanted(const struct agent *a, const struct container *c)
{
    if (c->status == CONTAINER_DEAD || c->doomed)
        return false;
    if (agent_is_rolled_back(a))
        return same_id(c->id, a->kept);
    if (c->policy == POLICY_STAYS_TAMPERED)
        return false;
    if (a->forced && same_id(c->id, a->forced_id))
        return false;
    return c->spec.version == a->spec.version && c->made_as == a->lifecycle && c->differs == 0 &&
           share_agrees(a, c) &&
           memcmp(c->spec.sha256, a->spec.sha256, sizeof(a->spec.sha256)) == 0;
}

static uint32_t row_facts(const struct agent *a)
{
    switch (a->presence) {
    case PRESENCE_TOMBSTONE:
        return FACT_DELETED;
    case PRESENCE_NONE:
        return a->remove_orphan ? FACT_DELETED : FACT_ORPHAN;
    case PRESENCE_ROW:
        break;
    }
    uint32_t facts = a->lifecycle == LIFECYCLE_HOT ? FACT_HOT : FACT_LAZY;
    if (a->held)
        facts |= FACT_HELD;
    if (a->invalid || a->on_cycle)
        facts |= FACT_INVALID;
    if (a->conflict != CONFLICT_NONE)
        facts |= FACT_CONFLICT;
    return facts;
}

static uint32_t status_fact(enum container_status status)
{
    switch (status) {
    case CONTAINER_CREATED:
        return FACT_CREATED;
    case CONTAINER_RUNNING:
        return FACT_RUNNING;
    case CONTAINER_PAUSED:
        return FACT_PAUSED;
    case CONTAINER_RESTARTING:
        return FACT_RESTARTING;
    case CONTAINER_EXITED:
        return FACT_EXITED;
    case CONTAINER_REMOVING:
        return FACT_REMOVING;
    case CONTAINER_DEAD:
        return FACT_DEAD;
    case CONTAINER_STATUS_UNKNOWN:
        return 0;
    }
    return 0;
}

static uint32_t container_facts(const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    uint32_t facts = 0;
    if (a->containers[SLOT_NEW].known || a->containers[SLOT_OLD].known)
        facts |= FACT_HALF | FACT_EXISTS;
    if (!c->known)
        return facts;
    facts |= FACT_EXISTS | status_fact(c->status);
    if (c->renamed)
        facts |= FACT_RENAMED;
    if (c->status == CONTAINER_PAUSED && a->lifecycle == LIFECYCLE_LAZY && a->sleep == SLEEP_PAUSE)
        facts |= FACT_PAUSED_BY_US;
    bool wanted = container_is_wanted(a, c);
    if (!wanted && c->made_as == LIFECYCLE_HOT)
        facts |= FACT_MADE_HOT;
    if (!wanted)
        facts |= FACT_DRIFTED;
    if (c->policy == POLICY_TAMPERED && !agent_is_rolled_back(a))
        facts |= FACT_TAMPERED;
    return facts;
}

uint32_t agent_facts(const struct core *core, const struct agent *a)
{
    uint32_t facts = row_facts(a) | container_facts(a);
    if (leases_hold(core, a))
        facts |= FACT_LEASED;
    if (a->restart_unhealthy && a->containers[SLOT_MAIN].health == HEALTH_UNHEALTHY)
        facts |= FACT_SICK;
    if (restart_is_due(core, a))
        facts |= FACT_TO_RESTART;
    if (agent_is_wanted_awake(core, a)) {
        facts |= FACT_AWAKE | FACT_IN_USE | FACT_ADOPTED;
        /* of no use to anybody: what it is made of is gone, or it would run for ever */
        bool is_of_use = share_agrees(a, &a->containers[SLOT_MAIN]) && !job_is_run_again(a);
        return is_of_use ? facts : facts & ~(uint32_t)FACT_IN_USE;
    }
    if (a->idle_since_ns != 0)
        facts |= FACT_ADOPTED;
    bool idle = a->idle_since_ns != 0 && core->now_ns >= a->idle_since_ns + a->idle_timeout_ns;
    if (!idle && !a->sleep_now)
        facts |= FACT_IN_USE;
    if (a->stop_after_ns != 0 && a->paused_since_ns != 0 &&
        core->now_ns >= a->paused_since_ns + a->stop_after_ns)
        facts |= FACT_OVERSLEPT;
    return facts;
}

static const char *drift_reason(const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (!c->known)
        return "";
    if (a->forced)
        return "asked for";
    if (c->made_as != a->lifecycle)
        return a->lifecycle == LIFECYCLE_HOT ? "lifecycle changed from lazy to hot"
                                             : "lifecycle changed from hot to lazy";
    if (c->policy == POLICY_STAYS_TAMPERED)
        return "its restart policy was changed by hand";
    if (c->spec.version != a->spec.version ||
        memcmp(c->spec.sha256, a->spec.sha256, sizeof(a->spec.sha256)) != 0)
        return "spec changed";
    if (!share_agrees(a, c))
        return "a container that it shares was made anew";
    return c->differs ? "the container is not what its label says" : "";
}

static const char *const conflict_texts[] = {
    [CONFLICT_NAME] = "name_conflict: a container that is not roost's has this name; remove or "
                      "rename it, or set container_name",
    [CONFLICT_DUPLICATE] = "duplicate: a second container carries this agent's labels (made from "
                           "a commit of it?); remove that one",
    [CONFLICT_COMPOSE] = "compose_running: Compose has a container of this project and service; "
                         "run `docker compose down` first",
};

/* What a person should know of an agent for which nothing is (or can be) done; NULL when all is
 * well. */
const char *facts_standing_error(const struct agent *a, const struct rule *rule)
{
    if (rule->all & FACT_CONFLICT)
        return conflict_texts[a->conflict];
    if (rule->all & FACT_INVALID)
        return a->on_cycle ? "depends_on goes round in a circle, or leads into one" : a->invalid;
    if (job_has_failed(a))
        return a->reason ? a->reason : "its run failed";
    return agent_is_rolled_back(a) ? a->reason : NULL;
}

void facts_reason(const struct agent *a, const struct rule *rule, char *buf, size_t size)
{
    const char *reason = rule->action == ACTION_NONE ? "" : rule->meaning;
    bool drift = rule->action == ACTION_RECREATE || rule->report == REPORT_DEFERRED;
    if (drift && *drift_reason(a))
        reason = drift_reason(a);
    if ((rule->all & FACT_TO_RESTART) && a->to_follow)
        reason = "what it depends on was restarted";
    (void)snprintf(buf, size, "%s", reason);
}
