/* SPDX-License-Identifier: MIT
 *
 * Which version of the API is spoken: the newest that both know. Never hard-coded: Docker 29.0
 * refuses below 1.44, 29.3 below 1.40, and 20.10 knows up to 1.41. GET /_ping tells the engine's
 * newest in a header; where it does not, GET /version tells it, and the oldest too.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "engine/docker/answer.h"
#include "engine/docker/docker.h"

#define ASK_TIMEOUT_MS 10000U

struct api_version {
    unsigned major, minor;
};

static bool parse(const char *text, struct api_version *ret_version)
{
    char rest;
    unsigned major, minor;
    if (strlen(text) > 9 || text[0] < '0' || text[0] > '9' ||
        sscanf(text, "%5u.%5u%c", &major, &minor, &rest) != 2)
        return false;
    *ret_version = (struct api_version){major, minor};
    return true;
}

static bool is_older(struct api_version a, struct api_version b)
{
    return a.major < b.major || (a.major == b.major && a.minor < b.minor);
}

int version_agree(const char *engines_newest, const char *engines_oldest, char ret_version[16],
                  struct error *err)
{
    struct api_version oldest = {0}, newest = {0}, theirs, theirs_oldest;
    (void)parse(API_OLDEST, &oldest);
    (void)parse(API_NEWEST, &newest);
    char clean[32];
    text_visible(engines_newest, clean, sizeof(clean));
    if (!parse(engines_newest, &theirs))
        return error_set(err, -EPROTO, ERROR_FAILED, "api_version",
                         "the engine's API version \"%s\" is not understood", clean);
    if (is_older(theirs, oldest))
        return error_set(err, -EPROTO, ERROR_FAILED, "api_version",
                         "the engine speaks API %s at most, and at least " API_OLDEST
                         " is needed; upgrade the engine",
                         clean);
    if (parse(engines_oldest, &theirs_oldest) && is_older(newest, theirs_oldest))
        return error_set(
            err, -EPROTO, ERROR_FAILED, "api_version",
            "the engine speaks API %u.%u at least, and this roost knows up to " API_NEWEST
            "; upgrade roost",
            theirs_oldest.major, theirs_oldest.minor);
    struct api_version agreed = is_older(theirs, newest) ? theirs : newest;
    (void)snprintf(ret_version, 16, "%u.%u", agreed.major, agreed.minor);
    return 0;
}

bool version_is_refused(const struct answer *answer)
{
    if (answer->kind != ANSWER_WHOLE || answer->status != 400)
        return false;
    char message[ANSWER_MESSAGE_SIZE];
    answer_message(answer, message);
    return strcasestr(message, "client version") &&
           (strcasestr(message, "too new") || strcasestr(message, "too old"));
}

static void settle(struct engine *engine, const char *newest, const char *oldest)
{
    struct error err = ERROR_INIT;
    char version[16];
    if (version_agree(newest, oldest, version, &err) < 0)
        engine_version_failed(engine, ANSWER_WITHHELD, &err);
    else
        engine_version_known(engine, version);
}

void version_heard(struct engine *engine, const char *engines_newest)
{
    char version[16];
    if (engines_newest[0] && version_agree(engines_newest, "", version, NULL) == 0)
        engine_version_known(engine, version);
}

/* Something answers, but not as an engine does. */
static void not_an_engine(struct engine *engine, const struct answer *answer)
{
    struct error err;
    (void)error_set(&err, 0, ERROR_UNREACHABLE, "not_an_engine",
                    "what answers at %s (HTTP %ld) is no Docker Engine; check the address",
                    engine->address.url, answer->status);
    engine_version_failed(engine, ANSWER_NOT_SENT, &err);
}

static void on_version(void *ctx, const struct answer *answer)
{
    struct engine *engine = ctx;
    if (answer->kind != ANSWER_WHOLE) {
        engine_version_failed(engine, ANSWER_NOT_SENT, &answer->error);
        return;
    }
    json_t *root = json_loadb(answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
    const char *newest = json_string_value(json_object_get(root, "ApiVersion"));
    const char *oldest = json_string_value(json_object_get(root, "MinAPIVersion"));
    if (answer->status == 200 && newest)
        settle(engine, newest, oldest ? oldest : "");
    else
        not_an_engine(engine, answer);
    json_decref(root);
}

static void ask(struct engine *engine, const char *path, answer_fn *on_answer)
{
    struct request_spec spec = {
        .method = "GET",
        .lane = LANE_PING,
        .unversioned = true,
        .timeout_ms = engine->timeout_ms < ASK_TIMEOUT_MS ? engine->timeout_ms : ASK_TIMEOUT_MS,
        .max_bytes = ANSWER_MAX_BYTES,
        .on_answer = on_answer,
        .ctx = engine,
    };
    engine_send(engine, request_new(&spec, path));
}

static void on_ping(void *ctx, const struct answer *answer)
{
    struct engine *engine = ctx;
    if (answer->kind != ANSWER_WHOLE)
        engine_version_failed(engine, ANSWER_NOT_SENT, &answer->error);
    else if (answer->status == 200 && answer->api_version[0])
        settle(engine, answer->api_version, "");
    else
        ask(engine, "/version", on_version);
}

void version_ask(struct engine *engine)
{
    ask(engine, "/_ping", on_ping);
}
