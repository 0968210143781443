/* SPDX-License-Identifier: MIT
 *
 * Any stream of server-sent events, cut anywhere (the first byte says how): the events are those
 * of the same bytes in one piece.
 */
#include <errno.h>

#include "api/sse.h"
#include "base/buf.h"
#include "fuzz.h"

#define DATA_MAX 4096

static int on_event(void *ctx, const struct sse_event *event)
{
    require(event->len <= DATA_MAX && event->data[event->len] == '\0' && *event->name);
    return buf_printf(ctx, "%s|%s|%zu|%s\n", event->id, event->name, event->len, event->data);
}

static int feed(const char *bytes, size_t size, size_t piece, struct buf *out)
{
    struct sse_parser parser;
    sse_parser_init(&parser, DATA_MAX, on_event, out);
    int r = 0;
    for (size_t at = 0; r == 0 && at < size; at += piece)
        r = sse_parser_feed(&parser, bytes + at, size - at < piece ? size - at : piece);
    sse_parser_close(&parser);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = BUF_INIT(8 << 20), cut = BUF_INIT(8 << 20);
    if (size < 2)
        return 0;
    char *bytes = fuzz_text(data + 1, size - 1);
    int r = feed(bytes, size - 1, size - 1, &whole);
    require(r == 0 || r == -EFBIG);
    require(feed(bytes, size - 1, (size_t)data[0] % 17 + 1, &cut) == r);
    require(strcmp(buf_text(&whole), buf_text(&cut)) == 0);
    buf_close(&whole);
    buf_close(&cut);
    free(bytes);
    return 0;
}
