/* SPDX-License-Identifier: MIT */
#include "engine/docker/frames.h"

#include <errno.h>

#define STREAM_STDERR 2 /* 0: stdin, told as stdout is; 1: stdout */

void frames_init(struct frames *f, frames_bytes_fn *bytes, void *ctx)
{
    *f = (struct frames){.bytes = bytes, .ctx = ctx};
}

static int read_header(struct frames *f)
{
    const uint8_t *h = f->header;
    if (h[0] > STREAM_STDERR || h[1] || h[2] || h[3])
        return -EBADMSG;
    f->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
    f->header_len = 0;
    return 0;
}

static int feed(struct frames *f, const char *data, size_t len)
{
    int r = 0;
    for (size_t i = 0; i < len && r == 0;) {
        if (f->left == 0) {
            f->header[f->header_len++] = (uint8_t)data[i++];
            if (f->header_len == FRAME_HEADER_SIZE)
                r = read_header(f);
            continue;
        }
        size_t n = len - i < f->left ? len - i : f->left;
        f->left -= (uint32_t)n;
        r = f->bytes(f->ctx, f->header[0] == STREAM_STDERR, data + i, n);
        i += n;
    }
    return r;
}

int frames_feed(struct frames *f, const char *data, size_t len)
{
    if (f->error == 0)
        f->error = feed(f, data, len);
    return f->error;
}

int frames_end(const struct frames *f)
{
    if (f->error)
        return f->error;
    return f->left > 0 || f->header_len > 0 ? -ENODATA : 0;
}
