#!/bin/bash
# SPDX-License-Identifier: MIT
# The core does no I/O, reads no clock and knows no library: what its archive takes from outside is on the short
# list below, and nothing else. Called by `meson test` with the archive's path.
set -euo pipefail

allowed='^(memcpy|memset|memcmp|bcmp|memmove|memchr|strlen|strnlen|strcmp|strncmp|strchr|strrchr|strdup|strndup|malloc|calloc|realloc|free|qsort|bsearch|snprintf|vsnprintf|abort)$'
# The compiler's own: fortified forms of the above, stack protector, assertions, sanitizers, coverage.
compiler='^(__(mem|str|s|vs)[a-z]+_chk|__stack_chk_fail|__assert_fail|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|lsan|sanitizer|gcov|llvm)_.*|__tls_get_addr)$'

archive=${1:?"usage: test_purity.sh libcore.a"}
symbols=$(nm "$archive")
defined=$(awk 'NF == 3 && $2 ~ /^[TDBRVWC]$/ { print $3 }' <<<"$symbols" | sort -u)
[ -n "$defined" ] || { echo "$archive defines nothing: is it the right file?"; exit 1; }
wanted=$(awk '$1 == "U" { print $2 }' <<<"$symbols" | sort -u)
foreign=$(comm -23 <(echo "$wanted") <(echo "$defined") | grep -Ev "$allowed|$compiler" || true)
[ -z "$foreign" ] || { printf '%s uses what the core may not:\n%s\n' "$archive" "$foreign"; exit 1; }
