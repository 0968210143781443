/* SPDX-License-Identifier: MIT
 *
 * roost wake: an agent is wanted awake, for a time or for as long as a command runs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "cli/agent_view.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/renewer.h"

/* A wake on its way. */
struct wake {
    struct cli *cli;
    const char *agent;
    struct lease lease; /* its id is known before it is ready */
    struct renewer renewer;
    bool renews;
    int renewer_r; /* negative with `renewer_error` */
    struct error renewer_error;
};

static int wake_body(const struct cli *cli, const struct lease *lease, json_t **ret_body,
                     struct error *err)
{
    const struct args *args = &cli->args;
    char timeout[DURATION_TEXT_SIZE];
    uint64_t timeout_ns = 0;
    bool wait = !args_has(args, OPT_NO_WAIT);
    if (!wait && (args_has(args, OPT_WAIT) || args_has(args, OPT_TIMEOUT)))
        return error_set(err, -EINVAL, ERROR_USAGE, "usage", "wake: --no-wait and --%s contradict",
                         args_has(args, OPT_WAIT) ? "wait" : "timeout");
    int r = lease_duration(cli, OPT_TIMEOUT, "timeout", &timeout_ns, err);
    if (r < 0)
        return r;
    json_t *body = lease_body(lease->ttl_ns);
    duration_format(timeout_ns, timeout);
    if (!body || json_object_set_new(body, "wait", json_boolean(wait)) < 0 ||
        json_object_set_new(body, "now", json_boolean(args_has(args, OPT_NOW))) < 0 ||
        (timeout_ns && json_object_set_new(body, "timeout", json_string(timeout)) < 0)) {
        json_decref(body);
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    }
    *ret_body = body;
    return 0;
}

/* The lease is told before the agent is ready. */
static void on_news(void *ctx, const json_t *news)
{
    struct wake *wake = ctx;
    lease_read(&wake->lease, news);
    if (wake->renews && wake->lease.id[0] && !wake->renewer.running && wake->renewer_r == 0)
        wake->renewer_r =
            renewer_start(&wake->renewer, wake->cli, &wake->lease, &wake->renewer_error);
}

static int ask(struct wake *wake, bool (*stop)(void *ctx), json_t **ret_answer, struct error *err)
{
    char path[AGENT_PATH_SIZE];
    json_auto_t *body = NULL;
    struct api_client how = {.progress = on_news, .progress_ctx = wake, .stop = stop};
    int r = lease_duration(wake->cli, OPT_TTL, "ttl", &wake->lease.ttl_ns, err);
    if (r == 0)
        r = wake_body(wake->cli, &wake->lease, &body, err);
    if (r == 0)
        r = cli_agent_path(wake->agent, "/wake", path, err);
    if (r == 0)
        r = cli_ask(wake->cli, &how, "POST", path, body, ret_answer, err);
    r = cli_needs_daemon(wake->cli, r, "a lease", err);
    if (r == 0)
        on_news(wake, *ret_answer);
    return r;
}

static void note_state(const struct wake *wake, const json_t *answer)
{
    const char *retry_at = view_text(answer, "retry_at");
    const char *expires_at = view_text(json_object_get(answer, "lease"), "expires_at");
    if (json_is_true(json_object_get(answer, "completed")))
        cli_note(wake->cli, "%s has done its job and stopped", wake->agent);
    else if (*retry_at)
        cli_note(wake->cli, "%s could not be started before, and is tried again at %s", wake->agent,
                 retry_at);
    else
        cli_note(wake->cli, "%s is %s; the lease ends at %s", wake->agent,
                 view_text(answer, "state"), expires_at);
}

static int wake_only(struct wake *wake, struct error *err)
{
    json_auto_t *answer = NULL;
    int r = ask(wake, NULL, &answer, err);
    if (r < 0 && wake->lease.id[0] && err->kind != ERROR_GONE)
        cli_note(wake->cli, "lease %s may still hold; `roost release` ends it", wake->lease.id);
    if (r < 0)
        return r;
    if (wake->cli->json)
        return cli_print_json(answer, err);
    if (wake->lease.id[0])
        (void)puts(wake->lease.id);
    note_state(wake, answer);
    return EXIT_SUCCESS;
}

static int run_command(struct wake *wake, const struct held_signals *signals, struct error *err)
{
    if (setenv("ROOST_AGENT", wake->agent, 1) < 0 || setenv("ROOST_LEASE", wake->lease.id, 1) < 0)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    int status = child_run(signals, wake->cli->args.rest, err);
    if (error_is_set(err))
        cli_error("%s", err->text);
    return status;
}

static void release(struct wake *wake)
{
    json_auto_t *answer = NULL;
    struct error err = ERROR_INIT;
    renewer_stop(&wake->renewer);
    if (!wake->lease.id[0])
        return;
    int r = cli_needs_daemon(wake->cli, lease_release(wake->cli, wake->lease.id, &answer, &err),
                             "to release it", &err);
    /* That it has ended by itself is as well. */
    if (r < 0 && err.kind != ERROR_NOT_FOUND && err.kind != ERROR_GONE)
        cli_warn("lease %s is not released and will expire: %s", wake->lease.id, err.text);
}

static int wake_for_command(struct wake *wake, struct error *err)
{
    struct held_signals signals;
    json_auto_t *answer = NULL;
    if (wake->cli->json)
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "wake: the output is the command's, there is none in JSON");
    wake->renews = true;
    signals_hold(&signals);
    int r = ask(wake, signals_came, &answer, err);
    if (r == 0 && wake->renewer_r < 0) {
        *err = wake->renewer_error;
        r = wake->renewer_r;
    }
    int n = signals_take(&signals);
    if (r == 0 && json_is_true(json_object_get(answer, "completed")))
        note_state(wake, answer);
    if (r == 0 && n == 0)
        r = run_command(wake, &signals, err);
    release(wake);
    return n ? EXIT_BY_SIGNAL + n : r;
}

static int run_wake(struct cli *cli, struct error *err)
{
    struct wake wake = {.cli = cli, .agent = cli->args.words[0]};
    return cli->args.rest ? wake_for_command(&wake, err) : wake_only(&wake, err);
}

static const struct option_def options[] = {
    {OPT_TTL, 0, "ttl", "DURATION", "how long the lease lasts (5m; at most 24h)"},
    {OPT_WAIT, 0, "wait", NULL, "wait until it is ready; so it is without this, too"},
    {OPT_NO_WAIT, 0, "no-wait", NULL, "only ask for it"},
    {OPT_TIMEOUT, 0, "timeout", "DURATION", "how long to wait (the agent's own ready_timeout)"},
    {OPT_NOW, 0, "now", NULL, "after failures: try at once, not when it is due"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_wake = {
    .name = "wake",
    .args = "NAME",
    .min_words = 1,
    .max_words = 1,
    .takes_rest = true,
    .summary = "wake an agent, for a time or while a command runs",
    .options = options,
    .help =
        "Takes a lease: until it ends the agent is kept awake, and what it depends on with it.\n"
        "Waits until the agent is ready, then prints the lease's id. `roost renew` makes the\n"
        "lease last longer, `roost release` ends it; when the last lease of a lazy agent has\n"
        "ended, it sleeps once it has been idle for its idle_timeout. An agent that is not\n"
        "ready in time is left running, and the lease holds.\n"
        "\n"
        "With `-- COMMAND` the lease is held and renewed while that command runs on this\n"
        "machine, and is released whatever becomes of it. It finds the lease's id in\n"
        "ROOST_LEASE and the agent's name in ROOST_AGENT. SIGINT and SIGTERM go on to it. The\n"
        "exit status is the command's, 128 and the number of the signal that ended it, or 127\n"
        "when there is no such command.\n"
        "\n"
        "Leases are the daemon's: without `roost serve` there are none (exit status 4).\n"
        "\n"
        "Examples:\n"
        "  lease=$(roost wake reviewer --ttl 30m)\n"
        "  roost wake db -- pg_dump -h 127.0.0.1 app > app.sql\n"
        "  roost wake preview --no-wait -o json\n",
    .run = run_wake,
};
