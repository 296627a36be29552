"""What can be asked: the query parameters of each route as types, and reading them out of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo, fields

from bordertally.agents.gateway.problems import bad
from bordertally.streams.errors import RefusedError
from bordertally.streams.flows import LONGEST, parse_flow
from bordertally.streams.totals.windows import window_names

Severity = Literal["notice", "warning", "critical"]
FlowPath = Annotated[
    str,
    Meta(
        description="A flow such as RU:GE, or RU for it and all below it.",
        examples=["RU", "RU:GE"],
        extra_json_schema={"pattern": "^[A-Z]{2}(:[A-Z]{2})*(:[a-z0-9-]+)?$", "maxLength": LONGEST},
    ),
]
"""Checked by parse_flow, which says better what is wrong."""

MOST_FLOWS = 50
Flows = Annotated[list[FlowPath], Meta(max_length=MOST_FLOWS, description="Flows; may be given several times.")]
Format = Annotated[Literal["json", "csv"], Meta(description="Goes before the header Accept.")]
Hxl = Annotated[int, Meta(ge=0, le=1, description="1: a row of HXL hashtags below the header row of CSV.")]

CHOICES: Mapping[str, Callable[[], list[str]]] = {"window": window_names}
"""What a parameter may be, where that is worked out of what the core defines."""

Q = TypeVar("Q", bound=Struct)
_AT = re.compile(r" - at `\$\.(\w+)[^`]*`$")


class Tabled(Struct, kw_only=True, forbid_unknown_fields=True):
    """What every route that also answers in CSV takes."""

    format: Format | None = None
    hxl: Hxl = 0


class AskFlows(Tabled, kw_only=True):
    """Which flows: those at or below one of `flow`, all without it."""

    flow: Flows = []


class AskTotals(Tabled, kw_only=True):
    """Totals of these very flows (all without any), in one window or in all."""

    flow: Flows = []
    window: str | None = None


class AskDays(Tabled, kw_only=True):
    """Days of these very flows, from a day to another (exclusive)."""

    flow: Annotated[list[FlowPath], Meta(min_length=1, max_length=MOST_FLOWS, description="One flow or several.")]
    from_: date | None = msgspec.field(name="from", default=None)
    to: date | None = None


class AskAlerts(Tabled, kw_only=True):
    """Alerts at or below a flow, of this severity or higher; `after` is the `next` of the page before."""

    state: Literal["open", "all"] = "open"
    flow: FlowPath | None = None
    severity: Severity | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: Annotated[str, Meta(max_length=200)] | None = None


class AskEvidence(Struct, kw_only=True, forbid_unknown_fields=True):
    """What stands behind a flow from a day to another (exclusive); without them, behind its newest seven days."""

    flow: FlowPath
    from_: date | None = msgspec.field(name="from", default=None)
    to: date | None = None


class AskPlain(Tabled, kw_only=True):
    """Nothing but the format."""


class AskStream(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which events: at or below a flow; alerts of this severity or higher; kinds separated by commas.

    `quiet` among the kinds: also which of the open alerts nobody is told of, whenever that changes.

    `last_event_id` is for clients that cannot set the header Last-Event-ID, which goes before it.
    """

    flow: FlowPath | None = None
    severity: Severity | None = None
    kinds: Annotated[str, Meta(pattern=r"^(totals|alerts|quiet)(,(totals|alerts|quiet))*$")] = "totals,alerts"
    last_event_id: Annotated[str, Meta(max_length=65_536)] | None = None


class AskSilences(Struct, kw_only=True, forbid_unknown_fields=True):
    """The silences that hold now, or all there have been."""

    state: Literal["active", "all"] = "active"


class NewSilence(Struct, kw_only=True, forbid_unknown_fields=True):
    """A silence to be set: nobody is told of alerts on `flow` (a pattern) until `until`; `rule`: only of that rule."""

    flow: Annotated[str, Meta(min_length=1, max_length=LONGEST, examples=["RU:KZ"])]
    until: Annotated[datetime, Meta(tz=True)]
    author: Annotated[str, Meta(min_length=1, max_length=200)]
    comment: Annotated[str, Meta(min_length=1, max_length=1000)]
    rule: str | None = None


class AskCap(Struct, forbid_unknown_fields=True):
    """The message of one record of the alert; of the newest without it."""

    seq: Annotated[int, Meta(ge=1)] | None = None


class AskFeed(Struct, forbid_unknown_fields=True):
    """The feed; with `backfill` also alerts that were old news when they were first recorded."""

    backfill: bool = False


class AskNothing(Struct, forbid_unknown_fields=True):
    """No parameters."""


def asked(request: web.Request, kind: type[Q]) -> Q:
    """The parameters of a request. Raises ProblemError (400) that quotes the one that is wrong."""
    known = {one.encode_name: one for one in fields(kind)}
    given: dict[str, Any] = {}
    for name in dict.fromkeys(request.query):
        if name not in known:
            raise bad(name, request.query[name], f"no such parameter; known are {', '.join(known) or 'none'}")
        values = request.query.getall(name)
        given[name] = values if _many(known[name]) else values[-1]
        if len(values) > 1 and not _many(known[name]):
            raise bad(name, ", ".join(values), "given more than once")
    try:
        question = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _explained(error, given) from None
    for name in CHOICES.keys() & known.keys():
        check_choice(name, getattr(question, name))
    if "flow" in known:
        check_flows(getattr(question, "flow", None))
    return question


def check_choice(name: str, value: str | None) -> None:
    """Raise ProblemError (400) for a value that is none of those a parameter may have."""
    choices = CHOICES[name]()
    if value is not None and value not in choices:
        raise bad(name, value, f"must be one of {', '.join(choices)}")


def check_flows(flow: list[str] | str | None) -> None:
    """Raise ProblemError (400) for what is no flow."""
    for one in [flow] if isinstance(flow, str) else flow or []:
        try:
            parse_flow(one)
        except RefusedError as error:
            raise bad("flow", one, error.why) from None


def _many(field: FieldInfo) -> bool:
    kind = msgspec.inspect.type_info(field.type)
    while isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    return isinstance(kind, msgspec.inspect.ListType)


def _explained(error: msgspec.ValidationError, given: dict[str, Any]) -> Exception:
    text = str(error)
    missing = re.match(r"Object missing required field `(\w+)`", text)
    if missing:
        return bad(missing[1], None, "is needed")
    at = _AT.search(text)
    name = at[1] if at else "query"
    value = given.get(name)
    return bad(name, ", ".join(value) if isinstance(value, list) else value, _AT.sub("", text))
