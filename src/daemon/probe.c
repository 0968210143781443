/* SPDX-License-Identifier: MIT
 *
 * OPERATION_PROBE: is it ready, by its row's own test? Always on the container's own address: a
 * published port accepts before the application listens.
 */
#include <string.h>

#include "base/sha256.h"
#include "daemon/fleet.h"

#define PROBE_TIMEOUT_MS 1000

struct probe {
    struct fleet *f;
    struct operation op;
    char agent[AGENT_NAME_MAX + 1];
    char request[512]; /* http: what is sent; else empty */
    int status;        /* http: the one that is wanted, 0 for any 2xx and 3xx */
    char answer[64];
    size_t answer_len;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    uv_write_t write;
    unsigned open_handles;
    bool over;
};

static void on_closed(uv_handle_t *handle)
{
    struct probe *p = handle->data;
    if (--p->open_handles == 0)
        free(p);
}

static void tell(struct fleet *f, uint64_t operation, const char *agent, bool ready)
{
    struct core_event event = {.kind = CORE_COMPLETION,
                               .completion = {.operation = operation,
                                              .agent = agent,
                                              .outcome = ENGINE_DONE,
                                              .ready = ready,
                                              .words = ""}};
    fleet_step(f, &event);
}

static void finish(struct probe *p, bool ready)
{
    if (p->over)
        return;
    p->over = true;
    uv_close((uv_handle_t *)&p->tcp, on_closed);
    uv_close((uv_handle_t *)&p->timer, on_closed);
    tell(p->f, p->op.id, p->agent, ready);
}

static void on_timeout(uv_timer_t *timer)
{
    finish(timer->data, false);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct probe *p = handle->data;
    *buf =
        uv_buf_init(p->answer + p->answer_len, (unsigned)(sizeof(p->answer) - 1 - p->answer_len));
}

/* "HTTP/1.1 204 …" is all that matters of an answer. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct probe *p = stream->data;
    int status;
    if (n < 0) {
        finish(p, false);
        return;
    }
    p->answer_len += (size_t)n;
    p->answer[p->answer_len] = '\0';
    if (p->answer_len < 13 && !memchr(p->answer, '\n', p->answer_len))
        return;
    bool parsed = sscanf(p->answer, "HTTP/1.%*1[01] %3d", &status) == 1;
    finish(p, parsed && (p->status ? status == p->status : status >= 200 && status < 400));
}

static void on_written(uv_write_t *write, int status)
{
    if (status < 0)
        finish(write->handle->data, false);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct probe *p = connect->handle->data;
    if (status < 0 || p->request[0] == '\0') {
        finish(p, status == 0);
        return;
    }
    uv_buf_t buf = uv_buf_init(p->request, (unsigned)strlen(p->request));
    if (uv_read_start((uv_stream_t *)&p->tcp, on_alloc, on_read) < 0 ||
        uv_write(&p->write, (uv_stream_t *)&p->tcp, &buf, 1, on_written) < 0)
        finish(p, false);
}

static void knock(struct fleet *f, const struct operation *op, const struct spec_settings *settings,
                  const char *address)
{
    struct sockaddr_storage to;
    struct probe *p = calloc(1, sizeof(*p));
    bool parsed = uv_ip4_addr(address, settings->ready_port, (struct sockaddr_in *)&to) == 0 ||
                  uv_ip6_addr(address, settings->ready_port, (struct sockaddr_in6 *)&to) == 0;
    if (!p || !parsed) {
        free(p);
        tell(f, op->id, op->agent, false);
        return;
    }
    p->f = f;
    p->op = *op;
    (void)snprintf(p->agent, sizeof(p->agent), "%s", op->agent);
    p->status = settings->ready_status;
    if (settings->ready == READY_HTTP)
        (void)snprintf(
            p->request, sizeof(p->request),
            "GET %s HTTP/1.0\r\nHost: %s:%u\r\nUser-Agent: roost\r\nConnection: close\r\n\r\n",
            settings->ready_path ? settings->ready_path : "/", address, settings->ready_port);
    (void)uv_tcp_init(f->loop, &p->tcp);
    (void)uv_timer_init(f->loop, &p->timer);
    p->tcp.data = p->timer.data = p;
    p->open_handles = 2;
    (void)uv_timer_start(&p->timer, on_timeout, PROBE_TIMEOUT_MS, 0);
    if (uv_tcp_connect(&p->connect, &p->tcp, (const struct sockaddr *)&to, on_connected) < 0)
        finish(p, false);
}

struct looking {
    struct fleet *f;
    struct operation op;
    char agent[AGENT_NAME_MAX + 1];
};

static void on_inspected(void *ctx, const struct engine_result *result)
{
    struct looking *looking = ctx;
    struct fleet *f = looking->f;
    const struct fleet_row *row = fleet_find_row(f, looking->agent);
    const struct engine_container *c = result->container;
    looking->op.agent = looking->agent;
    if (result->outcome != ENGINE_DONE || !row || !row->spec || c->status != CONTAINER_RUNNING) {
        tell(f, looking->op.id, looking->agent, false);
        fleet_release(f, looking);
        return;
    }
    const struct spec_settings *settings = spec_settings(row->spec);
    switch (settings->ready) {
    case READY_STARTED:
        tell(f, looking->op.id, looking->agent, true);
        break;
    case READY_HEALTHY: /* an image's own check may be missing: then running is all there is */
        tell(f, looking->op.id, looking->agent,
             c->health == HEALTH_HEALTHY || c->health == HEALTH_NONE);
        break;
    case READY_TCP:
    case READY_HTTP:
        /* A container of the host's network has no address of its own. */
        knock(f, &looking->op, settings,
              strcmp(c->network_mode, "host") == 0 || c->address[0] == '\0' ? "127.0.0.1"
                                                                            : c->address);
        break;
    }
    fleet_release(f, looking);
}

void fleet_probe(struct fleet *f, const struct operation *op)
{
    struct looking *looking = fleet_hold(f, sizeof(*looking));
    char id[2 * CONTAINER_ID_SIZE + 1];
    if (!looking) {
        fleet_late(f, op, ENGINE_DONE, false, NULL);
        return;
    }
    looking->f = f;
    looking->op = *op;
    (void)snprintf(looking->agent, sizeof(looking->agent), "%s", op->agent);
    hex_format(op->container, CONTAINER_ID_SIZE, id);
    engine_inspect(f->engine, id, on_inspected, looking);
}
