/* SPDX-License-Identifier: MIT
 *
 * Taking connections. libmicrohttpd could do it, but where the kernel refuses one (no descriptors
 * left) it tries again at once, for ever: here there is a pause in between.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/server_impl.h"
#include "base/log.h"

#define PAUSE_MS 100

/* So many in one turn of the loop, which has other things to do. */
#define BURST 16

static void socket_ready(uv_poll_t *listening, int status, int events);

static void listen_on(struct api_server *server)
{
    /* Cannot fail: the descriptor is nobody else's, and the handle is not closing. */
    (void)uv_poll_start(&server->listening, UV_READABLE, socket_ready);
}

static void pause_over(uv_timer_t *pause)
{
    listen_on(pause->data);
}

static void make_pause(struct api_server *server, int why)
{
    if (!server->deaf)
        log_error("cannot accept a connection: %s; it is tried again each %d ms", strerror(why),
                  PAUSE_MS);
    server->deaf = true;
    (void)uv_poll_stop(&server->listening);
    (void)uv_timer_start(&server->pause, pause_over, PAUSE_MS, 0);
}

/* 0 or a negative errno. */
static int accept_one(struct api_server *server)
{
    struct sockaddr_un address;
    socklen_t len = sizeof(address);
    int fd =
        accept4(server->socket.fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return -errno;
    server->deaf = false;
    /* It closes the descriptor where it cannot take it. */
    (void)MHD_add_connection(server->mhd, fd, (struct sockaddr *)&address, len);
    return 0;
}

static void socket_ready(uv_poll_t *listening, int status, int events)
{
    (void)status;
    (void)events;
    struct api_server *server = listening->data;
    int r = 0;
    for (int i = 0; r == 0 && i < BURST && server->connections < server->connections_max; i++)
        r = accept_one(server);
    if (r < 0 && r != -EAGAIN)
        make_pause(server, -r);
    else if (server->connections >= server->connections_max)
        (void)uv_poll_stop(listening);
    server_kick(server);
}

int accept_open(struct api_server *server)
{
    int r = uv_poll_init(server->loop, &server->listening, server->socket.fd);
    if (r < 0)
        return r;
    (void)uv_timer_init(server->loop, &server->pause);
    server->listening.data = server->pause.data = server;
    server->handles += 2;
    server->accepting = true;
    listen_on(server);
    return 0;
}

void accept_room(struct api_server *server)
{
    if (server->accepting && !uv_is_active((uv_handle_t *)&server->listening) &&
        !uv_is_active((uv_handle_t *)&server->pause))
        listen_on(server);
}

void accept_close(struct api_server *server, uv_close_cb closed)
{
    if (server->accepting) {
        uv_close((uv_handle_t *)&server->listening, closed);
        uv_close((uv_handle_t *)&server->pause, closed);
    }
    server->accepting = false;
    if (server->socket.fd >= 0)
        (void)close(server->socket.fd);
    server->socket.fd = -1;
}
