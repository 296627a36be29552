"""Day-of-week aware baselines over four weeks, two days' distance kept: days t-30..t-3.

`regression` is the adaptive regression of the CDC's ESSENCE (H. S. Burkom, "Development, adaptation, and assessment of
alerting algorithms for biosurveillance", Johns Hopkins APL Technical Digest 24 (2003), 335-342; `alert_regression` of
the CDC's R package Rnssp): with w(i) the weekday of day i,

    y(i) = a(w(i)) + b i + e(i)

fitted by least squares, s^2 the residual variance with n - 8 degrees of freedom, and for day t, g being the days of its
weekday and u(i) the time since the middle of their own weekday's days,

    threshold = a(w(t)) + b t + t(p, n - 8) s sqrt(1 + 1/|g| + u(t)^2 / sum u(i)^2)

`weekday` leaves out the trend, which a few high days tilt and which four weeks carry far; instead it weighs past surges
down as epitweetr does (see `reweighted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import fsum, sqrt
from operator import mul
from typing import NamedTuple, cast

from bordertally.streams.learning.levels import History, Learned, Tuning, known
from bordertally.streams.learning.reweighted import DECAY, OUTLIER
from bordertally.streams.learning.student_t import quantile, tail

WEEK = 7
TODAY = 2
"""Where in the weeks that begin on t-30 the weekday of t stands: t is 30 days, two more than four weeks, later."""
LEAST_DAYS = 14
LEAST_WEEKS = 3
LEAST_FREEDOM = 3


def regression(history: History, tuning: Tuning) -> Learned | None:
    """The level of ESSENCE's regression from t-30..t-3; gaps are allowed.

    p is as rare as `sigmas` of a normal distribution. An expected rate below 0 counts as 0. None with fewer than 14
    days known, or none of the same weekday.
    """
    groups = _by_weekday(history)
    if groups is None:
        return None
    count, weekdays = 0, 0
    squares = spread = product = 0.0
    for start, rates in enumerate(groups):
        if rates:
            size = len(rates)
            places = [place for place in range(start, len(history), WEEK) if history[place] is not None]
            middle, mean = fsum(places) / size, fsum(rates) / size
            times, residuals = [place - middle for place in places], [rate - mean for rate in rates]
            squares += fsum(map(mul, residuals, residuals))
            spread += fsum(map(mul, times, times))
            product += fsum(map(mul, times, residuals))
            count, weekdays = count + size, weekdays + 1
            if start == TODAY:
                same, level, ahead = size, mean, len(history) + 2 - middle
    free = count - weekdays - 1
    if free < LEAST_FREEDOM or not spread:
        return None
    slope = product / spread
    variance = max(0.0, squares - slope * product) / free
    error = sqrt(variance * (1 + 1 / same + ahead * ahead / spread))
    return tuning.level(max(0.0, level + slope * ahead), quantile(tail(tuning.sigmas), free) * error)


def weekday(history: History, tuning: Tuning) -> Learned | None:
    """The reweighted mean of the same weekday within t-30..t-3, gaps allowed, and a threshold above it.

    With r the externally studentised residual of a day about the mean of its weekday, its weight is 1, or (q / r)^4
    where r exceeds q = t(0.95, f - 1), f being the number of days less that of weekdays. m is the weighted mean of the
    day's own weekday, s^2 the weighted sum of squares about such means, scaled to all n days, by f. The threshold is

        m + max(t(p, f) s sqrt(1 + 1/|g|), sigmas x floor)

    with |g| days of the same weekday and p as rare as `sigmas` of a normal distribution. None with fewer than 14 days
    known, or none of the same weekday, or none before t-22: two weeks do not say how much a weekday varies.
    """
    if not known(history[: len(history) - LEAST_WEEKS * WEEK + 1]):
        return None
    groups = _by_weekday(history)
    if groups is None:
        return None
    spreads = list(map(_spread, groups))
    count = sum([spread.size for spread in spreads])
    free = sum([spread.size - 1 for spread in spreads if spread.size])
    if free < LEAST_FREEDOM:
        return None
    level, squares = spreads[TODAY].mean, [spread.squares for spread in spreads]
    total, weight = fsum(squares), float(count)
    limit = quantile(OUTLIER, free - 1)
    # away > limit x studentised spread, solved for away: a bound that few days reach, and only those are weighed
    bound = limit * limit * total / (free - 1 + limit * limit)
    for index, (size, mean, _, highest) in enumerate(spreads):
        away = highest - mean
        if away > 0 and away * away > bound * (1 - 1 / size):
            rates = groups[index]
            shares = _shares(rates, mean, total, free, limit)
            kept = fsum(shares)
            weighted = fsum(map(mul, shares, rates)) / kept
            squares[index] = fsum([share * (rate - weighted) ** 2 for share, rate in zip(shares, rates, strict=True)])
            weight -= size - kept
            if index == TODAY:
                level = weighted
    error = sqrt(fsum(squares) * count / weight / free * (1 + 1 / spreads[TODAY].size))
    return tuning.level(level, quantile(tail(tuning.sigmas), free) * error)


def least_expected(history: History) -> float | None:
    """The least that `weekday` may expect: the lowest day of the same weekday. None unless every day is known."""
    return None if None in history else min(cast("Sequence[float]", history[TODAY::WEEK]))


class _Spread(NamedTuple):
    """The days of one weekday: how many, their mean, the sum of squares about it, and the highest; 0 without days."""

    size: int
    mean: float
    squares: float
    highest: float


@lru_cache(maxsize=4096)
def _spread(rates: tuple[float, ...]) -> _Spread:
    """How the days of one weekday spread: the four weeks before the next day share six of the seven weekdays."""
    if not rates:
        return _Spread(0, 0.0, 0.0, 0.0)
    mean = fsum(rates) / len(rates)
    squares = max(0.0, fsum(map(mul, rates, rates)) - len(rates) * mean * mean)
    return _Spread(len(rates), mean, squares, max(rates))


def _by_weekday(history: History) -> Sequence[tuple[float, ...]] | None:
    """The known days by weekday; None where there are too few, or none of the day's own weekday."""
    if None not in history and len(history) == 4 * WEEK:  # nearly always, and faster
        whole = cast("Sequence[float]", history)
        return list(
            zip(whole[:WEEK], whole[WEEK : 2 * WEEK], whole[2 * WEEK : 3 * WEEK], whole[3 * WEEK :], strict=True)
        )
    groups = [tuple(known(history[start::WEEK])) for start in range(WEEK)]
    if not groups[TODAY] or sum(map(len, groups)) < LEAST_DAYS:
        return None
    return groups


def _shares(rates: tuple[float, ...], mean: float, total: float, free: int, limit: float) -> list[float]:
    """The weights of the days of one weekday, 0 to 1."""
    own = 1 - 1 / len(rates)
    shares = []
    for rate in rates:
        square = (rate - mean) ** 2
        others = max(0.0, total - square / own)  # the squares of the other days about their own means
        spread = others / (free - 1) * own
        if rate <= mean or square <= limit * limit * spread:
            shares.append(1.0)
        else:
            shares.append((limit * limit * spread / square) ** (DECAY // 2) if spread > total * 1e-12 else 0.0)
    return shares
