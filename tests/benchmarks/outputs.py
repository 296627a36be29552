"""What a system said, read whole after a run and compared with the oracle: every figure, every alert, every id."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

import msgspec

from benchmarks import broker
from benchmarks.oracle import ExpectedAlert, Oracle, rolling
from benchmarks.systems import Lane, Said, System


@dataclass
class Verdict:
    """How many figures differ from the oracle's; anything but zeros makes a run worthless."""

    figures: int = 0
    wrong_days: int = 0
    unsaid_days: int = 0
    wrong_weeks: int = 0
    spurious_days: int = 0
    alerts_missing: int = 0
    alerts_extra: int = 0
    ids_reused: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Whether everything is as the oracle says."""
        counts = asdict(self)
        return not any(counts[name] for name in counts if name not in ("figures", "examples"))

    def add(self, name: str, example: str) -> None:
        """Count one fault."""
        setattr(self, name, getattr(self, name) + 1)
        if len(self.examples) < 5:
            self.examples.append(f"{name}: {example}")


@dataclass
class TotalsRead:
    """The records on totals, reduced: the last figure of every (flow, day), and when how much became known."""

    days: dict[str, dict[str, int]] = field(default_factory=dict)
    weeks: dict[str, dict[str, int]] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    times: array[float] = field(default_factory=lambda: array("d"))
    gains: array[float] = field(default_factory=lambda: array("d"))

    def take(self, output: Said, moment: float, *, counts: bool = True) -> None:
        """One record, in order of its partition; only flows that are no sums `count` for progress."""
        days = self.days.setdefault(output.flow, {})
        gain = 0
        for day, people in output.days:
            gain += people - days.get(day, 0)
            days[day] = people
        self.weeks.setdefault(output.flow, {})[output.last] = output.week
        self.last[output.flow] = output.last
        self.times.append(moment)
        self.gains.append(gain if counts else 0.0)

    def progress(self, share: float) -> float:
        """The moment when so large a share of all people had been told (1.0: when the last record came)."""
        order = sorted(range(len(self.times)), key=self.times.__getitem__)
        if not order or share >= 1.0:
            return max(self.times, default=0.0)
        wanted, known = share * sum(self.gains), 0.0
        for index in order:
            known += self.gains[index]
            if known >= wanted and known > 0:
                return self.times[index]
        return self.times[order[-1]]


async def read_totals(system: System, lane: Lane, leaves: Callable[[str], bool]) -> TotalsRead:
    """Read a run's totals."""
    outputs = TotalsRead()
    async for record in broker.records(lane.address, lane.totals):
        output = system.read(record.value)
        outputs.take(output, record.timestamp / 1000, counts=leaves(output.flow))
    return outputs


def check_figures(outputs: TotalsRead, oracle: Oracle, *, parents: bool) -> Verdict:
    """Compare the last figure told of each day, and the rolling weeks; with `parents` also for sums."""
    verdict = Verdict()
    wanted = oracle.figures(parents=parents)
    for flow, days in wanted.items():
        _check_days(flow, days, outputs.days.get(flow, {}), verdict)
        newest, told_weeks = outputs.last.get(flow, ""), outputs.weeks.get(flow, {})
        if max(days) not in told_weeks or newest > max(days):
            verdict.add("wrong_weeks", f"{flow}: the last week told is up to {newest}, not {max(days)}")
        for day in [newest] if parents else told_weeks:
            if day in days and told_weeks[day] != rolling(days, day):
                verdict.add("wrong_weeks", f"{flow} up to {day} is told as {told_weeks[day]}, not {rolling(days, day)}")
    for flow, told_days in outputs.days.items():
        for day in told_days.keys() - wanted.get(flow, {}).keys():
            verdict.add("spurious_days", f"{flow} {day} is told, and was never reported")
    return verdict


def _check_days(flow: str, days: dict[str, int], told_days: dict[str, int], verdict: Verdict) -> None:
    for day, people in days.items():
        verdict.figures += 1
        if day not in told_days:
            verdict.add("unsaid_days", f"{flow} {day} is never told")
        elif told_days[day] != people:
            verdict.add("wrong_days", f"{flow} {day} is told as {told_days[day]}, not {people}")


class AlertRecord(msgspec.Struct):
    """What is compared of a record on alerts."""

    id: str
    seq: int
    flow: str
    state: str
    since: str
    until: str | None
    peak_rate: int
    day: str
    rate: int


alert_of = msgspec.json.Decoder(AlertRecord).decode


async def alert_values(lane: Lane) -> list[bytes]:
    """All records on alerts, each partition in order."""
    return [record.value async for record in broker.records(lane.address, lane.alerts)]


def check_alerts(values: Iterable[bytes], wanted: set[ExpectedAlert], verdict: Verdict) -> None:
    """What the alerts come down to, withdrawn ones left out; and that no (id, seq) has two meanings."""
    meanings: dict[tuple[str, int], bytes] = {}
    newest: dict[str, AlertRecord] = {}
    for value in values:
        alert = alert_of(value)
        if meanings.setdefault((alert.id, alert.seq), value) != value:
            verdict.add("ids_reused", f"{alert.flow}: alert {alert.id} seq {alert.seq} is told in two ways")
        if alert.id not in newest or newest[alert.id].seq < alert.seq:
            newest[alert.id] = alert
    published = {
        ExpectedAlert(record.flow, record.since, record.until, record.peak_rate)
        for record in newest.values()
        if record.state != "withdrawn"
    }
    for expected in sorted(wanted - published, key=str):
        verdict.add("alerts_missing", str(expected))
    for expected in sorted(published - wanted, key=str):
        verdict.add("alerts_extra", str(expected))
