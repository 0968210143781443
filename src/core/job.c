/* SPDX-License-Identifier: MIT
 *
 * Jobs: lazy agents that want to be run once, such as a migration. A job wants to be awake until it
 * has ended once, however it ended, as its row's spec says; then it sleeps like any other, until
 * the spec changes or somebody wakes it. What ran is remembered, so that a container that is pruned
 * away and made again does not run again.
 */
#include "core/internal.h"

#include <string.h>

#define RAN_WELL 1U

/* What is remembered of a run: what it ran, and in the lowest bit whether it ended well. It is
 * never 0, and fits into SQLite's signed integers. */
static uint64_t mark_of(const struct agent *a, bool well)
{
    uint64_t mark = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < sizeof(a->spec.sha256); i++)
        mark = (mark ^ a->spec.sha256[i]) * UINT64_C(0x100000001b3);
    mark = (mark >> 1) | ((uint64_t)1 << 62);
    return (mark & ~(uint64_t)RAN_WELL) | (well ? RAN_WELL : 0);
}

static bool is_of_row(const struct agent *a, const struct container *c)
{
    return c->known && c->spec.version == a->spec.version &&
           memcmp(c->spec.sha256, a->spec.sha256, sizeof(a->spec.sha256)) == 0;
}

static bool has_run(const struct agent *a)
{
    return a->job_ran == mark_of(a, true) || a->job_ran == mark_of(a, false);
}

bool job_wants_run(const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (!a->job || a->lifecycle != LIFECYCLE_LAZY || a->held || a->invalid || a->on_cycle)
        return false;
    if (container_is_up(c))
        return true;
    bool ran_now = is_of_row(a, c) && c->status == CONTAINER_EXITED;
    return !ran_now && !has_run(a);
}

/* By the engine, which cannot be told to let it be. */
bool job_is_run_again(const struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    return a->job && c->policy == POLICY_STAYS_TAMPERED && c->restarts > 0;
}

bool job_has_succeeded(const struct agent *a)
{
    return a->job_ran == mark_of(a, true);
}

bool job_has_failed(const struct agent *a)
{
    return a->job && a->job_ran == mark_of(a, false) && !job_wants_run(a);
}

void job_look(struct core *core, struct agent *a)
{
    const struct container *c = &a->containers[SLOT_MAIN];
    if (!a->job || a->presence != PRESENCE_ROW || !is_of_row(a, c) || c->status != CONTAINER_EXITED)
        return;
    if (!c->exit_seen) {
        a->want_inspect = a->want_inspect || !has_run(a); /* a listing does not tell how it ended */
        return;
    }
    uint64_t mark = mark_of(a, c->exit_code == 0 && !c->oom_killed);
    if (a->job_ran == mark)
        return;
    a->job_ran = mark;
    a->save = true;
    depends_wake_dependents(core, a);
}
