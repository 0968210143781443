/* SPDX-License-Identifier: MIT
 *
 * The pump: what is queued is sent as far as its lane and the version allow, what has ended is
 * answered. A caller's callback may call anything of engine.h, also engine_close(), at any time; so
 * calls only queue, and only engine_pump() and on_ended(), which run from the loop, touch curl.
 */
#include "engine/docker/docker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Connections a lane may have. Creates scale up to 16 at once; starts are bound by the CPU and gain
 * nothing past 8; stops only wait. */
static const unsigned lane_limits[LANES] = {
    [LANE_PING] = 4,   [LANE_START] = 8, [LANE_READ] = 8,   [LANE_STOP] = 24,  [LANE_BULK] = 16,
    [LANE_EVENTS] = 2, [LANE_PULL] = 3,  [LANE_STATS] = 32, [LANE_LOGS] = 256,
};

static void answer_request(struct request *r, const struct answer *answer)
{
    void *ctx = steal(&r->spec.ctx);
    r->spec.on_answer(ctx, answer);
    (void)request_free(r);
}

void engine_send(struct engine *engine, struct request *r)
{
    if (r->why)
        request_push(&engine->failed, r);
    else
        request_push(&engine->lanes[r->spec.lane].waiting, r);
    transport_soon(&engine->transport);
}

void engine_cancel(struct engine *engine, struct request *r)
{
    r->cancelled = true;
    transport_soon(&engine->transport);
}

static void answer_failed(struct engine *engine)
{
    struct request *r;
    while (!engine->closing && (r = request_pop(&engine->failed))) {
        struct answer answer = {.kind = r->fate, .body = "", .api_version = "", .error = *r->why};
        if (r->cancelled)
            (void)request_free(r);
        else
            answer_request(r, &answer);
    }
}

static void drop_cancelled(struct engine *engine)
{
    struct request *next;
    for (struct request *r = engine->flying.first; r; r = next) {
        next = r->next;
        if (!r->cancelled)
            continue;
        transport_remove(&engine->transport, r->easy);
        request_unlink(&engine->flying, r);
        engine->lanes[r->spec.lane].flying--;
        (void)request_free(r);
    }
}

static void launch(struct engine *engine, struct engine_lane *lane, struct request *r)
{
    int res = request_prepare(r, &engine->address, engine->version);
    if (res == 0)
        res = transport_add(&engine->transport, r->easy);
    if (res < 0) {
        struct error why = ERROR_INIT;
        (void)error_wrap(&why, res, "cannot send to the engine");
        request_fail(r, ANSWER_NOT_SENT, &why);
        engine_send(engine, r);
        return;
    }
    request_push(&engine->flying, r);
    lane->flying++;
}

static void launch_lane(struct engine *engine, enum lane which)
{
    struct engine_lane *lane = &engine->lanes[which];
    while (lane->waiting.first && lane->flying < lane_limits[which]) {
        struct request *r = request_pop(&lane->waiting);
        if (r->cancelled)
            (void)request_free(r);
        else
            launch(engine, lane, r);
    }
}

static bool waits_for_version(const struct engine *engine)
{
    for (int i = LANE_PING + 1; i < LANES; i++)
        if (engine->lanes[i].waiting.first)
            return true;
    return false;
}

static void tear_down(struct engine *engine);

static void engine_pump(void *owner)
{
    struct engine *engine = owner;
    answer_failed(engine);
    if (engine->closing) {
        tear_down(engine);
        return;
    }
    drop_cancelled(engine);
    if (engine->version_state == VERSION_NONE && waits_for_version(engine)) {
        engine->version_state = VERSION_ASKING;
        version_ask(engine);
    }
    launch_lane(engine, LANE_PING);
    for (int i = LANE_PING + 1; i < LANES && engine->version_state == VERSION_KNOWN; i++)
        launch_lane(engine, (enum lane)i);
}

static void on_ended(void *owner, CURL *easy, CURLcode code)
{
    struct engine *engine = owner;
    struct request *r = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &r);
    struct answer answer;
    request_outcome(r, &engine->address, code, &answer);
    transport_remove(&engine->transport, easy);
    request_unlink(&engine->flying, r);
    struct engine_lane *lane = &engine->lanes[r->spec.lane];
    lane->flying--;
    transport_soon(&engine->transport);
    if (engine->closing || r->cancelled) {
        (void)request_free(r);
        return;
    }
    if (answer.kind != ANSWER_WHOLE)
        engine_version_forget(engine); /* what comes back may be another engine */
    if (!r->spec.unversioned && !r->renegotiated && version_is_refused(&answer)) {
        engine_version_forget(engine);
        r->renegotiated = true;
        request_push_front(&lane->waiting, r);
        return;
    }
    answer_request(r, &answer);
}

void engine_version_forget(struct engine *engine)
{
    if (engine->version_state == VERSION_KNOWN)
        engine->version_state = VERSION_NONE;
}

void engine_version_known(struct engine *engine, const char *version)
{
    (void)snprintf(engine->version, sizeof(engine->version), "%s", version);
    engine->version_state = VERSION_KNOWN;
    transport_soon(&engine->transport);
}

void engine_version_failed(struct engine *engine, enum answer_kind fate, const struct error *why)
{
    engine->version_state = VERSION_NONE;
    for (int i = LANE_PING + 1; i < LANES; i++) {
        struct request *r;
        while ((r = request_pop(&engine->lanes[i].waiting))) {
            request_fail(r, fate, why);
            engine_send(engine, r);
        }
    }
}

static void on_transport_closed(void *owner)
{
    struct engine *engine = owner;
    void (*closed)(void *ctx) = engine->closed;
    void *ctx = engine->closed_ctx;
    free(engine);
    curl_global_cleanup();
    if (closed)
        closed(ctx);
}

static void free_all(struct request_list *list)
{
    struct request *r;
    while ((r = request_pop(list)))
        (void)request_free(r);
}

static void tear_down(struct engine *engine)
{
    for (struct request *r = engine->flying.first; r; r = r->next)
        transport_remove(&engine->transport, r->easy);
    free_all(&engine->flying);
    free_all(&engine->failed);
    for (int i = 0; i < LANES; i++)
        free_all(&engine->lanes[i].waiting);
    transport_close(&engine->transport);
}

static const struct transport_owner transport_calls = {
    .on_soon = engine_pump,
    .on_ended = on_ended,
    .on_closed = on_transport_closed,
};

int engine_docker_open(uv_loop_t *loop, const struct engine_options *options,
                       struct engine **ret_engine, struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, -EIO, ERROR_FAILED, NULL, "cannot initialise libcurl");
    _cleanup_free_ struct engine *engine = call_alloc(sizeof(*engine));
    engine->loop = loop;
    engine->timeout_ms = options->timeout_ms ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    request_list_init(&engine->flying);
    request_list_init(&engine->failed);
    for (int i = 0; i < LANES; i++)
        request_list_init(&engine->lanes[i].waiting);
    int r = address_parse(options, &engine->address, err);
    if (r == 0) {
        r = transport_open(&engine->transport, loop, &transport_calls, engine);
        if (r < 0)
            (void)error_wrap(err, r, "cannot open the engine's connections");
    }
    if (r < 0) {
        curl_global_cleanup();
        return r;
    }
    *ret_engine = steal(&engine);
    return 0;
}

void engine_close(struct engine *engine, void (*closed)(void *ctx), void *ctx)
{
    engine->closing = true;
    images_close(engine);
    engine->closed = closed;
    engine->closed_ctx = ctx;
    /* Not here: this may be a callback from within curl. */
    transport_soon(&engine->transport);
}

const char *engine_url(const struct engine *engine)
{
    return engine->address.url;
}

const char *engine_api_version(const struct engine *engine)
{
    return engine->version;
}
