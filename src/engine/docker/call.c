/* SPDX-License-Identifier: MIT */
#include "engine/docker/call.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES ((size_t)16 << 10)

char *call_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = call_alloc(size);
    memcpy(copy, text, size);
    return copy;
}

struct call *call_new(struct engine *engine, enum call_kind kind, const char *subject,
                      engine_done_fn *done, void *ctx)
{
    struct call *c = call_alloc(sizeof(*c));
    *c = (struct call){engine, kind, call_copy(subject), done, ctx};
    return c;
}

void call_drop(void *call)
{
    struct call *c = call;
    if (!c)
        return;
    free(c->subject);
    free(c);
}

void call_finish(struct call *call, const struct engine_result *result)
{
    call->done(call->ctx, result);
    call_drop(call);
}

void call_answer(void *call, const struct answer *answer)
{
    struct call *c = call;
    struct engine_result result = {0};
    result.outcome = answer_judge(c->kind, c->subject, answer, &result.error);
    call_finish(c, &result);
}

struct request_spec call_spec(const struct engine *engine, const char *method, enum lane lane,
                              answer_fn *on_answer, void (*drop_ctx)(void *ctx), void *ctx)
{
    return (struct request_spec){
        .method = method,
        .lane = lane,
        .timeout_ms = engine->timeout_ms,
        .max_bytes = ANSWER_MAX_BYTES,
        .on_answer = on_answer,
        .drop_ctx = drop_ctx,
        .ctx = ctx,
    };
}

char *call_filter(const char *key, const char *value)
{
    json_t *filter = json_pack("{s:[s]}", key, value);
    char *text = filter ? json_dumps(filter, JSON_COMPACT) : NULL;
    json_decref(filter);
    return text;
}

static void encode(struct buf *path, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    for (; *text; text++) {
        if (strchr(plain, *text))
            (void)buf_putc(path, *text);
        else
            (void)buf_printf(path, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

/* "." and ".." would be folded away on the way, "" would name another call. */
static bool is_path_part(const char *text)
{
    return text && text[0] && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static int path_format(struct buf *path, const char *format, const char *first, const char *second)
{
    const char *parts[] = {first, second};
    const char *place;
    for (size_t i = 0; i < ARRAY_LEN(parts) && (place = strstr(format, "%s")); i++) {
        if (!is_path_part(parts[i]))
            return -EINVAL;
        (void)buf_append(path, format, (size_t)(place - format));
        encode(path, parts[i]);
        format = place + 2;
    }
    return buf_puts(path, format);
}

struct request *call_send(struct engine *engine, const struct request_spec *spec,
                          const char *format, const char *first, const char *second)
{
    _cleanup_(buf_close) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    int res = path_format(&path, format, first, second);
    if (spec->platform) {
        (void)buf_puts(&path, "&platform=");
        encode(&path, spec->platform);
    }
    struct request *r = request_new(spec, buf_text(&path));
    if (res < 0) {
        struct error why = ERROR_INIT;
        (void)error_set(&why, res, ERROR_INVALID, "name", "%s",
                        res == -EINVAL ? "no engine can have such a name" : "the name is too long");
        request_fail(r, ANSWER_WITHHELD, &why);
    }
    engine_send(engine, r);
    return r;
}
