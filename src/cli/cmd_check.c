/* SPDX-License-Identifier: MIT
 *
 * roost check: is this file valid?
 */
#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/file.h"
#include "cli/permit.h"

struct counts {
    size_t of[2]; /* by lifecycle */
    size_t jobs;
};

static struct counts count(const struct compose_project *p)
{
    struct counts counts = {0};
    for (size_t i = 0; i < p->n_services; i++) {
        counts.of[p->services[i].lifecycle]++;
        counts.jobs += p->services[i].job;
    }
    return counts;
}

static int print_json(const struct compose_project *p, const struct counts *counts,
                      struct error *err)
{
    json_auto_t *json =
        json_pack("{s:s,s:s,s:b,s:i,s:i,s:i,s:i}", "file", p->file, "fleet", p->name, "ok", 1,
                  "agents", (int)p->n_services, "hot", (int)counts->of[LIFECYCLE_HOT], "lazy",
                  (int)counts->of[LIFECYCLE_LAZY], "jobs", (int)counts->jobs);
    if (!json || json_object_set_new(json, "warnings", file_warnings(p)) < 0)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    return cli_print_json(json, err);
}

static void print_people(const struct cli *cli, const struct compose_project *p,
                         const struct counts *counts)
{
    (void)printf("%s: ok, %zu agent%s (%zu hot, %zu lazy)\n", file_shown(cli, p), p->n_services,
                 p->n_services == 1 ? "" : "s", counts->of[LIFECYCLE_HOT],
                 counts->of[LIFECYCLE_LAZY]);
    for (size_t i = 0; i < p->n_services; i++)
        if (p->services[i].job)
            (void)printf("%s: lazy, a job that runs once each time that it changes\n",
                         p->services[i].name);
}

/* The database is only looked at, if there is one. */
static int check_policy(struct cli *cli, const struct compose_project *project,
                        const struct own_files *own, struct error *err)
{
    _cleanup_(permits_close) struct permits permits = {0};
    _cleanup_(store_closep) struct store *store = NULL;
    int r = cli_open_store(cli, DB_READ, &store, err);
    if (r == -ENOENT) {
        error_clear(err);
        r = 0;
    }
    if (r == 0)
        r = permits_find(cli, project, own, store, &permits, err);
    if (r == 0)
        r = permits_print(cli, &permits, err);
    if (r == 0 && permits.n == 0)
        cli_note(cli, "nothing hands out the host");
    return r < 0 ? r : permits.n_refused > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_check(struct cli *cli, struct error *err)
{
    _cleanup_(file_closep) struct compose_project *project = NULL;
    struct own_files own;
    int r = own_files_find(cli, &own, err);
    if (r < 0)
        return r;
    r = file_load(cli, &own, &project, err);
    if (r < 0)
        return r;
    if (args_has(&cli->args, OPT_POLICY))
        return check_policy(cli, project, &own, err);
    struct counts counts = count(project);
    if (cli->json)
        return print_json(project, &counts, err);
    if (!cli->quiet)
        print_people(cli, project, &counts);
    return EXIT_SUCCESS;
}

static const struct option_def options[] = {
    FILE_OPTIONS,
    {OPT_POLICY, 0, "policy", NULL, "list what would hand out the host, and whether it may"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_check = {
    .name = "check",
    .args = "[FILE]",
    .max_words = 1,
    .summary = "validate a compose file, and nothing else",
    .options = options,
    .help =
        "Reads a compose file as `roost apply` would and says what is wrong with it: file,\n"
        "line, column, and the nearest key that exists. A key that roost does not carry\n"
        "out is an error, it is never passed over in silence. Nothing is written; neither\n"
        "a daemon nor an engine nor a database is needed.\n"
        "\n"
        "--policy lists what would hand out the host, by agent, and whether policy.yaml or the\n"
        "database allows it; the exit status is 1 when something is not allowed.\n"
        "\n"
        "Several files (-f a.yaml -f b.yaml) are merged as Compose merges them. Without FILE:\n"
        "those of COMPOSE_FILE, else compose.yaml, compose.yml, docker-compose.yaml or\n"
        "docker-compose.yml, here or in the nearest folder above, with the\n"
        "compose.override.yaml beside it.\n"
        "\n"
        "Examples:\n"
        "  roost check\n"
        "  roost check deploy/compose.yaml && roost apply deploy/compose.yaml\n",
    .run = run_check,
};
