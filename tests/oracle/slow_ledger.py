"""A slow and simple ledger, written from the definitions in docs/ and not from the code.

It reads reports as dicts, with every source in UTC, and computes what the days of a flow must be. Claims bound sums of
neighbouring hours, so the minimum and maximum of each day follow from all pairs of edges (Floyd and Warshall). A day
whose minimum equals its maximum is determined. Where the claims of a flow nest within each other, plain raking
determines how a sum is distributed over its days.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import combinations, pairwise
from typing import Any, NamedTuple

WEIGHTS = {"A": 4, "B": 2, "C": 1}
EU = {"FI", "PL", "RO"}
OPEN = float("inf")
HOURS = 24
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all of it is UTC
FIRST_ORDINAL = EPOCH.toordinal()


class PlainClaim(NamedTuple):
    """A claim in force: low to high people from `start` to `end` (hours since 1970), `best` as reported.

    `kind`: `equal`, `at_least` or `at_most`. `reading`: shorter than a day. `origin`: whose knowledge it is.
    `counted`: the readings of a day, added up.
    """

    flow: str
    source: str
    grade: str
    published: datetime
    start: int
    end: int
    low: float
    best: float
    high: float
    kind: str
    population: str
    unit: str
    report: str
    exact: bool = False
    origin: str = ""
    counted: bool = False

    @property
    def days(self) -> range:
        return range(day_of(self.start), day_of(self.end - 1) + 1)

    @property
    def bound(self) -> bool:
        """Whether it is a lower bound in the words of its source, and no sum of readings."""
        return self.kind == "at_least" and not self.counted

    @property
    def reading(self) -> bool:
        return self.end - self.start < HOURS


class Range(NamedTuple):
    """The minimum and the maximum of a sum."""

    least: float
    most: float

    def holds(self, value: float) -> bool:
        slack = 1e-6 * max(1.0, abs(value))
        return self.least - slack <= value <= self.most + slack


def day_of(hour: int) -> int:
    """The ordinal day of an hour."""
    return hour // HOURS + FIRST_ORDINAL


def hours_of(day: int) -> tuple[int, int]:
    """The hours at which an ordinal day begins and ends."""
    start = (day - FIRST_ORDINAL) * HOURS
    return start, start + HOURS


# --- reading ---------------------------------------------------------------------------------------------------------


def _hour(text: str) -> int:
    return int((datetime.fromisoformat(text) - EPOCH).total_seconds()) // 3600


def period(text: str) -> tuple[int, int]:
    left, right = text.split("/")
    start = _hour(left)
    return start, start + int(right[2:-1]) if right.startswith("PT") else _hour(right)


def _unit(value: float) -> float:
    """The rounding unit: 10 to the power of the trailing zeros, at most a tenth; 0 for 0 and for decimals."""
    if value == 0 or value != int(value):
        return 0.0
    digits = str(int(value))
    return min(10.0 ** (len(digits) - len(digits.rstrip("0"))), value / 10)


def _interval(people: float | list[float], qualifier: str) -> tuple[float, float, float]:
    if isinstance(people, list):
        low, high = people
        best = (low + high) / 2
        return (0.0 if qualifier == "at_most" else low), best, (OPEN if qualifier == "at_least" else high)
    u = _unit(people)
    return {
        "count": (people, people, people),
        "stated": (people - u / 2, people, people + u / 2),
        "about": (people - u, people, people + u),
        "nearly": (people - u, people, people),
        "more_than": (people, people, people + u),
        "at_least": (people, people, OPEN),
        "at_most": (0.0, people, people),
    }[qualifier]


NO_RELAYS: Mapping[str, str] = {}


def in_force(
    documents: Iterable[Mapping[str, Any]], grades: Mapping[str, str], relays: Mapping[str, str] = NO_RELAYS
) -> list[PlainClaim]:
    """The newest version of every claim about crossings, unless it is a withdrawal.

    `relays`: by source, the source that it passes on. Of versions published at the same time a withdrawal is newer,
    then the id that comes later in natural order. Raises ValueError for two different versions in one report: the
    definitions leave their order open.
    """
    newest: dict[tuple[object, ...], tuple[tuple[object, ...], PlainClaim | None, Mapping[str, Any]]] = {}
    for document in documents:
        published = datetime.fromisoformat(document["published"]).replace(tzinfo=None)
        for claim in document["claims"]:
            if claim.get("measure", "crossings") != "crossings":
                continue
            parts = claim["flow"].split(":")
            if len(parts) > 1 and parts[1] in EU:
                parts.insert(1, "EU")
            flow, (start, end) = ":".join(parts), period(claim["period"])
            about = claim.get("population", "people"), claim.get("unit", "people")
            quoted = claim.get("attributed_to") or document["source"]
            identity = document["source"], flow, start, end, *about, quoted
            known, order = newest.get(identity), (published, claim["people"] is None, *_natural(document["id"]))
            if known is not None and known[0] == order and known[2] != claim:
                raise ValueError(f"two versions of {identity} in reports {document['id']} published at {published}")
            if known is None or known[0] < order:
                said = _claim(document, claim, published, flow, grades[document["source"]])
                if said is not None:
                    said = said._replace(origin=relays.get(quoted, quoted))
                newest[identity] = order, said, claim
    return [said for _, said, _ in newest.values() if said is not None]


def _natural(report: str) -> tuple[object, ...]:
    """Digits count as numbers: `daily-9`, then `daily-10`."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", report))


def _claim(
    document: Mapping[str, Any], claim: Mapping[str, Any], published: datetime, flow: str, grade: str
) -> PlainClaim | None:
    if claim["people"] is None:
        return None
    start, end = period(claim["period"])
    qualifier = claim["qualifier"]
    people = claim["people"]
    if _so_far(claim, published, start, end):
        people, qualifier = (0 if qualifier == "at_most" else people), "at_least"
    times = (end - start) / HOURS if claim.get("per") == "day" else 1.0
    low, best, high = (figure * times for figure in _interval(people, qualifier))
    about = claim.get("population", "people"), claim.get("unit", "people")
    kind = qualifier if qualifier in {"at_least", "at_most"} else "equal"
    source, report = document["source"], document["id"]
    one_number = not isinstance(people, list)
    exact = one_number and qualifier in {"count", "stated"} and high - low <= max(1, best / 1000)
    return PlainClaim(flow, source, grade, published, start, end, low, best, high, kind, *about, report, exact)


def _so_far(claim: Mapping[str, Any], published: datetime, start: int, end: int) -> bool:
    """Whether a figure is of an unfinished day, or a count of an unfinished period: what there is so far.

    Of whole days, a publication at 00:00 of the last day is a bare date and counts as the end of that day.
    """
    hours = (published - EPOCH).total_seconds() / 3600
    whole_days = start % HOURS == end % HOURS == 0
    if hours >= end or (whole_days and hours == end - HOURS):
        return False
    one_day = whole_days and end - start == HOURS and claim.get("per") != "day"
    return bool(claim["qualifier"] == "count" or one_day)


# --- what claims of one series come to -----------------------------------------------------------------------------


def folded(claims: Iterable[PlainClaim]) -> list[PlainClaim]:
    """The claims of a series, with the readings of a source and day as one: their sum, or a lower bound."""
    found = [claim for claim in claims if not claim.reading]
    by_day: dict[tuple[str, int], list[PlainClaim]] = defaultdict(list)
    for claim in claims:
        for day in claim.days if claim.reading else ():
            start, end = hours_of(day)
            first, last = max(start, claim.start), min(end, claim.end)
            share = (last - first) / (claim.end - claim.start)
            low, best, high = claim.low * share, claim.best * share, claim.high * share
            by_day[claim.source, day].append(claim._replace(start=first, end=last, low=low, best=best, high=high))
    for (_, day), readings in by_day.items():
        chosen = _heaviest(readings)
        start, end = hours_of(day)
        hours = {hour for one in chosen for hour in range(one.start, one.end)}
        newest = max(readings, key=lambda one: (one.published, _natural(one.report), -one.end, -one.start))
        whole = hours == set(range(start, end))
        high = sum(one.high for one in chosen) if whole else OPEN
        kind = "at_least" if high == OPEN else "equal"
        low, best = sum(one.low for one in chosen), sum(one.best for one in chosen)
        found.append(
            newest._replace(
                start=start,
                end=end,
                low=low,
                best=best,
                high=high,
                kind=kind,
                exact=low == high,
                counted=True,
            )
        )
    return found


def _heaviest(readings: Sequence[PlainClaim]) -> list[PlainClaim]:
    """The readings that do not overlap and have the largest sum; the longest of several such sets."""
    apart = [
        chosen
        for number in range(len(readings), 0, -1)
        for chosen in combinations(readings, number)
        if all(one.end <= two.start or two.end <= one.start for one, two in combinations(chosen, 2))
    ]
    return list(
        max(apart, key=lambda chosen: (sum(one.best for one in chosen), sum(one.end - one.start for one in chosen)))
    )


def adds_nothing(other: PlainClaim, claim: PlainClaim) -> bool:
    """Whether all people that a claim allows for its period are allowed by another one about this period."""
    one_period = (other.start, other.end) == (claim.start, claim.end)
    return one_period and other.low <= claim.low and claim.high <= other.high


def groups(claims: Iterable[PlainClaim]) -> list[list[PlainClaim]]:
    """Claims that share days, directly or by way of other claims."""
    found: list[list[PlainClaim]] = []
    for claim in sorted(claims, key=lambda one: one.start):
        if found and claim.days.start <= max(one.days.stop - 1 for one in found[-1]):
            found[-1].append(claim)
        else:
            found.append([claim])
    return found


def trust(claim: PlainClaim) -> tuple[object, ...]:
    """Grade, exactness, the later publication, the shorter period, then what tells claims apart, and the figures."""
    told_apart = (
        _natural(claim.report),
        claim.source,
        claim.start,
        claim.end,
        claim.origin != claim.source,
        claim.origin,
        claim.low,
        claim.best,
        claim.high,
    )
    return WEIGHTS[claim.grade], claim.exact, claim.published, claim.start - claim.end, *told_apart


class Sums:
    """The minimum and maximum of every sum of neighbouring hours, given bounds on some sums; exact but for rounding.

    `edges`: hours. `bounds`: (start, end, minimum, maximum). `missing`: how far the bounds are from being satisfiable.
    """

    def __init__(self, edges: Iterable[int], bounds: Iterable[tuple[int, int, float, float]]) -> None:
        self.edges = sorted(set(edges))
        place = {edge: at for at, edge in enumerate(self.edges)}
        size = len(self.edges)
        most = [[0.0 if row == column else OPEN for column in range(size)] for row in range(size)]
        for at in range(size - 1):
            most[at + 1][at] = 0.0  # no count is negative
        for start, end, low, high in bounds:
            first, last = place[start], place[end]
            most[first][last] = min(most[first][last], high)
            most[last][first] = min(most[last][first], -low)
        for via in range(size):
            through = most[via]
            for row in most:
                step = row[via]
                if step < OPEN:
                    for column, further in enumerate(through):
                        row[column] = min(row[column], step + further)
        self._most, self._place = most, place
        self.missing = max([0.0, *[-row[at] for at, row in enumerate(most)]])

    def feasible(self, slack: float) -> bool:
        return self.missing <= slack

    def sum(self, start: int, end: int) -> Range:
        first, last = self._place[start], self._place[end]
        return Range(-self._most[last][first], self._most[first][last])


def edges_of(claims: Iterable[PlainClaim], days: Iterable[int]) -> list[int]:
    return [edge for claim in claims for edge in (claim.start, claim.end)] + [
        edge for day in days for edge in hours_of(day)
    ]


def ends(claims: Iterable[PlainClaim], end: str) -> list[tuple[int, int, float, float]]:
    """The bounds of claims at their `low`, `best` or `high` figure: equal to it, at least or at most."""
    found = []
    for claim in claims:
        figure = {"low": claim.low, "best": claim.best, "high": claim.high}[end]
        if claim.kind == "at_least":
            found.append((claim.start, claim.end, claim.low if end == "low" else claim.best, OPEN))
        elif claim.kind == "at_most":
            found.append((claim.start, claim.end, 0.0, claim.high))
        else:
            found.append((claim.start, claim.end, figure, figure))
    return found


def within(claims: Iterable[PlainClaim]) -> list[tuple[int, int, float, float]]:
    """The bounds of claims with their whole intervals."""
    return [(claim.start, claim.end, claim.low, OPEN if claim.kind == "at_least" else claim.high) for claim in claims]


def floors(days: Mapping[int, float]) -> list[tuple[int, int, float, float]]:
    return [(*hours_of(day), people, OPEN) for day, people in days.items()]


MOVABLE_DAYS = 62


def bounds_alone(claims: Sequence[PlainClaim], day: int) -> list[PlainClaim]:
    """The claims about a day where all are lower bounds over several whole days, at most MOVABLE_DAYS; else none."""
    about = [claim for claim in claims if day in claim.days]
    wide = [
        claim
        for claim in about
        if claim.bound and 1 < len(claim.days) <= MOVABLE_DAYS and claim.start % HOURS == 0 == claim.end % HOURS
    ]
    return about if len(wide) == len(about) else []


def fitted(people: Mapping[int, float], room: Mapping[int, float]) -> dict[int, float]:
    """The people of days times one factor, up to the room of each; what finds no room is added in proportion."""
    total, most = sum(people.values()), sum(room.values())
    if total == 0 or all(people[day] <= room[day] for day in people):
        return dict(people)
    if most <= total:
        return {day: room[day] + (total - most) * people[day] / total for day in people}
    with_room = [day for day in people if people[day] > 0]
    low, high = 1.0, 2.0
    if sum(room[day] for day in with_room) < total:  # days with nobody share what the others have no room for, evenly
        rest = {day: min(room[day], people[day]) if day not in with_room else room[day] for day in people}
        left, free = total - sum(rest.values()), [day for day in people if day not in with_room]
        while sum(min(room[day], high) for day in free) < left:
            high *= 2
        factor = _bisected(lambda each: sum(min(room[day], each) for day in free) - left, 0.0, high)
        return {day: min(room[day], factor) if day in free else rest[day] for day in people}
    while sum(min(room[day], people[day] * high) for day in people) < total:
        high *= 2
    factor = _bisected(lambda each: sum(min(room[day], people[day] * each) for day in people) - total, low, high)
    return {day: min(room[day], people[day] * factor) for day in people}


def _bisected(rises: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is zero."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) < 0 else (low, middle)
    return high


def nested(claims: Iterable[PlainClaim]) -> bool:
    """Whether all claims are equalities, and any two of them nest or do not overlap."""
    every = list(claims)
    return all(claim.kind == "equal" for claim in every) and all(
        one.end <= two.start
        or two.end <= one.start
        or (one.start <= two.start and two.end <= one.end)
        or (two.start <= one.start and one.end <= two.end)
        for one, two in combinations(every, 2)
    )


SWEEPS = 3_000


def raked(claims: Sequence[PlainClaim], end: str) -> dict[int, float] | None:
    """People by day: start at the mean rate by grade, then scale claim by claim until nothing moves.

    In the mean the claims of one origin have one say: their own mean rate, with the largest of their weights. The order
    is from the least to the most trusted claim. None when the days do not converge.
    """
    edges = sorted(set(edges_of(claims, {day for claim in claims for day in claim.days})))
    pieces = list(pairwise(edges))
    figure = {claim: {"low": claim.low, "best": claim.best, "high": claim.high}[end] for claim in claims}
    people = []
    for start, stop in pieces:
        says: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for claim in claims:
            if claim.start <= start and stop <= claim.end:
                rate = figure[claim] / (claim.end - claim.start)
                says[claim.origin or claim.source].append((WEIGHTS[claim.grade], rate))
        means = [(max(weights)[0], _mean(weights)) for weights in says.values()]
        people.append((stop - start) * _mean(means) if means else 0.0)
    for _ in range(SWEEPS):
        before = list(people)
        for claim in sorted(claims, key=trust):
            inside = [at for at, (start, stop) in enumerate(pieces) if claim.start <= start and stop <= claim.end]
            _scale(people, inside, figure[claim], pieces)
        if max(abs(one - two) for one, two in zip(before, people, strict=True)) < 1e-9 * max(1.0, *people):
            break
    else:
        return None
    days: dict[int, float] = defaultdict(float)
    for (start, _), number in zip(pieces, people, strict=True):
        days[day_of(start)] += number
    return dict(days)


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    """The mean of rates, each with its weight."""
    return sum(weight * rate for weight, rate in weighed) / sum(weight for weight, _ in weighed)


def _scale(people: list[float], inside: Sequence[int], to: float, pieces: Sequence[tuple[int, int]]) -> None:
    held = sum(people[at] for at in inside)
    hours = sum(pieces[at][1] - pieces[at][0] for at in inside)
    for at in inside:
        people[at] = people[at] * to / held if held else to * (pieces[at][1] - pieces[at][0]) / hours


# --- unlikely claims -------------------------------------------------------------------------------------------------


def unlikely(claims: Sequence[PlainClaim]) -> list[PlainClaim]:
    """The claims in force that are far above the year before and that nothing confirms.

    A reading is judged by its own people. Readings of a source and day, added up, are history, and confirm.
    """
    world = _ClaimedPeople(claims)
    return [claim for claim in claims if claim.kind != "at_most" and world.unlikely(claim)]


class _ClaimedPeople:
    """The most people that claims give each flow on each day."""

    def __init__(self, claims: Sequence[PlainClaim]) -> None:
        by_series: dict[tuple[str, str, str], list[PlainClaim]] = defaultdict(list)
        for claim in claims:
            if claim.grade in WEIGHTS:
                by_series[claim.flow, claim.population, claim.unit].append(claim)
        self._claims = {
            name: [claim for claim in folded(some) if claim.kind != "at_most"] for name, some in by_series.items()
        }
        self._people: dict[tuple[str, str, str, int], float] = {}
        self._flows = {flow for flow, _, _ in by_series} | {
            ":".join(flow.split(":")[:parts]) for flow, _, _ in by_series for parts in range(1, flow.count(":") + 1)
        }

    def on(self, flow: str, population: str, unit: str, day: int) -> float:
        """People by the flow's own claims, by its parts, or by the flows below added up: the most."""
        name = flow, population, unit, day
        if name not in self._people:
            self._people[name] = self._most(*name)
        return self._people[name]

    def _most(self, flow: str, population: str, unit: str, day: int) -> float:
        own = [_rate(claim) for claim in self._claims.get((flow, population, unit), []) if day in claim.days]
        parts = {name[1] for name in self._claims if name[2] == unit and population == "people" != name[1]}
        within_flow = [self.on(flow, part, unit, day) for part in parts]
        return max([0.0, *own, *within_flow, self.below(flow, population, unit, day)])

    def below(self, flow: str, population: str, unit: str, day: int) -> float:
        children = [each for each in self._flows if each.rpartition(":")[0] == flow]
        return sum(self.on(child, population, unit, day) for child in children)

    def unlikely(self, claim: PlainClaim) -> bool:
        if claim.grade not in WEIGHTS:
            return False
        about, first = (claim.flow, claim.population, claim.unit), claim.days.start
        before = [people for back in range(1, 366) if (people := self.on(*about, first - back)) > 0]
        limit = 10 * max(before) if len(before) >= 30 else 1_000_000
        half = _rate(claim) / 2
        if _rate(claim) <= limit * (1 + 1e-9):
            return False
        half *= 1 - 1e-9
        for day in claim.days:
            others = [each for each in self._claims[about] if day in each.days and each.origin != claim.origin]
            if any(_rate(each) >= half for each in others) or self.below(*about, day) >= half:
                return False
        around = range(first - 365, claim.days.stop + 365)
        return not any(day not in claim.days and self.on(*about, day) >= half for day in around)


def _rate(claim: PlainClaim) -> float:
    """People a day; of a claim about less than a day, its people."""
    return claim.best / max(1.0, (claim.end - claim.start) / HOURS)


# --- calendar periods ------------------------------------------------------------------------------------------------


def calendar_names(day: int) -> list[str]:
    """The week (ISO 8601), the month and the year of an ordinal day."""
    return [date.fromordinal(day).strftime(pattern) for pattern in ("%G-W%V", "%Y-%m", "%Y")]


def apportions(shares: Sequence[int], figures: Sequence[float], total: int) -> bool:
    """Whether shares are whole people of figures that add up to a total, by largest remainder, of equal the earlier."""
    more = [share - int(figure) for share, figure in zip(shares, figures, strict=True)]
    if sum(shares) != total or not set(more) <= {0, 1}:
        return False
    places = sorted(range(len(figures)), key=lambda place: (-round(figures[place] % 1, 9), place))
    return all(more[earlier] >= more[later] for earlier, later in pairwise(places))
