#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs each `sqlite3 roost.db …` line of docs/database.md, in order, on a new database.
# Arguments: the document, the schema.
set -eu
command -v sqlite3 >/dev/null || exit 77

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sqlite3 "$folder/roost.db" <"$2"
sed -n 's/^    \(sqlite3 .*roost\.db ".*"\)$/\1/p' "$1" >"$folder/lines"
test "$(wc -l <"$folder/lines")" -ge 14
# `UPDATE … WHERE name = 'reviewer'` comes before anything was added.
sed -i '1d' "$folder/lines"

cd "$folder"
while read -r line; do
    echo "$line"
    changes=$(sh -c "$(printf '%s' "$line" | sed 's/"$/; SELECT total_changes()"/')" | tail -n 1)
    case $line in
    *'"SELECT'*) ;;
    *) test "$changes" -gt 0 ;; # an example that changes nothing shows nothing
    esac
done <lines
test "$(sqlite3 roost.db 'SELECT name FROM agents')" = reviewer
test "$(sqlite3 roost.db 'SELECT group_concat(name) FROM (SELECT name FROM tombstones ORDER BY name)')" = frontend,web
