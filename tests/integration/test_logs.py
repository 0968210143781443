# SPDX-License-Identifier: MIT
"""What agents have written, through `roost logs`."""

import contextlib
import re
import subprocess

import pytest

from engine import wait_until
from fleet import hot, lazy, roost_program
from watch import wait_ready

SAYS = "echo said by $$NAME; echo wrong >&2; httpd -f -p 80"


def talker(name, **more):
    return hot(command=["sh", "-c", SAYS], environment={"NAME": name}, **more)


@contextlib.contextmanager
def following(fleet, *words):
    """The file into which `roost logs -f` writes."""
    path = fleet.dir / "followed"
    with open(path, "w", encoding="utf-8") as out:
        process = subprocess.Popen([roost_program(), "logs", "-f", *words], env=fleet.env(), cwd=fleet.dir,
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
    try:
        yield path
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def counts(path):
    """How often each line was told."""
    lines = path.read_text().splitlines()
    return {line: lines.count(line) for line in lines}


@pytest.fixture(params=["alone", "daemon"])
def way(request, fleet):
    fleet.up({"one": talker("one"), "second": talker("second"), "asleep": lazy()})
    wait_until(lambda: "wrong" in fleet.engine.docker("logs", fleet.container("second")) +
               fleet.roost("logs", "second").err, "said")
    if request.param == "alone":
        yield request.param
        return
    with fleet.serve():
        yield request.param


def test_one_and_several(fleet, way):
    done = fleet.roost("logs", "one", "-q")
    assert (done.out, done.err) == ("said by one\n", "wrong\n")
    done = fleet.roost("logs", "one", "second", "asleep", "-q")
    assert sorted(done.out.splitlines()) == ["one    | said by one", "one    | wrong", "second | said by second",
                                             "second | wrong"]
    assert done.err == ""
    assert fleet.roost("logs", "asleep", "-q").out == ""
    assert 'there is no agent "secnd"; did you mean "second"?' in fleet.roost("logs", "secnd", status=1).err


def test_which_lines(fleet, way):
    fleet.engine.docker("exec", fleet.container("one"), "sh", "-c", "for i in 1 2 3; do echo line $i; done >/proc/1/fd/1")
    assert fleet.roost("logs", "one", "--tail", "2").out == "line 2\nline 3\n"
    assert fleet.roost("logs", "one", "-n", "0").out == ""
    stamped = fleet.roost("logs", "one", "-t", "-n", "1").out
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z line 3\n", stamped)
    assert fleet.roost("logs", "one", "--since", "1h", "-n", "1").out == "line 3\n"
    assert fleet.roost("logs", "one", "--since", "2126-01-01T00:00:00Z").out == ""
    assert "--tail takes a number" in fleet.roost("logs", "one", "--tail", "x", status=2).err
    assert "neither a duration" in fleet.roost("logs", "one", "--since", "x", status=2).err


def test_a_terminal_is_one_stream(fleet):
    fleet.up({"one": talker("one", tty=True)})
    wait_until(lambda: fleet.roost("logs", "one").out == "said by one\nwrong\n", "both on stdout")


def test_following_goes_on_over_a_restart_and_a_recreate(fleet):
    services = {"one": talker("one"), "second": talker("second")}
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        with following(fleet, "one", "second") as path:
            wait_until(lambda: counts(path).get("one    | said by one") == 1, "the first run")
            fleet.roost("restart", "one")
            wait_until(lambda: counts(path).get("one    | said by one") == 2, "the second run")
            fleet.set_spec("one", "environment.NAME", "another")
            wait_until(lambda: counts(path).get("one    | said by another") == 1, "the next container")
            assert counts(path)["second | said by second"] == 1
            assert counts(path)["one    | said by one"] == 2


def test_without_an_engine_it_says_so(fleet):
    fleet.up({"one": talker("one")})
    with fleet.serve():
        url = fleet.url
        fleet.url = f"unix://{fleet.dir}/nobody.sock"
        assert "nobody.sock" in fleet.roost("logs", "one", status=4).err
        fleet.url = url
