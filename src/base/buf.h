/* SPDX-License-Identifier: MIT
 *
 * A growing byte buffer with a ceiling.
 *
 * Invariants: `data` is NULL or NUL-terminated at `len`; `len` <= `max`. The
 * first failure (out of memory: -ENOMEM, past the ceiling: -EFBIG) sticks in
 * `error`, later calls do nothing and return it, so a caller may append many
 * times and look once. The buffer owns `data` until buf_steal().
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max; /* most bytes that it may hold, without the NUL */
    int error;
};

#define BUF_INIT(max_bytes)                                                                        \
    {                                                                                              \
        .max = (max_bytes)                                                                         \
    }

int buf_append(struct buf *b, const void *data, size_t len);
int buf_puts(struct buf *b, const char *s);
int buf_putc(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...) _printf_(2, 3);

/* Empty it and forget an error, keeping the memory. */
void buf_reset(struct buf *b);

/* Drop the first `n` bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);

/* The text, never NULL ("" when empty). Borrowed until the next call. */
const char *buf_text(const struct buf *b);

/* Hand the bytes over (free()), leaving the buffer empty. NULL when an error is set or out of
 * memory. */
char *buf_steal(struct buf *b) _must_use_;

void buf_close(struct buf *b);
