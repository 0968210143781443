/* SPDX-License-Identifier: MIT
 *
 * The command line's side of the API: one blocking request over the daemon's UNIX socket, or a
 * stream of events from there.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* News of a long request; `progress` is borrowed. */
typedef void api_progress_fn(void *ctx, const json_t *progress);

struct api_answer {
    int status;
    json_t *json; /* owned by the caller; NULL for none */
};

/* A daemon that has sent nothing for so long is taken for dead. While it works on a long call it
 * sends a heartbeat each 15 s, so this bounds no work. */
#define API_CLIENT_SILENCE_MS 60000

struct api_client {
    const char *socket_path;
    api_progress_fn *progress; /* NULL: no news wanted */
    void *progress_ctx;
    uint64_t silence_ms; /* 0: API_CLIENT_SILENCE_MS; looked at once a second */
    /* NULL, or asked once a second and after each signal whether to give up: -ECANCELED, "stopped".
     */
    bool (*stop)(void *ctx);
    void *stop_ctx;
};

/* One request. `path_and_query` goes over the wire as it is: put a word of the user's into it with
 * api_path_append(). `body` may be NULL.
 *
 * 0 with an answer of 2xx; else negative, with `err`:
 * - from the problem document: the kind that belongs to its status, its code, its detail;
 * - ERROR_UNREACHABLE "no_daemon" when no daemon listens there, "daemon_silent" when it hangs,
 *   "daemon_died" when it goes away in the middle;
 * - ERROR_DENIED "socket_denied" when the socket may not be used. */
int api_client_call(const struct api_client *client, const char *method, const char *path_and_query,
                    const json_t *body, struct api_answer *ret_answer,
                    struct error *err) _must_use_;

/* One event that is followed, with its id ("" for none); `event` is borrowed. Not 0 ends it, and is
 * what api_client_follow() then returns, without an error. */
typedef int api_event_fn(void *ctx, const char *id, const json_t *event);

/* Follows what GET `path_and_query` streams, from behind the event `last_id` (NULL or "": from
 * where the path says, or from now) until the daemon ends it: 0, with or without events. To come
 * back, with the last id that was seen, is the caller's business. Failures as above; those before
 * the first event and those in the middle are told apart by whether one came. */
int api_client_follow(const struct api_client *client, const char *path_and_query,
                      const char *last_id, api_event_fn *followed, void *ctx,
                      struct error *err) _must_use_;

/* A call in one line. */
int api_call(const char *socket_path, const char *method, const char *path_and_query,
             const json_t *body, api_progress_fn *progress, void *progress_ctx,
             struct api_answer *ret_answer, struct error *err) _must_use_;

/* What api_call() makes of a whole answer, for a transport without a wire: 0 with an answer for
 * 2xx, else negative with `err`. Steals `json` in any case. */
int api_answer_take(int status, json_t *steal_json, struct api_answer *ret_answer,
                    struct error *err) _must_use_;

void api_answer_close(struct api_answer *answer);

/* Append "/" and one segment of a path, percent-encoded. 0 or the error of `path`. */
int api_path_append(struct buf *path, const char *segment);
