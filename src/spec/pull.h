/* SPDX-License-Identifier: MIT
 *
 * When an image is pulled: `pull_policy` in Compose's words, and what follows from it. Pure: who
 * creates a container asks pull_decide() before, and again when the engine says that the image is
 * not there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

enum pull_policy {
    PULL_MISSING, /* missing, if_not_present: the default */
    PULL_ALWAYS,
    PULL_NEVER,
    PULL_BUILD, /* never either: the image is one that somebody builds here */
    PULL_EVERY, /* daily, weekly, every_<duration> */
};

/* "every_12h", "every_1w2d", …: the time between two pulls in nanoseconds. -EINVAL for anything
 * else, for 0, and where it is longer than a number holds. */
int pull_every_parse(const char *text, uint64_t *ret_ns) _must_use_;

struct pull_question {
    enum pull_policy policy;
    uint64_t every_ns; /* PULL_EVERY */
    bool missing;      /* the engine has said that it does not have the image */
    bool tried;        /* it was pulled for this container already, with whatever outcome */
    int64_t last_ms;   /* when it was pulled last, wall time; 0: never */
    int64_t now_ms;
};

enum pull_action {
    PULL_CREATE,  /* make the container */
    PULL_FIRST,   /* pull, then ask again */
    PULL_GIVE_UP, /* the image is missing, and stays so */
};

/* A last time in the future counts as none: a clock that went back must not stop the pulls. */
enum pull_action pull_decide(const struct pull_question *q);

/* Whether the time between two pulls is over. */
bool pull_is_due(const struct pull_question *q);

/* What to do about a missing image, for the end of a message; "" when the pull's own words say
 * enough. */
const char *pull_hint(enum pull_policy policy);
