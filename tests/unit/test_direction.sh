#!/bin/bash
# SPDX-License-Identifier: MIT
# Who may include whom. Each folder of src/ names the folders that it may include from; a header of the C library or of
# another project is in angle brackets and, for the core, on a list of its own. Called by `meson test` with the top folder.
set -euo pipefail
cd "${1:?"usage: test_direction.sh TOP"}/src"

allowed() {
    case $1 in
    base) echo base ;;
    core) echo "core base" ;;
    spec) echo "spec core base" ;;
    compose) echo "compose spec core base" ;;
    store) echo "store core base" ;;
    engine) echo "engine core base" ;;
    api) echo "api core base" ;;
    daemon) echo "daemon api engine store compose spec core base" ;;
    cli) echo "cli daemon api engine store compose spec core base" ;;
    man) echo "man cli compose spec core base" ;;
    *) return 1 ;;
    esac
}

# stdio.h is there for snprintf; that nothing else of it is used is what test_purity.sh sees to.
core_headers='^(assert|errno|inttypes|limits|stdbool|stddef|stdint|stdio|stdlib|string|stdalign|stdnoreturn|uthash|utlist)\.h$'
bad=0
complain() { echo "src/$1 includes $2: $3"; bad=1; }

for folder in */; do
    folder=${folder%/}
    may=$(allowed "$folder") || { echo "src/$folder: say in tests/unit/test_direction.sh what it may include"; bad=1; continue; }
    while IFS=: read -r file header; do
        [[ $header == */* ]] || complain "$file" "\"$header\"" "from the top, as \"$folder/$header\""
        [[ " $may " == *" ${header%%/*} "* ]] || complain "$file" "\"$header\"" "$folder may include from: $may"
    done < <(grep -rEo --include='*.[ch]' '^ *# *include *"[^"]+"' "$folder" | sed -E 's/: *# *include *"([^"]+)"/:\1/')
done

while IFS=: read -r file header; do
    [[ $header =~ $core_headers ]] || complain "$file" "<$header>" "the core needs no more than the C library's pure part"
done < <(grep -rEo --include='*.[ch]' '^ *# *include *<[^>]+>' core | sed -E 's/: *# *include *<([^>]+)>/:\1/')

# Reading nothing would be passing everything.
[ "$(find core -name '*.c' | wc -l)" -gt 0 ] || { echo "no sources in src/core: is this the right folder?"; bad=1; }
exit $bad
