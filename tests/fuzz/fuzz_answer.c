/* SPDX-License-Identifier: MIT
 *
 * Any answer of the engine: the first byte is the call, the second its status, the rest the body.
 * It is a success without a word, or there is a text that can be shown.
 */
#include "base/text.h"
#include "engine/docker/answer.h"
#include "fuzz.h"

static bool is_success(enum engine_outcome outcome)
{
    return outcome == ENGINE_DONE || outcome == ENGINE_ALREADY;
}

static void check_text(const char *text)
{
    require(*text && text_is_utf8(text, strlen(text)));
    for (; *text; text++)
        require((unsigned char)*text >= ' ' && *text != '\x7f');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = {200, 201, 204, 304, 400, 404, 405, 409, 500, 501, 502, 504};
    if (size < 2)
        return 0;
    enum call_kind call = (enum call_kind)(data[0] % (CALL_IMAGE + 1));
    char *body = fuzz_text(data + 2, size - 2);
    struct answer answer = {.kind = ANSWER_WHOLE,
                            .status = statuses[data[1] % ARRAY_LEN(statuses)],
                            .body = body,
                            .len = size - 2,
                            .api_version = ""};
    struct error err = ERROR_INIT;
    char message[ANSWER_MESSAGE_SIZE];
    answer_message(&answer, message);
    check_text(message);
    enum engine_outcome outcome = answer_judge(call, body, &answer, &err);
    require(is_success(outcome) != error_is_set(&err));
    if (error_is_set(&err))
        check_text(err.text);
    free(body);
    return 0;
}
