"""The query parameters of each route as types, and their parsing."""

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
from bordertally.streams.totals.calendar import Each
from bordertally.streams.totals.windows import window_names

Severity = Literal["notice", "warning", "critical"]
FlowPath = Annotated[
    str,
    Meta(
        description="A flow such as RU:GE; RU is the flow RU and every flow below it.",
        examples=["RU", "RU:GE"],
        extra_json_schema={"pattern": "^[A-Z]{2}(:[A-Z]{2})*(:[a-z0-9-]+)?$", "maxLength": LONGEST},
    ),
]
"""Checked by parse_flow, whose errors explain more than a pattern."""

MOST_FLOWS = 50
Flows = Annotated[list[FlowPath], Meta(max_length=MOST_FLOWS, description="Flows; may be repeated.")]
FLOW_PAGE = 500
"""Flows of a page unless `limit` says otherwise: some 2 MB of JSON, worked out in a tenth of a second."""
FlowLimit = Annotated[int, Meta(ge=1, le=1000, description="The most flows of a page.")]
Depth = Annotated[
    int, Meta(ge=0, le=3, description="Only flows at most so many levels below an origin or a destination.")
]
AfterFlow = Annotated[str, Meta(max_length=LONGEST, description="The `next` of the previous page.")]
Format = Annotated[Literal["json", "csv"], Meta(description="Overrides the header Accept.")]
At = Annotated[
    datetime,
    Meta(
        tz=True,
        description="As known at this moment: from the reports that had arrived by then. While they are replayed, the "
        "answer is 202 with the progress; ask again.",
        examples=["2022-09-27T09:00:00Z"],
    ),
]
Hxl = Annotated[int, Meta(ge=0, le=1, description="1: add a row of HXL hashtags below the header row of CSV.")]

CHOICES: Mapping[str, Callable[[], list[str]]] = {"window": window_names}
"""The allowed values of parameters whose choices depend on the core, such as the windows."""

Q = TypeVar("Q", bound=Struct)
_SECRET = re.compile("token|auth|key|pass|secret", re.IGNORECASE)
"""Names of unknown parameters whose values may be secrets: no answer repeats them."""
_AT = re.compile(r" - at `\$\.(\w+)[^`]*`$")


class Moment(Struct, kw_only=True, forbid_unknown_fields=True):
    """Parameters of every route that can answer as of a past moment."""

    at: At | None = None


class Tabled(Moment, kw_only=True):
    """Parameters of every route that also returns CSV."""

    format: Format | None = None
    hxl: Hxl = 0


class AskFlows(Tabled, kw_only=True):
    """Flows at or below one of `flow` (or all flows), at most `limit` after the `next` of a previous page."""

    flow: Flows = []
    depth: Depth | None = None
    limit: FlowLimit = FLOW_PAGE
    after: AfterFlow | None = None


class AskTotals(Tabled, kw_only=True):
    """Totals of exactly the flows in `flow` (all flows without `flow`), in `window` or in every window.

    At most those of `limit` flows after the `next` of a previous page.
    """

    flow: Flows = []
    window: str | None = None
    limit: FlowLimit = FLOW_PAGE
    after: AfterFlow | None = None


class AskDays(Tabled, kw_only=True):
    """Days of exactly the flows in `flow`, from `from` to `to` (exclusive)."""

    flow: Annotated[list[FlowPath], Meta(min_length=1, max_length=MOST_FLOWS, description="One or more flows.")]
    from_: date | None = msgspec.field(name="from", default=None)
    to: date | None = None


class AskPeriods(Tabled, kw_only=True):
    """Totals of exactly the flows in `flow`: from `from` to `to` (exclusive), or of the newest calendar periods `each`.

    Weeks are those of ISO 8601. Of each flow the newest 6 weeks, 13 months and 3 years are stored, and the newest days.
    """

    flow: Annotated[list[FlowPath], Meta(min_length=1, max_length=MOST_FLOWS, description="One or more flows.")]
    from_: date | None = msgspec.field(name="from", default=None)
    to: date | None = None
    each: Each | None = None


class AskAlerts(Tabled, kw_only=True):
    """Alerts at or below `flow`, of `severity` or higher; `after` is the `next` of the previous page."""

    state: Literal["open", "all"] = "open"
    flow: FlowPath | None = None
    severity: Severity | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: Annotated[str, Meta(max_length=200)] | None = None


class AskEvidence(Moment, kw_only=True):
    """The evidence of a flow from `from` to `to` (exclusive); by default of its newest seven days."""

    flow: FlowPath
    from_: date | None = msgspec.field(name="from", default=None)
    to: date | None = None


class AskPlain(Tabled, kw_only=True):
    """The format only."""


class AskStream(Struct, kw_only=True, forbid_unknown_fields=True):
    """Events at or below `flow`; alerts of `severity` or higher; `kinds`, separated by commas.

    With `quiet` in `kinds`, the stream also sends the list of muted open alerts whenever the list changes; with `desk`,
    the newest acknowledgement of each alert and the number of claims that wait for review.

    `last_event_id` is for clients that cannot set the header Last-Event-ID; the header overrides it.
    """

    flow: FlowPath | None = None
    severity: Severity | None = None
    kinds: Annotated[str, Meta(pattern=r"^(totals|alerts|quiet|desk)(,(totals|alerts|quiet|desk))*$")] = "totals,alerts"
    last_event_id: Annotated[str, Meta(max_length=65_536)] | None = None


class AskSilences(Struct, kw_only=True, forbid_unknown_fields=True):
    """The silences active now, or all silences."""

    state: Literal["active", "all"] = "active"


class NewSilence(Struct, kw_only=True, forbid_unknown_fields=True):
    """A silence to create: it mutes alerts on `flow` (a pattern) until `until`; with `rule`, only of that rule."""

    flow: Annotated[str, Meta(min_length=1, max_length=LONGEST, examples=["RU:KZ"])]
    until: Annotated[datetime, Meta(tz=True)]
    author: Annotated[str, Meta(min_length=1, max_length=200)]
    comment: Annotated[str, Meta(min_length=1, max_length=1000)]
    rule: str | None = None


class AskPreview(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a silence of `pattern` (with `rule`, only of that rule) would cover now."""

    pattern: Annotated[str, Meta(min_length=1, max_length=LONGEST, examples=["RU:KZ", "RU:EU:*"])]
    rule: str | None = None


class NewAcknowledgement(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who has seen an alert, and a note for the others."""

    author: Annotated[str, Meta(min_length=1, max_length=200)]
    note: Annotated[str, Meta(max_length=1000)] = ""


class AskReview(Struct, kw_only=True, forbid_unknown_fields=True):
    """The items that wait for a decision, or the decided ones."""

    state: Literal["waiting", "decided"] = "waiting"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class NewDecision(Struct, kw_only=True, forbid_unknown_fields=True):
    """A decision on an item. `edits`: fields of the claim with their new values; null removes a field.

    `source`: the source of the registry that decides, for tokens that belong to none.
    """

    decision: Literal["accepted", "rejected"]
    edits: dict[str, Any] = {}
    note: Annotated[str, Meta(max_length=1000)] = ""
    source: Annotated[str, Meta(max_length=200)] | None = None


class AskReport(Struct, kw_only=True, forbid_unknown_fields=True):
    """With `strict`, a report with an unknown field is refused. `batch`: what is stored of a batch with faults."""

    strict: Annotated[int, Meta(ge=0, le=1, description="1: refuse a report with an unknown field.")] = 0
    batch: Annotated[
        Literal["each", "all"], Meta(description="Of NDJSON, store each report that is right, or all or none.")
    ] = "each"


class AskImport(Struct, kw_only=True, forbid_unknown_fields=True):
    """The mapping `map`, a file in the folder `maps` beside the source registry, and options as of `import`.

    `published`: now, column:NAME or a time. `historic`, `check`, `strict`: 1 for yes.
    """

    map: Annotated[str, Meta(min_length=1, max_length=64, description="The mapping, without .toml.")]
    published: Annotated[str, Meta(max_length=200)] | None = None
    sheet: Annotated[str, Meta(max_length=200)] | None = None
    historic: Annotated[int, Meta(ge=0, le=1, description="1: nobody is notified of these figures alone.")] = 0
    check: Annotated[int, Meta(ge=0, le=1, description="1: only the summary; nothing is stored.")] = 0
    strict: Annotated[int, Meta(ge=0, le=1, description="1: nothing is stored if any cell is bad.")] = 0


class AskCap(Struct, forbid_unknown_fields=True):
    """The message of the record `seq` of the alert; by default of the newest record."""

    seq: Annotated[int, Meta(ge=1)] | None = None


class AskFeed(Struct, forbid_unknown_fields=True):
    """The feed; with `backfill`, also alerts about days that were already long past when first recorded."""

    backfill: bool = False


class AskAlert(Moment, kw_only=True):
    """One alert."""


class AskUnsubscribe(Struct, kw_only=True, forbid_unknown_fields=True):
    """The token of a link in a mail."""

    token: Annotated[str, Meta(min_length=1, max_length=500)]


class AskNothing(Struct, forbid_unknown_fields=True):
    """No parameters."""


def asked(request: web.Request, kind: type[Q]) -> Q:
    """Return the parameters of a request. Raises ProblemError (400) that quotes the wrong parameter."""
    known = {field.encode_name: field for field in fields(kind)}
    given: dict[str, Any] = {}
    for name in dict.fromkeys(request.query):
        if name not in known:
            value = "(not shown)" if _SECRET.search(name) else request.query[name]
            raise bad(name, value, f"no such parameter; allowed: {', '.join(known) or 'none'}")
        values = request.query.getall(name)
        given[name] = values if _many(known[name]) else values[-1]
        if len(values) > 1 and not _many(known[name]):
            raise bad(name, ", ".join(values), "may be given only once")
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
    """Raise ProblemError (400) for a value that is not one of the parameter's choices."""
    choices = CHOICES[name]()
    if value is not None and value not in choices:
        raise bad(name, value, f"must be one of {', '.join(choices)}")


def check_flows(flow: list[str] | str | None) -> None:
    """Raise ProblemError (400) for a malformed flow."""
    for path in [flow] if isinstance(flow, str) else flow or []:
        try:
            parse_flow(path)
        except RefusedError as error:
            raise bad("flow", path, error.why) from None


def _many(field: FieldInfo) -> bool:
    kind = msgspec.inspect.type_info(field.type)
    while isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    return isinstance(kind, msgspec.inspect.ListType)


def _explained(error: msgspec.ValidationError, given: dict[str, Any]) -> Exception:
    text = str(error)
    missing = re.match(r"Object missing required field `(\w+)`", text)
    if missing:
        return bad(missing[1], None, "is required")
    at = _AT.search(text)
    name = at[1] if at else "query"
    value = given.get(name)
    return bad(name, ", ".join(value) if isinstance(value, list) else value, _AT.sub("", text))
