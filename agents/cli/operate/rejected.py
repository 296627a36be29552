"""The commands `rejected list`, `show` and `redrive`, for refused reports (dead letters)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bordertally.agents.producing.redrive import Judged, RedriveJob, judged, letters, redrive, redriven
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.terminal.console import (
    AsJson,
    Sources,
    To,
    err,
    moment_of,
    out,
    print_json,
    run,
    settings_for,
    table,
    write_bytes,
)
from bordertally.streams.errors import BordertallyError
from bordertally.streams.reports.dead_letters import Letter, LetterFilter, LetterPosition, check_reasons, printable
from bordertally.streams.reports.validation import Limits
from bordertally.streams.topics import Topics

rejected = typer.Typer(help="List refused reports, and send them again once the cause is fixed.", no_args_is_help=True)

Reasons = Annotated[
    list[str] | None, typer.Option("--reason", help="Only reports refused for this reason; may be repeated.")
]
OfSource = Annotated[list[str] | None, typer.Option("--source", help="Only reports of this source; may be repeated.")]
OfTopic = Annotated[list[str] | None, typer.Option("--topic", help="Only reports from this topic; may be repeated.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Only reports refused since a time (ISO 8601), or 30m, 12h or 3d ago.")
]
Until = Annotated[
    str | None, typer.Option("--until", help="Only reports refused before a time (ISO 8601), or 30m, 12h or 3d ago.")
]
Ids = Annotated[list[str] | None, typer.Argument(help="Refused reports, as topic/partition/offset.")]


@rejected.command(name="list")
def list_letters(  # noqa: PLR0913, PLR0917 - the options of a command
    to: To = None,
    reason: Reasons = None,
    source: OfSource = None,
    topic: OfTopic = None,
    since: Since = None,
    until: Until = None,
    every: Annotated[bool, typer.Option("--all", help="List reports that were redriven, too.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="List at most this many, the latest.")] = 100,
    sources: Sources = None,
    as_json: AsJson = False,
) -> None:
    """List refused reports, and whether each would be accepted now."""
    wanted = _wanted(None, reason, source, topic, since, until)
    entries = run(judged(_desk(to, sources), wanted))
    chosen = [entry for entry in entries if every or entry.redriven is None]
    if as_json:
        print_json(
            {
                "letters": [_as_json(entry) for entry in chosen[-limit:]],
                "more": max(0, len(chosen) - limit),
            }
        )
        return
    listed = table("id", "refused at", "reason", "source", "report", "field", "value", "now")
    for row in chosen[-limit:]:
        letter = row.letter
        cells = (str(letter.place), _time(letter.at), letter.reason, letter.source, letter.report, letter.field)
        listed.add_row(*cells, letter.value, _now(row))
    out.print(listed)
    again = len(entries) - len(chosen) if not every else 0
    more = f", {len(chosen) - limit} older ones not shown" if len(chosen) > limit else ""
    summary = f"{len(chosen)} refused{more}"
    out.print(summary + (f", {again} more that were sent again (--all)" if again else ""), highlight=False)


@rejected.command()
def show(
    name: Annotated[str, typer.Argument(help="A refused report, as topic/partition/offset.")],
    to: To = None,
    sources: Sources = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the original bytes and nothing else.")] = False,
) -> None:
    """Show one refused report: what is wrong with it, its headers and its bytes."""
    place, desk = LetterPosition.parse(name), _desk(to, sources)

    async def find() -> tuple[Letter, bytes]:
        async for letter, value in letters(desk):
            if letter.place == place:
                return letter, value
        raise BordertallyError(f"{name}: no such refused report on {desk.topics.rejected}")

    letter, value = run(find())
    if raw:
        write_bytes(value)
        return
    sent = run(redriven(desk)).get(name)
    lines: list[tuple[str, Any]] = [
        ("id", letter.place),
        ("refused at", _time(letter.at)),
        ("reason", letter.reason),
        ("field", letter.field),
        ("value", letter.value),
        ("why", letter.why),
        ("source", letter.source),
        ("report", letter.report),
        ("key", "none" if letter.key is None else printable(letter.key)),
        *((f"header {key}", printable(value or b"")) for key, value in letter.headers),
        ("bytes", letter.size if letter.kept else f"too many to be held here; they stand at {letter.place}"),
    ]
    if letter.after:
        lines.append(("sent again from", letter.after))
    if sent:
        lines.append(("sent again", f"{sent.at}, to {sent.to}"))
    for label, text in lines:
        out.print(f"{label:<16} {text}", markup=False, highlight=False, soft_wrap=True)
    out.print(printable(value), markup=False, highlight=False, soft_wrap=True)


@rejected.command(name="redrive")
def redrive_letters(  # noqa: PLR0913, PLR0917 - the options of a command
    names: Ids = None,
    to: To = None,
    reason: Reasons = None,
    source: OfSource = None,
    topic: OfTopic = None,
    since: Since = None,
    until: Until = None,
    every: Annotated[bool, typer.Option("--all", help="Redrive all refused reports, without a filter.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Send the reports. Without --yes the command only lists them.")
    ] = False,
    faulty: Annotated[bool, typer.Option("--faulty", help="Send reports that would be refused again, too.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Send reports that were redriven before, too.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Send at most this many, the oldest first.")
    ] = None,
    sources: Sources = None,
    as_json: AsJson = False,
) -> None:
    """Redrive refused reports: send them again to their topics, with the same bytes, key and headers.

    Each report is checked first. A report that would be refused again, or was redriven before, is not sent; the exit
    code is then 1.
    """
    wanted = _wanted(names, reason, source, topic, since, until)
    if wanted == LetterFilter() and not every:
        raise BordertallyError("name the reports, or give --reason, --source, --topic, --since, --until or --all")
    desk = _desk(to, sources)
    entries = run(judged(desk, wanted))
    missing = wanted.places - {entry.letter.place for entry in entries}
    if names and missing:
        raise BordertallyError(f"{min(missing)}: no such refused report on {desk.topics.rejected}")
    left: Counter[str] = Counter()
    chosen: list[Judged] = []
    for row in entries:
        why = _left(row, faulty=faulty, again=again)
        if why is None and limit is not None and len(chosen) >= limit:
            why = "beyond --limit"
        if why is None:
            chosen.append(row)
        else:
            left[why] += 1
    notes = run(_send(desk, {entry.letter.place for entry in chosen})) if yes and chosen else []
    if as_json:
        print_json({"chosen": [_as_json(entry) for entry in chosen], "sent": notes, "left": left})
    else:
        _report(chosen, left, len(notes) if yes else None)
    if left.keys() - {"beyond --limit"}:
        raise typer.Exit(1)


async def _send(desk: RedriveJob, places: set[LetterPosition]) -> list[Any]:
    return [note async for note in redrive(desk, places)]


def _left(entry: Judged, *, faulty: bool, again: bool) -> str | None:
    """Why a report is not sent; None if it is sent."""
    if not entry.letter.kept:
        return "too large to be held"
    if entry.redriven is not None and not again:
        return "sent again before (--again)"
    if entry.fault is not None and not faulty:
        return f"still refused (--faulty): {entry.fault.reason.value}"
    return None


def _report(chosen: list[Judged], left: Counter[str], sent: int | None) -> None:
    listed = table("number", "refused for", "source", "topic", "now")
    groups = Counter(
        (
            entry.letter.reason,
            entry.letter.source,
            entry.letter.place.topic,
            _now(entry),
        )
        for entry in chosen
    )
    for cells, number in sorted(groups.items()):
        listed.add_row(str(number), *cells)
    if chosen:
        out.print(listed)
    if sent is None:
        out.print(f"dry run: {len(chosen)} would be sent again; --yes sends them", highlight=False)
    else:
        out.print(f"{sent} sent again", highlight=False)
    for why, number in sorted(left.items()):
        err.print(f"{number} not sent: {why}", markup=False, highlight=False)


def _now(entry: Judged) -> str:
    again = f"sent again {entry.redriven}; " if entry.redriven else ""
    fault = "would be taken" if entry.fault is None else f"{entry.fault.reason.value}: {entry.fault}"
    return again + (fault if entry.letter.kept else "too large to be held")


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")


def _as_json(entry: Judged) -> dict[str, Any]:
    letter, fault = entry.letter, entry.fault
    named = {name: getattr(letter, name) for name in ("reason", "field", "value", "why", "report", "source", "size")}
    now = None if fault is None else {"reason": fault.reason.value, "field": fault.field, "value": fault.value}
    return {"id": str(letter.place), "at": _time(letter.at), **named, "redriven": entry.redriven, "fault": now}


def _desk(to: str | None, sources: Path | None) -> RedriveJob:
    settings = settings_for(to)
    return RedriveJob(settings, Topics(settings.topic_prefix), load_registry(sources), Limits.of(settings))


def _wanted(  # noqa: PLR0913, PLR0917 - the filters of a command
    names: list[str] | None,
    reasons: list[str] | None,
    sources: list[str] | None,
    topics: list[str] | None,
    since: str | None,
    until: str | None,
) -> LetterFilter:
    def moment(text: str | None, option: str) -> int | None:
        return None if text is None else int(moment_of(text, option, datetime.now(UTC)).timestamp() * 1000)

    return LetterFilter(
        frozenset(LetterPosition.parse(name) for name in names or ()),
        check_reasons(reasons or ()),
        frozenset(sources or ()),
        frozenset(topics or ()),
        moment(since, "--since"),
        moment(until, "--until"),
    )
