/* SPDX-License-Identifier: MIT
 *
 * The engine's own facts: GET /version, then GET /info.
 */
#include <jansson.h>
#include <stdlib.h>

#include "engine/docker/call.h"
#include "engine/docker/parse.h"

struct info_call {
    struct engine *engine;
    engine_info_fn *done;
    void *ctx;
    json_t *version;
};

static void info_drop(void *ctx)
{
    struct info_call *c = ctx;
    json_decref(c->version);
    free(c);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void finish(struct info_call *c, const struct engine_result *result,
                   const struct engine_info *info)
{
    c->done(c->ctx, result, info);
    info_drop(c);
}

/* The object of an answer, or NULL with the outcome told. */
static json_t *object_of(struct info_call *c, const struct answer *answer)
{
    struct engine_result result = {0};
    result.outcome = answer_judge(CALL_INFO, "", answer, &result.error);
    json_t *root = NULL;
    if (result.outcome == ENGINE_DONE) {
        root = parse_json(answer->body, answer->len);
        if (json_is_object(root))
            return root;
        json_decref(root);
        result.outcome =
            answer_not_understood(CALL_INFO, "", "the answer is not JSON", &result.error);
    }
    finish(c, &result, NULL);
    return NULL;
}

static void on_info(void *ctx, const struct answer *answer)
{
    struct info_call *c = ctx;
    json_t *root = object_of(c, answer);
    if (!root)
        return;
    struct engine_result result = {.outcome = ENGINE_DONE};
    struct engine_info info = {
        .version = text_of(c->version, "Version"),
        .api_version = text_of(c->version, "ApiVersion"),
        .min_api_version = text_of(c->version, "MinAPIVersion"),
        .os = text_of(root, "OperatingSystem"),
        .live_restore = json_is_true(json_object_get(root, "LiveRestoreEnabled")),
        .root_dir = text_of(root, "DockerRootDir"),
    };
    finish(c, &result, &info);
    json_decref(root);
}

static void ask(struct info_call *c, const char *path, answer_fn *on_answer)
{
    struct request_spec spec = call_spec(c->engine, "GET", LANE_READ, on_answer, info_drop, c);
    call_send(c->engine, &spec, path, NULL, NULL);
}

static void on_version(void *ctx, const struct answer *answer)
{
    struct info_call *c = ctx;
    json_t *version = object_of(c, answer);
    if (!version)
        return; /* told, and `c` is gone */
    c->version = version;
    ask(c, "/info", on_info);
}

void engine_info(struct engine *engine, engine_info_fn *done, void *ctx)
{
    struct info_call *c = call_alloc(sizeof(*c));
    *c = (struct info_call){.engine = engine, .done = done, .ctx = ctx};
    ask(c, "/version", on_version);
}
