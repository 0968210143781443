/* SPDX-License-Identifier: MIT
 *
 * Rows were written: carry it out, and say both.
 */
#include "cli/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/agent_view.h"
#include "cli/report.h"

json_t *written_new(void)
{
    return json_pack("{s:[],s:n}", "agents", "reconcile");
}

int written_add(json_t *written, const char *name, const char *change)
{
    json_t *agent = json_pack("{s:s,s:s}", "name", name, "change", change);
    return json_array_append_new(json_object_get(written, "agents"), agent) < 0 ? -ENOMEM : 0;
}

/* What a daemon has removed before it was asked to is not known to it any more. */
static json_t *removed_already(const char *name)
{
    return json_pack("{s:{s:i},s:[{s:s,s:n,s:s,s:n,s:n}]}", "summary", "removed", 1, "agents",
                     "name", name, "lifecycle", "action", "removed", "reason", "error");
}

static int reconcile_one(struct cli *cli, const json_t *agent, enum call_where where,
                         json_t **ret_report, struct error *err)
{
    const char *name = view_text(agent, "name");
    bool removed = strcmp(view_text(agent, "change"), "removed") == 0;
    int r = cli_reconcile(cli, where, &name, 1, "", ret_report, err);
    if (r < 0 && removed && err->kind == ERROR_NOT_FOUND) {
        error_clear(err);
        *ret_report = removed_already(name);
        return 0;
    }
    return r < 0 ? error_wrap(err, r, "the table is written, but not yet carried out") : r;
}

/* CALL_NO_DAEMON, or 0 with the report in `written` when there was something to do. */
static int reconcile(struct cli *cli, json_t *written, enum call_where where, struct error *err)
{
    json_auto_t *report = report_new();
    bool any = false;
    size_t i;
    json_t *agent;
    json_array_foreach (json_object_get(written, "agents"), i, agent) {
        if (strcmp(view_text(agent, "change"), "unchanged") == 0)
            continue;
        json_auto_t *one = NULL;
        int r = reconcile_one(cli, agent, where, &one, err);
        if (r == 0)
            r = report_add(report, one);
        if (r != 0)
            return r;
        any = true;
    }
    return any && json_object_set(written, "reconcile", report) < 0 ? -ENOMEM : 0;
}

static void print_changes(const json_t *written, const json_t *report)
{
    size_t i;
    json_t *agent;
    json_array_foreach (json_object_get(written, "agents"), i, agent)
        if (!report_tells(report, view_text(agent, "name")))
            (void)printf("%s: %s\n", view_text(agent, "name"), view_text(agent, "change"));
}

static int print(const struct cli *cli, const json_t *written, const json_t *report,
                 struct error *err)
{
    if (cli->json)
        return cli_print_json(written, err);
    if (!cli->quiet)
        print_changes(written, report);
    return report ? report_print(cli, report, REPORT_WRITTEN, err) : 0;
}

int written_finish(struct cli *cli, json_t *written, enum call_where where,
                   const json_t **ret_report, struct error *err)
{
    int done = reconcile(cli, written, where, err);
    if (done < 0)
        return done;
    const json_t *report = json_object_get(written, "reconcile");
    if (json_is_null(report))
        report = NULL;
    int r = print(cli, written, report, err);
    if (r < 0)
        return r;
    if (done == CALL_NO_DAEMON)
        cli_note(cli, "no daemon runs: `roost reconcile` or `roost serve` brings the fleet up");
    if (ret_report)
        *ret_report = report;
    return report && report_has_error(report) ? EXIT_FAILURE : EXIT_SUCCESS;
}
