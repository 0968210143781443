/* SPDX-License-Identifier: MIT
 *
 * Any text as a duration and as a size: what is one reads back from its own shortest text, and
 * what is none leaves the result untouched.
 */
#include "base/duration.h"
#include "fuzz.h"

static void check_duration(const char *text)
{
    uint64_t ns = 17, again = 17;
    if (duration_parse(text, &ns) < 0) {
        require(ns == 17);
        return;
    }
    char shortest[DURATION_TEXT_SIZE];
    duration_format(ns, shortest);
    require(duration_parse(shortest, &again) == 0 && again == ns - ns % 1000);
}

static void check_size(const char *text)
{
    uint64_t bytes = 17, more = 17;
    if (size_parse(text, &bytes) < 0) {
        require(bytes == 17);
        return;
    }
    require(text[0] >= '0' && text[0] <= '9');
    /* A zero before it changes nothing. */
    char longer[64] = "0";
    if (strlen(text) < sizeof(longer) - 1) {
        strcat(longer, text);
        require(size_parse(longer, &more) == 0 && more == bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check_duration(text);
    check_size(text);
    free(text);
    return 0;
}
