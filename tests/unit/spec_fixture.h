/* SPDX-License-Identifier: MIT
 *
 * What the tests of specs share: JSON with single quotes for readability, and the usual context.
 */
#pragma once

#include "unit.h"

#include <string.h>

#include "spec/spec.h"

#define TEXT_SIZE 4096

/* Tables write ' for " and ` for ': C strings of JSON are hard enough to read. */
static inline const char *json_of(const char *text)
{
    static char json[TEXT_SIZE];
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < sizeof(json); i++)
        json[i] = text[i] == '\'' ? '"' : text[i] == '`' ? '\'' : text[i];
    json[i] = '\0';
    return json;
}

static inline struct spec *spec_of(const char *text)
{
    struct spec *spec = NULL;
    struct error err = ERROR_INIT;
    int r = spec_parse(json_of(text), "busybox", &spec, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    return spec;
}

static inline void canonical_of(const struct spec *spec, bool hashed, struct buf *ret_text)
{
    buf_reset(ret_text);
    assert_int_equal(spec_canonical(spec, hashed, ret_text), 0);
}

static inline struct spec_context context_of(enum lifecycle lifecycle)
{
    return (struct spec_context){
        .fleet = "demo", .agent = "web", .db_uid = "0123abcd", .lifecycle = lifecycle};
}
