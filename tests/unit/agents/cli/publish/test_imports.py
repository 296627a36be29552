"""The options of `bordertally import` that reach what watches a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.cli.publish import imports as module


def test_a_watched_folder_is_imported_with_the_brokers_sources_and_key_of_the_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[Any, ...]] = []
    monkeypatch.setattr(module, "ImportSender", lambda *given: made.append(given))
    monkeypatch.setattr(module, "watch_folder", lambda folder, *_, historic: made.append((folder, historic)))
    (tmp_path / "map.toml").write_text("")
    (tmp_path / "key").write_text("")
    (tmp_path / "sources.toml").write_text("")
    given = ["--map", str(tmp_path / "map.toml"), "--watch", str(tmp_path), "--to", "b:9092"]
    given += ["--sources", str(tmp_path / "sources.toml"), "--key", str(tmp_path / "key"), "--historic"]
    result = CliRunner().invoke(cli, ["import", *given], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert made == [("b:9092", tmp_path / "sources.toml", tmp_path / "key"), (tmp_path, True)]
