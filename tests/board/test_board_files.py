"""The board's files as the gateway serves them."""

from __future__ import annotations

import re
from urllib.request import urlopen

from bordertally.agents.gateway.pages.languages import BOARD
from bordertally.agents.servers.process import Server


def test_they_are_asked_for_again_and_hold_no_inline_code(board_gateway: Server) -> None:
    with urlopen(f"http://{board_gateway.address}/") as answer:
        text = answer.read().decode()
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<style" not in text
    assert "style=" not in text
    for link in re.findall(r'href="([^"#]+)"', text):
        with urlopen(f"http://{board_gateway.address}/{link}") as answer:
            assert answer.status == 200, link
    with urlopen(f"http://{board_gateway.address}/board/overview/board.js") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "javascript" in answer.headers["Content-Type"]


def test_they_name_no_other_place_and_parse_no_markup() -> None:
    for file in (path for path in BOARD.rglob("*") if path.is_file()):
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, file.name
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"):
            assert way not in text, f"{file.name}: {way}"
