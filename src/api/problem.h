/* SPDX-License-Identifier: MIT
 *
 * Problem documents (RFC 9457), both ways: made by the server from an error, read by the client
 * into one. One table holds each status with its title and its usual code.
 */
#pragma once

#include <jansson.h>

#include "base/error.h"

/* A new reference. NULL when out of memory. `code` NULL or "": the usual one of `status`.
 * Text that is not UTF-8 is made visible ("\xNN"). */
json_t *problem_new(int status, const char *code, const char *detail) _must_use_;

/* Set `err` from a status and a document, which may be NULL or anything at all. */
void problem_read(int status, const json_t *problem, struct error *err);
