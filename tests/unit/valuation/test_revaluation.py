"""Price keys, stale prices, and rights that have no value whatever their price."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.jurisdictions.rulebook import Rulebook
from domain.rights.rights import USABLE, RightStatus, Tenure
from domain.valuation.inputs import rule_values
from domain.valuation.market import Market
from domain.valuation.revaluation import (
    NO_EVIDENCE,
    NO_PRICE,
    STALE_WEEKDAYS,
    Figures,
    Lot,
    key_of,
    price_of,
    reason_against,
    revalued,
)
from domain.values.identifiers import Division
from domain.values.quantity import Quantity, Unit
from domain.values.weekdays import weekday_after
from tests.builders import a_right
from tests.unit.market.deals import KEQIAO, TODAY
from tests.unit.valuation.subjects import (
    LTV_MAX,
    NOW,
    PLAN_END,
    RULES,
    a_subject,
    an_allowance,
    as_deals,
    days_ago,
    deals,
)

RULE_VALUES = rule_values(RULES, KEQIAO, TODAY)
SOLD_ON = TODAY + timedelta(days=20)


def of_lot(price: Any = None, **different: object) -> Figures:  # noqa: ANN401 - a price or none
    ordinary: dict[str, Any] = {"subject": a_subject(), "liquidation_days": 20, "rules": RULE_VALUES, "without": None}
    lot = Lot(**(ordinary | different))
    [found] = revalued(
        [(lot, price or price_of(lot.subject, Market(deals=as_deals(deals(*[4000] * 6))), TODAY, NOW))], TODAY
    )
    return found


def reason(status: RightStatus = RightStatus.EFFECTIVE, rulebook: Rulebook = RULES, **different: Any) -> str | None:  # noqa: ANN401 - fields of a subject
    subject = a_subject(**different)
    right = a_right(status=status, valid_from=subject.valid_from, valid_to=subject.valid_to)
    return reason_against(right, subject, rule_values(rulebook, KEQIAO, TODAY), SOLD_ON, TODAY)


def test_rights_of_one_key_differ_only_in_what_no_estimate_asks() -> None:
    key = key_of(a_subject())

    assert key == key_of(a_subject(quantity=Quantity(Decimal(7), Unit.KG_PER_YEAR), valid_to=date(2029, 1, 1)))
    assert key == key_of(a_subject(vintage=2024, division=Division("330602")))
    assert key != key_of(a_subject(division=Division("330200")))
    assert key != key_of(a_subject(tenure=Tenure.PERMANENT))
    assert key != key_of(a_subject(), "bank-a")
    assert key_of(an_allowance(vintage=2024)) != key_of(an_allowance(vintage=2025))
    assert key.name == "price:discharge_right:SO2:330600:-:per_tonne_year:mass_per_year"
    assert key_of(a_subject(), "bank-a").name == f"{key.name}:bank-a"


def test_a_price_is_stale_from_the_twenty_first_weekday_without_a_deal() -> None:
    market = Market(deals=as_deals(deals(*[4000] * 6)))
    newest = days_ago(1)
    last = weekday_after(newest, STALE_WEEKDAYS)

    assert not price_of(a_subject(), market, last, NOW).is_stale
    assert price_of(a_subject(), market, weekday_after(last, 1), NOW).is_stale
    assert not price_of(a_subject(), Market(deals=()), TODAY, NOW).is_stale


def test_without_evidence_there_is_a_reason_and_no_figure() -> None:
    found = of_lot(NO_PRICE)

    assert found.unpriced == NO_EVIDENCE
    assert (found.market_value, found.collateral_value, found.loan_to_value_cap, found.tier) == (None,) * 4


def test_a_lot_that_has_no_value_has_none_at_any_price_and_keeps_its_place_among_the_others() -> None:
    price = price_of(a_subject(), Market(deals=as_deals(deals(*[4000] * 6))), TODAY, NOW)
    ordinary = Lot(subject=a_subject(), liquidation_days=20, rules=RULE_VALUES, without=None)
    slow = replace(ordinary, liquidation_days=40)
    lots = [ordinary, replace(ordinary, without="right_revoked"), slow]

    first, second, third = revalued([(lot, price) for lot in lots], TODAY)

    assert (first.unpriced, second.unpriced, third.unpriced) == (None, "right_revoked", None)
    assert first.collateral_value is not None
    assert third.collateral_value is not None
    assert (third.market_value, third.collateral_value < first.collateral_value) == (first.market_value, True)


def test_equal_inputs_give_equal_digests_and_others_do_not() -> None:
    assert of_lot().digest == of_lot().digest
    assert of_lot().digest != of_lot(subject=a_subject(quantity=Quantity(Decimal(11), Unit.T_PER_YEAR))).digest
    assert of_lot(without="right_revoked").digest != of_lot(without="right_expired").digest


@pytest.mark.parametrize("status", [status for status in RightStatus if status not in USABLE])
def test_a_right_that_its_registry_does_not_call_usable_has_no_value(status: RightStatus) -> None:
    named = {RightStatus.EXPIRED: "right_expired", RightStatus.PENDING_RECONFIRMATION: "successor_unconfirmed"}

    assert reason(status) == named.get(status, f"right_{status.value}")


@pytest.mark.parametrize("status", sorted(USABLE))
def test_a_usable_right_that_outlives_its_sale_has_one(status: RightStatus) -> None:
    assert reason(status, valid_to=SOLD_ON + timedelta(days=1)) is None
    assert reason(status, valid_to=SOLD_ON) == "right_expired"


def test_where_no_rule_is_known_there_is_no_value() -> None:
    assert reason_against(a_right(), a_subject(), None, SOLD_ON, TODAY) == "rule_unknown"


@pytest.mark.parametrize(
    ("begun", "told", "expected"),
    [
        (date(2025, 12, 31), datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "successor_unconfirmed"),
        (date(2025, 12, 31), datetime(2025, 12, 31, 16, 0, tzinfo=UTC), None),
        (date(2026, 1, 1), datetime(2025, 12, 31, 15, 59, tzinfo=UTC), None),
    ],
)
def test_a_right_of_a_plan_that_is_over_must_have_been_told_of_since(
    begun: date, told: datetime, expected: str | None
) -> None:
    right = a_right(valid_from=begun, as_of=told)
    subject = a_subject(valid_from=begun)

    assert reason_against(right, subject, RULE_VALUES, SOLD_ON, TODAY) == expected
    for_good = a_subject(valid_from=begun, tenure=Tenure.PERMANENT)
    assert reason_against(right, for_good, RULE_VALUES, SOLD_ON, TODAY) is None
    unknown = rule_values(Rulebook([LTV_MAX, PLAN_END]), KEQIAO, TODAY)
    assert reason_against(right, subject, unknown, SOLD_ON, TODAY) is None
