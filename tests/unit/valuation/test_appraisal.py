"""The whole chain: market value, haircut, collateral value, what may be lent, and its warnings."""

from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.errors import InvalidDate
from domain.jurisdictions.rulebook import Rulebook, RuleUnknown, load_rulebook
from domain.jurisdictions.rules import Standing
from domain.rights.rights import Tenure
from domain.valuation import appraisal as method
from domain.valuation.appraisal import RightExpired
from domain.valuation.evidence import NoPriceEvidence, Tier
from domain.valuation.repayment import Repayment
from domain.values.daycount import year_fraction_365
from domain.values.decimals import round_up
from domain.values.identifiers import Division
from domain.values.money import Money
from domain.values.price import Period
from domain.values.quantity import Quantity, Unit
from domain.values.time import add_years
from tests.unit.market.deals import (
    JINGDE_NOX,
    NINGBO,
    TODAY,
    a_price,
    a_trade,
    an_allowance_trade,
    tonnes_a_year,
)
from tests.unit.valuation.subjects import (
    LTV_MAX,
    NOW,
    PLAN_END,
    PLAN_YEARS,
    RULES,
    a_subject,
    an_allowance,
    an_appraisal,
    days_ago,
    deals,
    shaoxing_series,
)

HALF = Fraction(1, 2)
PARAMETERS_OF_VERSION_1 = "32099a43fc0f9e70a164fb24325090d30107fcc6beadb34625cf18688e4b42cc"
DIGEST_OF_VERSION_1 = "80ec38af3fbc6abd784eb4de51e1a903b30b14d5c7739d9bb3303d6004741426"


def test_the_chain_from_unit_value_to_loan_can_be_checked_from_the_printed_figures() -> None:
    found = an_appraisal()

    assert found.unit_value == Decimal("4000.000000")
    assert found.market_value == Money.floor(Fraction(found.unit_value) * 10 * 5)
    assert found.collateral_value == Money.floor(Fraction(found.market_value.amount) * (1 - Fraction(found.haircut)))
    assert found.loan_to_value_cap == min(1 - found.haircut, Decimal("0.80"))
    assert found.max_loan == Money.floor(Fraction(found.market_value.amount) * Fraction(found.loan_to_value_cap))
    assert found.haircut == found.haircut_parts.total
    assert (found.tier, found.confidence_level, found.evidence_count) == (Tier.CITY, 2, 60)
    assert found.first_uncovered_on is None


def test_the_haircut_holds_what_melts_while_the_sale_runs() -> None:
    parts = an_appraisal(liquidation_days=30).haircut_parts

    assert parts.liquidation_days == 30
    assert parts.melting == round_up(Fraction(30, 5 * 365), 6)
    assert parts.total > parts.market


def test_a_unit_value_that_does_not_end_is_rounded_down_once_and_all_money_follows_from_it() -> None:
    price = a_price("10000", Period.TERM)
    found = an_appraisal([replace(trade, price=price, term_years=Decimal(3)) for trade in deals(1, 1, 1)])

    assert found.unit_value == Decimal("3333.333333") < Fraction(10000) / 3
    assert found.market_value == Money.floor(Fraction("3333.333333") * 10 * 5) == Money.of("166666.66")
    left = Fraction("166666.66") * (1 - Fraction(found.haircut))
    assert left.denominator > 100
    assert found.collateral_value == Money.floor(left)


def test_the_cap_is_the_rule_s_where_the_haircut_leaves_more() -> None:
    strict = Rulebook([replace(LTV_MAX, value=Decimal("0.30"))])

    assert an_appraisal(rulebook=strict).loan_to_value_cap == Decimal("0.30")
    assert an_appraisal(rulebook=RULES).loan_to_value_cap == 1 - an_appraisal().haircut


def test_a_three_year_bullet_at_half_of_today_s_value_on_a_five_year_right_fails_on_a_named_day() -> None:
    end = add_years(TODAY, 3)
    half = Money.floor(Fraction(an_appraisal().market_value.amount) * HALF)

    found = an_appraisal(repayment=Repayment.bullet(end, half))

    assert found.first_uncovered_on is not None
    assert TODAY < found.first_uncovered_on < end
    eve = found.first_uncovered_on - timedelta(days=1)
    assert found.lendable_on(eve) >= Fraction(half.amount) > found.lendable_on(found.first_uncovered_on)
    assert found.max_loan < half


def test_the_largest_three_year_bullet_is_what_the_right_carries_on_the_last_day() -> None:
    end = add_years(TODAY, 3)
    found = an_appraisal(repayment=Repayment.bullet(end, Money.of(1)))

    left = Money.floor(Fraction(found.unit_value) * 10 * year_fraction_365(end, TODAY + timedelta(days=5 * 365)))
    assert found.max_loan == Money.floor(Fraction(found.loan_to_value_cap) * Fraction(left.amount))

    as_lent = an_appraisal(repayment=Repayment.bullet(end, found.max_loan))
    a_fen_more = an_appraisal(repayment=Repayment.bullet(end, found.max_loan + Money.of("0.01")))
    assert as_lent.first_uncovered_on is None
    assert a_fen_more.first_uncovered_on == end


def test_an_allowance_carries_the_same_bullet_for_one_year_as_for_three() -> None:
    trades = [an_allowance_trade(trade_no=str(n), traded_on=days_ago(n)) for n in range(1, 10)]

    one, three = (
        an_appraisal(trades, an_allowance(), repayment=Repayment.bullet(add_years(TODAY, years), Money.of(1)))
        for years in (1, 3)
    )

    assert one.max_loan == three.max_loan == Money.floor(Fraction(one.loan_to_value_cap) * 1000 * 60)


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


def dropping_out() -> list[Any]:
    """Return three deals at 4000 about two hundred days ago and six at 1000 about a year ago."""
    return [*deals(*[4000] * 3, first_days_ago=200), *deals(*[1000] * 6, first_days_ago=355, source="old")]


def test_a_low_price_that_leaves_the_window_does_not_lift_the_value() -> None:
    today = an_appraisal(dropping_out())
    later = an_appraisal(dropping_out(), as_of=TODAY + timedelta(days=30))

    assert today.unit_value == later.unit_value == Decimal(1000)
    assert "earlier_evidence_prevails" not in today.warnings
    assert {item.unit_value for item in later.evidence} == {Fraction(4000)}
    assert "earlier_evidence_prevails" in later.warnings
    assert later.haircut > today.haircut


def test_a_scatter_that_leaves_the_window_does_not_lower_the_haircut() -> None:
    scattered = [
        *deals(*[4000] * 3, first_days_ago=200),
        *deals(*[1000] * 3, first_days_ago=355, source="low"),
        *deals(*[16000] * 3, first_days_ago=355, source="high"),
    ]

    today = an_appraisal(scattered)
    later = an_appraisal(scattered, as_of=TODAY + timedelta(days=30))

    assert today.unit_value == later.unit_value == Decimal(4000)
    assert later.haircut_parts.dispersion == today.haircut_parts.dispersion > Decimal(1)
    assert later.haircut >= today.haircut
    assert "earlier_evidence_prevails" in later.warnings


def test_a_new_deal_lets_the_old_low_price_go() -> None:
    fresh = a_trade(trade_no="x", traded_on=TODAY + timedelta(days=30))

    later = an_appraisal([*dropping_out(), fresh], as_of=TODAY + timedelta(days=30))

    assert later.unit_value == Decimal(4000)


def test_a_city_that_falls_silent_does_not_hand_over_to_a_dearer_province() -> None:
    city = deals(1000, 1000, 1000, first_days_ago=360)
    province = deals(9000, 9000, 9000, first_days_ago=100, division=NINGBO, source="ningbo")

    before = an_appraisal([*city, *province])
    after = an_appraisal([*city, *province], as_of=TODAY + timedelta(days=10))

    assert (before.tier, after.tier) == (Tier.CITY, Tier.PROVINCE)
    assert after.unit_value == before.unit_value == Decimal(1000)
    assert "earlier_evidence_prevails" in after.warnings


def warnings(**changes: Any) -> tuple[str, ...]:  # noqa: ANN401 - arguments of `an_appraisal`
    """Return the warnings of an appraisal."""
    return an_appraisal(**changes).warnings


def test_an_ordinary_right_that_ends_in_the_next_plan_period_warns_of_both() -> None:
    assert TODAY + timedelta(days=5 * 365) > date(2030, 12, 31)
    assert warnings() == ("right_ends", "plan_rollover_unconfirmed")


def test_a_right_that_ends_with_its_plan_period_crosses_no_roll_over() -> None:
    assert warnings(subject=a_subject(valid_to=date(2030, 12, 31))) == ("right_ends",)
    assert "plan_rollover_unconfirmed" in warnings(subject=a_subject(valid_to=date(2031, 1, 1)))


def test_a_right_for_good_neither_ends_nor_rolls_over() -> None:
    one_off = [replace(trade, price=a_price("18000", Period.ONE_OFF), term_years=None) for trade in shaoxing_series()]

    assert warnings(trades=one_off, subject=a_subject(tenure=Tenure.PERMANENT, valid_to=None)) == ()


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
    assert warnings(rulebook=Rulebook(rules)) == ("right_ends", "plan_period_unknown")


def test_a_loan_to_value_rule_known_only_from_a_digest_is_said() -> None:
    digest = Rulebook([replace(LTV_MAX, standing=Standing.DIGEST), PLAN_END, PLAN_YEARS])

    assert "ltv_rule_not_from_text" in warnings(rulebook=digest)


def test_fewer_than_ten_deals_are_few() -> None:
    assert "few_trades" in warnings(trades=deals(*[4000] * 9))
    assert "few_trades" not in warnings(trades=deals(*[4000] * 10))


def test_evidence_is_stale_after_thirty_days_without_a_deal() -> None:
    assert "stale_evidence" not in warnings(trades=deals(*[4000] * 10, first_days_ago=30))
    assert "stale_evidence" in warnings(trades=deals(*[4000] * 10, first_days_ago=31))


def test_provincial_evidence_is_said() -> None:
    assert "provincial_evidence_only" in warnings(trades=deals(*[4000] * 10, division=NINGBO))


def test_a_right_that_has_not_begun_is_said() -> None:
    assert "right_not_yet_valid" not in warnings(subject=a_subject(valid_from=TODAY))
    assert "right_not_yet_valid" in warnings(subject=a_subject(valid_from=TODAY + timedelta(days=1)))


def test_allowances_priced_by_deals_that_state_no_vintage_are_said() -> None:
    trades = [an_allowance_trade(trade_no=str(n), traded_on=days_ago(n)) for n in range(1, 12)]

    assert warnings(trades=trades, subject=an_allowance(vintage=2025)) == ("vintage_unstated",)
    assert warnings(trades=trades, subject=an_allowance(vintage=None)) == ()


def test_the_same_inputs_give_the_same_digest_however_they_are_written() -> None:
    found = an_appraisal()

    in_shanghai = NOW.astimezone(timezone(timedelta(hours=8)))
    rewritten = an_appraisal(
        list(reversed(shaoxing_series())),
        a_subject(quantity=Quantity(Decimal("10.000"), Unit.T_PER_YEAR)),
        known_at=in_shanghai,
    )
    assert found.digest == rewritten.digest
    assert len(found.digest) == 64


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
        another: dict[str, Any] = {field.name: "another"}
        assert method._sha256(replace(found, **another)) != method._sha256(found), field.name


def test_the_method_and_its_result_change_only_together_with_its_version() -> None:
    found = an_appraisal()

    assert found.method.parameters_sha256 == PARAMETERS_OF_VERSION_1
    assert (found.method.name, found.method.version) == ("capped_weighted_median", "1.0.0")
    assert found.digest == DIGEST_OF_VERSION_1


def floats_in(value: object) -> list[object]:
    """Return every float inside a value."""
    if isinstance(value, float):
        return [value]
    if isinstance(value, tuple | list):
        return [found for item in value for found in floats_in(item)]
    if is_dataclass(value):
        return [found for field in fields(value) for found in floats_in(getattr(value, field.name))]
    return []


def test_no_figure_is_a_float() -> None:
    assert floats_in(an_appraisal(repayment=Repayment.bullet(add_years(TODAY, 1), Money.of(1)))) == []
    assert floats_in((1, [0.5])) == [0.5]


def test_the_real_jingde_deal_prices_a_right_of_its_county_with_two_others_of_its_kind() -> None:
    trades = [replace(JINGDE_NOX, trade_no=str(n), traded_on=date(2024, 11, 1 + n)) for n in range(3)]
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
