# SPDX-License-Identifier: MIT
"""kill -9 of roost at every step of what it does: the next pass heals it.

A proxy stands between roost and the engine. For each changing request of a pass it kills roost right before the
engine gets it, or right after the engine has carried it out.
"""

import os
import signal
import subprocess

import pytest

from engine import wait_until
from fleet import hot, is_lazy, lazy, roost_program
from users import ask


def killed_pass(fleet, proxy, number, when):
    """A pass in which roost is killed at its `number`-th changing request; False when there are fewer."""
    process = subprocess.Popen([roost_program(), "reconcile"], env={**fleet.env(), "DOCKER_HOST": proxy.url},
                               cwd=fleet.dir, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)

    def kill():
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    proxy.requests.clear()
    proxy.kill_at(number, when, kill)
    process.wait(timeout=60)
    return proxy.killed()


def whole(fleet, service, agent="web"):
    """Exactly one container, the right one, and the fleet at rest."""
    fleet.url = fleet.engine.url
    fleet.report()
    assert fleet.mine() == [fleet.container(agent)]
    seen = fleet.inspect(agent)
    assert f"A={service['environment']['A']}" in seen["Config"]["Env"]
    assert seen["HostConfig"]["RestartPolicy"]["Name"] == ("no" if is_lazy(service) else "unless-stopped")
    assert seen["State"]["Status"] in (("created", "exited") if is_lazy(service) else ("running",))
    fleet.settled()
    return seen


def sweep(fleet, proxy, when, prepare, service):
    """Kill at request 1, 2, 3 … until a pass has no such request. Returns how many there were."""
    number = 0
    while True:
        number += 1
        assert number < 40
        prepare()
        if not killed_pass(fleet, proxy, number, when):
            whole(fleet, service)
            return number - 1
        whole(fleet, service)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("make", [hot, lazy])
def test_killed_at_any_step_of_a_recreate(fleet, engine, proxy, when, make):
    service = make(environment={"A": "0"}, volumes=["/data"])
    fleet.url = engine.url
    fleet.up({"web": service})
    volume = fleet.inspect("web")["Mounts"][0]["Name"]

    def prepare():
        service["environment"]["A"] = str(int(service["environment"]["A"]) + 1)
        fleet.set_spec("web", "environment.A", service["environment"]["A"])

    steps = sweep(fleet, proxy, when, prepare, service)
    # create, rename aside, rename, remove at the least; a hot one is stopped and started, too.
    assert steps >= (6 if make is hot else 4)
    assert fleet.inspect("web")["Mounts"][0]["Name"] == volume


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_of_a_change_of_lifecycle(fleet, engine, proxy, when):
    service = hot(environment={"A": "0"})
    fleet.url = engine.url
    fleet.up({"web": service})

    def prepare():
        word = "hot" if is_lazy(service) else "lazy"
        service["x-roost"]["lifecycle"] = word
        fleet.sql(f"UPDATE agents SET lifecycle='{word}'")

    # The two directions have steps of their own; stop only when both have run out.
    number, done = 0, set()
    while len(done) < 2:
        number += 1
        assert number < 20
        for _ in range(2):
            prepare()
            if not killed_pass(fleet, proxy, number, when):
                done.add(is_lazy(service))
            whole(fleet, service)


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_of_a_first_pass(fleet, engine, proxy, when):
    service = hot(environment={"A": "1"}, networks={"one": None, "two": None}, volumes=["data:/data"])
    fleet.url = engine.url
    fleet.apply({"web": service}, networks={"one": {}, "two": {}}, volumes={"data": {}})

    def prepare():
        engine.clean()

    assert sweep(fleet, proxy, when, prepare, service) >= 5
    assert len(fleet.inspect("web")["NetworkSettings"]["Networks"]) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_of_a_rollback(fleet, engine, proxy, when):
    """The new container cannot start: whatever step roost dies at, the old one is back at work."""
    service = hot(environment={"A": "0"})
    fleet.url = engine.url
    fleet.up({"web": service})
    old = fleet.inspect("web")["Id"]
    number = 0
    while True:
        number += 1
        assert number < 40
        fleet.set_spec("web", "command", [f"/no/such/command/{number}"])
        fleet.url = proxy.url
        killed = killed_pass(fleet, proxy, number, when)
        fleet.url = engine.url
        row = fleet.report(status=1)["web"]
        assert "no such file" in row["error"], row
        assert fleet.mine() == [fleet.container("web")]
        seen = fleet.inspect("web")
        assert (seen["Id"], seen["State"]["Status"]) == (old, "running")
        if not killed:
            break
    assert number > 6


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_of_a_removal(fleet, engine, proxy, when):
    fleet.url = engine.url
    fleet.apply({"web": hot()})
    number = 0
    while True:
        number += 1
        assert number < 20
        fleet.apply({"web": hot(), "other": lazy()})
        fleet.report()
        fleet.sql("DELETE FROM agents WHERE name='web'")
        killed = killed_pass(fleet, proxy, number, when)
        fleet.report()
        assert fleet.mine() == [fleet.container("other")]
        fleet.settled()
        if not killed:
            break
    assert number > 2


def test_serve_killed_leaves_containers_and_the_lock_is_free(fleet):
    fleet.apply({"web": hot(), "reviewer": lazy()})
    with fleet.serve() as server:
        wait_until(lambda: fleet.rows()["web"]["state"] == "running", "web runs")
        marks = fleet.marks()
        server.process.kill()
        server.process.wait()
    assert fleet.marks() == marks
    assert fleet.actions() == {"web": "unchanged", "reviewer": "unchanged"}


def test_an_end_that_was_told_before_a_kill_is_not_told_again(fleet):
    """The engine lists what has died as running until its networks are down. Whoever asks for something before the boot
    pass makes the next roost list twice in that time."""
    job = {"image": "busybox", "command": ["sleep", "0.3"], "networks": ["a", "b", "c"], "x-roost": {"lifecycle": "lazy"}}
    fleet.apply({"job": job, "other": lazy()}, networks={"a": {}, "b": {}, "c": {}})

    def told():
        return int(fleet.sql("SELECT count(*) FROM events WHERE kind = 'container_exited'"))

    for end in range(1, 4):
        with fleet.serve() as server:
            assert ask(fleet.socket, "POST", "/v1/agents/job/wake", {"ttl": "60s"})[0] == 200
            wait_until(lambda: told() >= end, "its end is told")
            server.kill()
        with fleet.serve(ready=False) as server:
            while "boot pass: " not in server.log:
                assert server.process.poll() is None, server.log
                ask(fleet.socket, "POST", "/v1/agents/other/wake", {"ttl": "1s"})
        assert told() == end, fleet.sql("SELECT time, reason FROM events WHERE agent = 'job'")


def test_every_changing_request_is_seen_by_the_proxy(fleet, engine, proxy):
    """The harness itself: what the proxy counts is what the engine's own log says."""
    calls = engine.watch()
    fleet.up({"web": hot(environment={"A": "1"})})
    fleet.set_spec("web", "environment.A", "2")
    assert fleet.actions() == {"web": "recreated"}
    assert [str(request) for request in proxy.changing()] == calls.changing
    assert len(calls.changing) > 6
