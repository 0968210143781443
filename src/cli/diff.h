/* SPDX-License-Identifier: MIT
 *
 * What `apply` does to the table: the rows that are there against the services of a file.
 *
 * Pure: rows in, a list of changes out. Nothing is written here.
 *
 * A row remembers in `applied` what apply wrote last, as one short hash a column. A column that is
 * no longer so was changed by hand since; where the file says something else that change is
 * overwritten, and the person is told of it.
 */
#pragma once

#include "base/buf.h"
#include "cli/rows.h"
#include "compose/compose.h"

enum change_kind {
    CHANGE_CREATED,
    CHANGE_CHANGED,
    CHANGE_UNCHANGED,
    CHANGE_PRUNED, /* no longer in the file: deleted with --prune, else only told */
    CHANGE_KEPT,   /* to be pruned, but held */
};
#define CHANGE_KINDS 5

const char *change_name(enum change_kind kind);

#define APPLIED_SIZE 128

struct change {
    enum change_kind kind;
    const char *name;                      /* borrowed from the file or the row */
    const char *lifecycle;                 /* what it will be (was, when pruned) */
    const struct compose_service *service; /* NULL when pruned or kept */
    const struct row *row;                 /* NULL when created */
    char *fields;  /* what differs: "image, spec.environment.DEBUG"; NULL for none */
    char *by_hand; /* changes by hand that are lost: "lifecycle changed by hand (lazy), file says
                      hot" */
    char applied[APPLIED_SIZE]; /* for the row's column */
};

struct diff {
    struct change *changes; /* the file's services in its order, then what is pruned */
    size_t n;
    size_t counts[CHANGE_KINDS];
    size_t n_source; /* rows of this source before */
};

/* Borrows both for as long as the diff lives. -EEXIST with ERROR_CONFLICT when a service has the
 * name of a row that is not this file's; -ENOMEM. */
int diff_make(const struct compose_project *project, const struct rows *rows, struct diff *ret_diff,
              struct error *err) _must_use_;
void diff_close(struct diff *diff);

/* Is it more than a fifth of the source's rows that would go? Then somebody must say yes. */
bool diff_prunes_much(const struct diff *diff);

/* The fingerprint of a row's columns. */
void applied_format(const char *lifecycle, const char *image, const char *idle_timeout,
                    const char *spec, char ret_text[APPLIED_SIZE]);

/* The paths at which two JSON texts differ, "environment.DEBUG, ports"; "spec" when either is no
 * object. */
int spec_difference_paths(const char *a, const char *b, struct buf *ret_text);
