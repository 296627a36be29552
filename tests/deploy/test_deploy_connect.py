"""The examples for Kafka Connect: their keys are known, and they write reports to the topic of their source."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bordertally.agents.kafka.report_record import record_of
from bordertally.agents.runtime.context import load_registry
from bordertally.streams.reports.validation import read_report
from bordertally.streams.topics import Topics
from unit.kit import NOW

CONNECT = Path(__file__).parents[2] / "deploy" / "connect"
WORKER = {"connector.class", "tasks.max", "key.converter", "value.converter", "value.converter.schemas.enable"}
"""Keys that Connect itself reads, besides those of transforms."""
KEYS = {
    "spool-directory": {
        *("topic", "input.path", "input.file.pattern", "finished.path", "error.path", "cleanup.policy"),
        *("halt.on.error", "file.minimum.age.ms", "file.charset"),
    },
    "jdbc": {
        *("connection.url", "connection.user", "connection.password", "mode", "query", "timestamp.column.name"),
        *("incrementing.column.name", "validate.non.null", "timestamp.delay.interval.ms", "db.timezone"),
        *("numeric.mapping", "poll.interval.ms", "topic.prefix"),
    },
}
"""Keys in the documentation of each connector that the examples use."""
TRANSFORMS = {
    "HoistField$Value": {"field"},
    "InsertField$Value": {"static.field", "static.value"},
    "ValueToKey": {"fields"},
    "ExtractField$Key": {"field"},
    "ExtractField$Value": {"field"},
    "ReplaceField$Value": {"exclude"},
}


def config(name: str) -> dict[str, str]:
    loaded: dict[str, Any] = json.loads((CONNECT / f"{name}.json").read_text(encoding="utf-8"))
    assert set(loaded) == {"name", "config"}
    return loaded["config"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", KEYS)
def test_every_key_is_one_of_the_connector_of_connect_or_of_a_transform(name: str) -> None:
    keys = config(name)
    assert all(isinstance(value, str) for value in keys.values())
    assert {key for key in keys if not key.startswith("transforms")} == KEYS[name] | (WORKER & keys.keys())
    named = keys["transforms"].split(",")
    assert {key.split(".")[1] for key in keys if key.startswith("transforms.")} == set(named)
    for transform in named:
        own = {
            key.partition(f"transforms.{transform}.")[2] for key in keys if key.startswith(f"transforms.{transform}.")
        }
        assert own - {"type"} == TRANSFORMS[keys[f"transforms.{transform}.type"].rpartition(".")[2]]


def test_no_password_stands_in_the_file() -> None:
    assert re.fullmatch(r"\$\{file:[^}]+\}", config("jdbc")["connection.password"])


def test_a_line_of_a_file_goes_to_the_topic_and_key_of_its_source() -> None:
    keys = config("spool-directory")
    source = keys["transforms.source.static.value"]
    raw = json.dumps({"source": source, "flow": "RU:KZ"}).encode()
    record = record_of(raw, load_registry(None), Topics())
    assert (record.topic, record.key) == (keys["topic"], source.encode())


def to_char(value: str | None, form: str) -> str | None:
    """The function of PostgreSQL, as far as the view needs it."""
    if value is None:
        return None
    parts = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S", "MS": "%f"}
    written = re.sub(r'"([^"]*)"|YYYY|MM|DD|HH24|MI|SS|MS', lambda part: part[1] or parts.get(part[0], ""), form)
    return datetime.fromisoformat(value).strftime(written)


def test_the_rows_of_the_view_are_reports() -> None:
    script = (CONNECT / "reports.sql").read_text(encoding="utf-8")
    script = script.replace("bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "integer PRIMARY KEY")
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.create_function("to_char", 2, to_char)
    database.executescript(script.replace("DEFAULT (now() AT TIME ZONE 'UTC')", "DEFAULT '2022-09-26 11:05:00'"))
    insert = "INSERT INTO hourly_counts (gate, begins, people) VALUES ('mashtakovo', ?, ?)"
    database.executemany(insert, [("2022-09-26 09:00:00", 398), ("2022-09-26 10:00:00", None)])
    keys, registry = config("jdbc"), load_registry(None)
    left_out = keys["transforms.report.exclude"].split(",")
    assert left_out == [keys["timestamp.column.name"], keys["incrementing.column.name"]]
    rows = [dict(row) for row in database.execute(f"{keys['query']} ORDER BY {keys['incrementing.column.name']}")]
    raws = [json.dumps({name: value for name, value in row.items() if name not in left_out}).encode() for row in rows]
    (first,), (second,) = (read_report(raw, registry, NOW) for raw in raws)
    assert (first.flow, first.best, first.qualifier, first.end - first.start) == (
        "RU:KZ:mashtakovo",
        398,
        "count",
        3_600,
    )
    assert (second.best, second.start - first.start) == (None, 3_600)
    record = record_of(raws[0], registry, Topics())
    assert (record.topic, record.key) == (keys["topic.prefix"], rows[0][keys["transforms.key.fields"]].encode())
