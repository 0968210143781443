/* SPDX-License-Identifier: MIT
 *
 * The control API, apart from its transport.
 *
 * A request is a method, a target (path and query) and a JSON body; it is answered once, now or
 * later, through its `struct api_reply`, or becomes a `struct api_stream` of events that goes on
 * until one side ends it. The HTTP server (api/server.h) makes requests from
 * connections; the command line without a daemon makes them in its own process
 * (daemon/daemon.h). Both go through api_dispatch(), so there is one API and one set of answers.
 *
 * The table of routes knows nothing of stores and engines: what they do is a `struct api_backend`,
 * implemented by the daemon. What is not exactly right is refused, never guessed: an unknown
 * path, method or parameter, a body where none belongs.
 *
 * Errors are application/problem+json (RFC 9457):
 * {"type":"about:blank","title","status","detail","code"}; `code` is one word for machines.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/error.h"

/* The longest body of a request (413 beyond it). */
#define API_BODY_MAX ((size_t)1 << 20)

/* The longest answer: a report over a large fleet. Server and client both hold to it. */
#define API_ANSWER_MAX ((size_t)64 << 20)

/* Where an answer goes. Owned by the transport; the backend holds it until it has answered, and
 * must answer exactly once, with one of api_reply_json(), _error(), _problem(). It may do so at
 * once, within the call, or later from the loop, also when the client has gone or the server is
 * closed meanwhile: the transport then drops the answer. */
struct api_reply;

/* The transport's side of a reply. */
struct api_reply_ops {
    /* The whole answer, which ends the reply: `reply` must not be used any more. Steals `json`
     * (NULL: no body, as there was no memory for one). */
    void (*finish)(struct api_reply *reply, int status, json_t *json);
    /* A piece of news while the work goes on, e.g. {"done":3,"total":200}. Steals `json`. Called
     * only when `reply->progress` is set. News may be dropped when the client does not keep up. */
    void (*progress)(struct api_reply *reply, json_t *json);
    /* The reply becomes a stream, which takes its place: `reply` must not be used any more. NULL,
     * with the reply as it was, when there are too many streams. The member is NULL where the
     * transport has no streams. */
    struct api_stream *(*stream)(struct api_reply *reply);
};

#define API_ALLOW_SIZE 48

/* A transport sets `ops` and leaves the rest zero; the router fills it in before the backend sees
 * the reply. */
struct api_reply {
    const struct api_reply_ops *ops;
    bool progress;              /* the client asked for news, and this call has some */
    char allow[API_ALLOW_SIZE]; /* with a 405: the value of the Allow header, else empty */
};

/* NULL is what there was no memory for: the client is told so, with 500. */
void api_reply_json(struct api_reply *reply, int status, json_t *steal_json);

/* The status follows from the kind of the error. */
void api_reply_error(struct api_reply *reply, const struct error *err);

/* A problem whose status no kind of error has. `code` NULL: the usual one of the status. */
void api_reply_problem(struct api_reply *reply, int status, const char *code, const char *fmt, ...)
    _printf_(4, 5);

/* Dropped when nobody asked for it; `steal_json` is gone in any case. */
void api_reply_progress(struct api_reply *reply, json_t *steal_json);

/* Events for a client that follows them. Owned by the transport; the backend holds it until it has
 * called api_stream_end(), or has been told by `on_gone` that it is gone, whichever comes first;
 * also when the server is closed meanwhile, which ends the stream for the client and takes
 * nothing more for it.
 *
 * The client's queue is bounded (API_STREAM_MAX of the server). Nothing is lost for that: what is
 * refused is to be sent again later, so a backend that can read events by their ids keeps no more
 * than the last id that was taken. A client that reads nothing at all is dropped in time. */
struct api_stream;

/* The transport's side of a stream. */
struct api_stream_ops {
    bool (*send)(struct api_stream *stream, int64_t id, const char *event, json_t *json);
    void (*end)(struct api_stream *stream);
};

struct api_stream {
    const struct api_stream_ops *ops;
    /* Set by api_stream_listen(). Called from the loop, never from within a call of the backend's;
     * not after api_server_close(). */
    void (*on_gone)(void *ctx); /* the client has left; `stream` is gone when this returns */
    void (*on_room)(void *ctx); /* something was refused, and now there is room again */
    void *ctx;
};

void api_stream_listen(struct api_stream *stream, void (*on_gone)(void *ctx),
                       void (*on_room)(void *ctx), void *ctx);

/* One event: `id` (not negative) is what the client comes back with as Last-Event-ID. Steals
 * `json`, also when it returns false: the queue is full, or the stream is being ended; send it
 * again after `on_room`. */
bool api_stream_send(struct api_stream *stream, int64_t id, const char *event,
                     json_t *steal_json) _must_use_;

/* What was sent still goes out; then the client sees the end, and may come back. */
void api_stream_end(struct api_stream *stream);

/* A pass, as asked for. */
struct api_reconcile {
    const char *agent;   /* NULL: the whole fleet */
    bool dry_run;        /* say what would be done, change nothing */
    bool deep;           /* inspect each container first */
    bool recreate;       /* this agent's container is to be made anew whatever it is */
    bool remove_orphans; /* the whole fleet only */
};

#define API_TTL_DEFAULT_NS (300 * NS_PER_S)
#define API_TTL_MAX_NS     (24 * 3600 * NS_PER_S) /* 422 beyond it */

/* A wake, as asked for. */
struct api_wake {
    const char *agent;
    uint64_t ttl_ns;  /* of the lease; 0: not said, API_TTL_DEFAULT_NS */
    bool wait;        /* answer when it is ready, or cannot get so */
    uint64_t wait_ns; /* with `wait`: 504 after that; 0: not said, the agent's own ready_timeout */
    bool now;         /* do not wait for the end of a back-off */
};

#define API_EVENTS_LIMIT_DEFAULT 100
#define API_EVENTS_LIMIT_MAX     1000
#define API_EVENTS_FROM_NOW      (-1)

/* Which events. All that is given must hold. */
struct api_events {
    int64_t after;     /* higher ids only; 0: all. A stream: API_EVENTS_FROM_NOW without a place to
                        * begin, else what is there already comes first */
    int64_t limit;     /* at most so many; a stream has none: 0 */
    const char *kind;  /* NULL: any */
    const char *agent; /* NULL: any, and those of no agent */
    int64_t since_ms;  /* wall time; 0: always */
    bool newest; /* the last `limit` of them instead of the first; in order of id all the same */
};

/* What the routes call. `ctx` is the daemon. Arguments are borrowed for the call; the reply is
 * kept until answered. An agent's name fits the grammar of names, a lease's id has 32 lower-case
 * hex digits, but neither need exist. */
struct api_backend {
    void (*agents)(void *ctx, struct api_reply *reply);                  /* GET /v1/agents */
    void (*agent)(void *ctx, const char *name, struct api_reply *reply); /* GET /v1/agents/{name} */
    /* GET /v1/stats:
     * {"agents":[{"name","cpu_percent","memory_bytes","memory_limit_bytes","error"}]} of those
     * whose container runs; null for what is not known. 100 percent is one core. */
    void (*stats)(void *ctx, struct api_reply *reply);
    void (*reconcile)(void *ctx, const struct api_reconcile *what, struct api_reply *reply);
    void (*ready)(void *ctx, struct api_reply *reply); /* GET /readyz */

    /* {"lease":{"id","agent","expires_at"},"state"}, and "retry_at" during a back-off, "completed"
     * when its job is done. With `wait` the lease is given first and told as news, {"lease":{…},
     * "state"}, so that a client that has to give up can release it. */
    void (*wake)(void *ctx, const struct api_wake *what, struct api_reply *reply);
    /* `ttl_ns` 0: not said, API_TTL_DEFAULT_NS. Counts from now. */
    void (*renew)(void *ctx, const char *lease, uint64_t ttl_ns, struct api_reply *reply);
    void (*release)(void *ctx, const char *lease, struct api_reply *reply);
    void (*sleep)(void *ctx, const char *agent, struct api_reply *reply); /* ends all its leases */
    /* Answered, {"agent","state"}, when it has gone down and is ready again. */
    void (*restart)(void *ctx, const char *agent, struct api_reply *reply);
    /* `reason` NULL: not said. */
    void (*hold)(void *ctx, const char *agent, bool held, const char *reason,
                 struct api_reply *reply);

    /* Pull an agent's image, or (NULL) those of all agents; answered when all are over:
     * {"images":[{"image","platform","agents","pulled","error"}]}. News:
     * {"image","layer","status","current", "total_bytes"}, in the engine's words. */
    void (*pull)(void *ctx, const char *agent, struct api_reply *reply);

    /* {"agents":[{"name","image","container_image","current_image","outdated","error"}]} of those
     * that have a container. */
    void (*outdated)(void *ctx, struct api_reply *reply);

    /* {"events":[{"id","time","kind","agent","lifecycle","state","reason","detail"}]} */
    void (*events)(void *ctx, const struct api_events *what, struct api_reply *reply);
    /* Each event of that shape is sent with its id, named by its kind. */
    void (*events_follow)(void *ctx, const struct api_events *what, struct api_stream *stream);
};

struct api_request {
    const char *method;
    const char *target;  /* as on the wire: "/v1/agents/web?x=y", still percent-encoded */
    const json_t *body;  /* borrowed; NULL for none */
    bool wants_progress; /* Accept: text/event-stream */
    bool wants_stream;   /* and not application/json: a stream where there is one */
    bool busy;           /* too many answers are awaited already: a call that may wait gets 503 */
    const char *last_event_id; /* the header of that name; NULL for none */
    uid_t peer_uid;
};

/* Find the route and call the backend, or answer 400, 404, 405, 503. The reply may be finished
 * (and gone) when this returns. HEAD is answered as GET; to leave out the body is the
 * transport's business. */
void api_dispatch(const struct api_backend *backend, void *ctx, const struct api_request *request,
                  struct api_reply *reply);
