from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from bordertally.agents.terminal.console import instant, moment_of, settings_for, table
from bordertally.streams.errors import BordertallyError

NOW = datetime(2022, 9, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("30m", "2022-09-27T11:30Z", "2022-09-27T12:30Z"),
        ("2h", "2022-09-27T10:00Z", "2022-09-27T14:00Z"),
        ("1w", "2022-09-20T12:00Z", "2022-10-04T12:00Z"),
        ("2022-09-25", "2022-09-25T00:00Z", "2022-09-25T00:00Z"),
        ("2022-09-25T18:00+06:00", "2022-09-25T12:00Z", "2022-09-25T12:00Z"),
    ],
)
def test_a_time_is_iso_8601_or_a_duration_from_now(text: str, before: str, after: str) -> None:
    assert moment_of(text, "--since", NOW) == datetime.fromisoformat(before)
    assert moment_of(text, "--until", NOW, ahead=True) == datetime.fromisoformat(after)


def test_what_is_no_time_is_quoted_with_its_option() -> None:
    with pytest.raises(
        BordertallyError,
        match=r"^--since: noon is not a time such as 2026-01-31T18:00Z, nor a duration such as 2h or 3d$",
    ):
        moment_of("noon", "--since", NOW)


def test_what_is_no_instant_is_quoted_with_the_option_for_an_end() -> None:
    with pytest.raises(BordertallyError, match=r"^--until: noon is not"):
        instant("noon")


@pytest.mark.parametrize("ahead", [False, True])
def test_a_duration_beyond_the_calendar_is_refused(ahead: bool) -> None:
    with pytest.raises(BordertallyError, match=r"^--until: 999999w is outside the calendar$"):
        moment_of("999999w", "--until", NOW, ahead=ahead)


def test_a_narrow_table_folds_its_cells_and_cuts_none() -> None:
    file = io.StringIO()
    rows = table("id", "meaning", whole=["id"])
    rows.add_row("3f9c-71aa-10250", "averylongwordwithoutanyspaceinit 10,250")
    Console(file=file, width=30).print(rows)
    assert "3f9c-71aa-10250" in file.getvalue()
    cells = [line.split("│")[2].strip() for line in file.getvalue().splitlines() if line.startswith("│")]
    assert "".join(cells) == "averylongwordwithoutanyspaceinit10,250"


def test_the_brokers_are_those_of_the_option_else_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BORDERTALLY_BROKERS", "there:1")
    assert (settings_for(None).brokers, settings_for("here:2").brokers) == ("there:1", "here:2")
