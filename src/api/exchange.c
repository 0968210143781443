/* SPDX-License-Identifier: MIT
 *
 * One request and its answer: from the target through body and dispatch to the last byte.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "api/body.h"
#include "api/problem.h"
#include "api/server_impl.h"
#include "api/sse.h"

/* A chunked body that is too long is thrown away up to here, so that the client gets to read its
 * 413: libmicrohttpd cannot answer in the middle of a body. */
#define BODY_DROP_MAX (4 * API_BODY_MAX)

void exchange_release(struct exchange *ex)
{
    if (ex->on_wire || ex->held)
        return;
    buf_close(&ex->body);
    buf_close(&ex->out);
    free(ex->target);
    free(ex);
}

void exchange_wake(struct exchange *ex)
{
    if (!ex->suspended)
        return;
    ex->suspended = false;
    MHD_resume_connection(ex->connection);
    server_kick(ex->server);
}

static int out_write_plain(struct exchange *ex, json_t *json)
{
    buf_reset(&ex->out);
    if (!json)
        return 0;
    (void)body_write(&ex->out, json);
    return buf_putc(&ex->out, '\n');
}

static int out_write_report(struct exchange *ex, int status, json_t *json)
{
    json_t *report = json_pack("{s:i, s:O?}", "status", status, "body", json);
    if (!report)
        return -ENOMEM;
    int r = sse_write(&ex->out, -1, "report", report);
    json_decref(report);
    return r;
}

/* The answer whole, or nothing. */
static int out_write(struct exchange *ex, int status, json_t *json)
{
    ex->status = status;
    return ex->streaming ? out_write_report(ex, ex->status, json) : out_write_plain(ex, json);
}

/* Decide the answer. Steals `json`. */
static void exchange_settle(struct exchange *ex, int status, json_t *json)
{
    ex->settled = true;
    if (out_write(ex, status, json) < 0) {
        json_t *problem =
            problem_new(500, "too_large", "the answer is too long, or memory is short");
        ex->gone = out_write(ex, 500, problem) < 0;
        json_decref(problem);
    }
    json_decref(json);
    exchange_wake(ex);
}

static void reply_finish(struct api_reply *reply, int status, json_t *json)
{
    struct exchange *ex = (struct exchange *)reply;
    ex->held = false;
    if (ex->settled)
        json_decref(json);
    else
        exchange_settle(ex, status, json);
    exchange_release(ex);
}

static void reply_progress(struct api_reply *reply, json_t *json)
{
    struct exchange *ex = (struct exchange *)reply;
    /* A client that does not keep up misses news, never the report. */
    if (!ex->settled && ex->out.len < API_STREAM_MAX &&
        sse_write(&ex->out, -1, "progress", json) == 0) {
        ex->streaming = true;
        exchange_wake(ex);
    }
    json_decref(json);
}

static const struct api_reply_ops reply_ops = {
    .finish = reply_finish,
    .progress = reply_progress,
    .stream = exchange_follow,
};

void exchange_abandon(struct exchange *ex)
{
    if (!ex->dispatched || ex->settled)
        return;
    if (!ex->follows) {
        exchange_settle(ex, 503, problem_new(503, "stopping", "the daemon is stopping"));
        return;
    }
    ex->settled = true;
    exchange_wake(ex);
}

/* Hung up on both ways. A client that has only shut down its sending side still waits. */
static bool client_is_gone(const struct exchange *ex)
{
    struct pollfd fd = {.fd = ex->peer->fd};
    return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

void exchange_tick(struct exchange *ex)
{
    if (!ex->dispatched || ex->settled || !ex->suspended)
        return;
    if (client_is_gone(ex)) {
        ex->settled = ex->gone = true;
        exchange_wake(ex);
    } else if (ex->streaming && buf_puts(&ex->out, SSE_HEARTBEAT) == 0) {
        exchange_wake(ex);
    }
}

/* Here, and only here, the target is seen as it came: later libmicrohttpd has split it and decoded
 * it, so that "%2F" could not be told from "/". */
void *exchange_open(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct api_server *server = ctx;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct peer *peer = info ? info->socket_context : NULL;
    struct exchange *ex = calloc(1, sizeof(*ex));
    char *target = strdup(uri ? uri : "");
    if (!ex || !target || !peer) {
        free(ex);
        free(target);
        return NULL;
    }
    *ex = (struct exchange){
        .reply = {.ops = &reply_ops},
        .next = server->exchanges,
        .server = server,
        .connection = connection,
        .peer = peer,
        .target = target,
        .body = BUF_INIT(API_BODY_MAX),
        .out = BUF_INIT(API_ANSWER_MAX + API_STREAM_MAX),
        .on_wire = true,
    };
    if (ex->next)
        ex->next->prev = ex;
    server->exchanges = ex;
    return ex;
}

void exchange_close(void *ctx, struct MHD_Connection *connection, void **context,
                    enum MHD_RequestTerminationCode why)
{
    (void)connection;
    (void)why;
    struct api_server *server = ctx;
    struct exchange *ex = *context;
    if (!ex)
        return;
    *context = NULL;
    if (ex->prev)
        ex->prev->next = ex->next;
    else
        server->exchanges = ex->next;
    if (ex->next)
        ex->next->prev = ex->prev;
    ex->peer->reading_since_ms = uv_now(server->loop);
    ex->on_wire = false;
    ex->suspended = false;
    ex->settled = true;
    stream_gone(ex, server);
    exchange_release(ex);
}

static enum MHD_Result queue(struct exchange *ex, struct MHD_Response *response, int status,
                             const char *type)
{
    if (!response)
        return MHD_NO;
    enum MHD_Result r = MHD_YES;
    if (type)
        r = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (r && *ex->reply.allow)
        r = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, ex->reply.allow);
    if (r)
        r = MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (r)
        r = MHD_queue_response(ex->connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return r;
}

static enum MHD_Result answer_plain(struct exchange *ex)
{
    if (ex->gone)
        return MHD_NO;
    size_t len = ex->out.len;
    char *text = buf_steal(&ex->out);
    if (!text)
        return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    const char *type = ex->status >= 400 ? "application/problem+json" : "application/json";
    return queue(ex, response, ex->status, len ? type : NULL);
}

static ssize_t stream_read(void *ctx, uint64_t pos, char *bytes, size_t max)
{
    (void)pos;
    struct exchange *ex = ctx;
    if (ex->gone)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (ex->out.len > 0) {
        size_t len = ex->out.len < max ? ex->out.len : max;
        memcpy(bytes, ex->out.data, len);
        buf_consume(&ex->out, len);
        stream_drained(ex);
        return (ssize_t)len;
    }
    if (ex->settled)
        return MHD_CONTENT_READER_END_OF_STREAM;
    ex->suspended = true;
    MHD_suspend_connection(ex->connection);
    return 0;
}

static enum MHD_Result answer_stream(struct exchange *ex)
{
    return queue(ex,
                 MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, stream_read, ex, NULL),
                 200, "text/event-stream");
}

static enum MHD_Result refuse(struct exchange *ex, int status, const struct error *err)
{
    exchange_settle(ex, status, problem_new(status, err->code, err->text));
    return answer_plain(ex);
}

static unsigned waiting_count(const struct api_server *server)
{
    unsigned n = 0;
    for (const struct exchange *ex = server->exchanges; ex; ex = ex->next)
        n += ex->dispatched && !ex->settled && !ex->follows;
    return n;
}

static const char *header(const struct exchange *ex, const char *name)
{
    return MHD_lookup_connection_value(ex->connection, MHD_HEADER_KIND, name);
}

static bool accepts(const struct exchange *ex, const char *type)
{
    const char *accept = header(ex, MHD_HTTP_HEADER_ACCEPT);
    return accept && strcasestr(accept, type);
}

static void dispatch(struct exchange *ex, const char *method, const json_t *body)
{
    struct api_server *server = ex->server;
    bool wants_events = accepts(ex, "text/event-stream") && strcmp(method, "HEAD") != 0;
    struct api_request request = {
        .method = method,
        .target = ex->target,
        .body = body,
        .wants_progress = wants_events,
        .wants_stream = wants_events && !accepts(ex, "application/json"),
        .last_event_id = header(ex, "Last-Event-ID"),
        .busy = waiting_count(server) >= server->waiting_max,
        .peer_uid = ex->peer_uid,
    };
    ex->dispatched = true;
    ex->held = true;
    api_dispatch(server->backend, server->ctx, &request, &ex->reply);
}

/* The whole request is here. */
static enum MHD_Result exchange_answer(struct exchange *ex, const char *method)
{
    struct error err = ERROR_INIT;
    ex->peer->reading_since_ms = 0;
    if (ex->server->closing) {
        (void)error_set(&err, 0, ERROR_UNREACHABLE, "stopping", "the daemon is stopping");
        return refuse(ex, 503, &err);
    }
    if (ex->dropped > 0) {
        (void)error_set(&err, 0, ERROR_INVALID, NULL, "the body is longer than %zu bytes",
                        API_BODY_MAX);
        return refuse(ex, 413, &err);
    }
    const char *type = header(ex, MHD_HTTP_HEADER_CONTENT_TYPE);
    json_t *body = NULL;
    int status = body_parse(type, buf_text(&ex->body), ex->body.len, &body, &err);
    if (status > 0)
        return refuse(ex, status, &err);
    buf_close(&ex->body);
    dispatch(ex, method, body);
    json_decref(body);
    /* The work has begun and goes on, or has news already: a stream. */
    if (ex->reply.progress && !ex->settled)
        ex->streaming = true;
    if (ex->streaming)
        return answer_stream(ex);
    if (ex->settled)
        return answer_plain(ex);
    ex->suspended = true;
    MHD_suspend_connection(ex->connection);
    return MHD_YES;
}

/* The head is here; nothing of the body has been read yet, so this is where to refuse one. */
static enum MHD_Result exchange_begin(struct exchange *ex)
{
    struct error err = ERROR_INIT;
    ex->begun = true;
    if (unix_peer_check(ex->peer->fd, ex->server->socket_path, &ex->peer_uid, &err) < 0)
        return refuse(ex, 403, &err);
    const char *length = header(ex, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!length || strtoull(length, NULL, 10) <= API_BODY_MAX)
        return MHD_YES;
    (void)error_set(&err, 0, ERROR_INVALID, NULL, "the body is longer than %zu bytes",
                    API_BODY_MAX);
    return refuse(ex, 413, &err);
}

static enum MHD_Result exchange_take(struct exchange *ex, const char *data, size_t *len)
{
    if (ex->dropped > 0 || buf_append(&ex->body, data, *len) < 0) {
        ex->dropped += *len;
        buf_close(&ex->body);
    }
    *len = 0;
    return ex->dropped > BODY_DROP_MAX ? MHD_NO : MHD_YES;
}

enum MHD_Result exchange_run(void *server, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *data,
                             size_t *data_len, void **context)
{
    (void)server;
    (void)connection;
    (void)url;
    (void)version;
    struct exchange *ex = *context;
    if (!ex)
        return MHD_NO;
    if (!ex->begun)
        return exchange_begin(ex);
    if (*data_len > 0)
        return exchange_take(ex, data, data_len);
    if (ex->settled)
        return answer_plain(ex);
    if (!ex->dispatched)
        return exchange_answer(ex, method);
    /* Woken for nothing: wait on. */
    ex->suspended = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
}
