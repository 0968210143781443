/* SPDX-License-Identifier: MIT
 *
 * Mass changes: how many hot agents may be down at once because of us, and when that goes no
 * further.
 */
#include "core/internal.h"

#define ROLLOUT_FAILURES_MAX 3

/* One of it is over; it was the turn of the next. */
void rollout_end(struct core *core, struct agent *a, bool failed)
{
    if (!a->rolling)
        return;
    a->rolling = false;
    core->rolling--;
    core->rollout_failures = failed ? core->rollout_failures + 1 : 0;
    if (core->rollout_failures >= ROLLOUT_FAILURES_MAX && !core->rollout_halted) {
        core->rollout_halted = true;
        judge_rollout_halted(core);
    }
    struct agent *waiting;
    while ((waiting = queue_pop(core, QUEUE_ROLLOUT)))
        mark_dirty(core, waiting);
}

enum gate rollout_gate(struct core *core, struct agent *a, const struct rule *rule)
{
    bool costs = rule->action == ACTION_RECREATE && a->lifecycle == LIFECYCLE_HOT &&
                 container_is_up(&a->containers[SLOT_MAIN]);
    if (!costs || a->rolling)
        return GATE_OPEN;
    if (core->rollout_halted)
        return GATE_CLOSED;
    if (core->rolling >= core->config.max_unavailable)
        return GATE_WAIT;
    a->rolling = true;
    core->rolling++;
    return GATE_OPEN;
}

/* Somebody changed a row, or asks for a pass: try again. */
void rollout_reopen(struct core *core)
{
    core->rollout_halted = false;
    core->rollout_failures = 0;
}
