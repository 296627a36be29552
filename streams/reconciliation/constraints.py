"""What a claim demands of the days it covers, and what reconciling makes of them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bordertally.streams.natural_order import NaturalOrder, natural
from bordertally.streams.periods import DAY, midnight
from bordertally.streams.qualifiers import Bound

Kind = Bound
"""How a constraint acts on the sum of its days: as the qualifier of its claim bounds the number of people."""


class Trust(NamedTuple):
    """How far a claim is trusted beside others; `rank` orders claims, the most trusted last.

    `weight`: the weight of the grade (see sources.WEIGHT). `published`: microseconds since 1970 UTC. `start`, `end`:
    seconds of the wall clock. `origin`: whose knowledge the claim is; empty where that is its source.
    """

    weight: float
    exact: bool
    published: int
    report: str
    source: str
    start: int
    end: int
    origin: str = ""

    @property
    def rank(self) -> tuple[float, bool, int, int, NaturalOrder, str, int, int, str]:
        """Grade, exactness, time of publication, shortness; then the report id and what else tells claims apart."""
        weight, exact, published, report, source, start, end, origin = self
        return weight, exact, published, start - end, natural(report), source, start, end, origin


FLOOR_TRUST = 1.1
"""The weight of a floor in the order of trust, as a multiple of that of its grade: just above claims of the grade."""

UNLIKELY_WEIGHT = 0.75
"""The weight of an unlikely claim as a share of that of its grade: still above the grade below, which has half."""


class Constraint(NamedTuple):
    """A claim as arithmetic: the days from `start` to `end` (wall-clock seconds) hold low..high people.

    `order` orders constraints, the most trusted last; `weight` is its say in the starting shape. `partial`:
    readings that cover only some hours of their day. `reports`: those it stands for, as `source/id`.
    `unlikely`: see ledger.unlikely. `bound`: of a floor that gives way to better claims, what it is the sum of.
    """

    start: int
    end: int
    low: float
    best: float
    high: float | None
    kind: Kind
    trust: Trust
    weight: float
    reports: tuple[str, ...]
    partial: bool = False
    unlikely: bool = False
    bound: Bounding | None = None

    @property
    def origin(self) -> str:
        """Whose knowledge the claim is: claims of one origin are one witness."""
        return self.trust.origin or self.trust.source

    def echoes(self, other: Constraint) -> bool:
        """Whether another source passes on what this one does: the two do not contradict each other."""
        return self.origin == other.origin and self.trust.source != other.trust.source

    def implies(self, other: Constraint) -> bool:
        """Whether another claim about the same period adds nothing to this one: what it allows holds all of this."""
        if (self.start, self.end) != (other.start, other.end):
            return False
        bounded = other.kind is not Kind.AT_LEAST and other.high is not None
        least, most = (0.0 if other.kind is Kind.AT_MOST else other.low), (other.high if bounded else None)
        if least > (0.0 if self.kind is Kind.AT_MOST else self.low):
            return False
        return most is None or (self.kind is not Kind.AT_LEAST and self.high is not None and self.high <= most)

    @property
    def order(self) -> tuple[object, ...]:
        """A total order of constraints by trust, the most trusted last; of equal trust, by their figures."""
        return self.trust.rank, self.low, self.best, self.high is None, self.high or 0.0

    @property
    def daily_rate(self) -> float:
        """People a day; of a claim about less than a day, its people."""
        return self.best / max(1.0, (self.end - self.start) / DAY)

    def doubted(self) -> Constraint:
        """The same claim as one that is unlikely: it gives way to claims of its own grade and of better ones."""
        weight = self.weight * UNLIKELY_WEIGHT
        return self._replace(trust=self.trust._replace(weight=weight), weight=weight, unlikely=True)


class Bin(NamedTuple):
    """People on one day. `high` is None where nothing bounds it.

    `full`: claims that say how many, and not how many at least, cover the whole day. `weight`: that of the grade of the
    most trusted claim about the day; 0 where only floors speak of it.
    """

    low: float
    best: float
    high: float | None
    full: bool
    weight: float = 0.0


Bounding = Literal["children", "parts"]
"""What bounds a flow from below: the flows below it, or parts of its people."""


class Floor(NamedTuple):
    """The least people of a day by claims about children or parts whose grade has this weight or a greater one.

    A floor overrules claims of its own grade and of lower ones, and gives way to claims of a better grade. `high`: in
    the scenario of the high ends. `full`: as of Bin. `of`: what it is the sum of.
    """

    weight: float
    low: float
    best: float
    high: float
    full: bool
    of: Bounding = "children"

    @property
    def least(self) -> float:
        """The lower of low and best: days that are left over by difference can be lower at the best figures."""
        return min(self.low, self.best)


Floors = tuple[Floor, ...]
"""The floors of a day, the most trusted first; each is more than those before it."""


class GradedBin(NamedTuple):
    """The people of a day by claims of a grade with this weight or a greater one."""

    weight: float
    people: Bin


class Misfit(NamedTuple):
    """A constraint that cannot hold beside the more trusted `rivals`: its figure is missed by `gap` people.

    Without rivals it is floors, the children or parts of the flow, that leave no room for it.
    """

    constraint: Constraint
    rivals: tuple[Constraint, ...]
    gap: float


def day_span(day: int) -> tuple[int, int]:
    """Start and end of an ordinal day, in wall-clock seconds."""
    start = midnight(day)
    return start, start + DAY
