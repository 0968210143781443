/* SPDX-License-Identifier: MIT
 *
 * An exchange that is a stream of events. Its queue is the exchange's `out`; what does not fit
 * there is refused, and the backend hears of it when the client has read half of that.
 */
#include "api/server_impl.h"
#include "api/sse.h"

static struct exchange *exchange_of(struct api_stream *stream)
{
    return (struct exchange *)((char *)stream - offsetof(struct exchange, events));
}

static void settle(struct exchange *ex)
{
    ex->settled = true;
    exchange_wake(ex);
}

static bool stream_queue(struct exchange *ex, int64_t id, const char *event, const json_t *json)
{
    if (ex->settled)
        return false;
    if (ex->out.len >= API_STREAM_MAX) {
        ex->starved = true;
        return false;
    }
    if (sse_write(&ex->out, id, event, json) < 0) {
        /* It would not fit later either, or memory is short: the client is to come back. */
        settle(ex);
        return false;
    }
    exchange_wake(ex);
    return true;
}

static bool stream_send(struct api_stream *stream, int64_t id, const char *event, json_t *json)
{
    bool taken = stream_queue(exchange_of(stream), id, event, json);
    json_decref(json);
    return taken;
}

static void stream_end(struct api_stream *stream)
{
    struct exchange *ex = exchange_of(stream);
    ex->held = false;
    settle(ex);
    exchange_release(ex);
}

static const struct api_stream_ops stream_ops = {
    .send = stream_send,
    .end = stream_end,
};

static unsigned followers_count(const struct api_server *server)
{
    unsigned n = 0;
    for (const struct exchange *ex = server->exchanges; ex; ex = ex->next)
        n += ex->follows;
    return n;
}

struct api_stream *exchange_follow(struct api_reply *reply)
{
    struct exchange *ex = (struct exchange *)reply;
    /* A first word, so that the client sees at once that it is followed. */
    if (followers_count(ex->server) >= ex->server->followers_max ||
        buf_puts(&ex->out, SSE_HEARTBEAT) < 0)
        return NULL;
    ex->events.ops = &stream_ops;
    ex->follows = ex->streaming = true;
    return &ex->events;
}

void stream_drained(struct exchange *ex)
{
    if (!ex->starved || ex->settled || ex->out.len > API_STREAM_MAX / 2)
        return;
    ex->starved = false;
    if (ex->events.on_room)
        ex->events.on_room(ex->events.ctx);
}

void stream_gone(struct exchange *ex, const struct api_server *server)
{
    /* A server that closes does not call its backend, which ends the stream when it comes to it. */
    if (!ex->follows || !ex->held || server->closing || !ex->events.on_gone)
        return;
    ex->held = false;
    ex->events.on_gone(ex->events.ctx);
}
