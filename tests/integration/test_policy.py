# SPDX-License-Identifier: MIT
"""What would hand out the host is refused unless root has allowed it."""

import json
import os
import pty

import pytest

from fleet import hot, lazy


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


def allow(fleet, **agents):
    fleet.policy.write_text(json.dumps({"agents": agents}) + "\n")


def test_a_namespace_of_the_host_is_none_by_way_of_another_either(strict):
    allow(strict, host=["network_mode", "pid", "ipc"])
    strict.up({"host": hot(network_mode="host", pid="host", ipc="host"), "plain": hot()})
    strict.apply({"host": hot(network_mode="host", pid="host", ipc="host"), "plain": hot(),
                  "net": lazy(network_mode="service:plain"), "good": lazy(network_mode="service:plain")})
    for key in ("network_mode", "pid", "ipc"):
        strict.set_spec("net", key, "service:host")
        strict.set_spec("net", "networks", None)
        assert f"{key}=container:{strict.container('host')} would hand out the host" in error_of(strict, "net"), key
        strict.set_spec("net", key, None)
    # Through one that is allowed to, too; and by the container's name instead of the agent's.
    allow(strict, host=["network_mode", "pid", "ipc"], net=["network_mode"])
    strict.set_spec("net", "network_mode", "service:host")
    strict.set_spec("good", "network_mode", "service:net")
    assert "network_mode=container:" in error_of(strict, "good")
    strict.set_spec("good", "network_mode", f"container:{strict.container('net')}")
    assert "network_mode=container:" in error_of(strict, "good")
    strict.set_spec("good", "network_mode", "service:plain")
    assert strict.actions("good") == {"good": "unchanged"}  # it was made when it was allowed, and left


def test_a_row_of_the_name_of_somebody_elses_container_opens_no_way_to_it(strict, engine):
    engine.docker("run", "-d", "--name", "not-ours", "--network", "host", "busybox", "sleep", "infinity")
    try:
        strict.apply({"cuckoo": lazy(), "one": lazy()})
        strict.set_spec("cuckoo", "container_name", "not-ours")
        strict.set_spec("one", "network_mode", "container:not-ours")
        assert "network_mode=container:not-ours would hand out the host" in error_of(strict, "one")
    finally:
        engine.docker("rm", "-f", "not-ours")


def test_volumes_of_another_agent_are_looked_at(strict):
    services = {"store": hot(volumes=["data:/data"]), "one": lazy(volumes_from=["store"])}
    strict.up(services, volumes={"data": {}})
    assert strict.inspect("one")["Mounts"][0]["Destination"] == "/data"
    strict.settled()
    allow(strict, store=["volumes=/etc"])
    strict.set_spec("store", "volumes", ["data:/data", "/etc:/host:ro"])
    # That is allowed to this one, not to the other, which is made anew after it.
    assert strict.run("reconcile", "-o", "json").json["agents"][1]["action"] == "recreated"
    assert f"volumes_from={strict.container('store')} would hand out the host" in error_of(strict, "one")
    strict.set_spec("one", "volumes_from", ["container:somebody:ro"])
    assert "volumes_from=somebody:ro would hand out the host" in error_of(strict, "one")


def test_a_volume_that_is_a_view_of_the_host_is_one(strict):
    strict.apply({"one": lazy(volumes=["data:/data"])}, "--allow-host", volumes={"data": {}})
    options = '{"type":"overlay","device":"overlay","o":"lowerdir=/,upperdir=/srv/u,workdir=/srv/w"}'
    strict.sql(f"UPDATE resources SET body = json_set(body, '$.DriverOpts', json('{options}')) WHERE kind = 'volume'")
    assert f"volumes={strict.name}_data would hand out the host" in error_of(strict, "one")


def test_the_plan_says_what_is_refused(strict, engine):
    strict.up({"one": lazy(), "other": lazy()})
    strict.set_spec("one", "volumes", ["/etc:/host"])
    strict.set_spec("other", "environment", {"A": "1"})
    calls = engine.watch()
    plan = strict.report(command="plan", status=1)
    assert plan["one"]["action"] == "error" and "volumes=/etc would hand out the host" in plan["one"]["error"]
    assert (plan["other"]["action"], plan["other"]["error"]) == ("recreated", None)
    assert "volumes=/etc would hand out" in strict.roost("plan", status=1).out
    assert calls.changing == []
    with strict.serve():
        pass
    strict.policy.write_text('agents: {one: ["volumes=/etc"]}\n')
    # What shares with an agent whose container is still to be made is no error of the plan.
    strict.apply({"new": lazy(), "on-it": lazy(network_mode="service:new", networks=None)})
    plan = strict.report(command="plan", status=3)
    assert {plan[name]["action"] for name in ("new", "on-it")} == {"created"}
