/* SPDX-License-Identifier: MIT
 *
 * Server-sent events: the same bytes give the same events however they are split, and what the
 * server writes the client reads.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "api/sse.h"
#include "base/cleanup.h"

struct parse_row {
    const char *name;
    const char *bytes;
    const char *expect; /* "event=data;" for each */
};

static const struct parse_row parse_rows[] = {
    {"nothing", "", ""},
    {"one", "event: report\ndata: {}\n\n", "report={};"},
    {"two", "event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", "a=1;b=2;"},
    {"CRLF", "event: a\r\ndata: 1\r\n\r\n", "a=1;"},
    {"CR", "event: a\rdata: 1\r\rdata: 2\r\r", "a=1;message=2;"},
    {"CR then LF ends two lines only when apart", "data: 1\r\n\r\ndata: 2\r\n\n",
     "message=1;message=2;"},
    {"no name", "data: 1\n\n", "message=1;"},
    {"no blank after the colon", "event:a\ndata:1\n\n", "a=1;"},
    {"only one blank goes", "data:  1\n\n", "message= 1;"},
    {"several lines of data", "data: 1\ndata: 2\n\n", "message=1\n2;"},
    {"empty data", "data\n\n", "message=;"},
    {"two empty lines of data", "data\ndata\n\n", "message=\n;"},
    {"a name without data is no event", "event: a\n\ndata: 1\n\n", "message=1;"},
    {"comments and heartbeats", ":\n\n: hello\ndata: 1\n:\n\n:\n\n", "message=1;"},
    {"unknown fields", "identity: 7\nretry: 3\ndata: 1\nnonsense\n\n", "message=1;"},
    {"an id", "id: 7\nevent: a\ndata: 1\n\n", "7:a=1;"},
    {"an id stays until there is another", "id: 7\ndata: 1\n\ndata: 2\n\nid: 8\ndata: 3\n\n",
     "7:message=1;7:message=2;8:message=3;"},
    {"an id without data", "id: 7\n\ndata: 1\n\n", "7:message=1;"},
    {"an empty id is none", "id: 7\ndata: 1\n\nid\ndata: 2\n\n", "7:message=1;message=2;"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "data: 1\n\n",
     "message=1;"},
    {"byte order mark later",
     "data: 1\n\n\xef\xbb\xbf"
     "data: 2\n\n",
     "message=1;"},
    {"unfinished", "data: 1\n\ndata: 2\n", "message=1;"},
    {"colon in data", "data: {\"a\":\"b\"}\n\n", "message={\"a\":\"b\"};"},
};

static int note(void *ctx, const struct sse_event *event)
{
    assert_int_equal(strlen(event->data), event->len);
    return buf_printf(ctx, "%s%s%s=%s;", event->id, *event->id ? ":" : "", event->name,
                      event->data);
}

static int parse(const char *bytes, size_t first, size_t step, struct buf *out)
{
    struct sse_parser parser;
    sse_parser_init(&parser, 64, note, out);
    size_t len = strlen(bytes);
    int r = 0;
    for (size_t at = 0, n = first; r == 0 && at < len; at += n, n = step) {
        if (n > len - at)
            n = len - at;
        r = sse_parser_feed(&parser, bytes + at, n);
    }
    sse_parser_close(&parser);
    return r;
}

static void test_any_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parse_rows); i++) {
        const struct parse_row *row = &parse_rows[i];
        size_t len = strlen(row->bytes);
        for (size_t first = 0; first <= len; first++) {
            for (size_t step = 1; step <= len; step += step == 1 ? len : 1) {
                ROW("%s, split at %zu then by %zu", row->name, first, step);
                _cleanup_(buf_close) struct buf out = BUF_INIT(256);
                assert_int_equal(parse(row->bytes, first, step, &out), 0);
                assert_string_equal(buf_text(&out), row->expect);
            }
        }
    }
}

static void test_too_long(void **state)
{
    (void)state;
    char bytes[256];
    _cleanup_(buf_close) struct buf out = BUF_INIT(256);
    ROW("a line");
    (void)snprintf(bytes, sizeof(bytes), "data: %0100d\n\n", 1);
    assert_int_equal(parse(bytes, 1, 1, &out), -EFBIG);
    ROW("data of many lines");
    (void)snprintf(bytes, sizeof(bytes), "data: %040d\ndata: %040d\n\n", 1, 1);
    assert_int_equal(parse(bytes, 1, 1, &out), -EFBIG);
    ROW("an id is cut");
    (void)snprintf(bytes, sizeof(bytes), "event: %050d\nid: %060d\ndata: 1\n\n", 1, 1);
    assert_int_equal(parse(bytes, 1, 1, &out), 0);
    (void)snprintf(bytes, sizeof(bytes), "%023d:%050d=1;", 0, 1);
    assert_string_equal(buf_text(&out), bytes);
}

static int refuse(void *ctx, const struct sse_event *event)
{
    (void)event;
    ++*(int *)ctx;
    return -EBADMSG;
}

static void test_refusal_stops(void **state)
{
    (void)state;
    struct sse_parser parser;
    int calls = 0;
    static const char bytes[] = "data: 1\n\ndata: 2\n\n";
    sse_parser_init(&parser, 64, refuse, &calls);
    assert_int_equal(sse_parser_feed(&parser, bytes, sizeof(bytes) - 1), -EBADMSG);
    assert_int_equal(calls, 1);
    sse_parser_close(&parser);
}

static void test_written_is_read(void **state)
{
    (void)state;
    _cleanup_(buf_close) struct buf wire = BUF_INIT(256);
    _cleanup_(buf_close) struct buf out = BUF_INIT(256);
    json_t *json = json_pack("{s:s}", "text", "two\nlines\r and \xc3\xa4");
    assert_int_equal(sse_write(&wire, -1, "report", json), 0);
    assert_int_equal(buf_puts(&wire, SSE_HEARTBEAT), 0);
    assert_int_equal(sse_write(&wire, INT64_MAX, "woken", json), 0);
    json_decref(json);
    assert_int_equal(parse(buf_text(&wire), 3, 5, &out), 0);
    assert_string_equal(buf_text(&out), "report={\"text\":\"two\\nlines\\r and \xc3\xa4\"};"
                                        "9223372036854775807:woken={\"text\":\"two\\nlines\\r and "
                                        "\xc3\xa4\"};");
}

static void test_write_is_whole_or_nothing(void **state)
{
    (void)state;
    _cleanup_(buf_close) struct buf wire = BUF_INIT(55);
    json_t *json = json_pack("{s:i}", "n", 1);
    assert_int_equal(sse_write(&wire, -1, "progress", json), 0);
    assert_int_equal(sse_write(&wire, -1, "progress", json), -EFBIG);
    assert_int_equal(sse_write(&wire, 7, "progress", json), -EFBIG);
    json_decref(json);
    assert_string_equal(buf_text(&wire), "event: progress\ndata: {\"n\":1}\n\n");
    assert_int_equal(buf_puts(&wire, "more"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_split),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_refusal_stops),
        cmocka_unit_test(test_written_is_read),
        cmocka_unit_test(test_write_is_whole_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
