/* SPDX-License-Identifier: MIT
 *
 * Where a fault of a file is told: "FILE:LINE:COLUMN: what; how to mend it".
 *
 * A `struct diag` is embedded in what loads a file. It borrows the file's name and the
 * caller's error, and owns the warnings until diag_steal_warnings(). Text that comes from the
 * file goes through shown() first, for it may hold anything.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

#define DIAG_WARNINGS_MAX 1000

struct diag {
    const char *file; /* as messages name it */
    struct error *err;
    char **warnings;
    size_t n_warnings;
    json_t *once; /* what has been warned of already */
};

/* Set the error and return -EINVAL. A line of 0 leaves the place at the file. */
int diag_error(const struct diag *d, int line, int column, const char *fmt, ...) _printf_(4, 5);

/* Note a warning of `file` (NULL: the diag's), once for each `key`. Past DIAG_WARNINGS_MAX they are
 * dropped. 0 or -ENOMEM. */
int diag_warning(struct diag *d, const char *file, const char *key, int line, int column,
                 const char *fmt, ...) _printf_(6, 7);

/* Hand the warnings over: each to free(), and the array. */
char **diag_steal_warnings(struct diag *d, size_t *ret_n);

void diag_close(struct diag *d);

/* A name from the file, made visible and cut, for a message: `SHOWN(text)` lives as long as the
 * full expression's block. */
struct shown {
    char text[72];
};

struct shown shown(const char *text);
#define SHOWN(name) (shown(name).text)
