/* SPDX-License-Identifier: MIT
 *
 * Frames: what comes out of them, and what is none; and the call that reads a container's logs.
 */
#include "unit.h"

#include <errno.h>

#include "engine/docker/frames.h"
#include "engine_fake.h"

#define ID "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"

struct seen {
    char text[256]; /* stderr's in brackets */
    bool was_stderr;
    int fail;
};

static int on_bytes(void *ctx, bool is_stderr, const char *data, size_t len)
{
    struct seen *seen = ctx;
    size_t at = strlen(seen->text);
    const char *turn = is_stderr == seen->was_stderr ? "" : is_stderr ? "[" : "]";
    seen->was_stderr = is_stderr;
    (void)snprintf(seen->text + at, sizeof(seen->text) - at, "%s%.*s", turn, (int)len, data);
    return seen->fail;
}

static const struct {
    const char *what;
    const char *bytes;
    size_t len;
    const char *text;
    int end;
} rows[] = {
#define BYTES(text) (text), sizeof(text) - 1
    {"nothing", BYTES(""), "", 0},
    {"one", BYTES("\1\0\0\0\0\0\0\3out"), "out", 0},
    {"both", BYTES("\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\3err\1\0\0\0\0\0\0\1."), "out[err].", 0},
    {"an empty one", BYTES("\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1x"), "x", 0},
    {"stdin's", BYTES("\0\0\0\0\0\0\0\2in"), "in", 0},
    {"cut in its bytes", BYTES("\1\0\0\0\0\0\0\3ou"), "ou", -ENODATA},
    {"cut in its header", BYTES("\1\0\0\0\0\0\0\1x\1\0"), "x", -ENODATA},
    {"longer than all that comes", BYTES("\1\0\0\0\377\377\377\377x"), "x", -ENODATA},
    {"a stream that there is not", BYTES("\3\0\0\0\0\0\0\1x"), "", -EBADMSG},
    {"text", BYTES("plain text"), "", -EBADMSG},
    {"no zeros", BYTES("\1\0\1\0\0\0\0\1x"), "", -EBADMSG},
};

static void frames_come_apart_however_they_are_cut(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t piece = 1; piece <= rows[i].len + 1; piece++) {
            ROW("%s, %zu at a time", rows[i].what, piece);
            struct seen seen = {.text = ""};
            struct frames f;
            frames_init(&f, on_bytes, &seen);
            for (size_t at = 0; at < rows[i].len; at += piece) {
                size_t left = rows[i].len - at;
                (void)frames_feed(&f, rows[i].bytes + at, left < piece ? left : piece);
            }
            assert_int_equal(frames_end(&f), rows[i].end);
            assert_string_equal(seen.text, rows[i].text);
        }
}

static void an_error_sticks(void **state)
{
    struct seen seen = {.fail = -EPIPE};
    struct frames f;
    frames_init(&f, on_bytes, &seen);
    assert_int_equal(frames_feed(&f, "\1\0\0\0\0\0\0\3out", 11), -EPIPE);
    assert_int_equal(frames_feed(&f, "\1\0\0\0\0\0\0\3out", 11), -EPIPE);
    assert_int_equal(frames_end(&f), -EPIPE);
    assert_string_equal(seen.text, "out");
}

struct got {
    struct fake_result result;
    struct seen seen;
};

static int on_log(void *ctx, bool is_stderr, const char *data, size_t len)
{
    return on_bytes(&((struct got *)ctx)->seen, is_stderr, data, len);
}

static void on_done(void *ctx, const struct engine_result *result)
{
    fake_on_done(&((struct got *)ctx)->result, result);
}

static void the_call_says_what_is_asked_for(void **state)
{
    static const struct {
        struct engine_logs what;
        const char *query;
    } asked[] = {
        {{.tty = true, .tail = -1}, "follow=0&timestamps=0&tail=all&since=0.000000000"},
        {{.tty = true,
          .follow = true,
          .timestamps = true,
          .tail = 20,
          .since_ns = 1700000001000000002},
         "follow=1&timestamps=1&tail=20&since=1700000001.000000002"},
    };
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        ROW("%s", asked[i].query);
        char request[256];
        struct fake f;
        struct got got = {0};
        (void)snprintf(request, sizeof(request),
                       "GET /v1.41/containers/" ID "/logs?stdout=1&stderr=1&%s", asked[i].query);
        const struct fake_rule rule = {
            .request = request, .status = 200, .body = "one\r\ntwo\r\n", .piece = 3};
        fake_open(&f, &rule, 1, 0);
        engine_logs(f.engine, ID, &asked[i].what, on_log, on_done, &got);
        fake_wait(&f, &got.result);
        assert_int_equal(got.result.outcome, ENGINE_DONE);
        assert_string_equal(got.seen.text, "one\r\ntwo\r\n");
        fake_close(&f);
    }
}

static const struct {
    const char *what;
    int status;
    const char *body;
    enum engine_outcome outcome;
} answers[] = {
    {"gone", 404, "{\"message\":\"No such container: x\"}", ENGINE_NOT_FOUND},
    {"a driver that keeps none", 501, "{\"message\":\"does not support reading\"}",
     ENGINE_UNSUPPORTED},
    {"no frames", 200, "what is this?", ENGINE_UNREACHABLE},
    {"half a frame", 200, "\1", ENGINE_UNREACHABLE},
};

static void what_is_no_log_is_none(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        ROW("%s", answers[i].what);
        struct fake f;
        struct got got = {0};
        const struct fake_rule rule = {
            .request = "/logs?", .status = answers[i].status, .body = answers[i].body};
        fake_open(&f, &rule, 1, 0);
        engine_logs(f.engine, ID, &(struct engine_logs){.tail = -1}, on_log, on_done, &got);
        fake_wait(&f, &got.result);
        assert_int_equal(got.result.outcome, answers[i].outcome);
        assert_true(error_is_set(&got.result.error));
        assert_string_equal(got.seen.text, "");
        fake_close(&f);
    }
}

/* Closed while one is followed: no callback, nothing leaks. */
static void closing_drops_what_is_followed(void **state)
{
    struct fake f;
    struct got got = {0};
    const struct fake_rule rule = {.request = "/logs?", .then = FAKE_HANG};
    fake_open(&f, &rule, 1, 0);
    engine_logs(f.engine, ID, &(struct engine_logs){.follow = true}, on_log, on_done, &got);
    while (fake_count(&f, "/logs?") == 0)
        (void)uv_run(&f.loop, UV_RUN_ONCE);
    fake_close(&f);
    assert_int_equal(got.result.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_apart_however_they_are_cut),
        cmocka_unit_test(an_error_sticks),
        cmocka_unit_test(the_call_says_what_is_asked_for),
        cmocka_unit_test(what_is_no_log_is_none),
        cmocka_unit_test(closing_drops_what_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
