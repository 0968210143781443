/* SPDX-License-Identifier: MIT
 *
 * Images: a create whose image is not there is parked until the shell has pulled it, and is sent
 * again then, unless the pull failed or the row has changed meanwhile. A pull ends with the daemon
 * that asked for it, and with the engine.
 */
#include "world.h"

#include <stdio.h>

static unsigned image_of(const struct w_request *r)
{
    return sim_plan_of(&r->spec).image;
}

static void put_off(struct w_request *r, uint64_t for_ns)
{
    r->begin_ns += for_ns;
    r->apply_ns += for_ns;
    r->answer_ns += for_ns;
    r->begun = false;
}

static void pull(struct world *w, struct w_request *r)
{
    uint64_t takes_ns = SECOND + roll(w, 20 * SECOND);
    if (fault(w, 100)) {
        takes_ns += roll(w, 300 * SECOND);
        w->counts.faults[FAULT_PULL_SLOW]++;
    }
    if (fault(w, 150))
        w->counts.faults[FAULT_PULL_FAILED] += r->pull_fails = true;
    put_off(r, takes_ns);
    r->pulling = agent_named(w, r->agent)->parked = true;
    w->counts.pulls++;
    trace(w, "%s: image %u is pulled", r->agent, image_of(r));
    struct core_event event = {.kind = CORE_PARKED,
                               .parked = {.operation = r->op.id, .agent = r->agent}};
    shell_step(w, &event);
}

static void fail(struct world *w, struct w_request *r)
{
    static const enum engine_outcome outcomes[] = {ENGINE_IMAGE_MISSING, ENGINE_REFUSED,
                                                   ENGINE_UNREACHABLE, ENGINE_UNKNOWN};
    requests_fail(w, r, outcomes[roll(w, 4)], "the image could not be pulled");
}

/* The pull is over: true when the create is, too. */
static bool has_failed(struct world *w, struct w_request *r)
{
    const struct w_agent *a = agent_named(w, r->agent);
    r->pulling = false;
    if (r->pull_fails) {
        fail(w, r);
        return true;
    }
    w->images[image_of(r)] = true;
    w->counts.pulled++;
    if (a->told_row && a->told.generation == r->generation)
        return false;
    requests_fail(w, r, ENGINE_REFUSED, "its row changed while its image was pulled");
    return true;
}

bool pull_takes(struct world *w, struct w_request *r)
{
    unsigned image = image_of(r);
    if (r->op.kind != OPERATION_CREATE || image == 0)
        return false;
    if (r->epoch != w->epoch && (r->pulling || !w->images[image])) {
        r->apply_ns = NEVER; /* nobody waits for it */
        return true;
    }
    if (r->pulling)
        return has_failed(w, r);
    if (w->images[image])
        return false;
    pull(w, r);
    return true;
}

void pulls_prune(struct world *w)
{
    trace(w, "user: removes all images");
    for (size_t i = 0; w->engine_up && i < W_IMAGES; i++)
        w->images[i] = false;
}
