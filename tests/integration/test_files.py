# SPDX-License-Identifier: MIT
"""One fleet out of several compose files, with profiles and services of several agents."""

import json

from fleet import SERVICE, hot


def write(fleet, name, **content):
    (fleet.dir / name).write_text(json.dumps(content))


def test_files_profiles_and_scale(fleet):
    fleet.write({
        "web": hot(environment={"A": "base"}),
        "worker": {**SERVICE, "scale": 2},
        "tool": hot(profiles=["tools"]),
    })
    write(fleet, "common.yaml", services={"base": {**hot(), "labels": {"base": "yes"}}})
    write(fleet, "prod.yaml", services={
        "web": {"environment": ["B=prod"], "extends": {"file": "common.yaml", "service": "base"}}})
    files = ("-f", fleet.file, "-f", fleet.dir / "prod.yaml")
    fleet.roost("apply", *files)
    assert fleet.actions() == {"web": "created", "worker-1": "created", "worker-2": "created"}
    web = fleet.inspect("web")["Config"]
    assert {"A=base", "B=prod"} <= set(web["Env"]) and web["Labels"]["base"] == "yes"
    network = f"{fleet.name}_default"
    for number in (1, 2):
        seen = fleet.inspect(f"worker-{number}")["NetworkSettings"]["Networks"][network]
        assert "worker" in seen["Aliases"]
    # Its name has an address; whether that answers is the packet filter's of this machine, too.
    assert "PING worker (" in fleet.engine.docker("exec", fleet.container("web"), "ping", "-c", "1", "-W", "1", "worker",
                                                  check=False)
    fleet.settled()
    done = fleet.roost("apply", *files, "--profile", "tools", "-o", "json").json
    assert done["summary"]["created"] == 1
    assert fleet.actions()["tool"] == "created"
    fleet.settled()
