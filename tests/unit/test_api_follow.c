/* SPDX-License-Identifier: MIT
 *
 * Streams of events between server and client: nothing is lost or kept without bound, whoever is
 * slow, and whoever leaves first.
 */
#include "unit.h"

#include <errno.h>

#include "api_world.h"

#define EVENTS 20000

/* The backend's side: a table of EVENTS events, of which `next` is the next to be sent. */
struct source {
    struct api_stream *stream;
    int64_t next;
    int64_t last;
    unsigned refused;
    unsigned gone;
    bool end_when_done;
    size_t longest; /* that the queue has been */
};

struct stage {
    struct world world;
    struct source source;
    int64_t seen; /* by the client */
    bool in_order;
    int64_t enough; /* the client ends it there; 0: it does not */
    bool stop;
    char last_id[24];
};

static struct stage *stage_of(void *world)
{
    return (struct stage *)((char *)world - offsetof(struct stage, world));
}

static void source_run(struct stage *stage)
{
    struct source *source = &stage->source;
    while (source->stream && source->next <= source->last) {
        json_t *json = json_pack("{s:I, s:s}", "id", (json_int_t)source->next, "kind", "woken");
        if (!api_stream_send(source->stream, source->next, "woken", json)) {
            source->refused++;
            return;
        }
        source->next++;
        const struct exchange *ex = stage->world.server ? stage->world.server->exchanges : NULL;
        if (ex && ex->out.len > source->longest)
            source->longest = ex->out.len;
    }
    if (source->stream && source->end_when_done && source->next > source->last) {
        api_stream_end(source->stream);
        source->stream = NULL;
    }
}

static void source_gone(void *ctx)
{
    struct source *source = ctx;
    source->gone++;
    source->stream = NULL;
}

static void source_room(void *ctx)
{
    struct source *source = ctx;
    source_run((struct stage *)((char *)source - offsetof(struct stage, source)));
}

static void follow_from_the_call(struct fake *fake, struct api_stream *stream)
{
    struct stage *stage = stage_of(fake->ctx);
    stage->source.stream = stream;
    api_stream_listen(stream, source_gone, source_room, &stage->source);
    source_run(stage);
}

static void stage_open(struct stage *stage)
{
    *stage = (struct stage){.in_order = true, .source = {.next = 1}};
    world_open(&stage->world);
    stage->world.fake.on_follow = follow_from_the_call;
}

static int seen(void *ctx, const char *id, const json_t *event)
{
    struct stage *stage = ctx;
    int64_t n = json_integer_value(json_object_get(event, "id"));
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)n);
    stage->in_order = stage->in_order && n == stage->seen + 1 && strcmp(id, text) == 0;
    stage->seen = n;
    return stage->enough && n >= stage->enough ? 7 : 0;
}

static bool asked_to_stop(void *ctx)
{
    struct stage *stage = ctx;
    (void)pthread_mutex_lock(&stage->world.lock);
    bool stop = stage->stop;
    (void)pthread_mutex_unlock(&stage->world.lock);
    return stop;
}

static void client_follow(struct client *client)
{
    struct stage *stage = stage_of(client->world);
    const struct api_client api = {
        .socket_path = client->world->path, .stop = asked_to_stop, .stop_ctx = stage};
    client->r =
        api_client_follow(&api, "/v1/events?after=0", stage->last_id, seen, stage, &client->err);
}

static void stage_close(struct stage *stage)
{
    assert_null(stage->source.stream);
    world_close(&stage->world);
}

static void test_all_arrive_in_order(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.source.last = EVENTS;
    stage.source.end_when_done = true;
    struct client *client = world_client(&stage.world, client_follow);
    world_run(&stage.world);
    assert_int_equal(client->r, 0);
    assert_true(stage.in_order);
    assert_int_equal(stage.seen, EVENTS);
    assert_in_range(stage.source.refused, 1, EVENTS);
    assert_in_range(stage.source.longest, API_STREAM_MAX, API_STREAM_MAX + 128);
    assert_int_equal(stage.source.gone, 0);
    stage_close(&stage);
}

/* Fewer events than the queue takes: the end follows what was sent. */
static void test_end_within_the_call(void **state)
{
    (void)state;
    for (int64_t last = 0; last < 3; last++) {
        ROW("%d", (int)last);
        struct stage stage;
        stage_open(&stage);
        stage.source.last = last;
        stage.source.end_when_done = true;
        struct client *client = world_client(&stage.world, client_follow);
        world_run(&stage.world);
        assert_int_equal(client->r, 0);
        assert_int_equal(stage.seen, last);
        assert_string_equal(stage.world.fake.last, "follow after=0 limit=0 kind=* agent=*");
        stage_close(&stage);
    }
}

static void one_more_each_tick(struct world *world)
{
    struct stage *stage = stage_of(world);
    if (!stage->source.stream)
        return;
    stage->source.last++;
    stage->source.end_when_done = stage->source.last == 20;
    source_run(stage);
}

static void test_events_as_they_come(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.world.options.heartbeat_ms = 1; /* between them, to be skipped */
    stage.world.on_tick = one_more_each_tick;
    struct client *client = world_client(&stage.world, client_follow);
    world_run(&stage.world);
    assert_int_equal(client->r, 0);
    assert_true(stage.in_order);
    assert_int_equal(stage.seen, 20);
    stage_close(&stage);
}

static void test_last_event_id(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.source.end_when_done = true;
    (void)snprintf(stage.last_id, sizeof(stage.last_id), "17");
    struct client *client = world_client(&stage.world, client_follow);
    world_run(&stage.world);
    assert_int_equal(client->r, 0);
    assert_string_equal(stage.world.fake.last, "follow after=17 limit=0 kind=* agent=*");
    stage_close(&stage);
}

static void test_client_has_seen_enough(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.source.last = EVENTS;
    stage.enough = 3;
    stage.world.options.heartbeat_ms = 1;
    struct client *client = world_client(&stage.world, client_follow);
    world_run(&stage.world);
    assert_int_equal(client->r, 7);
    assert_int_equal(client->err.kind, ERROR_NONE);
    assert_int_equal(stage.seen, 3);
    if (stage.source.stream) /* the server was closed before it saw the client leave */
        source_gone((api_stream_end(stage.source.stream), &stage.source));
    stage_close(&stage);
}

/* One that is followed in silence, whose client leaves: the backend is told, once. */

enum { STREAM_IS_OPEN, STREAM_IS_GONE };

static void watch_stream(struct world *world)
{
    struct stage *stage = stage_of(world);
    if (stage->source.stream)
        world_signal(world, STREAM_IS_OPEN);
    if (stage->source.gone)
        world_signal(world, STREAM_IS_GONE);
}

static void client_leaves(struct client *client)
{
    int fd = raw_connect(client);
    (void)raw_send(fd, client->send, strlen(client->send));
    world_await(client->world, STREAM_IS_OPEN);
    (void)close(fd);
    world_await(client->world, STREAM_IS_GONE);
}

#define FOLLOW "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"

static void test_client_leaves(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.world.options.heartbeat_ms = 2;
    stage.world.on_tick = watch_stream;
    world_client(&stage.world, client_leaves)->send = FOLLOW;
    world_run(&stage.world);
    assert_int_equal(stage.source.gone, 1);
    assert_string_equal(stage.world.fake.last, "follow after=-1 limit=0 kind=* agent=*");
    stage_close(&stage);
}

/* One that reads nothing while events wait for it. */

static void client_reads_nothing(struct client *client)
{
    int fd = raw_connect(client);
    (void)raw_send(fd, client->send, strlen(client->send));
    world_await(client->world, STREAM_IS_GONE);
    raw_receive(client, fd);
    (void)close(fd);
}

static void test_client_reads_nothing(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.source.last = EVENTS;
    stage.world.options.silence_timeout_s = 1;
    stage.world.on_tick = watch_stream;
    world_client(&stage.world, client_reads_nothing)->send = FOLLOW;
    world_run(&stage.world);
    assert_int_equal(stage.source.gone, 1);
    assert_in_range(stage.source.next, 2, EVENTS - 1);
    stage_close(&stage);
}

/* The head and a first word come before there is any event. */

enum { HEAD_IS_SEEN };

static void client_sees_head(struct client *client)
{
    char bytes[1024] = "";
    int fd = raw_connect(client);
    (void)raw_send(fd, client->send, strlen(client->send));
    for (size_t len = 0; !strstr(bytes, ":\n\n") && len + 1 < sizeof(bytes);) {
        ssize_t n = recv(fd, bytes + len, sizeof(bytes) - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    world_signal(client->world, HEAD_IS_SEEN);
    raw_receive(client, fd);
    (void)close(fd);
}

static void end_when_head_is_seen(struct world *world)
{
    struct stage *stage = stage_of(world);
    (void)pthread_mutex_lock(&world->lock);
    bool head_is_seen = world->signals[HEAD_IS_SEEN];
    (void)pthread_mutex_unlock(&world->lock);
    if (!head_is_seen || !stage->source.stream)
        return;
    api_stream_end(stage->source.stream);
    stage->source.stream = NULL;
    stage->seen = 1;
}

static void test_head_comes_at_once(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.world.on_tick = end_when_head_is_seen;
    struct client *client = world_client(&stage.world, client_sees_head);
    client->send = "GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   "Accept: text/event-stream\r\n\r\n";
    world_run(&stage.world);
    assert_int_equal(stage.seen, 1);
    stage_close(&stage);
}

static void stop_when_open(struct world *world)
{
    struct stage *stage = stage_of(world);
    (void)pthread_mutex_lock(&world->lock);
    stage->stop = stage->stop || stage->source.stream;
    (void)pthread_mutex_unlock(&world->lock);
}

static void test_caller_stops(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.world.on_tick = stop_when_open;
    struct client *client = world_client(&stage.world, client_follow);
    world_run(&stage.world);
    assert_int_equal(client->r, -ECANCELED);
    assert_string_equal(client->err.code, "stopped");
    if (stage.source.stream)
        source_gone((api_stream_end(stage.source.stream), &stage.source));
    stage_close(&stage);
}

/* Streams and awaited answers do not take each other's places. */

static void client_follow_or_wait(struct client *client)
{
    if (client->method)
        client_call(client);
    else
        client_follow(client);
}

static void keep_stream(struct fake *fake, struct api_stream *stream)
{
    fake->streams[fake->streams_len++] = stream;
}

static void end_when_others_are_done(struct world *world)
{
    struct fake *fake = &world->fake;
    (void)pthread_mutex_lock(&world->lock);
    unsigned left = world->clients_len - world->clients_done;
    (void)pthread_mutex_unlock(&world->lock);
    if (left == 0 || left != fake->streams_len + fake->kept_len)
        return;
    while (fake->streams_len > 0)
        api_stream_end(fake->streams[--fake->streams_len]);
    while (fake->kept_len > 0)
        api_reply_json(fake->kept[--fake->kept_len], 200, json_object());
}

static void test_too_many_follow(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    struct world *world = &stage.world;
    world->options.followers_max = 2;
    world->options.waiting_max = 1;
    world->fake.keep = true;
    world->fake.on_follow = keep_stream;
    world->on_tick = end_when_others_are_done;
    for (int i = 0; i < 8; i++)
        world_client(world, client_follow_or_wait);
    for (int i = 0; i < 3; i++) {
        struct client *waiter = world_client(world, client_follow_or_wait);
        waiter->method = "POST";
        waiter->target = "/v1/agents/web/wake";
        waiter->body = "{\"wait\":true}";
    }
    world_run(world);
    int following = 0, waited = 0;
    for (unsigned i = 0; i < world->clients_len; i++) {
        const struct client *client = &world->clients[i];
        *(client->method ? &waited : &following) += client->r == 0;
        if (client->r < 0)
            assert_string_equal(client->err.code, "busy");
    }
    assert_int_equal(following, 2);
    assert_int_equal(waited, 1);
    stage_close(&stage);
}

/* Closing ends the stream for the client; the backend still has it, and says nothing more. */
static void close_when_followed(struct world *world)
{
    struct stage *stage = stage_of(world);
    if (!stage->source.stream || !world->server)
        return;
    world_close_server(world);
    json_t *json = json_pack("{s:i}", "id", 1);
    assert_false(api_stream_send(stage->source.stream, 1, "woken", json));
}

static void test_server_closes(void **state)
{
    (void)state;
    for (int early = 0; early < 2; early++) {
        ROW("the backend ends it %s", early ? "before the server is closed" : "long after");
        struct stage stage;
        stage_open(&stage);
        stage.world.on_tick = early ? end_when_head_is_seen : close_when_followed;
        stage.world.signals[HEAD_IS_SEEN] = true;
        struct client *client = world_client(&stage.world, client_follow);
        world_run(&stage.world);
        assert_int_equal(client->r, 0);
        assert_true(stage.in_order || early);
        assert_int_equal(stage.seen, early);
        assert_int_equal(stage.source.gone, 0);
        if (!early) {
            api_stream_end(stage.source.stream);
            stage.source.stream = NULL;
        }
        stage_close(&stage);
    }
}

/* The backend ends the stream when it is told of room. */
static void end_on_room(void *ctx)
{
    struct source *source = ctx;
    api_stream_end(source->stream);
    source->stream = NULL;
}

static void follow_until_room(struct fake *fake, struct api_stream *stream)
{
    struct stage *stage = stage_of(fake->ctx);
    stage->source.stream = stream;
    api_stream_listen(stream, source_gone, end_on_room, &stage->source);
    source_run(stage);
}

static void test_end_on_room(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.source.last = EVENTS;
    stage.world.fake.on_follow = follow_until_room;
    struct client *client = world_client(&stage.world, client_follow);
    world_run(&stage.world);
    assert_int_equal(client->r, 0);
    assert_true(stage.in_order);
    assert_int_equal(stage.seen, stage.source.next - 1);
    assert_int_equal(stage.source.refused, 1);
    stage_close(&stage);
}

/* Where a page is answered instead, that is no stream. */
static void test_not_a_stream(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    struct client *page = world_caller(&stage.world, "GET", "/v1/events?after=7");
    world_run(&stage.world);
    assert_int_equal(page->r, 0);
    assert_string_equal(json_string_value(json_object_get(page->answer.json, "call")),
                        "events after=7 limit=100 kind=* agent=*");
    stage_close(&stage);
}

int main(void)
{
    world_warm_up();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_arrive_in_order),    cmocka_unit_test(test_end_within_the_call),
        cmocka_unit_test(test_events_as_they_come),    cmocka_unit_test(test_last_event_id),
        cmocka_unit_test(test_client_has_seen_enough), cmocka_unit_test(test_client_leaves),
        cmocka_unit_test(test_client_reads_nothing),   cmocka_unit_test(test_head_comes_at_once),
        cmocka_unit_test(test_caller_stops),           cmocka_unit_test(test_too_many_follow),
        cmocka_unit_test(test_server_closes),          cmocka_unit_test(test_end_on_room),
        cmocka_unit_test(test_not_a_stream),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
