"""Write `sample.ndjson`, the sample week of 21-27 September 2022: `python -m bordertally.agents.demo.make_sample`.

Two kinds of reports. What officials and newspapers said is typed in as facts, each with the address where it was read.
What the counters at six checkpoints read every hour is made up here, by a seeded generator, and marked: their names in
the registry end in "(simulated counter)". They stay far below what the countries themselves say, so they add detail
and evidence, and move no total. The faults that a live stream has are made up too: a slipped digit that is corrected,
a reading that is withdrawn, a net that was down for six hours, and three reports that are refused.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Report = dict[str, Any]
SEED = 20220921
TARGET = Path(__file__).with_name("sample.ndjson")

WORKED_EXAMPLE: tuple[Report, ...] = (
    {
        "id": "novaya-2022-09-25",
        "source": "novaya",
        "published": "2022-09-25T20:00:00Z",
        "flow": "RU",
        "period": "2022-09-21/2022-09-26",
        "people": 261_000,
        "qualifier": "stated",
        "population": "men",
        "url": "https://meduza.io/en/news/2022/09/25/russian-security-services-count-more-than-260-000-men-fleeing-russia",
        "text": "An unnamed official: by the FSB's count 261,000 men left from Wednesday on; he doubts it himself.",
    },
    {
        "id": "kz-2022-09-27",
        "source": "kz-mia",
        "published": "2022-09-27T09:00:00Z",
        "flow": "RU:KZ",
        "period": "2022-09-21/2022-09-28",
        "people": 98_000,
        "qualifier": "stated",
        "url": "https://qtelegram.com/kazakhstan-about-98-thousand-russians-crossed-the-border-2/34151/",
        "text": "98,000 came from Russia since mobilisation was announced on 21 September.",
    },
    {
        "id": "frontex-2022-09-27",
        "source": "frontex",
        "published": "2022-09-27T10:00:00Z",
        "flow": "RU:EU",
        "period": "P7D/2022-09-26",
        "people": 66_000,
        "qualifier": "nearly",
        "population": "citizens:RU",
        "change_percent": 30,
        "url": "https://www.devdiscourse.com/article/business/2193679-number-of-russians-crossing-into-eu-up-by-30-border-agency-says",
        "text": "Nearly 66,000 Russian citizens entered the EU in a week, 30 % more than in the week before.",
    },
    {
        "id": "ge-2022-09-27",
        "source": "ge-mia",
        "published": "2022-09-27T12:00:00Z",
        "claims": [
            {
                "flow": "RU:GE",
                "period": "2022-09-21/2022-09-28",
                "people": 53_000,
                "qualifier": "more_than",
                "url": "https://nathanpowell.me/2022/09/28/nord-stream-pipeline-leaks-were-deliberate-eu-says-russia-ukraine-war-updates/",
                "text": "More than 53,000 people came from Russia since 21 September.",
            },
            {
                "flow": "RU:GE",
                "period": "2022-09-27/P1D",
                "people": 10_000,
                "qualifier": "about",
                "per": "day",
                "normal": {"daily": [5_000, 6_000]},
                "url": "https://www.thejournal.ie/russians-fleeing-georgia-kazakhstan-draft-5877137-Sep2022/",
                "text": "Some 10,000 a day by now, against 5,000 to 6,000 before.",
            },
        ],
    },
    {
        "id": "no-2022-09-28",
        "source": "no-gov",
        "published": "2022-09-28T08:00:00Z",
        "flow": "RU:GE:verkhny-lars",
        "period": "2022-09-26/2022-09-28",
        "people": 20_000,
        "qualifier": "stated",
        "url": "https://cde.news/russian-region-limits-incoming-cars-amid-queues-at-georgia-border-to-escape-draft/",
        "text": "20,000 people crossed the border in two days; cars from elsewhere are kept out from now on.",
    },
)
"""The five reports whose totals and alerts are worked out by hand in the documentation."""

AROUND_IT: tuple[Report, ...] = (
    {
        "id": "lt-2022-09-20",
        "source": "lt-vsat",
        "published": "2022-09-20T06:30:00Z",
        "flow": "RU:EU:LT",
        "period": "2022-09-19",
        "people": 1_461,
        "qualifier": "count",
        "population": "citizens:RU",
        "url": "https://zw.lt/swiat/kraje-baltyckie-w-ciagu-pierwszego-dnia-obowiazywania-obostrzen-wizowych-nie-wpuscily-39-rosjan/",
        "text": "1,461 Russian citizens were let in on 19 September.",
    },
    {
        "id": "no-2022-09-26-queue",
        "source": "no-gov",
        "published": "2022-09-26T15:00:00Z",
        "flow": "RU:GE:verkhny-lars",
        "period": "2022-09-26",
        "people": 3_500,
        "qualifier": "about",
        "unit": "vehicles",
        "measure": "queue",
        "url": "https://babel.ua/en/news/84800-russia-deploys-a-mobilization-point-on-the-border-with-georgia",
        "text": "About 3,500 cars wait before the checkpoint.",
    },
    {
        "id": "dgp-2022-09-27",
        "source": "dgp",
        "published": "2022-09-27T05:00:00Z",
        "flow": "RU:EU:PL",
        "period": "2022-09-19/2022-09-26",
        "people": 2_326,
        "qualifier": "count",
        "population": "citizens:RU",
        "url": "https://www.gazetaprawna.pl/wiadomosci/swiat/artykuly/8558133,ue-stanowisko-wizy-dla-rosjan-ucieczka-przed-mobilizacja.html",
        "text": "2,326 Russian citizens entered Poland from 19 to 25 September.",
    },
    {
        "id": "kz-2022-09-27-back",
        "source": "kz-mia",
        "published": "2022-09-27T09:00:00Z",
        "flow": "KZ:RU",
        "period": "2022-09-21/2022-09-27",
        "people": 40_000,
        "qualifier": "about",
        "population": "citizens:RU",
        "url": "https://kun.uz/ru/news/2022/09/27/v-mvd-kazaxstana-soobshchili-o-tranzite-40-tysyach-grajdan-rossii-iz-strany-s-nachala-mobilizatsii",
        "text": "About 40,000 Russian citizens left again.",
    },
    {
        "id": "lv-2022-09-27-refused",
        "source": "lv-iem",
        "published": "2022-09-27T13:00:00Z",
        "flow": "RU:EU:LV",
        "period": "2022-09-19/2022-09-28",
        "people": 57,
        "qualifier": "stated",
        "population": "citizens:RU",
        "measure": "refused",
        "url": "https://www.i24news.tv/en/news/international/europe/1664349625-latvia-declares-state-of-emergency-amid-russia-s-mobilization",
        "text": "57 Russian citizens were refused entry from 19 to 27 September.",
    },
    {
        "id": "lv-2022-09-27-back",
        "source": "lv-iem-press",
        "published": "2022-09-27T14:00:00Z",
        "flow": "LV:RU",
        "period": "2022-09-19/2022-09-28",
        "people": 2_332,
        "qualifier": "count",
        "population": "citizens:RU",
        "url": "https://dailynewsen.com/?p=111826",
        "text": "2,332 Russian citizens left Latvia from 19 to 27 September; the last day was not over yet.",
    },
    {
        "id": "frontex-press-2022-09-27",
        "source": "frontex-press",
        "published": "2022-09-27T16:00:00Z",
        "flow": "RU:EU:FI",
        "period": "2022-09-22/2022-09-26",
        "people": 30_000,
        "qualifier": "about",
        "population": "citizens:RU",
        "url": "https://brasov.co/2022/09/28/frontex-the-number-of-russians-trying-to-enter-the-european-union-has-increased-sharply-in-the-last-week/",
        "text": "About 30,000 of them came to Finland, in the last four days of the week.",
    },
    {
        "id": "kz-cnn-2022-09-28-back",
        "source": "kz-mia-cnn",
        "published": "2022-09-28T10:00:00Z",
        "flow": "KZ:RU",
        "period": "2022-09-21/2022-09-29",
        "people": 64_000,
        "qualifier": "at_least",
        "population": "citizens:RU",
        "url": "https://d1softballnews.com/us-embassy-warns-americans-to-leave-russia/",
        "text": "At least 64,000 Russian citizens left again since 21 September.",
    },
    {
        "id": "no-2022-09-28-queue",
        "source": "no-gov",
        "published": "2022-09-28T12:00:00Z",
        "flow": "RU:GE:verkhny-lars",
        "period": "2022-09-28",
        "people": 3_000,
        "qualifier": "more_than",
        "unit": "vehicles",
        "measure": "queue",
        "url": "https://cde.news/russian-region-limits-incoming-cars-amid-queues-at-georgia-border-to-escape-draft/",
        "text": "Over 3,000 vehicles wait before the checkpoint.",
    },
)
"""What else was said about that week and fits it: lower levels, ways back, people refused, queues."""

FAULTS: tuple[Report, ...] = (
    {
        "id": "vaalimaa-2022-09-24T14-corrected",
        "source": "vaalimaa-counter",
        "published": "2022-09-24T13:10:00Z",
        "flow": "RU:EU:FI:vaalimaa",
        "period": "2022-09-24T14:00/PT1H",
        "people": 148,
        "qualifier": "count",
        "text": "Correction: a digit had slipped in the first report of this hour (simulated).",
    },
    {
        "id": "imatra-2022-09-20T03-withdrawn",
        "source": "imatra-counter",
        "published": "2022-09-20T05:20:00Z",
        "flow": "RU:EU:FI:imatra",
        "period": "2022-09-20T03:00/PT1H",
        "people": None,
        "text": "Withdrawn: the counter was being tested (simulated).",
    },
    {
        "id": "border-blog-1",
        "source": "border-blog",
        "published": "2022-09-23T17:00:00Z",
        "flow": "RU:KZ",
        "period": "2022-09-22",
        "people": 250_000,
        "qualifier": "about",
        "text": "Refused: nobody has entered this source in the registry (simulated).",
    },
    {
        "id": "nuijamaa-2022-09-24T18-backwards",
        "source": "nuijamaa-counter",
        "published": "2022-09-24T16:30:00Z",
        "flow": "RU:EU:FI:nuijamaa",
        "period": "2022-09-24T19:00/2022-09-24T18:00",
        "people": 64,
        "qualifier": "count",
        "text": "Refused: the period ends before it begins (simulated).",
    },
    {
        "id": "kairak-2022-09-26-elsewhere",
        "source": "kairak-counter",
        "published": "2022-09-26T09:15:00Z",
        "flow": "RU:GE",
        "period": "2022-09-26T12:00/PT1H",
        "people": 90,
        "qualifier": "count",
        "text": "Refused: this counter may not speak for Georgia's border (simulated).",
    },
)
"""What goes wrong in a live stream, made up: a correction, a withdrawal, and three reports that are refused."""


class Counter(NamedTuple):
    """A simulated counter: people a day before the announcement, and how many times that by the end of the week."""

    checkpoint: str
    flow: str
    tz: str
    first: date
    usual: int
    peak: float


COUNTERS = (
    Counter("vaalimaa", "RU:EU:FI:vaalimaa", "Europe/Helsinki", date(2022, 9, 19), 1_150, 2.0),
    Counter("nuijamaa", "RU:EU:FI:nuijamaa", "Europe/Helsinki", date(2022, 9, 19), 640, 1.8),
    Counter("imatra", "RU:EU:FI:imatra", "Europe/Helsinki", date(2022, 9, 19), 360, 1.6),
    Counter("mashtakovo", "RU:KZ:mashtakovo", "Asia/Oral", date(2022, 9, 21), 820, 2.4),
    Counter("zhaisan", "RU:KZ:zhaisan", "Asia/Aqtobe", date(2022, 9, 21), 430, 2.1),
    Counter("kairak", "RU:KZ:kairak", "Asia/Qostanay", date(2022, 9, 21), 540, 2.2),
)
DAYS = 7
ANNOUNCED = date(2022, 9, 21)
HOURS = (1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 11, 11, 10, 10, 9, 9, 10, 10, 9, 7, 5, 4, 3, 2)
"""How a day's people spread over its hours, in parts."""
SLIPPED = ("vaalimaa", "2022-09-24T14", 1_480)
TESTED = ("imatra", "2022-09-20T03", 500)
LATE = ("zhaisan", date(2022, 9, 23), range(9, 15), time(15, 20))
"""A net that was down: the hours of a checkpoint's day that were all published at once, and when."""


def readings(counter: Counter, rng: random.Random) -> Iterator[Report]:
    """A week of hourly counts, each published a few minutes after its hour, the wall clock being the checkpoint's."""
    zone = ZoneInfo(counter.tz)
    for number in range(DAYS):
        day = counter.first + timedelta(days=number)
        rise = min(max((day - ANNOUNCED).days + 0.5, 0.0) / 4, 1.0)
        expected = counter.usual * (1 + (counter.peak - 1) * rise) * (1.08 if day.weekday() >= 5 else 1.0)
        for hour, parts in enumerate(HOURS):
            people = int(expected * parts / sum(HOURS) * (0.85 + 0.3 * rng.random()) + 0.5)
            begins = datetime.combine(day, time(hour), zone).astimezone(UTC)
            published = begins + timedelta(hours=1, seconds=60 + int(rng.random() * 300))
            name = f"{day}T{hour:02}"
            for checkpoint, slip, wrong in (SLIPPED, TESTED):
                if (checkpoint, slip) == (counter.checkpoint, name):
                    people = wrong
            checkpoint, late_day, hours, at = LATE
            if (checkpoint, late_day) == (counter.checkpoint, day) and hour in hours:
                published = datetime.combine(day, at, zone).astimezone(UTC)
            yield {
                "id": f"{counter.checkpoint}-{name}",
                "source": f"{counter.checkpoint}-counter",
                "published": f"{published:%Y-%m-%dT%H:%M:%SZ}",
                "flow": counter.flow,
                "period": f"{name}:00/PT1H",
                "people": people,
                "qualifier": "count",
            }


def reports() -> list[Report]:
    """The whole sample, in order of publication."""
    rng = random.Random(SEED)  # noqa: S311 - the same week every time is the point
    every = [*WORKED_EXAMPLE, *AROUND_IT, *FAULTS]
    for counter in COUNTERS:
        every += readings(counter, rng)
    return sorted(every, key=lambda report: (report["published"], report["id"]))


def sample() -> bytes:
    """The sample as NDJSON."""
    lines = (json.dumps(report, ensure_ascii=False, separators=(",", ":")) for report in reports())
    return "".join(f"{line}\n" for line in lines).encode()


if __name__ == "__main__":
    TARGET.write_bytes(sample())
