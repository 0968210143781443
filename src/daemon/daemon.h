/* SPDX-License-Identifier: MIT
 *
 * The loop and the wiring: store, engine, core and API joined on one libuv loop.
 *
 * Two ways to run the same thing: daemon_serve() until SIGTERM, and daemon_call() for one
 * request in this process, when no daemon runs. Both take the database's lock, so there is
 * never a second hand on the engine.
 */
#pragma once

#include "api/client.h"
#include "base/error.h"
#include "engine/engine.h"

struct daemon_options {
    const char *db_path;
    const char *socket_path;
    struct engine_options engine;
    bool takeover; /* take over the containers of a lost database of the same fleet */
};

/* Runs the fleet: boot pass, then follows the table until SIGTERM or SIGINT. Tells systemd
 * (NOTIFY_SOCKET) READY=1 when the API listens and the boot pass is done, STOPPING=1 at the end.
 * Containers are left as they are. */
int daemon_serve(const struct daemon_options *options, struct error *err) _must_use_;

/* One API request without a daemon: opens the database and the engine, carries it out, closes. Same
 * answers as api_call(). */
int daemon_call(const struct daemon_options *options, const char *method,
                const char *path_and_query, const json_t *body, api_progress_fn *progress,
                void *progress_ctx, struct api_answer *ret_answer, struct error *err) _must_use_;
