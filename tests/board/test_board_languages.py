"""The board in Russian, in a real Chromium: nothing stays in English, and everything fits."""

from __future__ import annotations

import re
from urllib.request import urlopen

import msgspec
import pytest
from playwright.async_api import Page, expect

from board.conftest import Opener
from board.test_board import at, live, sound
from bordertally.agents.servers.process import Server
from live import Live

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

SHOWN = """() => {
    const [texts, named] = [[], ['aria-label', 'aria-valuetext', 'title', 'placeholder', 'alt']];
    const foreign = 'bdi, blockquote, textarea, noscript, script, style, .code, .languages, [lang]:not(html)';
    const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = all.nextNode(); node; node = all.nextNode()) {
        if ((node.nodeType === 3 ? node.parentElement : node).closest(foreign)) continue;
        if (node.nodeType === 3) texts.push(node.data);
        else for (const name of named) texts.push(node.getAttribute(name) ?? '');
    }
    return [document.title, ...texts].map((text) => text.trim()).filter(Boolean);
}"""
"""The texts of a page, without what is recorded: quoted words, names, codes."""

EVERYWHERE = {
    "bordertally",
    "UTC",
    "CSV",
    "HXL",
    "SVG",
    "PNG",
    "CAP",
    "JSON",
    "API",
    "Atom",
    "Enter",
    "Esc",
    "Natural",
    "Earth",
}


def recorded(gateway: Server) -> list[str]:
    """Names that are not translated: of sources, and of checkpoints, which are made of their slugs."""
    with urlopen(at(gateway, "v1/sources")) as answer:
        sources = [source["name"] for source in msgspec.json.decode(answer.read())["sources"]]
    with urlopen(at(gateway, "v1/flows?limit=1000")) as answer:
        flows = [row["flow"].rpartition(":")[2] for row in msgspec.json.decode(answer.read())["flows"]]
    places = [" ".join(word.capitalize() for word in slug.split("-")) for slug in flows if slug.islower()]
    return sorted([*sources, *places], key=len, reverse=True)


async def english(page: Page, names: list[str]) -> set[str]:
    """The texts of a page that have words in Latin letters."""
    left = set()
    for text in await page.evaluate(SHOWN):
        rest = re.sub(r"http://\S+", "", text)
        for name in names:
            rest = rest.replace(name, "")
        if set(re.findall(r"[A-Za-z]{2,}", rest)) - EVERYWHERE:
            left.add(text)
    return left


@pytest.mark.parametrize(("path", "look"), [
    ("", (1440, "light")),
    ("#flow=RU", (360, "dark")),
    ("flow?flow=RU:GE&compare=year", (768, "light")),
    ("alert?id={alert}", (360, "light")),
    ("report?origin=RU", (1440, "light")),
    ("embed?flow=RU:KZ", (600, "dark")),
    ("desk", (768, "dark")),
])  # fmt: skip
async def test_no_page_has_english_words_for_a_reader_of_russian(
    board_week: Live, board_gateway: Server, opened: Opener, path: str, look: tuple[int, str]
) -> None:
    width, scheme = look
    path = path.format(alert=next(iter(await board_week.hash_in_redis("bordertally:alerts:open"))))
    page = await opened(
        at(board_gateway, path), width=width, color_scheme=scheme, locale="ru-RU", reduced_motion="reduce"
    )
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
    if path in ("", "#flow=RU"):
        await expect(page.locator("#link-words")).to_have_text("На связи")
    if path == "":
        await page.get_by_role("button", name="Развернуть всё").click()
    elif path.startswith("#"):
        await expect(page.locator("#drawer .why h3")).to_be_visible()
    elif path.startswith(("flow", "alert", "report", "embed")):
        await expect(page.locator("#chart svg")).to_be_visible()
    await page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    assert await english(page, recorded(board_gateway)) == set()
    await sound(page, axe=path == "")  # axe has seen the other pages in English


async def test_the_language_is_chosen_at_the_foot_and_stays_in_links(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway, "?flow=RU"))
    await live(page)
    await page.get_by_role("link", name="Русский").click()
    await expect(page.locator("#link-words")).to_have_text("На связи")
    assert page.url.endswith("?flow=RU&lang=ru")
    await expect(page.locator('[data-origin="RU"]')).to_contain_text("217\u00a0000 человек за 7 дней по 27 сент.")
    await expect(page.locator('.row[data-flow="RU:GE"]')).to_contain_text("1,8× к норме 5\u00a0500")
    await page.locator("article.alert", has_text="Россия → Грузия").get_by_role("link", name="история").click()
    await expect(page.locator(".alert-head")).to_contain_text(
        "10\u00a0000 (человек) 27 сент. 2022 при норме 5\u00a0500: 1,8×"
    )
    await page.get_by_role("link", name="bordertally").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
