# SPDX-License-Identifier: MIT
"""The commands as a daemon's client: what they ask it, and what they make of the answers."""

import json
import os
import subprocess

import pytest

from fake import daemon, locked

AGENTS = {"fleet": "demo", "agents": [
    {"name": "web", "lifecycle": "hot", "state": "running", "image": "busybox", "held": False, "reason": None,
     "generation": 1, "container": {"id": "ab" * 32, "name": "demo-web", "status": "running"}},
    {"name": "reviewer", "lifecycle": "lazy", "state": "failed", "image": "busybox", "held": True,
     "reason": "port \x1b[31mtaken", "generation": 2, "container": None}]}

AGENT = {**AGENTS["agents"][0], "spec": {"environment": {"TOKEN": "canary"}, "command": ["sleep", "9"]},
         "drift": ["image", "networks"], "leases": [{"id": "l1", "expires_at": "2026-11-24T08:00:00.000Z"}],
         "events": [{"id": 1, "time": "2026-11-24T07:00:00.000Z", "kind": "created", "reason": "missing"}]}


@pytest.fixture
def fake(cli):
    cli.apply({"web": {"image": "busybox"}, "reviewer": {"image": "busybox", "x-roost": {"lifecycle": "lazy"}}}, "-q")
    with daemon(cli) as it:
        yield it


def test_ls(cli, fake):
    fake.says("GET /v1/agents", AGENTS)
    done = cli.run("ls")
    lines = done.out.splitlines()
    assert lines[0].split() == ["NAME", "LIFECYCLE", "STATE", "IMAGE", "CONTAINER", "REASON"]
    assert lines[1].split() == ["web", "hot", "running", "busybox", "running", "-"]
    assert lines[2].split()[:5] == ["reviewer", "lazy", "(held)", "failed", "busybox"]
    assert "\\x1b[31mtaken" in lines[2] and "\x1b" not in done.out
    assert done.err == ""
    assert cli.run("ls", "-o", "json").json == AGENTS
    lost = {**AGENTS, "engine_error": "gone; look at\x1b it"}
    fake.says("GET /v1/agents", lost)
    done = cli.run("ls")
    assert done.out.splitlines() == lines
    assert done.err == "warning: the engine could not be asked, this is what roost knew last: gone; look at\\x1b it\n"


def test_pulls_of_one_image_for_two_platforms(cli, fake):
    entry = {"image": "busybox", "agents": ["web"], "pulled": True, "error": None}
    images = {"images": [{**entry, "platform": None},
                         {**entry, "platform": "linux/arm64", "pulled": False, "error": "no such"}]}
    fake.says("POST /v1/pull", images)
    lines = cli.run("pull", status=1).out.splitlines()
    assert [line.split(maxsplit=3) for line in lines] == [
        ["IMAGE", "PLATFORM", "RESULT", "ERROR"], ["busybox", "-", "pulled", "-"],
        ["busybox", "linux/arm64", "failed", "no such"]]
    assert cli.run("pull", "-o", "json", status=1).json == images


def test_colours_only_on_a_terminal(cli, fake):
    fake.says("GET /v1/agents", AGENTS)
    assert "\x1b[32mrunning\x1b[0m" in cli.on_terminal("ls")
    for words, env in ((["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
        assert "\x1b" not in cli.on_terminal("ls", *words, env=env)
    shown = cli.on_terminal("ls", "-o", "json")
    assert shown.startswith('{\r\n  "fleet"') and json.loads(shown) == AGENTS


def test_show(cli, fake):
    fake.says("GET /v1/agents/web", AGENT)
    done = cli.run("show", "web")
    for text in ("container   demo-web (abababababab, running)", "drift       image, networks", "l1  2026-11-24T08",
                 "2026-11-24T07:00:00.000Z  created  missing", '"TOKEN": "***"'):
        assert text in done.out
    assert "canary" not in done.out
    shown = cli.run("show", "web", "-o", "json").json
    assert shown["spec"]["environment"] == {"TOKEN": "***"} and shown["drift"] == AGENT["drift"]


def test_secrets_come_from_the_database(cli, fake):
    """Whatever the daemon shows of them."""
    fake.says("GET /v1/agents/web", {**AGENT, "spec": {"environment": {"TOKEN": "***"}}})
    cli.sql("""UPDATE agents SET spec = '{"environment":{"TOKEN":"canary"}}' WHERE name = 'web'""")
    assert "canary" in cli.run("show", "web", "--secrets").out
    assert cli.run("show", "web", "-o", "json", "--secrets").json == {
        **AGENT, "spec": {"environment": {"TOKEN": "canary"}}}
    cli.sql("UPDATE agents SET spec = 'nonsense' WHERE name = 'web'")
    assert cli.run("show", "web", "-o", "json", "--secrets").json["spec"] == "nonsense"
    os.chmod(cli.db, 0o644)
    assert cli.run("show", "web", "--secrets", status=1).out == ""


@pytest.mark.parametrize("words, call", [
    (["plan"], "POST /v1/reconcile?dry_run=1"),
    (["plan", "--deep"], "POST /v1/reconcile?dry_run=1&deep=1"),
    (["reconcile"], "POST /v1/reconcile?deep=0&remove_orphans=0"),
    (["reconcile", "--deep", "--remove-orphans"], "POST /v1/reconcile?deep=1&remove_orphans=1"),
    (["reconcile", "web"], "POST /v1/agents/web/reconcile"),
    (["reconcile", "web", "--deep"], "POST /v1/agents/web/reconcile?deep=1"),
    (["recreate", "web"], "POST /v1/agents/web/reconcile?recreate=1"),
])
def test_what_is_asked(cli, fake, words, call):
    report = fake.reports(call, ("web", "unchanged"))
    assert cli.run(*words, "-o", "json").json == report
    assert fake.calls == [call]


@pytest.mark.parametrize("command, what", [("sleep", "to put an agent to sleep"), ("restart", "a restart")])
def test_sleep_and_restart(cli, fake, command, what):
    for name in ("web", "reviewer"):
        fake.says(f"POST /v1/agents/{name}/{command}", {"agent": name, "state": "stopped"})
    done = cli.run(command, "web", "nobody", "reviewer", status=1)
    assert done.err.splitlines()[::2] == ["web is stopped", "reviewer is stopped"] and "no answer for" in done.err
    assert fake.calls == [f"POST /v1/agents/{name}/{command}" for name in ("web", "nobody", "reviewer")]
    assert cli.run(command, "web", "-o", "json").json == {"agent": "web", "state": "stopped"}
    away = cli.run(command, "web", "--socket", cli.dir / "away.sock", status=4)
    assert f"and {what} needs one; start it" in away.err


def test_several_names_are_one_answer(cli, fake):
    fake.reports("POST /v1/agents/web/reconcile?recreate=1", ("web", "recreated"))
    fake.reports("POST /v1/agents/reviewer/reconcile?recreate=1", ("reviewer", "recreated"))
    done = cli.run("recreate", "web", "reviewer", "-o", "json")
    assert done.json["summary"] == {"recreated": 2}
    assert [agent["name"] for agent in done.json["agents"]] == ["web", "reviewer"]


@pytest.mark.parametrize("action, plan, reconcile", [
    ("created", 3, 0), ("removed", 3, 0), ("pending", 3, 0), ("unchanged", 0, 0), ("held", 0, 0), ("adopted", 0, 0),
    ("deferred", 0, 0), ("orphaned", 0, 0), ("error", 1, 1), ("of_a_newer_roost", 3, 0)])
def test_exit_statuses(cli, fake, action, plan, reconcile):
    fake.reports("POST /v1/reconcile?dry_run=1", ("web", action), ("reviewer", "unchanged"))
    fake.reports("POST /v1/reconcile?deep=0&remove_orphans=0", ("web", action), ("reviewer", "unchanged"))
    done = cli.run("plan", status=plan)
    assert ("nothing to do" in done.out) == (plan == 0)
    cli.run("plan", "-o", "json", status=plan)
    cli.run("reconcile", status=reconcile)
    cli.run("reconcile", "-o", "json", status=reconcile)


def test_an_error_beside_an_action(cli, fake):
    fake.reports("POST /v1/reconcile?deep=0&remove_orphans=0", ("web", "created", "port taken"))
    assert "port taken" in cli.run("reconcile", status=1).out
    assert "port taken" in cli.run("reconcile", "-q", status=1).out


def test_what_a_report_looks_like(cli, fake):
    fake.reports("POST /v1/reconcile?deep=0&remove_orphans=0", ("web", "rolled_back"), ("a", "held"),
                 ("b", "unchanged"))
    assert cli.run("reconcile").out == ("NAME  LIFECYCLE  ACTION       WHY\n"
                                        "web   hot        rolled back  because\n"
                                        "a     hot        held         because\n"
                                        "1 rolled back, 1 held, 1 unchanged\n")
    assert cli.run("reconcile", "-q").out == ""
    fake.reports("POST /v1/reconcile?dry_run=1", ("web", "created"), ("b", "unchanged"))
    assert cli.run("plan", status=3).out == ("NAME  LIFECYCLE  ACTION  WHY\n"
                                             "web   hot        create  because\n"
                                             "plan: 1 to create, 1 unchanged\n")


def test_one_agent_always_has_a_row(cli, fake):
    fake.reports("POST /v1/agents/web/reconcile", ("web", "unchanged"))
    assert cli.run("reconcile", "web").out.splitlines()[1].split()[:3] == ["web", "hot", "unchanged"]


def test_progress(cli, fake):
    news = [{"done": n, "total": 200} for n in range(201)]
    fake.reports("POST /v1/reconcile?deep=0&remove_orphans=0", ("web", "unchanged"), news=news)
    done = cli.run("reconcile")
    assert done.err.splitlines() == [f"{n}0% ({n * 20} of 200)" for n in range(1, 11)]
    assert cli.run("reconcile", "-q").err == ""
    shown = cli.on_terminal("reconcile")
    assert "\r[###############               ] 100/200" in shown and "\r\x1b[K" in shown


def test_a_problem_is_told(cli, fake):
    for status, exit_status in ((404, 1), (409, 1), (422, 1), (500, 1), (503, 4)):
        fake.says("GET /v1/agents", {"title": "Oh", "detail": "it is\x1b so", "code": "x"}, status)
        done = cli.run("ls", status=exit_status)
        assert done.err == "roost: it is\\x1b so\n"


def test_set_writes_and_has_it_carried_out(cli, fake):
    fake.reports("POST /v1/agents/web/reconcile", ("web", "recreated"))
    done = cli.run("set", "web", "image=other")
    assert cli.column("web", "image") == "other"
    assert done.out.splitlines()[1].split() == ["web", "hot", "recreated", "because"]
    assert "no daemon" not in done.err
    fake.calls.clear()
    assert cli.run("set", "web", "image=other").out == "web: unchanged\n"
    assert fake.calls == []


def test_hold_says_what_was_asked(cli, fake):
    fake.reports("POST /v1/agents/web/reconcile", ("web", "held"))
    assert cli.run("hold", "web").out == "web: held\n"
    fake.reports("POST /v1/agents/web/reconcile", ("web", "unchanged"))
    assert cli.run("unhold", "web").out == "web: unheld\n"
    fake.reports("POST /v1/agents/web/reconcile", ("web", "error", "no such image"))
    done = cli.run("hold", "web", "-o", "json", status=1)
    assert done.json["agents"] == [{"name": "web", "change": "held"}]
    assert done.json["reconcile"]["agents"][0]["error"] == "no such image"


def test_written_but_not_carried_out(cli, fake):
    fake.says("POST /v1/agents/web/reconcile", {"detail": "the engine is gone", "code": "engine_lost"}, 503)
    done = cli.run("set", "web", "image=other", status=4)
    assert done.err.endswith("roost: the table is written, but not yet carried out: the engine is gone\n")
    assert cli.column("web", "image") == "other"


def test_rm(cli, fake):
    fake.reports("POST /v1/agents/web/reconcile", ("web", "removed"))
    assert "removed" in cli.run("rm", "web").out
    assert cli.names() == ["reviewer"]
    # A daemon that looks at the table by itself may be done with it already, and know it no more.
    assert cli.run("rm", "reviewer", "-o", "json").json["reconcile"]["summary"] == {"removed": 1}
    assert cli.names() == []


def test_apply_has_it_carried_out(cli, fake):
    report = fake.reports("POST /v1/reconcile", ("web", "recreated"), ("reviewer", "unchanged"))
    cli.write({"web": {"image": "other"}, "reviewer": {"image": "busybox", "x-roost": {"lifecycle": "lazy"}}})
    done = cli.run("apply", cli.file, "-o", "json")
    assert done.json["reconcile"] == report
    assert "no daemon" not in done.err
    fake.reports("POST /v1/reconcile", ("web", "error", "no such image"))
    assert "no such image" in cli.run("apply", cli.file, status=1).out


def test_takeover_is_not_for_a_running_daemon(cli, fake):
    fake.says("GET /v1/agents", AGENTS)
    assert "serve --takeover" in cli.run("reconcile", "--takeover", status=1).err
    assert fake.calls == ["GET /v1/agents"]


def test_doctor_knows_the_daemon(cli, fake):
    fake.says("GET /readyz", {"status": "ready"})
    checks = {check["name"]: check for check in cli.run("doctor", "-o", "json", status=1).json["checks"]}
    assert checks["daemon"]["result"] == "ok"
    assert str(os.getpid()) in checks["lock"]["detail"]
    fake.says("GET /readyz", {"detail": "the engine was not listed yet"}, 503)
    checks = {check["name"]: check for check in cli.run("doctor", "-o", "json", status=1).json["checks"]}
    assert checks["daemon"]["result"] == "fail" and "not listed yet" in checks["daemon"]["detail"]


def test_a_daemon_of_another_database_is_not_asked(cli):
    """Two fleets on one machine: the socket's default place belongs to the other one."""
    cli.apply({"web": {"image": "busybox"}}, "-q")
    with daemon(cli, lock=False) as fake:
        fake.says("GET /v1/agents", AGENTS)
        done = cli.run("set", "web", "image=other")
        assert "no daemon runs" in done.err
        assert "no daemon: doing it here" in cli.run("reconcile", status=4).err
        # A database that is not there cannot be looked at: who named no socket means that database.
        other = cli.dir / "other.db"
        assert str(other) in cli.run("ls", "--db", other, env={"ROOST_SOCKET": ""}, status=1).err
    assert fake.calls == []


def test_an_owner_that_listens_elsewhere(cli, tmp_path):
    cli.apply({"web": {"image": "busybox"}}, "-q")
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with locked(cli.db), daemon(cli, lock=False) as fake:
            (tmp_path / "roost.db.lock").write_text(f"{sleeper.pid}\n")
            done = cli.run("ls", status=1)
            assert f"process {sleeper.pid}" in done.err and "--socket" in done.err
            assert fake.calls == []
    finally:
        sleeper.kill()
        sleeper.wait()
