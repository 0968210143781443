/* SPDX-License-Identifier: MIT
 *
 * The server against clients that are not ours: byte by byte over the socket, well-formed and
 * not. Whatever comes, the server answers or closes, goes on, and keeps nothing.
 */
#include "unit.h"

#include <sys/syscall.h>

#include "api_world.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: x\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: x\r\n"
#define CLOSE      "Connection: close\r\n"
#define JSON       "Content-Type: application/json\r\n"

struct wire_row {
    const char *name;
    const char *send;
    size_t send_len;      /* 0: strlen(send) */
    const char *expect;   /* a part of what comes back; "" nothing at all */
    const char *expect_2; /* another */
    unsigned answers;     /* how many; 0 not looked at */
    bool backend_is_called;
};

static const struct wire_row wire_rows[] = {
    {"plain", GET("/healthz") CLOSE "\r\n", 0, "\r\n\r\n{\"status\":\"ok\"}\n",
     "Content-Type: application/json\r\n", 1},
    {"HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", 0, " 200 OK\r\n", "{\"status\":\"ok\"}\n", 1},
    {"HEAD", "HEAD /healthz HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n", 0, "Content-Length: 16\r\n",
     NULL, 1},
    {"not cached", GET("/healthz") CLOSE "\r\n", 0, "Cache-Control: no-store\r\n"},
    {"kept connection", GET("/healthz") "\r\n" GET("/healthz") CLOSE "\r\n", 0, " 200 OK\r\n", NULL,
     2},
    {"pipelined, the middle one refused",
     GET("/healthz") "\r\n" GET("/nothing") "\r\n" GET("/healthz") CLOSE "\r\n", 0,
     " 404 Not Found\r\n", "{\"status\":\"ok\"}\n", 3},
    {"pipelined behind a body",
     POST("/v1/reconcile") JSON "Content-Length: 2\r\n\r\n{}" GET("/healthz") CLOSE "\r\n", 0,
     "\"reconcile *\"", "{\"status\":\"ok\"}\n", 2, true},
    {"chunked body",
     POST("/v1/reconcile") JSON CLOSE
     "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
     0, "\"reconcile *\"", NULL, 1, true},
    {"404 is a problem", GET("/nothing") CLOSE "\r\n", 0, "Content-Type: application/problem+json",
     "\"code\":\"no_such_path\"", 1},
    {"405 says what is allowed", "PUT /v1/agents HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n", 0,
     "Allow: GET, HEAD\r\n", " 405 Method Not Allowed\r\n", 1},
    {"escapes are decoded once", GET("/v1/agents/a%252e") CLOSE "\r\n", 0, "\\\"a%2e\\\" is not",
     NULL, 1},
    {"%00", GET("/v1/agents/a%00") CLOSE "\r\n", 0, "\"code\":\"bad_path\"", NULL, 1},
    {"%2F", GET("/v1%2Fagents") CLOSE "\r\n", 0, "\"code\":\"bad_path\"", NULL, 1},
    {"query", POST("/v1/reconcile?dry_run=1&deep=%31") CLOSE "Content-Length: 0\r\n\r\n", 0,
     "\"reconcile * dry_run deep\"", NULL, 1, true},
    {"unknown query", GET("/v1/agents?dry=1") CLOSE "\r\n", 0,
     "unknown query parameter \\\"dry\\\"", NULL, 1},

    {"not JSON", POST("/v1/reconcile") JSON CLOSE "Content-Length: 2\r\n\r\n{x", 0,
     " 400 Bad Request\r\n", "line 1, column 2", 1},
    {"duplicate key",
     POST("/v1/reconcile") JSON CLOSE "Content-Length: 13\r\n\r\n{\"a\":1,\"a\":2}", 0,
     "\"code\":\"bad_json\"", NULL, 1},
    {"a form",
     POST("/v1/reconcile") CLOSE
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\ndry_run=1",
     0, " 415 Unsupported Media Type\r\n", "\"code\":\"not_json\"", 1},
    {"a body without type", POST("/v1/reconcile") CLOSE "Content-Length: 2\r\n\r\n{}", 0, " 415 ",
     NULL, 1},
    {"a body that is not ignored",
     POST("/v1/reconcile") JSON CLOSE "Content-Length: 16\r\n\r\n{\"dry_run\":true}", 0,
     "\"code\":\"unexpected_body\"", NULL, 1},
    {"too long, said beforehand", POST("/v1/reconcile") JSON "Content-Length: 1048577\r\n\r\n", 0,
     " 413 Content Too Large\r\n", "\"code\":\"too_large\"", 1},
    {"too long, asked beforehand",
     POST("/v1/reconcile") JSON "Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n", 0,
     "HTTP/1.1 413 ", NULL, 1},

    {"left idle after an answer", GET("/healthz") "\r\n", 0, " 200 OK\r\n", NULL, 1},
    {"nothing", "", 0, ""},
    {"a byte", "G", 0, ""},
    {"half a head", GET("/healthz"), 0, ""},
    {"half a body", POST("/v1/reconcile") JSON "Content-Length: 10\r\n\r\n{", 0, ""},
    {"half a chunk", POST("/v1/reconcile") "Transfer-Encoding: chunked\r\n\r\nff\r\n{", 0, ""},
    {"blank lines", "\r\n\r\n\r\n\r\n", 0, ""},
    {"zeros", "\0\0\0\0\0\0\0\0", 8, ""},
    {"only a method", "GET\r\n\r\n", 0, ""},
    {"blanks", "   \r\n\r\n", 0, ""},
    {"a blank in the target", GET("/v1/ agents") "\r\n", 0, ""},
    {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15, ""},
    {"no Host", "GET /healthz HTTP/1.1\r\n\r\n", 0, "HTTP/1.1 400 "},
    {"a header without colon", GET("/healthz") "nonsense\r\n\r\n", 0, "HTTP/1.1 400 "},
    {"negative length", POST("/v1/reconcile") "Content-Length: -1\r\n\r\n", 0, "HTTP/1.1 4"},
    {"monstrous length", POST("/v1/reconcile") "Content-Length: 99999999999999999999999999\r\n\r\n",
     0, "HTTP/1.1 4"},
    {"bad chunk", POST("/v1/reconcile") "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
     0, "HTTP/1.1 4"},
};

static void client_raw(struct client *client)
{
    int fd = raw_connect(client);
    size_t len = client->send_len ? client->send_len : strlen(client->send);
    if (fd < 0)
        return;
    /* The server may refuse before it has taken all: what it says counts. */
    (void)raw_send(fd, client->send, len);
    raw_receive(client, fd);
    (void)close(fd);
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static void wire_row_check(const struct wire_row *row)
{
    struct world world;
    ROW("%s", row->name);
    world_open(&world);
    world.options.heartbeat_ms = 5;
    /* Soon, where nothing is to be said; else late enough for the slowest machine. */
    world.options.read_timeout_ms = *row->expect ? 1000 : 30;
    struct client *raw = world_client(&world, client_raw);
    raw->send = row->send;
    raw->send_len = row->send_len;
    world_run(&world);
    assert_non_null(raw->received);
    if (!*row->expect && raw->received_len > 0)
        fail_msg("%s", raw->received);
    if (!strstr(raw->received, row->expect))
        fail_msg("%s", raw->received);
    if (row->expect_2 && !strstr(raw->received, row->expect_2))
        fail_msg("%s", raw->received);
    if (row->answers)
        assert_int_equal(count(raw->received, "HTTP/1."), row->answers);
    assert_int_equal(world.fake.calls, row->backend_is_called);
    world_close(&world);
}

static void test_wire(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wire_rows); i++)
        wire_row_check(&wire_rows[i]);
}

static void test_head_has_no_body(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    struct client *raw = world_client(&world, client_raw);
    raw->send = "HEAD /v1/agents HTTP/1.1\r\nHost: x\r\n" CLOSE "\r\n";
    world_run(&world);
    assert_non_null(strstr(raw->received, "200 OK"));
    assert_null(strstr(raw->received, "{"));
    world_close(&world);
}

/* `head`, then `len` times a blank or so, then `tail`. */
static char *long_request(const char *head, size_t len, const char *tail)
{
    char *text = malloc(strlen(head) + len + strlen(tail) + 1);
    assert_non_null(text);
    char *p = stpcpy(text, head);
    memset(p, ' ', len);
    memcpy(p + len, tail, strlen(tail) + 1);
    return text;
}

/* Chunks of 64 KiB of blanks. */
static char *long_chunks(size_t chunks)
{
    static const char head[] =
        POST("/v1/reconcile") JSON CLOSE "Transfer-Encoding: chunked\r\n\r\n";
    char *text = malloc(sizeof(head) + chunks * 65600 + 16);
    assert_non_null(text);
    char *p = stpcpy(text, head);
    for (size_t i = 0; i < chunks; i++) {
        p = stpcpy(p, "10000\r\n");
        memset(p, ' ', 65536);
        p = stpcpy(p + 65536, "\r\n");
    }
    memcpy(p, "0\r\n\r\n", 6);
    return text;
}

static void long_row_check(char *steal_request, const char *expect)
{
    struct world world;
    world_open(&world);
    struct client *raw = world_client(&world, client_raw);
    raw->send = steal_request;
    world_run(&world);
    free(steal_request);
    if (!*expect && raw->received_len > 0)
        fail_msg("%s", raw->received);
    if (!strstr(raw->received, expect))
        fail_msg("%s", raw->received);
    assert_int_equal(world.fake.calls, 0);
    world_close(&world);
}

static void test_too_long(void **state)
{
    (void)state;
    ROW("a header");
    long_row_check(long_request(GET("/healthz") "X: a", 200000, "a\r\n\r\n"), "HTTP/1.1 4");
    ROW("a body of the longest length is read");
    long_row_check(long_request(POST("/v1/reconcile") JSON CLOSE "Content-Length: 1048576\r\n\r\n",
                                1048576, ""),
                   "\"code\":\"bad_json\"");
    ROW("a chunked body of that length");
    long_row_check(long_chunks(16), "\"code\":\"bad_json\"");
    ROW("a chunked body longer than that");
    long_row_check(long_chunks(17), "\"code\":\"too_large\"");
    ROW("a chunked body without end");
    long_row_check(long_chunks(90), "");
}

/* One byte after the other, for ever. */
static void client_slow(struct client *client)
{
    static const char head[] = GET("/healthz") "X: ";
    int fd = raw_connect(client);
    bool open = fd >= 0 && raw_send(fd, head, sizeof(head) - 1);
    while (open && raw_send(fd, "a", 1))
        (void)usleep(1000);
    client->r = 1;
    (void)close(fd);
}

static void test_slow_sender_is_cut_off(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.options.heartbeat_ms = 5;
    world.options.read_timeout_ms = 30;
    struct client *slow = world_client(&world, client_slow);
    world_run(&world);
    assert_int_equal(slow->r, 1);
    world_close(&world);
}

static void client_hit_and_run(struct client *client)
{
    for (size_t i = 0; i < ARRAY_LEN(wire_rows) * 4; i++) {
        const struct wire_row *row = &wire_rows[i % ARRAY_LEN(wire_rows)];
        size_t len = row->send_len ? row->send_len : strlen(row->send);
        int fd = raw_connect(client);
        if (fd < 0)
            continue;
        (void)raw_send(fd, row->send, i % 2 ? len : len / 2);
        (void)close(fd);
    }
}

static void test_clients_that_never_listen(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    for (int i = 0; i < 8; i++)
        (void)world_client(&world, client_hit_and_run);
    struct client *ok = world_caller(&world, "GET", "/v1/agents");
    world_run(&world);
    assert_int_equal(ok->r, 0);
    world_close(&world);
}

/* It may have to try again: on a busy machine it too may be taken for one that says nothing. */
static void client_persistent(struct client *client)
{
    do {
        error_clear(&client->err);
        client_call(client);
    } while (client->r < 0 && strcmp(client->err.code, "daemon_died") == 0);
}

/* More connections than there may be: those that say nothing time out, and the others get their
 * turn. */
static void test_connections_are_limited(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.options.heartbeat_ms = 5;
    world.options.read_timeout_ms = 20;
    world.options.connections_max = 4;
    for (int i = 0; i < 20; i++)
        world_client(&world, client_raw)->send = "";
    struct client *ok = world_client(&world, client_persistent);
    ok->method = "GET";
    ok->target = "/v1/agents";
    world_run(&world);
    assert_int_equal(ok->r, 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(world.clients[i].received_len, 0);
    world_close(&world);
}

/* The kernel has no descriptor for a connection, for a hundred ticks. */
static unsigned ticks_left, refusals;

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    if (ticks_left == 0)
        return (int)syscall(SYS_accept4, fd, address, len, flags);
    refusals++;
    errno = EMFILE;
    return -1;
}

static void on_deaf_tick(struct world *world)
{
    (void)world;
    if (ticks_left > 0 && refusals > 0)
        ticks_left--;
}

/* Then it is not asked again and again, and the connection is not lost. */
static void test_no_descriptor_for_a_connection(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    ticks_left = 100;
    world.on_tick = on_deaf_tick;
    struct client *client = world_caller(&world, "GET", "/v1/agents");
    world_run(&world);
    assert_int_equal(client->r, 0);
    assert_int_equal(ticks_left, 0);
    assert_in_range(refusals, 1, 50);
    world_close(&world);
}

int main(void)
{
    world_warm_up();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire),
        cmocka_unit_test(test_head_has_no_body),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_slow_sender_is_cut_off),
        cmocka_unit_test(test_clients_that_never_listen),
        cmocka_unit_test(test_connections_are_limited),
        cmocka_unit_test(test_no_descriptor_for_a_connection),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
