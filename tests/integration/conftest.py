# SPDX-License-Identifier: MIT
"""Fixtures: one private engine for the whole run, one fleet a test.

    scripts/test integration                      everything, on a build with sanitizers
    ROOST=build/… pytest tests/integration -k boot    one of them, on another build
"""

import itertools
import os

import pytest

from engine import Engine
from fleet import Fleet
from proxy import Proxy

_number = itertools.count(1)


@pytest.fixture(scope="session")
def engine():
    if "DOCKER_HOST" in os.environ:
        pytest.exit("DOCKER_HOST is set: these tests make and remove containers and only ever do so on an "
                    "engine of their own; unset it", returncode=1)
    private = Engine()
    yield private
    private.remove()


@pytest.fixture
def new_fleet(engine):
    """Makes fleets: several databases may be of one name."""
    made = []

    def make(name=None):
        made.append(Fleet(engine, name or f"t{next(_number)}"))
        return made[-1]

    yield make
    for one in made:
        one.close()
    engine.clean()


@pytest.fixture
def fleet(new_fleet):
    return new_fleet()


@pytest.fixture
def proxy(engine, fleet):
    """Puts a recording proxy between this test's roost and the engine."""
    made = Proxy(engine.socket, str(fleet.dir / "proxy.sock"))
    fleet.url = made.url
    yield made
    made.close()
