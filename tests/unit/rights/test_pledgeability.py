"""Whether a right may be pledged: every reason at once, in the documented order, each with its rule."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.jurisdictions.rulebook import load_rulebook
from domain.rights.pledgeability import reasons_against
from domain.rights.rights import Right, RightStatus
from domain.values.identifiers import Division
from domain.values.pollutants import Pollutant
from tests.builders import TODAY, a_right

RULEBOOK = load_rulebook()
FREE = replace(a_right().acquisition, basis="free", fee_paid_through=None)
LAPSED_FEE = replace(a_right().acquisition, fee_paid_through=date(2026, 11, 20))


@pytest.mark.parametrize(
    ("right", "codes"),
    [
        (a_right(), []),
        (a_right(status=RightStatus.REDUCED), []),
        (a_right(valid_to=date(2026, 11, 20)), ["expired"]),
        (a_right(valid_to=TODAY), []),
        (a_right(status=RightStatus.SUSPENDED), ["not_effective"]),
        (a_right(status=RightStatus.REVOKED), ["not_effective"]),
        (a_right(status=RightStatus.PENDING_RECONFIRMATION), ["not_effective"]),
        (a_right(acquisition=FREE), ["fee_unpaid"]),
        (a_right(acquisition=LAPSED_FEE), ["fee_unpaid"]),
        (a_right(acquisition=replace(FREE, fee_paid_through=TODAY)), []),
        (a_right(pollutant=Pollutant.VOC), ["pollutant_not_allowed"]),
        (a_right(taken=Decimal(50)), ["no_quantity_available"]),
        (a_right(taken=Decimal(60), overtaken=Decimal(10)), ["no_quantity_available"]),
    ],
)
def test_each_reason_stands_alone_and_an_ordinary_right_has_none(right: Right, codes: list[str]) -> None:
    assert [reason.code for reason in reasons_against(right, RULEBOOK, TODAY)] == codes


def test_all_reasons_are_told_at_once_in_the_documented_order() -> None:
    right = a_right(
        valid_to=date(2026, 1, 1),
        status=RightStatus.EXPIRED,
        acquisition=FREE,
        pollutant=Pollutant.VOC,
        taken=Decimal(50),
    )
    codes = [reason.code for reason in reasons_against(right, RULEBOOK, TODAY)]
    assert codes == ["expired", "not_effective", "fee_unpaid", "pollutant_not_allowed", "no_quantity_available"]


def test_a_reason_names_the_rule_that_says_so() -> None:
    [reason] = reasons_against(a_right(acquisition=FREE), RULEBOOK, TODAY)
    assert reason.rule == "pledge.paid_only"


def test_what_is_available_is_never_below_zero_although_more_may_be_taken() -> None:
    assert a_right(taken=Decimal(60), overtaken=Decimal(10)).available.amount == 0
    assert a_right(taken=Decimal("0.000001")).available.amount == Decimal("49.999999")


def test_shaoxing_pledges_waste_water_and_the_rest_of_zhejiang_does_not() -> None:
    waste_water = a_right(pollutant=Pollutant.WASTEWATER)
    assert reasons_against(waste_water, RULEBOOK, TODAY) == ()
    elsewhere = replace(waste_water, division=Division("330106"))
    assert [reason.code for reason in reasons_against(elsewhere, RULEBOOK, TODAY)] == ["pollutant_not_allowed"]
