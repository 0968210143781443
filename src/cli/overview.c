/* SPDX-License-Identifier: MIT */
#include "cli/overview.h"

#include <stdlib.h>
#include <string.h>

#include "cli/agent_view.h"

int64_t overview_note_events(json_t *last, const json_t *page, int64_t after)
{
    size_t i;
    json_t *event;
    json_array_foreach (json_object_get(page, "events"), i, event) {
        const char *agent = view_text(event, "agent");
        if (agent[0] != '\0')
            (void)json_object_set(last, agent, event);
        after = json_integer_value(json_object_get(event, "id"));
    }
    return after;
}

static bool is_asleep(const json_t *agent)
{
    const char *state = view_text(agent, "state");
    return strcmp(state, "stopped") == 0 || strcmp(state, "paused") == 0;
}

static int by_sleep_and_name(const void *a, const void *b)
{
    const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;
    int order = (int)is_asleep(one) - (int)is_asleep(other);
    return order != 0 ? order : strcmp(view_text(one, "name"), view_text(other, "name"));
}

static const json_t *stats_of(const json_t *stats, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach (json_object_get(stats, "agents"), i, row)
        if (strcmp(view_text(row, "name"), name) == 0)
            return row;
    return NULL;
}

/* False: out of memory. */
static bool set_or_null(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value ? json_incref(value) : json_null()) == 0;
}

/* NULL: out of memory. */
static json_t *join_one(const json_t *agent, const json_t *stats, const json_t *last)
{
    static const char *const figures[] = {"cpu_percent", "memory_bytes", "memory_limit_bytes"};
    const char *name = view_text(agent, "name");
    const json_t *used = stats_of(stats, name);
    json_t *joined = json_copy((json_t *)agent);
    bool whole = joined && set_or_null(joined, "last_event", json_object_get(last, name));
    for (size_t i = 0; whole && i < ARRAY_LEN(figures); i++)
        whole = set_or_null(joined, figures[i], json_object_get(used, figures[i]));
    if (!whole)
        json_decref(joined);
    return whole ? joined : NULL;
}

/* NULL: out of memory. */
static json_t *joined_array(const json_t *agents, const json_t *stats, const json_t *last)
{
    size_t n = json_array_size(agents);
    json_t **items = calloc(n + 1, sizeof(json_t *));
    json_t *array = json_array();
    bool whole = items && array;
    for (size_t i = 0; whole && i < n; i++)
        items[i] = json_array_get(agents, i);
    if (whole)
        qsort(items, n, sizeof(json_t *), by_sleep_and_name);
    for (size_t i = 0; whole && i < n; i++)
        whole = json_array_append_new(array, join_one(items[i], stats, last)) == 0;
    free(items);
    if (!whole)
        json_decref(array);
    return whole ? array : NULL;
}

json_t *overview_join(const json_t *agents, const json_t *stats, const json_t *last)
{
    json_t *joined = json_pack("{s:s, s:o}", "fleet", view_text(agents, "fleet"), "agents",
                               joined_array(json_object_get(agents, "agents"), stats, last));
    json_t *engine_error = json_object_get(agents, "engine_error");
    if (joined && engine_error)
        (void)json_object_set(joined, "engine_error", engine_error);
    return joined;
}
