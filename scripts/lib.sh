# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the other scripts share; to be sourced by bash. They all work from the top folder of the tree.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top" || exit 1
export PATH=$PATH:/usr/sbin:/sbin

# Debian's client: another one first on the path may speak another engine's dialect.
docker=/usr/bin/docker
[ -x "$docker" ] || docker=docker

# build_dir DIR [MESON OPTION…]: set up once, then build. Says nothing unless it fails.
build_dir() {
    local dir=$1 log
    shift
    mkdir -p "$dir"
    log=$dir/build.log
    if ! { { [ -f "$dir/build.ninja" ] || meson setup "$dir" "$@"; } && ninja --quiet -C "$dir"; } >"$log" 2>&1; then
        tail -n 60 "$log"
        return 1
    fi
}

# The program in a build folder.
roost_in() { find "$1" -maxdepth 3 -type f -name roost -perm -u+x -print -quit; }

# The python that has pytest.
python_with_pytest() {
    local python
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import pytest' 2>/dev/null && { echo "$python"; return; }
    done
    return 1
}

# socket_answers PATH [URL PATH]: does somebody answer HTTP there?
socket_answers() { curl -sf --max-time 2 --unix-socket "$1" "http://roost${2:-/healthz}" >/dev/null 2>&1; }

# wait_for SECONDS COMMAND…
wait_for() {
    local n=$(($1 * 10))
    shift
    while ! "$@"; do
        n=$((n - 1))
        [ $n -gt 0 ] || return 1
        sleep 0.1
    done
}
