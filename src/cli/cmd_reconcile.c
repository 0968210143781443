/* SPDX-License-Identifier: MIT
 *
 * roost reconcile: bring the fleet, or one agent, to what the table says.
 */
#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/report.h"

/* Taking over is decided once, before a keeper begins: a running one has its database. */
static int check_takeover(struct cli *cli, struct error *err)
{
    if (!args_has(&cli->args, OPT_TAKEOVER))
        return 0;
    json_auto_t *ready = NULL;
    int r = cli_call(cli, CALL_DAEMON_ONLY, "GET", "/v1/agents", false, &ready, err);
    if (r == CALL_NO_DAEMON)
        return 0;
    if (r < 0)
        return r;
    return error_set(err, -EBUSY, ERROR_CONFLICT, "daemon_runs",
                     "a daemon keeps this fleet already; stop it and run "
                     "`roost serve --takeover`");
}

static int reconcile_fleet(struct cli *cli, json_t **ret_report, struct error *err)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/v1/reconcile?deep=%d&remove_orphans=%d",
                   args_has(&cli->args, OPT_DEEP), args_has(&cli->args, OPT_REMOVE_ORPHANS));
    return cli_call(cli, CALL_ANYWHERE, "POST", path, true, ret_report, err);
}

static int run_reconcile(struct cli *cli, struct error *err)
{
    bool one = cli->args.n_words > 0;
    if (one && args_has(&cli->args, OPT_REMOVE_ORPHANS))
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "reconcile: --remove-orphans is for the whole fleet, not for one agent");
    int r = check_takeover(cli, err);
    if (r < 0)
        return r;
    json_auto_t *report = NULL;
    if (one)
        r = cli_reconcile(cli, CALL_ANYWHERE, cli->args.words, cli->args.n_words,
                          args_has(&cli->args, OPT_DEEP) ? "?deep=1" : "", &report, err);
    else
        r = reconcile_fleet(cli, &report, err);
    return r < 0 ? r : report_finish(cli, report, REPORT_PASS, err);
}

static const struct option_def options[] = {
    {OPT_DEEP, 0, "deep", NULL, "inspect each container, restart policies too"},
    {OPT_REMOVE_ORPHANS, 0, "remove-orphans", NULL,
     "remove containers of this database that have no row"},
    {OPT_TAKEOVER, 0, "takeover", NULL, "adopt the containers of a lost database of this fleet"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_reconcile = {
    .name = "reconcile",
    .args = "[NAME…]",
    .max_words = WORDS_MANY,
    .summary = "bring the fleet, or some agents, to what the table says",
    .options = options,
    .help = "One pass: creates what is missing, starts hot agents that are down, makes anew what\n"
            "has drifted from its row, removes what was deleted from the table. Lazy agents are\n"
            "created and left asleep. What runs as it should is not touched. A failure of one\n"
            "agent stops no other; any makes the exit status 1.\n"
            "\n"
            "A running daemon does this by itself; it is asked to do it now. Without one the\n"
            "pass runs in this process.\n"
            "\n"
            "Examples:\n"
            "  roost reconcile\n"
            "  roost reconcile web --deep\n"
            "  roost plan && roost reconcile --remove-orphans\n",
    .run = run_reconcile,
};
