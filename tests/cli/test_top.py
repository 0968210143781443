# SPDX-License-Identifier: MIT
"""roost top on a terminal, as the client of a daemon that says what a test wants."""

import contextlib
import signal
import sys
import threading

import pytest

from conftest import ROOT
from fake import daemon

sys.path.append(str(ROOT / "tests/integration"))
from terminal import Terminal  # noqa: E402  pylint: disable=wrong-import-position

ROOM = 7  # agents that ten lines have room for


def agent(name, **more):
    return {"name": name, "lifecycle": "lazy", "state": "running", "image": "busybox", "held": False, "reason": None,
            "generation": 1, "container": {"id": "ab" * 32, "name": f"demo-{name}", "status": "running"}, **more}


def says_agents(fake, *agents, **more):
    fake.says("GET /v1/agents", {"fleet": "demo", "agents": list(agents), **more})


@pytest.fixture
def fake(cli):
    cli.apply({"a00": {"image": "busybox"}}, "-q")
    with daemon(cli) as it:
        it.says("GET /healthz", {"status": "live"})
        it.says("GET /v1/stats", {"agents": []})
        it.says("GET /v1/events?limit=1000&newest=1", {"events": []})
        says_agents(it, *[agent(f"a{n:02}") for n in range(20)])
        yield it


@contextlib.contextmanager
def top(cli, lines=10):
    terminal = Terminal([cli.program, "top"], {**cli.env(), "TERM": "xterm", "NO_COLOR": "1"}, lines=lines)
    try:
        yield terminal
    finally:
        terminal.close()


def quit_with(terminal, key="q"):
    terminal.type(key)
    assert terminal.wait_report("ended")[1:] == ["0", "same"]


def shows_from(terminal, first, selected):
    """Exactly these agents, and which is selected."""
    want = [f"{'>' if n == selected else ' '} a{n:02}" for n in range(first, first + ROOM)]
    terminal.wait(lambda: [line[:5] for line in terminal.screen.text.splitlines()[2:2 + ROOM]] == want,
                  f"{want} on the screen")


def test_keys_that_select(cli, fake):
    with top(cli) as terminal:
        shows_from(terminal, 0, 0)
        for key, first, selected in (
                ("\x1b[6~", 1, 7), ("\x1b[6~", 8, 14), ("j", 9, 15), ("\x1b[5~", 8, 8), ("\x1b[5~", 1, 1),
                ("\x1b[5~", 0, 0), ("k", 0, 0), ("G", 13, 19), ("\x1b[B", 13, 19), ("\x1b[6~", 13, 19), ("g", 0, 0),
                ("\x1b[F", 13, 19), ("\x1b[A", 13, 18), ("\x1b[H", 0, 0), ("x\x1b[Zj", 0, 1)):
            terminal.type(key)
            shows_from(terminal, first, selected)
        quit_with(terminal, "\x1b[Bq")


def test_the_selected_one_is_followed_by_its_name(cli, fake):
    with top(cli) as terminal:
        shows_from(terminal, 0, 0)
        terminal.type("G")
        shows_from(terminal, 13, 19)
        says_agents(fake, *[agent(f"a{n:02}") for n in range(10, 20)])
        terminal.shows("demo: 10 agents", "> a19")
        says_agents(fake, *[agent(f"a{n:02}") for n in range(19)])
        terminal.shows("demo: 19 agents", "> a09")  # who is in its place
        says_agents(fake, *[agent(f"a{n:02}") for n in range(5)])
        terminal.shows("demo: 5 agents", "> a04")
        says_agents(fake)
        terminal.shows("demo: 0 agents")
        calls = len(fake.calls)
        terminal.type("Gwshj")  # of nobody
        says_agents(fake, agent("a05"))
        terminal.shows("demo: 1 agents", "> a05")
        assert {call.split()[0] for call in fake.calls[calls:]} == {"GET"}
        quit_with(terminal)


def test_one_wish_at_a_time(cli, fake):
    fake.gates["POST /v1/agents/a00/wake"] = threading.Event()
    fake.says("POST /v1/agents/a00/wake", {"lease": {}, "state": "running"})
    fake.says("POST /v1/agents/a01/sleep", {"title": "Conflict", "detail": "a01 is\x1b needed", "code": "x"}, 409)
    with top(cli) as terminal:
        shows_from(terminal, 0, 0)
        terminal.type("w")
        terminal.shows("a00: waking")
        terminal.type("s")
        terminal.shows("the last wish is still being carried out")
        terminal.type("j")
        terminal.shows("Up/Down select")
        fake.gates["POST /v1/agents/a00/wake"].set()
        terminal.shows("a00: woken for 5 minutes")
        terminal.type("s")
        terminal.shows("a01 is\\x1b needed")
        assert [call for call in fake.calls if call.startswith("POST")] == ["POST /v1/agents/a00/wake",
                                                                             "POST /v1/agents/a01/sleep"]
        quit_with(terminal)


def test_later_events_are_asked_for_behind_the_last_one(cli, fake):
    def event(number, kind):
        return {"events": [{"id": number, "time": "2026-11-24T07:00:00.000Z", "kind": kind, "agent": "a00",
                            "lifecycle": "lazy", "state": "running", "reason": None, "detail": {}}]}

    fake.says("GET /v1/events?limit=1000&newest=1", event(7, "container_missing"))
    fake.says("GET /v1/events?limit=1000&after=7", event(9, "container_recovered"))
    fake.says("GET /v1/events?limit=1000&after=9", {"events": []})
    with top(cli) as terminal:
        terminal.shows("container_recovered")
        terminal.wait(lambda: "GET /v1/events?limit=1000&after=9" in fake.calls, "what follows")
        quit_with(terminal)


def test_an_engine_that_is_away_is_told(cli, fake):
    says_agents(fake, agent("a00"), engine_error="cannot reach the engine\x1b at x")
    with top(cli) as terminal:
        terminal.shows("> a00", "cannot reach the engine\\x1b at x")
        quit_with(terminal)


def test_once_where_there_is_no_terminal(cli, fake):
    says_agents(fake, agent("a00"), {**agent("a01"), "state": "missing"}, engine_error="gone")
    done = cli.run("top")
    shown = [line.split()[:3] for line in done.out.splitlines()[1:]]
    assert shown == [["a00", "lazy", "running"], ["a01", "lazy", "unknown"]]
    assert done.err == "warning: the engine could not be asked, this is what roost knew last: gone\n"
    assert "GET /v1/stats" not in fake.calls
    says_agents(fake)
    done = cli.run("top")
    assert done.out == "" and done.err.startswith("no agents; ")


def test_in_the_background_it_waits_for_the_terminal(cli, fake):
    with top(cli) as terminal:
        shows_from(terminal, 0, 0)
        terminal.type("\x1a")
        assert terminal.wait_report("stopped")[1:] == [str(int(signal.SIGTSTP)), "same"]
        terminal.read()
        mark = len(terminal.raw)
        terminal.put_behind()
        assert terminal.wait_report("stopped")[1:] == [str(int(signal.SIGTTOU)), "same"]
        terminal.read()
        assert len(terminal.raw) == mark
        terminal.screen.lines = {}
        terminal.go_on()
        shows_from(terminal, 0, 0)
        quit_with(terminal)
