/* SPDX-License-Identifier: MIT
 *
 * A reader that walks through one JSON text without building a tree: for the rows of listings,
 * where a tree of every row cost more than all else that a pass over a thousand agents does.
 * Everything else is read with jansson.
 *
 * It works in the text itself: strings are unescaped in place and terminated there, so they live as
 * long as the text and cost no memory. What is skipped is checked as strictly as what is read (RFC
 * 8259; UTF-8; no number too long; a NUL byte becomes U+FFFD). After the first error every call
 * says so, and every loop ends.
 *
 *     struct json_scope object = json_read_object(r);
 *     while ((key = json_read_member(r, &object)))
 *         if (strcmp(key, "Id") == 0)
 *             id = json_read_string(r);
 *         else
 *             json_read_skip(r);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_READ_DEPTH_MAX 64

struct json_read {
    char *at;
    char *end;
    unsigned depth;
    bool failed;
};

enum json_kind {
    JSON_KIND_NONE, /* no value can begin so */
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
    JSON_KIND_STRING,
    JSON_KIND_NUMBER,
    JSON_KIND_TRUE,
    JSON_KIND_FALSE,
    JSON_KIND_NULL,
};

/* An object or an array that is being walked through. */
struct json_scope {
    char close;
    bool begun;
};

void json_read_init(struct json_read *r, char *text, size_t len);

/* What the next value is, going by its first byte; consumes nothing but white space. */
enum json_kind json_read_peek(struct json_read *r);

struct json_scope json_read_object(struct json_read *r);
struct json_scope json_read_array(struct json_read *r);

/* The next member's key, whose value must then be read or skipped; NULL at the end of the object.
 */
const char *json_read_member(struct json_read *r, struct json_scope *object);

/* Whether another element follows, which must then be read or skipped. */
bool json_read_element(struct json_read *r, struct json_scope *array);

/* A value of just this kind: anything else is an error, and NULL or 0. A number with a fraction or
 * an exponent, or that does not fit, is 0. */
const char *json_read_string(struct json_read *r);
int64_t json_read_integer(struct json_read *r);

/* Any one value. */
void json_read_skip(struct json_read *r);

/* Nothing but white space may follow: whether all of the text was one whole value. */
bool json_read_end(struct json_read *r);
