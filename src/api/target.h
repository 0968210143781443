/* SPDX-License-Identifier: MIT
 *
 * The target of a request, taken apart: segments of the path and parameters of the query, each
 * percent-decoded exactly once, after splitting.
 *
 * Refused (ERROR_USAGE): a broken "%", "%00", "%2F" and control characters in a segment, what is
 * not UTF-8, a parameter given twice, a fragment, more than TARGET_PARAMS_MAX parameters.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

#define TARGET_SEGMENTS_MAX 8
#define TARGET_PARAMS_MAX   16

struct target_param {
    const char *key;
    const char *value; /* NULL without "=" */
};

/* The texts lie in `text`, which target_close() frees. */
struct target {
    char *text;
    const char *segments[TARGET_SEGMENTS_MAX];
    size_t segments_len; /* TARGET_SEGMENTS_MAX + 1 when there are too many to be any route's */
    struct target_param params[TARGET_PARAMS_MAX];
    size_t params_len;
};

/* -EINVAL or -ENOMEM, and `ret_target` needs no closing then. "/" has one segment, "". */
int target_parse(const char *raw, struct target *ret_target, struct error *err) _must_use_;

void target_close(struct target *target);
