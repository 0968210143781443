/* SPDX-License-Identifier: MIT
 *
 * The decision table: the one pure function that boot pass, row changes and watchdog ask.
 *
 * A fact is a bit. A rule of the table matches when all bits of `all` are there, none of `none`,
 * and, where `any` is not 0, at least one of `any`. The first match wins; the last rule matches
 * always.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum fact {
    FACT_HOT = 1 << 0, /* the row's lifecycle; neither bit for an orphan */
    FACT_LAZY = 1 << 1,
    FACT_DELETED = 1 << 2, /* a tombstone, or an orphan that is to be removed */
    FACT_ORPHAN = 1 << 3,  /* carries our labels, and there is neither row nor tombstone */
    FACT_HELD = 1 << 4,
    FACT_INVALID = 1 << 5,
    FACT_CONFLICT = 1 << 6, /* a container that is not ours stands in the way */

    FACT_EXISTS = 1 << 7, /* any container of this agent */
    FACT_REMOVING = 1 << 8,
    FACT_DEAD = 1 << 9,
    FACT_HALF = 1 << 10, /* a spare of a recreate is there: {name}..new, {name}..old */
    FACT_RENAMED = 1 << 11,
    FACT_CREATED = 1 << 12,
    FACT_RUNNING = 1 << 13,
    FACT_PAUSED = 1 << 14,
    FACT_RESTARTING = 1 << 15,
    FACT_EXITED = 1 << 16,
    FACT_PAUSED_BY_US = 1 << 17,
    FACT_MADE_HOT = 1 << 18,
    FACT_DRIFTED = 1 << 19,
    FACT_TAMPERED = 1 << 20, /* the restart policy is not the lifecycle's */

    FACT_LEASED = 1 << 21,
    FACT_AWAKE = 1 << 22,      /* wanted awake: hot, leased, or an awake agent depends on it */
    FACT_IN_USE = 1 << 23,     /* awake, or its idle time is not over */
    FACT_ADOPTED = 1 << 24,    /* we know that it runs */
    FACT_OVERSLEPT = 1 << 25,  /* paused by us, for longer than stop_after */
    FACT_SICK = 1 << 26,       /* unhealthy, and its row says on_unhealthy: restart */
    FACT_TO_RESTART = 1 << 27, /* up, wanted awake, and somebody asked for a restart */
};

enum action {
    ACTION_NONE,
    ACTION_WAIT,   /* for the engine */
    ACTION_REMOVE, /* stop with its grace period, remove */
    ACTION_CREATE,
    ACTION_RECREATE, /* recreate.c says which step is next */
    ACTION_RENAME,
    ACTION_UPDATE,
    ACTION_START, /* or unpause */
    ACTION_SLEEP, /* stop, or pause */
    ACTION_STOP,
    ACTION_ADOPT,
};

/* How a pass reports it. */
enum report_word {
    REPORT_UNCHANGED,
    REPORT_CREATED,
    REPORT_STARTED,
    REPORT_RECREATED,
    REPORT_ROLLED_BACK,
    REPORT_RENAMED,
    REPORT_UPDATED,
    REPORT_ADOPTED,
    REPORT_STOPPED,
    REPORT_PAUSED,
    REPORT_REMOVED,
    REPORT_DEFERRED,
    REPORT_HELD,
    REPORT_PENDING,
    REPORT_ORPHANED,
    REPORT_ERROR,
};
#define REPORT_WORDS 16

const char *report_word_name(enum report_word word);

struct rule {
    unsigned id; /* the row of the table in docs/decisions.md */
    uint32_t all, none, any;
    enum action action;
    enum report_word report;
    const char *meaning; /* for people: docs/decisions.md is printed from it */
};

/* The first rule that matches; never NULL. */
const struct rule *decide(uint32_t facts);

/* The whole table, for tests and documents. */
const struct rule *decide_table(size_t *ret_n);
