# SPDX-License-Identifier: MIT
"""The watchdog's table (docs/lifecycle.md), row by row, on a real engine: what is told, and no more.

Each test lets its troubles happen to agents of one fleet side by side; an agent is called after its trouble.
"""

import socket
import time

from engine import wait_until
from watch import (COMMAND, HEALTH, Telling, kill_init, leases, puppet, starts, states, status, tell, wait_ready,
                   wait_state, wake)

STOPPED = ["container_stopped", "container_recovered"]
MISSING = ["container_missing", "container_recovered"]
RENAMED = ["container_renamed", "container_recovered"]
PAUSED = ["container_paused", "container_recovered"]
UNHEALTHY = ["container_unhealthy", "container_recovered"]
DRIFT = ["drift", "container_recovered"]


def docker(fleet, verb, agent, *words):
    verb, *options = verb.split()
    fleet.engine.docker(verb, *options, fleet.container(agent), *words)


def test_what_becomes_of_a_hot_agent(fleet):
    names = ("stop", "kill", "crash", "exit0", "rm", "pause", "rename", "restart", "hup", "update", "calm")
    services = {name: puppet() for name in names}
    services["oom"] = puppet(mem_limit="20m")
    services["sick"] = puppet(healthcheck=HEALTH)
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        before = {name: fleet.inspect(name)["Id"] for name in services}
        told, calls = Telling(fleet), fleet.engine.watch()
        # First, while nobody else is started: a restart that takes the engine 2 s is none to roost.
        docker(fleet, "restart", "restart")
        docker(fleet, "stop", "stop")
        docker(fleet, "kill", "kill")
        kill_init(fleet, "crash")
        tell(fleet, "exit0", "die", 0)
        docker(fleet, "rm -f", "rm")
        docker(fleet, "pause", "pause")
        docker(fleet, "rename", "rename", f"{fleet.name}-elsewhere")
        docker(fleet, "kill -s HUP", "hup")
        kill_init(fleet, "hup")
        docker(fleet, "update --restart no", "update")
        tell(fleet, "oom", "eat")
        fleet.engine.docker("exec", fleet.container("sick"), "rm", "/ok")
        wait_until(lambda: "sick" in told.told(), "unhealthy told")
        tell(fleet, "sick", "ok")
        wait_until(lambda: "pause" in told.told(), "paused told")
        docker(fleet, "unpause", "pause")
        told.exactly({
            "stop": STOPPED,
            "kill": STOPPED,
            "crash": ["container_restarted"],
            "exit0": ["container_restarted"],
            "rm": MISSING,
            "pause": PAUSED,
            "rename": RENAMED,
            "restart": ["container_restarted"],
            "hup": STOPPED,
            "update": DRIFT,
            "oom": ["container_restarted"],
            "sick": UNHEALTHY,
        })
        assert set(states(fleet).values()) == {"running"}
        after = {name: fleet.inspect(name)["Id"] for name in services}
        assert {name for name in services if before[name] != after[name]} == {"rm"}
        # Whom the engine restarts by itself, or by hand, roost does not start.
        by_roost = {name for name in services for call in calls.changing
                    if f"/{after[name]}/start" in call or f"/{fleet.container(name)}/start" in call}
        assert by_roost == {"stop", "kill", "rm", "hup"}
        assert len(started.of(fleet.container("restart"))) == 2
    fleet.settled()


def test_what_becomes_of_a_sleeping_agent(fleet):
    names = ("rm", "rename", "update", "calm", "adopted", "adoptedexit", "adoptedcrash", "adoptedkill",
             "adoptedpause", "adoptedrm", "adoptedrestart")
    services = {name: puppet("lazy") for name in names}
    services["adoptedidle"] = puppet("lazy", {"idle_timeout": "2s"})
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        told = Telling(fleet)
        docker(fleet, "rm -f", "rm")
        docker(fleet, "rename", "rename", f"{fleet.name}-elsewhere")
        docker(fleet, "update --restart always", "update")
        by_hand = [name for name in services if name.startswith("adopted")]
        for name in by_hand:
            docker(fleet, "start", name)
        wait_until(lambda: set(by_hand) <= set(told.told()), "adoption told")
        docker(fleet, "stop", "adopted")
        tell(fleet, "adoptedexit", "die", 0)
        tell(fleet, "adoptedcrash", "die", 3)
        docker(fleet, "kill", "adoptedkill")
        docker(fleet, "rm -f", "adoptedrm")
        docker(fleet, "restart", "adoptedrestart")
        docker(fleet, "pause", "adoptedpause")
        wait_until(lambda: "container_paused" in told.told()["adoptedpause"], "paused told")
        docker(fleet, "unpause", "adoptedpause")
        told.exactly({
            "rm": MISSING,
            "rename": RENAMED,
            "update": DRIFT,
            "adopted": ["container_adopted"],
            "adoptedidle": ["container_adopted"],
            "adoptedexit": ["container_adopted", "container_exited"],
            "adoptedcrash": ["container_adopted", "container_stopped"],
            "adoptedkill": ["container_adopted"],
            "adoptedpause": ["container_adopted", *PAUSED],
            "adoptedrm": ["container_adopted", *MISSING],
            "adoptedrestart": ["container_adopted", "container_restarted"],
        })
        awake = {name for name, its in states(fleet).items() if its != "stopped"}
        assert awake == {"adoptedpause", "adoptedrestart"}
        assert status(fleet, "rm") == status(fleet, "adoptedrm") == "created"
        assert status(fleet, "adoptedidle") == "exited"
        assert fleet.inspect("update")["HostConfig"]["RestartPolicy"]["Name"] == "no"


def test_what_becomes_of_a_leased_agent(fleet):
    names = ("stop", "kill", "crash", "job", "rm", "pause", "rename", "restart", "hup", "update", "calm")
    services = {name: puppet("lazy") for name in names}
    services["oom"] = puppet("lazy", mem_limit="20m")
    services["sick"] = puppet("lazy", healthcheck=HEALTH)
    fleet.apply(services)
    with fleet.serve() as server:
        wait_ready(fleet, services)
        told = Telling(fleet)
        for name in services:
            wake(fleet, name)
        assert leases(fleet) == sorted(services)
        told.exactly({}, quiet=1)
        # First, while nobody else is started: a restart that takes the engine 2 s is none to roost.
        docker(fleet, "restart", "restart")
        docker(fleet, "stop", "stop")
        docker(fleet, "kill", "kill")
        kill_init(fleet, "crash")
        tell(fleet, "job", "die", 0)
        docker(fleet, "rm -f", "rm")
        docker(fleet, "pause", "pause")
        docker(fleet, "rename", "rename", f"{fleet.name}-elsewhere")
        docker(fleet, "kill -s HUP", "hup")
        time.sleep(0.2)
        kill_init(fleet, "hup")
        docker(fleet, "update --restart always", "update")
        tell(fleet, "oom", "eat")
        fleet.engine.docker("exec", fleet.container("sick"), "rm", "/ok")
        wait_until(lambda: "sick" in told.told(), "unhealthy told")
        tell(fleet, "sick", "ok")
        wait_until(lambda: "pause" in told.told(), "paused told")
        docker(fleet, "unpause", "pause")
        told.exactly({
            "stop": ["container_stopped"],
            "kill": ["container_stopped"],
            "crash": STOPPED,
            "job": ["container_exited"],
            "rm": MISSING,
            "pause": PAUSED,
            "rename": RENAMED,
            "restart": ["container_restarted"],
            "hup": STOPPED,
            "update": DRIFT,
            "oom": STOPPED,
            "sick": UNHEALTHY,
        })
        asleep = {"stop", "kill", "job"}
        assert leases(fleet) == sorted(set(services) - asleep)
        assert states(fleet) == {name: "stopped" if name in asleep else "running" for name in services}
        detail = fleet.sql("SELECT detail FROM events WHERE agent='oom' AND kind='container_stopped'")
        assert '"oom_killed":true' in detail.replace(" ", "") and '"exit_code":137' in detail.replace(" ", "")
        assert server.process.poll() is None


def test_a_hot_crash_loop_is_told_once(fleet):
    services = {"loop": puppet(roost={"ready": "started"}), "calm": puppet()}
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        told, calls = Telling(fleet), fleet.engine.watch()
        tell(fleet, "loop", "loop", 1)
        told.exactly({"loop": ["container_restarted", "container_restarted", "crash_loop"]}, quiet=20)
        assert fleet.inspect("loop")["RestartCount"] > 4
        # The engine is at it: roost only looks.
        assert [call for call in calls.changing if "/exec" not in call] == []


def test_a_leased_crash_loop_is_backed_off(fleet):
    services = {"loop": puppet("lazy", {"ready": "started"})}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        wake(fleet, "loop", "--ttl", "1h")
        tell(fleet, "loop", "loop", 1)
        container = fleet.container("loop")
        wait_until(lambda: len(started.of(container)) >= 5, "five starts")
        told.exactly({"loop": ["container_stopped", "crash_loop"]}, quiet=1)
        times = started.of(container)[:5]
        gaps = [after - before for before, after in zip(times, times[1:])]
        # The first crash is started anew at once; then after 1, 2, 4 s.
        assert gaps[1] >= 1 and gaps[2] >= 2 and gaps[3] >= 4, gaps
        assert leases(fleet) == ["loop"]
        # Who wakes meanwhile joins the pending retry, and is told when it is due.
        wait_until(lambda: status(fleet, "loop") == "exited", "between two starts")
        refused = fleet.roost("wake", "loop", status=1)
        assert "tried again at" in refused.err
        fleet.roost("sleep", "loop")
        wait_state(fleet, "loop", "stopped")
        count = len(started.of(container))
        told.exactly({"loop": ["container_stopped", "crash_loop", "container_recovered"]}, quiet=5)
        assert len(started.of(container)) == count


def test_a_start_that_is_refused(fleet):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        services = {
            "hotport": puppet(ports=[f"{port}:80"]),
            "nocommand": puppet(command=["/no/such/command"]),
            "lazyno": puppet("lazy", command=["/no/such/command"]),
        }
        fleet.apply(services)
        told = Telling(fleet)
        with fleet.serve():
            wait_until(lambda: {"hotport", "nocommand"} <= set(told.told()), "both refusals told")
            refused = fleet.roost("wake", "lazyno", status=1)
            assert "no such file" in refused.err, refused
            told.exactly({name: ["container_stopped"] for name in services}, quiet=5)
            # At moments one is being tried again.
            wait_until(lambda: set(states(fleet).values()) == {"failed"}, "all failed")
            taken.close()
            for name in ("nocommand", "lazyno"):
                fleet.set_spec(name, "command", COMMAND)
            told.exactly({name: STOPPED for name in services})
            wait_until(lambda: set(states(fleet).values()) == {"running"}, "all running")
