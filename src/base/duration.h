/* SPDX-License-Identifier: MIT
 *
 * Durations and byte sizes as Compose writes them.
 *
 * Duration: a sum of decimal numbers with units us, ms, s, m, h (and d, which
 * Compose has not but people type), largest first or not: "90s", "1h30m",
 * "1.5s". "0" needs no unit; every other number does. Size: an integer with
 * b, k, kb, m, mb, g, gb, any case, powers of 1024; no unit means bytes.
 * Both refuse signs, blanks, overflow and anything left over with -EINVAL
 * (-ERANGE for overflow).
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

#define DURATION_TEXT_SIZE 48

int duration_parse(const char *text, uint64_t *ret_ns) _must_use_;

/* The shortest text that parses back to the same: "1h30m", "90ms", "0s". Parts below a
 * microsecond are dropped. */
void duration_format(uint64_t ns, char ret_text[DURATION_TEXT_SIZE]);

/* The text of a duration in that form. -EINVAL too for one that comes to nothing. */
int duration_shorten(const char *text, char ret_text[DURATION_TEXT_SIZE]) _must_use_;

int size_parse(const char *text, uint64_t *ret_bytes) _must_use_;
