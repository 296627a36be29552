"""The values of EARS that tests pin, recomputed by another implementation where R is installed."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from statistics import NormalDist, stdev

import pytest

from bordertally.streams.learning.ears import c3, statistic
from bordertally.streams.learning.levels import Tuning
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.learning.reweighted import reweighted
from unit.streams.learning.kit import EARS, EPITWEETR, FIRST, SECOND, unweighted

SCRIPT = Path(__file__).with_name("ears.R")
MORE = Path(__file__).with_name("more.R")
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


def c3_of(series: list[float], t: int) -> float:
    """The statistic, read back from the threshold: a figure exceeds it by as many sigmas as the sum exceeds z - 1."""
    level = c3([series[t - 1 - back] for back in METHODS["c3"].back], EARS._replace(sigmas=1000.0))
    assert level is not None
    return (series[t - 1] - level.threshold) / stdev(series[t - 10 : t - 3]) + 1000 - 1


def bound_of(series: list[float], t: int, *, weighted: bool) -> float:
    level = (reweighted if weighted else unweighted)(series[t - 8 : t - 1], EPITWEETR)
    assert level is not None
    return level.threshold


def c2_of(series: list[float], t: int) -> float:
    return statistic(series[t - 10 : t - 3], series[t - 1], EARS)


OURS: dict[str, Callable[[list[float], int], float]] = {
    "C2": c2_of,
    "C3": c3_of,
    "U0": partial(bound_of, weighted=False),
    "T": partial(bound_of, weighted=True),
}


@pytest.mark.parametrize("method", OURS)
@pytest.mark.parametrize("series", [FIRST, SECOND, drawn(2)])
def test_statistics_and_students_form_agree_with_rs_own_functions(method: str, series: list[float]) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is missing: Debian's r-base-core")
    command = ["Rscript", str(MORE), method, ",".join(map(str, series))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
    found = {int(day): float(figure) for _, day, figure in map(str.split, done.stdout.splitlines())}
    assert max(found) == len(series)
    for t, figure in found.items():
        if method == "C3" and c2_of(series, t) <= 1:
            continue  # the day itself adds nothing: then ours opens nothing, whatever the days before come to
        assert OURS[method](series, t) == pytest.approx(figure, abs=1e-4)
