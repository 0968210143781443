/* SPDX-License-Identifier: MIT
 *
 * libmicrohttpd in a libuv loop.
 *
 * libmicrohttpd keeps its sockets in an epoll of its own, whose descriptor the loop polls. One
 * function, drive(), runs it and asks it for its next deadline. It must be called when the
 * descriptor is ready, when the deadline has come, and after every resumed connection: to resume
 * alone wakes nothing.
 */
#include "api/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/server_impl.h"
#include "base/log.h"

#define CLOSING_MAX_MS 1000

static void drive(struct api_server *server);

static void timer_due(uv_timer_t *timer)
{
    drive(timer->data);
}

static void poll_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    drive(poll->data);
}

static void timer_arm(struct api_server *server, uint64_t delay_ms)
{
    /* Cannot fail: the callback is given and the handle is not closing. */
    (void)uv_timer_start(&server->timer, timer_due, delay_ms, 0);
}

void server_kick(struct api_server *server)
{
    if (server->driving)
        server->again = true;
    else
        timer_arm(server, 0);
}

static void server_free(struct api_server *server)
{
    free(server->socket_path);
    free(server);
}

static void handle_closed(uv_handle_t *handle)
{
    struct api_server *server = handle->data;
    if (--server->handles > 0)
        return;
    void (*closed)(void *) = server->closed;
    void *ctx = server->closed_ctx;
    server_free(server);
    if (closed)
        closed(ctx);
}

/* Nothing is suspended any more, which libmicrohttpd insists on. Its epoll goes with it, so the
 * loop must let go of that first. */
static void server_stop(struct api_server *server)
{
    accept_close(server, handle_closed);
    uv_close((uv_handle_t *)&server->poll, handle_closed);
    uv_close((uv_handle_t *)&server->timer, handle_closed);
    uv_close((uv_handle_t *)&server->heartbeat, handle_closed);
    MHD_stop_daemon(server->mhd);
    server->mhd = NULL;
}

static void drive(struct api_server *server)
{
    server->driving = true;
    server->again = false;
    (void)MHD_run(server->mhd);
    server->driving = false;
    uint64_t now_ms = uv_now(server->loop);
    if (server->closing &&
        ((!server->exchanges && !server->again) || now_ms >= server->closing_until_ms)) {
        server_stop(server);
        return;
    }
    MHD_UNSIGNED_LONG_LONG delay_ms = UINT64_MAX;
    if (MHD_get_timeout(server->mhd, &delay_ms) != MHD_YES)
        delay_ms = UINT64_MAX;
    if (server->again)
        delay_ms = 0;
    if (server->closing && delay_ms > server->closing_until_ms - now_ms)
        delay_ms = server->closing_until_ms - now_ms;
    if (delay_ms == UINT64_MAX)
        (void)uv_timer_stop(&server->timer);
    else
        timer_arm(server, delay_ms);
}

static void heartbeat_due(uv_timer_t *timer)
{
    struct api_server *server = timer->data;
    uint64_t now_ms = uv_now(server->loop);
    for (struct exchange *ex = server->exchanges; ex; ex = ex->next)
        exchange_tick(ex);
    /* libmicrohttpd's own timeout starts anew with each byte. Shut down, it reads the end and
     * closes by itself. */
    for (const struct peer *peer = server->peers; peer; peer = peer->next)
        if (peer->reading_since_ms && now_ms - peer->reading_since_ms > server->read_timeout_ms)
            (void)shutdown(peer->fd, SHUT_RDWR);
}

static void *peer_open(struct api_server *server, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct peer *peer = info ? calloc(1, sizeof(*peer)) : NULL;
    if (!peer)
        return NULL;
    peer->fd = info->connect_fd;
    peer->reading_since_ms = uv_now(server->loop);
    peer->next = server->peers;
    if (peer->next)
        peer->next->prev = peer;
    else
        (void)uv_timer_start(&server->heartbeat, heartbeat_due, server->heartbeat_ms,
                             server->heartbeat_ms);
    server->peers = peer;
    return peer;
}

static void peer_close(struct api_server *server, struct peer *peer)
{
    if (!peer)
        return;
    if (peer->prev)
        peer->prev->next = peer->next;
    else
        server->peers = peer->next;
    if (peer->next)
        peer->next->prev = peer->prev;
    if (!server->peers)
        (void)uv_timer_stop(&server->heartbeat);
    free(peer);
}

static void connection_changed(void *ctx, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode what)
{
    struct api_server *server = ctx;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        server->connections++;
        *context = peer_open(server, connection);
    } else {
        server->connections--;
        peer_close(server, *context);
        *context = NULL;
        accept_room(server);
    }
}

__attribute__((format(printf, 2, 0))) static void log_library(void *ctx, const char *fmt,
                                                              va_list ap)
{
    (void)ctx;
    char text[512];
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http: %s", text);
}

static unsigned or_default(unsigned value, unsigned usual)
{
    return value ? value : usual;
}

/* libmicrohttpd cannot go on after one of these (epoll that refuses to forget a descriptor), and
 * must not be returned to. What is stored is whole at any moment, as for a kill. */
static void on_panic(void *ctx, const char *file, unsigned line, const char *why)
{
    (void)ctx;
    (void)file;
    (void)line;
    log_error("the API's HTTP server cannot go on: %.*s", (int)strcspn(why, "\n"), why);
    _exit(EXIT_FAILURE);
}

static int http_start(struct api_server *server, const struct api_server_options *options)
{
    MHD_set_panic_func(on_panic, NULL);
    server->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, exchange_run, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_CONNECTION_LIMIT, server->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
        or_default(options->silence_timeout_s, API_SILENCE_TIMEOUT_S),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, API_CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, exchange_open, server, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_close, server, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server,
        MHD_OPTION_END);
    return server->mhd ? 0 : -EIO;
}

static int handles_open(struct api_server *server)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    int r = info ? uv_poll_init(server->loop, &server->poll, info->epoll_fd) : -EIO;
    if (r < 0)
        return r;
    (void)uv_timer_init(server->loop, &server->timer);
    (void)uv_timer_init(server->loop, &server->heartbeat);
    server->poll.data = server->timer.data = server->heartbeat.data = server;
    server->handles = 3;
    r = uv_poll_start(&server->poll, UV_READABLE, poll_ready);
    return r < 0 ? r : accept_open(server);
}

static struct api_server *server_new(uv_loop_t *loop, const struct api_server_options *options)
{
    struct api_server *server = calloc(1, sizeof(*server));
    char *path = strdup(options->socket_path);
    if (!server || !path) {
        free(server);
        free(path);
        return NULL;
    }
    *server = (struct api_server){
        .loop = loop,
        .socket_path = path,
        .backend = options->backend,
        .ctx = options->ctx,
        .heartbeat_ms = options->heartbeat_ms ? options->heartbeat_ms : API_HEARTBEAT_MS,
        .read_timeout_ms =
            options->read_timeout_ms ? options->read_timeout_ms : API_READ_TIMEOUT_MS,
        .connections_max = or_default(options->connections_max, API_CONNECTIONS_MAX),
        .waiting_max = or_default(options->waiting_max, API_WAITING_MAX),
        .followers_max = or_default(options->followers_max, API_FOLLOWERS_MAX),
    };
    return server;
}

int api_server_open(uv_loop_t *loop, const struct api_server_options *options,
                    struct api_server **ret_server, struct error *err)
{
    struct api_server *server = server_new(loop, options);
    if (!server)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    int r = unix_listen(server->socket_path, &server->socket, err);
    if (r < 0) {
        server_free(server);
        return r;
    }
    r = http_start(server, options);
    if (r == 0)
        r = handles_open(server);
    if (r == 0) {
        *ret_server = server;
        return 0;
    }
    unix_unlink(server->socket_path, &server->socket);
    if (server->handles > 0) {
        server_stop(server);
    } else {
        if (server->mhd)
            MHD_stop_daemon(server->mhd);
        accept_close(server, NULL);
        server_free(server);
    }
    return error_wrap(err, r, "cannot start the API's HTTP server");
}

void api_server_close(struct api_server *server, void (*closed)(void *ctx), void *ctx)
{
    server->closing = true;
    server->closing_until_ms = uv_now(server->loop) + CLOSING_MAX_MS;
    server->closed = closed;
    server->closed_ctx = ctx;
    unix_unlink(server->socket_path, &server->socket);
    accept_close(server, handle_closed);
    for (struct exchange *ex = server->exchanges; ex; ex = ex->next)
        exchange_abandon(ex);
    server_kick(server);
}
