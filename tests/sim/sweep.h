/* SPDX-License-Identifier: MIT
 *
 * One fault at one call: what sweep.c lets happen in turn at each call of each scene.
 */
#pragma once

#include <stdbool.h>

enum sweep_kind {
    SWEEP_NOTHING,
    SWEEP_CRASH_SENT,       /* the daemon dies when the call was sent */
    SWEEP_CRASH_ANSWERED,   /* it dies when the call was carried out, before it has the reply */
    SWEEP_LOST_DONE,        /* the reply is lost, and the call was carried out */
    SWEEP_LOST_NOT_DONE,    /* the reply is lost, and it was not */
    SWEEP_EVENTS_DROPPED,   /* what the stream tells of it is lost */
    SWEEP_STALE_LISTING,    /* a listing from before it comes after its reply */
    SWEEP_ENGINE_KILLED,    /* the engine is killed at this point, and started again */
    SWEEP_ENGINE_RESTARTED, /* the same in order */
    SWEEP_KINDS
};

struct sweep {
    enum sweep_kind kind;
    unsigned call;  /* the how manieth; from 1 */
    unsigned calls; /* so far */
    bool counts;    /* false: the scene is being set */
    bool due;       /* what happens after the step that has sent it */
    bool slow_list; /* the next listing is of now, and comes late */
};
