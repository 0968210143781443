# SPDX-License-Identifier: MIT
"""Whose container it is: ours is adopted, another's is never touched."""

import pytest

from engine import wait_until
from fleet import hot, lazy


def refused(fleet, agent, code):
    """A pass that fails this agent with this code."""
    row = fleet.report(status=1)[agent]
    assert row["action"] == "error", row
    assert row["error"].startswith(code + ": "), row


def test_a_running_lazy_agent_is_adopted_not_stopped(fleet, engine):
    fleet.up({"reviewer": lazy()})
    engine.docker("start", fleet.container("reviewer"))
    marks = fleet.marks()
    assert fleet.actions() == {"reviewer": "adopted"}
    assert fleet.marks() == marks
    assert fleet.rows()["reviewer"]["state"] in ("starting", "running")


def test_a_running_lazy_agent_survives_the_daemons_boot_and_end(fleet, engine):
    fleet.up({"reviewer": lazy()})
    engine.docker("start", fleet.container("reviewer"))
    marks = fleet.marks()
    with fleet.serve():
        assert fleet.marks() == marks
        wait_until(lambda: fleet.rows()["reviewer"]["state"] == "running", "known to be running")
    assert fleet.marks() == marks


def test_a_foreign_container_with_our_name(fleet, engine):
    fleet.apply({"web": hot(), "other": hot()})
    engine.docker("run", "-d", "--name", fleet.container("web"), "busybox", "sleep", "infinity")
    before = engine.inspect(fleet.container("web"))
    refused(fleet, "web", "name_conflict")
    assert engine.inspect(fleet.container("web")) == before
    assert fleet.inspect("other")["State"]["Status"] == "running"
    # It goes, and so does the error.
    engine.docker("rm", "-f", fleet.container("web"))
    assert fleet.actions() == {"web": "created", "other": "unchanged"}


def test_a_foreign_container_is_no_orphan_and_is_not_removed(fleet, engine):
    fleet.up({"web": hot()})
    engine.docker("run", "-d", "--name", f"{fleet.name}-stranger", "busybox", "sleep", "infinity")
    assert fleet.actions("--remove-orphans") == {"web": "unchanged"}
    assert engine.inspect(f"{fleet.name}-stranger")["State"]["Status"] == "running"


def test_a_container_from_a_commit_of_ours(fleet, engine):
    fleet.up({"web": hot()})
    engine.docker("commit", fleet.container("web"), "snapshot")
    engine.docker("run", "-d", "--name", "from-snapshot", "snapshot", "sleep", "infinity")
    copy = engine.inspect("from-snapshot")
    assert copy["Config"]["Labels"]["roost.agent"] == "web"
    ours = fleet.marks()[fleet.container("web")]
    refused(fleet, "web", "duplicate")
    assert engine.inspect("from-snapshot") == copy
    assert fleet.marks()[fleet.container("web")] == ours
    # Not even when our own row goes, or orphans are removed.
    fleet.run("reconcile", "--remove-orphans")
    assert engine.inspect("from-snapshot") == copy
    engine.docker("rm", "-f", "from-snapshot")
    engine.docker("rmi", "snapshot")
    assert fleet.actions() == {"web": "unchanged"}


def test_a_deleted_agents_commit_stays(fleet, engine):
    fleet.up({"web": hot()})
    engine.docker("commit", fleet.container("web"), "snapshot")
    engine.docker("run", "-d", "--name", "from-snapshot", "snapshot", "sleep", "infinity")
    copy = engine.inspect("from-snapshot")
    fleet.sql("DELETE FROM agents")
    fleet.run("reconcile")
    assert engine.inspect("from-snapshot") == copy
    engine.docker("rm", "-f", "from-snapshot")
    engine.docker("rmi", "snapshot")


def test_a_running_compose_project_of_this_name(fleet, engine):
    fleet.apply({"web": hot(), "other": hot()})
    engine.docker("run", "-d", "--name", f"{fleet.name}_web_1", "--label", f"com.docker.compose.project={fleet.name}",
                  "--label", "com.docker.compose.service=web", "busybox", "sleep", "infinity")
    before = engine.inspect(f"{fleet.name}_web_1")
    refused(fleet, "web", "compose_running")
    assert engine.inspect(f"{fleet.name}_web_1") == before
    assert fleet.inspect("web") is None
    assert fleet.inspect("other")["State"]["Status"] == "running"


def test_a_fresh_database_beside_the_containers_of_a_lost_one(fleet, new_fleet):
    services = {"web": hot(), "reviewer": lazy()}
    fleet.up(services)
    marks = fleet.marks()
    fresh = new_fleet(fleet.name)
    fresh.apply(services)

    for words in (("reconcile",), ("reconcile", "--remove-orphans"), ("serve",)):
        refusal = fresh.run(*words)
        assert refusal.status == 1, refusal
        assert "--takeover" in refusal.err, refusal
        assert fleet.marks() == marks

    assert set(fresh.actions("--takeover").values()) <= {"unchanged", "adopted"}
    assert fleet.marks() == marks
    # From then on they are its own, and a changed row recreates as ever.
    assert fresh.actions() == {"web": "unchanged", "reviewer": "unchanged"}
    fresh.set_spec("web", "environment", {"A": "1"})
    assert fresh.actions() == {"web": "recreated", "reviewer": "unchanged"}
    assert fresh.mine() == sorted(marks)


def test_serve_takes_over_without_a_restart(fleet, new_fleet):
    services = {"web": hot(), "reviewer": lazy()}
    fleet.up(services)
    marks = fleet.marks()
    fresh = new_fleet(fleet.name)
    fresh.apply(services)
    with fresh.serve("--takeover"):
        assert fleet.marks() == marks
        wait_until(lambda: fresh.rows()["web"]["state"] == "running", "known to be running")


def test_a_lost_database_never_deletes_a_container(fleet, new_fleet):
    fleet.up({"web": hot(), "reviewer": lazy()})
    marks = fleet.marks()
    fresh = new_fleet(fleet.name)
    fresh.apply({"something": lazy()})
    actions = fresh.actions("--takeover")
    assert actions["something"] == "created"
    assert all(fleet.marks()[name] == mark for name, mark in marks.items())


@pytest.mark.parametrize("other", ["hot", "lazy"])
def test_two_fleets_side_by_side(fleet, new_fleet, other):
    fleet.up({"web": hot()})
    marks = fleet.marks()
    second = new_fleet()
    second.up({"web": hot() if other == "hot" else lazy()})
    second.settled()
    second.actions("--remove-orphans")
    assert fleet.marks() == marks
