"""The peers' environments under .cache/bench: a virtual environment or a directory of jars each, made once."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PEERS = Path(__file__).with_name("peers")
INSTALL_S = 540.0


class UnavailableError(Exception):
    """A peer cannot be installed here; the message says why, in one sentence."""


def python(name: str, cache: Path, say: Callable[[str], None]) -> Path:
    """The Python of a peer's environment, with exactly what its requirements pin."""
    requirements = PEERS / name / "requirements.txt"
    home = cache / "venvs" / f"{name}-{_mark(requirements)}"
    interpreter = home / "bin" / "python"
    with _alone(home):
        if not (done := home / "installed").exists():
            say(f"{name}: installing what {requirements.name} pins")
            shutil.rmtree(home, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(home)])
            _run([str(interpreter), "-m", "pip", "install", "-q", "-r", str(requirements)])
            done.touch()
    return interpreter


def java(name: str, cache: Path, say: Callable[[str], None]) -> str:
    """The class path of a peer in Java: jars that its POM names, and its classes."""
    source = PEERS / name
    for program, package in (("mvn", "maven"), ("javac", "default-jdk-headless")):
        if shutil.which(program) is None:
            raise UnavailableError(f"it needs {program}: apt-get install {package}")
    pom, programs = source / "pom.xml", sorted(source.glob("*.java"))
    home = cache / "java" / f"{name}-{_mark(pom, *programs)}"
    with _alone(home):
        if not (done := home / "installed").exists():
            say(f"{name}: fetching jars with Maven and compiling")
            shutil.rmtree(home, ignore_errors=True)
            jars = f"-DoutputDirectory={home / 'jars'}"
            _run(["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", jars])
            _run(["javac", "-cp", f"{home / 'jars'}/*", "-d", str(home / "classes"), *map(str, programs)])
            done.touch()
    return f"{home / 'classes'}:{home / 'jars'}/*"


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Lock an environment while it is installed: a run that starts meanwhile waits, and finds it installed."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _mark(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{command[0]} did not finish within {INSTALL_S:g} s") from None
    if done.returncode != 0:
        output = " ".join((done.stdout + done.stderr).split())[-300:]
        raise UnavailableError(output)
