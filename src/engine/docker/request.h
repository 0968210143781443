/* SPDX-License-Identifier: MIT
 *
 * One HTTP request to the engine and what became of it. Made by a call, queued by lane, flown by
 * libcurl, answered once.
 *
 * The one question that everything else rests on is whether the engine may have acted: an answer
 * that came whole is an answer; a request of which no byte was sent was certainly not carried out;
 * all else is unknown. curl would silently send a request a second time when a kept connection
 * turns out dead; only a GET may be repeated so, see on_before_sending().
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/docker/address.h"

/* Each lane has connections of its own, so that none waits behind another's work. */
enum lane {
    LANE_PING,  /* pings, version: they tell whether the engine lives */
    LANE_START, /* start, unpause: somebody waits for these */
    LANE_READ,
    LANE_STOP, /* long, idle waits for grace periods */
    LANE_BULK, /* create, remove and the rest */
    LANE_EVENTS,
    LANE_STATS, /* each only waits for the engine's next sampling */
    LANE_PULL,  /* of images: a few at once, each of several layers */
    LANE_LOGS,  /* one that is followed stays for as long as its container runs */
};
#define LANES 9

enum answer_kind {
    ANSWER_WHOLE,    /* status and body */
    ANSWER_WITHHELD, /* not sent on purpose: not valid, or an engine that this client cannot speak
                        to */
    ANSWER_NOT_SENT, /* not one byte went out; `error` says why */
    ANSWER_BROKEN,   /* sent, and no whole answer came; `error` says why */
};

struct answer {
    enum answer_kind kind;
    long status;      /* WHOLE */
    const char *body; /* never NULL; NUL-terminated at `len` */
    size_t len;
    const char *api_version; /* the Api-Version header, "" without */
    struct error error;
};

/* Takes over `ctx`. Runs at most once: when the engine is closed or the request is cancelled
 * before, drop_ctx runs instead. */
typedef void answer_fn(void *ctx, const struct answer *answer);

/* Bytes of a 200 answer as they come. A negative errno breaks the request off (ANSWER_BROKEN). */
typedef int body_fn(void *ctx, const char *data, size_t len);

struct request_spec {
    const char *method; /* "GET", "POST", "DELETE" */
    enum lane lane;
    bool unversioned; /* the path is not under /v1.xx */
    const char *body; /* JSON, or NULL: none */
    size_t body_len;
    uint64_t timeout_ms;          /* from sending to the whole answer; 0: none */
    unsigned silent_s;            /* breaks off when not a byte comes for so long; 0: never */
    const char *registry_auth;    /* a pull's credentials, base64url; NULL: none. Copied */
    const char *platform;         /* added to the query; NULL: none. Copied into the path */
    size_t max_bytes;             /* of the answer; 0: no limit (only with on_body) */
    body_fn *on_body;             /* NULL: gathered into answer.body */
    void (*on_opened)(void *ctx); /* a 200 answer's headers are there; may be NULL */
    answer_fn *on_answer;
    void (*drop_ctx)(void *ctx);
    void *ctx;
};

struct request {
    struct request *next, **link; /* of the list it is in: a lane's queue, the ones in flight, … */
    struct request_spec spec;
    char *path;
    char *body;
    char *auth_header;
    bool renegotiated;     /* already sent once more after the engine refused the version */
    enum answer_kind fate; /* with `why`: it fails without being sent, WITHHELD or NOT_SENT */
    struct error *why;

    CURL *easy; /* while in flight */
    struct curl_slist *headers;
    struct buf answer;
    size_t received; /* bytes of the body */
    size_t header_bytes;
    unsigned sendings; /* how often curl set out to send it */
    int broken;        /* negative errno: why we broke it off ourselves */
    bool cancelled;    /* nobody waits for it any more */
    bool opened;
    char api_version[16];
    char curl_text[CURL_ERROR_SIZE];
};

#define ANSWER_MAX_BYTES  ((size_t)4 << 20)
#define LISTING_MAX_BYTES ((size_t)64 << 20)

/* Copies the body and `path` (under the version, from the slash on); takes over ctx. Never NULL: a
 * request that cannot be made is one that fails. */
struct request *request_new(const struct request_spec *spec, const char *path) _must_use_;

/* It is to fail for this reason, the first one said. */
void request_fail(struct request *r, enum answer_kind fate, const struct error *why);

/* Frees it, dropping its ctx when `on_answer` has not taken that. NULL. */
struct request *request_free(struct request *r);

/* Memory for the small fixed part of a call. Ends the program when there is none: nobody could be
 * told then, and what is supervised is started again. */
void *call_alloc(size_t size) _must_use_;

/* Make r->easy ready to fly. `version` is "1.41". Negative errno. */
int request_prepare(struct request *r, const struct address *address,
                    const char *version) _must_use_;

/* After curl has ended it: what became of it. Borrows from the request. */
void request_outcome(const struct request *r, const struct address *address, CURLcode code,
                     struct answer *ret_answer);

/* Lists of requests: each request is in at most one. */
struct request_list {
    struct request *first, **last;
};
void request_list_init(struct request_list *list);
void request_push(struct request_list *list, struct request *r);
void request_push_front(struct request_list *list, struct request *r);
struct request *request_pop(struct request_list *list);
void request_unlink(struct request_list *list, struct request *r);
