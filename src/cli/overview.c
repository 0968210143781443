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

static void set_or_null(json_t *object, const char *key, json_t *value)
{
    if (value)
        (void)json_object_set(object, key, value);
    else
        (void)json_object_set_new(object, key, json_null());
}

static json_t *join_one(const json_t *agent, const json_t *stats, const json_t *last)
{
    static const char *const figures[] = {"cpu_percent", "memory_bytes", "memory_limit_bytes"};
    const char *name = view_text(agent, "name");
    const json_t *used = stats_of(stats, name);
    json_t *joined = json_copy((json_t *)agent);
    for (size_t i = 0; joined && i < ARRAY_LEN(figures); i++)
        set_or_null(joined, figures[i], json_object_get(used, figures[i]));
    if (joined)
        set_or_null(joined, "last_event", json_object_get(last, name));
    return joined;
}

static json_t *joined_array(const json_t *agents, const json_t *stats, const json_t *last)
{
    size_t n = json_array_size(agents);
    json_t **items = calloc(n + 1, sizeof(*items));
    json_t *array = json_array();
    for (size_t i = 0; items && i < n; i++)
        items[i] = json_array_get(agents, i);
    if (items)
        qsort(items, n, sizeof(*items), by_sleep_and_name);
    for (size_t i = 0; items && i < n; i++)
        (void)json_array_append_new(array, join_one(items[i], stats, last));
    free(items);
    return array;
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
