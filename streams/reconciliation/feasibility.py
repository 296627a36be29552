"""Whether claims can hold together, seen on running totals: the people up to each edge between atoms.

There a claim bounds the difference of two running totals, and a floor bounds that of neighbours. Bounds on differences
can all hold unless some of them, added up in a circle, leave less than nothing (Bellman 1958). To find out, every
running total that is too high for a bound is lowered to it, again and again: either nothing is left to lower, or the
totals chase each other round a circle.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise, takewhile
from math import fsum

from bordertally.streams.reconciliation.constraints import Kind
from bordertally.streams.reconciliation.margins import INFINITE, Atoms, Margin

_FACT = 1_000_000_000
"""The rank of floors, which give way to nobody."""

_Link = tuple[int, float, int, bool]
"""To which edge, how much more people up to there are allowed, by the claim of which rank, and by its upper end?"""


def implied(equalities: Sequence[Margin], atoms: Atoms, slack: float) -> list[Margin]:
    """The finest sums that follow from the targets of equalities by adding and subtracting them.

    None where they contradict each other, or leave less than nothing or than the floors anywhere.

    Claims that share an edge tie running totals together, and two neighbours among tied ones say what lies between.
    """
    ties: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for margin in equalities:
        ties[margin.first].append((margin.last, margin.target))
        ties[margin.last].append((margin.first, -margin.target))
    floors = [*atoms.wide.items(), *(((atom, atom + 1), floor) for atom, floor in enumerate(atoms.least) if floor)]
    seen: set[int] = set()
    sums = []
    for root in sorted(ties):
        if root in seen:
            continue
        running, waiting = {root: 0.0}, [root]
        while waiting:
            here = waiting.pop()
            for there, step in ties[here]:
                if there not in running:
                    running[there] = running[here] + step
                    waiting.append(there)
                elif abs(running[here] + step - running[there]) > slack:
                    return []
        seen.update(running)
        for left, right in pairwise(sorted(running)):
            people = running[right] - running[left]
            if people < fsum([floor for (first, last), floor in floors if left <= first and last <= right]) - slack:
                return []
            people = people if people > slack else 0.0
            sums.append(Margin(left, right, people, people, people, Kind.EQUAL))
    return sums


class Feasibility:
    """The margins, in order of trust, of which those in `gone` give way so that the others can hold together.

    `circled`: those that took part in a circle in which some had to give way. `most`: of the margins that have to give
    way together, only so many of the first ranks do, if any of these has to.
    """

    def __init__(
        self, margins: Sequence[Margin], atoms: Atoms, slack: float, gone: Iterable[int] = (), most: int | None = None
    ) -> None:
        self.gone = set(gone)
        self.circled: set[int] = set()
        self._most = most
        self._margins, self._least, self._slack = margins, atoms.least, slack
        self._onward: list[list[_Link]] = [[] for _ in range(len(atoms.least) + 1)]
        self._back: list[list[_Link]] = [[] for _ in range(len(atoms.least) + 1)]
        for atom, floor in enumerate(atoms.least):
            self._at_least(atom, atom + 1, floor, _FACT)
        for (first, last), floor in atoms.wide.items():
            self._at_least(first, last, floor, _FACT)
        for rank, (first, last, _, low, high, _) in enumerate(margins):
            if low > 0.0:
                self._at_least(first, last, low, rank)
            if high < INFINITE:
                self._onward[first].append((last, high, rank, True))
                self._back[last].append((first, high, rank, True))

    def _at_least(self, first: int, last: int, people: float, rank: int) -> None:
        self._onward[last].append((first, -people, rank, False))
        self._back[first].append((last, -people, rank, False))

    def seek(self, x: list[float]) -> None:
        """Let give way what has to, from `x` on.

        Claims are admitted from the most trusted down. Where one leads round a circle, the least trusted of the circle
        give way that err to the same side: days that fall short of their week share what is missing.
        """
        totals = [0.0, *accumulate(x)]
        admitted = [rank for rank in range(len(self._margins) - 1, -1, -1) if rank not in self.gone]
        self.gone.update(admitted)
        against: dict[int, set[int]] = {}
        for rank in admitted:
            against[rank] = self._admit(rank, totals)
        for rank in admitted:  # whom it gave way to may have given way later
            if not self.gone.isdisjoint(against[rank]):
                self._admit(rank, totals)

    def _admit(self, rank: int, totals: list[float]) -> set[int]:
        """Admit a claim, or let it give way; returns to whom, if it was the only one that had to."""
        self.gone.discard(rank)
        while circle := self._circle(rank, totals):
            claims = sorted((of, upper) for _, _, of, upper in circle if of != _FACT)
            self.circled.update(of for of, _ in claims)
            yielding = _least_trusted_side(claims) or {rank}
            if self._most is not None and min(yielding) < self._most:
                yielding = {other for other in yielding if other < self._most}
            self.gone |= yielding
            if rank in yielding:
                return {of for of, _ in claims} - yielding if len(yielding) == 1 else set()
        return set()

    def _circle(self, rank: int, totals: list[float]) -> list[_Link]:
        """The circle that a claim closes; none if totals can be lowered until it holds, which then is done."""
        first, last, _, low, high, _ = self._margins[rank]
        people = totals[last] - totals[first]
        if low - self._slack <= people <= high + self._slack:
            return []
        trial = list(totals)
        circle = self._lower(trial, self._onward, last if people < low else first)
        if not circle:
            totals[:] = trial
        return circle

    def close(self, x: list[float]) -> list[float]:
        """Near to `x`, where all margins hold that have not given way: halfway between the nearest from both sides."""
        lowered = [0.0, *accumulate(x)]
        raised = [-total for total in lowered]
        self._lower(lowered, self._onward)
        self._lower(raised, self._back)
        halves = [(low - negative) / 2 for low, negative in zip(lowered, raised, strict=True)]
        return [max(floor, right - left) for floor, (left, right) in zip(self._least, pairwise(halves), strict=True)]

    def _lower(self, totals: list[float], links: list[list[_Link]], source: int | None = None) -> list[_Link]:
        """Lower totals to what links from `source` on allow, or all links; the circle, should they lead back to it."""
        gone = self.gone
        slack = self._slack if source is not None else 2 * self._slack  # what is admitted with slack has to close
        causes: dict[int, tuple[int, _Link]] = {}
        waiting = deque(range(len(totals)) if source is None else (source,))
        queued = [source is None] * len(totals)
        for _ in range(len(totals) ** 2):
            if not waiting:
                break
            edge = waiting.popleft()
            queued[edge] = False
            here = totals[edge] + slack
            for link in links[edge]:
                to, room, rank, _ = link
                if totals[to] <= here + room or rank in gone:
                    continue
                if to == source:
                    return [link, *_path(causes, edge, source)]
                causes[to] = edge, link
                totals[to] = totals[edge] + room
                if not queued[to]:
                    queued[to] = True
                    waiting.append(to)
        return []


def _path(causes: dict[int, tuple[int, _Link]], edge: int, source: int) -> Iterator[_Link]:
    for _ in causes:  # no more steps than edges, should claims that agree but for rounding go round by themselves
        if edge == source:
            return
        edge, link = causes[edge]
        yield link


def _least_trusted_side(claims: Sequence[tuple[int, bool]]) -> set[int]:
    """Of claims in order of trust, each with the end that binds, the first ones that bind by the same end."""
    return {rank for rank, _ in takewhile(lambda claim: claim[1] == claims[0][1], claims)}
