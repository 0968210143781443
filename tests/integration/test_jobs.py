# SPDX-License-Identifier: MIT
"""Services that run once, and what waits for them."""

from fleet import SERVICE, hot
from engine import wait_until

ONCE = {**SERVICE, "command": ["sh", "-c", "echo migrated"], "restart": "no"}
WAITS = {"migrate": {"condition": "service_completed_successfully"}}


def ended(fleet, agent):
    state = fleet.inspect(agent)["State"]
    return state["Status"] == "exited" and state


def test_a_job_runs_once_and_is_waited_for(fleet):
    fleet.write({"db": hot(), "migrate": {**ONCE, "depends_on": ["db"]}, "web": hot(depends_on=WAITS)})
    assert "migrate: lazy, a job" in fleet.roost("check", fleet.file).out
    fleet.roost("apply", fleet.file)
    assert set(fleet.actions().values()) == {"created"}
    state = ended(fleet, "migrate")
    assert state["ExitCode"] == 0
    assert fleet.inspect("db")["State"]["StartedAt"] < state["StartedAt"]
    assert state["FinishedAt"] < fleet.inspect("web")["State"]["StartedAt"]
    fleet.settled()
    # `docker system prune` takes it: it is made again, and has had its run
    fleet.engine.docker("rm", fleet.container("migrate"))
    fleet.actions()
    assert fleet.inspect("migrate")["State"]["Status"] == "created"
    fleet.settled()


def test_a_job_that_fails_is_told_once_and_stops_who_waits(fleet):
    fleet.apply({"migrate": {**ONCE, "command": ["sh", "-c", "exit 3"]}, "web": hot(depends_on=WAITS)})
    with fleet.serve():
        def told():
            lines = fleet.roost("events", "-o", "json").out.splitlines()
            return [line for line in lines if "container_stopped" in line]
        wait_until(told, "the failure is told")
        assert len(told()) == 1 and '"exit_code":3' in told()[0].replace(" ", ""), told()
        report = fleet.report(status=1)
        assert "exit code 3" in report["migrate"]["error"]
        assert report["web"]["error"] == 'waits for "migrate", which it depends on'
        before = fleet.marks()
        fleet.report(status=1)
        assert fleet.marks() == before
        assert fleet.inspect("web")["State"]["Status"] == "created"
        # mended: it runs again, and all is well
        fleet.apply({"migrate": ONCE, "web": hot(depends_on=WAITS)})
        wait_until(lambda: fleet.inspect("web")["State"]["Running"], "web runs")
        assert len(told()) == 1
