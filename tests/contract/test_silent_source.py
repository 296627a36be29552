"""A source that falls silent, through the pipeline: the clock of the others speaks of it, over a restart too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from bordertally.streams.alerts.records import Alert
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.rules.config import Detection, Rules
from live import Live, until
from one_by_one import read_all

NOW = 2_000_000_000.0
RULES = Rules(Detection(silence=2.0, keep_firing_for="0d"))


def counts(source: str, flow: str, days: Iterable[int]) -> list[bytes]:
    return [
        json.dumps(
            {
                "id": f"{source}-{day}",
                "source": source,
                "published": f"2022-10-{day + 1:02}T06:00:00Z",
                "flow": flow,
                "period": f"2022-10-{day:02}",
                "people": 100,
                "qualifier": "count",
            }
        ).encode()
        for day in days
    ]


def vaalimaa(days: Iterable[int]) -> list[bytes]:
    return counts("vaalimaa-counter", "RU:EU:FI:vaalimaa", days)


def nuijamaa(days: Iterable[int]) -> list[bytes]:
    return counts("nuijamaa-counter", "RU:EU:FI:nuijamaa", days)


async def silences(live: Live) -> list[Alert]:
    return [alert for alert in await live.alerts() if alert.rule == "silence"]


async def test_a_source_is_missed_as_others_speak_over_a_restart_too(live_on_kafka: Live, tmp_path: Path) -> None:
    live, file = live_on_kafka, tmp_path / "rules.toml"
    file.write_text('[detection]\nsilence = 2\nkeep_firing_for = "0d"\n')
    worker = live.worker(BORDERTALLY_RULES=str(file))
    first = [*vaalimaa(range(1, 6)), *nuijamaa(range(1, 6))]
    await live.publish(first)
    desk = ReplayLedgers(live.registry, RULES)
    for claims in read_all(first, live.registry, NOW).reports:
        list(desk.apply(claims))
    await live.shows(desk)
    worker.stop()
    live.worker(BORDERTALLY_RULES=str(file))
    later = nuijamaa(range(6, 12))
    await live.publish(later)

    async def missed() -> bool:
        return [(silence.flow, silence.since, silence.about) for silence in await silences(live)][:1] == [
            ("RU:EU:FI:vaalimaa", "2022-10-06", "vaalimaa-counter")
        ]

    await until(missed, "the silence of Vaalimaa is told")
    assert (await silences(live))[-1].until is None
    again = vaalimaa([11])
    await live.publish(again)

    async def heard() -> bool:
        return (await silences(live))[-1].until == "2022-10-11"

    await until(heard, "it speaks again")
    for claims in read_all([*later, *again], live.registry, NOW).reports:
        list(desk.apply(claims))
    await live.shows(desk)
    await live.shows_alerts(desk)
