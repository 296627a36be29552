"""C1, C2 and C3 of the Early Aberration Reporting System (EARS) of the CDC, and the plain mean they are measured by.

L. Hutwagner, W. Thompson, G. M. Seeman, T. Treadwell, "The bioterrorism preparedness and response Early Aberration
Reporting System (EARS)", Journal of Urban Health 80 (2003), supplement 1, i89-i96. With m and s the mean and the
standard deviation (n - 1) of seven days, s no less than its floors, and z = `sigmas`:

    C1(t) = (y(t) - m) / s    over t-7..t-1
    C2(t) = (y(t) - m) / s    over t-9..t-3
    C3(t) = the sum of max(0, C2(i) - 1) over i = t-2..t

C1 and C2 exceed above z (3), C3 above z - 1 (2). A history with a gap among its days teaches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from bordertally.streams.learning.levels import History, Learned, Tuning, known, moments

SEVEN = 7
GUARD = 2
"""C2 and C3 leave out two days before a day: they keep the start of a surge out of its own baseline."""


def c1(history: History, tuning: Tuning) -> Learned | None:
    """EARS C1 from t-7..t-1: threshold = m + z s. None unless all seven days are known."""
    days = known(history)
    if len(days) < SEVEN:
        return None
    mean, sd = moments(days)
    return tuning.level(mean, tuning.sigmas * sd)


c2 = c1
"""EARS C2: the arithmetic of C1 over t-9..t-3."""


def statistic(history: Sequence[float], value: float, tuning: Tuning) -> float:
    """How many standard deviations a day's rate lies above the mean of its history, by C1 or C2."""
    mean, sd = moments(history)
    return (value - mean) / (max(sd, tuning.floor(mean)) or float("inf"))


def c3(history: History, tuning: Tuning) -> Learned | None:
    """EARS C3 from t-11..t-1. None unless all eleven days are known.

    C3(t) > z - 1 is, for the rate of the day itself, y(t) > m + s (1 + max(0, z - 1 - p)), p being what the two days
    before add to the sum. Where p alone exceeds z - 1 the CDC's C3 flags any figure, even none at all; here the day
    must still add something to the sum, that is, lie above m + s. Threshold and expected rate of a day are those of
    C2 while the days before were quiet.
    """
    days = known(history)
    if len(days) < SEVEN + 2 * GUARD:
        return None
    before = fsum(
        max(0.0, statistic(days[start : start + SEVEN], days[start + SEVEN + GUARD], tuning) - 1)
        for start in range(GUARD)
    )
    mean, sd = moments(days[GUARD : GUARD + SEVEN])
    sigma = max(sd, tuning.floor(mean))
    return Learned(mean, mean + sigma * (1 + max(0.0, tuning.sigmas - 1 - before)))


def plain(history: History, tuning: Tuning) -> Learned | None:
    """The mean of t-28..t-1 and z standard deviations: the yardstick. None with fewer than seven days known."""
    days = known(history)
    if len(days) < SEVEN:
        return None
    mean, sd = moments(days)
    return tuning.level(mean, tuning.sigmas * sd)
