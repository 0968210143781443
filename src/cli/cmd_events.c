/* SPDX-License-Identifier: MIT
 *
 * roost events: what happened, and with -f what happens.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "base/text.h"
#include "cli/agent_view.h"
#include "cli/cli.h"
#include "cli/since.h"
#include "core/watchdog.h"

#define LINES_DEFAULT "20"
#define RETRY_S       1
#define PATH_SIZE     512

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = 1;
}

static bool is_interrupted(void *ctx)
{
    return interrupted;
}

/* The query ---------------------------------------------------------------------------------- */

static int check_kind(const char *kind, struct error *err)
{
    enum event_kind known;
    struct nearest nearest = {.word = kind};
    if (event_kind_parse(kind, &known))
        return 0;
    for (int i = EVENT_NONE + 1; i < EVENT_KINDS; i++)
        nearest_offer(&nearest, event_kind_name((enum event_kind)i));
    if (nearest.best)
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "events: there is no kind \"%s\"; did you mean \"%s\"?", kind,
                         nearest.best);
    return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                     "events: there is no kind \"%s\"; docs/lifecycle.md names them", kind);
}

/* What is put into the path has no character that would have to be escaped. */
static int make_path(const struct cli *cli, bool follow, char ret_path[PATH_SIZE],
                     struct error *err)
{
    const char *const *value = cli->args.value;
    const char *lines = value[OPT_LINES] ? value[OPT_LINES] : LINES_DEFAULT;
    char since[TIME_TEXT_SIZE];
    int64_t since_ms = 0;
    int len = follow ? snprintf(ret_path, PATH_SIZE, "/v1/events?")
                     : snprintf(ret_path, PATH_SIZE, "/v1/events?newest=1&limit=%s&", lines);
    if (strspn(lines, "0123456789") != strlen(lines) || strlen(lines) > 4 || lines[0] == '\0')
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "events: -n takes a number from 1 to 1000, not \"%s\"", lines);
    if (value[OPT_AGENT] && !agent_name_is_valid(value[OPT_AGENT]))
        return error_set(err, -EINVAL, ERROR_USAGE, "usage", "events: \"%s\" is no agent's name",
                         value[OPT_AGENT]);
    if (value[OPT_AGENT])
        len += snprintf(ret_path + len, (size_t)(PATH_SIZE - len), "agent=%s&", value[OPT_AGENT]);
    if (value[OPT_KIND] && check_kind(value[OPT_KIND], err) < 0)
        return -EINVAL;
    if (value[OPT_KIND])
        len += snprintf(ret_path + len, (size_t)(PATH_SIZE - len), "kind=%s&", value[OPT_KIND]);
    if (value[OPT_SINCE] && since_parse(cli, &since_ms, err) < 0)
        return -EINVAL;
    time_format(since_ms, since);
    if (value[OPT_SINCE])
        len += snprintf(ret_path + len, (size_t)(PATH_SIZE - len), "since=%s&", since);
    ret_path[len - 1] = '\0'; /* the last "&", or the "?" */
    return 0;
}

/* Printing ----------------------------------------------------------------------------------- */

static void add_detail(const json_t *detail, char *buf, size_t size)
{
    size_t len = strlen(buf);
    const json_t *exit_code = json_object_get(detail, "exit_code");
    const json_t *count = json_object_get(detail, "count");
    if (json_is_integer(exit_code) && len < size)
        len += (size_t)snprintf(buf + len, size - len, " exit=%" JSON_INTEGER_FORMAT,
                                json_integer_value(exit_code));
    if (json_is_true(json_object_get(detail, "oom_killed")) && len < size)
        len += (size_t)snprintf(buf + len, size - len, " oom");
    if (json_is_integer(count) && len < size)
        (void)snprintf(buf + len, size - len, " count=%" JSON_INTEGER_FORMAT,
                       json_integer_value(count));
}

static enum style style_of(const char *kind)
{
    if (strcmp(kind, "container_recovered") == 0 || strcmp(kind, "engine_restored") == 0)
        return STYLE_GOOD;
    if (strcmp(kind, "container_adopted") == 0 || strcmp(kind, "container_exited") == 0)
        return STYLE_PLAIN;
    return STYLE_WARN;
}

static const char *dash(const char *text)
{
    return text[0] ? text : "-";
}

static void print_words(const struct cli *cli, const json_t *event)
{
    char why[256], clean[256];
    const char *kind = view_text(event, "kind");
    (void)snprintf(why, sizeof(why), "%s", view_text(event, "reason"));
    add_detail(json_object_get(event, "detail"), why, sizeof(why));
    text_visible(why, clean, sizeof(clean));
    (void)printf("%.19sZ  %s%-20s%s  %-20s  %-9s  %s\n", view_text(event, "time"),
                 style_escape(style_of(kind), cli->color), kind,
                 style_escape(STYLE_PLAIN, cli->color), dash(view_text(event, "agent")),
                 dash(view_text(event, "state")), clean);
}

/* One line, at once: who follows waits for it. */
static int print_event(struct cli *cli, const json_t *event, struct error *err)
{
    int r = 0;
    if (cli->json)
        r = cli_print_json_line(event, err);
    else
        print_words(cli, event);
    if (r < 0 || fflush(stdout) == 0)
        return r;
    return cli_reader_is_gone() ? 1 : error_wrap(err, -errno, "cannot write");
}

/* Following ---------------------------------------------------------------------------------- */

struct following {
    struct cli *cli;
    struct error *err;
    char last_id[32];
    int result;
};

static int on_event(void *ctx, const char *id, const json_t *event)
{
    struct following *f = ctx;
    (void)snprintf(f->last_id, sizeof(f->last_id), "%s", id);
    f->result = print_event(f->cli, event, f->err);
    return f->result;
}

/* A daemon that is restarted loses nobody: it is asked again, for what came after the last event.
 */
static int follow(struct cli *cli, int64_t last_id, struct error *err)
{
    char path[PATH_SIZE];
    struct following f = {.cli = cli, .err = err};
    struct api_client how = {.stop = is_interrupted};
    struct sigaction action = {.sa_handler = on_signal};
    bool connected = false;
    (void)snprintf(f.last_id, sizeof(f.last_id), "%" PRId64, last_id);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    int r = make_path(cli, true, path, err);
    if (r < 0)
        return r;
    while (!interrupted) {
        struct error why = ERROR_INIT;
        r = cli_follow(cli, &how, path, f.last_id, on_event, &f, &why);
        if (f.result != 0)
            return f.result < 0 ? f.result : EXIT_SUCCESS;
        bool gone = r == CALL_NO_DAEMON || why.kind == ERROR_UNREACHABLE;
        if (!connected && gone)
            return cli_needs_daemon(cli, CALL_NO_DAEMON, "to follow events", err);
        if (r < 0 && !gone && !interrupted) {
            *err = why;
            return r;
        }
        connected = true;
        (void)sleep(RETRY_S);
    }
    return EXIT_SUCCESS;
}

static int run_events(struct cli *cli, struct error *err)
{
    json_auto_t *answer = NULL;
    char path[PATH_SIZE];
    int64_t last_id = 0;
    size_t i;
    json_t *event;
    bool goes_on = cli->args.value[OPT_FOLLOW] != NULL;
    int r = make_path(cli, false, path, err);
    if (r == 0)
        r = cli_call(cli, goes_on ? CALL_DAEMON_ONLY : CALL_ANYWHERE, "GET", path, false, &answer,
                     err);
    r = cli_needs_daemon(cli, r, "to follow events", err);
    if (r < 0)
        return r;
    json_array_foreach (json_object_get(answer, "events"), i, event) {
        last_id = json_integer_value(json_object_get(event, "id"));
        r = print_event(cli, event, err);
        if (r != 0)
            return r < 0 ? r : EXIT_SUCCESS;
    }
    return goes_on ? follow(cli, last_id, err) : EXIT_SUCCESS;
}

static const struct option_def events_options[] = {
    {OPT_FOLLOW, 'f', "follow", NULL, "go on with what happens from now"},
    {OPT_AGENT, 0, "agent", "NAME", "only those of this agent"},
    {OPT_KIND, 0, "kind", "KIND", "only those of this kind, e.g. container_missing"},
    {OPT_SINCE, 0, "since", "WHEN", "not before: a time, or how long ago (1h30m)"},
    {OPT_LINES, 'n', "lines", "N", "the last N (20; at most 1000)"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_events = {
    .name = "events",
    .args = "",
    .summary = "what went wrong and what was mended, as it happens with -f",
    .options = events_options,
    .help = "One line for each event: when, what, which agent, its state then, and why. A trouble\n"
            "is told once, and its end once (container_recovered). A lazy agent that sleeps is no\n"
            "trouble and says nothing. With -o json one object a line, as the API gives it.\n"
            "\n"
            "-f needs the daemon, and goes on when that is restarted, without a gap or a double.\n"
            "\n"
            "Examples:\n"
            "  roost events --since 24h\n"
            "  roost events -f --agent web\n"
            "  roost events -f -o json | jq -r 'select(.kind == \"crash_loop\") | .agent'\n",
    .run = run_events,
};
