/* SPDX-License-Identifier: MIT
 *
 * However frames are cut, the same bytes of the same streams come out of them and the same is said
 * of their end. The first byte chooses where to cut, the rest is what the engine sends.
 */
#include "base/buf.h"
#include "engine/docker/frames.h"
#include "fuzz.h"

struct seen {
    struct buf streams[2];
};

static int on_bytes(void *ctx, bool is_stderr, const char *data, size_t len)
{
    struct seen *seen = ctx;
    require(len > 0);
    return buf_append(&seen->streams[is_stderr], data, len);
}

static int run(const char *text, size_t len, size_t piece, struct seen *seen)
{
    struct frames f;
    int r = 0;
    frames_init(&f, on_bytes, seen);
    for (size_t at = 0; at < len && r == 0; at += piece)
        r = frames_feed(&f, text + at, piece < len - at ? piece : len - at);
    return frames_end(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    size_t len = size - 1, piece = 1 + data[0];
    struct seen whole = {{BUF_INIT((size_t)8 << 20), BUF_INIT((size_t)8 << 20)}};
    struct seen cut = {{BUF_INIT((size_t)8 << 20), BUF_INIT((size_t)8 << 20)}};
    require(run(text, len, len + 1, &whole) == run(text, len, piece, &cut));
    for (int i = 0; i < 2; i++) {
        require(whole.streams[i].len == cut.streams[i].len);
        require(memcmp(buf_text(&whole.streams[i]), buf_text(&cut.streams[i]),
                       whole.streams[i].len) == 0);
        buf_close(&whole.streams[i]);
        buf_close(&cut.streams[i]);
    }
    return 0;
}
