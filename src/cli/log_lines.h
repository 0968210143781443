/* SPDX-License-Identifier: MIT
 *
 * What several agents write, told apart: each line behind the name of its agent, whole, however
 * their bytes come. A line longer than LOG_LINE_MAX is told in pieces.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"

#define LOG_LINE_MAX ((size_t)64 << 10)

struct log_lines {
    const char *name;
    size_t width; /* of the longest name */
    size_t index; /* chooses the colour */
    bool color;
    FILE *out;
    struct buf line; /* that has not ended yet */
};

void log_lines_init(struct log_lines *l, FILE *out);
/* 0, or negative: it cannot be written. */
int log_lines_feed(struct log_lines *l, const char *data, size_t len) _must_use_;
/* The stream is over: a line that was begun ends here. */
int log_lines_end(struct log_lines *l) _must_use_;
void log_lines_close(struct log_lines *l);
