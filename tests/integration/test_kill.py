# SPDX-License-Identifier: MIT
"""SIGKILL of `roost serve`, again and again, while people use it.

At a random moment, at a write to the database, and at every boundary of a request that changes something: before the
engine sees it, when it was sent on, when the engine has answered, when the answer is there. After each kill nothing
that was promised is lost; when the kills stop, the fleet comes to its table and to rest.

    KILLS=200 SEED=7 ROOST=build/src/cli/roost pytest tests/integration/test_kill.py -s

With LATE=1 each kill is at a request that the engine gets only up to 1.5 s later, when the next roost is at work. An engine
may do so with what a dead roost asked for; then two containers of an agent may run for as long as it takes to stop one.
"""

import os
import random
import time

from engine import wait_until
from rest import comes_to_rest
from users import Users, Witness, cast, listens

LATE = "LATE" in os.environ
KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 31)))
BOUNDARIES = ("before", "sent", "after", "answered")


def wal_size(fleet):
    try:
        return os.stat(f"{fleet.db}-wal").st_size
    except FileNotFoundError:
        return 0


def wait_for_end(server, rng, fleet, how):
    """Until the proxy has struck, or it is time to strike."""
    if how in (*BOUNDARIES, "late"):
        deadline = time.monotonic() + 5
        while server.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        return
    if how == "write":
        size, deadline = wal_size(fleet), time.monotonic() + 4
        while wal_size(fleet) == size and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.005))
        return
    time.sleep(rng.uniform(0.02, 2.5))


def one_life(fleet, proxy, rng, killed):
    how = "late" if LATE else rng.choice([*BOUNDARIES, "write", "time", "time"])
    proxy.forget()
    with fleet.serve(ready=False) as server:
        if rng.random() < 0.7:  # else its boot is what is struck
            wait_until(lambda: listens(fleet.socket), "serve listens")
            proxy.forget()
        if how in (*BOUNDARIES, "late"):
            proxy.kill_at(rng.randint(1, 10), how, server.kill)
        wait_for_end(server, rng, fleet, how)
        assert server.process.poll() in (None, -9), f"serve has ended by itself:\n{server.log}"
        killed[how if how in ("write", "time") or proxy.killed() else "time"] += 1
        server.kill()


def test_killed_at_any_moment_nothing_is_lost(fleet, engine, proxy):
    print(f"SEED={SEED} KILLS={KILLS}")
    rng = random.Random(SEED)
    engine.docker("create", "--name", "bystander", "busybox", "true")
    foreign = engine.inspect("bystander")
    fleet.apply(cast())
    users = Users(fleet, SEED)
    users.read_rows()
    witness = Witness(users)
    killed = dict.fromkeys([*BOUNDARIES, "late", "write", "time"], 0)
    began = time.monotonic()
    try:
        users.ledger.wish("turner", 1e6)
        users.start()
        for _ in range(KILLS):
            one_life(fleet, proxy, rng, killed)
            witness.check()
        alive = time.monotonic() - began
        comes_to_rest(users, witness, quiet_s=3 if KILLS <= 20 else 65)
        if KILLS > 20:  # fewer deaths show nothing; in each run test_crash.py looks for an end that is told twice
            witness.check_deaths()
        assert engine.inspect("bystander") == foreign
    except BaseException:
        users.over.set()
        print(f"SEED={SEED} KILLS={KILLS} {killed}\n{witness.story()}")
        raise
    finally:
        witness.close()
    print(f"{killed}, {sum(witness.starts.values())} starts, {dict(users.done)}: {alive:.0f} s, then "
          f"{time.monotonic() - began - alive:.0f} s to rest")
    assert sum(killed[boundary] for boundary in (*BOUNDARIES, "late")) > KILLS // 10
    assert users.done["wake"] > 0 and witness.starts["keeper"] + witness.starts["pet"] > 0
