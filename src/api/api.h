/* SPDX-License-Identifier: MIT
 *
 * The control API, apart from its transport.
 *
 * A request is a method, a path, a query and a JSON body; it is answered once, now or
 * later, through its `struct api_reply`. The HTTP server (api/server.h) makes requests from
 * connections; the command line without a daemon makes them in its own process
 * (daemon/daemon.h). Both go through api_dispatch(), so there is one API and one set of answers.
 *
 * The routes' table knows nothing of stores and engines: what they do is a `struct api_backend`,
 * implemented by the daemon.
 *
 * Errors are application/problem+json (RFC 9457): {"type":"about:blank","title","status","detail","code"}.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Limits: a body of at most API_BODY_MAX bytes of JSON (413), nesting 32. */
#define API_BODY_MAX (1U << 20)

/* Where an answer goes. Owned by the transport; the backend holds it until it has answered, and
 * must answer exactly once with api_reply_json() or api_reply_error(). */
struct api_reply;

/* The transport's side of a reply. */
struct api_reply_ops {
    /* The whole answer. Steals `json` (NULL: no body, 204). Ends the reply. */
    void (*finish)(struct api_reply *reply, int status, json_t *json);
    /* A piece of news while the work goes on, when the client asked for it (Accept: text/event-stream):
     * {"done":3,"total":200}. Steals `json`. */
    void (*progress)(struct api_reply *reply, json_t *json);
};

struct api_reply {
    const struct api_reply_ops *ops;
};

void api_reply_json(struct api_reply *reply, int status, json_t *steal_json);
void api_reply_error(struct api_reply *reply, const struct error *err);
void api_reply_progress(struct api_reply *reply, json_t *steal_json);

/* A pass, as asked for. */
struct api_reconcile {
    const char *agent;    /* NULL: the whole fleet */
    bool dry_run;         /* say what would be done, change nothing */
    bool deep;            /* inspect each container first */
    bool recreate;        /* this agent's container is to be made anew whatever it is */
    bool remove_orphans;
};

/* What the routes call. `ctx` is the daemon. Borrowed arguments; the reply is kept until answered. */
struct api_backend {
    void (*agents)(void *ctx, struct api_reply *reply);                    /* GET /v1/agents */
    void (*agent)(void *ctx, const char *name, struct api_reply *reply);   /* GET /v1/agents/{name} */
    void (*reconcile)(void *ctx, const struct api_reconcile *what, struct api_reply *reply);
    void (*ready)(void *ctx, struct api_reply *reply);                     /* GET /readyz */
};

struct api_request {
    const char *method;
    const char *path; /* decoded segments are the router's business: raw, without the query */
    /* A parameter of the query, decoded; NULL when absent. */
    const char *(*query)(const struct api_request *request, const char *key);
    json_t *body; /* borrowed; NULL for none */
    bool wants_progress;
    uid_t peer_uid;
};

/* Find the route and call the backend, or answer 404, 405 (with Allow in the detail), 400. */
void api_dispatch(const struct api_backend *backend, void *ctx, const struct api_request *request,
                  struct api_reply *reply);
