# SPDX-License-Identifier: MIT
"""The boot pass: what is there after it, and that a second one leaves everything alone."""

from engine import wait_until
from fleet import hot, lazy


def test_hot_runs_and_lazy_sleeps(fleet):
    fleet.apply({"web": hot(), "reviewer": lazy()})
    report = fleet.report()
    assert {name: row["action"] for name, row in report.items()} == {"web": "created", "reviewer": "created"}
    assert {name: row["lifecycle"] for name, row in report.items()} == {"web": "hot", "reviewer": "lazy"}
    web, reviewer = fleet.inspect("web"), fleet.inspect("reviewer")
    assert web["State"]["Status"] == "running"
    assert web["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert reviewer["State"]["Status"] == "created"
    assert reviewer["HostConfig"]["RestartPolicy"]["Name"] == "no"


def test_a_second_pass_touches_nothing(fleet, engine):
    fleet.up({"web": hot(), "reviewer": lazy()})
    marks, calls = fleet.marks(), engine.watch()
    assert fleet.actions() == {"web": "unchanged", "reviewer": "unchanged"}
    assert fleet.marks() == marks
    assert calls.changing == []


def test_serve_makes_the_boot_pass(fleet, engine):
    fleet.apply({"web": hot(), "reviewer": lazy()})
    with fleet.serve():
        # It is ready, for whoever asks, from its first listing on.
        wait_until(lambda: [fleet.rows()[name]["state"] for name in ("web", "reviewer")] == ["running", "stopped"],
                   "the boot pass")
        assert fleet.inspect("web")["State"]["Status"] == "running"
        assert fleet.inspect("reviewer")["State"]["Status"] == "created"
        marks = fleet.marks()
    calls = engine.watch()
    with fleet.serve():
        assert fleet.actions() == {"web": "unchanged", "reviewer": "unchanged"}
    assert fleet.marks() == marks
    assert calls.changing == []


def test_ls_and_show_tell_what_is(fleet):
    fleet.up({"web": hot(environment={"A": "1"}), "reviewer": lazy()})
    rows = fleet.rows()
    # Nobody waits for it to be ready without a daemon.
    assert rows["web"]["state"] in ("starting", "running")
    assert rows["reviewer"]["state"] == "stopped"
    for name, row in rows.items():
        seen = fleet.inspect(name)
        assert row["container"]["id"] == seen["Id"]
        assert row["container"]["name"] == fleet.container(name)
        assert row["container"]["status"] == seen["State"]["Status"]
        assert row["image"] == "busybox"
        assert row["held"] is False
    shown = fleet.roost("show", "web", "-o", "json").json
    assert shown["name"] == "web"
    assert shown["drift"] == []
    assert shown["spec"]["command"] == ["httpd", "-f", "-p", "80"]
    # A table for people has every agent too.
    table = fleet.roost("ls").out
    assert "web" in table and "reviewer" in table and "\x1b" not in table


def test_a_daemon_sees_it_become_ready(fleet):
    fleet.apply({"web": hot(), "told": hot(**{"x-roost": {}}), "deaf": hot(**{"x-roost": {"ready": {"tcp": 81}}})})
    with fleet.serve():
        for name in ("web", "told"):
            wait_until(lambda name=name: fleet.rows()[name]["state"] == "running", f"{name} ready")
        assert fleet.rows()["deaf"]["state"] == "starting"
        assert fleet.inspect("deaf")["State"]["Status"] == "running"


def test_container_null_when_missing(fleet):
    fleet.apply({"web": hot()})
    row = fleet.rows()["web"]
    assert row["container"] is None
    assert row["state"] == "missing"
