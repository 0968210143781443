# SPDX-License-Identifier: MIT
"""Restarts that somebody asks for: the same container, down and up once, and not one event."""

from fleet import hot, lazy
from watch import Telling, leases, puppet, state, wait_ready, wait_state, wake

# Exits by itself when it is asked to, which takes it a second; else it would be killed after five.
POLITE = {"command": ["sh", "-c", "trap 'sleep 1; exit 7' TERM; httpd -p 80; while :; do sleep 0.1; done"],
          "stop_signal": "SIGTERM", "stop_grace_period": "5s"}


def run_of(fleet, agent):
    """(which container, since when it runs)"""
    seen = fleet.inspect(agent)
    return seen["Id"], seen["State"]["StartedAt"]


def restarted(fleet, agent, *words):
    """Restarts it, and says that it was the same container, in a new run."""
    before = run_of(fleet, agent)
    done = fleet.roost("restart", agent, *words)
    after = run_of(fleet, agent)
    assert after[0] == before[0] and after[1] > before[1]
    assert state(fleet, agent) == "running"
    return done


def test_down_and_up_once_and_not_one_event(fleet, engine):
    services = {"web": {**puppet(), **POLITE}, "leased": puppet("lazy"), "idle": puppet("lazy"), "paused": puppet()}
    fleet.apply(services)
    with fleet.serve():
        wait_ready(fleet, services)
        wake(fleet, "leased", "--ttl", "10m")
        fleet.roost("release", wake(fleet, "idle", "--ttl", "10m"))
        told = Telling(fleet)
        calls = engine.watch()
        assert "web is running" in restarted(fleet, "web").err
        assert [call.split("/")[-1].partition("?")[0] for call in calls.changing] == ["stop", "start"]
        assert restarted(fleet, "leased", "-o", "json").json == {"agent": "leased", "state": "running"}
        restarted(fleet, "idle")
        assert leases(fleet) == ["leased"]
        told.exactly({})
        engine.docker("pause", fleet.container("paused"))
        wait_state(fleet, "paused", "paused")
        restarted(fleet, "paused")
        told.exactly({"paused": ["container_paused", "container_recovered"]})


def test_several_are_restarted_one_after_the_other(fleet):
    fleet.up({"one": hot(), "two": hot()})
    with fleet.serve():
        before = {agent: run_of(fleet, agent) for agent in ("one", "two")}
        done = fleet.roost("restart", "one", "nobody", "two", status=1)
        assert 'there is no agent "nobody"' in done.err
        after = {agent: run_of(fleet, agent) for agent in ("one", "two")}
        assert before["one"][1] < after["one"][1] < after["two"][1]
        assert before["two"][0] == after["two"][0]


def test_who_is_refused(fleet, engine):
    services = {"asleep": lazy(), "held": hot()}
    fleet.up(services)
    refusal = fleet.roost("restart", "held", status=4)
    assert "a restart needs one; start it with `roost serve`" in refusal.err
    with fleet.serve():
        wait_ready(fleet, services)
        fleet.roost("hold", "held")
        calls = engine.watch()
        assert "the agent sleeps; `roost wake` wakes it" in fleet.roost("restart", "asleep", status=1).err
        assert "the agent is held" in fleet.roost("restart", "held", status=1).err
        for agent, code in (("asleep", "asleep"), ("held", "held")):
            status, problem = fleet.get(f"/v1/agents/{agent}/restart", method="POST")
            assert (status, problem["code"]) == (409, code)
        assert calls.changing == []
        assert leases(fleet) == []
