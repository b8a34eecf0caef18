"""The whole chain: market value, haircut, collateral value, what may be lent, and what is refused."""

import runpy
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import ModuleType
from typing import Any

import pytest

from domain.errors import InvalidDate
from domain.jurisdictions.rulebook import Rulebook, RuleUnknown, load_rulebook
from domain.jurisdictions.rules import Standing
from domain.valuation import appraisal as method
from domain.valuation import daily_items, estimate, evidence, haircut, market, parameters, sale, series
from domain.valuation.appraisal import RightExpired
from domain.valuation.evidence import NoPriceEvidence, Tier
from domain.valuation.repayment import Repayment
from domain.values.daycount import year_fraction_365
from domain.values.decimals import round_down, round_up
from domain.values.identifiers import Division
from domain.values.money import Money
from domain.values.price import Period
from domain.values.time import add_years
from tests.unit.market.deals import JINGDE_NOX, TODAY, a_price, tonnes_a_year
from tests.unit.valuation.subjects import (
    LTV_MAX,
    NOW,
    RULES,
    a_subject,
    an_allowance,
    an_appraisal,
    deals,
    shaoxing_series,
)

PARAMETERS_OF_VERSION_2 = "79457143350b2e963bcd3136d88e394b80c574b4d5d71796041496bb349424c8"
DIGEST_OF_VERSION_2 = "6f73ffbcd988e97d0bfe34c031ef023da6938358e28d5ec7d3a0e37ed3821b68"
WITHIN_THE_PERIOD = date(2030, 12, 31)


def test_the_chain_from_unit_value_to_loan_can_be_checked_from_the_printed_figures() -> None:
    found = an_appraisal(subject=a_subject(valid_to=WITHIN_THE_PERIOD))

    assert found.unit_value == found.lending_unit_value == Decimal("3847.261275")
    years = year_fraction_365(TODAY, WITHIN_THE_PERIOD)
    assert found.market_value == Money.floor(Fraction(found.unit_value) * 10 * years)
    kept = Fraction(found.market_value.amount) * (1 - Fraction(found.haircut))
    assert Money.floor(kept).amount <= found.collateral_value.amount <= kept + 1
    assert found.loan_to_value_cap == min(1 - found.haircut, Decimal("0.80"))
    assert found.max_loan == found.collateral_value
    assert found.haircut == found.haircut_parts.total
    assert (found.tier, found.confidence_level, found.evidence_count) == (Tier.CITY, 2, 20)
    assert found.first_uncovered_on is None


def test_the_haircut_is_made_of_its_parts_one_after_the_other() -> None:
    for subject in (a_subject(), a_subject(quantity=tonnes_a_year("3000"))):
        found = an_appraisal(subject=subject, liquidation_days=30)
        parts = found.haircut_parts

        left = Fraction(1)
        for share in (parts.guard, parts.roll_over, parts.melting, parts.market, parts.lot):
            left *= 1 - Fraction(share)
        assert float(1 - left) == pytest.approx(float(parts.total), abs=1e-5)
        lent = (date(2031, 1, 1) - TODAY).days
        assert parts.roll_over == round_up(1 - Fraction(lent, 5 * 365), 6)
        assert parts.melting == round_up(Fraction(30, lent), 6)


def test_a_lot_that_the_market_takes_in_a_day_loses_nothing_by_its_size() -> None:
    small, large = (an_appraisal(subject=a_subject(quantity=tonnes_a_year(each))) for each in ("0.5", "50"))

    assert small.haircut_parts.lot == 0 < large.haircut_parts.lot
    assert small.haircut < large.haircut
    assert small.haircut_parts.market == large.haircut_parts.market


def test_a_unit_value_that_does_not_end_is_rounded_down_once_and_all_money_follows_from_it() -> None:
    price = a_price("10000", Period.TERM)
    found = an_appraisal([replace(trade, price=price, term_years=Decimal(3)) for trade in deals(*[1] * 12)])

    assert found.unit_value == Decimal("3333.333333") < Fraction(10000) / 3
    assert found.market_value == Money.floor(Fraction("3333.333333") * 10 * 5) == Money.of("166666.66")


def test_the_cap_is_the_least_of_haircut_rule_and_contract() -> None:
    strict = Rulebook([replace(LTV_MAX, value=Decimal("0.30"))])
    found = an_appraisal(rulebook=strict)

    assert found.loan_to_value_cap == Decimal("0.30")
    assert found.max_loan == Money.floor(Decimal("0.30") * found.market_value.amount) < found.collateral_value
    assert an_appraisal(contract_ltv_max=Decimal("0.20")).loan_to_value_cap == Decimal("0.20")
    assert an_appraisal(rulebook=RULES).loan_to_value_cap == 1 - an_appraisal().haircut


def test_the_lender_s_figures_are_rounded_to_the_lender_s_side() -> None:
    found = an_appraisal()

    exact = found.carried * Fraction(found.unit_value) * 10 * year_fraction_365(TODAY, date(2031, 1, 1))
    assert found.collateral_value == Money.floor(exact)
    assert found.haircut >= 1 - exact / (Fraction(found.unit_value) * 10 * 5) > found.haircut - Decimal("0.000001")
    assert found.loan_to_value_cap == round_down(1 - found.haircut, 6)


@pytest.mark.parametrize("days_left", [1, 20])
def test_a_right_that_ends_while_it_would_be_sold_is_expired_and_not_worth_a_little(days_left: int) -> None:
    valid_to = TODAY + timedelta(days=days_left)

    with pytest.raises(RightExpired) as refused:
        an_appraisal(subject=a_subject(valid_to=valid_to), liquidation_days=20)

    assert refused.value.facts() == {"valid_to": valid_to, "as_of": TODAY, "liquidation_days": 20}


def test_a_right_that_outlives_its_sale_by_a_day_is_worth_something() -> None:
    found = an_appraisal(subject=a_subject(valid_to=TODAY + timedelta(days=21)), liquidation_days=20)

    assert found.haircut_parts.melting == round_up(Fraction(20, 21), 6)
    assert found.collateral_value < Money.floor(Fraction(found.market_value.amount) / 21)


def test_an_allowance_that_must_be_surrendered_before_it_is_sold_is_expired_too() -> None:
    with pytest.raises(RightExpired):
        an_appraisal([], an_allowance(valid_to=TODAY + timedelta(days=20)))


def test_without_evidence_there_is_no_value_and_never_one_of_zero() -> None:
    with pytest.raises(NoPriceEvidence):
        an_appraisal([])


def test_without_a_known_loan_to_value_rule_there_is_no_cap_to_guess() -> None:
    unknown = replace(LTV_MAX, value=None, standing=Standing.UNKNOWN)

    for rulebook in (Rulebook([]), Rulebook([unknown])):
        with pytest.raises(RuleUnknown) as refused:
            an_appraisal(rulebook=rulebook)
        assert refused.value.rule == "pledge.ltv_max"


def test_refusals_come_in_the_documented_order() -> None:
    expired = a_subject(valid_to=TODAY)

    with pytest.raises(RightExpired):
        an_appraisal([], expired, rulebook=Rulebook([]))
    with pytest.raises(RuleUnknown):
        an_appraisal([], rulebook=Rulebook([]))


@pytest.mark.parametrize("due_in_days", [0, -1])
def test_a_repayment_due_today_or_before_is_refused(due_in_days: int) -> None:
    with pytest.raises(InvalidDate):
        an_appraisal(repayment=Repayment.bullet(TODAY + timedelta(days=due_in_days), Money.of(1)))


def test_a_day_at_the_end_of_the_calendar_is_refused_and_does_not_overflow() -> None:
    with pytest.raises(InvalidDate):
        an_appraisal(as_of=date.max)


@pytest.mark.parametrize(
    "nonsense", [{"liquidation_days": -1}, {"liquidation_days": 3651}, {"known_at": NOW.replace(tzinfo=None)}]
)
def test_nonsense_from_our_own_callers_is_loud(nonsense: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="known_at"):
        an_appraisal(**nonsense)


@pytest.mark.parametrize(
    "changes",
    [
        {"as_of": TODAY - timedelta(days=1)},
        {"known_at": NOW + timedelta(microseconds=1)},
        {"liquidation_days": 21},
        {"repayment": Repayment.bullet(add_years(TODAY, 1), Money.of(1))},
        {"subject": a_subject(quantity=tonnes_a_year("10.000001"))},
        {"trades": shaoxing_series()[:-1]},
        {"rulebook": Rulebook([LTV_MAX])},
    ],
    ids=["day", "knowledge", "liquidation", "repayment", "subject", "evidence", "rules"],
)
def test_the_digest_covers_every_input_that_matters(changes: dict[str, Any]) -> None:
    assert an_appraisal(**changes).digest != an_appraisal().digest


def test_the_digest_covers_every_figure() -> None:
    found = an_appraisal()

    for field in fields(found):
        if field.name not in {"digest", "inputs"}:
            another: dict[str, Any] = {field.name: "another"}
            assert method._sealed(replace(found, **another)).digest != found.digest, field.name
    assert method._sealed(replace(found, digest="")).digest == found.digest


def test_the_method_and_its_result_change_only_together_with_its_version() -> None:
    found = an_appraisal()

    assert found.method.parameters_sha256 == PARAMETERS_OF_VERSION_2
    assert (found.method.name, found.method.version) == ("capped_robust_level", "2.0.0")
    assert found.digest == DIGEST_OF_VERSION_2


NO_PARAMETERS = {
    *("LOG_ONE", "UNIT", "UNIT_BITS", "MILLION", "PRICE_MIN", "EXACTING", "PLACES", "EXACT_PLACES", "PRINTED_PLACES"),
    *("FOREVER", "MASS_KINDS", "LOOK_BACK_DAYS"),
}
"""What chooses nothing: units, places, and how much is read."""

CHOSEN = [
    (module, name)
    for module in (daily_items, estimate, evidence, haircut, market, sale, series)
    for name in module.__annotations__
    if name.isupper() and not name.startswith("_") and name not in NO_PARAMETERS
]


def another(value: object) -> object:
    """Return a value of the same kind that is not the same."""
    match value:
        case int() | Decimal():
            return value + 1
        case tuple():
            return (*value, 1)
        case frozenset():
            return frozenset(list(value)[1:])
        case _:
            return {}


@pytest.mark.parametrize(("module", "name"), CHOSEN, ids=[name for _, name in CHOSEN])
def test_a_change_of_any_number_that_the_method_chose_changes_its_digest(
    module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, another(getattr(module, name)))

    changed = runpy.run_path(str(parameters.__file__))

    assert changed["METHOD"].parameters_sha256 != parameters.METHOD.parameters_sha256


def floats_in(value: object) -> list[object]:
    """Return every float inside a value."""
    if isinstance(value, float):
        return [value]
    if isinstance(value, tuple | list):
        return [found for item in value for found in floats_in(item)]
    if isinstance(value, dict):
        return floats_in(list(value.values()))
    if is_dataclass(value):
        return [found for field in fields(value) for found in floats_in(getattr(value, field.name))]
    return []


def test_no_figure_is_a_float() -> None:
    found = an_appraisal(repayment=Repayment.bullet(add_years(TODAY, 1), Money.of(1)))

    assert floats_in(found) == floats_in(dict(parameters.PARAMETERS)) == []
    assert floats_in((1, [0.5])) == [0.5]


def test_the_real_jingde_deal_prices_a_right_of_its_county_with_four_others_of_its_kind() -> None:
    trades = [replace(JINGDE_NOX, trade_no=str(n), traded_on=date(2024, 10, 31) + timedelta(days=n)) for n in range(5)]
    subject = a_subject(
        pollutant=JINGDE_NOX.pollutant,
        division=Division("341825"),
        quantity=tonnes_a_year("21.648"),
        valid_from=date(2024, 11, 4),
        valid_to=date(2029, 11, 3),
    )

    found = an_appraisal(trades, subject, as_of=date(2024, 11, 4))

    assert found.market_value == Money.floor(
        Fraction("21.648") * 4500 * year_fraction_365(date(2024, 11, 4), date(2029, 11, 3))
    )
    assert year_fraction_365(date(2024, 11, 4), date(2029, 11, 3)) == 5
    assert found.market_value == JINGDE_NOX.amount


def test_the_packs_that_ship_carry_a_valuation_in_zhejiang() -> None:
    found = an_appraisal(rulebook=load_rulebook())

    assert found.loan_to_value_cap <= Decimal("0.80")
    assert "plan_rollover_unconfirmed" in found.warnings
    assert "plan_period_unknown" not in found.warnings
