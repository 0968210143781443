/* SPDX-License-Identifier: MIT */
#include "engine/docker/event_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/docker/parse.h"

/* Actions that change nothing. A word that ends in "_" or ":" stands for all that begin with it. */
static const char *const noise[] = {
    "exec_",          "attach", "detach", "resize",     "top",  "copy",  "archive-path",
    "extract-to-dir", "export", "commit", "checkpoint", "exec", "mount", "unmount",
};

static bool begins(const char *text, size_t len, const char *prefix)
{
    size_t n = strlen(prefix);
    return len >= n && memcmp(text, prefix, n) == 0;
}

static bool is_noise(const char *action, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(noise); i++) {
        size_t n = strlen(noise[i]);
        if (!begins(action, len, noise[i]))
            continue;
        bool whole = len == n || action[n] == '"' || action[n] == ':';
        if (whole || noise[i][n - 1] == '_')
            return true;
    }
    return false;
}

bool event_is_noise(const char *json, size_t len)
{
    static const char *const heads[] = {
        "{\"status\":\"",
        "{\"Type\":\"container\",\"Action\":\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        size_t n = strlen(heads[i]);
        if (begins(json, len, heads[i]))
            return is_noise(json + n, len - n);
    }
    return false;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* "137" → 137; -1 for what is no number. */
static int number_of(const char *text)
{
    char *end;
    if (!text || !*text)
        return -1;
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno || *end || value < 0 || value > INT32_MAX ? -1 : (int)value;
}

static const char *without_slash(const char *name)
{
    return name && name[0] == '/' ? name + 1 : name;
}

static int64_t time_of(const json_t *root)
{
    json_int_t ns = json_integer_value(json_object_get(root, "timeNano"));
    if (ns > 0)
        return ns;
    json_int_t s = json_integer_value(json_object_get(root, "time"));
    return s > 0 && s < INT64_MAX / (json_int_t)NS_PER_S ? s * (json_int_t)NS_PER_S : 0;
}

/* "health_status: healthy" → the action and the health; what others have behind ": " is dropped. */
static void read_action(const char *action, struct event_view *v)
{
    static const char health[] = "health_status";
    const char *rest = strstr(action, ": ");
    size_t len = rest ? (size_t)(rest - action) : strlen(action);
    (void)snprintf(v->action, sizeof(v->action), "%.*s",
                   (int)(len < sizeof(v->action) ? len : sizeof(v->action) - 1), action);
    v->event.action = v->action;
    if (rest && strcmp(v->action, health) == 0)
        v->event.health = parse_health(rest + 2);
}

static void read_attributes(const json_t *attributes, struct engine_event *e)
{
    const char *name = without_slash(text_of(attributes, "name"));
    const char *old_name = without_slash(text_of(attributes, "oldName"));
    const char *exit_code = text_of(attributes, "exitCode");
    int signal = number_of(text_of(attributes, "signal"));
    e->name = name ? name : "";
    e->old_name = old_name ? old_name : "";
    e->exit_code = number_of(exit_code ? exit_code : text_of(attributes, "containerExitCode"));
    e->signal = signal > 0 ? signal : 0;
    e->label_db = text_of(attributes, "roost.db");
    e->label_fleet = text_of(attributes, "roost.fleet");
    e->label_agent = text_of(attributes, "roost.agent");
}

static int read_event(struct event_view *v)
{
    const json_t *actor = json_object_get(v->root, "Actor");
    const char *type = text_of(v->root, "Type");
    const char *action = text_of(v->root, "Action");
    const char *id = text_of(actor, "ID");
    if (!action)
        action = text_of(v->root, "status");
    if (!id)
        id = text_of(v->root, "id");
    if (type && strcmp(type, "container") != 0)
        return 1;
    if (!action || !id || !parse_id_is_valid(id))
        return -EBADMSG;
    if (is_noise(action, strlen(action)))
        return 1;
    v->event.id = id;
    v->event.time_ns = time_of(v->root);
    read_action(action, v);
    read_attributes(json_object_get(actor, "Attributes"), &v->event);
    return 0;
}

int event_parse(const char *json, size_t len, struct event_view *ret_view)
{
    *ret_view = (struct event_view){.root = parse_json(json, len)};
    int r = json_is_object(ret_view->root) ? read_event(ret_view) : -EBADMSG;
    if (r != 0)
        event_view_close(ret_view);
    return r;
}

void event_view_close(struct event_view *v)
{
    json_decref(v->root);
    v->root = NULL;
}
