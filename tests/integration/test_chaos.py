# SPDX-License-Identifier: MIT
"""Everything goes wrong, while people use the fleet: the engine killed, stopped, hung, its socket gone, its answers lies; the
database's disk full, the database locked; roost killed. Then all of that stops, and the fleet is right and quiet.

A minute of it in each test run, of a seed that is printed; longer:

    CHAOS_S=300 SEED=7 ROOST=build-asan/src/cli/roost pytest -s tests/integration/test_chaos.py
"""

import collections
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest

from engine import Engine, wait_until
from fleet import Fleet
from liar import Liar
from rest import comes_to_rest
from users import Users, Witness, cast, listens

CHAOS_S = float(os.environ.get("CHAOS_S", "75"))
SEED = int(os.environ.get("SEED", random.randrange(1 << 31)))
ONLY = os.environ.get("ONLY", "").split()  # names of faults


class Chaos:
    """The faults: each begins, lasts a while, and ends."""

    def __init__(self, fleet, liar, rng):
        self.fleet = fleet
        self.engine = fleet.engine
        self.liar = liar
        self.rng = rng
        self.counts = collections.Counter()
        self._deck = []
        self._serving = None
        self.server = None

    def last(self, least, most):
        time.sleep(self.rng.uniform(least, most))

    def one(self):
        """Each once before any comes again, so that a short run has seen nearly all of them."""
        if not self._deck:
            self._deck = [name for name in dir(self) if name.startswith("fault_") and (not ONLY or name[6:] in ONLY)]
            self.rng.shuffle(self._deck)
        name = self._deck.pop()
        self.counts[name[6:]] += 1
        return name[6:], getattr(self, name)

    # roost ----------------------------------------------------------------------------------------

    def serve(self):
        self._serving = self.fleet.serve(ready=False)
        self.server = self._serving.__enter__()
        # It does not begin on a full disk, and says so.
        wait_until(lambda: self.server.process.poll() is not None or listens(self.fleet.socket), "serve listens", 120)

    def kill(self):
        assert self.server.process.poll() is None, f"serve has ended by itself:\n{self.server.log}"
        self.server.kill()
        self._serving.__exit__(None, None, None)

    def fault_kill_roost(self):
        self.kill()
        self.last(0, 1)
        self.serve()

    # the engine -----------------------------------------------------------------------------------

    def _engine_pid(self):
        return int((self.engine.dir / "docker.pid").read_text())

    def fault_kill_engine(self):
        self.engine.kill()
        self.last(0, 3)
        self.engine.start()

    def fault_stop_engine(self):
        pid = self._engine_pid()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the engine's end", 120)
        self.last(0, 3)
        self.engine.start()

    def fault_hang_engine(self):
        pid = self._engine_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            self.last(1, 25)
        finally:
            os.kill(pid, signal.SIGCONT)

    def fault_hide_socket(self):
        os.rename(self.liar.path, self.liar.path + ".gone")
        self.last(1, 20)
        os.rename(self.liar.path + ".gone", self.liar.path)

    def fault_lie(self):
        self.liar.lie(self.rng.choice((0.02, 0.1, 0.4)))
        self.last(2, 10)
        self.liar.lie(0)

    # the database ---------------------------------------------------------------------------------

    def fault_fill_disk(self):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self.fleet.db, timeout=5)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        filler = self.fleet.db.parent / "filler"
        with open(filler, "wb", buffering=0) as out, contextlib.suppress(OSError):
            while True:
                out.write(b"x" * 4096)
        self.last(1, 8)
        filler.unlink()

    def fault_lock_database(self):
        with contextlib.suppress(sqlite3.Error), \
                contextlib.closing(sqlite3.connect(self.fleet.db, timeout=30, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            self.last(0.5, 6)
            db.execute("ROLLBACK")


@pytest.fixture
def world():
    engine = Engine()
    fleet = Fleet(engine, "chaos")
    disk = fleet.dir / "disk"
    disk.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "roost-chaos", disk], check=True)
    fleet.db = disk / "roost.db"
    liar = Liar(engine.socket, str(fleet.dir / "liar.sock"), SEED)
    yield fleet, liar
    for server in fleet.servers:
        if server.process.poll() is None:
            server.kill()
    subprocess.run(["umount", "-l", disk], check=True)
    fleet.close()
    engine.remove()


def look(chaos, witness):
    assert chaos.server.process.poll() is None, f"serve has ended by itself:\n{chaos.server.log}"
    assert "Sanitizer" not in chaos.server.log, chaos.server.log
    witness.check()


def untouched(engine):
    seen = engine.inspect("bystander")
    return {key: seen[key] for key in ("Id", "Name", "Created", "RestartCount")}, seen["State"]["StartedAt"]


def run(chaos, users, witness):
    end = time.monotonic() + CHAOS_S
    chaos.serve()
    users.start()
    while time.monotonic() < end:
        name, fault = chaos.one()
        users.ledger.note(f"=== {name}")
        fault()
        users.ledger.note(f"=== {name} is over")
        chaos.last(0, 4)
        look(chaos, witness)
    chaos.kill()


def test_all_that_can_go_wrong(world):
    fleet, liar = world
    print(f"SEED={SEED} CHAOS_S={CHAOS_S:.0f}")
    fleet.url = fleet.engine.url
    fleet.engine.docker("create", "--name", "bystander", "busybox", "true")
    foreign = untouched(fleet.engine)
    fleet.apply(cast())
    fleet.url = liar.url
    # What was asked of an engine that hung is done when it goes on.
    users = Users(fleet, SEED, slack_s=60.0, may_be_refused=True)
    users.read_rows()
    users.ledger.wish("turner", 1e6)
    witness = Witness(users)
    chaos = Chaos(fleet, liar, random.Random(SEED))
    began = time.monotonic()
    try:
        run(chaos, users, witness)
        alive = time.monotonic() - began
        comes_to_rest(users, witness, quiet_s=10)
        assert untouched(fleet.engine) == foreign
    except BaseException:
        users.over.set()
        print(f"SEED={SEED} {dict(chaos.counts)} {liar.lies}\n{witness.story()}")
        raise
    finally:
        witness.close()
    print(f"{dict(chaos.counts)}, lies: {liar.lies}, {sum(witness.starts.values())} starts, {dict(users.done)}: {alive:.0f} s, "
          f"then {time.monotonic() - began - alive:.0f} s to rest")
    assert users.done["wake"] > 0 and witness.starts["web"] > 0
