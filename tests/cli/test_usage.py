# SPDX-License-Identifier: MIT
"""Help, wrong usage, exit statuses, where things are, and what happens to stdout."""

import os
import subprocess

import pytest

COMMANDS = ["serve", "apply", "check", "plan", "reconcile", "ls", "show", "set", "hold", "unhold", "logs", "restart", "recreate", "rm",
            "down", "export", "backup", "doctor", "version", "help"]


def test_without_words_the_overview(cli):
    done = cli.run()
    for command in COMMANDS:
        assert f"\n  {command} " in done.out
    assert done.out == cli.run("help").out == cli.run("--help").out == cli.run("-h").out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(cli, command):
    done = cli.run("help", command)
    assert done.out.startswith(f"roost {command} - ")
    assert f"usage: roost {command}" in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    assert done.out == cli.run(command, "--help").out == cli.run(command, "-h", "too", "many", "words").out
    assert not cli.db.exists()


@pytest.mark.parametrize("words, error", [
    (["aply"], 'unknown command "aply"; did you mean "apply"?'),
    (["apply", "--prnue"], 'apply: unknown option "--prnue"; did you mean "--prune"?'),
    (["ls", "--no-such-option"], 'ls: unknown option "--no-such-option"'),
    (["show"], "show: NAME is missing"),
    (["set", "web"], "set: KEY=VALUE… is missing"),
    (["ls", "web"], 'ls: one word too many: "web"'),
    (["ls", "-o"], 'ls: "--output" needs a value: FORMAT'),
    (["ls", "-o", "jsno"], 'unknown format "jsno"; did you mean "json"?'),
    (["ls", "-o", "xml"], 'unknown format "xml"; there are table and json'),
    (["help", "aply"], 'unknown command "aply"; did you mean "apply"?'),
    (["reconcile", "web", "--remove-orphans"],
     "reconcile: --remove-orphans is for the whole fleet, not for one agent"),
])
def test_wrong_usage(cli, words, error):
    done = cli.run(*words, status=2)
    assert done.out == ""
    first, second, *more = done.err.splitlines()
    assert first == f"roost: {error}"
    assert second.startswith("usage: roost ")
    assert all(line.startswith(" " * 9) for line in more)


def test_version(cli):
    assert cli.run("version", "-q").out == cli.run("--version", "-q").out
    assert cli.run("version", "-q").out.startswith("roost ")
    told = cli.run("version", "-o", "json").json
    assert cli.run("version", "-q").out == f"roost {told['roost']}\n"
    assert {"libuv", "libcurl", "sqlite"} <= set(told["libraries"])


def test_full_disk_behind_stdout(cli):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([cli.program, "help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "No space left" in done.stderr


def test_reader_that_has_seen_enough(cli):
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", encoding="utf-8") as gone:
        done = subprocess.run([cli.program, "help"], stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


def test_options_before_environment(cli):
    cli.write({"web": {"image": "busybox"}})
    other = cli.dir / "other.db"
    cli.run("apply", cli.file, "--db", other)
    assert other.exists() and not cli.db.exists()


def test_default_places_of_a_person(cli):
    if os.geteuid() == 0:
        pytest.skip("root has places of its own")
    cli.write({"web": {"image": "busybox"}})
    cli.run("apply", cli.file, env={"ROOST_DB": "", "XDG_DATA_HOME": str(cli.dir / "data")})
    assert (cli.dir / "data/roost/roost.db").exists()


def test_no_engine_is_status_4(cli):
    cli.apply({"web": {"image": "busybox"}})
    for words in (["reconcile"], ["plan"], ["recreate", "web"]):
        done = cli.run(*words, status=4)
        assert "no daemon: doing it here" in done.err
        assert "no-engine.sock" in done.err
        assert "no daemon" not in cli.run(*words, "-q", status=4).err


def test_no_database(cli):
    for words in (["ls"], ["show", "web"], ["hold", "web"], ["rm", "web"], ["down", "-y"], ["backup", "copy"], ["export"],
                  ["reconcile"], ["plan"], ["set", "web", "lifecycle=lazy"]):
        done = cli.run(*words, status=1)
        assert str(cli.db) in done.err
        assert not cli.db.exists()
