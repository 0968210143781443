# SPDX-License-Identifier: MIT
"""What is mended when a container is not what its row says, and what is no difference."""

from fleet import hot, lazy


def test_a_stopped_hot_agent_is_started(fleet, engine):
    fleet.up({"web": hot()})
    before = fleet.inspect("web")["Id"]
    engine.docker("stop", fleet.container("web"))
    assert fleet.actions() == {"web": "started"}
    seen = fleet.inspect("web")
    assert (seen["Id"], seen["State"]["Status"]) == (before, "running")
    fleet.settled()


def test_a_removed_container_is_created(fleet, engine):
    fleet.up({"web": hot(), "reviewer": lazy()})
    engine.docker("rm", "-f", fleet.container("web"), fleet.container("reviewer"))
    assert fleet.actions() == {"web": "created", "reviewer": "created"}
    assert fleet.inspect("web")["State"]["Status"] == "running"
    assert fleet.inspect("reviewer")["State"]["Status"] == "created"
    fleet.settled()


def test_hot_made_lazy_with_sqlite3_is_recreated_asleep(fleet):
    fleet.up({"web": hot()})
    before = fleet.inspect("web")["Id"]
    fleet.sql("UPDATE agents SET lifecycle='lazy' WHERE name='web'")
    assert fleet.actions() == {"web": "recreated"}
    seen = fleet.inspect("web")
    assert seen["Id"] != before
    assert seen["State"]["Status"] == "created"
    assert seen["HostConfig"]["RestartPolicy"]["Name"] == "no"
    assert fleet.mine() == [fleet.container("web")]
    fleet.settled()


def test_lazy_made_hot_with_sqlite3_is_recreated_running(fleet):
    fleet.up({"reviewer": lazy()})
    before = fleet.inspect("reviewer")["Id"]
    fleet.sql("UPDATE agents SET lifecycle='hot' WHERE name='reviewer'")
    assert fleet.actions() == {"reviewer": "recreated"}
    seen = fleet.inspect("reviewer")
    assert seen["Id"] != before
    assert seen["State"]["Status"] == "running"
    assert seen["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert fleet.mine() == [fleet.container("reviewer")]
    fleet.settled()


def test_a_changed_environment_value_recreates(fleet):
    services = {"web": hot(environment={"COLOUR": "red"}), "reviewer": lazy(environment={"COLOUR": "red"})}
    fleet.up(services)
    before = fleet.marks()
    for service in services.values():
        service["environment"]["COLOUR"] = "blue"
    fleet.apply(services)
    assert fleet.actions() == {"web": "recreated", "reviewer": "recreated"}
    for name, status in (("web", "running"), ("reviewer", "created")):
        seen = fleet.inspect(name)
        assert seen["Id"] != before[fleet.container(name)][0]
        assert seen["State"]["Status"] == status
        assert "COLOUR=blue" in seen["Config"]["Env"]
    assert fleet.mine() == sorted(before)
    fleet.settled()


def test_only_the_changed_agent_is_touched(fleet):
    services = {"web": hot(environment={"COLOUR": "red"}), "other": hot(environment={"COLOUR": "red"})}
    fleet.up(services)
    other = fleet.marks()[fleet.container("other")]
    services["web"]["environment"]["COLOUR"] = "blue"
    fleet.apply(services)
    assert fleet.actions() == {"web": "recreated", "other": "unchanged"}
    assert fleet.marks()[fleet.container("other")] == other


ONE_WAY = """
name: {name}
services:
  web:
    image: busybox
    command: sleep infinity
    stop_signal: SIGKILL
    environment:
      COLOUR: red
      SHAPE: round
"""

ANOTHER_WAY = """
# The same, written by somebody else.
services:
  web:
    environment: [SHAPE=round, COLOUR=red]   # a list is a map
    stop_signal: "SIGKILL"
    command: ["sleep", "infinity"]
    image: 'busybox'
name: {name}
"""


def test_comments_order_and_spelling_are_no_change(fleet, engine):
    fleet.file.write_text(ONE_WAY.format(name=fleet.name))
    fleet.roost("apply", fleet.file)
    assert fleet.actions() == {"web": "created"}
    marks = fleet.marks()
    fleet.file.write_text(ANOTHER_WAY.format(name=fleet.name))
    calls = engine.watch()
    fleet.roost("apply", fleet.file)
    assert fleet.actions() == {"web": "unchanged"}
    assert fleet.marks() == marks
    assert calls.changing == []


def test_a_restart_policy_changed_by_hand_is_found_deep_and_mended(fleet, engine):
    fleet.up({"web": hot(), "reviewer": lazy()})
    ids = {name: mark[0] for name, mark in fleet.marks().items()}
    engine.docker("update", "--restart", "no", fleet.container("web"))
    engine.docker("update", "--restart", "always", fleet.container("reviewer"))
    assert fleet.actions("--deep") == {"web": "updated", "reviewer": "updated"}
    assert fleet.inspect("web")["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert fleet.inspect("reviewer")["HostConfig"]["RestartPolicy"]["Name"] == "no"
    assert {name: mark[0] for name, mark in fleet.marks().items()} == ids
    assert fleet.inspect("reviewer")["State"]["Status"] == "created"
    assert fleet.actions("--deep") == {"web": "unchanged", "reviewer": "unchanged"}


def test_a_network_taken_away_by_hand_is_drift(fleet, engine):
    fleet.up({"web": hot()})
    before = fleet.inspect("web")["Id"]
    engine.docker("network", "disconnect", f"{fleet.name}_default", fleet.container("web"))
    assert fleet.actions() == {"web": "recreated"}
    seen = fleet.inspect("web")
    assert seen["Id"] != before
    assert list(seen["NetworkSettings"]["Networks"]) == [f"{fleet.name}_default"]
    fleet.settled()


def test_a_container_renamed_by_hand_gets_its_name_back(fleet, engine):
    fleet.up({"web": hot()})
    before = fleet.inspect("web")
    engine.docker("rename", fleet.container("web"), "somebody-elses-idea")
    assert fleet.actions() == {"web": "renamed"}
    after = fleet.inspect("web")
    assert after["Id"] == before["Id"]
    assert after["State"]["StartedAt"] == before["State"]["StartedAt"]
    fleet.settled()


def test_a_running_lazy_agent_that_drifted_waits(fleet, engine):
    fleet.up({"reviewer": lazy(environment={"A": "1"})})
    engine.docker("start", fleet.container("reviewer"))
    before = fleet.inspect("reviewer")["Id"]
    fleet.set_spec("reviewer", "environment.A", "2")
    assert fleet.actions() == {"reviewer": "deferred"}
    seen = fleet.inspect("reviewer")
    assert (seen["Id"], seen["State"]["Status"]) == (before, "running")
    engine.docker("stop", fleet.container("reviewer"))
    assert fleet.actions() == {"reviewer": "recreated"}
    assert fleet.inspect("reviewer")["State"]["Status"] == "created"
    fleet.settled()


def test_a_paused_hot_agent_is_left_paused(fleet, engine):
    fleet.up({"web": hot()})
    engine.docker("pause", fleet.container("web"))
    assert fleet.actions() == {"web": "unchanged"}
    assert fleet.inspect("web")["State"]["Status"] == "paused"
    engine.docker("unpause", fleet.container("web"))
