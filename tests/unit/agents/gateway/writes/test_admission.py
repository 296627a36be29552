"""A posted report is refused for the reasons, fields and values of the intake, and classified before it is checked."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bordertally.agents.gateway.writes.admission import Admission
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.settings import load_settings
from unit.kit import REGISTRY, report
from unit.streams.reports.test_rejections import TABLE

ADMISSION = Admission(load_settings(), REGISTRY, Redis())  # no check asks Redis


async def test_it_is_refused_for_the_reasons_of_the_intake() -> None:
    wrong = []
    for row in TABLE:
        with pytest.raises(ProblemError) as caught:
            await ADMISSION.check(row.raw)
        problem = caught.value.problem
        given = [problem.reason, problem.field, problem.value, problem.report]
        if given != row.in_words:
            wrong.append((row.raw, given, row.in_words))
    assert not wrong


async def test_a_good_report_is_the_one_that_was_decoded() -> None:
    assert (await ADMISSION.check(report(5))).id == "r1"


@pytest.mark.parametrize(("days", "taken"), [(401, True), (400, False)])
async def test_it_obeys_the_limit_for_periods(days: int, taken: bool) -> None:
    admission = Admission(load_settings(period_days=days), REGISTRY, Redis())
    since = report(5, "2022-02-24/2023-04-01", published="2023-04-01T12:00:00Z")  # 401 days
    if taken:
        assert await admission.check(since)
    else:
        with pytest.raises(ProblemError, match="BORDERTALLY_PERIOD_DAYS"):
            await admission.check(since)
