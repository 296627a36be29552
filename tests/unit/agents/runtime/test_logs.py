"""Lines of the log: for people and for machines, whatever is said in them."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.agents.runtime.logs import JsonLines, PrettyLines, configure_logs, fields_of
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import LogFormat, LogLevel, load_settings

NAMES = st.text(min_size=1).filter(lambda name: name not in vars(logging.makeLogRecord({})))
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)


def line(message: str, fields: dict[str, Any], *arguments: object, level: int = logging.WARNING) -> logging.LogRecord:
    log = logging.getLogger("bordertally")
    return log.makeRecord(log.name, level, __file__, 1, message, arguments, None, None, fields)


@given(st.text(), st.dictionaries(NAMES.filter(lambda name: name not in {"message", "asctime", "taskName"}), VALUES))
def test_json_is_one_object_a_line_and_says_all(message: str, fields: dict[str, Any]) -> None:
    record = line("%s", fields, message)
    text = JsonLines().format(record)
    assert text.isascii()
    assert len(text.splitlines()) == 1
    written = json.loads(text)
    assert (written.pop("level"), written.pop("logger"), written.pop("message")) == ("warning", "bordertally", message)
    assert abs(datetime.fromisoformat(written.pop("time")).timestamp() - record.created) <= 0.001
    first = ("time", "level", "logger", "exception")
    assert written == {f"{name}_" if name in first else name: value for name, value in fields.items()}


@given(st.text(), st.dictionaries(st.sampled_from(["report", "source", "reports"]), VALUES))
def test_a_line_for_people_is_one_line_whatever_came_from_outside(message: str, fields: dict[str, Any]) -> None:
    text = PrettyLines().format(line("refused: %s", fields, message))
    assert len(text.splitlines()) == 1
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING bordertally refused: ", text)
    assert re.findall(r" (report|source|reports)=", text)[-len(fields) :] == list(fields) or not fields


def test_fields_are_quoted_where_they_are_no_plain_word() -> None:
    record = line("refused", {"report": "kz-1", "source": 'a "b" = c\n', "reports": ["x", "y"], "people": 98_000.0})
    written = PrettyLines().format(record).partition("refused ")[2]
    assert written == r'report=kz-1 source="a \"b\" = c\n" reports=["x", "y"] people=98000.0'
    assert set(fields_of(record)) == {"report", "source", "reports", "people"}


def test_an_exception_is_told() -> None:
    try:
        raise ValueError("what\nnow")
    except ValueError:
        record = line("failed", {})
        record.exc_info = sys.exc_info()
    written = json.loads(JsonLines().format(record))
    assert written["exception"].startswith("Traceback")
    assert written["exception"].endswith("ValueError: what\nnow")
    assert "ValueError: what\nnow" in PrettyLines().format(record)


@pytest.fixture
def _logging_as_it_was() -> Any:
    root, ours = logging.getLogger(), logging.getLogger("bordertally")
    others = [logging.getLogger(name) for name in ("aiokafka", "stamina")]
    before = root.handlers[:], root.level, ours.level, [other.level for other in others]
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before[0], before[1]
    ours.setLevel(before[2])
    for library, level in zip(others, before[3], strict=True):
        library.setLevel(level)


@pytest.mark.usefixtures("_logging_as_it_was")
@pytest.mark.parametrize("level", list(LogLevel))
def test_our_own_from_the_level_on_and_libraries_from_warnings_on(
    level: LogLevel, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(load_settings(log_format=LogFormat.JSON, log_level=level))
    for name in ("bordertally", "faust", "aiokafka"):
        for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logging.getLogger(name).log(number, "x")
    lines = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    levels = [level.value for level in LogLevel]
    from_ours, from_faust = levels[levels.index(level) :], levels[max(2, levels.index(level)) :]
    assert [(line["logger"], line["level"]) for line in lines] == [
        *(("bordertally", metric) for metric in from_ours),
        *(("faust", level) for level in from_faust),
    ]


@pytest.mark.parametrize(("variable", "value"), [("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud")])
def test_a_format_or_level_that_is_none_is_refused(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"BORDERTALLY_{variable}", value)
    with pytest.raises(ConfigError, match=f"BORDERTALLY_{variable}={value}: Input should be"):
        load_settings()
