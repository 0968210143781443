/* SPDX-License-Identifier: MIT */
#include "api/calls.h"

void call_health(struct call *call)
{
    api_reply_json(call->reply, 200, json_pack("{s:s}", "status", "ok"));
}

void call_ready(struct call *call)
{
    call->backend->ready(call->ctx, call->reply);
}

void call_agents(struct call *call)
{
    call->backend->agents(call->ctx, call->reply);
}

void call_agent(struct call *call)
{
    call->backend->agent(call->ctx, call->name, call->reply);
}

void call_stats(struct call *call)
{
    call->backend->stats(call->ctx, call->reply);
}

void call_reconcile(struct call *call)
{
    call->params.reconcile.agent = call->name;
    call->backend->reconcile(call->ctx, &call->params.reconcile, call->reply);
}

void call_wake(struct call *call)
{
    call->params.wake.agent = call->name;
    call->backend->wake(call->ctx, &call->params.wake, call->reply);
}

void call_renew(struct call *call)
{
    call->backend->renew(call->ctx, call->name, call->params.wake.ttl_ns, call->reply);
}

void call_release(struct call *call)
{
    call->backend->release(call->ctx, call->name, call->reply);
}

void call_sleep(struct call *call)
{
    call->backend->sleep(call->ctx, call->name, call->reply);
}

void call_restart(struct call *call)
{
    call->backend->restart(call->ctx, call->name, call->reply);
}

void call_hold(struct call *call)
{
    call->backend->hold(call->ctx, call->name, true, call->params.reason, call->reply);
}

void call_unhold(struct call *call)
{
    call->backend->hold(call->ctx, call->name, false, NULL, call->reply);
}

void call_pull(struct call *call)
{
    call->backend->pull(call->ctx, call->name, call->reply);
}

void call_outdated(struct call *call)
{
    call->backend->outdated(call->ctx, call->reply);
}

/* A client that comes back says how far it got; then `after` of its first request counts no more.
 */
static void events_stream(struct call *call)
{
    struct api_events *what = &call->params.events;
    const char *last = call->request->last_event_id;
    if (what->limit || what->newest) {
        api_reply_problem(call->reply, 400, "bad_parameter",
                          "\"limit\" and \"newest\" are for a page of events, not for a stream");
        return;
    }
    if (last && *last && param_count_parse(last, &what->after) < 0) {
        api_reply_problem(call->reply, 400, "bad_last_event_id",
                          "Last-Event-ID must be the id of an event, a number");
        return;
    }
    if (what->after == PARAM_EVENTS_NO_AFTER)
        what->after = what->since_ms ? 0 : API_EVENTS_FROM_NOW;
    struct api_stream *stream = call->reply->ops->stream(call->reply);
    if (stream)
        call->backend->events_follow(call->ctx, what, stream);
    else
        api_reply_problem(call->reply, 503, "busy",
                          "too many clients follow the events already; try again later");
}

void call_events(struct call *call)
{
    struct api_events *what = &call->params.events;
    if (call->request->wants_stream && call->reply->ops->stream) {
        events_stream(call);
        return;
    }
    if (what->after == PARAM_EVENTS_NO_AFTER)
        what->after = 0;
    if (what->limit == 0)
        what->limit = API_EVENTS_LIMIT_DEFAULT;
    call->backend->events(call->ctx, what, call->reply);
}
