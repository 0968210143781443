/* SPDX-License-Identifier: MIT
 *
 * roost logs: what agents have written, from the engine itself.
 *
 * Which containers, whoever answers for the fleet says; their logs the engine gives, which this
 * process asks. One that is followed over its end is looked at once a second under its name, so
 * that what follows a restart or a recreate is told from the end of the run before on.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/agent_view.h"
#include "cli/cli.h"
#include "cli/engine_session.h"
#include "cli/log_lines.h"
#include "cli/since.h"

#define LOOK_MS 1000

struct logs;

struct source {
    struct logs *logs;
    const char *agent;
    char *container; /* its name; NULL: there is none yet */
    bool busy;       /* a request is under way */
    bool shown;      /* up to the end of this run: */
    char id[2 * CONTAINER_ID_SIZE + 1];
    int64_t started_at_ns;
    struct log_lines lines[2]; /* stdout, stderr */
};

struct logs {
    struct cli *cli;
    struct engine_session session;
    struct engine_logs what;
    struct source *sources;
    size_t n;
    size_t n_found; /* that have a container */
    size_t busy;
    bool over; /* with `result` */
    int result;
    struct error *err;
};

static void stop(struct logs *logs, int result)
{
    if (!logs->over)
        logs->result = result;
    logs->over = true;
}

static void stop_unwritten(struct logs *logs, int r)
{
    if (cli_reader_is_gone())
        stop(logs, EXIT_SUCCESS);
    else
        stop(logs, error_wrap(logs->err, r, "cannot write"));
}

static void set_busy(struct source *source, bool busy)
{
    source->busy = busy;
    source->logs->busy += busy ? 1 : (size_t)-1;
}

/* Telling ------------------------------------------------------------------------------------- */

static int write_raw(FILE *out, const char *data, size_t len)
{
    errno = 0;
    (void)fwrite(data, 1, len, out);
    return ferror(out) ? -(errno ? errno : EIO) : 0;
}

/* Of one agent as it is, as docker(1) does; of several by lines. */
static int on_log(void *ctx, bool is_stderr, const char *data, size_t len)
{
    struct source *source = ctx;
    struct logs *logs = source->logs;
    FILE *out = logs->n == 1 && is_stderr ? stderr : stdout;
    int r = logs->n == 1 ? write_raw(out, data, len)
                         : log_lines_feed(&source->lines[is_stderr], data, len);
    if (r == 0 && fflush(out) < 0)
        r = -errno;
    if (r < 0)
        stop_unwritten(logs, r);
    return logs->over ? -ECANCELED : 0;
}

static void on_end(void *ctx, const struct engine_result *result)
{
    struct source *source = ctx;
    struct logs *logs = source->logs;
    set_busy(source, false);
    if (logs->over)
        return;
    int r = log_lines_end(&source->lines[0]);
    if (r == 0)
        r = log_lines_end(&source->lines[1]);
    if (r < 0) {
        stop_unwritten(logs, r);
        return;
    }
    if (result->outcome == ENGINE_DONE || result->outcome == ENGINE_NOT_FOUND)
        return;
    *logs->err = result->error;
    stop(logs, -EIO);
}

/* Looking ------------------------------------------------------------------------------------- */

/* A run that was not shown yet. The first look shows what there is, whatever became of it. */
static bool is_news(const struct source *source, const struct engine_container *c)
{
    if (!source->shown)
        return true;
    return c->started_at_ns > 0 &&
           (c->started_at_ns != source->started_at_ns || strcmp(c->id, source->id) != 0);
}

static void show(struct source *source, const struct engine_container *c)
{
    struct engine_logs what = source->logs->what;
    what.tty = c->tty;
    if (source->shown) {
        /* Not from StartedAt: the engine notes that when the first lines may be written already. */
        bool is_same = strcmp(c->id, source->id) == 0;
        what.tail = -1;
        what.since_ns = is_same && c->finished_at_ns > 0 ? c->finished_at_ns : 0;
    }
    source->shown = true;
    source->started_at_ns = c->started_at_ns;
    (void)snprintf(source->id, sizeof(source->id), "%s", c->id);
    set_busy(source, true);
    engine_logs(source->logs->session.engine, c->id, &what, on_log, on_end, source);
}

static void on_look(void *ctx, const struct engine_result *result)
{
    struct source *source = ctx;
    struct logs *logs = source->logs;
    set_busy(source, false);
    if (logs->over)
        return;
    if (result->outcome == ENGINE_DONE) {
        if (is_news(source, result->container))
            show(source, result->container);
    } else if (result->outcome != ENGINE_NOT_FOUND) {
        *logs->err = result->error;
        stop(logs, -EIO);
    }
}

static void look(struct source *source)
{
    if (source->busy || !source->container)
        return;
    set_busy(source, true);
    engine_inspect(source->logs->session.engine, source->container, on_look, source);
}

static void look_at_all(struct logs *logs)
{
    for (size_t i = 0; i < logs->n; i++)
        look(&logs->sources[i]);
}

static void on_timer(uv_timer_t *timer)
{
    look_at_all(timer->data);
}

static void run(struct logs *logs)
{
    uv_timer_t timer = {.data = logs};
    (void)uv_timer_init(&logs->session.loop, &timer);
    if (logs->what.follow)
        (void)uv_timer_start(&timer, on_timer, LOOK_MS, LOOK_MS);
    look_at_all(logs);
    while (!logs->over && (logs->busy > 0 || (logs->what.follow && logs->n_found > 0)))
        (void)uv_run(&logs->session.loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    engine_session_close(&logs->session);
}

/* What was asked for -------------------------------------------------------------------------- */

static int read_tail(const char *text, int64_t *ret_tail, struct error *err)
{
    *ret_tail = -1;
    if (!text || strcmp(text, "all") == 0)
        return 0;
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 9 || text[len] != '\0')
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "logs: --tail takes a number of lines, or all, not \"%s\"", text);
    *ret_tail = strtol(text, NULL, 10);
    return 0;
}

static int read_options(struct logs *logs, struct error *err)
{
    const struct args *args = &logs->cli->args;
    int64_t since_ms = 0;
    if (logs->cli->json)
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "logs: the output is the containers', there is none in JSON");
    logs->what.follow = args_has(args, OPT_FOLLOW);
    logs->what.timestamps = args_has(args, OPT_TIMESTAMPS);
    int r = read_tail(args->value[OPT_TAIL], &logs->what.tail, err);
    if (r == 0 && args_has(args, OPT_SINCE))
        r = since_parse(logs->cli, &since_ms, err);
    logs->what.since_ns = since_ms * (int64_t)NS_PER_MS;
    return r;
}

static int find_source(struct logs *logs, struct source *source, struct error *err)
{
    char path[AGENT_PATH_SIZE];
    json_auto_t *answer = NULL;
    int r = cli_agent_path(source->agent, "", path, err);
    if (r == 0)
        r = cli_call(logs->cli, CALL_ANYWHERE, "GET", path, false, &answer, err);
    if (r < 0)
        return r;
    const char *name = view_text(json_object_get(answer, "container"), "name");
    const char *lost = view_text(answer, "engine_error");
    if (!*name && *lost)
        return error_set(err, -EIO, ERROR_UNREACHABLE, "engine_lost", "%s", lost);
    if (!*name) {
        cli_note(logs->cli, "%s has no container", source->agent);
        return 0;
    }
    logs->n_found++;
    source->container = strdup(name);
    return source->container ? 0 : error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
}

static int find_sources(struct logs *logs, struct error *err)
{
    const struct args *args = &logs->cli->args;
    size_t width = 0;
    logs->sources = calloc(args->n_words, sizeof(*logs->sources));
    if (!logs->sources)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    logs->n = args->n_words;
    for (size_t i = 0; i < logs->n; i++)
        width = strlen(args->words[i]) > width ? strlen(args->words[i]) : width;
    int r = 0;
    for (size_t i = 0; i < logs->n && r == 0; i++) {
        struct source *source = &logs->sources[i];
        *source = (struct source){.logs = logs, .agent = args->words[i]};
        for (int k = 0; k < 2; k++) {
            log_lines_init(&source->lines[k], stdout);
            source->lines[k].name = source->agent;
            source->lines[k].width = width;
            source->lines[k].index = i;
            source->lines[k].color = logs->cli->color;
        }
        r = find_source(logs, source, err);
    }
    return r;
}

static void close_all(struct logs *logs)
{
    for (size_t i = 0; i < logs->n; i++) {
        free(logs->sources[i].container);
        log_lines_close(&logs->sources[i].lines[0]);
        log_lines_close(&logs->sources[i].lines[1]);
    }
    free(logs->sources);
}

static int run_logs(struct cli *cli, struct error *err)
{
    struct logs logs = {.cli = cli, .err = err};
    int r = read_options(&logs, err);
    if (r == 0)
        r = find_sources(&logs, err);
    if (r == 0)
        r = engine_session_open(&logs.session, &cli->daemon.engine, err);
    if (r == 0) {
        run(&logs);
        r = logs.result;
    }
    close_all(&logs);
    return r;
}

static const struct option_def options[] = {
    {OPT_FOLLOW, 'f', "follow", NULL, "go on with what is written from now on"},
    {OPT_TAIL, 'n', "tail", "N", "only the last N lines of each (all)"},
    {OPT_SINCE, 0, "since", "WHEN", "not before: a time, or how long ago (1h30m)"},
    {OPT_TIMESTAMPS, 't', "timestamps", NULL, "the engine's time before each line"},
    {0, 0, NULL, NULL, NULL},
};

const struct command command_logs = {
    .name = "logs",
    .args = "NAME…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "show what agents have written",
    .options = options,
    .help = "The logs of the agents' containers, as the engine keeps them; it is asked directly,\n"
            "with a daemon and without. Of one agent as they are, what it wrote to stderr on\n"
            "stderr; of several each line behind its agent's name.\n"
            "\n"
            "-f goes on when a container is stopped and started, or made anew, until it is\n"
            "interrupted or the engine goes away. What a container that is gone had written is\n"
            "gone with it.\n"
            "\n"
            "Examples:\n"
            "  roost logs web\n"
            "  roost logs -f --tail 20 web api\n"
            "  roost logs -t --since 10m reviewer\n",
    .run = run_logs,
};
