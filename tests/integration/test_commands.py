# SPDX-License-Identifier: MIT
"""The commands, as their user meets them."""

import os
import re
import sqlite3
import stat

import pytest

from engine import wait_until
from fleet import hot, lazy


@pytest.fixture(params=["alone", "daemon"])
def way(request, fleet):
    """Everything in both ways: without a daemon, and as the client of one."""
    fleet.up({"web": hot(volumes=["data:/data"]), "reviewer": lazy()}, volumes={"data": {}})
    if request.param == "alone":
        yield request.param
        return
    with fleet.serve():
        yield request.param


def test_plan_tells_and_changes_nothing(fleet, engine):
    fleet.apply({"web": hot(), "reviewer": lazy()})
    calls = engine.watch()
    assert fleet.actions(command="plan", status=3) == {"web": "created", "reviewer": "created"}
    assert calls.changing == []
    assert fleet.mine() == []
    assert "web" in fleet.roost("plan", status=3).out
    fleet.report()
    assert fleet.actions(command="plan") == {"web": "unchanged", "reviewer": "unchanged"}
    fleet.set_spec("web", "environment", {"A": "1"})
    assert fleet.actions(command="plan", status=3) == {"web": "recreated", "reviewer": "unchanged"}
    assert fleet.actions() == {"web": "recreated", "reviewer": "unchanged"}


def test_rm_removes_row_and_container(fleet, engine, way):
    fleet.roost("rm", "web")
    wait_until(lambda: fleet.inspect("web") is None, "the container gone")
    assert list(fleet.rows()) == ["reviewer"]
    assert f"{fleet.name}_data" in engine.volumes()
    assert fleet.inspect("reviewer")["State"]["Status"] == "created"
    fleet.roost("rm", "web", status=1)


def test_rm_of_a_held_agent_needs_force(fleet, way):
    fleet.roost("hold", "web")
    refusal = fleet.roost("rm", "web", status=1)
    assert "--force" in refusal.err
    assert fleet.inspect("web")["State"]["Status"] == "running"
    fleet.roost("rm", "web", "--force")
    wait_until(lambda: fleet.inspect("web") is None, "the container gone")


def test_hold_and_unhold(fleet, engine, way):
    fleet.roost("hold", "web", "--reason", "looking into it")
    row = fleet.rows()["web"]
    assert row["held"] is True
    engine.docker("stop", fleet.container("web"))
    fleet.set_spec("web", "environment", {"A": "1"})
    assert fleet.actions()["web"] == "held"
    assert fleet.inspect("web")["State"]["Status"] == "exited"
    fleet.roost("unhold", "web")
    wait_until(lambda: fleet.actions()["web"] == "unchanged", "at rest")
    seen = fleet.inspect("web")
    assert seen["State"]["Status"] == "running"
    assert "A=1" in seen["Config"]["Env"]
    assert fleet.rows()["web"]["held"] is False


def test_recreate_by_hand(fleet, engine, way):
    engine.docker("exec", fleet.container("web"), "sh", "-c", "echo kept >/data/file; echo gone >/tmp/file")
    before = {name: mark[0] for name, mark in fleet.marks().items()}
    fleet.roost("recreate", "web")
    seen = fleet.inspect("web")
    assert seen["Id"] != before[fleet.container("web")]
    assert seen["State"]["Status"] == "running"
    assert engine.docker("exec", fleet.container("web"), "cat", "/data/file") == "kept"
    fleet.roost("recreate", "reviewer")
    seen = fleet.inspect("reviewer")
    assert seen["Id"] != before[fleet.container("reviewer")]
    assert seen["State"]["Status"] == "created"
    assert fleet.mine() == sorted(before)


def test_set_changes_a_row(fleet, way):
    fleet.roost("set", "web", "lifecycle=lazy")
    if way == "alone":
        assert fleet.actions()["web"] == "recreated"
    wait_until(lambda: fleet.inspect("web")["State"]["Status"] == "created", "web asleep")
    assert fleet.rows()["web"]["lifecycle"] == "lazy"


def test_down_removes_every_container_and_keeps_volumes(fleet, engine, way):
    fleet.roost("down", "-y")
    assert fleet.mine() == []
    assert f"{fleet.name}_data" in engine.volumes()
    assert f"{fleet.name}_default" not in engine.networks()


def test_down_with_volumes(fleet, engine, way):
    fleet.roost("down", "--volumes", "-y")
    assert fleet.mine() == []
    assert f"{fleet.name}_data" not in engine.volumes()


def test_down_leaves_what_is_foreign(fleet, engine):
    fleet.up({"web": hot()})
    engine.docker("run", "-d", "--name", "stranger", "--network", f"{fleet.name}_default", "-v", "strange:/data",
                  "busybox", "sleep", "infinity")
    fleet.run("down", "--volumes", "-y")
    assert fleet.mine() == []
    assert engine.inspect("stranger")["State"]["Status"] == "running"
    assert "strange" in engine.volumes()


def test_orphans_are_told_and_removed_only_when_asked(fleet, engine):
    fleet.up({"web": hot(), "other": hot()})
    # Rows whose tombstones are lost: nothing says any more that these may go.
    fleet.sql("DELETE FROM agents WHERE name='other'; DELETE FROM tombstones")
    row = fleet.report()["other"]
    assert row["action"] == "orphaned"
    assert fleet.inspect("other")["State"]["Status"] == "running"
    fleet.report("--remove-orphans")
    assert fleet.inspect("other") is None
    assert fleet.actions() == {"web": "unchanged"}


def test_apply_is_one_sources_business(fleet):
    fleet.up({"web": hot(), "other": lazy()})
    # A row made by hand is none of the file's.
    fleet.sql("INSERT INTO agents (name, lifecycle, image, spec) "
              "SELECT 'handmade', 'lazy', image, spec FROM agents WHERE name='web'")
    fleet.apply({"web": hot()})
    assert set(fleet.rows()) == {"web", "other", "handmade"}
    fleet.apply({"web": hot()}, "--prune", "-y")
    # The pruned one is listed until its container is gone, as something that has no row any more.
    assert {name for name, row in fleet.rows().items() if row["lifecycle"]} == {"web", "handmade"}
    assert fleet.actions() == {"web": "unchanged", "other": "removed", "handmade": "created"}


def test_apply_tells_of_hand_made_changes_that_it_overwrites(fleet):
    services = {"web": hot(environment={"A": "1"})}
    fleet.up(services)
    fleet.set_spec("web", "environment.A", "by hand")
    done = fleet.apply(services)
    assert "web" in done.out + done.err
    assert fleet.actions() == {"web": "unchanged"}


def test_a_file_of_another_fleet_is_refused(fleet):
    fleet.apply({"web": hot()})
    fleet.file.write_text('{"name": "elsewhere", "services": {"web": {"image": "busybox"}}}')
    refusal = fleet.roost("apply", fleet.file, status=1)
    assert "elsewhere" in refusal.err and fleet.name in refusal.err


def test_check_names_line_column_and_the_nearest_key(fleet):
    fleet.file.write_text("name: demo\nservices:\n  web:\n    image: busybox\n    enviroment: {A: 1}\n")
    refusal = fleet.roost("check", fleet.file, status=1)
    assert "compose.yaml:5:5" in refusal.err
    assert "environment" in refusal.err
    assert not fleet.db.exists()


def test_wrong_usage_is_status_2(fleet):
    assert "apply" in fleet.roost("aply", status=2).err
    fleet.roost("ls", "--no-such-option", status=2)
    fleet.roost("show", status=2)
    assert fleet.roost("help").out
    assert fleet.roost("version").out.strip()


def test_an_unknown_agent_is_told_in_the_same_words_by_every_command(fleet, way):
    overview = fleet.roost("help").out
    commands = [command for command in re.findall(r"^  ([a-z]+) ", overview, re.M)
                if re.search(rf"^usage: roost {command} \[?NAME", fleet.roost("help", command).out, re.M)]
    assert {"show", "set", "wake", "sleep", "restart", "pull", "rm", "reconcile"} <= set(commands)
    for name, mend in (("revewer", 'did you mean "reviewer"?'), ("nobody", "`roost ls` lists them")):
        for command in commands:
            more = ["lifecycle=lazy"] if command == "set" else []
            done = fleet.run(command, name, *more)
            if done.status == 4:
                assert way == "alone" and "no daemon listens" in done.err
                continue
            assert done.status == 1, done
            assert f'there is no agent "{name}"; {mend}\n' in done.err, done


def test_an_unknown_agent_is_told_in_the_same_words_by_every_call(fleet):
    fleet.up({"reviewer": lazy()})
    with fleet.serve():
        for method, rest in (("GET", ""), ("POST", "/wake"), ("POST", "/sleep"), ("POST", "/restart"), ("PUT", "/hold"), ("DELETE", "/hold"),
                             ("POST", "/reconcile"), ("POST", "/pull")):
            status, problem = fleet.get(f"/v1/agents/revewer{rest}", method=method)
            assert (status, problem["code"]) == (404, "no_agent"), (method, rest)
            assert problem["detail"] == 'there is no agent "revewer"; did you mean "reviewer"?', (method, rest)


def test_backup_is_a_whole_database(fleet, way):
    copy = fleet.dir / "copy.db"
    fleet.roost("backup", copy)
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    with sqlite3.connect(copy) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert {name for name, in db.execute("SELECT name FROM agents")} == {"web", "reviewer"}
    fleet.roost("backup", copy, status=1)  # never over something


def test_doctor_finds_nothing_wrong(fleet, way):
    done = fleet.roost("doctor")
    assert "1.41" in done.out or "engine" in done.out


def test_doctor_says_how_to_mend(fleet):
    fleet.up({"web": hot()})
    os.chmod(fleet.db, 0o644)
    done = fleet.roost("doctor", status=1)
    assert "chmod" in done.out + done.err
    os.chmod(fleet.db, 0o600)
    fleet.url = f"unix://{fleet.dir}/nobody.sock"
    assert fleet.run("doctor").status in (1, 4)


def test_a_database_that_others_may_write_is_refused(fleet):
    fleet.apply({"web": hot()})
    os.chmod(fleet.db, 0o666)
    refusal = fleet.roost("reconcile", status=1)
    assert str(fleet.db) in refusal.err
