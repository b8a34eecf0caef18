"""An enforcement's own table, its conditions, its sums."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.jurisdictions.rulebook import Rulebook, load_rulebook
from domain.jurisdictions.rules import Rule, Standing
from domain.loans.loans import LoanEventType
from domain.pledges.enforcements import (
    ENFORCEMENT_TRANSITIONS,
    OPEN,
    ClaimedOf,
    Code,
    EnforcementCannotMove,
    EnforcementEvent,
    EnforcementStatus,
    Named,
    Route,
    SaleCondition,
    SaleResult,
    Winner,
    after,
    price_holds,
)
from domain.use_cases.prepare_sale import conditions_of_sale
from domain.use_cases.settle_sale import debts_of
from domain.values.identifiers import NATIONAL, Division
from domain.values.money import Money
from tests.builders import HOLDER, NOW, TODAY, a_loan, a_loan_event, a_pledge, a_right, tonnes, yuan

BOOK = load_rulebook()
YINCHUAN = Division("640100")


@pytest.mark.parametrize("status", list(EnforcementStatus))
@pytest.mark.parametrize("event", list(EnforcementEvent))
def test_whatever_the_table_does_not_allow_is_refused(status: EnforcementStatus, event: EnforcementEvent) -> None:
    target = ENFORCEMENT_TRANSITIONS.get((status, event))
    if target is not None:
        assert after(status, event) is target
        return
    with pytest.raises(EnforcementCannotMove) as refusal:
        after(status, event)
    assert (refusal.value.state, refusal.value.event) == (status.value, event.value)


def test_what_is_sold_is_neither_stayed_nor_ended() -> None:
    leaves = {event for status, event in ENFORCEMENT_TRANSITIONS if status is EnforcementStatus.SETTLING}
    assert leaves == {EnforcementEvent.SETTLED, EnforcementEvent.TRANSFER_REFUSED}


def test_nothing_leaves_an_enforcement_that_has_come_to_its_end() -> None:
    assert {status for status, _ in ENFORCEMENT_TRANSITIONS} == OPEN


# Conditions


def asked(route: Route = Route.AUCTION, book: Rulebook = BOOK, **right: object) -> dict[Code, SaleCondition]:
    one = a_right(**right)
    found = conditions_of_sale(route, {one.id: one}, a_pledge(), book, None, TODAY)
    return {condition.code: condition for condition in found}


def with_rules(*rules: Rule) -> Rulebook:
    return Rulebook((*(rule for rule in BOOK.rules if rule.name not in {each.name for each in rules}), *rules))


def a_rule(name: str, value: object, unit: str) -> Rule:
    return Rule(name, NATIONAL, value, unit, "某办法", "", "", None, None, Standing.DIGEST)


def test_where_nobody_knows_what_a_province_wants_everything_is_asked_for_and_no_days_are_invented() -> None:
    found = asked()

    assert list(found) == [
        Code.NOTICE_TO_PLEDGOR,
        Code.SURPLUS_CERTIFICATION,
        Code.AUTHORITY_CONSENT,
        Code.BUYER_ELIGIBILITY,
    ]
    assert {each.standing for each in found.values()} == {"unknown"}
    assert {each.days for each in found.values()} == {None}


def test_a_rule_that_lists_the_conditions_is_followed_with_its_days() -> None:
    book = with_rules(
        a_rule("disposal.conditions", ("notice_to_pledgor", "authority_consent"), "words"),
        a_rule("disposal.notice_days", 10, "day"),
        a_rule("disposal.days.authority_consent", 7, "day"),
    )

    found = asked(book=book)

    assert {code: each.days for code, each in found.items()} == {
        Code.NOTICE_TO_PLEDGOR: 10,
        Code.AUTHORITY_CONSENT: 7,
    }
    assert found[Code.AUTHORITY_CONSENT].rule == "disposal.conditions"


@pytest.mark.parametrize(("own", "days"), [(5, 10), (15, 15)])
def test_the_banks_own_notice_is_never_shorter_than_the_rules(own: int, days: int) -> None:
    book = with_rules(a_rule("disposal.notice_days", 10, "day"))
    right = a_right()

    found = conditions_of_sale(Route.AUCTION, {right.id: right}, a_pledge(), book, own, TODAY)

    assert next(each.days for each in found if each.code is Code.NOTICE_TO_PLEDGOR) == days


def test_a_free_right_has_its_fee_made_up() -> None:
    free = replace(a_right().acquisition, basis="free")
    assert Code.UNPAID_FEE_MADE_UP in asked(acquisition=free)
    assert Code.UNPAID_FEE_MADE_UP not in asked()


def test_a_route_asks_for_what_is_its_own() -> None:
    assert asked(Route.COURT)[Code.COURT_RULING].named is Named.PLEDGEE
    assert asked(Route.SETOFF_AT_VALUE)[Code.PLEDGOR_AGREEMENT].named is Named.PLEDGOR
    assert Code.BUYER_ELIGIBILITY not in asked(Route.BUY_BACK)


@pytest.mark.parametrize(("years", "extended"), [(4, False), (5, True)])
def test_a_right_with_fewer_years_left_than_a_lot_has_is_extended_first(years: int, extended: bool) -> None:
    book = with_rules(a_rule("disposal.lot_years_min", years, "year"))
    found = asked(book=book)

    assert (Code.EXTENSION in found) is extended
    if extended:
        assert found[Code.EXTENSION].days == 20


def test_a_whole_term_counted_from_today_is_long_enough() -> None:
    book = with_rules(a_rule("disposal.lot_years_min", 5, "year"))
    assert Code.EXTENSION not in asked(book=book, valid_to=TODAY.replace(year=2031, day=20))
    assert Code.EXTENSION in asked(book=book, valid_to=TODAY.replace(year=2031, day=19))


def test_a_lot_rule_whose_text_is_unknown_is_asked_for_as_unknown() -> None:
    assert asked(division=YINCHUAN)[Code.EXTENSION].standing == "unknown"


def test_where_no_authority_takes_part_the_bank_brings_its_paper() -> None:
    right = a_right()
    found = conditions_of_sale(Route.AUCTION, {right.id: right}, a_pledge(authority=None), BOOK, None, TODAY)
    assert {each.named for each in found} == {Named.PLEDGEE}


def test_a_notice_holds_a_sale_until_its_days_have_run_and_other_days_only_lengthen_it() -> None:
    notice = SaleCondition(
        code=Code.NOTICE_TO_PLEDGOR, named=Named.PLEDGEE, rule=None, standing="unknown", days=15, met_on=TODAY
    )
    assert not notice.satisfied(TODAY + timedelta(days=14))
    assert notice.satisfied(TODAY + timedelta(days=15))
    consent = replace(notice, code=Code.AUTHORITY_CONSENT)
    assert consent.satisfied(TODAY)
    assert not replace(consent, met_on=None, met_at=NOW).satisfied(TODAY)


# Sums


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "holds"),
    [
        ("10", "5000", "50000.00", True),
        ("10", "5000", "50000.01", False),
        ("0.333333", "1000", "333.33", True),
        ("0.333333", "1000", "333.34", True),
        ("0.333333", "1000", "333.35", False),
        ("0.333333", "1000", "333.32", False),
    ],
)
def test_an_amount_is_quantity_times_price_to_the_fen(quantity: str, price: str, amount: str, holds: bool) -> None:
    winner = Winner(
        right_id="right_1",
        buyer=HOLDER,
        buyer_permit_no=None,
        quantity=tonnes(quantity),
        unit_price=Decimal(price),
        amount=yuan(amount),
    )
    assert price_holds(winner) is holds


# What is claimed


def test_the_first_due_is_paid_first_and_interest_is_what_has_accrued_unless_the_bank_claims_another() -> None:
    paid_out_on, sold_on = date(2026, 1, 1), date(2026, 7, 1)
    called = a_loan(id="loan_called", start=paid_out_on, end=date(2027, 11, 21))
    ending = a_loan(id="loan_ending", start=paid_out_on, end=date(2026, 6, 1))
    out = a_loan_event(LoanEventType.DISBURSED, "100000", on=paid_out_on)
    acceleration = a_loan_event(LoanEventType.ACCELERATED, None, on=date(2026, 5, 1))
    events = {"loan_called": (out, acceleration), "loan_ending": (out,)}
    claim = ClaimedOf(loan_id="loan_ending", interest=yuan("1.23"), penalty=None)
    result = SaleResult(winners=(), costs=(), claims=(claim,), other_claims=())

    first, second = debts_of([ending, called], events, result, sold_on)

    assert (first.loan_id, second.loan_id) == ("loan_called", "loan_ending")
    days = (sold_on - paid_out_on).days
    assert first.interest == Money.ceiling(Fraction(100000) * Fraction("0.0345") * days / 360)
    assert second.interest == yuan("1.23")
    assert (first.principal, second.principal) == (yuan("100000"), yuan("100000"))
