#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every key of the Compose Specification, with each of its types, is accepted or refused on purpose.

    test_schema.py LOAD_LINES FOLDER          compares with FOLDER/outcomes.txt
    test_schema.py LOAD_LINES FOLDER --write  writes that file: look at every line that changes

FOLDER has the specification's own JSON schema. Cases are made from it; a sample is what SAMPLES names for a place, or
else something of the type. "same" is said of a key that is accepted and changes nothing: each such line is to be one
that says the default, or is one of roost's own (what the loader itself uses).
"""

import copy
import difflib
import json
import re
import subprocess
import sys
from pathlib import Path

# By place. A list of several is several cases.
SAMPLES = {
    "annotations": ["a=b"], "attach": ["true"], "build": ["."], "cap_add": ["NET_ADMIN"], "cap_drop": ["ALL"],
    "cgroup_parent": ["/x"], "command": ["sleep 1"], "container_name": ["other"], "cpu_count": ["2"], "cpu_percent": ["50"],
    "cpu_period": ["100ms", "100000"], "cpu_quota": ["50ms"], "cpu_rt_period": ["1s"], "cpu_rt_runtime": ["400ms"], "cpu_shares": ["512"],
    "cpus": ["0.5"], "cpuset": ["0,1"], "configs": ["c"], "secrets": ["s"],
    "depends_on": ["db"], "deploy.endpoint_mode": ["vip"], "deploy.mode": ["replicated", "global"],
    "deploy.replicas": ["2"], "deploy.resources.limits.cpus": ["0.5"], "deploy.resources.limits.memory": ["64m"],
    "deploy.resources.limits.pids": ["100"], "deploy.resources.reservations.cpus": ["0.5"],
    "deploy.resources.reservations.memory": ["64m"], "deploy.restart_policy.condition": ["any", "on-failure"],
    "device_cgroup_rules": ["c 1:3 mr"], "devices": ["/dev/null"], "devices.permissions": ["rw"],
    "devices.source": ["/dev/null"], "devices.target": ["/dev/x"], "dns": ["192.0.2.1"], "dns_opt": ["ndots:1"],
    "dns_search": ["example.org"], "entrypoint": ["sh -c"], "env_file": ["sample.env"], "env_file.path": ["sample.env"],
    "environment": ["A=b"], "expose": ["80"], "extends": ["db"], "extends.service": ["db"], "extra_hosts": ["a:192.0.2.1"],
    "extra_hosts.NAME": ["192.0.2.1"], "env_file.format": ["raw"], "extends.file": ["sample.yaml"], "gpus.options": ["a=b"],
    "deploy.resources.reservations.devices.options": ["a=b"], "external_links": ["old:new"], "gpus": ["all"], "gpus.count": ["all", "2"], "group_add": ["audio"],
    "deploy.resources.reservations.devices.count": ["all", "2"],
    "healthcheck.interval": ["1m"], "healthcheck.retries": ["3"], "healthcheck.start_interval": ["1s"],
    "healthcheck.start_period": ["1m"], "healthcheck.test": ["true"], "healthcheck.timeout": ["1m"],
    "image": ["other:1"], "ipc": ["host", "service:db", "shareable"], "label_file": ["sample.env"], "labels": ["a=b"],
    "links": ["db:other"], "mac_address": ["02:42:ac:11:00:02"], "mem_limit": ["64m"], "mem_reservation": ["64m"],
    "mem_swappiness": ["10"], "memswap_limit": ["128m", "-1"], "network_mode": ["host", "none", "bridge", "service:db"],
    "networks": ["back"], "networks.ipv4_address": ["192.0.2.9"], "networks.ipv6_address": ["2001:db8::9"],
    "networks.link_local_ips": ["169.254.0.9"], "networks.mac_address": ["02:42:ac:11:00:03"],
    "oom_score_adj": ["10"], "pid": ["host", "service:db"], "pids_limit": ["100"], "ports": ["8080:80", "80"],
    "ports.host_ip": ["127.0.0.1"], "ports.mode": ["host", "ingress"], "ports.protocol": ["udp"],
    "ports.published": ["8080"], "ports.target": ["80"], "profiles": ["p"],
    "pull_policy": ["always", "never", "build", "missing", "if_not_present", "refresh", "daily", "weekly", "every_12h"],
    "restart": ["always", "on-failure", "no"], "runtime": ["runc"], "scale": ["2"], "security_opt": ["no-new-privileges:true"],
    "shm_size": ["64m"], "stop_grace_period": ["1m"], "stop_signal": ["SIGINT"], "sysctls": ["a.b=1"],
    "tmpfs": ["/run"], "ulimits": ["1024"], "ulimits.hard": ["2048"], "ulimits.soft": ["1024"], "user": ["1000"],
    "userns_mode": ["host"], "uts": ["host"], "volumes": ["/data", "data:/data", "/srv:/srv:ro"],
    "volumes.consistency": ["cached"], "volumes.source": ["data"], "volumes.target": ["/data"],
    "volumes.bind.propagation": ["rslave"], "volumes.tmpfs.size": ["64m"], "volumes.tmpfs.mode": ["1777"],
    "volumes_from": ["db:ro"], "working_dir": ["/srv"], "blkio_config.weight": ["100"],
    "blkio_config.device_read_bps.rate": ["1m"], "blkio_config.device_write_bps.rate": ["1m"],
    "blkio_config.device_read_iops.rate": ["100"], "blkio_config.device_write_iops.rate": ["100"],
    "blkio_config.weight_device.weight": ["100"], "platform": ["linux/amd64"], "init": ["true"], "privileged": ["true"],
    "configs.source": ["c"], "secrets.source": ["s"], "configs.target": ["/c"], "secrets.mode": ["0440"], "configs.mode": ["0440"],
    "secrets.uid": ["0"], "secrets.gid": ["0"], "configs.uid": ["0"], "configs.gid": ["0"],
    "network.driver": ["bridge"], "network.name": ["other"], "volume.driver": ["local"], "volume.name": ["other"],
    "network.ipam.config.subnet": ["192.0.2.0/24"], "network.ipam.config.gateway": ["192.0.2.1"],
    "network.ipam.config.ip_range": ["192.0.2.0/25"], "network.ipam.config.aux_addresses": ["192.0.2.2"],
}
NUMBERS = {"cap_add": [], "cpus": [1.5], "ports": [80], "mem_swappiness": [10], "oom_score_adj": [10], "cpu_count": [2],
           "blkio_config.weight": [100], "blkio_config.weight_device.weight": [100], "secrets.mode": [288], "configs.mode": [288],
           "ports.target": [80], "ports.published": [8080], "scale": [2], "deploy.replicas": [2], "mem_limit": [67108864],
           "memswap_limit": [134217728], "ulimits": [1024], "ulimits.soft": [1024], "ulimits.hard": [2048], "shm_size": [67108864]}
# A name in a map of names.
NAMES = {"depends_on": "db", "networks": "back", "ulimits": "nofile", "sysctls": "a.b", "extra_hosts": "host"}
BOOLEANS = re.compile(r"(^|\.)(tty|read_only|init|privileged|stdin_open|oom_kill_disable|nocopy|create_host_path|attachable|internal|external"
                      r"|enable_ipv[46]|disable|required|restart|attach|no_cache|pull|provenance|sbom)$")
BASE = {"name": "demo",
        "services": {"web": {"image": "busybox"}, "db": {"image": "busybox", "expose": [1]}},
        "networks": {"back": {}}, "volumes": {"data": {}},
        "secrets": {"s": {"file": "./sample.env"}}, "configs": {"c": {"file": "./sample.env"}}}


class Schema:
    def __init__(self, root):
        self.root = root

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def variants(self, schema, place):
        """(what, value) for each way that the schema has to write it."""
        schema = self.resolve(schema)
        for part in schema.get("oneOf", []):
            yield from self.variants(part, place)
        if "enum" in schema:
            for value in schema["enum"]:
                yield "string", value
            return
        types = schema.get("type", [])
        for kind in [types] if isinstance(types, str) else types:
            yield from getattr(self, "of_" + kind)(schema, place)

    def of_string(self, _, place):
        if place not in SAMPLES and BOOLEANS.search(place):
            yield from (("string", text) for text in ("true", "false"))
            return
        for text in SAMPLES.get(place, ["x"]):
            yield "string", text

    def of_number(self, _, place):
        for number in NUMBERS.get(place, [100]):
            yield "number", number

    def of_integer(self, _, place):
        for number in NUMBERS.get(place, [2]):
            yield "integer", number

    def of_boolean(self, _, place):
        yield "boolean", True
        yield "boolean", False

    def of_null(self, _, place):
        yield "null", None

    def of_array(self, schema, place):
        if place == "healthcheck.test":
            yield "array of string", ["CMD", "true"]
            return
        for what, value in self.variants(schema.get("items", {"type": "string"}), place):
            yield f"array of {what}", [value]

    def least(self, schema, place):
        """An object with what it needs."""
        made = {}
        for name in schema.get("required", []):
            made[name] = next(self.variants(schema["properties"][name], f"{place}.{name}"))[1]
        if place == "volumes":
            made.update(type="volume", source="data", target="/data")
        if place == "ports":
            made["target"] = 80
        if place in ("secrets", "configs"):
            made["source"] = place[0]
        return made

    @staticmethod
    def fit(made, name):
        """A volume's type and source for what is said of it."""
        if name in ("bind", "consistency"):
            made["type"] = "bind"
        elif name in ("tmpfs", "image"):
            made["type"] = name
        if made["type"] == "bind":
            made["source"] = "/srv"
        elif made["type"] == "tmpfs":
            del made["source"]

    def of_object(self, schema, place):
        least = self.least(schema, place)
        for name, part in schema.get("properties", {}).items():
            for what, value in self.variants(part, f"{place}.{name}"):
                made = {**least, name: value}
                if place == "volumes":
                    self.fit(made, name)
                if place == "ulimits":
                    made = {"soft": 1, "hard": 4096, name: value}
                if place.startswith("blkio_config.") and "path" in schema["properties"]:
                    rate = "weight" if "weight" in schema["properties"] else "rate"
                    made = {"path": "/dev/null", rate: 100, name: "/dev/null" if name == "path" else value}
                yield f".{name} {what}", made
        for pattern, part in schema.get("patternProperties", {}).items():
            if pattern == "^x-":
                yield ".x-… anything", {**least, "x-a": 1}
                continue
            below = f"{place}.NAME" if f"{place}.NAME" in SAMPLES else place
            for what, value in self.variants(part, below):
                yield f".NAME {what}", {NAMES.get(place, "a"): value}
        if not schema.get("properties") and not schema.get("patternProperties"):
            yield "object", {"a": "b"}


def cases(schema):
    """(place, what, document)"""
    for key, part in schema.root["definitions"]["service"]["properties"].items():
        for what, value in schema.variants(part, key):
            made = copy.deepcopy(BASE)
            made["services"]["web"][key] = value
            yield f"service {key}", what, value, made
    for kind, section, name in (("network", "networks", "back"), ("volume", "volumes", "data")):
        for key, part in schema.root["definitions"][kind]["properties"].items():
            for what, value in schema.variants(part, f"{kind}.{key}"):
                made = copy.deepcopy(BASE)
                made[section][name] = {key: value}
                yield f"{kind} {key}", what, value, made


def used(document):
    """The service uses both resources unless the case is about that."""
    web = document["services"]["web"]
    if "networks" not in web and "network_mode" not in web:
        web["networks"] = ["back"]
    if "volumes" not in web:
        web["volumes"] = ["data:/used"]
    return document


def run(program, folder, documents):
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    done = subprocess.run([program, folder], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def outcome(seen, base):
    if "error" in seen:
        return "error: " + re.sub(r"^compose\.yaml:\d+:\d+: (service \"web\": )?", "", seen["error"])
    if seen["warnings"]:
        return "warning: " + " | ".join(re.sub(r"^.*?compose\.yaml:\d+:\d+: ", "", text) for text in seen["warnings"])
    return "same" if (seen["rows"], seen["resources"]) == (base["rows"], base["resources"]) else "accepted"


def without(document, place):
    """The document that the case is compared with: without its key."""
    kind, key = place.split()
    made = copy.deepcopy(document)
    if kind == "service":
        if key not in ("networks", "volumes", "network_mode", "image"):
            del made["services"]["web"][key]
        else:
            made = used({**copy.deepcopy(BASE)})
    else:
        made["networks" if kind == "network" else "volumes"]["back" if kind == "network" else "data"] = {}
    return made


def main():
    program, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    schema = Schema(json.loads((folder / "compose-spec.json").read_text()))
    found = [(place, what, value, used(document)) for place, what, value, document in cases(schema)]
    documents = [document for *_, document in found]
    seen = run(program, folder, documents)
    bases = run(program, folder, [without(document, place) for place, _, _, document in found])
    assert len(seen) == len(bases) == len(found)
    made = [f"{place} {what} {json.dumps(value, ensure_ascii=False)}: {outcome(one, base)}\n".replace(f"{folder}/", "")
            for (place, what, value, _), one, base in zip(found, seen, bases)]
    listed = folder / "outcomes.txt"
    if sys.argv[3:] == ["--write"]:
        listed.write_text("".join(made), encoding="utf-8")
        return 0
    known = listed.read_text(encoding="utf-8").splitlines(keepends=True)
    sys.stdout.writelines(difflib.unified_diff(known, made, str(listed), "what came of it"))
    return 0 if made == known else 1


if __name__ == "__main__":
    sys.exit(main())
