/* SPDX-License-Identifier: MIT
 *
 * Reading one service: where in it we stand, what was expected there, and the
 * plain types that many keys share.
 *
 * Each read function takes a JSON value, says in the reader's error what is wrong with it
 * (-EINVAL; -ENOMEM when out of memory), or gives its canonical form as a new reference. NULL as
 * canonical form means: nothing was said, the key counts as not written.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "spec/spec.h"

#define READER_PATH_SIZE  256
#define READER_QUOTE_SIZE 80 /* a value in a message is cut to this */

struct reader {
    spec_locate_fn *locate;
    void *locate_ctx;
    struct error *err;
    char path[READER_PATH_SIZE];
    json_t *destinations; /* mount destination → the path of who took it first */
};

/* Walk down one step and back: `mark` is what enter gave. A name that is no plain word, or a
 * path that grows too long, is cut, never an error. */
size_t reader_enter(struct reader *r, const char *key);
size_t reader_enter_index(struct reader *r, size_t index);
void reader_leave(struct reader *r, size_t mark);

/* "where: path: message"; returns -EINVAL. */
int reader_fail(struct reader *r, const char *fmt, ...) _printf_(2, 3);

/* "expected WANTED, found a number". */
int reader_expected(struct reader *r, const char *wanted, const json_t *found);

int reader_no_memory(struct reader *r);

/* `value` for a message: visible, cut. Never for the value of a variable. */
const char *reader_quote(char ret_text[READER_QUOTE_SIZE], const char *value);

/* ret = a new reference, or -ENOMEM when it is NULL. */
int reader_give(struct reader *r, json_t *fresh, json_t **ret);

/* The plain types. `wanted` is how the message calls it. */
int reader_text(struct reader *r, const json_t *value, const char *wanted, const char **ret);
int reader_bool(struct reader *r, const json_t *value, bool *ret);
int reader_integer(struct reader *r, const json_t *value, int64_t min, int64_t max, int64_t *ret);
int reader_port(struct reader *r, const json_t *value, int64_t *ret);
int reader_duration(struct reader *r, const json_t *value, uint64_t *ret_ns);

/* One of `words` (NULL past the end): its index. */
int reader_word(struct reader *r, const json_t *value, const char *const *words, size_t *ret_index);

/* The same two as canonical forms. */
int reader_choice(struct reader *r, const json_t *value, const char *const *words, json_t **ret);
int reader_flag(struct reader *r, const json_t *value, json_t **ret);

/* "unknown key", with the nearest of `known`, or with all of them (NULL past the end). Enters
 * nothing: the path is the parent's. */
int reader_unknown_key(struct reader *r, const char *key, const char *const *known);

/* A map of parts that are known by their names, each with its read function; the table ends with a
 * NULL. A part of null says nothing, "x-…" is passed over. An empty map when nothing was said. */
struct reader_part {
    const char *name;
    int (*read)(struct reader *r, const json_t *value, json_t **ret);
};
#define READER_PARTS_MAX 16
int reader_map(struct reader *r, const json_t *value, const struct reader_part *parts,
               json_t **ret_map);

/* A number as people write it: the shortest text that reads back the same. */
#define NUMBER_TEXT_SIZE 48
void number_format(const json_t *number, char ret_text[NUMBER_TEXT_SIZE]);

/* A size in bytes, as a number or as "64m", and its canonical text. */
int reader_size(struct reader *r, const json_t *value, uint64_t *ret_bytes);
json_t *size_json(uint64_t bytes);

/* A duration's canonical text. */
json_t *duration_json(uint64_t ns);
