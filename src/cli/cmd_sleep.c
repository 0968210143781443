/* SPDX-License-Identifier: MIT
 *
 * roost sleep, roost restart: what the daemon does to an agent's container at once.
 */
#include "cli/cli.h"
#include "cli/lease.h"

static int act_on(struct cli *cli, const char *name, struct error *err)
{
    bool sleeps = cli->args.command == &command_sleep;
    char path[AGENT_PATH_SIZE];
    json_auto_t *answer = NULL;
    int r = cli_agent_path(name, sleeps ? "/sleep" : "/restart", path, err);
    if (r == 0)
        r = cli_ask(cli, NULL, "POST", path, NULL, &answer, err);
    r = cli_needs_daemon(cli, r, sleeps ? "to put an agent to sleep" : "a restart", err);
    return r < 0 ? r : lease_print_state(cli, answer, err);
}

static int run(struct cli *cli, struct error *err)
{
    return lease_each_word(cli, act_on, err);
}

const struct command command_sleep = {
    .name = "sleep",
    .args = "NAME…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "end all leases of an agent, and put it to sleep now",
    .help =
        "Does not wait for the idle_timeout. Whoever holds a lease loses it. Refused for a hot\n"
        "agent (`roost set NAME lifecycle=lazy` first) and while an awake agent depends on it.\n"
        "\n"
        "Examples:\n"
        "  roost sleep reviewer\n",
    .run = run,
};

const struct command command_restart = {
    .name = "restart",
    .args = "NAME…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "stop an agent's container and start it again",
    .help =
        "Stops the container, with its own grace period, starts it again, and waits until the\n"
        "agent is ready; of several agents one after the other. It is the same container: only a\n"
        "change of its row that was put off until it is idle is carried out now, which makes a\n"
        "new one. No event is told. One that is down is only started. Refused for an agent that\n"
        "is held, and for a lazy one that sleeps: `roost wake` wakes it.\n"
        "\n"
        "Restarts are the daemon's: without `roost serve` there are none (exit status 4).\n"
        "\n"
        "Examples:\n"
        "  roost restart web\n"
        "  roost restart -q web api && roost ls\n",
    .run = run,
};
