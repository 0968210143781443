# SPDX-License-Identifier: MIT
"""export: the table as a compose file that gives the same table."""

import json
import shutil

import pytest
from conftest import ROOT, Cli

HOT = {"image": "busybox", "command": ["sleep", "9"]}
EXAMPLES = sorted((ROOT / "examples").rglob("compose.yaml"))
ROWS = "SELECT name, lifecycle, image, idle_timeout, spec FROM agents ORDER BY name"
RESOURCES = "SELECT kind, key, engine_name, external, body FROM resources ORDER BY kind, key"

HOSTILE = [
    "", " ", "yes", "No", "on", "OFF", "y", "n", "true", "False", "null", "Null", "~", "-", "--", "?", ":", "=", "<<",
    "1", "018", "0x1f", "0o17", "1_000", "1.10", "1e3", "-1", "+1", ".5", ".inf", ".nan", "12:30:45", "2001-01-01",
    " leading", "trailing ", "\tTab", "a\tb", "a: b", "a:", "a #b", "#b", "- a", "[a]", "{a: b}", "a, b", "*a", "&a",
    "!reset", "!!str x", "%a", "@a", "`a`", "|", ">", "'", "''", '"', 'a "b" \'c\'', "\\", "\\n", "---", "...", "--- a",
    "$", "$$", "$X", "${X}", "$${X:-y}", "${X", "a$", "$1", "^x$", "${}", "a\nb", "a\nb\n", "a\n\n\nb\n\n", "\n",
    "\na", "  a\nb", "a\n  b\n", "a \nb", "a\n#b", "a\n--- b\n...\n", "a\n$X\n${Y}", "a\n\tb", "a\r\nb", "ü", "日本語", "🐓",
    "é\nü", "\ufeffa", "a\u2028b", "a\u00a0b", "\u0085", "x" * 5000, "x y " * 2000,
]


def exported(cli, *words):
    return cli.run("export", *words).out


def another(cli, text, *words):
    """A new database that an exported file was applied to."""
    folder = cli.dir / f"another-{len(list(cli.dir.iterdir()))}"
    folder.mkdir()
    other = Cli(folder)
    other.file.write_text(text)
    other.run("apply", other.file, *words)
    return other


def check_same(cli, *words):
    """What is exported gives the same table, there and here, and is exported as the same again."""
    text = exported(cli)
    other = another(cli, text, *words)
    assert other.sql(ROWS) == cli.sql(ROWS)
    assert other.sql(RESOURCES) == cli.sql(RESOURCES)
    assert exported(other) == text
    cli.file.write_text(text)
    assert ": 0 created, 0 changed, " in cli.run("apply", cli.file, *words).out
    assert other.sql(ROWS) == cli.sql(ROWS)
    assert other.sql(RESOURCES) == cli.sql(RESOURCES)
    return text


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: str(path.parent.relative_to(ROOT / "examples")))
def test_examples(cli, example):
    shutil.copytree(example.parent, cli.dir, dirs_exist_ok=True)
    done = cli.run("apply", cli.file, "--profile", "*", "--allow-host", status=None)
    if done.status == 1 and "root" in done.err:
        pytest.skip("only root hands out the host")
    assert done.status == 0, done
    check_same(cli, "--allow-host")


def test_values_that_yaml_would_take_for_others(cli):
    values = {f"V{i}": value for i, value in enumerate(HOSTILE)}
    written = {name: value.replace("$", "$$") for name, value in values.items()}
    lists = [value.replace("$", "$$") for value in HOSTILE]
    labels = {key: "x" for key in HOSTILE if key.strip() and "=" not in key and len(key) < 100}
    web = {**HOT, "environment": written, "entrypoint": ["run", *lists], "labels": labels,
           "healthcheck": {"test": ["CMD", *lists]}}
    text = json.dumps({"name": "demo", "services": {"web": web}}, ensure_ascii=False, indent=1)
    for char in "\u0085\u2028\ufeff":  # raw ones are line breaks to YAML, or nothing
        text = text.replace(char, f"\\u{ord(char):04x}")
    cli.file.write_text(text)
    cli.run("apply", cli.file)
    assert cli.spec("web")["environment"] == values
    assert cli.spec("web")["entrypoint"] == ["run", *HOSTILE]
    assert set(labels) <= set(cli.spec("web")["labels"])
    check_same(cli)


def test_variables_of_the_environment_play_no_part(cli):
    cli.apply({"web": {**HOT, "environment": {"A": "$${X}", "B": "$X"}}})
    env = {"X": "canary", "COMPOSE_PROFILES": "canary", "COMPOSE_PROJECT_NAME": "canary"}
    assert cli.run("export", env=env).out == exported(cli)
    assert "canary" not in exported(cli)


def test_networks_and_volumes(cli):
    networks = {
        "default": {"driver_opts": {"com.docker.network.bridge.name": "br9"}},
        "front": {"name": "other-name", "labels": {"a": "yes", "b": ""}, "attachable": True, "enable_ipv6": False},
        "back": {"internal": True, "driver": "macvlan", "ipam": {
            "driver": "mine", "options": {"o": "1"},
            "config": [{"subnet": "10.9.0.0/16", "gateway": "10.9.0.1", "ip_range": "10.9.1.0/24",
                        "aux_addresses": {"host": "10.9.0.5"}}]}},
        "there": {"external": True}, "renamed": {"external": True, "name": "its-name"}, "plain": {"ipam": {}},
    }
    volumes = {"data": None, "nfs": {"driver": "local", "driver_opts": {"type": "nfs", "o": "$$X"}},
               "old": {"external": True, "name": "old_data"}, "driven": {"driver": "rexray", "labels": ["a=b"]}}
    cli.apply({"web": {**HOT, "networks": list(networks), "volumes": [f"{key}:/{key}" for key in volumes]}},
              networks=networks, volumes=volumes)
    check_same(cli)


def test_scaled_jobs_and_settings(cli):
    roost = {"lifecycle": "lazy", "idle_timeout": "90s", "sleep": "pause", "stop_after": "12h", "ready": {"tcp": 80}}
    cli.apply({
        "web": {**HOT, "scale": 3, "depends_on": {"setup": {"condition": "service_completed_successfully"}}},
        "setup": {**HOT, "restart": "no"},
        "always": {**HOT, "restart": "always", "x-roost": {"lifecycle": "hot"}},
        "proxy": {**HOT, "x-roost": roost, "pull_policy": "daily",
                  "depends_on": {"web": {"condition": "service_started", "required": False, "restart": True}}},
        "built": {"build": "./here"},
    })
    text = check_same(cli)
    for name in ("web-1", "web-3", "setup", "proxy"):
        assert f"\n  {name}:\n" in text


def test_somebody_waits_for_one_that_is_hot_all_the_same(cli):
    cli.apply({"web": {**HOT, "depends_on": {"setup": {"condition": "service_completed_successfully"}}},
               "setup": {**HOT, "x-roost": {"lifecycle": "hot"}}})
    assert cli.column("setup", "lifecycle") == "hot"
    check_same(cli)


def test_secrets_stand_as_their_files(cli):
    cli.apply({"web": {**HOT, "secrets": ["token"]}}, secrets={"token": {"environment": "TOKEN"}}, status=1)
    cli.file.write_text(json.dumps({"name": "demo", "secrets": {"token": {"environment": "TOKEN"}},
                                    "services": {"web": {**HOT, "secrets": ["token"]}}}))
    cli.run("apply", cli.file, env={"TOKEN": "canary"})
    text = exported(cli)
    assert "canary" not in text and f"{cli.db}.files/" in text
    cli.file.write_text(text)
    assert "0 created, 0 changed, 1 unchanged" in cli.run("apply", cli.file).out


def test_to_a_file(cli):
    cli.apply({"web": HOT})
    path = cli.dir / "fleet.yaml"
    assert cli.run("export", path).out == f"{path}: 1 agents\n"
    assert path.read_text() == exported(cli)
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    assert "exists" in cli.run("export", path, status=1).err
    assert path.read_bytes() == before
    assert "nowhere" in cli.run("export", "nowhere/fleet.yaml", status=1).err


def test_for_programs(cli):
    cli.apply({"web": HOT})
    assert cli.run("export", "-o", "json").json == {
        "fleet": "demo", "agents": 1, "file": None, "compose": exported(cli)}
    assert cli.run("export", "fleet.yaml", "-o", "json").json == {
        "fleet": "demo", "agents": 1, "file": "fleet.yaml", "compose": None}


def test_what_a_file_cannot_say_is_told(cli):
    cli.apply({"web": HOT, "other": HOT})
    assert cli.run("export").err == ""
    cli.run("hold", "web")
    cli.run("set", "other", "pool=workers")
    err = cli.run("export").err
    assert "web is held" in err and "roost set other pool=workers" in err
    cli.run("set", "mine", "image=busybox", 'volumes=["stuff:/stuff"]')
    done = cli.run("export")
    assert "made by hand" in done.err and "\n  mine:\n" in done.out and "\n  stuff: {}\n" in done.out
    assert another(cli, done.out).sql(ROWS) == cli.sql(ROWS)


def test_a_row_that_is_not_valid_is_an_error(cli):
    cli.apply({"web": HOT, "other": HOT})
    cli.sql("UPDATE agents SET spec = '{\"enviroment\": {}}' WHERE name = 'web'")
    done = cli.run("export", "fleet.yaml", status=1)
    assert "web: " in done.err and "enviroment" in done.err and "1 of 2 agents" in done.err
    assert not (cli.dir / "fleet.yaml").exists()
    cli.sql("DELETE FROM agents WHERE name = 'web'")
    assert "web" not in exported(cli)


def test_a_table_that_no_file_gives_is_an_error(cli):
    cli.apply({"web": {**HOT, "ports": ["8080:80"]}})
    cli.run("set", "mine", "image=busybox", 'ports=["8080:80"]')
    done = cli.run("export", status=1)
    assert done.out == "" and "8080" in done.err
    cli.sql("DELETE FROM agents WHERE name = 'mine'")
    cli.sql("UPDATE resources SET body = '{}'")
    assert 'the network "default"' in cli.run("export", status=1).err


def test_files_that_declare_one_network_otherwise(cli):
    cli.apply({"web": HOT})
    other = cli.dir / "other.yaml"
    other.write_text(json.dumps({"name": "demo", "services": {"mail": HOT}}))
    cli.run("apply", other)
    assert "several files" in cli.run("export").err
    other.write_text(json.dumps({"name": "demo", "services": {"mail": HOT}, "networks": {"default": {"internal": True}}}))
    cli.run("apply", other)
    assert str(other) in cli.run("export", status=1).err


def test_an_empty_table(cli):
    cli.apply({"web": HOT})
    cli.sql("DELETE FROM agents WHERE name = 'web'")
    assert "no fleet with agents" in cli.run("export", status=1).err
