/* SPDX-License-Identifier: MIT
 *
 * Server and client together over a socket: answers at once and later, streams, closing.
 */
#include "unit.h"

#include "api_world.h"

static void test_answers_at_once(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    struct client *ok = world_caller(&world, "GET", "/v1/agents/web");
    struct client *missing = world_caller(&world, "GET", "/v1/nothing");
    struct client *method = world_caller(&world, "DELETE", "/v1/agents");
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
    assert_int_equal(head->r, 0);
    assert_null(head->answer.json);
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

int main(void)
{
    world_warm_up();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_at_once),
        cmocka_unit_test(test_many_answers_later),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
