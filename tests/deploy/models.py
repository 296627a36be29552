"""The schemas of KEDA's and the Prometheus Operator's resources, out of npm packages, kept in a cache directory."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PACKAGES = ("@kubernetes-models/keda@2.0.0", "@kubernetes-models/prometheus-operator@6.0.0")
KINDS = ("PrometheusRule", "ScaledObject", "ServiceMonitor")
CHECK = Path(__file__).with_name("models.mjs")
CACHE = Path(__file__).parents[2] / ".cache" / "kubernetes-models"
FETCH_S = 200


def why_no_models() -> str | None:
    """What is missing, or None."""
    absent = [program for program in ("node", "npm") if shutil.which(program) is None]
    return f"not installed: {', '.join(absent)} (Debian: nodejs, npm)" if absent else None


def complaints(resources: Sequence[dict[str, Any]]) -> list[str | None]:
    """What is wrong with each resource; None where nothing is."""
    script = _fetched() / CHECK.name
    shutil.copy(CHECK, script)  # modules are looked for beside it
    done = subprocess.run(
        ["node", str(script)], input=json.dumps(resources), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    complaints: list[str | None] = json.loads(done.stdout)
    return complaints


def _fetched() -> Path:
    place = CACHE / "_".join(package.rpartition("@")[2] for package in PACKAGES)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            (place / "package.json").write_text('{"private": true}')
            command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
            done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=FETCH_S, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            (place / "complete").touch()
    return place
