/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

int error_set(struct error *err, int r, enum error_kind kind, const char *code, const char *fmt,
              ...)
{
    if (!err)
        return r;
    /* An argument may point into the error itself: format aside, then copy. */
    char text[ERROR_TEXT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    text_cut(text, sizeof(text));
    err->kind = kind;
    (void)snprintf(err->code, sizeof(err->code), "%s", code ? code : "");
    memcpy(err->text, text, sizeof(err->text));
    return r;
}

int error_wrap(struct error *err, int r, const char *fmt, ...)
{
    if (!err)
        return r;
    char context[ERROR_TEXT_SIZE / 2];
    char text[ERROR_TEXT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(context, sizeof(context), fmt, ap);
    va_end(ap);
    text_cut(context, sizeof(context));
    (void)snprintf(text, sizeof(text), "%s: %s", context,
                   error_is_set(err) ? err->text : strerror(r < 0 ? -r : r));
    text_cut(text, sizeof(text));
    if (!error_is_set(err))
        err->kind = ERROR_FAILED;
    memcpy(err->text, text, sizeof(err->text));
    return r;
}

void error_clear(struct error *err)
{
    if (err)
        memset(err, 0, sizeof(*err));
}

int error_exit_status(enum error_kind kind)
{
    switch (kind) {
    case ERROR_NONE:
        return 0;
    case ERROR_USAGE:
        return 2;
    case ERROR_UNREACHABLE:
        return 4;
    case ERROR_FAILED:
    case ERROR_INVALID:
    case ERROR_NOT_FOUND:
    case ERROR_CONFLICT:
    case ERROR_DENIED:
    case ERROR_STORAGE:
    case ERROR_GONE:
    case ERROR_TIMEOUT:
        return 1;
    }
    return 1;
}

int error_http_status(enum error_kind kind)
{
    switch (kind) {
    case ERROR_NONE:
        return 200;
    case ERROR_FAILED:
        return 500;
    case ERROR_USAGE:
        return 400;
    case ERROR_INVALID:
        return 422;
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_CONFLICT:
        return 409;
    case ERROR_DENIED:
        return 403;
    case ERROR_UNREACHABLE:
        return 503;
    case ERROR_STORAGE:
        return 507;
    case ERROR_GONE:
        return 410;
    case ERROR_TIMEOUT:
        return 504;
    }
    return 500;
}
