"""Daily: the reports that a series of people a day would have been, had its source sent one a day."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import msgspec

from bordertally.streams.errors import BordertallyError, RefusedError, shown
from bordertally.streams.flows import Flow, parse_flow
from bordertally.streams.imports.places import slug_of
from bordertally.streams.moments import utc_text
from bordertally.streams.periods import iso_day

EVERYWHERE_OVER = timedelta(days=1, hours=12)
"""So long after a date began in UTC its day is over in every time zone, so that a count of it is of a whole day."""

_CODE = re.compile(r"[A-Z]{2}", re.ASCII)


class Attribution(NamedTuple):
    """How the figures are reported: who says them, with which qualifier, and when (None: once each day is over)."""

    source: str
    qualifier: str = "count"
    published: datetime | None = None


def path_of(name: str, under: str | None = None) -> Flow:
    """The flow that a name in a table stands for: parts joined by colons, as checkpoints below `under` if there is one.

    Two capitals stay a code of a country or a bloc, anything else becomes a slug in Latin letters: `Lo Wu` is `lo-wu`,
    `Мост` is `most`. Raises BordertallyError quoting the name.
    """
    parts = [part if _CODE.fullmatch(part) else slug_of(part) for part in name.split(":")] if name else []
    if not all(parts):
        raise BordertallyError(f"{shown(name)} has no letter that could name a flow; write another name")
    path = ":".join([*([under] if under else []), *parts])
    try:
        return parse_flow(path)
    except RefusedError as error:
        raise BordertallyError(f"{shown(name)} as the flow {shown(path)}: {error.why}") from None


def reports_of(series: Mapping[Flow, Mapping[int, float]], attribution: Attribution) -> Iterator[bytes]:
    """A report a day in JSON, oldest first, with a claim for every flow that has a figure on it.

    `series`: people by flow and ordinal day, rounded to whole ones. The id is made of source and day, and of the time
    of publication where one is given, so that two editions of a series are told apart.
    """
    days: dict[int, dict[Flow, float]] = defaultdict(dict)
    for flow, figures in series.items():
        for day, people in figures.items():
            days[day][flow] = people
    edition = "" if attribution.published is None else f"-as-of-{attribution.published.date().isoformat()}"
    for day, people_by_flow in sorted(days.items()):
        at = (
            attribution.published or datetime.combine(date.fromordinal(day), datetime.min.time(), UTC) + EVERYWHERE_OVER
        )
        iso = iso_day(day)
        claims = [
            {"flow": flow, "period": iso, "people": round(people), "qualifier": attribution.qualifier}
            for flow, people in sorted(people_by_flow.items())
        ]
        head = {"id": f"{attribution.source}-{iso}{edition}", "source": attribution.source, "published": utc_text(at)}
        yield msgspec.json.encode({**head, **claims[0]} if len(claims) == 1 else {**head, "claims": claims})
