"""An amendment's states, its consents, and the arithmetic of what is added and given up."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pledges.amendments import (
    AMENDMENT_TRANSITIONS,
    PENDING,
    WITHOUT_CONSENT,
    Amendment,
    AmendmentCannotMove,
    AmendmentEvent,
    AmendmentKind,
    AmendmentState,
    Consent,
    Entry,
    Removal,
    Terms,
    after,
    joined,
    missing_consents,
    reduced,
    still_to_release,
)
from domain.values.identifiers import Uscc
from tests.builders import HOLDER, NOW, a_pledge, an_item, tonnes, yuan

OTHER = Uscc("91420200DEM000220Q")
RIGHT = an_item().right_id


def an_amendment(**different: object) -> Amendment:
    ordinary = Amendment(
        id="amendment_" + "1" * 32,
        pledge_id=a_pledge().id,
        parties=a_pledge().parties,
        number=1,
        kind=AmendmentKind.PARTIAL_RELEASE,
        status=AmendmentState.PROPOSED,
        terms=Terms(items=((RIGHT, tonnes("23")),)),
        proposed_by="bank-a.officer",
        proposed_at=NOW,
    )
    return replace(ordinary, **different)  # type: ignore[arg-type]  # each test names real fields


STEPS = (
    (AmendmentState.PROPOSED, AmendmentEvent.APPROVED, AmendmentState.EFFECTIVE),
    (AmendmentState.PROPOSED, AmendmentEvent.ORDERED, AmendmentState.REGISTERING),
    (AmendmentState.PROPOSED, AmendmentEvent.WITHDRAWN, AmendmentState.WITHDRAWN),
    (AmendmentState.PROPOSED, AmendmentEvent.REJECTED, AmendmentState.REJECTED),
    (AmendmentState.REGISTERING, AmendmentEvent.EXECUTED, AmendmentState.EFFECTIVE),
    (AmendmentState.REGISTERING, AmendmentEvent.REFUSED, AmendmentState.REFUSED),
    (AmendmentState.REGISTERING, AmendmentEvent.RELEASE_REFUSED, AmendmentState.EXCEPTION),
    (AmendmentState.EXCEPTION, AmendmentEvent.ORDERED, AmendmentState.REGISTERING),
)


@pytest.mark.parametrize(("state", "event", "target"), STEPS)
def test_an_amendment_takes_its_steps(state: AmendmentState, event: AmendmentEvent, target: AmendmentState) -> None:
    assert after(state, event) is target


def test_whatever_the_table_does_not_allow_is_refused_with_state_and_event() -> None:
    allowed = {(state, event) for state, event, _ in STEPS}
    assert allowed == set(AMENDMENT_TRANSITIONS)
    for state in AmendmentState:
        for event in AmendmentEvent:
            if (state, event) not in allowed:
                with pytest.raises(AmendmentCannotMove) as refusal:
                    after(state, event)
                assert (refusal.value.state, refusal.value.event) == (state.value, event.value)


def test_nothing_leaves_a_state_that_is_not_pending() -> None:
    assert {state for state, _ in AMENDMENT_TRANSITIONS} == PENDING


@pytest.mark.parametrize("kind", list(AmendmentKind))
def test_every_pledgor_is_asked_unless_the_law_speaks(kind: AmendmentKind) -> None:
    given_by_one = an_amendment(kind=kind, consents=(Consent(HOLDER, "enterprise.shaoxing", NOW),))
    expected = () if kind in WITHOUT_CONSENT else (OTHER,)
    assert missing_consents(given_by_one, (HOLDER, OTHER)) == expected


def test_a_hold_of_123_less_23_leaves_100_with_its_share_of_each_value() -> None:
    item = an_item(quantity=tonnes("123"), market_value=yuan("1230"), collateral_value=yuan("123.01"))
    (rest,) = reduced([item], [Removal(RIGHT, tonnes("23"))])
    assert rest.quantity == tonnes("100")
    assert rest.market_value == yuan("1000")
    assert rest.collateral_value == yuan("100.00")  # 123.01 x 100 / 123 = 100.008, down


def test_an_item_that_is_given_up_whole_falls_and_others_stay_untouched() -> None:
    other = an_item(right_id="right_" + "2" * 32)
    assert reduced([an_item(), other], [Removal(RIGHT, tonnes("10"))]) == (other,)
    assert reduced([an_item(), other], []) == (an_item(), other)


def test_a_further_quantity_joins_its_item_and_keeps_the_lower_cap() -> None:
    added = an_item(quantity=tonnes("5"), market_value=yuan("100"), loan_to_value_cap=Decimal("0.60"))
    (item,) = joined([an_item()], [added])
    assert item.quantity == tonnes("15")
    assert (item.market_value, item.loan_to_value_cap) == (yuan("200100"), Decimal("0.60"))
    assert item.hold_id == an_item().hold_id


def test_a_right_without_value_makes_the_joined_item_one_without_value() -> None:
    (item,) = joined([an_item()], [an_item(adopted_value=None, loan_to_value_cap=None)])
    assert (item.adopted_value, item.loan_to_value_cap) == (None, None)
    assert not item.is_valued


def test_what_the_registry_has_released_already_is_not_released_again() -> None:
    entry = Entry(RIGHT, "release", tonnes("20"), "R-1", NOW)
    amendment = an_amendment(removals=(Removal(RIGHT, tonnes("23")),), entries=(entry,))
    assert still_to_release(amendment) == (Removal(RIGHT, tonnes("3")),)
    whole = replace(amendment, entries=(replace(entry, quantity=tonnes("23")),))
    assert still_to_release(whole) == ()


@given(st.integers(2, 10**9), st.integers(1, 10**9), st.integers(1, 10**12))
def test_what_stays_and_what_goes_are_never_worth_more_than_the_whole(whole: int, part: int, fen: int) -> None:
    part = min(part, whole - 1)
    value = yuan(str(Decimal(fen) / 100))
    item = an_item(quantity=tonnes(str(Decimal(whole) / 1000)), market_value=value)
    gone = Removal(RIGHT, tonnes(str(Decimal(part) / 1000)))
    kept = Removal(RIGHT, tonnes(str(Decimal(whole - part) / 1000)))
    ((stays,), (goes,)) = reduced([item], [gone]), reduced([item], [kept])
    assert stays.market_value is not None
    assert goes.market_value is not None
    total = stays.market_value + goes.market_value
    assert value.fen - 1 <= total.fen <= value.fen
    assert stays.quantity.amount + goes.quantity.amount == item.quantity.amount
