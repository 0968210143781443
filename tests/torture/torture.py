#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the n-th allocation, or the n-th system call, of roost fail, for each n in turn: of each command and of the daemon.

    torture.py ROOST LIBFAIL [--seconds N | --points N] [--seed N] [--jobs N] [--story NAME] [--at N] [-v]

ROOST is a program with AddressSanitizer, LIBFAIL the library of fail.c. Each story is run with nothing failing, to
count; then again and again on a fresh copy of the same folder, once with one failure and once with every call failing
from there on. Nothing may crash, hang or leak; what ends badly says why; what says that it is done has done it;
the database is whole, and has all of a change or nothing of it.

--seconds is a budget for all: of each story as many n as fit, evenly spread and shifted by the seed; --points is how many
of each, whatever the machine's speed. Without either every n is tried, which takes hours. Ends with status 0 when nothing was found.
"""

import argparse
import collections
import contextlib
import fcntl
import http.client
import json
import os
import pty
import queue
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

import fake as fake_daemon  # noqa: E402
from engine import Engine, serving  # noqa: E402


LEAKS = Path(__file__).resolve().parent / "leaks"
fake_daemon.Server.handle_error = lambda *_: None  # a client that was made to fail
PATIENCE_S = float(os.environ.get("TORTURE_PATIENCE", "120"))  # a program that has not ended by then hangs
FOR_GOOD = 1 << 30

WEB = {"image": "busybox", "command": "httpd -f", "environment": {"TOKEN": "canary"}, "volumes": ["data:/data"]}
LAZY = {"image": "busybox", "x-roost": {"lifecycle": "lazy", "idle_timeout": "15m"}, "depends_on": ["web"]}
FILE = {"name": "demo", "services": {"web": WEB, "lazy": LAZY}, "volumes": {"data": {}}}
CHANGED = {**FILE, "services": {"web": {**WEB, "command": "sleep 9"}, "third": LAZY}}
# In several files, with values that roost keeps itself.
KEPT = {"name": "demo", "services": {"web": {**WEB, "env_file": "web.env", "secrets": ["key"], "configs": ["motd"]},
                                     "lazy": LAZY},
        "volumes": {"data": {}}, "secrets": {"key": {"environment": "KEY"}}, "configs": {"motd": {"content": "one"}}}
BESIDE = {"services": {"web": {"environment": {"BESIDE": "1"}}}, "configs": {"motd": {"content": "two of ${WHO}"}}}
REPORT = {"summary": {"created": 1}, "agents": [{"name": "web", "lifecycle": "hot", "action": "created",
                                                  "reason": "missing", "error": None}]}
AGENT = {"name": "web", "lifecycle": "hot", "state": "running", "image": "busybox", "held": False, "reason": None,
         "generation": 1, "container": {"id": "ab" * 32, "name": "demo-web", "status": "running"}, "spec": WEB,
         "drift": [], "leases": [], "events": []}
STATS = {"agents": [{"name": "web", "cpu_percent": 1.5, "memory_bytes": 4096, "memory_limit_bytes": None,
                     "error": None}]}
EVENTS = {"events": [{"id": 1, "time": "2026-11-24T08:00:00.000Z", "agent": "web", "lifecycle": "hot",
                      "event": "container_stopped", "reason": "exit code 1"}]}
PULLED = {"images": [{"image": "busybox", "agents": ["web"], "pulled": True, "error": None}]}
LEASE = {"lease": {"id": "l1", "agent": "lazy", "expires_at": "2126-11-24T08:00:00.000Z"}, "state": "running"}

# Who ends the process by itself: nothing of ours can stop it, and nothing is half done.
EXCUSES = [
    ("libuv ends the process when the kernel refuses a descriptor to epoll",
     r"(?s)\A(?!.*Assertion `).*AddressSanitizer: ABRT [^\n]*\n"
     r"(?: +#[0-9]+ [^\n]*(?:libc\.so|nptl/|sysdeps/|stdlib/)[^\n]*\n)+ +#[0-9]+ [^\n]*libuv\.so", "call"),
    ("AddressSanitizer needs memory for a thread that begins",
     r"AddressSanitizer: CHECK failed: [^\n]*pthread_getattr_np", "alloc"),
    ("libcurl 7.88 divides by the size of a table that it had no memory for",
     r"AddressSanitizer: FPE [^\n]*\n +#0 [^\n]*libcurl", "alloc"),
]


class Place:
    """A worker's folder, engine and environment."""

    def __init__(self, folder, program, library, server, port):
        self.dir, self.port = folder, port
        self.db, self.socket, self.file = folder / "roost.db", folder / "roost.sock", folder / "compose.yaml"
        self.program, self.library, self.server = program, library, server
        self.images = {}
        self.slowly = False

    @property
    def engine(self):
        return self.server.engine

    def env(self, **more):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("ROOST", "DOCKER", "COMPOSE", "NOTIFY", "XDG", "LD_", "ASAN", "UBSAN", "LSAN"))}
        return {**kept, "ROOST_DB": str(self.db), "ROOST_SOCKET": str(self.socket), "HOME": str(self.dir),
                "DOCKER_HOST": f"unix://{self.dir.parent}/{self.dir.name}.sock", "NO_COLOR": "1",
                "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=1:handle_abort=1:exitcode=99",
                "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99", **more}

    def roost(self, *words, status=0):
        """With nothing failing."""
        done = subprocess.run([self.program, *words], env=self.env(), cwd=self.dir, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE_S, check=False)
        if status is not None and done.returncode != status:
            raise RuntimeError(f"roost {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def faulty(self, kind, at, times):
        with contextlib.suppress(FileNotFoundError):
            (self.dir / "failed").unlink()
        env = self.env(LD_PRELOAD=str(self.library), FAIL_KIND=kind, FAIL_AT=str(at), FAIL_FOR=str(times),
                       FAIL_REPORT=str(self.dir / "failed"), LSAN_OPTIONS=f"suppressions={LEAKS}:print_suppressions=0")
        if self.slowly:
            env["ASAN_OPTIONS"] += ":fast_unwind_on_malloc=0"
        return env

    def failed(self):
        """(what failed first, how many there were in all or None)."""
        try:
            lines = (self.dir / "failed").read_text(encoding="ascii").split("\n")
        except FileNotFoundError:
            return None, None
        words = [line.split() for line in lines if line]
        total = next((int(n) for what, n in words if what == "total"), None)
        return next((what for what, _ in words if what != "total"), None), total

    def clean(self):
        for entry in self.dir.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def reset(self, story):
        """As it is before the story."""
        if story.start not in self.images:
            self.clean()
            self.server.engine = Engine()
            story.start(self)
            image = self.dir.parent / f"{self.dir.name}.{story.start.__name__}"
            shutil.copytree(self.dir, image)
            self.images[story.start] = image, self.engine.state()
        image, state = self.images[story.start]
        self.clean()
        shutil.copytree(image, self.dir, dirs_exist_ok=True)
        self.server.engine = Engine(state)

    def sql(self, statement):
        if not self.db.exists():
            return []
        with contextlib.closing(sqlite3.connect(self.db, timeout=PATIENCE_S)) as db:
            return db.execute(statement).fetchall()

    def rows(self):
        try:
            return self.sql("SELECT name, lifecycle, spec, held FROM agents ORDER BY name")
        except sqlite3.OperationalError:  # a database without our tables: nothing of a change
            return []


# How a folder is before a story.

def empty(place):
    place.file.write_text(json.dumps(FILE), encoding="ascii")


def applied(place):
    empty(place)
    place.roost("apply")


def changed(place):
    applied(place)
    place.file.write_text(json.dumps(CHANGED), encoding="ascii")


def running(place):
    applied(place)
    place.roost("reconcile")


def kept(place):
    place.file.write_text(json.dumps(KEPT), encoding="ascii")
    (place.dir / "web.env").write_text("FROM_FILE=1\n", encoding="ascii")
    (place.dir / ".env").write_text("KEY=canary\nWHO=us\n", encoding="ascii")
    place.roost("apply")


def layered(place):
    kept(place)
    (place.dir / "compose.override.yaml").write_text(json.dumps(BESIDE), encoding="ascii")


def handing(place):
    file = {**FILE, "services": {"web": {**WEB, "privileged": True, "volumes": ["/etc:/host"]}}}
    place.file.write_text(json.dumps(file), encoding="ascii")


def probed(place):
    """Up, and ready by its own test: a new container needs no time to prove itself."""
    ready = {"x-roost": {"ready": {"tcp": place.port}}}
    place.file.write_text(json.dumps({**FILE, "services": {"web": {**WEB, **ready}, "lazy": LAZY}}), encoding="ascii")
    place.roost("apply")
    place.roost("reconcile")


def pulling(place):
    place.file.write_text(json.dumps({"name": "demo", "services": {"web": {**WEB, "pull_policy": "always"}},
                                      "volumes": {"data": {}}}), encoding="ascii")
    place.roost("apply")


def composed(place):
    """What Compose has made of the file."""
    empty(place)
    for name in FILE["services"]:
        labels = {"project": "demo", "service": name, "container-number": "1", "oneoff": "False",
                  "project.config_files": str(place.file), "project.working_dir": str(place.dir)}
        place.engine.create(f"demo-{name}-1", {
            "Image": "busybox", "Labels": {f"com.docker.compose.{key}": value for key, value in labels.items()},
            "HostConfig": {}})
        place.engine.start(place.engine.by_name(f"demo-{name}-1"), None, None)


class Story:
    """A command; what it changes is seen in the rows and in `made`, a file; what it tells has the words of `shows`."""

    def __init__(self, name, words, start=applied, says=None, good=(0,), made=None, shows=()):
        self.name, self.words, self.start, self.says, self.good, self.made = name, words, start, says, good, made
        self.shows = shows
        self.results = {}  # of each place, whose rows name its own folder

    def play(self, place, kind, at, times):
        """Runs it; yields what is wrong."""
        if at > 0 and place not in self.results:
            yield from self.play(place, kind, 0, 1)
        place.reset(self)
        before = place.rows()
        with contextlib.ExitStack() as stack:
            if self.says:
                fake = stack.enter_context(fake_daemon.daemon(place))
                for call, answer in self.says.items():
                    fake.says(call, *answer)
            process = subprocess.Popen([place.program, *self.words], env=place.faulty(kind, at, times), cwd=place.dir,
                                       text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            try:
                out, err = process.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)  # says where
                yield f"hangs: {process.communicate()[1]}"
                return
        what, _ = place.failed()
        yield from ended(process.returncode, err, what, kind, (*self.good, 1, 2, 3, 4), out)
        yield from whole(place)
        after = place.rows()
        if at == 0:
            if process.returncode not in self.good:
                yield f"status {process.returncode} with nothing failing: {out}{err}"
            self.results[place] = after
        elif after not in (before, self.results[place]):
            yield f"half a change: {after}"
        elif process.returncode in self.good and after != self.results[place]:
            yield "says that it is done, and is not"
        unsaid = [word for word in self.shows if word not in out]
        if process.returncode in self.good and unsaid:
            yield f"is done, and does not tell {unsaid}: {out}"
        if self.made and process.returncode == 0:
            yield from same_copy(place, self.made)


class Screen(Story):
    """On a terminal of its own, where somebody presses keys until it has ended."""

    KEYS = b"jkwshq"

    def play(self, place, kind, at, times):
        place.reset(self)
        ours, theirs = pty.openpty()
        before = termios.tcgetattr(theirs)
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, ours)
            stack.callback(os.close, theirs)
            fake = stack.enter_context(fake_daemon.daemon(place))
            for call, answer in self.says.items():
                fake.says(call, *answer)
            err = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            process = subprocess.Popen([place.program, *self.words], cwd=place.dir, stdin=theirs, stdout=theirs,
                                       stderr=err, env={**place.faulty(kind, at, times), "TERM": "xterm"},
                                       start_new_session=True,
                                       preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
            shown = self.press(process, ours, 1.0 if at else PATIENCE_S)
            hangs = process.poll() is None
            if hangs:
                process.send_signal(signal.SIGABRT)
            status = process.wait()
            after = termios.tcgetattr(theirs)
            err.seek(0)
            text = err.read()
        if hangs:
            yield f"hangs: {text}"
            return
        yield from ended(status, text, place.failed()[0], kind, (0, 1, 4), shown)
        if status >= 0 and status != 99 and after != before:
            yield f"ends with {status} and leaves the terminal as it made it"
        if at == 0 and not all(word in shown for word in self.shows):
            yield f"shows nothing of {self.shows} with nothing failing: {shown}"
        yield from whole(place)

    def press(self, process, terminal, wait_s):
        """Once all is shown, or has not come for so long: a call that failed may have been for that."""
        begun = time.monotonic()
        limit, shown = begun + PATIENCE_S, b""
        while process.poll() is None and time.monotonic() < limit:
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 65536)
            elif all(word.encode() in shown for word in self.shows) or time.monotonic() > begun + wait_s:
                os.write(terminal, self.KEYS)
        return shown.decode("utf-8", "replace")


def ended(status, err, what, kind, statuses, out=""):
    if "Sanitizer" in err or status == 99 or (status < 0 and status not in statuses):
        if not any(re.search(pattern, err) and kind == excused for _, pattern, excused in EXCUSES):
            yield f"ends with {status}:\n{err}"
    elif status not in statuses:
        yield f"ends with {status}: {err}"
    elif status in (1, 2, 4) and not (err + out).strip() and what != "write":  # which may have been the words
        yield f"ends with {status} and says nothing"


def whole(place):
    try:
        if place.sql("PRAGMA integrity_check") not in ([], [("ok",)]):
            yield "the database is broken"
    except sqlite3.Error as why:
        yield f"the database cannot be read: {why}"


def same_copy(place, name):
    """Of the database, and of the files that roost keeps beside it."""
    with contextlib.closing(sqlite3.connect(place.dir / name)) as db:
        if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            yield f"{name} is not a whole database"
    if contents(place.dir / f"{name}.files") != contents(Path(f"{place.db}.files")):
        yield f"{name}.files is not the same as what it is a copy of"


def contents(folder):
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()} if folder.exists() else {}


class Daemon:
    """The daemon from its start to its end: a pass, a wake, a death, changes through the API, a restart, a stop.

    Stopped before it has got as far as to listen to SIGTERM, it ends by that.
    """

    words = ["serve"]

    def __init__(self, name="serve", start=applied):
        self.name, self.start = name, start

    def ask(self, place, method, path, body=None, stream=False):
        """What a request is answered, if at all; of a stream the first line."""
        connection = http.client.HTTPConnection("roost", timeout=self.patience)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(self.patience)
        try:
            connection.sock.connect(str(place.socket))
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json", "Accept": "text/event-stream" if stream else "*/*"})
            answer = connection.getresponse()
            return answer.readline() if stream else answer.read()
        except TimeoutError:
            self.late.append(f"{method} {path}")
            return b""
        except (OSError, http.client.HTTPException):
            return b""
        finally:
            connection.close()

    def play(self, place, kind, at, times):
        place.reset(self)
        self.patience, self.late = (2 if times == FOR_GOOD else PATIENCE_S), []
        log = place.dir / "log"
        with open(log, "w", encoding="utf-8") as err:
            process = subprocess.Popen([place.program, "serve"], env=place.faulty(kind, at, times), cwd=place.dir,
                                       stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        try:
            self.drive(place, process)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            process.wait()
            yield f"does not end: {log.read_text(encoding='utf-8')}"
            return
        err = log.read_text(encoding="utf-8")
        what, _ = place.failed()
        yield from ended(process.returncode, err, what, kind, (0, 1, 4, -signal.SIGTERM))
        if self.late and times == 1 and process.returncode == 0:
            yield f"no answer to {self.late}: {err}"
        yield from whole(place)
        yield from self.heals(place, err)

    def drive(self, place, process):
        limit = time.monotonic() + self.patience
        while process.poll() is None and time.monotonic() < limit:
            if place.socket.exists() and self.ask(place, "GET", "/readyz"):
                break
            time.sleep(0.01)
        if process.poll() is None:
            self.live(place)

    def live(self, place):
        self.ask(place, "GET", "/v1/agents")
        self.ask(place, "POST", "/v1/agents/lazy/wake", {"ttl": "60s", "wait": True, "timeout": "5s"})
        place.engine.die("demo-web")
        self.ask(place, "GET", "/v1/stats")
        self.ask(place, "GET", "/v1/outdated")
        self.ask(place, "GET", "/v1/events?limit=10")
        self.ask(place, "POST", "/v1/pull")
        self.ask(place, "PUT", "/v1/agents/lazy/hold", {"reason": "a test"})
        self.ask(place, "DELETE", "/v1/agents/lazy/hold")
        self.ask(place, "POST", "/v1/agents/web/restart")
        self.ask(place, "POST", "/v1/reconcile")
        self.ask(place, "GET", "/healthz")

    def heals(self, place, err):
        """Afterwards, with nothing failing, the fleet comes to its table and stays there."""
        place.roost("unhold", "lazy", status=None)
        done = place.roost("reconcile", status=None)
        changes = place.engine.changes
        plan = place.roost("plan", status=None)
        if done.returncode != 0 or plan.returncode != 0 or place.engine.changes != changes:
            yield f"does not heal: {done.stdout}{done.stderr}{plan.stdout}{plan.stderr}{err}"
        rows = {f"demo-{row[0]}" for row in place.rows()}
        if place.engine.running().get("demo-web") != "running" or set(place.engine.running()) != rows:
            yield f"the fleet is not as its table says: {place.engine.running()}"


class Changes(Daemon):
    """The daemon while its table changes: leases that are renewed and end, a row that is another, one that is gone."""

    def live(self, place):
        self.ask(place, "GET", "/v1/agents/web")
        woken = self.ask(place, "POST", "/v1/agents/lazy/wake", {"ttl": "60s", "wait": False})
        lease = re.search(rb'"id": *"([^"]+)"', woken)
        if lease:
            self.ask(place, "POST", f"/v1/leases/{lease[1].decode()}/renew", {"ttl": "90s"})
            self.ask(place, "DELETE", f"/v1/leases/{lease[1].decode()}")
        self.ask(place, "GET", "/v1/events", stream=True)
        self.ask(place, "POST", "/v1/agents/lazy/sleep")
        before = place.engine.by_name("demo-web")
        self.change(place, "UPDATE agents SET spec = json_set(spec, '$.environment.DEBUG', '1') WHERE name = 'web'")
        self.wait(lambda: place.engine.by_name("demo-web") not in (None, before))
        self.change(place, "DELETE FROM agents WHERE name = 'lazy'")
        self.wait(lambda: not place.engine.by_name("demo-lazy"))

    def change(self, place, statement):
        with contextlib.closing(sqlite3.connect(place.db, timeout=PATIENCE_S)) as db, db:
            db.execute(statement)

    def wait(self, done):
        limit = time.monotonic() + min(self.patience, 3)
        while not done() and time.monotonic() < limit:
            time.sleep(0.02)


STORIES = [
    Story("help", ["help", "apply"], empty),
    Story("version", ["version", "-o", "json"], empty),
    Story("check", ["check"], empty),
    Story("check of several files", ["check"], layered),
    Story("check --policy", ["check", "--policy"], handing, good=(1,)),
    Story("apply new", ["apply"], empty),
    Story("apply changed", ["apply", "--prune", "-y"], changed),
    Story("apply of several files", ["apply"], layered),
    Story("set", ["set", "web", "environment.DEBUG=1", "idle_timeout=30m"]),
    Story("hold", ["hold", "web", "--reason", "a test"]),
    Story("unhold", ["unhold", "lazy"]),
    Story("events", ["events", "-o", "json"], running),
    Story("export", ["export"], shows=("web", "lazy", "httpd", "canary", "15m")),
    Story("backup", ["backup", "copy.db"], running, made="copy.db"),
    Story("backup with files", ["backup", "copy.db"], kept, made="copy.db"),
    Story("ls", ["ls", "-o", "json"], running, shows=('"web"', '"lazy"')),
    Story("show", ["show", "web", "-o", "json"], running, shows=("httpd", "data")),
    Story("show as docker run", ["show", "web", "--docker-run"], running, shows=("httpd", "data")),
    Story("outdated", ["outdated", "-o", "json"], running, shows=('"web"', '"lazy"')),
    Story("pull", ["pull", "-o", "json"], running, shows=("busybox", '"web"', '"lazy"')),
    Story("logs", ["logs", "web"], running, shows=("demo-web has begun",)),
    Story("logs of several", ["logs", "web", "lazy"], running,
          shows=("demo-web has begun", "demo-web is in trouble", "demo-lazy has begun", "demo-lazy is in trouble")),
    Story("plan", ["plan"], applied, good=(3,)),
    Story("plan at rest", ["plan", "-o", "json"], running),
    Story("reconcile", ["reconcile"], applied),
    Story("reconcile that pulls", ["reconcile"], pulling),
    Story("reconcile --deep", ["reconcile", "--deep", "-o", "json"], running),
    Story("recreate", ["recreate", "lazy"], running),
    Story("rm", ["rm", "lazy"], running),
    Story("down", ["down", "-y"], running),
    Story("takeover", ["takeover", "-y", "demo"], composed),
    Story("doctor", ["doctor", "-o", "json"], running),
    Story("client ls", ["ls"], says={"GET /v1/agents": ({"fleet": "demo", "agents": [AGENT]},)}),
    Story("client show", ["show", "web"], says={"GET /v1/agents/web": (AGENT,)}),
    Story("client reconcile", ["reconcile"],
          says={"POST /v1/reconcile?deep=0&remove_orphans=0": (REPORT, 200, [{"done": 1, "total": 2}])}),
    Story("client wake", ["wake", "lazy"], says={"POST /v1/agents/lazy/wake": (LEASE,)}),
    Story("client wake -- command", ["wake", "lazy", "--", "true"], good=(0, 126, 127),
          says={"POST /v1/agents/lazy/wake": (LEASE,), "DELETE /v1/leases/l1": ({},)}),
    Story("client renew", ["renew", "l1", "--ttl", "1h"], says={"POST /v1/leases/l1/renew": (LEASE,)}),
    Story("client release", ["release", "l1"], says={"DELETE /v1/leases/l1": ({"agent": "lazy", "state": "running"},)}),
    Story("client sleep", ["sleep", "lazy"], says={"POST /v1/agents/lazy/sleep": ({},)}),
    Story("client restart", ["restart", "lazy", "-o", "json"], shows=('"running"',),
          says={"POST /v1/agents/lazy/restart": ({"agent": "lazy", "state": "running"},)}),
    Story("client logs", ["logs", "web"], running, shows=("demo-web has begun",),
          says={"GET /v1/agents/web": (AGENT,)}),
    Story("client top", ["top", "-o", "json"], shows=('"web"', "4096", "container_stopped"),
          says={"GET /v1/agents": ({"fleet": "demo", "agents": [AGENT]},), "GET /v1/stats": (STATS,),
                "GET /v1/events?limit=1000&newest=1": (EVENTS,)}),
    Screen("client top on a terminal", ["top"], shows=("web", "running"),
           says={"GET /healthz": ({"status": "ok"},), "GET /v1/agents": ({"fleet": "demo", "agents": [AGENT]},),
                 "GET /v1/stats": (STATS,), "GET /v1/events?limit=1000&newest=1": (EVENTS,),
                 "POST /v1/agents/web/wake": (LEASE,), "POST /v1/agents/web/sleep": ({},)}),
    Story("client pull", ["pull", "web"], shows=("busybox",),
          says={"POST /v1/agents/web/pull": (PULLED, 200, [{"image": "busybox", "layer": "ab", "status": "Downloading",
                                                            "current": 1, "total_bytes": 2}])}),
    Daemon(),
    Changes("serve what changes", probed),
]


def listening():
    """A port of this machine, where connections are taken and ended."""
    server = socket.create_server(("127.0.0.1", 0))

    def take():
        while True:
            server.accept()[0].close()

    threading.Thread(target=take, daemon=True).start()
    return server.getsockname()[1]


def untold(program):
    """Commands that no story has."""
    said = subprocess.run([program, "help"], text=True, capture_output=True, check=True).stdout
    commands = re.findall(r"^  ([a-z]+) {2,}", said.split("with every command")[0], re.MULTILINE)
    return set(commands) - {story.words[0] for story in STORIES}


def points(total, budget_n, seed):
    """Which n: all, or that many, evenly spread."""
    if total <= budget_n:
        return list(range(1, total + 1))
    step = total / max(budget_n, 1)
    return [int(i * step + seed % max(int(step), 1)) % total + 1 for i in range(int(budget_n))]


class Campaign:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.work = queue.Queue()
        self.found, self.runs, self.lock = [], collections.Counter(), threading.Lock()
        self.places = queue.Queue()

    def one(self, place, story, kind, at, times):
        begin = time.monotonic()
        faults = list(story.play(place, kind, at, times))
        if any("LeakSanitizer" in fault for fault in faults):
            # Once more with whole stacks: whose leak is it?
            place.slowly = True
            faults = list(story.play(place, kind, at, times))
            place.slowly = False
        took = time.monotonic() - begin
        what, total = place.failed()
        with self.lock:
            self.runs[story.name] += 1
            for fault in faults:
                how = "from there on" if times == FOR_GOOD else "once"
                self.found.append((story.name, kind, at, how, what, fault))
                print(f"FOUND {story.name}: {kind} {at} ({what}) {how}: {fault}", flush=True)
        return took, total

    def worker(self, place):
        while job := self.work.get():
            self.one(place, *job)

    def measured(self, place, story, kind):
        """Seconds a run, and the count."""
        took, total = self.one(place, story, kind, 0, 1)
        if total is None:
            raise RuntimeError(f"{story.name}: nothing was counted; is it the program with fail.c before it?")
        return took, total

    def jobs(self, place, stories):
        pairs = [(story, kind) for story in stories for kind in ("alloc", "call")]
        counts = {pair: self.measured(place, *pair) for pair in pairs}
        share = self.args.seconds / len(pairs) / 2 * self.args.jobs if self.args.seconds else 0
        for (story, kind), (took, total) in counts.items():
            if self.args.at:
                at = [self.args.at]
            elif self.args.points:
                at = points(total, self.args.points, self.args.seed)
            else:
                at = points(total, share / took if share else total, self.args.seed)
            if self.args.verbose:
                print(f"{story.name}: {total} {kind}, {len(at)} of them, {took:.3f} s a run", flush=True)
            for n in at:
                yield story, kind, n, 1
                yield story, kind, n, FOR_GOOD

    def run(self, stories, places):
        for job in list(self.jobs(places[0], stories)):
            self.work.put(job)
        threads = [threading.Thread(target=self.worker, args=[place]) for place in places]
        for thread in threads:
            self.work.put(None)
            thread.start()
        for thread in threads:
            thread.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("roost", type=Path)
    parser.add_argument("library", type=Path)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--points", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--story", action="append")
    parser.add_argument("--at", type=int)
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    stories = [story for story in STORIES if not args.story or story.name in args.story]
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roost-torture.")))
        places, port = [], listening()
        for n in range(args.jobs):
            (folder / str(n)).mkdir()
            server = stack.enter_context(serving(folder / f"{n}.sock"))
            places.append(Place(folder / str(n), args.roost.resolve(), args.library.resolve(), server, port))
        campaign = Campaign(args, folder)
        campaign.run(stories, places)
    if not args.story:
        for command in untold(args.roost):
            print(f"FOUND {command}: no story has it", flush=True)
            campaign.found.append(command)
    runs = sum(campaign.runs.values())
    print(f"torture: {len(stories)} stories, {runs} runs in {time.monotonic() - begin:.0f} s, "
          f"{len(campaign.found)} faults found")
    return 1 if campaign.found or runs <= 2 * len(stories) else 0


if __name__ == "__main__":
    sys.exit(main())
