/* SPDX-License-Identifier: MIT */
#include "engine/docker/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define CONNECT_TIMEOUT_MS 10000L
#define HEADER_MAX_BYTES   ((size_t)64 << 10)
#define LISTING_PIECE      65536L /* bytes read at a time of a listing; 16 KiB of everything else */

void *call_alloc(size_t size)
{
    void *p = calloc(1, size);
    if (!p) {
        log_error("out of memory");
        _exit(EXIT_FAILURE); /* not exit(): what runs then would need memory, too */
    }
    return p;
}

struct request *request_new(const struct request_spec *spec, const char *path)
{
    struct request *r = call_alloc(sizeof(*r));
    r->spec = *spec;
    r->answer = (struct buf)BUF_INIT(spec->max_bytes ? spec->max_bytes : ANSWER_MAX_BYTES);
    r->path = strdup(path);
    if (spec->body)
        r->body = strndup(spec->body, spec->body_len);
    r->spec.body = r->body;
    if (spec->registry_auth &&
        asprintf(&r->auth_header, "X-Registry-Auth: %s", spec->registry_auth) < 0)
        r->auth_header = NULL;
    r->spec.registry_auth = NULL;
    if (!r->path || (spec->body && !r->body) || (spec->registry_auth && !r->auth_header)) {
        struct error why;
        (void)error_set(&why, 0, ERROR_FAILED, "memory", "out of memory");
        request_fail(r, ANSWER_NOT_SENT, &why);
    }
    return r;
}

void request_fail(struct request *r, enum answer_kind fate, const struct error *why)
{
    if (r->why)
        return;
    r->fate = fate;
    r->why = call_alloc(sizeof(*why));
    *r->why = *why;
}

static void release_flight(struct request *r)
{
    if (r->easy)
        curl_easy_cleanup(r->easy);
    r->easy = NULL;
    curl_slist_free_all(r->headers);
    r->headers = NULL;
}

struct request *request_free(struct request *r)
{
    if (!r)
        return NULL;
    release_flight(r);
    if (r->spec.ctx && r->spec.drop_ctx)
        r->spec.drop_ctx(r->spec.ctx);
    buf_close(&r->answer);
    free(r->why);
    free(r->path);
    free(r->body);
    if (r->auth_header)
        explicit_bzero(r->auth_header, strlen(r->auth_header));
    free(r->auth_header);
    free(r);
    return NULL;
}

static bool has_answered_200(const struct request *r)
{
    long status = 0;
    (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    return status == 200;
}

/* "Api-Version: 1.41", in any case. */
static void read_header(struct request *r, const char *line, size_t len)
{
    static const char name[] = "api-version:";
    size_t n = sizeof(name) - 1;
    if (len < n || strncasecmp(line, name, n) != 0)
        return;
    while (n < len && (line[n] == ' ' || line[n] == '\t'))
        n++;
    while (len > n && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '))
        len--;
    (void)snprintf(r->api_version, sizeof(r->api_version), "%.*s", (int)(len - n), line + n);
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    struct request *r = ctx;
    size_t len = size * n;
    r->header_bytes += len;
    if (r->cancelled || r->header_bytes > HEADER_MAX_BYTES) {
        r->broken = -EMSGSIZE;
        return 0;
    }
    read_header(r, data, len);
    bool last = len <= 2 && (data[0] == '\r' || data[0] == '\n');
    if (last && has_answered_200(r) && !r->opened) {
        r->opened = true;
        if (r->spec.on_opened)
            r->spec.on_opened(r->spec.ctx);
    }
    return len;
}

static int take_body(struct request *r, const char *data, size_t len)
{
    if (r->cancelled)
        return -ECANCELED;
    r->received += len;
    if (r->spec.max_bytes && r->received > r->spec.max_bytes)
        return -EFBIG;
    if (r->spec.on_body && has_answered_200(r))
        return r->spec.on_body(r->spec.ctx, data, len);
    return buf_append(&r->answer, data, len);
}

static size_t on_data(char *data, size_t size, size_t n, void *ctx)
{
    struct request *r = ctx;
    size_t len = size * n;
    if (len > 0 && r->broken == 0)
        r->broken = take_body(r, data, len);
    return r->broken < 0 ? CURL_WRITEFUNC_ERROR : len;
}

/* Runs each time when curl is about to send. The second time means that a kept connection died
 * without a byte of answer and curl wants to send again on a fresh one. If bytes had gone out the
 * engine may have acted on them, so only a GET is repeated. */
static int on_before_sending(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
    struct request *r = ctx;
    long sent = 0;
    (void)curl_easy_getinfo(r->easy, CURLINFO_REQUEST_SIZE, &sent);
    bool again = r->sendings++ > 0 && sent > 0;
    if (!again || strcmp(r->spec.method, "GET") == 0)
        return CURL_PREREQFUNC_OK;
    r->broken = -ECONNRESET;
    return CURL_PREREQFUNC_ABORT;
}

static int set_body(struct request *r)
{
    CURL *e = r->easy;
    if (strcmp(r->spec.method, "GET") == 0)
        return 0;
    if (strcmp(r->spec.method, "POST") == 0) {
        (void)curl_easy_setopt(e, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body ? r->body : "");
        (void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)(r->body ? r->spec.body_len : 0));
    } else {
        (void)curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r->spec.method);
    }
    /* No waiting for "100 Continue", and no form type: Docker wants JSON or nothing. */
    struct curl_slist *first = curl_slist_append(NULL, "Expect:");
    struct curl_slist *both =
        curl_slist_append(first, r->body ? "Content-Type: application/json" : "Content-Type:");
    r->headers = both ? both : first;
    if (!both)
        return -ENOMEM;
    if (r->auth_header && !curl_slist_append(r->headers, r->auth_header))
        return -ENOMEM;
    (void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, r->headers);
    return 0;
}

static void set_tls(CURL *e, const struct address *a)
{
    (void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, a->verify ? 1L : 0L);
    (void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, a->verify ? 2L : 0L);
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (a->ca[0]) {
        (void)curl_easy_setopt(e, CURLOPT_CAINFO, a->ca);
        (void)curl_easy_setopt(e, CURLOPT_CAPATH, NULL); /* only this one */
    }
    if (a->cert[0]) {
        (void)curl_easy_setopt(e, CURLOPT_SSLCERT, a->cert);
        (void)curl_easy_setopt(e, CURLOPT_SSLKEY, a->key);
    }
}

static void set_connection(CURL *e, const struct address *a)
{
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    /* An engine is never behind a proxy of the environment. */
    (void)curl_easy_setopt(e, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, a->tls ? "https" : "http");
    (void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    /* A resolver thread that hangs is left behind: ending a request must not wait for it. */
    (void)curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
    if (a->socket[0])
        (void)curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, a->socket);
    if (a->tls)
        set_tls(e, a);
}

static void set_callbacks(struct request *r)
{
    CURL *e = r->easy;
    (void)curl_easy_setopt(e, CURLOPT_PRIVATE, r);
    (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, r->curl_text);
    (void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(e, CURLOPT_HEADERDATA, r);
    (void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
    (void)curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
    (void)curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_before_sending);
    (void)curl_easy_setopt(e, CURLOPT_PREREQDATA, r);
    if (r->spec.on_body && r->spec.max_bytes)
        (void)curl_easy_setopt(e, CURLOPT_BUFFERSIZE, LISTING_PIECE);
    (void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)r->spec.timeout_ms);
    if (r->spec.silent_s) {
        (void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
        (void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)r->spec.silent_s);
    }
    (void)curl_easy_setopt(e, CURLOPT_USERAGENT, "roost/" ROOST_VERSION);
}

int request_prepare(struct request *r, const struct address *address, const char *version)
{
    char prefix[32] = "";
    if (!r->spec.unversioned)
        (void)snprintf(prefix, sizeof(prefix), "/v%s", version);
    _cleanup_(buf_close) struct buf url = BUF_INIT(64 << 10);
    int res = buf_printf(&url, "%s%s%s", address->base, prefix, r->path);
    if (res < 0)
        return res;
    release_flight(r);
    r->received = r->header_bytes = 0;
    r->sendings = 0;
    r->broken = 0;
    r->opened = false;
    buf_reset(&r->answer);
    r->easy = curl_easy_init();
    if (!r->easy)
        return -ENOMEM;
    set_connection(r->easy, address);
    set_callbacks(r);
    if (curl_easy_setopt(r->easy, CURLOPT_URL, buf_text(&url)) != CURLE_OK)
        return -ENOMEM;
    return set_body(r);
}

/* Why nothing could be sent, in words that say what to do. */
static void explain_not_sent(const struct request *r, const struct address *a, CURLcode code,
                             struct error *err)
{
    long number = 0;
    char clean[CURL_ERROR_SIZE];
    (void)curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &number);
    text_visible(r->curl_text[0] ? r->curl_text : curl_easy_strerror(code), clean, sizeof(clean));
    const char *why = code == CURLE_COULDNT_CONNECT && number ? strerror((int)number) : clean;
    const char *hint = "";
    if (number == EACCES || number == EPERM)
        hint = "; run as root or as a member of the group that owns the socket";
    else if (code == CURLE_COULDNT_CONNECT)
        hint = "; is the engine running?";
    (void)error_set(err, 0, ERROR_UNREACHABLE, "unreachable", "cannot reach the engine at %s: %s%s",
                    a->url, why, hint);
}

static void explain_broken(const struct request *r, CURLcode code, struct error *err)
{
    char clean[CURL_ERROR_SIZE];
    text_visible(r->curl_text[0] ? r->curl_text : curl_easy_strerror(code), clean, sizeof(clean));
    if (code == CURLE_OPERATION_TIMEDOUT && r->spec.silent_s)
        (void)error_set(err, 0, ERROR_TIMEOUT, "unknown", "the engine said nothing for %u s",
                        r->spec.silent_s);
    else if (code == CURLE_OPERATION_TIMEDOUT)
        (void)error_set(err, 0, ERROR_TIMEOUT, "unknown", "no whole answer within %llu s",
                        (unsigned long long)(r->spec.timeout_ms / 1000));
    else if (r->broken == -EFBIG || r->broken == -EMSGSIZE)
        (void)error_set(err, 0, ERROR_FAILED, "unknown", "the answer is too large");
    else if (r->broken == -EBADMSG)
        (void)error_set(
            err, 0, ERROR_FAILED, "unknown",
            "the answer is not what an engine says; does another program answer there?");
    else if (r->broken == -ECONNRESET)
        (void)error_set(err, 0, ERROR_UNREACHABLE, "unknown",
                        "the engine closed the connection without an answer");
    else if (r->broken < 0)
        (void)error_set(err, 0, ERROR_FAILED, "unknown", "%s", strerror(-r->broken));
    else
        (void)error_set(err, 0, ERROR_UNREACHABLE, "unknown", "the answer was cut off: %s", clean);
}

void request_outcome(const struct request *r, const struct address *address, CURLcode code,
                     struct answer *ret_answer)
{
    struct answer a = {
        .body = buf_text(&r->answer),
        .len = r->answer.len,
        .api_version = r->api_version,
    };
    long sent = 0;
    (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &a.status);
    (void)curl_easy_getinfo(r->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (code == CURLE_OK) {
        a.kind = ANSWER_WHOLE;
    } else if (sent == 0) {
        a.kind = ANSWER_NOT_SENT;
        explain_not_sent(r, address, code, &a.error);
    } else {
        a.kind = ANSWER_BROKEN;
        explain_broken(r, code, &a.error);
    }
    *ret_answer = a;
}

void request_list_init(struct request_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

void request_push(struct request_list *list, struct request *r)
{
    r->next = NULL;
    r->link = list->last;
    *list->last = r;
    list->last = &r->next;
}

void request_push_front(struct request_list *list, struct request *r)
{
    r->next = list->first;
    r->link = &list->first;
    if (r->next)
        r->next->link = &r->next;
    else
        list->last = &r->next;
    list->first = r;
}

void request_unlink(struct request_list *list, struct request *r)
{
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    else
        list->last = r->link;
    r->next = NULL;
    r->link = NULL;
}

struct request *request_pop(struct request_list *list)
{
    struct request *r = list->first;
    if (r)
        request_unlink(list, r);
    return r;
}
