"""What every hop of a worker shares: settings, registry, rules, metrics, progress."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import NoReturn

from bordertally.agents.kafka.producer import Writer
from bordertally.agents.runtime.metrics import Metrics
from bordertally.agents.runtime.tracing import Traces
from bordertally.streams.detection.rules_file import parse_rules
from bordertally.streams.errors import ConfigError
from bordertally.streams.reports.sources import Registry, parse_registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.rules.config import Rules
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

log = logging.getLogger("bordertally")


def read_text(path: Path, what: str) -> str:
    """The text of a configuration file. Raises ConfigError naming the file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{what} {path}: {error.__class__.__name__}: {error}") from None


def load_registry(path: Path | None) -> Registry:
    """The source registry from a file; the sample's without one."""
    if path is None:
        text = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
        return parse_registry(text, "sources.toml")
    return parse_registry(read_text(path, "source registry"), str(path))


def load_rules(path: Path | None, registry: Registry) -> Rules:
    """Detection rules from a file; the built-in ones without one."""
    return Rules() if path is None else parse_rules(read_text(path, "rules"), str(path), registry.blocs)


@dataclass
class Context:
    """Shared by the hops of one worker.

    `progress`: by (hop, topic, partition), the offset of the next record to do. `ready`: the hops that are ready, among
    those `needed` for the worker to be.
    """

    settings: Settings
    registry: Registry
    rules: Rules
    metrics: Metrics
    writer: Writer
    progress: dict[tuple[str, str, int], int] = field(default_factory=dict)
    ready: set[str] = field(default_factory=set)
    traces: Traces = field(default_factory=Traces)
    producing: bool = False  # whether the broker acknowledges what is written (see agents/runtime/acknowledgements.py)

    @classmethod
    def load(cls, settings: Settings) -> Context:
        """Read registry and rules that the settings name. Raises ConfigError."""
        registry = load_registry(settings.sources)
        metrics = Metrics(settings.flow_metrics, ("worker", *settings.hops))
        for topic in Topics(settings.topic_prefix).every_report:
            for outcome in ("accepted", "rejected"):
                metrics["reports_total"].labels(topic, outcome)
        metrics.show_expected(registry.every)
        metrics.show_reload("sources", well=True)
        writer = Writer(settings)
        rules, traces = load_rules(settings.rules, registry), Traces.of(settings)
        return cls(settings, registry, rules, metrics, writer, traces=traces)

    def __post_init__(self) -> None:
        self.needed = [hop.value for hop in self.settings.hops]

    def need(self, hop: str) -> None:
        """Wait for a hop, too, before the worker is ready."""
        if hop not in self.needed:
            self.needed.append(hop)

    def renew(self, registry: Registry) -> None:
        """Go by another registry from now on; hops that remember something of the old one notice."""
        self.registry = registry
        self.metrics.show_expected(registry.every)

    @property
    def topics(self) -> Topics:
        """The names of the topics."""
        return Topics(self.settings.topic_prefix)

    @property
    def limits(self) -> Limits:
        """What a report may be at most."""
        return Limits(self.settings.report_bytes, self.settings.period_days, self.settings.skew_s)

    def exposition(self) -> bytes:
        """What /metrics of a worker answers."""
        for hop in self.needed:
            self.metrics["ready"].labels(hop).set(hop in self.ready)
        self.metrics["producing"].set(self.producing)
        return self.metrics.exposition()

    def die(self, why: str, error: BaseException) -> NoReturn:
        """End the process at once, without a commit: what was not acknowledged is delivered again on restart.

        A raised exception would do the opposite: Faust acknowledges the event and may commit it on its way down.
        """
        log.critical("bordertally stops: %s: %s: %s", why, type(error).__name__, error, exc_info=error)
        logging.shutdown()
        sys.stderr.flush()
        os._exit(70)
