/* SPDX-License-Identifier: MIT
 *
 * One API request without a daemon: the same fleet, the same router, for as long as the answer
 * takes.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/fleet.h"

struct call {
    struct api_reply reply; /* first: the transport is this struct */
    struct fleet fleet;
    uv_loop_t loop;
    const char *method;
    const char *target;
    const json_t *body;
    api_progress_fn *progress;
    void *progress_ctx;
    bool asked;
    bool answered;
    bool closed; /* given up: no answer matters any more */
    int status;
    json_t *json;
    struct error error;
};

static void on_finish(struct api_reply *reply, int status, json_t *json)
{
    struct call *call = (struct call *)reply;
    if (call->closed) {
        json_decref(json);
        return;
    }
    call->answered = true;
    call->status = status;
    call->json = json;
    uv_stop(&call->loop);
}

static void on_progress(struct api_reply *reply, json_t *json)
{
    struct call *call = (struct call *)reply;
    call->progress(call->progress_ctx, json);
    json_decref(json);
}

static const struct api_reply_ops reply_ops = {.finish = on_finish, .progress = on_progress};

static void ask(struct call *call)
{
    if (call->asked)
        return;
    call->asked = true;
    struct api_request request = {
        .method = call->method,
        .target = call->target,
        .body = call->body,
        .wants_progress = call->progress != NULL,
        .peer_uid = geteuid(),
    };
    api_dispatch(&fleet_backend, &call->fleet, &request, &call->reply);
}

static void on_fatal(void *ctx, const struct error *err)
{
    struct call *call = ctx;
    call->error = *err;
    uv_stop(&call->loop);
}

static void on_booted(void *ctx, const struct effect *report)
{
    /* There is no boot pass: the one request is all. */
}

/* A pass is in the first listing; a question waits for it. */
static void on_made(void *ctx)
{
    struct call *call = ctx;
    struct core_event event = {.kind = CORE_TIME};
    if (strcmp(call->method, "GET") != 0)
        ask(call);
    fleet_step(&call->fleet, &event);
}

/* Without an engine, what is remembered is still worth telling; a pass is refused by the backend.
 */
static void on_listed(void *ctx, bool whole)
{
    struct call *call = ctx;
    if (!call->fleet.core && strcmp(call->method, "GET") == 0)
        fleet_make_core(&call->fleet);
    ask(call);
}

/* Whoever does needs the database's lock. A pull touches no container. */
static bool drives_engine(const struct call *call)
{
    size_t len = strlen(call->target);
    bool pulls = len > 5 && strcmp(call->target + len - 5, "/pull") == 0;
    return strcmp(call->method, "GET") != 0 && !pulls && !strstr(call->target, "dry_run=1");
}

static int open_all(struct call *call, const struct daemon_options *options, struct error *err)
{
    struct fleet *f = &call->fleet;
    bool drives = drives_engine(call);
    struct store_options store = {.path = options->db_path, .own = drives};
    f->observe_only = !drives;
    f->ctx = call;
    f->fatal = on_fatal;
    f->made = on_made;
    f->booted = on_booted;
    f->listed = on_listed;
    int r = store_open(&store, &f->store, err);
    if (r == 0 && store_fleet(f->store)[0] == '\0')
        r = error_set(err, -ENOENT, ERROR_NOT_FOUND, "no_fleet",
                      "database %s has no fleet yet; `roost apply FILE` makes one",
                      options->db_path);
    if (r == 0)
        r = fleet_open(f, &call->loop, options, err);
    return r;
}

int daemon_call(const struct daemon_options *options, const char *method,
                const char *path_and_query, const json_t *body, api_progress_fn *progress,
                void *progress_ctx, struct api_answer *ret_answer, struct error *err)
{
    struct call *call = calloc(1, sizeof(*call));
    if (!call)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    int r = fleet_loop_init(&call->loop, err);
    if (r < 0) {
        free(call);
        return r;
    }
    call->reply.ops = &reply_ops;
    call->method = method;
    call->target = path_and_query;
    call->body = body;
    call->progress = progress;
    call->progress_ctx = progress_ctx;
    r = open_all(call, options, err);
    if (r == 0) {
        fleet_begin(&call->fleet);
        (void)uv_run(&call->loop, UV_RUN_DEFAULT);
        if (call->answered)
            r = api_answer_take(call->status, call->json, ret_answer, err);
        else
            r = error_set(err, -1, error_is_set(&call->error) ? call->error.kind : ERROR_FAILED,
                          call->error.code, "%s",
                          error_is_set(&call->error) ? call->error.text : "no answer");
    }
    call->closed = true;
    fleet_close(&call->fleet);
    (void)uv_run(&call->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&call->loop);
    free(call);
    return r;
}
