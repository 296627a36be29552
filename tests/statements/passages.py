r"""Passages of real text, as paraphrases, and how well the reader does on them.

Structure and punctuation are those of real articles, posts and reports; words, names, places, dates and figures are
others. A file is a list of entries, blank lines between them:

    @ pl-sg 2022-09-27T09:00 ministry     the source (see SOURCES), when on its wall clock, and the kind of text
    The text, with \n for a new line.
    = FLOW PERIOD PEOPLE QUALIFIER        must become a claim
    ~ ...                                 may become a claim, wait in review or be left out
    ? ...                                 must not become a claim: it waits in review, or is left out

PEOPLE may be a range A-B. A field may list what is accepted (`stated|about`); `-` accepts anything. `24h` is the last
24 hours or the day before. `UA:PL:*` is UA:PL and every checkpoint of it; a bloc in front of its member is ignored.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import UNSET

from bordertally.streams.periods import parse_period
from bordertally.streams.reports.records import ClaimFields
from bordertally.streams.statements.reader import Speaker
from bordertally.streams.statements.records import FoundClaim, Statement
from statements.corpus import reading

HERE = Path(__file__).parent / "real"
SOURCES = {
    "agency": ("UTC", None),
    "unhcr": ("UTC", None),
    "iom": ("UTC", None),
    "frontex": ("Europe/Warsaw", "EU"),
    "kz-mia": ("Asia/Almaty", "KZ"),
    "ge-mia": ("Asia/Tbilisi", "GE"),
    "fi-raja": ("Europe/Helsinki", "FI"),
    "pl-sg": ("Europe/Warsaw", "PL"),
    "ro-igpf": ("Europe/Bucharest", "RO"),
    "lt-vsat": ("Europe/Vilnius", "LT"),
    "lv-sbg": ("Europe/Riga", "LV"),
    "lb-gov": ("Asia/Beirut", "LB"),
    "hu-police": ("Europe/Budapest", "HU"),
    "by-gpk": ("Europe/Minsk", "BY"),
    "do-dgm": ("America/Santo_Domingo", "DO"),
    "gb-ho": ("Europe/London", "GB"),
    "es-moi": ("Europe/Madrid", "ES"),
    "us-cbp": ("America/New_York", "US"),
    "pa-snm": ("America/Panama", "PA"),
    "am-gov": ("Asia/Yerevan", "AM"),
    "ua-dpsu": ("Europe/Kyiv", "UA"),
    "md-pf": ("Europe/Chisinau", "MD"),
}
CERTAIN, EITHER, REVIEW = "=~?"
HOUR = timedelta(hours=1)
Wall = tuple[datetime, datetime]


class Label(NamedTuple):
    """What a person says of one figure of a passage."""

    expect: str
    flows: list[str]
    periods: list[str]
    people: tuple[float, ...]
    qualifiers: list[str]

    def __str__(self) -> str:
        people = "-".join(f"{figure:g}" for figure in self.people)
        return f"{'|'.join(self.flows)} {'|'.join(self.periods)} {people} {'|'.join(self.qualifiers)}"


class Passage(NamedTuple):
    """A text with its labels."""

    where: str
    kind: str
    text: str
    published: datetime
    speaker: Speaker
    labels: list[Label]

    @property
    def russian(self) -> bool:
        """Whether most letters are Cyrillic."""
        letters = [sign for sign in self.text if sign.isalpha()]
        return sum("\u0400" <= sign <= "\u04ff" for sign in letters) * 2 > len(letters)

    @property
    def claims(self) -> bool:
        """Whether anything in it must become a claim."""
        return any(label.expect == CERTAIN for label in self.labels)

    def read(self) -> Statement:
        """As the reader sees it."""
        return reading(self.text, self.published, self.speaker)

    def wrong_fields(self, label: Label, claim: ClaimFields) -> list[str]:
        """The fields in which a claim is not what a label says."""
        wrong = [] if any(_same_flow(flow, claim.flow) for flow in label.flows) else ["flow"]
        if not any(self._same_period(period, claim.period) for period in label.periods):
            wrong.append("period")
        if label.people != figures(claim):
            wrong.append("people")
        if str(claim.qualifier) not in label.qualifiers:
            wrong.append("qualifier")
        return wrong

    def _same_period(self, wanted: str, period: object) -> bool:
        if wanted == "-":
            return True
        if not isinstance(period, str):
            return False
        zone, wall = self.speaker.zone, self.published.replace(tzinfo=None)
        start, end = _wall(period, zone)
        if wanted == "24h":
            midnight = datetime.combine(wall.date(), datetime.min.time())
            day = (midnight - 24 * HOUR, midnight)
            return (start, end) == day or (end - start == 24 * HOUR and abs(end - wall) <= HOUR)
        return (start, end) == _wall(wanted, zone)


def _wall(period: str, zone: ZoneInfo) -> Wall:
    read = parse_period(period, zone)
    start, end = (datetime.fromtimestamp(moment, zone).replace(tzinfo=None) for moment in (read.start, read.end))
    return start, end


def _plain(flow: str) -> list[str]:
    parts = flow.split(":")
    return [parts[0], *parts[2:]] if len(parts) > 2 and parts[1] == "EU" and parts[2].isupper() else parts


def _same_flow(wanted: str, flow: object) -> bool:
    if wanted == "-":
        return True
    have, need = _plain(flow if isinstance(flow, str) else ""), _plain(wanted)
    return have[: len(need) - 1] == need[:-1] if need[-1] == "*" else have == need


def figures(claim: ClaimFields) -> tuple[float, ...]:
    """The figure of a claim, or the two of a range."""
    people = claim.people
    return tuple(people) if isinstance(people, list) else (float(people or 0),)


def passages(name: str) -> list[Passage]:
    """The passages of a file."""
    blocks = (HERE / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n")
    return [_passage(f"{name}:{number}", block.splitlines()) for number, block in enumerate(blocks, 1)]


def _passage(where: str, lines: list[str]) -> Passage:
    head, text, *labels = lines
    mark, source, when, kind = head.split()
    assert mark == "@", f"{where}: {head}"
    tz, home = SOURCES[source]
    zone = ZoneInfo(tz)
    published = datetime.fromisoformat(when).replace(tzinfo=zone)
    text = text.replace("\\n", "\n")
    return Passage(where, kind, text, published, Speaker(zone, home), [_label(where, label) for label in labels])


def _label(where: str, line: str) -> Label:
    expect, flows, periods, people, qualifiers = line.split()
    assert expect in {CERTAIN, EITHER, REVIEW}, f"{where}: {line}"
    low_high = tuple(float(part) for part in people.split("-"))
    return Label(expect, flows.split("|"), periods.split("|"), low_high, qualifiers.split("|"))


class Tally(NamedTuple):
    """What became of the claims and labels of some passages."""

    counts: Counter[str]
    problems: list[str]

    @property
    def precision(self) -> float:
        """Of the certain claims that a label judges, the share that is right; 1 where there is none."""
        made = self.counts["right"] + self.counts["wrong"]
        return self.counts["right"] / made if made else 1.0

    @property
    def recall(self) -> float:
        """Of the labels that must become a claim, the share that does."""
        return self._share("right")

    @property
    def kept(self) -> float:
        """Likewise, where waiting in review with the right content counts too."""
        return self._share("right", "waiting")

    @property
    def reviewed(self) -> float:
        """Items in review for one right certain claim."""
        return self.counts["review items"] / max(1, self.counts["right"])

    def _share(self, *names: str) -> float:
        return sum(self.counts[name] for name in names) / max(1, self.counts["labels"])

    def row(self, name: str) -> str:
        """One line of the table below HEAD."""
        count = self.counts
        return (
            f"{name:<24}{count['passages']:>5}{count['labels']:>7}{count['right']:>6}{count['wrong']:>6}"
            f"{self.precision:>10.3f}{self.recall:>8.3f}{self.kept:>14.3f}{self.reviewed:>13.2f}"
            f"{count['silent and wrong']:>9}/{count['silent']}"
        )


HEAD = (
    f"{'':<24}{'texts':>5}{'labels':>7}{'right':>6}{'wrong':>6}{'precision':>10}{'recall':>8}"
    f"{'or in review':>14}{'items/right':>13}{'no claim, but wrong':>20}"
)


def tally(corpus: list[Passage]) -> Tally:
    """How the passages are read, against their labels."""
    counts: Counter[str] = Counter()
    problems: list[str] = []
    for passage in corpus:
        statement = passage.read()
        wrong, missed = _judge(passage, statement, counts)
        counts["passages"] += 1
        counts["review items"] += len(statement.doubtful)
        counts["silent"] += not passage.claims
        counts["silent and wrong"] += bool(wrong) and not passage.claims
        if wrong or missed:
            problems.append(
                "\n  ".join([f"{passage.where} {passage.published:%a %F %R} {passage.text}", *wrong, *missed])
            )
    return Tally(counts, problems)


def _judge(passage: Passage, statement: Statement, counts: Counter[str]) -> tuple[list[str], list[str]]:
    good = [label for label in passage.labels if label.expect != REVIEW]
    taken: list[Label] = []
    wrong = []
    for claim in statement.certain:
        fits = [label for label in good if not passage.wrong_fields(label, claim.claim)]
        free = [label for label in fits if not any(label is other for other in taken)]
        if free:
            label = min(free, key=lambda option: option.expect != CERTAIN)
            taken.append(label)
            counts["right"] += label.expect == CERTAIN
        elif not fits:
            wrong.append(f"WRONG {shown(claim)} <- {_why_wrong(passage, claim)}")
    counts["wrong"] += len(wrong)
    missed = []
    for label in good:
        if label.expect != CERTAIN:
            continue
        counts["labels"] += 1
        if any(label is other for other in taken):
            continue
        waiting = [claim for claim in statement.doubtful if figures(claim.claim) == label.people]
        right = [claim for claim in waiting if not passage.wrong_fields(label, claim.claim)]
        counts["waiting"] += bool(right)
        state = "waits, right" if right else "waits, wrong" if waiting else "not found"
        beside = "; ".join(map(shown, waiting)) or ", ".join(
            f"{statement.text[left.span.start : left.span.end]} {left.why}" for left in statement.left_out
        )
        missed.append(f"MISSED {label} <- {state}: {beside}")
    return wrong, missed


def _why_wrong(passage: Passage, claim: FoundClaim) -> str:
    near = [label for label in passage.labels if label.people == figures(claim.claim)]
    if not near:
        return "no such claim"
    best = min((passage.wrong_fields(label, claim.claim) for label in near), key=len)
    return "must wait" if all(label.expect == REVIEW for label in near) else f"wrong {'+'.join(best)}"


def shown(claim: FoundClaim) -> str:
    """A claim on one line."""
    flow, period = ("-" if field is UNSET else field for field in (claim.claim.flow, claim.claim.period))
    return f"{flow} {period} {claim.claim.people} {claim.claim.qualifier} {' '.join(claim.doubts)}".strip()
