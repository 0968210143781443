# SPDX-License-Identifier: MIT
"""A held agent is left alone whatever happens to it; what is seen at unhold is told and mended then."""

import time

from engine import wait_until
from watch import HEALTH, Telling, kill_init, leases, puppet, state, states, status, tell, wait_ready, wait_state, wake

STOPPED = ["container_stopped", "container_recovered"]
MISSING = ["container_missing", "container_recovered"]


def docker(fleet, verb, agent, *words):
    verb, *options = verb.split()
    fleet.engine.docker(verb, *options, fleet.container(agent), *words)


def make_trouble(fleet):
    docker(fleet, "stop", "stop")
    docker(fleet, "kill", "kill")
    kill_init(fleet, "crash")
    docker(fleet, "rm -f", "rm")
    docker(fleet, "pause", "pause")
    docker(fleet, "pause", "passed")
    docker(fleet, "rename", "rename", f"{fleet.name}-elsewhere")
    docker(fleet, "restart", "restart")
    docker(fleet, "update --restart no", "update")
    fleet.engine.docker("exec", fleet.container("sick"), "rm", "/ok")
    docker(fleet, "rm -f", "lazyrm")
    docker(fleet, "start", "lazystart")
    docker(fleet, "stop", "leasedstop")
    tell(fleet, "leasedcrash", "die", 3)
    tell(fleet, "leasedjob", "die", 0)
    docker(fleet, "rm -f", "leasedrm")
    docker(fleet, "unpause", "passed")


def test_hold_is_silence_and_unhold_mends(fleet, engine):
    hot = ("stop", "kill", "crash", "rm", "pause", "passed", "rename", "restart", "update")
    lazy = ("lazyrm", "lazystart", "leasedstop", "leasedcrash", "leasedjob", "leasedrm")
    services = {**{name: puppet() for name in hot}, "sick": puppet(healthcheck=HEALTH),
                **{name: puppet("lazy") for name in lazy},
                "leasedshort": puppet("lazy", {"idle_timeout": "1s"})}
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        leased = [name for name in services if name.startswith("leased")]
        for name in leased:
            wake(fleet, name, "--ttl", "3s" if name == "leasedshort" else "1h")
        told = Telling(fleet)
        fleet.roost("hold", *services, "--reason", "a test")
        wait_until(lambda: all(row["held"] for row in fleet.rows().values()), "all held")
        make_trouble(fleet)
        calls = engine.watch()
        told.exactly({}, quiet=6)
        assert calls.changing == []
        # Leases expire without a stop.
        assert "leasedshort" not in leases(fleet)
        assert status(fleet, "leasedshort") == "running"

        fleet.roost("unhold", *services)
        wait_until(lambda: {"pause", "sick"} <= set(told.told()), "what is still so is told")
        docker(fleet, "unpause", "pause")
        tell(fleet, "sick", "ok")
        told.exactly({
            "stop": STOPPED,
            "kill": STOPPED,
            "rm": MISSING,
            "pause": ["container_paused", "container_recovered"],
            "rename": ["container_renamed", "container_recovered"],
            "update": ["drift", "container_recovered"],
            "sick": ["container_unhealthy", "container_recovered"],
            "lazyrm": MISSING,
            "lazystart": ["container_adopted"],
            "leasedstop": ["container_stopped"],
            "leasedcrash": STOPPED,
            "leasedjob": ["container_exited"],
            "leasedrm": MISSING,
        })
        asleep = {"lazyrm", "leasedstop", "leasedjob", "leasedshort"}
        wait_until(lambda: states(fleet) == {name: "stopped" if name in asleep else "running" for name in services},
                   "all as their rows say")
        assert leases(fleet) == ["leasedcrash", "leasedrm"]
    fleet.settled()


def test_hold_and_what_is_asked_of_it(fleet):
    services = {"job": puppet("lazy"), "web": puppet()}
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        told = Telling(fleet)
        fleet.roost("hold", *services)
        wait_until(lambda: all(row["held"] for row in fleet.rows().values()), "all held")
        for words in (("wake", "job"), ("sleep", "job"), ("wake", "web")):
            assert "held" in fleet.roost(*words, status=1).err
        before = {name: fleet.inspect(name)["Id"] for name in services}
        for name in services:
            fleet.set_spec(name, "environment.A", "2")
        time.sleep(2)
        assert {name: fleet.inspect(name)["Id"] for name in services} == before
        assert leases(fleet) == []
        fleet.roost("unhold", *services)
        for name in services:
            wait_until(lambda name=name: fleet.inspect(name) and "A=2" in fleet.inspect(name)["Config"]["Env"],
                       f"{name} made anew")
        wait_state(fleet, "web", "running")
        assert state(fleet, "job") == "stopped"
        told.exactly({})


def test_hold_over_the_api_holds_at_once(fleet):
    """The daemon's own write to the table, which no data_version tells it of."""
    fleet.up({"web": puppet()})
    with fleet.serve():
        for method, held in (("PUT", True), ("DELETE", False)):
            code, answer = fleet.get("/v1/agents/web/hold", method=method)
            assert code == 200 and answer["held"] is held, answer
            assert fleet.rows()["web"]["held"] is held
