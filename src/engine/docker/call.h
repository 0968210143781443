/* SPDX-License-Identifier: MIT
 *
 * What the calls of engine.h share: remembering whom to tell, making the path, telling once.
 */
#pragma once

#include "engine/docker/answer.h"
#include "engine/docker/docker.h"

struct call {
    struct engine *engine;
    enum call_kind kind;
    char *subject; /* a name or an id, for messages and further requests */
    engine_done_fn *done;
    void *ctx;
};

/* Calls never fail to be made (see call_alloc). */
struct call *call_new(struct engine *engine, enum call_kind kind, const char *subject,
                      engine_done_fn *done, void *ctx) _must_use_;
void call_drop(void *call);

/* Tell, and free the call. */
void call_finish(struct call *call, const struct engine_result *result);

/* Judge an answer whose body says nothing more, tell, and free the call: an answer_fn. */
void call_answer(void *call, const struct answer *answer);

/* What most requests have in common: the short deadline, the usual cap, no body. */
struct request_spec call_spec(const struct engine *engine, const char *method, enum lane lane,
                              answer_fn *on_answer, void (*drop_ctx)(void *ctx), void *ctx);

/* Queue a request whose path is `format`, each "%s" in it replaced by the next argument,
 * percent-encoded (two at most, NULL for those not needed). Takes over spec->ctx. An argument that
 * no path can carry (NULL, "", ".",
 * "..", too long) makes a request that fails as withheld. */
struct request *call_send(struct engine *engine, const struct request_spec *spec,
                          const char *format, const char *first, const char *second);

/* The JSON of a filter, {"key":["value"]}, for free(); NULL for text that is not UTF-8. */
char *call_filter(const char *key, const char *value) _must_use_;

/* A copy that cannot fail, see call_alloc(). */
char *call_copy(const char *text) _must_use_;
