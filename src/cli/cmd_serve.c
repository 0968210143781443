/* SPDX-License-Identifier: MIT
 *
 * roost serve: the daemon.
 */
#include "cli/cli.h"

static int run_serve(struct cli *cli, struct error *err)
{
    return daemon_serve(&cli->daemon, err);
}

static const struct option_def options[] = {
    {OPT_TAKEOVER, 0, "takeover", NULL, "adopt the containers of a lost database of this fleet"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_serve = {
    .name = "serve",
    .args = "",
    .summary = "keep the fleet: the daemon",
    .options = options,
    .help = "Looks over the whole fleet once, brings it to what the table says, and keeps it\n"
            "so: it follows the table (any process may write it) and the engine's events until\n"
            "SIGTERM or SIGINT. At its end, and at an upgrade, every container is left as it\n"
            "is. It stays in the foreground and logs to stderr; systemd is told when it is\n"
            "ready (Type=notify). One daemon keeps one database.\n"
            "\n"
            "A fleet whose containers were made from another database is refused: two keepers\n"
            "would undo each other. When that database is lost, --takeover adopts them.\n"
            "\n"
            "Examples:\n"
            "  roost serve\n"
            "  roost --db ./roost.db --socket ./roost.sock serve\n",
    .run = run_serve,
};
