/* SPDX-License-Identifier: MIT
 *
 * How far pulls are: on a terminal a bar for each layer that is on its way, elsewhere a line for
 * each tenth of an image. What the engine and the registry say of it is hostile text.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define LAYERS_SHOWN_MAX 16 /* bars at once; more are counted in words */

struct layers {
    FILE *out;
    bool bars;      /* `out` is a terminal */
    json_t *images; /* reference to layer to [status, current, total] */
    json_t *tenths; /* reference to the last tenth that a line told of */
    unsigned drawn; /* lines that stand there and must be wiped */
};

void layers_open(struct layers *layers, FILE *out, bool bars);

/* An api_progress_fn; `ctx` is a struct layers. */
void layers_show(void *ctx, const json_t *news);

/* Wipes the bars: something else is to be shown, or another request begins. */
void layers_end(struct layers *layers);
void layers_close(struct layers *layers);
