/* SPDX-License-Identifier: MIT
 *
 * Keeps a lease alive in the background: a thread that renews it when a third of its time has
 * passed, and more often while that fails. A lease that has ended otherwise (sleep, a job done) is
 * told of once and let be.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "cli/lease.h"

struct renewer {
    const struct cli *cli;
    struct lease lease; /* not changed while the thread runs */
    pthread_t thread;
    pthread_mutex_t lock; /* of `stop` */
    pthread_cond_t wake;
    bool running;
    bool stop;
};

/* The struct must not move until renewer_stop(). Signals are to be blocked before. */
int renewer_start(struct renewer *renewer, const struct cli *cli, const struct lease *lease,
                  struct error *err) _must_use_;

/* Waits for the thread, which gives up what it does within a second. Nothing when none runs. */
void renewer_stop(struct renewer *renewer);
