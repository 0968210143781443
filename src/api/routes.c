/* SPDX-License-Identifier: MIT
 *
 * The table of routes, and the dispatcher that runs over it.
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/target.h"
#include "base/nearest.h"
#include "core/agent.h"

/* One call on its way to the backend. */
struct call {
    const struct api_backend *backend;
    void *ctx;
    struct api_reply *reply;
    const char *name;               /* {name} of the path; NULL without one */
    struct api_reconcile reconcile; /* the parameters of the query */
};

static void call_health(const struct call *call)
{
    api_reply_json(call->reply, 200, json_pack("{s:s}", "status", "ok"));
}

static void call_ready(const struct call *call)
{
    call->backend->ready(call->ctx, call->reply);
}

static void call_agents(const struct call *call)
{
    call->backend->agents(call->ctx, call->reply);
}

static void call_agent(const struct call *call)
{
    call->backend->agent(call->ctx, call->name, call->reply);
}

static void call_reconcile(const struct call *call)
{
    struct api_reconcile what = call->reconcile;
    what.agent = call->name;
    call->backend->reconcile(call->ctx, &what, call->reply);
}

/* A parameter of the query: a bool in struct api_reconcile. */
struct param {
    const char *name;
    size_t offset;
};

#define PARAMS_MAX 4
#define PARAM(field)                                                                               \
    {                                                                                              \
#field, offsetof(struct api_reconcile, field)                                              \
    }

struct route {
    const char *method;
    const char *pattern; /* a part {name} takes an agent's name */
    void (*run)(const struct call *call);
    bool waits; /* may take long: has progress, and is refused when too many wait */
    struct param params[PARAMS_MAX];
};

static const struct route routes[] = {
    {"GET", "/healthz", call_health},
    {"GET", "/readyz", call_ready},
    {"GET", "/v1/agents", call_agents},
    {"GET", "/v1/agents/{name}", call_agent},
    {"POST", "/v1/reconcile", call_reconcile, .waits = true,
     .params = {PARAM(dry_run), PARAM(deep), PARAM(remove_orphans)}},
    {"POST", "/v1/agents/{name}/reconcile", call_reconcile, .waits = true,
     .params = {PARAM(dry_run), PARAM(deep), PARAM(recreate)}},
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

static bool bool_parse(const char *text, bool *ret_value)
{
    if (!text)
        return false;
    bool yes = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
    bool no = strcmp(text, "0") == 0 || strcmp(text, "false") == 0;
    *ret_value = yes;
    return yes || no;
}

static const struct param *param_find(const struct route *route, const char *key,
                                      struct api_reply *reply)
{
    struct nearest nearest = {.word = key};
    for (size_t i = 0; i < PARAMS_MAX && route->params[i].name; i++) {
        if (strcmp(route->params[i].name, key) == 0)
            return &route->params[i];
        nearest_offer(&nearest, route->params[i].name);
    }
    api_reply_problem(reply, 400, "unknown_parameter", "unknown query parameter \"%.64s\"%s%s%s",
                      key, nearest.best ? "; did you mean \"" : "",
                      nearest.best ? nearest.best : "", nearest.best ? "\"" : "");
    return NULL;
}

/* False when it has answered 400. */
static bool params_read(const struct route *route, const struct target *target, struct call *call)
{
    for (size_t i = 0; i < target->params_len; i++) {
        const struct target_param *given = &target->params[i];
        const struct param *param = param_find(route, given->key, call->reply);
        if (!param)
            return false;
        bool value = false;
        if (!bool_parse(given->value, &value)) {
            api_reply_problem(call->reply, 400, "bad_parameter",
                              "query parameter \"%s\" must be 1, 0, true or false", param->name);
            return false;
        }
        memcpy((char *)&call->reconcile + param->offset, &value, sizeof(value));
    }
    return true;
}

/* No route takes a body yet. To ignore one would be to do something else than was asked:
 * {"dry_run":true} would change containers. An empty object says nothing and does no harm. */
static bool body_is_empty(const json_t *body)
{
    return !body || (json_is_object(body) && json_object_size(body) == 0);
}

static void dispatch(const struct api_request *request, const struct target *target,
                     struct call *call)
{
    const struct route *route = route_find(request->method, target, call->reply, &call->name);
    if (!route)
        return;
    if (call->name && !agent_name_is_valid(call->name)) {
        api_reply_problem(call->reply, 400, "bad_name",
                          "\"%.80s\" is not a name of an agent; names have 1 to %d letters, "
                          "digits, \"_\", \".\", \"-\" and begin with a letter or digit",
                          call->name, AGENT_NAME_MAX);
        return;
    }
    if (!params_read(route, target, call))
        return;
    if (!body_is_empty(request->body)) {
        api_reply_problem(call->reply, 400, "unexpected_body",
                          "this call takes no body; its options are parameters of the query");
        return;
    }
    if (route->waits && request->busy) {
        api_reply_problem(call->reply, 503, "busy",
                          "too many requests wait for their answer; try again later");
        return;
    }
    call->reply->progress = route->waits && request->wants_progress;
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
    struct call call = {.backend = backend, .ctx = ctx, .reply = reply};
    dispatch(request, &target, &call);
    target_close(&target);
}
