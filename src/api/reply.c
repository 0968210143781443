/* SPDX-License-Identifier: MIT
 *
 * What a backend calls on a reply or a stream, over any transport.
 */
#include <stdarg.h>
#include <stdio.h>

#include "api/api.h"
#include "api/problem.h"
#include "base/text.h"

void api_reply_json(struct api_reply *reply, int status, json_t *steal_json)
{
    if (steal_json)
        reply->ops->finish(reply, status, steal_json);
    else
        api_reply_problem(reply, 500, NULL, "out of memory");
}

void api_reply_error(struct api_reply *reply, const struct error *err)
{
    /* An error without a kind is a mistake of ours, but the client is told that it failed. */
    int status = err->kind == ERROR_NONE ? 500 : error_http_status(err->kind);
    const char *detail = *err->text ? err->text : "it failed, and nobody said why";
    reply->ops->finish(reply, status, problem_new(status, err->code, detail));
}

void api_reply_problem(struct api_reply *reply, int status, const char *code, const char *fmt, ...)
{
    char detail[ERROR_TEXT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(detail, sizeof(detail), fmt, ap);
    va_end(ap);
    text_cut(detail, sizeof(detail));
    reply->ops->finish(reply, status, problem_new(status, code, detail));
}

void api_reply_progress(struct api_reply *reply, json_t *steal_json)
{
    if (reply->progress)
        reply->ops->progress(reply, steal_json);
    else
        json_decref(steal_json);
}

void api_stream_listen(struct api_stream *stream, void (*on_gone)(void *ctx),
                       void (*on_room)(void *ctx), void *ctx)
{
    stream->on_gone = on_gone;
    stream->on_room = on_room;
    stream->ctx = ctx;
}

bool api_stream_send(struct api_stream *stream, int64_t id, const char *event, json_t *steal_json)
{
    return stream->ops->send(stream, id, event, steal_json);
}

void api_stream_end(struct api_stream *stream)
{
    stream->ops->end(stream);
}
