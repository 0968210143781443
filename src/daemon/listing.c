/* SPDX-License-Identifier: MIT
 *
 * EFFECT_LIST: see to the networks and volumes of the fleet and list its containers, side by side;
 * the core hears the end when both are over.
 */
#include <string.h>

#include "base/log.h"
#include "daemon/fleet.h"

static void part_is_over(struct fleet *f)
{
    if (--f->listing.waiting > 0)
        return;
    bool whole = f->listing.whole;
    if (!whole)
        f->engine_error = f->listing.error;
    if (!whole && !f->engine_lost)
        log_error("engine lost: %s", f->listing.error.text);
    if (whole && f->engine_lost)
        log_info("engine is back");
    f->engine_lost = !whole;
    struct core_event event = {
        .kind = CORE_LISTING_END,
        .listing_end = {.list = f->listing.list, .whole = whole, .words = f->listing.error.text}};
    fleet_step(f, &event);
    f->listed(f->ctx, whole);
}

static void on_row(void *ctx, const struct engine_container *c)
{
    struct fleet *f = ctx;
    struct observation o;
    fleet_observe(f, c, &o);
    fleet_learn_volumes(f, c, &o);
    struct core_event event = {.kind = CORE_LISTED,
                               .listed = {.list = f->listing.list, .observation = &o}};
    fleet_step(f, &event);
}

static void on_listed(void *ctx, const struct engine_result *result)
{
    struct fleet *f = ctx;
    f->listing.whole = result->outcome == ENGINE_DONE;
    f->listing.error = result->error;
    part_is_over(f);
}

struct ensure {
    struct fleet *f;
    char name[256];
    char kind[16];
    void (*done)(struct fleet *f, void *ctx);
    void *ctx;
    unsigned *waiting; /* of fleet_ensure_networks(), NULL for a listing's part */
};

static void mark_ensured(struct fleet *f, const struct ensure *ensure)
{
    for (size_t i = 0; i < f->n_resources; i++)
        if (strcmp(f->resources[i].kind, ensure->kind) == 0 &&
            strcmp(f->resources[i].engine_name, ensure->name) == 0)
            f->resources[i].ensured = true;
}

static void on_ensured(void *ctx, const struct engine_result *result)
{
    struct ensure *ensure = ctx;
    struct fleet *f = ensure->f;
    if (result->outcome == ENGINE_DONE)
        log_info("%s %s created", ensure->kind, ensure->name);
    if (result->outcome == ENGINE_DONE || result->outcome == ENGINE_ALREADY)
        mark_ensured(f, ensure);
    else if (result->outcome != ENGINE_UNREACHABLE)
        log_warning("%s %s cannot be made: %s", ensure->kind, ensure->name, result->error.text);
    if (!ensure->waiting) {
        part_is_over(f);
    } else if (--*ensure->waiting == 0) {
        fleet_release(f, ensure->waiting);
        ensure->done(f, ensure->ctx);
    }
    fleet_release(f, ensure);
}

static bool ensure_one(struct fleet *f, const struct fleet_resource *r, unsigned *waiting,
                       void (*done)(struct fleet *f, void *ctx), void *ctx)
{
    struct ensure *ensure = fleet_hold(f, sizeof(*ensure));
    if (!ensure)
        return false; /* what needs it says so when it starts */
    ensure->f = f;
    ensure->waiting = waiting;
    ensure->done = done;
    ensure->ctx = ctx;
    (void)snprintf(ensure->name, sizeof(ensure->name), "%s", r->engine_name);
    (void)snprintf(ensure->kind, sizeof(ensure->kind), "%s", r->kind);
    if (strcmp(r->kind, "network") == 0)
        engine_network_create(f->engine, r->engine_name, r->body, on_ensured, ensure);
    else
        engine_volume_create(f->engine, r->engine_name, r->body, on_ensured, ensure);
    return true;
}

/* Networks vanish while their containers sleep (`docker system prune`); a volume that was there
 * once stays. */
static bool is_due(const struct fleet_resource *r)
{
    return !r->external && (!r->ensured || strcmp(r->kind, "network") == 0);
}

void fleet_list(struct fleet *f, const struct effect *effect)
{
    memset(&f->listing, 0, sizeof(f->listing));
    f->listing.list = effect->list.list;
    f->listing.waiting = 1;
    for (size_t i = 0; effect->list.create_resources && i < f->n_resources; i++)
        if (is_due(&f->resources[i]) && ensure_one(f, &f->resources[i], NULL, NULL, NULL))
            f->listing.waiting++;
    engine_list(f->engine, NULL, on_row, on_listed, f);
}

void fleet_ensure_networks(struct fleet *f, void (*done)(struct fleet *f, void *ctx), void *ctx)
{
    unsigned *waiting = fleet_hold(f, sizeof(*waiting));
    for (size_t i = 0; waiting && i < f->n_resources; i++)
        if (!f->resources[i].external && strcmp(f->resources[i].kind, "network") == 0 &&
            ensure_one(f, &f->resources[i], waiting, done, ctx))
            ++*waiting;
    if (waiting && *waiting > 0)
        return;
    if (waiting)
        fleet_release(f, waiting);
    done(f, ctx);
}
