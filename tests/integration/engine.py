# SPDX-License-Identifier: MIT
"""The private engine that the tests work on, and what they ask of it.

Everything goes through its own socket; the real engine of the machine is never spoken to. What an engine is
asked to do is read from its own debug log, so a test that says "nothing was changed" relies on nothing of roost.
"""

import contextlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKER = "/usr/bin/docker" if os.access("/usr/bin/docker", os.X_OK) else shutil.which("docker")
CALL = re.compile(r'msg="Calling ([A-Z]+) (.*)"$')


def wait_until(holds, what, seconds=60):
    """Poll until `holds()` is true (and return that); the limit only ends a test that would hang."""
    deadline = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


class Connection(http.client.HTTPConnection):
    """To the engine's socket, for whoever has to ask it a thousand things."""

    def __init__(self, path):
        super().__init__("docker", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)

    def post(self, target):
        self.request("POST", target)
        answer = self.getresponse()
        answer.read()
        assert answer.status < 300, f"{target}: {answer.status}"


class Calls:
    """What the engine was asked to change while it was watched."""

    def __init__(self, engine):
        self._engine = engine
        self._from = engine.log_size()

    @property
    def changing(self):
        with open(self._engine.log, encoding="utf-8", errors="replace") as log:
            log.seek(self._from)
            calls = [match.groups() for match in map(CALL.search, log) if match]
        return [f"{method} {path}" for method, path in calls if method not in ("GET", "HEAD")]


class Engine:
    def __init__(self, debug=True):
        self.dir = Path(tempfile.mkdtemp(prefix="roost-engine-"))
        self.log = self.dir / "dockerd.log"
        self.socket = str(self.dir / "docker.sock")
        self.url = "unix://" + self.socket
        # A bridge of its own and no packet filter: several engines live side by side, and the rules of
        # the machine's own one stay as they are.
        number = 1 + secrets.randbelow(250)
        self.env = dict(
            os.environ,
            ENGINE_BRIDGE=f"roost{secrets.token_hex(4)}",
            ENGINE_BRIDGE_ADDR=f"172.30.{number}.1/24",
            ENGINE_ARGS="--iptables=false --max-download-attempts=1" + (" --debug" if debug else ""),
        )
        self.start()
        self._script("image")

    def _script(self, verb):
        subprocess.run([ROOT / "scripts/engine", verb, self.dir], env=self.env, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def start(self):
        self._script("start")

    def kill(self):
        """SIGKILL, as a crash; returns when the process is gone."""
        pid = (self.dir / "docker.pid").read_text()
        self._script("kill")
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the engine's end")

    def stop(self):
        """In order, with every container that runs."""
        self._script("stop")

    def signal(self, number):
        os.kill(int((self.dir / "docker.pid").read_text()), number)

    def terminate(self):
        """SIGTERM, as at a restart of its service: it sees to its containers by itself."""
        pid = (self.dir / "docker.pid").read_text()
        self.signal(signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the engine's end")

    def remove(self):
        self._script("remove")

    def log_size(self):
        return self.log.stat().st_size

    def watch(self):
        return Calls(self)

    def docker(self, *args, check=True):
        done = subprocess.run([DOCKER, "-H", self.url, *args], capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, check=False)
        assert not check or done.returncode == 0, f"docker {' '.join(args)}: {done.stderr}"
        return done.stdout.strip()

    def inspect(self, name):
        """The container as the engine shows it, or None when there is none of that name."""
        found = json.loads(self.docker("container", "inspect", name, check=False) or "[]")
        return found[0] if found else None

    def containers(self, *filters):
        words = [word for text in filters for word in ("--filter", text)]
        return self.docker("ps", "-a", "--no-trunc", "--format", "{{.Names}}", *words).split()

    def networks(self):
        return self.docker("network", "ls", "--format", "{{.Name}}").split()

    def create_network(self, name, labels):
        """One more of that name, which `docker network create` would refuse. Returns its id."""
        body = json.dumps({"Name": name, "Labels": labels})
        done = subprocess.run(["curl", "-sS", "--unix-socket", self.socket, "-H", "Content-Type: application/json",
                               "-d", body, "http://docker/networks/create"], capture_output=True, text=True,
                              timeout=60, check=True)
        return json.loads(done.stdout)["Id"]

    def volumes(self):
        return self.docker("volume", "ls", "-q").split()

    def clean(self):
        """Remove every container, network and volume: the next test finds the engine empty."""
        with contextlib.suppress(FileNotFoundError):
            ids = self.docker("ps", "-aq").split()
            if ids:
                # Twice: what was being restarted or removed at the first try is not at the second.
                self.docker("rm", "-fv", *ids, check=False)
                self.docker("rm", "-fv", *ids, check=False)
            self.docker("network", "prune", "-f")
            self.docker("volume", "prune", "-f")
