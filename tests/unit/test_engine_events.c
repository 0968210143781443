/* SPDX-License-Identifier: MIT
 *
 * The event stream: what each event says in either shape, and how a stream opens and ends.
 */
#include "unit.h"

#include <errno.h>

#include "engine/docker/event_parse.h"
#include "engine_fake.h"

#define ID "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"

/* As API 1.41 sends them, and as 1.52 does. */
#define OLD(action, attributes)                                                                    \
    "{\"status\":\"" action "\",\"id\":\"" ID "\",\"from\":\"busybox\",\"Type\":\"container\","    \
    "\"Action\":\"" action "\",\"Actor\":{\"ID\":\"" ID "\",\"Attributes\":{" attributes "}},"     \
    "\"scope\":\"local\",\"time\":1700000000,\"timeNano\":1700000000123456789}"
#define NEW(action, attributes)                                                                    \
    "{\"Type\":\"container\",\"Action\":\"" action "\",\"Actor\":{\"ID\":\"" ID "\","              \
    "\"Attributes\":{" attributes "}},\"scope\":\"local\",\"time\":1700000000,"                    \
    "\"timeNano\":1700000000123456789}"

static const struct {
    const char *json;
    int result;
    bool noise;
    const char *text; /* action name old_name exit_code signal health agent */
} rows[] = {
    {OLD("start", "\"name\":\"web\",\"image\":\"busybox\""), 0, false, "start web  -1 0 0 -"},
    {NEW("start", "\"name\":\"web\""), 0, false, "start web  -1 0 0 -"},
    {OLD("die", "\"name\":\"web\",\"exitCode\":\"137\""), 0, false, "die web  137 0 0 -"},
    {OLD("die", "\"containerExitCode\":\"3\",\"name\":\"web\""), 0, false, "die web  3 0 0 -"},
    {OLD("die", "\"exitCode\":\"-3\""), 0, false, "die   -1 0 0 -"},
    {OLD("die", "\"exitCode\":\"99999999999\""), 0, false, "die   -1 0 0 -"},
    {OLD("die", "\"exitCode\":7"), 0, false, "die   -1 0 0 -"},
    {OLD("kill", "\"signal\":\"15\""), 0, false, "kill   -1 15 0 -"},
    {OLD("rename", "\"name\":\"web2\",\"oldName\":\"/web\""), 0, false, "rename web2 web -1 0 0 -"},
    {OLD("health_status: healthy", ""), 0, false, "health_status   -1 0 2 -"},
    {OLD("health_status: unhealthy", ""), 0, false, "health_status   -1 0 3 -"},
    {OLD("health_status: running", ""), 0, false, "health_status   -1 0 0 -"},
    {OLD("start", "\"roost.agent\":\"a\",\"roost.db\":\"d\",\"roost.fleet\":\"f\""), 0, false,
     "start   -1 0 0 a"},
    {OLD("update", ""), 0, false, "update   -1 0 0 -"},
    {OLD("a_word_of_a_later_day", ""), 0, false, "a_word_of_a_later_day   -1 0 0 -"},
    {OLD("exec_create: /bin/sh -c true", ""), 1, true, NULL},
    {NEW("exec_start: true", ""), 1, true, NULL},
    {OLD("exec_die", ""), 1, true, NULL},
    {OLD("attach", ""), 1, true, NULL},
    {OLD("archive-path", ""), 1, true, NULL},
    {NEW("top", ""), 1, true, NULL},
    {OLD("topple", ""), 0, false, "topple   -1 0 0 -"},
    /* A label passes for nothing. */
    {OLD("die", "\"Action\":\"exec_die\",\"status\":\"exec_die\""), 0, false, "die   -1 0 0 -"},
    /* The same members in another order: not seen at once, but seen. */
    {"{\"Action\":\"exec_die\",\"Type\":\"container\",\"Actor\":{\"ID\":\"" ID "\"}}", 1, false,
     NULL},
    {"{\"Type\":\"network\",\"Action\":\"create\",\"Actor\":{\"ID\":\"n\"}}", 1, false, NULL},
    {"{\"status\":\"start\",\"id\":\"" ID "\",\"time\":5}", 0, false, "start   -1 0 0 -"},
    {"{}", -EBADMSG, false, NULL},
    {"{\"Type\":\"container\",\"Action\":\"start\"}", -EBADMSG, false, NULL},
    {"{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"web\"}}", -EBADMSG, false,
     NULL},
    {"{\"Type\":\"container\",\"Action\":5,\"Actor\":{\"ID\":\"" ID "\"}}", -EBADMSG, false, NULL},
    {"{\"Type\":", -EBADMSG, false, NULL},
    {"[]", -EBADMSG, false, NULL},
};

static void describe(const struct engine_event *e, char *ret_text, size_t size)
{
    (void)snprintf(ret_text, size, "%s %s %s %d %d %d %s", e->action, e->name, e->old_name,
                   e->exit_code, e->signal, (int)e->health, e->label_agent ? e->label_agent : "-");
}

static void events_of_both_shapes(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event_view view;
        char text[256];
        ROW("%s", rows[i].json);
        assert_int_equal(event_is_noise(rows[i].json, strlen(rows[i].json)), rows[i].noise);
        assert_int_equal(event_parse(rows[i].json, strlen(rows[i].json), &view), rows[i].result);
        if (rows[i].result != 0)
            continue;
        describe(&view.event, text, sizeof(text));
        assert_string_equal(text, rows[i].text);
        assert_string_equal(view.event.id, ID);
        event_view_close(&view);
    }
}

static void events_carry_the_engines_time(void **state)
{
    static const struct {
        const char *json;
        int64_t ns;
    } times[] = {
        {OLD("start", ""), INT64_C(1700000000123456789)},
        {"{\"status\":\"start\",\"id\":\"" ID "\",\"time\":5}", INT64_C(5000000000)},
        {"{\"status\":\"start\",\"id\":\"" ID "\"}", 0},
        {"{\"status\":\"start\",\"id\":\"" ID "\",\"time\":-5,\"timeNano\":-1}", 0},
        {"{\"status\":\"start\",\"id\":\"" ID "\",\"time\":9223372036854775807}", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct event_view view;
        ROW("%s", times[i].json);
        assert_int_equal(event_parse(times[i].json, strlen(times[i].json), &view), 0);
        assert_int_equal(view.event.time_ns, times[i].ns);
        event_view_close(&view);
    }
}

/* --- the stream --- */

enum at_event { GO_ON, CLOSE_STREAM, CLOSE_ENGINE, REOPEN_AT_END };

struct stream {
    struct fake *fake;
    enum at_event at_event;
    unsigned opened, ended;
    char events[256]; /* "start die " */
    struct error why;
};

static void on_opened(void *ctx)
{
    struct stream *s = ctx;
    assert_string_equal(s->events, ""); /* before any event */
    s->opened++;
}

static void on_event(void *ctx, const struct engine_event *event)
{
    struct stream *s = ctx;
    size_t len = strlen(s->events);
    (void)snprintf(s->events + len, sizeof(s->events) - len, "%s ", event->action);
    if (s->at_event == CLOSE_STREAM)
        engine_events_close(s->fake->engine);
    else if (s->at_event == CLOSE_ENGINE)
        engine_close(steal(&s->fake->engine), fake_on_engine_closed, s->fake);
}

static void on_ended(void *ctx, const struct error *why);

static const struct engine_events_handler handler = {on_opened, on_event, on_ended};

static void on_ended(void *ctx, const struct error *why)
{
    struct stream *s = ctx;
    struct error err;
    s->ended++;
    s->why = *why;
    if (s->at_event == REOPEN_AT_END && s->ended == 1) {
        s->events[0] = '\0';
        assert_int_equal(engine_events_open(s->fake->engine, 0, &handler, s, &err), 0);
    }
}

#define HEAD  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
#define START OLD("start", "\"name\":\"web\"")
#define EXEC  OLD("exec_die", "")
#define DIE   NEW("die", "\"exitCode\":\"1\"")

static const struct {
    const char *name;
    struct fake_rule rule;
    unsigned opened;
    const char *events;
    const char *why;
} streams[] = {
    {"ended by the engine",
     {.raw = HEAD START "\n" EXEC "\n" DIE "\n", .then = FAKE_CLOSE},
     1,
     "start die ",
     "ended the stream"},
    {"glued",
     {.raw = HEAD START EXEC DIE, .then = FAKE_CLOSE},
     1,
     "start die ",
     "ended the stream"},
    {"in small pieces",
     {.raw = HEAD START "\n" DIE "\n", .piece = 3, .then = FAKE_CLOSE},
     1,
     "start die ",
     "ended the stream"},
    {"chunked, and cut in an event",
     {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"status\"",
      .then = FAKE_CLOSE},
     1,
     "",
     "cut off"},
    {"something else in between",
     {.raw = HEAD START "garbage" DIE, .then = FAKE_CLOSE},
     1,
     "start ",
     "not what an engine says"},
    {"an event that is none",
     {.raw = HEAD START "{}" DIE, .then = FAKE_CLOSE},
     1,
     "start ",
     "not what an engine says"},
    {"refused",
     {.status = 400, .body = "{\"message\":\"bad filter\"}"},
     0,
     "",
     "read the engine's events: bad filter"},
    {"a page that is not found", {.status = 404, .body = "<html>"}, 0, "", "HTTP 404"},
    {"never answered", {.then = FAKE_CLOSE}, 0, "", "read the engine's events"},
};

static void streams_open_and_end(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        struct fake_rule rule = streams[i].rule;
        struct fake f;
        struct stream s = {.fake = &f};
        struct error err = ERROR_INIT;
        rule.request = "GET /v1.41/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D ";
        ROW("%s", streams[i].name);
        fake_open(&f, &rule, 1, 0);
        assert_int_equal(engine_events_open(f.engine, 0, &handler, &s, &err), 0);
        assert_int_equal(engine_events_open(f.engine, 0, &handler, &s, &err), -EALREADY);
        while (s.ended == 0)
            assert_true(uv_run(&f.loop, UV_RUN_ONCE) != 0 || s.ended);
        assert_int_equal(s.opened, streams[i].opened);
        assert_string_equal(s.events, streams[i].events);
        assert_non_null(strstr(s.why.text, streams[i].why));
        fake_close(&f);
        assert_int_equal(s.ended, 1);
    }
}

/* Wherever it is cut, an event is told whole or not at all, and the end once. */
static void cut_at_every_offset(void **state)
{
    static const char raw[] = HEAD START "\n" DIE "\n";
    size_t head = strlen(HEAD), start = head + strlen(START), die = start + 1 + strlen(DIE);
    for (size_t cut = head; cut <= strlen(raw); cut++) {
        char text[sizeof(raw)];
        (void)snprintf(text, sizeof(text), "%.*s", (int)cut, raw);
        const struct fake_rule rule = {.request = "/events", .raw = text, .then = FAKE_CLOSE};
        struct fake f;
        struct stream s = {.fake = &f};
        struct error err = ERROR_INIT;
        ROW("cut after %zu bytes of %zu", cut - head, strlen(raw) - head);
        fake_open(&f, &rule, 1, 0);
        assert_int_equal(engine_events_open(f.engine, 0, &handler, &s, &err), 0);
        while (s.ended == 0)
            assert_true(uv_run(&f.loop, UV_RUN_ONCE) != 0 || s.ended);
        assert_int_equal(s.opened, 1);
        assert_string_equal(s.events, cut < start ? "" : cut < die ? "start " : "start die ");
        fake_close(&f);
        assert_int_equal(s.ended, 1);
    }
}

static void an_event_has_a_size(void **state)
{
    _cleanup_(buf_close) struct buf raw = BUF_INIT((size_t)4 << 20);
    (void)buf_puts(&raw, HEAD START "{\"status\":\"");
    for (int i = 0; i < 1 << 10; i++)
        (void)buf_printf(&raw, "%1024s", "");
    (void)buf_puts(&raw, "\"}");
    const struct fake_rule rule = {.request = "/events", .raw = buf_text(&raw), .then = FAKE_HANG};
    struct fake f;
    struct stream s = {.fake = &f};
    struct error err = ERROR_INIT;
    fake_open(&f, &rule, 1, 0);
    assert_int_equal(engine_events_open(f.engine, 0, &handler, &s, &err), 0);
    while (s.ended == 0)
        (void)uv_run(&f.loop, UV_RUN_ONCE);
    assert_string_equal(s.events, "start ");
    assert_non_null(strstr(s.why.text, "too large"));
    fake_close(&f);
}

/* Headers alone are enough to know that it is open, and it may then be silent for as long as it
 * likes. */
static void a_silent_stream_is_open(void **state)
{
    static const struct fake_rule rules[] = {
        {.request =
             "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D&since=1700000000.000000007 ",
         .raw = HEAD},
        {.request = "/start", .status = 204},
    };
    struct fake f;
    struct stream s = {.fake = &f};
    struct fake_result r = {0};
    struct error err = ERROR_INIT;
    fake_open(&f, rules, ARRAY_LEN(rules), 50);
    assert_int_equal(engine_events_open(f.engine, INT64_C(1700000000000000007), &handler, &s, &err),
                     0);
    while (s.opened == 0)
        (void)uv_run(&f.loop, UV_RUN_ONCE);
    engine_start(f.engine, "web", fake_on_done, &r);
    fake_wait(&f, &r);
    assert_int_equal(r.outcome, ENGINE_DONE);
    engine_events_close(f.engine);
    engine_events_close(f.engine); /* nothing is open: nothing happens */
    while (f.accepted == 2 && f.connections && f.connections->next)
        (void)uv_run(&f.loop, UV_RUN_ONCE); /* until the stream's connection is given up */
    assert_int_equal(s.ended, 0);
    assert_int_equal(engine_events_open(f.engine, 0, &handler, &s, &err), 0);
    fake_close(&f);
    assert_int_equal(s.ended, 0);
}

static void callbacks_may_close_and_open(void **state)
{
    static const struct fake_rule rule = {
        .request = "/events", .raw = HEAD START DIE, .then = FAKE_CLOSE};
    static const struct {
        const char *name;
        enum at_event at_event;
        const char *events;
        unsigned ended;
    } ways[] = {
        {"the stream at an event", CLOSE_STREAM, "start ", 0},
        {"the engine at an event", CLOSE_ENGINE, "start ", 0},
        {"opened anew at its end", REOPEN_AT_END, "start die ", 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct fake f;
        struct stream s = {.fake = &f, .at_event = ways[i].at_event};
        struct error err = ERROR_INIT;
        ROW("%s", ways[i].name);
        fake_open(&f, &rule, 1, 0);
        assert_int_equal(engine_events_open(f.engine, 0, &handler, &s, &err), 0);
        while (strcmp(s.events, ways[i].events) != 0 || s.ended < ways[i].ended)
            (void)uv_run(&f.loop, UV_RUN_ONCE);
        if (ways[i].at_event == CLOSE_STREAM)
            assert_int_equal(engine_events_open(f.engine, 0, &handler, &s, &err), 0);
        fake_close(&f);
        assert_int_equal(s.ended, ways[i].ended);
        assert_string_equal(s.events, ways[i].events);
    }
}

static void closed_before_it_was_sent(void **state)
{
    struct fake f;
    struct stream s = {.fake = &f};
    struct error err = ERROR_INIT;
    fake_open(&f, NULL, 0, 0);
    assert_int_equal(engine_events_open(f.engine, 0, &handler, &s, &err), 0);
    engine_events_close(f.engine);
    struct fake_result r = {0};
    engine_ping(f.engine, fake_on_done, &r);
    fake_wait(&f, &r);
    fake_close(&f);
    assert_int_equal(s.opened + s.ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_both_shapes),
        cmocka_unit_test(events_carry_the_engines_time),
        cmocka_unit_test(streams_open_and_end),
        cmocka_unit_test(cut_at_every_offset),
        cmocka_unit_test(an_event_has_a_size),
        cmocka_unit_test(a_silent_stream_is_open),
        cmocka_unit_test(callbacks_may_close_and_open),
        cmocka_unit_test(closed_before_it_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
