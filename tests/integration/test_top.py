# SPDX-License-Identifier: MIT
"""roost top: on a terminal of the test's own, and where there is none."""

import contextlib
import os
import signal

from engine import wait_until
from fleet import hot, lazy, roost_program
from terminal import Terminal

IDLE = ["sleep", "1000000"]
SERVICES = {"web": {**hot(command=IDLE, mem_limit="30m"), "x-roost": {}},
            "job": {**lazy(command=IDLE), "x-roost": {"lifecycle": "lazy"}}}


@contextlib.contextmanager
def top(fleet, env=None, **size):
    terminal = Terminal([roost_program(), "top"], {**fleet.env(), "TERM": "xterm", **(env or {})}, **size)
    try:
        yield terminal
    finally:
        terminal.close()


def is_given_back(terminal):
    """The terminal as it was: its modes (the shell's word), the first screen, the cursor."""
    terminal.read()
    return not terminal.screen.other and terminal.screen.cursor


def test_keys_wake_sleep_and_hold(fleet):
    fleet.up(SERVICES)
    with fleet.serve(), top(fleet) as terminal:
        terminal.shows(f"{fleet.name}: 2 agents, 1 running, 0 held", "> web", "/ 30MiB", "job   lazy       stopped")
        terminal.type("\x1b[B")
        terminal.shows("> job")
        terminal.type("w")
        terminal.shows("job: woken for 5 minutes", "> job   lazy       running", "1 (4m")
        terminal.type("s")
        terminal.shows("job: put to sleep", "> job   lazy       stopped")
        terminal.type("h")
        terminal.shows("job: held: left alone", "lazy (held)")
        assert fleet.rows()["job"]["held"]
        terminal.type("h")
        terminal.shows("job: no longer held", "lazy       stopped")
        terminal.type("k")
        terminal.type("s")
        terminal.shows("web: a hot agent does not sleep")
        terminal.type("q")
        assert terminal.wait_report("ended")[1:] == ["0", "same"]
        terminal.wait(lambda: is_given_back(terminal), "the terminal back")
        assert not terminal.screen.colored  # NO_COLOR is set


def test_events_states_and_colours_as_they_come(fleet, engine):
    fleet.up(SERVICES)
    with fleet.serve(), top(fleet, env={"NO_COLOR": ""}) as terminal:
        terminal.shows("> web   hot        running")
        engine.docker("rm", "-f", fleet.container("job"))
        terminal.shows("container_recovered")
        assert terminal.screen.colored


def test_every_end_gives_the_terminal_back(fleet):
    fleet.up({"web": SERVICES["web"]})
    with fleet.serve():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGABRT):
            with top(fleet) as terminal:
                terminal.shows("> web")
                os.kill(terminal.pid, number)
                status, same = terminal.wait_report("ended")[1:]
                assert (status, same) == ("0" if number == signal.SIGINT else str(-number), "same")
                terminal.wait(lambda: is_given_back(terminal), "the terminal back")


def test_it_stops_and_goes_on(fleet):
    fleet.up({"web": SERVICES["web"]})
    with fleet.serve(), top(fleet) as terminal:
        for _ in range(2):
            terminal.shows("> web")
            terminal.type("\x1a")
            assert terminal.wait_report("stopped")[1:] == [str(int(signal.SIGTSTP)), "same"]
            terminal.wait(lambda: is_given_back(terminal), "the terminal back")
            terminal.screen.lines = {}
            terminal.go_on()
        terminal.shows("> web")
        os.kill(terminal.pid, signal.SIGSTOP)  # no chance to give anything back
        terminal.wait_report("stopped")
        terminal.screen.lines = {}
        terminal.go_on()
        terminal.shows("> web")
        terminal.type("q")
        assert terminal.wait_report("ended")[1:] == ["0", "same"]


def test_any_size(fleet):
    fleet.up(SERVICES)
    with fleet.serve(), top(fleet, lines=10, columns=40) as terminal:
        terminal.shows("> web")
        for lines, columns in ((1, 9), (2, 20), (40, 200), (3, 1), (1, 1), (24, 80)):
            mark = len(terminal.raw)
            terminal.resize(lines, columns)
            terminal.wait(lambda: f"\x1b[{lines};1H".encode() in terminal.raw[mark:], f"a frame of {lines} lines")
        terminal.screen.lines = {}
        terminal.shows("> web   hot        running")
        terminal.type("q")
        assert terminal.wait_report("ended")[1:] == ["0", "same"]


def test_a_daemon_that_goes_and_comes_back(fleet):
    fleet.up(SERVICES)
    with fleet.serve() as server, top(fleet) as terminal:
        terminal.shows("> web   hot        running")
        server.kill()
        terminal.shows("no daemon runs; waiting for it")
        with fleet.serve():
            terminal.shows("Up/Down select", "> web   hot        running")
            terminal.type("q")
            assert terminal.wait_report("ended")[1:] == ["0", "same"]


def test_hostile_text_moves_no_cursor(fleet):
    """Every control character on the screen that is not ours is a failure of the test's terminal."""
    fleet.up({"web": SERVICES["web"]})
    with fleet.serve(), top(fleet, columns=200) as terminal:
        terminal.shows("> web")
        evil = r"\u001b[2J\u001b]0;title\u0007\r\n\u009b31m"
        status, answer = fleet.get("/v1/agents/web/hold", method="PUT", body='{"reason": "' + evil + '"}')
        assert status == 200, answer
        terminal.shows("hot (held)")
        fleet.sql("INSERT INTO events (time, kind, agent, reason, detail) VALUES "
                  "(1795953600000, 'container_stopped', 'web', char(27) || '[2J' || char(7) || char(155) || 'evil', '{}')")
        terminal.shows("evil")
        terminal.type("q")
        assert terminal.wait_report("ended")[1:] == ["0", "same"]


def test_without_a_daemon_it_says_so(fleet):
    fleet.up({"web": SERVICES["web"]})
    with top(fleet) as terminal:
        assert terminal.wait_report("ended")[1:] == ["4", "same"]
        terminal.wait(lambda: b"roost serve" in terminal.raw, "the hint")
        assert b"\x1b" not in terminal.raw
    for words in (["top"], ["top", "-o", "json"]):
        done = fleet.roost(*words, status=4)
        assert "start it with `roost serve`" in done.err and done.out == ""


def test_where_there_is_no_terminal_it_prints_once(fleet):
    fleet.up(SERVICES)
    with fleet.serve():
        def printed():
            lines = fleet.roost("top").out.splitlines()
            assert lines[0].split()[:3] == ["NAME", "LIFECYCLE", "STATE"]
            assert [line.split()[0] for line in lines[1:]] == ["web", "job"]
            return "/ 30MiB" in lines[1]  # a busy engine may owe its figures

        wait_until(printed, "figures of the memory")

        def measured():
            agents = {agent["name"]: agent for agent in fleet.roost("top", "-o", "json").json["agents"]}
            assert agents["job"]["memory_bytes"] is None and agents["job"]["last_event"] is None
            return agents["web"]["cpu_percent"] is not None and agents["web"]["memory_limit_bytes"] == 30 << 20

        wait_until(measured, "figures of the CPU")
        with top(fleet, env={"TERM": "dumb"}) as terminal:
            assert terminal.wait_report("ended")[1:] == ["0", "same"]
            terminal.wait(lambda: b"NAME" in terminal.raw, "the table")
            assert b"\x1b" not in terminal.raw
