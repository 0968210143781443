/* SPDX-License-Identifier: MIT
 *
 * roost help: the overview, or one command in full.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/help.h"

static int run_help(struct cli *cli, struct error *err)
{
    const struct command *command = NULL;
    int r = 0;
    if (cli->args.n_words > 0)
        r = args_find_command(all_commands, cli->args.words[0], &command, err);
    return r < 0 ? r : cli_help(command, err);
}

const struct command command_help = {
    .name = "help",
    .args = "[COMMAND]",
    .max_words = 1,
    .summary = "show what a command does, with examples",
    .help = "Without COMMAND: the overview of all.\n",
    .run = run_help,
};
