/* SPDX-License-Identifier: MIT
 *
 * Jobs: a service that somebody awaits with service_completed_successfully, or that says
 * `restart: "no"`, runs once and is done. Where x-roost says no lifecycle itself it becomes a lazy
 * agent that wants one run.
 */
#include <errno.h>
#include <string.h>

#include "compose/load.h"

int job_note_awaited(struct loader *l, const struct node *service)
{
    const struct node *depends = node_get(service, "depends_on");
    for (size_t i = 0; depends && depends->kind == NODE_MAP && i < depends->n_entries; i++) {
        const struct node_entry *e = &depends->entries[i];
        const struct node *condition = node_get(e->value, "condition");
        json_auto_t *word = NULL;
        int r = condition && condition->kind == NODE_SCALAR
                    ? convert_node(l, condition, true, &word)
                    : 0;
        if (r < 0)
            return r;
        if (json_is_string(word) &&
            strcmp(json_string_value(word), "service_completed_successfully") == 0 &&
            json_object_set_new(l->awaited, e->key->text, json_true()) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* "on-failure" would start it again; a job has one run. */
static int check_restart(struct loader *l, const struct node *service, const char *name,
                         json_t *json)
{
    const char *restart = json_string_value(json_object_get(json, "restart"));
    const struct node *at = node_locate(service, "restart");
    char key[64];
    if (restart && (strcmp(restart, "always") == 0 || strcmp(restart, "unless-stopped") == 0))
        return node_error(l, at,
                          "somebody waits for \"%s\" to complete, which \"restart: %s\" never lets "
                          "it; write \"restart: \"no\"\"",
                          name, restart);
    if (!restart || strncmp(restart, "on-failure", strlen("on-failure")) != 0)
        return 0;
    (void)json_object_del(json, "restart");
    (void)snprintf(key, sizeof(key), "%p:%d:%d", (const void *)at->origin, at->line, at->column);
    return node_warning(l, at, key,
                        "somebody waits for this service to complete, so it runs once; it is not "
                        "restarted on failure");
}

int job_apply(struct loader *l, const struct node *service, const char *name, json_t *json,
              bool *ret_job)
{
    json_t *settings = json_object_get(json, "x-roost");
    const char *restart = json_string_value(json_object_get(json, "restart"));
    bool is_awaited = json_object_get(l->awaited, name) != NULL;
    *ret_job = false;
    if (json_object_get(settings, "lifecycle") ||
        (!is_awaited && !(restart && strcmp(restart, "no") == 0)))
        return 0;
    if (settings && !json_is_object(settings) && !json_is_null(settings))
        return 0; /* for the spec to refuse */
    json_auto_t *made = json_is_object(settings) ? json_copy(settings) : json_object();
    if (json_object_set_new(made, "job", json_true()) < 0 ||
        json_object_set_new(made, "lifecycle", json_string("lazy")) < 0 ||
        json_object_set(json, "x-roost", made) < 0)
        return -ENOMEM;
    *ret_job = true;
    return check_restart(l, service, name, json);
}
