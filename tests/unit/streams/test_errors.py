from __future__ import annotations

from bordertally.streams.errors import LEVELS, SHOWN, Reason, RefusedError, os_words, shown, some


def test_a_refusal_says_field_why_and_value_in_one_sentence() -> None:
    error = RefusedError(Reason.BAD_FLOW, "flow", "ru", "codes are upper case")
    assert str(error) == "flow: codes are upper case (got ru)"


def test_the_sentence_follows_a_field_that_is_placed_in_its_claim_later() -> None:
    error = RefusedError(Reason.BAD_FLOW, "flow", "ru", "codes are upper case")
    error.field = "claims[1].flow"
    assert str(error) == "claims[1].flow: codes are upper case (got ru)"


def test_long_values_are_cut_and_odd_characters_survive() -> None:
    assert len(shown("x" * 500)) == SHOWN
    assert shown("\ud800") == "\\ud800"
    assert shown([1, None]) == "[1, null]"


def test_of_values_within_values_the_outer_ones_are_quoted() -> None:
    in_lists: object = 7.0
    in_objects: object = 7.0
    for _ in range(100_000):
        in_lists, in_objects = [in_lists], {"a": in_objects}
    assert shown(in_lists) == f'{"[" * LEVELS}"…"{"]" * LEVELS}'
    assert shown(in_objects).startswith('{"a": {"a": {"a": ')
    assert shown({"low": 7.0, "high": [8.5]}) == '{"low": 7, "high": [8.5]}'
    assert shown([0] * 1_000_000).startswith("[0, 0, 0")


def test_of_many_names_the_first_are_listed() -> None:
    assert some([]) == ""
    assert some(["a", "b"], 2) == "a, b"
    assert some([*"abcdefg"]) == "a, b, c, d, e and 2 more"


def test_reasons_are_words_that_fit_a_metric_label() -> None:
    assert all(reason.value.replace("_", "").isalpha() and reason.value.islower() for reason in Reason)


def test_a_file_that_the_system_refuses_is_named_in_words() -> None:
    assert os_words(FileNotFoundError(2, "No such file or directory")) == "no such file"
    assert os_words(PermissionError(13, "Permission denied")) == "permission denied"
    assert os_words(OSError()) == "it cannot be read"
