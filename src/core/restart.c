/* SPDX-License-Identifier: MIT
 *
 * Restarts that somebody asks for. The container that runs then is stopped, with its grace period;
 * that it is started again follows from its agent being wanted awake, as after any other stop. So
 * nothing has to be remembered over a kill: what was stopped and is wanted is started.
 */
#include "core/internal.h"

/* Whoever asks wants it tried now, too. What does not run is only started. */
void restart_ask(struct core *core, struct agent *a)
{
    a->retry_at_ns = a->crash_retry_at_ns = 0;
    a->to_restart = container_is_up(&a->containers[SLOT_MAIN]);
    mark_dirty(core, a);
}

/* One that was down once, for whatever reason, has had it. */
bool restart_is_due(const struct core *core, const struct agent *a)
{
    return a->to_restart && !a->held && container_is_up(&a->containers[SLOT_MAIN]) &&
           agent_is_wanted_awake(core, a);
}
