"""Names of holders: written otherwise is the same, close is told, and another company is another company."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rights.holder_names import FOUND_MAX, HolderName, _distance, are_close, close_to, folded
from domain.values.identifiers import Uscc
from tests.builders import BANK_USCC, HOLDER

SAME = (
    ("浙江示例印染有限公司", "浙江示例印染有限责任公司"),
    ("浙江示例（绍兴）印染有限公司", "浙江示例(绍兴)印染有限公司"),
    ("ＡＢＣ 化工 有限公司", "abc化工有限公司"),
    ("浙江示例〔一〕有限公司", "浙江示例【一】有限公司"),
    ("浙江 示例\u3000有限公司", "浙江示例有限公司"),
)
CLOSE = (
    ("绍兴示例印染有限公司", "绍兴示列印染有限公司"),
    ("绍兴示例印染有限公司", "绍兴市示例印染有限公司"),
    ("绍兴示例印染有限公司", "绍兴例示印染有限公司"),
    ("绍兴示例印染有限公司", "绍兴示例印染有限责任公司"),
)
APART = (
    ("甲厂", "乙厂"),
    ("示例厂", "示列厂"),
    ("绍兴示例印染有限公司", "绍兴示例化工有限公司"),
    ("绍兴示例印染有限公司", "宁波模范印染有限公司"),
    ("绍兴示例印染有限公司", "绍兴示例印染股份有限公司"),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_name_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert are_close(one, other)


@pytest.mark.parametrize(("one", "other"), CLOSE)
def test_a_slip_of_the_pen_is_close(one: str, other: str) -> None:
    assert are_close(one, other)
    assert are_close(other, one)


@pytest.mark.parametrize(("one", "other"), APART)
def test_another_company_is_not_close(one: str, other: str) -> None:
    assert not are_close(one, other)


def test_who_is_close_is_told_once_by_name_and_never_the_holder_himself() -> None:
    own = HolderName("绍兴示例印染有限公司", HOLDER)
    renamed = HolderName("绍兴示例印染有限责任公司", HOLDER)
    other = HolderName("绍兴示列印染有限公司", BANK_USCC)
    far = HolderName("宁波模范化工有限公司", Uscc("91420100DEM000310G"))

    assert close_to([own], [far, other, other, renamed]) == (other,)
    assert close_to([], [other]) == ()


def test_no_more_are_told_than_a_reader_reads() -> None:
    many = [HolderName(f"绍兴示例印染有限公司{chr(0x4E00 + number)}", Uscc(f"{number:018}")) for number in range(200)]

    assert len(close_to([HolderName("绍兴示例印染有限公司", HOLDER)], many)) == FOUND_MAX


@given(st.text("甲乙丙丁", max_size=8), st.text("甲乙丙丁", max_size=8))
def test_the_distance_is_symmetric_zero_only_for_the_same_and_never_above_the_longer(one: str, other: str) -> None:
    distance = _distance(one, other, 99)

    assert distance == _distance(other, one, 99)
    assert (distance == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))


@given(st.text("甲乙丙丁", min_size=2, max_size=8), st.integers(0, 6))
def test_two_neighbours_that_changed_places_are_one_slip(text: str, at: int) -> None:
    at %= len(text) - 1
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    assert _distance(text, swapped, 9) == (0 if swapped == text else 1)
