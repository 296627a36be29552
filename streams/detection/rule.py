"""A rule by which alerts open: what it is called, how it finds its episodes, and the words its alerts are told in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bordertally.streams.ledger.tree import Node
from bordertally.streams.rules.config import Detection, Rules, Setting
from bordertally.streams.totals.records import Episode

Names = Mapping[str, str]
"""The names of sources by their ids."""

EVER = 3_000_000
"""Days: longer than any history."""


@dataclass(frozen=True)
class Rule:
    """One rule; `registry` lists those there are.

    `name`: as alerts carry it. `find(node, rules)`: the episodes of a flow, oldest first, a function of the claims and
    the rules alone; [] where the rule is off. `setting`: what turns it on in `[detection]`; None: always on.

    `describe(flow, episode, names)`: what an alert says of its latest day, in one clause. `ending`: how its end is
    told, before a date. `noun`: what its alerts tell of, as in "took the drop away". `headline`: for notifications.
    `learns_from`: how many days before an alert bear on whether there is one; those of a learned level always do.
    `needs_reports`: whether it looks at sources, claims or child flows, so that a daily series does not do for it.
    """

    name: str
    find: Callable[[Node, Rules], list[Episode]]
    describe: Callable[[str, Episode, Names], str]
    ending: str
    noun: str
    headline: str
    setting: Setting | None = None
    learns_from: int = 0
    needs_reports: bool = False

    def is_on(self, detection: Detection) -> bool:
        """Whether the rule is on under the settings of a flow."""
        return self.setting is None or self.setting.of(detection) is not None
