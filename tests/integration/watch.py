# SPDX-License-Identifier: MIT
"""What the watchdog's tests ask: what was told, exactly; which starts the engine saw; who is leased.

An agent of these tests is a puppet: it answers on port 80 at once, and dies when told to.
"""

import contextlib
import os
import signal
import subprocess
import time

from engine import DOCKER, wait_until
from fleet import READY

# /die: exit once with the status in it; /loop: the same, again and again; /eat: take memory until the kernel ends it.
PUPPET = """
httpd -p 80
touch /ok
while [ ! -e /die ] && [ ! -e /loop ] && [ ! -e /eat ]; do sleep 0.1; done
if [ -e /eat ]; then rm /eat; x=$(tr '\\0' a </dev/zero); fi
if [ -e /loop ]; then exit $(cat /loop); fi
status=$(cat /die)
rm /die
exit $status
"""
HEALTH = {"test": ["CMD", "test", "-e", "/ok"], "interval": "500ms", "timeout": "20s", "retries": 1}
COMMAND = ["sh", "-c", PUPPET]


def puppet(lifecycle="hot", roost=None, **more):
    return {"image": "busybox", "command": ["sh", "-c", PUPPET.replace("$", "$$")], "stop_signal": "SIGKILL",
            "x-roost": {"lifecycle": lifecycle, **READY, **(roost or {})}, **more}


def last_event(fleet):
    return int(fleet.sql("SELECT coalesce(max(id), 0) FROM events"))


def events_since(fleet, last):
    """What was told since: {agent: [kind, …]}, the engine's own under ""."""
    told = {}
    for line in fleet.sql(f"SELECT kind, coalesce(agent, '') FROM events WHERE id > {last} ORDER BY id").split():
        kind, _, agent = line.partition("|")
        told.setdefault(agent, []).append(kind)
    return told


class Telling:
    """Exactly these events, and no other, from its making until all has been quiet for a while."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.last = last_event(fleet)

    def told(self):
        return events_since(self.fleet, self.last)

    def exactly(self, expected, quiet=3.0, seconds=60):
        expected = {agent: kinds for agent, kinds in expected.items() if kinds}
        deadline = time.monotonic() + seconds
        while self.told() != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        # Longer than the 2 s for which roost waits to see whether a stop is half of a restart.
        end = time.monotonic() + quiet
        while self.told() == expected and time.monotonic() < end:
            time.sleep(0.2)
        told = self.told()
        wrong = {agent: (told.get(agent), expected.get(agent)) for agent in {*told, *expected}
                 if told.get(agent) != expected.get(agent)}
        assert not wrong, f"(told, expected): {wrong}"


class Starts:
    """The engine's own account of starts: {container: [time in s, …]}."""

    def __init__(self, path):
        self._path = path

    def of(self, container):
        lines = [line.split() for line in self._path.read_text().splitlines()]
        return [int(nano) / 1e9 for name, nano in lines if name == container]


@contextlib.contextmanager
def starts(fleet, number=iter(range(1000))):
    path = fleet.dir / f"starts-{next(number)}"
    now = time.time_ns()
    since = f"{now // 10**9}.{now % 10**9:09}"  # to the nanosecond: what began a moment ago is not asked for
    with open(path, "w", encoding="utf-8") as out:
        follower = subprocess.Popen([DOCKER, "-H", fleet.engine.url, "events", "--since", since,
                                     "--filter", "event=start", "--filter", f"label=roost.fleet={fleet.name}",
                                     "--format", "{{.Actor.Attributes.name}} {{.TimeNano}}"],
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
    try:
        yield Starts(path)
    finally:
        follower.kill()
        follower.wait()


def state(fleet, agent):
    return fleet.rows()[agent]["state"]


def states(fleet):
    return {name: row["state"] for name, row in fleet.rows().items()}


def status(fleet, agent):
    seen = fleet.inspect(agent)
    return seen and seen["State"]["Status"]


def wait_state(fleet, agent, wanted, seconds=60):
    wait_until(lambda: state(fleet, agent) == wanted, f"{agent} {wanted}", seconds)


def wait_ready(fleet, services):
    """Until every hot one runs and every lazy one is asleep."""
    wanted = {name: "running" if service["x-roost"].get("lifecycle", "hot") == "hot" else "stopped"
              for name, service in services.items()}
    wait_until(lambda: states(fleet) == wanted, "the fleet at rest")


def wake(fleet, agent, *words):
    """A lease's id."""
    return fleet.roost("wake", agent, *words, "-o", "json").json["lease"]["id"]


def leases(fleet):
    return sorted(fleet.sql("SELECT agent FROM leases").split())


def tell(fleet, agent, name, text=""):
    """Write a puppet's file."""
    # The puppet may be gone before the command that told it is.
    fleet.engine.docker("exec", fleet.container(agent), "sh", "-c", f"echo {text} >/{name}", check=False)


def kill_init(fleet, agent):
    os.kill(fleet.inspect(agent)["State"]["Pid"], signal.SIGKILL)
