"""A backlog is taken in batch by batch; the ledger hears of each whether more is to come, and all comes out right."""

from __future__ import annotations

from aiokafka import ConsumerRecord

from bordertally.agents.hops.batch_headers import more_wait
from bordertally.streams.ledger.corridors.records import decode_message
from live import Live, hourly, pure, until

BATCH, TIMES = 1_000, 4


async def batches(live: Live) -> list[ConsumerRecord]:
    """The messages of the intake on claims; the ledger's own messages, of corridors, are left out."""
    return [
        record for record in await live.records(live.topics.claims, 2) if not decode_message(record.value).corridors
    ]


async def test_messages_of_a_backlog_say_that_more_is_to_come_and_the_last_does_not(live_on_kafka: Live) -> None:
    live, reports = live_on_kafka, hourly(31)
    await live.publish(reports * TIMES)
    live.worker(BORDERTALLY_BATCH_REPORTS=str(BATCH))
    await live.shows(pure(reports))

    async def counted() -> bool:
        return not more_wait((await batches(live))[-1])

    await until(counted, "the last of the backlog is passed on")
    claims = await batches(live)
    assert len({record.partition for record in claims}) == 1
    assert any(more_wait(record) for record in claims)
    await live.publish(reports[:1])  # nothing waits behind it

    async def passed_on() -> bool:
        return len(await batches(live)) > len(claims)

    await until(passed_on, "one more is passed on")
    assert not more_wait((await batches(live))[-1])
    await live.shows(pure(reports))
