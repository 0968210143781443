/* SPDX-License-Identifier: MIT
 *
 * What a container has written: GET /containers/{id}/logs. No deadline and no limit: how much there
 * is, and how fast it is taken away, is the reader's business.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/docker/call.h"
#include "engine/docker/frames.h"

struct logs_call {
    struct call *call;
    engine_log_fn *log;
    bool tty;
    struct frames frames;
};

static void logs_drop(void *ctx)
{
    struct logs_call *l = ctx;
    call_drop(l->call);
    free(l);
}

static int on_bytes(void *ctx, bool is_stderr, const char *data, size_t len)
{
    struct logs_call *l = ctx;
    if (l->call->engine->closing)
        return -ECANCELED;
    return l->log(l->call->ctx, is_stderr, data, len);
}

static int on_body(void *ctx, const char *data, size_t len)
{
    struct logs_call *l = ctx;
    return l->tty ? on_bytes(l, false, data, len) : frames_feed(&l->frames, data, len);
}

static void on_answer(void *ctx, const struct answer *answer)
{
    struct logs_call *l = ctx;
    struct engine_result result = {0};
    result.outcome = answer_judge(CALL_LOGS, l->call->subject, answer, &result.error);
    if (result.outcome == ENGINE_DONE && frames_end(&l->frames) < 0)
        result.outcome = answer_not_understood(CALL_LOGS, l->call->subject,
                                               "the answer ended too early", &result.error);
    if (result.outcome == ENGINE_UNKNOWN) /* reading changes nothing */
        result.outcome = ENGINE_UNREACHABLE;
    call_finish(steal(&l->call), &result);
    logs_drop(l);
}

void engine_logs(struct engine *engine, const char *id, const struct engine_logs *what,
                 engine_log_fn *log, engine_done_fn *done, void *ctx)
{
    struct logs_call *l = call_alloc(sizeof(*l));
    char format[256], tail[32] = "all";
    l->call = call_new(engine, CALL_LOGS, id, done, ctx);
    l->log = log;
    l->tty = what->tty;
    frames_init(&l->frames, on_bytes, l);
    if (what->tail >= 0)
        (void)snprintf(tail, sizeof(tail), "%" PRId64, what->tail);
    (void)snprintf(format, sizeof(format),
                   "/containers/%%s/logs?stdout=1&stderr=1&follow=%d&timestamps=%d&tail=%s"
                   "&since=%" PRId64 ".%09" PRId64,
                   what->follow, what->timestamps, tail, what->since_ns / (int64_t)NS_PER_S,
                   what->since_ns % (int64_t)NS_PER_S);
    struct request_spec spec = call_spec(engine, "GET", LANE_LOGS, on_answer, logs_drop, l);
    spec.on_body = on_body;
    spec.timeout_ms = 0;
    spec.max_bytes = 0;
    call_send(engine, &spec, format, id, NULL);
}
