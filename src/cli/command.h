/* SPDX-License-Identifier: MIT
 *
 * One command of the program: everything that is known of it, in the file that carries it out.
 * Usage, help and "did you mean" are made from this and from nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/args.h"

struct cli;

#define WORDS_MANY SIZE_MAX

struct command {
    const char *name;
    const char
        *args; /* the words of the usage line, "" for none; the first is named when it is missing */
    size_t min_words;
    size_t max_words;
    bool takes_rest;                  /* "-- COMMAND…" may follow, for it to run */
    const char *summary;              /* one line, no dot */
    const struct option_def *options; /* ends with a row of NULL name; NULL: none */
    const char *help;                 /* paragraphs of at most 80 columns, examples last */

    /* An exit status, or negative with `err` set. */
    int (*run)(struct cli *cli, struct error *err);
};

/* All commands in the order of the overview, ending with NULL. */
extern const struct command *const all_commands[];

extern const struct command command_serve;
extern const struct command command_apply;
extern const struct command command_check;
extern const struct command command_plan;
extern const struct command command_reconcile;
extern const struct command command_ls;
extern const struct command command_show;
extern const struct command command_set;
extern const struct command command_rm;
extern const struct command command_hold;
extern const struct command command_unhold;
extern const struct command command_wake;
extern const struct command command_renew;
extern const struct command command_release;
extern const struct command command_sleep;
extern const struct command command_events;
extern const struct command command_logs;
extern const struct command command_top;
extern const struct command command_restart;
extern const struct command command_recreate;
extern const struct command command_down;
extern const struct command command_pull;
extern const struct command command_takeover;
extern const struct command command_outdated;
extern const struct command command_export;
extern const struct command command_backup;
extern const struct command command_doctor;
extern const struct command command_version;
extern const struct command command_help;
