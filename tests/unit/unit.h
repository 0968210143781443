/* SPDX-License-Identifier: MIT
 *
 * cmocka and what it wants included before it, and ROW(): the row of a table that is
 * being looked at, printed only when the test fails.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* cmocka prints nothing of a passing test, so a row is announced on its way and the last one before
 * a failure is the culprit. */
#define ROW(...) ((void)printf("    row: " __VA_ARGS__), (void)printf("\n"))
