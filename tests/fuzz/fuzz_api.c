/* SPDX-License-Identifier: MIT
 *
 * Any request of the API: "METHOD TARGET\nBODY". It gets one answer, or reaches the backend once,
 * with nothing but what api.h promises: names that are names, times within their bounds.
 */
#include "api/api.h"
#include "api/body.h"
#include "base/text.h"
#include "core/agent.h"
#include "fuzz.h"

static unsigned answers;

static void finish(struct api_reply *reply, int status, json_t *json)
{
    require(status >= 200 && status < 600);
    answers++;
    if (status >= 400) {
        const char *detail = json_string_value(json_object_get(json, "detail"));
        require(detail && text_is_utf8(detail, strlen(detail)));
    }
    json_decref(json);
}

static void done(struct api_reply *reply)
{
    api_reply_json(reply, 200, json_object());
}

static void agents(void *ctx, struct api_reply *reply)
{
    done(reply);
}

static void agent(void *ctx, const char *name, struct api_reply *reply)
{
    require(agent_name_is_valid(name));
    done(reply);
}

static void reconcile(void *ctx, const struct api_reconcile *what, struct api_reply *reply)
{
    require(!what->agent || agent_name_is_valid(what->agent));
    require(!(what->agent && what->remove_orphans));
    done(reply);
}

static void wake(void *ctx, const struct api_wake *what, struct api_reply *reply)
{
    require(agent_name_is_valid(what->agent));
    require(what->ttl_ns <= API_TTL_MAX_NS && what->wait_ns <= API_TTL_MAX_NS);
    done(reply);
}

static void check_lease(const char *lease)
{
    require(strlen(lease) == 32 && strspn(lease, "0123456789abcdef") == 32);
}

static void renew(void *ctx, const char *lease, uint64_t ttl_ns, struct api_reply *reply)
{
    check_lease(lease);
    require(ttl_ns <= API_TTL_MAX_NS);
    done(reply);
}

static void release(void *ctx, const char *lease, struct api_reply *reply)
{
    check_lease(lease);
    done(reply);
}

static void hold(void *ctx, const char *name, bool held, const char *reason,
                 struct api_reply *reply)
{
    require(agent_name_is_valid(name));
    require(!reason || text_is_utf8(reason, strlen(reason)));
    done(reply);
}

static void pull(void *ctx, const char *name, struct api_reply *reply)
{
    require(!name || agent_name_is_valid(name));
    done(reply);
}

static void events(void *ctx, const struct api_events *what, struct api_reply *reply)
{
    require(what->limit >= 1 && what->limit <= API_EVENTS_LIMIT_MAX && what->after >= 0);
    /* It need not be one that this roost tells: the database may be older or newer. */
    require(!what->kind ||
            strspn(what->kind, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(what->kind));
    require(!what->agent || agent_name_is_valid(what->agent));
    done(reply);
}

static const struct api_backend backend = {
    .agents = agents,
    .agent = agent,
    .stats = agents,
    .reconcile = reconcile,
    .ready = agents,
    .wake = wake,
    .renew = renew,
    .release = release,
    .sleep = agent,
    .restart = agent,
    .hold = hold,
    .pull = pull,
    .outdated = agents,
    .events = events,
};

static void ask(const char *method, const char *target, const char *body)
{
    static const struct api_reply_ops ops = {.finish = finish};
    struct api_reply reply = {.ops = &ops};
    struct error err = ERROR_INIT;
    json_t *json = NULL;
    if (body_parse("application/json", body, strlen(body), &json, &err) != 0) {
        require(error_is_set(&err) && text_is_utf8(err.text, strlen(err.text)));
        return;
    }
    struct api_request request = {.method = method, .target = target, .body = json};
    answers = 0;
    api_dispatch(&backend, NULL, &request, &reply);
    require(answers == 1);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    char *body = text + strcspn(text, "\n");
    if (*body)
        *body++ = '\0';
    char *target = text + strcspn(text, " ");
    if (*target)
        *target++ = '\0';
    ask(text, target, body);
    free(text);
    return 0;
}
