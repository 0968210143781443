/* SPDX-License-Identifier: MIT
 *
 * roost outdated: whose container is of an older image than its tag now stands for.
 */
#include <stdio.h>
#include <string.h>

#include "cli/agent_view.h"
#include "cli/cli.h"

/* "sha256:0123…" to the twelve digits that docker(1) shows. */
static const char *short_id(const char *id, char ret_text[16])
{
    const char *digits = strchr(id, ':');
    (void)snprintf(ret_text, 16, "%.12s", digits ? digits + 1 : id);
    return ret_text;
}

static void tell_none(const struct cli *cli, size_t n)
{
    if (n == 0)
        cli_note(cli, "no agent has a container");
    else
        cli_note(cli, "nothing is outdated (%zu container%s); `roost pull` fetches what is newer",
                 n, n == 1 ? "" : "s");
}

static int print(struct cli *cli, const json_t *agents, struct error *err)
{
    static const char *const heads[] = {"NAME", "IMAGE", "CONTAINER", "NOW", "ERROR"};
    struct table table;
    size_t i;
    json_t *agent;
    table_open(&table, heads, ARRAY_LEN(heads));
    json_array_foreach (agents, i, agent) {
        char has[16], now[16];
        const char *error = view_text(agent, "error");
        if (!json_is_true(json_object_get(agent, "outdated")) && !error[0])
            continue;
        table_add(&table, view_text(agent, "name"), STYLE_PLAIN);
        table_add(&table, view_text(agent, "image"), STYLE_PLAIN);
        table_add(&table, short_id(view_text(agent, "container_image"), has), STYLE_PLAIN);
        table_add(&table, short_id(view_text(agent, "current_image"), now), STYLE_WARN);
        table_add(&table, error, STYLE_BAD);
    }
    if (table.n_cells == 0)
        tell_none(cli, json_array_size(agents));
    return cli_print_table(cli, &table, err);
}

static int run_outdated(struct cli *cli, struct error *err)
{
    json_auto_t *answer = NULL;
    int r = cli_call(cli, CALL_ANYWHERE, "GET", "/v1/outdated", false, &answer, err);
    if (r < 0)
        return r;
    return cli->json ? cli_print_json(answer, err)
                     : print(cli, json_object_get(answer, "agents"), err);
}

const struct command command_outdated = {
    .name = "outdated",
    .args = "",
    .summary = "list containers that are of an older image than their tag is now",
    .help = "Compares the image of each container with the one that the engine has under the\n"
            "agent's reference now. It asks no registry: `roost pull` fetches what is newer\n"
            "there. An image whose tag has moved is no drift by itself; `roost recreate NAME` or\n"
            "`roost apply --refresh-images` makes such containers anew, `x-roost: {follow_image:\n"
            "true}` lets roost do it.\n"
            "\n"
            "Examples:\n"
            "  roost pull && roost outdated\n"
            "  roost outdated -o json | jq -r '.agents[] | select(.outdated) | .name'\n",
    .run = run_outdated,
};
