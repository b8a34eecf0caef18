"""The entry at the notice registry: what may happen to it is a table, and a renewal adds to the current end."""

from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pledges.notices import (
    NOTICE_TRANSITIONS,
    InvalidTerm,
    NoticeEntry,
    NoticeEvent,
    RegistrationCannotMove,
    checked_term,
    extended,
    moved,
    notice_of,
    secured_cap,
    standing_references,
    term_from,
)
from domain.pledges.pledges import Pledge, Register, RegistrationStatus, Secured, SecuredKind
from domain.use_cases.order_notice import demanding_notice, with_notice
from tests.builders import a_pledge, an_entry, yuan

ALLOWED = {
    ("not_required", "ordered"): "pending",
    ("pending", "ordered"): "pending",
    ("refused", "ordered"): "pending",
    ("expired", "ordered"): "pending",
    ("discharged", "ordered"): "pending",
    ("pending", "registered"): "registered",
    ("pending", "refused"): "refused",
    ("registered", "amended"): "registered",
    ("registered", "extended"): "registered",
    ("registered", "objected"): "objected",
    ("registered", "expired"): "expired",
    ("registered", "discharged"): "discharged",
    ("objected", "amended"): "objected",
    ("objected", "extended"): "objected",
    ("objected", "objection_lifted"): "registered",
    ("objected", "expired"): "expired",
    ("objected", "discharged"): "discharged",
}


def test_what_may_happen_to_an_entry_is_this_table() -> None:
    assert {(status.value, event.value): to.value for (status, event), to in NOTICE_TRANSITIONS.items()} == ALLOWED


@pytest.mark.parametrize(
    ("status", "event"), [pair for pair in product(RegistrationStatus, NoticeEvent) if pair not in NOTICE_TRANSITIONS]
)
def test_everything_else_is_refused_by_name(status: RegistrationStatus, event: NoticeEvent) -> None:
    with pytest.raises(RegistrationCannotMove) as refusal:
        moved(status, event)

    assert refusal.value.facts() == {"state": status.value, "event": event.value}


def test_a_renewal_adds_to_the_current_last_day_and_not_to_today() -> None:
    assert extended(date(2027, 11, 21), 12) == date(2028, 11, 21)
    assert extended(extended(date(2027, 11, 21), 12), 6) == date(2029, 5, 21)


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2027, 10, 31), 1, date(2027, 11, 30)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 12, 15), 360, date(2056, 12, 15)),
        (date(2026, 1, 15), 11, date(2026, 12, 15)),
    ],
)
def test_a_term_ends_on_the_same_day_of_a_later_month(day: date, months: int, last: date) -> None:
    assert term_from(day, months) == last


@given(day=st.dates(date(2000, 1, 1), date(2100, 12, 31)), first=st.integers(1, 360), more=st.integers(1, 359))
def test_a_longer_term_never_ends_earlier(day: date, first: int, more: int) -> None:
    assert term_from(day, first) < term_from(day, first + more)
    assert (term_from(day, first).day, term_from(day, first).month) == (
        min(day.day, term_from(day, first).day),
        (day.month - 1 + first) % 12 + 1,
    )


@pytest.mark.parametrize("months", [0, -1, 361])
def test_a_term_is_one_month_at_least_and_thirty_years_at_most(months: int) -> None:
    with pytest.raises(InvalidTerm):
        checked_term(months)


def test_a_term_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidTerm):
        term_from(date(9999, 12, 1), 1)


def _entry(amount: str) -> NoticeEntry:
    return NoticeEntry(
        pledge_id=a_pledge().id,
        parties=a_pledge().parties,
        certificate_no="Z-1",
        description="排污权",
        secured_amount=yuan(amount),
        asset_numbers=("PWQ-ZJ-1",),
        registered_at=datetime(2026, 11, 21, tzinfo=UTC),
        expires_on=date(2028, 11, 21),
    )


def _securing(kind: SecuredKind, status: RegistrationStatus) -> Pledge:
    secured = Secured(amount=yuan("100000"), kind=kind, scope=("principal",), claims_from=None, claims_to=None)
    return with_notice(a_pledge(secured=secured), status)


@pytest.mark.parametrize("status", [RegistrationStatus.REGISTERED, RegistrationStatus.OBJECTED])
def test_a_registered_maximum_beats_the_contracts(status: RegistrationStatus) -> None:
    pledge = _securing(SecuredKind.MAXIMUM_AMOUNT, status)

    assert secured_cap(pledge, _entry("80000")) == yuan("80000")
    assert secured_cap(pledge, _entry("120000")) == yuan("120000")


@pytest.mark.parametrize("status", [RegistrationStatus.PENDING, RegistrationStatus.EXPIRED, RegistrationStatus.REFUSED])
def test_what_does_not_stand_at_the_register_beats_nothing(status: RegistrationStatus) -> None:
    assert secured_cap(_securing(SecuredKind.MAXIMUM_AMOUNT, status), _entry("80000")) == yuan("100000")


def test_an_ordinary_claim_is_what_the_contract_says() -> None:
    assert secured_cap(_securing(SecuredKind.ORDINARY, RegistrationStatus.REGISTERED), _entry("80000")) == yuan(
        "100000"
    )
    assert secured_cap(_securing(SecuredKind.MAXIMUM_AMOUNT, RegistrationStatus.REGISTERED), None) == yuan("100000")


def test_a_rule_that_demands_publicity_makes_it_pending_and_changes_no_entry_that_stands() -> None:
    assert notice_of(demanding_notice(a_pledge())).status is RegistrationStatus.PENDING
    standing = with_notice(a_pledge(), RegistrationStatus.REGISTERED, reference="Z-1")
    assert demanding_notice(standing) == standing


def test_only_entries_that_stand_count_as_standing() -> None:
    frozen = an_entry(status=RegistrationStatus.REGISTERED, reference="DJ-1")
    gone = an_entry(position=1, status=RegistrationStatus.DISCHARGED, reference="DJ-2")
    notice = an_entry(register=Register.NOTICE_REGISTRY, status=RegistrationStatus.OBJECTED, reference="Z-1")

    assert standing_references(a_pledge(registrations=(frozen, gone, notice))) == ("DJ-1", "Z-1")
