/* SPDX-License-Identifier: MIT
 *
 * The event stream: GET /events, which never ends by itself. No deadline; whether a silent stream
 * is a dead one, pings and listings tell. What ends it for us is any event that cannot be read or
 * is too long: the caller lists again and so misses nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/docker/call.h"
#include "engine/docker/event_parse.h"
#include "engine/docker/split.h"

#define EVENT_MAX_BYTES ((size_t)1 << 20)

struct events {
    struct engine *engine;
    struct request *request;
    struct engine_events_handler handler;
    void *ctx;
    struct split split;
    bool closed; /* by the caller: no callback runs any more */
};

static void events_free(void *ctx)
{
    struct events *e = ctx;
    if (e->engine->events == e)
        e->engine->events = NULL;
    split_close(&e->split);
    free(e);
}

static bool is_silent(const struct events *e)
{
    return e->closed || e->engine->closing;
}

static int on_object(void *ctx, const char *json, size_t len)
{
    struct events *e = ctx;
    struct event_view view;
    if (is_silent(e))
        return -ECANCELED;
    if (event_is_noise(json, len))
        return 0;
    int r = event_parse(json, len, &view);
    if (r == 0) {
        e->handler.event(e->ctx, &view.event);
        event_view_close(&view);
    }
    return r < 0 ? r : 0;
}

static int on_body(void *ctx, const char *data, size_t len)
{
    struct events *e = ctx;
    return split_feed(&e->split, data, len);
}

static void on_opened(void *ctx)
{
    struct events *e = ctx;
    if (!is_silent(e) && e->handler.opened)
        e->handler.opened(e->ctx);
}

static void on_answer(void *ctx, const struct answer *answer)
{
    struct events *e = ctx;
    struct error why;
    e->request = NULL;
    if (answer_judge(CALL_EVENTS, "", answer, &why) == ENGINE_DONE)
        (void)error_set(&why, 0, ERROR_UNREACHABLE, "ended", "%s: the engine ended the stream",
                        call_name(CALL_EVENTS));
    /* Free to be opened anew by the callback. */
    if (e->engine->events == e)
        e->engine->events = NULL;
    e->handler.ended(e->ctx, &why);
    events_free(e);
}

int engine_events_open(struct engine *engine, int64_t since_ns,
                       const struct engine_events_handler *handler, void *ctx, struct error *err)
{
    if (engine->events)
        return error_set(err, -EALREADY, ERROR_FAILED, NULL, "the event stream is open already");
    struct events *e = call_alloc(sizeof(*e));
    *e = (struct events){.engine = engine, .handler = *handler, .ctx = ctx};
    split_init(&e->split, SPLIT_STREAM, EVENT_MAX_BYTES, on_object, e);
    char since[64] = "0";
    (void)snprintf(since, sizeof(since), "%" PRId64 ".%09" PRId64, since_ns / (int64_t)NS_PER_S,
                   since_ns % (int64_t)NS_PER_S);
    struct request_spec spec = {
        .method = "GET",
        .lane = LANE_EVENTS,
        .on_body = on_body,
        .on_opened = on_opened,
        .on_answer = on_answer,
        .drop_ctx = events_free,
        .ctx = e,
    };
    _cleanup_free_ char *filter = call_filter("type", "container");
    engine->events = e;
    e->request = call_send(engine, &spec,
                           since_ns > 0 ? "/events?filters=%s&since=%s" : "/events?filters=%s",
                           filter, since);
    return 0;
}

void engine_events_close(struct engine *engine)
{
    struct events *e = steal(&engine->events);
    if (!e)
        return;
    e->closed = true;
    engine_cancel(engine, e->request);
}
