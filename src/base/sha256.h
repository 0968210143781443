/* SPDX-License-Identifier: MIT
 *
 * SHA-256 (nettle) and its hexadecimal form.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define SHA256_SIZE     32
#define SHA256_HEX_SIZE 65

void sha256(const void *data, size_t len, uint8_t ret_digest[SHA256_SIZE]);

/* Lower-case hex with a NUL: `ret_text` has 2 * len + 1 bytes. */
void hex_format(const uint8_t *bytes, size_t len, char *ret_text);

/* Exactly 2 * len hex digits, either case, and nothing behind: else -EINVAL. */
int hex_parse(const char *text, uint8_t *ret_bytes, size_t len) _must_use_;
