/* SPDX-License-Identifier: MIT
 *
 * The routes without a transport: what reaches the backend, and what is refused with which words.
 */
#include "unit.h"

#include "api/api.h"
#include "api/body.h"
#include "api/problem.h"
#include "api/target.h"
#include "api_fake.h"
#include "base/cleanup.h"

#define LEASE "0123456789abcdef0123456789abcdef"

/* A transport that notes the answer. */
struct noted {
    struct api_reply reply;
    struct api_stream stream;
    bool no_stream; /* there are too many */
    unsigned finished;
    unsigned news;
    int status;
    json_t *json;
};

static void noted_finish(struct api_reply *reply, int status, json_t *json)
{
    struct noted *noted = (struct noted *)reply;
    noted->finished++;
    noted->status = status;
    json_decref(noted->json);
    noted->json = json;
}

static void noted_progress(struct api_reply *reply, json_t *json)
{
    ((struct noted *)reply)->news++;
    json_decref(json);
}

static struct api_stream *noted_stream(struct api_reply *reply)
{
    struct noted *noted = (struct noted *)reply;
    return noted->no_stream ? NULL : &noted->stream;
}

static const struct api_reply_ops noted_ops = {
    .finish = noted_finish,
    .progress = noted_progress,
    .stream = noted_stream,
};

/* As a call in the program's own process. */
static const struct api_reply_ops plain_ops = {
    .finish = noted_finish,
    .progress = noted_progress,
};

static void noted_close(struct noted *noted)
{
    json_decref(noted->json);
}

static const char *noted_text(const struct noted *noted, const char *key)
{
    const char *text = json_string_value(json_object_get(noted->json, key));
    return text ? text : "";
}

struct route_row {
    const char *method;
    const char *target;
    int status;
    const char *expect; /* what the backend saw, or the code of the problem */
    const char *detail; /* a part of it; NULL: not looked at */
};

static const struct route_row route_rows[] = {
    {"GET", "/healthz", 200, NULL},
    {"HEAD", "/healthz", 200, NULL},
    {"GET", "/readyz", 200, "ready"},
    {"GET", "/v1/agents", 200, "agents"},
    {"HEAD", "/v1/agents", 200, "agents"},
    {"GET", "/v1/agents?", 200, "agents"},
    {"GET", "/v1/agents?&", 200, "agents"},
    {"GET", "/v1/agents/web", 200, "agent web"},
    {"GET", "/v1/agents/reconcile", 200, "agent reconcile"},
    {"GET", "/v1/stats", 200, "stats"},
    {"GET", "/v1/agents/w%65b-1.a_b", 200, "agent web-1.a_b"},
    {"POST", "/v1/pull", 200, "pull *"},
    {"POST", "/v1/agents/web/pull", 200, "pull web"},
    {"GET", "/v1/outdated", 200, "outdated"},
    {"POST", "/v1/reconcile", 200, "reconcile *"},
    {"POST", "/v1/reconcile?dry_run=1", 200, "reconcile * dry_run"},
    {"POST", "/v1/reconcile?dry_run=0", 200, "reconcile *"},
    {"POST", "/v1/reconcile?d%72y_run=%31", 200, "reconcile * dry_run"},
    {"POST", "/v1/reconcile?deep=true&remove_orphans=1&dry_run=false", 200,
     "reconcile * deep remove_orphans"},
    {"POST", "/v1/agents/web/reconcile?deep=1&recreate=1&dry_run=1", 200,
     "reconcile web dry_run deep recreate"},

    {"POST", "/v1/agents/web/wake", 200, "wake web ttl=0 wait=0/0 now=0"},
    {"POST", "/v1/agents/web/sleep", 200, "sleep web"},
    {"POST", "/v1/agents/web/restart", 200, "restart web"},
    {"PUT", "/v1/agents/web/hold", 200, "hold web -"},
    {"DELETE", "/v1/agents/web/hold", 200, "unhold web -"},
    {"POST", "/v1/leases/" LEASE "/renew", 200, "renew " LEASE " ttl=0"},
    {"DELETE", "/v1/leases/" LEASE, 200, "release " LEASE},
    {"GET", "/v1/events", 200, "events after=0 limit=100 kind=* agent=*"},
    {"GET", "/v1/events?after=7&limit=1000&kind=container_missing&agent=web&newest=1", 200,
     "events after=7 limit=1000 newest kind=container_missing agent=web"},
    {"GET", "/v1/events?after=9223372036854775807&limit=1", 200,
     "events after=9223372036854775807 limit=1 kind=* agent=*"},
    {"GET", "/v1/events?since=15m", 200, "events after=0 limit=100 kind=* agent=* since"},
    {"GET", "/v1/events?since=2026-11-24T08:10:00%2B01:00", 200,
     "events after=0 limit=100 kind=* agent=* since"},

    {"GET", "/", 404, "no_such_path"},
    {"GET", "/v1", 404, "no_such_path"},
    {"GET", "/v1/agent", 404, "no_such_path"},
    {"GET", "/v1/agentsx", 404, "no_such_path"},
    {"GET", "/v1/agents/web/", 404, "no_such_path"},
    {"GET", "//v1/agents", 404, "no_such_path"},
    {"GET", "/v1//agents", 404, "no_such_path"},
    {"GET", "/V1/agents", 404, "no_such_path"},
    {"GET", "/v1/../v1/agents", 404, "no_such_path"},
    {"GET", "/v1/agents/a/b/c/d/e/f/g/h/i/j", 404, "no_such_path"},
    {"GET", "/v1/{name}", 404, "no_such_path"},
    {"GET", "/v1/leases", 404, "no_such_path"},
    {"POST", "/v1/agents/web/wake/up", 404, "no_such_path"},

    {"POST", "/v1/agents", 405, "method_not_allowed", "POST; it has GET, HEAD"},
    {"GET", "/v1/reconcile", 405, "method_not_allowed", "GET; it has POST"},
    {"DELETE", "/healthz", 405, "method_not_allowed", "DELETE; it has GET, HEAD"},
    {"get", "/healthz", 405, "method_not_allowed"},
    {"HEAD", "/v1/reconcile", 405, "method_not_allowed"},

    {"GET", "/v1/agents/web/wake", 405, "method_not_allowed", "GET; it has POST"},
    {"POST", "/v1/agents/web/hold", 405, "method_not_allowed", "POST; it has PUT, DELETE"},
    {"POST", "/v1/leases/" LEASE, 405, "method_not_allowed", "POST; it has DELETE"},
    {"POST", "/v1/events", 405, "method_not_allowed"},
    {"POST", "/v1/stats", 405, "method_not_allowed", "POST; it has GET, HEAD"},
    {"GET", "/v1/stats?agent=web", 400, "unknown_parameter"},

    {"DELETE", "/v1/leases/", 400, "bad_lease"},
    {"DELETE", "/v1/leases/web", 400, "bad_lease", "\"web\""},
    {"DELETE", "/v1/leases/" LEASE "0", 400, "bad_lease"},
    {"DELETE", "/v1/leases/0123456789ABCDEF0123456789abcdef", 400, "bad_lease"},
    {"DELETE", "/v1/leases/0123456789abcdeg0123456789abcdef", 400, "bad_lease"},
    {"POST", "/v1/leases/renew/renew", 400, "bad_lease"},
    {"POST", "/v1/agents/-/wake", 400, "bad_name"},

    {"GET", "/v1/agents/", 400, "bad_name"},
    {"GET", "/v1/agents/-web", 400, "bad_name"},
    {"GET", "/v1/agents/web..new", 400, "bad_name"},
    {"GET", "/v1/agents/..", 400, "bad_name"},
    {"GET", "/v1/agents/%2e%2e", 400, "bad_name"},
    {"GET", "/v1/agents/we%20b", 400, "bad_name", "\"we b\""},
    {"GET", "/v1/agents/we%2525b", 400, "bad_name", "\"we%25b\""},
    {"GET", "/v1/agents/a+b", 400, "bad_name", "\"a+b\""},
    {"GET",
     "/v1/agents/"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     400, "bad_name"},

    {"GET", "", 400, "bad_path"},
    {"GET", "*", 400, "bad_path"},
    {"GET", "http://localhost/v1/agents", 400, "bad_path"},
    {"GET", "/v1/agents#x", 400, "bad_path"},
    {"GET", "/v1/agents/a%2Fb", 400, "bad_path", "part 3"},
    {"GET", "/v1/agents/a%2fb", 400, "bad_path"},
    {"GET", "/v1/agents/a%00b", 400, "bad_path"},
    {"GET", "/v1/agents/a%0Ab", 400, "bad_path"},
    {"GET", "/v1/agents/a%7f", 400, "bad_path"},
    {"GET", "/v1/agents/a%", 400, "bad_path"},
    {"GET", "/v1/agents/a%4", 400, "bad_path"},
    {"GET", "/v1/agents/a%zz", 400, "bad_path"},
    {"GET", "/v1/agents/a%+1", 400, "bad_path"},
    {"GET", "/v1/agents/a%ff", 400, "bad_path"},
    {"GET", "/v1/agents/a%c0%af", 400, "bad_path"},

    {"GET", "/v1/agents?x=1", 400, "unknown_parameter", "\"x\""},
    {"GET", "/healthz?dry_run=1", 400, "unknown_parameter"},
    {"POST", "/v1/reconcile?dryrun=1", 400, "unknown_parameter", "did you mean \"dry_run\""},
    {"POST", "/v1/reconcile?recreate=1", 400, "unknown_parameter", "\"recreate\""},
    {"POST", "/v1/agents/web/reconcile?remove_orphans=1", 400, "unknown_parameter"},
    {"POST", "/v1/reconcile?=1", 400, "unknown_parameter"},
    {"POST", "/v1/reconcile?dry_run", 400, "bad_parameter", "\"dry_run\" must be"},
    {"POST", "/v1/reconcile?dry_run=", 400, "bad_parameter"},
    {"POST", "/v1/reconcile?dry_run=yes", 400, "bad_parameter"},
    {"POST", "/v1/reconcile?dry_run=TRUE", 400, "bad_parameter"},
    {"POST", "/v1/reconcile?dry_run=1+", 400, "bad_parameter"},
    {"POST", "/v1/reconcile?dry_run=1&dry_run=0", 400, "bad_query", "given twice"},
    {"POST", "/v1/agents/web/wake?ttl=5m", 400, "unknown_parameter"},
    {"GET", "/v1/events?afetr=1", 400, "unknown_parameter", "did you mean \"after\"?"},
    {"GET", "/v1/events?after=-1", 400, "bad_parameter", "from 0 to 9223372036854775807"},
    {"GET", "/v1/events?after=9223372036854775808", 400, "bad_parameter"},
    {"GET", "/v1/events?after=99999999999999999999", 400, "bad_parameter"},
    {"GET", "/v1/events?after=%201", 400, "bad_parameter"},
    {"GET", "/v1/events?after=", 400, "bad_parameter"},
    {"GET", "/v1/events?limit=0", 400, "bad_parameter", "from 1 to 1000"},
    {"GET", "/v1/events?limit=1001", 400, "bad_parameter"},
    {"GET", "/v1/events?kind=Bad", 400, "bad_parameter", "a kind of event"},
    {"GET", "/v1/events?kind=", 400, "bad_parameter"},
    {"GET",
     "/v1/events?kind="
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     400, "bad_parameter"},
    {"GET", "/v1/events?agent=-", 400, "bad_parameter"},
    {"GET", "/v1/events?since=yesterday", 400, "bad_parameter", "a time such as"},
    {"GET", "/v1/events?since=2026-11-24", 400, "bad_parameter"},
    {"POST", "/v1/reconcile?dry_run=%", 400, "bad_query"},
    {"POST", "/v1/reconcile?dry_run=1%00", 400, "bad_query"},
    {"POST", "/v1/reconcile?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1",
     400, "bad_query", "more than 16"},
};

static void route_row_check(const struct route_row *row)
{
    struct fake fake = {0};
    _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
    struct api_request request = {.method = row->method, .target = row->target};
    ROW("%s %s", row->method, row->target);
    api_dispatch(&fake_backend, &fake, &request, &noted.reply);
    assert_int_equal(noted.finished, 1);
    assert_int_equal(noted.status, row->status);
    assert_int_equal(fake.calls, row->status == 200 && row->expect);
    if (row->status == 200) {
        assert_string_equal(fake.last, row->expect ? row->expect : "");
        return;
    }
    assert_string_equal(noted_text(&noted, "code"), row->expect);
    assert_string_equal(noted_text(&noted, "type"), "about:blank");
    assert_string_not_equal(noted_text(&noted, "title"), "");
    assert_int_equal(json_integer_value(json_object_get(noted.json, "status")), row->status);
    if (row->detail && !strstr(noted_text(&noted, "detail"), row->detail))
        fail_msg("detail: %s", noted_text(&noted, "detail"));
}

static void test_routes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(route_rows); i++)
        route_row_check(&route_rows[i]);
}

static void test_health_needs_no_backend(void **state)
{
    (void)state;
    _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
    struct api_request request = {.method = "GET", .target = "/healthz"};
    api_dispatch(&(struct api_backend){0}, NULL, &request, &noted.reply);
    assert_int_equal(noted.status, 200);
    assert_string_equal(noted_text(&noted, "status"), "ok");
}

static void test_allow_header(void **state)
{
    (void)state;
    struct fake fake = {0};
    _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
    struct api_request request = {.method = "PUT", .target = "/v1/agents"};
    api_dispatch(&fake_backend, &fake, &request, &noted.reply);
    assert_string_equal(noted.reply.allow, "GET, HEAD");
    request.method = "GET";
    api_dispatch(&fake_backend, &fake, &request, &noted.reply);
    assert_string_equal(noted.reply.allow, "");
}

struct body_row {
    const char *method, *target;
    const char *json;
    int status;
    const char *expect; /* as in route_row */
    const char *detail;
};

#define WAKE  "POST", "/v1/agents/web/wake"
#define RENEW "POST", "/v1/leases/" LEASE "/renew"
#define HOLD  "PUT", "/v1/agents/web/hold"

static const struct body_row body_rows[] = {
    {"POST", "/v1/reconcile", "{}", 200, "reconcile *"},
    {"POST", "/v1/reconcile", "{\"dry_run\":true}", 400, "unexpected_body"},
    {"POST", "/v1/reconcile", "[]", 400, "unexpected_body"},
    {"POST", "/v1/reconcile", "null", 400, "unexpected_body"},
    {"POST", "/v1/reconcile", "1", 400, "unexpected_body"},
    {"POST", "/v1/agents/web/sleep", "{\"now\":true}", 400, "unexpected_body"},
    {"DELETE", "/v1/agents/web/hold", "{\"reason\":\"x\"}", 400, "unexpected_body"},

    {WAKE, "{}", 200, "wake web ttl=0 wait=0/0 now=0"},
    {WAKE, "{\"ttl\":\"1h30m\",\"wait\":true,\"timeout\":\"90s\",\"now\":true}", 200,
     "wake web ttl=5400000 wait=1/90000 now=1"},
    {WAKE, "{\"ttl\":\"24h\",\"wait\":false,\"now\":false}", 200,
     "wake web ttl=86400000 wait=0/0 now=0"},
    {WAKE, "[]", 400, "bad_body", "an object"},
    {WAKE, "null", 400, "bad_body"},
    {WAKE, "{\"tll\":\"5m\"}", 400, "unknown_key", "\"tll\"; did you mean \"ttl\"?"},
    {WAKE, "{\"TTL\":\"5m\"}", 400, "unknown_key", "did you mean \"ttl\"?"},
    {WAKE, "{\"agent\":\"web\"}", 400, "unknown_key", "unknown key \"agent\""},
    {WAKE, "{\"ttl\":300}", 400, "bad_body", "\"ttl\" must be a duration such as \"90s\""},
    {WAKE, "{\"ttl\":\"300\"}", 400, "bad_body"},
    {WAKE, "{\"ttl\":\"\"}", 400, "bad_body"},
    {WAKE, "{\"ttl\":null}", 400, "bad_body"},
    {WAKE, "{\"ttl\":\"0\"}", 422, "invalid", "more than 0 and at most 24h"},
    {WAKE, "{\"ttl\":\"24h1s\"}", 422, "invalid", "at most 24h"},
    {WAKE, "{\"ttl\":\"99999999999h\"}", 422, "invalid"},
    {WAKE, "{\"wait\":true,\"timeout\":\"25h\"}", 422, "invalid", "\"timeout\""},
    {WAKE, "{\"timeout\":\"60s\"}", 400, "bad_body", "needs \"wait\": true"},
    {WAKE, "{\"wait\":\"true\"}", 400, "bad_body", "\"wait\" must be true or false"},
    {WAKE, "{\"wait\":1}", 400, "bad_body"},

    {RENEW, "{\"ttl\":\"500ms\"}", 200, "renew " LEASE " ttl=500"},
    {RENEW, "{\"ttl\":\"25h\"}", 422, "invalid"},
    {RENEW, "{\"wait\":true}", 400, "unknown_key"},

    {HOLD, "{\"reason\":\"a dump\"}", 200, "hold web a dump"},
    {HOLD, "{\"reason\":\"\"}", 200, "hold web "},
    {HOLD, "{\"reason\":true}", 400, "bad_body", "a text of at most 1024 bytes"},
    {HOLD, "{\"raeson\":\"x\"}", 400, "unknown_key", "did you mean \"reason\"?"},
};

static void body_row_check(const struct body_row *row)
{
    struct fake fake = {0};
    _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
    json_t *body = json_loads(row->json, JSON_DECODE_ANY, NULL);
    struct api_request request = {.method = row->method, .target = row->target, .body = body};
    ROW("%s %s %s", row->method, row->target, row->json);
    assert_non_null(body);
    api_dispatch(&fake_backend, &fake, &request, &noted.reply);
    json_decref(body);
    assert_int_equal(noted.finished, 1);
    assert_int_equal(noted.status, row->status);
    assert_int_equal(fake.calls, row->status == 200);
    assert_string_equal(row->status == 200 ? fake.last : noted_text(&noted, "code"), row->expect);
    if (row->detail && !strstr(noted_text(&noted, "detail"), row->detail))
        fail_msg("detail: %s", noted_text(&noted, "detail"));
}

static void test_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(body_rows); i++)
        body_row_check(&body_rows[i]);
}

static void test_long_reason(void **state)
{
    (void)state;
    static const struct {
        int len, status;
    } rows[] = {{1024, 200}, {1025, 422}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%d", rows[i].len);
        struct fake fake = {0};
        _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
        char reason[1026];
        (void)snprintf(reason, sizeof(reason), "%0*d", rows[i].len, 0);
        json_t *body = json_pack("{s:s}", "reason", reason);
        struct api_request request = {
            .method = "PUT", .target = "/v1/agents/web/hold", .body = body};
        api_dispatch(&fake_backend, &fake, &request, &noted.reply);
        json_decref(body);
        assert_int_equal(noted.status, rows[i].status);
    }
}

struct stream_row {
    const char *target;
    const char *last_event_id;
    int status;         /* 0: a stream */
    const char *expect; /* as in route_row */
};

static const struct stream_row stream_rows[] = {
    {"/v1/events", NULL, 0, "follow after=-1 limit=0 kind=* agent=*"},
    {"/v1/events", "", 0, "follow after=-1 limit=0 kind=* agent=*"},
    {"/v1/events?after=7&kind=woken&agent=web", NULL, 0,
     "follow after=7 limit=0 kind=woken agent=web"},
    {"/v1/events?after=0", NULL, 0, "follow after=0 limit=0 kind=* agent=*"},
    {"/v1/events?after=7", "9", 0, "follow after=9 limit=0 kind=* agent=*"},
    {"/v1/events", "0", 0, "follow after=0 limit=0 kind=* agent=*"},
    {"/v1/events?since=1h", NULL, 0, "follow after=0 limit=0 kind=* agent=* since"},
    {"/v1/events?since=1h", "9", 0, "follow after=9 limit=0 kind=* agent=* since"},
    {"/v1/events", "abc", 400, "bad_last_event_id"},
    {"/v1/events", "-1", 400, "bad_last_event_id"},
    {"/v1/events?limit=5", NULL, 400, "bad_parameter"},
    {"/v1/events?newest=1", NULL, 400, "bad_parameter"},
    {"/v1/events?x=1", NULL, 400, "unknown_parameter"},
    {"/v1/agents", NULL, 200, "agents"},
};

static void test_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stream_rows); i++) {
        const struct stream_row *row = &stream_rows[i];
        struct fake fake = {0};
        _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
        struct api_request request = {.method = "GET",
                                      .target = row->target,
                                      .wants_progress = true,
                                      .wants_stream = true,
                                      .busy = true,
                                      .last_event_id = row->last_event_id};
        ROW("%s, %s", row->target, row->last_event_id ? row->last_event_id : "NULL");
        api_dispatch(&fake_backend, &fake, &request, &noted.reply);
        assert_int_equal(noted.status, row->status);
        assert_int_equal(noted.finished, row->status != 0);
        assert_int_equal(fake.streams_len, row->status == 0);
        assert_string_equal(row->status < 400 ? fake.last : noted_text(&noted, "code"),
                            row->expect);
    }
}

static void test_no_stream_is_to_be_had(void **state)
{
    (void)state;
    struct fake fake = {0};
    struct api_request request = {.method = "GET", .target = "/v1/events", .wants_stream = true};
    {
        ROW("too many");
        _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
        noted.no_stream = true;
        api_dispatch(&fake_backend, &fake, &request, &noted.reply);
        assert_int_equal(noted.status, 503);
        assert_string_equal(noted_text(&noted, "code"), "busy");
    }
    {
        ROW("the transport has none");
        _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &plain_ops}};
        api_dispatch(&fake_backend, &fake, &request, &noted.reply);
        assert_int_equal(noted.status, 200);
    }
    {
        ROW("news are wanted, but rather JSON");
        _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
        request.wants_stream = false;
        request.wants_progress = true;
        api_dispatch(&fake_backend, &fake, &request, &noted.reply);
        assert_int_equal(noted.status, 200);
    }
    assert_int_equal(fake.streams_len, 0);
}

static void test_busy_refuses_only_what_waits(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *json;
        bool refused;
    } rows[] = {
        {"POST", "/v1/reconcile", "{}", true},
        {"GET", "/v1/agents", "{}", false},
        {WAKE, "{\"wait\":true}", true},
        {WAKE, "{}", false},
        {"POST", "/v1/agents/web/sleep", "{}", true},
        {"POST", "/v1/agents/web/restart", "{}", true},
        {RENEW, "{}", false},
        {"DELETE", "/v1/leases/" LEASE, "{}", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s %s", rows[i].target, rows[i].json);
        struct fake fake = {0};
        _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
        json_t *body = json_loads(rows[i].json, 0, NULL);
        struct api_request request = {
            .method = rows[i].method, .target = rows[i].target, .body = body, .busy = true};
        api_dispatch(&fake_backend, &fake, &request, &noted.reply);
        json_decref(body);
        assert_int_equal(noted.status, rows[i].refused ? 503 : 200);
        assert_int_equal(fake.calls, !rows[i].refused);
        if (rows[i].refused)
            assert_string_equal(noted_text(&noted, "code"), "busy");
    }
}

static void answer_with_news(struct fake *fake, struct api_reply *reply)
{
    (void)fake;
    api_reply_progress(reply, json_pack("{s:i}", "done", 1));
    api_reply_json(reply, 200, json_object());
}

static void test_progress_only_when_asked_and_where_there_is_some(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target;
        bool wants;
        unsigned news;
        const char *json;
    } rows[] = {
        {"POST", "/v1/reconcile", true, 1},
        {"POST", "/v1/reconcile", false, 0},
        {"POST", "/v1/agents/web/reconcile", true, 1},
        {"GET", "/v1/agents", true, 0},
        {WAKE, true, 1, "{\"wait\":true}"},
        {WAKE, true, 0, "{\"wait\":false}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s %d", rows[i].target, rows[i].wants);
        struct fake fake = {.on_call = answer_with_news};
        _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
        json_t *body = rows[i].json ? json_loads(rows[i].json, 0, NULL) : NULL;
        struct api_request request = {.method = rows[i].method,
                                      .target = rows[i].target,
                                      .body = body,
                                      .wants_progress = rows[i].wants};
        api_dispatch(&fake_backend, &fake, &request, &noted.reply);
        json_decref(body);
        assert_int_equal(noted.news, rows[i].news);
        assert_int_equal(noted.finished, 1);
    }
}

static void answer_without_memory(struct fake *fake, struct api_reply *reply)
{
    (void)fake;
    api_reply_json(reply, 200, NULL);
}

static void test_an_answer_that_there_is_no_memory_for_is_a_problem(void **state)
{
    (void)state;
    struct fake fake = {.on_call = answer_without_memory};
    _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
    struct api_request request = {.method = "GET", .target = "/v1/agents"};
    api_dispatch(&fake_backend, &fake, &request, &noted.reply);
    assert_int_equal(noted.status, 500);
    assert_string_equal(noted_text(&noted, "detail"), "out of memory");
}

static void answer_with_error(struct fake *fake, struct api_reply *reply)
{
    api_reply_error(reply, fake->ctx);
}

static void test_errors_become_problems(void **state)
{
    (void)state;
    static const struct {
        struct error err;
        int status;
        const char *code;
    } rows[] = {
        {{ERROR_CONFLICT, "held", "web is held"}, 409, "held"},
        {{ERROR_CONFLICT, "", "web is held"}, 409, "conflict"},
        {{ERROR_NOT_FOUND, "", "no agent web"}, 404, "not_found"},
        {{ERROR_STORAGE, "", "disk full"}, 507, "storage"},
        {{ERROR_NONE, "", ""}, 500, "failed"},
        {{ERROR_FAILED, "", "bytes \xff\x01 of the engine"}, 500, "failed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%d", rows[i].status);
        struct error err = rows[i].err;
        struct fake fake = {.on_call = answer_with_error, .ctx = &err};
        _cleanup_(noted_close) struct noted noted = {.reply = {.ops = &noted_ops}};
        struct api_request request = {.method = "GET", .target = "/v1/agents"};
        api_dispatch(&fake_backend, &fake, &request, &noted.reply);
        assert_int_equal(noted.status, rows[i].status);
        assert_string_equal(noted_text(&noted, "code"), rows[i].code);
        assert_string_not_equal(noted_text(&noted, "detail"), "");

        /* And back: the client's error is the backend's. */
        struct error back = ERROR_INIT;
        problem_read(noted.status, noted.json, &back);
        if (err.kind != ERROR_NONE)
            assert_int_equal(back.kind, err.kind);
        assert_string_equal(back.code, rows[i].code);
        assert_string_equal(back.text, noted_text(&noted, "detail"));
    }
}

static void test_problem_read_takes_anything(void **state)
{
    (void)state;
    static const struct {
        const char *json; /* NULL: none */
        int status;
        enum error_kind kind;
        const char *code, *text;
    } rows[] = {
        {NULL, 404, ERROR_NOT_FOUND, "not_found", "the daemon answered with HTTP status 404"},
        {"[]", 500, ERROR_FAILED, "failed", "the daemon answered with HTTP status 500"},
        {"{\"title\":\"Gone\"}", 410, ERROR_GONE, "gone", "Gone"},
        {"{\"detail\":7,\"code\":[]}", 418, ERROR_FAILED, "",
         "the daemon answered with HTTP status 418"},
        {"{\"detail\":\"x\",\"code\":\"y\"}", 504, ERROR_TIMEOUT, "y", "x"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].json ? rows[i].json : "NULL");
        json_t *json = rows[i].json ? json_loads(rows[i].json, 0, NULL) : NULL;
        struct error err = ERROR_INIT;
        problem_read(rows[i].status, json, &err);
        json_decref(json);
        assert_int_equal(err.kind, rows[i].kind);
        assert_string_equal(err.code, rows[i].code);
        assert_string_equal(err.text, rows[i].text);
    }
}

static void test_body_parse(void **state)
{
    (void)state;
    static const struct {
        const char *type, *text;
        int r;
        const char *detail;
    } rows[] = {
        {NULL, "", 0},
        {"text/plain", "", 0},
        {"application/json", "{}", 0},
        {"Application/JSON ; charset=utf-8", "[1]", 0},
        {"application/json", "null", 0},
        {NULL, "{}", 415, "Content-Type: application/json"},
        {"text/plain", "{}", 415},
        {"application/json2", "{}", 415},
        {"application/jsonp", "{}", 415},
        {"application/json", "{\n \"a\": }", 400, "line 2, column 7"},
        {"application/json", "{\"a\":1,\"a\":2}", 400, "duplicate"},
        {"application/json", "{} {}", 400},
        {"application/json", "\"\xff\"", 400},
        {"application/json", " ", 400},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s: %s", rows[i].type ? rows[i].type : "NULL", rows[i].text);
        struct error err = ERROR_INIT;
        json_t *json = NULL;
        assert_int_equal(body_parse(rows[i].type, rows[i].text, strlen(rows[i].text), &json, &err),
                         rows[i].r);
        assert_int_equal(json != NULL, rows[i].r == 0 && *rows[i].text);
        json_decref(json);
        if (rows[i].detail && !strstr(err.text, rows[i].detail))
            fail_msg("detail: %s", err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_health_needs_no_backend),
        cmocka_unit_test(test_allow_header),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_long_reason),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_no_stream_is_to_be_had),
        cmocka_unit_test(test_busy_refuses_only_what_waits),
        cmocka_unit_test(test_progress_only_when_asked_and_where_there_is_some),
        cmocka_unit_test(test_an_answer_that_there_is_no_memory_for_is_a_problem),
        cmocka_unit_test(test_errors_become_problems),
        cmocka_unit_test(test_problem_read_takes_anything),
        cmocka_unit_test(test_body_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
