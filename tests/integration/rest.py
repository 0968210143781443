# SPDX-License-Identifier: MIT
"""What comes when users and faults have stopped: the fleet as its table says, and then peace."""

import time

from fleet import is_lazy
from users import ask
from watch import states


def found(fleet):
    """{container: (status, marks, addresses)}"""
    there = {}
    for name in fleet.mine():
        seen = fleet.engine.inspect(name)
        if seen:
            marks = [word[5:] for word in seen["Config"]["Env"] if word.startswith("MARK=")]
            addresses = [network["IPAddress"] for network in seen["NetworkSettings"]["Networks"].values()]
            there[name] = (seen["State"]["Status"], marks, addresses)
    return there


def amiss(users):
    """What is not at rest yet: each agent has one container of its last row, hot ones are up, lazy ones asleep."""
    there, state, wrong = found(users.fleet), states(users.fleet), []
    for agent, service in users.services.items():
        lazy, row = is_lazy(service), users.ledger.rows[agent]
        status, marks, addresses = there.pop(users.fleet.container(agent), ("missing", [], []))
        if (marks != [row] or status not in (("created", "exited", "paused") if lazy else ("running",))
                or state[agent] not in (("stopped", "paused") if lazy else ("running",))):
            wrong.append(f"{agent} is {state[agent]}, its container {status} at {addresses}, of {marks}, not {row}")
    return wrong + [f"{name} is nobody's: {what}" for name, what in there.items()]


def last_table(users):
    """What people want in the end. A changed row is also what ends back-offs and roll-backs."""
    users.stop()
    for name in users.fleet.mine():
        users.docker("POST", f"/containers/{name}/unpause")
    users.sql("UPDATE agents SET held = 0, held_reason = NULL")
    users.ledger.wish("turner", 1e6)  # it is hot again
    for agent in users.services:
        users.mark(agent)
    users.fleet.apply(users.services)
    users.read_rows()


def comes_to_rest(users, witness, quiet_s):
    """All that is wrong has been mended within a bounded time, and then nothing is sent that changes anything."""
    fleet = users.fleet
    last_table(users)
    with fleet.serve():
        users.release_all()
        deadline = time.monotonic() + 240
        while wrong := amiss(users):
            assert time.monotonic() < deadline, f"the fleet is not at rest within 240 s: {wrong}"
            time.sleep(0.2)
        calls = fleet.engine.watch()
        for _ in range(3):
            assert ask(fleet.socket, "POST", "/v1/reconcile?deep=1")[0] == 200
        time.sleep(quiet_s)
        assert calls.changing == []
        witness.check()
