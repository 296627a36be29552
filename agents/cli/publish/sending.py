"""Sending the reports of an import to Kafka, with progress."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bordertally.agents.imports.importing import Imported
from bordertally.agents.producing.keys import read_key
from bordertally.agents.producing.publish import publish
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.terminal.console import counted, err, run
from bordertally.streams.errors import RefusedError
from bordertally.streams.reports.signatures import check_signature, signature
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits, claims_of, decode_report
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import Topics


def send(imported: Imported, to: str, sources: Path | None, key: Path | None) -> bool:
    """Send the reports that the intake will accept; list the others. Returns whether all were sent.

    `to`: the brokers. Counts in the summary what they acknowledge. When they fail or Ctrl-C is pressed, it prints how
    many reports were acknowledged, and raises the error.
    """
    registry, settings = load_registry(sources), load_settings(brokers=to)
    private = None if key is None else read_key(key)
    reports, summary = imported
    good = _acceptable(reports, registry, Limits.of(settings), private)

    async def publish_all() -> None:
        columns = (TextColumn("publishing"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("", total=reports.number)
            async for done in publish(settings, good, registry, Topics(settings.topic_prefix), private):
                progress.update(task, completed=done)
                summary.reports = done

    try:
        run(publish_all())
    except Exception:
        parts = f"{summary.reports:,} of {counted(reports.number, 'report')} are acknowledged"
        err.print(f"interrupted: {parts}; repeat the import, what has arrived counts once", highlight=False)
        raise
    return summary.reports == reports.number


def _acceptable(
    reports: Iterable[bytes], registry: Registry, limits: Limits, private: Ed25519PrivateKey | None
) -> Iterator[bytes]:
    """The reports that the intake will accept; the others are listed."""
    for raw in reports:
        try:
            report = decode_report(raw, limits)
            claims_of(report, registry, time.time(), limits)
            check_signature(registry.keys, report.source, raw, [] if private is None else [signature(private, raw)])
        except RefusedError as error:
            err.print(f"{error.report}: not sent: {error}", markup=False, highlight=False, soft_wrap=True)
        else:
            yield raw
