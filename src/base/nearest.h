/* SPDX-License-Identifier: MIT
 *
 * "did you mean": the nearest of some known words.
 */
#pragma once

#include <stddef.h>

/* Keep the nearest known word while a caller runs over its table. Distance is
 * Damerau-Levenshtein (a swap of neighbours counts one), case ignored. A word
 * further off than a third of the longer one (at least 1, at most 3) is no
 * suggestion. `word` is borrowed for the search. */
struct nearest {
    const char *word;
    const char *best; /* NULL while there is none */
    size_t best_distance;
};

void nearest_offer(struct nearest *n, const char *known);
