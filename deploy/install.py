# ruff: noqa: INP001, S603  # a script, no part of a package; it runs venv and pip
"""Make the virtual environment of a clone, and show the progress: `python3 deploy/install.py .venv dev`.

The Makefile runs this before anything is installed, so it needs nothing but the standard library.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]

NEEDED_MB = {"demo": 400, "dev": 1_200}
"""Free space that the packages of an extra need, with room for their downloads."""

CAUSES = (
    (r"No space left on device", "the disk is full: free some space (TMPDIR names the folder for downloads)"),
    (r"Read-only file system|Permission denied", "pip may not write here: run make as the owner of this folder"),
    (
        r"Connection(?:Error|Reset|Refused)|Timeout|NameResolution|Proxy|unreachable|name resolution|versions: none",
        "the package index cannot be reached: check the network (HTTPS_PROXY names a proxy) and run make again",
    ),
    (r"error: command '|Failed building wheel", "a package has no wheel for this system: a compiler is needed"),
    (r"No matching distribution found", "the package index lacks a version that is needed (see constraints.txt)"),
)
"""What the output of pip says when it fails (the first that matches), and what to tell the user."""


class Progress:
    """Shows steps, and how far each is: on a terminal in one line that changes, elsewhere line by line."""

    def __init__(self, out: IO[str]) -> None:
        self.out, self.changes = out, out.isatty()

    def step(self, text: str) -> None:
        """Begin a step."""
        self._write(f"==> {text}\n")

    def show(self, text: str) -> None:
        """Show how far the step is."""
        self._write(f"    {text}" if self.changes else f"    {text}\n")

    def _write(self, text: str) -> None:
        self.out.write(f"\r\033[K{text}" if self.changes else text)
        self.out.flush()


def cause_of(output: str) -> str:
    """The sentence that explains why pip failed."""
    found = (sentence for pattern, sentence in CAUSES if re.search(pattern, output))
    return next(found, "pip failed; its last lines are above")


def packages_in(folder: Path) -> int:
    """How many packages a virtual environment has."""
    return len(list(folder.glob("lib/python*/site-packages/*.dist-info")))


@contextmanager
def counted(folder: Path, before: int, total: int, progress: Progress) -> Iterator[None]:
    """Show how many of the packages are installed while pip, which does not say so, installs them."""
    over = threading.Event()

    def watch() -> None:
        shown = 0
        while not over.wait(0.5):
            count = packages_in(folder) - before
            if count >= shown + (1 if progress.changes else 20):
                progress.show(f"{count} of {total}")
                shown = count
        progress.show(f"{packages_in(folder) - before} of {total}")

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def install(command: Sequence[str], folder: Path, progress: Progress) -> str:
    """Run pip and show what it does; returns its output if it fails, else an empty text."""
    lines: list[str] = []
    count, before = 0, packages_in(folder)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            lines.append(line)
            if found := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line):
                count += 1
                progress.show(f"{count} {found[1]}")
            elif found := re.match(r" *Downloading (\S+\.(?:whl|gz)) \((.+)\)", line):
                progress.show(f"{found[1].rpartition('/')[2]}, {found[2]}")
            elif "WARNING: Retrying" in line:
                progress.show("the package index does not answer, trying again")
            elif line.startswith("Installing collected packages:"):
                total = line.count(",") + 1
                progress.step(f"installing {total} packages")
                with counted(folder, before, total, progress):
                    lines += pip.stdout
    return "".join(lines) if pip.returncode else ""


def main(folder: Path, extra: str) -> int:
    """Make the environment in `folder` with the project and an extra, editable; returns the exit code."""
    progress, began = Progress(sys.stdout), time.monotonic()
    free = shutil.disk_usage(ROOT).free // 1_000_000
    if free < NEEDED_MB[extra]:
        return _fail(f"{folder} needs about {NEEDED_MB[extra]:,} MB, and only {free:,} MB are free here")
    progress.step(f"making {folder} with Python {'.'.join(map(str, sys.version_info[:3]))}")
    made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode:
        sys.stderr.write(made.stdout + made.stderr)
        return _fail("python3 cannot make a virtual environment: install its venv module (Debian: python3-venv)")
    progress.step("downloading packages (once)")
    pip = [str(folder.absolute() / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
    pip += ["--no-input", "--progress-bar", "off"]
    output = install([*pip, "--constraint", "constraints.txt", "--editable", f".[{extra}]"], folder, progress)
    if output:
        sys.stderr.write("\n" + "".join(output.splitlines(keepends=True)[-15:]))
        return _fail(cause_of(output))
    progress.step(f"{folder} is ready ({time.monotonic() - began:.0f} s)")
    return 0


def _fail(why: str) -> int:
    sys.stderr.write(f"make: {why}\n")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
    except KeyboardInterrupt:
        sys.exit(130)
