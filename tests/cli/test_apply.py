# SPDX-License-Identifier: MIT
"""check and apply: a file into the table."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from conftest import Cli

HOT = {"image": "busybox", "command": ["sleep", "9"]}
LAZY = {**HOT, "x-roost": {"lifecycle": "lazy", "idle_timeout": "15m"}}


def many(n):
    return {f"a{i}": HOT for i in range(n)}


def changes(done):
    return {agent["name"]: agent["change"] for agent in done.json["agents"]}


def test_check(cli):
    cli.write({"web": HOT, "reviewer": LAZY})
    assert cli.run("check", cli.file).out == f"{cli.file}: ok, 2 agents (1 hot, 1 lazy)\n"
    assert cli.run("check").out == f"{cli.file}: ok, 2 agents (1 hot, 1 lazy)\n"
    told = cli.run("check", "-o", "json").json
    assert told["ok"] is True and told["fleet"] == "demo" and (told["hot"], told["lazy"]) == (1, 1)
    assert cli.run("check", "-q").out == ""
    assert not cli.db.exists()


def test_check_says_what_is_wrong(cli):
    cli.file.write_text("name: demo\nservices:\n  web:\n    image: busybox\n    enviroment: {A: 1}\n")
    done = cli.run("check", cli.file, status=1)
    assert "compose.yaml:5:5" in done.err and "environment" in done.err
    assert done.out == ""
    assert "nowhere.yaml" in cli.run("check", "nowhere.yaml", status=1).err


def test_apply_writes_rows(cli):
    done = cli.apply({"web": HOT, "reviewer": LAZY})
    assert done.out.endswith("demo: 2 created, 0 changed, 0 unchanged, 0 pruned\n")
    assert "no daemon runs" in done.err
    assert cli.sql("SELECT name, lifecycle, image, idle_timeout, source FROM agents ORDER BY name") == [
        ("reviewer", "lazy", "busybox", "15m", str(cli.file)), ("web", "hot", "busybox", None, str(cli.file))]
    assert cli.sql("SELECT fleet FROM meta") == [("demo",)]
    assert ("network", "default", "demo_default") in cli.sql("SELECT kind, key, engine_name FROM resources")


def test_apply_twice_changes_nothing(cli):
    services = {"web": HOT, "reviewer": LAZY}
    cli.apply(services)
    before = cli.sql("SELECT * FROM agents")
    done = cli.apply(services, "-o", "json")
    assert changes(done) == {"web": "unchanged", "reviewer": "unchanged"}
    assert done.json["summary"] == {"created": 0, "changed": 0, "unchanged": 2, "pruned": 0}
    assert done.json["reconcile"] is None
    assert cli.sql("SELECT * FROM agents") == before


def test_apply_tells_what_changes(cli):
    cli.apply({"web": {**HOT, "environment": {"A": "1"}}})
    done = cli.apply({"web": {**HOT, "image": "other", "environment": {"A": "canary"}}}, "-o", "json")
    agent = done.json["agents"][0]
    assert (agent["change"], agent["fields"], agent["by_hand"]) == ("changed", "image, environment.A", None)
    assert "canary" not in done.out + done.err


def test_a_change_by_hand_is_told_and_set_back(cli):
    services = {"web": {**HOT, "environment": {"A": "1"}}}
    cli.apply(services)
    cli.sql("UPDATE agents SET lifecycle = 'lazy'")
    cli.run("set", "web", "environment.A=canary")
    done = cli.apply(services)
    assert "lifecycle changed by hand (lazy), file says hot" in done.err
    assert "environment.A changed by hand" in done.err
    assert "canary" not in done.out + done.err
    assert cli.column("web", "lifecycle") == "hot"
    assert "by hand" not in cli.apply(services).err


def test_hold_and_pool_are_not_the_files_business(cli):
    cli.apply({"web": HOT})
    cli.run("hold", "web", "--reason", "mine")
    cli.run("set", "web", "pool=workers")
    cli.apply({"web": {**HOT, "image": "other"}})
    assert cli.sql("SELECT image, held, held_reason, pool FROM agents") == [("other", 1, "mine", "workers")]


def test_nothing_is_written_when_anything_is_wrong(cli):
    cli.apply({"web": HOT})
    before = cli.sql("SELECT * FROM agents")
    cli.run("set", "handmade", "image=busybox")
    done = cli.apply({"web": {**HOT, "image": "other"}, "new": HOT, "handmade": HOT}, status=1)
    assert "handmade" in done.err and "by hand" in done.err
    assert cli.sql("SELECT * FROM agents WHERE name <> 'handmade'") == before


def test_a_row_of_another_file(cli):
    cli.apply({"web": HOT})
    other = cli.dir / "other.yaml"
    other.write_text(cli.file.read_text())
    done = cli.run("apply", other, status=1)
    assert str(cli.file) in done.err
    # The file has moved: what the message says mends it.
    command = f"roost set web source={other}"
    assert command in done.err
    cli.run(*command.split()[1:])
    assert changes(cli.run("apply", other, "-o", "json")) == {"web": "unchanged"}


def test_another_fleet_is_refused(cli):
    cli.apply({"web": HOT})
    done = cli.apply({"web": HOT, "new": HOT}, name="elsewhere", status=1)
    assert "elsewhere" in done.err and "demo" in done.err
    assert cli.names() == ["web"]
    cli.apply({"web": HOT}, "-p", "demo", name="elsewhere")


def test_what_is_no_longer_in_the_file_stays(cli):
    cli.apply(many(6))
    done = cli.apply(many(5))
    assert "a5 is no longer in the file; --prune deletes it" in done.err
    assert len(cli.names()) == 6


def test_prune(cli):
    cli.apply(many(6))
    cli.run("set", "handmade", "image=busybox")
    done = cli.apply(many(5), "--prune", "-o", "json")
    assert changes(done)["a5"] == "pruned"
    assert cli.names() == ["a0", "a1", "a2", "a3", "a4", "handmade"]
    assert cli.sql("SELECT name FROM tombstones") == [("a5",)]


def test_prune_of_many_needs_a_yes(cli):
    cli.apply(many(6))
    done = cli.apply({**many(4), "new": HOT}, "--prune", status=1)
    assert "prune 2 of the 6 agents" in done.err and "-y" in done.err
    assert len(cli.names()) == 6
    cli.apply(many(4), "--prune", "-y")
    assert len(cli.names()) == 4


def test_a_held_agent_is_not_pruned(cli):
    cli.apply(many(6))
    cli.run("hold", "a5")
    done = cli.apply(many(5), "--prune")
    assert "a5: held, so it is not pruned" in done.err
    assert len(cli.names()) == 6


def test_quiet(cli):
    cli.write({"web": HOT})
    done = cli.run("apply", "-q", cli.file)
    assert (done.out, done.err) == ("", "")


@pytest.mark.parametrize("words", [[], ["-o", "json"]])
def test_values_of_the_environment_are_not_told(cli, words):
    cli.write({"web": {**HOT, "environment": {"TOKEN": "canary"}}})
    for command in ("check", "apply"):
        done = cli.run(command, cli.file, *words)
        assert "canary" not in done.out + done.err


# The user of whom nothing on a machine is.
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}


@pytest.fixture
def stranger():
    """The program in a folder where somebody else than root can use it."""
    folder = Path(tempfile.mkdtemp(prefix="roost-stranger-"))
    made = Cli(folder)
    made.program = shutil.copy(made.program, folder / "roost")
    os.chmod(made.program, 0o755)
    os.chown(folder, NOBODY["user"], NOBODY["group"])
    yield made
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_is_not_root_can_allow_nothing_of_the_host(stranger):
    own_policy = stranger.dir / "policy.yaml"
    own_policy.write_text('agents: {"*": ["*"]}\n')
    os.chown(own_policy, NOBODY["user"], NOBODY["group"])
    stranger.write({"web": {**HOT, "privileged": True}})
    for words in ([], ["--allow-host"], ["-y", "--allow-host"]):
        done = stranger.run("apply", stranger.file, *words, status=1, env={"ROOST_POLICY": str(own_policy)}, **NOBODY)
        assert "web: privileged would hand out the host" in done.err
        assert "only root can allow it, in /etc/roost/policy.yaml" in done.err
    assert "privileged" in stranger.run("check", "--policy", stranger.file, status=1, **NOBODY).out
    assert not stranger.db.exists() or stranger.sql("SELECT name FROM agents") == []
    stranger.write({"web": HOT})
    stranger.run("apply", stranger.file, **NOBODY)
    assert stranger.sql("SELECT name FROM agents") == [("web",)]
