"""The waterfall: worked cases as formulas, and what holds for every one of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pledges.disposal import (
    SCOPE,
    Cost,
    CostKind,
    Distribution,
    LoanDebt,
    OtherClaim,
    OwnClaim,
    Part,
    distribute,
    shares,
)
from domain.values.money import Money

FIRST = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LATER = FIRST + timedelta(days=1)
NOTHING = Money.zero()


def yuan(amount: int | str) -> Money:
    return Money.of(amount)


def a_debt(interest: int = 0, penalty: int = 0, principal: int = 0, loan_id: str = "loan_1") -> LoanDebt:
    return LoanDebt(loan_id, yuan(interest), yuan(penalty), yuan(principal))


def a_claim(
    *debts: LoanDebt, cap: int = 10_000, maximum: bool = False, costs: int = 0, **different: object
) -> OwnClaim:
    spent = (Cost(CostKind.ENFORCEMENT_COSTS, "拍卖佣金", yuan(costs)),) if costs else ()
    ordinary: dict[str, object] = {
        "reference": "pledge_1",
        "registered_at": FIRST,
        "scope": SCOPE,
        "cap": yuan(cap),
        "maximum": maximum,
        "costs": spent,
        "debts": debts,
    }
    return OwnClaim(**{**ordinary, **different})  # type: ignore[arg-type]  # each test names real fields


def other(amount: int, at: datetime | None, reference: str = "案号1") -> OtherClaim:
    return OtherClaim("另一债权人", reference, yuan(amount), at)


def told(distribution: Distribution) -> dict[str, str]:
    return {f"{line.part.value}:{line.reference}": line.paid.wire() for line in distribution.lines}


# Worked cases


def test_costs_then_the_state_then_interest_then_penalty_then_principal_then_the_pledgor() -> None:
    own = a_claim(a_debt(interest=60, penalty=40, principal=800), costs=50)

    paid = distribute(yuan(1000), yuan(30), own, ())

    assert [(line.part, line.paid) for line in paid.lines] == [
        (Part.ENFORCEMENT_COSTS, yuan(50)),
        (Part.FEE_MADE_UP, yuan(30)),
        (Part.INTEREST, yuan(60)),
        (Part.PENALTY, yuan(40)),
        (Part.PRINCIPAL, yuan(800)),
        (Part.SURPLUS, yuan(1000 - 50 - 30 - 60 - 40 - 800)),
    ]
    assert paid.shortfall == NOTHING


def test_what_the_money_does_not_reach_stays_owed() -> None:
    own = a_claim(a_debt(interest=60, penalty=40, principal=800), costs=50)

    paid = distribute(yuan(500), NOTHING, own, ())

    assert paid.paid(Part.PRINCIPAL, "loan_1") == yuan(500 - 50 - 60 - 40)
    assert paid.shortfall == yuan(800 - (500 - 50 - 60 - 40))
    assert paid.surplus == NOTHING


def test_of_several_debts_the_first_due_is_paid_whole_before_the_next() -> None:
    own = a_claim(a_debt(interest=10, principal=100, loan_id="a"), a_debt(interest=10, principal=100, loan_id="b"))

    assert told(distribute(yuan(115), NOTHING, own, ())) == {
        "interest:a": "10.00",
        "penalty:a": "0.00",
        "principal:a": "100.00",
        "interest:b": "5.00",
        "penalty:b": "0.00",
        "principal:b": "0.00",
        "surplus:pledge_1": "0.00",
    }


def test_a_registered_maximum_covers_the_costs_and_the_accessories_and_no_more() -> None:
    own = a_claim(a_debt(interest=60, principal=800), cap=500, maximum=True, costs=50)

    paid = distribute(yuan(1000), NOTHING, own, ())

    assert paid.paid(Part.PRINCIPAL, "loan_1") == yuan(500 - 50 - 60)
    assert paid.surplus == yuan(1000 - 500)
    assert paid.shortfall == yuan(50 + 60 + 800 - 500)


def test_of_an_ordinary_claim_the_amount_caps_the_principal_and_the_accessories_come_on_top() -> None:
    own = a_claim(a_debt(interest=60, principal=800), cap=500, costs=50)

    paid = distribute(yuan(1000), NOTHING, own, ())

    assert paid.paid(Part.PRINCIPAL, "loan_1") == yuan(500)
    assert paid.surplus == yuan(1000 - 50 - 60 - 500)
    assert paid.shortfall == yuan(800 - 500)


def test_what_the_parties_left_out_of_the_scope_is_not_paid_here_and_stays_owed() -> None:
    own = a_claim(a_debt(interest=60, penalty=40, principal=800), costs=50, scope=("principal", "interest"))

    paid = distribute(yuan(1000), NOTHING, own, ())

    assert paid.surplus == yuan(1000 - 60 - 800)
    assert paid.shortfall == yuan(40 + 50)


def test_creditors_are_paid_by_the_registers_time_and_who_has_no_entry_comes_last() -> None:
    own = a_claim(a_debt(principal=300), registered_at=LATER)
    others = (other(100, None, "c"), other(200, FIRST, "a"))

    assert told(distribute(yuan(550), NOTHING, own, others)) == {
        "other_claim:a": "200.00",
        "interest:loan_1": "0.00",
        "penalty:loan_1": "0.00",
        "principal:loan_1": "300.00",
        "other_claim:c": "50.00",
        "surplus:pledge_1": "0.00",
    }


def test_what_the_pledge_does_not_secure_does_not_come_before_the_next_in_rank() -> None:
    own = a_claim(a_debt(principal=800), cap=500, maximum=True)

    paid = distribute(yuan(1000), NOTHING, own, (other(400, LATER),))

    assert paid.paid(Part.OTHER_CLAIM, "案号1") == yuan(400)
    assert paid.surplus == yuan(1000 - 500 - 400)


def test_creditors_of_one_moment_share_by_their_claims() -> None:
    own = a_claim(a_debt(interest=100, principal=200))

    paid = distribute(yuan(200), NOTHING, own, (other(100, FIRST),))

    assert paid.paid(Part.OTHER_CLAIM, "案号1") == yuan(200 * 100 // 400)
    assert paid.paid(Part.INTEREST, "loan_1") == yuan(100)
    assert paid.paid(Part.PRINCIPAL, "loan_1") == yuan(200 * 300 // 400 - 100)


def test_without_a_fee_there_is_no_line_about_one() -> None:
    assert Part.FEE_MADE_UP not in {line.part for line in distribute(yuan(1), NOTHING, a_claim(), ()).lines}


# What holds for every distribution

amounts = st.integers(min_value=0, max_value=10**7).map(Money.from_fen)
times = st.sampled_from([FIRST, LATER, None])
debts = st.lists(st.builds(LoanDebt, st.just(""), amounts, amounts, amounts), max_size=3).map(
    lambda some: tuple(LoanDebt(f"loan_{n}", d.interest, d.penalty, d.principal) for n, d in enumerate(some))
)
costs = st.lists(st.builds(Cost, st.sampled_from(CostKind), st.just("费用"), amounts), max_size=2).map(tuple)
claims = st.builds(
    OwnClaim,
    reference=st.just("pledge_1"),
    registered_at=times,
    scope=st.lists(st.sampled_from(SCOPE), unique=True).map(tuple),
    cap=amounts,
    maximum=st.booleans(),
    costs=costs,
    debts=debts,
)
others = st.lists(st.builds(OtherClaim, st.just("x"), st.just(""), amounts, times), max_size=3).map(
    lambda some: tuple(OtherClaim(o.creditor, f"ref_{n}", o.amount, o.registered_at) for n, o in enumerate(some))
)


@given(amounts, amounts, claims, others)
def test_every_fen_is_handed_out_once_and_nobody_gets_more_than_his_claim(
    proceeds: Money, fee: Money, own: OwnClaim, rest: tuple[OtherClaim, ...]
) -> None:
    paid = distribute(proceeds, fee, own, rest)

    assert sum(line.paid.fen for line in paid.lines) == proceeds.fen
    assert all(NOTHING <= line.paid <= line.claimed for line in paid.lines)
    assert paid.paid(Part.SURPLUS, "pledge_1") == paid.surplus


@given(amounts, amounts, claims, others)
def test_what_is_paid_to_the_pledgee_and_what_stays_owed_are_what_it_claims(
    proceeds: Money, fee: Money, own: OwnClaim, rest: tuple[OtherClaim, ...]
) -> None:
    paid = distribute(proceeds, fee, own, rest)

    ours = [line for line in paid.lines if line.part not in {Part.FEE_MADE_UP, Part.OTHER_CLAIM, Part.SURPLUS}]
    owed = sum(cost.amount.fen for cost in own.costs) + sum(debt.total.fen for debt in own.debts)
    assert sum(line.paid.fen for line in ours) + paid.shortfall.fen == owed
    if own.maximum:
        assert sum(line.paid.fen for line in ours) <= own.cap.fen


@given(amounts, amounts, amounts, claims, others)
def test_more_money_never_gives_anybody_less(
    proceeds: Money, more: Money, fee: Money, own: OwnClaim, rest: tuple[OtherClaim, ...]
) -> None:
    before, after = distribute(proceeds, fee, own, rest), distribute(proceeds + more, fee, own, rest)

    assert [line.part for line in before.lines] == [line.part for line in after.lines]
    assert all(less.paid <= line.paid for less, line in zip(before.lines, after.lines, strict=True))


@given(st.integers(0, 4000), st.lists(st.integers(0, 1000), min_size=1, max_size=5))
def test_nobody_gets_less_than_the_whole_fen_of_his_part_and_one_fen_more_goes_to_one_alone(
    fen: int, claimed: list[int]
) -> None:
    money, owed = Money.from_fen(fen), [Money.from_fen(each) for each in claimed]

    given_, next_ = shares(money, owed), shares(money + Money.from_fen(1), owed)

    assert sum(each.fen for each in given_) == min(fen, sum(claimed))
    exact = [min(claim, fen * claim // max(sum(claimed), 1)) for claim in claimed]
    assert all(each.fen >= least for each, least in zip(given_, exact, strict=True))
    assert sorted(b.fen - a.fen for a, b in zip(given_, next_, strict=True))[:-1] == [0] * (len(claimed) - 1)


@pytest.mark.parametrize("claimed", [[], [0], [0, 0]])
def test_where_nobody_claims_nobody_shares(claimed: list[int]) -> None:
    assert shares(yuan(10), [Money.from_fen(each) for each in claimed]) == [Money.from_fen(each) for each in claimed]
