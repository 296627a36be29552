"""The documentation says what the code does: generated parts are current, links, reports, settings, metrics exist."""

from __future__ import annotations

import fnmatch
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bordertally.agents.cli.pages import KEYS, PAGES, REASONS, ROOT, blocks, bounds, generated, main, render, table
from bordertally.agents.cli.schema import asyncapi
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.runtime.languages import word_reader
from bordertally.streams.delivery.metrics import CATALOGUE
from bordertally.streams.detection.registry import RULES
from bordertally.streams.errors import BordertallyError, Reason
from bordertally.streams.settings import CHANNELS, Settings
from bordertally.streams.statements.reports import read_claims
from bordertally.streams.topics import Topics

README, DOCS, COMPOSE, DEPLOY = ROOT / "README.md", ROOT / "docs", ROOT / "docker-compose.yml", ROOT / "deploy"
WRITTEN = [README, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
OF_COMPOSE = {"BORDERTALLY_CONFIG", "BORDERTALLY_VERSION", "BORDERTALLY_WORKERS"}
"""Variables that docker compose itself reads, and no worker does."""

FENCE = re.compile(
    r"^(?P<ticks>```+|~~~+)(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^(?P=ticks)[ \t]*$", re.DOTALL | re.MULTILINE
)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)|(?:href|src)=\"([^\"]+)\"", re.MULTILINE)
SETTING = re.compile(r"\bBORDERTALLY_[A-Z_]*[A-Z]\b")
METRIC = re.compile(r"(?<![\w:./-])bordertally_\w+\b(?!:\w)(?:\.?\*)?")  # with a colon: a recording rule; with *: any


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(text: str) -> str:
    """A page without its code, where brackets mean something else."""
    return re.sub(r"`[^`\n]+`", "`code`", FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    anchors: set[str] = set(re.findall(r"<a\s+(?:id|name)=\"([^\"]+)\"", text))
    for line in FENCE.sub("", text).splitlines():
        heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        if heading:
            shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
            number = 0
            while (slug if not number else f"{slug}-{number}") in anchors:
                number += 1
            anchors.add(slug if not number else f"{slug}-{number}")
    return anchors


def links(text: str) -> list[str]:
    """The relative links of a page."""
    targets = ["".join(match) for match in LINK.findall(prose(text))]
    return [target for target in targets if not re.match(r"[a-z][a-z0-9+.-]*:|//", target)]


def broken(path: Path, text: str) -> list[str]:
    """The relative links of a page that lead nowhere."""
    wrong = []
    for target in links(text):
        place, _, anchor = target.partition("#")
        file = (path.parent / place).resolve() if place else path
        exists = file.exists() and file.is_relative_to(ROOT)
        if not exists or (anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8"))):
            wrong.append(target)
    return wrong


def texts(*places: Path) -> Iterator[tuple[str, str]]:
    """(name, text) of every file, and of every file in every folder; pictures left out."""
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and path.suffix != ".png":
                yield name_of(path), path.read_text(encoding="utf-8")


def reports(text: str) -> list[str]:
    """The JSON blocks of a page that are reports. Every block must be JSON."""
    bodies = [match["body"] for match in FENCE.finditer(text) if match["kind"] == "json"]
    return [body for body in bodies if "source" in dict(json.loads(body))]


# --- what is generated -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"), generated(ROOT).items(), ids=lambda page: page.name if isinstance(page, Path) else ""
)
def test_generated_parts_are_current(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run: make docs"


def test_every_block_stands_on_one_page() -> None:
    text = "".join((DOCS / name).read_text(encoding="utf-8") for name in PAGES)
    assert sorted(re.findall(r"<!-- generated: (\w+) -->", text)) == sorted(blocks())
    assert text.count("<!-- /generated -->") == len(blocks())


def test_tables_have_a_row_for_everything() -> None:
    made = blocks()
    assert len(made["settings"].splitlines()) == 2 + len(Settings.model_fields)
    assert len(made["metrics"].splitlines()) == 2 + len(CATALOGUE)
    assert len(made["rules"].splitlines()) == 2 + len([rule for rule in RULES.values() if rule.setting is not None])
    assert len(made["channels"].splitlines()) == 2 + len(CHANNELS)
    assert set(KEYS) == {spec.name for spec in Topics().specs()}
    assert set(REASONS) == set(Reason)
    assert "at least 1, at most 1,000" in made["settings"]


def test_every_header_of_a_dead_letter_is_described() -> None:
    message = asyncapi()["channels"]["reports_rejected"]["messages"]["message"]
    described = re.findall(r"^\| `(\w+)` \|", (DOCS / "topics.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(message["headers"]["properties"]) <= set(described)


def test_render_fills_blocks_and_keeps_the_prose() -> None:
    page = "a\n<!-- generated: x -->\nold\n<!-- /generated -->\nb\n<!-- generated: y -->\n<!-- /generated -->\n"
    filled = render(page, {"x": "X \\1\n", "y": "Y\n", "z": "Z\n"})
    begin, end = "<!-- generated: {} -->\n\n", "\n<!-- /generated -->\n"
    assert filled == f"a\n{begin.format('x')}X \\1\n{end}b\n{begin.format('y')}Y\n{end}"
    assert render(filled, {"x": "X \\1\n", "y": "Y\n"}) == filled
    with pytest.raises(BordertallyError, match="unknown generated block y; known blocks: x"):
        render(page, {"x": ""})


def test_tables_and_bounds() -> None:
    assert table(("a", "b"), [("1|2", "")]) == "| a | b |\n| --- | --- |\n| 1\\|2 |  |\n"
    assert bounds({"exclusiveMinimum": 0, "maximum": 60}) == "above 0, at most 60"
    assert bounds({"pattern": "^a$"}) == "matches `^a$`"
    assert bounds({"type": "string"}) == ""


def test_main_writes_only_what_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    for path, text in generated(ROOT).items():
        (tmp_path / "docs" / path.name).write_text(text, encoding="utf-8")
    stale = tmp_path / "docs" / "metrics.md"
    current = stale.read_text(encoding="utf-8")
    stale.write_text(current.replace("| counter |", "| old |"), encoding="utf-8")
    (tmp_path / "docs" / "asyncapi.json").unlink()
    main(tmp_path)
    output = capsys.readouterr().out.splitlines()
    assert {line for line in output if line.endswith("written")} == {
        "docs/metrics.md: written",
        "docs/asyncapi.json: written",
    }
    assert stale.read_text(encoding="utf-8") == current


def test_outside_a_clone_it_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(tmp_path)
    assert stopped.value.code == (
        f"bordertally: {tmp_path}/docs: missing {', '.join(PAGES)}; run this in a clone of the project"
    )


# --- what is written by hand -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_relative_links_resolve(path: Path) -> None:
    assert broken(path, path.read_text(encoding="utf-8")) == []


def test_there_are_links_and_anchors_to_check() -> None:
    targets = [link for _, text in texts(*WRITTEN) for link in links(text)]
    assert len(targets) > 10
    assert any("#" in link for link in targets)


def test_a_broken_link_is_found() -> None:
    text = (
        "# A `b` c: d\n# A b c d\n[x](no.md) [y](settings.md) [z](#a-b-c-d-1) [w](#no) `[v](no.md)` [u](https://x.y)\n"
    )
    assert anchors(text) == {"a-b-c-d", "a-b-c-d-1"}
    assert links(text) == ["no.md", "settings.md", "#a-b-c-d-1", "#no"]
    assert broken(DOCS / "x.md", text.replace("[z](#a-b-c-d-1) [w](#no)", "[z](settings.md#no)")) == [
        "no.md",
        "settings.md#no",
    ]


def test_every_page_is_found_from_the_readme() -> None:
    def pages(path: Path) -> set[Path]:
        targets = (target.partition("#")[0] for target in links(path.read_text(encoding="utf-8")))
        return {(path.parent / place).resolve() for place in targets if place.endswith(".md")}

    near = pages(README) | {(DOCS / channel.page).resolve() for channel in CHANNELS}  # listed in subscribe.md
    assert {name_of(path) for path in DOCS.glob("*.md")} - {name_of(path) for path in near} == set(), (
        "link it in README"
    )
    reached = near.union(*(pages(path) for path in near))
    assert {name_of(path) for path in DOCS.rglob("*.md")} - {name_of(path) for path in reached} == set()


def test_reports_shown_are_accepted() -> None:
    registry, shown = load_registry(None), 0
    for name, text in texts(*WRITTEN):
        for body in reports(text):
            assert read_claims(body.encode(), registry, time.time(), None, word_reader(registry)), name
            shown += 1
    assert shown > 0


def test_settings_named_exist() -> None:
    known = {f"BORDERTALLY_{name.upper()}" for name in Settings.model_fields} | OF_COMPOSE
    named = {
        (name, setting)
        for name, text in texts(README, DOCS, COMPOSE, ROOT / ".env.example", DEPLOY)
        for setting in SETTING.findall(text)
    }
    assert {setting for _, setting in named} >= OF_COMPOSE | {"BORDERTALLY_BROKERS", "BORDERTALLY_HOPS"}
    assert {(name, setting) for name, setting in named if setting not in known} == set()


def test_metrics_named_exist() -> None:
    known = {metric.name for metric in CATALOGUE}
    known |= {
        f"{metric.name}_{suffix}"
        for metric in CATALOGUE
        if metric.kind == "histogram"
        for suffix in ("bucket", "sum", "count")
    }
    named = {(name, metric) for name, text in texts(README, DOCS, DEPLOY) for metric in METRIC.findall(text)}
    assert {name for name, _ in named} >= {
        "docs/metrics.md",
        "docs/runbooks/BordertallyLagging.md",
        "deploy/prometheus/rules.yml",
    }
    assert {(name, metric) for name, metric in named if not fnmatch.filter(known, metric.replace(".*", "*"))} == set()
