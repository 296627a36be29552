"""The pages of flows and alerts, the report, the frame, search and filters in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from board.conftest import Opener
from board.test_board import at, live, sound
from bordertally.agents.servers.process import Server
from live import Live

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]


async def saved(page: Page, button: str, directory: Path) -> Path:
    """The file that a button saves."""
    async with page.expect_download() as download:
        await page.get_by_role("button", name=button).click()
    file = await download.value
    path = directory / file.suggested_filename
    await file.save_as(path)
    return path


# --- a flow ----------------------------------------------------------------------------------------------------


async def test_a_chart_is_read_by_keyboard_and_its_days_are_in_the_address(
    board_gateway: Server, opened: Opener
) -> None:
    page = await opened(at(board_gateway, "flow?flow=RU:GE"))
    await expect(page.locator("h1")).to_have_text("Russia → Georgia")
    chart, reading = page.locator(".big-chart"), page.locator(".reading")
    await expect(reading).to_contain_text("27 Sep 2022 10,000 a day, 9,590 to 11,000 · warning alert from 26 Sep")
    await chart.focus()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(chart).to_have_attribute("aria-valuetext", re.compile("25 Sep 2022: 6,600 a day, "))
    await page.keyboard.press("Home")
    await expect(reading).to_contain_text("21 Sep 2022")
    box = await chart.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 100)
    await expect(reading).to_contain_text("27 Sep 2022")
    await expect(page.locator("#chart .alert-span.warning")).to_have_count(1)
    await expect(page.locator("#chart .threshold-line")).to_have_count(1)
    await expect(page.locator("#explanation .why h3")).to_have_text("Why 53,000, and not 73,000?")
    await page.get_by_role("radio", name="7 days").first.check()
    assert page.url.endswith("flow?flow=RU:GE&days=7")
    await page.locator("#from").fill("2022-09-24")
    await page.locator("#to").fill("2022-09-25")
    await page.locator("#to").blur()
    await expect(page.locator("#chart-notes")).to_contain_text("24 Sep 2022 to 25 Sep 2022")
    assert page.url.endswith("flow?flow=RU:GE&from=2022-09-24&to=2022-09-26")
    await page.locator("#compare").select_option("RU:KZ")
    await expect(reading).to_contain_text("Russia to Kazakhstan 14,000")
    await page.locator("#chart-table summary").click()
    cells = await page.locator("#chart-table tbody tr").last.locator("th, td").all_inner_texts()
    assert cells == ["25 Sep 2022", "6,500", "6,600", "6,663", "14,000"]
    await page.reload()
    await expect(reading).to_contain_text("Russia to Kazakhstan 14,000")
    await page.locator("#compare").select_option("year")
    await expect(page.locator("#chart-notes")).to_contain_text("Nothing is known of these days a year before")


async def test_the_chart_shows_what_the_week_may_become_after_revisions(board_gateway: Server, opened: Opener) -> None:
    async def revised(route: Route) -> None:  # the sample has no source that revised twenty weeks
        answer = await route.fetch()
        listed = await answer.json()
        for row in listed["flows"]:
            if row["flow"] == "RU:KZ":
                row["totals"]["7d"]["after_revisions"] = {"low": 70_000, "high": 140_000}
        await route.fulfill(response=answer, json=listed)

    page = await opened(at(board_gateway))
    await page.route("**/v1/flows*", revised)
    await page.goto(at(board_gateway, "flow?flow=RU:KZ&days=7"))
    await expect(page.locator("#chart-notes")).to_contain_text("mean of the week after revisions")
    box, axis = page.locator("#chart .revised"), page.locator("#chart .grid").first
    top, height = float(await box.get_attribute("y") or 0), float(await box.get_attribute("height") or 0)
    zero = float(await axis.get_attribute("y1") or 0)
    assert (zero - top) == pytest.approx(2 * height, rel=0.01)  # from 10,000 to 20,000 a day


async def test_figures_can_be_taken_along(board_gateway: Server, opened: Opener, tmp_path: Path) -> None:
    overview = await opened(at(board_gateway, "?flow=LV"))
    await live(overview)
    flows = (await saved(overview, "Flows as CSV (HXL)", tmp_path)).read_text().splitlines()
    assert [line.split(",")[0] for line in flows] == ["flow", "#loc+flow+code", "LV", "LV:RU"]
    page = await opened(at(board_gateway, "flow?flow=RU:GE"))
    header, tags, *rows = (await saved(page, "Days as CSV (HXL)", tmp_path)).read_text().splitlines()
    assert (header, tags.split(",")[0], rows[-1]) == (
        "flow,day,low,best,high",
        "#loc+flow+code",
        "RU:GE,2022-09-27,9590,10000,11000",
    )
    drawing = (await saved(page, "Chart as SVG", tmp_path)).read_text()
    assert "Russia → Georgia: people a day" in drawing
    assert "bordertally" in drawing
    assert "var(" not in drawing  # it needs no style sheet
    assert (await saved(page, "Chart as PNG", tmp_path)).read_bytes().startswith(b"\x89PNG")
    await expect(page.locator("#cite")).to_have_value(
        re.compile(r"53,000 people \(53,000 to 54,000\) in 7 days to 27 Sep 2022\. As of 28 Sep 2022, 12:00 UTC\. ")
    )
    await expect(page.locator("#embed")).to_have_value(re.compile(r'<iframe src="http://.*/embed\?flow=RU:GE"'))


async def test_other_sites_may_frame_one_flow_if_the_operator_names_them(board_week: Live, opened: Opener) -> None:
    gateway = board_week.gateway(BORDERTALLY_GATEWAY_ORIGINS="https://news.example")
    page = await opened(at(gateway, "embed?flow=RU:GE"), width=600)
    answers = [await page.request.get(at(gateway, path)) for path in ("embed?flow=RU:GE", "flow?flow=RU:GE")]
    policies = [answer.headers["content-security-policy"].rpartition("; ")[2] for answer in answers]
    assert policies == ["frame-ancestors https://news.example", "frame-ancestors 'none'"]
    await expect(page.locator(".headline")).to_contain_text("53,000 people in 7 days to 27 Sep 2022, 53,000 to 54,000")
    await expect(page.get_by_role("link")).to_have_count(1)
    await sound(page)


async def test_an_unknown_flow_says_so(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway, "flow?flow=RU:XK"), forgiving=True)
    await expect(page.locator("#trouble")).to_have_text("Not found: there are no reports on the flow RU:XK.")


# --- an alert --------------------------------------------------------------------------------------------------


async def test_an_alert_has_a_page_with_its_history_and_the_words_behind_it(
    board_gateway: Server, opened: Opener
) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    await page.locator("article.alert", has_text="Russia → Georgia").get_by_role("link", name="history").click()
    await expect(page.locator("h1")).to_have_text("Russia → Georgia")
    await expect(page.locator(".alert-head")).to_contain_text("Russia to Georgia: 10,000 on 2022-09-27 against")
    states = await page.locator(".history tbody td:nth-child(2)").all_inner_texts()
    assert states[0] == "firing"
    await expect(page.locator(".history tbody tr").first).to_contain_text("opened")
    await expect(page.locator(".quote blockquote").first).to_contain_text("20,000 people crossed the border")
    await expect(page.locator("#chart .alert-span")).to_have_count(1)
    await page.get_by_role("button", name="Acknowledge").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Who you are").fill("Ann")
    await dialog.get_by_role("button", name="Acknowledge").click()
    await expect(page.locator("#page .does")).to_contain_text("acknowledged by Ann")
    await expect(page.get_by_role("region", name="Acknowledged")).to_contain_text("by Ann")
    await page.locator("h1 a").click()
    await expect(page.locator(".alert-links")).to_contain_text("warning alert from 26 Sep to 27 Sep, open")


# --- the report ------------------------------------------------------------------------------------------------


async def test_a_situation_report_prints_on_one_page(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway, "report?origin=RU"), width=794)
    await expect(page.locator("h1")).to_have_text("Situation report: Leaving Russia")
    await expect(page.locator(".report-table .whole")).to_contain_text("at least 196,929")
    await expect(page.locator(".report-table tbody tr")).to_have_count(4)
    await expect(page.locator(".alert-span, .plot-big .best")).not_to_have_count(0)
    assert (await page.pdf(format="A4")).count(b"/Type /Page\n") == 1


# --- every page, both themes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "look"), [
    ("flow?flow=RU&days=90&compare=RU:KZ", (1440, "dark")),
    ("flow?flow=RU:GE", (360, "light")),
    ("report?origin=RU", (768, "light")),
    ("alert?id={alert}", (360, "dark")),
])  # fmt: skip
async def test_every_page_is_sound(
    board_week: Live, board_gateway: Server, opened: Opener, path: str, look: tuple[int, str]
) -> None:
    width, scheme = look
    path = path.format(alert=next(iter(await board_week.hash_in_redis("bordertally:alerts:open"))))
    page = await opened(at(board_gateway, path), width=width, color_scheme=scheme, reduced_motion="reduce")
    await expect(page.locator("#chart svg")).to_be_visible()
    if path.startswith("flow"):
        await expect(page.locator("#explanation .why h3")).to_be_visible()
    await page.locator("#page details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    await sound(page)


# --- search and filters ----------------------------------------------------------------------------------------


async def test_a_place_or_a_sentence_finds_a_flow_and_enter_opens_it(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    rows = page.locator(".row[data-flow]")
    for words in ("russia to georgia", "tbilisi"):
        await page.locator("#find").fill(words)
        await expect(rows.first).to_have_attribute("data-flow", "RU:GE")
    assert page.url.endswith("?q=tbilisi")
    await page.keyboard.press("Enter")
    await expect(page.locator("#drawer-title")).to_have_text("Russia → Georgia")


async def test_filters_are_in_the_address(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway, "?severity=warning&flow=RU"))
    await live(page)
    await expect(page.locator("#alerts-title")).to_contain_text(re.compile(r"^1 open alert.*, of "))
    await expect(page.locator("article.alert")).to_contain_text("Russia → Georgia")
    await expect(page.locator("#filter-severity")).to_have_value("warning")
    await page.locator("#filter-severity").select_option("critical")
    await expect(page.locator("#alerts-title")).to_contain_text("No open alert passes the filters, of ")
    await expect(page.locator("#tree")).to_contain_text("No flow passes these filters.")
    assert page.url.endswith("?severity=critical&flow=RU")
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator("article.alert")).not_to_have_count(0)
    assert "?" not in page.url
