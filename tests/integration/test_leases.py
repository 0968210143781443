# SPDX-License-Identifier: MIT
"""Waking and sleeping on a real engine. All of it is normal life: unless a test says so, not one event is told."""

import os
import signal
import subprocess
import time

import pytest

from engine import wait_until
from fleet import roost_program
from watch import COMMAND, HEALTH, Telling, leases, puppet, starts, state, states, status, tell, wait_ready, wait_state, wake

# Takes two seconds to stop, and says that it was asked to.
SLOW_STOP = {"command": ["sh", "-c", "trap 'sleep 2; exit 0' TERM; httpd -p 80; while :; do sleep 0.1; done"],
             "stop_signal": "SIGTERM", "stop_grace_period": "10s"}
# Answers nowhere; what is ready at port 81 is made so by hand.
DEAF = {"ready": {"tcp": 81}, "ready_timeout": "2s"}


def wake_process(fleet, agent, *words):
    return subprocess.Popen([roost_program(), "wake", agent, "-o", "json", *words], env=fleet.env(), cwd=fleet.dir,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def env_of(fleet, agent):
    seen = fleet.inspect(agent)
    return seen and seen["Config"]["Env"]


def test_a_hundred_wakes_are_one_start(fleet):
    services = {"job": puppet("lazy")}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        wakes = [wake_process(fleet, "job", "--wait", "--ttl", "10m") for _ in range(100)]
        answers = [(process.communicate(timeout=120), process.returncode) for process in wakes]
        assert {code for _, code in answers} == {0}, answers
        assert leases(fleet) == ["job"] * 100
        assert int(fleet.sql("SELECT count(DISTINCT id) FROM leases")) == 100
        told.exactly({})
        assert len(started.of(fleet.container("job"))) == 1
        fleet.roost("sleep", "job")
        wait_state(fleet, "job", "stopped")
        assert leases(fleet) == []
        told.exactly({})


def test_release_renew_and_expiry(fleet):
    idle = {"idle_timeout": "1s"}
    services = {name: puppet("lazy", idle) for name in ("released", "expired", "renewed", "two")}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        first = wake(fleet, "two", "--ttl", "10m")
        wake(fleet, "two", "--ttl", "10m")
        renewed = wake(fleet, "renewed", "--ttl", "4s")
        fleet.roost("renew", renewed, "--ttl", "10m")
        fleet.roost("release", first)
        fleet.roost("release", wake(fleet, "released", "--ttl", "10m"))
        wake(fleet, "expired", "--ttl", "2s")
        assert fleet.roost("release", first, status=1)
        for name in ("released", "expired"):
            wait_state(fleet, name, "stopped")
        time.sleep(4)
        assert states(fleet) == {"released": "stopped", "expired": "stopped", "renewed": "running", "two": "running"}
        assert leases(fleet) == ["renewed", "two"]
        fleet.roost("release", renewed)
        wait_state(fleet, "renewed", "stopped")
        fleet.roost("renew", renewed, status=1)
        told.exactly({})
        assert [len(started.of(fleet.container(name))) for name in services] == [1, 1, 1, 1]


def test_sleep_ends_leases_and_is_refused_where_it_cannot_be(fleet):
    services = {"job": puppet("lazy"), "web": puppet(), "top": puppet("lazy", depends_on=["base"]),
                "base": puppet("lazy")}
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        told = Telling(fleet)
        wake(fleet, "job")
        wake(fleet, "top")
        wake(fleet, "base")
        fleet.roost("sleep", "job")
        wait_state(fleet, "job", "stopped")
        assert "hot agent does not sleep" in fleet.roost("sleep", "web", status=1).err
        assert "depends on it" in fleet.roost("sleep", "base", status=1).err
        assert leases(fleet) == ["top"]
        assert states(fleet) == {"job": "stopped", "web": "running", "top": "running", "base": "running"}
        # A hot one can be leased: it is ready at once.
        wake(fleet, "web")
        told.exactly({})


def test_a_wake_while_it_stops_is_remembered(fleet):
    services = {"job": puppet("lazy", **SLOW_STOP)}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        wake(fleet, "job")
        fleet.roost("sleep", "job")
        wait_state(fleet, "job", "stopping")
        answer = fleet.roost("wake", "job", "-o", "json").json
        assert answer["state"] == "running"
        assert len(started.of(fleet.container("job"))) == 2
        told.exactly({})


def test_sleeping_in_pause(fleet):
    pause = {"sleep": "pause", "idle_timeout": "1s"}
    services = {"job": puppet("lazy", pause), "later": puppet("lazy", {**pause, "stop_after": "2s"})}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        for name in services:
            fleet.roost("release", wake(fleet, name))
        for name in services:
            wait_until(lambda name=name: status(fleet, name) in ("paused", "exited"), f"{name} asleep")
        wait_state(fleet, "job", "paused")
        wait_state(fleet, "later", "stopped")
        assert status(fleet, "later") == "exited"
        assert fleet.roost("wake", "job", "-o", "json").json["state"] == "running"
        assert status(fleet, "job") == "running"
        assert len(started.of(fleet.container("job"))) == 1
        fleet.roost("sleep", "job")
        wait_state(fleet, "job", "paused")
        told.exactly({})
    # Neither does a new daemon take its own sleepers for anybody's trouble.
    told = Telling(fleet)
    with fleet.serve():
        wait_until(lambda: states(fleet) == {"job": "paused", "later": "stopped"}, "as before")
        told.exactly({})
        wake(fleet, "job")
        told.exactly({})


def test_ready_is_when_it_answers(fleet):
    after = "sleep 1; touch /answers; "
    http = {"http": {"port": 80, "path": "/file", "status": 200}}
    services = {
        "tcp": puppet("lazy", command=["sh", "-c", after + "httpd -f -p 80"]),
        "http": puppet("lazy", {"ready": http}, command=[
            "sh", "-c", "mkdir /www; httpd -p 80 -h /www; " + after + "touch /www/file; sleep infinity"]),
        "healthy": puppet("lazy", {"ready": "healthy"}, command=["sh", "-c", after + "touch /ok; sleep infinity"],
                          healthcheck={**HEALTH, "retries": 30}),
    }
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        told = Telling(fleet)
        for name in services:
            answer = fleet.roost("wake", name, "-o", "json").json
            assert answer["state"] == "running"
            fleet.engine.docker("exec", fleet.container(name), "test", "-e", "/answers")
        told.exactly({})


def test_not_ready_in_time_is_told_and_left_running(fleet):
    services = {"deaf": puppet("lazy", DEAF)}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        late = fleet.roost("wake", "deaf", status=1)
        assert "not ready in time; it is left running, and the lease holds" in late.err
        code, problem = fleet.get("/v1/agents/deaf/wake", method="POST", body='{"wait": true, "ttl": "1h"}')
        assert (code, problem["status"]) == (504, 504)
        told.exactly({"deaf": ["not_ready"]})
        assert leases(fleet) == ["deaf", "deaf"]
        assert (state(fleet, "deaf"), status(fleet, "deaf")) == ("starting", "running")
        # Probing goes on.
        fleet.engine.docker("exec", fleet.container("deaf"), "httpd", "-p", "81")
        wait_state(fleet, "deaf", "running")
        told.exactly({"deaf": ["not_ready", "container_recovered"]})
        assert len(started.of(fleet.container("deaf"))) == 1


def test_what_it_depends_on_wakes_first_and_sleeps_after(fleet):
    idle = {"idle_timeout": "1s"}
    services = {"top": puppet("lazy", idle, depends_on=["middle"]),
                "middle": puppet("lazy", idle, depends_on=["base"]), "base": puppet("lazy", idle)}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        lease = wake(fleet, "top")
        times = [started.of(fleet.container(name)) for name in ("base", "middle", "top")]
        assert [len(of) for of in times] == [1, 1, 1] and times == sorted(times)
        time.sleep(3)
        assert set(states(fleet).values()) == {"running"}
        assert leases(fleet) == ["top"]
        fleet.roost("release", lease)
        wait_until(lambda: set(states(fleet).values()) == {"stopped"}, "all asleep")
        ends = [fleet.inspect(name)["State"]["FinishedAt"] for name in ("top", "middle", "base")]
        assert ends == sorted(ends)
        told.exactly({})


# kill -9 of roost -----------------------------------------------------------------------------------


def test_a_lease_outlives_the_daemon(fleet):
    services = {"job": puppet("lazy", {"idle_timeout": "2s"}), "short": puppet("lazy", {"idle_timeout": "2s"})}
    fleet.apply(services)
    with starts(fleet) as started:
        with fleet.serve() as server:
            wait_ready(fleet, services)
            told = Telling(fleet)
            lease = wake(fleet, "job", "--ttl", "10m")
            wake(fleet, "short", "--ttl", "2s")
            server.kill()
        assert leases(fleet) == ["job", "short"]
        time.sleep(3)
        with fleet.serve():
            # The one that ran out meanwhile has its idle time from now; it is no trouble of anybody's.
            wait_state(fleet, "short", "stopped")
            told.exactly({})
            assert leases(fleet) == ["job"]
            assert state(fleet, "job") == "running"
            fleet.roost("release", lease)
            wait_state(fleet, "job", "stopped")
        assert [len(started.of(fleet.container(name))) for name in services] == [1, 1]
        told.exactly({})


def test_after_a_reboot_the_wall_time_of_a_lease_counts(fleet):
    """All is down, the clock that never jumps has begun anew, and what stands in the database is of the other boot."""
    services = {"web": puppet("hot"), "good": puppet("lazy"), "over": puppet("lazy")}
    fleet.apply(services)
    with fleet.serve() as server:
        wait_ready(fleet, services)
        told = Telling(fleet)
        lease = wake(fleet, "good", "--ttl", "10m")
        wake(fleet, "over", "--ttl", "10m")
        server.kill()
    for name in services:
        fleet.engine.docker("kill", fleet.container(name))
    fleet.sql("UPDATE agent_state SET boot_id = 'another', idle_since_ns = 1")
    fleet.sql("UPDATE leases SET boot_id = 'another', until_ns = iif(agent = 'over', 9223372036854775807, 1)")
    fleet.sql("UPDATE leases SET expires_at = (unixepoch() - 2) * 1000 WHERE agent = 'over'")
    with fleet.serve():
        wait_state(fleet, "web", "running")
        wait_state(fleet, "good", "running")
        assert [one["id"] for one in fleet.roost("show", "good", "-o", "json").json["leases"]] == [lease]
        wait_until(lambda: leases(fleet) == ["good"], "the lease that ran out while the machine was down to be gone")
        assert state(fleet, "over") == "stopped" and status(fleet, "over") == "exited"
        told.exactly({})


@pytest.mark.parametrize("when", ["before", "sent", "after", "answered"])
def test_killed_in_the_middle_of_a_wake(fleet, proxy, when):
    """However far the start has come when roost dies: the lease was given, and is kept."""
    services = {"job": puppet("lazy")}
    fleet.apply(services)
    with starts(fleet) as started:
        with fleet.serve() as server:
            wait_ready(fleet, services)
            told = Telling(fleet)
            proxy.requests.clear()
            proxy.kill_at(1, when, server.kill)
            waking = wake_process(fleet, "job", "--ttl", "10m")
            # Told that it started, roost may have passed that on before it died.
            assert waking.wait(timeout=60) != 0 or when == "answered"
            waking.communicate()
            wait_until(proxy.killed, "killed")
            assert proxy.changing()[0].path.endswith("/start")
            assert leases(fleet) == ["job"]
        with fleet.serve():
            wait_state(fleet, "job", "running")
            told.exactly({})
            assert leases(fleet) == ["job"]
        assert len(started.of(fleet.container("job"))) == 1


def test_killed_while_it_becomes_ready(fleet):
    services = {"deaf": puppet("lazy", {**DEAF, "ready_timeout": "1m"})}
    fleet.apply(services)
    with starts(fleet) as started:
        with fleet.serve() as server:
            wait_ready(fleet, services)
            told = Telling(fleet)
            waking = wake_process(fleet, "deaf", "--ttl", "10m")
            wait_state(fleet, "deaf", "starting")
            server.kill()
            assert waking.wait(timeout=60) != 0
            waking.communicate()
        with fleet.serve():
            wait_until(lambda: states(fleet) == {"deaf": "starting"}, "starting still")
            fleet.engine.docker("exec", fleet.container("deaf"), "httpd", "-p", "81")
            wait_state(fleet, "deaf", "running")
            told.exactly({})
            assert leases(fleet) == ["deaf"]
        assert len(started.of(fleet.container("deaf"))) == 1


# The row changes meanwhile --------------------------------------------------------------------------


def test_deleted_while_it_wakes(fleet):
    services = {"deaf": puppet("lazy", {**DEAF, "ready_timeout": "5m"}), "other": puppet("lazy")}
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        told = Telling(fleet)
        waking = wake_process(fleet, "deaf")
        wait_state(fleet, "deaf", "starting")
        fleet.sql("DELETE FROM agents WHERE name='deaf'")
        _, err = waking.communicate(timeout=60)
        assert waking.returncode == 1 and "deleted" in err, err
        wait_until(lambda: fleet.mine() == [fleet.container("other")], "its container removed")
        assert leases(fleet) == []
        told.exactly({})


def test_held_while_it_wakes(fleet):
    services = {"deaf": puppet("lazy", {**DEAF, "ready_timeout": "5m"})}
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        told = Telling(fleet)
        waking = wake_process(fleet, "deaf")
        wait_state(fleet, "deaf", "starting")
        fleet.roost("hold", "deaf")
        _, err = waking.communicate(timeout=60)
        assert waking.returncode == 1 and "held" in err, err
        assert "held" in fleet.roost("wake", "deaf", status=1).err
        assert status(fleet, "deaf") == "running"
        told.exactly({})


def test_changed_while_it_stops(fleet):
    """A new spec, and a row deleted and put back, come in while a slow stop is under way."""
    services = {"changed": puppet("lazy", environment={"A": "1"}, **SLOW_STOP),
                "again": puppet("lazy", environment={"A": "1"}, **SLOW_STOP)}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        for name in services:
            wake(fleet, name)
            fleet.roost("sleep", name)
            wait_state(fleet, name, "stopping")
            if name == "changed":
                fleet.set_spec(name, "environment.A", "2")
            else:
                fleet.sql("CREATE TABLE kept AS SELECT * FROM agents WHERE name='again'")
                fleet.sql("DELETE FROM agents WHERE name='again'")
                fleet.sql("INSERT INTO agents (name, lifecycle, image, spec) SELECT name, lifecycle, image, "
                          "replace(spec, '\"A\":\"1\"', '\"A\":\"2\"') FROM kept")
                fleet.sql("DROP TABLE kept")
        for name in services:
            wait_until(lambda name=name: "A=2" in (env_of(fleet, name) or []), f"{name} made anew")
            wait_state(fleet, name, "stopped")
        told.exactly({})
        assert [len(started.of(fleet.container(name))) for name in services] == [1, 1]
        for name in services:
            assert fleet.roost("wake", name, "-o", "json").json["state"] == "running"


def test_changed_while_it_sleeps_and_while_it_is_leased(fleet):
    services = {"asleep": puppet("lazy", environment={"A": "1"}),
                "leased": puppet("lazy", {"idle_timeout": "1s"}, environment={"A": "1"})}
    fleet.apply(services)
    with fleet.serve(), starts(fleet) as started:
        wait_ready(fleet, services)
        told = Telling(fleet)
        lease = wake(fleet, "leased")
        for name in services:
            fleet.set_spec(name, "environment.A", "2")
        wait_until(lambda: "A=2" in (env_of(fleet, "asleep") or []), "made anew")
        wait_state(fleet, "asleep", "stopped")
        time.sleep(2)
        assert "A=1" in env_of(fleet, "leased") and state(fleet, "leased") == "running"
        fleet.roost("release", lease)
        wait_until(lambda: "A=2" in (env_of(fleet, "leased") or []), "made anew when idle")
        wait_state(fleet, "leased", "stopped")
        told.exactly({})
        assert [len(started.of(fleet.container(name))) for name in services] == [0, 1]
        wake(fleet, "asleep")
        told.exactly({})
