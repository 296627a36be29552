"""Which refused reports `bordertally rejected` takes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.cli.operate import rejected
from bordertally.streams.errors import Reason


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_a_moment_that_is_none_is_refused_under_the_name_of_its_option(option: str) -> None:
    result = CliRunner().invoke(cli, ["rejected", "redrive", option, "soon"])
    assert result.exit_code != 0
    assert f"{option}: " in f"{result.output} {result.exception}"


def test_a_redrive_of_nothing_in_particular_asks_which() -> None:
    result = CliRunner().invoke(cli, ["rejected", "redrive"])
    assert result.exit_code != 0
    assert "name the reports, or give --reason" in f"{result.output} {result.exception}"


def entry(*, kept: bool = True, redriven: object = None, faulty: bool = False) -> Any:
    fault = SimpleNamespace(reason=Reason.UNKNOWN_SOURCE) if faulty else None
    return SimpleNamespace(letter=SimpleNamespace(kept=kept, place=None), redriven=redriven, fault=fault)


def test_without_further_options_a_report_that_would_be_refused_again_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    async def judged(*_: object) -> list[Any]:
        return [entry(faulty=True), entry(redriven=object())]

    monkeypatch.setattr(rejected, "_desk", lambda *_: SimpleNamespace(topics=None))
    monkeypatch.setattr(rejected, "judged", judged)
    result = CliRunner().invoke(cli, ["rejected", "redrive", "--all", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.output) == {
        "chosen": [],
        "sent": [],
        "left": {"still refused (--faulty): unknown_source": 1, "sent again before (--again)": 1},
    }


@pytest.mark.parametrize(
    ("report", "stays", "with_faulty", "with_again"),
    [
        (entry(), None, None, None),
        (entry(kept=False), "too large to be held", "too large to be held", "too large to be held"),
        (entry(redriven=object()), "sent again before (--again)", "sent again before (--again)", None),
        (
            entry(faulty=True),
            "still refused (--faulty): unknown_source",
            None,
            "still refused (--faulty): unknown_source",
        ),
    ],
)
def test_why_a_report_is_not_sent(
    report: Any, stays: str | None, with_faulty: str | None, with_again: str | None
) -> None:
    assert rejected._left(report, faulty=False, again=False) == stays
    assert rejected._left(report, faulty=True, again=False) == with_faulty
    assert rejected._left(report, faulty=False, again=True) == with_again
