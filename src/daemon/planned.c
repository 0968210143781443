/* SPDX-License-Identifier: MIT
 *
 * What the policy refuses is an error in a plan, too: the pass would come to no more.
 */
#include <string.h>

#include "daemon/fleet.h"

static bool makes_container(const json_t *agent)
{
    const char *action = json_string_value(json_object_get(agent, "action"));
    return action && (strcmp(action, report_word_name(REPORT_CREATED)) == 0 ||
                      strcmp(action, report_word_name(REPORT_RECREATED)) == 0);
}

static void count(json_t *summary, const char *word, int more)
{
    json_int_t n = json_integer_value(json_object_get(summary, word)) + more;
    if (n > 0)
        (void)json_object_set_new(summary, word, json_integer(n));
    else
        (void)json_object_del(summary, word);
}

static void refuse(json_t *agent, json_t *summary, const struct error *err)
{
    count(summary, json_string_value(json_object_get(agent, "action")), -1);
    count(summary, report_word_name(REPORT_ERROR), 1);
    (void)json_object_set_new(agent, "action", json_string(report_word_name(REPORT_ERROR)));
    (void)json_object_set_new(agent, "error", json_string(err->text));
}

void planned_permit(struct fleet *f, json_t *report)
{
    size_t i;
    json_t *agent, *summary = json_object_get(report, "summary");
    json_array_foreach (json_object_get(report, "agents"), i, agent) {
        const char *name = json_string_value(json_object_get(agent, "name"));
        struct error err = ERROR_INIT;
        if (makes_container(agent) && fleet_permit_planned(f, name, &err) < 0)
            refuse(agent, summary, &err);
    }
}
