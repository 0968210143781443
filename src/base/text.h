/* SPDX-License-Identifier: MIT
 *
 * Text from outside: names, labels and messages of an engine, a file or a row
 * are hostile until they went through here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Valid UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF, no NUL byte. */
bool text_is_utf8(const char *data, size_t len);

/* The bytes of the valid UTF-8 character at `p` (at most `len`), or 0 when there is none. */
size_t text_char_len(const char *p, size_t len);

/* After a cut by snprintf: drop a torn UTF-8 character at the end of a buffer of `size` bytes. */
void text_cut(char *text, size_t size);

/* Copy for a terminal or a log line: control characters (C0, DEL, C1) and broken
 * UTF-8 become "\xNN". Cut to `size`; always terminated. */
void text_visible(const char *text, char *ret_clean, size_t size);
