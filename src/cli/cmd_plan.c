/* SPDX-License-Identifier: MIT
 *
 * roost plan: what a pass would do.
 */
#include "cli/cli.h"
#include "cli/report.h"

static int run_plan(struct cli *cli, struct error *err)
{
    json_auto_t *report = NULL;
    bool deep = args_has(&cli->args, OPT_DEEP);
    int r = cli_call(cli, CALL_ANYWHERE, "POST",
                     deep ? "/v1/reconcile?dry_run=1&deep=1" : "/v1/reconcile?dry_run=1", true,
                     &report, err);
    return r < 0 ? r : report_finish(cli, report, REPORT_PLAN, err);
}

static const struct option_def options[] = {
    {OPT_DEEP, 0, "deep", NULL, "inspect each container, restart policies too"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_plan = {
    .name = "plan",
    .args = "",
    .summary = "show what a reconcile would do and why; change nothing",
    .options = options,
    .help = "Compares the table with what the engine has and lists what `roost reconcile`\n"
            "would do, and why. Nothing is changed. Exit status 0: nothing to do, 3: there is\n"
            "something to do, 1: something is wrong with an agent.\n"
            "\n"
            "Rows that only tell of something (held, deferred until idle, adopted, orphaned)\n"
            "are shown too, but are nothing to do.\n"
            "\n"
            "Examples:\n"
            "  roost plan\n"
            "  roost plan -o json | jq '.agents[] | select(.action != \"unchanged\")'\n"
            "  roost plan -q >/dev/null; [ $? -ne 3 ] || echo 'the fleet has drifted'\n",
    .run = run_plan,
};
