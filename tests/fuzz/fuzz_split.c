/* SPDX-License-Identifier: MIT
 *
 * However a stream is cut, the same objects come out of it and the same is said of its end. The
 * first two bytes choose the shape and where to cut, the rest is the stream.
 */
#include "base/buf.h"
#include "engine/docker/split.h"
#include "fuzz.h"

#define OBJECT_MAX 200

struct seen {
    struct buf objects;
    size_t n;
};

static int on_object(void *ctx, const char *json, size_t len)
{
    struct seen *seen = ctx;
    require(len >= 2 && len <= OBJECT_MAX && json[0] == '{');
    seen->n++;
    (void)buf_append(&seen->objects, json, len);
    return buf_putc(&seen->objects, '\n');
}

static int run(enum split_shape shape, const char *text, size_t len, size_t piece,
               struct seen *seen)
{
    struct split s;
    int r = 0;
    split_init(&s, shape, OBJECT_MAX, on_object, seen);
    for (size_t at = 0; at < len && r == 0; at += piece)
        r = split_feed(&s, text + at, piece < len - at ? piece : len - at);
    r = split_end(&s);
    split_close(&s);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum split_shape shape = data[0] & 1 ? SPLIT_ARRAY : SPLIT_STREAM;
    const char *text = (const char *)data + 2;
    size_t len = size - 2, piece = 1 + data[1];
    struct seen whole = {.objects = BUF_INIT((size_t)8 << 20)};
    struct seen cut = {.objects = BUF_INIT((size_t)8 << 20)};
    int r = run(shape, text, len, len + 1, &whole);
    int r_cut = run(shape, text, len, piece, &cut);
    require(r == r_cut && whole.n == cut.n && whole.objects.len == cut.objects.len);
    require(memcmp(buf_text(&whole.objects), buf_text(&cut.objects), whole.objects.len) == 0);
    buf_close(&whole.objects);
    buf_close(&cut.objects);
    return 0;
}
