/* SPDX-License-Identifier: MIT
 *
 * The HTTP server: libmicrohttpd on a UNIX socket, driven from a libuv loop, on one thread.
 *
 * The socket is made 0660 in a folder that must exist or is made 0755; a stale one (nobody
 * answers) is replaced, a live one is refused. Peers are checked by SO_PEERCRED: root, the
 * daemon's own uid, and members of the socket's group (as it is now: chgrp takes effect at once).
 *
 * With "Accept: text/event-stream" a call that may take long answers 200 text/event-stream:
 *
 *     event: progress
 *     data: {"done":3,"total":200}
 *
 *     event: report
 *     data: {"status":200,"body":{...}}
 *
 * with ":" as a heartbeat each `heartbeat_ms`; the report ends it. What is refused before the
 * work begins is answered plainly, with its own status.
 *
 * A stream of events (struct api_stream) goes over the same way, with an id each, and without a
 * report: it ends when the daemon does, or when the client has had enough:
 *
 *     id: 17
 *     event: container_missing
 *     data: {"id":17,"kind":"container_missing","agent":"web",...}
 *
 * Limits. All are per server, and what is beyond them costs nothing but the one connection:
 * - API_CONNECTIONS_MAX connections; more wait in the kernel's queue, unaccepted.
 * - API_WAITING_MAX answers that are awaited at once; then calls that may wait get 503 "busy", so
 *   that there is always room for those that are answered at once.
 * - API_FOLLOWERS_MAX streams of events, counted apart from those; then 503 "busy".
 * - API_READ_TIMEOUT_MS for a request to arrive, from connecting or from the last answer; it
 *   bounds idle connections and slow senders alike. Looked at with each heartbeat.
 * - API_SILENCE_TIMEOUT_S for a client that reads nothing of its answer, or sends nothing.
 *   Neither counts while an answer is awaited.
 * - API_CONNECTION_MEMORY bytes for the head of a request (libmicrohttpd then answers 413, 414 or
 *   431 by itself, in HTML), API_BODY_MAX for the body, four times that for a chunked one that is
 *   being thrown away.
 * - API_ANSWER_MAX bytes of an answer; a longer one becomes a 500.
 * - API_STREAM_MAX bytes of news or events waiting for a client that does not read; later news are
 *   dropped, later events refused until there is room.
 */
#pragma once

#include "api/api.h"

typedef struct uv_loop_s uv_loop_t;
struct api_server;

#define API_CONNECTIONS_MAX   256
#define API_WAITING_MAX       160
#define API_FOLLOWERS_MAX     64
#define API_READ_TIMEOUT_MS   60000
#define API_SILENCE_TIMEOUT_S 60
#define API_HEARTBEAT_MS      15000
#define API_CONNECTION_MEMORY ((size_t)32 << 10)
#define API_STREAM_MAX        ((size_t)64 << 10)

/* Everything is copied, except that `backend` and `ctx` must outlive the server. */
struct api_server_options {
    const char *socket_path;
    const struct api_backend *backend;
    void *ctx;
    /* 0: the defaults above. */
    uint64_t heartbeat_ms;
    uint64_t read_timeout_ms;
    unsigned silence_timeout_s;
    unsigned connections_max;
    unsigned waiting_max;
    unsigned followers_max;
};

int api_server_open(uv_loop_t *loop, const struct api_server_options *options,
                    struct api_server **ret_server, struct error *err) _must_use_;

/* Stops accepting and unlinks the socket at once; from here on the backend is not called any more.
 * Answers what is awaited with 503, gives clients up to a second to take it, closes the handles;
 * then `closed` runs from the loop and the server is gone. The backend still finishes each reply
 * that it holds, before or after that, or the reply leaks. May be called from within the backend;
 * once only. */
void api_server_close(struct api_server *server, void (*closed)(void *ctx), void *ctx);
