# SPDX-License-Identifier: MIT
"""What the tests of the command line share: the built `roost` with a database of its own and no engine.

ROOST_BIN names the program.
"""

import contextlib
import json
import os
import pty
import sqlite3
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


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


def read_terminal(master):
    try:
        return os.read(master, 65536)
    except OSError:  # EIO: the last program has closed it
        return b""


class Cli:
    def __init__(self, folder):
        self.dir = folder
        self.db = folder / "roost.db"
        self.socket = folder / "roost.sock"
        self.file = folder / "compose.yaml"
        self.program = os.environ.get("ROOST_BIN", str(ROOT / "build/src/cli/roost"))

    def env(self):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("ROOST", "DOCKER", "COMPOSE", "NOTIFY", "XDG", "NO_COLOR"))}
        return {**kept, "ROOST_DB": str(self.db), "ROOST_SOCKET": str(self.socket), "HOME": str(self.dir),
                "DOCKER_HOST": f"unix://{self.dir}/no-engine.sock"}

    def run(self, *words, status=0, env=None, **more):
        """`roost WORDS`, which has to end with this status (None: any)."""
        words = [str(word) for word in words]
        done = subprocess.run([self.program, *words], env={**self.env(), **(env or {})}, cwd=self.dir, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, **more)
        done = Done(["roost", *words], done)
        assert "Sanitizer" not in done.err, done
        assert status is None or done.status == status, done
        return done

    def on_terminal(self, *words, answer=None, env=None, status=0):
        """What a person sees who sits at a terminal and types this answer."""
        master, slave = pty.openpty()
        env = {**self.env(), "TERM": "xterm", **(env or {})}
        with subprocess.Popen([self.program, *words], stdin=slave if answer else subprocess.DEVNULL, stdout=slave,
                              stderr=slave, env=env, cwd=self.dir) as process:
            os.close(slave)
            if answer:
                os.write(master, answer.encode())
            text = b""
            while piece := read_terminal(master):
                text += piece
            process.wait()
        os.close(master)
        assert process.returncode == status, text.decode()
        return text.decode()

    def write(self, services, name="demo", **top):
        """The compose file, as JSON, which is YAML too."""
        self.file.write_text(json.dumps({"name": name, "services": services, **top}, indent=2))

    def apply(self, services, *words, status=0, **top):
        self.write(services, **top)
        return self.run("apply", self.file, *words, status=status)

    @contextlib.contextmanager
    def serve(self):
        """`roost serve`, whose engine is away, from when it has said so."""
        with subprocess.Popen([self.program, "serve"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, env=self.env(), cwd=self.dir, text=True) as process:
            for line in process.stderr:
                if "cannot be reached" in line:
                    break
            try:
                yield
            finally:
                process.terminate()
                _, rest = process.communicate(timeout=60)
        assert process.returncode == 0 and "Sanitizer" not in rest, rest

    def sql(self, statement):
        with sqlite3.connect(self.db) as db:
            return db.execute(statement).fetchall()

    def names(self):
        return [name for name, in self.sql("SELECT name FROM agents ORDER BY name")]

    def column(self, agent, column):
        return self.sql(f"SELECT {column} FROM agents WHERE name = '{agent}'")[0][0]

    def spec(self, agent):
        return json.loads(self.column(agent, "spec"))


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)
