/* SPDX-License-Identifier: MIT
 *
 * The report of a pass.
 */
#include "cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/agent_view.h"

#define SUMMARY_MAX 4096

static const struct action {
    const char *name;
    const char *told;  /* to people, after the fact */
    const char *would; /* in a plan */
    bool changes;      /* something is to be done: a plan says so with its exit status */
    bool listed;       /* worth a row */
    enum style style;
} actions[] = {
    {"created", "created", "create", true, true, STYLE_GOOD},
    {"started", "started", "start", true, true, STYLE_GOOD},
    {"recreated", "recreated", "recreate", true, true, STYLE_WARN},
    {"rolled_back", "rolled back", "roll back", true, true, STYLE_BAD},
    {"updated", "updated", "update", true, true, STYLE_WARN},
    {"renamed", "renamed", "rename", true, true, STYLE_WARN},
    {"stopped", "stopped", "stop", true, true, STYLE_WARN},
    {"paused", "paused", "pause", true, true, STYLE_WARN},
    {"removed", "removed", "remove", true, true, STYLE_WARN},
    {"pending", "pending", "wait", true, true, STYLE_DIM},
    {"adopted", "adopted", "adopt", false, true, STYLE_PLAIN},
    {"deferred", "deferred", "defer", false, true, STYLE_DIM},
    {"orphaned", "orphaned", "leave (orphan)", false, true, STYLE_WARN},
    {"held", "held", "leave (held)", false, true, STYLE_DIM},
    {"error", "failed", "fail", false, true, STYLE_BAD},
    {"unchanged", "unchanged", "nothing", false, false, STYLE_PLAIN},
};

/* A word of a newer daemon counts as a change: it did something that we do not know. */
static const struct action unknown_action = {NULL, NULL, NULL, true, true, STYLE_PLAIN};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return &unknown_action;
}

static const struct action *action_of(const json_t *agent)
{
    return find_action(view_text(agent, "action"));
}

static bool agent_failed(const json_t *agent)
{
    return view_text(agent, "error")[0] != '\0' || strcmp(view_text(agent, "action"), "error") == 0;
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

static void append_count(struct buf *text, json_int_t n, const char *to, const char *word)
{
    if (n > 0)
        (void)buf_printf(text, "%s%lld %s%s", text->len ? ", " : "", (long long)n, to, word);
}

int report_summary(const json_t *report, bool plan, struct buf *ret_text)
{
    json_t *sums = json_object_get(report, "summary");
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        const struct action *a = &actions[i];
        bool to = plan && a->changes;
        append_count(ret_text, json_integer_value(json_object_get(sums, a->name)), to ? "to " : "",
                     to ? a->would : a->told);
    }
    const char *key;
    json_t *count;
    json_object_foreach (sums, key, count)
        if (find_action(key) == &unknown_action)
            append_count(ret_text, json_integer_value(count), "", key);
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
        if (strcmp(view_text(agent, "name"), name) != 0)
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
    const char *word = plan ? action->would : action->told;
    table_add(table, view_text(agent, "name"), STYLE_PLAIN);
    table_add(table, view_text(agent, "lifecycle"), STYLE_PLAIN);
    table_add(table, word ? word : view_text(agent, "action"), failed ? STYLE_BAD : action->style);
    const char *error = view_text(agent, "error");
    table_add(table, *error ? error : view_text(agent, "reason"), STYLE_PLAIN);
}

/* Held and unchanged is what whoever wrote the row expects. */
static bool tells_writer(const json_t *agent)
{
    return agent_failed(agent) ||
           (action_of(agent)->listed && strcmp(view_text(agent, "action"), "held") != 0);
}

bool report_tells(const json_t *report, const char *name)
{
    size_t i;
    json_t *agent;
    json_array_foreach (json_object_get(report, "agents"), i, agent)
        if (strcmp(view_text(agent, "name"), name) == 0 && tells_writer(agent))
            return true;
    return false;
}

static bool is_shown(const struct cli *cli, const json_t *agent, bool lone, enum report_mode mode)
{
    if (mode == REPORT_PLAN)
        return action_of(agent)->listed || agent_failed(agent);
    if (cli->quiet)
        return agent_failed(agent);
    if (mode == REPORT_WRITTEN)
        return tells_writer(agent);
    return lone || action_of(agent)->listed || agent_failed(agent);
}

static int print_rows(const struct cli *cli, const json_t *agents, enum report_mode mode,
                      struct error *err)
{
    static const char *const heads[] = {"NAME", "LIFECYCLE", "ACTION", "WHY"};
    bool lone = json_array_size(agents) == 1;
    struct table table;
    table_open(&table, heads, ARRAY_LEN(heads));
    size_t i;
    json_t *agent;
    json_array_foreach (agents, i, agent)
        if (is_shown(cli, agent, lone, mode))
            add_row(&table, agent, mode == REPORT_PLAN);
    return cli_print_table(cli, &table, err);
}

int report_print(const struct cli *cli, const json_t *report, enum report_mode mode,
                 struct error *err)
{
    const json_t *agents = json_object_get(report, "agents");
    bool plan = mode == REPORT_PLAN;
    int r = print_rows(cli, agents, mode, err);
    if (r < 0)
        return r;
    if (plan && !report_has_changes(report) && !report_has_error(report)) {
        (void)puts("nothing to do");
        return 0;
    }
    if (cli->quiet || (!plan && json_array_size(agents) == 1))
        return 0;
    _cleanup_(buf_close) struct buf text = BUF_INIT(SUMMARY_MAX);
    r = report_summary(report, plan, &text);
    if (r < 0)
        return error_wrap(err, r, "cannot sum up");
    (void)printf("%s%s\n", plan ? "plan: " : "", buf_text(&text));
    return 0;
}

int report_finish(const struct cli *cli, const json_t *report, enum report_mode mode,
                  struct error *err)
{
    int r = cli->json ? cli_print_json(report, err) : report_print(cli, report, mode, err);
    if (r < 0)
        return r;
    if (report_has_error(report))
        return EXIT_FAILURE;
    return mode == REPORT_PLAN && report_has_changes(report) ? EXIT_CHANGES : EXIT_SUCCESS;
}
