/* SPDX-License-Identifier: MIT */
#include "api/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/problem.h"
#include "api/sse.h"

#define CONNECT_TIMEOUT_MS 10000L

struct call {
    CURL *easy;
    const struct api_client *client;
    uint64_t silence_ms;
    uint64_t heard_ms; /* when something came last */
    bool silent;       /* given up for that */
    bool is_head;      /* the method: no body will come */
    bool head_seen;
    bool streaming;
    struct buf text;          /* a plain answer */
    struct sse_parser parser; /* or a stream */
    json_t *report;           /* its last event */
    int failed;               /* why the body was refused: negative errno */
};

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

static int on_event(void *ctx, const char *event, const char *data, size_t len)
{
    struct call *call = ctx;
    bool is_report = strcmp(event, "report") == 0;
    if (!is_report && strcmp(event, "progress") != 0)
        return 0;
    json_t *json = json_read(data, len);
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

static int on_second(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
                     curl_off_t up_now)
{
    (void)total;
    (void)now;
    (void)up_total;
    (void)up_now;
    struct call *call = ctx;
    call->silent = now_ms() - call->heard_ms > call->silence_ms;
    return call->silent;
}

static int denied(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return error_set(err, -EACCES, ERROR_DENIED, "socket_denied",
                         "no permission to reach the daemon's socket %s; run it as root, or open "
                         "the folder to your user",
                         path);
    const struct group *group = getgrgid(st.st_gid);
    return error_set(err, -EACCES, ERROR_DENIED, "socket_denied",
                     "no permission to use the daemon's socket %s; run it as root, or join the "
                     "group %s (id %u)",
                     path, group ? group->gr_name : "of the socket", (unsigned)st.st_gid);
}

static int connect_failed(const char *path, int errno_value, struct error *err)
{
    if (errno_value == EACCES || errno_value == EPERM)
        return denied(path, err);
    if (errno_value == ENOENT || errno_value == ECONNREFUSED || errno_value == ENOTDIR)
        return error_set(err, -ECONNREFUSED, ERROR_UNREACHABLE, "no_daemon",
                         "no daemon listens on %s; start one with \"roost serve\", or name its "
                         "socket with --socket",
                         path);
    return error_set(err, -EIO, ERROR_UNREACHABLE, "no_daemon", "cannot connect to %s: %s", path,
                     errno_value ? strerror(errno_value) : "no answer");
}

static int died(const struct call *call, const char *why, struct error *err)
{
    return error_set(err, -ECONNRESET, ERROR_UNREACHABLE, "daemon_died",
                     "the daemon at %s went away before it had answered: %s",
                     call->client->socket_path, why);
}

/* curl's result, in roost's words. */
static int transfer_failed(const struct call *call, CURLcode code, struct error *err)
{
    const char *path = call->client->socket_path;
    if (call->silent)
        return error_set(err, -ETIMEDOUT, ERROR_UNREACHABLE, "daemon_silent",
                         "the daemon at %s has been silent for %u s; it hangs, or is stopped", path,
                         (unsigned)(call->silence_ms / 1000));
    if (call->failed == -EFBIG)
        return error_set(err, -EFBIG, ERROR_FAILED, "bad_answer",
                         "the daemon's answer is longer than %zu bytes", API_ANSWER_MAX);
    if (call->failed < 0)
        return error_set(err, call->failed, ERROR_FAILED, "bad_answer",
                         "the daemon's answer cannot be read: %s", strerror(-call->failed));
    long os_errno = 0;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT) {
        (void)curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_errno);
        return connect_failed(path, (int)os_errno, err);
    }
    if (code == CURLE_OUT_OF_MEMORY)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    return died(call, curl_easy_strerror(code), err);
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
        return died(call, "its news ended without a report", err);
    return api_answer_take((int)json_integer_value(status),
                           json_is_null(body) ? NULL : json_incref(body), ret_answer, err);
}

static int plain_take(struct call *call, struct api_answer *ret_answer, struct error *err)
{
    long status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    /* curl takes a head that was cut off for a whole one: the body tells. */
    if (call->text.len == 0 && status < 300 && status != 204 && !call->is_head)
        return died(call, "no answer", err);
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
    if (code != CURLE_OK)
        return transfer_failed(call, code, err);
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
    r |= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_second);
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

static int headers_make(bool with_body, struct curl_slist **ret_headers)
{
    static const char *const lines[] = {
        "Accept: application/json, text/event-stream",
        "Expect:", /* no waiting for "100 Continue" */
        "Content-Type: application/json",
    };
    size_t len = ARRAY_LEN(lines) - (with_body ? 0 : 1);
    _cleanup_(cleanup_slist) struct curl_slist *list = NULL;
    for (size_t i = 0; i < len; i++) {
        struct curl_slist *longer = curl_slist_append(list, lines[i]);
        if (!longer)
            return -ENOMEM;
        list = longer;
    }
    *ret_headers = steal(&list);
    return 0;
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
        r = headers_make(*body != '\0', &headers);
    if (r == 0)
        r = call->easy ? set_connection(call, buf_text(&url)) : -ENOMEM;
    if (r == 0)
        r = set_request(call, method, body, headers);
    if (r < 0)
        return error_wrap(err, r, "cannot make a request to the daemon");
    return perform(call, ret_answer, err);
}

int api_client_call(const struct api_client *client, const char *method, const char *path_and_query,
                    const json_t *body, struct api_answer *ret_answer, struct error *err)
{
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("");
    if (!text)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    struct call call = {
        .easy = curl_easy_init(),
        .client = client,
        .silence_ms = client->silence_ms ? client->silence_ms : API_CLIENT_SILENCE_MS,
        .is_head = strcmp(method, "HEAD") == 0,
        .text = BUF_INIT(API_ANSWER_MAX),
    };
    sse_parser_init(&call.parser, API_ANSWER_MAX, on_event, &call);
    int r = call_run(&call, method, path_and_query, text, ret_answer, err);
    call_close(&call);
    free(text);
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
