#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual pages are rendered without a warning, and what has to be in them is.
#   test_man.sh PAGE…
groff=$(command -v groff) || exit 77
for page in "$@"; do
    warnings=$("$groff" -ww -man -Tutf8 "$page" 2>&1 >/dev/null)
    if [ -n "$warnings" ]; then
        printf '%s: %s\n' "$page" "$warnings" >&2
        exit 1
    fi
    case $page in
    *.1) words='reconcile --remove-orphans --env-file' ;;
    *) words='cap_add develop credential_spec attachable driver_opts' ;;
    esac
    for word in $words; do
        if ! "$groff" -man -Tascii "$page" 2>/dev/null | sed 's/\x1b\[[0-9;]*m//g; s/.\x08//g' | grep -qe "$word"; then
            printf '%s: nothing of %s\n' "$page" "$word" >&2
            exit 1
        fi
    done
done
