# SPDX-License-Identifier: MIT
"""Images are pulled: when, with which credentials, and what is said when they cannot be."""

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import wait_until
from fleet import hot, lazy
from registry import Registry


@pytest.fixture(scope="module")
def registry(engine):
    made = Registry(engine)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def mended(registry):
    yield
    registry.relay.mend()


def log_in(fleet, config):
    folder = fleet.dir / ".docker"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))


def pulls(calls):
    return [call for call in calls.changing if "/images/create" in call]


def error_of(fleet, agent):
    return fleet.report(status=1)[agent]["error"]


def test_a_missing_image_is_pulled_once_with_the_credentials_of_config_json(fleet, registry, engine):
    image = registry.push("app:1")
    log_in(fleet, registry.login())
    calls = engine.watch()
    fleet.up({"one": hot(image=image), "two": lazy(image=image)})
    assert len(pulls(calls)) == 1
    assert fleet.inspect("one")["Config"]["Image"] == image
    fleet.settled()
    assert len(pulls(calls)) == 1
    assert fleet.sql("SELECT count(*) FROM pulls") == "1"


def test_a_credential_helper_is_asked(fleet, registry):
    image = registry.push("helped:1")
    helper = fleet.dir / "docker-credential-canary"
    helper.write_text("#!/bin/sh\n"
                      f"test \"$1 $(cat)\" = 'get {registry.host}' || exit 1\n"
                      f"echo '{{\"Username\":\"{registry.USER}\",\"Secret\":\"{registry.PASSWORD}\"}}'\n")
    helper.chmod(0o755)
    log_in(fleet, {"credHelpers": {registry.host: "canary"}})
    fleet.apply({"one": lazy(image=image)})
    path = f"{fleet.dir}:{fleet.env()['PATH']}"
    done = fleet.roost("reconcile", "-v", env={"PATH": path})
    assert registry.PASSWORD not in done.out + done.err
    assert fleet.inspect("one")["State"]["Status"] == "created"


def test_who_has_no_credentials_hears_the_registry(fleet, registry):
    image = registry.push("secret:1")
    fleet.apply({"one": lazy(image=image)})
    error = error_of(fleet, "one")
    assert "pull image" in error and image in error
    assert "no basic auth credentials" in error
    # Its own words stand in the state, too; and one wrong agent stops no other.
    assert error in fleet.rows()["one"]["reason"]


def test_a_tag_that_is_not_there(fleet, registry):
    registry.push("known:1")
    log_in(fleet, registry.login())
    fleet.apply({"one": lazy(image=f"{registry.host}/known:2"), "other": lazy()})
    report = fleet.report(status=1)
    assert "manifest unknown" in report["one"]["error"]
    assert report["other"]["action"] == "created"


def test_never_and_build_say_what_to_do(fleet, registry, engine):
    image = f"{registry.host}/nowhere:1"
    log_in(fleet, registry.login())
    calls = engine.watch()
    fleet.apply({"never": lazy(image=image, pull_policy="never"), "built": lazy(image=image, pull_policy="build")})
    report = fleet.report(status=1)
    assert "No such image" in report["never"]["error"] and "roost pull" in report["never"]["error"]
    assert "docker compose build" in report["built"]["error"]
    assert pulls(calls) == []


def test_a_pull_of_all_names_the_row_that_cannot_be_read(fleet, registry):
    image = registry.push("good:1")
    log_in(fleet, registry.login())
    fleet.apply({"good": lazy(image=image)})
    fleet.sql("INSERT INTO agents (name, lifecycle, image, spec) VALUES ('bad', 'lazy', 'busybox', '{\"nonsense\":1}')")
    images = {one["agents"][0]: one for one in fleet.roost("pull", "-o", "json", status=1).json["images"]}
    assert images["good"]["pulled"] and images["good"]["error"] is None
    assert not images["bad"]["pulled"] and "nonsense" in images["bad"]["error"]


def test_a_registry_that_dies_in_the_middle(fleet, registry):
    image = registry.push("large:1", size=4 << 20)
    log_in(fleet, registry.login())
    fleet.apply({"one": lazy(image=image)})
    registry.relay.die_after(1 << 20)
    assert "pull image" in error_of(fleet, "one")
    assert fleet.mine() == []
    registry.relay.mend()
    assert fleet.actions() == {"one": "created"}
    fleet.settled()


def test_an_image_for_another_platform_is_pulled_for_it_or_refused(fleet, registry, engine):
    image = registry.push("foreign:1", architecture="arm64")
    log_in(fleet, registry.login())
    calls = engine.watch()
    fleet.apply({"one": lazy(image=image, platform="linux/arm64"),
                 "other": lazy(platform="linux/arm64", pull_policy="never")})
    report = fleet.report(status=1)
    assert report["one"]["action"] == "created"
    assert "wanted linux/arm64, actual: linux/amd64" in report["other"]["error"]
    assert [pull for pull in pulls(calls) if "platform=linux%2Farm64" in pull] == pulls(calls) != []
    assert engine.docker("image", "inspect", "--format", "{{.Architecture}}", image) == "arm64"
    assert "--platform linux/arm64" in fleet.roost("show", "one", "--docker-run").out
    fleet.sql("DELETE FROM agents WHERE name='other'")
    fleet.settled()


def test_a_digest_is_pulled(fleet, registry, engine):
    image = registry.push("digested:1")
    log_in(fleet, registry.login())
    fleet.up({"one": lazy(image=image)})
    digest = engine.docker("image", "inspect", "--format", "{{index .RepoDigests 0}}", image)
    fleet.engine.docker("rm", "-f", fleet.container("one"))
    engine.docker("rmi", "-f", image)
    fleet.apply({"one": lazy(image=digest)})
    assert set(fleet.actions().values()) == {"created"}
    assert fleet.inspect("one")["Config"]["Image"] == digest
    fleet.settled()


def test_always_pulls_each_time_or_makes_no_container(fleet, registry, engine):
    image = registry.push("always:1")
    log_in(fleet, registry.login())
    calls = engine.watch()
    fleet.up({"one": lazy(image=image, pull_policy="always")})
    assert len(pulls(calls)) == 1
    fleet.roost("recreate", "one")
    assert len(pulls(calls)) == 2
    before = fleet.inspect("one")["Id"]
    registry.relay.die_after(0)
    done = fleet.run("recreate", "one")
    assert done.status == 1 and "pull image" in done.out + done.err
    assert fleet.inspect("one")["Id"] == before
    registry.relay.mend()
    fleet.settled()


@pytest.mark.parametrize("with_daemon", [False, True])
def test_two_pulls_at_once(fleet, registry, engine, with_daemon):
    """Of two processes, neither of which knows of the other; the first may be the daemon's, for its agent."""
    image = registry.push(f"both-{with_daemon}:1".lower(), size=8 << 20)
    log_in(fleet, registry.login())
    fleet.apply({"one": hot(image=image)})
    calls = engine.watch()
    registry.relay.hold_after(1 << 20)
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor())
        stack.callback(registry.relay.mend)
        if with_daemon:
            stack.enter_context(fleet.serve(ready=False))
        first = None if with_daemon else pool.submit(fleet.run, "pull")
        wait_until(lambda: registry.relay.holds, "the first pull is under way")
        second = pool.submit(fleet.run, "--socket", fleet.dir / "nobody", "pull")
        third = pool.submit(fleet.run, "pull", "one")
        wait_until(lambda: len(pulls(calls)) >= 2, "the second pull is under way")
        assert not any(future and future.done() for future in (first, second))
        registry.relay.mend()
        for done in [future.result() for future in (first, second, third) if future]:
            assert done.status == 0 and "pulled" in done.out, done
        if with_daemon:
            wait_until(lambda: (fleet.inspect("one") or {}).get("State", {}).get("Running"), "its container")
    assert engine.docker("image", "inspect", "--format", "{{.Id}}", image).startswith("sha256:")
    if not with_daemon:
        assert fleet.actions() == {"one": "created"}
    fleet.settled()


def test_daily_goes_by_the_time_that_the_database_keeps(fleet, registry, engine):
    image = registry.push("daily:1")
    log_in(fleet, registry.login())
    fleet.up({"one": lazy(image=image, pull_policy="daily")})
    calls = engine.watch()
    fleet.roost("recreate", "one")
    assert pulls(calls) == []
    fleet.sql("UPDATE pulls SET pulled_at = pulled_at - 86400000")
    fleet.roost("recreate", "one")
    assert len(pulls(calls)) == 1
    # What is there does when there is nothing newer to be had.
    fleet.sql("UPDATE pulls SET pulled_at = pulled_at - 86400000")
    registry.relay.die_after(0)
    fleet.roost("recreate", "one")
    assert len(pulls(calls)) == 2
    fleet.settled()


def test_a_newer_image_is_told_and_taken_when_asked_for(fleet, registry):
    image = registry.push("moving:1")
    log_in(fleet, registry.login())
    fleet.up({"one": lazy(image=image), "other": lazy()})
    assert not any(agent["outdated"] for agent in fleet.roost("outdated", "-o", "json").json["agents"])
    done = fleet.roost("outdated")
    assert done.out == "" and "nothing is outdated (2 containers)" in done.err
    before = fleet.inspect("one")["Id"]
    fleet.engine.docker("tag", image, f"{registry.host}/kept:1")  # push takes the tag away
    registry.push("moving:1", size=1 << 20)
    pulled = fleet.roost("pull", "one")
    assert "pulled" in pulled.out and "%" in pulled.err
    outdated = fleet.roost("outdated", "-o", "json").json["agents"]
    assert {agent["name"]: agent["outdated"] for agent in outdated} == {"one": True, "other": False}
    assert image in fleet.roost("outdated").out
    fleet.settled()  # no drift by itself
    assert fleet.inspect("one")["Id"] == before
    fleet.roost("apply", fleet.file, "--refresh-images")
    assert fleet.inspect("one")["Id"] != before
    assert not any(agent["outdated"] for agent in fleet.roost("outdated", "-o", "json").json["agents"])
    fleet.settled()


def test_the_daemon_pulls_for_its_agents_and_for_people(fleet, registry):
    image = registry.push("served:1")
    log_in(fleet, registry.login())
    fleet.write({"one": hot(image=image)})
    fleet.roost("apply", fleet.file)
    with fleet.serve():
        wait_until(lambda: (fleet.inspect("one") or {}).get("State", {}).get("Running"), "its container")
        done = fleet.roost("pull", "-o", "json").json
        assert done == {"images": [{"image": image, "platform": None, "agents": ["one"], "pulled": True, "error": None}]}
        status, problem = fleet.get("/v1/agents/nobody/pull", method="POST")
        assert (status, problem["code"]) == (404, "no_agent")
