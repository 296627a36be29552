"""What the board says once the quickstart is followed, on a pipeline that nothing else publishes to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from board.conftest import Opener, sample_week
from bordertally.agents.servers.process import Server
from live import Live

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

expect.set_options(timeout=30_000)

QUICKSTART = Path(__file__).parents[2] / "docs" / "quickstart.md"


@pytest.fixture(scope="module")
def quickstart_week(kafka: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The sample week of the quickstart."""
    yield from sample_week(kafka, tmp_path_factory.mktemp("quickstart"))


async def test_after_the_quickstart_the_first_row_is_not_compared_where_one_of_three_reports(
    quickstart_week: Live, opened: Opener
) -> None:
    """Word for word: the report of step 3 is published beside the sample week, as in step 6.

    A flow learns a normal level in four weeks at the earliest, so the level is put into the answer of the gateway.
    """
    written = re.search(r"^cat > own\.ndjson <<'END'\n(.+)\nEND$", QUICKSTART.read_text(encoding="utf-8"), re.MULTILINE)
    assert written is not None
    page = await opened(f"http://{quickstart_week.gateway().address}/")
    await expect(page.locator("#link-words")).to_have_text("Connected")
    await quickstart_week.publish([written[1].encode()])
    await expect(page.locator('.row[data-flow="RU:KZ"]')).to_contain_text("1.6× normal 10,500")
    first = page.locator(".row[data-flow]").first
    await expect(first).to_have_attribute("data-flow", "RU")
    await expect(first).to_contain_text("17,000 a day")
    await expect(first).to_contain_text("no normal level")
    await expect(first).not_to_contain_text("× normal")

    async def with_level(route: Route) -> None:
        answer = await route.fetch()
        listed = await answer.json()
        for row in listed["flows"]:
            if row["flow"] == "RU":
                assert row["comparable"] is False
                row |= {"baseline": {"kind": "learned", "expected": 22_465, "threshold": 30_000}, "threshold": 30_000}
        await route.fulfill(response=answer, json=listed)

    await page.route("**/v1/flows*", with_level)
    await page.reload()
    await expect(first).to_contain_text("17,000 a daycannot be compared: 1 of 3 report")
    await expect(first).not_to_contain_text("normal")
