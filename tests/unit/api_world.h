/* SPDX-License-Identifier: MIT
 *
 * A server with a fake backend on the test's own loop, and clients in threads. world_run() lets
 * the loop turn until the clients are done, closes the server and insists that the loop is empty
 * and no descriptor is left. Clients only note what they got: cmocka's assertions belong to the
 * main thread.
 */
#pragma once

#include <curl/curl.h>
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "api/client.h"
#include "api/server.h"
#include "api/server_impl.h"
#include "api_fake.h"

#define CLIENTS_MAX 80

struct world;

struct client {
    struct world *world;
    pthread_t thread;
    void (*run)(struct client *client);
    /* For api_call(). */
    const char *method;
    const char *target;
    bool wants_news;
    const char *body; /* JSON; NULL for none */
    /* For a raw client. */
    const char *send;
    size_t send_len; /* 0: strlen(send) */
    /* What came of it. */
    int r;
    struct api_answer answer;
    struct error err;
    unsigned news;
    char *received;
    size_t received_len;
};

struct world {
    char dir[32];
    char path[64];
    uv_loop_t loop;
    uv_async_t client_done;
    uv_timer_t tick; /* runs `on_tick` each 2 ms while that is set */
    void (*on_tick)(struct world *world);
    struct fake fake;
    struct api_server_options options;
    struct api_server *server; /* NULL once it is being closed */
    bool closed;
    struct client clients[CLIENTS_MAX];
    unsigned clients_len;
    unsigned clients_done; /* from here on under `lock` */
    bool signals[2];
    pthread_mutex_t lock;
    int fds_before;
};

static inline int fds_open(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n;
}

/* What the libraries keep open for good is opened before anything is counted. */
static inline void world_warm_up(void)
{
    uv_loop_t loop;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    if (uv_loop_init(&loop) == 0)
        (void)uv_loop_close(&loop);
}

static inline void world_server_closed(void *ctx)
{
    ((struct world *)ctx)->closed = true;
}

static inline void world_close_server(struct world *world)
{
    struct api_server *server = world->server;
    world->server = NULL;
    if (server)
        api_server_close(server, world_server_closed, world);
}

static inline void world_client_done(uv_async_t *async)
{
    struct world *world = async->data;
    (void)pthread_mutex_lock(&world->lock);
    bool all = world->clients_done == world->clients_len;
    (void)pthread_mutex_unlock(&world->lock);
    if (!all || uv_is_closing((uv_handle_t *)async))
        return;
    world_close_server(world);
    uv_close((uv_handle_t *)async, NULL);
    uv_close((uv_handle_t *)&world->tick, NULL);
}

static inline void world_ticked(uv_timer_t *timer)
{
    struct world *world = timer->data;
    if (world->on_tick)
        world->on_tick(world);
}

static inline void world_open(struct world *world)
{
    *world = (struct world){
        .dir = "/tmp/roost-api-XXXXXX",
        .options = {.backend = &fake_backend},
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    world->fds_before = fds_open();
    assert_non_null(mkdtemp(world->dir));
    (void)snprintf(world->path, sizeof(world->path), "%s/roost.sock", world->dir);
    world->options.socket_path = world->path;
    world->options.ctx = &world->fake;
    world->fake.ctx = world;
    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_int_equal(uv_async_init(&world->loop, &world->client_done, world_client_done), 0);
    assert_int_equal(uv_timer_init(&world->loop, &world->tick), 0);
    world->client_done.data = world->tick.data = world;
}

static inline void *client_main(void *arg)
{
    struct client *client = arg;
    struct world *world = client->world;
    client->run(client);
    (void)pthread_mutex_lock(&world->lock);
    world->clients_done++;
    (void)pthread_mutex_unlock(&world->lock);
    (void)uv_async_send(&world->client_done);
    return NULL;
}

static inline struct client *world_client(struct world *world, void (*run)(struct client *))
{
    assert_in_range(world->clients_len, 0, CLIENTS_MAX - 1);
    struct client *client = &world->clients[world->clients_len++];
    client->world = world;
    client->run = run;
    return client;
}

static inline void client_news(void *ctx, const json_t *news)
{
    struct client *client = ctx;
    client->news += json_is_object(news);
}

static inline void client_call(struct client *client)
{
    json_t *body = client->body ? json_loads(client->body, 0, NULL) : NULL;
    client->r =
        api_call(client->world->path, client->method, client->target, body,
                 client->wants_news ? client_news : NULL, client, &client->answer, &client->err);
    json_decref(body);
}

static inline struct client *world_caller(struct world *world, const char *method,
                                          const char *target)
{
    struct client *client = world_client(world, client_call);
    client->method = method;
    client->target = target;
    return client;
}

/* The loop tells a client's thread that something has come to pass, or asks. */
static inline void world_signal(struct world *world, int which)
{
    (void)pthread_mutex_lock(&world->lock);
    world->signals[which] = true;
    (void)pthread_mutex_unlock(&world->lock);
}

static inline void world_await(struct world *world, int which)
{
    for (bool seen = false; !seen;) {
        (void)usleep(500);
        (void)pthread_mutex_lock(&world->lock);
        seen = world->signals[which];
        (void)pthread_mutex_unlock(&world->lock);
    }
}

static inline void world_run(struct world *world)
{
    struct error err = ERROR_INIT;
    if (api_server_open(&world->loop, &world->options, &world->server, &err) < 0)
        fail_msg("%s", err.text);
    if (world->on_tick)
        assert_int_equal(uv_timer_start(&world->tick, world_ticked, 2, 2), 0);
    for (unsigned i = 0; i < world->clients_len; i++)
        assert_int_equal(
            pthread_create(&world->clients[i].thread, NULL, client_main, &world->clients[i]), 0);
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    for (unsigned i = 0; i < world->clients_len; i++)
        assert_int_equal(pthread_join(world->clients[i].thread, NULL), 0);
    assert_true(world->closed);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    assert_int_equal(access(world->path, F_OK), -1);
    assert_int_equal(fds_open(), world->fds_before);
}

static inline void world_close(struct world *world)
{
    for (unsigned i = 0; i < world->clients_len; i++) {
        api_answer_close(&world->clients[i].answer);
        free(world->clients[i].received);
    }
    assert_int_equal(rmdir(world->dir), 0);
}

/* A plain connection to the server, or negative. */
static inline int raw_connect(const struct client *client)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, client->world->path, strlen(client->world->path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static inline bool raw_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* Read to the end, into `received`. */
static inline void raw_receive(struct client *client, int fd)
{
    size_t cap = (size_t)1 << 20;
    client->received = calloc(1, cap + 1);
    for (ssize_t n; client->received && client->received_len < cap;) {
        n = recv(fd, client->received + client->received_len, cap - client->received_len, 0);
        if (n <= 0)
            break;
        client->received_len += (size_t)n;
    }
}
