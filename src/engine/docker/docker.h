/* SPDX-License-Identifier: MIT
 *
 * The handle of a Docker Engine: its address, its connections, the queue of requests and the API
 * version that was agreed on. Calls (containers.c, networks.c, …) make a request and give it to
 * engine_send(); all else happens from the loop, in engine_pump().
 */
#pragma once

#include "engine/docker/address.h"
#include "engine/docker/request.h"
#include "engine/docker/transport.h"
#include "engine/engine.h"

/* The API versions that this client knows. */
#define API_OLDEST "1.40"
#define API_NEWEST "1.47"

#define DEFAULT_TIMEOUT_MS 30000U
#define LONG_FACTOR        4U /* create, start, remove: the engine's own work may take long */
#define PING_TIMEOUT_MS    5000U

enum version_state {
    VERSION_NONE, /* ask before the next request */
    VERSION_ASKING,
    VERSION_KNOWN,
};

struct engine_lane {
    struct request_list waiting;
    unsigned flying;
};

struct events;
struct pull;

struct engine {
    uv_loop_t *loop;
    struct address address;
    struct transport transport;
    uint64_t timeout_ms;

    struct engine_lane lanes[LANES];
    struct request_list flying;
    struct request_list failed; /* could not even be queued; to be answered from the loop */

    enum version_state version_state;
    char version[16]; /* agreed on, "" before */

    struct events *events;
    struct pull *pulls; /* that wait for a credential helper */
    bool closing;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* Queue a request; takes it over. Its answer comes later, from the loop. */
void engine_send(struct engine *engine, struct request *r);

/* Nobody waits for it any more: its callbacks do not run, its ctx is dropped from the loop. */
void engine_cancel(struct engine *engine, struct request *r);

/* images.c: the helpers that run are ended, their pulls dropped. */
void images_close(struct engine *engine);

/* Start over with the version: the engine may be another one now. */
void engine_version_forget(struct engine *engine);

/* An engine's "1.41" and, where told, its oldest: agree on what both know. 0 and the version, or
 * -EPROTO with the reason. */
int version_agree(const char *engines_newest, const char *engines_oldest, char ret_version[16],
                  struct error *err) _must_use_;

/* Whether a 400 says that the version in the path is none of the engine's. */
bool version_is_refused(const struct answer *answer);

/* Ask the engine; engine_version_known() or engine_version_failed() follows. */
void version_ask(struct engine *engine);
void engine_version_known(struct engine *engine, const char *version);

/* A ping told it by the way. */
void version_heard(struct engine *engine, const char *engines_newest);

/* Every request that waits for the version fails so. */
void engine_version_failed(struct engine *engine, enum answer_kind fate, const struct error *why);
