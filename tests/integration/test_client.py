# SPDX-License-Identifier: MIT
"""The engine's client, without the rest of roost, against the real engine: runs the program engine_docker."""

import os
import subprocess
from pathlib import Path

from fleet import roost_program


def test_every_call_and_every_answer(engine):
    build = next(place for place in Path(roost_program()).parents if (place / "build.ninja").exists())
    program = build / "tests/integration/engine_docker"
    done = subprocess.run([program], env=dict(os.environ, ROOST_TEST_ENGINE=engine.url), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
