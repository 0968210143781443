/* SPDX-License-Identifier: MIT
 *
 * Agents and reports as JSON: the shapes that scripts rely on.
 */
#include <string.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "daemon/fleet.h"

static json_t *text_or_null(const char *text)
{
    return text && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *view_container(struct fleet *f, const struct agent_view *view,
                              const struct fleet_row *row)
{
    char id[2 * CONTAINER_ID_SIZE + 1];
    char name[256];
    const char *given = row && row->spec ? spec_settings(row->spec)->container_name : NULL;
    if (!view->has_container)
        return json_null();
    hex_format(view->container, CONTAINER_ID_SIZE, id);
    if (given)
        (void)snprintf(name, sizeof(name), "%s", given);
    else
        (void)snprintf(name, sizeof(name), "%s-%s", store_fleet(f->store), view->name);
    return json_pack("{s:s, s:s, s:s}", "id", id, "name", name, "status",
                     container_status_name(view->status));
}

static json_t *view_of(struct fleet *f, const struct agent_view *view)
{
    const struct fleet_row *row = fleet_find_row(f, view->name);
    const char *reason = view->held && row && row->held_reason ? row->held_reason : view->reason;
    return json_pack("{s:s, s:o, s:s, s:o, s:b, s:o, s:I, s:o}", "name", view->name, "lifecycle",
                     view->has_row ? json_string(lifecycle_name(view->lifecycle)) : json_null(),
                     "state", agent_state_name(view->state), "image",
                     text_or_null(row ? row->image : NULL), "held", view->held, "reason",
                     text_or_null(reason), "generation", (json_int_t)view->generation, "container",
                     view_container(f, view, row));
}

static void add_lease(void *ctx, const struct core_lease *lease)
{
    char expires[TIME_TEXT_SIZE];
    time_format(lease->expires_ms, expires);
    (void)json_array_append_new(ctx,
                                json_pack("{s:s, s:s}", "id", lease->id, "expires_at", expires));
}

static json_t *view_leases(struct fleet *f, const char *agent)
{
    json_t *leases = json_array();
    core_each_lease(f->core, agent, add_lease, leases);
    return leases;
}

struct listing {
    struct fleet *f;
    json_t *agents;
    bool whole; /* memory sufficed */
};

static void add_agent(void *ctx, const struct agent_view *view)
{
    struct listing *listing = ctx;
    json_t *agent = view_of(listing->f, view);
    if (view->n_leases > 0 &&
        json_object_set_new(agent, "leases", view_leases(listing->f, view->name)) < 0)
        listing->whole = false;
    if (json_array_append_new(listing->agents, agent) < 0)
        listing->whole = false;
}

static int by_key(const void *a, const void *b, void *key)
{
    return strcmp(json_string_value(json_object_get(*(json_t *const *)a, key)),
                  json_string_value(json_object_get(*(json_t *const *)b, key)));
}

json_t *view_sorted(json_t *steal_objects, const char *key)
{
    json_auto_t *objects = steal_objects, *result = json_array();
    size_t n = json_array_size(objects);
    _cleanup_free_ json_t **items = calloc(n + 1, sizeof(json_t *));
    if (!objects || !result || !items)
        return NULL;
    for (size_t i = 0; i < n; i++)
        items[i] = json_array_get(objects, i);
    qsort_r(items, n, sizeof(json_t *), by_key, (void *)(uintptr_t)key);
    for (size_t i = 0; i < n; i++)
        if (json_array_append(result, items[i]) < 0)
            return NULL;
    return steal(&result);
}

/* Without the engine it is what is remembered: that has to be seen. */
static json_t *with_engine(const struct fleet *f, json_t *steal_json)
{
    json_auto_t *json = steal_json;
    if (f->engine_lost &&
        json_object_set_new(json, "engine_error", json_string(f->engine_error.text)) < 0)
        return NULL;
    return steal(&json);
}

json_t *view_agents(struct fleet *f)
{
    struct listing listing = {.f = f, .agents = json_array(), .whole = true};
    if (f->core)
        core_each_agent(f->core, add_agent, &listing);
    if (!listing.whole) {
        json_decref(listing.agents);
        return NULL;
    }
    json_t *json = json_pack("{s:s, s:o}", "fleet", store_fleet(f->store), "agents",
                             view_sorted(listing.agents, "name"));
    return with_engine(f, json);
}

static json_t *view_drift(const struct agent_view *view)
{
    static const struct {
        unsigned bit;
        const char *path;
    } paths[] = {
        {SPEC_DIFFERS_IMAGE, "image"},
        {SPEC_DIFFERS_NETWORKS, "networks"},
        {SPEC_DIFFERS_MOUNTS, "volumes"},
    };
    json_t *drift = json_array();
    if (view->lifecycle_differs)
        (void)json_array_append_new(drift, json_string("lifecycle"));
    if (view->spec_differs)
        (void)json_array_append_new(drift, json_string("spec"));
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (view->differs & paths[i].bit)
            (void)json_array_append_new(drift, json_string(paths[i].path));
    return drift;
}

/* The row's text as JSON, or as a string when it is none. */
static int on_row(void *ctx, const struct store_agent *agent)
{
    json_t *json = ctx;
    json_error_t at;
    json_t *spec = json_loads(agent->spec, JSON_REJECT_DUPLICATES, &at);
    (void)json_object_set_new(json, "spec", spec ? spec : json_string(agent->spec));
    (void)json_object_set_new(json, "idle_timeout", text_or_null(agent->idle_timeout));
    (void)json_object_set_new(json, "source", text_or_null(agent->source));
    return 0;
}

json_t *view_agent(struct fleet *f, const char *name, struct error *err)
{
    struct agent_view view;
    if (!f->core || !core_view_agent(f->core, name, &view)) {
        (void)store_agent_not_found(f->store, name, err);
        return NULL;
    }
    json_t *json = view_of(f, &view);
    if (view.has_row && store_read_agent(f->store, name, on_row, json, err) < 0) {
        json_decref(json);
        return NULL;
    }
    (void)json_object_set_new(json, "drift", view_drift(&view));
    (void)json_object_set_new(json, "leases", view_leases(f, name));
    json_t *events =
        follow_json(f, &(struct api_events){.agent = name, .limit = 10, .newest = true}, err);
    if (!events) {
        json_decref(json);
        return NULL;
    }
    (void)json_object_set_new(json, "events", events);
    return with_engine(f, json);
}

static json_t *view_one_report(const struct report *r)
{
    return json_pack("{s:s, s:o, s:s, s:o, s:o}", "name", r->agent, "lifecycle",
                     r->has_lifecycle ? json_string(lifecycle_name(r->lifecycle)) : json_null(),
                     "action", report_word_name(r->action), "reason", text_or_null(r->reason),
                     "error", text_or_null(r->error));
}

json_t *view_report(const struct effect *effect)
{
    size_t counts[REPORT_WORDS] = {0};
    json_t *agents = json_array(), *summary = json_object();
    bool whole = true;
    for (size_t i = 0; i < effect->report.n_reports; i++) {
        const struct report *r = &effect->report.reports[i];
        counts[r->action]++;
        if (json_array_append_new(agents, view_one_report(r)) < 0)
            whole = false;
    }
    for (int i = 0; i < REPORT_WORDS; i++)
        if (counts[i] > 0 && json_object_set_new(summary, report_word_name((enum report_word)i),
                                                 json_integer((json_int_t)counts[i])) < 0)
            whole = false;
    if (!whole) {
        json_decref(agents);
        json_decref(summary);
        return NULL;
    }
    return json_pack("{s:o, s:o}", "summary", summary, "agents", view_sorted(agents, "name"));
}
