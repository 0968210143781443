# SPDX-License-Identifier: MIT
"""A fleet of its own for one test: database, socket, compose file, and the real `roost`."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from engine import ROOT, wait_until

# What a container of these tests does: it is ready in an instant, and says so (a port that answers proves a new container
# in a recreate; without, it would have to run for 10 s). SIGKILL as its stop signal since process 1 takes no notice
# of SIGTERM unless it asks for it, and every stop would last its whole grace period.
SERVICE = {"image": "busybox", "command": ["httpd", "-f", "-p", "80"], "stop_signal": "SIGKILL"}
READY = {"ready": {"tcp": 80}}


def roost_program():
    if "ROOST" in os.environ:
        return os.path.abspath(os.environ["ROOST"])
    for place in ("build/roost", "build/src/cli/roost", "build-asan/roost", "build-asan/src/cli/roost"):
        if (ROOT / place).exists():
            return str(ROOT / place)
    raise FileNotFoundError("no roost in build/ or build-asan/; say which with ROOST=")


def hot(**more):
    return {**SERVICE, "x-roost": {**READY}, **more}


def lazy(**more):
    return {**SERVICE, "x-roost": {"lifecycle": "lazy", **READY}, **more}


def is_lazy(service):
    return service["x-roost"].get("lifecycle") == "lazy"


class Done:
    """A command that has ended."""

    def __init__(self, words, done):
        self.words = words
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{' '.join(self.words)} = {self.status}\n{self.out}{self.err}"


class Server:
    """A running `roost serve`."""

    def __init__(self, fleet, process, log):
        self.fleet = fleet
        self.process = process
        self.log_file = log

    @property
    def log(self):
        return self.log_file.read_text()

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Fleet:
    def __init__(self, engine, name):
        self.engine = engine
        self.name = name
        self.url = engine.url  # a test may put a proxy between
        # Short: a UNIX socket's path has at most 107 bytes.
        self.dir = Path(tempfile.mkdtemp(prefix="roost-"))
        self.db = self.dir / "roost.db"
        self.socket = self.dir / "roost.sock"
        self.file = self.dir / "compose.yaml"
        # Most tests are not about the policy: everything is allowed. A test that is writes its own.
        self.policy = self.dir / "policy.yaml"
        self.policy.write_text('agents: {"*": ["*"]}\n')
        self.policy.chmod(0o644)
        self.servers = []

    def env(self):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("ROOST", "DOCKER", "COMPOSE", "NOTIFY"))}
        return {**kept, "ROOST_DB": str(self.db), "ROOST_SOCKET": str(self.socket), "DOCKER_HOST": self.url,
                "ROOST_POLICY": str(self.policy),
                "HOME": str(self.dir), "NO_COLOR": "1"}

    def close(self):
        for server in self.servers:
            if server.process.poll() is None:
                server.kill()
        shutil.rmtree(self.dir)

    # the command line -----------------------------------------------------------------------------

    def run(self, *words, stdin=None, env=None, cwd=None, timeout=300):
        """`roost WORDS`, whatever its exit status."""
        words = [str(word) for word in words]
        done = subprocess.run([roost_program(), *words], env={**self.env(), **(env or {})}, cwd=cwd or self.dir,
                              input=stdin, stdin=None if stdin else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, check=False)
        assert "Sanitizer" not in done.stderr, done.stderr
        return Done(["roost", *words], done)

    def roost(self, *words, status=0, **more):
        """The same, which has to end with this status."""
        done = self.run(*words, **more)
        assert done.status == status, done
        return done

    def on_terminal(self, terminal, *words):
        """The exit status of a command whose standard input and errors are a terminal."""
        return subprocess.run([roost_program(), *map(str, words)], env=self.env(), cwd=self.dir, stdin=terminal,
                              stdout=subprocess.DEVNULL, stderr=terminal, timeout=300, check=False).returncode

    def write(self, services, **top):
        """The compose file, as JSON, which is YAML too."""
        self.file.write_text(json.dumps({"name": self.name, "services": services, **top}, indent=2))

    def apply(self, services, *words, **top):
        self.write(services, **top)
        return self.roost("apply", self.file, *words)

    def report(self, *words, status=0, command="reconcile"):
        """A pass: {agent: what was done}."""
        report = self.roost(command, *words, "-o", "json", status=status).json
        rows = {row["name"]: row for row in report["agents"]}
        counts = {}
        for row in report["agents"]:
            counts[row["action"]] = counts.get(row["action"], 0) + 1
        assert {k: v for k, v in report["summary"].items() if v and k in counts} == counts, report
        return rows

    def actions(self, *words, **more):
        return {name: row["action"] for name, row in self.report(*words, **more).items()}

    def up(self, services, **top):
        """Apply and make a first pass, all of whose rows must come out well."""
        self.apply(services, **top)
        assert set(self.actions().values()) <= {"created", "unchanged"}

    def rows(self):
        return {row["name"]: row for row in self.roost("ls", "-o", "json").json["agents"]}

    def settled(self):
        """One more pass, which must find nothing to do and ask the engine for no change."""
        calls = self.engine.watch()
        actions = self.actions()
        assert calls.changing == []
        assert set(actions.values()) <= {"unchanged"}, actions

    # the database ---------------------------------------------------------------------------------

    def sql(self, statement):
        """What the `sqlite3` of any operator does, with its default pragmas."""
        done = subprocess.run(["sqlite3", "-cmd", ".timeout 10000", str(self.db), statement], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, f"{statement}: {done.stderr}"
        return done.stdout.strip()

    def set_spec(self, agent, path, value):
        """Write one value of an agent's spec, by plain SQL."""
        text = json.dumps(value).replace("'", "''")
        self.sql(f"UPDATE agents SET spec = json_set(spec, '$.{path}', json('{text}')) WHERE name = '{agent}'")

    # containers -----------------------------------------------------------------------------------

    def container(self, agent):
        return f"{self.name}-{agent}"

    def inspect(self, agent):
        return self.engine.inspect(self.container(agent))

    def mine(self):
        """The names of all containers that carry this fleet's label, whatever their state."""
        return sorted(self.engine.containers(f"label=roost.fleet={self.name}"))

    def marks(self):
        """What changes as soon as anybody touches a container."""
        marks = {}
        for name in self.mine():
            seen = self.engine.inspect(name)
            marks[name] = (seen["Id"], seen["State"]["Status"], seen["State"]["StartedAt"],
                           seen["State"]["FinishedAt"], seen["HostConfig"]["RestartPolicy"]["Name"])
        return marks

    # the daemon -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def serve(self, *words, env=None, ready=True):
        log = self.dir / f"serve-{len(self.servers)}.log"
        with open(log, "w", encoding="utf-8") as out:
            process = subprocess.Popen([roost_program(), "serve", *words], env={**self.env(), **(env or {})},
                                       cwd=self.dir, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        server = Server(self, process, log)
        self.servers.append(server)

        def is_ready():
            assert process.poll() is None, f"serve has ended with {process.returncode}:\n{server.log}"
            return self.get("/readyz")[0] == 200

        if ready:
            wait_until(is_ready, "serve ready")
        yield server
        if process.poll() is None:
            status = server.stop()
            assert status == 0, f"serve ended with {status}:\n{server.log}"
        assert "Sanitizer" not in server.log, server.log

    def get(self, path, method="GET", body=None):
        """(status, JSON or text) of the API over the socket with curl; (0, "") when nobody listens."""
        words = ["curl", "-sS", "--max-time", "60", "--unix-socket", str(self.socket), "-X", method,
                 "-w", "\n%{http_code}", f"http://roost{path}"]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "--data-binary", body]
        done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=False)
        text, _, status = done.stdout.rpartition("\n")
        try:
            return int(status or 0), json.loads(text)
        except json.JSONDecodeError:
            return int(status or 0), text


@contextlib.contextmanager
def notify_socket(path):
    """Where a service manager listens for READY=1."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(60)
        yield listener
