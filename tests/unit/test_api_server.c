/* SPDX-License-Identifier: MIT
 *
 * Server and client together over a socket: answers at once and later, streams, closing.
 */
#include "unit.h"

#include <errno.h>

#include "api_world.h"

static void test_answers_at_once(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    struct client *ok = world_caller(&world, "GET", "/v1/agents/web");
    struct client *missing = world_caller(&world, "GET", "/v1/nothing");
    struct client *method = world_caller(&world, "DELETE", "/v1/agents");
    struct client *dots = world_caller(&world, "GET", "/v1/x/../agents");
    struct client *head = world_caller(&world, "HEAD", "/v1/agents");
    world_run(&world);

    assert_int_equal(ok->r, 0);
    assert_int_equal(ok->answer.status, 200);
    assert_string_equal(json_string_value(json_object_get(ok->answer.json, "call")), "agent web");
    assert_true(missing->r < 0);
    assert_int_equal(missing->err.kind, ERROR_NOT_FOUND);
    assert_string_equal(missing->err.code, "no_such_path");
    assert_true(method->r < 0);
    assert_string_equal(method->err.code, "method_not_allowed");
    assert_string_equal(dots->err.code, "no_such_path");
    assert_int_equal(head->r, 0);
    assert_null(head->answer.json);
    world_close(&world);
}

static void test_bodies_go_over(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    struct client *ok = world_caller(&world, "POST", "/v1/reconcile");
    struct client *refused = world_caller(&world, "POST", "/v1/reconcile");
    ok->body = "{}";
    refused->body = "{\"dry_run\":true}";
    world_run(&world);
    assert_int_equal(ok->r, 0);
    assert_int_equal(refused->r, -EREMOTEIO);
    assert_string_equal(refused->err.code, "unexpected_body");
    world_close(&world);
}

#define MANY 64

static void answer_kept(struct fake *fake)
{
    while (fake->kept_len > 0) {
        unsigned n = --fake->kept_len;
        api_reply_json(fake->kept[n], 200, json_pack("{s:i}", "n", n));
    }
}

static void keep_until_many(struct fake *fake, struct api_reply *reply)
{
    fake->kept[fake->kept_len++] = reply;
    if (fake->kept_len == MANY)
        answer_kept(fake);
}

static void tick_until_many(struct world *world)
{
    if (world->fake.kept_len == MANY)
        answer_kept(&world->fake);
}

static void many_wait(void (*on_call)(struct fake *, struct api_reply *),
                      void (*on_tick)(struct world *), bool wants_news)
{
    struct world world;
    world_open(&world);
    world.fake.keep = true;
    world.fake.on_call = on_call;
    world.on_tick = on_tick;
    for (int i = 0; i < MANY; i++)
        world_caller(&world, "POST", "/v1/reconcile")->wants_news = wants_news;
    world_run(&world);
    bool seen[MANY] = {false};
    for (int i = 0; i < MANY; i++) {
        const struct client *client = &world.clients[i];
        assert_int_equal(client->r, 0);
        json_int_t n = json_integer_value(json_object_get(client->answer.json, "n"));
        assert_in_range(n, 0, MANY - 1);
        assert_false(seen[n]);
        seen[n] = true;
    }
    assert_int_equal(world.fake.calls, MANY);
    world_close(&world);
}

/* From within the backend's call, that is within libmicrohttpd; and from the loop. */
static void test_many_answers_later(void **state)
{
    (void)state;
    many_wait(keep_until_many, NULL, false);
    many_wait(NULL, tick_until_many, false);
    many_wait(NULL, tick_until_many, true);
}

/* One call answers another's, from within libmicrohttpd, and then nothing more happens on the
 * wire: the other must be woken all the same. */

enum { FIRST_WAITS, FIRST_IS_DONE };

static void second_answers_first(struct fake *fake, struct api_reply *reply)
{
    if (strncmp(fake->last, "reconcile", 9) == 0) {
        fake->kept[fake->kept_len++] = reply;
        world_signal(fake->ctx, FIRST_WAITS);
        return;
    }
    answer_kept(fake);
    api_reply_json(reply, 200, json_object());
}

static void client_first(struct client *client)
{
    client_call(client);
    world_signal(client->world, FIRST_IS_DONE);
}

static void client_second(struct client *client)
{
    int fd = raw_connect(client);
    world_await(client->world, FIRST_WAITS);
    (void)raw_send(fd, client->send, strlen(client->send));
    world_await(client->world, FIRST_IS_DONE);
    (void)close(fd);
}

static void test_one_call_answers_another(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.fake.on_call = second_answers_first;
    struct client *first = world_client(&world, client_first);
    first->method = "POST";
    first->target = "/v1/reconcile";
    world_client(&world, client_second)->send = "GET /v1/agents HTTP/1.1\r\nHost: x\r\n\r\n";
    world_run(&world);
    assert_int_equal(first->r, 0);
    world_close(&world);
}

static void tell_and_report(struct fake *fake, struct api_reply *reply)
{
    (void)fake;
    api_reply_progress(reply, json_pack("{s:i}", "done", 1));
    api_reply_progress(reply, json_pack("{s:i}", "done", 2));
    api_reply_json(reply, 200, json_pack("{s:i}", "n", 7));
}

static void tell_and_fail(struct fake *fake, struct api_reply *reply)
{
    (void)fake;
    struct error err = ERROR_INIT;
    (void)error_set(&err, 0, ERROR_CONFLICT, "held", "web is held");
    api_reply_progress(reply, json_pack("{s:i}", "done", 1));
    api_reply_error(reply, &err);
}

static void fail_at_once(struct fake *fake, struct api_reply *reply)
{
    (void)fake;
    api_reply_problem(reply, 409, "held", "web is held");
}

static void test_stream_within_the_call(void **state)
{
    (void)state;
    static const struct {
        void (*on_call)(struct fake *, struct api_reply *);
        int r;
        unsigned news;
        const char *code;
    } rows[] = {
        {tell_and_report, 0, 2, ""},
        {tell_and_fail, -EREMOTEIO, 1, "held"},
        {fail_at_once, -EREMOTEIO, 0, "held"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%zu", i);
        struct world world;
        world_open(&world);
        world.fake.on_call = rows[i].on_call;
        struct client *client = world_caller(&world, "POST", "/v1/reconcile");
        client->wants_news = true;
        world_run(&world);
        assert_int_equal(client->r, rows[i].r);
        assert_int_equal(client->news, rows[i].news);
        assert_string_equal(client->err.code, rows[i].code);
        if (rows[i].r < 0)
            assert_int_equal(client->err.kind, ERROR_CONFLICT);
        else
            assert_int_equal(json_integer_value(json_object_get(client->answer.json, "n")), 7);
        world_close(&world);
    }
}

#define NEWS 5

static void tell_each_tick(struct world *world)
{
    struct fake *fake = &world->fake;
    if (fake->kept_len == 0)
        return;
    if (fake->calls++ < NEWS)
        api_reply_progress(fake->kept[0], json_pack("{s:i}", "done", fake->calls));
    else
        answer_kept(fake);
}

static void test_stream_from_the_loop(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.options.heartbeat_ms = 1; /* between the news, to be skipped */
    world.fake.keep = true;
    world.on_tick = tell_each_tick;
    struct client *client = world_caller(&world, "POST", "/v1/agents/web/reconcile");
    client->wants_news = true;
    world_run(&world);
    assert_int_equal(client->r, 0);
    assert_int_equal(client->news, NEWS - 1); /* the call itself was counted too */
    world_close(&world);
}

/* A client that hangs up while its answer is awaited. */

enum { REPLY_IS_KEPT, PEER_IS_GONE };

static void client_hangs_up(struct client *client)
{
    int fd = raw_connect(client);
    (void)raw_send(fd, client->send, strlen(client->send));
    world_await(client->world, REPLY_IS_KEPT);
    (void)close(fd);
    world_await(client->world, PEER_IS_GONE);
}

static void watch_peers(struct world *world)
{
    if (world->fake.kept_len == 0)
        return;
    world_signal(world, REPLY_IS_KEPT);
    if (!world->server->peers)
        world_signal(world, PEER_IS_GONE);
}

static void test_client_hangs_up(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /v1/reconcile HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/reconcile HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        ROW("%s", i ? "stream" : "plain");
        struct world world;
        world_open(&world);
        world.options.heartbeat_ms = 2;
        world.fake.keep = true;
        world.on_tick = watch_peers;
        world_client(&world, client_hangs_up)->send = requests[i];
        world_run(&world);
        /* The server has forgotten the client, and is gone; the backend goes on and ends. */
        assert_int_equal(world.fake.kept_len, 1);
        api_reply_progress(world.fake.kept[0], json_pack("{s:i}", "done", 1));
        answer_kept(&world.fake);
        world_close(&world);
    }
}

/* A client that has shut its sending side is not gone: nc and scripts do so. */
static void client_half_closed(struct client *client)
{
    int fd = raw_connect(client);
    (void)raw_send(fd, client->send, strlen(client->send));
    (void)shutdown(fd, SHUT_WR);
    raw_receive(client, fd);
    (void)close(fd);
}

static void answer_after_ticks(struct world *world)
{
    if (world->fake.kept_len > 0 && world->fake.calls++ > 5)
        answer_kept(&world->fake);
}

static void test_half_closed_client_gets_its_answer(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.options.heartbeat_ms = 1;
    world.fake.keep = true;
    world.on_tick = answer_after_ticks;
    struct client *client = world_client(&world, client_half_closed);
    client->send = "POST /v1/reconcile HTTP/1.1\r\nHost: x\r\n\r\n";
    world_run(&world);
    assert_non_null(strstr(client->received, "{\"n\":0}"));
    world_close(&world);
}

/* However long it takes: a client that waits is not one that is slow to send. */
static void answer_after_ticks_without_patience(struct world *world)
{
    /* Not before the request is here, which may take its time on a busy machine. */
    if (world->fake.kept_len > 0)
        world->server->read_timeout_ms = 1;
    answer_after_ticks(world);
}

static void test_waiting_is_not_idling(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.options.heartbeat_ms = 1;
    world.fake.keep = true;
    world.on_tick = answer_after_ticks_without_patience;
    struct client *plain = world_client(&world, client_half_closed);
    plain->send = "POST /v1/reconcile HTTP/1.1\r\nHost: x\r\n\r\n";
    world_run(&world);
    assert_non_null(strstr(plain->received, "{\"n\":0}"));
    world_close(&world);
}

/* A client that reads nothing while news come faster than it could. */

#define FLOOD 20000

enum { MAY_READ };

static void flood(struct world *world)
{
    if (world->fake.kept_len == 0)
        return;
    const struct exchange *ex = world->server->exchanges;
    for (int i = 0; i < FLOOD; i++) {
        api_reply_progress(world->fake.kept[0], json_pack("{s:i}", "done", i));
        assert_in_range(ex->out.len, 0, API_STREAM_MAX + 64);
    }
    if (++world->fake.calls < 20)
        return;
    answer_kept(&world->fake);
    world_signal(world, MAY_READ);
}

static void client_reads_late(struct client *client)
{
    int fd = raw_connect(client);
    (void)raw_send(fd, client->send, strlen(client->send));
    world_await(client->world, MAY_READ);
    raw_receive(client, fd);
    (void)close(fd);
}

static void test_flood_of_news(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.fake.keep = true;
    world.on_tick = flood;
    struct client *client = world_client(&world, client_reads_late);
    client->send = "POST /v1/reconcile HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   "Accept: text/event-stream\r\n\r\n";
    world_run(&world);
    assert_non_null(
        strstr(client->received, "event: report\ndata: {\"status\":200,\"body\":{\"n\":0}}"));
    world_close(&world);
}

/* Passes wait until all others have been told that they may not; listings are answered at once. */
static void keep_passes(struct fake *fake, struct api_reply *reply)
{
    if (strncmp(fake->last, "reconcile", 9) == 0)
        fake->kept[fake->kept_len++] = reply;
    else
        api_reply_json(reply, 200, json_object());
}

static void answer_when_others_are_done(struct world *world)
{
    (void)pthread_mutex_lock(&world->lock);
    unsigned done = world->clients_done;
    (void)pthread_mutex_unlock(&world->lock);
    if (world->fake.kept_len > 0 && done == world->clients_len - world->fake.kept_len)
        answer_kept(&world->fake);
}

/* A client that never reads its answer is dropped in the end. */
#define LONG_ANSWER ((size_t)8 << 20)

static void answer_long(struct fake *fake, size_t len, struct api_reply *reply)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'a', len);
    text[len] = '\0';
    fake->kept_len = 1; /* for watch_peers() */
    api_reply_json(reply, 200, json_stringn_nocheck(text, len));
    free(text);
}

static void answer_longer_than_a_socket_takes(struct fake *fake, struct api_reply *reply)
{
    answer_long(fake, LONG_ANSWER, reply);
}

static void client_never_reads(struct client *client)
{
    int fd = raw_connect(client);
    (void)raw_send(fd, client->send, strlen(client->send));
    world_await(client->world, PEER_IS_GONE);
    raw_receive(client, fd);
    (void)close(fd);
}

static void test_client_that_never_reads(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.options.silence_timeout_s = 1;
    world.fake.on_call = answer_longer_than_a_socket_takes;
    world.on_tick = watch_peers;
    struct client *client = world_client(&world, client_never_reads);
    client->send = "GET /v1/agents HTTP/1.1\r\nHost: x\r\n\r\n";
    world_run(&world);
    assert_in_range(client->received_len, 1, LONG_ANSWER - 1);
    world_close(&world);
}

static void answer_longer_than_allowed(struct fake *fake, struct api_reply *reply)
{
    answer_long(fake, API_ANSWER_MAX + API_STREAM_MAX, reply);
}

static void test_answer_too_long(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.fake.on_call = answer_longer_than_allowed;
    struct client *client = world_caller(&world, "GET", "/v1/agents");
    world_run(&world);
    assert_int_equal(client->err.kind, ERROR_FAILED);
    assert_string_equal(client->err.code, "too_large");
    world_close(&world);
}

static void test_too_many_wait(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.options.waiting_max = 2;
    world.fake.on_call = keep_passes;
    world.on_tick = answer_when_others_are_done;
    struct client *listing = world_caller(&world, "GET", "/v1/agents");
    for (int i = 0; i < 8; i++)
        world_caller(&world, "POST", "/v1/reconcile");
    world_run(&world);
    assert_int_equal(listing->r, 0);
    int done = 0;
    for (int i = 1; i <= 8; i++) {
        done += world.clients[i].r == 0;
        if (world.clients[i].r < 0)
            assert_string_equal(world.clients[i].err.code, "busy");
    }
    assert_int_equal(done, 2);
    world_close(&world);
}

/* Closing. */

static void close_when_many_wait(struct world *world)
{
    if (world->fake.kept_len == MANY)
        world_close_server(world);
}

static void stop_within_the_call(struct fake *fake, struct api_reply *reply)
{
    fake->kept[fake->kept_len++] = reply;
    world_close_server(fake->ctx);
}

static void assert_told_to_stop(const struct client *client)
{
    assert_true(client->r < 0);
    assert_int_equal(client->err.kind, ERROR_UNREACHABLE);
    assert_string_equal(client->err.code, "stopping");
}

static void test_close_with_many_waiting(void **state)
{
    (void)state;
    for (int news = 0; news < 2; news++) {
        ROW("%s", news ? "stream" : "plain");
        struct world world;
        world_open(&world);
        world.fake.keep = true;
        world.on_tick = close_when_many_wait;
        for (int i = 0; i < MANY; i++)
            world_caller(&world, "POST", "/v1/reconcile")->wants_news = news;
        world_run(&world);
        for (int i = 0; i < MANY; i++)
            assert_told_to_stop(&world.clients[i]);
        assert_int_equal(world.fake.kept_len, MANY);
        answer_kept(&world.fake);
        world_close(&world);
    }
}

/* The backend's own end, in the same turn of the loop, comes too late. */
static void close_then_answer(struct world *world)
{
    if (world->fake.kept_len == 0)
        return;
    world_close_server(world);
    answer_kept(&world->fake);
}

static void test_one_report_only(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.fake.keep = true;
    world.on_tick = close_then_answer;
    struct client *client = world_client(&world, client_half_closed);
    client->send = "POST /v1/reconcile HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n";
    world_run(&world);
    const char *report = strstr(client->received, "event: report\n");
    assert_non_null(report);
    assert_non_null(strstr(report, "\"stopping\""));
    assert_null(strstr(report + 1, "event: report\n"));
    world_close(&world);
}

static void test_close_within_the_call(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.fake.on_call = stop_within_the_call;
    struct client *client = world_caller(&world, "POST", "/v1/reconcile");
    world_run(&world);
    assert_told_to_stop(client);
    answer_kept(&world.fake);
    world_close(&world);
}

/* A request that is never whole must not hold up the end for more than its grace. */
static void close_when_connected(struct world *world)
{
    if (world->server && world->server->exchanges)
        world_close_server(world);
}

static void client_unfinished(struct client *client)
{
    int fd = raw_connect(client);
    (void)raw_send(fd, client->send, strlen(client->send));
    raw_receive(client, fd);
    (void)close(fd);
}

static void test_close_with_an_unfinished_request(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    world.on_tick = close_when_connected;
    struct client *client = world_client(&world, client_unfinished);
    client->send = "POST /v1/reconcile HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n";
    world_run(&world);
    assert_int_equal(client->received_len, 0);
    world_close(&world);
}

static void test_open_and_close_at_once(void **state)
{
    (void)state;
    struct world world;
    struct error err = ERROR_INIT;
    world_open(&world);
    assert_int_equal(api_server_open(&world.loop, &world.options, &world.server, &err), 0);
    world_close_server(&world);
    assert_false(world.closed);
    uv_close((uv_handle_t *)&world.client_done, NULL);
    uv_close((uv_handle_t *)&world.tick, NULL);
    assert_int_equal(uv_run(&world.loop, UV_RUN_DEFAULT), 0);
    assert_true(world.closed);
    assert_int_equal(uv_loop_close(&world.loop), 0);
    assert_int_equal(fds_open(), world.fds_before);
    world_close(&world);
}

int main(void)
{
    world_warm_up();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_at_once),
        cmocka_unit_test(test_bodies_go_over),
        cmocka_unit_test(test_many_answers_later),
        cmocka_unit_test(test_one_call_answers_another),
        cmocka_unit_test(test_stream_within_the_call),
        cmocka_unit_test(test_stream_from_the_loop),
        cmocka_unit_test(test_client_hangs_up),
        cmocka_unit_test(test_half_closed_client_gets_its_answer),
        cmocka_unit_test(test_waiting_is_not_idling),
        cmocka_unit_test(test_flood_of_news),
        cmocka_unit_test(test_client_that_never_reads),
        cmocka_unit_test(test_answer_too_long),
        cmocka_unit_test(test_too_many_wait),
        cmocka_unit_test(test_close_with_many_waiting),
        cmocka_unit_test(test_one_report_only),
        cmocka_unit_test(test_close_within_the_call),
        cmocka_unit_test(test_close_with_an_unfinished_request),
        cmocka_unit_test(test_open_and_close_at_once),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
