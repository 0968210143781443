# SPDX-License-Identifier: MIT
"""GET /v1/stats: what the awake use, asked of a real engine."""

import threading

from engine import wait_until
from fleet import hot, lazy
from proxy import Proxy

BUSY = ["sh", "-c", "while :; do :; done"]
IDLE = ["sleep", "1000000"]
STARTED = {"x-roost": {}}
LAZY = {"x-roost": {"lifecycle": "lazy"}}


def stats(fleet):
    status, answer = fleet.get("/v1/stats")
    assert status == 200, answer
    return {row["name"]: row for row in answer["agents"]}


def test_figures_of_what_runs_and_of_nothing_else(fleet):
    fleet.apply({"busy": {**hot(command=BUSY, cpus=0.2), **STARTED},
                 "idle": {**hot(command=IDLE, mem_limit="30m"), **STARTED},
                 "sleeper": {**lazy(command=IDLE), **LAZY}})
    with fleet.serve():
        wait_until(lambda: set(stats(fleet)) == {"busy", "idle"}, "figures of those two")

        def measured():
            rows = stats(fleet)
            return rows["idle"]["cpu_percent"] is not None and (rows["busy"]["cpu_percent"] or 0) > 1

        wait_until(measured, "figures of the CPU")
        idle = wait_until(lambda: (row := stats(fleet)["idle"])["memory_bytes"] and row, "figures of the memory")
        assert idle["memory_limit_bytes"] == 30 << 20
        assert 0 < idle["memory_bytes"] < 30 << 20
        assert idle["error"] is None

        fleet.roost("wake", "sleeper")
        wait_until(lambda: "sleeper" in stats(fleet), "figures of what was woken")
        fleet.roost("sleep", "sleeper")
        wait_until(lambda: "sleeper" not in stats(fleet), "no figures of what sleeps")


class Hanging(Proxy):
    """Never passes on what asks for the figures of one container."""

    def __init__(self, upstream, path):
        self.victim = None
        self.end = threading.Event()
        super().__init__(upstream, path)

    def _note(self, request):
        if self.victim and f"/containers/{self.victim}/stats" in request.path:
            self.end.wait()
        return super()._note(request)


def test_one_that_hangs_costs_its_own_figures_only(fleet, engine):
    fleet.up({"good": {**hot(command=IDLE), **STARTED}, "hung": {**hot(command=IDLE), **STARTED}})
    proxy = Hanging(engine.socket, str(fleet.dir / "proxy.sock"))
    proxy.victim = fleet.inspect("hung")["Id"]
    fleet.url = proxy.url
    with fleet.serve():
        wait_until(lambda: stats(fleet)["good"]["memory_bytes"], "figures of the other")
        rows = stats(fleet)
        assert rows["hung"]["memory_bytes"] is None and rows["hung"]["error"]
        assert fleet.rows()["hung"]["state"] == "running"
        proxy.victim = None
        proxy.end.set()
        wait_until(lambda: stats(fleet)["hung"]["memory_bytes"], "figures again")
    proxy.close()
