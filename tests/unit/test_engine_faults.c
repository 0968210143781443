/* SPDX-License-Identifier: MIT
 *
 * Answers that do not come, or not whole; connections that die; engines that are replaced, closed
 * or not engines at all. The question each time: may the engine have acted?
 */
#include "unit.h"

#include "engine_fake.h"

#define ID      "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"
#define ROW_C   "{\"Id\":\"" ID "\",\"Names\":[\"/web\"],\"State\":\"running\"}"
#define M(text) "{\"message\":\"" text "\"}"

#define SHORT_MS 150 /* a deadline that a test waits for */

/* --- answers that are not whole --- */

static const struct {
    const char *name;
    struct fake_rule rule;
    enum engine_outcome outcome; /* of a listing */
    const char *words;
    unsigned rows;
} cuts[] = {
    {"nothing", {.then = FAKE_CLOSE}, ENGINE_UNKNOWN, "", 0},
    {"half a status line", {.raw = "HTTP/1.1 2", .then = FAKE_CLOSE}, ENGINE_UNKNOWN, "", 0},
    {"headers only",
     {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", .then = FAKE_CLOSE},
     ENGINE_UNKNOWN,
     "cut off",
     0},
    {"less than was said",
     {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n[" ROW_C "]", .then = FAKE_CLOSE},
     ENGINE_UNKNOWN,
     "cut off",
     1},
    {"a chunk cut in half",
     {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n[" ROW_C,
      .then = FAKE_CLOSE},
     ENGINE_UNKNOWN,
     "cut off",
     0},
    {"no last chunk",
     {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
      .then = FAKE_CLOSE},
     ENGINE_UNKNOWN,
     "cut off",
     0},
    {"chunked and whole",
     {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n"},
     ENGINE_DONE,
     NULL,
     0},
    {"a bad chunk",
     {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n"},
     ENGINE_UNKNOWN,
     "cut off",
     0},
    {"ends with the connection, whole",
     {.raw = "HTTP/1.1 200 OK\r\n\r\n[" ROW_C "]", .then = FAKE_CLOSE},
     ENGINE_DONE,
     NULL,
     1},
    {"ends with the connection, cut",
     {.raw = "HTTP/1.1 200 OK\r\n\r\n[" ROW_C ",", .then = FAKE_CLOSE},
     ENGINE_UNKNOWN,
     "too early",
     1},
    {"not HTTP", {.raw = "hello\r\n\r\n", .then = FAKE_CLOSE}, ENGINE_UNKNOWN, "", 0},
    {"HTTP/0.9", {.raw = "[]", .then = FAKE_CLOSE}, ENGINE_UNKNOWN, "", 0},
    {"stops in the middle",
     {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n[" ROW_C, .then = FAKE_HANG},
     ENGINE_UNKNOWN,
     "no whole answer within",
     1},
    {"never", {.then = FAKE_HANG}, ENGINE_UNKNOWN, "no whole answer within", 0},
    {"byte by byte",
     {.status = 200, .body = "[" ROW_C "," ROW_C "]", .piece = 1},
     ENGINE_DONE,
     NULL,
     2},
    {"continue first",
     {.raw = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"},
     ENGINE_DONE,
     NULL,
     0},
};

static void a_listing_is_whole_or_unknown(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        struct fake_rule rule = cuts[i].rule;
        struct fake f;
        struct fake_result r = {0};
        rule.request = "/containers/json";
        ROW("%s", cuts[i].name);
        fake_open(&f, &rule, 1, SHORT_MS);
        engine_list(f.engine, NULL, fake_on_row, fake_on_done, &r);
        fake_wait(&f, &r);
        assert_string_equal(engine_outcome_name(r.outcome), engine_outcome_name(cuts[i].outcome));
        assert_int_equal(r.rows, cuts[i].rows);
        if (cuts[i].words)
            assert_non_null(strstr(r.error.text, cuts[i].words));
        fake_close(&f);
    }
}

/* `n` bytes of white space between a beginning and an end. */
static char *many_bytes(const char *head, size_t n, const char *tail)
{
    struct buf text = BUF_INIT((size_t)128 << 20);
    (void)buf_printf(&text, "%s%*s%s", head, (int)n, "", tail);
    char *bytes = buf_steal(&text);
    assert_non_null(bytes);
    return bytes;
}

static void answers_have_a_size(void **state)
{
    static const struct {
        const char *name;
        size_t bytes;
        bool list;
        enum engine_outcome outcome;
    } sizes[] = {
        {"inspection of 3 MiB", (size_t)3 << 20, false, ENGINE_DONE},
        {"inspection of 5 MiB", (size_t)5 << 20, false, ENGINE_UNKNOWN},
        {"listing of 60 MiB", (size_t)60 << 20, true, ENGINE_DONE},
        {"listing of 65 MiB", (size_t)65 << 20, true, ENGINE_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        _cleanup_free_ char *body =
            sizes[i].list ? many_bytes("[", sizes[i].bytes, "]")
                          : many_bytes("{\"Id\":\"" ID "\",\"State\":{}", sizes[i].bytes, "}");
        const struct fake_rule rule = {.request = "json", .status = 200, .body = body};
        struct fake f;
        struct fake_result r = {0};
        ROW("%s", sizes[i].name);
        fake_open(&f, &rule, 1, 0);
        if (sizes[i].list)
            engine_list(f.engine, NULL, fake_on_row, fake_on_done, &r);
        else
            engine_inspect(f.engine, "web", fake_on_done, &r);
        fake_wait(&f, &r);
        assert_string_equal(engine_outcome_name(r.outcome), engine_outcome_name(sizes[i].outcome));
        assert_int_equal(r.outcome == ENGINE_UNKNOWN, strstr(r.error.text, "too large") != NULL);
        fake_close(&f);
    }
}

static void endless_headers_are_broken_off(void **state)
{
    _cleanup_(buf_close) struct buf headers = BUF_INIT((size_t)1 << 20);
    for (int i = 0; i < 2000; i++)
        (void)buf_printf(&headers, "X-%d: 0123456789012345678901234567890123456789\r\n", i);
    const struct fake_rule rule = {.request = "start", .status = 204, .raw = buf_text(&headers)};
    struct fake f;
    struct fake_result r = {0};
    fake_open(&f, &rule, 1, 0);
    engine_start(f.engine, "web", fake_on_done, &r);
    fake_wait(&f, &r);
    assert_int_equal(r.outcome, ENGINE_UNKNOWN);
    assert_non_null(strstr(r.error.text, "too large"));
    fake_close(&f);
}

/* --- connections --- */

/* The negotiation has left a kept connection; the request goes out on it and the engine closes it
 * without a word. It may have acted, so what changes something is not sent again behind the
 * caller's back. */
static void nothing_that_changes_is_sent_twice(void **state)
{
    const struct fake_rule rules[] = {
        {.request = "/start", .then = FAKE_CLOSE},
        {.request = "DELETE", .then = FAKE_CLOSE},
        {.request = "/containers/json", .then = FAKE_CLOSE, .uses = 1},
        {.request = "/containers/json", .status = 200, .body = "[]"},
    };
    struct fake f;
    fake_open(&f, rules, ARRAY_LEN(rules), 0);
    struct fake_result start = {0}, removal = {0}, list = {0};

    engine_start(f.engine, "web", fake_on_done, &start);
    fake_wait(&f, &start);
    assert_int_equal(f.accepted, 1); /* the kept one */
    assert_int_equal(start.outcome, ENGINE_UNKNOWN);
    assert_non_null(strstr(start.error.text, "closed the connection without an answer"));
    assert_int_equal(fake_count(&f, "/start"), 1);

    engine_remove(f.engine, "web", fake_on_done, &removal);
    fake_wait(&f, &removal);
    assert_int_equal(removal.outcome, ENGINE_UNKNOWN);
    assert_int_equal(fake_count(&f, "DELETE"), 1);

    engine_list(f.engine, NULL, fake_on_row, fake_on_done, &list);
    fake_wait(&f, &list);
    assert_int_equal(list.outcome, ENGINE_DONE); /* reading twice harms nobody */
    assert_int_equal(fake_count(&f, "/containers/json"), 2);
    fake_close(&f);
}

/* The engine has closed the kept connection meanwhile (a restart): the request goes out on a fresh
 * one. */
static void a_kept_connection_may_be_gone(void **state)
{
    const struct fake_rule rule = {.request = "/start", .status = 204};
    struct fake f;
    fake_open(&f, &rule, 1, 0);
    struct fake_result ping = {0}, start = {0};
    engine_ping(f.engine, fake_on_done, &ping);
    fake_wait(&f, &ping);
    while (f.connections)
        fake_hang_up(f.connections);
    (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    engine_start(f.engine, "web", fake_on_done, &start);
    fake_wait(&f, &start);
    assert_int_equal(start.outcome, ENGINE_DONE);
    assert_int_equal(fake_count(&f, "/start"), 1);
    fake_close(&f);
}

static void nobody_listens(void **state)
{
    const struct fake_rule rule = {.request = "/start", .status = 204};
    struct fake f;
    fake_open(&f, &rule, 1, 0);
    struct fake_result first = {0}, ping = {0}, again = {0};
    fake_stop_listening(&f);
    (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    engine_start(f.engine, "web", fake_on_done, &first);
    engine_ping(f.engine, fake_on_done, &ping);
    fake_wait(&f, &first);
    fake_wait(&f, &ping);
    assert_int_equal(first.outcome, ENGINE_UNREACHABLE);
    assert_int_equal(ping.outcome, ENGINE_UNREACHABLE);
    assert_int_equal(ping.error.kind, ERROR_UNREACHABLE);
    assert_non_null(strstr(ping.error.text, f.path));
    assert_non_null(strstr(ping.error.text, "; is the engine running?"));

    (void)unlink(f.path);
    fake_listen(&f);
    engine_start(f.engine, "web", fake_on_done, &again);
    fake_wait(&f, &again);
    assert_int_equal(again.outcome, ENGINE_DONE);
    fake_close(&f);
}

/* An engine that accepts and says nothing: the version is not known, so nothing else is sent. */
static void an_engine_that_hangs(void **state)
{
    const struct fake_rule rule = {.request = "/_ping", .then = FAKE_HANG};
    struct fake f;
    fake_open(&f, &rule, 1, SHORT_MS);
    struct fake_result start = {0}, ping = {0};
    engine_start(f.engine, "web", fake_on_done, &start);
    fake_wait(&f, &start);
    assert_int_equal(start.outcome, ENGINE_UNREACHABLE);
    assert_int_equal(start.error.kind, ERROR_TIMEOUT);
    assert_int_equal(fake_count(&f, "/start"), 0);
    engine_ping(f.engine, fake_on_done, &ping);
    fake_wait(&f, &ping);
    assert_int_equal(ping.outcome, ENGINE_UNKNOWN);
    fake_close(&f);
}

static void deadlines_follow_the_work(void **state)
{
    static const struct fake_rule rules[] = {
        {.request = "/stop", .then = FAKE_HANG},
        {.request = "/rename", .then = FAKE_HANG},
        {.request = "/start", .then = FAKE_HANG},
    };
    struct fake f;
    fake_open(&f, rules, ARRAY_LEN(rules), SHORT_MS);
    struct fake_result stop = {0}, start = {0}, rename = {0};
    engine_stop(f.engine, "web", UINT64_C(10) * SHORT_MS, fake_on_done, &stop);
    engine_start(f.engine, "web", fake_on_done, &start);
    engine_rename(f.engine, "web", "web2", fake_on_done, &rename);
    fake_wait(&f, &rename);
    fake_wait(&f, &start);
    fake_wait(&f, &stop);
    assert_true(rename.order < start.order && start.order < stop.order);
    assert_int_equal(stop.outcome, ENGINE_UNKNOWN);
    assert_int_equal(stop.error.kind, ERROR_TIMEOUT);
    fake_close(&f);
}

/* --- lanes --- */

static void a_start_does_not_wait_behind_creates(void **state)
{
    static const struct fake_rule rules[] = {
        {.request = "/create", .then = FAKE_HANG},
        {.request = "/start", .status = 204},
    };
    enum { CREATES = 60 };
    static struct fake_result creates[CREATES];
    memset(creates, 0, sizeof(creates));
    const struct engine_create create = {.name = "web", .body = "{}", .body_len = 2};
    struct fake f;
    fake_open(&f, rules, ARRAY_LEN(rules), 0);
    for (int i = 0; i < CREATES; i++)
        engine_create(f.engine, &create, fake_on_done, &creates[i]);
    struct fake_result start = {0}, ping = {0};
    while (fake_count(&f, "/create") < 16)
        (void)uv_run(&f.loop, UV_RUN_ONCE);
    engine_start(f.engine, "web", fake_on_done, &start);
    engine_ping(f.engine, fake_on_done, &ping);
    fake_wait(&f, &start);
    fake_wait(&f, &ping);
    assert_int_equal(start.outcome, ENGINE_DONE);
    assert_int_equal(fake_count(&f, "/create"), 16); /* and no more connections than these */
    fake_close(&f);
    for (int i = 0; i < CREATES; i++)
        assert_int_equal(creates[i].calls, 0);
}

/* --- the version --- */

#define PING(version) "HTTP/1.1 200 OK\r\nApi-Version: " version "\r\nContent-Length: 2\r\n\r\nOK"

static const struct {
    const char *name;
    struct fake_rule rules[3];
    enum engine_outcome outcome; /* of a start */
    const char *words;
    const char *version;
} versions[] = {
    {"older than ours",
     {{.request = "/_ping", .raw = PING("1.40")}, {.request = "/v1.40/", .status = 204}},
     ENGINE_DONE,
     NULL,
     "1.40"},
    {"newer than ours",
     {{.request = "/_ping", .raw = PING("1.99")}, {.request = "/v1.47/", .status = 204}},
     ENGINE_DONE,
     NULL,
     "1.47"},
    {"too old",
     {{.request = "/_ping", .raw = PING("1.39")}},
     ENGINE_REFUSED,
     "upgrade the engine",
     ""},
    {"a two-digit minor is no decimal",
     {{.request = "/_ping", .raw = PING("1.5")}},
     ENGINE_REFUSED,
     "upgrade the engine",
     ""},
    {"no version",
     {{.request = "/_ping", .raw = PING("x\x1b")}},
     ENGINE_REFUSED,
     "\"x\\x1b\" is not understood",
     ""},
    {"told by /version only",
     {{.request = "/_ping", .raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"},
      {.request = "GET /version",
       .status = 200,
       .body = "{\"ApiVersion\":\"1.44\",\"MinAPIVersion\":\"1.24\"}"},
      {.request = "/v1.44/", .status = 204}},
     ENGINE_DONE,
     NULL,
     "1.44"},
    {"its oldest is too new",
     {{.request = "/_ping", .raw = "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"},
      {.request = "GET /version",
       .status = 200,
       .body = "{\"ApiVersion\":\"1.99\",\"MinAPIVersion\":\"1.90\"}"}},
     ENGINE_REFUSED,
     "upgrade roost",
     ""},
    {"some web server",
     {{.request = "/_ping", .raw = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"},
      {.request = "GET /version", .raw = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"}},
     ENGINE_UNREACHABLE,
     "no Docker Engine",
     ""},
    {"says no only when asked for more",
     {{.request = "/_ping", .raw = PING("1.99")},
      {.request = "/v1.47/",
       .status = 400,
       .body = M("client version 1.47 is too old. Minimum supported API version is 1.50, please "
                 "upgrade your client to a newer version")}},
     ENGINE_REFUSED,
     "client version 1.47 is too old",
     "1.47"},
    {"replaced by an older one",
     {{.request = "/_ping", .raw = PING("1.40"), .skip = 1},
      {.request = "/v1.41/",
       .status = 400,
       .body = M("client version 1.41 is too new. Maximum supported API version is 1.40")},
      {.request = "/v1.40/", .status = 204}},
     ENGINE_DONE,
     NULL,
     "1.40"},
};

static void the_version_is_negotiated(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        struct fake f;
        struct fake_result r = {0};
        size_t n = 0;
        while (n < ARRAY_LEN(versions[i].rules) && versions[i].rules[n].request)
            n++;
        ROW("%s", versions[i].name);
        fake_open(&f, versions[i].rules, n, 0);
        assert_string_equal(engine_api_version(f.engine), "");
        engine_start(f.engine, "web", fake_on_done, &r);
        fake_wait(&f, &r);
        assert_string_equal(engine_outcome_name(r.outcome),
                            engine_outcome_name(versions[i].outcome));
        assert_string_equal(engine_api_version(f.engine), versions[i].version);
        if (versions[i].words)
            assert_non_null(strstr(r.error.text, versions[i].words));
        fake_close(&f);
    }
}

/* After a connection that broke the engine may be another one. */
static void the_version_is_asked_again_after_a_fault(void **state)
{
    static const struct fake_rule rules[] = {
        {.request = "/_ping", .raw = PING("1.44"), .skip = 1},
        {.request = "/stop", .then = FAKE_CLOSE},
        {.request = "/v1.44/containers/web/start", .status = 204},
    };
    struct fake f;
    fake_open(&f, rules, ARRAY_LEN(rules), 0);
    struct fake_result stop = {0}, start = {0};
    engine_stop(f.engine, "web", 0, fake_on_done, &stop);
    fake_wait(&f, &stop);
    assert_string_equal(engine_api_version(f.engine), "1.41");
    engine_start(f.engine, "web", fake_on_done, &start);
    fake_wait(&f, &start);
    assert_int_equal(start.outcome, ENGINE_DONE);
    assert_string_equal(engine_api_version(f.engine), "1.44");
    fake_close(&f);
}

/* --- names --- */

static void what_is_no_name_is_not_sent(void **state)
{
    char long_name[20000];
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    const char *const names[] = {"", ".", "..", long_name};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct engine_create create = {.name = names[i], .body = "{}", .body_len = 2};
        struct fake f;
        struct fake_result r[4] = {0};
        ROW("\"%.20s\"", names[i]);
        fake_open(&f, NULL, 0, 0);
        engine_remove(f.engine, names[i], fake_on_done, &r[0]);
        engine_create(f.engine, &create, fake_on_done, &r[1]);
        engine_rename(f.engine, "web", names[i], fake_on_done, &r[2]);
        engine_volume_remove(f.engine, names[i], fake_on_done, &r[3]);
        for (int c = 0; c < 4; c++) {
            fake_wait(&f, &r[c]);
            assert_int_equal(r[c].outcome, ENGINE_REFUSED);
        }
        assert_int_equal(f.n_log, 0);
        fake_close(&f);
    }
}

static void names_are_encoded(void **state)
{
    const struct fake_rule rule = {
        .request = "DELETE /v1.41/volumes/a%2Fb%3Fc%20d%25%0D%0AX%C3%A4 ", .status = 204};
    struct fake f;
    struct fake_result r = {0};
    fake_open(&f, &rule, 1, 0);
    engine_volume_remove(f.engine, "a/b?c d%\r\nX\xc3\xa4", fake_on_done, &r);
    fake_wait(&f, &r);
    assert_int_equal(r.outcome, ENGINE_DONE);
    fake_close(&f);
}

/* --- closing --- */

static struct fake *closing;

static void close_in_done(void *ctx, const struct engine_result *result)
{
    struct fake_result *r = ctx;
    r->calls++;
    engine_close(steal(&closing->engine), fake_on_engine_closed, closing);
}

static void close_in_row(void *ctx, const struct engine_container *row)
{
    struct fake_result *r = ctx;
    r->rows++;
    engine_close(steal(&closing->engine), fake_on_engine_closed, closing);
}

static void closing_silences_everything(void **state)
{
    static const struct fake_rule rules[] = {
        {.request = "/containers/json", .status = 200, .body = "[" ROW_C "," ROW_C "]"},
        {.request = "/start", .then = FAKE_HANG},
        {.request = "/stop", .status = 204},
        {.request = "/create", .status = 201, .body = "{\"Id\":\"" ID "\"}"},
    };
    const struct engine_attach attach = {"net", NULL};
    const struct engine_create create = {
        .name = "web", .body = "{}", .body_len = 2, .attach = &attach, .n_attach = 1};
    for (int turns = 0; turns < 40; turns++) {
        struct fake f;
        struct fake_result r = {0};
        ROW("after %d turns of the loop", turns);
        fake_open(&f, rules, ARRAY_LEN(rules), 0);
        engine_start(f.engine, "web", fake_on_done, &r);
        engine_start(f.engine, "..", fake_on_done, &r);
        engine_inspect(f.engine, "web", fake_on_done, &r);
        engine_network_create(f.engine, "net", "{}", fake_on_done, &r);
        engine_volume_create(f.engine, "vol", "{}", fake_on_done, &r);
        engine_create(f.engine, &create, fake_on_done, &r);
        engine_list(f.engine, NULL, fake_on_row, fake_on_done, &r);
        engine_ping(f.engine, fake_on_done, &r);
        for (int i = 0; i < turns; i++)
            (void)uv_run(&f.loop, UV_RUN_NOWAIT);
        r = (struct fake_result){0};
        fake_close(&f);
        assert_int_equal(r.calls + r.rows, 0);
    }
}

static void closing_from_a_callback(void **state)
{
    static const struct fake_rule rules[] = {
        {.request = "/containers/json", .status = 200, .body = "[" ROW_C "," ROW_C "]"},
        {.request = "/start", .status = 204},
    };
    for (int in_row = 0; in_row < 2; in_row++) {
        struct fake f;
        struct fake_result r = {0}, late = {0};
        ROW("%s", in_row ? "in a row" : "in a result");
        fake_open(&f, rules, ARRAY_LEN(rules), 0);
        closing = &f;
        if (in_row)
            engine_list(f.engine, NULL, close_in_row, fake_on_done, &r);
        else
            engine_start(f.engine, "web", close_in_done, &r);
        for (int i = 0; i < 20; i++)
            engine_start(f.engine, "late", in_row ? fake_on_done : close_in_done,
                         in_row ? &late : &r);
        while (f.engine)
            (void)uv_run(&f.loop, UV_RUN_ONCE);
        fake_close(&f);
        assert_int_equal(r.calls + r.rows, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_is_whole_or_unknown),
        cmocka_unit_test(answers_have_a_size),
        cmocka_unit_test(endless_headers_are_broken_off),
        cmocka_unit_test(nothing_that_changes_is_sent_twice),
        cmocka_unit_test(a_kept_connection_may_be_gone),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(an_engine_that_hangs),
        cmocka_unit_test(deadlines_follow_the_work),
        cmocka_unit_test(a_start_does_not_wait_behind_creates),
        cmocka_unit_test(the_version_is_negotiated),
        cmocka_unit_test(the_version_is_asked_again_after_a_fault),
        cmocka_unit_test(what_is_no_name_is_not_sent),
        cmocka_unit_test(names_are_encoded),
        cmocka_unit_test(closing_silences_everything),
        cmocka_unit_test(closing_from_a_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
