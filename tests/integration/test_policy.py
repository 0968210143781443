# SPDX-License-Identifier: MIT
"""What would hand out the host is refused unless root has allowed it."""

import os
import pty

import pytest

from fleet import lazy


@pytest.fixture
def strict(fleet):
    """A fleet of whose agents nothing is allowed."""
    fleet.policy.write_text("agents: {}\n")
    return fleet


def error_of(fleet, agent):
    return fleet.report(status=1)[agent]["error"]


def test_a_row_by_plain_sql_is_refused_when_its_container_is_to_be_made(strict, engine):
    strict.up({"plain": lazy(), "one": lazy()})
    before = strict.inspect("one")["Id"]
    strict.set_spec("one", "volumes", ["/etc:/host"])
    error = error_of(strict, "one")
    assert "volumes=/etc would hand out the host" in error and "--allow-host" in error
    assert strict.inspect("one")["Id"] == before  # what worked before still does
    # Root's word in policy.yaml counts at once, by agent or by fleet, for a value or for all.
    strict.policy.write_text(f'fleets: {{{strict.name}: ["volumes=/etc"]}}\n')
    assert strict.actions("one") == {"one": "recreated"}
    assert strict.inspect("one")["HostConfig"]["Binds"] == ["/etc:/host"]
    strict.settled()


def test_a_volume_that_is_a_bind_is_one(strict, engine):
    strict.apply({"one": lazy()})
    strict.set_spec("one", "volumes", ["data:/data"])
    engine_name = f"{strict.name}_data"
    body = f'{{"Name":"{engine_name}","DriverOpts":{{"type":"none","o":"bind","device":"/etc"}}}}'
    strict.sql("INSERT INTO resources (source, kind, key, engine_name, external, body) "
               f"VALUES ('by hand', 'volume', 'data', '{engine_name}', 0, '{body}')")
    assert "volumes=/etc would hand out the host" in error_of(strict, "one")
    assert strict.mine() == []


def test_a_symbolic_link_is_followed(strict):
    (strict.dir / "innocent").symlink_to("/etc")
    strict.apply({"one": lazy()})
    strict.set_spec("one", "volumes", [f"{strict.dir}/innocent:/host"])
    assert f"volumes={strict.dir}/innocent would hand out the host" in error_of(strict, "one")


def test_the_engines_and_roosts_own_are_refused(strict, engine):
    strict.apply({"one": lazy()})
    for path in (engine.socket, str(engine.dir), f"{engine.dir}/data/volumes", str(strict.db), str(strict.dir)):
        strict.set_spec("one", "volumes", [f"{path}:/x:ro"])
        assert f"volumes={path} would hand out the host" in error_of(strict, "one"), path


def test_the_time_zone_is_harmless(strict):
    strict.up({"one": lazy(volumes=["/etc/ssl/certs:/etc/ssl/certs:ro"])})
    strict.settled()


def test_apply_without_a_terminal_needs_allow_host_which_is_recorded(strict):
    strict.write({"one": lazy(volumes=["/run:/host-run:ro"]), "other": lazy()})
    done = strict.roost("apply", strict.file, status=1)
    assert "one: volumes=/run would hand out the host" in done.err and "--allow-host" in done.err
    assert strict.sql("SELECT count(*) FROM agents") == "0"
    assert strict.roost("check", strict.file).status == 0  # it is valid
    listed = strict.roost("check", "--policy", strict.file, "-o", "json", status=1).json["findings"]
    assert [(row["agent"], row["permission"], row["allowed"]) for row in listed] == [("one", "volumes=/run", False)]
    strict.roost("apply", strict.file, "--allow-host")
    assert strict.sql("SELECT agent, field FROM allowed") == "one|volumes=/run"
    assert set(strict.actions().values()) == {"created"}
    strict.roost("apply", strict.file)  # asked once
    strict.roost("check", "--policy", strict.file)
    # What was allowed is that one thing.
    strict.write({"one": lazy(volumes=["/run:/host-run:ro", "/etc:/x"]), "other": lazy()})
    assert "volumes=/etc would hand out" in strict.roost("apply", strict.file, status=1).err
    strict.settled()


def test_apply_asks_on_a_terminal(strict):
    strict.write({"one": lazy(volumes=["/run:/host-run:ro"])})
    for answer, count in (("n\n", "0"), ("y\n", "1")):
        master, terminal = pty.openpty()
        os.write(master, answer.encode())
        try:
            status = strict.on_terminal(terminal, "apply", strict.file)
        finally:
            os.close(terminal)
            os.close(master)
        assert status == (0 if count == "1" else 1)
        assert strict.sql("SELECT count(*) FROM allowed") == count


def test_a_policy_that_others_may_write_does_not_count(strict):
    strict.write({"one": lazy(volumes=["/run:/host-run:ro"])})
    strict.policy.write_text('agents: {"*": ["*"]}\n')
    strict.policy.chmod(0o666)
    assert "does not count" in strict.roost("apply", strict.file, status=1).err
    strict.policy.chmod(0o644)
    strict.roost("apply", strict.file)
