/* SPDX-License-Identifier: MIT
 *
 * The keys of a terminal, out of the bytes that it sends.
 */
#pragma once

#include <stddef.h>

enum key {
    KEY_NONE, /* none of ours */
    KEY_MORE, /* the beginning of a sequence: the rest has not come yet */
    KEY_UP,
    KEY_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_WAKE,
    KEY_SLEEP,
    KEY_HOLD,
    KEY_QUIT,
    KEY_REDRAW,
};

/* The longest sequence; what is longer is none. */
#define KEY_BYTES_MAX 16

/* The first key of `len` bytes (not 0), and how many of them it was: 0 only for KEY_MORE. */
enum key key_decode(const char *bytes, size_t len, size_t *ret_used);
