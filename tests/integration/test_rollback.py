# SPDX-License-Identifier: MIT
"""A recreate never costs a working container."""

import pytest

from fleet import hot, lazy

# Three ways in which the next container cannot come up, and what the engine says of each.
BROKEN = {
    # Never pulled: no test asks anybody outside.
    "image": ("UPDATE agents SET image='no-such-image', spec=json_set(spec, '$.pull_policy', 'never') WHERE name='web'",
              "o such image"),
    "command": ("UPDATE agents SET spec=json_set(spec, '$.command', json('[\"/no/such/command\"]')) WHERE name='web'",
                "/no/such/command"),
    "port": ("UPDATE agents SET spec=json_set(spec, '$.ports', json('[\"127.0.0.1:18473:80\"]')) WHERE name='web'",
             "port is already allocated"),
}
MENDED = {
    "image": "UPDATE agents SET image='busybox', spec=json_set(spec, '$.environment.A', '2') WHERE name='web'",
    "command": "UPDATE agents SET spec=json_set(spec, '$.command', json('[\"httpd\", \"-f\", \"-p\", \"80\", \"-h\", \"/tmp\"]')) WHERE name='web'",
    "port": "UPDATE agents SET spec=json_set(spec, '$.ports', json('[\"127.0.0.1:18474:80\"]')) WHERE name='web'",
}


@pytest.fixture
def taken_port(engine):
    engine.docker("run", "-d", "--name", "port-owner", "-p", "127.0.0.1:18473:80", "busybox", "sleep", "infinity")


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_start_leaves_the_old_one_at_work(fleet, engine, taken_port, what):
    fleet.up({"web": hot(environment={"A": "1"}), "other": hot()})
    before, other = fleet.inspect("web"), fleet.marks()[fleet.container("other")]
    statement, words = BROKEN[what]
    fleet.sql(statement)

    row = fleet.report(status=1)["web"]
    assert row["action"] in ("error", "rolled_back"), row
    assert words in row["error"], row
    seen = fleet.inspect("web")
    assert (seen["Id"], seen["State"]["Status"]) == (before["Id"], "running")
    assert fleet.mine() == [fleet.container("other"), fleet.container("web")]
    assert fleet.marks()[fleet.container("other")] == other

    # The agent says why, in the engine's words.
    assert words in fleet.rows()["web"]["reason"]

    # It is not tried again and again: its working container is not stopped once more.
    marks = fleet.marks()
    fleet.report(status=1)
    assert fleet.marks() == marks

    # The row mended, it goes on.
    fleet.sql(MENDED[what])
    assert fleet.actions() == {"web": "recreated", "other": "unchanged"}
    seen = fleet.inspect("web")
    assert seen["Id"] != before["Id"]
    assert seen["State"]["Status"] == "running"
    assert fleet.mine() == [fleet.container("other"), fleet.container("web")]
    fleet.settled()


def test_what_dies_at_once_is_rolled_back(fleet):
    fleet.up({"web": hot()})
    before = fleet.inspect("web")["Id"]
    fleet.set_spec("web", "command", ["sh", "-c", "exit 7"])
    row = fleet.report(status=1)["web"]
    assert row["action"] == "rolled_back", row
    seen = fleet.inspect("web")
    assert (seen["Id"], seen["State"]["Status"]) == (before, "running")
    assert fleet.mine() == [fleet.container("web")]


def test_one_that_tells_nothing_of_itself_has_to_run_for_a_while(fleet):
    """Without a test of readiness the old container is kept until the new one has run for 10 s."""
    fleet.up({"web": hot(command=["sleep", "3600"], **{"x-roost": {}})})
    fleet.set_spec("web", "command", ["sleep", "7200"])
    assert fleet.actions() == {"web": "recreated"}
    assert fleet.inspect("web")["Config"]["Cmd"] == ["sleep", "7200"]
    assert fleet.mine() == [fleet.container("web")]
    fleet.set_spec("web", "command", ["sh", "-c", "sleep 4; exit 1"])
    assert fleet.actions(status=1) == {"web": "rolled_back"}
    assert fleet.inspect("web")["Config"]["Cmd"] == ["sleep", "7200"]
    assert fleet.inspect("web")["State"]["Status"] == "running"
    assert fleet.mine() == [fleet.container("web")]


def test_a_missing_image_never_stops_the_old_container(fleet):
    fleet.up({"web": hot()})
    marks = fleet.marks()
    fleet.sql("UPDATE agents SET image='no-such-image', spec=json_set(spec, '$.pull_policy', 'never')")
    fleet.report(status=1)
    assert fleet.marks() == marks


def test_a_new_agent_whose_image_is_missing_fails_alone(fleet):
    fleet.apply({"web": hot(image="no-such-image", pull_policy="never"), "other": hot(), "sleeper": lazy()})
    report = fleet.report(status=1)
    assert report["web"]["action"] == "error"
    assert "o such image" in report["web"]["error"]
    assert (report["other"]["action"], report["sleeper"]["action"]) == ("created", "created")
    assert fleet.rows()["web"]["state"] in ("failed", "missing")


@pytest.mark.parametrize("volume", ["spec", "image"])
def test_anonymous_volumes_keep_their_data(fleet, engine, volume):
    service = hot(environment={"A": "1"})
    if volume == "spec":
        service["volumes"] = ["/data"]
    else:
        engine.docker("create", "--name", "base", "busybox")
        engine.docker("commit", "--change", "VOLUME /data", "base", "with-volume")
        service["image"] = "with-volume"
    fleet.up({"web": service})
    engine.docker("exec", fleet.container("web"), "sh", "-c", "echo kept >/data/file")
    before = fleet.inspect("web")
    for value in ("2", "3"):
        fleet.set_spec("web", "environment.A", value)
        assert fleet.actions() == {"web": "recreated"}
        seen = fleet.inspect("web")
        assert f"A={value}" in seen["Config"]["Env"]
        assert [m["Name"] for m in seen["Mounts"]] == [m["Name"] for m in before["Mounts"]]
        assert engine.docker("exec", fleet.container("web"), "cat", "/data/file") == "kept"
    # Found again after the container has gone missing, too.
    engine.docker("rm", "-f", fleet.container("web"))
    assert fleet.actions() == {"web": "created"}
    assert engine.docker("exec", fleet.container("web"), "cat", "/data/file") == "kept"
    fleet.settled()


def test_a_rolled_back_recreate_keeps_the_volume_too(fleet, engine):
    fleet.up({"web": hot(volumes=["/data"])})
    engine.docker("exec", fleet.container("web"), "sh", "-c", "echo kept >/data/file")
    fleet.sql(BROKEN["command"][0])
    fleet.report(status=1)
    assert engine.docker("exec", fleet.container("web"), "cat", "/data/file") == "kept"
