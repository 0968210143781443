/* SPDX-License-Identifier: MIT
 *
 * A few requests to the engine, one after the other, in this process: for `doctor`, and to remove
 * networks and volumes. Each call waits until it is answered (every request has a deadline).
 */
#pragma once

#include <jansson.h>
#include <uv.h>

#include "engine/engine.h"

struct engine_session {
    uv_loop_t loop;
    struct engine *engine; /* NULL: not open */
};

int engine_session_open(struct engine_session *session, const struct engine_options *options,
                        struct error *err) _must_use_;
void engine_session_close(struct engine_session *session);

struct engine_facts {
    char version[64];
    char api_version[16];
    char min_api_version[16];
    bool live_restore;
};

int engine_session_facts(struct engine_session *session, struct engine_facts *ret_facts,
                         struct error *err) _must_use_;

/* Each container with this label ("key=value"). */
int engine_session_list(struct engine_session *session, const char *label, engine_row_fn *row,
                        void *ctx, struct error *err) _must_use_;

/* 0: removed. ENGINE_SESSION_ABSENT: it was not there. */
#define ENGINE_SESSION_ABSENT 1
int engine_session_remove_network(struct engine_session *session, const char *name,
                                  struct error *err) _must_use_;
int engine_session_remove_volume(struct engine_session *session, const char *name,
                                 struct error *err) _must_use_;
