# SPDX-License-Identifier: MIT
"""Faults of the engine's side: pruned, killed, away."""

import pytest

from engine import wait_until
from fleet import hot, lazy


def test_a_pruned_sleeper_is_back_asleep(fleet, engine):
    services = {"one": lazy(volumes=["/data"]), "two": lazy(networks=["inner"])}
    fleet.up(services, networks={"inner": {}})
    engine.docker("system", "prune", "-f")
    assert fleet.mine() == []
    assert f"{fleet.name}_inner" not in engine.networks()
    assert fleet.actions() == {"one": "created", "two": "created"}
    for name in services:
        assert fleet.inspect(name)["State"]["Status"] == "created"
    assert {f"{fleet.name}_default", f"{fleet.name}_inner"} <= set(engine.networks())
    fleet.settled()


def test_a_pruned_network_of_a_sleeper_is_made_again(fleet, engine):
    fleet.up({"one": lazy(), "web": hot(networks=["inner"])}, networks={"inner": {}})
    engine.docker("network", "prune", "-f")
    assert f"{fleet.name}_default" not in engine.networks()
    fleet.report()
    assert f"{fleet.name}_default" in engine.networks()
    # And it can be used: the sleeper starts.
    engine.docker("start", fleet.container("one"))
    assert fleet.inspect("one")["State"]["Status"] == "running"


@pytest.mark.parametrize("used", [False, True])
def test_two_networks_of_one_name_are_one_again(fleet, engine, used):
    """As a killed client leaves them behind whose create the engine carried out beside the next client's."""
    fleet.up({"one": lazy()})
    network = f"{fleet.name}_default"
    if used:
        engine.docker("run", "-d", "--name", "guest", "--network", network, "busybox", "sleep", "1000")
    with fleet.serve():
        # Not before: the boot pass would find it.
        engine.create_network(network, {"roost.fleet": fleet.name})
        fleet.roost("wake", "one")
        assert fleet.inspect("one")["State"]["Status"] == "running"
    assert engine.networks().count(network) == 1


def test_hot_agents_are_up_again_after_the_engine_was_killed(fleet, engine):
    fleet.up({"web": hot(), "other": hot(), "reviewer": lazy()})
    engine.kill()
    engine.start()
    report = fleet.report()
    assert {report["web"]["action"], report["other"]["action"]} <= {"started", "unchanged"}
    assert report["reviewer"]["action"] == "unchanged"
    for name in ("web", "other"):
        assert fleet.inspect(name)["State"]["Status"] == "running"
    assert fleet.inspect("reviewer")["State"]["Status"] == "created"
    fleet.settled()


def test_serve_outlives_the_engine(fleet, engine):
    fleet.up({"web": hot(), "reviewer": lazy()})
    with fleet.serve():
        engine.kill()
        wait_until(lambda: fleet.get("/readyz")[0] == 503, "readyz sees that the engine is gone")
        assert fleet.get("/healthz")[0] == 200
        engine.start()
        wait_until(lambda: fleet.get("/readyz")[0] == 200, "readyz sees the engine again")
        wait_until(lambda: fleet.inspect("web")["State"]["Status"] == "running", "web runs again", 90)
        assert fleet.inspect("reviewer")["State"]["Status"] == "created"


def test_no_engine_is_an_exit_status_of_its_own(fleet):
    fleet.apply({"web": hot()})
    fleet.url = f"unix://{fleet.dir}/nobody.sock"
    done = fleet.roost("reconcile", status=4)
    assert "nobody.sock" in done.err
    # What needs no engine works on.
    fleet.roost("check", fleet.file)
