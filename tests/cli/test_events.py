# SPDX-License-Identifier: MIT
"""roost events -f as the client of a daemon that comes and goes."""

import json
import subprocess

from fake import daemon
from test_renew import until

FOLLOW = "GET /v1/events"


def event(number):
    return {"id": number, "time": "2026-11-24T07:00:00.000Z", "kind": "container_missing", "agent": "web",
            "lifecycle": "hot", "state": "missing", "reason": "gone", "detail": {}}


def asked_again(fake):
    n = fake.calls.count(FOLLOW)
    until(lambda: fake.calls.count(FOLLOW) >= n + 2, "asked twice more")


def test_who_follows_outlives_the_daemon(cli):
    cli.apply({"web": {"image": "busybox"}}, "-q")
    followed, said = cli.dir / "followed", cli.dir / "said"

    def ids():
        return [json.loads(line)["id"] for line in followed.read_text().splitlines()]

    with daemon(cli) as fake, open(followed, "w", encoding="utf-8") as out, open(said, "w", encoding="utf-8") as err:
        fake.says("GET /v1/events?newest=1&limit=20", {"events": [event(7)]})
        fake.events[FOLLOW] = [event(8)]
        with subprocess.Popen([cli.program, "events", "-f", "-o", "json"], env=cli.env(), cwd=cli.dir,
                              stdin=subprocess.DEVNULL, stdout=out, stderr=err) as process:
            try:
                until(lambda: ids() == [7, 8], "what is told now")
                asked_again(fake)
                fake.says(FOLLOW, {"title": "Oh", "detail": "stopping", "code": "x"}, 503)
                del fake.events[FOLLOW]
                asked_again(fake)
                fake.events[FOLLOW] = [event(8), event(9)]
                until(lambda: 9 in ids(), "what is told later")
                fake.says(FOLLOW, {"title": "Oh", "detail": "no more of it", "code": "x"}, 404)
                del fake.events[FOLLOW]
                assert process.wait(60) == 1
            finally:
                process.kill()
    assert ids() == [7, 8, 9] and said.read_text() == "roost: no more of it\n"
