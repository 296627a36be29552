"""The generated parts of docs/, from the code: `python -m bordertally.agents.cli.pages`, or `make docs`.

A generated table of a page stands between `<!-- generated: NAME -->` and `<!-- /generated -->`; the rest is kept.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bordertally.agents.cli.code_map import describe_folders, draw_packages
from bordertally.agents.cli.field_table import report_fields
from bordertally.agents.cli.schema import asyncapi, report_schema
from bordertally.streams.delivery.metrics import CATALOGUE, most_series
from bordertally.streams.detection.registry import RULES
from bordertally.streams.errors import BordertallyError, Reason
from bordertally.streams.qualifiers import UNQUALIFIED, Qualifier, interval
from bordertally.streams.settings import CHANNELS, Settings, documented
from bordertally.streams.topics import Topics

ROOT = next((top for top in Path(__file__).resolve().parents if (top / "pyproject.toml").is_file()), Path.cwd())
"""The top of the clone, or of the unpacked source archive."""

PAGES = (
    "settings.md",
    "metrics.md",
    "topics.md",
    "architecture.md",
    "report.md",
    "subscribe.md",
    "alert.md",
    "claim.md",
)
REASONS = {
    Reason.NOT_JSON: "The bytes are no JSON text in UTF-8.",
    Reason.TOO_LARGE: "More bytes than `BORDERTALLY_REPORT_BYTES`.",
    Reason.TOO_DEEP: "Nested too deeply to be read.",
    Reason.MISSING_FIELD: "A required field is not there.",
    Reason.WRONG_TYPE: "A field has the wrong JSON type, or the message is no JSON object.",
    Reason.BAD_NUMBER: "A number is not finite (NaN, Infinity, 1e400).",
    Reason.BAD_VALUE: "A field has the right type and a value that is not allowed, or does not go with another field.",
    Reason.PEOPLE_OUT_OF_RANGE: "Not 0 to 10^9 people, no range from low to high, or a normal level of 0 or less.",
    Reason.BAD_TIME: "`published` is no date-time with an offset from UTC.",
    Reason.BAD_PERIOD: "The period is no ISO 8601 interval, or its end is not after its start.",
    Reason.PERIOD_TOO_LONG: "More days than `BORDERTALLY_PERIOD_DAYS`.",
    Reason.PERIOD_IN_FUTURE: "The period ends more than `BORDERTALLY_SKEW_S` after `published`.",
    Reason.PUBLISHED_IN_FUTURE: "`published` lies more than `BORDERTALLY_SKEW_S` after the arrival at the broker.",
    Reason.UNKNOWN_SOURCE: "The source is not in the registry.",
    Reason.FLOW_NOT_ALLOWED: "The registry does not let this source speak for this flow.",
    Reason.BAD_FLOW: "The flow is not written as `origin[:bloc][:country][:checkpoint]`.",
    Reason.UNKNOWN_COUNTRY: "A part of the flow is neither a country code of ISO 3166-1 nor a bloc.",
    Reason.DUPLICATE_CLAIM: "Two claims of one report have the same flow, period, population, unit and measure.",
    Reason.NO_CLAIM: "The report is in words, and no claim is found in them.",
    Reason.TOPIC_NOT_ALLOWED: "The registry does not let this source report on this topic.",
    Reason.UNSIGNED: "The source has keys in the registry, and the message no header `signature`.",
    Reason.BAD_SIGNATURE: "The signature is none, or not of these bytes by a key of this source.",
    Reason.UNKNOWN_FIELD: "A field that no report has; refused only on request (`--strict`), never by a worker.",
}
_NAMES = Topics()
KEYS = {
    **dict.fromkeys((_NAMES.totals, _NAMES.alerts), "flow"),
    **dict.fromkeys(_NAMES.every_report, "any; `bordertally publish` uses the source id"),
    _NAMES.rejected: "that of the refused message",
    _NAMES.redriven: "the id of the refused message",
    _NAMES.review: "the id of the item",
    _NAMES.silences: "the id of the silence",
    _NAMES.acknowledgements: "the id of the alert",
    _NAMES.unsubscribed: "name of the subscriber, and a digest of the address",
    _NAMES.webhooks: "subscription, in each partition of `alerts`; subscription and `:disabled`",
    _NAMES.webhooks_log: "the id of the event, `webhook-id`",
    _NAMES.clock: "the worker",
    _NAMES.claims: "none; the partition is that of the origin",
    _NAMES.changelog("ledger"): "table row; the partition is that of `claims`",
    _NAMES.changelog("alerts"): "flow; the partition is that of `totals`",
}
KEPT = {None: "compacted: the newest of each key", "-1": "for ever", "604800000": "7 days"}
SHOWN = 98_000
"""The figure for which docs/claim.md shows the interval of each qualifier."""

_BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def bounds(field: Mapping[str, Any]) -> str:
    """The bounds in the JSON Schema of a setting, in words; empty without bounds."""
    words = {"exclusiveMinimum": "above {:,}", "minimum": "at least {:,}", "maximum": "at most {:,}"}
    words |= {"minLength": "at least {} character", "pattern": "matches `{}`"}
    return ", ".join(sentence.format(field[name]) for name, sentence in words.items() if name in field)


def interval_words(qualifier: Qualifier) -> tuple[str, str]:
    """The interval of a figure v with its rounding unit u, and that of an example."""
    below, above, *_ = qualifier.meaning
    units = {0: "", 0.5: " {} u/2", 1: " {} u"}
    low = "0" if below is None else f"v{units.get(below, f' {{}} {below:g} u').format('-')}"
    high = "open" if above is None else f"v{units.get(above, f' {{}} {above:g} u').format('+')}"
    shown = interval(SHOWN, qualifier)
    return f"{low}, {high}", f"{shown.low:,.0f}, {'open' if shown.high is None else f'{shown.high:,.0f}'}"


@cache
def blocks() -> dict[str, str]:
    """Every generated block by its name: settings, metrics, topics, reasons of refusal, and the map of the code."""
    kinds = {"string": "text", "integer": "whole number", "number": "number", "array": "list", None: "path"} | {
        "boolean": "true or false"
    }
    fields = Settings.model_json_schema()["properties"].values()
    settings = (
        (f"`{variable}`", kind, f"`{default}`" if default else "", bounds(field), meaning)
        for field, (variable, default, meaning) in zip(fields, documented(), strict=True)
        for kind in ["word" if "$ref" in field else kinds[field.get("type")]]
    )
    metrics = (
        (
            f"`{metric.name}`",
            metric.kind,
            ", ".join(f"`{x}`" for x in metric.labels),
            metric.bound,
            metric.part,
            metric.meaning,
        )
        for metric in CATALOGUE
    )
    labels = (
        (f"`{metric.name}`", f"`{label}`", ", ".join(f"`{value}`" for value in values))
        for metric in CATALOGUE
        for label, values in metric.values.items()
    )
    topics = ((f"`{x.name}`", KEYS[x.name], KEPT[x.config.get("retention.ms")], x.meaning) for x in _NAMES.specs())
    channels = ((f"[{channel.name}]({channel.page})", channel.delivers) for channel in CHANNELS if channel.page)
    rules = (
        (f"`{rule.setting.name} = {rule.setting.example}`", f"`{rule.name}`", rule.opens, rule.ends)
        for rule in RULES.values()
        if rule.setting is not None
    )
    qualifiers = (
        (f"`{qualifier}`{' (the default)' if qualifier == UNQUALIFIED else ''}", *interval_words(qualifier))
        for qualifier in Qualifier
    )
    base = most_series(0, 0, 0)
    by_source, by_partition, by_flow = (most_series(*sizes) - base for sizes in ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    return {
        "packages": draw_packages(ROOT),
        "map": describe_folders(ROOT),
        "series": f"At most {base} + {by_source} S + {by_partition} P + {by_flow} F series.\n",
        "settings": table(("variable", "type", "default", "bounds", "meaning"), settings),
        "metrics": table(("metric", "type", "labels", "label values at most", "shown by", "meaning"), metrics),
        "labels": table(("metric", "label", "values"), labels),
        "qualifiers": table(("qualifier", "interval", f"{SHOWN:,} gives low, high"), qualifiers),
        "rules": table(("setting", "`rule`", "opens", "ends"), rules),
        "channels": table(("channel", "delivers"), channels),
        "topics": table(("topic", "key", "kept", "holds"), topics),
        "fields": table(("field", "type", "default", "meaning"), report_fields()),
        "reasons": table(("reason", "meaning"), ((f"`{reason.value}`", REASONS[reason]) for reason in Reason)),
    }


def render(text: str, blocks: Mapping[str, str]) -> str:
    """A page with current generated blocks. Raises BordertallyError for a block with an unknown name."""
    unknown = sorted({match[2] for match in _BLOCK.finditer(text)} - blocks.keys())
    if unknown:
        raise BordertallyError(f"unknown generated block {', '.join(unknown)}; known blocks: {', '.join(blocks)}")
    return _BLOCK.sub(lambda match: f"{match[1]}\n{blocks[match[2]]}\n{match[3]}", text)


def generated(root: Path) -> dict[Path, str]:
    """The current text of every file with generated parts, by path. Raises BordertallyError outside a clone."""
    docs = root / "docs"
    missing = [name for name in PAGES if not (docs / name).is_file()]
    if missing:
        raise BordertallyError(f"{docs}: missing {', '.join(missing)}; run this in a clone of the project")
    tables = blocks()
    pages = {docs / name: render((docs / name).read_text(encoding="utf-8"), tables) for name in PAGES}
    documents = {"asyncapi.json": asyncapi(), "report.schema.json": report_schema()}
    return pages | {docs / name: json.dumps(document, indent=2) + "\n" for name, document in documents.items()}


def main(root: Path = ROOT) -> None:
    """Write the files that are not current, and print which."""
    try:
        pages = generated(root)
    except BordertallyError as error:
        raise SystemExit(f"bordertally: {error}") from None
    for path, text in pages.items():
        stale = not path.is_file() or path.read_text(encoding="utf-8") != text
        if stale:
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(root)}: {'written' if stale else 'current'}\n")


if __name__ == "__main__":
    main()
