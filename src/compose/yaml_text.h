/* SPDX-License-Identifier: MIT
 *
 * Faults below the level of the tree: bytes that are no text, and what libyaml finds.
 */
#pragma once

#include <stddef.h>
#include <yaml.h>

#include "compose/diag.h"

/* Valid UTF-8 without NUL and control characters, or -EINVAL at the first byte that is not. libyaml
 * would say this without a line. */
int yaml_check_bytes(const struct diag *d, const char *text, size_t len) _must_use_;

/* The error of a parser that has failed on `text`, with a hint where it has a usual cause. -EINVAL
 * or -ENOMEM. */
int yaml_parser_fault(const struct diag *d, const yaml_parser_t *parser, const char *text);
