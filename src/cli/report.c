/* SPDX-License-Identifier: MIT
 *
 * The report of a pass.
 */
#include "cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SUMMARY_MAX 4096

static const struct action {
    const char *name;
    const char *would; /* in a plan */
    bool changes;      /* something is to be done: a plan says so with its exit status */
    bool listed;       /* worth a row */
    enum style style;
} actions[] = {
    {"created", "create", true, true, STYLE_GOOD},
    {"started", "start", true, true, STYLE_GOOD},
    {"recreated", "recreate", true, true, STYLE_WARN},
    {"rolled_back", "roll back", true, true, STYLE_BAD},
    {"updated", "update", true, true, STYLE_WARN},
    {"renamed", "rename", true, true, STYLE_WARN},
    {"stopped", "stop", true, true, STYLE_WARN},
    {"paused", "pause", true, true, STYLE_WARN},
    {"removed", "remove", true, true, STYLE_WARN},
    {"pending", "wait", true, true, STYLE_DIM},
    {"adopted", "adopt", false, true, STYLE_PLAIN},
    {"deferred", "defer", false, true, STYLE_DIM},
    {"orphaned", "leave (orphan)", false, true, STYLE_WARN},
    {"held", "leave (held)", false, true, STYLE_DIM},
    {"error", "fail", false, true, STYLE_BAD},
    {"unchanged", "nothing", false, false, STYLE_PLAIN},
};

/* A word of a newer daemon counts as a change: it did something that we do not know. */
static const struct action unknown_action = {NULL, NULL, true, true, STYLE_PLAIN};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return &unknown_action;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const struct action *action_of(const json_t *agent)
{
    return find_action(text_of(agent, "action"));
}

static bool agent_failed(const json_t *agent)
{
    return text_of(agent, "error")[0] != '\0' || strcmp(text_of(agent, "action"), "error") == 0;
}

json_t *report_new(void)
{
    return json_pack("{s:{},s:[]}", "summary", "agents");
}

int report_add(json_t *report, const json_t *more)
{
    json_t *agents = json_object_get(more, "agents"), *summary = json_object_get(more, "summary");
    if (!json_is_array(agents) || !json_is_object(summary))
        return -EBADMSG;
    if (json_array_extend(json_object_get(report, "agents"), agents) < 0)
        return -ENOMEM;
    json_t *sums = json_object_get(report, "summary");
    const char *key;
    json_t *count;
    json_object_foreach (summary, key, count) {
        json_int_t n = json_integer_value(json_object_get(sums, key)) + json_integer_value(count);
        if (json_object_set_new(sums, key, json_integer(n)) < 0)
            return -ENOMEM;
    }
    return 0;
}

static bool any_agent(const json_t *report, bool (*is)(const json_t *agent))
{
    size_t i;
    json_t *agent;
    json_array_foreach (json_object_get(report, "agents"), i, agent)
        if (is(agent))
            return true;
    return false;
}

bool report_has_error(const json_t *report)
{
    return any_agent(report, agent_failed);
}

static bool agent_changes(const json_t *agent)
{
    return action_of(agent)->changes;
}

bool report_has_changes(const json_t *report)
{
    return any_agent(report, agent_changes);
}

static void append_count(struct buf *text, const char *name, json_int_t n)
{
    if (n > 0)
        (void)buf_printf(text, "%s%lld %s", text->len ? ", " : "", (long long)n, name);
}

int report_summary(const json_t *report, struct buf *ret_text)
{
    json_t *sums = json_object_get(report, "summary");
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        append_count(ret_text, actions[i].name,
                     json_integer_value(json_object_get(sums, actions[i].name)));
    const char *key;
    json_t *count;
    json_object_foreach (sums, key, count)
        if (find_action(key) == &unknown_action)
            append_count(ret_text, key, json_integer_value(count));
    if (ret_text->len == 0)
        (void)buf_puts(ret_text, "nothing");
    return ret_text->error;
}

bool report_agent_done(const json_t *report, const char *name)
{
    bool found = false;
    size_t i;
    json_t *agent;
    json_array_foreach (json_object_get(report, "agents"), i, agent) {
        if (strcmp(text_of(agent, "name"), name) != 0)
            continue;
        if (agent_failed(agent))
            return false;
        found = true;
    }
    return found;
}

static void add_row(struct table *table, const json_t *agent, bool plan)
{
    const struct action *action = action_of(agent);
    bool failed = agent_failed(agent);
    const char *word = plan && action->would ? action->would : text_of(agent, "action");
    table_add(table, text_of(agent, "name"), STYLE_PLAIN);
    table_add(table, text_of(agent, "lifecycle"), STYLE_PLAIN);
    table_add(table, word, failed ? STYLE_BAD : action->style);
    const char *error = text_of(agent, "error");
    table_add(table, *error ? error : text_of(agent, "reason"), STYLE_PLAIN);
}

static int print_rows(const struct cli *cli, const json_t *report, bool plan, struct error *err)
{
    static const char *const heads[] = {"NAME", "LIFECYCLE", "ACTION", "WHY"};
    struct table table;
    table_open(&table, heads, ARRAY_LEN(heads));
    size_t i;
    json_t *agent;
    json_array_foreach (json_object_get(report, "agents"), i, agent) {
        bool failed = agent_failed(agent);
        if (failed || (action_of(agent)->listed && (plan || !cli->quiet)))
            add_row(&table, agent, plan);
    }
    return cli_print_table(cli, &table, err);
}

int report_print(const struct cli *cli, const json_t *report, bool plan, struct error *err)
{
    int r = print_rows(cli, report, plan, err);
    if (r < 0)
        return r;
    if (plan && !report_has_changes(report) && !report_has_error(report)) {
        (void)puts("nothing to do");
        return 0;
    }
    if (cli->quiet)
        return 0;
    _cleanup_(buf_close) struct buf text = BUF_INIT(SUMMARY_MAX);
    r = report_summary(report, &text);
    if (r < 0)
        return error_wrap(err, r, "cannot sum up");
    (void)printf("%s%s\n", plan ? "plan: " : "", buf_text(&text));
    return 0;
}

int report_finish(const struct cli *cli, const json_t *report, bool plan, struct error *err)
{
    int r = cli->json ? cli_print_json(report, err) : report_print(cli, report, plan, err);
    if (r < 0)
        return r;
    if (report_has_error(report))
        return EXIT_FAILURE;
    return plan && report_has_changes(report) ? EXIT_CHANGES : EXIT_SUCCESS;
}
