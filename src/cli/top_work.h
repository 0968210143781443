/* SPDX-License-Identifier: MIT
 *
 * What `roost top` asks the daemon, in two threads, so that no answer is waited for by who presses
 * a key: one looks again and again, one carries out one wish after another. Both give up what they
 * do within a second when they are to stop.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "cli/cli.h"

#define TOP_TEXT_SIZE 512

enum top_wish {
    TOP_NOTHING,
    TOP_WAKE,
    TOP_SLEEP,
    TOP_HOLD,
    TOP_UNHOLD,
};

struct top_work {
    const struct cli *cli;
    int news;             /* eventfd: can be read when there is something new */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    bool stop;
    bool look_now;
    json_t *overview;               /* the newest, until it is taken */
    char look_error[TOP_TEXT_SIZE]; /* "": the last look was answered */
    enum top_wish wish;
    char agent[AGENT_NAME_MAX + 1];
    char message[TOP_TEXT_SIZE]; /* of the last wish */
    bool bad;
    bool has_message;
    pthread_t looker, doer;
};

/* What is to be seen once: the agents, what they use, what happened last. `last` and `after` are
 * kept by the caller between two looks: {} and 0 at first. 0, negative, or CALL_NO_DAEMON. */
struct top_look {
    json_t *last;
    int64_t after;
    json_t *agents;
    json_t *stats; /* of the last time, while that is all there is */
};
int top_look_state(const struct cli *cli, struct top_look *look, bool (*stop)(void *ctx),
                   void *stop_ctx, struct error *err) _must_use_;
int top_look_stats(const struct cli *cli, struct top_look *look, bool (*stop)(void *ctx),
                   void *stop_ctx, struct error *err) _must_use_;
void top_look_close(struct top_look *look);

/* Signals are to be blocked before. The struct must not move until top_work_stop(). */
int top_work_start(struct top_work *work, const struct cli *cli, struct error *err) _must_use_;
void top_work_stop(struct top_work *work);

/* False: one is being carried out already. */
bool top_work_wish(struct top_work *work, enum top_wish wish, const char *agent);

/* What is new since the last time, each once. *ret_overview: NULL when there is none, else the
 * caller's. `look_error` is as it is now. */
struct top_new {
    json_t *overview;
    bool has_message;
    bool bad;
    char message[TOP_TEXT_SIZE];
    char look_error[TOP_TEXT_SIZE];
};
void top_work_take(struct top_work *work, struct top_new *ret_new);
