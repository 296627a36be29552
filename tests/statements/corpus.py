"""The corpus of statements and how well the reader does on it.

A file is a list of entries, blank lines between them:

    @ kz 2022-09-27T09:00        who says so (see SPEAKERS), and when, on their wall clock
    The text.
    = FLOW PERIOD PEOPLE QUALIFIER [POPULATION] [unnamed] [per=day] [normal=A-B] [change=P] [unit=U]
    ? ...                        the same, but uncertain: it belongs on the review, not among claims
    ! REASON                     a figure that is no claim, and why ("nothing": there is no figure)

PEOPLE may be a range A-B; `-` stands for a flow or a period that cannot be told.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import UNSET

from bordertally.agents.runtime.languages import load_reader
from bordertally.streams.flows import nested, parse_flow
from bordertally.streams.periods import parse_period
from bordertally.streams.statements.reader import Speaker
from bordertally.streams.statements.records import FoundClaim, Statement, Voice

HERE = Path(__file__).parent
READER = load_reader()
BLOCS = frozenset({"EU"})
SPEAKERS = {
    "kz": ("Asia/Almaty", "KZ"),
    "ge": ("Asia/Tbilisi", "GE"),
    "fx": ("Europe/Warsaw", "EU"),
    "fi": ("Europe/Helsinki", "FI"),
    "no": ("Europe/Oslo", "NO"),
    "lv": ("Europe/Riga", "LV"),
    "lt": ("Europe/Vilnius", "LT"),
    "ee": ("Europe/Tallinn", "EE"),
    "pl": ("Europe/Warsaw", "PL"),
    "mn": ("Asia/Ulaanbaatar", "MN"),
    "ru": ("Europe/Moscow", "RU"),
    "am": ("Asia/Yerevan", "AM"),
    "kg": ("Asia/Bishkek", "KG"),
    "uz": ("Asia/Tashkent", "UZ"),
    "md": ("Europe/Chisinau", "MD"),
    "sk": ("Europe/Bratislava", "SK"),
    "hu": ("Europe/Budapest", "HU"),
    "ro": ("Europe/Bucharest", "RO"),
    "gb": ("Europe/London", "GB"),
    "hk": ("Asia/Hong_Kong", "HK"),
    "es": ("Europe/Madrid", "ES"),
    "tr": ("Europe/Istanbul", "TR"),
    "by": ("Europe/Minsk", "BY"),
    "xx": ("UTC", None),
}
FIELDS = ("flow", "period", "people", "qualifier", "population", "per", "unit", "normal", "change", "voice")
JOINT = ("flow", "period", "people", "qualifier")


class Facts(NamedTuple):
    """A claim in a form that can be compared: two spellings of one period are one."""

    flow: str
    period: tuple[int, int] | None
    people: tuple[float, ...]
    qualifier: str
    population: str
    per: str
    unit: str
    normal: tuple[float, ...]
    change: float | None
    voice: str

    @property
    def joint(self) -> tuple[object, ...]:
        """The fields that must be right together."""
        return tuple(getattr(self, name) for name in JOINT)


class Entry(NamedTuple):
    """A statement of the corpus, with what it claims."""

    where: str
    text: str
    published: datetime
    speaker: Speaker
    certain: list[Facts]
    doubtful: list[Facts]
    reasons: list[str]

    def read(self) -> Statement:
        """As the reader sees it."""
        return reading(self.text, self.published, self.speaker)


@cache
def reading(text: str, published: datetime, speaker: Speaker) -> Statement:
    """What the reader makes of a text; several tests look at the same text."""
    return READER.read(text, published, speaker)


class Score(NamedTuple):
    """What the reader gets right: `found` claims, `wanted` claims, and how many are right, by field and jointly."""

    found: int
    wanted: int
    right: Counter[str]
    errors: list[str]

    def precision(self, name: str = "joint") -> float:
        """Of the claims found, the share that is right."""
        return self.right[name] / self.found if self.found else 1.0

    def recall(self, name: str = "joint") -> float:
        """Of the claims that are there, the share that is found and right."""
        return self.right[name] / self.wanted if self.wanted else 1.0

    def table(self, title: str) -> str:
        """As lines to print."""
        rows = [f"{title}: {self.wanted} claims, {self.found} found"]
        rows += [
            f"  {name:<12} precision {self.precision(name):.3f}  recall {self.recall(name):.3f}"
            for name in ("joint", *FIELDS)
        ]
        return "\n".join(rows)


def entries(name: str) -> list[Entry]:
    """The entries of a file."""
    blocks = [block for block in (HERE / name).read_text(encoding="utf-8").split("\n\n") if "@ " in block]
    lines = [[line for line in block.splitlines() if not line.startswith("#")] for block in blocks]
    return [_entry(f"{name}:{index + 1}", [line for line in each if line]) for index, each in enumerate(lines)]


def _entry(where: str, lines: list[str]) -> Entry:
    _, who, when = lines[0].split()
    tz, home = SPEAKERS[who]
    zone = ZoneInfo(tz)
    published = datetime.fromisoformat(when).replace(tzinfo=zone)
    marked = {mark: [line[2:] for line in lines[2:] if line[0] == mark] for mark in "=?!"}
    assert len(lines) == 2 + sum(len(each) for each in marked.values()), f"{where}: {lines}"
    return Entry(
        where,
        lines[1],
        published,
        Speaker(zone, home),
        [_facts(line, zone) for line in marked["="]],
        [_facts(line, zone) for line in marked["?"]],
        marked["!"],
    )


def _facts(line: str, zone: ZoneInfo) -> Facts:
    flow, period, people, qualifier, *rest = line.split()
    named = dict(word.split("=") for word in rest if "=" in word)
    plain = [word for word in rest if "=" not in word]
    return Facts(
        _flow(flow),
        _span(period, zone),
        tuple(float(part) for part in people.split("-")),
        qualifier,
        next((word for word in plain if word not in list(Voice)), "people"),
        named.get("per", ""),
        named.get("unit", "people"),
        tuple(float(part) for part in named["normal"].split("-")) if "normal" in named else (),
        float(named["change"]) if "change" in named else None,
        next((word for word in plain if word in list(Voice)), "own"),
    )


def facts(read: FoundClaim, zone: ZoneInfo) -> Facts:
    """A claim that was found, in the same form."""
    claim = read.claim
    normal = [] if claim.normal is UNSET or claim.normal is None else claim.normal.daily
    change = claim.change_percent
    return Facts(
        _flow("-" if claim.flow is UNSET else claim.flow),
        None if claim.period is UNSET else _span(claim.period, zone),
        tuple(claim.people) if isinstance(claim.people, list) else (float(claim.people or 0),),
        str(claim.qualifier),
        str(claim.population),
        claim.per or "" if claim.per is not UNSET else "",
        "people" if claim.unit is UNSET else str(claim.unit),
        tuple(normal) if isinstance(normal, list) else () if normal is None else (normal,),
        None if change is UNSET else change,
        str(read.voice),
    )


def _flow(text: str) -> str:
    return text if text == "-" else nested(parse_flow(text), BLOCS)


def _span(text: str, zone: ZoneInfo) -> tuple[int, int] | None:
    if text == "-":
        return None
    period = parse_period(text, zone)
    return period.start, period.end


def _near(fact: Facts, other: Facts) -> int:
    return sum(bool(getattr(fact, name) == getattr(other, name)) for name in FIELDS) + 5 * (fact.people == other.people)


def score(corpus: list[Entry]) -> Score:
    """Certain claims against those of the corpus, each paired with the one most like it."""
    right: Counter[str] = Counter()
    errors: list[str] = []
    matched = wanted = 0
    for entry in corpus:
        statement = entry.read()
        have = [facts(claim, entry.speaker.zone) for claim in statement.certain]
        left = list(entry.certain)
        matched, wanted = matched + len(have), wanted + len(left)
        for fact in sorted(have, key=lambda fact: -max((_near(fact, other) for other in left), default=0)):
            twin = max(left, key=lambda other: _near(fact, other), default=None)
            if twin is None or twin.people != fact.people:
                errors.append(f"{entry.where}: not there: {fact}\n    {entry.text}")
                continue
            left.remove(twin)
            right.update(name for name in FIELDS if getattr(fact, name) == getattr(twin, name))
            right["joint"] += fact.joint == twin.joint
            if fact != twin:
                odd = [
                    f"{name}={getattr(fact, name)}, not {getattr(twin, name)}"
                    for name in FIELDS
                    if getattr(fact, name) != getattr(twin, name)
                ]
                errors.append(f"{entry.where}: {'; '.join(odd)}\n    {entry.text}")
        doubts = "; ".join(f"{claim.claim.people} {list(claim.doubts)}" for claim in statement.doubtful)
        why = ", ".join(
            f"{entry.text[left_out.span.start : left_out.span.end]!r} {left_out.why}" for left_out in statement.left_out
        )
        errors += [
            f"{entry.where}: missed: {figure} (review: {doubts}; left out: {why})\n    {entry.text}" for figure in left
        ]
    return Score(matched, wanted, right, errors)
