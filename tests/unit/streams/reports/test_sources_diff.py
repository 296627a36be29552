from __future__ import annotations

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.flows import Flow
from bordertally.streams.reports.sources import Registry, parse_registry
from bordertally.streams.reports.sources_diff import changes, check_change


def registry(*entries: str, blocs: str = '["EU"]') -> Registry:
    def table(entry: str) -> str:
        key, _, more = entry.partition("|")
        fields = {"name": '"K"', "flows": '["RU"]', "grade": '"B"'}
        fields |= dict(one.split("=") for one in more.split("|") if one)
        return f"[sources.{key}]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items())

    return parse_registry(f"blocs = {blocs}\n" + "".join(table(one) for one in entries), "sources.toml")


def test_what_is_new_gone_and_changed_is_named() -> None:
    old, new = registry("a", "b", "c"), registry('a|grade="C"|every="P1D"', "c", "x")
    assert changes(old, new) == "new: x; gone: b; changed: a (grade, every)"
    assert changes(old, registry("c", "b", "a")) == ""


def test_aliases_that_are_new_and_gone_are_named() -> None:
    old, new = (
        Registry(registry("a").sources, aliases={Flow(name): Flow(place) for name, place in pairs})
        for pairs in ([("RU:KZ:a", "RU:KZ:b")], [("RU:KZ:a", "RU:KZ:c")])
    )
    assert changes(old, new) == "new aliases: RU:KZ:a = RU:KZ:c; gone aliases: RU:KZ:a = RU:KZ:b"
    check_change(old, new)  # stored claims move


def test_many_are_counted() -> None:
    assert changes(registry("a"), registry("a", *"bcdefgh")) == "new: b, c, d, e, f and 2 more"


@pytest.mark.parametrize("entry", ['a|grade="D"', 'a|flows=["KZ"]', 'a|name="Z"', 'a|topic="frontex"', "b"])
def test_what_later_reports_alone_feel_may_change(entry: str) -> None:
    check_change(registry("a"), registry(entry))


def test_a_time_zone_may_not_change_beside_claims_that_are_kept() -> None:
    with pytest.raises(ConfigError, match=r"^sources\.a\.tz: Asia/Almaty was UTC: .*replay$"):
        check_change(registry("a", "b"), registry("b", 'a|tz="Asia/Almaty"'))
    check_change(registry("b"), registry("b", 'a|tz="Asia/Almaty"'))  # a new source has no claims


def test_blocs_may_not_change_beside_claims_that_are_kept() -> None:
    with pytest.raises(ConfigError, match=r"^blocs: .*EU.*replay$"):
        check_change(registry("a", blocs="[]"), registry("a"))
