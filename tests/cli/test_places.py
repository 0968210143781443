# SPDX-License-Identifier: MIT
"""Where the database and the socket are, when nobody says so."""

import os
import pwd
import subprocess

import pytest

ROOT = os.geteuid() == 0
AS_NOBODY = ["unshare", "--user"] if ROOT else []  # root of no account, which may read the program all the same


@pytest.fixture
def run(cli):
    """`roost WORDS` with these variables alone, as somebody who is not root."""
    if AS_NOBODY and subprocess.run([*AS_NOBODY, "true"], capture_output=True, check=False).returncode:
        pytest.skip("root may not be somebody else here")

    def run(*words, **env):
        return subprocess.run([*AS_NOBODY, cli.program, *words], env={"PATH": os.environ["PATH"], **env}, cwd="/",
                              text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)

    return run


def places(run, env):
    """(database, socket) as those say who miss them."""
    database, sock = run("ls", **env), run("top", **env)
    assert sock.returncode == 4
    before, behind = "roost: no daemon listens on ", ", and `roost top` needs one; start it with `roost serve`\n"
    assert sock.stderr.startswith(before) and sock.stderr.endswith(behind)
    return database.stderr, sock.stderr[len(before):-len(behind)]


@pytest.mark.parametrize("env, database, socket", [
    ({"HOME": "/no/home"}, "/no/home/.local/share/roost/roost.db", "/no/home/.local/share/roost/roost.sock"),
    ({"HOME": "/no/home", "XDG_RUNTIME_DIR": "/no/run"}, "/no/home/.local/share/roost/roost.db", "/no/run/roost.sock"),
    ({"HOME": "/no/home", "XDG_DATA_HOME": "/no/data"}, "/no/data/roost/roost.db", "/no/data/roost/roost.sock"),
    ({"XDG_DATA_HOME": "/no/data", "ROOST_SOCKET": "/no/s"}, "/no/data/roost/roost.db", "/no/s"),
    ({"HOME": "/no/home", "XDG_DATA_HOME": "", "XDG_RUNTIME_DIR": "/no/run", "ROOST_DB": "/no/d"}, "/no/d",
     "/no/run/roost.sock"),
])
def test_places_from_the_environment(run, env, database, socket):
    said, sock = places(run, env)
    assert database in said and sock == socket
    assert places(run, {**env, "ROOST_DB": database, "ROOST_SOCKET": socket}) == (said, sock)


@pytest.mark.parametrize("env", [{}, {"HOME": ""}])
def test_a_home_that_only_the_system_knows(run, env):
    home = pwd.getpwnam("nobody").pw_dir if ROOT else pwd.getpwuid(os.geteuid()).pw_dir
    said, sock = places(run, env)
    assert f"{home}/.local/share/roost/roost.db" in said and sock == f"{home}/.local/share/roost/roost.sock"


@pytest.mark.parametrize("env, what", [
    ({"XDG_DATA_HOME": "/" + "x" * 5000}, "database"),
    ({"HOME": "/" + "x" * 5000}, "database"),
    ({"ROOST_DB": "x" * 5000}, "database"),
    ({"HOME": "/h", "XDG_RUNTIME_DIR": "/" + "x" * 5000}, "socket"),
    ({"HOME": "/h", "ROOST_SOCKET": "x" * 5000}, "socket"),
    ({"HOME": "/" + "x" * 5000, "ROOST_DB": "/d"}, "database"),
])
def test_a_path_that_is_too_long(run, env, what):
    done = run("ls", **env)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"roost: the path of the {what} is too long"


@pytest.mark.skipif(not ROOT or os.path.exists("/var/lib/roost") or os.path.exists("/run/roost"),
                    reason="only for root, where no roost lives")
def test_the_places_of_root(cli):
    env = {"HOME": "/no/home", "XDG_DATA_HOME": "/no/data", "XDG_RUNTIME_DIR": "/no/run"}
    done = [subprocess.run([cli.program, word], env=env, text=True, capture_output=True, stdin=subprocess.DEVNULL,
                           timeout=60, check=False).stderr for word in ("ls", "top")]
    assert "/var/lib/roost/roost.db" in done[0] and "no daemon listens on /run/roost/roost.sock," in done[1]
