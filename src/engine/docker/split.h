/* SPDX-License-Identifier: MIT
 *
 * Cuts a stream of bytes into whole JSON objects, however the bytes were cut on their way.
 *
 * Two shapes: SPLIT_STREAM, objects one after another with or without white space between
 * (GET /events), and SPLIT_ARRAY, the elements of one array of objects (a listing). It only
 * finds where an object ends (brackets outside of strings); whether what is between is JSON the
 * parser says, to which each object is handed.
 *
 * Bounded: an object longer than `max_bytes` or nested deeper than SPLIT_DEPTH_MAX is an error. The
 * first error sticks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define SPLIT_DEPTH_MAX 64

enum split_shape {
    SPLIT_STREAM,
    SPLIT_ARRAY,
};

/* One object, borrowed for the call. A negative errno ends the splitting and is what split_feed()
 * returns. */
typedef int split_object_fn(void *ctx, const char *json, size_t len);

struct split {
    enum split_shape shape;
    split_object_fn *object;
    void *ctx;
    /* private */
    struct buf part; /* the beginning of an object whose end has not come yet */
    unsigned depth;  /* brackets open within an object; 0: between objects */
    int place;       /* between objects: what may come next */
    bool in_string;
    bool escaped;
    int error;
};

void split_init(struct split *s, enum split_shape shape, size_t max_bytes, split_object_fn *object,
                void *ctx);

/* 0; -EBADMSG: not the shape; -EMSGSIZE: too long or too deep; -ENOMEM; or what `object` returned.
 */
int split_feed(struct split *s, const char *data, size_t len) _must_use_;

/* At the end of the bytes: 0 when they end where they may, else -ENODATA (cut), or the error
 * before. */
int split_end(const struct split *s) _must_use_;

void split_close(struct split *s);
