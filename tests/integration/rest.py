# SPDX-License-Identifier: MIT
"""What comes when users and faults have stopped: the fleet as its table says, and then peace."""

import time

from engine import wait_until
from users import ask
from watch import states


def is_at_rest(users):
    """Each agent one container of its last row, hot ones up, lazy ones asleep."""
    fleet, marks = users.fleet, {}
    for name in fleet.mine():
        seen = fleet.engine.inspect(name)
        if seen:
            env = [word[5:] for word in seen["Config"]["Env"] if word.startswith("MARK=")]
            marks[name] = (seen["State"]["Status"], env)
    for agent, service in users.services.items():
        lazy = service["x-roost"].get("lifecycle") == "lazy"
        status, env = marks.pop(fleet.container(agent), ("", []))
        if env != [users.ledger.rows[agent]] or status not in (("created", "exited", "paused") if lazy else ("running",)):
            return False
    wanted = {agent: ("stopped", "paused") if service["x-roost"].get("lifecycle") == "lazy" else ("running",)
              for agent, service in users.services.items()}
    seen = states(fleet)
    return not marks and all(seen[agent] in wanted[agent] for agent in wanted)


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
        wait_until(lambda: is_at_rest(users), "the fleet at rest", 240)
        calls = fleet.engine.watch()
        for _ in range(3):
            assert ask(fleet.socket, "POST", "/v1/reconcile?deep=1")[0] == 200
        time.sleep(quiet_s)
        assert calls.changing == []
        witness.check()
