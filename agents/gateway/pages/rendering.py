"""Pages of the board: a template, its parts, and the texts of a language put into it."""

from __future__ import annotations

import re
from html import escape

from bordertally.agents.gateway.pages.languages import BOARD, LANGUAGES, table

PARTS = BOARD / "shell"
"""The folder with what several pages have: `{{> signin}}` stands for `signin.html` of it."""

SCRIPTS = {"flow": "flow/flow.js", "alert": "alerts/alert.js", "report": "flow/report.js", "embed": "flow/embed.js"}
"""The modules of the pages that share a template."""

_PART = re.compile(r"\{\{> (\w+)\}\}\n?")
_TEXT = re.compile(r"\{\{([\w.]+)\}\}")


def rendered(template: str, page: str, language: str, asked: str | None) -> bytes:
    """Return the page of a template, in a language.

    In a template `{{flows.title}}` stands for a text of the language's table, `{{page}}` for the name of the page,
    `{{script}}` for its module, `{{language}}` for the language, `{{languages}}` for links to all languages, and
    `{{keep}}` for the query that keeps the language in links where the address asked for it (`asked`).
    """
    texts = table(language)
    values = {
        "page": page,
        "script": SCRIPTS.get(page, ""),
        "language": language,
        "languages": _links(language),
        "keep": f"?lang={language}" if asked == language else "",
    }
    whole = _PART.sub(lambda part: (PARTS / f"{part[1]}.html").read_text(encoding="utf-8"), template)
    return _TEXT.sub(lambda key: values[key[1]] if key[1] in values else escape(str(texts[key[1]])), whole).encode()


def _links(language: str) -> str:
    links = (
        f'<a href="?lang={name}" lang="{name}" hreflang="{name}"{" aria-current=true" if name == language else ""}>'
        f"{escape(str(table(name)['page.language']))}</a>"
        for name in LANGUAGES
    )
    return (
        f'<nav class="languages" aria-label="{escape(str(table(language)["page.languages"]))}">{" ".join(links)}</nav>'
    )
