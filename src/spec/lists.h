/* SPDX-License-Identifier: MIT
 *
 * What keys with a list or a map of texts share.
 */
#pragma once

#include "spec/keys.h"

/* One entry: its canonical text as a new reference. */
typedef int list_item_fn(struct reader *r, const json_t *value, json_t **ret);

/* A list, or one text alone, entry by entry. Equal entries are one. With KEY_SORTED the order means
 * nothing: then it is that of the texts. Nothing at all counts as not written. */
int list_read(struct reader *r, const struct key *key, const json_t *value, list_item_fn *item,
              json_t **ret) _must_use_;

/* A text, or a number as text; never empty, without control characters. */
int item_text(struct reader *r, const json_t *value, json_t **ret) _must_use_;

/* A map of texts, or a list of "name=value". */
int map_read(struct reader *r, const json_t *value, json_t **ret) _must_use_;

/* What a word says of another container, "service:NAME" or "container:NAME", as the engine says it
 * ("container:NAME"); any other word as it is. -ENOMEM. */
int container_word(const struct spec_context *context, const char *word, json_t **ret) _must_use_;

/* Is the word "service:NAME"? The name. */
const char *service_word(const char *word);
