/* SPDX-License-Identifier: MIT
 *
 * Calls that take more than one request: which are sent, in which order, and what the whole means
 * when one of them fails.
 */
#include "unit.h"

#include "engine_fake.h"

#define ID      "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"
#define M(text) "{\"message\":\"" text "\"}"

/* --- create, then attach --- */

#define CREATED                                                                                    \
    {                                                                                              \
        .request = "/containers/create?name=web", .status = 201,                                   \
        .body = "{\"Id\":\"" ID "\",\"Warnings\":[\"no swap\",7,\"no cpu\"]}"                      \
    }
#define ATTACH_A                                                                                   \
    "POST /v1.41/networks/a/connect {\"Container\":\"" ID                                          \
    "\",\"EndpointConfig\":{\"Aliases\":[\"w\"]}}"
#define ATTACH_B "POST /v1.41/networks/b/connect {\"Container\":\"" ID "\",\"EndpointConfig\":{}}"
#define REMOVE   "DELETE /v1.41/containers/" ID "?v=0&force=0"

static const struct {
    const char *name;
    struct fake_rule rules[4];
    enum engine_outcome outcome;
    const char *words[2];
    const char *sent; /* the steps that were sent: c create, a and b attach, r remove */
} creations[] = {
    {"all well",
     {CREATED, {.request = ATTACH_A, .status = 200}, {.request = ATTACH_B, .status = 200}},
     ENGINE_DONE,
     {0},
     "cab"},
    {"attached already",
     {CREATED,
      {.request = ATTACH_A,
       .status = 403,
       .body = M("endpoint with name web already exists in network a")},
      {.request = ATTACH_B, .status = 200}},
     ENGINE_DONE,
     {0},
     "cab"},
    {"refused at once",
     {{.request = "/create", .status = 400, .body = M("bad option")}},
     ENGINE_REFUSED,
     {"create container web: bad option"},
     "c"},
    {"cut off",
     {{.request = "/create", .then = FAKE_CLOSE}},
     ENGINE_UNKNOWN,
     {"create container web"},
     "c"},
    {"the second network is missing",
     {CREATED,
      {.request = ATTACH_A, .status = 200},
      {.request = ATTACH_B, .status = 404, .body = M("network b not found")},
      {.request = REMOVE, .status = 204}},
     ENGINE_NOT_FOUND,
     {"create container web: attach to network b: network b not found"},
     "cabr"},
    {"the address is taken",
     {CREATED,
      {.request = ATTACH_A, .status = 403, .body = M("Address already in use")},
      {.request = REMOVE, .status = 204}},
     ENGINE_REFUSED,
     {"Address already in use"},
     "car"},
    {"somebody removed it meanwhile",
     {CREATED,
      {.request = ATTACH_A, .status = 404, .body = M("No such container: " ID)},
      {.request = REMOVE, .status = 404, .body = M("No such container: " ID)}},
     ENGINE_NOT_FOUND,
     {"No such container"},
     "car"},
    {"the attachment is cut off, the removal is not",
     {CREATED, {.request = ATTACH_A, .then = FAKE_CLOSE}, {.request = REMOVE, .status = 204}},
     ENGINE_UNKNOWN,
     {"attach to network a"},
     "car"},
    {"it cannot be removed again",
     {CREATED,
      {.request = ATTACH_A, .status = 404, .body = M("network a not found")},
      {.request = REMOVE, .status = 500, .body = M("disk on fire")}},
     ENGINE_UNKNOWN,
     {"network a not found",
      "could not be removed again: remove container c1c1c1c1c1c1: disk on fire"},
     "car"},
};

static void sent_steps(const struct fake *f, char *ret_steps, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_log && n + 1 < size; i++) {
        const char *r = f->log[i];
        if (strstr(r, "/_ping"))
            continue;
        ret_steps[n++] = (char)(strstr(r, "/create")           ? 'c'
                                : strstr(r, "/networks/a/con") ? 'a'
                                : strstr(r, "/networks/b/con") ? 'b'
                                : strstr(r, "DELETE")          ? 'r'
                                                               : '?');
    }
    ret_steps[n] = '\0';
}

static void create_attaches_or_takes_back(void **state)
{
    static const struct engine_attach attach[] = {{"a", "{\"Aliases\":[\"w\"]}"}, {"b", NULL}};
    static const struct engine_create create = {.name = "web",
                                                .body = "{\"Image\":\"x\"}",
                                                .body_len = 13,
                                                .attach = attach,
                                                .n_attach = 2};
    for (size_t i = 0; i < ARRAY_LEN(creations); i++) {
        struct fake f;
        struct fake_result r = {0};
        char steps[16];
        size_t n = 0;
        while (n < ARRAY_LEN(creations[i].rules) && creations[i].rules[n].request)
            n++;
        ROW("%s", creations[i].name);
        fake_open(&f, creations[i].rules, n, 0);
        engine_create(f.engine, &create, fake_on_done, &r);
        fake_wait(&f, &r);
        assert_string_equal(engine_outcome_name(r.outcome),
                            engine_outcome_name(creations[i].outcome));
        sent_steps(&f, steps, sizeof(steps));
        assert_string_equal(steps, creations[i].sent);
        for (int w = 0; w < 2 && creations[i].words[w]; w++)
            assert_non_null(strstr(r.error.text, creations[i].words[w]));
        if (r.outcome == ENGINE_DONE) {
            assert_string_equal(r.id, ID);
            assert_string_equal(r.warning, "no swap");
            assert_int_equal(fake_count(&f, "create?name=web {\"Image\":\"x\"}"), 1);
        }
        fake_close(&f);
    }
}

static void an_endpoint_has_a_size(void **state)
{
    const struct fake_rule rules[] = {CREATED, {.request = REMOVE, .status = 204}};
    _cleanup_(buf_close) struct buf endpoint = BUF_INIT((size_t)16 << 20);
    for (int i = 0; i < 9 << 10; i++)
        (void)buf_printf(&endpoint, "%1024s", "");
    const struct engine_attach attach = {"a", buf_text(&endpoint)};
    const struct engine_create create = {
        .name = "web", .body = "{}", .body_len = 2, .attach = &attach, .n_attach = 1};
    struct fake f;
    struct fake_result r = {0};
    fake_open(&f, rules, ARRAY_LEN(rules), 0);
    engine_create(f.engine, &create, fake_on_done, &r);
    fake_wait(&f, &r);
    assert_int_equal(r.outcome, ENGINE_REFUSED);
    assert_non_null(strstr(r.error.text, "too large"));
    assert_int_equal(fake_count(&f, REMOVE), 1);
    fake_close(&f);
}

/* --- other calls of several steps --- */

enum what { UNPAUSE, NETWORK, VOLUME, REJOIN };

#define NOT_PAUSED                                                                                 \
    {                                                                                              \
        .request = "/unpause", .status = 500, .body = M("Container web is not paused")             \
    }
#define INSPECTED(status_word)                                                                     \
    {                                                                                              \
        .request = "/containers/web/json", .status = 200,                                          \
        .body = "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"" status_word "\"}}"                   \
    }

static const struct {
    const char *name;
    enum what what;
    struct fake_rule rules[3];
    enum engine_outcome outcome;
    const char *words;
    const char *not_sent; /* no request of this kind */
} flows[] = {
    {"unpause of what runs",
     UNPAUSE,
     {NOT_PAUSED, INSPECTED("running")},
     ENGINE_ALREADY,
     NULL,
     NULL},
    {"unpause of what is down",
     UNPAUSE,
     {NOT_PAUSED, INSPECTED("exited")},
     ENGINE_BUSY,
     "it is exited",
     NULL},
    {"unpause of what is gone since",
     UNPAUSE,
     {NOT_PAUSED, {.request = "/json", .status = 404, .body = M("No such container: web")}},
     ENGINE_NOT_FOUND,
     "No such container",
     NULL},

    {"a network that is there",
     NETWORK,
     {{.request = "GET /v1.41/networks?filters=%7B%22name%22%3A%5B%22net%22%5D%7D ",
       .status = 200,
       .body = "[{\"Name\":\"net2\",\"Id\":\"2\"},{\"Name\":\"net\",\"Id\":\"5\"}]"}},
     ENGINE_ALREADY,
     NULL,
     "POST"},
    {"networks that only contain the name",
     NETWORK,
     {{.request = "GET /v1.41/networks",
       .status = 200,
       .body = "[{\"Name\":\"xnet\",\"Id\":\"2\"},{\"Name\":5},7,null]"},
      {.request = "/networks/create", .status = 201, .body = "{\"Id\":\"5\"}"}},
     ENGINE_DONE,
     NULL,
     NULL},
    {"two of a name: the last that roost made goes",
     NETWORK,
     {{.request = "GET /v1.41/networks",
       .status = 200,
       .body = "[{\"Name\":\"net\",\"Id\":\"5\",\"Labels\":{\"roost.fleet\":\"f\"}},"
               "{\"Name\":\"net\",\"Id\":\"4\",\"Labels\":{\"roost.fleet\":\"f\"}},"
               "{\"Name\":\"net\",\"Id\":\"6\"}]"},
      {.request = "DELETE /v1.41/networks/4 ", .status = 204}},
     ENGINE_ALREADY,
     NULL,
     "networks/6"},
    {"two of a name, of which the last is in use",
     NETWORK,
     {{.request = "GET /v1.41/networks",
       .status = 200,
       .body = "[{\"Name\":\"net\",\"Id\":\"4\",\"Labels\":{\"roost.fleet\":\"f\"}},"
               "{\"Name\":\"net\",\"Id\":\"5\",\"Labels\":{\"roost.fleet\":\"f\"}}]"},
      {.request = "DELETE /v1.41/networks/5 ",
       .status = 403,
       .body = M("error while removing network: network net id 5 has active endpoints")},
      {.request = "DELETE /v1.41/networks/4 ", .status = 204}},
     ENGINE_ALREADY,
     NULL,
     "POST"},
    {"networks that cannot be read",
     NETWORK,
     {{.request = "GET /v1.41/networks", .status = 200, .body = "<html>"}},
     ENGINE_UNREACHABLE,
     "not a list of networks",
     "POST"},
    {"networks that come cut off",
     NETWORK,
     {{.request = "GET /v1.41/networks",
       .raw = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]",
       .then = FAKE_CLOSE}},
     ENGINE_UNREACHABLE,
     "look up network net",
     "POST"},
    {"networks that are refused",
     NETWORK,
     {{.request = "GET /v1.41/networks", .status = 403, .body = "Forbidden"}},
     ENGINE_REFUSED,
     "Forbidden",
     "POST"},

    {"a volume that is there",
     VOLUME,
     {{.request = "GET /v1.41/volumes/vol", .status = 200, .body = "{\"Name\":\"vol\"}"}},
     ENGINE_ALREADY,
     NULL,
     "POST"},
    {"a volume that cannot be looked up",
     VOLUME,
     {{.request = "GET /v1.41/volumes/vol", .status = 500, .body = M("plugin is down")}},
     ENGINE_REFUSED,
     "plugin is down",
     "POST"},
    {"a volume whose looking up is cut off",
     VOLUME,
     {{.request = "GET /v1.41/volumes/vol",
       .raw = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
       .then = FAKE_CLOSE}},
     ENGINE_UNREACHABLE,
     "look up volume vol",
     "POST"},

    {"left and joined",
     REJOIN,
     {{.request = "POST /v1.41/networks/net/disconnect {\"Container\":\"" ID "\",\"Force\":true}",
       .status = 200},
      {.request =
           "POST /v1.41/networks/net/connect {\"Container\":\"" ID "\",\"EndpointConfig\":{}}",
       .status = 200}},
     ENGINE_DONE,
     NULL,
     NULL},
    {"joined though it had left",
     REJOIN,
     {{.request = "/disconnect", .status = 404, .body = M("not connected")},
      {.request = "/connect", .status = 200}},
     ENGINE_DONE,
     NULL,
     NULL},
    {"cannot join",
     REJOIN,
     {{.request = "/disconnect", .status = 200},
      {.request = "/connect", .status = 404, .body = M("network net not found")}},
     ENGINE_NOT_FOUND,
     "network net not found",
     NULL},
};

static void call(struct fake *f, enum what what, struct fake_result *r)
{
    static const struct engine_attach attach = {"net", NULL};
    switch (what) {
    case UNPAUSE:
        engine_unpause(f->engine, "web", fake_on_done, r);
        break;
    case NETWORK:
        engine_network_create(f->engine, "net", "{}", fake_on_done, r);
        break;
    case VOLUME:
        engine_volume_create(f->engine, "vol", "{}", fake_on_done, r);
        break;
    case REJOIN:
        engine_rejoin(f->engine, ID, &attach, fake_on_done, r);
        break;
    }
}

static void several_steps_are_one_call(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
        struct fake f;
        struct fake_result r = {0};
        size_t n = 0;
        while (n < ARRAY_LEN(flows[i].rules) && flows[i].rules[n].request)
            n++;
        ROW("%s", flows[i].name);
        fake_open(&f, flows[i].rules, n, 0);
        call(&f, flows[i].what, &r);
        fake_wait(&f, &r);
        assert_string_equal(engine_outcome_name(r.outcome), engine_outcome_name(flows[i].outcome));
        if (flows[i].words)
            assert_non_null(strstr(r.error.text, flows[i].words));
        else
            assert_false(error_is_set(&r.error));
        if (flows[i].not_sent)
            assert_int_equal(fake_count(&f, flows[i].not_sent), 0);
        if (flows[i].what == NETWORK && !flows[i].words)
            assert_string_equal(r.id, "5");
        fake_close(&f);
    }
}

static void a_listing_may_be_filtered(void **state)
{
    static const struct fake_rule rule = {
        .request = "/containers/"
                   "json?all=1&filters=%7B%22label%22%3A%5B%22roost.fleet%3Da%5C%22b%22%5D%7D ",
        .status = 200,
        .body = "[]"};
    struct fake f;
    struct fake_result r = {0}, bad = {0};
    fake_open(&f, &rule, 1, 0);
    engine_list(f.engine, "roost.fleet=a\"b", fake_on_row, fake_on_done, &r);
    fake_wait(&f, &r);
    assert_int_equal(r.outcome, ENGINE_DONE);
    engine_list(f.engine, "roost.fleet=\xff", fake_on_row, fake_on_done, &bad);
    fake_wait(&f, &bad);
    assert_int_equal(bad.outcome, ENGINE_REFUSED); /* not everything, unfiltered */
    fake_close(&f);
}

/* --- the engine's facts --- */

struct facts {
    unsigned calls;
    enum engine_outcome outcome;
    char text[256];
};

static void on_info(void *ctx, const struct engine_result *result, const struct engine_info *info)
{
    struct facts *facts = ctx;
    facts->calls++;
    facts->outcome = result->outcome;
    if (info)
        (void)snprintf(facts->text, sizeof(facts->text), "%s %s %s %s %d %s", info->version,
                       info->api_version, info->min_api_version, info->os, info->live_restore,
                       info->root_dir);
    else
        (void)snprintf(facts->text, sizeof(facts->text), "%s", result->error.text);
}

static void facts_of_the_engine(void **state)
{
    static const struct {
        struct fake_rule rules[2];
        enum engine_outcome outcome;
        const char *text;
    } rows[] = {
        {{{.request = "GET /v1.41/version",
           .status = 200,
           .body = "{\"Version\":\"20\",\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}"},
          {.request = "/info",
           .status = 200,
           .body = "{\"OperatingSystem\":\"Debian\",\"LiveRestoreEnabled\":true,\"DockerRootDir\":"
                   "\"/d\"}"}},
         ENGINE_DONE,
         "20 1.41 1.12 Debian 1 /d"},
        {{{.request = "GET /v1.41/version", .status = 200, .body = "{\"Version\":5}"},
          {.request = "/info", .status = 200, .body = "{}"}},
         ENGINE_DONE,
         "    0 "},
        {{{.request = "GET /v1.41/version", .status = 200, .body = "[]"}},
         ENGINE_UNKNOWN,
         "read the engine's facts: the answer is not JSON"},
        {{{.request = "GET /v1.41/version", .status = 200, .body = "{}"},
          {.request = "/info", .status = 500, .body = M("no")}},
         ENGINE_REFUSED,
         "read the engine's facts: no"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake f;
        struct facts facts = {0};
        ROW("%zu", i);
        fake_open(&f, rows[i].rules, 2 - !rows[i].rules[1].request, 0);
        engine_info(f.engine, on_info, &facts);
        while (facts.calls == 0)
            (void)uv_run(&f.loop, UV_RUN_ONCE);
        assert_int_equal(facts.outcome, rows[i].outcome);
        assert_string_equal(facts.text, rows[i].text);
        fake_close(&f);
        assert_int_equal(facts.calls, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_attaches_or_takes_back),
        cmocka_unit_test(an_endpoint_has_a_size),
        cmocka_unit_test(several_steps_are_one_call),
        cmocka_unit_test(a_listing_may_be_filtered),
        cmocka_unit_test(facts_of_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
