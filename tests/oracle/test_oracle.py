"""The values of EARS that tests pin, recomputed by another implementation where R is installed."""

from __future__ import annotations

import random
import shutil
import subprocess
from functools import cache
from pathlib import Path
from statistics import NormalDist

import pytest
from unit.test_learning import FIRST, SECOND

from streams.learning.levels import Tuning
from streams.learning.methods import METHODS

SCRIPT = Path(__file__).with_name("ears.R")
FIRST_DAY = {"c1": 8, "c2": 10}


@cache
def why_no_r() -> str:
    """What is missing; empty where nothing is."""
    if shutil.which("Rscript"):
        command = ["Rscript", "-e", "q(status = !requireNamespace('surveillance', quietly = TRUE))"]
        if subprocess.run(command, capture_output=True, check=False, timeout=200).returncode == 0:
            return ""
    return "R with the package surveillance is missing: Debian's r-cran-surveillance"


def drawn(seed: int) -> list[float]:
    """Forty days of whole people, and a surge."""
    chance = random.Random(seed)
    return [float(chance.randrange(200, 900) * (4 if 25 <= day < 29 else 1)) for day in range(40)]


@pytest.mark.parametrize("method", FIRST_DAY)
@pytest.mark.parametrize(("series", "floor"), [(FIRST, 0.0), (FIRST, 500.0), (SECOND, 0.0), (drawn(1), 60.0)])
def test_ears_agrees_with_r(method: str, series: list[float], floor: float) -> None:
    if why_no_r():
        pytest.skip(why_no_r())
    command = ["Rscript", str(SCRIPT), method.upper(), str(floor), ",".join(map(str, series))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
    bounds = {int(day): float(bound) for _, day, bound in map(str.split, done.stdout.splitlines())}
    assert list(bounds) == list(range(FIRST_DAY[method], len(series) + 1))
    tuning = Tuning(NormalDist().inv_cdf(0.999), floor, 0)
    for day, bound in bounds.items():
        level = METHODS[method].learn([series[day - 1 - back] for back in METHODS[method].back], tuning)
        assert level is not None
        assert level.threshold == pytest.approx(bound, abs=1e-5)
