# SPDX-License-Identifier: MIT
"""A fleet's users, for the tests that break things beneath them, and a witness of what comes of it.

Users wake, renew, release, put to sleep, hold, write rows by SQL and by apply, and do to containers by hand whatever
people do. They keep a ledger of what they were promised. The witness follows the engine's own events. Neither asks
roost whether all is well.
"""

import collections
import contextlib
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import threading
import time
import traceback
from urllib.parse import quote

from fleet import hot, lazy

SLEEPY = {"lifecycle": "lazy", "idle_timeout": "1s"}


def napping(**more):
    return lazy(**{"x-roost": {**SLEEPY, "ready": {"tcp": 80}, **more.pop("roost", {})}, **more})


def cast():
    """Who there is, and what may be done to whom: a guarantee is watched where nothing else excuses its breach."""
    return {
        "web": hot(), "api": hot(depends_on=["web"]),
        "pet": napping(),  # everything is done to it
        "keeper": napping(),  # its leases end by nothing but time and release
        "sleeper": napping(),  # nobody ever wakes it
        "front": napping(depends_on=["back"]), "back": napping(),
        "napper": napping(roost={"sleep": "pause"}),
        "job": {"image": "busybox", "command": ["sleep", "0.3"], "x-roost": dict(SLEEPY)},
        "turner": hot(),  # lazy at times
        "churn": hot(),  # not there at times
    }


ROUGH = ("web", "pet", "front", "napper", "churn", "turner")  # stopped, killed, removed, paused … by hand
WOKEN = ("pet", "keeper", "front", "napper", "job")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, target, body=None, timeout=60):
    """(status, JSON or None); (0, None) when nobody answers."""
    connection = UnixConnection(str(path), timeout)
    try:
        connection.request(method, target, None if body is None else json.dumps(body),
                           {"Content-Type": "application/json"} if body is not None else {})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.strip() else None
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


def listens(path):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


class Lease:
    def __init__(self, agent, began, until):
        self.agent = agent
        self.began = began
        self.until = until  # at the least, while nobody has tried to release it
        self.longest = until  # at the most
        self.ending = False
        self.ended = False


class Ledger:
    """What users were promised, and what they did that excuses something. Wall time, as the engine's events."""

    def __init__(self, slack_s):
        self.slack_s = slack_s  # how much later than the wish for it a start may come: this machine may be very busy
        self.lock = threading.Lock()
        self.leases = {}
        self.wished = collections.defaultdict(list)  # agent: [[from, to], …]
        self.hand = collections.defaultdict(float)  # agent: when somebody last started it by hand
        self.rows = {}  # agent: the mark in its row that was last committed
        self.log = collections.deque(maxlen=400)

    def note(self, what):
        self.log.append(f"{time.time():.3f} {what}".replace("\n", " "))

    def wish(self, agent, seconds):
        with self.lock:
            now = time.time()
            for one in {agent, {"front": "back"}.get(agent, agent)}:
                self.wished[one].append([now, now + seconds])

    def excuses(self, agent, at):
        """May the engine have been told at that time to start this lazy agent?"""
        with self.lock:
            if any(at - self.hand[one] < self.slack_s for one in (agent, {"back": "front"}.get(agent, agent))):
                return True
            return any(begin - 1 <= at <= end + self.slack_s for begin, end in self.wished[agent])


class Users:
    def __init__(self, fleet, seed, hands=2, slack_s=15.0, may_be_refused=False):
        self.fleet = fleet
        self.engine = fleet.engine
        self.ledger = Ledger(slack_s)
        self.services = cast()
        self.marks = 0
        self.table = threading.Lock()  # one writer of rows at a time, so that the ledger knows the last one
        self.over = threading.Event()
        self.may_be_refused = may_be_refused  # by the database: its disk may be full
        self.failure = None
        self.done = collections.Counter()
        self.threads = [threading.Thread(target=self._live, args=(random.Random(f"{seed}/{n}"),), daemon=True)
                        for n in range(hands)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(120)
        assert self.failure is None, self.failure

    def _live(self, rng):
        acts = [(self._wake, 6), (self._renew, 2), (self._release, 3), (self._sleep, 1), (self._hold, 1),
                (self._row, 3), (self._turn, 1), (self._churn, 1), (self._apply, 1), (self._by_hand, 4), (self._crash, 2)]
        try:
            while not self.over.wait(rng.uniform(0.02, 0.3)):
                act, = rng.choices([a for a, _ in acts], [w for _, w in acts])
                try:
                    act(rng)
                    self.done[act.__name__.strip("_")] += 1
                except sqlite3.OperationalError as why:
                    if not self.may_be_refused:
                        raise
                    self.ledger.note(f"{act.__name__}: {why}")
        except Exception:  # pylint: disable=broad-except
            self.failure = traceback.format_exc()

    # over the API ---------------------------------------------------------------------------------

    def api(self, method, target, body=None):
        deadline = time.monotonic() + 3
        while not listens(self.fleet.socket) and time.monotonic() < deadline:
            self.over.wait(0.02)
        status, answer = ask(self.fleet.socket, method, target, body)
        self.ledger.note(f"{method} {target} {body or ''} = {status} {str(answer)[:160]}")
        return status, answer

    def _wake(self, rng):
        agent = rng.choice(WOKEN)
        ttl = rng.choice((10, 120)) if agent == "keeper" else rng.choice((1, 2, 4))
        self.ledger.wish(agent, ttl)
        began = time.time()
        body = {"ttl": f"{ttl}s", **({"wait": True, "timeout": "5s"} if rng.random() < 0.3 else {})}
        status, answer = self.api("POST", f"/v1/agents/{agent}/wake", body)
        if status == 200 and answer["lease"]:
            with self.ledger.lock:
                self.ledger.leases[answer["lease"]["id"]] = Lease(agent, began, began + ttl)

    def _pick(self, rng):
        with self.ledger.lock:
            good = [one for one, lease in self.ledger.leases.items() if not lease.ending and lease.until > time.time()]
        return rng.choice(good) if good else None

    def _renew(self, rng):
        one = self._pick(rng)
        if not one:
            return
        lease = self.ledger.leases[one]
        ttl = rng.choice((10, 60)) if lease.agent == "keeper" else rng.choice((1, 3))
        began = time.time()
        self.ledger.wish(lease.agent, ttl)
        lease.until = min(lease.until, began + ttl)
        status, _ = self.api("POST", f"/v1/leases/{one}/renew", {"ttl": f"{ttl}s"})
        lease.longest = max(lease.longest, time.time() + ttl)
        if status == 200:
            lease.until = began + ttl

    def _release(self, rng):
        one = self._pick(rng)
        if not one:
            return
        self.ledger.leases[one].ending = True
        status, _ = self.api("DELETE", f"/v1/leases/{one}")
        self.ledger.leases[one].ended = status == 200

    def _sleep(self, rng):
        self.api("POST", f"/v1/agents/{rng.choice(('pet', 'front', 'napper'))}/sleep")

    def _hold(self, rng):
        agent = rng.choice(("web", "pet"))
        self.api("PUT", f"/v1/agents/{agent}/hold", {"reason": "looking at it"})
        self.over.wait(rng.uniform(0, 1.5))
        self.api("DELETE", f"/v1/agents/{agent}/hold")

    def release_all(self):
        with self.ledger.lock:
            for lease in self.ledger.leases.values():
                lease.ending = True
        for lease, in self.sql("SELECT id FROM leases"):
            self.api("DELETE", f"/v1/leases/{lease}")

    # rows -----------------------------------------------------------------------------------------

    def sql(self, statement, *values):
        with contextlib.closing(sqlite3.connect(self.fleet.db, timeout=60, isolation_level=None)) as db:
            rows = db.execute(statement, values).fetchall()
        self.ledger.note(f"SQL {statement} {values}")
        return rows

    def mark(self, agent):
        self.marks += 1
        self.services[agent]["environment"] = {"MARK": str(self.marks)}
        return str(self.marks)

    def _row(self, rng):
        agent = rng.choice(sorted(self.services))
        with self.table:
            mark = self.mark(agent)
            self.sql("UPDATE agents SET spec = json_set(spec, '$.environment', json_object('MARK', ?)) WHERE name = ?",
                     mark, agent)
            if agent in self.ledger.rows:
                self.ledger.rows[agent] = mark

    def _turn(self, rng):
        lifecycle = rng.choice(("hot", "lazy"))
        with self.table:
            if lifecycle == "hot":
                self.ledger.wish("turner", 1e6)
            self.sql("UPDATE agents SET lifecycle = ? WHERE name = 'turner'", lifecycle)
            if lifecycle == "lazy":
                for span in self.ledger.wished["turner"]:
                    span[1] = min(span[1], time.time())

    def _churn(self, rng):
        with self.table:
            if "churn" in self.ledger.rows:
                self.sql("DELETE FROM agents WHERE name = 'churn'")
                del self.ledger.rows["churn"]
            else:
                self.sql("INSERT INTO agents (name, image, spec, source) SELECT 'churn', image, spec, source FROM agents"
                         " WHERE name = 'web'")
                self.ledger.rows["churn"] = self.ledger.rows["web"]

    def _apply(self, rng):
        with self.table:
            self.ledger.wish("turner", 1e6)
            for agent in rng.sample(sorted(self.services), 2):
                self.mark(agent)
            self.fleet.write(self.services)
            done = self.fleet.run("apply", self.fleet.file)
            self.ledger.note(f"apply: {done.status} {done.err[:200]}")
            self.read_rows()

    def read_rows(self):
        self.ledger.rows = self.rows()

    def rows(self):
        return dict(self.sql("SELECT name, coalesce(json_extract(spec, '$.environment.MARK'), '') FROM agents"))

    # containers, by hand --------------------------------------------------------------------------

    def docker(self, method, target, timeout=60):
        status, answer = ask(self.engine.socket, method, target, timeout=timeout)
        self.ledger.note(f"by hand: {method} {target} = {status}")
        return status, answer

    def _by_hand(self, rng):
        agent = rng.choice(ROUGH)
        name = self.fleet.container(agent)
        act = rng.choice(("stop?t=0", "kill", "rm", "restart?t=0", "start", "pause", "rename", "update"))
        if act in ("restart?t=0", "start"):
            self.ledger.hand[agent] = time.time() + self.ledger.slack_s  # until its answer
        if act == "rm":
            self.docker("DELETE", f"/containers/{name}?force=1")
        elif act == "rename":
            self._rename(agent, f"{name}-{rng.randrange(1000)}")
        elif act == "update":
            ask(self.engine.socket, "POST", f"/containers/{name}/update", {"RestartPolicy": {"Name": "always"}})
        else:
            self.docker("POST", f"/containers/{name}/{act}")
        if act in ("restart?t=0", "start"):
            self.ledger.hand[agent] = time.time()
        if act == "pause":
            self.over.wait(rng.uniform(0, 1))
            self.docker("POST", f"/containers/{name}/unpause")

    def _rename(self, agent, to):
        """Only a container that roost knows, and is not replacing: of another it would not know that it is its own, when
        it is killed now; that is told as `duplicate`, and somebody has to mend it."""
        with self.table:
            known = dict(self.sql("SELECT agent, container_id FROM agent_state WHERE container_id <> ''"))
            status, seen = self.docker("GET", f"/containers/{known.get(agent, 'nobody')}/json")
            mark = f"MARK={self.ledger.rows.get(agent)}"
            if status == 200 and seen["Name"] == "/" + self.fleet.container(agent) and mark in seen["Config"]["Env"]:
                self.docker("POST", f"/containers/{known[agent]}/rename?name={to}")

    def _crash(self, rng):
        agent = rng.choice(("web", "api", "pet", "keeper", "back", "turner"))
        _, seen = self.docker("GET", f"/containers/{self.fleet.container(agent)}/json")
        pid = seen and seen.get("State", {}).get("Pid")
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.ledger.note(f"killed {agent}'s process")


class Witness:
    """The engine's own account of this fleet's containers."""

    def __init__(self, users):
        self.users = users
        self.fleet = users.fleet
        self.starts = collections.Counter()
        self.deaths = collections.defaultdict(list)
        self.running = collections.defaultdict(set)
        self.broken = []
        self.log = collections.deque(maxlen=400)
        self.events_seen = {}
        self.lazy = {agent for agent, service in users.services.items()
                     if service["x-roost"].get("lifecycle") == "lazy"}
        self.connection = None
        self.over = threading.Event()
        self.stream = self._open()
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def _open(self):
        filters = {"type": ["container"], "label": [f"roost.fleet={self.fleet.name}"],
                   "event": ["create", "start", "die", "destroy", "rename", "pause", "unpause"]}
        self.connection = UnixConnection(self.fleet.engine.socket, timeout=None)
        self.connection.request("GET", "/events?filters=" + quote(json.dumps(filters)))
        return self.connection.getresponse()

    def close(self):
        self.over.set()
        with contextlib.suppress(OSError, AttributeError):
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(60)

    def _follow(self):
        while not self.over.is_set():
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
                for line in iter(self.stream.readline, b""):
                    self._take(json.loads(line))
            self._follow_again()

    def _follow_again(self):
        """The engine went. What ran when it is back, its listing says."""
        while not self.over.wait(0.1):
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.stream = self._open()
                self.running.clear()
                for one in self.containers(["running", "paused", "restarting"]):
                    self.running[one["Labels"]["roost.agent"]].add(one["Id"])
                return

    def _take(self, event):
        attributes = event["Actor"]["Attributes"]
        agent, one, at = attributes.get("roost.agent", "?"), event["Actor"]["ID"], event["timeNano"] / 1e9
        self.log.append(f"{at:.3f} engine: {event['Action']} {attributes['name']} {one[:12]}")
        if event["Action"] == "die":
            self.running[agent].discard(one)
            self.deaths[agent].append(round(at, 3))
        if event["Action"] != "start":
            return
        self.starts[agent] += 1
        self.running[agent].add(one)
        ledger = self.users.ledger
        if len(self.running[agent]) > 1 and at - ledger.hand[agent] > ledger.slack_s:
            self.broken.append(f"{at:.3f} two running containers of {agent}: {sorted(self.running[agent])}")
        if (agent in self.lazy or agent == "turner") and not ledger.excuses(agent, at):
            self.broken.append(f"{at:.3f} {agent} was started, and nobody wanted it")

    # what must hold at any time -------------------------------------------------------------------

    def check(self, engine=True):
        """The database, what was promised, what is there."""
        assert self.users.failure is None, self.users.failure
        self._database()
        self._leases()
        with self.users.table:
            assert self.users.rows() == self.users.ledger.rows, "a committed row is not there"
        self._events()
        if engine:
            self._containers()
        assert not self.broken, "\n".join(self.broken)

    def _database(self):
        assert self.users.sql("PRAGMA integrity_check") == [("ok",)]

    def _leases(self):
        """Only of the agent whose leases nobody ends but by release."""
        before = time.time()
        there = dict(self.users.sql("SELECT id, expires_at FROM leases"))
        with self.users.ledger.lock:
            ledger = dict(self.users.ledger.leases)
        for one, lease in ledger.items():
            if lease.ended:
                assert one not in there, f"lease {one} of {lease.agent} was released and is there"
            elif lease.agent == "keeper" and not lease.ending and lease.until > before + 1:
                assert one in there, f"lease {one} of {lease.agent} is lost"
                assert there[one] / 1000 > lease.until - 1, f"lease {one} of {lease.agent} was cut short"

    def _events(self):
        """None lost, none twice, and episodes that begin before they end."""
        rows = self.users.sql("SELECT id, kind, coalesce(agent, ''), reason, lifecycle, state, time FROM events"
                              " ORDER BY id")
        there = {row[0]: row[1:] for row in rows}
        for number, event in self.events_seen.items():
            assert there.get(number) == event, f"event {number} {event} is {there.get(number)}"
        self.events_seen = there
        sure, maybe = collections.defaultdict(set), collections.defaultdict(set)
        for number, kind, agent, reason, lifecycle, *_ in rows:
            if agent == "churn":
                continue  # whose episodes go with its row
            if kind == "container_stopped" and lifecycle == "lazy":
                maybe[agent].add(kind)  # is told and over, when it sleeps after it
            elif kind in EPISODES:
                assert kind not in sure[agent], f"{number}: {kind} is told twice: {told(rows, agent)}"
                sure[agent].add(kind)
            elif kind == "container_recovered":
                ended = set(reason.split(","))
                assert sure[agent] <= ended <= sure[agent] | maybe[agent], f"{number}: of what? {told(rows, agent)}"
                sure[agent].clear()
                maybe[agent].clear()

    def check_deaths(self):
        """No death is told twice. Only at rest: the engine's account of one may come after roost's."""
        rows = self.users.sql("SELECT agent, time, reason FROM events WHERE kind = 'container_exited'"
                              " OR kind = 'container_stopped' AND reason <> 'start_refused' ORDER BY id")
        told_of = collections.defaultdict(list)
        for agent, at, reason in rows:
            told_of[agent].append((at / 1000, reason))
        for agent, ends in told_of.items():
            died = self.deaths[agent]
            twice = [(one, two) for one, two in zip(ends, ends[1:]) if not any(one[0] < at <= two[0] + 0.001 for at in died)]
            assert not twice, f"{agent} did not die between {twice}, but at {died}"
            assert len(ends) <= len(died), f"{agent} died {len(died)} times, which was told {len(ends)} times"

    def containers(self, statuses):
        filters = quote(json.dumps({"label": [f"roost.fleet={self.fleet.name}"], "status": statuses}))
        status, found = ask(self.fleet.engine.socket, "GET", f"/containers/json?all=1&filters={filters}")
        if status != 200:
            raise OSError("the engine does not list its containers")
        return found

    def _containers(self):
        found = self.containers([])
        mine = collections.Counter(one["Labels"]["roost.agent"] for one in found)
        # One spare, and one that a dead roost asked for and the engine made late.
        assert max(mine.values(), default=0) <= 3, [(one["Names"], one["State"]) for one in found]

    def story(self):
        """What happened last, for who has to find out why."""
        lines = sorted([*self.users.ledger.log, *self.log], key=lambda line: float(line.split(" ", 1)[0]))
        logs = [f"-- serve {server.pid}\n{server.log}" for server in self.fleet.servers[-8:]]
        return "\n".join([*lines[-250:], *logs])


def told(rows, agent):
    return [row for row in rows if row[2] == agent][-12:]


EPISODES = ("container_stopped", "container_missing", "container_paused", "container_unhealthy", "container_renamed",
            "drift", "crash_loop", "not_ready", "rolled_back")
