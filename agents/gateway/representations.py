"""Responses as JSON or CSV, with an ETag, compressed when the client accepts it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from aiohttp import ETag, web
from msgspec import Struct

from bordertally.agents.gateway.parameters import Tabled
from bordertally.agents.gateway.responses import AlertList, DayList, FlowList, PeriodList, SourceList, TotalList
from bordertally.streams.totals import windows
from bordertally.streams.totals.windows import window_name

MEDIA_TYPE = "text/csv"


class Column(NamedTuple):
    """A column: its name, its HXL hashtag, and the field it shows, such as `rate` or `baseline.expected`."""

    name: str
    hxl: str
    field: str


_LEVELS = (("low", "+low"), ("best", "+best"), ("high", "+high"))


_FLOW = Column("flow", "#loc+flow+code", "flow")


def flow_columns() -> tuple[Column, ...]:
    """Return the columns of flows, with low, best and high of every window side by side."""
    return (
        _FLOW,
        Column("parent", "#loc+parent+code", "parent"),
        Column("published", "#date+reported", "published"),
        Column("as_of", "#date+end", "as_of"),
        Column("rate", "#affected+crossings+daily", "rate"),
        Column("rate_day", "#date+daily", "rate_day"),
        Column("expected", "#indicator+expected+daily", "baseline.expected"),
        Column("threshold", "#indicator+threshold+daily", "threshold"),
        Column("baseline", "#meta+baseline+kind", "baseline.kind"),
        *(
            Column(
                f"{level}_{window_name(days)}",
                f"#affected+crossings+days{days}{tag}",
                f"totals.{window_name(days)}.{level}",
            )
            for days in windows.WINDOWS
            for level, tag in _LEVELS
        ),
        Column("alert", "#meta+alert+id", "alert"),
    )


TOTALS = (
    _FLOW,
    Column("window_days", "#indicator+window+days", "window_days"),
    Column("as_of", "#date+end", "as_of"),
    *(Column(level, f"#affected+crossings{tag}", level) for level, tag in _LEVELS),
    Column("observed", "#affected+crossings+observed", "observed"),
    Column("projected", "#affected+crossings+projected", "projected"),
    Column("covered_days", "#indicator+covered+days", "covered_days"),
    Column("report_count", "#meta+reports+count", "report_count"),
    Column("population", "#population+type", "population"),
    Column("unit", "#meta+unit", "unit"),
    Column("after_revisions_low", "#affected+crossings+revised+low", "after_revisions.low"),
    Column("after_revisions_high", "#affected+crossings+revised+high", "after_revisions.high"),
)


DAYS = (
    _FLOW,
    Column("day", "#date+day", "day"),
    *(Column(level, f"#affected+crossings+daily{tag}", level) for level, tag in _LEVELS),
)


PERIODS = (
    _FLOW,
    Column("period", "#date+period", "period"),
    Column("from", "#date+start", "first"),
    Column("to", "#date+end", "to"),
    *(Column(level, f"#affected+crossings{tag}", level) for level, tag in _LEVELS),
    Column("covered_days", "#indicator+covered+days", "covered_days"),
)


ALERTS = (
    Column("id", "#meta+alert+id", "id"),
    Column("seq", "#meta+alert+seq", "seq"),
    _FLOW,
    Column("rule", "#meta+rule", "rule"),
    Column("state", "#status", "state"),
    Column("severity", "#severity", "severity"),
    Column("since", "#date+start", "since"),
    Column("until", "#date+end", "until"),
    Column("day", "#date+day", "day"),
    Column("rate", "#affected+crossings+daily", "rate"),
    Column("expected", "#indicator+expected+daily", "expected"),
    Column("threshold", "#indicator+threshold+daily", "threshold"),
    Column("ratio", "#indicator+ratio", "ratio"),
    Column("baseline", "#meta+baseline+kind", "baseline"),
    Column("population", "#population+type", "population"),
    Column("peak_day", "#date+peak", "peak_day"),
    Column("peak_rate", "#affected+crossings+peak", "peak_rate"),
    Column("report_count", "#meta+reports+count", "report_count"),
    Column("published", "#date+reported", "published"),
    Column("explanation", "#description", "explanation"),
)


SOURCES = (
    Column("source", "#org+source+code", "source"),
    Column("name", "#org+source+name", "name"),
    Column("grade", "#indicator+reliability", "grade"),
    Column("tz", "#meta+tz", "tz"),
    Column("topic", "#meta+topic", "topic"),
    Column("flows", "#loc+flow+code+list", "flows"),
    Column("last_published", "#date+reported", "last_published"),
    Column("overdue", "#status+overdue", "overdue"),
)


ROWS: dict[type[Struct], tuple[Callable[[], Sequence[Column]], Callable[[Any], Sequence[Any]]]] = {
    FlowList: (flow_columns, lambda answer: answer.flows),
    TotalList: (lambda: TOTALS, lambda answer: answer.totals),
    DayList: (lambda: DAYS, lambda answer: answer.days),
    PeriodList: (lambda: PERIODS, lambda answer: answer.periods),
    AlertList: (lambda: ALERTS, lambda answer: answer.alerts),
    SourceList: (lambda: SOURCES, lambda answer: answer.sources),
}
"""The columns and rows of each response that has a table form."""


def table(answer: Struct, *, hxl: bool) -> bytes:
    """Return an answer as CSV in UTF-8: a header row, the hashtags with `hxl`, then one line a row; null is empty."""
    columns_of, rows = ROWS[type(answer)]
    columns = columns_of()
    lines: list[Iterable[str]] = [[column.name for column in columns]]
    if hxl:
        lines.append([column.hxl for column in columns])
    lines += [[_cell(row, column.field) for column in columns] for row in rows(answer)]
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def _cell(row: Any, path: str) -> str:
    value = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, list) else str(value)


SMALLEST = 1024
"""Bytes from which compression pays."""

CACHE = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding, Authorization, Origin"}
"""A client may cache a response and revalidates it with its ETag."""


def respond(request: web.Request, answer: Struct, asked: Struct) -> web.Response:
    """Return an answer as JSON, or as CSV when the answer has a table form and the request asks for CSV.

    A page that is not the last one links to the next (RFC 8288), for CSV has no other place for it.
    """
    if type(answer) in ROWS and isinstance(asked, Tabled) and wants_csv(request, asked):
        response = tagged(request, table(answer, hxl=bool(asked.hxl)), MEDIA_TYPE, "utf-8")
    else:
        response = tagged(request, msgspec.json.encode(answer), "application/json")
    following = getattr(answer, "next", None)
    if following is not None:
        query = request.rel_url.update_query(after=following).raw_query_string
        response.headers["Link"] = f'<?{query}>; rel="next"'
    return response


def wants_csv(request: web.Request, asked: Tabled) -> bool:
    """Whether CSV is wanted: by `format`, else by the quality values in Accept; JSON wins a tie."""
    if asked.format is not None:
        return asked.format == "csv"
    quality = {"text/csv": 0.0, "application/json": 0.0}
    for part in request.headers.get("Accept", "").split(","):
        media, *options = (piece.strip() for piece in part.split(";"))
        if media in quality:
            quality[media] = next((_quality(option[2:]) for option in options if option.startswith("q=")), 1.0)
    return quality["text/csv"] > quality["application/json"]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def tagged(request: web.Request, body: bytes, media_type: str, charset: str | None = None) -> web.Response:
    """Return the body with its ETag, or 304 when If-None-Match names this ETag."""
    tag = blake2b(body, digest_size=12, key=media_type.encode()[:64]).hexdigest()
    known_tags = request.if_none_match
    if known_tags is not None and any(known.value in (tag, "*") for known in known_tags):
        response = web.Response(status=304, headers=CACHE)
    else:
        response = web.Response(body=body, content_type=media_type, charset=charset, headers=CACHE)
        if len(body) >= SMALLEST:
            response.enable_compression()
    response.etag = ETag(tag, is_weak=True)  # weak: the bytes differ by compression
    return response
