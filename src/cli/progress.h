/* SPDX-License-Identifier: MIT
 *
 * How far long work is: a bar on a terminal, elsewhere a line each tenth.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct progress {
    FILE *out;
    bool bar;       /* `out` is a terminal */
    int last_tenth; /* the last that a line told of */
    bool shown;     /* a bar stands there and must be wiped */
};

void progress_open(struct progress *progress, FILE *out, bool bar);

/* An api_progress_fn; `ctx` is a struct progress. What is not {"done":n,"total":m} is passed over.
 */
void progress_show(void *ctx, const json_t *news);

/* Wipes the bar. */
void progress_close(struct progress *progress);
