/* SPDX-License-Identifier: MIT
 *
 * roost rm: delete agents.
 */
#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/leavings.h"
#include "cli/rows.h"
#include "cli/write.h"

/* Is there each of them, and may it go? */
static int check_rows(const struct cli *cli, struct store *store, struct error *err)
{
    for (size_t i = 0; i < cli->args.n_words; i++) {
        const char *name = cli->args.words[i];
        _cleanup_(row_close) struct row row = {0};
        int r = row_read(store, name, &row, err);
        if (r < 0)
            return r;
        if (row.held && !args_has(&cli->args, OPT_FORCE))
            return error_set(err, -EBUSY, ERROR_CONFLICT, "held",
                             "%s is held%s%s; --force removes it all the same", name,
                             row.held_reason ? ": " : "", row.held_reason ? row.held_reason : "");
    }
    return 0;
}

/* All of them or none. */
static int rm_rows(const struct cli *cli, struct store *store, json_t *written, struct error *err)
{
    int r = store_begin(store, err);
    if (r == 0)
        r = check_rows(cli, store, err); /* once more: it may have been held meanwhile */
    for (size_t i = 0; i < cli->args.n_words && r == 0; i++) {
        r = store_delete_agent(store, cli->args.words[i], err);
        if (r == 0)
            r = written_add(written, cli->args.words[i], "removed");
    }
    return r < 0 ? r : store_commit(store, err);
}

/* What goes besides, and leave for it. Nothing without --volumes. */
static int find_volumes(struct cli *cli, struct store *store, struct leavings *leavings,
                        struct error *err)
{
    _cleanup_(resources_close) struct resources resources = {0};
    char question[128];
    int r = resources_read(store, &resources, err);
    if (r == 0)
        r = leavings_add_volumes(leavings, store, cli->args.words, cli->args.n_words, err);
    if (r == 0)
        r = leavings_look(cli, leavings, &resources, cli->args.words, cli->args.n_words, true, err);
    if (r < 0 || leavings->n == 0)
        return r;
    (void)snprintf(question, sizeof(question), "delete the data in %zu anonymous volume%s",
                   leavings->n, leavings->n == 1 ? "" : "s");
    return cli_confirm(cli, question, err);
}

static int rm_volumes(struct cli *cli, const struct leavings *leavings, const json_t *report,
                      struct error *err)
{
    json_auto_t *removed = NULL;
    int r = leavings_remove(cli, leavings, report, &removed, err);
    size_t n = json_array_size(removed);
    if (r >= 0 && n > 0 && !cli->json && !cli->quiet)
        (void)printf("%zu volume%s removed\n", n, n == 1 ? "" : "s");
    return r;
}

static int run_rm(struct cli *cli, struct error *err)
{
    json_auto_t *written = written_new();
    const json_t *report = NULL;
    _cleanup_(leavings_close) struct leavings leavings = {0};
    _cleanup_(store_closep) struct store *store = NULL;
    int r = cli_open_store(cli, DB_WRITE, &store, err);
    if (r == 0)
        r = check_rows(cli, store, err);
    if (r == 0 && args_has(&cli->args, OPT_VOLUMES))
        r = find_volumes(cli, store, &leavings, err);
    if (r == 0)
        r = rm_rows(cli, store, written, err);
    store = store_close(store); /* this process may be the one that must own it now */
    if (r < 0)
        return r;
    int status = written_finish(cli, written, CALL_ANYWHERE, &report, err);
    if (status < 0)
        return status;
    r = rm_volumes(cli, &leavings, report, err);
    return r != 0 ? r : status;
}

static const struct option_def options[] = {
    {OPT_FORCE, 'f', "force", NULL, "also when it is held"},
    {OPT_VOLUMES, 0, "volumes", NULL, "remove its anonymous volumes too"},
    {OPT_YES, 'y', "yes", NULL, "do not ask about volumes"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_rm = {
    .name = "rm",
    .args = "NAME…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "delete agents: row and container",
    .options = options,
    .help = "Deletes the rows, stops the containers (with their own grace period) and removes\n"
            "them. Volumes stay, and are found again by an agent that names them; --volumes\n"
            "removes the anonymous ones, whose data is then lost. Of several names all must\n"
            "exist, or nothing is done.\n"
            "\n"
            "An agent that still stands in a compose file comes back with the next\n"
            "`roost apply` of it.\n"
            "\n"
            "Examples:\n"
            "  roost rm web\n"
            "  roost rm --volumes -y scratch-1 scratch-2\n",
    .run = run_rm,
};
