"""Dead letters that their topic does not take: the line goes on, and nothing is lost."""

from __future__ import annotations

import pytest

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.producer import Record
from live import Live, limit, pure

pytestmark = pytest.mark.kafka


async def test_letters_that_are_too_large_go_without_their_bytes_and_the_line_goes_on(live_on_kafka: Live) -> None:
    live = live_on_kafka
    live.worker()
    await limit(live, live.topics.rejected, 3_000)
    large, small = b'{"large": "' + b"x" * 20_000 + b'"}', [b'{"small": %d}' % number for number in range(40)]
    topic = live.topics.every_report[0]
    await live.send([Record(topic, b"k", raw, 0) for raw in [*small[:20], large, *small[20:]]])
    await live.publish(sample())
    await live.shows(pure(sample()))
    refused = 3  # of the sample
    letters = await live.records(live.topics.rejected, 41 + refused)
    assert {letter.value for letter in letters if letter.key == b"k"} == set(small)
    there = {dict(letter.headers)["offset"]: dict(letter.headers) for letter in letters if letter.value == b""}
    ((offset, headers),) = there.items()
    assert (headers["kept"], headers["reason"], headers["topic"].decode()) == (b"there", b"missing_field", topic)
    records = await live.records(topic, 41)
    assert [record.value for record in records if not record.partition and record.offset == int(offset)] == [large]
    await limit(live, live.topics.rejected, 1_000_000)
    await live.send([Record(topic, b"again", large)])
    again = [record for record in await live.records(live.topics.rejected, len(letters) + 1) if record.key == b"again"]
    assert [record.value for record in again] == [large]
