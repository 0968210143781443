/* SPDX-License-Identifier: MIT
 *
 * Variables in a value: $VAR, ${VAR}, ${VAR:-default}, ${VAR-default}, ${VAR:?message},
 * ${VAR?message}, ${VAR:+other}, ${VAR+other}, and $$ for a dollar sign. As in Compose a dollar
 * sign that neither a name nor a brace follows ("^x$", "$1") is just that. A default may hold
 * variables itself, and braces in pairs; a branch that is not taken is checked but looks nothing
 * up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define INTERPOLATE_DEPTH_MAX 16

struct interpolation {
    /* The value of a variable, borrowed until the next call, or NULL. */
    const char *(*lookup)(void *ctx, const char *name);
    /* A variable without a default is not set, and is taken as empty. May be NULL. */
    int (*on_unset)(void *ctx, const char *name);
    void *ctx;
};

/* Append the result. -EINVAL: `ret_problem` says what is wrong, naming variables but
 * never a value; -ENOMEM, -EFBIG by the buffer, or what on_unset returned. */
int interpolate(const struct interpolation *in, const char *text, struct buf *out,
                struct error *ret_problem) _must_use_;
