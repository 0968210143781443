/* SPDX-License-Identifier: MIT
 *
 * EFFECT_OPERATION: one request to the engine, and its end back to the core.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"
#include "daemon/fleet.h"

struct carrying {
    struct fleet *f;
    struct operation op; /* its strings are the two below */
    char agent[AGENT_NAME_MAX + 1];
    char name[256];
    char id[2 * CONTAINER_ID_SIZE + 1];
    bool networks_mended;
    bool pulled;        /* tried, with whatever outcome */
    uint64_t for_row;   /* its generation when the create was decided */
    struct error error; /* of the pull */
};

static void log_done(const struct carrying *c)
{
    static const char *const words[] = {
        [OPERATION_CREATE] = "created",   [OPERATION_START] = "started",
        [OPERATION_STOP] = "stopped",     [OPERATION_PAUSE] = "paused",
        [OPERATION_UNPAUSE] = "unpaused", [OPERATION_RENAME] = "renamed",
        [OPERATION_REMOVE] = "removed",   [OPERATION_UPDATE] = "restart policy changed back",
    };
    if (c->op.kind == OPERATION_INSPECT || c->op.kind == OPERATION_PROBE)
        return;
    bool to = c->op.kind == OPERATION_RENAME;
    log_info("%s: container %.12s %s%s%s", c->agent, c->id, words[c->op.kind], to ? " to " : "",
             to ? c->name : "");
}

static void send_start(struct carrying *c);
static void send_create(struct carrying *c);

static void on_networks(struct fleet *f, void *ctx)
{
    send_start(ctx);
}

/* The network of a sleeper was pruned: make it again, attach, start. */
static bool mend_networks(struct carrying *c, const struct engine_result *result)
{
    if (c->op.kind != OPERATION_START || result->outcome != ENGINE_NETWORK_MISSING ||
        c->networks_mended)
        return false;
    c->networks_mended = true;
    fleet_mend_networks(c->f, c->agent, c->id, on_networks, c);
    return true;
}

static bool pull_missing(struct carrying *c, struct engine_result *result);

static void on_done(void *ctx, const struct engine_result *engines)
{
    struct carrying *c = ctx;
    struct observation o;
    struct engine_result told = *engines, *result = &told;
    if (mend_networks(c, result) || pull_missing(c, result))
        return;
    struct core_event event = {.kind = CORE_COMPLETION,
                               .completion = {.operation = c->op.id,
                                              .agent = c->agent,
                                              .outcome = result->outcome,
                                              .words = result->error.text}};
    bool done = result->outcome == ENGINE_DONE || result->outcome == ENGINE_ALREADY;
    if (done && c->op.kind == OPERATION_CREATE) {
        (void)snprintf(c->id, sizeof(c->id), "%s", result->id ? result->id : "");
        if (hex_parse(c->id, event.completion.container, CONTAINER_ID_SIZE) < 0)
            event.completion.outcome = ENGINE_UNKNOWN;
    }
    if (done && result->container) {
        fleet_observe(c->f, result->container, &o);
        event.completion.observation = &o;
    }
    if (result->outcome == ENGINE_DONE)
        log_done(c);
    fleet_step(c->f, &event);
    fleet_release(c->f, c);
}

static void refuse(struct carrying *c, const struct error *err)
{
    fleet_late(c->f, &c->op, ENGINE_REFUSED, false, err);
    fleet_release(c->f, c);
}

/* An older engine would take the request and leave out what it does not know. */
static int check_api(struct fleet *f, const struct spec_request *request, struct error *err)
{
    const char *version = engine_api_version(f->engine), *dot = strchr(version, '.');
    if (!dot || (unsigned)atoi(dot + 1) >= request->api)
        return 0;
    return error_set(err, -ENOTSUP, ERROR_FAILED, "old_engine",
                     "%s needs API 1.%u, and with this engine roost speaks %s; remove the key, or "
                     "upgrade the engine",
                     request->api_key, request->api, version);
}

/* Not in the spec: it says which containers the row's container is made of, as they are now. */
static int label_with(const struct carrying *c, const struct spec_request *request,
                      struct error *err)
{
    json_t *text = c->op.with ? json_sprintf("%016" PRIx64, c->op.with) : NULL;
    if (c->op.with &&
        json_object_set_new(json_object_get(request->body, "Labels"), "roost.with", text) < 0)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    return 0;
}

static int make_create(struct fleet *f, const struct carrying *c, struct spec_request *request,
                       struct error *err)
{
    struct spec_context context;
    const struct fleet_row *row = fleet_find_row(f, c->agent);
    if (!row || !row->spec)
        return error_set(err, -1, ERROR_FAILED, NULL, "its row is gone");
    fleet_context(f, row, &context);
    int r = spec_request(row->spec, &context, request, err);
    if (r == 0)
        r = check_api(f, request, err);
    if (r == 0)
        r = label_with(c, request, err);
    return r < 0 ? r : fleet_permit(f, c->agent, request->body, err);
}

#define ATTACH_MAX 64

static void send_create(struct carrying *c)
{
    struct error err = ERROR_INIT;
    _cleanup_(spec_request_close) struct spec_request request = {0};
    _cleanup_free_ char *body = NULL;
    struct engine_attach attach[ATTACH_MAX];
    char *endpoints[ATTACH_MAX] = {0};
    int r = make_create(c->f, c, &request, &err);
    if (r == 0 && request.n_attach > ATTACH_MAX)
        r = error_set(&err, -1, ERROR_INVALID, NULL, "more than %d networks", ATTACH_MAX);
    if (r == 0)
        body = json_dumps(request.body, JSON_COMPACT);
    if (r < 0 || !body) {
        if (!error_is_set(&err))
            (void)error_set(&err, -1, ERROR_FAILED, NULL, "out of memory");
        refuse(c, &err);
        return;
    }
    for (size_t i = 0; i < request.n_attach; i++) {
        endpoints[i] = json_dumps(request.attach[i].endpoint, JSON_COMPACT);
        attach[i] =
            (struct engine_attach){request.attach[i].network, endpoints[i] ? endpoints[i] : "{}"};
    }
    struct engine_create create = {
        .name = c->name,
        .platform = spec_settings(fleet_find_row(c->f, c->agent)->spec)->platform,
        .body = body,
        .body_len = strlen(body),
        .attach = attach,
        .n_attach = request.n_attach,
    };
    engine_create(c->f->engine, &create, on_done, c);
    for (size_t i = 0; i < request.n_attach; i++)
        free(endpoints[i]);
}

static struct pull_question pull_question(const struct carrying *c, bool missing)
{
    const struct fleet_row *row = fleet_find_row(c->f, c->agent);
    if (!row || !row->spec)
        return (struct pull_question){.policy = PULL_NEVER, .missing = missing};
    const struct spec_settings *settings = spec_settings(row->spec);
    return (struct pull_question){.policy = settings->pull,
                                  .every_ns = settings->pull_every_ns,
                                  .missing = missing,
                                  .tried = c->pulled,
                                  .last_ms = fleet_pulled_at(c->f, row->image),
                                  .now_ms = clock_wall_ms()};
}

/* What the engine has can still be used where a pull was only for something newer. */
static void on_pulled(void *ctx, const char *image, const struct engine_result *result)
{
    struct carrying *c = ctx;
    const struct fleet_row *row = fleet_find_row(c->f, c->agent);
    struct pull_question q = pull_question(c, false);
    struct engine_result failed = *result;
    c->pulled = true;
    if (row && row->generation != c->for_row) {
        failed.outcome = ENGINE_REFUSED;
        (void)error_set(&failed.error, 0, ERROR_CONFLICT, NULL,
                        "its row changed while %s was pulled", image);
        on_done(c, &failed);
    } else if (result->outcome == ENGINE_DONE || q.policy == PULL_EVERY) {
        if (result->outcome != ENGINE_DONE)
            log_warning("%s: %s; what is there is used", c->agent, result->error.text);
        c->error = result->error;
        struct fleet *f = c->f;
        send_create(c);
        fleet_step_late(f);
    } else {
        on_done(c, &failed);
    }
}

static void pull_first(struct carrying *c)
{
    const struct fleet_row *row = fleet_find_row(c->f, c->agent);
    const char *platform = row->spec ? spec_settings(row->spec)->platform : NULL;
    if (fleet_pull(c->f, row->image, platform, NULL, on_pulled, c) < 0) {
        struct error err = ERROR_INIT;
        (void)error_set(&err, -ENOMEM, ERROR_FAILED, NULL, "pulling %s: out of memory", row->image);
        refuse(c, &err);
        return;
    }
    log_info("%s: pulling %s", c->agent, row->image);
    fleet_late_parked(c->f, &c->op);
}

static void create_or_pull(void *ctx)
{
    struct carrying *c = ctx;
    const struct fleet_row *row = fleet_find_row(c->f, c->agent);
    struct pull_question q = pull_question(c, false);
    c->for_row = row ? row->generation : 0;
    if (pull_decide(&q) == PULL_FIRST)
        pull_first(c);
    else
        send_create(c);
}

static void say_missing(struct error *err, const struct carrying *c, enum pull_policy policy)
{
    struct error engines = *err;
    if (error_is_set(&c->error))
        *err = c->error; /* why it is still missing */
    else
        (void)error_set(err, 0, engines.kind, engines.code, "%s%s", engines.text,
                        pull_hint(policy));
}

/* The image of a create is missing: pulled if its policy says so, else a word about it. */
static bool pull_missing(struct carrying *c, struct engine_result *result)
{
    if (c->op.kind != OPERATION_CREATE || result->outcome != ENGINE_IMAGE_MISSING)
        return false;
    struct pull_question q = pull_question(c, true);
    if (pull_decide(&q) != PULL_FIRST) {
        say_missing(&result->error, c, q.policy);
        return false;
    }
    struct fleet *f = c->f;
    pull_first(c);
    fleet_step_late(f);
    return true;
}

static void send_start(struct carrying *c)
{
    engine_start(c->f->engine, c->id, on_done, c);
}

/* The deadline needs the grace period; of a row that is gone it is not known, and the engine's own
 * may be long. */
#define GRACE_UNKNOWN_MS 300000

static void send_stop(struct carrying *c)
{
    const struct fleet_row *row = fleet_find_row(c->f, c->agent);
    uint64_t grace_ms =
        row && row->spec ? spec_settings(row->spec)->stop_grace_ns / 1000000 : GRACE_UNKNOWN_MS;
    engine_stop(c->f->engine, c->id, grace_ms, on_done, c);
}

void fleet_carry(struct fleet *f, const struct operation *op)
{
    struct carrying *c = fleet_hold(f, sizeof(*c));
    if (!c) {
        fleet_late(f, op, ENGINE_UNREACHABLE, false, NULL);
        return;
    }
    c->f = f;
    c->op = *op;
    (void)snprintf(c->agent, sizeof(c->agent), "%s", op->agent);
    (void)snprintf(c->name, sizeof(c->name), "%s", op->name);
    hex_format(op->container, CONTAINER_ID_SIZE, c->id);
    c->op.agent = c->agent;
    c->op.name = c->name;
    switch (op->kind) {
    case OPERATION_CREATE:
        fleet_know_engine(f, create_or_pull, c);
        break;
    case OPERATION_START:
        send_start(c);
        break;
    case OPERATION_STOP:
        send_stop(c);
        break;
    case OPERATION_PAUSE:
        engine_pause(f->engine, c->id, on_done, c);
        break;
    case OPERATION_UNPAUSE:
        engine_unpause(f->engine, c->id, on_done, c);
        break;
    case OPERATION_RENAME:
        engine_rename(f->engine, c->id, c->name, on_done, c);
        break;
    case OPERATION_REMOVE:
        engine_remove(f->engine, c->id, on_done, c);
        break;
    case OPERATION_UPDATE:
        engine_update_restart(f->engine, c->id, lifecycle_restart_policy(op->lifecycle), on_done,
                              c);
        break;
    case OPERATION_INSPECT:
    case OPERATION_PROBE:
        engine_inspect(f->engine, c->id, on_done, c);
        break;
    }
}
