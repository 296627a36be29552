"""No command writes a control or direction character of text from outside to a terminal."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bordertally.agents.cli.code_map import modules
from bordertally.agents.cli.inspect import watch
from bordertally.agents.cli.main import cli
from bordertally.agents.cli.operate import rejected, silences, webhooks
from bordertally.agents.cli.publish import statements
from bordertally.agents.cli.running import guarded
from bordertally.agents.producing.redrive import Judged
from bordertally.agents.terminal.console import SafeConsole
from bordertally.streams.alerts.silences import Silence, Silences
from bordertally.streams.delivery.webhook_lane import Attempt, Verdict
from bordertally.streams.reports.dead_letters import Letter, LetterPosition
from bordertally.streams.reports.records import ClaimFields
from bordertally.streams.rules.config import Rules
from bordertally.streams.statements.review import Docket, Item
from bordertally.streams.visible_text import visible_lines
from unit.kit import alert_record

BAD = "\x1b]0;evil\x07\x9b31m\u202eevil\u2066\u2028\x7f\U000e0041\r"
"""Sets the title of a terminal, colours and reorders what follows, and breaks lines."""

CONSOLE = Path("agents/terminal/console.py")
WRITERS = {"print", "Console"}
SILENT = {CONSOLE, *map(Path, ("agents/cli/main.py", "agents/cli/running.py", "agents/cli/pages.py"))}
SILENT.add(Path("agents/servers/launch.py"))
"""Modules that write by themselves: the boundary, the version, tracebacks, generated pages, what cannot be started."""


@pytest.mark.parametrize("path", [path for path in modules(Path()) if path not in SILENT], ids=str)
def test_all_output_goes_through_the_console(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name):
            assert called.id not in WRITERS, f"{path}:{node.lineno}"
        elif isinstance(called, ast.Attribute):
            written = ast.unparse(called)
            assert called.attr != "write" or not written.startswith("sys.std"), f"{path}:{node.lineno}"


def check(output: str) -> None:
    """Fail if text holds anything hidden, or nothing of what was to be shown."""
    assert visible_lines(output) == output
    assert "evil" in output


TEXTS = st.text(st.characters() | st.sampled_from(BAD), min_size=1)


@given(TEXTS, st.booleans(), st.integers(20, 200))
def test_whatever_is_printed_on_a_console_is_visible(text: str, soft_wrap: bool, width: int) -> None:
    file = io.StringIO()
    console = SafeConsole(file=file, width=width)
    table = Table(text, title=text)
    table.add_row(text)
    for printed in (text, Text(text), Panel(text, title=text), table):
        console.print(printed, soft_wrap=soft_wrap)
    assert visible_lines(file.getvalue()) == file.getvalue()


def test_brackets_are_no_markup() -> None:
    file = io.StringIO()
    console = SafeConsole(file=file, width=100)
    table = Table("x")
    table.add_row("[bold]b[/]")
    console.print("[red]a[/nothing]")
    console.print(table)
    assert "[red]a[/nothing]" in file.getvalue()
    assert "[bold]b[/]" in file.getvalue()


def quoted(text: str) -> str:
    """A string of TOML."""
    return '"' + "".join(f"\\U{ord(sign):08x}" for sign in text) + '"'


REGISTRY = f"""
[sources.a]
name = {quoted(BAD)}
flows = ["RU"]
grade = "B"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.toml").write_text(REGISTRY, encoding="utf-8")
    monkeypatch.setenv("BORDERTALLY_SOURCES", "sources.toml")
    return tmp_path


def run(*words: str, exit_code: int | None = 0) -> str:
    """Standard output and error of a command."""
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output), pytest.raises(SystemExit) as ended:
        guarded(lambda: cli(words))
    assert exit_code is None or ended.value.code == exit_code, output.getvalue()
    return output.getvalue()


def reports(folder: Path) -> str:
    """A file of reports: two good ones that contradict each other, and faulty ones."""
    good = {
        "id": f"x{BAD}",
        "source": "a",
        "published": "2022-09-28T09:00:00Z",
        "flow": "RU:KZ",
        "period": "2022-09-21/2022-09-28",
        "people": 98_000,
        "url": f"http://x/{BAD}",
        "title": BAD,
        BAD: BAD,
    }
    claim = {"flow": "RU:KZ", "period": "2022-09-21/2022-09-28", "people": 10_000, "text": f"{BAD} 10,000 people"}
    words = {key: good[key] for key in ("source", "published", "url", "title")} | {"id": "w", "text": f"{BAD} nothing"}
    written = {key: good[key] for key in ("source", "published", "url", "title")} | {"id": BAD, "claims": [claim]}
    faulty = [good | {name: BAD} for name in ("source", "published", "flow", "period", "people", "population")]
    lines = [good, written, words, *faulty]
    path = folder / "reports.ndjson"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines) + BAD, encoding="utf-8")
    return path.name


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("replay",),
        ("replay", "--json"),
        ("why", "RU:KZ", "--files"),
        ("why", "RU:KZ", "--json", "--files"),
    ],
)
def test_reports_in_files(folder: Path, words: tuple[str, ...]) -> None:
    check(run(*words, reports(folder), exit_code=None))


def test_text_in_files(folder: Path) -> None:
    (folder / "words.txt").write_text(f"On 27 September 2,000 people {BAD} crossed from Russia into Georgia.")
    check(run("read", "words.txt"))
    check(run("read", "words.txt", "--json"))
    (folder / "page.html").write_text(
        f"<html><head><title>{BAD}</title></head><p>On 27 September 2022 2,000 people crossed from Russia into Georgia."
        f"<p>{BAD}",
        encoding="utf-8",
    )
    check(run("follow", "page.html", "--source", "a"))


def test_tables_in_files(folder: Path) -> None:
    (folder / "t.csv").write_text(
        f"date,flow,people\n2022-09-27,RU:KZ,{BAD!r}{BAD.strip()}\n2022-09-28,{BAD.strip()},5\n"
    )
    check(run("reports", "t.csv", "--source", "a", exit_code=None))
    check(run("backtest", "t.csv", exit_code=None))
    (folder / "good.csv").write_text(
        "date,people,evil\n"
        + "".join(f"2022-{1 + n // 28:02}-{1 + n % 28:02},{n % 7 + 5},{BAD.strip()}\n" for n in range(90))
    )
    check(run("import", "good.csv", "--guess"))
    check(run("backtest", "good.csv", "--flow", BAD, exit_code=None))


def test_a_scenario_with_such_a_name(folder: Path) -> None:
    scenario = f"[[scenario]]\nname = {quoted(BAD)}\n[[scenario.step]]\nat = 2022-09-28T00:00:00Z\nwant = []\n"
    (folder / "s.toml").write_text(scenario, encoding="utf-8")
    check(run("rules", "test", "s.toml", exit_code=None))


def given_back(value: Any) -> Callable[..., Any]:
    """A stand-in for what reads Kafka."""

    async def read(*_: object, **__: object) -> Any:
        return value

    return read


@pytest.mark.usefixtures("folder")
def test_refused_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    letter = Letter(
        LetterPosition("reports.rejected", 0, 1), 0, BAD, BAD, BAD, BAD, BAD, BAD, 9, True, BAD.encode(), ((BAD, b""),)
    )

    async def letters(_: object) -> AsyncIterator[tuple[Letter, bytes]]:
        yield letter, BAD.encode() + b"\xff"

    monkeypatch.setattr(rejected, "judged", given_back([Judged(letter, None, None)]))
    monkeypatch.setattr(rejected, "letters", letters)
    monkeypatch.setattr(rejected, "redriven", given_back({}))
    check(run("rejected", "list"))
    check(run("rejected", "list", "--json"))
    check(run("rejected", "show", str(letter.place)))


@pytest.mark.usefixtures("folder")
def test_what_others_have_written_to_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = ClaimFields(flow=BAD, period=BAD, people=5, text=BAD)
    item = Item(
        id=BAD, report=BAD, source=BAD, published=BAD, claim=claim, context=BAD, spans={}, doubts=[BAD],
        confidence=0.5, voice=BAD,
    )  # fmt: skip
    monkeypatch.setattr(statements, "load_docket", given_back(Docket([item])))
    check(run("review", "list", "--to", "nowhere:1"))
    check(run("review", "list", "--to", "nowhere:1", "--json"))
    attempt = Attempt(
        at=1.0, subscription=BAD, webhook_id=BAD, alert=BAD, seq=1, flow=BAD, attempt=1, verdict=next(iter(Verdict)),
        status=None, error=BAD, ms=1.0, due=None,
    )  # fmt: skip

    class Stored:
        value = msgspec.json.encode(attempt)

    monkeypatch.setattr(webhooks, "check_broker", given_back(None))
    monkeypatch.setattr(webhooks, "read_topic", given_back([Stored()]))
    check(run("webhooks", "log"))
    check(run("webhooks", "log", "--json"))
    now = datetime.now(UTC)
    silenced = Silences()
    silenced.by_id[BAD] = Silence(id=BAD, flow="RU", since=now, until=now + timedelta(hours=1), author=BAD, comment=BAD)
    monkeypatch.setattr(silences, "_load", given_back(silenced))
    check(run("silences", "list", "--to", "nowhere:1"))
    check(run("silences", "list", "--to", "nowhere:1", "--json"))


@pytest.mark.parametrize("as_json", [False, True])
def test_watched_alerts(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    alert = msgspec.structs.replace(alert_record("RU:KZ"), explanation=BAD)

    class Stored:
        value = msgspec.json.encode(alert)
        timestamp = 0

    wanted = watch.WatchOptions(datetime.now(UTC), "*", totals=False, as_json=as_json)
    watch._show(Stored(), wanted, watch.Standing(Rules()), alerts=True)
    check(capsys.readouterr().out)
