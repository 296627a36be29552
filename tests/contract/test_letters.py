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
    assert {one.value for one in letters if one.key == b"k"} == set(small)
    there = {dict(one.headers)["offset"]: dict(one.headers) for one in letters if one.value == b""}
    ((offset, said),) = there.items()
    assert (said["kept"], said["reason"], said["topic"].decode()) == (b"there", b"missing_field", topic)
    held = await live.records(topic, 41)
    assert [one.value for one in held if not one.partition and one.offset == int(offset)] == [large]
    await limit(live, live.topics.rejected, 1_000_000)
    await live.send([Record(topic, b"again", large)])
    again = [one for one in await live.records(live.topics.rejected, len(letters) + 1) if one.key == b"again"]
    assert [one.value for one in again] == [large]
