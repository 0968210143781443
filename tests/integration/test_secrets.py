# SPDX-License-Identifier: MIT
"""A value of the environment shows up nowhere but in the container."""

import os
import stat

from fleet import hot, lazy

CANARY = "canary-5e93a1"


def test_values_of_the_environment_never_leak(fleet, engine):
    services = {"web": hot(environment={"TOKEN": CANARY}), "job": lazy(environment=[f"TOKEN={CANARY}"]),
                "broken": hot(environment={"TOKEN": CANARY}, image="no-such-image",
                              pull_policy="never"),
                "refused": hot(environment={"TOKEN": CANARY}, command=["/no/such/command"])}
    told = [fleet.apply(services)]
    for words in (["plan", "-o", "json"], ["plan"], ["reconcile", "-v"], ["reconcile", "-o", "json"], ["ls"],
                  ["ls", "-o", "json"], ["doctor"], ["show", "web"], ["show", "web", "-o", "json"],
                  ["show", "refused"], ["show", "job", "--docker-run"]):
        told.append(fleet.run(*words))
    with fleet.serve("-v") as server:
        told.append(fleet.run("reconcile", "-o", "json"))
        told.append(fleet.run("show", "web"))
        # The API tells an agent's whole spec to those who may do anything; a list is for everybody's eyes.
        for path in ("/v1/agents", "/readyz"):
            told.append(fleet.get(path))
        fleet.sql("UPDATE agents SET spec=json_set(spec, '$.environment.TOKEN', json('{}')) WHERE name='job'")
        told.append(fleet.run("reconcile"))
    told.append(server.log)
    for text in map(repr, told):
        assert CANARY not in text, text
    assert f"TOKEN={CANARY}" in fleet.inspect("web")["Config"]["Env"]
    assert CANARY in fleet.roost("show", "web", "--secrets", "-o", "json").out


def test_the_database_is_its_owners(fleet):
    fleet.apply({"web": hot()})
    for name in os.listdir(fleet.dir):
        if name.startswith("roost.db"):
            assert stat.S_IMODE(os.stat(fleet.dir / name).st_mode) == 0o600, name
