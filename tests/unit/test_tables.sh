#!/bin/sh
# SPDX-License-Identifier: MIT
# The documents that show the code's tables are what print_tables prints.
#   test_tables.sh PRINT_TABLES SOURCE_ROOT
for page in decisions lifecycle keys; do
    if ! "$1" $page | diff -u "$2/docs/$page.md" -; then
        echo "docs/$page.md is not what the code says; mend it: $1 $page > docs/$page.md" >&2
        exit 1
    fi
done
