# SPDX-License-Identifier: MIT
"""`roost show --docker-run` is the truth: the real docker makes the same container from it."""

import json
import re
import shlex
import shutil
import subprocess

import pytest

from engine import DOCKER, ROOT
from fleet import lazy

EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/compose.yaml"))

# What differs between any two containers, or between two clients that ask for the same: ids, times, generated
# paths and addresses; to which streams the client was attached when it made the container (and that `docker create`
# has the input closed when that client leaves).
NOT_SPEC = {
    "": {"Id", "Created", "State", "LogPath", "HostnamePath", "HostsPath", "ResolvConfPath", "Name", "GraphDriver",
         "RestartCount", "ExecIDs"},
    "Config": {"Hostname", "AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce"},
    "Config.Labels": {"roost.with"},  # a number for the very containers that it shares something of
    "HostConfig": {"ContainerIDFile"},
    "NetworkSettings": {"SandboxID", "SandboxKey", "EndpointID", "IPAddress", "MacAddress", "Gateway",
                        "GlobalIPv6Address"},
    "NetworkSettings.Networks.*": {"NetworkID", "EndpointID", "IPAddress", "MacAddress", "Gateway"},
}


def without_noise(value, own, path=""):
    """Comparable form: what is not the specification left out, absent and empty the same, the container's own id
    and the order of sets taken out."""
    if isinstance(value, dict):
        place = re.sub(r"^NetworkSettings\.Networks\..*", "NetworkSettings.Networks.*", path)
        drop = NOT_SPEC.get(place, set())
        kept = {key: without_noise(item, own, f"{path}.{key}".lstrip(".")) for key, item in value.items()
                if key not in drop}
        return {key: item for key, item in kept.items() if item not in (None, "", 0, -1, False, [], {})}
    if isinstance(value, list):
        items = [without_noise(item, own, path + "[]") for item in value]
        ordered = path in ("Config.Cmd", "Config.Entrypoint", "Config.Healthcheck.Test", "Args")
        items = [item for item in items if item != "OWN"]
        return items if ordered else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, str) and own.startswith(value) and len(value) == 12:
        return "OWN"
    return value


def normal(seen):
    """The parts that say what the container is made from; what it got while running is left out."""
    form = without_noise(seen, seen["Id"])
    # A docker line has only the shell's way to say a check.
    test = form["Config"].get("Healthcheck", {}).get("Test")
    if test and test[0] == "CMD":
        form["Config"]["Healthcheck"]["Test"] = ["CMD-SHELL", shlex.join(test[1:])]
    settings = form.pop("NetworkSettings", {})
    form["Networks"] = settings.get("Networks", {})
    # An anonymous volume has a name of its own in each container.
    for mount in form.get("Mounts", []):
        if re.fullmatch(r"[0-9a-f]{64}", mount.get("Name", "")):
            mount["Name"] = mount["Source"] = "ANONYMOUS"
    form["Mounts"] = sorted(form.get("Mounts", []), key=lambda mount: mount["Destination"])
    return form


def by_hand(fleet, line):
    """What somebody does who pastes the line into a shell whose `docker` speaks to this engine."""
    shell = fleet.dir / "bin"
    shell.mkdir(exist_ok=True)
    if not (shell / "docker").exists():
        (shell / "docker").symlink_to(DOCKER)
    env = {**fleet.env(), "PATH": f"{shell}:/usr/bin:/bin"}
    return subprocess.run(["sh", "-ec", line], env=env, cwd=fleet.dir, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, check=False)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_line_makes_the_same_container(new_fleet, engine, example):
    folder = ROOT / "examples" / example
    name = re.search(r"^name: *(\S+)$", (folder / "compose.yaml").read_text(), re.M).group(1)
    fleet = new_fleet(name)
    fleet.roost("apply", folder / "compose.yaml", "-y")
    actions = fleet.actions()
    assert set(actions.values()) == {"created"}, actions
    assert fleet.actions() == dict.fromkeys(actions, "unchanged")
    for agent, row in fleet.rows().items():
        line = fleet.roost("show", agent, "--docker-run", "--secrets").out.strip()
        assert line.startswith("docker run -d " if row["lifecycle"] == "hot" else "docker create "), line
        # An anonymous volume goes over to whatever is made next; so look at one that was made next.
        if re.search(r" -v [0-9a-f]{64}:", line):
            fleet.roost("recreate", agent)
        ours = engine.inspect(fleet.rows()[agent]["container"]["id"])
        # Out of the way: name and ports are needed once more.
        engine.docker("rm", "-f", ours["Id"])
        done = by_hand(fleet, line)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        theirs = engine.inspect(ours["Name"].lstrip("/"))
        assert theirs["Id"] != ours["Id"]
        assert normal(theirs) == normal(ours), line
        assert (theirs["State"]["Status"] == "running") == (row["lifecycle"] == "hot")


def test_values_are_masked_unless_asked_for(fleet):
    fleet.file.write_text(json.dumps({"name": fleet.name, "services": {
        "web": {"image": "busybox", "command": ["sleep", "infinity"], "environment": {"TOKEN": "hunter2"}}}}))
    fleet.roost("apply", fleet.file)
    assert "hunter2" not in fleet.roost("show", "web", "--docker-run").out
    assert "hunter2" in fleet.roost("show", "web", "--docker-run", "--secrets").out


def test_quoting_survives_a_shell(fleet, engine):
    """Every character that a shell knows, in every place that takes a text."""
    nasty = "a b\t'c' \"d\" $HOME `id` \\ \n * ~ ! # & ; | < > ( ) { } [ ] é -"
    service = {"image": "busybox", "command": ["sh", "-c", "sleep infinity", nasty], "stop_signal": "SIGKILL",
               "environment": {"NASTY": nasty.replace("$", "$$")}, "labels": {"nasty": nasty.replace("$", "$$")}}
    service["command"] = [word.replace("$", "$$") for word in service["command"]]
    fleet.up({"web": service})
    ours = fleet.inspect("web")
    assert ours["Config"]["Labels"]["nasty"] == nasty
    line = fleet.roost("show", "web", "--docker-run", "--secrets").out.rstrip("\n")
    engine.docker("rm", "-f", fleet.container("web"))
    done = by_hand(fleet, line)
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert normal(fleet.inspect("web")) == normal(ours)


def test_there_are_examples():
    assert EXAMPLES
    assert shutil.which("docker") or DOCKER


GPUS = {
    "all": "all",
    "some": [{"count": 2, "driver": "nvidia"}, {"device_ids": ["0"]}],
    "named": [{"device_ids": ["0", "GPU-1"], "capabilities": ["utility", "gpu", "compute"], "driver": "nvidia",
               "options": {"a": "b", "c": "d,e", "f": "it's \"g\""}}]}


def test_gpus(fleet, engine):
    """They are in the request, whether or not this machine has any: an engine looks when it starts the container."""
    fleet.up({name: lazy(gpus=gpus) for name, gpus in GPUS.items()})
    for name in GPUS:
        line = fleet.roost("show", name, "--docker-run").out.strip()
        ours = fleet.inspect(name)["HostConfig"]["DeviceRequests"]
        engine.docker("rm", fleet.container(name))
        done = by_hand(fleet, line)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        theirs = fleet.inspect(name)["HostConfig"]["DeviceRequests"]
        assert [without_noise(one, "") for one in theirs] == [without_noise(one, "") for one in ours] != [], line
