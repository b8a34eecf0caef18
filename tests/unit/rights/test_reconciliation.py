"""Differences: which of them a page of the registry shows, and which is told first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest

from domain.rights.reconciliation import DENIED, Book, Difference, Word, difference, our_page, their_page
from domain.rights.rights import RightStatus
from domain.values.identifiers import Uscc
from domain.values.quantity import Quantity, Unit
from tests.builders import HOLDER, NOW, SHAOXING, a_right, tonnes

OURS: Final = Book(
    right_id=a_right().id,
    registry="zhejiang",
    registry_no=a_right().registry_no,
    division=SHAOXING,
    holder_uscc=HOLDER,
    status=RightStatus.EFFECTIVE,
    quantity=tonnes("50"),
    frozen_least=Decimal(10),
    frozen_most=Decimal(15),
    version=3,
    last_executed_at=None,
)
SAME: Final = Word(
    quantity=tonnes("50"),
    frozen=tonnes("10"),
    version=3,
    holder_uscc=HOLDER,
    status=RightStatus.EFFECTIVE,
    as_of=NOW,
)
OTHER: Final = Uscc("91110000600037341L")


@pytest.mark.parametrize("frozen", ["10", "12", "15"])
def test_equal_pages_are_no_difference_whatever_of_our_uncertain_holds_the_registry_counts(frozen: str) -> None:
    assert difference(OURS, replace(SAME, frozen=tonnes(frozen))) is None


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"frozen": tonnes("9.999999")}, Difference.FROZEN_LESS),
        ({"frozen": tonnes("15.000001")}, Difference.FROZEN_MORE),
        ({"holder_uscc": OTHER, "version": 4}, Difference.HOLDER),
        ({"status": RightStatus.REVOKED, "version": 4}, Difference.STATUS),
        ({"quantity": tonnes("49"), "version": 4}, Difference.QUANTITY),
        ({"version": 4}, Difference.VERSION),
        ({"quantity": Quantity(Decimal(50), Unit.T_PER_DAY)}, Difference.UNIT),
    ],
)
def test_each_difference_has_a_name(changed: dict[str, object], kind: Difference) -> None:
    assert difference(OURS, replace(SAME, **changed)) is kind  # type: ignore[arg-type]  # each case names real fields


def test_a_right_that_the_registry_does_not_know_is_missing() -> None:
    assert difference(OURS, None) is Difference.MISSING


def test_a_unit_that_converts_is_no_difference() -> None:
    kilograms = replace(SAME, quantity=tonnes("50").to(Unit.KG_PER_YEAR), frozen=tonnes("10").to(Unit.KG_PER_YEAR))
    assert difference(OURS, kilograms) is None


def test_what_is_frozen_counts_only_from_after_our_last_order() -> None:
    lately = replace(OURS, last_executed_at=NOW + timedelta(seconds=1))
    assert difference(lately, replace(SAME, frozen=tonnes("0"))) is None
    assert difference(lately, replace(SAME, frozen=tonnes("0"), version=4)) is Difference.VERSION
    assert difference(replace(OURS, last_executed_at=NOW), replace(SAME, frozen=tonnes("0"))) is Difference.FROZEN_LESS


def test_the_worst_is_told_first() -> None:
    everything = replace(SAME, frozen=tonnes("0"), holder_uscc=OTHER, quantity=tonnes("1"), version=4)
    assert difference(OURS, everything) is Difference.FROZEN_LESS
    assert Difference.FROZEN_LESS in DENIED


def test_what_the_calendar_made_of_a_right_is_no_difference() -> None:
    assert difference(replace(OURS, status=RightStatus.EXPIRED), SAME) is None


def test_a_case_keeps_the_pages_as_they_were() -> None:
    ours = {"quantity": "50.000000", "unit": "t/a", "frozen": "10.000000", "version": "3"}
    told = {"holder_uscc": HOLDER, "status": "effective"}
    assert our_page(OURS) == {**ours, **told}
    assert their_page(SAME) == {**ours, **told}
    assert their_page(replace(SAME, holder_uscc=None, status=None)) == ours
    assert their_page(None) is None
