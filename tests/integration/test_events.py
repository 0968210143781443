# SPDX-License-Identifier: MIT
"""`roost events`: what is told, chosen and followed, across the daemon's restarts."""

import contextlib
import json
import signal
import subprocess

from engine import wait_until
from fleet import hot, roost_program
from watch import Telling, state

LOSS = ["container_missing", "container_recovered"]


@contextlib.contextmanager
def following(fleet, *words):
    """`roost events -f`; yields what it has printed so far. It ends well when it is asked to end."""
    out = fleet.dir / "followed"
    with open(out, "w", encoding="utf-8") as file, \
            subprocess.Popen([roost_program(), "events", "-f", *words], env=fleet.env(), cwd=fleet.dir,
                             stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield lambda: out.read_text().splitlines()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0 and process.stderr.read() == ""
        finally:
            process.kill()


def lose(fleet, agent):
    """Its container is removed by hand: told, and mended."""
    telling = Telling(fleet)
    fleet.engine.docker("rm", "-f", fleet.container(agent))
    telling.exactly({agent: LOSS}, quiet=0)
    wait_until(lambda: state(fleet, agent) == "running", f"{agent} runs")


def test_events_are_followed_across_a_restart(fleet):
    fleet.up({"web": hot(), "api": hot()})
    with fleet.serve() as first:
        lose(fleet, "web")
        with following(fleet, "--agent", "web", "-o", "json") as lines:
            wait_until(lambda: len(lines()) == 2, "what was told before")
            lose(fleet, "api")
            lose(fleet, "web")
            wait_until(lambda: len(lines()) == 4, "what is told now")
            assert first.stop() == 0
            with fleet.serve():
                lose(fleet, "web")
                wait_until(lambda: len(lines()) == 6, "what the next daemon tells")
            events = [json.loads(line) for line in lines()]
    assert [event["kind"] for event in events] == LOSS * 3
    assert {event["agent"] for event in events} == {"web"}
    ids = [event["id"] for event in events]
    assert ids == sorted(set(ids))


def test_events_are_chosen(fleet):
    fleet.up({"web": hot(), "api": hot()})
    with fleet.serve():
        lose(fleet, "web")
        lose(fleet, "api")
        told = [line.split()[1:3] for line in fleet.roost("events", "--since", "1h").out.splitlines()]
        assert told == [[kind, agent] for agent in ("web", "api") for kind in LOSS]
        for words, agents in ((("--kind", "container_missing"), ["web", "api"]), (("-n", "1"), ["api"]),
                              (("--agent", "web", "-n", "1"), ["web"]), (("--since", "2999-01-01T00:00:00Z"), [])):
            assert [line.split()[2] for line in fleet.roost("events", *words).out.splitlines()] == agents
        with following(fleet, "--kind", "container_recovered") as lines:
            lose(fleet, "web")
            wait_until(lambda: len(lines()) == 3, "what is told now")
            assert {line.split()[1] for line in lines()} == {"container_recovered"}


def test_what_cannot_be_chosen_is_said(fleet):
    fleet.up({"web": hot()})
    for words, said in ((("--kind", "container_mising"), 'did you mean "container_missing"?'),
                        (("--kind", "rain"), "docs/lifecycle.md names them"), (("--agent", "/"), "is no agent's name"),
                        (("--since", "noon"), "neither a duration"), (("-n", "many"), "takes a number")):
        assert said in fleet.roost("events", *words, status=2).err
    assert "to follow events" in fleet.roost("events", "-f", status=4).err
