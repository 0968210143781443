/* SPDX-License-Identifier: MIT
 *
 * roost pull: the images of the agents, with a bar a layer on a terminal.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/agent_view.h"
#include "cli/cli.h"
#include "cli/layers.h"

static int ask(struct cli *cli, const char *agent, struct layers *layers, json_t **ret_answer,
               struct error *err)
{
    char path[AGENT_PATH_SIZE] = "/v1/pull";
    int r = agent ? cli_agent_path(agent, "/pull", path, err) : 0;
    if (r == 0)
        r = cli_call_with(cli, CALL_ANYWHERE, "POST", path, cli->quiet ? NULL : layers_show, layers,
                          ret_answer, err);
    layers_end(layers);
    return r;
}

/* Several names one after the other, into one answer. */
static int pull_all(struct cli *cli, json_t *images, struct error *err)
{
    struct layers layers;
    size_t n = cli->args.n_words;
    layers_open(&layers, stderr, isatty(STDERR_FILENO) != 0);
    int r = 0;
    for (size_t i = 0; i < (n ? n : 1) && r == 0; i++) {
        json_auto_t *answer = NULL;
        r = ask(cli, n ? cli->args.words[i] : NULL, &layers, &answer, err);
        if (r == 0)
            (void)json_array_extend(images, json_object_get(answer, "images"));
    }
    layers_close(&layers);
    return r;
}

static int print(struct cli *cli, const json_t *images, struct error *err)
{
    static const char *const heads[] = {"IMAGE", "PLATFORM", "RESULT", "ERROR"};
    struct table table;
    size_t i;
    json_t *image;
    table_open(&table, heads, ARRAY_LEN(heads));
    json_array_foreach (images, i, image) {
        bool pulled = json_is_true(json_object_get(image, "pulled"));
        table_add(&table, view_text(image, "image"), STYLE_PLAIN);
        table_add(&table, view_text(image, "platform"), STYLE_PLAIN);
        table_add(&table, pulled ? "pulled" : "failed", pulled ? STYLE_GOOD : STYLE_BAD);
        table_add(&table, view_text(image, "error"), STYLE_PLAIN);
    }
    return cli_print_table(cli, &table, err);
}

static bool all_pulled(const json_t *images)
{
    size_t i;
    json_t *image;
    json_array_foreach (images, i, image)
        if (!json_is_true(json_object_get(image, "pulled")))
            return false;
    return true;
}

static int run_pull(struct cli *cli, struct error *err)
{
    json_auto_t *images = json_array();
    int r = pull_all(cli, images, err);
    if (r == 0 && cli->json) {
        json_auto_t *whole = json_pack("{s:O}", "images", images);
        r = cli_print_json(whole, err);
    } else if (r == 0) {
        r = print(cli, images, err);
    }
    if (r == 0 && json_array_size(images) == 0)
        cli_note(cli, "no agent has an image to pull");
    return r < 0 ? r : all_pulled(images) ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command command_pull = {
    .name = "pull",
    .args = "[NAME…]",
    .max_words = WORDS_MANY,
    .summary = "pull the images of all agents, or of some",
    .help = "Pulls each image once, up to three at a time, with the credentials of the Docker\n"
            "configuration of whoever drives the engine: a daemon's, or your own when none runs.\n"
            "No container is touched: `roost outdated` lists those that are of an older image\n"
            "now, `roost recreate` makes them anew.\n"
            "\n"
            "Without names, agents with `pull_policy: never` or `build` are left out. Several\n"
            "names are pulled one after the other. The exit status is 1 when any pull failed.\n"
            "\n"
            "Examples:\n"
            "  roost pull\n"
            "  roost pull web && roost recreate web\n",
    .run = run_pull,
};
