# SPDX-License-Identifier: MIT
"""secrets and configs: what the container finds, and that their values are nowhere else."""

import os
import shutil
import sqlite3
import stat

from fleet import hot

CANARY = "hunter-canary-7f3a"


def test_secrets_and_configs(fleet):
    (fleet.dir / "cert").write_text("certificate\n")
    services = {"web": hot(
        secrets=["cert", {"source": "token", "target": "api", "mode": 0o400}],
        configs=[{"source": "conf", "target": "/etc/app.conf"}])}
    top = {"secrets": {"cert": {"file": "./cert"}, "token": {"environment": "TOKEN"}},
           "configs": {"conf": {"content": "token=${TOKEN}\n"}}}
    fleet.write(services, **top)
    env = {"TOKEN": CANARY}
    said = [fleet.roost(*words, env=env) for words in (
        ("check", fleet.file), ("apply", fleet.file), ("reconcile",), ("show", "web"), ("show", "web", "-o", "json"),
        ("show", "web", "--docker-run"), ("events", "-o", "json"))]
    for done in said:
        assert CANARY not in done.out + done.err, done

    def cat(path):
        return fleet.engine.docker("exec", fleet.container("web"), "cat", path)

    assert cat("/run/secrets/cert") == "certificate"
    assert cat("/run/secrets/api") == CANARY
    assert cat("/etc/app.conf") == f"token={CANARY}"
    mounts = {mount["Destination"]: mount for mount in fleet.inspect("web")["Mounts"]}
    assert not mounts["/run/secrets/api"]["RW"]
    folder = fleet.dir / "roost.db.files"
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(mounts["/run/secrets/api"]["Source"]).st_mode) == 0o400
    assert CANARY not in "".join(sqlite3.connect(fleet.db).iterdump())
    fleet.settled()
    # a new value is a new file, and so a new container
    before = fleet.inspect("web")["Id"]
    fleet.roost("apply", fleet.file, env={"TOKEN": "another"})
    assert fleet.actions() == {"web": "recreated"}
    assert fleet.inspect("web")["Id"] != before and cat("/run/secrets/api") == "another"
    fleet.settled()


def test_a_restored_backup_has_them(fleet):
    services = {"web": hot(secrets=["token"])}
    fleet.write(services, secrets={"token": {"environment": "TOKEN"}})
    fleet.roost("apply", fleet.file, env={"TOKEN": CANARY})
    assert fleet.actions() == {"web": "created"}
    with fleet.serve():
        fleet.roost("backup", fleet.dir / "copy.db")
    fleet.engine.docker("rm", "-f", fleet.container("web"))
    for path in fleet.dir.glob("roost.db*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (fleet.dir / "copy.db").rename(fleet.db)
    (fleet.dir / "copy.db.files").rename(fleet.dir / "roost.db.files")
    fleet.report()
    assert fleet.engine.docker("exec", fleet.container("web"), "cat", "/run/secrets/token") == CANARY
    fleet.settled()
