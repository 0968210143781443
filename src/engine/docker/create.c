/* SPDX-License-Identifier: MIT
 *
 * Creating a container: POST /containers/create, then one POST /networks/{name}/connect for each
 * further network, in order. When one of these fails the container is removed again, so that a
 * half-connected one is never taken for the agent's; never forced and never with its volumes, as
 * one of them may be an older container's that was handed on.
 *
 * (API 1.44 can attach to all at once, but then there would be two ways to fail.)
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/docker/call.h"
#include "engine/docker/parse.h"

#define CREATE_BODY_MAX ((size_t)8 << 20)

struct attachment {
    char *network;
    char *body; /* of the connect call without the container's id: the endpoint's JSON */
};

struct creation {
    struct call *call;
    char id[2 * CONTAINER_ID_SIZE + 1];
    json_t *answer; /* of the create call: its warnings lie in it */
    struct attachment *attach;
    size_t n_attach;
    size_t attached;
    struct engine_result failure; /* of the attachment, while the container is removed */
};

static void creation_drop(void *ctx)
{
    struct creation *c = ctx;
    for (size_t i = 0; i < c->n_attach; i++) {
        free(c->attach[i].network);
        free(c->attach[i].body);
    }
    free(c->attach);
    json_decref(c->answer);
    call_drop(c->call);
    free(c);
}

static void finish(struct creation *c, const struct engine_result *result)
{
    call_finish(steal(&c->call), result);
    creation_drop(c);
}

static void finish_done(struct creation *c)
{
    json_t *list = json_object_get(c->answer, "Warnings");
    size_t i, n = 0;
    json_t *text;
    _cleanup_free_ char **warnings = calloc(json_array_size(list) + 1, sizeof(*warnings));
    json_array_foreach (list, i, text)
        if (warnings && json_is_string(text))
            warnings[n++] = (char *)json_string_value(text);
    finish(c, &(struct engine_result){
                  .outcome = ENGINE_DONE,
                  .id = c->id,
                  .warnings = n > 0 ? warnings : NULL,
              });
}

static struct request_spec post(struct creation *c, const char *body, size_t len,
                                answer_fn *on_answer)
{
    struct request_spec spec =
        call_spec(c->call->engine, "POST", LANE_BULK, on_answer, creation_drop, c);
    spec.body = body;
    spec.body_len = len;
    return spec;
}

static void on_removed(void *ctx, const struct answer *answer)
{
    struct creation *c = ctx;
    struct error err;
    enum engine_outcome outcome = answer_judge(CALL_REMOVE, c->id, answer, &err);
    struct engine_result result = c->failure;
    if (outcome != ENGINE_DONE && outcome != ENGINE_NOT_FOUND) {
        /* Something of the call has been carried out and stays. */
        result.outcome = ENGINE_UNKNOWN;
        char both[ERROR_TEXT_SIZE];
        (void)snprintf(both, sizeof(both), "%.480s; and it could not be removed again: %.480s",
                       result.error.text, err.text);
        (void)error_set(&result.error, 0, result.error.kind, engine_outcome_name(ENGINE_UNKNOWN),
                        "%s", both);
    }
    finish(c, &result);
}

static void remove_again(struct creation *c)
{
    struct request_spec spec = post(c, NULL, 0, on_removed);
    spec.method = "DELETE";
    call_send(c->call->engine, &spec, "/containers/%s?v=0&force=0", c->id, NULL);
}

static void attach_next(struct creation *c);

static void on_attached(void *ctx, const struct answer *answer)
{
    struct creation *c = ctx;
    struct engine_result result = {0};
    result.outcome =
        answer_judge(CALL_ATTACH, c->attach[c->attached].network, answer, &result.error);
    if (result.outcome == ENGINE_DONE || result.outcome == ENGINE_ALREADY) {
        c->attached++;
        attach_next(c);
        return;
    }
    (void)error_wrap(&result.error, 0, "create container %s", c->call->subject);
    c->failure = result;
    remove_again(c);
}

static void attach_next(struct creation *c)
{
    if (c->attached == c->n_attach) {
        finish_done(c);
        return;
    }
    const struct attachment *a = &c->attach[c->attached];
    _cleanup_(buf_close) struct buf body = BUF_INIT(CREATE_BODY_MAX);
    (void)buf_printf(&body, "{\"Container\":\"%s\",\"EndpointConfig\":", c->id);
    (void)buf_puts(&body, a->body);
    (void)buf_puts(&body, "}");
    if (body.error) {
        (void)answer_not_understood(CALL_ATTACH, a->network,
                                    "the endpoint's settings are too large", &c->failure.error);
        c->failure.outcome = ENGINE_REFUSED;
        remove_again(c);
        return;
    }
    struct request_spec spec = post(c, buf_text(&body), body.len, on_attached);
    call_send(c->call->engine, &spec, "/networks/%s/connect", a->network, NULL);
}

static void on_created(void *ctx, const struct answer *answer)
{
    struct creation *c = ctx;
    struct engine_result result = {0};
    result.outcome = answer_judge(CALL_CREATE, c->call->subject, answer, &result.error);
    if (result.outcome == ENGINE_DONE) {
        c->answer = parse_json(answer->body, answer->len);
        const char *id = json_string_value(json_object_get(c->answer, "Id"));
        if (id && parse_id_is_valid(id)) {
            memcpy(c->id, id, sizeof(c->id));
            attach_next(c);
            return;
        }
        result.outcome = answer_not_understood(CALL_CREATE, c->call->subject,
                                               "the answer has no container's id", &result.error);
    }
    finish(c, &result);
}

static struct creation *creation_new(struct engine *engine, const struct engine_create *request,
                                     engine_done_fn *done, void *ctx)
{
    struct creation *c = call_alloc(sizeof(*c));
    c->call = call_new(engine, CALL_CREATE, request->name, done, ctx);
    if (request->n_attach > 0)
        c->attach = call_alloc(request->n_attach * sizeof(*c->attach));
    for (; c->n_attach < request->n_attach; c->n_attach++) {
        const struct engine_attach *a = &request->attach[c->n_attach];
        c->attach[c->n_attach].network = call_copy(a->network);
        c->attach[c->n_attach].body = call_copy(a->endpoint && a->endpoint[0] ? a->endpoint : "{}");
    }
    return c;
}

void engine_create(struct engine *engine, const struct engine_create *request, engine_done_fn *done,
                   void *ctx)
{
    struct creation *c = creation_new(engine, request, done, ctx);
    struct request_spec spec = post(c, request->body, request->body_len, on_created);
    spec.timeout_ms *= LONG_FACTOR;
    spec.platform = request->platform;
    call_send(engine, &spec, "/containers/create?name=%s", request->name, NULL);
}
