/* SPDX-License-Identifier: MIT
 *
 * What stands behind `roost set NAME`: words like lifecycle=lazy or environment.DEBUG=1,
 * carried out on a row.
 *
 * A key is a column of the table, or a path into the spec: dotted, as the keys stand in a compose
 * file. Below environment and labels all that follows is one key, dots too. A value is a text,
 * which does for numbers and true or false, too; one that begins with {, [ or " is JSON; null takes
 * the key out.
 */
#pragma once

#include "base/error.h"
#include "cli/rows.h"

/* Carries out the words, in order, and checks what came of it: the spec is then in its canonical
 * form. On a failure (-EINVAL: ERROR_USAGE for a word that makes no sense, ERROR_INVALID for a spec
 * that is none) the row may be half changed: it is not to be written. */
int assign_words(struct row *row, const char *const *words, size_t n, struct error *err) _must_use_;
