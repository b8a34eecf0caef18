"""Which enterprises are one, on which day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidDate, InvalidIdentifier
from domain.market.groups import Affiliation, Groups
from domain.values.identifiers import Uscc

A, B, C, D = (Uscc(f"91330000DEM00000{letter}X") for letter in "ABCD")
DAY = date(2026, 1, 1)


def a_link(one: Uscc, other: Uscc, since: date = DAY, until: date | None = None) -> Affiliation:
    """Return a link that holds from a day."""
    return Affiliation.between(one, other, since=since, until=until, ground="control")


def test_belonging_together_is_passed_on() -> None:
    groups = Groups([a_link(A, B), a_link(C, B)])

    assert groups.members(A, DAY) == {A, B, C}
    assert groups.together(C, A, DAY)
    assert not groups.together(A, D, DAY)
    assert groups.together(D, D, DAY)


def test_a_link_holds_from_its_first_day_through_its_last() -> None:
    groups = Groups([a_link(A, B, DAY, DAY + timedelta(days=10))])

    held = {days: groups.together(A, B, DAY + timedelta(days=days)) for days in (-1, 0, 10, 11)}

    assert held == {-1: False, 0: True, 10: True, 11: False}


def test_a_group_has_one_name_whoever_asks() -> None:
    groups = Groups([a_link(D, B), a_link(C, B)])

    assert {groups.name(holder, DAY) for holder in (B, C, D)} == {B}
    assert groups.name(A, DAY) == A


def test_without_a_day_links_of_all_times_count() -> None:
    groups = Groups([a_link(A, B, DAY, DAY), a_link(B, C, DAY + timedelta(days=5))])

    assert groups.members(A, None) == {A, B, C}
    assert groups.members(A, DAY) == {A, B}


def test_nobody_is_linked_with_himself_or_backwards_in_time() -> None:
    with pytest.raises(InvalidIdentifier):
        a_link(A, A)
    with pytest.raises(InvalidDate):
        a_link(A, B, DAY, DAY - timedelta(days=1))


PARTIES = [Uscc(f"91330000DEM0000{number:02}X") for number in range(8)]
LINKS = st.lists(
    st.tuples(st.sampled_from(PARTIES), st.sampled_from(PARTIES)).filter(lambda pair: pair[0] != pair[1]), max_size=12
)
TWO_ORDERS = LINKS.flatmap(lambda links: st.tuples(st.just(links), st.permutations(links)))


@given(TWO_ORDERS)
def test_groups_split_everybody_the_same_way_in_whatever_order_links_are_told(
    orders: tuple[list[tuple[Uscc, Uscc]], list[tuple[Uscc, Uscc]]],
) -> None:
    told, shuffled = (Groups([a_link(*pair) for pair in pairs]) for pairs in orders)

    for party in PARTIES:
        members = told.members(party, DAY)
        assert members == shuffled.members(party, DAY)
        assert all(told.members(other, DAY) == members for other in members)
