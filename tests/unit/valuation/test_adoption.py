"""Adoption: the lowest by default; two persons may overrule what was there, and nothing that comes after."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.valuation.adoption import Adopted, OwnFigures, Source, adopted, carried, lowered_share
from domain.valuation.bank_appraisals import AppraisalKind, BankAppraisal
from domain.valuation.proposals import AlreadyDecided
from domain.valuation.valuation_policy import months_later
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from tests.unit.market.deals import TODAY
from tests.unit.valuation.own_figures import APPROVED, PROPOSED, a_bank_appraisal, an_adoption, own
from tests.unit.valuation.subjects import NOW, a_subject

OURS = Money.of(200000)
LATER = NOW + timedelta(hours=1)


def judged(figures: OwnFigures, on: date = TODAY, ours: Money = OURS) -> Adopted:
    return adopted(ours, on, figures, a_subject(), on)


def test_without_an_appraisal_our_own_value_is_adopted_and_due_in_a_year() -> None:
    told = judged(own())

    assert (told.value, told.source, told.source_id) == (OURS, Source.VALUATION, None)
    assert told.due_on == date(2027, 11, 21)
    assert told.warnings == ()


def test_the_lowest_is_adopted_whoever_said_it() -> None:
    internal = a_bank_appraisal(id="appraisal_2", kind=AppraisalKind.INTERNAL, value=Money.of(140000))

    assert judged(own(a_bank_appraisal())).value == Money.of(150000)
    assert judged(own(a_bank_appraisal(), internal)).source_id == internal.id
    assert judged(own(a_bank_appraisal(value=Money.of(300000)))).source is Source.VALUATION


@pytest.mark.parametrize("proposal", [PROPOSED, PROPOSED.decided("bank-a.approver", NOW, "报告缺页")])
def test_what_no_second_person_approved_counts_for_nothing(proposal: object) -> None:
    assert judged(own(a_bank_appraisal(proposal=proposal), adoption=an_adoption(proposal=proposal))).value == OURS


def test_an_appraisal_of_half_the_quantity_says_twice_as_much_of_the_whole() -> None:
    half = a_bank_appraisal(value=Money.of(75000), quantity=Quantity(Decimal(5000), Unit.KG_PER_YEAR))

    assert judged(own(half)).value == Money.of(150000)


def test_an_appraisal_melts_with_the_right() -> None:
    a_year_later = TODAY + timedelta(days=365)
    long = a_bank_appraisal(valid_until=a_year_later)

    assert judged(own(long), a_year_later).value == Money.floor(Fraction(150000) * 4 / 5)


def test_an_appraisal_of_a_right_that_has_ended_is_worth_nothing() -> None:
    ended = replace(a_subject(), valid_to=TODAY)

    assert adopted(OURS, TODAY, own(a_bank_appraisal()), ended, TODAY).value == Money.zero()


def test_an_external_appraisal_counts_through_its_last_day_and_is_missed_from_the_next() -> None:
    appraisal = a_bank_appraisal()
    last = appraisal.valid_until

    on_last = judged(own(appraisal), last)
    after = judged(own(appraisal), last + timedelta(days=1))

    assert on_last.source is Source.APPRAISAL
    assert on_last.due_on == last
    assert (after.value, after.warnings, after.due_on) == (OURS, ("appraisal_expired",), last)


def test_an_internal_appraisal_may_run_out_in_silence() -> None:
    internal = a_bank_appraisal(kind=AppraisalKind.INTERNAL)
    after = judged(own(internal), internal.valid_until + timedelta(days=1))

    assert after.source is Source.VALUATION
    assert after.warnings == ()


def test_a_later_appraisal_supersedes_the_earlier_of_its_kind_even_a_lower_one() -> None:
    earlier = a_bank_appraisal(as_of=TODAY - timedelta(days=30), value=Money.of(100000))
    later = a_bank_appraisal(id="appraisal_2", value=Money.of(160000))

    assert judged(own(earlier, later)).source_id == later.id
    assert judged(own(later, earlier)).source_id == later.id


def test_two_persons_may_adopt_more_than_the_lowest_and_it_is_said() -> None:
    told = judged(own(a_bank_appraisal(), adoption=an_adoption()))

    assert (told.value, told.source) == (Money.of(180000), Source.ADOPTION)
    assert told.warnings == ("adopted_above_lowest",)


def test_an_adoption_above_our_own_value_is_said_too() -> None:
    told = judged(own(adoption=an_adoption(value=Money.of(250000))))

    assert told.warnings == ("adopted_above_lowest", "adopted_above_ours")


def test_an_appraisal_that_is_approved_later_is_not_overruled() -> None:
    later = a_bank_appraisal(proposal=PROPOSED.decided("bank-a.approver", LATER))

    assert judged(own(later, adoption=an_adoption())).source_id == later.id


def test_an_adoption_lapses_when_its_revaluation_is_due() -> None:
    due = months_later(TODAY, 6)
    figures = own(adoption=an_adoption(), months=6)

    assert judged(figures, due).source is Source.ADOPTION
    lapsed = judged(figures, due + timedelta(days=1))
    assert (lapsed.source, lapsed.warnings) == (Source.VALUATION, ("adoption_expired",))


def test_an_adoption_of_an_appraisal_lapses_with_the_appraisal() -> None:
    ends = TODAY + timedelta(days=10)
    told = judged(own(adoption=an_adoption(valid_until=ends)), ends + timedelta(days=1))

    assert told.warnings == ("adoption_expired",)


def test_the_adoption_approved_last_is_the_one_that_holds() -> None:
    first, second = an_adoption(), an_adoption(id="adoption_2", value=Money.of(170000))
    second = replace(second, proposal=PROPOSED.decided("bank-a.approver", LATER))
    figures = OwnFigures(appraisals=(), adoptions=(first, second), revaluation_months=12)

    assert judged(figures).source_id == second.id


def test_our_collateral_value_is_lowered_in_proportion_and_never_raised() -> None:
    assert carried(Money.of(140000), OURS, Money.of(150000)) == Money.of(105000)  # 140,000 x 150,000 / 200,000
    assert carried(Money.of(140000), OURS, Money.of(500000)) == Money.of(140000)
    assert lowered_share(Money.zero(), Money.of(1)) == 1


def test_a_decision_is_final() -> None:
    with pytest.raises(AlreadyDecided):
        APPROVED.decided("bank-a.approver", LATER, "改变主意")


@pytest.mark.parametrize(
    ("day", "months", "due"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(9999, 6, 1), 12, date.max),
    ],
)
def test_a_month_without_the_day_ends_it_on_its_last(day: date, months: int, due: date) -> None:
    assert months_later(day, months) == due


APPRAISALS = st.builds(
    lambda fen, kind, age, days, approved, number: a_bank_appraisal(
        id=f"appraisal_{number}",
        value=Money.from_fen(fen),
        kind=kind,
        as_of=TODAY - timedelta(days=age),
        valid_until=TODAY + timedelta(days=days),
        proposal=APPROVED if approved else PROPOSED,
    ),
    st.integers(1, 10**9),
    st.sampled_from(AppraisalKind),
    st.integers(0, 400),
    st.integers(-200, 400),
    st.booleans(),
    st.integers(0, 10**6),
)


@given(st.lists(APPRAISALS, max_size=6, unique_by=lambda each: each.id), st.integers(1, 10**9))
def test_by_default_nothing_is_adopted_above_our_own_value_in_whatever_order_it_is_read(
    appraisals: list[BankAppraisal], fen: int
) -> None:
    told = judged(own(*appraisals), ours=Money.from_fen(fen))

    assert told.value <= Money.from_fen(fen)
    assert told == judged(own(*reversed(appraisals)), ours=Money.from_fen(fen))
