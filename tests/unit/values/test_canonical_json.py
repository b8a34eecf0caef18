"""Canonical JSON and printed numbers: one spelling for one statement, and a number that says nothing."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.values.canonical_json import canonical_json, digest_of
from domain.values.numbers import is_number, new_number

NAMES = st.text("abc_", min_size=1, max_size=3)
PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5).filter(lambda text: text.isprintable())
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_the_order_in_which_a_statement_was_made_is_not_in_its_spelling(statement: dict[str, Any]) -> None:
    turned = dict(reversed(statement.items()))

    assert canonical_json(turned) == canonical_json(statement)
    assert digest_of(turned) == digest_of(statement)


@pytest.mark.parametrize("value", [1.5, {1: 2}, {"名": 1}, (1,), b"x", {"a": [1.0]}, object()])
def test_what_has_no_one_spelling_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json({"value": value})


def test_chinese_is_spelled_as_itself_and_nothing_is_between_the_members() -> None:
    assert canonical_json({"b": "绍兴", "a": [True, None, 1]}) == '{"a":[true,null,1],"b":"绍兴"}'.encode()


def test_a_number_says_its_kind_and_year_and_no_two_are_the_same() -> None:
    drawn = {new_number("GLC", date(2026, 11, 21)) for _ in range(2000)}

    assert len(drawn) == 2000
    assert all(is_number("GLC", number) and number.startswith("GLC2026-") for number in drawn)


@pytest.mark.parametrize(
    "text",
    ["", "GLC2026", "GLC2026-0000-0000", "GLS2026-0000-0000-0000", "GLC2026-0000-0000-000I", "GLC2026-0000-0000-0000\n",
     "glc2026-0000-0000-0000", "GLC2026-0000-0000-0000-0000", "GLC２０２６-0000-0000-0000"],
)  # fmt: skip
def test_what_is_no_number_is_none(text: str) -> None:
    assert not is_number("GLC", text)
