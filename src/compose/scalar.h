/* SPDX-License-Identifier: MIT
 *
 * What a plain scalar means, as Compose reads it: the core schema of YAML 1.2, with the octal
 * "0644", "0b1010" and "1_000" of YAML 1.1. `yes`, `no`, `on`, `off` and dates are texts. A number
 * that JSON cannot hold (.inf, .nan, past 64 bits) stays a text too.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum scalar_kind {
    SCALAR_NULL,
    SCALAR_BOOL,
    SCALAR_INT,
    SCALAR_REAL,
    SCALAR_TEXT,
};

struct scalar {
    enum scalar_kind kind;
    bool boolean;
    int64_t integer;
    double real;
};

struct scalar scalar_resolve(const char *text);

/* The text that Compose hands to a container for a number, a boolean: "18" for 022, "1.1" for
 * 1.10, "1e+06" for 1000000.0. Nothing for the other kinds. */
#define SCALAR_TEXT_SIZE 40
void scalar_format(const struct scalar *s, char ret_text[SCALAR_TEXT_SIZE]);
