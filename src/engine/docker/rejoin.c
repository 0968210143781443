/* SPDX-License-Identifier: MIT
 *
 * Attaching a container anew to a network that was removed and made again. The engine remembers the
 * old network's id in a container that has run, and refuses to start it; leaving by force (of a
 * network that does not know it, hence whatever the answer) and joining again mends that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/docker/call.h"

#define REJOIN_BODY_MAX (64U << 10)

struct rejoin {
    struct call *call; /* its subject is the network */
    char *body;        /* of the connect call */
};

static void rejoin_drop(void *ctx)
{
    struct rejoin *r = ctx;
    call_drop(r->call);
    free(r->body);
    free(r);
}

static struct request_spec post(struct rejoin *r, const char *body, answer_fn *on_answer)
{
    struct request_spec spec =
        call_spec(r->call->engine, "POST", LANE_START, on_answer, rejoin_drop, r);
    spec.body = body;
    spec.body_len = strlen(body);
    return spec;
}

static void on_joined(void *ctx, const struct answer *answer)
{
    struct rejoin *r = ctx;
    struct engine_result result = {0};
    result.outcome = answer_judge(CALL_ATTACH, r->call->subject, answer, &result.error);
    call_finish(steal(&r->call), &result);
    rejoin_drop(r);
}

static void on_left(void *ctx, const struct answer *answer)
{
    struct rejoin *r = ctx;
    struct request_spec spec = post(r, r->body, on_joined);
    call_send(r->call->engine, &spec, "/networks/%s/connect", r->call->subject, NULL);
}

void engine_rejoin(struct engine *engine, const char *id, const struct engine_attach *attach,
                   engine_done_fn *done, void *ctx)
{
    struct rejoin *r = call_alloc(sizeof(*r));
    _cleanup_(buf_close) struct buf leave = BUF_INIT(REJOIN_BODY_MAX);
    _cleanup_(buf_close) struct buf join = BUF_INIT(REJOIN_BODY_MAX);
    r->call = call_new(engine, CALL_ATTACH, attach->network, done, ctx);
    (void)buf_printf(&leave, "{\"Container\":\"%s\",\"Force\":true}", id);
    (void)buf_printf(&join, "{\"Container\":\"%s\",\"EndpointConfig\":", id);
    (void)buf_puts(&join, attach->endpoint && attach->endpoint[0] ? attach->endpoint : "{}");
    (void)buf_puts(&join, "}");
    r->body = call_copy(join.error ? "" : buf_text(&join)); /* an empty one the engine refuses */
    struct request_spec spec = post(r, buf_text(&leave), on_left);
    call_send(engine, &spec, "/networks/%s/disconnect", attach->network, NULL);
}
