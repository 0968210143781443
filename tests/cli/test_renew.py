# SPDX-License-Identifier: MIT
"""wake NAME -- COMMAND: the lease is renewed while the command runs, whatever becomes of the daemon."""

import contextlib
import subprocess
import time

import pytest

from fake import daemon

ID = "0123456789abcdef" * 2
RENEW, RELEASE = f"POST /v1/leases/{ID}/renew", f"DELETE /v1/leases/{ID}"
LEASE = {"lease": {"id": ID, "agent": "web", "expires_at": "2026-11-24T08:00:00.000Z"}, "state": "running"}
CANNOT = "warning: the lease cannot be renewed, trying on: "


def until(holds, what):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within 60 s"
        time.sleep(0.01)


class Held:
    """`roost wake web -- …`, whose command runs until it is told to end."""

    def __init__(self, cli, *words):
        self.go_on = cli.dir / "go-on"
        self.said = cli.dir / "said"
        self.runs = cli.dir / "runs"
        script = f"touch {self.runs}; until [ -e {self.go_on} ]; do sleep 0.02; done; exit 7"
        with open(self.said, "w", encoding="utf-8") as said:
            self.process = subprocess.Popen([cli.program, "wake", "web", *words, "--", "sh", "-c", script],
                                            env=cli.env(), cwd=cli.dir, stdin=subprocess.DEVNULL, stderr=said)

    @property
    def err(self):
        return self.said.read_text()

    def end(self):
        self.go_on.touch()
        assert self.process.wait(timeout=60) == 7, self.err
        return self.err

    def close(self):
        self.go_on.touch()
        self.process.kill()
        self.process.wait()


def says_a_lease(fake):
    fake.says("POST /v1/agents/web/wake", LEASE)
    fake.says(RENEW, LEASE)
    fake.says(RELEASE, {"agent": "web", "state": "running"})


def problem(fake, status, detail):
    fake.says(RENEW, {"title": "Oh", "detail": detail, "code": "x"}, status)


def renewed_again(fake):
    """How often it was until now; returns when it was tried twice more: the first may have been under way."""
    n = fake.calls.count(RENEW)
    until(lambda: fake.calls.count(RENEW) >= n + 2, "two renewals")
    return n


@pytest.fixture
def hold(cli):
    """Held, ended whatever becomes of the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *words: stack.enter_context(contextlib.closing(Held(cli, *words)))


@pytest.fixture
def fleet(cli):
    cli.apply({"web": {"image": "busybox", "x-roost": {"lifecycle": "lazy"}}}, "-q")
    return cli


def test_a_lease_is_renewed_and_released(fleet, hold):
    with daemon(fleet) as fake:
        says_a_lease(fake)
        held = hold("--ttl", "300ms")
        renewed_again(fake)
        assert held.end() == ""
        assert fake.bodies[RENEW] == {"ttl": "300ms"}
        assert fake.calls[0] == "POST /v1/agents/web/wake" and fake.calls[-1] == RELEASE
        assert set(fake.calls[1:-1]) == {RENEW}


def test_what_may_pass_is_tried_on_and_told_once(fleet, hold):
    with daemon(fleet) as fake:
        says_a_lease(fake)
        held = hold("--ttl", "300ms")
        for detail in ("the disk is full", "the engine is away"):
            renewed_again(fake)
            problem(fake, 503, detail)
            renewed_again(fake)
            renewed_again(fake)
            says_a_lease(fake)
        renewed_again(fake)
        assert held.end() == f"{CANNOT}the disk is full\n{CANNOT}the engine is away\n"
        assert fake.calls[-1] == RELEASE


def test_a_lease_that_has_ended_is_not_renewed(fleet, hold):
    with daemon(fleet) as fake:
        says_a_lease(fake)
        held = hold("--ttl", "300ms")
        renewed_again(fake)
        problem(fake, 404, "there is no such lease")
        until(lambda: "has ended" in held.err, "the end told")
        n = fake.calls.count(RENEW)
        fake.says(RELEASE, {"title": "Not Found", "detail": "there is no such lease", "code": "no_lease"}, 404)
        assert held.end() == "warning: the lease has ended: there is no such lease\n"
        assert fake.calls.count(RENEW) == n and fake.calls[-1] == RELEASE


def test_a_daemon_that_goes_and_comes_back(fleet, hold):
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(daemon(fleet))
        says_a_lease(first)
        held = hold("--ttl", "300ms")
        renewed_again(first)
        stack.close()
        fleet.socket.unlink()
        until(lambda: held.err.endswith("\n"), "the warning")
        with daemon(fleet) as second:
            says_a_lease(second)
            renewed_again(second)
            err = held.end()
        assert err.startswith(CANNOT) and err.count("\n") == 1, err
        assert second.calls[-1] == RELEASE and set(second.calls[:-1]) == {RENEW}


def test_a_lease_that_no_daemon_can_release(fleet, hold):
    with daemon(fleet) as fake:
        says_a_lease(fake)
        held = hold()
        until(held.runs.exists, "the command")
    err = held.end()
    assert err.startswith(f"warning: lease {ID} is not released and will expire: no daemon listens on "), err
    assert fake.calls == ["POST /v1/agents/web/wake"]
    assert fake.bodies["POST /v1/agents/web/wake"] == {"wait": True, "now": False}
