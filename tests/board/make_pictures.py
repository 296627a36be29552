"""Makes the pictures of docs/board.md: run it with the address of the board of `make demo KEEP=1`.

python tests/board/make_pictures.py http://127.0.0.1:6080/
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from urllib.request import urlopen

from playwright.async_api import async_playwright

from board.conftest import ARGUMENTS, chromium

IMAGES = Path(__file__).parents[2] / "docs" / "img"
SETTLED_MS = 3_000


async def take(base: str, pictures: dict[str, tuple[str, int, int]]) -> None:
    """Save a picture of each address, as `name: (path, width, height)`."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for name, (path, width, height) in pictures.items():
            context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme="light")
            page = await context.new_page()
            await page.goto(base + path)
            await page.wait_for_timeout(SETTLED_MS)
            await page.screenshot(path=IMAGES / f"{name}.png")
            await context.close()
        await browser.close()


if __name__ == "__main__":
    address = sys.argv[1].rstrip("/") + "/"
    with urlopen(f"{address}v1/alerts?flow=RU:GE") as answer:
        alert = json.load(answer)["alerts"][0]["id"]
    wanted = {
        "board": ("", 1280, 1050),
        "board-360": ("", 360, 900),
        "board-flow": ("flow?flow=RU:GE", 1100, 700),
        "board-alert": (f"alert?id={alert}", 1100, 800),
        "board-russian": ("?lang=ru", 768, 900),
    }
    asyncio.run(take(address, wanted))
