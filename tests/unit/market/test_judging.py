"""What becomes of a batch, against everything that was told before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.market.groups import Affiliation, Groups
from domain.market.judging import CONFLICT, MALFORMED, ONE_GROUP, TOO_SMALL, UNKNOWN_ORIGINAL, Judgement, judge
from domain.market.quarantine import Quarantine, QuarantineCode
from domain.market.told import SentTrade, ToldTrade, TradeStatus
from domain.market.trades import Trade
from domain.values.identifiers import Uscc
from domain.values.price import Period
from tests.unit.market.deals import TODAY, a_price, a_trade, tonnes_a_year

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
A, B, C = (Uscc(f"91330000DEM00000{letter}X") for letter in "ABC")
NOBODY = Groups([])


def sent(trade: Trade | None, content: object = None) -> SentTrade:
    """Return a trade as sent, its content being whatever it tells."""
    source = "test" if trade is None else trade.source
    return SentTrade(source=source, row={}, content_sha256=repr(content or trade), trade=trade)


def judged(
    trades: Sequence[Trade | None],
    told: Sequence[ToldTrade] = (),
    groups: Groups = NOBODY,
    now: datetime = NOW,
) -> Judgement:
    """Return what becomes of a batch."""
    return judge([sent(trade) for trade in trades], told, groups, None, now)


def after(judgement: Judgement, told: Sequence[ToldTrade] = ()) -> list[ToldTrade]:
    """Return everything as it stands after a batch, oldest first."""
    changed = {row.id: row for row in judgement.changed}
    return [*(changed.get(row.id, row) for row in told), *(row for row, _ in judgement.added)]


def told_by_another(trade: Trade) -> ToldTrade:
    """Return a believed row of somebody else, whose parties nobody else is told."""
    nameless = replace(trade, seller=None, buyer=None, source="elsewhere")
    return ToldTrade(
        id="trade_" + trade.trade_no,
        own=False,
        source="elsewhere",
        content_sha256="x",
        trade=nameless,
        status=TradeStatus.ACCEPTED,
        accepted_from=NOW,
    )


def reasons(judgement: Judgement) -> list[Quarantine | None]:
    """Return the reason of each row of a batch."""
    return [outcome.quarantine for outcome in judgement.outcomes]


def codes(judgement: Judgement) -> list[str | None]:
    """Return the code of each row of a batch."""
    return [None if reason is None else reason.code.value for reason in reasons(judgement)]


# Revisions and numbers


def test_a_revision_closes_the_belief_in_its_original_and_opens_its_own_at_one_moment() -> None:
    first = after(judged([a_trade()]))
    second = judged([a_trade(trade_no="2", revises="1", price=a_price("4100"))], first, now=LATER)
    original, revision = after(second, first)

    assert (original.status, original.accepted_from, original.accepted_until) == (TradeStatus.SUPERSEDED, NOW, LATER)
    assert original.superseded_by == revision.id
    assert (revision.status, revision.accepted_from, revision.accepted_until) == (TradeStatus.ACCEPTED, LATER, None)
    assert original.trade == a_trade()


def test_a_batch_may_hold_a_revision_before_its_original() -> None:
    chain = [a_trade(trade_no="3", revises="2"), a_trade(trade_no="2", revises="1"), a_trade(trade_no="1")]
    rows = after(judged(chain))

    assert {row.trade.trade_no: row.status.value for row in rows if row.trade} == {
        "1": "superseded",
        "2": "superseded",
        "3": "accepted",
    }


def test_what_is_revised_must_be_known() -> None:
    assert reasons(judged([a_trade(revises="0")])) == [UNKNOWN_ORIGINAL]


def test_revisions_in_a_circle_come_to_an_end_with_one_of_them_believed_at_most() -> None:
    circle = [a_trade(trade_no="1", revises="2"), a_trade(trade_no="2", revises="1")]

    assert [row.status.value for row in after(judged(circle))].count("accepted") <= 1


def test_a_known_number_with_other_content_is_a_conflict() -> None:
    told = after(judged([a_trade(), a_trade(trade_no="2", price=a_price("5000"))]))
    batch = [a_trade(price=a_price("4100")), a_trade(trade_no="2", revises="1", price=a_price("4100"))]

    assert reasons(judged(batch, told)) == [CONFLICT, CONFLICT]


def test_the_same_row_again_is_a_duplicate_even_after_it_was_revised() -> None:
    told = after(judged([a_trade(), a_trade(trade_no="2", revises="1")]))
    again = judged([a_trade()], told)

    assert again.outcomes[0].repeated
    assert (again.added, again.changed) == ((), ())


def test_a_corrected_row_keeps_its_reason_and_names_what_corrected_it() -> None:
    told = after(judged([a_trade(price=None)]))
    wrong, right = after(judged([a_trade(trade_no="2", revises="1")], told, now=LATER), told)

    assert wrong.quarantine is not None
    assert wrong.quarantine.code is QuarantineCode.PRICE_BASIS_MISSING
    assert (wrong.status, wrong.superseded_by, wrong.superseded_at) == (TradeStatus.SUPERSEDED, right.id, LATER)
    assert (wrong.accepted_from, wrong.accepted_until) == (None, None)


def test_a_row_that_cannot_be_read_or_priced_is_malformed() -> None:
    dust = a_trade(trade_no="2", price=a_price("0.000001", Period.TERM), term_years=Decimal(100))

    assert reasons(judged([None, dust])) == [MALFORMED, TOO_SMALL]


# Judged again


def test_a_row_of_tomorrow_is_believed_when_it_is_sent_again_tomorrow() -> None:
    tomorrow = a_trade(traded_on=TODAY + timedelta(days=1))
    told = after(judged([tomorrow]))
    again = judged([tomorrow], told, now=LATER)
    (row,) = after(again, told)

    assert codes(judged([tomorrow], told)) == ["future_dated"]
    assert codes(again) == [None]
    assert (row.status, row.accepted_from, row.former_code) == (TradeStatus.ACCEPTED, LATER, "future_dated")
    assert again.added == ()


def test_a_row_whose_fault_is_its_own_stays_where_it_is() -> None:
    told = after(judged([a_trade(price=None)]))
    again = judged([a_trade(price=None)], told, now=LATER)

    assert codes(again) == ["price_basis_missing"]
    assert (again.added, again.changed) == ((), ())


# Related parties and round trips


def test_a_deal_within_a_group_is_no_price_while_the_link_holds() -> None:
    groups = Groups([Affiliation.between(A, B, since=date(2026, 11, 2), until=None, ground="control")])
    before, during = (a_trade(trade_no=str(day), traded_on=date(2026, 11, day), seller=A, buyer=B) for day in (1, 2))

    assert reasons(judged([before, during], groups=groups)) == [None, ONE_GROUP]


def test_both_legs_of_a_round_trip_are_set_aside_and_what_was_believed_till_then_is_kept() -> None:
    told = after(judged([a_trade(seller=A, buyer=B)]))
    back = judged([a_trade(trade_no="2", seller=B, buyer=A, price=a_price("9000"))], told, now=LATER)
    out, home = after(back, told)

    assert codes(back) == ["related_parties"]
    assert (out.status, out.accepted_from, out.accepted_until) == (TradeStatus.QUARANTINED, NOW, LATER)
    assert out.withdrawn
    assert home.accepted_from is None
    assert out.quarantine is not None
    assert home.quarantine is not None
    assert "trade 2 of" in out.quarantine.detail_en
    assert "trade 1 of" in home.quarantine.detail_en


def test_a_third_leg_does_not_make_the_first_two_honest() -> None:
    rows = [a_trade(trade_no=str(n), seller=(A, B)[n % 2], buyer=(B, A)[n % 2]) for n in range(3)]

    assert codes(judged(rows)) == ["related_parties"] * 3


def test_a_leg_that_was_withdrawn_is_not_believed_for_being_sent_again() -> None:
    leg = a_trade(seller=A, buyer=B)
    first = after(judged([leg]))
    told = after(judged([a_trade(trade_no="2", seller=B, buyer=A)], first), first)
    again = judged([leg], told, now=LATER)

    assert codes(again) == ["related_parties"]
    assert again.changed == ()


def test_a_leg_corrected_to_other_parties_is_believed() -> None:
    first = after(judged([a_trade(seller=A, buyer=B)]))
    told = after(judged([a_trade(trade_no="2", seller=B, buyer=A)], first), first)

    assert codes(judged([a_trade(trade_no="3", revises="2", seller=B, buyer=C)], told)) == [None]


def test_nobody_closes_the_belief_in_a_row_that_another_told() -> None:
    foreign = told_by_another(a_trade(trade_no="X", seller=A, buyer=B))
    attacks = {
        "the other leg of a round trip": (a_trade(seller=B, buyer=A, price=a_price("1")), "duplicate_conflict"),
        "a revision": (a_trade(revises="X", price=a_price("1")), "row_malformed"),
        "its own number": (a_trade(trade_no="X", price=a_price("1")), "duplicate_conflict"),
    }

    for name, (attack, code) in attacks.items():
        judgement = judged([attack], [foreign])
        assert codes(judgement) == [code], name
        assert judgement.changed == (), name


# One deal, two sources


def test_a_deal_that_another_source_told_at_one_price_is_kept_and_counted_once() -> None:
    judgement = judged([a_trade(price=a_price("4010"))], [told_by_another(a_trade(trade_no="X"))])
    ((row, _),) = judgement.added

    assert (judgement.outcomes[0].repeated, judgement.outcomes[0].quarantine) == (True, None)
    assert (row.status, row.exclusion, row.duplicate_of) == (TradeStatus.ACCEPTED, "duplicate", "trade_X")


def test_a_deal_that_another_source_told_at_another_price_waits_and_is_told_that_price() -> None:
    judgement = judged([a_trade(price=a_price("4100"))], [told_by_another(a_trade(trade_no="X"))])
    (reason,) = reasons(judgement)

    assert reason is not None
    assert reason.code is QuarantineCode.DUPLICATE_CONFLICT
    for detail in (reason.detail_zh, reason.detail_en):
        assert "4000.00" in detail
        assert "elsewhere" in detail
    assert judgement.changed == ()


def test_a_price_on_another_basis_contradicts() -> None:
    for_good = a_trade(price=a_price("4000", Period.ONE_OFF), term_years=None)

    assert codes(judged([for_good], [told_by_another(a_trade(trade_no="X"))])) == ["duplicate_conflict"]


def different(**changes: Any) -> Judgement:  # noqa: ANN401 - any field of a trade
    """Return what becomes of a row that differs from another source's in more than its price."""
    return judged([a_trade(price=a_price("9000"), **changes)], [told_by_another(a_trade(trade_no="X", vintage=2024))])


def test_what_differs_in_day_size_place_or_vintage_is_another_deal() -> None:
    assert codes(different(traded_on=TODAY)) == [None]
    assert codes(different(quantity=tonnes_a_year("11"))) == [None]
    assert codes(different(venue="另一处", division=a_trade().division[:2] + "0100")) == [None]
    assert codes(different(vintage=2025)) == [None]
    assert codes(different(venue="另一处")) == ["duplicate_conflict"]


def test_each_row_finds_one_twin_so_that_equal_deals_are_not_lost() -> None:
    told = [told_by_another(a_trade(trade_no=f"X{number}")) for number in range(2)]
    judgement = judged([a_trade(trade_no=str(number)) for number in range(3)], told)

    assert [outcome.repeated for outcome in judgement.outcomes] == [True, True, False]
    assert codes(judgement) == [None, None, None]
    assert {row.duplicate_of for row, _ in judgement.added} == {"trade_X0", "trade_X1", None}


def test_prices_find_their_like_before_they_contradict() -> None:
    told = [told_by_another(a_trade(trade_no=price, price=a_price(price))) for price in ("4000", "5000")]
    judgement = judged([a_trade(trade_no=price, price=a_price(price)) for price in ("5000", "4000")], told)

    assert [row.duplicate_of for row, _ in judgement.added] == ["trade_5000", "trade_4000"]


def test_within_one_source_equal_deals_are_two() -> None:
    assert [outcome.repeated for outcome in judged([a_trade(), a_trade(trade_no="2")]).outcomes] == [False, False]


def test_a_revised_duplicate_gives_its_twin_free() -> None:
    told = [told_by_another(a_trade(trade_no="X"))]
    first = after(judged([a_trade()], told), told)
    second = judged([a_trade(trade_no="2", revises="1", amount=None, price=a_price("4001"))], first)

    assert second.added[0][0].duplicate_of == "trade_X"


# The order of a batch

ROWS = st.lists(
    st.tuples(
        st.sampled_from([A, B, C, None]),
        st.sampled_from([A, B, C, None]),
        st.integers(0, 20),
        st.sampled_from(["4", "10", "30"]),
        st.sampled_from([None, "4000", "4100"]),
        st.booleans(),
    ),
    max_size=10,
)


def a_batch(facts: list[Any]) -> list[Trade]:
    """Return trades of distinct numbers; some revise the one before them, which nobody else revises."""
    return [
        a_trade(
            trade_no=str(number),
            seller=seller,
            buyer=buyer,
            traded_on=date(2026, 10, 20) + timedelta(days=days),
            quantity=tonnes_a_year(amount),
            price=None if price is None else a_price(price),
            revises=str(number - 1) if revises and number else None,
        )
        for number, (seller, buyer, days, amount, price, revises) in enumerate(facts)
    ]


@given(ROWS.map(a_batch).flatmap(lambda batch: st.tuples(st.just(batch), st.permutations(batch))))
def test_the_order_of_a_batch_does_not_change_what_is_believed_in_the_end(
    batches: tuple[list[Trade], list[Trade]],
) -> None:
    believed = [
        {row.trade.trade_no for row in after(judged(batch)) if row.trade and row.status is TradeStatus.ACCEPTED}
        for batch in batches
    ]

    assert believed[0] == believed[1]


@given(ROWS.map(a_batch))
def test_nothing_disappears_and_every_belief_is_an_interval(batch: list[Trade]) -> None:
    judgement = judged(batch)
    rows = after(judgement)

    assert len(rows) == len(batch) == len(judgement.outcomes)
    for row in rows:
        assert (row.status is TradeStatus.ACCEPTED) == (row.accepted_from is not None and row.accepted_until is None)
        assert (row.status is TradeStatus.SUPERSEDED) == (row.superseded_by is not None)
        assert row.quarantine is None or row.status is not TradeStatus.ACCEPTED
