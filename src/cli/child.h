/* SPDX-License-Identifier: MIT
 *
 * A command that is run on somebody's behalf: what ends us by hand is for the command first, so
 * that there is always a time after it to clean up.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"

/* SIGINT, SIGTERM, SIGHUP and SIGQUIT, held back from now on. One that is ignored stays so. */
struct held_signals {
    sigset_t set; /* and SIGCHLD */
    sigset_t before;
};

void signals_hold(struct held_signals *signals);

/* Has one come? (As `stop` of struct api_client; `ctx` is not used.) */
bool signals_came(void *ctx);

/* The number of one that has come, taking it; 0 for none. */
int signals_take(const struct held_signals *signals);

/* What a shell says of a program that a signal has ended. */
#define EXIT_BY_SIGNAL 128

/* Runs it to its end, in our process group, passing on what signals come for us alone (from the
 * terminal it has them already). Its exit status, or EXIT_BY_SIGNAL + the signal that ended it.
 * When it cannot be run: 127 (not found) or 126, with `err`. */
int child_run(const struct held_signals *signals, char *const *argv, struct error *err) _must_use_;
