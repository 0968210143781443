/* SPDX-License-Identifier: MIT
 *
 * What an engine's answer means. Docker and Podman say the same thing with different statuses (a
 * taken name is 409 here and 500 there; a port that is taken is 500), so a table of status and
 * words sorts them.
 */
#pragma once

#include "engine/docker/request.h"
#include "engine/engine.h"

enum call_kind {
    CALL_PING,
    CALL_LIST,
    CALL_INSPECT,
    CALL_CREATE,
    CALL_ATTACH,
    CALL_START,
    CALL_STOP,
    CALL_PAUSE,
    CALL_UNPAUSE,
    CALL_RENAME,
    CALL_REMOVE,
    CALL_UPDATE,
    CALL_NETWORK_LIST,
    CALL_NETWORK_CREATE,
    CALL_NETWORK_REMOVE,
    CALL_VOLUME_INSPECT,
    CALL_VOLUME_CREATE,
    CALL_VOLUME_REMOVE,
    CALL_INFO,
    CALL_STATS,
    CALL_LOGS,
    CALL_EVENTS,
    CALL_PULL,
    CALL_IMAGE,
};

#define ANSWER_MESSAGE_SIZE 512

/* The engine's own words, control characters made visible: the "message" of its JSON, else its
 * first line of plain text, else "HTTP 503". */
void answer_message(const struct answer *answer, char ret_message[ANSWER_MESSAGE_SIZE]);

/* Sort a whole answer by status and message. */
enum engine_outcome answer_meaning(enum call_kind call, long status, const char *message);

/* The same for any answer, with the error that goes with it: "start container web: <the engine's
 * words>". `subject` is a name or an id. */
enum engine_outcome answer_judge(enum call_kind call, const char *subject,
                                 const struct answer *answer, struct error *ret_error);

/* The answer came whole but is not what was asked for: UNKNOWN. */
enum engine_outcome answer_not_understood(enum call_kind call, const char *subject,
                                          const char *what, struct error *ret_error);

/* "start container" */
const char *call_name(enum call_kind call);
