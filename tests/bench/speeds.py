# SPDX-License-Identifier: MIT
"""Waking, deaths, polling and files: what the benchmark measures beside passes and creation."""

import contextlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import threading
import time

from engine import DOCKER, wait_until
from fleet import Fleet, lazy
from watch import state

IDLE = ["sleep", "1000000"]
CRASHING = ["sh", "-c", "trap 'exit 3' TERM; while :; do sleep 1000 & wait; done"]


def sleeper(**roost):
    return {**lazy(command=IDLE), "x-roost": {"lifecycle": "lazy", **roost}}


class Connection(http.client.HTTPConnection):
    """A kept connection to a UNIX socket."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self.request(method, path, body if body is None else json.dumps(body), headers)
        answer = self.getresponse()
        text = answer.read()
        assert answer.status < 300, (method, path, answer.status, text)

    def timed(self, *words):
        begin = time.monotonic()
        self.ask(*words)
        return (time.monotonic() - begin) * 1e3


def waking(engine, rounds, by_pause):
    """roost's wake until ready, against a raw start (unpause) of a container of the same spec, in turn."""
    fleet, raw = Fleet(engine, "waking"), Fleet(engine, "rawwaking")
    wake, back, asleep = ("unpause", "pause", "paused") if by_pause else ("start", "stop?t=0", "stopped")
    try:
        for one in (fleet, raw):
            one.up({"job": sleeper(**({"sleep": "pause"} if by_pause else {}))})
        times = {"roost": [], "raw": []}
        engines = Connection(engine.socket)
        name = raw.container("job")
        if by_pause:
            engines.ask("POST", f"/containers/{name}/start")
            engines.ask("POST", f"/containers/{name}/pause")
        with fleet.serve():
            roost = Connection(fleet.socket)
            roost.ask("POST", "/v1/agents/job/wake", {"wait": True})
            for _ in range(rounds):
                roost.ask("POST", "/v1/agents/job/sleep")
                wait_until(lambda: state(fleet, "job") == asleep, "asleep")
                times["roost"].append(roost.timed("POST", "/v1/agents/job/wake", {"wait": True}))
                times["raw"].append(engines.timed("POST", f"/containers/{name}/{wake}"))
                engines.ask("POST", f"/containers/{name}/{back}")
    finally:
        fleet.close()
        raw.close()
        engine.clean()
    return times


class Stream(threading.Thread):
    """When each line with `word` of a stream over a UNIX socket came, by what `of` finds in its JSON."""

    def __init__(self, path, target, word, of):
        super().__init__(daemon=True)
        self.came = {}
        self.word = word
        self.of = of
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        while self.file.readline() not in (b"\r\n", b""):
            pass
        self.start()

    def run(self):
        with contextlib.suppress(OSError, ValueError):
            for line in self.file:
                now = time.monotonic()
                if self.word in line:
                    self.came.setdefault(self.of(json.loads(line[line.index(b"{"):])), now)


def deaths(engine, count, signum):
    """Milliseconds by which a following client hears of a crash (SIGTERM: with a status of its own) later than one of
    the engine's own stream does."""
    fleet = Fleet(engine, "deaths")
    names = [f"agent{n:02}" for n in range(count)]
    try:
        fleet.up({name: {**sleeper(), "command": CRASHING} for name in names})
        with fleet.serve():
            for name in names:
                fleet.roost("wake", name, "--ttl", "1h")
            filters = "%7B%22type%22%3A%5B%22container%22%5D%7D"
            raw = Stream(engine.socket, f"/events?filters={filters}", b'"die"',
                         lambda event: event["Actor"]["Attributes"]["roost.agent"])
            roost = Stream(fleet.socket, "/v1/events", b'"container_stopped"', lambda event: event["agent"])
            for name in names:
                os.kill(fleet.inspect(name)["State"]["Pid"], signum)
                wait_until(lambda: name in roost.came and name in raw.came, "the death told")
            raw.socket.shutdown(socket.SHUT_RDWR)
            roost.socket.shutdown(socket.SHUT_RDWR)
    finally:
        fleet.close()
        engine.clean()
    return [(roost.came[name] - raw.came[name]) * 1e3 for name in names]


POLL = """
while :; do
    ids=$({docker} ps -aq --filter label=roost.fleet={fleet})
    {docker} inspect --format '{{{{.Name}}}} {{{{.State.Status}}}} {{{{.State.ExitCode}}}}' $ids | grep ' exited 137$' || :
    sleep 5
done
"""


def cpu_of(pid):
    fields = open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # with its ended children


def polling(engine, agents, kills, seconds):
    """A script in the manner of autoheal beside roost, on the same fleet: CPU seconds a minute, time to detection."""
    fleet = Fleet(engine, "polling")
    names = [f"agent{n:03}" for n in range(agents)]
    result = {}
    try:
        fleet.up({name: sleeper() for name in names})
        with fleet.serve() as server:
            for name in names[:kills]:
                fleet.roost("wake", name, "--ttl", "1h")
            script = subprocess.Popen(["sh", "-c", POLL.format(docker=DOCKER, fleet=fleet.name)], env=fleet.env(),
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            begin = {"script": cpu_of(script.pid), "roost": cpu_of(server.pid)}
            at = time.monotonic()
            time.sleep(seconds)
            minutes = (time.monotonic() - at) / 60
            result["cpu_seconds_a_minute"] = {"script": round((cpu_of(script.pid) - begin["script"]) / minutes, 2),
                                              "roost": round((cpu_of(server.pid) - begin["roost"]) / minutes, 2)}
            # Held, so that nothing starts it again before the script has looked.
            found = []
            for name in names[:kills]:
                pid = fleet.inspect(name)["State"]["Pid"]
                fleet.roost("hold", name)
                os.kill(pid, signal.SIGKILL)
                killed = time.monotonic()
                while f"{fleet.container(name)} exited" not in script.stdout.readline():
                    pass
                found.append(time.monotonic() - killed)
                time.sleep(1.7)  # not always at the same place of its five seconds
            script.kill()
            script.wait()
            result["script_detects_after_s"] = round(statistics.median(found), 2)
    finally:
        fleet.close()
        engine.clean()
    return {"agents": agents, **result}


def files(engine, services, rounds):
    """apply and plan of one big file, beside what docker-compose needs to read it."""
    fleet = Fleet(engine, "files")
    times = {"apply": [], "plan": [], "docker-compose config": []}

    def timed(name, run):
        begin = time.monotonic()
        run()
        times[name].append((time.monotonic() - begin) * 1e3)

    try:
        services_of = {f"agent{n:04}": {"image": "busybox", "command": IDLE, "environment": {"NUMBER": str(n)},
                                      "mem_limit": "64m"} for n in range(services)}
        fleet.write(services_of)
        nameless = fleet.dir / "nameless.yaml"  # docker-compose 1.29 knows no `name:`
        nameless.write_text(json.dumps({"services": services_of}, indent=2))
        for _ in range(rounds):
            for old in fleet.dir.glob("roost.db*"):
                old.unlink()
            timed("apply", lambda: fleet.roost("apply", fleet.file))
            timed("plan", lambda: fleet.roost("plan", status=3))
            timed("docker-compose config", lambda: subprocess.run(
                ["docker-compose", "-f", str(nameless), "config", "-q"], check=True, env=fleet.env(),
                stdout=subprocess.DEVNULL))
    finally:
        fleet.close()
    return {"services": services, "times_ms": times}
