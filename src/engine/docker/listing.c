/* SPDX-License-Identifier: MIT
 *
 * GET /containers/json, read as it comes: each row is parsed and handed out while the engine still
 * sends, so a listing of a thousand needs the memory of one.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/docker/call.h"
#include "engine/docker/parse.h"
#include "engine/docker/split.h"

#define ROW_MAX_BYTES ((size_t)4 << 20)

struct listing {
    struct call *call;
    engine_row_fn *row;
    struct split split;
};

static void listing_drop(void *ctx)
{
    struct listing *l = ctx;
    split_close(&l->split);
    call_drop(l->call);
    free(l);
}

static int on_row(void *ctx, const char *json, size_t len)
{
    struct listing *l = ctx;
    _cleanup_(container_view_close) struct container_view view;
    if (l->call->engine->closing)
        return -ECANCELED;
    int r = parse_row(json, len, &view);
    if (r < 0)
        return r;
    l->row(l->call->ctx, &view.c);
    return 0;
}

static int on_body(void *ctx, const char *data, size_t len)
{
    struct listing *l = ctx;
    return split_feed(&l->split, data, len);
}

static void on_answer(void *ctx, const struct answer *answer)
{
    struct listing *l = ctx;
    struct engine_result result = {0};
    result.outcome = answer_judge(CALL_LIST, "", answer, &result.error);
    if (result.outcome == ENGINE_DONE && split_end(&l->split) < 0)
        result.outcome =
            answer_not_understood(CALL_LIST, "", "the answer ended too early", &result.error);
    call_finish(steal(&l->call), &result);
    listing_drop(l);
}

void engine_list(struct engine *engine, const char *label, engine_row_fn *row, engine_done_fn *done,
                 void *ctx)
{
    struct listing *l = call_alloc(sizeof(*l));
    l->call = call_new(engine, CALL_LIST, "", done, ctx);
    l->row = row;
    split_init(&l->split, SPLIT_ARRAY, ROW_MAX_BYTES, on_row, l);
    _cleanup_free_ char *filter = label ? call_filter("label", label) : NULL;
    struct request_spec spec = call_spec(engine, "GET", LANE_READ, on_answer, listing_drop, l);
    spec.on_body = on_body;
    spec.max_bytes = LISTING_MAX_BYTES;
    call_send(engine, &spec, label ? "/containers/json?all=1&filters=%s" : "/containers/json?all=1",
              filter, NULL);
}
