/* SPDX-License-Identifier: MIT
 *
 * roost down: the whole fleet away, but for what a file can bring back.
 *
 * The order keeps a failed run repeatable: rows and their containers first, while the database
 * still knows the networks; then the networks' rows, lest a daemon makes them again; then the
 * networks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/agent_view.h"
#include "cli/cli.h"
#include "cli/leavings.h"
#include "cli/report.h"
#include "cli/rows.h"

static int check_held(const struct rows *rows, struct error *err)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->rows[i].held)
            return error_set(err, -EBUSY, ERROR_CONFLICT, "held",
                             "%s is held; `roost unhold %s`, or `roost rm --force %s` first",
                             rows->rows[i].name, rows->rows[i].name, rows->rows[i].name);
    return 0;
}

static int ask(const struct cli *cli, const char *fleet, const struct rows *rows, struct error *err)
{
    char question[256];
    bool volumes = args_has(&cli->args, OPT_VOLUMES);
    if (rows->n == 0 && !volumes)
        return 0; /* an earlier one is finished */
    if (rows->n == 0)
        (void)snprintf(question, sizeof(question),
                       "delete the volumes of fleet \"%s\" with the data in them", fleet);
    else
        (void)snprintf(
            question, sizeof(question),
            "delete every agent of fleet \"%s\" (%zu) with its container and the networks%s", fleet,
            rows->n, volumes ? ", AND THE DATA IN ITS VOLUMES" : "");
    return cli_confirm(cli, question, err);
}

static int delete_rows(struct store *store, const struct rows *rows, struct error *err)
{
    int r = store_begin(store, err);
    if (r == 0)
        r = rows_check_unchanged(store, rows, err);
    for (size_t i = 0; i < rows->n && r == 0; i++)
        r = store_delete_agent(store, rows->rows[i].name, err);
    return r < 0 ? r : store_commit(store, err);
}

/* Everything up to the deleted rows; what there is to remove besides is then in `leavings`. */
static int delete_agents(struct cli *cli, struct leavings *leavings, struct resources *resources,
                         struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;
    _cleanup_(rows_close) struct rows rows = {0};
    bool volumes = args_has(&cli->args, OPT_VOLUMES);
    int r = cli_open_store(cli, DB_WRITE, &store, err);
    if (r == 0)
        r = rows_read(store, &rows, err);
    if (r == 0)
        r = check_held(&rows, err);
    if (r == 0)
        r = ask(cli, store_fleet(store), &rows, err);
    if (r == 0 && volumes)
        r = leavings_add_volumes(leavings, store, NULL, 0, err);
    if (r == 0)
        r = resources_read(store, resources, err);
    if (r == 0)
        r = leavings_add_resources(leavings, store_fleet(store), resources, volumes, err);
    if (r == 0)
        r = leavings_look(cli, leavings, resources, NULL, 0, volumes, err);
    return r < 0 ? r : delete_rows(store, &rows, err);
}

/* Volumes that stay are remembered, for a later down --volumes. */
static int forget(const struct cli *cli, const struct resources *resources, struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;
    int r = cli_open_store(cli, DB_WRITE, &store, err);
    return r < 0 ? r : resources_forget(store, resources, !args_has(&cli->args, OPT_VOLUMES), err);
}

static int print(const struct cli *cli, json_t *report, const json_t *removed, struct error *err)
{
    if (cli->json) {
        json_auto_t *all = json_pack("{s:O,s:O}", "reconcile", report, "removed", removed);
        return all ? cli_print_json(all, err) : -ENOMEM;
    }
    int r = report_print(cli, report, REPORT_PASS, err);
    size_t i;
    json_t *one;
    json_array_foreach (removed, i, one)
        if (r == 0 && !cli->quiet)
            (void)printf("%s %s removed\n", view_text(one, "kind"), view_text(one, "name"));
    return r;
}

/* After the containers; the exit status. */
static int remove_rest(struct cli *cli, const struct leavings *leavings,
                       const struct resources *resources, const json_t *report,
                       json_t **ret_removed, struct error *err)
{
    if (report_has_error(report)) {
        *ret_removed = json_array();
        return EXIT_FAILURE;
    }
    int r = forget(cli, resources, err);
    return r < 0 ? r : leavings_remove(cli, leavings, report, ret_removed, err);
}

static int run_down(struct cli *cli, struct error *err)
{
    _cleanup_(leavings_close) struct leavings leavings = {0};
    _cleanup_(resources_close) struct resources resources = {0};
    json_auto_t *report = NULL, *removed = NULL;
    int r = delete_agents(cli, &leavings, &resources, err);
    if (r == 0)
        r = cli_call(cli, CALL_ANYWHERE, "POST", "/v1/reconcile", true, &report, err);
    if (r < 0)
        return r;
    int status = remove_rest(cli, &leavings, &resources, report, &removed, err);
    if (status < 0)
        return status;
    r = print(cli, report, removed, err);
    return r < 0 ? r : status;
}

static const struct option_def options[] = {
    {OPT_VOLUMES, 0, "volumes", NULL, "remove the fleet's volumes too: their data is lost"},
    {OPT_YES, 'y', "yes", NULL, "do not ask"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_down = {
    .name = "down",
    .args = "",
    .summary = "delete every agent, container and network of the fleet",
    .options = options,
    .help = "Deletes every agent's row, stops and removes the containers, then removes the\n"
            "fleet's networks. Networks and volumes that a compose file calls external stay.\n"
            "Volumes stay too, so that the same files, applied again, bring the fleet back as it\n"
            "was; --volumes removes them with what is in them.\n"
            "\n"
            "It asks first; without a terminal it needs -y. A held agent stops it before\n"
            "anything is done. When a container cannot be removed, the networks stay: run it\n"
            "again.\n"
            "\n"
            "Examples:\n"
            "  roost down\n"
            "  roost down --volumes -y\n",
    .run = run_down,
};
