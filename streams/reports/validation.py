"""Reading a report: bytes as a producer sent them become claims, or one refusal that quotes field and value."""

from __future__ import annotations

import enum
import json
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.flows import countries, nested, parse_flow
from bordertally.streams.moments import MICRO, microseconds
from bordertally.streams.periods import Period, parse_period
from bordertally.streams.qualifiers import UNQUALIFIED, Interval, Qualifier, interval, spread
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import MOST_PEOPLE, REQUIRED, ClaimFields, Normal, Report
from bordertally.streams.reports.sources import Registry

_POPULATION = re.compile(r"(?:[a-z][a-z0-9_-]{0,39})(?::([A-Z]{2}))?", re.ASCII)
_AT = re.compile(r" - at `\$?\.?(.*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")
_decode = msgspec.json.Decoder(Report).decode


class Limits(NamedTuple):
    """What a report may be at most: bytes, days of a period, seconds that a time may lie ahead."""

    bytes: int = 262_144
    period_days: int = 400
    skew_s: int = 86_400


class Head(NamedTuple):
    """Who published a report and when, checked: what each of its claims carries and is checked against.

    `published`: microseconds since 1970 UTC.
    """

    report: str
    source: str
    published: int
    registry: Registry
    limits: Limits


def read_report(raw: bytes, registry: Registry, now: float, limits: Limits | None = None) -> list[Claim]:
    """The claims of a report in figures, from its bytes; a report is accepted whole or rejected whole.

    `now`: when the report arrived, in seconds since 1970 UTC; `published` may be later by `Limits.skew_s` at most.
    Raises RefusedError, with the report's id where the id could be read.
    """
    limits = limits or Limits()
    return claims_of(decode_report(raw, limits), registry, now, limits)


def decode_report(raw: bytes, limits: Limits) -> Report:
    """The fields of a report, with their types checked and their meaning not yet. Raises RefusedError."""
    if len(raw) > limits.bytes:
        raise _unread(Reason.TOO_LARGE, raw, f"{len(raw)} bytes; at most {limits.bytes}")
    try:
        return _decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise _diagnosed(raw, error) from None


def claims_of(report: Report, registry: Registry, now: float, limits: Limits) -> list[Claim]:
    """The claims of a report in figures that arrived at `now`, with their meaning checked. Raises RefusedError."""
    head = check_head(report, registry, now, limits)
    try:
        return _claims(report, head)
    except RefusedError as error:
        error.report = report.id
        raise


def check_head(report: Report, registry: Registry, now: float, limits: Limits) -> Head:
    """The head of a report, in figures or in words, that arrived at `now`.

    Raises RefusedError when the registry does not know its source, or when it was published after `now` plus the skew.
    """
    if report.source not in registry.sources:
        raise RefusedError(
            Reason.UNKNOWN_SOURCE, "source", report.source, "this source is not in the registry", report.id
        )
    published = microseconds(report.published)
    if published > (now + limits.skew_s) * MICRO:
        raise RefusedError(
            Reason.PUBLISHED_IN_FUTURE,
            "published",
            report.published.isoformat(),
            "this lies ahead of its arrival",
            report.id,
        )
    return Head(report.id, report.source, published, registry, limits)


def _claims(report: Report, head: Head) -> list[Claim]:
    if report.claims is UNSET:
        return [claim_of(report, head)]
    if report.people is not UNSET:
        raise RefusedError(Reason.BAD_VALUE, "people", report.people, "either people or claims, not both")
    claims = [
        claim_of(_with_defaults(fields, report), head, f"claims[{index}].")
        for index, fields in enumerate(report.claims)
    ]
    seen: dict[tuple[object, ...], int] = {}
    for index, claim in enumerate(claims):
        first = seen.setdefault(claim.identity, index)
        if first != index:
            raise RefusedError(
                Reason.DUPLICATE_CLAIM,
                f"claims[{index}]",
                f"{claim.flow} {report.claims[index].period or report.period}",
                f"the same flow, period, population and unit as claims[{first}]",
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
        raise RefusedError(Reason.MISSING_FIELD, f"{at}{name}", None, "this field is required")
    try:
        flow = parse_flow(fields.flow)
        if registry.blocs:
            flow = nested(flow, registry.blocs)
        if not registry.allows(head.source, flow):
            raise RefusedError(Reason.FLOW_NOT_ALLOWED, "flow", flow, f"source {head.source!r} may not speak for it")
        period = _period(fields.period, head)
        carried = _carried(fields)
        if period.part_of_day and (level := next((name for name in LEVELS if name in carried), None)):
            raise RefusedError(Reason.BAD_VALUE, level, fields.period, "it needs a period of a whole day or more")
        qualifier = UNQUALIFIED if fields.qualifier is UNSET else fields.qualifier
        if qualifier is Qualifier.COUNT and published < period.end * MICRO:
            qualifier = Qualifier.AT_LEAST
        figure = None if fields.people is None else _figure(fields.people, qualifier)
    except RefusedError as error:
        error.field = at + error.field
        raise
    if figure is not None and fields.per == "day":
        figure = figure.times(period.days)
    return Claim(
        flow=flow,
        source=head.source,
        report=head.report,
        published=published,
        grade=registry.sources[head.source].grade.value,
        start=period.start,
        end=period.end,
        local_start=period.local_start,
        local_end=period.local_end,
        qualifier=qualifier,
        low=figure.low if figure else 0.0,
        best=figure.best if figure else None,
        high=figure.high if figure else None,
        **carried,
    )


CARRIED = tuple(
    name
    for name in Claim.__struct_fields__
    if name in ClaimFields.__struct_fields__ and name not in ("flow", "qualifier")
)
"""The fields that a claim carries as its producer wrote them, once they are checked."""

LEVELS = ("normal", "change_percent")
"""The fields that state a usual number of people a day."""


def _carried(fields: ClaimFields) -> dict[str, Any]:
    """The carried fields that are given; a claim has its own defaults for the others."""
    carried: dict[str, Any] = {}
    for name in CARRIED:
        value = getattr(fields, name)
        if value is not UNSET and value is not None:
            check = _CHECKS.get(name)
            carried[name] = value if check is None else check(value)
    return carried


QUOTED = 600
"""Characters of a report's own words that its claims keep at most."""


def _quote(text: str) -> str:
    return text if len(text) <= QUOTED else f"{text[: QUOTED - 1]}…"


def _period(text: str, head: Head) -> Period:
    limits, published = head.limits, head.published
    period = parse_period(text, head.registry.zones[head.source])
    if period.days > limits.period_days:
        raise RefusedError(
            Reason.PERIOD_TOO_LONG, "period", text, f"{period.days:.0f} days; at most {limits.period_days}"
        )
    if period.end * MICRO > published + limits.skew_s * MICRO:
        raise RefusedError(Reason.PERIOD_IN_FUTURE, "period", text, "it ends after the report was published")
    return period


def _population(text: str) -> str:
    match = _POPULATION.fullmatch(text)
    if not match or (match[1] is not None and match[1] not in countries()):
        raise RefusedError(Reason.BAD_VALUE, "population", text, "write people, men, citizens:RU or the like")
    return text


def _figure(people: float | list[float], qualifier: Qualifier) -> Interval:
    low, high = people if isinstance(people, list) else (people, people)
    if not 0 <= low <= high <= MOST_PEOPLE:
        why = "a range goes from low to high within 0 to 10^9" if isinstance(people, list) else "it is 0 to 10^9"
        raise RefusedError(Reason.PEOPLE_OUT_OF_RANGE, "people", people, why)
    return spread(float(low), float(high), qualifier) if isinstance(people, list) else interval(people, qualifier)


def _change(percent: float) -> float:
    if not -100 < percent <= 1_000_000:
        raise RefusedError(
            Reason.BAD_VALUE, "change_percent", percent, "a change in per cent is above -100, at most 1,000,000"
        )
    return float(percent)


def _normal(normal: Normal) -> tuple[float, float]:
    low, high = normal.daily if isinstance(normal.daily, list) else (normal.daily, normal.daily)
    if not 0 < low <= high <= MOST_PEOPLE:
        raise RefusedError(
            Reason.PEOPLE_OUT_OF_RANGE,
            "normal.daily",
            normal.daily,
            "a normal level is above 0 and at most 10^9",
        )
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


# --- the failing path: slow, and worth it for a sentence that helps ---------------------------------------------


def _diagnosed(raw: bytes, error: Exception) -> RefusedError:
    """Name the field and quote the value behind a decoder's complaint."""
    try:
        document = json.loads(raw, parse_int=_parse_int)
    except RecursionError:
        return _unread(Reason.TOO_DEEP, raw, "nested too deeply")
    except ValueError as fault:
        return _unread(Reason.NOT_JSON, raw, f"not JSON: {fault}")
    identity = document.get("id") if isinstance(document, dict) else None
    report = identity if isinstance(identity, str) else None
    odd = _not_finite(document, "")
    if odd is not None:
        return RefusedError(Reason.BAD_NUMBER, odd[0], odd[1], "a number must be finite", report)
    if isinstance(error, RecursionError):
        return _unread(Reason.TOO_DEEP, raw, "nested too deeply", report)
    if not isinstance(error, msgspec.ValidationError):
        return _unread(Reason.NOT_JSON, raw, str(error), report)
    return _located(str(error), document, report)


def _unread(reason: Reason, raw: bytes, why: str, report: str | None = None) -> RefusedError:
    return RefusedError(reason, "$", raw[:200].decode("utf-8", "replace"), why, report)


def _parse_int(digits: str) -> float:
    """An integer of any length: beyond what a float holds it is infinite, as 1e400 is."""
    return int(digits) if len(digits) < 400 else float(digits)


def _located(text: str, document: Any, report: str | None) -> RefusedError:
    at = _AT.search(text)
    field = at[1] if at else ""
    complaint = text[: at.start()] if at else text
    missing = _MISSING.search(text)
    if missing:
        field = f"{field}.{missing[1]}" if field else missing[1]
        return RefusedError(Reason.MISSING_FIELD, field, None, "this field is required", report)
    value = _lookup(document, field)
    reason = _reason(field.rpartition(".")[2], complaint, value)
    return RefusedError(reason, field or "$", value, complaint[0].lower() + complaint[1:], report)


def _reason(name: str, complaint: str, value: object) -> Reason:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "people" and (number or isinstance(value, list)):
        return Reason.PEOPLE_OUT_OF_RANGE
    if name == "published" and isinstance(value, str):
        return Reason.BAD_TIME
    if "enum" in complaint or "length" in complaint or ">=" in complaint or "<=" in complaint:
        return Reason.BAD_VALUE
    return Reason.WRONG_TYPE


def _not_finite(value: Any, path: str) -> tuple[str, float] | None:
    stack = [(path, value)]
    while stack:
        at, item = stack.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return at, item
        if isinstance(item, dict):
            stack.extend((f"{at}.{key}" if at else key, child) for key, child in item.items())
        elif isinstance(item, list):
            stack.extend((f"{at}[{index}]", child) for index, child in enumerate(item))
    return None


def _lookup(document: Any, path: str) -> Any:
    value = document
    for name, index in re.findall(r"([A-Za-z_]\w*)|\[(\d+)\]", path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            return None
    return value
