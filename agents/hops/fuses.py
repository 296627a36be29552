"""Fuses of the sources in a worker: metrics and a line in the log when too much of what one sends is refused."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

from bordertally.agents.runtime.context import Context, log
from bordertally.streams.delivery.metrics import NOBODY
from bordertally.streams.reports.claims import Claims
from bordertally.streams.reports.fuse import Fuse, Sent

UNKNOWN = NOBODY
"""Stands for all sources that are not in the registry: anybody can make up names, and a metric must stay small."""

SHOW_S = 1.0


class Fuses:
    """Counts what the intake took and refused, by source, and shows it."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self.context, self.window_s = context, settings.fuse_window_s
        self.fuse = Fuse(settings.fuse_share, settings.fuse_window_s, settings.fuse_reports)
        self.blown: set[str] = set()
        self._shown: set[str] = set()
        self._shown_at = 0.0

    def count(self, messages: Iterable[Claims], refused: Counter[str]) -> None:
        """One batch: the claims that came of it, and how many reports were refused, by source."""
        taken: Counter[str] = Counter()
        for message in messages:
            for group in message.readings:
                taken[group.source] += group.count
            taken.update(source for source, _ in {(claim.source, claim.report) for claim in message.claims})
        known: Counter[str] = Counter()
        for source, number in refused.items():
            known[source if source in self.context.registry.sources else UNKNOWN] += number
        now = time.monotonic()
        for source in taken.keys() | known.keys():
            self.fuse.count(source, Sent(taken[source], known[source]), now)
        self.show(now)

    def show(self, now: float) -> None:
        """Bring the metrics up to date, at most once a second; say which fuses blew and which are whole again."""
        if now < self._shown_at + SHOW_S:
            return
        self._shown_at = now
        sent = self.fuse.sent(now)
        share, blown = (self.context.metrics[name] for name in ("source_refused_share", "source_fuse_blown"))
        for source, one in sent.items():
            share.labels(source).set(one.share)
            blown.labels(source).set(self.fuse.blown(one))
        for source in self._shown - sent.keys():
            share.remove(source)
            blown.remove(source)
        self._shown = set(sent)
        now_blown = {source for source, one in sent.items() if self.fuse.blown(one)}
        for source in sorted(now_blown - self.blown):
            one = sent[source]
            log.warning(
                "source %s: %d of its %d reports were refused within %.0f s; bordertally rejected list --source %s",
                source,
                one.refused,
                one.taken + one.refused,
                self.window_s,
                source,
            )
        for source in sorted(self.blown - now_blown):
            log.info("source %s: no longer too many of its reports are refused", source)
        self.blown = now_blown
