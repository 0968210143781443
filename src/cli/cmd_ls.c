/* SPDX-License-Identifier: MIT
 *
 * roost ls: the agents, what they should be and what they are.
 */
#include <stdio.h>
#include <string.h>

#include "cli/agent_view.h"
#include "cli/cli.h"

static void add_row(struct table *table, const json_t *agent, const json_t *answer)
{
    const char *state = view_state(agent, answer);
    bool held = json_is_true(json_object_get(agent, "held"));
    char lifecycle[64];
    (void)snprintf(lifecycle, sizeof(lifecycle), "%s%s", view_text(agent, "lifecycle"),
                   held ? " (held)" : "");
    table_add(table, view_text(agent, "name"), STYLE_PLAIN);
    table_add(table, lifecycle, held ? STYLE_WARN : STYLE_PLAIN);
    table_add(table, state, view_state_style(state));
    table_add(table, view_text(agent, "image"), STYLE_PLAIN);
    table_add(table, view_text(json_object_get(agent, "container"), "status"), STYLE_PLAIN);
    table_add(table, view_text(agent, "reason"), STYLE_PLAIN);
}

static int run_ls(struct cli *cli, struct error *err)
{
    json_auto_t *answer = NULL;
    int r = cli_call(cli, CALL_ANYWHERE, "GET", "/v1/agents", false, &answer, err);
    if (r < 0)
        return r;
    if (cli->json)
        return cli_print_json(answer, err);
    static const char *const heads[] = {"NAME",  "LIFECYCLE", "STATE",
                                        "IMAGE", "CONTAINER", "REASON"};
    struct table table;
    table_open(&table, heads, ARRAY_LEN(heads));
    const json_t *agents = json_object_get(answer, "agents");
    size_t i;
    json_t *agent;
    json_array_foreach (agents, i, agent)
        add_row(&table, agent, answer);
    view_warn_engine(answer);
    if (json_array_size(agents) == 0)
        cli_note(cli, "no agents; `roost apply` brings those of a compose file");
    return cli_print_table(cli, &table, err);
}

const struct command command_ls = {
    .name = "ls",
    .args = "",
    .summary = "list the agents: what they should be, and are",
    .help = "One line for each agent: its lifecycle (hot: always up, lazy: asleep until needed),\n"
            "its state, its image, what the engine says of its container, and why it is not as\n"
            "it should be, where that is so. `(held)`: roost leaves it alone. While the engine\n"
            "is away it is what roost knew last, and a warning says so; the state is `unknown`\n"
            "where no container is remembered.\n"
            "\n"
            "Examples:\n"
            "  roost ls\n"
            "  roost ls -o json | jq -r '.agents[] | select(.state == \"failed\") | .name'\n",
    .run = run_ls,
};
