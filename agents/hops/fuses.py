"""The fuses of a worker: metrics by source, and a log line when too many reports of a source are refused."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

from bordertally.agents.runtime.context import Context, log
from bordertally.streams.delivery.metrics import NOBODY
from bordertally.streams.reports.claims import Claims
from bordertally.streams.reports.fuse import Fuse, Sent

UNKNOWN = NOBODY
"""The label of all sources that are not in the registry, because senders can invent any number of names."""

SHOW_S = 1.0


class Fuses:
    """Counts the reports that the intake accepted and refused, by source, and shows the share that was refused."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self.context, self.window_s = context, settings.fuse_window_s
        self.fuse = Fuse(settings.fuse_share, settings.fuse_window_s, settings.fuse_reports)
        self.blown: set[str] = set()
        self._shown: set[str] = set()
        self._shown_at = 0.0

    def count(self, messages: Iterable[Claims], refused: Counter[str]) -> None:
        """Count a batch: its messages of claims, and the refused reports by source."""
        accepted: Counter[str] = Counter()
        for message in messages:
            for group in message.readings:
                accepted[group.source] += group.count
            accepted.update(source for source, _ in {(claim.source, claim.report) for claim in message.claims})
        by_label: Counter[str] = Counter()
        for source, number in refused.items():
            by_label[source if source in self.context.registry.sources else UNKNOWN] += number
        now = time.monotonic()
        for source in accepted.keys() | by_label.keys():
            self.fuse.count(source, Sent(accepted[source], by_label[source]), now)
        self.show(now)

    def show(self, now: float) -> None:
        """Update the metrics, at most once a second, and log which fuses blew or are whole again."""
        if now < self._shown_at + SHOW_S:
            return
        self._shown_at = now
        sent = self.fuse.sent(now)
        share, blown = (self.context.metrics[name] for name in ("source_refused_share", "source_fuse_blown"))
        for source, counts in sent.items():
            share.labels(source).set(counts.share)
            blown.labels(source).set(self.fuse.blown(counts))
        for source in self._shown - sent.keys():
            share.remove(source)
            blown.remove(source)
        self._shown = set(sent)
        now_blown = {source for source, counts in sent.items() if self.fuse.blown(counts)}
        for source in sorted(now_blown - self.blown):
            counts = sent[source]
            log.warning(
                "source %s: %d of its %d reports were refused within %.0f s; bordertally rejected list --source %s",
                source,
                counts.refused,
                counts.taken + counts.refused,
                self.window_s,
                source,
            )
        for source in sorted(self.blown - now_blown):
            log.info("source %s: no longer too many of its reports are refused", source)
        self.blown = now_blown
