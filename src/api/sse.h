/* SPDX-License-Identifier: MIT
 *
 * Server-sent events (text/event-stream): how the server writes them, how the client takes them
 * apart. "id", "event" and "data" are understood, comments and other fields skipped.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* What keeps a silent stream alive, and tells the server that the client has gone. */
#define SSE_HEARTBEAT ":\n\n"

/* "id: ID\nevent: NAME\ndata: JSON\n\n", without an id when that is negative. 0, -ENOMEM, or -EFBIG
 * past the ceiling of `out`; on failure `out` is as before. */
int sse_write(struct buf *out, int64_t id, const char *event, const json_t *data) _must_use_;

#define SSE_EVENT_SIZE 64
#define SSE_ID_SIZE    24

/* Borrowed for the call. */
struct sse_event {
    const char *id;   /* the last one that was given, "" for none; cut to SSE_ID_SIZE - 1 bytes */
    const char *name; /* "message" when it has none */
    const char *data; /* its lines, joined by "\n" */
    size_t len;
};

/* Negative stops the parser and is passed on. */
typedef int sse_event_fn(void *ctx, const struct sse_event *event);

/* The bytes may be split anywhere. Line ends are "\n", "\r\n" or "\r". */
struct sse_parser {
    sse_event_fn *on_event;
    void *ctx;
    struct buf line;
    struct buf data;
    char event[SSE_EVENT_SIZE];
    char id[SSE_ID_SIZE];
    bool has_data;
    bool skip_newline; /* the last byte was "\r": a "\n" now belongs to it */
    bool begun;        /* past the place where a byte order mark may stand */
};

/* No event may have more than `max_bytes` of data. */
void sse_parser_init(struct sse_parser *parser, size_t max_bytes, sse_event_fn *on_event,
                     void *ctx);

/* 0, or negative: -EFBIG, -ENOMEM, or what `on_event` returned. The parser is of no use then. */
int sse_parser_feed(struct sse_parser *parser, const char *bytes, size_t len) _must_use_;

void sse_parser_close(struct sse_parser *parser);
