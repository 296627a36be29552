"""Runs steps with the modules of the board in Node, without a browser."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import playwright

from bordertally.agents.gateway.pages.languages import BOARD

NODE = Path(playwright.__file__).parent / "driver" / "node"


def put_modules(directory: Path) -> None:
    """Copy the modules of the board, with its languages, to a folder where Node takes them for modules."""
    for file in BOARD.glob("*/*.js"):
        (directory / file.parent.name).mkdir(exist_ok=True)
        (directory / file.relative_to(BOARD)).write_bytes(file.read_bytes())
    (directory / "package.json").write_text('{"type": "module"}')


def run_steps(directory: Path, steps: str, given: str = "null") -> Any:
    """Return what `steps` print as JSON: a module beside those of the board, with `given` (JSON) as `given`."""
    put_modules(directory)
    (directory / "steps.js").write_text(f"const given = JSON.parse(process.argv[2]);\n{steps}")
    done = subprocess.run([NODE, "steps.js", given], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
