#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Counts the cases of a test run, for scripts/test: prints "PASSED FAILED".

    count.py meson BUILD/meson-logs/testlog.json    the cases that cmocka or pytest told, else the program
    count.py junit FILE.xml                         pytest's --junitxml
    count.py bad FILE.xml                           names those that did not pass there, a line each

A log that is not there counts as one failure: something that should have run did not.
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree

# Per case; the same name stands once more in the summary of what failed.
OK = re.compile(r"^\[       OK \] (.+)$", re.M)
PYTEST = re.compile(r"^(?:=+ )?((?:\d+ [a-z]+, )*\d+ [a-z]+) in [\d.]+s", re.M)
FAILED = re.compile(r"^\[  FAILED  \] (?!\d+ test\(s\))(.+)$", re.M)


def meson_program(entry):
    """(passed, failed) of one program."""
    good = entry["result"] in ("OK", "EXPECTEDFAIL")
    text = (entry.get("stdout") or "") + "\n" + (entry.get("stderr") or "")
    passed, failed = len(OK.findall(text)), len(set(FAILED.findall(text)))
    for summary in PYTEST.findall(text):
        counts = {word: int(number) for number, word in (part.split() for part in summary.split(", "))}
        passed += counts.get("passed", 0)
        failed += counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    if not passed and not failed:
        return (1, 0) if good else (0, 1)
    # A program may fail without a failed case: a leak, a crash within one.
    return passed, failed if good else max(failed, 1)


def meson(path):
    with open(path, encoding="utf-8") as log:
        entries = [json.loads(line) for line in log if line.strip()]
    counts = [meson_program(entry) for entry in entries if entry["result"] != "SKIP"]
    return sum(p for p, _ in counts), sum(f for _, f in counts)


def junit(path):
    suite = ElementTree.parse(path).getroot().find("testsuite")
    total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    bad = int(suite.get("failures")) + int(suite.get("errors"))
    return max(total - skipped - bad, 0), bad


def bad(path):
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            print(f"{case.get('classname').replace('.', '/')}.py::{case.get('name')}")


def main():
    if sys.argv[1] == "bad":
        return bad(sys.argv[2])
    try:
        passed, failed = {"meson": meson, "junit": junit}[sys.argv[1]](sys.argv[2])
    except (OSError, ValueError, ElementTree.ParseError) as why:
        print(f"count.py: {why}", file=sys.stderr)
        passed, failed = 0, 1
    print(passed, failed)


main()
