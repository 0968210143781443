/* SPDX-License-Identifier: MIT */
#include "api/client.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <time.h>

#include "api/api.h"
#include "api/client_impl.h"
#include "api/problem.h"

#define CONNECT_TIMEOUT_MS 10000L

/* Time that passes in suspend is no silence of the daemon's, so not the boot clock. */
static uint64_t now_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static json_t *json_read(const char *text, size_t len)
{
    return json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
}

static int on_followed(struct call *call, const struct sse_event *event)
{
    json_t *json = json_read(event->data, event->len);
    if (!json)
        return -EBADMSG;
    call->ended = call->on_event(call->on_event_ctx, event->id, json);
    json_decref(json);
    return call->ended ? -ECANCELED : 0;
}

static int on_event(void *ctx, const struct sse_event *event)
{
    struct call *call = ctx;
    if (call->last_id)
        return on_followed(call, event);
    bool is_report = strcmp(event->name, "report") == 0;
    if (!is_report && strcmp(event->name, "progress") != 0)
        return 0;
    json_t *json = json_read(event->data, event->len);
    if (!json)
        return -EBADMSG;
    if (is_report && !call->report) {
        call->report = json;
        return 0;
    }
    if (!is_report && call->client->progress)
        call->client->progress(call->client->progress_ctx, json);
    json_decref(json);
    return 0;
}

static bool answer_is_stream(CURL *easy)
{
    static const char stream[] = "text/event-stream";
    const char *type = NULL;
    return curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type &&
           strncasecmp(type, stream, sizeof(stream) - 1) == 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct call *call = ctx;
    size_t len = size * count;
    call->heard_ms = now_ms();
    if (!call->head_seen)
        call->streaming = answer_is_stream(call->easy);
    call->head_seen = true;
    call->failed = call->streaming ? sse_parser_feed(&call->parser, bytes, len)
                                   : buf_append(&call->text, bytes, len);
    return call->failed < 0 ? 0 : len;
}

/* Called at least once a second, and after each signal. */
static int on_turn(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
                   curl_off_t up_now)
{
    (void)total;
    (void)now;
    (void)up_total;
    (void)up_now;
    struct call *call = ctx;
    call->silent = now_ms() - call->heard_ms > call->silence_ms;
    call->stopped = call->client->stop && call->client->stop(call->client->stop_ctx);
    return call->silent || call->stopped;
}

int api_answer_take(int status, json_t *steal_json, struct api_answer *ret_answer,
                    struct error *err)
{
    if (status >= 200 && status < 300) {
        *ret_answer = (struct api_answer){.status = status, .json = steal_json};
        return 0;
    }
    problem_read(status, steal_json, err);
    json_decref(steal_json);
    return -EREMOTEIO;
}

void api_answer_close(struct api_answer *answer)
{
    json_decref(answer->json);
    answer->json = NULL;
}

static int stream_take(struct call *call, struct api_answer *ret_answer, struct error *err)
{
    const json_t *status = json_object_get(call->report, "status");
    json_t *body = json_object_get(call->report, "body");
    if (!json_is_integer(status))
        return call_died(call, "its news ended without a report", err);
    return api_answer_take((int)json_integer_value(status),
                           json_is_null(body) ? NULL : json_incref(body), ret_answer, err);
}

static int plain_take(struct call *call, struct api_answer *ret_answer, struct error *err)
{
    long status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    /* curl takes a head that was cut off for a whole one: the body tells. */
    if (call->text.len == 0 && status < 300 && status != 204 && !call->is_head)
        return call_died(call, "no answer", err);
    json_t *json = call->text.len > 0 ? json_read(call->text.data, call->text.len) : NULL;
    if (!json && call->text.len > 0 && status < 300)
        return error_set(err, -EBADMSG, ERROR_FAILED, "bad_answer",
                         "the daemon at %s did not answer in JSON; is it roost that listens there?",
                         call->client->socket_path);
    return api_answer_take((int)status, json, ret_answer, err);
}

static int perform(struct call *call, struct api_answer *ret_answer, struct error *err)
{
    call->heard_ms = now_ms();
    CURLcode code = curl_easy_perform(call->easy);
    /* A report is the whole answer, however the connection ends. */
    if (call->report)
        return stream_take(call, ret_answer, err);
    if (call->ended)
        return call->ended;
    if (code != CURLE_OK)
        return call_transfer_failed(call, code, err);
    if (call->streaming && call->last_id)
        return 0;
    return call->streaming ? stream_take(call, ret_answer, err) : plain_take(call, ret_answer, err);
}

static int set_connection(struct call *call, const char *url)
{
    CURL *easy = call->easy;
    CURLcode r = curl_easy_setopt(easy, CURLOPT_URL, url);
    r |= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, call->client->socket_path);
    r |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    r |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    r |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    r |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    r |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    r |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    r |= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    r |= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_turn);
    r |= curl_easy_setopt(easy, CURLOPT_XFERINFODATA, call);
    return r == CURLE_OK ? 0 : -ENOMEM;
}

static int set_request(struct call *call, const char *method, const char *body,
                       struct curl_slist *headers)
{
    CURL *easy = call->easy;
    CURLcode r = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (call->is_head)
        r |= curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "GET") != 0 || *body)
        r |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    r |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    return r == CURLE_OK ? 0 : -ENOMEM;
}

static void cleanup_slist(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static void call_close(struct call *call)
{
    curl_easy_cleanup(call->easy);
    buf_close(&call->text);
    sse_parser_close(&call->parser);
    json_decref(call->report);
}

static int header_add(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        return -ENOMEM;
    *list = longer;
    return 0;
}

static int headers_make(const struct call *call, bool with_body, struct curl_slist **ret_headers)
{
    char last_id[64];
    _cleanup_(cleanup_slist) struct curl_slist *list = NULL;
    int r = header_add(&list, call->last_id ? "Accept: text/event-stream"
                                            : "Accept: application/json, text/event-stream");
    if (r == 0)
        r = header_add(&list, "Expect:"); /* no waiting for "100 Continue" */
    if (r == 0 && with_body)
        r = header_add(&list, "Content-Type: application/json");
    if (r == 0 && call->last_id && *call->last_id) {
        (void)snprintf(last_id, sizeof(last_id), "Last-Event-ID: %s", call->last_id);
        r = header_add(&list, last_id);
    }
    if (r == 0)
        *ret_headers = steal(&list);
    return r;
}

static int request_check(const char *socket_path, const char *path_and_query, const char *body,
                         struct error *err)
{
    if (strlen(socket_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return error_set(err, -ENAMETOOLONG, ERROR_USAGE, "bad_socket_path",
                         "the path of the daemon's socket is longer than %zu bytes: %s",
                         sizeof(((struct sockaddr_un *)0)->sun_path) - 1, socket_path);
    bool is_path = *path_and_query == '/';
    for (const char *p = path_and_query; *p; p++)
        is_path = is_path && *p > ' ' && *p < 0x7f;
    if (!is_path)
        return error_set(err, -EINVAL, ERROR_USAGE, "bad_path", "not a path of the API: %s",
                         path_and_query);
    if (strlen(body) > API_BODY_MAX)
        return error_set(err, -EFBIG, ERROR_INVALID, "too_large",
                         "the request is longer than %zu bytes", API_BODY_MAX);
    return 0;
}

/* `body` is "" for none. */
static int call_run(struct call *call, const char *method, const char *path_and_query,
                    const char *body, struct api_answer *ret_answer, struct error *err)
{
    _cleanup_(buf_close) struct buf url = BUF_INIT(16384);
    _cleanup_(cleanup_slist) struct curl_slist *headers = NULL;
    int r = request_check(call->client->socket_path, path_and_query, body, err);
    if (r < 0)
        return r;
    r = buf_printf(&url, "http://localhost%s", path_and_query);
    if (r == 0)
        r = headers_make(call, *body != '\0', &headers);
    if (r == 0)
        r = call->easy ? set_connection(call, buf_text(&url)) : -ENOMEM;
    if (r == 0)
        r = set_request(call, method, body, headers);
    if (r < 0)
        return error_wrap(err, r, "cannot make a request to the daemon");
    return perform(call, ret_answer, err);
}

static struct call call_new(const struct api_client *client)
{
    return (struct call){
        .easy = curl_easy_init(),
        .client = client,
        .silence_ms = client->silence_ms ? client->silence_ms : API_CLIENT_SILENCE_MS,
        .text = BUF_INIT(API_ANSWER_MAX),
    };
}

int api_client_call(const struct api_client *client, const char *method, const char *path_and_query,
                    const json_t *body, struct api_answer *ret_answer, struct error *err)
{
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("");
    if (!text)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    struct call call = call_new(client);
    call.is_head = strcmp(method, "HEAD") == 0;
    sse_parser_init(&call.parser, API_ANSWER_MAX, on_event, &call);
    int r = call_run(&call, method, path_and_query, text, ret_answer, err);
    call_close(&call);
    free(text);
    return r;
}

int api_client_follow(const struct api_client *client, const char *path_and_query,
                      const char *last_id, api_event_fn *followed, void *ctx, struct error *err)
{
    _cleanup_(api_answer_close) struct api_answer answer = {0};
    struct call call = call_new(client);
    call.last_id = last_id ? last_id : "";
    call.on_event = followed;
    call.on_event_ctx = ctx;
    sse_parser_init(&call.parser, API_ANSWER_MAX, on_event, &call);
    int r = call_run(&call, "GET", path_and_query, "", &answer, err);
    if (r == 0 && !call.streaming)
        r = error_set(err, -EBADMSG, ERROR_FAILED, "bad_answer",
                      "the daemon at %s has no stream of events; is it roost that listens there?",
                      client->socket_path);
    call_close(&call);
    return r;
}

int api_call(const char *socket_path, const char *method, const char *path_and_query,
             const json_t *body, api_progress_fn *progress, void *progress_ctx,
             struct api_answer *ret_answer, struct error *err)
{
    const struct api_client client = {
        .socket_path = socket_path,
        .progress = progress,
        .progress_ctx = progress_ctx,
    };
    return api_client_call(&client, method, path_and_query, body, ret_answer, err);
}

int api_path_append(struct buf *path, const char *segment)
{
    (void)buf_putc(path, '/');
    for (const char *p = segment; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~", *p);
        if (plain)
            (void)buf_putc(path, *p);
        else
            (void)buf_printf(path, "%%%02X", (unsigned)(unsigned char)*p);
    }
    return path->error;
}
