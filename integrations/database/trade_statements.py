"""The statements on trades that are sent often or are about many rows at once.

A moment is compared in one way everywhere: believed from `accepted_from`, that moment included, until `accepted_until`,
that moment left out; so of a row and its revision exactly one is believed at any time.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from domain.market.priced_deals import BILLIONTHS
from domain.market.round_trips import CALENDAR_DAYS_MAX
from domain.market.told import SentTrade
from domain.market.trades import Trade, volume
from integrations.database.connection import Prepared

_TOLD = """
    select t.*, p.seller, p.buyer from trades t
    left join trade_parties p on p.trade_id = t.id and p.sent_by = cast(:sender as text)
"""

BY_NAME = Prepared(
    text(f"""{_TOLD}
        where t.sent_by = cast(:sender as text) and t.source = any(cast(:sources as text[]))
            and (t.content_sha256 = any(cast(:digests as text[])) or t.trade_no = any(cast(:numbers as text[])))
    """)
)

BY_SAMENESS = Prepared(
    text(f"""{_TOLD}
        join (
            select distinct * from unnest(
                cast(:instruments as text[]), cast(:pollutants as text[]), cast(:days as date[]),
                cast(:volumes as numeric[])
            ) as s (instrument, pollutant, day, volume)
        ) s on t.pollutant = s.pollutant and t.instrument = s.instrument
            and t.traded_on = s.day and t.volume = s.volume
        where t.accepted_from is not null and t.status = 'accepted'
            and (t.sent_by = cast(:sender as text) or t.shared)
    """)  # noqa: S608 - composed of our own constants
)

BY_PARTY = Prepared(
    text("""
        select t.*, p.seller, p.buyer from trade_parties p join trades t on t.id = p.trade_id
        where p.sent_by = cast(:sender as text) and p.seller = any(cast(:parties as text[]))
            and t.sent_by = cast(:sender as text)
            and t.traded_on between cast(:first as date) and cast(:last as date)
            and (t.status = 'accepted' or t.code = 'related_parties')
    """)
)

_SCOPE = """
    t.pollutant = cast(:pollutant as text) and t.instrument = cast(:instrument as text)
    and t.traded_on >= cast(:since as date)
    and (cast(:province as text) is null or left(t.division, 2) = cast(:province as text))
"""

_BELIEVED = """
    {row}.accepted_from <= cast(:known_at as timestamptz)
    and ({row}.accepted_until is null or {row}.accepted_until > cast(:known_at as timestamptz))
"""

PRICED = Prepared(
    text(f"""
        select t.trade_no, t.source, t.traded_on, t.accepted_from, t.venue, t.division, t.kind, t.vintage, t.basis,
            t.unit_price, t.quantity, t.unit, t.price_unit, t.volume, t.seller_group, t.buyer_group, t.shared,
            case when t.exclusion = 'duplicate' and d.id is null then null else t.exclusion end as exclusion
        from trades t left join trades d on d.id = t.duplicate_of and {_BELIEVED.format(row="d")}
        where {_SCOPE} and {_BELIEVED.format(row="t")} and t.unit_price is not null
            and (t.shared or t.sent_by = cast(:sender as text))
    """)  # noqa: S608 - composed of our own constants
)

_CODE_THEN = "case when t.accepted_from > cast(:known_at as timestamptz) then t.former_code else t.code end"

SET_ASIDE = Prepared(
    text(f"""
        select t.trade_no, t.source, t.traded_on, {_CODE_THEN} as code from trades t
        where {_SCOPE} and (t.code is not null or t.former_code is not null) and {_CODE_THEN} is not null
            and t.received_at <= cast(:known_at as timestamptz)
            and (t.accepted_from is null or not ({_BELIEVED.format(row="t")}))
            and (t.superseded_at is null or t.superseded_at > cast(:known_at as timestamptz))
            and (t.sent_by = cast(:sender as text)
                 or (t.shared and t.accepted_from <= cast(:known_at as timestamptz)))
        order by t.traded_on, t.trade_no, t.id
    """)  # noqa: S608 - composed of our own constants
)


def around(rows: Sequence[SentTrade], holders: Sequence[str]) -> Iterator[tuple[Prepared, dict[str, Any]]]:
    """Yield the statements, each with its values but the sender, that find what these rows must be held against.

    `holders` are the parties of the rows and whoever belongs to their groups.
    """
    trades = [sent.trade for sent in rows if sent.trade is not None]
    numbers = {trade.trade_no for trade in trades} | {trade.revises for trade in trades if trade.revises is not None}
    yield (
        BY_NAME,
        {
            "sources": sorted({sent.source for sent in rows}),
            "digests": [sent.content_sha256 for sent in rows],
            "numbers": sorted(numbers),
        },
    )
    sized = [trade for trade in trades if trade.quantity is not None]
    if sized:
        yield (
            BY_SAMENESS,
            {
                "instruments": [trade.instrument.value for trade in sized],
                "pollutants": [trade.pollutant.value for trade in sized],
                "days": [trade.traded_on for trade in sized],
                "volumes": [_billionths(trade) for trade in sized],
            },
        )
    if holders:
        days = [trade.traded_on for trade in trades]
        yield BY_PARTY, {"parties": holders, "first": _near(min(days), -1), "last": _near(max(days), 1)}


def _near(day: date, sign: int) -> date:
    """Return the last day before or after one on which the other leg of a round trip may lie."""
    reach = sign * CALENDAR_DAYS_MAX
    return date.fromordinal(min(max(day.toordinal() + reach, 1), date.max.toordinal()))


def _billionths(trade: Trade) -> int:
    assert trade.quantity is not None, "asked only for trades with a quantity"
    return int(volume(trade.quantity) * BILLIONTHS)
