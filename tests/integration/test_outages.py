# SPDX-License-Identifier: MIT
"""The engine is away, frozen or cut off, or roost is: what is true afterwards is told, once, and nothing else."""

import contextlib
import json
import os
import signal
import time

from engine import Connection, wait_until
from watch import (HEALTH, Telling, leases, puppet, starts, states, status, tell, wait_ready, wait_state, wake)

AWAY = ["engine_lost", "engine_restored"]
STOPPED = ["container_stopped", "container_recovered"]
MISSING = ["container_missing", "container_recovered"]
PAUSED = ["container_paused", "container_recovered"]

# How long a fleet is left alone to show that it is silent; by hand: longer.
QUIET_SECONDS = float(os.environ.get("TEST_QUIET_SECONDS", "60"))

FLEET = {"web": puppet(), "other": puppet(), "leased": puppet("lazy"), "asleep": puppet("lazy")}


@contextlib.contextmanager
def at_rest(fleet, services=None):
    """A served fleet with one lazy agent leased: (server, Telling)."""
    services = services or FLEET
    fleet.apply(services)
    with fleet.serve() as server:
        wait_ready(fleet, services)
        wake(fleet, "leased", "--ttl", "1h")
        yield server, Telling(fleet)


def as_wished(fleet):
    """The fleet of FLEET, with one leased."""
    wait_until(lambda: states(fleet) == {"web": "running", "other": "running", "leased": "running",
                                         "asleep": "stopped"}, "all as wished", 120)
    assert leases(fleet) == ["leased"]
    assert status(fleet, "asleep") in ("created", "exited")


def engine_is_back(told):
    wait_until(lambda: told.told().get("") == AWAY, "told that the engine is back", 120)


def restored(fleet):
    """What was told of the last return of the engine: reason, and how many were found down."""
    reason, detail = fleet.sql("SELECT reason, detail FROM events WHERE kind='engine_restored' "
                               "ORDER BY id DESC LIMIT 1").split("|")
    return reason, json.loads(detail).get("count", 0)


# The engine -----------------------------------------------------------------------------------------


def test_an_engine_frozen_and_one_without_its_socket(fleet, engine):
    """That is no trouble of any agent. The engine may be thought lost meanwhile; nothing else may be told."""
    elsewhere = f"{engine.socket}.away"
    with at_rest(fleet) as (_, told), starts(fleet) as started:
        marks, pid = fleet.marks(), fleet.inspect("web")["State"]["Pid"]
        engine.signal(signal.SIGSTOP)
        try:
            time.sleep(20)
        finally:
            engine.signal(signal.SIGCONT)
        wait_until(lambda: told.told() in ({}, {"": AWAY}), "no more than that")
        told.exactly(told.told(), quiet=7)
        as_wished(fleet)
        assert fleet.marks() == marks
        assert [started.of(fleet.container(name)) for name in ("web", "other")] == [[], []]

        told = Telling(fleet)
        os.rename(engine.socket, elsewhere)
        try:
            os.kill(pid, signal.SIGKILL)
            time.sleep(6)
        finally:
            os.rename(elsewhere, engine.socket)
        # Which connections were open decides whether it is thought lost, and whether the restart is seen.
        allowed = [{**web, **away} for web in ({}, {"web": ["container_restarted"]}) for away in ({}, {"": AWAY})]
        wait_until(lambda: told.told() in allowed, "no more than that")
        told.exactly(told.told(), quiet=7)
        as_wished(fleet)
        wake(fleet, "asleep")


def test_an_engine_stopped_in_order_and_one_killed(fleet, engine):
    """In order, each of its containers ends as by hand, and the engine only when the last has: no lease is lost."""
    slow = {**puppet(roost={"ready": "started"}), "command": ["sleep", "infinity"], "stop_signal": "SIGTERM"}
    with at_rest(fleet, {**FLEET, "slow": slow}) as (_, told):
        engine.stop()
        engine.start()
        engine_is_back(told)
        told.exactly({"": AWAY}, quiet=6)
        wait_state(fleet, "slow", "running", 120)
        fleet.sql("DELETE FROM agents WHERE name='slow'")
        as_wished(fleet)

        told = Telling(fleet)
        engine.kill()
        engine.start()
        engine_is_back(told)
        told.exactly({"": AWAY}, quiet=6)
        as_wished(fleet)
        reason, count = restored(fleet)
        assert reason == "engine_restarted" and count >= 2, (reason, count)
    fleet.settled()


# The stream -----------------------------------------------------------------------------------------


def test_the_stream_cut_at_twenty_places(fleet, engine, proxy):
    with at_rest(fleet) as (_, told):
        expected = []
        for place in range(20):
            # An event has some 900 bytes.
            proxy.cut_events(place * 45)
            for verb, kind in (("pause", PAUSED[0]), ("unpause", PAUSED[1])):
                engine.docker(verb, fleet.container("web"))
                expected.append(kind)
                wait_until(lambda: told.told() == {"web": expected}, f"{kind} told, cut at {place * 45}", 90)
            assert proxy.has_cut()
        told.exactly({"web": expected})
        as_wished(fleet)


def test_two_thousand_events_while_roost_stands_still(fleet, engine):
    """The engine keeps 256: what was told first is lost, and has to be seen."""
    services = {**FLEET, "gone": puppet("lazy"), "started": puppet("lazy")}
    engine.docker("create", "--name", "guest0", "busybox")
    with at_rest(fleet, services) as (server, told):
        server.process.send_signal(signal.SIGSTOP)
        try:
            engine.docker("rm", fleet.container("gone"))
            engine.docker("stop", fleet.container("web"))
            engine.docker("start", fleet.container("started"))
            connection = Connection(engine.socket)
            for number in range(2000):
                connection.post(f"/containers/guest{number}/rename?name=guest{number + 1}")
            engine.docker("rename", fleet.container("other"), f"{fleet.name}-elsewhere")
        finally:
            server.process.send_signal(signal.SIGCONT)
        told.exactly({"gone": MISSING, "web": STOPPED, "started": ["container_adopted"],
                      "other": ["container_renamed", "container_recovered"]}, quiet=6)
        wait_until(lambda: states(fleet) == {"web": "running", "other": "running", "leased": "running",
                                             "asleep": "stopped", "gone": "stopped", "started": "running"},
                   "the table is true")
        assert {name: status(fleet, name) for name in services} == {
            "web": "running", "other": "running", "leased": "running", "asleep": "created", "gone": "created",
            "started": "running"}


# Many, left alone -------------------------------------------------------------------------------------


def test_fifty_sleepers(fleet, engine):
    """Left alone they are silent; pruned they are back, asleep; and all of them wake."""
    sleepers = [f"s{number}" for number in range(50)]
    hot = {f"h{number}": puppet(healthcheck={**HEALTH, "interval": "5s"}) for number in range(5)}
    services = {**{name: puppet("lazy", {"ready": "started"}) for name in sleepers}, **hot}
    fleet.apply(services)
    with fleet.serve():
        wait_until(lambda: states(fleet) == {name: "running" if name in hot else "stopped" for name in services},
                   "the fleet at rest", 180)
        told, calls = Telling(fleet), engine.watch()
        time.sleep(QUIET_SECONDS)
        assert told.told() == {}
        assert calls.changing == []
        engine.docker("system", "prune", "-f")
        told.exactly({name: MISSING for name in sleepers}, seconds=180)
        assert {status(fleet, name) for name in sleepers} == {"created"}
        for name in sleepers:
            fleet.roost("wake", name, "--no-wait")
        wait_until(lambda: set(states(fleet).values()) == {"running"}, "all awake", 180)
        assert len(leases(fleet)) == 50
        told.exactly({name: MISSING for name in sleepers}, quiet=1)


# kill -9 of roost in the middle -------------------------------------------------------------------------


def open_episodes(fleet, engine, told):
    """One of each kind; returns what is told of it."""
    for name in ("crash", "refused", "deaf"):
        fleet.roost("wake", name, "--ttl", "1h", "--no-wait")
    wait_until(lambda: status(fleet, "crash") == "running", "crash runs")
    for name in ("loop", "crash"):
        tell(fleet, name, "loop", 1)
    engine.docker("pause", fleet.container("pause"))
    engine.docker("exec", fleet.container("sick"), "rm", "/ok")
    engine.docker("rmi", "-f", "gone:1")  # it cannot be made again
    engine.docker("rm", fleet.container("gone"))
    opened = {"loop": ["container_restarted", "container_restarted", "crash_loop"],
              "crash": ["container_stopped", "crash_loop"], "pause": PAUSED[:1], "sick": ["container_unhealthy"],
              "gone": MISSING[:1], "refused": STOPPED[:1], "deaf": ["not_ready"]}
    told.exactly(opened, quiet=1, seconds=120)
    return opened


def test_roost_killed_in_the_middle_of_episodes(fleet, engine):
    """What is open when roost is killed is not told again; its end is told once."""
    engine.docker("tag", "busybox", "gone:1")
    services = {
        "loop": puppet(roost={"ready": "started"}),
        "crash": puppet("lazy", {"ready": "started"}),
        "pause": puppet(),
        "sick": puppet(healthcheck=HEALTH),
        "gone": {**puppet("lazy"), "image": "gone:1", "pull_policy": "never"},
        "refused": puppet("lazy", {"ready": "started"}, command=["/no/such/command"]),
        "deaf": puppet("lazy", {"ready": {"tcp": 81}, "ready_timeout": "2s"}),
    }
    fleet.apply(services)
    with fleet.serve() as server:
        wait_ready(fleet, services)
        told = Telling(fleet)
        opened = open_episodes(fleet, engine, told)
        server.kill()
    engine.docker("tag", "busybox", "gone:1")
    engine.docker("unpause", fleet.container("pause"))  # while nobody looks
    with fleet.serve() as server:
        tell(fleet, "sick", "ok")
        fleet.roost("sleep", "crash")
        fleet.roost("sleep", "refused")
        engine.docker("exec", fleet.container("deaf"), "httpd", "-p", "81")
        ended = {name: [*kinds, "container_recovered"] if name != "loop" else kinds for name, kinds in opened.items()}
        told.exactly(ended, quiet=5)
        # And the engine's own.
        fleet.roost("sleep", "deaf")
        wait_state(fleet, "deaf", "stopped")
        engine.kill()
        wait_until(lambda: told.told().get("") == AWAY[:1], "engine lost")
        server.kill()
    with fleet.serve(ready=False):
        wait_until(lambda: fleet.get("/healthz")[0] == 200, "roost serves")
        time.sleep(3)
        assert told.told()[""] == AWAY[:1]
        engine.start()
        engine_is_back(told)
        told.exactly({**ended, "": AWAY}, quiet=6)
