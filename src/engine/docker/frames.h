/* SPDX-License-Identifier: MIT
 *
 * Takes apart what a container without a terminal has written: frames of eight bytes (which stream,
 * three zeros, the length, big end first) and that many bytes of it, however they were cut on their
 * way. Nothing is kept but a header: bytes are handed on as they come, so a frame may be of any
 * length. The first error sticks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_SIZE 8

/* Some bytes (never none) of a stream, borrowed for the call. A negative errno ends the reading and
 * is what frames_feed() returns. */
typedef int frames_bytes_fn(void *ctx, bool is_stderr, const char *data, size_t len);

struct frames {
    frames_bytes_fn *bytes;
    void *ctx;
    /* private */
    uint8_t header[FRAME_HEADER_SIZE];
    size_t header_len;
    uint32_t left; /* of the frame that is open */
    int error;
};

void frames_init(struct frames *f, frames_bytes_fn *bytes, void *ctx);

/* 0; -EBADMSG: no frame begins so; or what `bytes` returned. */
int frames_feed(struct frames *f, const char *data, size_t len);

/* At the end of the bytes: 0 when they end with a frame, else -ENODATA (cut), or the error before.
 */
int frames_end(const struct frames *f);
