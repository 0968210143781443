/* SPDX-License-Identifier: MIT
 *
 * The calls on one container, but its creation (create.c).
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/docker/call.h"
#include "engine/docker/parse.h"

/* How the calls differ that are one POST or DELETE and a status. */
static const struct simple {
    const char *method;
    const char *path;
    enum lane lane;
    bool may_take_long; /* the engine's own work: starting an init process on a loaded machine */
} simple_calls[] = {
    [CALL_START] = {"POST", "/containers/%s/start", LANE_START, true},
    [CALL_STOP] = {"POST", "/containers/%s/stop", LANE_STOP, false},
    [CALL_PAUSE] = {"POST", "/containers/%s/pause", LANE_START, false},
    [CALL_UNPAUSE] = {"POST", "/containers/%s/unpause", LANE_START, false},
    [CALL_REMOVE] = {"DELETE", "/containers/%s?v=0&force=0", LANE_BULK, true},
};

static void send_simple(struct call *call, uint64_t timeout_ms, answer_fn *on_answer)
{
    const struct simple *s = &simple_calls[call->kind];
    struct request_spec spec =
        call_spec(call->engine, s->method, s->lane, on_answer, call_drop, call);
    spec.timeout_ms = s->may_take_long ? timeout_ms * LONG_FACTOR : timeout_ms;
    call_send(call->engine, &spec, s->path, call->subject, NULL);
}

static void simple(struct engine *engine, enum call_kind kind, const char *id, engine_done_fn *done,
                   void *ctx)
{
    send_simple(call_new(engine, kind, id, done, ctx), engine->timeout_ms, call_answer);
}

void engine_start(struct engine *engine, const char *id, engine_done_fn *done, void *ctx)
{
    simple(engine, CALL_START, id, done, ctx);
}

void engine_stop(struct engine *engine, const char *id, uint64_t grace_ms, engine_done_fn *done,
                 void *ctx)
{
    /* Longer than the stop itself: old engines killed the container when the request was dropped
     * (moby/moby#45731). */
    uint64_t timeout_ms = engine->timeout_ms + (grace_ms < UINT32_MAX ? grace_ms : UINT32_MAX);
    send_simple(call_new(engine, CALL_STOP, id, done, ctx), timeout_ms, call_answer);
}

void engine_pause(struct engine *engine, const char *id, engine_done_fn *done, void *ctx)
{
    simple(engine, CALL_PAUSE, id, done, ctx);
}

void engine_remove(struct engine *engine, const char *id, engine_done_fn *done, void *ctx)
{
    simple(engine, CALL_REMOVE, id, done, ctx);
}

static void send_inspect(struct call *call, answer_fn *on_answer)
{
    struct request_spec spec =
        call_spec(call->engine, "GET", LANE_READ, on_answer, call_drop, call);
    call_send(call->engine, &spec, "/containers/%s/json", call->subject, NULL);
}

/* The container of an inspection's answer, or the outcome that there is none. */
static enum engine_outcome read_inspection(const struct call *call, const struct answer *answer,
                                           struct container_view *ret_view, struct error *ret_error)
{
    enum engine_outcome outcome = answer_judge(CALL_INSPECT, call->subject, answer, ret_error);
    if (outcome == ENGINE_DONE && parse_inspection(answer->body, answer->len, ret_view) < 0)
        outcome = answer_not_understood(
            CALL_INSPECT, call->subject,
            "the answer is not a container; what stands at its address?", ret_error);
    return outcome;
}

static void on_inspected(void *ctx, const struct answer *answer)
{
    struct call *call = ctx;
    _cleanup_(container_view_close) struct container_view view = {0};
    struct engine_result result = {0};
    result.outcome = read_inspection(call, answer, &view, &result.error);
    result.container = result.outcome == ENGINE_DONE ? &view.c : NULL;
    call_finish(call, &result);
}

void engine_inspect(struct engine *engine, const char *id, engine_done_fn *done, void *ctx)
{
    send_inspect(call_new(engine, CALL_INSPECT, id, done, ctx), on_inspected);
}

/* After "is not paused": a container that runs is as was wished, one that does not is not. */
static void on_looked_whether_running(void *ctx, const struct answer *answer)
{
    struct call *call = ctx;
    _cleanup_(container_view_close) struct container_view view = {0};
    struct engine_result result = {0};
    result.outcome = read_inspection(call, answer, &view, &result.error);
    if (result.outcome == ENGINE_DONE && view.c.status == CONTAINER_RUNNING) {
        result.outcome = ENGINE_ALREADY;
    } else if (result.outcome == ENGINE_DONE) {
        result.outcome = ENGINE_BUSY;
        (void)error_set(&result.error, 0, ERROR_CONFLICT, engine_outcome_name(ENGINE_BUSY),
                        "unpause container %s: it is %s", call->subject,
                        container_status_name(view.c.status));
    }
    call_finish(call, &result);
}

static void on_unpaused(void *ctx, const struct answer *answer)
{
    struct call *call = ctx;
    struct engine_result result = {0};
    result.outcome = answer_judge(CALL_UNPAUSE, call->subject, answer, &result.error);
    if (result.outcome == ENGINE_ALREADY)
        send_inspect(call, on_looked_whether_running);
    else
        call_finish(call, &result);
}

void engine_unpause(struct engine *engine, const char *id, engine_done_fn *done, void *ctx)
{
    send_simple(call_new(engine, CALL_UNPAUSE, id, done, ctx), engine->timeout_ms, on_unpaused);
}

void engine_rename(struct engine *engine, const char *id, const char *name, engine_done_fn *done,
                   void *ctx)
{
    struct call *call = call_new(engine, CALL_RENAME, id, done, ctx);
    struct request_spec spec = call_spec(engine, "POST", LANE_BULK, call_answer, call_drop, call);
    call_send(engine, &spec, "/containers/%s/rename?name=%s", id, name);
}

void engine_update_restart(struct engine *engine, const char *id, const char *policy,
                           engine_done_fn *done, void *ctx)
{
    struct call *call = call_new(engine, CALL_UPDATE, id, done, ctx);
    json_t *body =
        json_pack("{s:{s:s, s:i}}", "RestartPolicy", "Name", policy, "MaximumRetryCount", 0);
    _cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    struct request_spec spec = call_spec(engine, "POST", LANE_BULK, call_answer, call_drop, call);
    spec.body = text; /* without one the engine refuses */
    spec.body_len = text ? strlen(text) : 0;
    call_send(engine, &spec, "/containers/%s/update", id, NULL);
}

static void on_pong(void *ctx, const struct answer *answer)
{
    struct call *call = ctx;
    if (answer->kind == ANSWER_WHOLE && answer->status == 200)
        version_heard(call->engine, answer->api_version);
    call_answer(call, answer);
}

void engine_ping(struct engine *engine, engine_done_fn *done, void *ctx)
{
    struct request_spec spec = call_spec(engine, "GET", LANE_PING, on_pong, call_drop,
                                         call_new(engine, CALL_PING, "", done, ctx));
    spec.unversioned = true;
    spec.timeout_ms = engine->timeout_ms < PING_TIMEOUT_MS ? engine->timeout_ms : PING_TIMEOUT_MS;
    call_send(engine, &spec, "/_ping", NULL, NULL);
}
