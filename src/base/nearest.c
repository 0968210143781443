/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 64

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][WORD_MAX + 1]; /* the row, the one before, the one before that */
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *before = rows[(i + 2) % 3], *before2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            row[j] = min3(row[j - 1] + 1, before[j] + 1, before[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                tolower((unsigned char)a[i - 2]) == cb && before2[j - 2] + 1 < row[j])
                row[j] = before2[j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

void nearest_offer(struct nearest *n, const char *known)
{
    size_t a = strlen(n->word), b = strlen(known);
    if (a == 0 || a > WORD_MAX || b > WORD_MAX)
        return;
    size_t limit = (a > b ? a : b) / 3;
    limit = limit < 1 ? 1 : limit > 3 ? 3 : limit;
    size_t d = distance(n->word, a, known, b);
    if (d > limit || (n->best && d >= n->best_distance))
        return;
    n->best = known;
    n->best_distance = d;
}
