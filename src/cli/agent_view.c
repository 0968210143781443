/* SPDX-License-Identifier: MIT
 *
 * Reading the API's agents.
 */
#include "cli/agent_view.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "core/agent.h"

#define MASK "***"

const char *view_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

const char *view_state(const json_t *agent, const json_t *answer)
{
    const char *state = view_text(agent, "state");
    bool guessed = json_object_get(answer, "engine_error") &&
                   strcmp(state, agent_state_name(STATE_MISSING)) == 0;
    return guessed ? VIEW_UNKNOWN : state;
}

void view_warn_engine(const json_t *answer)
{
    const char *why = view_text(answer, "engine_error");
    if (*why)
        cli_warn("the engine could not be asked, this is what roost knew last: %s", why);
}

enum style view_state_style(const char *text)
{
    enum agent_state state;
    if (!agent_state_parse(text, &state))
        return STYLE_PLAIN;
    switch (state) {
    case STATE_RUNNING:
        return STYLE_GOOD;
    case STATE_STARTING:
    case STATE_STOPPING:
        return STYLE_WARN;
    case STATE_FAILED:
    case STATE_MISSING:
        return STYLE_BAD;
    case STATE_STOPPED:
    case STATE_PAUSED:
        return STYLE_DIM;
    }
    return STYLE_PLAIN;
}

/* "NAME=value" of an environment in list form; NULL when out of memory. */
static json_t *mask_entry(const json_t *entry)
{
    const char *text = json_string_value(entry);
    if (!text)
        return json_string(MASK);
    const char *equals = strchr(text, '=');
    return equals ? json_sprintf("%.*s=" MASK, (int)(equals - text), text) : json_string(text);
}

static int mask_environment(json_t *environment)
{
    const char *key;
    size_t i;
    void *next;
    json_t *value;
    json_object_foreach_safe(environment, next, key,
                             value) if (!json_is_null(value) &&
                                        json_object_set_new(environment, key, json_string(MASK)) <
                                            0) return -ENOMEM;
    json_array_foreach (environment, i, value)
        if (json_array_set_new(environment, i, mask_entry(value)) < 0)
            return -ENOMEM;
    return 0;
}

int view_mask_spec(json_t *agent)
{
    json_t *spec = json_object_get(agent, "spec");
    if (!spec || json_is_null(spec))
        return 0;
    if (!json_is_object(spec))
        return json_object_set_new(agent, "spec", json_string(MASK)) < 0 ? -ENOMEM : 0;
    json_t *environment = json_object_get(spec, "environment");
    if (environment && !json_is_object(environment) && !json_is_array(environment))
        return json_object_set_new(spec, "environment", json_string(MASK)) < 0 ? -ENOMEM : 0;
    return mask_environment(environment);
}
