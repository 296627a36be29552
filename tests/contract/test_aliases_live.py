"""An alias under a running worker moves what is stored: Redis and the alerts come down to a replay with the alias."""

from __future__ import annotations

import asyncio
import json
from importlib import resources
from pathlib import Path

from bordertally.agents.runtime.context import load_registry
from forking import run
from live import Live, page, pure, until

OLD, NEW = "RU:KZ:syrym", "RU:KZ:syrym-2"
ALIAS = f'\n[aliases]\n"{NEW}" = "{OLD}"\n'


def counts() -> list[bytes]:
    """A thousand people a day on 1-24 October; the checkpoint is renamed, and for three days both names come."""
    return [
        json.dumps(
            {
                "id": f"{name}-{day}",
                "source": "kz-mia",
                "published": f"2022-10-{day + 1:02}T09:00:00+06:00",
                "flow": name,
                "period": f"2022-10-{day:02}",
                "people": 1_000,
                "qualifier": "count",
            }
        ).encode()
        for name, days in ((OLD, range(1, 21)), (NEW, range(18, 25)))
        for day in days
    ]


async def test_a_reload_with_an_alias_and_a_restart_without_it(live: Live, tmp_path: Path) -> None:
    sample = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
    sources = tmp_path / "sources.toml"
    sources.write_text(sample, encoding="utf-8")
    apart = pure(counts())
    sources.write_text(sample + ALIAS, encoding="utf-8")
    together = pure(counts(), load_registry(sources))
    assert any(alert.flow == "RU:KZ" for alert in apart.log)
    assert together.log == []

    sources.write_text(sample, encoding="utf-8")
    settings = {"BORDERTALLY_SOURCES": str(sources), "BORDERTALLY_RELOAD_S": "0.1"}
    worker = live.worker(**settings)
    await live.publish(counts())
    await live.shows(apart)
    await live.shows_alerts(apart)

    sources.write_text(sample + ALIAS, encoding="utf-8")
    await live.shows(together)
    await live.shows_alerts(together)
    assert f'bordertally_flow_daily_rate_people{{flow="{NEW}"}}' not in page(worker.port, "/metrics")

    async def explained() -> bool:
        asked = await asyncio.to_thread(run, "why", NEW, environment=live.environment | settings)
        return f"reported as {NEW}" in " ".join(asked.stdout.split())

    await until(explained, "either name leads to the evidence of the place")

    worker.stop()
    sources.write_text(sample, encoding="utf-8")
    live.worker(**settings)
    await live.shows(apart)
    await live.shows_alerts(apart)
