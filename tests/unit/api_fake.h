/* SPDX-License-Identifier: MIT
 *
 * A backend that answers as it is told, for the tests of src/api: it notes each call, and answers
 * at once or keeps the reply until the test says so.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "api/api.h"

#define FAKE_KEPT_MAX 128

struct fake {
    unsigned calls;
    char last[128]; /* "reconcile web dry_run deep" */
    bool keep;      /* keep replies instead of answering */
    struct api_reply *kept[FAKE_KEPT_MAX];
    unsigned kept_len;
    void (*on_call)(struct fake *fake, struct api_reply *reply); /* NULL: as above */
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

static const struct api_backend fake_backend = {
    .agents = fake_agents,
    .agent = fake_agent,
    .reconcile = fake_reconcile,
    .ready = fake_ready,
};
