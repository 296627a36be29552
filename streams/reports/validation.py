"""Validation: a report becomes claims, or one error that names the field, quotes its value and says what to write."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from bordertally.streams.errors import Reason, RefusedError, shown, some
from bordertally.streams.flows import countries, did_you_mean, nested, parse_flow
from bordertally.streams.moments import MICRO, microseconds
from bordertally.streams.periods import Period, doubtful_times, parse_period
from bordertally.streams.qualifiers import UNQUALIFIED, Interval, Qualifier, interval, spread
from bordertally.streams.reports.claims import NO_NORMAL, Claim, shown_twice
from bordertally.streams.reports.diagnosis import REQUIRED_FIELD, diagnose, unread
from bordertally.streams.reports.notices import NoticeKind, ReportNotice, StrictReport, Tell, unknown_fields, untold
from bordertally.streams.reports.plain import NOT_KEPT
from bordertally.streams.reports.records import MOST_PEOPLE, REQUIRED, ClaimFields, Measure, Normal, Report
from bordertally.streams.reports.sources import Registry
from bordertally.streams.settings import Settings

_POPULATION = re.compile(r"(?:[a-z][a-z0-9_-]{0,39})(?::([A-Z]{2}))?", re.ASCII)
OTHER_CITIZENS = "citizens:ZZ"
"""Citizens of other countries, or of countries that are not known."""
_decode = msgspec.json.Decoder(Report).decode
_decode_strictly = msgspec.json.Decoder(StrictReport).decode


class Limits(NamedTuple):
    """The most that a report may have: bytes, days in a period, and seconds that a time may lie ahead of another."""

    bytes: int = 262_144
    period_days: int = 4_000
    skew_s: int = 86_400

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits in the settings: one setting for the worker, the gateway and every command."""
        return cls(settings.report_bytes, settings.period_days, settings.skew_s)


class Head(NamedTuple):
    """Who published a report and when, checked: what each of its claims carries and is checked against.

    `published`: microseconds since 1970 UTC, as the report states it. `arrived`: the arrival, where that counts for
    precedence because `published` is later. `tell` takes the notices about its claims.
    """

    report: str
    source: str
    published: int
    registry: Registry
    limits: Limits
    tell: Tell = untold
    arrived: int | None = None


def read_report(raw: bytes, registry: Registry, now: float, limits: Limits | None = None) -> list[Claim]:
    """The claims of a report in figures, from its bytes; a report is accepted whole or refused whole.

    `now`: when the report arrived, in seconds since 1970 UTC; `published` may be later by `Limits.skew_s` at most.
    Raises RefusedError, with the report's id where the id could be read.
    """
    limits = limits or Limits()
    return claims_of(decode_report(raw, limits), registry, now, limits)


def decode_report(raw: bytes, limits: Limits, tell: Tell = untold) -> Report:
    """The fields of a report, with their types checked and their meaning not yet. Raises RefusedError.

    `tell` takes the notices about unknown fields, and may refuse the report.
    """
    if len(raw) > limits.bytes:
        raise unread(
            Reason.TOO_LARGE, raw, f"this report has {len(raw):,} bytes; {_allowed(limits.bytes, 'report_bytes')}"
        )
    try:
        return _decode_strictly(raw)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        pass  # a fault, or only an unknown field
    try:
        report = _decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise diagnose(raw, error) from None
    if tell is not untold:
        try:
            for notice in unknown_fields(raw):
                tell(notice)
        except RefusedError as error:
            error.report = shown(report.id)
            raise
    return report


AHEAD_S = 60
"""Seconds that `published` may lie after the arrival before the arrival counts instead: clocks differ a little."""


def claims_of(  # noqa: PLR0913 - what a report is judged by
    report: Report, registry: Registry, now: float, limits: Limits, tell: Tell = untold, *, stamped: bool = True
) -> list[Claim]:
    """The claims of a report in figures that arrived at `now`, with their meaning checked. Raises RefusedError.

    `tell` takes the notices about the claims. `stamped`: `now` is the arrival at the broker, so a `published` after it
    counts as the arrival; otherwise `published` is trusted.
    """
    head = check_head(report, registry, now, limits, stamped=stamped)._replace(tell=tell)
    if head.published > (now + AHEAD_S) * MICRO:
        ahead = f"{_about((head.published / MICRO) - now)} after the report arrived; check the clock of the source"
        tell(ReportNotice(NoticeKind.DATED_AHEAD, "published", ahead))
    try:
        return _claims(report, head)
    except RefusedError as error:
        error.report = report.id
        raise


def check_head(report: Report, registry: Registry, now: float, limits: Limits, *, stamped: bool = True) -> Head:
    """The head of a report, in figures or in words, that arrived at `now`; `stamped` as of `claims_of`.

    Raises RefusedError when the registry does not know its source, or when it was published after `now` plus the skew.
    """
    if report.source not in registry.sources:
        raise RefusedError(
            Reason.UNKNOWN_SOURCE,
            "source",
            report.source,
            "this source is not in the registry; check its spelling",
            report.id,
        )
    published = microseconds(report.published)
    if published > (now + limits.skew_s) * MICRO:
        raise RefusedError(
            Reason.PUBLISHED_IN_FUTURE,
            "published",
            report.published.isoformat(),
            f"this is more than {_duration(limits.skew_s)} after the report arrived: check the clock and the offset",
            report.id,
        )
    ahead = stamped and published > (now + AHEAD_S) * MICRO
    return Head(report.id, report.source, published, registry, limits, arrived=int(now * MICRO) if ahead else None)


def _claims(report: Report, head: Head) -> list[Claim]:
    if report.claims is UNSET:
        return [claim_of(report, head)]
    if report.people is not UNSET:
        raise RefusedError(
            Reason.BAD_VALUE, "people", report.people, "in a report with claims, write people inside each claim"
        )
    claims = [
        claim_of(_with_defaults(fields, report), head, f"claims[{index}].")
        for index, fields in enumerate(report.claims)
    ]
    seen: dict[tuple[object, ...], int] = {}
    for index, claim in enumerate(claims):
        first = seen.setdefault(claim.identity, index)
        if first != index and not shown_twice(claim):
            raise RefusedError(
                Reason.DUPLICATE_CLAIM,
                f"claims[{index}]",
                f"{claim.flow} {report.claims[index].period or report.period}",
                f"claims[{first}] has the same flow, period, population, unit and measure: send one of the two",
            )
    return claims


def _with_defaults(fields: ClaimFields, report: Report) -> ClaimFields:
    for name in ClaimFields.__struct_fields__:
        if getattr(fields, name) is UNSET:
            setattr(fields, name, getattr(report, name))
    return fields


def claim_of(fields: ClaimFields, head: Head, at: str = "") -> Claim:
    """One claim, checked: the only way from a claim's fields, sent as figures or read in words, to a claim.

    `at` stands before the name of the field that an error quotes, such as `claims[1].`. Raises RefusedError.
    """
    published, registry = head.published, head.registry
    if fields.flow is UNSET or fields.period is UNSET or fields.people is UNSET:
        name = next(name for name in REQUIRED if getattr(fields, name) is UNSET)
        raise RefusedError(Reason.MISSING_FIELD, f"{at}{name}", None, REQUIRED_FIELD)
    try:
        flow = parse_flow(fields.flow)
        if registry.blocs:
            flow = nested(flow, registry.blocs)
        if not registry.allows(head.source, flow):
            flows = some(registry.sources[head.source].flows)
            why = f"source {head.source!r} may report only on {flows or 'no flow'}"
            raise RefusedError(Reason.FLOW_NOT_ALLOWED, "flow", flow, why)
        period = _period(fields.period, head)
        carried = _carried(fields)
        if period.part_of_day and (long := next((name for name in OF_WHOLE_DAYS if name in carried), None)):
            raise RefusedError(Reason.BAD_VALUE, long, fields.period, f"{long} needs a period of at least one day")
        if "attributed_to" in carried:
            _check_attribution(carried, head)
        qualifier = UNQUALIFIED if fields.qualifier is UNSET else fields.qualifier
        qualifier, figure = _read_figure(fields, qualifier, period, head, at)
    except RefusedError as error:
        error.field = at + error.field
        raise
    if figure is not None and fields.per == "day":
        figure = figure.times(period.days)
    return Claim(
        flow=flow,
        source=head.source,
        report=head.report,
        published=published if head.arrived is None else head.arrived,
        dated=None if head.arrived is None else published,
        grade=registry.sources[head.source].grade.value,
        start=period.start,
        end=period.end,
        local_start=period.local_start,
        local_end=period.local_end,
        qualifier=qualifier,
        low=figure.low if figure else 0.0,
        best=figure.best if figure else None,
        high=figure.high if figure else None,
        origin=registry.origin(head.source, carried.get("attributed_to")),
        **carried,
    )


NO_TIME = "does not exist or exists twice in"
UNFINISHED = "published before the period was over, so it counts as at_least"


def _read_figure(
    fields: ClaimFields, qualifier: Qualifier, period: Period, head: Head, at: str
) -> tuple[Qualifier, Interval | None]:
    """The figure of a claim with its qualifier; at least so many where the period is unfinished, or its times doubtful.

    The figure is None where the claim is withdrawn. Raises RefusedError.
    """
    people, zone = fields.people, head.registry.zones[head.source]
    if people is UNSET or people is None:
        return qualifier, None
    figure = _figure(people, qualifier)
    if fields.period is not UNSET and (doubtful := doubtful_times(fields.period, zone)):
        why = f"{doubtful} {NO_TIME} {zone}: the figure counts as at_least; write the times with an offset"
        head.tell(ReportNotice(NoticeKind.DOUBTFUL_TIME, f"{at}period", why))
    elif not _is_unfinished(fields, qualifier, period, head):
        return qualifier, figure
    elif qualifier is not Qualifier.AT_LEAST and not period.part_of_day:
        head.tell(ReportNotice(NoticeKind.UNFINISHED_PERIOD, f"{at}people", UNFINISHED))
    return Qualifier.AT_LEAST, _so_far(people, qualifier)


def _is_unfinished(fields: ClaimFields, qualifier: Qualifier, period: Period, head: Head) -> bool:
    """Whether a claim says only what has been counted so far: a count, or a figure of one day, of an unfinished period.

    A `published` at 00:00 local time of the last day is a bare date, and counts as the end of that day. A daily rate
    (`per`) of one day is no figure so far.
    """
    if head.published >= period.end * MICRO:
        return False
    at_once = fields.measure in {Measure.STOCK, Measure.QUEUE}  # does not grow until the day is over
    if qualifier is not Qualifier.COUNT and (period.days != 1 or fields.per == "day" or at_once):
        return False
    return not _is_bare_date(period, head)


def _is_bare_date(period: Period, head: Head) -> bool:
    """Whether `published` is 00:00 local time of the last day of a period of whole days."""
    midnight = datetime.fromordinal(period.last_day).replace(tzinfo=head.registry.zones[head.source])
    return not period.part_of_day and head.published == microseconds(midnight)


def _so_far(people: float | list[float], qualifier: Qualifier) -> Interval:
    """What a figure of an unfinished period says of the whole period: at least as many; nothing, where it is a most."""
    return Interval(0.0, 0.0, None) if qualifier is Qualifier.AT_MOST else _figure(people, Qualifier.AT_LEAST)


CARRIED = tuple(
    name
    for name in Claim.__struct_fields__
    if name in ClaimFields.__struct_fields__ and name not in ("flow", "qualifier")
)
"""The fields that a claim carries as its producer wrote them, once they are checked."""

LEVELS = ("normal", "change_percent")
"""The fields that state a usual number of people a day."""

OF_WHOLE_DAYS = tuple(name for name in CARRIED if name not in NOT_KEPT | {"population", "unit", "measure"})
"""The fields that a reading, shorter than a day, cannot have: it neither keeps them nor may ignore them."""


def _carried(fields: ClaimFields) -> dict[str, Any]:
    """The carried fields that are given; a claim has its own defaults for the others."""
    carried: dict[str, Any] = {}
    for name in CARRIED:
        value = getattr(fields, name)
        if value is not UNSET and value is not None and value is not False:
            check = _CHECKS.get(name)
            carried[name] = value if check is None else check(value)
    return carried


_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)


def _check_attribution(carried: dict[str, Any], head: Head) -> None:
    """Check whom a source quotes; one who quotes itself quotes nobody. Raises RefusedError."""
    quoted = carried["attributed_to"]
    if quoted not in head.registry.sources and not _SLUG.fullmatch(quoted):
        why = "write a source of the registry, or a slug in lower case such as interior-ministry"
        raise RefusedError(Reason.BAD_VALUE, "attributed_to", quoted, why)
    if quoted == head.source:
        del carried["attributed_to"]


QUOTED = 600
"""Characters of a report's `text` that its claims keep at most."""


def _about(seconds: float) -> str:
    """A duration rounded to its largest unit: `20 hours`, `5 minutes`."""
    units = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
    unit, name = next((unit for unit in units if seconds >= unit[0]), units[-1])
    number = max(1, round(seconds / unit))
    return f"{number} {name}" + ("" if number == 1 else "s")


def _duration(seconds: float) -> str:
    """A duration as a person writes it: `24 hours`, `90 seconds`."""
    number, unit = (seconds / 3600, "hour") if seconds % 3600 == 0 else (seconds, "second")
    return f"{number:g} {unit}" + ("" if number == 1 else "s")


def _quote(text: str) -> str:
    return text if len(text) <= QUOTED else f"{text[: QUOTED - 1]}…"


def _period(text: str, head: Head) -> Period:
    limits, published = head.limits, head.published
    period = parse_period(text, head.registry.zones[head.source])
    if period.days > limits.period_days:
        raise RefusedError(
            Reason.PERIOD_TOO_LONG,
            "period",
            text,
            f"this period has {period.days:,.0f} days; {_allowed(limits.period_days, 'period_days')}",
        )
    if period.end * MICRO > published + limits.skew_s * MICRO and not _is_bare_date(period, head):
        why = f"this period ends more than {_duration(limits.skew_s)} after published"
        raise RefusedError(Reason.PERIOD_IN_FUTURE, "period", text, why)
    return period


def _allowed(most: int, setting: str) -> str:
    """The limit that a setting of this name sets, and the name of its variable."""
    return f"at most {most:,} are allowed (BORDERTALLY_{setting.upper()})"


def _population(text: str) -> str:
    match = _POPULATION.fullmatch(text)
    if not match:
        why = "write people, or a part of them in lower case: men, families, citizens:RU"
        _, colon, country = text.partition(":")
        raise RefusedError(Reason.BAD_VALUE, "population", text, why + (did_you_mean(country) if colon else ""))
    if match[1] is not None and match[1] not in countries() and text != OTHER_CITIZENS:
        why = f"{match[1]!r} is not a country code of ISO 3166-1{did_you_mean(match[1])}"
        raise RefusedError(Reason.BAD_VALUE, "population", text, why)
    return text


def _figure(people: float | list[float], qualifier: Qualifier) -> Interval:
    low, high = people if isinstance(people, list) else (people, people)
    if not 0 <= low <= high <= MOST_PEOPLE:
        what = "a range must be [low, high]," if isinstance(people, list) else "a figure must be"
        raise RefusedError(Reason.PEOPLE_OUT_OF_RANGE, "people", people, f"{what} from 0 to {MOST_PEOPLE:,}")
    return spread(float(low), float(high), qualifier) if isinstance(people, list) else interval(people, qualifier)


def _change(percent: float) -> float:
    if not -100 < percent <= 1_000_000:
        raise RefusedError(
            Reason.BAD_VALUE, "change_percent", percent, "a change must be above -100 and at most 1,000,000 percent"
        )
    return float(percent)


def _normal(normal: Normal) -> tuple[float, float]:
    if normal.daily is None:
        return NO_NORMAL
    low, high = normal.daily if isinstance(normal.daily, list) else (normal.daily, normal.daily)
    if not 0 < low <= high <= MOST_PEOPLE:
        why = (
            "a range must be [low, high], the lower number first"
            if low > high
            else f"a usual number of people a day must be above 0 and at most {MOST_PEOPLE:,}"
        )
        raise RefusedError(Reason.PEOPLE_OUT_OF_RANGE, "normal.daily", normal.daily, why)
    return float(low), float(high)


def _word(value: enum.Enum) -> str:
    return str(value.value)


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "population": _population,
    "unit": _word,
    "measure": _word,
    "normal": _normal,
    "change_percent": _change,
    "text": _quote,
}
"""What checks a carried field, or writes it as the claim does; a field that is not here needs only its type."""
