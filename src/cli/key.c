/* SPDX-License-Identifier: MIT */
#include "cli/key.h"

#include <string.h>

#include "base/cleanup.h"

static const struct {
    const char *bytes;
    enum key key;
} keys[] = {
    {"k", KEY_UP},
    {"j", KEY_DOWN},
    {"g", KEY_HOME},
    {"G", KEY_END},
    {"w", KEY_WAKE},
    {"s", KEY_SLEEP},
    {"h", KEY_HOLD},
    {"q", KEY_QUIT},
    {"\x0c", KEY_REDRAW}, /* ^L */
    {"\033[A", KEY_UP},
    {"\033OA", KEY_UP}, /* in the application's mode of the keypad */
    {"\033[B", KEY_DOWN},
    {"\033OB", KEY_DOWN},
    {"\033[5~", KEY_PAGE_UP},
    {"\033[6~", KEY_PAGE_DOWN},
    {"\033[H", KEY_HOME},
    {"\033OH", KEY_HOME},
    {"\033[1~", KEY_HOME},
    {"\033[F", KEY_END},
    {"\033OF", KEY_END},
    {"\033[4~", KEY_END},
};

/* The bytes of an escape sequence: ESC [ numbers final, or ESC O final; 0: not whole yet. ESC
 * before anything else stands alone, so that a key after it counts. */
static size_t sequence_len(const char *bytes, size_t len)
{
    if (len == 1)
        return 0;
    if (bytes[1] != '[' && bytes[1] != 'O')
        return 1;
    size_t i = 2;
    while (bytes[1] == '[' && i < len && bytes[i] >= 0x20 && bytes[i] < 0x40)
        i++;
    if (i >= KEY_BYTES_MAX)
        return i;
    return i < len ? i + 1 : 0;
}

enum key key_decode(const char *bytes, size_t len, size_t *ret_used)
{
    size_t used = bytes[0] == '\033' ? sequence_len(bytes, len) : 1;
    *ret_used = used;
    if (used == 0)
        return KEY_MORE;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strlen(keys[i].bytes) == used && memcmp(keys[i].bytes, bytes, used) == 0)
            return keys[i].key;
    return KEY_NONE;
}
