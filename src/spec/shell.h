/* SPDX-License-Identifier: MIT
 *
 * Command lines: a string into words as Compose splits it, and words into a line that
 * sh(1) splits the same way.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/cleanup.h"

/* Split by Compose's rules (those of its shellwords library, without expansion): blanks separate,
 * '…' is literal, in "…" and outside a backslash takes the next character literally (\t and \n are
 * tab and newline), `…` and $(…) stay one word as they are. Compose silently drops all behind an
 * unquoted ; & | < or >; here that is an error. 0 with a list of strings (empty for a blank line),
 * -ENOMEM, or -EINVAL with what is wrong in `ret_why` (static text). */
int shell_split(const char *line, json_t **ret_words, const char **ret_why) _must_use_;

/* Append one word, in quotes where it needs them. The buffer's own error sticks. */
void shell_quote(struct buf *line, const char *word);
