# SPDX-License-Identifier: MIT
"""The containers, networks and volumes that roost makes of a file are those that Compose makes of it.

Debian's `docker-compose` (1.29) is the one that can be had everywhere; it knows an older dialect, so only keys that it
knows are here. Both make everything of one file on one engine, under two project names, and start nothing. What
differs is compared with a list, in which every line has its reason, and no line may be for nothing.
"""

import json
import re
import shutil
import subprocess

import pytest

from engine import wait_until
from test_docker_line import NOT_SPEC, without_noise

COMPOSE = shutil.which("docker-compose", path="/usr/bin")
TEXT = {"image": "busybox", "command": ["sleep", "infinity"], "x-roost": {"lifecycle": "lazy"}}

SERVICES = {
    "plain": {},
    "words": {"command": "sh -c 'echo \"$$HOME\" ; sleep 9'", "entrypoint": ["env", "-i"], "working_dir": "/tmp",
              "user": "1000:1000", "hostname": "words", "domainname": "example.org", "stop_signal": "SIGINT",
              "stop_grace_period": "90s"},
    "values": {"environment": {"A": "1", "B": "two words", "C": ""}, "labels": {"org.example.a": "b"},
               "env_file": ["some.env"]},
    "ports": {"ports": ["18080:80", "127.0.0.1:18081:81/udp", "82", "18083-18084:83-84",
                        {"target": 85, "published": 18085, "protocol": "tcp"}], "expose": ["90", "91/udp"]},
    "mounts": {"volumes": ["data:/data", "data:/again:ro", "./folder:/folder", "/anonymous",
                           {"type": "bind", "source": "./folder", "target": "/long", "read_only": True},
                           {"type": "volume", "source": "named", "target": "/named"}], "tmpfs": ["/run", "/cache:size=1m"]},
    "memory": {"volumes": [{"type": "tmpfs", "target": "/memory", "tmpfs": {"size": 1048576}}]},
    "from": {"volumes_from": ["mounts:ro"]},
    "networks": {"networks": {"front": {"aliases": ["www"], "ipv4_address": "172.31.37.9"}, "back": {}}},
    "ordered": {"networks": {"back": {"priority": 5}, "front": {"priority": 1}}},
    "none": {"network_mode": "none"},
    "host": {"network_mode": "host"},
    "borrowed": {"network_mode": "service:plain", "pid": "service:plain", "ipc": "service:plain"},
    "shareable": {"ipc": "shareable"},
    "linked": {"links": ["plain", "values:v"]},
    "names": {"extra_hosts": ["somehost:192.0.2.1"], "dns": ["192.0.2.53"], "dns_search": ["example.org"],
              "dns_opt": ["ndots:2"]},
    "rights": {"cap_add": ["NET_ADMIN"], "cap_drop": ["CHOWN", "MKNOD"], "security_opt": ["no-new-privileges:true"],
               "group_add": ["7"], "userns_mode": "host", "read_only": True, "init": True},
    "privileged": {"privileged": True, "pid": "host"},
    "devices": {"devices": ["/dev/null:/dev/other:rw", "/dev/zero"], "device_cgroup_rules": ["c 1:3 mr"]},
    "limits": {"mem_limit": "64m", "memswap_limit": "128m", "mem_reservation": "32m", "cpus": 0.5, "cpu_shares": 512,
               "cpuset": "0", "pids_limit": 100, "shm_size": "16m", "oom_score_adj": 100,
               "ulimits": {"nofile": {"soft": 1024, "hard": 2048}, "nproc": 512}},
    "quota": {"cpu_quota": 50000, "cpu_period": 100000, "sysctls": {"net.core.somaxconn": "1024"}},
    "deployed": {"deploy": {"resources": {"limits": {"cpus": "0.25", "memory": "96m"}, "reservations": {"memory": "48m"}}}},
    "terminal": {"tty": True, "stdin_open": True},
    "logged": {"logging": {"driver": "json-file", "options": {"max-size": "1m", "max-file": "2"}}},
    "healthy": {"healthcheck": {"test": ["CMD", "true"], "interval": "1m30s", "timeout": "5s", "retries": 3,
                                "start_period": "10s"}},
    "unchecked": {"healthcheck": {"disable": True}},
    "named": {"container_name": "PROJECT-chosen"},
    "parent": {"cgroup_parent": "/example"},
    "runtime": {"runtime": "runc"},
    "disk": {"blkio_config": {"weight": 300}},
}

TOP = {
    "networks": {"front": {"ipam": {"config": [{"subnet": "172.31.37.0/24"}]}, "labels": {"org.example.net": "front"}},
                 "back": {"internal": True}},
    "volumes": {"data": {}, "named": {"name": "PROJECT-named", "labels": {"org.example.vol": "named"}}},
}

# Place in what the engine shows → why it differs there.
REASONS = {
    r"Config\.Labels\.(com\.docker\.compose|roost)\..*": "each marks what is its own",
    r"HostConfig\.RestartPolicy\.Name": "Compose leaves the policy empty where none is written; it means no",
    r"HostConfig\.Binds\[\]|Mounts\[\].*": "docker-compose always writes the mode (:rw), and knows a tmpfs as a mount",
    r"HostConfig\.(Tmpfs|Mounts).*": "type: tmpfs goes with the others of the key tmpfs; docker-compose makes it a mount",
    r"Networks\..*\.Aliases\[\]": "Compose's containers have their number in their name, and their id as an alias",
    r"Networks\..*\.IPAMConfig(\..*)?": "docker-compose 1.29 says an address when it starts the container",
    r"HostConfig\.(NetworkMode|PidMode|IpcMode)": "docker-compose 1.29 shares with containers that run, and none does here",
    r"Config\.(Cmd|Entrypoint)\[\]": "roost has the entrypoint's further words in front of the command: the process is the same",
    r"Networks\..*\.Links\[\]": "docker-compose links each container by its own name, too",
}


def strings(value, change):
    if isinstance(value, dict):
        return {change(key): strings(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [strings(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def flat(value, path=""):
    """{place: set of values}"""
    if isinstance(value, dict):
        pairs = [(f"{path}.{key}".lstrip("."), item) for key, item in value.items()]
    elif isinstance(value, list):
        pairs = [(path + "[]", item) for item in value]
    else:
        return {path: {json.dumps(value)}}
    made = {}
    for place, item in pairs:
        for where, seen in flat(item, place).items():
            made.setdefault(where, set()).update(seen)
    return made


def normal(engine, name, project):
    """What a container is made from, with the project's name and what only one run has taken out."""
    seen = engine.inspect(name)
    ids = {line.split()[0]: line.split()[1] for line in engine.docker("ps", "-a", "--no-trunc", "--format",
                                                                      "{{.ID}} {{.Names}}").splitlines()}
    form = without_noise(seen, seen["Id"])
    form = {"Config": form["Config"], "HostConfig": form["HostConfig"], "Mounts": form.get("Mounts", []),
            "Networks": without_noise(seen["NetworkSettings"]["Networks"], seen["Id"])}
    for network in form["Networks"].values():
        for key in NOT_SPEC["NetworkSettings.Networks.*"]:
            network.pop(key, None)

    def change(text):
        for key, value in ids.items():
            text = text.replace(key, value)
        text = re.sub(r"\b[0-9a-f]{64}\b", "ANONYMOUS", text)
        text = text.replace(project, "PROJECT")
        # Compose's names have a number behind them, and "_" between.
        return re.sub(r"PROJECT[_-]([a-z]+)_1\b", r"PROJECT-\1", text)

    return flat(strings(form, change))


def differences(ours, theirs):
    return {place: (sorted(theirs.get(place, set()) - ours.get(place, set())),
                    sorted(ours.get(place, set()) - theirs.get(place, set())))
            for place in ours.keys() | theirs.keys() if ours.get(place) != theirs.get(place)}


def write(folder, project):
    folder.mkdir()
    (folder / "folder").mkdir()
    (folder / "some.env").write_text("FROM_FILE=yes\nB=overridden\n")
    text = json.dumps({"version": "3.8", "services": {name: {**TEXT, **more} for name, more in SERVICES.items()}, **TOP})
    (folder / "compose.yaml").write_text(text.replace("PROJECT", project))
    return folder / "compose.yaml"


@pytest.fixture
def both(new_fleet, engine):
    """The same file, made by docker-compose, and then by roost in its place: a subnet can be had once."""
    fleet = new_fleet("theirs")
    folder = fleet.dir / "both"
    file = write(folder, "theirs")
    done = subprocess.run([COMPOSE, "-p", "theirs", "-f", file, "up", "--no-start"], env=fleet.env(), cwd=folder,
                          capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    theirs = {name: normal(engine, container_of(engine, "theirs", name), "theirs") for name in SERVICES}
    nets, vols = resources(engine, "theirs")
    engine.clean()
    wait_until(lambda: not engine.containers(), "an empty engine")
    fleet = new_fleet("ours")
    shutil.rmtree(folder)
    folder.parent.mkdir(exist_ok=True)
    file = write(folder, "ours")
    allow = ["--allow-host"] if "--allow-host" in fleet.roost("help", "apply").out else []
    fleet.roost("apply", "-f", file, "-p", "ours", *allow)
    assert set(fleet.actions().values()) == {"created"}
    yield theirs, {name: normal(engine, container_of(engine, "ours", name), "ours") for name in SERVICES}, \
        (nets, vols), resources(engine, "ours")


def container_of(engine, project, service):
    names = [name for name in engine.containers() if name in
             (f"{project}_{service}_1", f"{project}-{service}", f"{project}-chosen" if service == "named" else "")]
    assert len(names) == 1, (project, service, engine.containers())
    return names[0]


def resources(engine, project):
    """{name without the project: what the engine shows}, networks and volumes."""
    def named(text):
        return text.replace(project, "PROJECT")

    networks, volumes = {}, {}
    for name in engine.networks():
        if name not in ("bridge", "host", "none"):
            seen = json.loads(engine.docker("network", "inspect", name))[0]
            kept = {key: seen[key] for key in ("Driver", "EnableIPv6", "Internal", "Options", "IPAM", "Labels", "Scope")}
            if name != f"{project}_front":  # the engine chose it
                kept["IPAM"]["Config"] = []
            networks[named(name)] = kept
    for name in engine.volumes():
        if not re.fullmatch("[0-9a-f]{64}", name):
            seen = json.loads(engine.docker("volume", "inspect", name))[0]
            volumes[named(name)] = {key: seen[key] for key in ("Driver", "Labels", "Options", "Scope")}
    return networks, volumes


def without_marks(seen):
    labels = {key: value for key, value in (seen["Labels"] or {}).items()
              if not key.startswith(("com.docker.compose.version", "roost."))}
    labels.pop("com.docker.compose.project", None)  # the project's own name
    if labels.get("com.docker.compose.volume", "").endswith("named"):
        del labels["com.docker.compose.volume"]  # docker-compose 1.29 writes the name, Compose since 2.0 the key
    ipam = {key: value for key, value in (seen.get("IPAM") or {}).items() if value}
    return {**seen, "Labels": labels, "IPAM": ipam, "Options": seen["Options"] or {}}


@pytest.mark.skipif(not COMPOSE, reason="docker-compose is not there")
def test_what_both_make_of_one_file(both):
    theirs, ours, their_resources, our_resources = both
    used, wrong = set(), []
    for service in SERVICES:
        for place, (only_theirs, only_ours) in sorted(differences(ours[service], theirs[service]).items()):
            reasons = [pattern for pattern in REASONS if re.fullmatch(pattern, place)]
            used.update(reasons)
            if not reasons:
                wrong.append(f"{service}: {place}: Compose {only_theirs}, roost {only_ours}")
    assert not wrong, "\n".join(wrong)
    assert used == set(REASONS), f"for nothing: {set(REASONS) - used}"
    for theirs_of, ours_of in zip(their_resources, our_resources):
        assert {name: without_marks(seen) for name, seen in ours_of.items()} == \
            {name: without_marks(seen) for name, seen in theirs_of.items()}
