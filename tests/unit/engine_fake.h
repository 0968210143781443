/* SPDX-License-Identifier: MIT
 *
 * An engine that says what it is told, on a UNIX socket in the test's own loop: a table of answers
 * by request, each sent whole or in pieces, cut off, or never. And the caller's side: a place where
 * a call's result is kept, and a wait for it.
 */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "engine/engine.h"

#define FAKE_LOG_MAX   64
#define FAKE_INPUT_MAX ((size_t)1 << 20)

enum fake_then {
    FAKE_KEEP,  /* the connection stays open */
    FAKE_CLOSE, /* closed after what was sent */
    FAKE_HANG,  /* nothing more is said */
};

/* The first rule that is not used up and whose `request` is found in the request's head or body
 * answers. */
struct fake_rule {
    const char *request; /* like "POST /v1.41/containers/web/start" */
    int status;          /* 0: `raw` is all that is said */
    const char *body;
    const char
        *raw; /* the bytes of the answer, headers and all; with `status`, further header lines */
    enum fake_then then;
    unsigned piece; /* bytes at a time; 0: all at once */
    unsigned skip;  /* leave so many requests to the rules that follow */
    unsigned uses;  /* 0: any number */
};

struct fake_connection;

struct fake {
    uv_loop_t loop;
    uv_pipe_t listener;
    char dir[32];
    char path[64];
    const struct fake_rule *rules;
    size_t n_rules;
    unsigned used[32];
    struct fake_connection *connections;
    unsigned accepted;
    char *log[FAKE_LOG_MAX]; /* "POST /v1.41/… BODY" of each request */
    size_t n_log;

    struct engine *engine;
    bool engine_closed;
};

struct fake_connection {
    uv_pipe_t pipe;
    struct fake *fake;
    struct fake_connection *next, **link;
    struct buf input;
    char *output;
    size_t sent, output_len, piece;
    enum fake_then then;
    bool busy;
    char chunk[65536];
};

static inline void fake_on_closed(uv_handle_t *handle)
{
    struct fake_connection *c = handle->data;
    buf_close(&c->input);
    free(c->output);
    free(c);
}

static inline void fake_hang_up(struct fake_connection *c)
{
    if (uv_is_closing((uv_handle_t *)&c->pipe))
        return;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    uv_close((uv_handle_t *)&c->pipe, fake_on_closed);
}

static inline void fake_serve(struct fake_connection *c);

static inline void fake_send_on(struct fake_connection *c);

static inline void fake_on_sent(uv_write_t *write, int status)
{
    struct fake_connection *c = write->data;
    free(write);
    if (status < 0)
        fake_hang_up(c);
    else if (!uv_is_closing((uv_handle_t *)&c->pipe))
        fake_send_on(c);
}

static inline void fake_send_on(struct fake_connection *c)
{
    size_t left = c->output_len - c->sent;
    if (left == 0) {
        free(c->output);
        c->output = NULL;
        c->busy = c->then == FAKE_HANG;
        if (c->then == FAKE_CLOSE)
            fake_hang_up(c);
        else
            fake_serve(c);
        return;
    }
    size_t n = c->piece && c->piece < left ? c->piece : left;
    uv_write_t *write = calloc(1, sizeof(*write));
    write->data = c;
    uv_buf_t bytes = uv_buf_init(c->output + c->sent, (unsigned)n);
    c->sent += n;
    assert_int_equal(uv_write(write, (uv_stream_t *)&c->pipe, &bytes, 1, fake_on_sent), 0);
}

static inline void fake_answer(struct fake_connection *c, const struct fake_rule *rule)
{
    struct buf out = BUF_INIT((size_t)256 << 20);
    if (rule->status) {
        (void)buf_printf(&out, "HTTP/1.1 %d X\r\nApi-Version: 1.41\r\n%s", rule->status,
                         rule->raw ? rule->raw : "");
        if (rule->status != 204 && rule->status != 304)
            (void)buf_printf(&out, "Content-Length: %zu\r\n", rule->body ? strlen(rule->body) : 0);
        (void)buf_puts(&out, "\r\n");
        (void)buf_puts(&out, rule->body ? rule->body : "");
    } else {
        (void)buf_puts(&out, rule->raw ? rule->raw : "");
    }
    c->output_len = out.len;
    c->output = buf_steal(&out);
    c->sent = 0;
    c->piece = rule->piece;
    c->then = rule->then;
    c->busy = true;
    fake_send_on(c);
}

static inline const struct fake_rule *fake_rule_for(struct fake *f, const char *request)
{
    static const struct fake_rule ping = {.request = "GET /_ping", .status = 200, .body = "OK"};
    static const struct fake_rule none = {.status = 404,
                                          .body = "{\"message\":\"page not found\"}"};
    for (size_t i = 0; i < f->n_rules; i++) {
        const struct fake_rule *rule = &f->rules[i];
        if (!strstr(request, rule->request))
            continue;
        unsigned n = ++f->used[i];
        if (n > rule->skip && (rule->uses == 0 || n - rule->skip <= rule->uses))
            return rule;
    }
    return strstr(request, ping.request) ? &ping : &none;
}

/* Answer the next request that has come whole. */
static inline void fake_serve(struct fake_connection *c)
{
    struct fake *f = c->fake;
    char *end = c->input.data ? strstr(c->input.data, "\r\n\r\n") : NULL;
    if (c->busy || !end)
        return;
    size_t head = (size_t)(end - c->input.data) + 4, body = 0;
    const char *length = strstr(c->input.data, "Content-Length: ");
    if (length && length < end)
        body = strtoul(length + 16, NULL, 10);
    if (c->input.len < head + body)
        return;
    struct buf text = BUF_INIT(FAKE_INPUT_MAX);
    (void)buf_append(&text, c->input.data, strcspn(c->input.data, "\r") - strlen(" HTTP/1.1"));
    (void)buf_puts(&text, " ");
    (void)buf_append(&text, c->input.data + head, body);
    const char *login = strstr(c->input.data, "X-Registry-Auth: ");
    if (login && login < end) { /* of all headers the one that tests ask for */
        (void)buf_puts(&text, " ");
        (void)buf_append(&text, login, strcspn(login, "\r"));
    }
    buf_consume(&c->input, head + body);
    char *request = buf_steal(&text);
    assert_true(f->n_log < FAKE_LOG_MAX);
    f->log[f->n_log++] = request;
    fake_answer(c, fake_rule_for(f, request));
}

static inline void fake_alloc(uv_handle_t *handle, size_t size, uv_buf_t *ret_bytes)
{
    struct fake_connection *c = handle->data;
    *ret_bytes = uv_buf_init(c->chunk, sizeof(c->chunk));
}

static inline void fake_on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct fake_connection *c = stream->data;
    if (n < 0) {
        fake_hang_up(c);
    } else if (n > 0) {
        assert_int_equal(buf_append(&c->input, bytes->base, (size_t)n), 0);
        fake_serve(c);
    }
}

static inline void fake_on_connection(uv_stream_t *listener, int status)
{
    struct fake *f = listener->data;
    struct fake_connection *c = calloc(1, sizeof(*c));
    c->fake = f;
    c->input = (struct buf)BUF_INIT(FAKE_INPUT_MAX);
    c->pipe.data = c;
    (void)uv_pipe_init(&f->loop, &c->pipe, 0);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->pipe), 0);
    c->next = f->connections;
    c->link = &f->connections;
    if (c->next)
        c->next->link = &c->next;
    f->connections = c;
    f->accepted++;
    assert_int_equal(uv_read_start((uv_stream_t *)&c->pipe, fake_alloc, fake_on_read), 0);
}

static inline void fake_listen(struct fake *f)
{
    (void)uv_pipe_init(&f->loop, &f->listener, 0);
    f->listener.data = f;
    assert_int_equal(uv_pipe_bind(&f->listener, f->path), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&f->listener, 64, fake_on_connection), 0);
}

/* The listening socket and every connection go, as if the engine were killed. */
static inline void fake_stop_listening(struct fake *f)
{
    if (!uv_is_closing((uv_handle_t *)&f->listener))
        uv_close((uv_handle_t *)&f->listener, NULL);
    while (f->connections)
        fake_hang_up(f->connections);
}

/* An engine that answers by these rules (borrowed), and the client's handle to it. */
static inline void fake_open(struct fake *f, const struct fake_rule *rules, size_t n_rules,
                             uint64_t timeout_ms)
{
    memset(f, 0, sizeof(*f));
    assert_true(n_rules <= ARRAY_LEN(f->used));
    f->rules = rules;
    f->n_rules = n_rules;
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/roost-fake-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/s", f->dir);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    fake_listen(f);
    char url[80];
    struct error err = ERROR_INIT;
    (void)snprintf(url, sizeof(url), "unix://%s", f->path);
    struct engine_options options = {.url = url, .tls_verify = 0, .timeout_ms = timeout_ms};
    assert_int_equal(engine_docker_open(&f->loop, &options, &f->engine, &err), 0);
}

static inline void fake_on_engine_closed(void *ctx)
{
    struct fake *f = ctx;
    f->engine_closed = true;
}

/* Close all: the loop must then be empty. */
static inline void fake_close(struct fake *f)
{
    if (f->engine)
        engine_close(f->engine, fake_on_engine_closed, f);
    fake_stop_listening(f);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_true(f->engine_closed || !f->engine);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    for (size_t i = 0; i < f->n_log; i++)
        free(f->log[i]);
    (void)unlink(f->path);
    (void)rmdir(f->dir);
}

static inline unsigned fake_count(const struct fake *f, const char *request)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->n_log; i++)
        n += strstr(f->log[i], request) != NULL;
    return n;
}

/* What a call gave. */
struct fake_result {
    unsigned calls;
    unsigned order; /* which of all results this was */
    enum engine_outcome outcome;
    struct error error;
    char id[80];
    char name[80];
    char warning[80];
    unsigned rows;
};

static inline void fake_on_done(void *ctx, const struct engine_result *result)
{
    static unsigned results;
    struct fake_result *r = ctx;
    r->calls++;
    r->order = ++results;
    r->outcome = result->outcome;
    r->error = result->error;
    if (result->id)
        (void)snprintf(r->id, sizeof(r->id), "%s", result->id);
    if (result->container)
        (void)snprintf(r->name, sizeof(r->name), "%s", result->container->name);
    if (result->warnings && result->warnings[0])
        (void)snprintf(r->warning, sizeof(r->warning), "%s", result->warnings[0]);
}

static inline void fake_on_row(void *ctx, const struct engine_container *row)
{
    struct fake_result *r = ctx;
    r->rows++;
    (void)snprintf(r->name, sizeof(r->name), "%s", row->name);
}

static inline void fake_wait(struct fake *f, const struct fake_result *r)
{
    while (r->calls == 0)
        assert_true(uv_run(&f->loop, UV_RUN_ONCE) != 0 || r->calls > 0);
    assert_int_equal(r->calls, 1);
}
