"""What the review desk and the buttons of alerts make of text, in the JavaScript of the board."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reports.records import ClaimFields
from unit.agents.gateway.node import NODE, put_modules


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("board")
    put_modules(path)
    return path


def evaluated(folder: Path, module: str, expression: str) -> Any:
    """The value of an expression over the exports `m` of a module."""
    script = f'const m = await import("./{module}"); console.log(JSON.stringify({expression}));'
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_desk_offers_fields_of_a_claim_and_every_qualifier(folder: Path) -> None:
    fields, qualifiers = evaluated(folder, "desk/desk_words.js", "[m.FIELDS, m.QUALIFIERS]")
    assert set(fields) <= set(ClaimFields.__struct_fields__)
    assert set(qualifiers) == {qualifier.value for qualifier in Qualifier}


def test_people_are_a_number_or_two_and_an_empty_field_is_none(folder: Path) -> None:
    texts = ["98000", " 98,000 ", "98 000", "5,000-6,000", "5000 to 6000", "5000\u20136000", "", "many", "-5"]
    values = evaluated(folder, "desk/desk_words.js", f"{json.dumps(texts)}.map((text) => m.valueOf('people', text))")
    assert values == [98000, 98000, 98000, [5000, 6000], [5000, 6000], [5000, 6000], None, "many", "-5"]
    others = evaluated(folder, "desk/desk_words.js", "['RU:KZ ', ''].map((text) => m.valueOf('flow', text))")
    assert others == ["RU:KZ", None]


def test_words_are_cut_at_the_spans_by_characters_also_beyond_the_basic_plane(folder: Path) -> None:
    context = "😀 Perhaps 1,200 people entered."
    item = {
        "context": context,
        "claim": {"text": "1,200 people"},
        "spans": {"people": [10, 15], "qualifier": [2, 9], "population": [16, 22]},
    }
    pieces = evaluated(folder, "desk/desk_words.js", f"m.pieces({json.dumps(item)})")
    assert "".join(piece["words"] for piece in pieces) == context
    assert {piece["words"]: piece["fields"] for piece in pieces if piece["fields"]} == {
        "1,200": ["people"],
        "Perhaps": ["qualifier"],
        "people": ["population"],
    }
    assert "".join(piece["words"] for piece in pieces if piece["quoted"]) == "1,200 people"


def test_an_alert_that_grew_since_it_was_acknowledged_says_so(folder: Path) -> None:
    record = {"author": "ann", "at": "2022-09-28T06:30:00Z", "severity": "warning", "note": "called"}
    words = evaluated(
        folder,
        "desk/desk_words.js",
        f"['warning', 'critical'].map((severity) => m.acknowledgedWords({{ severity }}, {json.dumps(record)}))",
    )
    assert words == [
        "by ann, 28 Sep 2022, 06:30 UTC: called",
        "by ann, 28 Sep 2022, 06:30 UTC, as warning; it is critical now: called",
    ]
    assert evaluated(folder, "desk/desk_words.js", "m.untilAfter(4, Date.parse('2022-09-27T09:00:00Z'))") == (
        "2022-09-27T13:00:00.000Z"
    )


def test_a_moment_of_the_address_is_utc_unless_it_says_otherwise(folder: Path) -> None:
    texts = ["2022-09-27T09:00", "2022-09-27T09:00Z", "2022-09-27T09:00:30+03:00", "noon", ""]
    moments = evaluated(folder, "shared/moments.js", f"{json.dumps(texts)}.map((text) => m.momentOf(text))")
    assert moments == ["2022-09-27T09:00Z", "2022-09-27T09:00Z", "2022-09-27T06:00:30Z", None, None]
    paths = ["v1/flows", "v1/alerts/a1", "v1/silences", "v1/flowsheet", "v1/review"]
    assert evaluated(folder, "shared/moments.js", f"{json.dumps(paths)}.map((path) => m.knowsThen(path))") == [
        *(True, True, False, False, False)
    ]
