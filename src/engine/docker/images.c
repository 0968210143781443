/* SPDX-License-Identifier: MIT
 *
 * Images: pulled, and looked at.
 *
 * POST /images/create answers 200 before it has begun; how it goes stands in the stream of its
 * answer, and so do its errors (kubernetes/kubernetes#24101).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/text.h"
#include "engine/docker/call.h"
#include "engine/docker/helper.h"
#include "engine/docker/login.h"
#include "engine/docker/parse.h"
#include "engine/docker/reference.h"
#include "engine/docker/split.h"

#define NEWS_MAX_BYTES ((size_t)1 << 20)
/* The engine tells of a pull's progress several times a second, and of its own retries. */
#define PULL_SILENT_S 300

struct pull {
    struct pull *prev, *next; /* while a helper runs */
    struct call *call;
    engine_pull_fn *news;
    struct reference reference;
    char *platform; /* NULL: the engine's own */
    struct login login;
    struct helper *helper;
    struct split split;
    bool failed;
    char words[ANSWER_MESSAGE_SIZE]; /* of the error in the stream */
    char note[256];                  /* why there are no credentials, for the end of a message */
};

static void pull_drop(void *ctx)
{
    struct pull *p = ctx;
    split_close(&p->split);
    login_close(&p->login);
    call_drop(p->call);
    free(p->platform);
    free(p);
}

static void take_error(struct pull *p, const json_t *root)
{
    const char *message =
        json_string_value(json_object_get(json_object_get(root, "errorDetail"), "message"));
    if (!message)
        message = json_string_value(json_object_get(root, "error"));
    p->failed = true;
    text_visible(message ? message : "the engine does not say why", p->words, sizeof(p->words));
}

static void take_news(struct pull *p, const json_t *root)
{
    const json_t *detail = json_object_get(root, "progressDetail");
    const char *layer = json_string_value(json_object_get(root, "id"));
    const char *status = json_string_value(json_object_get(root, "status"));
    if (!status || !p->news)
        return;
    struct engine_pull_news news = {
        .layer = detail && layer ? layer : "", /* else the line is about the whole image */
        .status = status,
        .current = json_integer_value(json_object_get(detail, "current")),
        .total = json_integer_value(json_object_get(detail, "total")),
    };
    p->news(p->call->ctx, &news);
}

static int on_object(void *ctx, const char *json, size_t len)
{
    struct pull *p = ctx;
    if (p->call->engine->closing)
        return -ECANCELED;
    json_t *root = parse_json(json, len);
    if (!json_is_object(root)) {
        json_decref(root);
        return -EBADMSG;
    }
    if (json_object_get(root, "errorDetail") || json_object_get(root, "error"))
        take_error(p, root);
    else
        take_news(p, root);
    json_decref(root);
    return 0;
}

static int on_body(void *ctx, const char *data, size_t len)
{
    struct pull *p = ctx;
    return split_feed(&p->split, data, len);
}

static void on_answer(void *ctx, const struct answer *answer)
{
    struct pull *p = ctx;
    struct engine_result result = {0};
    const char *image = p->call->subject;
    result.outcome = answer_judge(CALL_PULL, image, answer, &result.error);
    if (result.outcome == ENGINE_DONE && p->failed) {
        result.outcome = ENGINE_REFUSED;
        (void)error_set(&result.error, 0, ERROR_FAILED, "pull", "%s %s: %s", call_name(CALL_PULL),
                        image, p->words);
    } else if (result.outcome == ENGINE_DONE && split_end(&p->split) < 0) {
        result.outcome =
            answer_not_understood(CALL_PULL, image, "the answer ended too early", &result.error);
    }
    if (result.outcome == ENGINE_UNKNOWN) /* half an image is none: nothing was changed */
        result.outcome = ENGINE_UNREACHABLE;
    if (result.outcome != ENGINE_DONE && p->note[0]) {
        struct error whole = result.error;
        (void)error_set(&result.error, 0, whole.kind, whole.code, "%s (%s)", whole.text, p->note);
    }
    call_finish(steal(&p->call), &result);
    pull_drop(p);
}

static void send_pull(struct pull *p)
{
    struct request_spec spec =
        call_spec(p->call->engine, "POST", LANE_PULL, on_answer, pull_drop, p);
    spec.on_body = on_body;
    spec.timeout_ms = 0;
    spec.max_bytes = 0;
    spec.silent_s = PULL_SILENT_S;
    spec.registry_auth = p->login.header;
    spec.platform = p->platform;
    call_send(p->call->engine, &spec, "/images/create?fromImage=%s&tag=%s", p->reference.name,
              p->reference.tag);
}

/* Without credentials it may still be there for everybody: the registry decides. */
static void on_helper(void *ctx, const char *answer, size_t len, const struct error *why)
{
    struct pull *p = ctx;
    DL_DELETE(p->call->engine->pulls, p);
    p->helper = NULL;
    char *header = answer ? login_header_of_answer(answer, len, p->login.server) : NULL;
    if (header) {
        login_close(&p->login);
        p->login.header = header;
    } else if (!p->login.header && !(why && strstr(why->text, "not found in native"))) {
        (void)snprintf(p->note, sizeof(p->note), "without credentials: %s",
                       why ? why->text : "the helper's answer has no Username and Secret");
    }
    send_pull(p);
}

void engine_image_pull(struct engine *engine, const char *image, const char *platform,
                       engine_pull_fn *news, engine_done_fn *done, void *ctx)
{
    struct error err = ERROR_INIT;
    json_t *config = NULL;
    struct pull *p = call_alloc(sizeof(*p));
    p->call = call_new(engine, CALL_PULL, image, done, ctx);
    p->news = news;
    p->platform = platform ? call_copy(platform) : NULL;
    split_init(&p->split, SPLIT_STREAM, NEWS_MAX_BYTES, on_object, p);
    if (reference_parse(image, &p->reference) < 0) /* no path can carry it: it fails as withheld */
        p->reference.name[0] = '\0';
    if (login_read_config(&config, &err) < 0)
        (void)snprintf(p->note, sizeof(p->note), "without credentials: %s", err.text);
    login_find(config, p->reference.host, &p->login);
    json_decref(config);
    if (!p->login.helper[0]) {
        send_pull(p);
        return;
    }
    DL_APPEND(engine->pulls, p);
    p->helper = helper_run(engine->loop, p->login.helper, p->login.server, on_helper, p);
}

void images_close(struct engine *engine)
{
    struct pull *p, *next;
    DL_FOREACH_SAFE(engine->pulls, p, next)
    {
        DL_DELETE(engine->pulls, p);
        helper_drop(p->helper);
        pull_drop(p);
    }
}

static void on_image(void *ctx, const struct answer *answer)
{
    struct call *call = ctx;
    struct engine_result result = {0};
    json_t *root = NULL;
    result.outcome = answer_judge(CALL_IMAGE, call->subject, answer, &result.error);
    if (result.outcome == ENGINE_DONE) {
        root = parse_json(answer->body, answer->len);
        result.id = json_string_value(json_object_get(root, "Id"));
        if (!result.id)
            result.outcome = answer_not_understood(CALL_IMAGE, call->subject,
                                                   "the answer has no id", &result.error);
    }
    if (result.outcome == ENGINE_UNKNOWN)
        result.outcome = ENGINE_UNREACHABLE;
    call_finish(call, &result);
    json_decref(root);
}

void engine_image_id(struct engine *engine, const char *image, engine_done_fn *done, void *ctx)
{
    struct request_spec spec = call_spec(engine, "GET", LANE_READ, on_image, call_drop,
                                         call_new(engine, CALL_IMAGE, image, done, ctx));
    call_send(engine, &spec, "/images/%s/json", image, NULL);
}
