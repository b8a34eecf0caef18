"""The warnings of a valuation: each once, with a case in which it is said and one in which it is not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.jurisdictions.rulebook import Rulebook
from domain.jurisdictions.rules import Standing
from domain.market.priced_deals import PricedDeal
from domain.rights.rights import Tenure
from domain.values.decimals import round_down
from domain.values.weekdays import weekdays_between
from tests.unit.market.deals import NINGBO, TODAY, tonnes_a_year
from tests.unit.valuation.markets import PROVINCES, moved_province
from tests.unit.valuation.subjects import (
    LTV_MAX,
    PLAN_END,
    PLAN_YEARS,
    a_deal,
    a_subject,
    an_allowance,
    an_appraisal,
    days_ago,
)
from tests.unit.valuation.test_market import a_tariff, allowances

ALWAYS = ("not_calibrated_on_own_deals", "right_ends")
WITHIN = a_subject(valid_to=date(2030, 12, 31))


def daily(count: int = 40, price: int = 4000, newest: int = 1, **changes: Any) -> list[PricedDeal]:  # noqa: ANN401 - as `a_deal`
    """Return a deal of ten tonnes on each of so many days, the newest so many days ago."""
    return [a_deal(f"{price}-{newest}-{n}", price, traded_on=days_ago(newest + n), **changes) for n in range(count)]


def warnings(trades: Sequence[PricedDeal] | None = None, **changes: Any) -> tuple[str, ...]:  # noqa: ANN401 - as `an_appraisal`
    """Return the warnings of a small lot within its plan period, changed as asked."""
    small = {"subject": replace(WITHIN, quantity=tonnes_a_year("1"))}
    return an_appraisal(daily() if trades is None else trades, **(small | changes)).warnings


def test_an_ordinary_right_says_that_it_ends_and_that_discharge_rights_are_not_calibrated() -> None:
    assert warnings() == ALWAYS


def test_a_right_for_good_on_200_own_deals_has_no_warning() -> None:
    for_good = a_subject(tenure=Tenure.PERMANENT, valid_to=None, quantity=tonnes_a_year("1"))
    trades = [replace(deal, basis=for_good.basis) for deal in daily()]

    assert warnings(trades, subject=for_good, own_deals=200) == ()
    assert warnings(trades, subject=for_good, own_deals=199) == ("not_calibrated_on_own_deals",)


def test_200_own_deals_calibrate_and_let_a_discharge_right_reach_level_one() -> None:
    for own, level in ((199, 2), (200, 1)):
        found = an_appraisal(daily(60), WITHIN, own_deals=own)
        assert found.confidence_level == level
        assert ("not_calibrated_on_own_deals" in found.warnings) is (own < 200)


def test_carbon_is_calibrated() -> None:
    assert "not_calibrated_on_own_deals" not in warnings(allowances(None, "x"), subject=an_allowance())


@pytest.mark.parametrize(
    ("code", "said", "not_said"),
    [
        ("few_trades", daily(9), daily(10)),
        ("stale_evidence", daily(newest=31), daily(newest=30)),
        ("provincial_evidence_only", daily(division=NINGBO), daily()),
        ("administered_price", [a_tariff("t", 1000, 1)], [*daily(), a_tariff("t", 1000, 1)]),
        ("administered_price_caps", [*daily(11), a_tariff("t", 1000, 1)], [*daily(12), a_tariff("t", 1000, 1)]),
        ("earlier_evidence_prevails", daily(newest=366), daily(newest=365)),
        ("guard_binds", [*daily(20, 5000), *daily(40, newest=21)], [*daily(20, 4700), *daily(40, newest=21)]),
    ],
)
def test_evidence_that_is_weak_is_said_to_be(code: str, said: list[PricedDeal], not_said: list[PricedDeal]) -> None:
    assert code in warnings(said)
    assert code not in warnings(not_said)


def test_a_value_moved_with_other_provinces_is_said() -> None:
    peers = [deal for place in PROVINCES for deal in moved_province(place, 2000, 1000, 20)]

    assert "moved_with_other_provinces" in warnings(daily(newest=60), peers=peers)
    assert "moved_with_other_provinces" not in warnings(daily(), peers=peers)


@pytest.mark.parametrize(("code", "weekdays"), [("slow_sale", 60), ("lot_exceeds_market", 1250)])
def test_a_lot_too_large_for_its_market_is_said(code: str, weekdays: int) -> None:
    taken = Fraction(40 * 10, weekdays_between(days_ago(1 + 90), days_ago(1))) / 5
    long = a_subject(valid_to=date(2044, 1, 1))

    for more, is_said in ((Decimal("0.001"), True), (Decimal("-0.001"), False)):
        quantity = tonnes_a_year(str(round_down(taken * weekdays, 6) + more))
        found = warnings(subject=replace(long, quantity=quantity), rulebook=Rulebook([LTV_MAX]))
        assert (code in found) is is_said, quantity


def test_allowances_priced_by_deals_that_state_no_vintage_are_said() -> None:
    assert "vintage_unstated" in warnings(allowances(None, "x"), subject=an_allowance(vintage=2025))
    assert "vintage_unstated" not in warnings(allowances(2025, "x"), subject=an_allowance(vintage=2025))
    assert "vintage_unstated" not in warnings(allowances(None, "x"), subject=an_allowance(vintage=None))


def test_a_right_that_has_not_begun_is_said() -> None:
    assert "right_not_yet_valid" in warnings(subject=replace(WITHIN, valid_from=TODAY + timedelta(days=1)))
    assert "right_not_yet_valid" not in warnings(subject=replace(WITHIN, valid_from=TODAY))


def test_a_right_that_lives_on_after_its_plan_period_is_said() -> None:
    assert "plan_rollover_unconfirmed" in warnings(subject=a_subject(valid_to=date(2031, 1, 2)))
    assert "plan_rollover_unconfirmed" not in warnings(subject=a_subject(valid_to=date(2031, 1, 1)))


@pytest.mark.parametrize(
    "rules",
    [
        [LTV_MAX],
        [LTV_MAX, PLAN_END],
        [LTV_MAX, PLAN_YEARS],
        [LTV_MAX, PLAN_YEARS, replace(PLAN_END, value=None, standing=Standing.UNKNOWN)],
    ],
    ids=["none", "end alone", "years alone", "unknown end"],
)
def test_an_unknown_plan_period_is_said_and_not_guessed(rules: list[Any]) -> None:
    assert warnings(rulebook=Rulebook(rules)) == (*ALWAYS, "plan_period_unknown")


def test_a_loan_to_value_rule_known_only_from_a_digest_is_said() -> None:
    digest = Rulebook([replace(LTV_MAX, standing=Standing.DIGEST), PLAN_END, PLAN_YEARS])

    assert "ltv_rule_not_from_text" in warnings(rulebook=digest)
    assert "ltv_rule_not_from_text" not in warnings()
