/* SPDX-License-Identifier: MIT
 *
 * JSON as it goes over the wire.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

/* 0 with a new reference (NULL for an empty body); else the HTTP status that says what is wrong
 * (415 not JSON by its type, 400 not JSON by its text) with `err` set. Any value is taken,
 * duplicate keys are refused, and nesting is jansson's limit (2048). */
int body_parse(const char *content_type, const char *data, size_t len, json_t **ret_json,
               struct error *err) _must_use_;

/* Append any value, on one line. 0 or the buffer's error, which then sticks. */
int body_write(struct buf *out, const json_t *json);
