# SPDX-License-Identifier: MIT
"""Waking and sleeping: leases, readiness, idle time, pause, dependents."""

import subprocess
import time

import pytest

from engine import wait_until
from fleet import hot, lazy, roost_program


def brief(**more):
    """Lazy, and asleep as soon as nobody wants it."""
    return {**lazy(**more), "x-roost": {"lifecycle": "lazy", "ready": {"tcp": 80}, "idle_timeout": "1s"}}


def status(fleet, agent):
    return fleet.inspect(agent)["State"]["Status"]


def wake(fleet, agent, *words):
    done = fleet.roost("wake", agent, *words, "-o", "json").json
    assert done["lease"]["agent"] == agent
    return done["lease"]["id"]


def starts(calls):
    return [call for call in calls.changing if call.endswith("/start")]


def test_wake_waits_until_it_is_ready(fleet):
    fleet.apply({"job": lazy(command=["sh", "-c", "sleep 1; exec httpd -f -p 80"])})
    with fleet.serve():
        done = fleet.roost("wake", "job", "--ttl", "1h", "-o", "json").json
        assert done["state"] == "running"
        assert done["lease"]["expires_at"].endswith("Z")
        assert status(fleet, "job") == "running"
        assert fleet.rows()["job"]["state"] == "running"
        assert [lease["id"] for lease in fleet.roost("show", "job", "-o", "json").json["leases"]] == [done["lease"]["id"]]


def test_wakes_at_once_share_one_start(fleet, engine):
    fleet.apply({"job": lazy()})
    with fleet.serve():
        calls = engine.watch()
        wakes = [subprocess.Popen([roost_program(), "wake", "job"], env=fleet.env(), stdout=subprocess.PIPE)
                 for _ in range(8)]
        assert [one.wait(timeout=60) for one in wakes] == [0] * 8
        assert len({one.stdout.read() for one in wakes}) == 8
        assert len(starts(calls)) == 1


def test_after_the_last_lease_it_sleeps(fleet):
    fleet.apply({"job": brief()})
    with fleet.serve():
        first, second = wake(fleet, "job"), wake(fleet, "job")
        fleet.roost("release", first)
        time.sleep(3)  # far past its idle time, and it is still leased
        assert status(fleet, "job") == "running"
        fleet.roost("release", second)
        wait_until(lambda: status(fleet, "job") == "exited", "asleep again")
        wait_until(lambda: fleet.rows()["job"]["state"] == "stopped", "known to sleep")
        assert fleet.actions() == {"job": "unchanged"}


def test_an_expired_lease_ends_by_itself(fleet):
    fleet.apply({"job": brief()})
    with fleet.serve():
        lease = wake(fleet, "job", "--ttl", "2s")
        wait_until(lambda: status(fleet, "job") == "exited", "asleep again")
        fleet.roost("renew", lease, status=1)


def test_sleep_ends_all_leases_at_once(fleet):
    fleet.apply({"job": lazy(), "web": hot()})
    with fleet.serve():
        lease = wake(fleet, "job", "--ttl", "1h")
        fleet.roost("sleep", "job")
        wait_until(lambda: status(fleet, "job") == "exited", "asleep again")
        fleet.roost("renew", lease, status=1)
        fleet.roost("sleep", "web", status=1)
        assert status(fleet, "web") == "running"


def test_wake_holds_the_lease_while_a_command_runs(fleet):
    fleet.apply({"job": brief()})
    with fleet.serve():
        done = fleet.run("wake", "job", "--", "sh", "-c", "echo $ROOST_AGENT $ROOST_LEASE; sleep 3; exit 7")
        assert done.status == 7
        agent, lease = done.out.split()[-2:]
        assert agent == "job"
        wait_until(lambda: status(fleet, "job") == "exited", "asleep again")
        fleet.roost("renew", lease, status=1)


def test_a_lease_outlives_a_killed_daemon(fleet):
    fleet.apply({"job": brief()})
    with fleet.serve() as server:
        lease = wake(fleet, "job", "--ttl", "1h")
        server.kill()
    marks = fleet.marks()
    with fleet.serve():
        time.sleep(3)
        assert fleet.marks() == marks
        fleet.roost("renew", lease)
        fleet.roost("release", lease)
        wait_until(lambda: status(fleet, "job") == "exited", "asleep again")


def test_a_paused_sleeper_is_unpaused(fleet, engine):
    service = brief()
    service["x-roost"]["sleep"] = "pause"
    fleet.apply({"job": service})
    with fleet.serve():
        fleet.roost("release", wake(fleet, "job"))
        wait_until(lambda: status(fleet, "job") == "paused", "paused")
        wait_until(lambda: fleet.rows()["job"]["state"] == "paused", "known to be paused")
        assert fleet.actions() == {"job": "unchanged"}
        calls = engine.watch()
        wake(fleet, "job")
        assert status(fleet, "job") == "running"
        assert [call.rpartition("/")[2] for call in calls.changing] == ["unpause"]


def test_what_it_depends_on_is_woken_with_it(fleet):
    fleet.apply({"app": brief(depends_on=["base"]), "base": brief(), "other": brief()})
    with fleet.serve():
        lease = wake(fleet, "app", "--ttl", "1h")
        assert status(fleet, "base") == "running"
        assert status(fleet, "other") == "created"
        fleet.roost("sleep", "base", status=1)
        time.sleep(3)
        assert status(fleet, "base") == "running"
        fleet.roost("release", lease)
        for name in ("app", "base"):
            wait_until(lambda name=name: status(fleet, name) == "exited", f"{name} asleep again")


def test_a_held_agent_is_not_woken(fleet):
    fleet.apply({"job": lazy()})
    with fleet.serve():
        fleet.roost("hold", "job", "--reason", "being looked at")
        assert "held" in fleet.roost("wake", "job", status=1).err
        assert status(fleet, "job") == "created"


@pytest.mark.parametrize("prune", ["network", "system"])
def test_a_pruned_sleeper_wakes(fleet, engine, prune):
    fleet.apply({"job": lazy()})
    with fleet.serve():
        engine.docker(prune, "prune", "-f")
        assert f"{fleet.name}_default" not in engine.networks()
        wait_until(lambda: fleet.inspect("job"), "there again")
        wake(fleet, "job")
        assert status(fleet, "job") == "running"


def test_one_that_cannot_start_says_why(fleet):
    fleet.apply({"job": lazy(command=["/no/such/command"])})
    with fleet.serve():
        assert "/no/such/command" in fleet.roost("wake", "job", status=1).err
        assert fleet.get("/healthz")[0] == 200


def test_one_that_is_not_ready_in_time_is_left_running(fleet):
    service = lazy()
    service["x-roost"].update(ready={"tcp": 81}, ready_timeout="2s")
    fleet.apply({"job": service})
    with fleet.serve():
        fleet.roost("wake", "job", status=1)
        assert status(fleet, "job") == "running"
        assert fleet.rows()["job"]["state"] == "starting"


def test_a_leased_agent_that_drifted_waits(fleet):
    fleet.apply({"job": brief(environment={"A": "1"})})
    with fleet.serve():
        lease = wake(fleet, "job", "--ttl", "1h")
        before = fleet.inspect("job")["Id"]
        fleet.set_spec("job", "environment.A", "2")
        assert fleet.actions() == {"job": "deferred"}
        assert fleet.inspect("job")["Id"] == before
        fleet.roost("release", lease)
        wait_until(lambda: fleet.inspect("job") and "A=2" in fleet.inspect("job")["Config"]["Env"], "made anew")
        assert status(fleet, "job") in ("created", "exited")


def test_there_is_no_lease_without_a_daemon(fleet):
    fleet.apply({"job": lazy()})
    fleet.roost("wake", "job", status=4)
