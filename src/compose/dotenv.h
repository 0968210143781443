/* SPDX-License-Identifier: MIT
 *
 * The files of variables that Compose reads: `.env` and those that `env_file` names.
 *
 *     # a comment
 *     NAME=value with ${OTHER}   # a comment behind a blank
 *     export NAME='as it stands, over several lines too'
 *     NAME="\a \b \f \n \r \t \v \\ \" \$ are escapes, ${OTHER} is a variable"
 *     NAME: value
 *     NAME                       (taken from the environment)
 *
 * A variable of the environment comes before one of the same file in ${}.
 */
#pragma once

#include <jansson.h>

#include "compose/diag.h"
#include "compose/interpolate.h"

#define DOTENV_FILE_MAX (1U << 20) /* bytes of a file, and of one value */
#define DOTENV_TEXT_MAX (4U << 20) /* bytes of all values of a file */

/* Read `text` (NUL-terminated) into the object `vars`, name to text, over what is there. `lookup`
 * is the environment's. -EINVAL with the error set (never with a value in it), -ENOMEM. */
int dotenv_parse(const char *text, size_t len, const struct interpolation *lookup,
                 struct diag *diag, json_t *vars) _must_use_;

/* The same for a file of `format: raw`: comments and empty lines apart a line is NAME=value, and
 * the value is as it stands, quotes, dollar signs and blanks too. */
int dotenv_parse_raw(const char *text, size_t len, const struct interpolation *lookup,
                     struct diag *diag, json_t *vars) _must_use_;
