/* SPDX-License-Identifier: MIT
 *
 * Leases over the API: what was asked for becomes an event of the core, what it answers becomes the
 * reply.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "daemon/fleet.h"

#define LEASE_ID_BYTES 16
#define LEASE_ID_SIZE  (2 * LEASE_ID_BYTES + 1)

/* A restart's lease ends when the agent is ready. This is for when we are killed meanwhile: then it
 * is what starts a lazy agent again. */
#define RESTART_TTL_NS (3600 * NS_PER_S)

struct fleet_asker {
    struct fleet_asker *next;
    uint64_t wake;
    struct api_reply *reply;
    char agent[AGENT_NAME_MAX + 1]; /* that was asked for; "": a lease was */
    bool wants_lease;               /* wake, renew: the answer is the lease */
};

static struct fleet_asker *add_asker(struct fleet *f, struct api_reply *reply, const char *agent,
                                     bool wants_lease)
{
    struct fleet_asker *asker = calloc(1, sizeof(*asker));
    if (!asker) {
        api_reply_problem(reply, 500, NULL, "out of memory");
        return NULL;
    }
    asker->wake = ++f->last_pass; /* one counter for all that somebody waits for */
    asker->reply = reply;
    (void)snprintf(asker->agent, sizeof(asker->agent), "%s", agent);
    asker->wants_lease = wants_lease;
    asker->next = f->askers;
    f->askers = asker;
    return asker;
}

static struct fleet_asker *take_asker(struct fleet *f, uint64_t wake)
{
    struct fleet_asker **a = &f->askers;
    while (*a && (*a)->wake != wake)
        a = &(*a)->next;
    struct fleet_asker *asker = *a;
    if (asker)
        *a = asker->next;
    return asker;
}

void wakes_drop(struct fleet *f)
{
    while (f->askers) {
        struct fleet_asker *asker = f->askers;
        f->askers = asker->next;
        api_reply_problem(
            asker->reply, 503, "stopping",
            "the daemon is stopping; a lease that was given is kept for when it is back");
        free(asker);
    }
}

static bool is_asking(const struct fleet *f, uint64_t wake)
{
    const struct fleet_asker *asker = f->askers;
    while (asker && asker->wake != wake)
        asker = asker->next;
    return asker != NULL;
}

static uint64_t ttl_or_default(uint64_t ttl_ns)
{
    return ttl_ns ? ttl_ns : API_TTL_DEFAULT_NS;
}

/* The lease that one who waits has already. */
static json_t *given_json(const struct fleet *f, const struct api_wake *what, const char *id)
{
    char expires[TIME_TEXT_SIZE];
    struct agent_view view;
    time_format(clock_wall_ms() + (int64_t)(ttl_or_default(what->ttl_ns) / NS_PER_MS), expires);
    bool known = core_view_agent(f->core, what->agent, &view);
    return json_pack("{s:{s:s, s:s, s:s}, s:s}", "lease", "id", id, "agent", what->agent,
                     "expires_at", expires, "state",
                     agent_state_name(known ? view.state : STATE_MISSING));
}

/* Asking ----------------------------------------------------------------------------------------
 */

/* False: the reply is answered. */
static bool make_lease_id(char ret_id[LEASE_ID_SIZE], struct api_reply *reply)
{
    uint8_t random[LEASE_ID_BYTES];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        api_reply_problem(reply, 500, NULL, "no random numbers for a lease's id: %s",
                          strerror(errno));
        return false;
    }
    hex_format(random, sizeof(random), ret_id);
    return true;
}

void wakes_wake(void *ctx, const struct api_wake *what, struct api_reply *reply)
{
    struct fleet *f = ctx;
    char id[LEASE_ID_SIZE];
    if (!fleet_look_at_table(f, reply) || !fleet_has_core(f, reply) || !make_lease_id(id, reply))
        return;
    struct fleet_asker *asker = add_asker(f, reply, what->agent, true);
    if (!asker)
        return;
    struct core_event event = {.kind = CORE_WAKE,
                               .wake = {.wake = asker->wake,
                                        .agent = what->agent,
                                        .lease = id,
                                        .ttl_ns = ttl_or_default(what->ttl_ns),
                                        .wait = what->wait,
                                        .wait_ns = what->wait_ns,
                                        .now = what->now}};
    uint64_t wake = asker->wake;
    fleet_step(f, &event);
    if (is_asking(f, wake) && reply->progress)
        api_reply_progress(reply, given_json(f, what, id));
}

void wakes_renew(void *ctx, const char *lease, uint64_t ttl_ns, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (!fleet_look_at_table(f, reply) || !fleet_has_core(f, reply))
        return;
    struct fleet_asker *asker = add_asker(f, reply, "", true);
    if (!asker)
        return;
    struct core_event event = {
        .kind = CORE_RENEW,
        .renew = {.wake = asker->wake, .lease = lease, .ttl_ns = ttl_or_default(ttl_ns)}};
    fleet_step(f, &event);
}

void wakes_release(void *ctx, const char *lease, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (!fleet_look_at_table(f, reply) || !fleet_has_core(f, reply))
        return;
    struct fleet_asker *asker = add_asker(f, reply, "", false);
    if (!asker)
        return;
    struct core_event event = {.kind = CORE_RELEASE,
                               .release = {.wake = asker->wake, .lease = lease}};
    fleet_step(f, &event);
}

void wakes_sleep(void *ctx, const char *agent, struct api_reply *reply)
{
    struct fleet *f = ctx;
    if (!fleet_look_at_table(f, reply) || !fleet_has_core(f, reply))
        return;
    struct fleet_asker *asker = add_asker(f, reply, agent, false);
    if (!asker)
        return;
    struct core_event event = {.kind = CORE_SLEEP, .sleep = {.wake = asker->wake, .agent = agent}};
    fleet_step(f, &event);
}

void wakes_restart(void *ctx, const char *agent, struct api_reply *reply)
{
    struct fleet *f = ctx;
    char id[LEASE_ID_SIZE];
    if (!fleet_look_at_table(f, reply) || !fleet_has_core(f, reply) || !make_lease_id(id, reply))
        return;
    struct fleet_asker *asker = add_asker(f, reply, agent, false);
    if (!asker)
        return;
    struct core_event event = {.kind = CORE_WAKE,
                               .wake = {.wake = asker->wake,
                                        .agent = agent,
                                        .lease = id,
                                        .ttl_ns = RESTART_TTL_NS,
                                        .wait = true,
                                        .restart = true}};
    fleet_step(f, &event);
}

void wakes_hold(void *ctx, const char *agent, bool held, const char *reason,
                struct api_reply *reply)
{
    struct fleet *f = ctx;
    struct error err = ERROR_INIT;
    int r = store_set_held(f->store, agent, held, reason, &err);
    if (r == 0 && f->core)
        r = fleet_read_rows(f, &err); /* what we wrote ourselves is no change to data_version */
    if (r < 0) {
        api_reply_error(reply, &err);
        return;
    }
    if (f->core)
        fleet_step(f, &(struct core_event){.kind = CORE_TIME});
    fleet_backend.agent(f, agent, reply);
}

/* Answering -------------------------------------------------------------------------------------
 */

struct refusal {
    int status;
    const char *code;
    const char *text;
    const char *lease; /* NULL, or what else one who has a lease is told */
};

static struct refusal refusal_of(enum answer answer)
{
    switch (answer) {
    case ANSWER_DONE:
    case ANSWER_COMPLETED:
        return (struct refusal){200, NULL, ""};
    case ANSWER_NO_AGENT:
        break; /* the store's words */
    case ANSWER_NO_LEASE:
        return (struct refusal){404, "no_lease", "there is no such lease; it may have expired"};
    case ANSWER_GONE:
        return (struct refusal){410, "gone", "the agent was deleted"};
    case ANSWER_HELD:
        return (struct refusal){409, "held", "the agent is held; `roost unhold` lets it go"};
    case ANSWER_INVALID:
        return (struct refusal){409, "invalid", "nothing can be done with the agent"};
    case ANSWER_FAILED:
        return (struct refusal){409, "failed", "the agent could not be started"};
    case ANSWER_NOT_READY:
        return (struct refusal){504, "not_ready",
                                "the agent is not ready in time; it is left running",
                                ", and the lease holds"};
    case ANSWER_ENGINE_LOST:
        return (struct refusal){503, "engine_lost", "the engine does not answer",
                                "; the lease holds"};
    case ANSWER_HOT:
        return (struct refusal){
            409, "hot",
            "a hot agent does not sleep; `roost set NAME lifecycle=lazy` makes it lazy"};
    case ANSWER_ASLEEP:
        return (struct refusal){409, "asleep", "the agent sleeps; `roost wake` wakes it"};
    case ANSWER_IN_USE:
        return (struct refusal){409, "in_use",
                                "an agent that is awake depends on it; its own leases have ended"};
    case ANSWER_LEASE_ENDED:
        return (struct refusal){409, "lease_ended", "the lease ended before the agent was ready"};
    }
    return (struct refusal){500, NULL, "unknown answer"};
}

static void retry_text(const struct effect *e, char *buf, size_t size)
{
    char at[TIME_TEXT_SIZE];
    uint64_t now_ns = clock_boot_ns();
    uint64_t left_ns = e->answer.retry_at_ns > now_ns ? e->answer.retry_at_ns - now_ns : 0;
    time_format(clock_wall_ms() + (int64_t)(left_ns / NS_PER_MS), at);
    (void)snprintf(buf, size, "%s", at);
}

static void refuse(struct fleet *f, const struct fleet_asker *asker, const struct effect *e)
{
    if (e->answer.answer == ANSWER_NO_AGENT) {
        struct error err = ERROR_INIT;
        api_reply_error(asker->reply, (store_agent_not_found(f->store, asker->agent, &err), &err));
        return;
    }
    struct refusal refusal = refusal_of(e->answer.answer);
    char retry[64] = "", at[TIME_TEXT_SIZE];
    if (e->answer.answer == ANSWER_FAILED && e->answer.retry_at_ns != 0) {
        retry_text(e, at, sizeof(at));
        (void)snprintf(retry, sizeof(retry), "; it is tried again at %s", at);
    }
    const char *words = e->answer.answer == ANSWER_LEASE_ENDED ? "" : e->answer.words;
    const char *lease = asker->wants_lease && refusal.lease ? refusal.lease : "";
    api_reply_problem(asker->reply, refusal.status, refusal.code, "%s%s%s%s%s%s%s", e->answer.agent,
                      e->answer.agent[0] ? ": " : "", refusal.text, lease, words[0] ? ": " : "",
                      words, retry);
}

static json_t *lease_json(const struct effect *e)
{
    char expires[TIME_TEXT_SIZE], retry[TIME_TEXT_SIZE];
    time_format(e->answer.expires_ms, expires);
    json_t *lease = e->answer.lease[0] != '\0'
                        ? json_pack("{s:s, s:s, s:s}", "id", e->answer.lease, "agent",
                                    e->answer.agent, "expires_at", expires)
                        : json_null();
    json_t *json =
        json_pack("{s:o, s:s}", "lease", lease, "state", agent_state_name(e->answer.state));
    if (json && e->answer.answer == ANSWER_COMPLETED)
        (void)json_object_set_new(json, "completed", json_true());
    if (json && e->answer.retry_at_ns != 0) {
        retry_text(e, retry, sizeof(retry));
        (void)json_object_set_new(json, "retry_at", json_string(retry));
    }
    return json;
}

/* A lease that could not be written would not outlive us: it is not given, and one that could not
 * be made longer is what it was. */
static bool is_broken_promise(const struct fleet_asker *asker, const struct effect *e,
                              const struct error *unsaved)
{
    return unsaved && asker->wants_lease && e->answer.lease[0] != '\0';
}

void wakes_answer(struct fleet *f, const struct effect *e, const struct error *unsaved)
{
    struct fleet_asker *asker = take_asker(f, e->answer.wake);
    if (!asker)
        return;
    if (is_broken_promise(asker, e, unsaved)) {
        fleet_unlease_late(f, e->answer.lease);
        api_reply_error(asker->reply, unsaved);
    } else if (e->answer.answer != ANSWER_DONE && e->answer.answer != ANSWER_COMPLETED) {
        refuse(f, asker, e);
    } else if (asker->wants_lease) {
        api_reply_json(asker->reply, 200, lease_json(e));
    } else {
        api_reply_json(asker->reply, 200,
                       json_pack("{s:s, s:s}", "agent", e->answer.agent, "state",
                                 agent_state_name(e->answer.state)));
    }
    free(asker);
}
