"""Scenarios: reports at times and the alerts wanted of them, written by users to try their rules, as with promtool.

A step says what comes in at a time, and which alerts must be open after it: all of them, each by as many of its fields
as one cares to name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct

from bordertally.streams.alerts.inhibition import OpenAlerts
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.alerts.silences import Silence, make_silence, muted_alerts, silenced
from bordertally.streams.detection.registry import RULES
from bordertally.streams.errors import BordertallyError, ConfigError, RefusedError, shown
from bordertally.streams.moments import utc_text
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.rules.config import SEVERITIES, Rules
from bordertally.streams.statements.reports import WordReader, read_claims

T = TypeVar("T")
Wanted = dict[str, Any]
"""Fields of an alert and their values; `says` is a part of its explanation."""


class Marked(Alert, frozen=True, kw_only=True):
    """An alert, and whether anybody is told of it after a step."""

    silenced: bool = False
    inhibited: bool = False


FIELDS = (*Marked.__struct_fields__, "says")
ALLOWED: dict[str, Collection[str]] = {
    "rule": RULES,
    "severity": SEVERITIES,
    "peak_severity": SEVERITIES,
    "state": tuple(state.value for state in AlertState),
}
NEAR = 1e-3
"""Figures that differ by less are the same: `ratio` is rounded so."""
MOST_DAYS = 4_000


class CountSeries(Struct, frozen=True, forbid_unknown_fields=True):
    """A count a day of one source on one flow, from a first day on.

    `people` as promtool writes a series: figures and blanks, where `axn` is a and then n times more of it, `a+bxn` and
    `a-bxn` go on by b each, and `_` leaves a day out, `_xn` n of them.
    """

    source: str
    flow: str
    first: date
    people: str

    def figures(self) -> list[float | None]:
        """The figures by day, None where a day is left out. Raises ConfigError naming the word that is wrong."""
        values: list[float | None] = []
        for word in self.people.split():
            values += _expanded(word)
            if len(values) > MOST_DAYS:
                raise ConfigError(f"counts.people: {shown(word)} makes more than {MOST_DAYS:,} days")
        return values


class Hushed(Struct, frozen=True, forbid_unknown_fields=True):
    """A silence that is set at the time of a step: nobody is told of alerts on `flow` and below until then."""

    flow: str
    until: Annotated[datetime, Meta(tz=True)]
    rule: str | None = None

    def silence(self, at: datetime) -> Silence:
        """As a silence that holds from a time on. Raises ConfigError."""
        try:
            return make_silence(
                self.flow, until=self.until, author="scenario", comment="of a scenario", now=at, rule=self.rule
            )
        except BordertallyError as error:
            raise ConfigError(f"silence: {error}") from None


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """What comes in at a time, and the alerts that must be open then; without `want` nothing is asked."""

    at: Annotated[datetime, Meta(tz=True)]
    report: dict[str, Any] | list[dict[str, Any]] | None = None
    counts: CountSeries | list[CountSeries] | None = None
    silence: Hushed | list[Hushed] | None = None
    want: list[Wanted] | None = None


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """A story: its steps in order of time."""

    name: Annotated[str, Meta(min_length=1)]
    step: Annotated[list[Step], Meta(min_length=1)]


class Scenarios(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of them. `rules`, `sources`: files, as seen from this one, that the scenarios are played by."""

    scenario: Annotated[list[Scenario], Meta(min_length=1)]
    rules: str | None = None
    sources: str | None = None


class Difference(NamedTuple):
    """What is not as it was wanted after a step: an alert wanted, one that came, or both if of one flow and rule.

    `step`: its number from 1. `why` is set where there is neither: a report was refused.
    """

    step: int
    at: datetime
    wanted: Wanted | None = None
    came: Alert | None = None
    why: str | None = None

    @property
    def fields(self) -> list[str]:
        """The fields in which the two differ."""
        if self.wanted is None or self.came is None:
            return []
        return [name for name, value in self.wanted.items() if not _same(self.came, name, value)]


def parse_scenarios(text: str, where: str) -> Scenarios:
    """Read scenarios from TOML text. Raises ConfigError naming file, scenario, step and field."""
    try:
        file = msgspec.convert(tomllib.loads(text), Scenarios)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
    for scenario in file.scenario:
        before = None
        for number, step in enumerate(scenario.step, 1):
            place = f"{where}: {scenario.name}: step {number}"
            if before is not None and step.at < before:
                raise ConfigError(f"{place}: at: {step.at.isoformat()} is before that of the step before it")
            before = step.at
            for wanted in step.want or []:
                _check(wanted, f"{place}: want")
            try:
                for counts in _listed(step.counts):
                    counts.figures()
                for hushed in _listed(step.silence):
                    hushed.silence(step.at)
            except ConfigError as error:
                raise ConfigError(f"{place}: {error}") from None
    return file


def _check(wanted: Wanted, where: str) -> None:
    for name, value in wanted.items():
        if name not in FIELDS:
            raise ConfigError(f"{where}: {shown(name)} is no field of an alert; there are {', '.join(FIELDS)}")
        allowed = ALLOWED.get(name)
        if allowed is not None and value not in allowed:
            raise ConfigError(f"{where}: {name}: {shown(value)} is none of {', '.join(allowed)}")


_WORD = re.compile(r"(?:(_)|(\d+(?:\.\d+)?)(?:([+-])(\d+(?:\.\d+)?))?)(?:x(\d{1,4}))?")


def _expanded(word: str) -> list[float | None]:
    match = _WORD.fullmatch(word)
    if match is None or (match[3] and not match[5]):
        raise ConfigError(f"counts.people: {shown(word)} is no figure, 400x6, 400+10x6 or _")
    times = int(match[5] or 0)
    if match[1]:
        return [None] * max(1, times)
    each = float(match[4] or 0) * (-1 if match[3] == "-" else 1)
    figures = [float(match[2]) + each * number for number in range(times + 1)]
    if min(figures) < 0:
        raise ConfigError(f"counts.people: {shown(word)} falls below 0")
    return list(figures)


def _listed(value: T | list[T] | None) -> list[T]:
    return [] if value is None else value if isinstance(value, list) else [value]


# --- playing them ----------------------------------------------------------------------------------------------


def play(
    scenario: Scenario,
    registry: Registry,
    rules: Rules,
    limits: Limits | None = None,
    words: WordReader | None = None,
) -> list[Difference]:
    """Take the reports step by step through the core; everything that is not as it was wanted, in order."""
    desk = ReplayLedgers(registry, rules)
    differences: list[Difference] = []

    def read(raw: bytes, at: datetime) -> list[Claim]:
        return read_claims(raw, registry, at.timestamp(), limits, words)

    silences: list[Silence] = []
    for number, step in enumerate(scenario.step, 1):
        silences += [silenced.silence(step.at) for silenced in _listed(step.silence)]
        for claims in _reports(step, number, read, differences):
            for _ in desk.apply(claims):
                pass
        if step.want is not None:
            newest = _marked(
                [alert.record for known in desk.known.values() for alert in known], silences, step.at, rules
            )
            differences += [Difference(number, step.at, *pair) for pair in compare(step.want, newest)]
    return differences


def _marked(alerts: Sequence[Alert], silences: Sequence[Silence], at: datetime, rules: Rules) -> list[Alert]:
    """The alerts, and whether anybody is told of them at a time."""
    muted = muted_alerts(alerts, silences, at, OpenAlerts(alerts), rules)
    return [
        Marked(
            **msgspec.structs.asdict(alert),
            silenced=silenced(alert, silences, at) is not None,
            inhibited=alert.id in muted and muted[alert.id].inhibited_by is not None,
        )
        for alert in alerts
    ]


def _reports(
    step: Step, number: int, read: Callable[[bytes, datetime], list[Claim]], differences: list[Difference]
) -> Iterator[list[Claim]]:
    """The claims of a step, report by report; a refused report is added to `differences`."""
    documents = [
        {"id": f"step-{number}-{place}", "published": step.at, **report}
        for place, report in enumerate(_listed(step.report), 1)
    ]
    for counts in _listed(step.counts):
        for later, people in enumerate(counts.figures()):
            day = counts.first + timedelta(days=later)
            if people is not None:
                documents.append(
                    {
                        "id": f"step-{number}-{counts.flow}-{day}",
                        "published": step.at,
                        "source": counts.source,
                        "flow": counts.flow,
                        "period": day,
                        "people": people,
                        "qualifier": "count",
                    }
                )
    for document in documents:
        try:
            yield read(msgspec.json.encode(document), step.at)
        except RefusedError as error:
            differences.append(Difference(number, step.at, why=f"report {document['id']} is refused: {error}"))


def compare(wanted: Sequence[Wanted], alerts: Sequence[Alert]) -> list[tuple[Wanted | None, Alert | None]]:
    """What is amiss: pairs of a wanted alert that did not come and one that came unwanted, of one flow and rule.

    Wanted are all alerts that are open; one that names a `state` may be a closed one, and no closed one need be named.
    """
    fits = [[place for place, alert in enumerate(alerts) if _fits(alert, expected)] for expected in wanted]
    holder: dict[int, int] = {}

    def assign(number: int, tried: set[int]) -> bool:
        for place in fits[number]:
            if place not in tried:
                tried.add(place)
                if place not in holder or assign(holder[place], tried):
                    holder[place] = number
                    return True
        return False

    missing = [expected for number, expected in enumerate(wanted) if not assign(number, set())]
    left = [alert for place, alert in enumerate(alerts) if place not in holder and alert.state.is_open]
    unmatched: list[tuple[Wanted | None, Alert | None]] = []
    for absent in missing:
        like = next((alert for alert in left if all(_same(alert, name, absent[name]) for name in _who(absent))), None)
        if like is not None:
            left.remove(like)
        unmatched.append((absent, like))
    return [*unmatched, *((None, alert) for alert in left)]


def _who(wanted: Mapping[str, Any]) -> list[str]:
    return [name for name in ("flow", "rule") if name in wanted]


def _fits(alert: Alert, wanted: Wanted) -> bool:
    return (alert.state.is_open or "state" in wanted) and all(
        _same(alert, name, value) for name, value in wanted.items()
    )


def value_of(alert: Alert, name: str) -> Any:
    """The value of a field of an alert, as `want` writes it."""
    value = getattr(alert, "explanation" if name == "says" else name)
    return value.value if isinstance(value, AlertState) else value


def _same(alert: Alert, name: str, wanted: Any) -> bool:
    value = value_of(alert, name)
    if name == "says":
        return str(wanted) in value
    if isinstance(wanted, datetime):
        return bool(value == utc_text(wanted, "seconds"))
    if isinstance(wanted, date):
        return bool(value == wanted.isoformat())
    if isinstance(wanted, int | float) and isinstance(value, int | float):
        return abs(value - wanted) < NEAR
    return bool(value == wanted)
