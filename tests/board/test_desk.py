"""Acting in a real Chromium: mute, acknowledge, and review by keyboard."""

from __future__ import annotations

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from board.conftest import Opener
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.process import Server
from bordertally.streams.reports.records import ClaimFields, Report
from bordertally.streams.statements.records import Doubt, FoundClaim, Span
from bordertally.streams.statements.review import Item, make_item
from live import Live

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

expect.set_options(timeout=30_000)

TEXT = "Perhaps {} people returned from Georgia on 26 September, the ministry said."


def item(report: str, people: int, confidence: float) -> Item:
    text = TEXT.format(f"{people:,}")
    written = msgspec.convert({"id": report, "source": "ge-mia", "published": "2022-09-27T09:00:00Z"}, Report)
    claim = ClaimFields(flow="GE:RU", period="2022-09-26/2022-09-27", people=people, text=text[8:20])
    spans = {"people": Span(8, 13), "flow": Span(21, 42)}
    found = FoundClaim(claim=claim, quote=Span(8, 20), spans=spans, confidence=confidence, doubts=(Doubt.UNCONFIRMED,))
    return make_item(written, found, text, "en")


async def no_violations(page: Page) -> None:
    results = await Axe().run(page)
    assert results.response["violations"] == [], results.generate_report()


async def test_an_alert_is_muted_after_a_preview_and_the_silence_ended(board_gateway: Server, opened: Opener) -> None:
    page = await opened(f"http://{board_gateway.address}/", forgiving=True)
    card = page.locator("article.alert", has_text="Georgia")
    await card.get_by_role("button", name="Mute").click()
    dialog = page.locator("dialog.act")
    await expect(dialog.locator(".covers")).to_contain_text("Covers 1 open alert and 2 flows")
    await dialog.get_by_label("Flow, with").fill("RU")
    await dialog.get_by_label("Rule").select_option("")
    await expect(dialog.locator(".covers")).to_contain_text("Covers 2 open alerts")
    await dialog.get_by_label("Flow, with").fill("RU:KAZ")
    await expect(dialog.locator(".covers")).to_contain_text("did you mean KZ?")
    await no_violations(page)
    await dialog.get_by_label("Flow, with").fill("RU:GE")
    await dialog.get_by_label("Who you are").fill("ann")
    await dialog.get_by_label("Why").fill("the road is closed")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    silenced = card.locator(".muted", has_text="silenced")  # another test may have acknowledged the alert
    await expect(silenced).to_contain_text("by ann: the road is closed")
    await card.get_by_role("button", name="End the silence").click()
    await expect(dialog).to_contain_text("the road is closed")
    await dialog.get_by_role("button", name="End it now").click()
    await expect(card.get_by_role("button", name="Mute")).to_be_visible()


async def test_who_has_seen_an_alert_stands_on_it_in_every_window(board_gateway: Server, opened: Opener) -> None:
    pages = [await opened(f"http://{board_gateway.address}/") for _ in range(2)]
    cards = [page.locator("article.alert", has_text="Russia → European Union") for page in pages]
    await cards[0].get_by_role("button", name="Acknowledge").press("Enter")
    dialog = pages[0].locator("dialog.act")
    await dialog.get_by_label("Who you are").fill("bob")
    await dialog.get_by_label("Note").fill("asked Frontex")
    await dialog.get_by_role("button", name="Acknowledge").press("Enter")
    for card in cards:
        await expect(card.locator(".does .muted")).to_contain_text("acknowledged by bob")
        await expect(card.locator(".does .muted")).to_contain_text("asked Frontex")
    await expect(cards[0].get_by_role("button", name="Acknowledge again")).to_be_visible()


async def test_claims_are_reviewed_by_keyboard_and_never_twice(
    board_week: Live, board_gateway: Server, opened: Opener
) -> None:
    items = [item("w1", 1_200, 0.9), item("w2", 2_300, 0.8), item("w3", 3_400, 0.7)]
    topic = board_week.topics.review
    await board_week.send([Record(topic, each.id.encode(), msgspec.json.encode(each)) for each in items])
    first = await opened(f"http://{board_gateway.address}/desk", forgiving=True)
    other = await opened(f"http://{board_gateway.address}/desk", forgiving=True, width=360)
    for page in (first, other):
        await expect(page.locator("#waiting li")).to_have_count(3)
        await expect(page.locator("#claim-title")).to_have_text("1,200 people, Georgia → Russia")
        await page.locator("#field-source").select_option("ge-mia")
        await no_violations(page)
    assert await other.evaluate("document.documentElement.scrollWidth") == 360
    await expect(first.locator('mark[data-field="people"]')).to_contain_text("1,200")
    await first.locator("#waiting li").first.focus()
    await first.keyboard.press("r")
    await expect(first.locator("#decided li").first).to_contain_text("rejected 1,200 people")
    await other.locator("#field-note").press("Enter")  # the other window decides on the same item, which is closed now
    await expect(other.locator("#announcement")).to_contain_text("Already decided: ge-mia has rejected it")

    await expect(first.locator("#claim-title")).to_have_text("2,300 people, Georgia → Russia")
    await first.keyboard.press("e")
    await expect(first.locator("#field-flow")).to_be_focused()
    await first.locator("#field-flow").fill("RU:KZ")
    await first.keyboard.press("Enter")
    await expect(first.locator("#verdict")).to_contain_text("may report only on RU:GE, GE:RU (got RU:KZ)")
    await expect(first.locator("#field-flow")).to_be_focused()
    await first.locator("#field-flow").fill("GE:RU")
    await first.locator("#field-people").fill("2,400")
    await expect(first.locator("#accept")).to_have_text("Accept with 1 change")
    await first.keyboard.press("Enter")
    await expect(first.locator("#decided li").first).to_contain_text("edited 2,300 people")
    await expect(first.locator("#claim-title")).to_have_text("3,400 people, Georgia → Russia")
    await first.keyboard.press("ArrowDown")
    await first.keyboard.press("a")
    await expect(first.locator("#claim-title")).to_have_text("Nothing to decide")
    await expect(first.locator("#count")).to_have_text("0 claims wait, 3 decided")
