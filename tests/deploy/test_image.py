"""The project's image on a Docker Engine: built from the files as they are, and started as it is run.

The base image and the packages must be there already (`make image`), because fetching them takes minutes. Everything
else of docker-compose.yml is tested by `make containers`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from composed import SERVICES
from engine import CACHE, WRITABLE, Engine, EngineError, why_no_engine
from stand_ins import build_own, has_python

IMAGE = SERVICES["worker"]["image"]
HARDENED = ("--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp")
SELF = (
    WRITABLE
    + """\
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps([os.getuid(), os.getgid(), int(status["CapBnd"], 16), writable("/app"), writable("/tmp")]))
"""
)
HEALTHY_S = 60.0


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if (reason := why_no_engine()) is not None:
        pytest.skip(reason)
    try:
        with Engine(CACHE / "engine", apart=False) as engine:
            if not has_python(engine):
                pytest.skip("the image's base is not composed: run make image")
            build_own(engine)
            yield engine
    except EngineError as error:
        if "dockerd did not start" not in str(error):
            raise
        pytest.skip(f"no Docker Engine runs here: {error}")


def test_the_command_runs_read_only_and_without_any_right(engine: Engine) -> None:
    version = engine.docker("run", "--rm", *HARDENED, IMAGE, "--version")
    assert version.split()[0] == "bordertally"
    about = json.loads(engine.docker("run", "--rm", *HARDENED, "--entrypoint=python", IMAGE, "-c", SELF))
    assert about == [10001, 10001, 0, "Read-only file system", "written"]


def test_a_gateway_in_a_container_is_healthy(engine: Engine) -> None:
    ask = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:6080/healthz', timeout=3).status)"
    settings = ("--env=BORDERTALLY_PUBLIC_READ=true", "--env=BORDERTALLY_GATEWAY_PORT=6080")
    container = engine.docker("run", "--detach", *HARDENED, *settings, IMAGE, "gateway").strip()
    try:
        deadline, answer = time.monotonic() + HEALTHY_S, ""
        while answer != "200" and time.monotonic() < deadline:
            try:
                answer = engine.docker("exec", container, "python", "-c", ask).strip()
            except EngineError as error:
                answer = str(error)[-300:]
                time.sleep(0.2)
        assert answer == "200", engine.docker("logs", container) + answer
    finally:
        engine.docker("rm", "--force", container)
