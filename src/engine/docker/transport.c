/* SPDX-License-Identifier: MIT
 *
 * Two traps of the multi_socket interface shape this file. curl must not be entered from its own
 * callbacks, so the timer callback only arms a uv_timer or, for "at once", the idle handle. And
 * what has ended is only told by curl_multi_info_read(), to be asked after every action.
 */
#include "engine/docker/transport.h"

#include <errno.h>
#include <stdlib.h>

/* Idle connections that are kept for the next requests. */
#define CONNECTIONS_KEPT 16L

/* How soon a socket that the loop could not watch is tried again. */
#define WATCH_AGAIN_MS 100

struct transport_socket {
    uv_poll_t poll;
    bool watched; /* `poll` is open */
    int events;
    curl_socket_t fd;
    struct transport *transport;
    struct transport_socket *next, **link;
};

static void handle_closed(struct transport *t)
{
    if (--t->handles == 0 && t->ended)
        t->calls->on_closed(t->owner);
}

static void tell_ended(struct transport *t)
{
    CURLMsg *message;
    int left;
    while (!t->ended && (message = curl_multi_info_read(t->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        /* Copied first: the owner removes the handle, and the message goes with it. */
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        t->calls->on_ended(t->owner, easy, code);
    }
}

static void act(struct transport *t, curl_socket_t fd, int events)
{
    int running;
    (void)curl_multi_socket_action(t->multi, fd, events, &running);
    tell_ended(t);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct transport_socket *s = poll->data;
    int flags = 0;
    if (status < 0)
        flags |= CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(s->transport, s->fd, flags);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_soon(uv_idle_t *idle)
{
    struct transport *t = idle->data;
    (void)uv_idle_stop(idle);
    t->calls->on_soon(t->owner);
    if (!t->ended)
        act(t, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timeout(CURLM *multi, long timeout_ms, void *ctx)
{
    struct transport *t = ctx;
    if (t->ended)
        return 0;
    if (timeout_ms == 0)
        (void)uv_idle_start(&t->soon, on_soon);
    else if (timeout_ms < 0)
        (void)uv_timer_stop(&t->timer);
    else
        (void)uv_timer_start(&t->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void on_again(uv_timer_t *timer);

/* Not told to curl where it fails: -1 would kill every transfer of this multi handle for good (its
 * `dead` flag). */
static void socket_watch(struct transport_socket *s)
{
    struct transport *t = s->transport;
    if (!s->watched) {
        s->watched = uv_poll_init_socket(t->loop, &s->poll, s->fd) == 0;
        t->handles += s->watched;
        s->poll.data = s;
    }
    if (s->watched)
        (void)uv_poll_start(&s->poll, s->events, on_readable);
    else
        (void)uv_timer_start(&t->again, on_again, WATCH_AGAIN_MS, 0);
}

static void on_again(uv_timer_t *timer)
{
    struct transport *t = timer->data;
    for (struct transport_socket *s = t->sockets; s; s = s->next)
        if (!s->watched)
            socket_watch(s);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct transport_socket *s = handle->data;
    struct transport *t = s->transport;
    free(s);
    handle_closed(t);
}

static void socket_close(struct transport_socket *s)
{
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    if (s->watched)
        uv_close((uv_handle_t *)&s->poll, on_poll_closed);
    else
        free(s);
}

static struct transport_socket *socket_open(struct transport *t, curl_socket_t fd)
{
    struct transport_socket *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->fd = fd;
    s->transport = t;
    s->next = t->sockets;
    s->link = &t->sockets;
    if (s->next)
        s->next->link = &s->next;
    t->sockets = s;
    (void)curl_multi_assign(t->multi, fd, s);
    return s;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    struct transport *t = ctx;
    struct transport_socket *s = socket_ctx;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            socket_close(s);
        return 0;
    }
    if (!s)
        s = socket_open(t, fd);
    if (!s)
        return 0; /* no memory: it runs into its own transfer's deadline */
    s->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    socket_watch(s);
    return 0;
}

int transport_open(struct transport *t, uv_loop_t *loop, const struct transport_owner *calls,
                   void *owner)
{
    *t = (struct transport){.calls = calls, .owner = owner, .loop = loop};
    t->multi = curl_multi_init();
    if (!t->multi)
        return -ENOMEM;
    (void)curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    (void)curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
    (void)curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_curl_timeout);
    (void)curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
    (void)curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    (void)curl_multi_setopt(t->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    (void)uv_timer_init(loop, &t->timer); /* these three cannot fail */
    (void)uv_timer_init(loop, &t->again);
    (void)uv_idle_init(loop, &t->soon);
    t->timer.data = t;
    t->again.data = t;
    t->soon.data = t;
    t->handles = 3;
    return 0;
}

void transport_soon(struct transport *t)
{
    if (!t->ended)
        (void)uv_idle_start(&t->soon, on_soon);
}

int transport_add(struct transport *t, CURL *easy)
{
    CURLMcode r = curl_multi_add_handle(t->multi, easy);
    return r == CURLM_OK ? 0 : r == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EIO;
}

void transport_remove(struct transport *t, CURL *easy)
{
    (void)curl_multi_remove_handle(t->multi, easy);
}

static void on_handle_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

void transport_close(struct transport *t)
{
    t->ended = true;
    (void)curl_multi_cleanup(t->multi);
    t->multi = NULL;
    while (t->sockets)
        socket_close(t->sockets);
    uv_close((uv_handle_t *)&t->timer, on_handle_closed);
    uv_close((uv_handle_t *)&t->again, on_handle_closed);
    uv_close((uv_handle_t *)&t->soon, on_handle_closed);
}
