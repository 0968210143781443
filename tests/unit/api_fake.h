/* SPDX-License-Identifier: MIT
 *
 * A backend that answers as it is told, for the tests of src/api: it notes each call, and answers
 * at once or keeps the reply until the test says so.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "api/api.h"

#define FAKE_KEPT_MAX    128
#define FAKE_STREAMS_MAX 8

struct fake {
    unsigned calls;
    char last[128]; /* "reconcile web dry_run deep" */
    bool keep;      /* keep replies instead of answering */
    struct api_reply *kept[FAKE_KEPT_MAX];
    unsigned kept_len;
    void (*on_call)(struct fake *fake, struct api_reply *reply); /* NULL: as above */
    struct api_stream *streams[FAKE_STREAMS_MAX];
    unsigned streams_len;
    void (*on_follow)(struct fake *fake, struct api_stream *stream); /* NULL: keep the stream */
    void *ctx;
};

static inline void fake_answer(struct fake *fake, struct api_reply *reply)
{
    fake->calls++;
    if (fake->on_call)
        fake->on_call(fake, reply);
    else if (fake->keep && fake->kept_len < FAKE_KEPT_MAX)
        fake->kept[fake->kept_len++] = reply;
    else
        api_reply_json(reply, 200, json_pack("{s:s}", "call", fake->last));
}

static inline void fake_agents(void *ctx, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "agents");
    fake_answer(fake, reply);
}

static inline void fake_agent(void *ctx, const char *name, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "agent %s", name);
    fake_answer(fake, reply);
}

static inline void fake_stats(void *ctx, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "stats");
    fake_answer(fake, reply);
}

static inline void fake_pull(void *ctx, const char *agent, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "pull %s", agent ? agent : "*");
    fake_answer(fake, reply);
}

static inline void fake_outdated(void *ctx, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "outdated");
    fake_answer(fake, reply);
}

static inline void fake_reconcile(void *ctx, const struct api_reconcile *what,
                                  struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "reconcile %s%s%s%s%s",
                   what->agent ? what->agent : "*", what->dry_run ? " dry_run" : "",
                   what->deep ? " deep" : "", what->recreate ? " recreate" : "",
                   what->remove_orphans ? " remove_orphans" : "");
    fake_answer(fake, reply);
}

static inline void fake_ready(void *ctx, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "ready");
    fake_answer(fake, reply);
}

static inline void fake_wake(void *ctx, const struct api_wake *what, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "wake %s ttl=%llu wait=%d/%llu now=%d",
                   what->agent, (unsigned long long)(what->ttl_ns / NS_PER_MS), what->wait,
                   (unsigned long long)(what->wait_ns / NS_PER_MS), what->now);
    fake_answer(fake, reply);
}

static inline void fake_renew(void *ctx, const char *lease, uint64_t ttl_ns,
                              struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "renew %s ttl=%llu", lease,
                   (unsigned long long)(ttl_ns / NS_PER_MS));
    fake_answer(fake, reply);
}

static inline void fake_release(void *ctx, const char *lease, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "release %s", lease);
    fake_answer(fake, reply);
}

static inline void fake_restart(void *ctx, const char *agent, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "restart %s", agent);
    fake_answer(fake, reply);
}

static inline void fake_sleep(void *ctx, const char *agent, struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "sleep %s", agent);
    fake_answer(fake, reply);
}

static inline void fake_hold(void *ctx, const char *agent, bool held, const char *reason,
                             struct api_reply *reply)
{
    struct fake *fake = ctx;
    (void)snprintf(fake->last, sizeof(fake->last), "%s %s %s", held ? "hold" : "unhold", agent,
                   reason ? reason : "-");
    fake_answer(fake, reply);
}

static inline void fake_note_events(struct fake *fake, const char *how,
                                    const struct api_events *what)
{
    (void)snprintf(fake->last, sizeof(fake->last), "%s after=%lld limit=%lld%s kind=%s agent=%s%s",
                   how, (long long)what->after, (long long)what->limit,
                   what->newest ? " newest" : "", what->kind ? what->kind : "*",
                   what->agent ? what->agent : "*", what->since_ms ? " since" : "");
}

static inline void fake_events(void *ctx, const struct api_events *what, struct api_reply *reply)
{
    fake_note_events(ctx, "events", what);
    fake_answer(ctx, reply);
}

static inline void fake_follow(void *ctx, const struct api_events *what, struct api_stream *stream)
{
    struct fake *fake = ctx;
    fake_note_events(fake, "follow", what);
    fake->calls++;
    if (fake->on_follow)
        fake->on_follow(fake, stream);
    else if (fake->streams_len < FAKE_STREAMS_MAX)
        fake->streams[fake->streams_len++] = stream;
}

static const struct api_backend fake_backend = {
    .agents = fake_agents,
    .agent = fake_agent,
    .stats = fake_stats,
    .reconcile = fake_reconcile,
    .pull = fake_pull,
    .outdated = fake_outdated,
    .ready = fake_ready,
    .wake = fake_wake,
    .renew = fake_renew,
    .release = fake_release,
    .sleep = fake_sleep,
    .restart = fake_restart,
    .hold = fake_hold,
    .events = fake_events,
    .events_follow = fake_follow,
};
