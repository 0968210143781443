/* SPDX-License-Identifier: MIT
 *
 * The table of routes, what each may be told, and the dispatcher that runs over it.
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/calls.h"
#include "api/target.h"
#include "core/agent.h"

static const struct param pass_params[] = {
    {"dry_run", PARAM_BOOL, PARAM_AT(reconcile.dry_run)},
    {"deep", PARAM_BOOL, PARAM_AT(reconcile.deep)},
    {"remove_orphans", PARAM_BOOL, PARAM_AT(reconcile.remove_orphans)},
    {NULL},
};

static const struct param agent_pass_params[] = {
    {"dry_run", PARAM_BOOL, PARAM_AT(reconcile.dry_run)},
    {"deep", PARAM_BOOL, PARAM_AT(reconcile.deep)},
    {"recreate", PARAM_BOOL, PARAM_AT(reconcile.recreate)},
    {NULL},
};

static const struct param wake_members[] = {
    {"ttl", PARAM_DURATION, PARAM_AT(wake.ttl_ns), 1, API_TTL_MAX_NS},
    {"wait", PARAM_BOOL, PARAM_AT(wake.wait)},
    {"timeout", PARAM_DURATION, PARAM_AT(wake.wait_ns), 1, API_TTL_MAX_NS},
    {"now", PARAM_BOOL, PARAM_AT(wake.now)},
    {NULL},
};

static const struct param renew_members[] = {
    {"ttl", PARAM_DURATION, PARAM_AT(wake.ttl_ns), 1, API_TTL_MAX_NS},
    {NULL},
};

static const struct param hold_members[] = {
    {"reason", PARAM_TEXT, PARAM_AT(reason), 0, PARAM_REASON_MAX},
    {NULL},
};

static const struct param events_params[] = {
    {"after", PARAM_COUNT, PARAM_AT(events.after), 0, INT64_MAX},
    {"limit", PARAM_COUNT, PARAM_AT(events.limit), 1, API_EVENTS_LIMIT_MAX},
    {"kind", PARAM_KIND, PARAM_AT(events.kind)},
    {"agent", PARAM_AGENT, PARAM_AT(events.agent)},
    {"since", PARAM_WHEN, PARAM_AT(events.since_ms)},
    {"newest", PARAM_BOOL, PARAM_AT(events.newest)},
    {NULL},
};

/* A call that may take long has progress, and is refused when too many wait. */
enum waits {
    WAITS_NEVER,
    WAITS_ALWAYS,
    WAITS_IF_ASKED, /* a wake */
};

struct route {
    const char *method;
    const char *pattern; /* a part {name} takes an agent's name, {lease} a lease's id */
    void (*run)(struct call *call);
    enum waits waits;
    const struct param *query;   /* NULL: no parameters */
    const struct param *members; /* of the body; NULL: none */
};

static const struct route routes[] = {
    {"GET", "/healthz", call_health},
    {"GET", "/readyz", call_ready},
    {"GET", "/v1/agents", call_agents},
    {"GET", "/v1/agents/{name}", call_agent},
    {"POST", "/v1/agents/{name}/wake", call_wake, WAITS_IF_ASKED, .members = wake_members},
    {"POST", "/v1/agents/{name}/sleep", call_sleep, WAITS_ALWAYS},
    {"POST", "/v1/agents/{name}/restart", call_restart, WAITS_ALWAYS},
    {"PUT", "/v1/agents/{name}/hold", call_hold, .members = hold_members},
    {"DELETE", "/v1/agents/{name}/hold", call_unhold},
    {"POST", "/v1/agents/{name}/reconcile", call_reconcile, WAITS_ALWAYS,
     .query = agent_pass_params},
    {"POST", "/v1/leases/{lease}/renew", call_renew, .members = renew_members},
    {"DELETE", "/v1/leases/{lease}", call_release},
    {"POST", "/v1/reconcile", call_reconcile, WAITS_ALWAYS, .query = pass_params},
    {"POST", "/v1/agents/{name}/pull", call_pull, WAITS_ALWAYS},
    {"POST", "/v1/pull", call_pull, WAITS_ALWAYS},
    {"GET", "/v1/outdated", call_outdated, WAITS_ALWAYS},
    {"GET", "/v1/events", call_events, .query = events_params},
    {"GET", "/v1/stats", call_stats, WAITS_ALWAYS},
};

static bool pattern_matches(const char *pattern, const struct target *target, const char **ret_name)
{
    const char *name = NULL;
    for (size_t i = 0; i < target->segments_len; i++) {
        if (*pattern != '/' || i == TARGET_SEGMENTS_MAX)
            return false;
        pattern++;
        size_t len = strcspn(pattern, "/");
        if (*pattern == '{')
            name = target->segments[i];
        else if (strlen(target->segments[i]) != len ||
                 memcmp(target->segments[i], pattern, len) != 0)
            return false;
        pattern += len;
    }
    if (*pattern)
        return false;
    *ret_name = name;
    return true;
}

static bool method_matches(const char *asked, const char *method)
{
    return strcmp(asked, method) == 0 || (strcmp(asked, "HEAD") == 0 && strcmp(method, "GET") == 0);
}

static void allow_add(struct api_reply *reply, const char *method)
{
    size_t len = strlen(reply->allow);
    (void)snprintf(reply->allow + len, sizeof(reply->allow) - len, "%s%s%s", len ? ", " : "",
                   method, strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* NULL when it has answered 404 or 405. */
static const struct route *route_find(const char *method, const struct target *target,
                                      struct api_reply *reply, const char **ret_name)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (!pattern_matches(routes[i].pattern, target, ret_name))
            continue;
        if (method_matches(method, routes[i].method)) {
            reply->allow[0] = '\0';
            return &routes[i];
        }
        allow_add(reply, routes[i].method);
    }
    if (*reply->allow)
        api_reply_problem(reply, 405, NULL, "this path has no method %.16s; it has %s", method,
                          reply->allow);
    else
        api_reply_problem(reply, 404, "no_such_path", "the API has no such path");
    return NULL;
}

#define LEASE_ID_LEN 32

/* False when it has answered 400. */
static bool name_check(const struct route *route, const struct call *call)
{
    if (!call->name)
        return true;
    bool is_lease = strstr(route->pattern, "{lease}") != NULL;
    if (is_lease) {
        size_t len = strspn(call->name, "0123456789abcdef");
        if (len == LEASE_ID_LEN && !call->name[len])
            return true;
        api_reply_problem(call->reply, 400, "bad_lease",
                          "\"%.80s\" is not an id of a lease; ids have %d digits of 0-9, a-f",
                          call->name, LEASE_ID_LEN);
        return false;
    }
    if (agent_name_is_valid(call->name))
        return true;
    api_reply_problem(call->reply, 400, "bad_name",
                      "\"%.80s\" is not a name of an agent; names have 1 to %d letters, "
                      "digits, \"_\", \".\", \"-\" and begin with a letter or digit",
                      call->name, AGENT_NAME_MAX);
    return false;
}

/* False when it has answered 400. */
static bool together_check(const struct call *call)
{
    if (!call->params.wake.wait_ns || call->params.wake.wait)
        return true;
    api_reply_problem(call->reply, 400, "bad_body",
                      "\"timeout\" says how long to wait: it needs \"wait\": true");
    return false;
}

static bool may_wait(const struct route *route, const struct call *call)
{
    return route->waits == WAITS_ALWAYS ||
           (route->waits == WAITS_IF_ASKED && call->params.wake.wait);
}

static void dispatch(const struct target *target, struct call *call)
{
    const struct api_request *request = call->request;
    const struct route *route = route_find(request->method, target, call->reply, &call->name);
    if (!route || !name_check(route, call) ||
        !params_read_query(route->query, target, &call->params, call->reply) ||
        !params_read_body(route->members, request->body, &call->params, call->reply) ||
        !together_check(call))
        return;
    bool waits = may_wait(route, call);
    if (waits && request->busy) {
        api_reply_problem(call->reply, 503, "busy",
                          "too many requests wait for their answer; try again later");
        return;
    }
    call->reply->progress = waits && request->wants_progress;
    route->run(call);
}

void api_dispatch(const struct api_backend *backend, void *ctx, const struct api_request *request,
                  struct api_reply *reply)
{
    struct error err = ERROR_INIT;
    struct target target;
    if (target_parse(request->target, &target, &err) < 0) {
        api_reply_error(reply, &err);
        return;
    }
    struct call call = {
        .backend = backend,
        .ctx = ctx,
        .reply = reply,
        .request = request,
        .params = {.events = {.after = PARAM_EVENTS_NO_AFTER}},
    };
    dispatch(&target, &call);
    target_close(&target);
}
