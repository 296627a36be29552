"""Versions of one claim: which is in force, the outcome of a new version, and the versions kept of replaced claims.

Versions are kept so that what a source said first can be compared with what it says now: of claims of one day or of
seven, those published within LATE_DAYS days of the end of the period, and of each day of publication (UTC) the last.
`published` is the time that orders versions: no later than the first arrival. So what is kept is a function of the set
of versions with their first arrivals, and is bounded.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.rows import BLOCK_DAYS, StoredVersions, Version
from bordertally.streams.moments import MICRO
from bordertally.streams.natural_order import natural
from bordertally.streams.periods import DAY, ordinal_of
from bordertally.streams.qualifiers import Bound, Qualifier
from bordertally.streams.reports.claims import Claim, Identity, claim_of_reading, is_reading, reading_of, shown_twice
from bordertally.streams.reports.notices import NoticeKind, ReportNotice
from bordertally.streams.reports.readings import Columns, Reading, Readings
from bordertally.streams.reports.sources import counts


class Outcome(enum.StrEnum):
    """The outcome of adding a claim to the ledger; the labels of `bordertally_claims_total`."""

    NEW = "new"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    DUPLICATE = "duplicate"
    STALE = "stale"


UNMOVED = frozenset({Outcome.DUPLICATE, Outcome.STALE})
"""Outcomes that leave the ledger unchanged."""


def outcome_of(new: Claim | Reading, current: Claim | Reading | None) -> Outcome:
    """Return what `new` does to `current`, the version in force; their time of publication decides, not of arrival."""
    if current is None:
        return Outcome.WITHDRAWAL if new.best is None else Outcome.NEW
    if new == current:
        return Outcome.DUPLICATE
    if rank(new) <= rank(current):
        return Outcome.STALE
    if new.best is None and current.best is not None:
        return Outcome.WITHDRAWAL
    return Outcome.CORRECTION


def in_force(claims: Iterable[Claim]) -> list[Claim]:
    """The claims of a stored row without earlier versions, which a row keeps where they state a level."""
    newest: dict[Identity, Claim] = {}
    for claim in claims:
        known = newest.setdefault(claim.identity, claim)
        if known is not claim and rank(claim) > rank(known):
            newest[claim.identity] = claim
    return list(newest.values())


def tied(new: Claim | Reading, current: Claim | Reading | None) -> bool:
    """Whether two versions of a claim state different figures at one time, so that one of them is passed over."""
    if current is None or new.published != current.published:
        return False
    return (new.low, new.best, new.high) != (current.low, current.best, current.high)


def passed_over(
    new: Claim | Reading, current: Claim | Reading | None, outcome: Outcome, flow: str, day: str
) -> ReportNotice | None:
    """A notice where one of two versions of one time is passed over, or a withdrawal meets no claim; else None."""
    if outcome is Outcome.WITHDRAWAL and current is None:
        why = f"null on {flow}, {day}, withdraws no claim; check flow, period, population, unit and measure"
        return ReportNotice(NoticeKind.UNMATCHED_WITHDRAWAL, "people", why)
    if outcome is Outcome.DUPLICATE or not tied(new, current):
        return None
    assert current is not None
    loser, winner = (new, current) if outcome is Outcome.STALE else (current, new)
    passed, stands = (f"{_figure(version)} of report {version.report}" for version in (loser, winner))
    why = f"{flow}, {day}: {passed} is passed over for {stands}, which has the same time"
    return ReportNotice(NoticeKind.EQUAL_PUBLISHED, "published", why)


def _figure(version: Claim | Reading) -> str:
    """The people of a version as a report writes them."""
    return "null" if version.best is None else f"{version.best:,.10g}"


class FirstArrivals:
    """The first arrivals of versions that were dated ahead of it, of one ledger, by flow and first day of the period.

    A version sent again arrives later, and may then no longer be dated ahead; its first arrival still counts.
    """

    def __init__(self) -> None:
        self._days: dict[tuple[str, int], dict[bytes, int]] = {}

    def of(self, flow: str, day: int) -> dict[bytes, int]:
        """The arrivals (microseconds since 1970 UTC) of the versions of claims that begin on a day, by their digest."""
        return self._days.get((flow, day), {})

    def restore(self, flow: str, day: int, arrivals: dict[bytes, int]) -> None:
        """Take over what `of` returned before."""
        known = self._days.setdefault((flow, day), {})
        known.update({digest: min(at, known.get(digest, at)) for digest, at in arrivals.items()})

    def note(self, claim: Claim) -> tuple[Claim, bool]:
        """A version with its first arrival as `published`, where it was dated ahead; whether this is news to keep."""
        place = claim.flow, ordinal_of(claim.local_start)
        if claim.dated is None and place not in self._days:
            return claim, False
        digest = _digest(claim)
        first = self._days.get(place, {}).get(digest)
        if claim.dated is None:
            if first is None or first >= claim.published:
                return claim, False
            return msgspec.structs.replace(claim, published=first, dated=claim.published), False
        if first is not None and first <= claim.published:
            return msgspec.structs.replace(claim, published=first), False
        self._days.setdefault(place, {})[digest] = claim.published
        return claim, True

    def note_readings(self, group: Readings) -> Readings:
        """The same of readings, none of which was dated ahead when it arrived."""
        if not self._days:
            return group
        days = {ordinal_of(start) for start in group.columns.local_starts}
        if not any((group.flow, day) in self._days for day in days):
            return group
        claims = [self.note(claim_of_reading(group, reading))[0] for reading in group.columns.readings()]
        return msgspec.structs.replace(group, columns=Columns.of(map(reading_of, claims)))


def _digest(claim: Claim) -> bytes:
    """What tells versions apart: what the source said, and not what the registry made of it."""
    published = claim.published if claim.dated is None else claim.dated
    said = msgspec.structs.replace(claim, published=published, dated=None, grade="", origin=None)
    if is_reading(claim):  # a reading keeps no more than its figure
        said = msgspec.structs.replace(said, url=None, text=None, qualifier=Qualifier.COUNT)
    return blake2b(msgspec.msgpack.encode(said), digest_size=12).digest()


def rank(version: Claim | Reading) -> tuple[object, ...]:
    """Return the place of a version in a total order of the versions of one identity, the one in force last.

    The time published decides; then a withdrawal comes after a figure, then the natural order of the report ids, then
    any fixed order. Of readings of an hour that the clock shows twice, each of which is at least so many, the largest
    counts: neither corrects the other.
    """
    hour = (version.best or 0.0) if shown_twice(version) else 0.0
    return version.published, version.best is None, hour, *natural(version.report), msgspec.msgpack.encode(version)


LATE_DAYS = 21
"""A version published later than so many days after its period is no part of what was said first, and is not kept."""

LENGTHS = (1, 7)
"""The periods, in days, whose versions are kept."""


def published_day(published: int) -> int:
    """The ordinal day (UTC) of a time of publication."""
    return ordinal_of(int(published // MICRO))


def length_of(claim: Claim) -> int | None:
    """The days of a claim whose versions are kept; None for any other claim."""
    days, rest = divmod(claim.local_end - claim.local_start, DAY)
    kept = rest == 0 and days in LENGTHS and claim.local_start % DAY == 0 and counts(claim.grade)
    return days if kept else None


def says_how_many(claim: Claim) -> bool:
    """Whether a claim says how many people, and not only how many at least: "so far today" is not revised later."""
    return claim.best is not None and claim.qualifier.bound is not Bound.AT_LEAST


def block_of(identity: Identity) -> int:
    """The number of the row that holds the versions of a claim, within its flow."""
    return ordinal_of(identity.start) // BLOCK_DAYS


class ReplacedVersions:
    """The versions of the claims of a series that were replaced, by identity and day of publication.

    `sources`: the sources that have such claims.
    """

    def __init__(self) -> None:
        self.sources: set[str] = set()
        self._blocks: dict[int, dict[Identity, dict[int, Version]]] = {}

    def note(self, *claims: Claim) -> bool:
        """Keep versions of one claim; return whether anything changed."""
        changed = False
        for claim in claims:
            day = published_day(claim.published)
            if length_of(claim) is None or day > ordinal_of(claim.local_end - 1) + LATE_DAYS:
                continue
            if claim.best is not None and not says_how_many(claim):
                continue
            version, versions = Version(claim.published, claim.report, claim.best), self._open(claim.identity)
            if day not in versions or versions[day].rank < version.rank:
                versions[day] = version
                changed = True
        return changed

    def history(self, claim: Claim) -> list[tuple[int, float | None]]:
        """What was said of a claim in force, by day of publication, the first version first."""
        replaced = self._blocks.get(block_of(claim.identity), {}).get(claim.identity, {})
        people = {day: version.people for day, version in replaced.items()}
        people[published_day(claim.published)] = claim.best
        return sorted(people.items())

    def row(self, flow: Flow, block: int) -> list[StoredVersions]:
        """Return the versions of the claims on a flow whose period begins in a block of days, in stored form."""
        return [
            (identity, sorted(versions.items()))
            for identity, versions in sorted(self._blocks.get(block, {}).items())
            if identity.flow == flow
        ]

    def restore(self, identity: Identity, versions: Iterable[tuple[int, Version]]) -> None:
        """Put the stored versions of a claim back."""
        self._open(identity).update(versions)

    def _open(self, identity: Identity) -> dict[int, Version]:
        self.sources.add(identity.source)
        return self._blocks.setdefault(block_of(identity), {}).setdefault(identity, {})
