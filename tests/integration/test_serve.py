# SPDX-License-Identifier: MIT
"""The daemon: follows the table, answers on its socket, comes and goes without touching a container."""

import os
import signal
import stat
import subprocess
import time

from engine import wait_until
from fleet import hot, lazy, notify_socket


def status(fleet, agent):
    seen = fleet.inspect(agent)
    return seen and seen["State"]["Status"]


def test_serve_follows_the_table(fleet):
    fleet.apply({"web": hot(environment={"A": "1"})})
    with fleet.serve():
        fleet.sql("INSERT INTO agents (name, lifecycle, image, spec) "
                  "SELECT 'second', 'lazy', image, spec FROM agents WHERE name='web'")
        wait_until(lambda: status(fleet, "second") == "created", "the inserted row's container")

        before = fleet.inspect("web")["Id"]
        fleet.set_spec("web", "environment.A", "2")
        wait_until(lambda: status(fleet, "web") == "running" and fleet.inspect("web")["Id"] != before,
                   "the updated row's new container")
        assert "A=2" in fleet.inspect("web")["Config"]["Env"]

        fleet.sql("UPDATE agents SET lifecycle='hot' WHERE name='second'")
        wait_until(lambda: status(fleet, "second") == "running", "the agent made hot")

        fleet.sql("DELETE FROM agents WHERE name='second'")
        wait_until(lambda: status(fleet, "second") is None, "the deleted row's container gone")
        wait_until(lambda: fleet.mine() == [fleet.container("web")], "nothing left over")
        assert fleet.actions() == {"web": "unchanged"}


def test_apply_through_the_daemon(fleet):
    fleet.apply({"web": hot()})
    with fleet.serve():
        fleet.apply({"web": hot(), "more": lazy()})
        wait_until(lambda: status(fleet, "more") == "created", "the applied agent")
        assert fleet.rows()["more"]["state"] == "stopped"


def test_the_first_apply_of_a_daemon_without_a_fleet(fleet):
    """It comes before the daemon has seen that there is one, and is carried out all the same."""
    with fleet.serve(ready=False):
        wait_until(lambda: fleet.get("/healthz")[0] == 200, "roost serves")
        assert "no fleet yet" in fleet.roost("reconcile", status=4).err
        report = fleet.apply({"web": hot(), "more": lazy()}, "-o", "json").json["reconcile"]
        assert {row["name"]: row["action"] for row in report["agents"]} == {"web": "created", "more": "created"}
        assert status(fleet, "web") == "running"


def test_sigterm_leaves_containers_as_they_are(fleet):
    fleet.apply({"web": hot(), "reviewer": lazy()})
    with fleet.serve() as server:
        marks = fleet.marks()
        assert server.stop() == 0
    assert fleet.marks() == marks
    assert not fleet.socket.exists()
    with fleet.serve() as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=60) == 0
    assert fleet.marks() == marks


def test_a_second_serve_is_refused_naming_the_first(fleet):
    fleet.apply({"web": hot()})
    with fleet.serve() as server:
        refusal = fleet.roost("serve", "--socket", fleet.dir / "another.sock", status=1)
        assert str(server.pid) in refusal.err
        assert fleet.get("/healthz")[0] == 200
        assert fleet.actions() == {"web": "unchanged"}


def test_a_dead_daemons_socket_is_replaced(fleet):
    fleet.apply({"web": hot()})
    with fleet.serve() as server:
        server.kill()
    assert fleet.socket.exists()
    with fleet.serve():
        assert fleet.get("/readyz")[0] == 200


def test_the_api_on_the_socket(fleet):
    fleet.apply({"web": hot(), "reviewer": lazy()})
    with fleet.serve():
        mode = os.stat(fleet.socket).st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
        assert fleet.get("/healthz")[0] == 200
        assert fleet.get("/readyz")[0] == 200

        wait_until(lambda: fleet.rows()["web"]["state"] == "running", "web ready")
        code, listing = fleet.get("/v1/agents")
        assert code == 200
        assert listing == fleet.roost("ls", "-o", "json").json
        assert listing["fleet"] == fleet.name

        code, web = fleet.get("/v1/agents/web")
        assert (code, web["name"], web["state"]) == (200, "web", "running")

        code, problem = fleet.get("/v1/agents/nobody")
        assert (code, problem["status"]) == (404, 404)
        assert "nobody" in problem["detail"]
        assert fleet.get("/v1/no-such-thing")[0] == 404
        assert fleet.get("/v1/agents", method="PATCH")[0] == 405

        code, report = fleet.get("/v1/reconcile", method="POST")
        assert code == 200
        assert {row["name"]: row["action"] for row in report["agents"]} == {"web": "unchanged", "reviewer": "unchanged"}
        assert fleet.get("/v1/reconcile", method="POST", body="{")[0] == 400


def test_a_dry_run_over_the_api_changes_nothing(fleet, engine):
    fleet.up({"web": hot()})
    with fleet.serve():
        engine.docker("stop", fleet.container("web"))
        wait_until(lambda: status(fleet, "web") == "exited", "stopped by hand")
        calls = engine.watch()
        code, report = fleet.get("/v1/reconcile?dry_run=1", method="POST")
        assert code == 200
        assert report["agents"][0]["action"] in ("started", "unchanged")
        assert [call for call in calls.changing if "/start" not in call] == []


def test_systemd_is_told(fleet):
    fleet.apply({"web": hot()})
    path = fleet.dir / "notify.sock"
    with notify_socket(path) as listener:
        with fleet.serve(env={"NOTIFY_SOCKET": str(path)}):
            assert "READY=1" in listener.recv(4096).decode().split("\n")
            # Ready means that the boot pass is done.
            assert status(fleet, "web") == "running"
        assert "STOPPING=1" in listener.recv(4096).decode().split("\n")


def test_the_command_line_says_when_no_daemon_answers(fleet):
    fleet.apply({"web": hot()})
    # A socket that was asked for by name has to be there; the database's way is only taken without one.
    done = fleet.run("ls", "-o", "json")
    assert done.status == 0, done
    assert fleet.get("/healthz")[0] == 0


def test_plain_sql_from_ten_writers_at_once(fleet):
    fleet.apply({"web": lazy()})
    with fleet.serve():
        writers = [subprocess.Popen(["sqlite3", "-cmd", ".timeout 20000", str(fleet.db),
                                     "INSERT INTO agents (name, lifecycle, image, spec) "
                                     f"SELECT 'extra{n}', 'lazy', image, spec FROM agents WHERE name='web'"])
                   for n in range(10)]
        assert [writer.wait(timeout=60) for writer in writers] == [0] * 10
        wait_until(lambda: len(fleet.mine()) == 11, "a container for each row")
        assert set(fleet.actions().values()) == {"unchanged"}


def test_many_at_once(fleet, engine):
    names = [f"web{n}" for n in range(12)]
    fleet.apply({name: hot() for name in names})
    with fleet.serve():
        engine.docker("rm", "-f", *map(fleet.container, names))
        wait_until(lambda: len(fleet.mine()) == 12 and all(status(fleet, name) == "running" for name in names),
                   "all are back", 120)
        wait_until(lambda: set(fleet.actions().values()) == {"unchanged"}, "at rest")


def test_a_fleet_at_rest_is_left_in_peace(fleet, engine):
    fleet.apply({"web": hot(), "job": lazy(), "deaf": hot(**{"x-roost": {"ready": {"tcp": 81}}})})
    with fleet.serve():
        wait_until(lambda: fleet.rows()["web"]["state"] == "running", "ready")
        calls = engine.watch()
        time.sleep(35)  # past a whole resync
        assert calls.changing == []
