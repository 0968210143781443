# SPDX-License-Identifier: MIT
"""depends_on orders first starts."""

import json

from engine import wait_until
from fleet import hot, lazy


def started(fleet, *agents):
    return [fleet.inspect(agent)["State"]["StartedAt"] for agent in agents]


def test_depends_on_orders_first_starts(fleet):
    fleet.up({
        "a1": hot(depends_on=["b1"]),
        "b1": hot(depends_on=["c1"]),
        "c1": hot(depends_on=["d1"]),
        "d1": hot(),
    })
    times = started(fleet, "d1", "c1", "b1", "a1")
    assert times == sorted(times)
    assert len(set(times)) == 4
    fleet.settled()


def test_service_healthy_is_waited_for(fleet):
    check = {"test": ["CMD", "test", "-e", "/tmp/ready"], "interval": "1s", "timeout": "5s", "retries": 30}
    fleet.up({
        "app": hot(depends_on={"base": {"condition": "service_healthy"}}),
        "base": hot(command=["sh", "-c", "sleep 2; touch /tmp/ready; sleep infinity"], healthcheck=check,
                    **{"x-roost": {}}),
    })
    base, app = fleet.inspect("base"), fleet.inspect("app")
    healthy = [entry["Start"] for entry in base["State"]["Health"]["Log"] if entry["ExitCode"] == 0]
    assert app["State"]["StartedAt"] > healthy[0][:19]
    assert base["State"]["StartedAt"] < app["State"]["StartedAt"]


def test_a_lazy_agent_is_not_woken_by_a_pass_for_its_own_dependence(fleet):
    fleet.up({"job": lazy(depends_on=["base"]), "base": lazy()})
    for name in ("job", "base"):
        assert fleet.inspect(name)["State"]["Status"] == "created"
    fleet.settled()


def test_a_cycle_is_an_error_that_names_it(fleet):
    fleet.write({"a1": hot(depends_on=["b1"]), "b1": hot(depends_on=["a1"])})
    done = fleet.roost("check", fleet.file, status=1)
    assert "a1" in done.err and "b1" in done.err


def runs_of(fleet, *agents):
    """(container, since when it runs) of each."""
    return {agent: (seen["Id"], seen["State"]["StartedAt"]) for agent in agents for seen in [fleet.inspect(agent)]}


def test_restart_true_follows_what_was_made_anew(fleet):
    services = {
        "web": hot(depends_on={"app": {"condition": "service_started", "restart": True}}),
        "app": hot(depends_on={"db": {"condition": "service_started", "restart": True}}),
        "other": hot(depends_on=["db"]),
        "db": hot(),
    }
    fleet.up(services)
    before = runs_of(fleet, *services)
    done = fleet.actions("db", command="recreate")  # it waits for those that follow
    assert done == {"db": "recreated", "app": "started", "web": "started"}
    after = runs_of(fleet, *services)
    assert after["other"] == before["other"]
    for follower, leader in (("app", "db"), ("web", "app")):
        assert after[follower][0] == before[follower][0] and after[follower][1] > before[follower][1]
    assert after["web"][1] > after["app"][1]
    with fleet.serve():
        fleet.engine.docker("kill", fleet.container("db"))
        wait_until(lambda: runs_of(fleet, "db") != {"db": after["db"]} and fleet.inspect("db")["State"]["Running"],
                   "db is started again")
        fleet.settled()
        fleet.apply({**services, "db": hot(environment={"A": "new"})})
        wait_until(lambda: runs_of(fleet, "web") != {"web": after["web"]}, "web follows a changed row")
        assert runs_of(fleet, "other") == {"other": before["other"]}
        events = [json.loads(line) for line in fleet.roost("events", "-o", "json").out.splitlines()]
    assert {event["agent"] for event in events} == {"db"}  # killed, and well again: nothing of those that follow
