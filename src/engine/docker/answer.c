/* SPDX-License-Identifier: MIT */
#include "engine/docker/answer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/docker/parse.h"

#define ANY_CALL   0xffffffffU
#define ANY_STATUS 0

#define SHORT_ID_LEN 12 /* as docker(1) shows ids */

#define BIT(call) (1U << (call))
#define OF_CONTAINER                                                                               \
    (BIT(CALL_INSPECT) | BIT(CALL_START) | BIT(CALL_STOP) | BIT(CALL_PAUSE) | BIT(CALL_UNPAUSE) |  \
     BIT(CALL_RENAME) | BIT(CALL_REMOVE) | BIT(CALL_UPDATE) | BIT(CALL_STATS) | BIT(CALL_LOGS))
#define READS                                                                                      \
    (BIT(CALL_PING) | BIT(CALL_LIST) | BIT(CALL_INSPECT) | BIT(CALL_NETWORK_LIST) |                \
     BIT(CALL_VOLUME_INSPECT) | BIT(CALL_INFO) | BIT(CALL_EVENTS) | BIT(CALL_UPDATE) |             \
     BIT(CALL_PULL) | BIT(CALL_IMAGE) | BIT(CALL_STATS) | BIT(CALL_LOGS))

/* First row that fits wins. `words` are looked for in the message, whatever their case. */
static const struct {
    unsigned calls;
    long status;
    const char *words;
    enum engine_outcome outcome;
} meanings[] = {
    /* Success, and only with the status that each call has: a 200 page of something else is no
       answer. */
    {READS | BIT(CALL_ATTACH), 200, NULL, ENGINE_DONE},
    {BIT(CALL_CREATE) | BIT(CALL_NETWORK_CREATE) | BIT(CALL_VOLUME_CREATE), 201, NULL, ENGINE_DONE},
    {~(READS | BIT(CALL_ATTACH) | BIT(CALL_CREATE) | BIT(CALL_NETWORK_CREATE) |
       BIT(CALL_VOLUME_CREATE)),
     204, NULL, ENGINE_DONE},
    {BIT(CALL_START) | BIT(CALL_STOP), 304, NULL, ENGINE_ALREADY}, /* moby/moby#31094 */

    /* By their words, whatever the status. */
    {BIT(CALL_CREATE) | BIT(CALL_RENAME), ANY_STATUS, "already in use", ENGINE_NAME_TAKEN},
    {BIT(CALL_RENAME), 400, "same name", ENGINE_ALREADY},
    {BIT(CALL_PAUSE), ANY_STATUS, "already paused", ENGINE_ALREADY},
    {BIT(CALL_UNPAUSE), ANY_STATUS, "not paused", ENGINE_ALREADY},
    {BIT(CALL_PAUSE) | BIT(CALL_UNPAUSE), ANY_STATUS, "not running", ENGINE_BUSY},
    {BIT(CALL_NETWORK_CREATE), 409, "already exists", ENGINE_ALREADY},
    {BIT(CALL_NETWORK_REMOVE), ANY_STATUS, "active endpoints", ENGINE_BUSY},
    {BIT(CALL_NETWORK_REMOVE), ANY_STATUS, "associated containers", ENGINE_BUSY},
    {BIT(CALL_ATTACH), ANY_STATUS, "already exists in network", ENGINE_ALREADY},

    /* Not found: what, the message says. A start is 404 too when a network of the container is
       gone. */
    {BIT(CALL_CREATE), 404, "no such image", ENGINE_IMAGE_MISSING},
    {BIT(CALL_CREATE), 404, "image not known", ENGINE_IMAGE_MISSING},
    {BIT(CALL_CREATE), 404, "does not match the specified platform", ENGINE_IMAGE_MISSING},
    {BIT(CALL_CREATE), 404, "page not found", ENGINE_UNSUPPORTED},
    {BIT(CALL_CREATE), 404, NULL, ENGINE_REFUSED},
    {OF_CONTAINER | BIT(CALL_ATTACH), 404, "no such container", ENGINE_NOT_FOUND},
    {BIT(CALL_START), 404, "page not found", ENGINE_UNSUPPORTED},
    {BIT(CALL_START), 404, "network", ENGINE_NETWORK_MISSING},
    {BIT(CALL_START), ANY_STATUS, "is ambiguous", ENGINE_NETWORK_MISSING},
    {BIT(CALL_START), 404, NULL, ENGINE_REFUSED},
    {BIT(CALL_ATTACH) | BIT(CALL_NETWORK_REMOVE), 404, "network", ENGINE_NOT_FOUND},
    {BIT(CALL_VOLUME_INSPECT) | BIT(CALL_VOLUME_REMOVE), 404, "no such volume", ENGINE_NOT_FOUND},
    {BIT(CALL_NETWORK_CREATE) | BIT(CALL_VOLUME_CREATE), 404, "plugin",
     ENGINE_REFUSED}, /* its driver */
    {BIT(CALL_PULL) | BIT(CALL_IMAGE), 404, "page not found", ENGINE_UNSUPPORTED},
    {BIT(CALL_PULL) | BIT(CALL_IMAGE), 404, NULL, ENGINE_IMAGE_MISSING},
    {ANY_CALL, 404, NULL, ENGINE_UNSUPPORTED},
    {ANY_CALL, 405, NULL, ENGINE_UNSUPPORTED},
    {ANY_CALL, 501, NULL, ENGINE_UNSUPPORTED},

    {BIT(CALL_CREATE), 409, NULL, ENGINE_REFUSED},
    {ANY_CALL, 409, NULL, ENGINE_BUSY},

    /* A relay in between had no answer from the engine. */
    {ANY_CALL, 502, NULL, ENGINE_UNKNOWN},
    {ANY_CALL, 504, NULL, ENGINE_UNKNOWN},
};

static bool fits(const char *message, const char *words)
{
    return !words || strcasestr(message, words) != NULL;
}

enum engine_outcome answer_meaning(enum call_kind call, long status, const char *message)
{
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
        if ((meanings[i].calls & BIT(call)) &&
            (meanings[i].status == ANY_STATUS || meanings[i].status == status) &&
            fits(message, meanings[i].words))
            return meanings[i].outcome;
    /* A success that is not this call's: who knows what it did. Any other answer is a no. */
    return status >= 200 && status < 300 ? ENGINE_UNKNOWN : ENGINE_REFUSED;
}

static const char *const call_names[] = {
    [CALL_PING] = "ping engine",
    [CALL_LIST] = "list containers",
    [CALL_INSPECT] = "inspect container",
    [CALL_CREATE] = "create container",
    [CALL_ATTACH] = "attach to network",
    [CALL_START] = "start container",
    [CALL_STOP] = "stop container",
    [CALL_PAUSE] = "pause container",
    [CALL_UNPAUSE] = "unpause container",
    [CALL_RENAME] = "rename container",
    [CALL_REMOVE] = "remove container",
    [CALL_UPDATE] = "update container",
    [CALL_NETWORK_LIST] = "look up network",
    [CALL_NETWORK_CREATE] = "create network",
    [CALL_NETWORK_REMOVE] = "remove network",
    [CALL_VOLUME_INSPECT] = "look up volume",
    [CALL_VOLUME_CREATE] = "create volume",
    [CALL_VOLUME_REMOVE] = "remove volume",
    [CALL_INFO] = "read the engine's facts",
    [CALL_STATS] = "read figures of container",
    [CALL_LOGS] = "read logs of container",
    [CALL_EVENTS] = "read the engine's events",
    [CALL_PULL] = "pull image",
    [CALL_IMAGE] = "look up image",
};

const char *call_name(enum call_kind call)
{
    return call_names[call];
}

/* The first line of an answer that is plain text; a page for a browser says nothing to anybody
 * else. */
static bool first_line(const struct answer *a, char *ret_line, size_t size)
{
    size_t start = strspn(a->body, " \t\r\n");
    size_t len = strcspn(a->body + start, "\r\n");
    if (len == 0 || a->body[start] == '<' || a->body[start] == '{')
        return false;
    (void)snprintf(ret_line, size, "%.*s", (int)(len < size ? len : size - 1), a->body + start);
    return true;
}

void answer_message(const struct answer *answer, char ret_message[ANSWER_MESSAGE_SIZE])
{
    char line[ANSWER_MESSAGE_SIZE];
    json_t *root = json_loadb(answer->body, answer->len, JSON_ALLOW_NUL, NULL);
    const char *message = json_string_value(json_object_get(root, "message"));
    if (!message && first_line(answer, line, sizeof(line)))
        message = line;
    ret_message[0] = '\0';
    if (message)
        text_visible(message, ret_message, ANSWER_MESSAGE_SIZE);
    size_t len = strlen(ret_message);
    while (len > 0 && (ret_message[len - 1] == '.' || ret_message[len - 1] == ' '))
        ret_message[--len] = '\0'; /* an error's text ends without a dot */
    if (len == 0)
        (void)snprintf(ret_message, ANSWER_MESSAGE_SIZE, "HTTP %ld", answer->status);
    json_decref(root);
}

static enum error_kind kind_of(enum engine_outcome outcome)
{
    switch (outcome) {
    case ENGINE_DONE:
    case ENGINE_ALREADY:
        return ERROR_NONE;
    case ENGINE_NOT_FOUND:
    case ENGINE_IMAGE_MISSING:
    case ENGINE_NETWORK_MISSING:
        return ERROR_NOT_FOUND;
    case ENGINE_NAME_TAKEN:
    case ENGINE_BUSY:
        return ERROR_CONFLICT;
    case ENGINE_REFUSED:
    case ENGINE_UNSUPPORTED:
        return ERROR_FAILED;
    case ENGINE_UNREACHABLE:
    case ENGINE_UNKNOWN:
        return ERROR_UNREACHABLE;
    }
    return ERROR_FAILED;
}

static void set_error(struct error *err, enum engine_outcome outcome, enum call_kind call,
                      const char *subject, const char *text)
{
    char clean[256];
    text_visible(subject, clean, sizeof(clean));
    if (parse_id_is_valid(subject))
        clean[SHORT_ID_LEN] = '\0';
    (void)error_set(err, 0, kind_of(outcome), engine_outcome_name(outcome), "%s%s%s: %s",
                    call_name(call), clean[0] ? " " : "", clean, text);
}

static enum engine_outcome judge_whole(enum call_kind call, const char *subject,
                                       const struct answer *answer, struct error *ret_error)
{
    char message[ANSWER_MESSAGE_SIZE];
    char text[ANSWER_MESSAGE_SIZE + 128];
    answer_message(answer, message);
    enum engine_outcome outcome = answer_meaning(call, answer->status, message);
    if (outcome == ENGINE_DONE || outcome == ENGINE_ALREADY)
        return outcome;
    if (outcome == ENGINE_UNKNOWN)
        (void)snprintf(
            text, sizeof(text),
            "an answer that is none of an engine's (HTTP %ld); what stands at its address?",
            answer->status);
    else
        (void)snprintf(text, sizeof(text), "%s", message);
    set_error(ret_error, outcome, call, subject, text);
    return outcome;
}

enum engine_outcome answer_judge(enum call_kind call, const char *subject,
                                 const struct answer *answer, struct error *ret_error)
{
    enum engine_outcome outcome = ENGINE_UNKNOWN;
    error_clear(ret_error);
    switch (answer->kind) {
    case ANSWER_WHOLE:
        return judge_whole(call, subject, answer, ret_error);
    case ANSWER_WITHHELD:
        outcome = ENGINE_REFUSED;
        break;
    case ANSWER_NOT_SENT:
        outcome = ENGINE_UNREACHABLE;
        break;
    case ANSWER_BROKEN:
        outcome = ENGINE_UNKNOWN;
        break;
    }
    set_error(ret_error, outcome, call, subject, answer->error.text);
    if (answer->error.kind == ERROR_TIMEOUT)
        ret_error->kind = ERROR_TIMEOUT;
    return outcome;
}

enum engine_outcome answer_not_understood(enum call_kind call, const char *subject,
                                          const char *what, struct error *ret_error)
{
    set_error(ret_error, ENGINE_UNKNOWN, call, subject, what);
    return ENGINE_UNKNOWN;
}
