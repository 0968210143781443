/* SPDX-License-Identifier: MIT
 *
 * The control API, apart from its transport.
 *
 * A request is a method, a target (path and query) and a JSON body; it is answered once, now or
 * later, through its `struct api_reply`. The HTTP server (api/server.h) makes requests from
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
     * (NULL: no body, 204). */
    void (*finish)(struct api_reply *reply, int status, json_t *json);
    /* A piece of news while the work goes on, e.g. {"done":3,"total":200}. Steals `json`. Called
     * only when `reply->progress` is set. News may be dropped when the client does not keep up. */
    void (*progress)(struct api_reply *reply, json_t *json);
};

#define API_ALLOW_SIZE 48

/* A transport sets `ops` and leaves the rest zero; the router fills it in before the backend sees
 * the reply. */
struct api_reply {
    const struct api_reply_ops *ops;
    bool progress;              /* the client asked for news, and this call has some */
    char allow[API_ALLOW_SIZE]; /* with a 405: the value of the Allow header, else empty */
};

void api_reply_json(struct api_reply *reply, int status, json_t *steal_json);

/* The status follows from the kind of the error. */
void api_reply_error(struct api_reply *reply, const struct error *err);

/* A problem whose status no kind of error has. `code` NULL: the usual one of the status. */
void api_reply_problem(struct api_reply *reply, int status, const char *code, const char *fmt, ...)
    _printf_(4, 5);

/* Dropped when nobody asked for it; `steal_json` is gone in any case. */
void api_reply_progress(struct api_reply *reply, json_t *steal_json);

/* A pass, as asked for. */
struct api_reconcile {
    const char *agent;   /* NULL: the whole fleet */
    bool dry_run;        /* say what would be done, change nothing */
    bool deep;           /* inspect each container first */
    bool recreate;       /* this agent's container is to be made anew whatever it is */
    bool remove_orphans; /* the whole fleet only */
};

/* What the routes call. `ctx` is the daemon. Arguments are borrowed for the call; the reply is
 * kept until answered. An agent's name fits the grammar of names, but need not exist. */
struct api_backend {
    void (*agents)(void *ctx, struct api_reply *reply);                  /* GET /v1/agents */
    void (*agent)(void *ctx, const char *name, struct api_reply *reply); /* GET /v1/agents/{name} */
    void (*reconcile)(void *ctx, const struct api_reconcile *what, struct api_reply *reply);
    void (*ready)(void *ctx, struct api_reply *reply); /* GET /readyz */
};

struct api_request {
    const char *method;
    const char *target;  /* as on the wire: "/v1/agents/web?x=y", still percent-encoded */
    const json_t *body;  /* borrowed; NULL for none */
    bool wants_progress; /* Accept: text/event-stream */
    bool busy;           /* too many answers are awaited already: a call that may wait gets 503 */
    uid_t peer_uid;
};

/* Find the route and call the backend, or answer 400, 404, 405, 503. The reply may be finished
 * (and gone) when this returns. HEAD is answered as GET; to leave out the body is the
 * transport's business. */
void api_dispatch(const struct api_backend *backend, void *ctx, const struct api_request *request,
                  struct api_reply *reply);
