/* SPDX-License-Identifier: MIT
 *
 * roost apply: a compose file into the table.
 *
 * What will be done is found out before anything is written (cli/diff.h), and asked for where it
 * deletes much. Then one transaction writes it, if the table is still the one that was looked at.
 */
#include <errno.h>
#include <stdio.h>

#include "cli/apply.h"
#include "cli/diff.h"
#include "cli/file.h"
#include "cli/permit.h"
#include "cli/report.h"

struct apply {
    struct cli *cli;
    struct own_files own;
    struct compose_project *project;
    struct store *store;
    struct rows rows;
    struct diff diff;
    struct permits permits;
    const struct apply_more *more; /* NULL */
    struct error *err;
};

static void apply_close(struct apply *a)
{
    permits_close(&a->permits);
    diff_close(&a->diff);
    rows_close(&a->rows);
    a->store = store_close(a->store);
    file_closep(&a->project);
}

static bool prunes(const struct apply *a)
{
    return args_has(&a->cli->args, OPT_PRUNE);
}

/* before --------------------------------------------------------------------------------------- */

static int apply_look(struct apply *a)
{
    int r = own_files_find(a->cli, &a->own, a->err);
    if (r == 0)
        r = file_load(a->cli, &a->own, &a->project, a->err);
    if (r == 0)
        r = cli_open_store(a->cli, DB_CREATE, &a->store, a->err);
    if (r == 0)
        r = rows_read(a->store, &a->rows, a->err);
    if (r == 0)
        r = permits_find(a->cli, a->project, &a->own, a->store, &a->permits, a->err);
    return r < 0 ? r : diff_make(a->project, &a->rows, &a->diff, a->err);
}

static int confirm_prune(const struct apply *a)
{
    char question[256];
    if (!prunes(a) || !diff_prunes_much(&a->diff))
        return 0;
    (void)snprintf(question, sizeof(question),
                   "prune %zu of the %zu agents of this file with their containers",
                   a->diff.counts[CHANGE_PRUNED], a->diff.n_source);
    return cli_confirm(a->cli, question, a->err);
}

/* writing -------------------------------------------------------------------------------------- */

/* Who holds it and which pool it is in are not the file's business: they stay. */
static int write_service(const struct apply *a, const struct change *change)
{
    const struct compose_service *s = change->service;
    struct store_agent agent = {
        .name = s->name,
        .lifecycle = change->lifecycle,
        .image = s->image,
        .spec = s->spec,
        .idle_timeout = s->idle_timeout,
        .pool = change->row ? change->row->pool : NULL,
        .held = change->row && change->row->held,
        .held_reason = change->row ? change->row->held_reason : NULL,
        .source = a->project->file,
        .applied = change->applied,
    };
    bool changed = false;
    return store_write_agent(a->store, &agent, &changed, a->err);
}

static int write_change(const struct apply *a, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_CREATED:
    case CHANGE_CHANGED:
    case CHANGE_UNCHANGED: /* its fingerprint may be new */
        return write_service(a, change);
    case CHANGE_PRUNED:
        return prunes(a) ? store_delete_agent(a->store, change->name, a->err) : 0;
    case CHANGE_KEPT:
        return 0;
    }
    return 0;
}

static int write_resources(const struct apply *a)
{
    size_t n = a->project->n_resources;
    _cleanup_free_ struct store_resource *list = calloc(n + 1, sizeof(*list));
    if (!list)
        return error_set(a->err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const struct compose_resource *r = &a->project->resources[i];
        list[i] = (struct store_resource){.kind = r->kind,
                                          .key = r->key,
                                          .engine_name = r->engine_name,
                                          .external = r->external,
                                          .body = r->body ? r->body : "{}",
                                          .source = a->project->file};
    }
    return store_write_resources(a->store, a->project->file, list, n, a->err);
}

static int apply_write(struct apply *a)
{
    int r = store_begin(a->store, a->err);
    if (r == 0)
        r = rows_check_unchanged(a->store, &a->rows, a->err);
    if (r == 0)
        r = store_set_fleet(a->store, a->project->name, a->err);
    for (size_t i = 0; i < a->diff.n && r == 0; i++)
        r = write_change(a, &a->diff.changes[i]);
    if (r == 0)
        r = write_resources(a);
    if (r == 0)
        r = permits_write(&a->permits, a->store, a->err);
    if (r == 0 && a->more)
        r = a->more->write(a->more->ctx, a->store, a->err);
    if (r == 0)
        r = store_commit(a->store, a->err);
    if (r < 0)
        store_rollback(a->store);
    return r;
}

/* telling -------------------------------------------------------------------------------------- */

static void tell_warnings(const struct apply *a)
{
    const struct cli *cli = a->cli;
    for (size_t i = 0; i < a->diff.n; i++) {
        const struct change *c = &a->diff.changes[i];
        if (c->by_hand)
            cli_warn("%s: %s", c->name, c->by_hand);
        if (c->kind == CHANGE_KEPT && prunes(a))
            cli_warn("%s: held, so it is not pruned; `roost unhold %s` first", c->name, c->name);
        if (c->kind == CHANGE_PRUNED && !prunes(a))
            cli_note(cli, "%s is no longer in the file; --prune deletes it", c->name);
    }
}

static bool is_told(const struct apply *a, const struct change *c)
{
    return c->kind == CHANGE_CREATED || c->kind == CHANGE_CHANGED ||
           (c->kind == CHANGE_PRUNED && prunes(a));
}

static int print_table(const struct apply *a)
{
    static const char *const heads[] = {"NAME", "LIFECYCLE", "CHANGE", "WHAT"};
    struct table table;
    table_open(&table, heads, ARRAY_LEN(heads));
    for (size_t i = 0; i < a->diff.n; i++) {
        const struct change *c = &a->diff.changes[i];
        if (!is_told(a, c))
            continue;
        table_add(&table, c->name, STYLE_PLAIN);
        table_add(&table, c->lifecycle, STYLE_PLAIN);
        table_add(&table, change_name(c->kind),
                  c->kind == CHANGE_CREATED ? STYLE_GOOD : STYLE_WARN);
        table_add(&table, c->fields, STYLE_PLAIN);
    }
    return cli_print_table(a->cli, &table, a->err);
}

static int print_people(const struct apply *a, const json_t *report)
{
    const size_t *n = a->diff.counts;
    if (!a->cli->quiet) {
        int r = print_table(a);
        if (r < 0)
            return r;
        (void)printf("%s: %zu created, %zu changed, %zu unchanged, %zu pruned\n", a->project->name,
                     n[CHANGE_CREATED], n[CHANGE_CHANGED], n[CHANGE_UNCHANGED],
                     prunes(a) ? n[CHANGE_PRUNED] : 0);
    }
    return report ? report_print(a->cli, report, REPORT_PASS, a->err) : 0;
}

static json_t *json_changes(const struct apply *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->diff.n; i++) {
        const struct change *c = &a->diff.changes[i];
        bool left = c->kind == CHANGE_PRUNED && !prunes(a);
        (void)json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s?,s:s?}", "name", c->name,
                                                    "lifecycle", c->lifecycle, "change",
                                                    left ? "kept" : change_name(c->kind), "fields",
                                                    c->fields, "by_hand", c->by_hand));
    }
    return list;
}

static int print_json(const struct apply *a, json_t *report)
{
    const size_t *n = a->diff.counts;
    json_auto_t *json =
        json_pack("{s:s,s:s,s:{s:i,s:i,s:i,s:i},s:o,s:o,s:O?}", "fleet", a->project->name, "source",
                  a->project->file, "summary", "created", (int)n[CHANGE_CREATED], "changed",
                  (int)n[CHANGE_CHANGED], "unchanged", (int)n[CHANGE_UNCHANGED], "pruned",
                  prunes(a) ? (int)n[CHANGE_PRUNED] : 0, "agents", json_changes(a), "warnings",
                  file_warnings(a->project), "reconcile", report);
    return json ? cli_print_json(json, a->err)
                : error_set(a->err, -ENOMEM, ERROR_FAILED, NULL, "cannot make the answer");
}

static int apply_tell(struct apply *a, json_t *report)
{
    int r = a->cli->json ? print_json(a, report) : print_people(a, report);
    if (r < 0)
        return r;
    return report && report_has_error(report) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int apply_carry_out(struct apply *a)
{
    json_auto_t *report = NULL;
    int r = cli_call(a->cli, CALL_DAEMON_ONLY, "POST", "/v1/reconcile", true, &report, a->err);
    if (r < 0)
        return error_wrap(a->err, r, "the table is written, but not yet carried out");
    int status = apply_tell(a, report);
    if (r == CALL_NO_DAEMON)
        cli_note(a->cli, "no daemon runs: `roost reconcile` or `roost serve` brings the fleet up");
    return status;
}

/* Whose containers are of an older image, recreated one after the other. */
static int refresh_images(struct apply *a)
{
    json_auto_t *answer = NULL, *report = NULL;
    size_t i, n = 0;
    json_t *agent;
    int r = cli_call(a->cli, CALL_ANYWHERE, "GET", "/v1/outdated", false, &answer, a->err);
    if (r < 0)
        return error_wrap(a->err, r, "the table is written, but no image is refreshed");
    const json_t *agents = json_object_get(answer, "agents");
    _cleanup_free_ const char **names = calloc(json_array_size(agents) + 1, sizeof(*names));
    if (!names)
        return error_set(a->err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    json_array_foreach (agents, i, agent)
        if (json_is_true(json_object_get(agent, "outdated")))
            names[n++] = json_string_value(json_object_get(agent, "name"));
    if (n == 0)
        return EXIT_SUCCESS;
    r = cli_reconcile(a->cli, CALL_ANYWHERE, names, n, "?recreate=1", &report, a->err);
    return r < 0 ? r : report_finish(a->cli, report, REPORT_PASS, a->err);
}

int apply_run(struct cli *cli, const struct apply_more *more, struct error *err)
{
    _cleanup_(apply_close) struct apply a = {.cli = cli, .err = err, .more = more};
    int r = apply_look(&a);
    if (r == 0 && more)
        r = more->look(more->ctx, a.project, err);
    if (r == 0)
        r = permits_ask(cli, &a.permits, err);
    if (r == 0)
        r = confirm_prune(&a);
    if (r == 0) /* before a row names them */
        r = own_files_write(&a.own, a.project, &a.rows, a.err);
    if (r == 0)
        r = apply_write(&a);
    if (r < 0)
        return r;
    tell_warnings(&a);
    r = apply_carry_out(&a);
    if (r != EXIT_SUCCESS || !args_has(&cli->args, OPT_REFRESH_IMAGES))
        return r;
    a.store = store_close(a.store); /* without a daemon this process drives the engine now */
    return refresh_images(&a);
}

static int run_apply(struct cli *cli, struct error *err)
{
    return apply_run(cli, NULL, err);
}

static const struct option_def options[] = {
    FILE_OPTIONS,
    {OPT_PRUNE, 0, "prune", NULL, "delete agents of this file that it no longer has"},
    {OPT_REFRESH_IMAGES, 0, "refresh-images", NULL,
     "make containers anew that are of an older image than their tag is now"},
    {OPT_ALLOW_HOST, 0, "allow-host", NULL, "let agents have of the host what the file asks for"},
    {OPT_YES, 'y', "yes", NULL, "do not ask, however many are pruned"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_apply = {
    .name = "apply",
    .args = "[FILE]",
    .max_words = 1,
    .summary = "write a compose file into the table; a daemon carries it out",
    .options = options,
    .help = "Each service of the file becomes an agent, a row of the table, in one transaction:\n"
            "when anything is wrong nothing is written. A daemon that runs carries it out at\n"
            "once and its report is shown; without one the rows wait for `roost serve` or\n"
            "`roost reconcile`. A new database is made when there is none.\n"
            "\n"
            "x-roost says what Compose has no word for; without it a service is hot:\n"
            "\n"
            "  services:\n"
            "    reviewer:\n"
            "      image: busybox\n"
            "      x-roost: {lifecycle: lazy, idle_timeout: 15m, ready: {tcp: 8080}}\n"
            "\n"
            "Rows remember their file. A row of another file, or made by hand, is never touched:\n"
            "that is an error. Changes made by hand to this file's rows are set back, and told.\n"
            "Agents that the file no longer has stay, until --prune deletes them; when that is\n"
            "more than a fifth of the file's agents it asks, and without a terminal needs -y.\n"
            "Held agents are not pruned.\n"
            "\n"
            "Several files (-f a.yaml -f b.yaml) are merged as Compose merges them. Without FILE:\n"
            "those of COMPOSE_FILE, else compose.yaml, compose.yml, docker-compose.yaml or\n"
            "docker-compose.yml, here or in the nearest folder above, with the\n"
            "compose.override.yaml beside it. A database holds one\n"
            "fleet: a file with another name: is refused.\n"
            "\n"
            "What would hand out the host (privileged, the engine's socket, system folders, …) is\n"
            "asked about once, and recorded by agent and field; without a terminal it needs\n"
            "--allow-host, and root. `roost check --policy` lists it.\n"
            "\n"
            "--refresh-images makes containers anew whose tag now stands for another image than\n"
            "theirs (`roost outdated` lists them); it does not pull.\n"
            "\n"
            "Examples:\n"
            "  roost apply\n"
            "  roost pull && roost apply --refresh-images\n"
            "  roost apply deploy/compose.yaml --prune\n"
            "  roost check && roost apply && roost ls\n",
    .run = run_apply,
};
