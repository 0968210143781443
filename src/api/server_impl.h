/* SPDX-License-Identifier: MIT
 *
 * Inside the HTTP server: what server.c (the daemon and the loop), accept.c (its connections),
 * exchange.c (one request and its answer) and stream.c (an answer that is a stream of events)
 * share.
 *
 * An exchange lives between two owners: the connection, until libmicrohttpd says that the request
 * is over, and the backend, until it has finished the reply. Either may be first; who comes last
 * frees it. It is `settled` once its answer has been decided: by the backend, or by the server
 * (going down, client gone), and later words of the backend are dropped. One that `follows` is a
 * stream of events: the backend's handle is then `events`, and it is settled when it is to end.
 *
 * Nothing but drive() runs libmicrohttpd, and it runs only from the loop's own callbacks: a backend
 * that finishes a reply must not find itself called again from within.
 */
#pragma once

#include <microhttpd.h>
#include <uv.h>

#include "api/api.h"
#include "api/listen.h"
#include "api/server.h"
#include "base/buf.h"

struct peer {
    struct peer *prev, *next;
    int fd;
    uint64_t reading_since_ms; /* uv_now(); 0 while a whole request is being answered */
};

struct exchange {
    struct api_reply reply; /* the first: the backend's handle */
    struct exchange *prev, *next;
    struct api_server *server; /* these three: only while `on_wire` */
    struct MHD_Connection *connection;
    struct peer *peer;
    char *target; /* as on the wire */
    struct buf body;
    size_t dropped; /* bytes of a body that is too long */
    uid_t peer_uid;
    bool begun;      /* the head has been looked at */
    bool dispatched; /* the backend was called */
    bool on_wire;    /* owned by the connection */
    bool held;       /* owned by the backend */
    bool settled;
    bool suspended;
    bool streaming;
    bool follows;
    bool starved; /* an event was refused: the backend is to hear of room */
    bool gone;    /* the client went away: close, no answer */
    int status;
    struct buf out; /* the answer, or what of the stream has not been sent */
    struct api_stream events;
};

struct api_server {
    uv_loop_t *loop;
    struct MHD_Daemon *mhd;
    char *socket_path;
    struct unix_socket socket;
    const struct api_backend *backend;
    void *ctx;
    uint64_t heartbeat_ms;
    uint64_t read_timeout_ms;
    unsigned waiting_max;
    unsigned followers_max;
    uv_poll_t listening; /* these two: while `accepting` */
    uv_timer_t pause;    /* runs while no connection can be accepted */
    bool accepting;
    bool deaf; /* and it has been said */
    unsigned connections, connections_max;
    uv_poll_t poll;
    uv_timer_t timer;     /* libmicrohttpd's next deadline, or "at once" */
    uv_timer_t heartbeat; /* runs while there are peers */
    int handles;          /* not closed yet */
    struct peer *peers;
    struct exchange *exchanges; /* those on the wire */
    bool driving;
    bool again; /* something was resumed while driving */
    bool closing;
    uint64_t closing_until_ms;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* Let the loop run libmicrohttpd soon; never at once. */
void server_kick(struct api_server *server);

/* accept.c: take connections from the socket, up to `connections_max` at once; 0 or a negative
 * errno. */
int accept_open(struct api_server *server);

/* One of them is over. */
void accept_room(struct api_server *server);

/* No more. The socket is closed at once, `closed` is called for each handle; also when it was never
 * opened. */
void accept_close(struct api_server *server, uv_close_cb closed);

/* The callbacks of libmicrohttpd for one request. */
void *exchange_open(void *server, const char *uri, struct MHD_Connection *connection);
enum MHD_Result exchange_run(void *server, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *data,
                             size_t *data_len, void **context);
void exchange_close(void *server, struct MHD_Connection *connection, void **context,
                    enum MHD_RequestTerminationCode why);

/* A heartbeat for a stream; and an end for one whose client has gone. */
void exchange_tick(struct exchange *exchange);

/* Of a suspended connection: have libmicrohttpd go on with it. */
void exchange_wake(struct exchange *exchange);

/* Free it once neither side has it. */
void exchange_release(struct exchange *exchange);

/* The server goes down: settle with 503 what is awaited. */
void exchange_abandon(struct exchange *exchange);

/* stream.c: a reply becomes a stream of events (struct api_reply_ops). */
struct api_stream *exchange_follow(struct api_reply *reply);

/* There is room for more events, if any were refused. */
void stream_drained(struct exchange *exchange);

/* The connection is over: the backend is told, which then has the stream no more. */
void stream_gone(struct exchange *exchange, const struct api_server *server);
