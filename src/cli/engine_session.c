/* SPDX-License-Identifier: MIT
 *
 * A few requests to the engine, one after the other.
 */
#include "cli/engine_session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* One request under way. */
struct wait {
    bool done;
    enum engine_outcome outcome;
    struct error error;
    struct engine_facts facts;
    engine_row_fn *row;
    void *row_ctx;
};

int engine_session_open(struct engine_session *session, const struct engine_options *options,
                        struct error *err)
{
    session->engine = NULL;
    int r = uv_loop_init(&session->loop);
    if (r < 0)
        return error_set(err, r, ERROR_FAILED, NULL, "cannot make a loop: %s", uv_strerror(r));
    r = engine_docker_open(&session->loop, options, &session->engine, err);
    if (r < 0) {
        session->engine = NULL;
        (void)uv_run(&session->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&session->loop);
    }
    return r;
}

void engine_session_close(struct engine_session *session)
{
    if (!session->engine)
        return;
    engine_close(session->engine, NULL, NULL);
    session->engine = NULL;
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&session->loop);
}

static int wait_done(struct engine_session *session, struct wait *wait, struct error *err)
{
    while (!wait->done)
        (void)uv_run(&session->loop, UV_RUN_ONCE);
    if (wait->outcome == ENGINE_DONE || wait->outcome == ENGINE_ALREADY)
        return 0;
    if (err)
        *err = wait->error;
    return wait->outcome == ENGINE_NOT_FOUND ? -ENOENT : -EIO;
}

static void on_done(void *ctx, const struct engine_result *result)
{
    struct wait *wait = ctx;
    wait->outcome = result->outcome;
    wait->error = result->error;
    wait->done = true;
}

static void copy_text(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from ? from : "");
}

static void on_info(void *ctx, const struct engine_result *result, const struct engine_info *info)
{
    struct wait *wait = ctx;
    on_done(wait, result);
    if (!info)
        return;
    struct engine_facts *f = &wait->facts;
    copy_text(f->version, sizeof(f->version), info->version);
    copy_text(f->api_version, sizeof(f->api_version), info->api_version);
    copy_text(f->min_api_version, sizeof(f->min_api_version), info->min_api_version);
    f->live_restore = info->live_restore;
}

int engine_session_facts(struct engine_session *session, struct engine_facts *ret_facts,
                         struct error *err)
{
    struct wait wait = {0};
    engine_info(session->engine, on_info, &wait);
    int r = wait_done(session, &wait, err);
    if (r == 0)
        *ret_facts = wait.facts;
    return r;
}

static void on_row(void *ctx, const struct engine_container *container)
{
    struct wait *wait = ctx;
    wait->row(wait->row_ctx, container);
}

int engine_session_list(struct engine_session *session, const char *label, engine_row_fn *row,
                        void *ctx, struct error *err)
{
    struct wait wait = {.row = row, .row_ctx = ctx};
    engine_list(session->engine, label, on_row, on_done, &wait);
    return wait_done(session, &wait, err);
}

int engine_session_remove_network(struct engine_session *session, const char *name,
                                  struct error *err)
{
    struct wait wait = {0};
    engine_network_remove(session->engine, name, on_done, &wait);
    int r = wait_done(session, &wait, err);
    return r == -ENOENT ? ENGINE_SESSION_ABSENT : r;
}

int engine_session_remove_volume(struct engine_session *session, const char *name,
                                 struct error *err)
{
    struct wait wait = {0};
    engine_volume_remove(session->engine, name, on_done, &wait);
    int r = wait_done(session, &wait, err);
    return r == -ENOENT ? ENGINE_SESSION_ABSENT : r;
}
