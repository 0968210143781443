# SPDX-License-Identifier: MIT
"""Rows that make no sense fail their own agent, with a message, and nothing else."""

import pytest

from engine import wait_until
from fleet import hot, lazy

# What is written into the row, and what its message has to name.
BAD = {
    "broken JSON": ("'{\"command\": [\"sleep\"'", ["spec"]),
    "no JSON at all": ("'hello'", ["spec"]),
    "an empty text": ("''", ["spec"]),
    "a list": ("'[]'", ["spec"]),
    "a key twice": ("'{\"user\": \"a\", \"user\": \"b\"}'", ["user"]),
    "an unknown key": ("'{\"enviroment\": {}}'", ["enviroment", "environment"]),
    "a bad port": ("'{\"ports\": [\"80/xx\"]}'", ["ports[0]"]),
    "a port out of range": ("'{\"ports\": [\"70000:80\"]}'", ["ports[0]", "70000"]),
    "a wrong type": ("'{\"environment\": 5}'", ["environment"]),
    "a wrong type below": ("'{\"healthcheck\": {\"retries\": \"many\"}}'", ["healthcheck.retries"]),
    "a NUL": ("'{\"user\": \"a\\u0000b\"}'", ["spec"]),
    "nested too deep": ("'{\"labels\": ' || replace(hex(zeroblob(2000)), '00', '[') || '}'", ["spec"]),
    "huge": ("'{\"command\": [\"httpd\", \"-f\", \"-p\", \"80\"], \"x-roost\": {\"ready\": {\"tcp\": 80}}, "
             "\"labels\": {\"a\": \"' || replace(hex(zeroblob(500000)), '00', 'xx') || '\"}}'", None),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_row_fails_alone(fleet, what):
    fleet.up({"web": hot(), "bad": hot()})
    marks = fleet.marks()
    text, named = BAD[what]
    fleet.sql(f"UPDATE agents SET spec={text} WHERE name='bad'")
    # A removed container beside it shows that the others still get what they need.
    fleet.engine.docker("rm", "-f", fleet.container("web"))
    report = fleet.report(status=0 if named is None else 1)
    assert report["web"]["action"] == "created"
    if named is None:
        assert report["bad"]["action"] == "recreated"
        return
    assert report["bad"]["action"] == "error"
    for word in named:
        assert word in report["bad"]["error"], report["bad"]
    # Its container works on as it was.
    assert fleet.marks()[fleet.container("bad")] == marks[fleet.container("bad")]
    # It is listed with its reason, and can be mended with SQL.
    assert fleet.rows()["bad"]["reason"]
    fleet.sql("UPDATE agents SET spec=(SELECT spec FROM agents WHERE name='web') WHERE name='bad'")
    assert fleet.actions() == {"web": "unchanged", "bad": "unchanged"}


def test_refused_columns(fleet):
    """What the table itself does not take, the writer hears of."""
    fleet.apply({"web": lazy()})
    for statement in (
        "UPDATE agents SET lifecycle='warm'",
        "UPDATE agents SET name='../etc'",
        "UPDATE agents SET name='a..new'",
        "UPDATE agents SET image=''",
        "UPDATE agents SET held=2",
        "INSERT INTO agents (name, lifecycle) VALUES ('x', 'hot')",
        "UPDATE agents SET spec='{\"labels\": {\"a\": \"' || replace(hex(zeroblob(600000)), '00', 'xx') || '\"}}'",
    ):
        with pytest.raises(AssertionError):
            fleet.sql(statement)
    assert fleet.actions() == {"web": "created"}


def test_a_bad_duration(fleet):
    fleet.up({"web": lazy(), "other": lazy()})
    fleet.sql("UPDATE agents SET idle_timeout='soon' WHERE name='web'")
    report = fleet.report(status=1)
    assert report["web"]["action"] == "error"
    assert "idle_timeout" in report["web"]["error"]
    assert report["other"]["action"] == "unchanged"


def test_the_daemon_lives_through_all_of_them(fleet):
    fleet.apply({"web": hot()})
    with fleet.serve():
        for n, (text, _) in enumerate(BAD.values()):
            fleet.sql(f"INSERT INTO agents (name, lifecycle, image, spec) VALUES ('bad{n}', 'hot', 'busybox', {text})")
        fleet.sql("INSERT INTO agents (name, lifecycle, image, spec) "
                  "SELECT 'good', 'hot', image, spec FROM agents WHERE name='web'")
        wait_until(lambda: fleet.inspect("good"), "the good row's container")
        assert fleet.get("/healthz")[0] == 200
        assert fleet.inspect("web")["State"]["Status"] == "running"
