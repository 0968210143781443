/* SPDX-License-Identifier: MIT */
#include "engine/docker/helper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "engine/docker/request.h"

struct helper {
    uv_process_t process;
    uv_pipe_t in, out;
    uv_timer_t timer;
    uv_write_t write;
    unsigned open; /* handles that are not closed yet */
    char program[96];
    char server[1024];
    char piece[4096];
    struct buf answer;
    int64_t status;
    int signal;
    int failed; /* negative errno: could not be run */
    bool exited, ended, over, running;
    helper_fn *done; /* NULL: told, or nobody waits */
    void *ctx;
};

static void on_closed(uv_handle_t *handle)
{
    struct helper *h = handle->data;
    if (--h->open > 0)
        return;
    if (h->answer.data)
        explicit_bzero(h->answer.data, h->answer.len);
    buf_close(&h->answer);
    free(h);
}

static void close_one(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* The process last, when it has been waited for. */
static void close_all(struct helper *h)
{
    close_one((uv_handle_t *)&h->in);
    close_one((uv_handle_t *)&h->out);
    close_one((uv_handle_t *)&h->timer);
    if (h->running && !h->exited)
        (void)uv_process_kill(&h->process, SIGKILL);
    else
        close_one((uv_handle_t *)&h->process);
}

/* What it wrote instead of an answer is a reason, of one line. */
static void explain(const struct helper *h, struct error *why)
{
    char words[160];
    text_visible(buf_text(&h->answer), words, sizeof(words));
    words[strcspn(words, "\\")] = '\0'; /* a line's end was made visible */
    if (h->failed < 0)
        (void)error_set(why, h->failed, ERROR_FAILED, "helper", "%s cannot be run: %s", h->program,
                        strerror(-h->failed));
    else if (!h->exited || !h->ended)
        (void)error_set(why, -ETIMEDOUT, ERROR_TIMEOUT, "helper", "%s gave no answer within %d s",
                        h->program, HELPER_DEADLINE_MS / 1000);
    else if (h->signal)
        (void)error_set(why, -EIO, ERROR_FAILED, "helper", "%s was ended by signal %d", h->program,
                        h->signal);
    else
        (void)error_set(why, -EIO, ERROR_FAILED, "helper", "%s: %s", h->program,
                        words[0] ? words : "it failed");
}

static void finish(struct helper *h)
{
    struct error why = ERROR_INIT;
    if (h->over)
        return;
    h->over = true;
    bool good = h->failed == 0 && h->exited && h->ended && h->status == 0 && h->signal == 0 &&
                h->answer.error == 0;
    if (!good)
        explain(h, &why);
    helper_fn *done = steal(&h->done);
    if (done)
        done(h->ctx, good ? buf_text(&h->answer) : NULL, good ? h->answer.len : 0,
             good ? NULL : &why);
    close_all(h);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
    struct helper *h = process->data;
    h->exited = true;
    h->status = status;
    h->signal = signal;
    if (h->over)
        close_all(h);
    else if (h->ended)
        finish(h);
}

static void on_timer(uv_timer_t *timer)
{
    finish(timer->data);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct helper *h = handle->data;
    *ret_buf = uv_buf_init(h->piece, sizeof(h->piece));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct helper *h = stream->data;
    if (n > 0)
        (void)buf_append(&h->answer, buf->base, (size_t)n); /* its error sticks */
    explicit_bzero(h->piece, sizeof(h->piece));
    if (n >= 0)
        return;
    (void)uv_read_stop(stream);
    h->ended = true;
    if (h->exited)
        finish(h);
}

static void on_written(uv_write_t *write, int status)
{
    struct helper *h = write->data;
    if (!uv_is_closing((uv_handle_t *)&h->in)) /* the end of its input */
        uv_close((uv_handle_t *)&h->in, on_closed);
}

static int spawn(struct helper *h)
{
    char get[] = "get";
    char *args[] = {h->program, get, NULL};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&h->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&h->out},
        {.flags = UV_IGNORE},
    };
    const uv_process_options_t options = {.file = h->program,
                                          .args = args,
                                          .exit_cb = on_exit_of,
                                          .stdio = stdio,
                                          .stdio_count = ARRAY_LEN(stdio)};
    uv_buf_t server = uv_buf_init(h->server, (unsigned)strlen(h->server));
    int r = uv_spawn(h->process.loop, &h->process, &options);
    if (r < 0)
        return r;
    h->running = true;
    r = uv_read_start((uv_stream_t *)&h->out, on_room, on_read);
    if (r == 0)
        r = uv_write(&h->write, (uv_stream_t *)&h->in, &server, 1, on_written);
    return r;
}

struct helper *helper_run(uv_loop_t *loop, const char *name, const char *server, helper_fn *done,
                          void *ctx)
{
    struct helper *h = call_alloc(sizeof(*h));
    h->done = done;
    h->ctx = ctx;
    h->open = 4;
    h->answer = (struct buf)BUF_INIT(HELPER_ANSWER_MAX);
    (void)snprintf(h->program, sizeof(h->program), "docker-credential-%s", name);
    (void)snprintf(h->server, sizeof(h->server), "%s", server);
    h->process.data = h->in.data = h->out.data = h->timer.data = h->write.data = h;
    h->process.loop = loop;
    (void)uv_timer_init(loop, &h->timer);
    (void)uv_pipe_init(loop, &h->in, 0);
    (void)uv_pipe_init(loop, &h->out, 0);
    h->failed = spawn(h);
    (void)uv_timer_start(&h->timer, on_timer, h->failed < 0 ? 0 : HELPER_DEADLINE_MS, 0);
    return h;
}

void helper_drop(struct helper *helper)
{
    helper->done = NULL;
    helper->over = true;
    close_all(helper);
}
