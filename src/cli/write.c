/* SPDX-License-Identifier: MIT
 *
 * Rows were written: carry it out, and say both.
 */
#include "cli/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/report.h"

json_t *written_new(void)
{
    return json_pack("{s:[],s:n}", "agents", "reconcile");
}

int written_add(json_t *written, const char *name, const char *change)
{
    json_t *agent = json_pack("{s:s,s:s}", "name", name, "change", change);
    return json_array_append_new(json_object_get(written, "agents"), agent) < 0 ? -ENOMEM : 0;
}

static const char *text_of(const json_t *agent, const char *key)
{
    return json_string_value(json_object_get(agent, key));
}

static int reconcile(struct cli *cli, json_t *written, enum call_where where, struct error *err)
{
    json_t *agents = json_object_get(written, "agents");
    size_t n = 0, i;
    json_t *agent;
    _cleanup_free_ const char **names = calloc(json_array_size(agents) + 1, sizeof(*names));
    if (!names)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    json_array_foreach (agents, i, agent)
        if (strcmp(text_of(agent, "change"), "unchanged") != 0)
            names[n++] = text_of(agent, "name");
    if (n == 0)
        return 0;
    json_t *report = NULL;
    int r = cli_reconcile(cli, where, names, n, "", &report, err);
    if (r != 0)
        return r < 0 ? error_wrap(err, r, "the table is written, but not yet carried out") : r;
    return json_object_set_new(written, "reconcile", report) < 0 ? -ENOMEM : 0;
}

static void print_changes(const struct cli *cli, const json_t *written)
{
    size_t i;
    json_t *agent;
    if (cli->quiet)
        return;
    json_array_foreach (json_object_get(written, "agents"), i, agent)
        (void)printf("%s: %s\n", text_of(agent, "name"), text_of(agent, "change"));
}

int written_finish(struct cli *cli, json_t *written, enum call_where where,
                   const json_t **ret_report, struct error *err)
{
    int r = reconcile(cli, written, where, err);
    if (r < 0)
        return r;
    if (r == CALL_NO_DAEMON)
        cli_note(cli, "no daemon runs: `roost reconcile` or `roost serve` brings the fleet up");
    const json_t *report = json_object_get(written, "reconcile");
    if (json_is_null(report))
        report = NULL;
    if (cli->json)
        r = cli_print_json(written, err);
    else if (report)
        r = report_print(cli, report, false, err);
    else
        print_changes(cli, written), r = 0;
    if (r < 0)
        return r;
    if (ret_report)
        *ret_report = report;
    return report && report_has_error(report) ? EXIT_FAILURE : EXIT_SUCCESS;
}
