/* SPDX-License-Identifier: MIT
 *
 * The daemon: boot pass, then the table's changes, until SIGTERM.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/server.h"
#include "base/log.h"
#include "daemon/fleet.h"

/* How often the table is looked at for another process's change. One pragma, no I/O when there is
 * none. */
#define TABLE_POLL_MS 200

/* A store that could not be written is tried again with every so many of those looks. */
#define SAVE_POLLS 10

/* How soon a lost engine is asked again before the core runs (it has a back-off of its own). */
#define ENGINE_RETRY_MS 1000

struct serve {
    struct fleet fleet;
    uv_loop_t loop;
    struct api_server *server;
    uv_timer_t poll;
    uv_timer_t retry;
    uv_signal_t term;
    uv_signal_t interrupt;
    unsigned signals;
    unsigned polls;
    bool began;
    bool told_ready;
    bool stopping;
    bool unread;         /* the table could not be read, which has been said */
    struct error *error; /* the caller's: why it could not go on */
    int result;
};

/* sd_notify(3) by hand: one datagram, nothing when nobody asked for it. */
static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(to.sun_path))
        return;
    memcpy(to.sun_path, path, strlen(path));
    if (path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, len) < 0)
        log_warning("cannot tell systemd: %s", strerror(errno));
    (void)close(fd);
}

static void tell_ready(struct serve *s)
{
    if (!s->told_ready)
        notify("READY=1\nSTATUS=the fleet is kept");
    s->told_ready = true;
}

static void stop(struct serve *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    notify("STOPPING=1");
    if (s->server)
        api_server_close(s->server, NULL, NULL);
    fleet_close(&s->fleet);
    uv_close((uv_handle_t *)&s->poll, NULL);
    uv_close((uv_handle_t *)&s->retry, NULL);
    uv_close((uv_handle_t *)&s->term, NULL);
    uv_close((uv_handle_t *)&s->interrupt, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct serve *s = handle->data;
    log_info("%s: stopping; the containers are left as they are",
             number == SIGTERM ? "SIGTERM" : "SIGINT");
    stop(s);
}

static void on_fatal(void *ctx, const struct error *err)
{
    struct serve *s = ctx;
    *s->error = *err;
    s->result = -1;
    stop(s);
}

static void on_made(void *ctx)
{
    struct serve *s = ctx;
    fleet_watch(&s->fleet);
}

static void on_watching(void *ctx)
{
    struct serve *s = ctx;
    fleet_pass(&s->fleet, &(struct api_reconcile){0}, NULL);
    fleet_take_early(&s->fleet);
}

static void on_booted(void *ctx, const struct effect *report)
{
    struct serve *s = ctx;
    size_t counts[REPORT_WORDS] = {0};
    char text[512] = "";
    size_t len = 0;
    for (size_t i = 0; i < report->report.n_reports; i++)
        counts[report->report.reports[i].action]++;
    for (int i = 0; i < REPORT_WORDS; i++)
        if (counts[i] > 0 && len < sizeof(text))
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%zu %s", len ? ", " : "",
                                    counts[i], report_word_name((enum report_word)i));
    if (report->report.error)
        log_error("boot pass: %s", report->report.error);
    else
        log_info("boot pass: %s", len ? text : "the table is empty");
    tell_ready(s);
    fleet_trim_start(&s->fleet);
}

static void begin(struct serve *s)
{
    if (s->began || s->stopping || store_fleet(s->fleet.store)[0] == '\0')
        return;
    s->began = true;
    fleet_begin(&s->fleet);
}

static void on_retry(uv_timer_t *timer)
{
    struct serve *s = timer->data;
    s->began = false;
    begin(s);
}

/* After the look before the core (which is then there, and wants its boot pass), and after each
 * listing. */
static void on_listed(void *ctx, bool whole)
{
    struct serve *s = ctx;
    if (s->fleet.core) {
        follow_prune(&s->fleet);
        fleet_trim(&s->fleet);
    }
    if (s->stopping || s->fleet.core)
        return;
    if (!s->told_ready)
        log_error("the engine cannot be reached, it is tried again each second: %s",
                  s->fleet.engine_error.text);
    tell_ready(s); /* a machine's boot does not wait for the engine */
    fleet_take_early(&s->fleet);
    (void)uv_timer_start(&s->retry, on_retry, ENGINE_RETRY_MS, 0);
}

static void on_poll(uv_timer_t *timer)
{
    struct serve *s = timer->data;
    struct fleet *f = &s->fleet;
    struct error err = ERROR_INIT;
    bool changed = false;
    int r = fleet_follow_table(f, &changed, &err);
    if (r == -ESTALE) {
        on_fatal(s, &err); /* another file took the table's place */
        return;
    }
    if (r < 0 && !s->unread)
        log_error("%s", err.text);
    s->unread = r < 0;
    if (changed && f->core) {
        struct core_event event = {.kind = CORE_TIME};
        fleet_step(f, &event);
    }
    if (++s->polls % SAVE_POLLS == 0)
        fleet_remember_again(f);
    begin(s);
}

static void open_signal(struct serve *s, uv_signal_t *handle, int number)
{
    (void)uv_signal_init(&s->loop, handle);
    handle->data = s;
    (void)uv_signal_start(handle, on_signal, number);
}

static int open_all(struct serve *s, const struct daemon_options *options, struct error *err)
{
    struct fleet *f = &s->fleet;
    struct store_options store = {.path = options->db_path, .create = true, .own = true};
    struct api_server_options api = {
        .socket_path = options->socket_path, .backend = &fleet_backend, .ctx = f};
    f->serves = true;
    f->ctx = s;
    f->fatal = on_fatal;
    f->made = on_made;
    f->watching = on_watching;
    f->booted = on_booted;
    f->listed = on_listed;
    (void)uv_timer_init(&s->loop, &s->poll);
    (void)uv_timer_init(&s->loop, &s->retry);
    s->poll.data = s->retry.data = s;
    open_signal(s, &s->term, SIGTERM);
    open_signal(s, &s->interrupt, SIGINT);
    int r = store_open(&store, &f->store, err);
    if (r == 0)
        r = fleet_open(f, &s->loop, options, err);
    if (r == 0)
        r = api_server_open(&s->loop, &api, &s->server, err);
    if (r == 0)
        r = uv_timer_start(&s->poll, on_poll, TABLE_POLL_MS, TABLE_POLL_MS);
    return r;
}

int daemon_serve(const struct daemon_options *options, struct error *err)
{
    struct serve *s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    int r = fleet_loop_init(&s->loop, err);
    if (r < 0) {
        free(s);
        return r;
    }
    struct error why = ERROR_INIT;
    s->error = &why;
    s->result = open_all(s, options, &why);
    if (s->result < 0) {
        stop(s);
    } else {
        log_info("roost %s serves fleet \"%s\" from %s on %s", ROOST_VERSION,
                 store_fleet(s->fleet.store), options->db_path, engine_url(s->fleet.engine));
        if (store_fleet(s->fleet.store)[0] == '\0') {
            log_info("the database has no fleet yet; `roost apply FILE` makes one");
            tell_ready(s);
        }
        begin(s);
    }
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&s->loop);
    int result = s->result;
    free(s);
    if (result < 0 && err)
        *err = why;
    return result;
}
