/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Table 3-7 of the Unicode standard: the second byte's range depends on the first. */
size_t text_char_len(const char *p, size_t len)
{
    const uint8_t *b = (const uint8_t *)p;
    if (len == 0 || b[0] == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    size_t n = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    if (b[0] < 0xc2 || b[0] > 0xf4 || len < n)
        return 0;
    uint8_t low = 0x80, high = 0xbf;
    if (b[0] == 0xe0)
        low = 0xa0;
    else if (b[0] == 0xed)
        high = 0x9f;
    else if (b[0] == 0xf0)
        low = 0x90;
    else if (b[0] == 0xf4)
        high = 0x8f;
    if (b[1] < low || b[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool text_is_utf8(const char *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = text_char_len(data + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

void text_cut(char *text, size_t size)
{
    size_t len = strnlen(text, size);
    if (len + 1 < size || len == 0)
        return; /* it was not cut */
    size_t start = len;
    while (start > 0 && len - start < 3 && ((uint8_t)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (uint8_t)text[start - 1] >= 0xc0 &&
        text_char_len(text + start - 1, len - start + 1) == 0)
        text[start - 1] = '\0';
}

void text_visible(const char *text, char *ret_clean, size_t size)
{
    size_t out = 0, len = strlen(text);
    for (size_t i = 0; i < len;) {
        size_t n = text_char_len(text + i, len - i);
        uint8_t c = (uint8_t)text[i];
        bool control =
            c < 0x20 || c == 0x7f || (c == 0xc2 && n == 2 && (uint8_t)text[i + 1] < 0xa0);
        size_t need = n == 0 || control ? 4 : n;
        if (out + need >= size)
            break;
        if (n == 0 || control) {
            if (n == 2)
                c = (uint8_t)text[i + 1];
            (void)snprintf(ret_clean + out, size - out, "\\x%02x", c);
            i += n == 0 ? 1 : n;
        } else {
            memcpy(ret_clean + out, text + i, n);
            i += n;
        }
        out += need;
    }
    ret_clean[out] = '\0';
}
