/* SPDX-License-Identifier: MIT */
#include "api/sse.h"

#include <stdio.h>
#include <string.h>

#include "api/body.h"

int sse_write(struct buf *out, int64_t id, const char *event, const json_t *data)
{
    size_t before = out->len;
    if (id >= 0)
        (void)buf_printf(out, "id: %lld\n", (long long)id);
    (void)buf_printf(out, "event: %s\ndata: ", event);
    (void)body_write(out, data);
    (void)buf_puts(out, "\n\n");
    if (!out->error)
        return 0;
    int r = out->error;
    out->error = 0;
    out->len = before;
    if (out->data)
        out->data[before] = '\0';
    return r;
}

void sse_parser_init(struct sse_parser *parser, size_t max_bytes, sse_event_fn *on_event, void *ctx)
{
    *parser = (struct sse_parser){
        .on_event = on_event,
        .ctx = ctx,
        .line = BUF_INIT(max_bytes),
        .data = BUF_INIT(max_bytes),
    };
}

static int event_end(struct sse_parser *parser)
{
    int r = 0;
    struct sse_event event = {
        .id = parser->id,
        .name = *parser->event ? parser->event : "message",
        .data = buf_text(&parser->data),
        .len = parser->data.len,
    };
    if (parser->has_data)
        r = parser->on_event(parser->ctx, &event);
    buf_reset(&parser->data);
    parser->event[0] = '\0';
    parser->has_data = false;
    return r;
}

static int field(struct sse_parser *parser, const char *name, const char *value)
{
    if (strcmp(name, "event") == 0)
        (void)snprintf(parser->event, sizeof(parser->event), "%s", value);
    if (strcmp(name, "id") == 0)
        (void)snprintf(parser->id, sizeof(parser->id), "%s", value);
    if (strcmp(name, "data") != 0)
        return 0;
    if (parser->has_data)
        (void)buf_putc(&parser->data, '\n');
    parser->has_data = true;
    return buf_puts(&parser->data, value);
}

static int line_end(struct sse_parser *parser)
{
    if (parser->line.len == 0)
        return event_end(parser);
    char *line = parser->line.data;
    if (!parser->begun && strncmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    parser->begun = true;
    char *value = strchr(line, ':');
    if (value)
        *value++ = '\0';
    if (value && *value == ' ')
        value++;
    return field(parser, line, value ? value : "");
}

static int byte_take(struct sse_parser *parser, char c)
{
    bool after_cr = parser->skip_newline;
    parser->skip_newline = c == '\r';
    if (c == '\n' && after_cr)
        return 0;
    if (c != '\n' && c != '\r')
        return buf_putc(&parser->line, c);
    int r = line_end(parser);
    buf_reset(&parser->line);
    return r;
}

int sse_parser_feed(struct sse_parser *parser, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int r = byte_take(parser, bytes[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

void sse_parser_close(struct sse_parser *parser)
{
    buf_close(&parser->line);
    buf_close(&parser->data);
}
