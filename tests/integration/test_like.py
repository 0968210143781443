# SPDX-License-Identifier: MIT
"""Is the simulator's engine like the real one?

The same random script of operations runs on the pretended engine (tests/sim/like.c) and on a real one; after each
operation its outcome, the events that it brought, and the states of all containers must be the same. The real
engine is slower: it is waited for until it says so.

A short script in each test run, of a seed that is printed; longer:

    SEED=7 OPERATIONS=400 ROOST=build/src/cli/roost pytest -s tests/integration/test_like.py

An exit code says whether a process that was stopped had the time to go by itself (143) or not (137): either is right.
"""

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from calendar import timegm
from pathlib import Path

import pytest

from engine import Engine, wait_until
from fleet import roost_program

NAMES = ["n0", "n1", "n2"]
RUNS = ["sh", "-c", "trap 'exit 143' TERM; trap 'exit 0' USR1; trap 'exit 1' USR2; while :; do sleep 0.1; done"]
VERBS = (["create"] * 3 + ["start"] * 4 + ["stop"] * 2 + ["pause", "unpause", "rename", "remove", "update", "kill",
                                                          "restart", "drop", "end", "end"])
TOLD = {"create", "start", "die", "kill", "stop", "restart", "pause", "unpause", "rename", "update", "destroy", "oom"}


def pretended():
    return Path(roost_program()).parents[2] / "tests/sim/like"


def random_script(rng, length):
    for _ in range(length):
        verb, name = rng.choice(VERBS), rng.choice(NAMES)
        if verb == "create":
            how = rng.choice(["hot", "lazy", "hot", "lazy", "lazy,refused", "noimage"])
            yield f"create {name} {how}"
        elif verb == "rename":
            yield f"rename {name} {rng.choice(NAMES)}"
        elif verb == "end":
            yield f"end {name} {rng.choice('01')}"
        else:
            yield f"{verb} {name}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=120)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Real:
    """The real engine, asked in the words of the script."""

    def __init__(self, engine):
        self._engine = engine
        self._image = json.loads(self.get("/images/json"))[0]["RepoTags"][0]
        self._since = self._now()

    def call(self, method, path, body=None):
        connection = UnixConnection(self._engine.socket)
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def get(self, path):
        status, text = self.call("GET", path)
        assert status == 200, f"GET {path}: {status} {text}"
        return text

    def _now(self):
        return json.loads(self.get("/info"))["SystemTime"]

    def act(self, line):
        verb, name, *rest = line.split()
        self._since = self._now()
        if verb == "end":
            return self._end(name, rest[0])
        return self._outcome(verb, *self._send(verb, name, rest[0] if rest else ""))

    def _send(self, verb, name, argument):
        path = f"/containers/{name}"
        if verb == "create":
            return self.call("POST", f"/containers/create?name={name}", self._body(argument))
        if verb == "rename":
            return self.call("POST", f"{path}/rename?name={argument}")
        if verb == "remove":
            return self.call("DELETE", path)
        if verb == "drop":
            return self.call("DELETE", f"{path}?force=1")
        if verb == "update":
            return self._update(path)
        if verb == "pause":
            return self._pause(path)
        return self.call("POST", f"{path}/{verb}")

    def _pause(self, path):
        """On a busy machine runc does not always freeze a process in time: 500, and it runs on."""
        for _ in range(20):
            status, text = self.call("POST", f"{path}/pause")
            if "not running" in text or "already paused" in text or status != 500:
                break
        return status, text

    def _body(self, how):
        return {"Image": "nowhere:latest" if how == "noimage" else self._image,
                "Cmd": ["/no/such/command"] if "refused" in how else RUNS,
                "HostConfig": {"NetworkMode": "none",
                               "RestartPolicy": {"Name": "unless-stopped" if how == "hot" else "no"}}}

    def _update(self, path):
        status, text = self.call("GET", f"{path}/json")
        if status != 200:
            return status, text
        hot = json.loads(text)["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
        return self.call("POST", f"{path}/update", {"RestartPolicy": {"Name": "no" if hot else "unless-stopped"}})

    def _end(self, name, code):
        status, text = self.call("GET", f"/containers/{name}/json")
        if status == 404:
            return "not_found"
        state = json.loads(text)["State"]
        if state["Status"] == "running":
            os.kill(state["Pid"], signal.SIGUSR1 if code == "0" else signal.SIGUSR2)
        return "done"

    @staticmethod
    def _outcome(verb, status, text):
        """As src/engine/docker reads an answer."""
        if status < 300:
            return "done"
        if status == 304:
            return "already"
        if verb in ("create", "rename") and "already in use" in text:
            return "name_taken"
        if (verb == "rename" and "same name" in text) or (verb == "pause" and "already paused" in text) or (
                verb == "unpause" and "not paused" in text):
            return "already"
        if status == 404:
            return "image_missing" if verb == "create" else "not_found"
        if status == 409 or "not running" in text:
            return "busy"
        return "refused"

    def events(self):
        until = self._now()
        told = [json.loads(line) for line in self.get(
            f"/events?since={stamp(self._since)}&until={stamp(until)}").splitlines()]
        return [f"{one['Action']}:{one['Actor']['Attributes']['name']}" for one in told
                if one["Type"] == "container" and one["Action"] in TOLD]

    def states(self):
        """By inspection, in order of creation; and the listing, which must come to say the same."""
        listed = json.loads(self.get("/containers/json?all=1"))
        shown = []
        for row in sorted(listed, key=lambda row: row["Created"]):
            one = json.loads(self.get(f"/containers/{row['Id']}/json"))
            status = one["State"]["Status"]
            if status != row["State"] or (status == "running" and not catches(one["State"]["Pid"])):
                return None
            shown.append((one["Created"], one["Name"][1:] + "=" + status + (
                f":{one['State']['ExitCode']}" if status == "exited" else "")))
        return [words.replace(":137", ":143") for _, words in sorted(shown)]


def catches(pid):
    """Has the shell set its traps? Before that a signal to the first process of a container is lost."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    caught = int(re.search(r"SigCgt:\s*([0-9a-f]+)", status).group(1), 16)
    return all(caught >> (number - 1) & 1 for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2))


def stamp(text):
    """Seconds and nanoseconds of a time of the engine, as `since` wants it."""
    seconds, fraction = re.match(r"(.*)\.(\d+)", text).groups() if "." in text else (text.rstrip("Z"), "0")
    return f"{timegm(time.strptime(seconds[:19], '%Y-%m-%dT%H:%M:%S'))}.{fraction.ljust(9, '0')[:9]}"


def compare(real, line, answer, with_events=True):
    outcome, events, states = ([part.split() for part in answer.replace(":137", ":143").split(";")])
    got = real.act(line) if not line.startswith("engine") else "done"
    assert got == outcome[0], f"{line}: the real engine says {got}, the pretended one {outcome[0]}"
    seen = {}

    def same():
        seen["events"] = real.events() if with_events else events
        seen["states"] = real.states()
        return seen["events"] == events and seen["states"] == states

    try:
        wait_until(same, line)
    except AssertionError:
        pytest.fail(f"{line}: real {seen}, pretended {events} {states}")


def test_the_pretended_engine_is_like_the_real_one():
    seed = int(os.environ.get("SEED", random.randrange(1 << 31)))
    length = int(os.environ.get("OPERATIONS", "80"))
    script = list(random_script(random.Random(seed), length))
    script += ["create m0 hot", "start m0", "create m1 lazy", "start m1", "create m2 hot", "start m2", "pause m2",
               "create m3 hot", "create m4 hot", "start m4", "stop m4", "create m5 lazy", "start m5", "pause m5"]
    for how in ("restarted", "killed"):
        script += [f"engine {how}", "start m0", "start m1"]
    answers = subprocess.run([pretended()], input="\n".join(script) + "\n", capture_output=True, text=True, timeout=60,
                             check=True).stdout.splitlines()
    print(f"SEED={seed} OPERATIONS={length}: {len(script)} operations")
    engine = Engine()
    try:
        real = Real(engine)
        for line, answer in zip(script, answers, strict=True):
            if line.startswith("engine"):
                if line.endswith("killed"):
                    engine.kill()
                else:
                    engine.terminate()
                engine.start()
            compare(real, line, answer, with_events=not line.startswith("engine"))
    finally:
        engine.remove()
