"""The board in a real Chromium, against a real gateway with the sample week behind it."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Route, expect

from board.conftest import Opener
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.process import Server
from bordertally.streams.alerts.silences import Silence, expired, make_silence
from bordertally.streams.delivery.tokens import digest_of
from live import Live

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

expect.set_options(timeout=30_000)


def at(gateway: Server, fragment: str = "") -> str:
    return f"http://{gateway.address}/{fragment}"


async def live(page: Page) -> None:
    await expect(page.locator("#link-words")).to_have_text("Connected")


async def traced(page: Page) -> None:
    """The drawer is there, with what stands behind the figure."""
    await expect(page.locator("#drawer .why h3")).to_be_visible()


async def sideways(page: Page) -> int:
    """By how many pixels anything is wider than the window."""
    script = """() => Math.max(...[document.documentElement, document.querySelector('#drawer')]
        .filter(Boolean).map((one) => one.scrollWidth - one.clientWidth))"""
    overflow: int = await page.evaluate(script)
    return overflow


async def broken_numbers(page: Page) -> list[str]:
    """The numbers that run over the end of a line."""
    script = r"""() => {
        const broken = [];
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            const box = text.parentElement;
            if (!box.checkVisibility() || box.clientWidth === 1 || box.closest('.unseen, .head, textarea')) continue;
            for (const found of text.data.matchAll(/\d[\d,.]*\d/g)) {
                const range = document.createRange();
                range.setStart(text, found.index);
                range.setEnd(text, found.index + found[0].length);
                const lines = new Set([...range.getClientRects()].filter((line) => line.width).map((line) => line.top));
                if (lines.size > 1) broken.push(found[0]);
            }
        }
        return broken;
    }"""
    broken: list[str] = await page.evaluate(script)
    return broken


async def sound(page: Page, *, axe: bool = True) -> None:
    """Nothing is wider than the window, no number is broken or missing, and axe has nothing to say."""
    assert await sideways(page) <= 0
    assert not re.search(r"\b(null|undefined|NaN|Infinity)\b", await page.locator("body").inner_text())
    assert await broken_numbers(page) == []
    if not axe:
        return
    report = await Axe().run(page)
    assert report.violations_count == 0, report.generate_report()


# --- at a glance -----------------------------------------------------------------------------------------------


async def test_it_says_what_goes_on(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    await expect(page.locator("#alerts-title")).to_have_text("2 open alerts")
    worst = page.locator("article.alert").first
    await expect(worst).to_contain_text("Russia → Georgia")
    await expect(worst).to_contain_text("warning")
    await expect(worst).to_contain_text("1.8× normal")
    await expect(page.locator(".alert", has_text="European Union")).to_contain_text("1.3× the period before")
    await expect(worst).to_contain_text("Russia to Georgia: 10,000 on 2022-09-27 against a normal 5,000-6,000")
    russia = page.locator('.row[data-flow="RU"]')
    await expect(russia).to_contain_text("217,000")
    await expect(russia).to_contain_text("at least 196,929")
    await expect(russia).to_contain_text("18,857 projected")
    await expect(russia).to_contain_text("2 of 3")
    georgia = page.locator('.row[data-flow="RU:GE"]')
    await expect(georgia).to_contain_text("10,000 a day")
    await expect(georgia).to_contain_text("1.8× normal 5,500")
    await expect(georgia).to_contain_text("53,000 to 54,000")
    await expect(georgia.locator(".spark")).to_contain_text("7 of the last 30 days known, 6,600 to 10,000 a day")
    await expect(page.locator("#asof")).to_contain_text("28 Sep 2022, 12:00 UTC")
    await expect(page.locator("#asof")).to_contain_text("not today’s figures")
    await expect(page.locator('[data-source="novaya"]')).to_contain_text("Novaya Gazeta Europe25 Sep 2022")
    await expect(page.locator("[data-source]").first).to_contain_text("North Ossetia")  # the last to be heard of
    assert await page.title() == "(2) bordertally"


async def test_the_overview_says_how_many_where_whether_it_gets_worse_and_how_sure(
    board_gateway: Server, opened: Opener
) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    russia = page.locator('[data-origin="RU"]')
    await expect(russia).to_contain_text("217,000 people in 7 days to 27 Sep")
    await expect(russia).to_contain_text("at least 196,929")
    await expect(russia).to_contain_text("18,857 projected (9 %)")
    await expect(russia).to_contain_text("24,000 a day")
    await expect(russia).to_contain_text("unchanged since 26 Sep, of the parts that report")
    await expect(russia).to_contain_text("Mostly to Kazakhstan 98,000, European Union 66,000, Georgia 53,000")
    await expect(russia).to_contain_text("2 of 3 parts report · 2 open alerts")
    await expect(page.locator(".row.group")).to_have_text(
        ["Departures", "Returns: against larger flows out", "Arrivals, by country entered"]
    )
    await expect(page.locator('.row[data-flow="KZ"]')).to_contain_text("returning to Russia")
    await expect(page.locator('.row[data-flow="RU:EU"]')).to_contain_text("until 25 Sep, 2 days behind")
    await expect(page.locator("#legend")).to_contain_text("warning from 1.5× normal")
    georgia = page.locator('#map [data-arrow="RU:GE"]')
    await expect(georgia).to_have_accessible_name(
        "Russia to Georgia: 53,000 people in 7 days (53,000 to 54,000), warning"
    )
    widths = "(arrows) => arrows.map((arrow) => arrow.getBBox().width * arrow.getBBox().height)"
    assert all(await page.locator("#map .arrow").evaluate_all(widths))
    await expect(page.locator("#map .dot")).to_have_count(7)  # the checkpoints of the sample
    await georgia.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#drawer-title")).to_have_text("Russia → Georgia")


async def test_open_highs_are_drawn_open_and_bounded_ones_as_a_band(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway))
    kazakhstan, russia = page.locator('.row[data-flow="RU:KZ"]'), page.locator('.row[data-flow="RU"]')
    await expect(russia.locator(".openhigh")).to_have_count(9)
    await expect(kazakhstan.locator(".band")).to_have_count(7)
    await expect(kazakhstan.locator(".openhigh")).to_have_count(0)


async def test_the_normal_level_stands_at_one_place(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    script = "(marks) => marks.map((one) => Math.round(one.getBoundingClientRect().left))"
    places = await page.locator(".row .normal").evaluate_all(script)
    assert len(places) == 2
    assert len(set(places)) == 1
    await page.wait_for_function("""() => {
        const all = [...document.querySelectorAll('.row .fill')].map((one) => one.getBoundingClientRect().width);
        return all.length === 2 && all[0] > all[1] && all[1] > 0;
    }""")  # Georgia at 1.8 times, above the European Union at 1.3; rows are drawn anew as their days come


# --- on every screen -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (768, "light"), (360, "dark")])
async def test_nothing_is_cut_off_and_everything_has_a_name(
    board_gateway: Server, opened: Opener, width: int, scheme: str
) -> None:
    page = await opened(at(board_gateway), width=width, color_scheme=scheme, reduced_motion="reduce")
    await live(page)
    await page.get_by_role("button", name="Unfold all").click()
    await expect(page.locator('.row[data-flow="RU:EU:FI:vaalimaa"]')).to_be_visible()
    await expect(page.locator("#map a").first).to_be_visible()
    await sound(page, axe=width != 768)
    await page.locator('.row[data-flow="RU"] a.name').click()
    await traced(page)
    await sound(page, axe=width != 768)


async def test_a_theme_is_chosen_and_kept(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway), color_scheme="light")

    async def paper() -> str:
        colour: str = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return colour

    await live(page)
    light = await paper()
    await page.locator("#theme").click()
    await page.locator("#theme").click()
    await expect(page.locator("#theme")).to_have_text("Theme: dark")
    dark = await paper()
    assert dark != light
    await page.reload()
    await expect(page.locator("#theme")).to_have_text("Theme: dark")
    assert await paper() == dark


async def test_those_who_want_no_motion_get_none(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway, "#flow=RU"), reduced_motion="reduce")
    await expect(page.locator("#drawer")).to_be_visible()
    moving = await page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length")
    assert moving == 0


# --- by keyboard and by address --------------------------------------------------------------------------------


async def test_all_of_it_is_reached_by_keyboard(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    keys = page.keyboard
    await keys.press("Tab")
    await expect(page.get_by_text("Skip to the flows")).to_be_focused()
    await keys.press("Enter")
    for name in ("find", "unfold"):
        await keys.press("Tab")
        await expect(page.locator(f"#{name}")).to_be_focused()
    link = page.locator('.row[data-flow="RU"] a.name')
    await link.focus()
    await keys.press("ArrowDown")
    await expect(page.locator('.row[data-flow="RU:GE"] a.name')).to_be_focused()  # its alert is the most severe
    await keys.press("ArrowRight")
    await expect(page.locator('.row[data-flow="RU:GE:verkhny-lars"]')).to_be_visible()
    await keys.press("ArrowDown")
    await keys.press("ArrowLeft")
    await expect(page.locator('.row[data-flow="RU:GE"] a.name')).to_be_focused()
    await keys.press("ArrowLeft")
    await expect(page.locator('.row[data-flow="RU:GE:verkhny-lars"]')).to_have_count(0)
    await keys.press("Enter")
    await expect(page.locator("#drawer-title")).to_be_focused()
    await traced(page)
    for _ in range(40):
        await keys.press("Tab")
        assert await page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#drawer')"
        )
    await keys.press("Escape")
    await expect(page.locator("#drawer")).to_be_hidden()
    await expect(page.locator('.row[data-flow="RU:GE"] a.name')).to_be_focused()
    await keys.press("/")
    await expect(page.locator("#find")).to_be_focused()
    await keys.type("vaali")
    await expect(page.locator(".row[data-flow]")).to_have_count(1)
    await keys.type("xyz")
    await expect(page.locator("#tree")).to_contain_text("No flow has this name.")


async def test_a_flow_has_an_address(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway, "#flow=RU:GE&window=1d"))
    await expect(page.locator("#drawer-title")).to_have_text("Russia → Georgia")
    await expect(page.locator("#drawer .big")).to_contain_text("10,000")
    await page.get_by_role("radio", name="7 days").check()
    await expect(page.locator("#drawer .big")).to_contain_text("53,000")
    assert page.url.endswith("#flow=RU:GE&window=7d")
    await page.get_by_role("link", name="Russia", exact=True).click()
    await expect(page.locator("#drawer .big")).to_contain_text("217,000")
    await page.go_back()
    await expect(page.locator("#drawer .big")).to_contain_text("53,000")
    await page.get_by_role("button", name="Close").click()
    await expect(page.locator("#drawer")).to_be_hidden()
    assert "#" not in page.url
    await page.goto(at(board_gateway, "#flow=RU:XK"))
    await expect(page.locator("#drawer")).to_contain_text("There are no reports on this flow.")


# --- why -------------------------------------------------------------------------------------------------------


async def test_the_drawer_says_why_53000_and_not_73000(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway, "#flow=RU:GE"))
    drawer = page.locator("#drawer")
    await expect(drawer.locator(".why h3")).to_have_text("Why 53,000, and not 73,000?")
    await expect(drawer.locator(".why")).to_contain_text("it adds nothing on top")
    georgia = drawer.locator('.claim.counted[data-report="ge-2022-09-27"]').first
    await expect(georgia).to_contain_text("more than 53,000 people")
    await expect(georgia).to_contain_text("21–27 Sep")
    await expect(georgia.locator("blockquote")).to_have_text(
        "More than 53,000 people came from Russia since 21 September."
    )
    await expect(georgia).to_contain_text("Georgia's interior ministry")
    await expect(georgia.get_by_role("img", name="grade B, usually reliable")).to_be_visible()
    ossetia = drawer.locator(".evidence.below .claim.counted")
    await expect(ossetia).to_contain_text("20,000 people")
    await expect(drawer.locator(".claim.noted")).to_contain_text("vehicles")
    sums = [text.split("\t")[2] for text in await drawer.locator(".parts tbody tr").all_inner_texts()]
    assert sums == ["20,000", "33,000", "53,000"]
    boxes = "(one) => ['.span', '.lane'].map((part) => one.querySelector(part).getBoundingClientRect().width)"
    bar, lane = await ossetia.evaluate(boxes)
    assert bar == pytest.approx(lane * 2 / 7, abs=2)  # two of the seven days shown


async def test_what_is_noted_only_and_what_is_counted_by_counters(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway, "#flow=RU"))
    drawer = page.locator("#drawer")
    noted = drawer.locator('.claim.noted[data-report="novaya-2022-09-25"]')
    await expect(noted).to_contain_text("261,000 men")
    await expect(noted).to_contain_text("grade D")
    await expect(drawer.locator(".counter").first).to_contain_text("readings")
    await expect(drawer.locator(".parts .projected")).to_contain_text("18,857")
    await page.locator("#drawer summary").first.click()
    await expect(drawer.locator(".days tbody tr").last).to_contain_text("27 Sep 2022")


# --- live ------------------------------------------------------------------------------------------------------

SURGE = {
    "id": "ua-1", "source": "frontex", "published": "2022-09-28T15:00:00Z", "flow": "UA:EU", "period": "2022-09-27",
    "people": 90_000, "qualifier": "stated", "normal": {"daily": 30_000},
    "text": "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script> \u202eninety",
    "url": "javascript:document.title='broken'",
}  # fmt: skip


async def test_news_arrives_by_itself_and_hostile_words_stay_words(
    board_week: Live, board_gateway: Server, opened: Opener
) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    await expect(page.locator('.row[data-flow="UA"]')).to_have_count(0)
    await board_week.publish([json.dumps(SURGE).encode()])
    await expect(page.locator('.row[data-flow="UA:EU"]')).to_contain_text("3.0× normal 30,000")
    await expect(page.locator("#alerts-title")).to_have_text("3 open alerts")
    await expect(page.locator("article.alert").first).to_contain_text("Ukraine → European Union")
    await expect(page.locator("#announcement")).to_have_text("New alert, critical: Ukraine → European Union")
    await expect(page.locator("#asof")).to_contain_text("28 Sep 2022, 15:00 UTC")
    await page.locator('.row[data-flow="UA:EU"] a.name').click()
    claim = page.locator('#drawer .claim[data-report="ua-1"]')
    await expect(claim.locator("blockquote")).to_contain_text("<img src=x onerror")
    assert await page.locator("#drawer img, #drawer script, #drawer a[href^=javascript]").count() == 0
    assert await page.title() == "(3) bordertally"
    later = {**SURGE, "id": "ua-2", "published": "2022-09-28T16:00:00Z", "people": 60_000, "text": "Corrected."}
    behind = await page.evaluate("path => fetch(path).then(answer => answer.text())", "v1/evidence?flow=UA:EU")
    await page.route("**/v1/evidence*", lambda route: route.fulfill(body=behind), times=2)  # what is behind may lag
    await board_week.publish([json.dumps(later).encode()])  # while the drawer is open: it follows
    await expect(page.locator("#drawer .big")).to_contain_text("60,000")
    await expect(page.locator('#drawer .claim[data-report="ua-2"] blockquote')).to_have_text("Corrected.")


async def test_a_total_says_what_it_may_become_after_revisions(board_gateway: Server, opened: Opener) -> None:
    async def with_band(route: Route) -> None:  # the sample has no source that revised twenty weeks
        answer = await route.fetch()
        listed = await answer.json()
        for row in listed["flows"]:
            if row["flow"] == "RU:KZ":
                row["totals"]["7d"]["after_revisions"] = {"low": 99_000, "high": 104_500}
        await route.fulfill(response=answer, json=listed)

    page = await opened(at(board_gateway))
    await page.route("**/v1/flows*", with_band)
    await page.goto(at(board_gateway, "#flow=RU:KZ"))
    await page.reload()
    await expect(page.locator("#drawer .total")).to_contain_text("after revisions 99,000 to 104,500")


async def test_a_board_of_many_pages_shows_the_upper_levels_first(board_gateway: Server, opened: Opener) -> None:
    page = await opened("about:blank")
    let_go, asked = asyncio.Event(), list[str]()

    async def in_small_pages(route: Route) -> None:  # as if the sample had 100,000 flows
        asked.append(route.request.url)
        if len(asked) > 1 and "depth" not in route.request.url:
            await let_go.wait()
        sign = "&" if "?" in route.request.url else "?"
        await route.continue_(url=f"{route.request.url}{sign}limit=4")

    await page.route("**/v1/flows*", in_small_pages)
    await page.goto(at(board_gateway))
    await live(page)
    await expect(page.locator("#reading")).to_contain_text("The flows below are still being read")
    await page.locator("#unfold").click()
    await expect(page.locator('.row[data-flow="RU:KZ"]')).to_be_visible()
    await expect(page.locator('.row[data-flow="RU:EU:FI"]')).to_have_count(0)
    let_go.set()
    await expect(page.locator("#reading")).to_be_hidden()
    await page.locator("#find").fill("RU:EU:FI")
    await expect(page.locator('.row[data-flow="RU:EU:FI"]')).to_be_visible()
    assert [url for url in asked if "depth=1" in url]


async def test_an_alert_that_is_silenced_says_so_and_by_whom(
    board_week: Live, board_gateway: Server, opened: Opener
) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    georgia = page.locator("article.alert", has_text="Russia → Georgia")
    await expect(georgia).to_be_visible()
    await expect(page.locator(".muted")).to_have_count(0)
    title, now = page.locator("#alerts-title"), datetime.now(UTC)
    silence = make_silence("RU:GE", until=now + timedelta(hours=1), author="Ann", comment="<b>roadworks</b>", now=now)

    async def set_silence(silence: Silence) -> None:
        await board_week.send([Record(board_week.topics.silences, silence.id.encode(), msgspec.json.encode(silence))])

    await set_silence(silence)
    await expect(georgia.locator(".muted")).to_contain_text("by Ann: <b>roadworks</b>")
    await expect(title).to_contain_text(", 1 muted")
    report = await Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
    await set_silence(expired(silence, datetime.now(UTC)))
    await expect(page.locator(".muted")).to_have_count(0)
    await expect(title).not_to_contain_text("muted")


async def test_a_gateway_that_goes_and_comes_back(board_week: Live, opened: Opener) -> None:
    gateway = board_week.gateway()
    page = await opened(at(gateway), forgiving=True)
    await live(page)
    gateway.stop()
    await expect(page.locator("#link-words")).to_have_text("Not connected")
    await expect(page.locator("#trouble")).to_contain_text("The gateway does not answer. The figures shown are from")
    await expect(page.locator('.row[data-flow="RU"]')).to_contain_text("217,000")
    gateway.start()
    await live(page)
    await expect(page.locator("#trouble")).to_be_hidden()


async def test_before_the_first_report(board_week: Live, opened: Opener, tmp_path: Path) -> None:
    empty = f"redis://{board_week.redis.address}/1"
    registry = tmp_path / "sources.toml"
    registry.write_text(
        'blocs = ["EU"]\n[sources.frontex]\nname = "Frontex"\nflows = ["*:EU"]\ngrade = "A"\nevery = "P7D"\n'
        'url = "https://frontex.example/"\ncontact = "press@frontex.example"\n'
        '[sources.novaya]\nname = "Novaya"\nflows = ["RU"]\ngrade = "D"\n'
    )
    page = await opened(at(board_week.gateway(BORDERTALLY_REDIS_URL=empty, BORDERTALLY_SOURCES=str(registry))))
    await live(page)
    await expect(page.locator("#tree")).to_contain_text("No figures yet")
    await expect(page.locator("#alerts-title")).to_have_text("No open alerts")
    await expect(page.locator("#asof")).to_have_text("No reports yet")
    await expect(page.locator('[data-source="frontex"]')).to_contain_text("overdue never")
    links = page.locator('[data-source="frontex"] a')
    assert await links.evaluate_all("(all) => all.map((one) => one.href)") == [
        "https://frontex.example/",
        "mailto:press@frontex.example",
    ]
    await expect(page.locator('[data-source="novaya"]')).not_to_contain_text("overdue")


# --- who may look ----------------------------------------------------------------------------------------------


@pytest.fixture
def tokened(board_week: Live) -> Server:
    """A gateway that asks for tokens."""
    return board_week.gateway(BORDERTALLY_READ_TOKENS=digest_of("reader"), BORDERTALLY_ADMIN_TOKENS=digest_of("boss"))


async def test_a_token_is_asked_for_and_kept_for_the_tab(tokened: Server, opened: Opener) -> None:
    page = await opened(at(tokened, "#flow=RU:GE"), forgiving=True)
    form, field = page.locator("#signin"), page.get_by_role("textbox", name="Token")
    await expect(form).to_be_visible()
    await expect(field).to_be_focused()
    await expect(page.locator("#alerts")).to_be_hidden()
    await expect(page.locator("#link-words")).to_have_text("Not signed in")
    report = await Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
    await field.fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.locator("#signin-why")).to_contain_text("did not accept this token: this token is not valid")
    await field.fill("reader")
    await page.get_by_role("button", name="Open the page").click()
    await live(page)
    await expect(form).to_be_hidden()
    await expect(page.locator("#drawer .big")).to_contain_text("53,000")  # where the address pointed to
    await traced(page)  # what is asked for later carries it, too

    await page.reload()
    await live(page)
    stored = "Object.values({...localStorage}).concat(document.cookie, location.href).join()"
    assert "reader" not in await page.evaluate(stored)
    another = await page.context.new_page()
    await another.goto(at(tokened))
    await expect(another.locator("#signin")).to_be_visible()

    await page.get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Forget token").click()
    await expect(form).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0


async def test_without_tokens_nothing_is_asked(board_gateway: Server, opened: Opener) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    await expect(page.locator("#signin")).to_be_hidden()
    await expect(page.locator("#signout")).to_be_hidden()


# --- who disagrees, and who took it back -----------------------------------------------------------------------

MOLDOVA = {"flow": "MD:EU", "period": "2022-09-26", "qualifier": "stated"}
DISPUTED: list[dict[str, object]] = [
    {"id": "md-1", "source": "frontex", "published": "2022-09-27T08:00:00Z", "people": 5_000, **MOLDOVA,
     "text": "Five thousand crossed on Monday."},
    {"id": "md-2", "source": "frontex-press", "published": "2022-09-27T09:00:00Z", "people": 9_000, **MOLDOVA,
     "text": "As many as nine thousand."},
    {"id": "md-3", "source": "frontex-press", "published": "2022-09-27T09:00:00Z", "people": 4_000, **MOLDOVA,
     "period": "2022-09-25", "text": "Four thousand on Sunday."},
    {"id": "md-4", "source": "frontex-press", "published": "2022-09-27T10:00:00Z", "people": None, **MOLDOVA,
     "period": "2022-09-25"},
]  # fmt: skip


async def test_a_conflict_shows_with_the_words_of_both_and_what_was_taken_back(
    board_week: Live, board_gateway: Server, opened: Opener
) -> None:
    page = await opened(at(board_gateway))
    await live(page)
    await board_week.publish([json.dumps(report).encode() for report in DISPUTED])
    card = page.locator("article.alert", has_text="Moldova → European Union")
    await expect(card).to_contain_text("a conflict")
    await expect(card).to_contain_text("1.8× what others leave")
    await expect(card).to_contain_text("where others leave 5,000")
    await expect(card.locator("blockquote")).to_have_text(
        ["As many as nine thousand.", "Five thousand crossed on Monday."]
    )
    await expect(card.locator("figcaption").last).to_have_text("Frontex")
    georgia = page.locator("article.alert", has_text="Russia → Georgia")
    await expect(georgia.locator("blockquote").first).to_contain_text("20,000 people crossed the border in two days")
    await page.locator('.row[data-flow="MD:EU"] a.name').click()
    await traced(page)
    drawer = page.locator("#drawer")
    await expect(drawer.locator('.claim.conflict[data-report="md-2"]')).to_contain_text("9,000 people")
    await expect(drawer.locator('.claim.withdrawn[data-report="md-4"]')).to_be_visible()
    assert await sideways(page) <= 0
    report = await Axe().run(page)
    assert report.violations_count == 0, report.generate_report()


def _stated(report: str, source: str, day: str, people: int) -> bytes:
    claim = {"flow": "BY:EU", "period": day, "people": people, "qualifier": "stated"}
    return json.dumps({"id": report, "source": source, "published": "2022-09-27T08:00:00Z", **claim}).encode()


async def test_conflicts_of_ten_per_cent_and_more_come_first(
    board_week: Live, board_gateway: Server, opened: Opener
) -> None:
    """On the 24th the two miss each other by 5.7 per cent, on the 25th by 44.4."""
    page = await opened(at(board_gateway))
    await live(page)
    said = [_stated("a", "frontex", "2022-09-24", 10_000), _stated("b", "frontex", "2022-09-25", 5_000)]
    said += [_stated("near", "frontex-press", "2022-09-24", 10_600)]
    said += [_stated("far", "frontex-press", "2022-09-25", 9_000)]
    await board_week.publish(said)
    await page.locator('.row[data-flow="BY:EU"] a.name').click()
    claims = page.locator("#drawer .group.conflict .claim")
    await expect(claims).to_have_count(2)
    assert await claims.evaluate_all("(all) => all.map((one) => one.dataset.report)") == ["far", "near"]
