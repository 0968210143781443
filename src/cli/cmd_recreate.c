/* SPDX-License-Identifier: MIT
 *
 * roost recreate: make containers anew, whatever they are.
 */
#include "cli/cli.h"
#include "cli/report.h"

static int run_recreate(struct cli *cli, struct error *err)
{
    json_auto_t *report = NULL;
    int r = cli_reconcile(cli, CALL_ANYWHERE, cli->args.words, cli->args.n_words, "?recreate=1",
                          &report, err);
    return r < 0 ? r : report_finish(cli, report, REPORT_PASS, err);
}

const struct command command_recreate = {
    .name = "recreate",
    .args = "NAME…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "make an agent's container anew, though it is as specified",
    .help = "Makes a new container from the row and puts it in the place of the old one, which\n"
            "is removed once the new one runs. If the new one cannot start, the old one comes\n"
            "back. Volumes go over, anonymous ones too. An asleep lazy agent stays asleep.\n"
            "\n"
            "Use it after a new image was built under the same tag, or to be rid of what was\n"
            "written inside the container.\n"
            "\n"
            "Examples:\n"
            "  roost recreate web\n",
    .run = run_recreate,
};
