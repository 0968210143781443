/* SPDX-License-Identifier: MIT
 *
 * The engine's client against a real engine: every call, and every answer that can be provoked.
 * Needs ROOST_TEST_ENGINE, the URL of an engine that may be played with and that has the image
 * "busybox"; without it, it is skipped. Everything that it makes is named roostcheck-….
 */
#include "../unit/unit.h"

#include "../unit/engine_fake.h"
#include "base/cleanup.h"

#define BODY                                                                                       \
    "{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"1000\"],\"StopSignal\":\"SIGKILL\","              \
    "\"Labels\":{\"roost.agent\":\"check\"},\"HostConfig\":{\"NetworkMode\":\"none\"}}"
#define BRIDGED "{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"1000\"],\"StopSignal\":\"SIGKILL\"}"
#define NO_COMMAND                                                                                 \
    "{\"Image\":\"busybox\",\"Cmd\":[\"/no/such/"                                                  \
    "command\"],\"HostConfig\":{\"NetworkMode\":\"none\"}}"
#define NO_IMAGE "{\"Image\":\"no-such-image:1\"}"
#define BAD_TYPE "{\"Image\":7}"
#define BAD_CPUS "{\"Image\":\"busybox\",\"HostConfig\":{\"NanoCpus\":900000000000}}"
#define PORT                                                                                       \
    "{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"1000\"],\"StopSignal\":\"SIGKILL\","              \
    "\"ExposedPorts\":{\"80/tcp\":{}},\"HostConfig\":{\"PortBindings\":{\"80/tcp\":"               \
    "[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"39555\"}]}}}"
#define HEALTH                                                                                     \
    "{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"1000\"],\"StopSignal\":\"SIGKILL\","              \
    "\"Healthcheck\":"                                                                             \
    "{\"Test\":[\"CMD\",\"true\"],\"Interval\":1000000000},\"HostConfig\":{\"NetworkMode\":"       \
    "\"none\"}}"
#define CRASH                                                                                      \
    "{\"Image\":\"busybox\",\"Cmd\":[\"sh\",\"-c\",\"exit "                                        \
    "7\"],\"HostConfig\":{\"NetworkMode\":\"none\"}}"

/* A call in a word or two, so that what each must give stands in a table. */
enum what {
    CREATE,
    START,
    STOP,
    PAUSE,
    UNPAUSE,
    RENAME,
    REMOVE,
    UPDATE,
    INSPECT,
    NETWORK,
    NETWORK_REMOVE,
    VOLUME,
    VOLUME_REMOVE,
};

struct step {
    enum what what;
    const char *name;
    const char *more; /* a body, a new name, a policy */
    enum engine_outcome outcome;
    const char *words; /* in the error's text; with INSPECT: the status */
};

static struct fake real;
static const char *url;

static int open_real(void **state)
{
    struct error err = ERROR_INIT;
    struct engine_options options = {.url = url, .tls_verify = -1};
    memset(&real, 0, sizeof(real));
    assert_int_equal(uv_loop_init(&real.loop), 0);
    assert_int_equal(engine_docker_open(&real.loop, &options, &real.engine, &err), 0);
    return 0;
}

static int close_real(void **state)
{
    if (real.engine)
        engine_close(real.engine, fake_on_engine_closed, &real);
    (void)uv_run(&real.loop, UV_RUN_DEFAULT);
    assert_true(real.engine_closed);
    assert_int_equal(uv_loop_close(&real.loop), 0);
    return 0;
}

/* What a test that failed left behind must not fail the next. */
struct leftovers {
    struct fake_result list;
    char ids[32][80];
    size_t n;
};

static void on_leftover(void *ctx, const struct engine_container *c)
{
    struct leftovers *l = ctx;
    if (strncmp(c->name, "roostcheck-", 11) == 0 && l->n < ARRAY_LEN(l->ids))
        (void)snprintf(l->ids[l->n++], sizeof(l->ids[0]), "%s", c->id);
}

static int open_clean(void **state)
{
    struct leftovers l = {0};
    (void)open_real(state);
    engine_list(real.engine, NULL, on_leftover, fake_on_done, &l);
    fake_wait(&real, &l.list);
    for (size_t i = 0; i < l.n; i++) {
        struct fake_result unpaused = {0}, stopped = {0}, removed = {0};
        engine_unpause(real.engine, l.ids[i], fake_on_done, &unpaused);
        fake_wait(&real, &unpaused);
        engine_stop(real.engine, l.ids[i], 10000, fake_on_done, &stopped);
        fake_wait(&real, &stopped);
        engine_remove(real.engine, l.ids[i], fake_on_done, &removed);
        fake_wait(&real, &removed);
    }
    struct fake_result gone[3] = {0};
    engine_network_remove(real.engine, "roostcheck-net", fake_on_done, &gone[0]);
    engine_network_remove(real.engine, "roostcheck-ne", fake_on_done, &gone[1]);
    engine_volume_remove(real.engine, "roostcheck-vol", fake_on_done, &gone[2]);
    for (int i = 0; i < 3; i++)
        fake_wait(&real, &gone[i]);
    return 0;
}

/* Inspections tell more than a fake_result has room for. */
struct look {
    struct fake_result result;
    enum container_status status;
    enum container_health health;
    int exit_code;
    char policy[32], address[64], state_error[512];
    size_t networks;
    bool started, finished;
};

static void on_look(void *ctx, const struct engine_result *result)
{
    struct look *look = ctx;
    const struct engine_container *c = result->container;
    if (c) {
        look->status = c->status;
        look->health = c->health;
        look->exit_code = c->exit_code;
        (void)snprintf(look->policy, sizeof(look->policy), "%s", c->restart_policy);
        (void)snprintf(look->address, sizeof(look->address), "%s", c->address);
        (void)snprintf(look->state_error, sizeof(look->state_error), "%s", c->state_error);
        look->networks = c->n_networks;
        look->started = c->started_at_ns > 0;
        look->finished = c->finished_at_ns > 0;
    }
    fake_on_done(&look->result, result);
}

static struct look look_at(const char *name)
{
    struct look look = {0};
    engine_inspect(real.engine, name, on_look, &look);
    fake_wait(&real, &look.result);
    return look;
}

static void call(const struct step *s, struct fake_result *r)
{
    struct engine *e = real.engine;
    struct engine_create create = {.name = s->name, .body = s->more};
    switch (s->what) {
    case CREATE:
        create.body_len = strlen(s->more);
        engine_create(e, &create, fake_on_done, r);
        break;
    case START:
        engine_start(e, s->name, fake_on_done, r);
        break;
    case STOP:
        engine_stop(e, s->name, 10000, fake_on_done, r);
        break;
    case PAUSE:
        engine_pause(e, s->name, fake_on_done, r);
        break;
    case UNPAUSE:
        engine_unpause(e, s->name, fake_on_done, r);
        break;
    case RENAME:
        engine_rename(e, s->name, s->more, fake_on_done, r);
        break;
    case REMOVE:
        engine_remove(e, s->name, fake_on_done, r);
        break;
    case UPDATE:
        engine_update_restart(e, s->name, s->more, fake_on_done, r);
        break;
    case INSPECT:
        engine_inspect(e, s->name, fake_on_done, r);
        break;
    case NETWORK:
        engine_network_create(e, s->name, s->more, fake_on_done, r);
        break;
    case NETWORK_REMOVE:
        engine_network_remove(e, s->name, fake_on_done, r);
        break;
    case VOLUME:
        engine_volume_create(e, s->name, s->more, fake_on_done, r);
        break;
    case VOLUME_REMOVE:
        engine_volume_remove(e, s->name, fake_on_done, r);
        break;
    }
}

static void run_steps(const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct fake_result r = {0};
        ROW("step %zu of %s", i, steps[i].name);
        call(&steps[i], &r);
        fake_wait(&real, &r);
        if (r.outcome != steps[i].outcome)
            (void)printf("    %s\n", r.error.text);
        assert_string_equal(engine_outcome_name(r.outcome), engine_outcome_name(steps[i].outcome));
        if (steps[i].words)
            assert_non_null(strstr(r.error.text, steps[i].words));
    }
}

static void a_containers_life(void **state)
{
    static const struct step steps[] = {
        {CREATE, "roostcheck-a", BODY, ENGINE_DONE, NULL},
        {CREATE, "roostcheck-a", BODY, ENGINE_NAME_TAKEN, "already in use"},
        {PAUSE, "roostcheck-a", NULL, ENGINE_BUSY, "not running"},
        {UNPAUSE, "roostcheck-a", NULL, ENGINE_BUSY, "it is created"},
        {STOP, "roostcheck-a", NULL, ENGINE_ALREADY, NULL},
        {START, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {START, "roostcheck-a", NULL, ENGINE_ALREADY, NULL},
        {REMOVE, "roostcheck-a", NULL, ENGINE_BUSY, "running"},
        {UNPAUSE, "roostcheck-a", NULL, ENGINE_ALREADY, NULL},
        {PAUSE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {PAUSE, "roostcheck-a", NULL, ENGINE_ALREADY, NULL},
        {START, "roostcheck-a", NULL, ENGINE_BUSY, "paused"},
        {REMOVE, "roostcheck-a", NULL, ENGINE_BUSY, "paused"},
        {UNPAUSE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {UPDATE, "roostcheck-a", "unless-stopped", ENGINE_DONE, NULL},
        {UPDATE, "roostcheck-a", "sometimes", ENGINE_REFUSED, "restart policy"},
        {RENAME, "roostcheck-a", "roostcheck-b", ENGINE_DONE, NULL},
        {RENAME, "roostcheck-b", "roostcheck-b", ENGINE_ALREADY, NULL},
        {RENAME, "roostcheck-a", "roostcheck-c", ENGINE_NOT_FOUND, "No such container"},
        {CREATE, "roostcheck-a", BODY, ENGINE_DONE, NULL},
        {RENAME, "roostcheck-a", "roostcheck-b", ENGINE_NAME_TAKEN, "already in use"},
        {RENAME, "roostcheck-a", "x", ENGINE_REFUSED, NULL}, /* two characters at least */
        {STOP, "roostcheck-b", NULL, ENGINE_DONE, NULL},
        {STOP, "roostcheck-b", NULL, ENGINE_ALREADY, NULL},
        {REMOVE, "roostcheck-b", NULL, ENGINE_DONE, NULL},
        {REMOVE, "roostcheck-b", NULL, ENGINE_NOT_FOUND, "No such container"},
        {REMOVE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {START, "roostcheck-a", NULL, ENGINE_NOT_FOUND, "No such container"},
        {STOP, "roostcheck-a", NULL, ENGINE_NOT_FOUND, "No such container"},
        {PAUSE, "roostcheck-a", NULL, ENGINE_NOT_FOUND, "No such container"},
        {UNPAUSE, "roostcheck-a", NULL, ENGINE_NOT_FOUND, "No such container"},
        {UPDATE, "roostcheck-a", "no", ENGINE_NOT_FOUND, "No such container"},
        {INSPECT, "roostcheck-a", NULL, ENGINE_NOT_FOUND, "No such container"},
    };
    run_steps(steps, ARRAY_LEN(steps));
}

static void what_an_engine_refuses(void **state)
{
    static const struct step steps[] = {
        {CREATE, "roostcheck-a", NO_IMAGE, ENGINE_IMAGE_MISSING, "no-such-image:1"},
        {CREATE, "roostcheck-a", BAD_TYPE, ENGINE_REFUSED, "unmarshal"},
        {CREATE, "roostcheck-a", BAD_CPUS, ENGINE_REFUSED, "CPUs"},
        {CREATE, "roostcheck-a", "{", ENGINE_REFUSED, NULL},
        {CREATE, "x", BODY, ENGINE_REFUSED, NULL},
        {CREATE, "a/b", BODY, ENGINE_REFUSED, NULL},

        {CREATE, "roostcheck-a", NO_COMMAND, ENGINE_DONE, NULL},
        {START, "roostcheck-a", NULL, ENGINE_REFUSED, "/no/such/command"},
        {REMOVE, "roostcheck-a", NULL, ENGINE_DONE, NULL},

        {CREATE, "roostcheck-a", PORT, ENGINE_DONE, NULL},
        {CREATE, "roostcheck-b", PORT, ENGINE_DONE, NULL},
        {START, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {START, "roostcheck-b", NULL, ENGINE_REFUSED, "port is already allocated"},
        {STOP, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {REMOVE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {REMOVE, "roostcheck-b", NULL, ENGINE_DONE, NULL},
    };
    run_steps(steps, ARRAY_LEN(steps));
}

static void networks_and_volumes(void **state)
{
    static const struct step before[] = {
        {NETWORK, "roostcheck-net", "{\"Name\":\"roostcheck-net\"}", ENGINE_DONE, NULL},
        {NETWORK, "roostcheck-net", "{\"Name\":\"roostcheck-net\"}", ENGINE_ALREADY, NULL},
        /* One that only contains the name is another one. */
        {NETWORK, "roostcheck-ne", "{\"Name\":\"roostcheck-ne\"}", ENGINE_DONE, NULL},
        {VOLUME, "roostcheck-vol", "{\"Name\":\"roostcheck-vol\"}", ENGINE_DONE, NULL},
        {VOLUME, "roostcheck-vol", "{\"Name\":\"roostcheck-vol\"}", ENGINE_ALREADY, NULL},
    };
    static const struct engine_attach attach = {"roostcheck-net", "{\"Aliases\":[\"other\"]}"};
    static const char body[] =
        "{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"1000\"],\"StopSignal\":\"SIGKILL\","
        "\"HostConfig\":{\"NetworkMode\":\"roostcheck-ne\",\"Binds\":[\"roostcheck-vol:/data\"]}}";
    static const struct engine_create create = {.name = "roostcheck-a",
                                                .body = body,
                                                .body_len = sizeof(body) - 1,
                                                .attach = &attach,
                                                .n_attach = 1};
    static const struct step after[] = {
        {NETWORK_REMOVE, "roostcheck-net", NULL, ENGINE_BUSY, "active endpoints"},
        {VOLUME_REMOVE, "roostcheck-vol", NULL, ENGINE_BUSY, "in use"},
        {STOP, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {NETWORK_REMOVE, "roostcheck-net", NULL, ENGINE_DONE, NULL},
        {START, "roostcheck-a", NULL, ENGINE_NETWORK_MISSING, "network"},
        {REMOVE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {NETWORK_REMOVE, "roostcheck-net", NULL, ENGINE_NOT_FOUND, "not found"},
        {NETWORK_REMOVE, "roostcheck-ne", NULL, ENGINE_DONE, NULL},
        {NETWORK_REMOVE, "bridge", NULL, ENGINE_REFUSED, "pre-defined"},
        {VOLUME_REMOVE, "roostcheck-vol", NULL, ENGINE_DONE, NULL},
        {VOLUME_REMOVE, "roostcheck-vol", NULL, ENGINE_NOT_FOUND, "no such volume"},
    };
    struct fake_result r = {0}, start = {0};
    run_steps(before, ARRAY_LEN(before));
    engine_create(real.engine, &create, fake_on_done, &r);
    fake_wait(&real, &r);
    assert_int_equal(r.outcome, ENGINE_DONE);
    assert_int_equal(strlen(r.id), 64);
    engine_start(real.engine, "roostcheck-a", fake_on_done, &start);
    fake_wait(&real, &start);
    struct look look = look_at("roostcheck-a");
    assert_int_equal(look.networks, 2);
    assert_string_not_equal(look.address, "");
    run_steps(after, ARRAY_LEN(after));
}

static void inspections_tell(void **state)
{
    static const struct step made[] = {
        {CREATE, "roostcheck-a", CRASH, ENGINE_DONE, NULL},
        {CREATE, "roostcheck-b", HEALTH, ENGINE_DONE, NULL},
        {CREATE, "roostcheck-c", BRIDGED, ENGINE_DONE, NULL},
        {CREATE, "roostcheck-d", NO_COMMAND, ENGINE_DONE, NULL},
        {START, "roostcheck-d", NULL, ENGINE_REFUSED, NULL},
    };
    static const struct step started[] = {
        {START, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {START, "roostcheck-b", NULL, ENGINE_DONE, NULL},
        {UPDATE, "roostcheck-b", "always", ENGINE_DONE, NULL},
        {START, "roostcheck-c", NULL, ENGINE_DONE, NULL},
        {PAUSE, "roostcheck-c", NULL, ENGINE_DONE, NULL},
    };
    static const struct step ended[] = {
        {REMOVE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {STOP, "roostcheck-b", NULL, ENGINE_DONE, NULL},
        {REMOVE, "roostcheck-b", NULL, ENGINE_DONE, NULL},
        {UNPAUSE, "roostcheck-c", NULL, ENGINE_DONE, NULL},
        {STOP, "roostcheck-c", NULL, ENGINE_DONE, NULL},
        {REMOVE, "roostcheck-c", NULL, ENGINE_DONE, NULL},
        {REMOVE, "roostcheck-d", NULL, ENGINE_DONE, NULL},
    };
    run_steps(made, ARRAY_LEN(made));
    struct look look = look_at("roostcheck-a");
    assert_int_equal(look.status, CONTAINER_CREATED);
    assert_string_equal(look.policy, "no");
    assert_false(look.started || look.finished);
    look = look_at("roostcheck-d");
    assert_int_equal(look.status, CONTAINER_CREATED); /* a start that failed leaves it so */
    assert_int_equal(look.exit_code, 127);
    assert_non_null(strstr(look.state_error, "/no/such/command"));

    run_steps(started, ARRAY_LEN(started));
    while ((look = look_at("roostcheck-a")).status == CONTAINER_RUNNING)
        ;
    assert_int_equal(look.status, CONTAINER_EXITED);
    assert_int_equal(look.exit_code, 7);
    assert_true(look.started && look.finished);
    while ((look = look_at("roostcheck-b")).health != HEALTH_HEALTHY)
        assert_int_equal(look.status, CONTAINER_RUNNING);
    assert_string_equal(look.policy, "always");
    look = look_at("roostcheck-c");
    assert_int_equal(look.status, CONTAINER_PAUSED);
    assert_string_not_equal(look.address, "");
    run_steps(ended, ARRAY_LEN(ended));
}

static void listings_may_be_filtered(void **state)
{
    static const struct step made[] = {{CREATE, "roostcheck-a", BODY, ENGINE_DONE, NULL},
                                       {CREATE, "roostcheck-b", BRIDGED, ENGINE_DONE, NULL}};
    static const struct step ended[] = {{REMOVE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
                                        {REMOVE, "roostcheck-b", NULL, ENGINE_DONE, NULL}};
    struct fake_result all = {0}, one = {0}, none = {0};
    run_steps(made, ARRAY_LEN(made));
    engine_list(real.engine, NULL, fake_on_row, fake_on_done, &all);
    engine_list(real.engine, "roost.agent=check", fake_on_row, fake_on_done, &one);
    engine_list(real.engine, "roost.agent=\"'%&?", fake_on_row, fake_on_done, &none);
    fake_wait(&real, &all);
    fake_wait(&real, &one);
    fake_wait(&real, &none);
    assert_int_equal(all.outcome, ENGINE_DONE);
    assert_true(all.rows >= 2);
    assert_int_equal(one.rows, 1);
    assert_string_equal(one.name, "roostcheck-a");
    assert_int_equal(none.outcome, ENGINE_DONE);
    assert_int_equal(none.rows, 0);
    run_steps(ended, ARRAY_LEN(ended));
}

/* --- events --- */

struct heard {
    bool opened;
    char actions[512];
    int exit_code;
    char old_name[64];
    int64_t last_ns;
    bool ended;
};

static void on_opened(void *ctx)
{
    struct heard *h = ctx;
    h->opened = true;
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct heard *h = ctx;
    size_t len = strlen(h->actions);
    if (strncmp(e->name, "roostcheck-", 11) != 0)
        return;
    (void)snprintf(h->actions + len, sizeof(h->actions) - len, "%s ", e->action);
    if (strcmp(e->action, "die") == 0)
        h->exit_code = e->exit_code;
    if (strcmp(e->action, "rename") == 0)
        (void)snprintf(h->old_name, sizeof(h->old_name), "%s", e->old_name);
    assert_true(e->time_ns >= h->last_ns);
    h->last_ns = e->time_ns;
}

static void on_ended(void *ctx, const struct error *why)
{
    struct heard *h = ctx;
    h->ended = true;
}

static void listen_from(struct heard *h, int64_t since_ns)
{
    static const struct engine_events_handler handler = {on_opened, on_event, on_ended};
    struct error err = ERROR_INIT;
    assert_int_equal(engine_events_open(real.engine, since_ns, &handler, h, &err), 0);
    while (!h->opened)
        assert_int_not_equal(uv_run(&real.loop, UV_RUN_ONCE), 0);
}

static void events_are_told(void **state)
{
    static const struct step steps[] = {
        {CREATE, "roostcheck-a", BODY, ENGINE_DONE, NULL},
        {START, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {PAUSE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {UNPAUSE, "roostcheck-a", NULL, ENGINE_DONE, NULL},
        {UPDATE, "roostcheck-a", "no", ENGINE_DONE, NULL},
        {RENAME, "roostcheck-a", "roostcheck-b", ENGINE_DONE, NULL},
        {STOP, "roostcheck-b", NULL, ENGINE_DONE, NULL},
        {REMOVE, "roostcheck-b", NULL, ENGINE_DONE, NULL},
    };
    static const char expected[] =
        "create start pause unpause update rename kill die stop destroy ";
    struct heard h = {0}, again = {0};
    listen_from(&h, 0);
    assert_string_equal(h.actions, "");
    run_steps(steps, ARRAY_LEN(steps));
    while (!strstr(h.actions, "destroy"))
        assert_int_not_equal(uv_run(&real.loop, UV_RUN_ONCE), 0);
    assert_string_equal(h.actions, expected);
    assert_int_equal(h.exit_code, 137);
    assert_string_equal(h.old_name, "roostcheck-a");
    engine_events_close(real.engine);

    /* From the last one on, which is included. */
    listen_from(&again, h.last_ns);
    while (!strstr(again.actions, "destroy"))
        assert_int_not_equal(uv_run(&real.loop, UV_RUN_ONCE), 0);
    assert_string_equal(again.actions, "destroy ");
    engine_events_close(real.engine);
    assert_false(h.ended || again.ended);
}

static void on_info(void *ctx, const struct engine_result *result, const struct engine_info *info)
{
    struct fake_result *r = ctx;
    fake_on_done(r, result);
    (void)snprintf(r->name, sizeof(r->name), "%s", info ? info->api_version : "");
}

static void the_engine_tells_of_itself(void **state)
{
    struct fake_result ping = {0}, info = {0};
    engine_ping(real.engine, fake_on_done, &ping);
    engine_info(real.engine, on_info, &info);
    fake_wait(&real, &ping);
    fake_wait(&real, &info);
    assert_int_equal(ping.outcome, ENGINE_DONE);
    assert_int_equal(info.outcome, ENGINE_DONE);
    assert_string_equal(engine_api_version(real.engine), info.name);
}

/* 8 at once: one makes it, the others hear that the name is taken; so with removals. */
static void only_one_wins(void **state)
{
    struct engine_create create = {.name = "roostcheck-a", .body = BODY, .body_len = strlen(BODY)};
    struct fake_result made[8] = {0}, removed[8] = {0};
    unsigned n_made = 0, n_removed = 0;
    for (int i = 0; i < 8; i++)
        engine_create(real.engine, &create, fake_on_done, &made[i]);
    for (int i = 0; i < 8; i++) {
        fake_wait(&real, &made[i]);
        n_made += made[i].outcome == ENGINE_DONE;
        assert_true(made[i].outcome == ENGINE_DONE || made[i].outcome == ENGINE_NAME_TAKEN);
    }
    for (int i = 0; i < 8; i++)
        engine_remove(real.engine, "roostcheck-a", fake_on_done, &removed[i]);
    for (int i = 0; i < 8; i++) {
        fake_wait(&real, &removed[i]);
        n_removed += removed[i].outcome == ENGINE_DONE;
        assert_true(removed[i].outcome == ENGINE_DONE || removed[i].outcome == ENGINE_BUSY ||
                    removed[i].outcome == ENGINE_NOT_FOUND);
    }
    assert_int_equal(n_made, 1);
    assert_int_equal(n_removed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_engine_tells_of_itself, open_clean, close_real),
        cmocka_unit_test_setup_teardown(a_containers_life, open_clean, close_real),
        cmocka_unit_test_setup_teardown(what_an_engine_refuses, open_clean, close_real),
        cmocka_unit_test_setup_teardown(networks_and_volumes, open_clean, close_real),
        cmocka_unit_test_setup_teardown(inspections_tell, open_clean, close_real),
        cmocka_unit_test_setup_teardown(listings_may_be_filtered, open_clean, close_real),
        cmocka_unit_test_setup_teardown(events_are_told, open_clean, close_real),
        cmocka_unit_test_setup_teardown(only_one_wins, open_clean, close_real),
    };
    url = getenv("ROOST_TEST_ENGINE");
    if (!url || !*url) {
        (void)printf("skipped: ROOST_TEST_ENGINE names no engine that may be played with\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
