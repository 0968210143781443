# SPDX-License-Identifier: MIT
"""What docker-compose runs becomes a fleet, and not one of its containers is stopped."""

import json
import os
import subprocess

from engine import wait_until

FILE = """
version: "2.4"
services:
  web:
    image: busybox
    command: httpd -f -p 80
    stop_signal: SIGKILL
    environment: {MARK: one}
    volumes: ["data:/data"]
    ports: ["80"]
  db:
    image: busybox
    command: sleep infinity
    stop_signal: SIGKILL
    restart: always
  worker:
    image: busybox
    command: sleep infinity
    stop_signal: SIGKILL
    x-roost: {lifecycle: lazy, idle_timeout: 1h}
volumes: {data: {}}
"""


def compose(fleet, *words, text=None, over=None):
    """Debian's docker-compose, on the same file without what it does not know."""
    plain = fleet.dir / "docker-compose.plain.yml"
    plain.write_text("\n".join(line for line in (text or FILE).splitlines() if "x-roost" not in line))
    done = subprocess.run(["docker-compose", "-f", plain, *(["-f", over] if over else []), "-p", fleet.name, *words],
                          env={**os.environ, "DOCKER_HOST": fleet.url, "HOME": str(fleet.dir)}, cwd=fleet.dir,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def write(fleet, text=FILE):
    fleet.file.write_text(f"name: {fleet.name}\n{text}")


def marks(engine, names):
    seen = {name: engine.inspect(name) for name in names}
    assert None not in seen.values(), seen.keys()
    return {name: (one["Id"], one["State"]["StartedAt"], one["State"]["FinishedAt"]) for name, one in seen.items()}


def takes_over(fleet, engine):
    """Everything up to the first pass: no container is another or has been started anew."""
    before = marks(engine, [f"{fleet.name}_{service}_1" for service in ("web", "db", "worker")])
    fleet.roost("takeover", fleet.file, "-y")
    fleet.report()
    after = marks(engine, [fleet.container(service) for service in ("web", "db", "worker")])
    assert sorted(after.values()) == sorted(before.values())


def test_no_container_is_stopped_and_drift_counts_from_the_next_change(fleet, engine):
    compose(fleet, "up", "-d")
    write(fleet)
    takes_over(fleet, engine)
    fleet.settled()
    rows = fleet.rows()
    assert {name: row["state"] for name, row in rows.items()} == dict.fromkeys(("web", "db", "worker"), "running")
    # What the engine does with them when it is restarted follows the lifecycle, as of any agent.
    fleet.report("--deep")
    policies = {name: fleet.inspect(name)["HostConfig"]["RestartPolicy"]["Name"] or "no" for name in rows}
    assert policies == {"web": "unless-stopped", "db": "unless-stopped", "worker": "no"}
    fleet.settled()
    before = marks(engine, [fleet.container(service) for service in rows])
    fleet.set_spec("web", "environment.MARK", "two")
    assert fleet.actions() == {"web": "recreated", "db": "unchanged", "worker": "unchanged"}
    after = marks(engine, [fleet.container(service) for service in rows])
    assert [name for name in before if before[name] != after[name]] == [fleet.container("web")]
    assert "MARK=two" in fleet.inspect("web")["Config"]["Env"]
    assert fleet.inspect("web")["Mounts"][0]["Name"] == f"{fleet.name}_data"
    fleet.settled()


def test_a_daemon_takes_over_and_watches(fleet, engine):
    compose(fleet, "up", "-d")
    write(fleet)
    fleet.apply({"other": {"image": "busybox", "command": ["sleep", "infinity"], "x-roost": {"lifecycle": "lazy"}}})
    fleet.sql("UPDATE agents SET source = NULL")
    with fleet.serve():
        write(fleet)
        takes_over(fleet, engine)
        engine.docker("kill", fleet.container("db"))
        wait_until(lambda: engine.inspect(fleet.container("db"))["State"]["Running"], "db up again")
        engine.docker("stop", "-t", "0", fleet.container("worker"))
        wait_until(lambda: fleet.rows()["worker"]["state"] == "stopped", "worker asleep")
        engine.docker("rm", "-f", fleet.container("web"))
        wait_until(lambda: (engine.inspect(fleet.container("web")) or {}).get("State", {}).get("Running"), "web again")
    kinds = [json.loads(line)["kind"] for line in fleet.roost("events", "-o", "json").out.splitlines()]
    assert "container_renamed" not in kinds


def test_what_cannot_be_is_refused_and_nothing_is_written(fleet, engine):
    text = FILE.replace('    ports: ["80"]\n', "")
    compose(fleet, "up", "-d", "--scale", "db=2", text=text)
    write(fleet, text)
    done = fleet.roost("takeover", fleet.file, "-y", status=1)
    assert "service db has several containers" in done.err and "scale:" in done.err
    assert fleet.sql("SELECT count(*) FROM agents") == "0"


def test_what_compose_runs_is_listed_and_taken_by_name(fleet, engine, tmp_path):
    """In a folder without a file; the project was made from two, one laid over the other."""
    assert "no containers of Compose" in fleet.roost("takeover", cwd=tmp_path).err
    over = fleet.dir / "over.yml"
    over.write_text('version: "2.4"\nservices: {db: {labels: {over: "yes"}}}\n')
    compose(fleet, "up", "-d", over=over)
    made = [str(fleet.dir / "docker-compose.plain.yml"), str(over)]
    engine.docker("stop", "-t", "0", f"{fleet.name}_worker_1")
    listed = fleet.roost("takeover", "-o", "json", cwd=tmp_path).json
    assert listed == {"projects": [{"name": fleet.name, "files": made, "containers": 3, "running": 2}]}
    done = fleet.roost("takeover", cwd=tmp_path)
    assert "2 of 3" in done.out and "roost takeover PROJECT" in done.err
    before = marks(engine, [f"{fleet.name}_{service}_1" for service in ("web", "db")])
    fleet.roost("takeover", fleet.name, "-p", fleet.name, "-y", cwd=tmp_path)
    assert fleet.sql("SELECT json_extract(spec, '$.labels.over') FROM agents WHERE name='db'") == "yes"
    fleet.report()
    assert sorted(marks(engine, [fleet.container(name) for name in ("web", "db")]).values()) == sorted(before.values())
    assert fleet.roost("takeover", "-o", "json", cwd=tmp_path).json == {"projects": []}
    assert "no containers of a Compose project" in fleet.roost("takeover", fleet.name, status=1).err


def test_a_project_by_its_name_and_a_question(fleet, engine):
    assert "no containers of a Compose project" in fleet.roost("takeover", "nosuch", status=1).err
    compose(fleet, "up", "-d")
    done = fleet.roost("takeover", fleet.name, "-p", fleet.name, status=1)
    assert f"{fleet.name}_web_1" in done.out and "take these containers over" in done.err
    assert engine.inspect(f"{fleet.name}_web_1")["State"]["Running"]
