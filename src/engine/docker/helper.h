/* SPDX-License-Identifier: MIT
 *
 * A credential helper of Docker's: `docker-credential-NAME get`, which reads a server from its
 * standard input and writes JSON or a reason to its standard output.
 */
#pragma once

#include <uv.h>

#include "base/error.h"

#define HELPER_DEADLINE_MS 30000
#define HELPER_ANSWER_MAX  ((size_t)64 << 10)

struct helper;

/* Exactly once, from the loop: an answer, which is secret, or (NULL) why there is none. */
typedef void helper_fn(void *ctx, const char *answer, size_t len, const struct error *why);

/* A helper that has not ended by the deadline is killed. Frees itself after `done`. */
struct helper *helper_run(uv_loop_t *loop, const char *name, const char *server, helper_fn *done,
                          void *ctx);

/* Nobody waits any more: it is killed, `done` does not run. */
void helper_drop(struct helper *helper);
