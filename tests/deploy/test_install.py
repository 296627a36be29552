"""The first `make demo`: it shows what it does, and an installation that fails says why."""

from __future__ import annotations

import io
import os
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "install.py"
INSTALL: dict[str, Any] = runpy.run_path(str(SCRIPT), run_name="install")

PIP = """
import pathlib, sys, time
packages = pathlib.Path(sys.argv[1]) / "lib/python3/site-packages"
packages.mkdir(parents=True)
print("Obtaining file:///project")
print("Collecting faust-streaming<0.16,>=0.15.3 (from project)")
print("  Downloading https://index.example/a/faust_streaming-0.15.3-py3-none-any.whl.metadata (1 kB)")
print("Requirement already satisfied: tzdata in /somewhere (from project)")
print("  Downloading https://index.example/a/faust_streaming-0.15.3-py3-none-any.whl (2.1 MB)")
print("Installing collected packages: tzdata, faust-streaming", flush=True)
for name in ("tzdata", "faust"):
    (packages / f"{name}.dist-info").mkdir()
    time.sleep(0.8)
print("Successfully installed")
sys.exit(int(sys.argv[2]))
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def installed(folder: Path, code: int, out: io.StringIO) -> str:
    """What the script says of a pip that ends with this code."""
    command = [sys.executable, "-c", PIP, str(folder), str(code)]
    output: str = INSTALL["install"](command, folder, INSTALL["Progress"](out))
    return output


def test_every_package_is_shown_while_pip_works(tmp_path: Path) -> None:
    out = Terminal()
    assert installed(tmp_path, 0, out) == ""
    before, _, after = out.getvalue().replace("\r\033[K", "\n").partition("==> installing 2 packages\n")
    assert before.split() == [
        *("1", "faust-streaming", "2", "tzdata", "faust_streaming-0.15.3-py3-none-any.whl,", "2.1", "MB"),
    ]
    assert after.split("\n")[-1] == "    2 of 2"
    assert "    1 of 2" in after


def test_the_output_of_a_pip_that_fails_is_kept(tmp_path: Path) -> None:
    out = io.StringIO()
    output = installed(tmp_path, 1, out)
    assert output.startswith("Obtaining file:///project\n")
    assert output.endswith("Successfully installed\n")
    assert "\r" not in out.getvalue()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("error: [Errno 13] Permission denied: '/x'", "pip may not write here"),
        ("NewConnectionError('<pip...>: Failed to establish a new connection", "the package index cannot be reached"),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "the package index cannot be reached"),
        ("  error: command 'gcc' failed: No such file", "a package has no wheel"),
        ("ERROR: Could not find a version (from versions: none)", "the package index cannot be reached"),
        ("ERROR: No matching distribution found for faust-streaming==9", "lacks a version"),
        ("ERROR: something else", "its last lines are above"),
    ],
)
def test_a_failure_is_explained(output: str, sentence: str) -> None:
    assert sentence in INSTALL["cause_of"](output)


def run(folder: Path, *, before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The script, with something done to Python before it begins."""
    code = f"{textwrap.dedent(before)}\nimport runpy, sys\nsys.argv = ['install.py', {str(folder)!r}, 'demo']\n"
    code += f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env=os.environ | environment,
    )


def test_without_a_network_the_sentence_says_so(tmp_path: Path) -> None:
    nobody = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
    }
    done = run(tmp_path / "venv", **nobody)
    assert done.returncode == 1
    assert done.stdout.startswith(f"==> making {tmp_path}/venv with Python 3.")
    assert done.stderr.splitlines()[-1].startswith("make: the package index cannot be reached: check the network")


def test_without_the_venv_module_the_sentence_says_so(tmp_path: Path) -> None:
    before = (
        "import subprocess; subprocess.run = lambda *_, **__: subprocess.CompletedProcess([], 1, 'no ensurepip\\n', '')"
    )
    done = run(tmp_path / "venv", before=before)
    assert done.returncode == 1
    why = "python3 cannot make a virtual environment: install its venv module (Debian: python3-venv)"
    assert done.stderr == f"no ensurepip\nmake: {why}\n"


def test_without_space_nothing_is_begun(tmp_path: Path) -> None:
    before = "import shutil; shutil.disk_usage = lambda _: shutil._ntuple_diskusage(9, 9, 90_000_000)"
    done = run(tmp_path / "venv", before=before)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"make: {tmp_path}/venv needs about 400 MB, and only 90 MB are free here\n"


def test_every_target_of_make_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = (line.split()[1:] for line in text.splitlines() if line.startswith(".PHONY"))
    command = ["make", "--no-print-directory", "help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert sorted(line.split()[1] for line in done.stdout.splitlines()) == sorted(phony)
    assert all(len(line.split("\t")[1]) > 10 for line in done.stdout.splitlines())
