/* SPDX-License-Identifier: MIT
 *
 * JSON as YAML that compose_load() reads back as the same JSON. Internal to this folder.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"

/* Appends one document. A value's `$` is written `$$`; keys are as they are, for variables are not
 * looked for in them. A text that another reader of YAML might take for a number, a boolean or
 * nothing is quoted. -ENOMEM, the buffer's error. */
int write_yaml(const json_t *document, struct buf *out) _must_use_;
