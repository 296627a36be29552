"""The context that the hops of a worker share: settings, registry, rules, metrics, progress; reading its files."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import NoReturn

import msgspec

from bordertally.agents.kafka.producer import Writer
from bordertally.agents.kafka.resets import Reset
from bordertally.agents.runtime.metrics import Metrics
from bordertally.agents.runtime.tracing import Traces
from bordertally.streams.detection.rules_file import parse_rules
from bordertally.streams.errors import BordertallyError, ConfigError, os_words
from bordertally.streams.reports.sources import Registry, parse_registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.rules.config import Rules
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

log = logging.getLogger("bordertally")


def read_text(path: Path, kind: str) -> str:
    """The text of a configuration file. Raises ConfigError naming the file."""
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows begins a file with a byte order mark
    except UnicodeDecodeError as error:
        raise ConfigError(f"{kind} {path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{kind} {path}: {os_words(error)}") from None


def load_registry(path: Path | None) -> Registry:
    """The source registry from a file, or the registry of the sample without a file. Raises ConfigError."""
    if path is None:
        text = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
        return parse_registry(text, "sources.toml")
    return parse_registry(read_text(path, "source registry"), str(path))


def load_rules(path: Path | None, registry: Registry) -> Rules:
    """The rules from a file, or the defaults without a file. Raises ConfigError."""
    rules = Rules() if path is None else parse_rules(read_text(path, "rules"), str(path), registry.blocs)
    return rules.renamed(registry.aliases)


def config_digests(registry: Registry, rules: Rules) -> tuple[str, str]:
    """Digests of the registry and the rules in force, equal where their content is: comments do not count."""
    known = registry.sources, sorted(registry.blocs), registry.aliases
    digests = [hashlib.sha256(msgspec.json.encode(each, order="sorted")).hexdigest()[:12] for each in (known, rules)]
    return digests[0], digests[1]


@dataclass
class Context:
    """The context of one worker.

    `progress`: by (hop, topic, partition), the offset of the next record to process. `ready`: the hops that are ready;
    `needed`: those that must be ready for the worker to be. `producing`: whether the broker acknowledges writes (see
    agents/runtime/acknowledgements.py). `renewed`: called, in order, when another registry is in use. `topic_faults`:
    what is wrong with the topics (see agents/runtime/topic_watch.py). `made_anew`: by topic, how often the topic was
    deleted and made anew. `held_back`: why the worker has not joined its groups yet; None once it may. `dying`:
    called with the reason before the process ends itself.
    """

    settings: Settings
    registry: Registry
    rules: Rules
    metrics: Metrics
    writer: Writer
    progress: dict[tuple[str, str, int], int] = field(default_factory=dict)
    ready: set[str] = field(default_factory=set)
    traces: Traces = field(default_factory=Traces)
    producing: bool = False
    renewed: list[Callable[[], None]] = field(default_factory=list)
    topic_faults: list[str] = field(default_factory=list)
    made_anew: Counter[str] = field(default_factory=Counter)
    held_back: str | None = None
    dying: Callable[[str], None] = field(default=lambda _: None)

    @classmethod
    def load(cls, settings: Settings) -> Context:
        """The context for the settings, with the registry and rules that they name. Raises ConfigError."""
        registry = load_registry(settings.sources)
        metrics = Metrics(settings.flow_metrics, ("worker", *settings.hops))
        for topic in Topics(settings.topic_prefix).every_report:
            for outcome in ("accepted", "rejected"):
                metrics["reports_total"].labels(topic, outcome)
        metrics.show_expected(registry.every)
        metrics.show_reload("sources", well=True)
        writer = Writer(settings)
        rules, traces = load_rules(settings.rules, registry), Traces.of(settings)
        metrics.show_config(*config_digests(registry, rules))
        return cls(settings, registry, rules, metrics, writer, traces=traces)

    def __post_init__(self) -> None:
        self.needed = [hop.value for hop in self.settings.hops]

    def need(self, hop: str) -> None:
        """Let the worker be ready only when this hop is ready too."""
        if hop not in self.needed:
            self.needed.append(hop)

    def renew(self, registry: Registry) -> None:
        """Use another registry from now on; a hop that keeps something of the old registry compares the objects."""
        self.registry, self.rules = registry, self.rules.renamed(registry.aliases)
        self.metrics.show_expected(registry.every)
        self.metrics.show_config(*config_digests(self.registry, self.rules))
        for notify in self.renewed:
            notify()

    @property
    def topics(self) -> Topics:
        """The names of the topics."""
        return Topics(self.settings.topic_prefix)

    @property
    def limits(self) -> Limits:
        """The limits on a report."""
        return Limits.of(self.settings)

    def exposition(self) -> bytes:
        """The text of the worker's /metrics."""
        for hop in self.needed:
            self.metrics["ready"].labels(hop).set(hop in self.ready)
        self.metrics["producing"].set(self.producing)
        return self.metrics.exposition()

    def reads(self, hop: str, topics: Iterable[str]) -> None:
        """Show the losses of a hop on the topics that it reads, none so far."""
        for topic in topics:
            self.metrics["lost_records_total"].labels(hop, topic)
            self.metrics["position_resets_total"].labels(hop, topic)

    def tell_reset(self, hop: str, reset: Reset) -> None:
        """Log and count that a hop had to leave a position which the broker no longer has."""
        log.error("%s: %s; see docs/runbooks/BordertallyRecordsLost.md", hop, reset)
        self.progress[hop, reset.tp.topic, reset.tp.partition] = reset.onward
        self.metrics["lost_records_total"].labels(hop, reset.tp.topic).inc(reset.skipped)
        self.metrics["position_resets_total"].labels(hop, reset.tp.topic).inc()

    def forget_progress(self, hop: str, topic: str) -> None:
        """Forget and count that a hop left its offsets of a topic that was made anew.

        The lag counts from the first record processed.
        """
        self.metrics["position_resets_total"].labels(hop, topic).inc()
        for at in [at for at in self.progress if at[:2] == (hop, topic)]:
            del self.progress[at]

    def die(self, why: str, error: BaseException) -> NoReturn:
        """End the process at once with exit code 70, without a commit: unacknowledged records are delivered again.

        Raising an exception would lose records: Faust would acknowledge the event, and might commit it while stopping.
        """
        self.dying(f"{why}: {type(error).__name__}: {error}")
        if isinstance(error, BordertallyError):
            log.critical("bordertally stops: %s: %s", why, error)
        else:
            log.critical("bordertally stops: %s: %s: %s", why, type(error).__name__, error, exc_info=error)
        logging.shutdown()
        sys.stderr.flush()
        os._exit(70)
