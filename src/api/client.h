/* SPDX-License-Identifier: MIT
 *
 * The command line's side of the API: one blocking request over the daemon's UNIX socket.
 */
#pragma once

#include <jansson.h>

#include "base/error.h"

/* News of a long request; `progress` is borrowed. */
typedef void api_progress_fn(void *ctx, const json_t *progress);

struct api_answer {
    int status;
    json_t *json; /* owned by the caller; NULL for none */
};

/* 0 with an answer of 2xx; else negative with `err` made from the problem document (or from the
 * connection: kind ERROR_UNREACHABLE, code "no_daemon", when no daemon listens there). `body` may be NULL. `progress`
 * may be NULL; with it the answer is asked for as text/event-stream. */
int api_call(const char *socket_path, const char *method, const char *path_and_query,
             const json_t *body, api_progress_fn *progress, void *progress_ctx,
             struct api_answer *ret_answer, struct error *err) _must_use_;

void api_answer_close(struct api_answer *answer);
