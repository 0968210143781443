# SPDX-License-Identifier: MIT
"""A database that cannot be written: its disk is full, or somebody keeps it locked. The fleet is kept as it should be, nothing is
promised that could not be kept, and what is to be remembered is written when it can be, without a restart.
"""

import contextlib
import os
import sqlite3
import subprocess

import pytest

from engine import wait_until
from fleet import hot, lazy
from users import ask
from watch import Telling, kill_init, leases, status, wait_state, wake


@pytest.fixture
def small_disk(fleet):
    """The database has a file system of its own, of 4 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    disk = fleet.dir / "disk"
    disk.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "roost-test", disk], check=True)
    fleet.db = disk / "roost.db"
    yield disk
    for server in fleet.servers:
        if server.process.poll() is None:
            server.kill()
    subprocess.run(["umount", "-l", disk], check=True)


@contextlib.contextmanager
def full(fleet, disk):
    # What the log holds already is written over, and needs no room.
    fleet.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(b"x" * 4096)
    yield
    filler.unlink()


@contextlib.contextmanager
def locked(fleet, _disk):
    with contextlib.closing(sqlite3.connect(fleet.db, timeout=60, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def expires(fleet, lease):
    return fleet.sql(f"SELECT expires_at FROM leases WHERE id = '{lease}'")


@pytest.mark.parametrize("fault", [full, locked])
def test_a_database_that_cannot_be_written(fleet, small_disk, fault):
    slow = {"command": ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], "stop_signal": "TERM",
            "stop_grace_period": "8s", "x-roost": {}}
    fleet.up({"web": hot(), "gone": hot(), "pet": lazy(), "leaving": hot(**slow)})
    with fleet.serve():
        wait_state(fleet, "web", "running")
        kept, released = wake(fleet, "pet", "--ttl", "1h"), wake(fleet, "pet", "--ttl", "1h")
        until = expires(fleet, kept)
        telling = Telling(fleet)
        fleet.sql("DELETE FROM agents WHERE name = 'leaving'")
        with fault(fleet, small_disk):
            fleet.engine.docker("rm", "-f", fleet.container("gone"))
            kill_init(fleet, "web")
            wait_until(lambda: status(fleet, "gone") == "running", "made again all the same")
            wait_until(lambda: status(fleet, "leaving") is None, "the deleted row's container gone")
            # Nothing is promised …
            code, problem = ask(fleet.socket, "POST", "/v1/agents/pet/wake", {"ttl": "1h"})
            assert code == 507, problem
            code, problem = ask(fleet.socket, "POST", f"/v1/leases/{kept}/renew", {"ttl": "2h"})
            assert code == 507, problem
            # … and what was stays: a lease that was not made longer is not made shorter.
            assert ask(fleet.socket, "DELETE", f"/v1/leases/{released}")[0] == 200
            assert len(fleet.get("/v1/agents/pet")[1]["leases"]) == 1
            wait_state(fleet, "pet", "running")
        wait_until(lambda: leases(fleet) == ["pet"], "the row of the released lease gone")
        assert expires(fleet, kept) == until
        wait_until(lambda: fleet.sql("SELECT count(*) FROM tombstones") == "0", "the tombstone gone")
        told = telling.told
        wait_until(lambda: told().get("gone") == ["container_missing", "container_recovered"], "the loss told, once")
        wait_until(lambda: told().get("web") == ["container_restarted"], "the restart told, once")
        wait_until(lambda: fleet.get("/readyz")[0] == 200, "ready again")
        assert wake(fleet, "pet")
        wait_until(lambda: set(fleet.actions().values()) == {"unchanged"}, "at rest")
