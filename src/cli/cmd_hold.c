/* SPDX-License-Identifier: MIT
 *
 * roost hold, roost unhold: leave an agent alone, and see to it again.
 */
#include <errno.h>

#include "cli/cli.h"
#include "cli/rows.h"
#include "cli/write.h"

static int hold_one(struct store *store, const char *name, bool held, const char *reason,
                    json_t *written, struct error *err)
{
    _cleanup_(row_close) struct row row = {0};
    int r = row_read(store, name, &row, err);
    if (r < 0)
        return r;
    if (row.held == held && !reason)
        return written_add(written, name, "unchanged");
    r = store_set_held(store, name, held, reason, err);
    return r < 0 ? r : written_add(written, name, held ? "held" : "unheld");
}

/* All of them or none. */
static int hold_all(const struct cli *cli, struct store *store, bool held, json_t *written,
                    struct error *err)
{
    int r = store_begin(store, err);
    for (size_t i = 0; i < cli->args.n_words && r == 0; i++)
        r = hold_one(store, cli->args.words[i], held, cli->args.value[OPT_REASON], written, err);
    return r < 0 ? r : store_commit(store, err);
}

static int run_either(struct cli *cli, bool held, struct error *err)
{
    json_auto_t *written = written_new();
    struct store *store = NULL;
    int r = cli_open_store(cli, DB_WRITE, &store, err);
    if (r == 0)
        r = hold_all(cli, store, held, written, err);
    store = store_close(store);
    return r < 0 ? r : written_finish(cli, written, CALL_DAEMON_ONLY, NULL, err);
}

static int run_hold(struct cli *cli, struct error *err)
{
    return run_either(cli, true, err);
}

static int run_unhold(struct cli *cli, struct error *err)
{
    return run_either(cli, false, err);
}

static const struct option_def hold_options[] = {
    {OPT_REASON, 0, "reason", "TEXT", "why, for those who see it in `roost ls`"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_hold = {
    .name = "hold",
    .args = "NAME…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "leave an agent alone until unhold",
    .options = hold_options,
    .help = "A held agent is left as it is, whatever happens to its container or its row: no\n"
            "action, no event. For work by hand that roost would else undo. `roost rm` of a held\n"
            "agent needs --force.\n"
            "\n"
            "Examples:\n"
            "  roost hold db --reason 'restoring a dump'\n"
            "  docker stop demo-db && … && roost unhold db\n",
    .run = run_hold,
};

const struct command command_unhold = {
    .name = "unhold",
    .args = "NAME…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "see to a held agent again",
    .help = "Ends a hold: the agent is brought to what its row says, and what is wrong with it\n"
            "is told again.\n"
            "\n"
            "Examples:\n"
            "  roost unhold db\n",
    .run = run_unhold,
};
