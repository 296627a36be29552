"""A rule: its name, how it finds its episodes, the words of its alerts, and the setting that turns it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bordertally.streams.ledger.tree import Node
from bordertally.streams.rules.config import Detection, Rules, Setting
from bordertally.streams.rules.wording import Names
from bordertally.streams.totals.records import Episode

EVER = 3_000_000
"""Days: longer than any history."""


@dataclass(frozen=True)
class Rule:
    """One rule; the registry lists all rules.

    `name`: as alerts carry it. `find(node, rules)`: the episodes of a flow, oldest first, a function of the claims and
    the rules alone; [] where the rule is off. `setting`: what turns it on in `[detection]`; None: always on.

    `describe(flow, episode, names)`: the clause of an alert about its latest day. `noun`: what its alerts are about, as
    in "there is no drop from 2022-09-01 on any more". `headline`: the title of notifications.
    `learns_from`: on how many days before an alert the rule depends, besides those of a learned baseline.
    `opens`, `ends`: when an alert opens and ends, for the table of rules in docs/alert.md.
    `needs_reports`: whether the rule reads sources, claims or child flows, so that a daily series is not enough.
    `adds_up`: whether rates are people of the flow, so that those of the flows below add up to them (see inhibition).
    """

    name: str
    find: Callable[[Node, Rules], list[Episode]]
    describe: Callable[[str, Episode, Names], str]
    noun: str
    headline: str
    setting: Setting | None = None
    opens: str = ""
    ends: str = ""
    learns_from: int = 0
    needs_reports: bool = False
    adds_up: bool = False

    def is_on(self, detection: Detection) -> bool:
        """Whether the settings of a flow turn the rule on."""
        return self.setting is None or self.setting.of(detection) is not None
