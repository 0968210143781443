# SPDX-License-Identifier: MIT
"""set, hold, unhold, rm, backup, show --docker-run: what they do to the table, without a daemon or an engine."""

import json
import os
import shutil
import sqlite3
import stat

import pytest


@pytest.fixture
def web(cli):
    cli.run("set", "web", "image=busybox", "command=sleep 9", "environment.A=1")
    return cli


def test_set_makes_an_agent(cli):
    done = cli.run("set", "web", "image=busybox", "lifecycle=lazy", "idle_timeout=15m")
    assert done.out == "web: created\n"
    assert "no daemon runs" in done.err
    assert cli.sql("SELECT name, lifecycle, image, idle_timeout, source FROM agents") == [
        ("web", "lazy", "busybox", "15m", None)]
    assert cli.sql("SELECT fleet FROM meta") == [("roost",)]
    assert cli.run("set", "web", "lifecycle=lazy").out == "web: unchanged\n"
    assert cli.run("set", "web", "lifecycle=hot", "-o", "json").json == {
        "agents": [{"name": "web", "change": "changed"}], "reconcile": None}


def test_set_names_a_new_fleet(cli):
    cli.run("set", "web", "image=busybox", "-p", "mine")
    assert cli.sql("SELECT fleet FROM meta") == [("mine",)]
    assert "mine" in cli.run("set", "web", "image=other", "-p", "yours", status=1).err
    assert cli.column("web", "image") == "busybox"


def test_a_typing_error_makes_no_agent(web):
    done = web.run("set", "wbe", "lifecycle=lazy", status=1)
    assert "image=" in done.err and '"web"' in done.err
    assert web.names() == ["web"]


def test_set_paths_of_the_spec(web):
    web.run("set", "web", "environment.B=1.10", "environment.C=true", "labels.com.example.team=core",
            "x-roost.ready.tcp=8080", 'ports=["8080:80"]')
    spec = web.spec("web")
    assert spec["environment"] == {"A": "1", "B": "1.10", "C": "true"}
    assert spec["labels"] == {"com.example.team": "core"}
    web.run("set", "web", "environment.A=null", "environment.B=null", "ports=null")
    spec = web.spec("web")
    assert spec["environment"] == {"C": "true"}
    assert "ports" not in spec
    web.run("set", "web", 'spec={"command": ["sleep", "1"]}')
    assert web.spec("web") == {"command": ["sleep", "1"]}


@pytest.mark.parametrize("words, status, error", [
    (["lifecycle=warm"], 2, "lifecycle is hot or lazy"),
    (["lifecycel=hot"], 2, 'did you mean "lifecycle"?'),
    (["enviroment.A=1"], 2, 'did you mean "environment"?'),
    (["idle_timeout=soon"], 2, "idle_timeout is a duration"),
    (["held=perhaps"], 2, "held is true or false"),
    (["source=compose.yaml"], 2, "absolute path"),
    (["image="], 2, "an agent needs an image"),
    (["lifecycle"], 2, "not of the form key=value"),
    (["=x"], 2, "not of the form key=value"),
    (["spec=[]"], 2, "spec is a JSON object"),
    (["spec={"], 2, "spec is a JSON object"),
    (["ports=[1"], 2, "ports: not valid JSON"),
    (["command.x=1"], 2, "there are no keys below command"),
    (["environment.=1"], 2, "a key is missing"),
    (['spec={"no_such_key": 1}'], 1, "no_such_key"),
    (["stop_grace_period=soon"], 1, "stop_grace_period"),
])
def test_set_refuses(web, words, status, error):
    before = web.sql("SELECT * FROM agents")
    assert error in web.run("set", "web", *words, status=status).err
    assert web.sql("SELECT * FROM agents") == before


def test_set_on_a_broken_row(web):
    web.sql("UPDATE agents SET spec = 'nonsense'")
    assert "spec=" in web.run("set", "web", "environment.A=1", status=1).err
    web.run("set", "web", "lifecycle=lazy")
    web.run("set", "web", "spec={}")
    assert web.spec("web") == {}


def test_hold_and_unhold(web):
    assert web.run("hold", "web", "--reason", "a dump").out == "web: held\n"
    assert web.sql("SELECT held, held_reason FROM agents") == [(1, "a dump")]
    assert web.run("hold", "web").out == "web: unchanged\n"
    assert web.run("unhold", "web").out == "web: unheld\n"
    assert web.sql("SELECT held, held_reason FROM agents") == [(0, None)]
    web.run("set", "web", "held=true")
    assert web.column("web", "held") == 1


def test_hold_is_for_all_or_none(web):
    assert "nobody" in web.run("hold", "web", "nobody", status=1).err
    assert web.column("web", "held") == 0


def test_rm_writes_first(web):
    """The row is gone for good though no engine can be asked: a later pass finds the tombstone."""
    done = web.run("rm", "web", status=4)
    assert "not yet carried out" in done.err
    assert web.names() == []
    assert web.sql("SELECT name FROM tombstones") == [("web",)]


def test_rm_refuses(web):
    web.run("hold", "web", "--reason", "busy with it")
    done = web.run("rm", "web", status=1)
    assert "busy with it" in done.err and "--force" in done.err
    assert '"web"' in web.run("rm", "wbe", status=1).err
    assert web.names() == ["web"]
    web.run("rm", "web", "--force", status=4)
    assert web.names() == []


def test_rm_of_volumes_looks_at_the_containers_first(web):
    """Nothing is deleted where it cannot be known what goes."""
    web.run("rm", "--volumes", "-y", "web", status=4)
    assert web.names() == ["web"]


def test_down_asks(web):
    done = web.run("down", status=1)
    assert "-y" in done.err and '"roost"' in done.err
    assert web.names() == ["web"]


@pytest.mark.parametrize("answer, status", [("y\n", 4), ("yes\n", 4), ("n\n", 1), ("\n", 1), ("yikes\n", 1)])
def test_down_takes_only_yes(web, answer, status):
    """Status 4 comes afterwards, from the engine that is not there: then nothing is deleted either."""
    shown = web.on_terminal("down", answer=answer, status=status)
    assert 'delete every agent of fleet "roost" (1)' in shown and "[y/N]" in shown
    assert web.names() == ["web"]


def test_down_stops_at_a_held_agent(web):
    web.run("hold", "web")
    assert "web is held" in web.run("down", "-y", status=1).err
    assert web.names() == ["web"]


def test_backup(web):
    copy = web.dir / "copy.db"
    assert web.run("backup", copy).out.startswith(f"{copy}: ")
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    with sqlite3.connect(copy) as db:
        assert db.execute("SELECT name FROM agents").fetchall() == [("web",)]
    assert "exists" in web.run("backup", copy, status=1).err
    other = web.dir / "other.db"
    told = web.run("backup", other, "-o", "json").json
    assert told == {"file": str(other), "bytes": other.stat().st_size, "files": None}


def test_backup_of_secrets(cli):
    """A restored copy has all that there was; what is there is never written over."""
    services = {"web": {"image": "busybox", "secrets": [{"source": "token", "mode": 0o400}], "configs": ["conf"]}}
    top = {"secrets": {"token": {"environment": "TOKEN"}}, "configs": {"conf": {"content": "a config"}}}
    env = {"TOKEN": "canary"}
    cli.write(services, **top)
    cli.run("apply", cli.file, env=env)
    kept = cli.dir / "roost.db.files"
    before = {path.name: (path.read_bytes(), path.stat().st_mode) for path in kept.iterdir()}
    assert len(before) == 3
    (kept / "stray").write_text("not roost's")
    copy, copies = cli.dir / "copy.db", cli.dir / "copy.db.files"
    done = cli.run("backup", copy)
    assert str(copies) in done.out and "canary" not in done.out
    assert stat.S_IMODE(copies.stat().st_mode) == 0o700
    copy.unlink()
    assert "copy.db.files exists" in cli.run("backup", copy, status=1).err
    assert not copy.exists()
    shutil.rmtree(copies)
    assert cli.run("backup", copy, "-o", "json").json["files"] == str(copies)
    shutil.rmtree(kept)
    for path in cli.dir.glob("roost.db*"):
        path.unlink()
    copy.rename(cli.db)
    copies.rename(kept)
    assert {path.name: (path.read_bytes(), path.stat().st_mode) for path in kept.iterdir()} == before
    assert ": 0 created, 0 changed, " in cli.run("apply", cli.file, env=env).out


def test_docker_line(web):
    done = web.run("show", "web", "--docker-run")
    assert done.out.startswith("docker run -d ") and done.out.count("\n") == 1
    assert "--restart unless-stopped" in done.out
    assert "A=1" not in done.out
    assert "A=1" in web.run("show", "web", "--docker-run", "--secrets").out
    web.run("set", "web", "lifecycle=lazy")
    line = web.run("show", "web", "--docker-run", "-o", "json").json["docker"]
    assert line.startswith("docker create ") and "--restart no" in line
    assert '"web"' in web.run("show", "wbe", "--docker-run", status=1).err


def test_ls_and_show_without_an_engine(web):
    """Whether there is a container is not known then, and that is said; scripts find it in the answer."""
    away = f"unix://{web.dir}/no-engine.sock: No such file or directory; is the engine running?"
    for words in (["ls"], ["show", "web"], ["ls", "-q"]):
        done = web.run(*words)
        warnings = [line for line in done.err.splitlines() if line.startswith("warning: ")]
        assert len(warnings) == 1 and "what roost knew last" in warnings[0] and warnings[0].endswith(away), done
        assert "unknown" in done.out and "missing" not in done.out, done
    done = web.run("show", "web", "-o", "json")
    assert (done.json["state"], done.json["container"]) == ("missing", None)
    assert done.json["engine_error"].endswith(away) and "warning" not in done.err
    listed = web.run("ls", "-o", "json").json
    assert [agent["state"] for agent in listed["agents"]] == ["missing"] and listed["engine_error"].endswith(away)


def test_ls_and_show_of_a_daemon_that_never_saw_its_engine(web):
    """It has no picture of the fleet yet: that is an error, not an empty fleet."""
    away = "no-engine.sock: No such file or directory; is the engine running?\n"
    with web.serve():
        for words in (["ls"], ["show", "web"]):
            done = web.run(*words, status=4)
            assert done.out == "" and done.err.endswith(away), done


def test_logs_without_an_engine(web):
    """Then nobody knows whether there is a container."""
    done = web.run("logs", "web", status=4)
    assert "no-engine.sock" in done.err and "no container" not in done.err


def test_doctor_without_an_engine(web):
    done = web.run("doctor", "-o", "json", status=1)
    results = {check["name"]: check["result"] for check in done.json["checks"]}
    assert results["engine"] == "fail"
    assert results["database"] == results["disk"] == results["permissions"] == "ok"
    assert results["daemon"] == "warn"
    os.chmod(web.db, 0o644)
    assert "chmod" in web.run("doctor", status=1).out


def test_doctor_before_there_is_anything(cli):
    done = cli.run("doctor", status=1)
    assert "is not there yet" in done.out
    assert not cli.db.exists()


def test_hostile_text_does_not_reach_the_terminal(web):
    web.sql("UPDATE agents SET held = 1, held_reason = 'x' || char(27) || '[2J'")
    assert "\x1b" not in web.run("rm", "web", status=1).err


@pytest.mark.parametrize("column, shown", [
    ("image", 'spec.image: "a\\x89b" is no name of an image'),
    ("image", "image: is empty"),
    ("idle_timeout", 'idle_timeout: "a\\x89b" is no duration'),
    ("held_reason", "a\\x89b"),
    ("source", ""),
    ("spec", "spec: not valid UTF-8"),
])
def test_a_column_that_is_no_text_fails_its_agent_alone(web, column, shown):
    web.run("set", "other", "image=busybox")
    value = "000000" if "empty" in shown else "618962"
    web.sql(f"UPDATE agents SET held = {int(column == 'held_reason')}, {column} = CAST(x'{value}' AS TEXT) WHERE name = 'web'")
    agents = {agent["name"]: agent["reason"] or "" for agent in web.run("ls", "-o", "json").json["agents"]}
    assert agents["other"] == "" and agents["web"].startswith(shown)
    assert shown in web.run("show", "web").out


def test_what_is_remembered_and_is_no_text_is_shown_all_the_same(web):
    text = "CAST(x'618962' AS TEXT)"
    web.sql(f"INSERT INTO events (time, kind, agent, reason) VALUES (0, {text}, {text}, {text}), (0, 'drift', 'web', 'later')")
    events = web.run("events", "-o", "json").out.splitlines()
    assert [json.loads(event)["reason"] for event in events] == ["a\\x89b", "later"]
    web.sql(f"INSERT OR REPLACE INTO agent_state (agent, state, reason) VALUES ('web', 'failed', {text})")
    assert [agent["name"] for agent in web.run("ls", "-o", "json").json["agents"]] == ["web"]
