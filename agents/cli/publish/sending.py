"""Sending the reports of an import to Kafka, with progress."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bordertally.agents.imports.importing import Imported
from bordertally.agents.producing.keys import read_key
from bordertally.agents.producing.publish import publish
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.terminal.console import counted, err, run
from bordertally.streams.errors import RefusedError
from bordertally.streams.reports.signatures import check_signature, signature
from bordertally.streams.reports.validation import Limits, claims_of, decode_report
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import Topics


class ImportSender:
    """Sends the reports of imports to brokers, as the intake would accept them."""

    def __init__(self, to: str, sources: Path | None, key: Path | None) -> None:
        """`to`: the brokers. `sources`: the registry. `key`: a private key to sign with."""
        self.settings, self.registry = load_settings(brokers=to), load_registry(sources)
        self.limits = Limits.of(self.settings)
        self._key = None if key is None else read_key(key)

    def refused(self, reports: Iterable[bytes]) -> list[RefusedError]:
        """Why the intake would refuse some of the reports."""
        return [error for raw in reports if (error := self._fault(raw)) is not None]

    def send(self, imported: Imported) -> bool:
        """Send the reports that the intake will accept; list the others. Returns whether all were sent.

        Counts in the summary what the brokers acknowledge. When they fail or Ctrl-C is pressed, it prints how many
        reports were acknowledged, and raises the error.
        """
        reports, summary = imported
        topics = Topics(self.settings.topic_prefix)

        async def publish_all() -> None:
            columns = (TextColumn("publishing"), BarColumn(), MofNCompleteColumn())
            with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
                task = progress.add_task("", total=reports.number)
                good = self._acceptable(reports)
                async for done in publish(self.settings, good, self.registry, topics, self._key):
                    progress.update(task, completed=done)
                    summary.reports = done

        try:
            run(publish_all())
        except Exception:
            parts = f"{summary.reports:,} of {counted(reports.number, 'report')} are acknowledged"
            err.print(f"interrupted: {parts}; repeat the import, what has arrived counts once", highlight=False)
            raise
        return summary.reports == reports.number

    def _acceptable(self, reports: Iterable[bytes]) -> Iterator[bytes]:
        """The reports that the intake will accept; the others are listed."""
        for raw in reports:
            error = self._fault(raw)
            if error is None:
                yield raw
            else:
                err.print(refusal(error), markup=False, highlight=False, soft_wrap=True)

    def _fault(self, raw: bytes) -> RefusedError | None:
        try:
            report = decode_report(raw, self.limits)
            claims_of(report, self.registry, time.time(), self.limits)
            headers = [] if self._key is None else [signature(self._key, raw)]
            check_signature(self.registry.keys, report.source, raw, headers)
        except RefusedError as error:
            return error
        return None


def refusal(error: RefusedError) -> str:
    """The line for a report that the intake would refuse."""
    return f"{error.report}: not sent: {error}"
