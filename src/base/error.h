/* SPDX-License-Identifier: MIT
 *
 * The one error type towards people.
 *
 * A function that can fail returns 0 for done, a negative errno that is passed
 * on unchanged, or a positive outcome that its direct caller handles. Where a
 * person will read what went wrong (file, command line, API, engine) it also
 * fills a `struct error`, which gathers context on its way up:
 *
 *     r = read_file(path, &buf, err);
 *     if (r < 0)
 *         return error_wrap(err, r, "cannot read %s", path);
 *
 * A function either logs or returns an error, never both: it is logged once,
 * at the edge. The struct is embedded and owns nothing, so it needs no freeing
 * and setting it cannot fail; what does not fit is cut at a whole UTF-8
 * character. `err` may be NULL wherever a function takes one.
 *
 * `text` says what, where and, after "; ", how to mend it. No trailing dot, no
 * newline, never a value of an environment variable.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

/* What sort of fault, from which the exit status and the HTTP status follow. */
enum error_kind {
    ERROR_NONE = 0,
    ERROR_FAILED,      /* it was tried and did not work: exit 1, HTTP 500 */
    ERROR_USAGE,       /* wrong words on the command line: exit 2, HTTP 400 */
    ERROR_INVALID,     /* a file, row or request that is not valid: exit 1, HTTP 422 */
    ERROR_NOT_FOUND,   /* no such agent, lease, file: exit 1, HTTP 404 */
    ERROR_CONFLICT,    /* held, taken, changed meanwhile: exit 1, HTTP 409 */
    ERROR_DENIED,      /* permission or policy: exit 1, HTTP 403 */
    ERROR_UNREACHABLE, /* engine or daemon cannot be reached: exit 4, HTTP 503 */
    ERROR_STORAGE,     /* database cannot be written: exit 1, HTTP 507 */
    ERROR_GONE,        /* it was deleted meanwhile: exit 1, HTTP 410 */
    ERROR_TIMEOUT,     /* not done in time: exit 1, HTTP 504 */
};

#define ERROR_TEXT_SIZE 1024
#define ERROR_CODE_SIZE 32

struct error {
    enum error_kind kind;
    char code[ERROR_CODE_SIZE]; /* one word for machines, e.g. "name_conflict"; may be empty */
    char text[ERROR_TEXT_SIZE];
};

#define ERROR_INIT                                                                                 \
    {                                                                                              \
        .kind = ERROR_NONE                                                                         \
    }

/* Set an error anew and return `r` unchanged, so that it reads `return error_set(...)`. */
int error_set(struct error *err, int r, enum error_kind kind, const char *code, const char *fmt,
              ...) _printf_(5, 6);

/* Put "context: " before the text that is there and return `r` unchanged. An
 * error that nobody has set yet becomes ERROR_FAILED with strerror(-r). */
int error_wrap(struct error *err, int r, const char *fmt, ...) _printf_(3, 4);

void error_clear(struct error *err);

static inline bool error_is_set(const struct error *err)
{
    return err && err->kind != ERROR_NONE;
}

/* Exit status and HTTP status of a kind, as in the comment of the enum. */
int error_exit_status(enum error_kind kind);
int error_http_status(enum error_kind kind);
