#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""However a fleet is written down, the same rows, networks and volumes come of it.

    test_styles.py LOAD_LINES ROOST

Random fleets (styles.py) are each written in several ways: other orders of keys, other styles of YAML, JSON, other forms
of a value where the specification has several, anchors and merge keys, several files, files that are included or hold
variables, variables that are not set. All of them give the same; what
they give is its own canonical form, and written as a file again it gives the same. A share of them goes through the
program: applied one way, then another, then as it exports them, which changes nothing.

STYLES=10000 loads so many files; STYLES_SEED=N begins with this fleet. A fleet is its seed alone.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from styles import Fleet, texts

WAYS = 4
BATCH = 200  # fleets a process
APPLIED_EACH = 25  # of so many fleets one goes through the program


class Broken(Exception):
    pass


def load(program, folder, lists):
    lines = "".join(json.dumps(one) + "\n" for one in lists)
    done = subprocess.run([program, folder], input=lines, capture_output=True, text=True, check=True)
    made = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(made) == len(lists), done.stderr
    return made


def kept(seen):
    """What has to be the same; in any order."""
    return {key: sorted(seen[key], key=lambda one: one["name"]) for key in ("rows", "resources")}


def told(seed, ways):
    shown = "".join("".join(f"----- way {i}, file {k}\n{text}" for k, text in enumerate(way)) for i, way in enumerate(ways))
    return f"fleet {seed} (STYLES_SEED={seed}):\n{shown}"


def check_same(seed, ways, seen):
    errors = [one["error"] for one in seen if "error" in one]
    if len(errors) == len(seen):  # one that roost refuses, such as a scaled one that publishes a port of the host
        return False
    if errors:
        raise Broken(f"{told(seed, ways)}=====\n{chr(10).join(one.get('error', 'fine') for one in seen)}")
    broken = [said for one in seen for said in (one.get("broken"), *(row["broken"] for row in one["rows"])) if said]
    if broken:
        raise Broken(f"{told(seed, ways)}=====\n{broken[0]}")
    for i, one in enumerate(seen):
        if kept(one) != kept(seen[0]):
            raise Broken(f"{told(seed, [ways[0], ways[i]])}=====\n{differences(seen[0], one)}")
    return True


def differences(one, other):
    made = []
    for key in ("rows", "resources"):
        pairs = zip(kept(one)[key], kept(other)[key])
        made += [f"{a}\n{b}\n" for a, b in pairs if a != b]
        made += [f"{len(one[key])} and {len(other[key])} {key}\n"] * (len(one[key]) != len(other[key]))
    return "".join(made)


def check_loads(program, seeds):
    """The fleets' ways; as the writer of the program writes them, too. Says which are valid."""
    with tempfile.TemporaryDirectory() as folder:
        ways = {seed: ways_of(seed, folder) for seed in seeds}
        seen = load(program, folder, [way for seed in seeds for way in ways[seed]])
        again = load(program, folder, [[one.get("written", "")] for one in seen])
    valid = []
    for i, seed in enumerate(seeds):
        mine = slice(i * WAYS, (i + 1) * WAYS)
        if check_same(seed, ways[seed], seen[mine]):
            check_same(seed, [ways[seed][0], [seen[i * WAYS]["written"]]], [seen[i * WAYS], again[i * WAYS]])
            valid.append(seed)
    return valid


def ways_of(seed, folder):
    fleet = Fleet(random.Random(seed))
    return [texts(random.Random(f"{seed} {i}"), fleet, Path(folder), f"{seed}-{i}") for i in range(WAYS)]


def apply(program, folder, files):
    paths = []
    for i, text in enumerate(files):
        paths.append(folder / f"{i}.yaml")
        paths[-1].write_text(text, encoding="utf-8")
    words = [word for path in paths for word in ("-f", str(path))]
    return run(program, folder, "apply", *words, "--allow-host", "-o", "json")


def run(program, folder, *words):
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "ROOST_DB": str(folder / "roost.db"),
           "ROOST_SOCKET": str(folder / "roost.sock"), "ROOST_POLICY": str(folder / "policy.yaml")}
    done = subprocess.run([program, *words], env=env, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Broken(f"roost {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_applied(program, seed):
    """Applied, exported, and applied again in any way: nothing changes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ways = ways_of(seed, folder)
        try:
            apply(program, folder, ways[0])
            exported = run(program, folder, "export")
            for way in (*ways[1:], [exported]):
                said = json.loads(apply(program, folder, way))
                if said["summary"]["created"] or said["summary"]["changed"]:
                    raise Broken(f"{told(seed, [ways[0], way])}=====\n{said}")
            if run(program, folder, "export") != exported:
                raise Broken("exported otherwise")
        except Broken as broken:
            raise Broken(f"{told(seed, ways)}{broken}") from broken


def main():
    load_lines, roost = (str(Path(word).resolve()) for word in sys.argv[1:3])
    count = int(os.environ.get("STYLES", "1200")) // WAYS
    first = int(os.environ.get("STYLES_SEED") or random.SystemRandom().randrange(10 ** 9))
    print(f"STYLES_SEED={first}, {count} fleets, {count * WAYS} ways", flush=True)
    try:
        valid = []
        for start in range(first, first + count, BATCH):
            valid += check_loads(load_lines, range(start, min(start + BATCH, first + count)))
        for seed in valid[::APPLIED_EACH]:
            check_applied(roost, seed)
    except Broken as broken:
        print(broken)
        return 1
    print(f"{len(valid)} fleets are valid")
    return 0 if len(valid) >= count * 3 // 4 else 1


if __name__ == "__main__":
    sys.exit(main())
