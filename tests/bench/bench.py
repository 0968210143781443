#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The benchmark: each figure is a ratio within this one run, next to what one would use instead.

Called by scripts/bench, which builds what is measured. Times on a shared machine drift; so A and B take turns, and
medians are compared. Nothing here passes or fails: it prints what it measured beside the aim.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from engine import DOCKER, Engine  # noqa: E402
from fleet import Fleet, lazy  # noqa: E402
from proxy import Proxy  # noqa: E402

import speeds  # noqa: E402

CONNECTIONS = (4, 8, 16, 32)


def say(text):
    print(text, file=sys.stderr, flush=True)


def services(count):
    return {f"agent{n:04}": lazy(environment={"NUMBER": str(n), "ROLE": "sleeper"}) for n in range(count)}


class Raw:
    def __init__(self, program, engine):
        self.program = program
        self.socket = engine.socket

    def replay(self, requests, connections, file):
        """Milliseconds for [(method, path, body)] over so many connections."""
        with open(file, "wb") as out:
            for method, path, body in requests:
                out.write(f"{method} {path} {len(body)}\n".encode() + body + b"\n")
        done = subprocess.run([self.program, "replay", self.socket, file, str(connections)], capture_output=True,
                              text=True, check=True)
        return float(done.stdout)

    def pair(self, rounds, a, b):
        done = subprocess.run([self.program, "pair", str(rounds), *a, *b], capture_output=True, text=True, check=True)
        return [tuple(map(float, line.split())) for line in done.stdout.splitlines()]


def spread(values):
    return {"median": round(statistics.median(values), 3), "min": round(min(values), 3), "max": round(max(values), 3),
            "n": len(values)}


def process_figures(pid, seconds):
    """Resident memory now and at its highest, and the share of a core used in some idle seconds."""
    def ticks():
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    begin = ticks()
    time.sleep(seconds)
    share = (ticks() - begin) / os.sysconf("SC_CLK_TCK") / seconds
    return {"resident_mb": round(int(status["VmRSS"].split()[0]) / 1024, 1),
            "resident_peak_mb": round(int(status["VmHWM"].split()[0]) / 1024, 1),
            "idle_cpu_percent": round(100 * share, 2), "idle_seconds": seconds}


def nothing_to_do(engine, raw, agents, rounds, idle_seconds):
    """A pass of the running daemon over agents that need nothing, against one raw listing of the same containers."""
    fleet = Fleet(engine, "idle")
    try:
        say(f"  making {agents} agents")
        fleet.apply(services(agents))
        fleet.roost("reconcile", timeout=900)
        with fleet.serve() as server:
            say(f"  {rounds} rounds")
            times = raw.pair(rounds, (str(fleet.socket), "POST", "/v1/reconcile"),
                             (engine.socket, "GET", "/containers/json?all=1"))
            figures = process_figures(server.pid, idle_seconds)
    finally:
        fleet.close()
        engine.clean()
    passes, listings = zip(*times)
    return {"agents": agents, "pass_ms": spread(passes), "listing_ms": spread(listings),
            "ratio": round(statistics.median(passes) / statistics.median(listings), 3), "aim": "<= 1.2",
            "daemon": figures}


class Creation:
    """Creating the same containers by roost, by the raw client and by `docker create`, in turn."""

    def __init__(self, engine, raw, agents):
        self.engine = engine
        self.raw = raw
        self.fleet = Fleet(engine, "create")
        self.file = self.fleet.dir / "requests"
        self.fleet.apply(services(agents))
        self.fresh = self.fleet.dir / "fresh.db"
        shutil.copy(self.fleet.db, self.fresh)
        self.requests = self.record()
        self.names = self.fleet.mine()
        assert len(self.requests) == len(self.names) == agents
        self.script = "\n".join(self.fleet.roost("show", name, "--docker-run", "--secrets").out.strip()
                                for name in services(agents))
        self.remove()

    def record(self):
        proxy = Proxy(self.engine.socket, str(self.fleet.dir / "proxy.sock"))
        self.fleet.url = proxy.url
        self.fleet.roost("reconcile")
        self.fleet.url = self.engine.url
        proxy.close()
        return [(r.method, r.path, r.body) for r in proxy.changing() if "/containers/create" in r.path]

    def remove(self):
        self.raw.replay([("DELETE", f"/containers/{name}", b"") for name in self.names], 4, self.file)

    def by_roost(self):
        """The whole command, as its user waits for it, on a table that has not seen a container yet."""
        for name in self.fleet.dir.glob("roost.db*"):
            name.unlink()
        shutil.copy(self.fresh, self.fleet.db)
        begin = time.monotonic()
        self.fleet.roost("reconcile")
        return (time.monotonic() - begin) * 1e3

    def by_raw(self, connections):
        return self.raw.replay(self.requests, connections, self.file)

    def by_docker(self):
        shell = self.fleet.dir / "bin"
        shell.mkdir(exist_ok=True)
        if not (shell / "docker").exists():
            (shell / "docker").symlink_to(DOCKER)
        begin = time.monotonic()
        subprocess.run(["sh", "-e"], input=self.script, text=True, check=True, stdout=subprocess.DEVNULL,
                       env={**self.fleet.env(), "PATH": f"{shell}:/usr/bin:/bin"})
        return (time.monotonic() - begin) * 1e3

    def run(self, ways, rounds):
        times = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                times[name].append(way())
                assert len(self.fleet.mine()) == len(self.names)
                self.remove()
        return times


def creating(engine, raw, agents, rounds):
    say(f"  recording {agents} creations")
    creation = Creation(engine, raw, agents)
    try:
        ways = {"roost": creation.by_roost}
        ways.update({f"raw {n}": lambda n=n: creation.by_raw(n) for n in CONNECTIONS})
        say(f"  {rounds} rounds of roost and raw clients")
        times = creation.run(ways, rounds)
        say("  docker create in a loop")
        times.update(creation.run({"docker create": creation.by_docker}, 1))
    finally:
        creation.fleet.close()
        engine.clean()
    median = {name: statistics.median(values) for name, values in times.items()}
    best = min((name for name in median if name.startswith("raw")), key=median.get)
    return {"agents": agents, "times_ms": {name: spread(values) for name, values in times.items()}, "best_raw": best,
            "ratio_to_best_raw": round(median["roost"] / median[best], 3), "aim_raw": "<= 1.15",
            "faster_than_docker_create": round(median["docker create"] / median["roost"], 2), "aim_docker": ">= 3"}


def ratio_row(what, times, mine, other, aim):
    median = {name: statistics.median(values) for name, values in times.items()}
    return (what, round(median[mine] / median[other], 3), aim, f"{median[mine]:.1f} ms / {median[other]:.1f} ms")


def run_passes(engine, raw, small):
    idle = nothing_to_do(engine, raw, 20 if small else 1000, 5 if small else 41, 1 if small else 20)
    daemon = idle["daemon"]
    return idle, [
        (f"pass over {idle['agents']} agents / raw listing of them", idle["ratio"], idle["aim"],
         f"{idle['pass_ms']['median']} ms / {idle['listing_ms']['median']} ms"),
        ("daemon's resident memory, MB", daemon["resident_mb"], "< 12", f"peak {daemon['resident_peak_mb']} MB"),
        ("daemon's idle CPU, % of a core", daemon["idle_cpu_percent"], "< 0.5", f"over {daemon['idle_seconds']} s"),
    ]


def run_creating(engine, raw, small):
    create = creating(engine, raw, 10 if small else 200, 1 if small else 5)
    times = create["times_ms"]
    return create, [
        (f"creating {create['agents']} / best raw client ({create['best_raw'][4:]} connections)",
         create["ratio_to_best_raw"], create["aim_raw"],
         f"{times['roost']['median']} ms / {times[create['best_raw']]['median']} ms"),
        ("`docker create` in a loop / creating", create["faster_than_docker_create"], create["aim_docker"],
         f"{times['docker create']['median']} ms"),
    ]


def run_waking(engine, _raw, small):
    rounds = 2 if small else 21
    start, pause = speeds.waking(engine, rounds, False), speeds.waking(engine, rounds, True)
    return {"start": start, "pause": pause}, [
        ratio_row("wake / raw start", start, "roost", "raw", "<= 1.1"),
        ratio_row("wake from pause / raw unpause", pause, "roost", "raw", "<= 2"),
    ]


def run_deaths(engine, _raw, small):
    count = 2 if small else 20
    crash, kill = speeds.deaths(engine, count, signal.SIGTERM), speeds.deaths(engine, count, signal.SIGKILL)
    return {"crash_ms": crash, "kill_ms": kill}, [
        (f"{what} told, ms behind the engine's stream", round(statistics.median(behind), 2), aim,
         f"worst {max(behind):.1f} ms of {len(behind)}")
        for what, behind, aim in (("crash", crash, "< 10"), ("SIGKILL", kill, "-"))]


def run_polling(engine, _raw, small):
    polled = speeds.polling(engine, 5 if small else 100, 1 if small else 5, 1 if small else 60)
    cpu = polled["cpu_seconds_a_minute"]
    return polled, [(f"polling script, {polled['agents']} agents: CPU s a minute", cpu["script"], "-",
                     f"roost {cpu['roost']}; the script finds a death after {polled['script_detects_after_s']} s")]


def run_files(engine, _raw, small):
    read = speeds.files(engine, 10 if small else 1000, 1 if small else 5)
    return read, [ratio_row(f"docker-compose config / {mine} of {read['services']} services", read["times_ms"],
                            "docker-compose config", mine, ">= 20") for mine in ("apply", "plan")]


PARTS = {"passes": run_passes, "creating": run_creating, "waking": run_waking, "deaths": run_deaths,
         "polling": run_polling, "files": run_files}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("raw")
    options.add_argument("output")
    options.add_argument("--smoke", action="store_true", help="so small that it only shows that everything runs")
    options.add_argument("--only", choices=PARTS, help="one part of it")
    given = options.parse_args()
    engine = Engine(debug=False)
    result, rows = {"smoke": given.smoke, "cores": os.cpu_count()}, []
    try:
        for name in [given.only] if given.only else PARTS:
            say(name)
            result[name], more = PARTS[name](engine, Raw(given.raw, engine), given.smoke)
            rows += more
    finally:
        engine.remove()
    Path(given.output).write_text(json.dumps(result, indent=2) + "\n")
    for what, value, aim, more in rows:
        print(f"{what:58} {value:>8}  (aim {aim}; {more})")


main()
