/* SPDX-License-Identifier: MIT
 *
 * A start that fails because the networks of a sleeper were pruned: make them again, attach the
 * container to each, and let the caller try once more.
 */
#include "daemon/fleet.h"

struct mending {
    struct fleet *f;
    char agent[AGENT_NAME_MAX + 1];
    char id[2 * CONTAINER_ID_SIZE + 1];
    size_t next; /* of the agent's networks, as its request names them */
    void (*done)(struct fleet *f, void *ctx);
    void *ctx;
};

/* The network number `index` of a request: those of the create call, then those that are attached
 * after it. */
static const char *pick(const struct spec_request *request, size_t index,
                        const json_t **ret_endpoint)
{
    json_t *config =
        json_object_get(json_object_get(request->body, "NetworkingConfig"), "EndpointsConfig");
    void *at = json_object_iter(config);
    for (; at; at = json_object_iter_next(config, at), index--)
        if (index == 0) {
            *ret_endpoint = json_object_iter_value(at);
            return json_object_iter_key(at);
        }
    if (index >= request->n_attach)
        return NULL;
    *ret_endpoint = request->attach[index].endpoint;
    return request->attach[index].network;
}

static void join_next(struct mending *m);

/* Whether it worked, the next start tells. */
static void on_joined(void *ctx, const struct engine_result *result)
{
    join_next(ctx);
}

static bool join(struct mending *m)
{
    _cleanup_(spec_request_close) struct spec_request request = {0};
    struct spec_context context;
    struct error err = ERROR_INIT;
    const json_t *endpoint = NULL;
    const struct fleet_row *row = fleet_find_row(m->f, m->agent);
    if (!row || !row->spec)
        return false;
    fleet_context(m->f, row, &context);
    if (spec_request(row->spec, &context, &request, &err) < 0)
        return false;
    const char *network = pick(&request, m->next++, &endpoint);
    if (!network)
        return false;
    char *text = json_dumps(endpoint, JSON_COMPACT);
    engine_rejoin(m->f->engine, m->id, &(struct engine_attach){network, text}, on_joined, m);
    free(text);
    return true;
}

static void join_next(struct mending *m)
{
    if (join(m))
        return;
    struct fleet *f = m->f;
    void (*done)(struct fleet *, void *) = m->done;
    void *ctx = m->ctx;
    fleet_release(f, m);
    done(f, ctx);
}

static void on_networks(struct fleet *f, void *ctx)
{
    join_next(ctx);
}

void fleet_mend_networks(struct fleet *f, const char *agent, const char *id,
                         void (*done)(struct fleet *f, void *ctx), void *ctx)
{
    struct mending *m = fleet_hold(f, sizeof(*m));
    if (!m) {
        done(f, ctx);
        return;
    }
    m->f = f;
    m->done = done;
    m->ctx = ctx;
    (void)snprintf(m->agent, sizeof(m->agent), "%s", agent);
    (void)snprintf(m->id, sizeof(m->id), "%s", id);
    fleet_ensure_networks(f, on_networks, m);
}
