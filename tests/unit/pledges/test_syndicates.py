"""A syndicate's shares make the whole exactly, and its money is divided to the fen by a rule to repeat."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pledges.syndicates import InvalidShares, Member, check_members, divide, waiting_for
from domain.values.identifiers import Uscc
from domain.values.money import Money
from tests.builders import BANK_USCC, NOW, yuan


def a_member(tenant: str, share: str, *, accepted: bool = False) -> Member:
    return Member(
        tenant=tenant,
        uscc=Uscc(BANK_USCC),
        name=tenant,
        share=Fraction(share),
        accepted_by="x" if accepted else None,
        accepted_at=NOW if accepted else None,
    )


@pytest.mark.parametrize("shares", [("1/3", "1/3", "1/3"), ("1/2", "1/2"), ("999999/1000000", "1/1000000")])
def test_shares_that_make_exactly_one_are_taken(shares: tuple[str, ...]) -> None:
    check_members([a_member(f"bank-{place}", share) for place, share in enumerate(shares)])


@pytest.mark.parametrize("shares", [("1/3", "1/3", "333333/1000000"), ("1", "1/2"), ("1/2",), ("3/2", "-1/2")])
def test_shares_that_do_not_are_refused(shares: tuple[str, ...]) -> None:
    with pytest.raises(InvalidShares):
        check_members([a_member(f"bank-{place}", share) for place, share in enumerate(shares)])


def test_no_bank_stands_twice_and_the_agent_is_no_participant() -> None:
    with pytest.raises(InvalidShares) as refusal:
        check_members([a_member("bank-a", "1/2"), a_member("bank-b", "1/4"), a_member("bank-a", "1/4")])
    assert refusal.value.pointer == "#/syndicate/participants/1/bank"


def test_the_agent_needs_not_accept_and_every_participant_must() -> None:
    members = [a_member("bank-a", "1/2"), a_member("bank-b", "1/4", accepted=True), a_member("bank-c", "1/4")]
    assert waiting_for(members) == ("bank-c",)
    assert waiting_for(()) == ()


def test_the_fen_that_are_left_go_to_the_largest_remainders_and_the_division_names_them() -> None:
    shares = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    parts = divide(yuan("0.05"), shares)  # 2.5, 1.67 and 0.83 fen: whole 2, 1, 0, and two left for .83 and .67
    assert [(part.amount.fen, part.extra_fen) for part in parts] == [(2, False), (2, True), (1, True)]
    tie = divide(yuan("0.01"), [Fraction(1, 2), Fraction(1, 2)])
    assert [part.amount.fen for part in tie] == [1, 0]  # the first of two alike


@given(st.integers(0, 10**14), st.lists(st.integers(1, 10**6), min_size=1, max_size=12))
def test_every_fen_is_given_once_and_nobody_is_a_fen_away_from_his_exact_part(fen: int, weights: list[int]) -> None:
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    parts = divide(Money.from_fen(fen), shares)
    assert sum(part.amount.fen for part in parts) == fen
    assert all(abs(part.amount.fen - share * fen) < 1 for part, share in zip(parts, shares, strict=True))
