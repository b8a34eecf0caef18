"""The rows that were there before belief was an interval: the migration's arithmetic against the domain's."""

from decimal import Decimal

import psycopg

from domain.market.priced_deals import priced
from domain.market.trades import TradeKind
from domain.values.price import Period, Price
from domain.values.quantity import Quantity, Unit
from integrations.database import migrate
from integrations.database.postmaster import SUPERUSER
from tests.database_session import Database
from tests.unit.market.deals import a_price, a_trade, an_allowance_trade, tonnes_a_year

TENANT = "insert into tenants (id, kind, name, created_at) values ('x', 'exchange', 'x', now())"
ROW = """insert into trades (id, sent_by, shared, source, trade_no, revises, traded_on, known_at, venue, division, instrument, pollutant,
             kind, quantity, unit, price_amount, price_unit, price_period, price_tax, term_years, row, content_sha256, status, code, received_at)
         values (%(id)s, 'x', true, 's', %(id)s, %(revises)s, '2026-01-01', '2026-01-01 00:00+08'::timestamptz + %(day)s * interval '1 day',
             'v', '330600', %(instrument)s, 'SO2', %(kind)s, %(quantity)s, %(unit)s, %(price)s, %(price_unit)s, %(period)s, 'unknown',
             %(term)s, '{}', %(id)s, %(status)s, %(code)s, '2026-01-01 00:00+08'::timestamptz + %(day)s * interval '1 day')"""  # noqa: E501 - one statement

TRADES = [
    a_trade(price=a_price("20000", Period.TERM)),
    a_trade(price=a_price("0.000005", Period.TERM), term_years=Decimal(2)),
    a_trade(price=a_price("0.000003", Period.TERM), term_years=Decimal(2)),
    a_trade(price=a_price("100", Period.TERM), term_years=Decimal(3)),
    a_trade(price=a_price("18000", Period.ONE_OFF), term_years=None),
    a_trade(price=Price(Decimal("4.5"), Unit.KG, Period.YEAR), quantity=Quantity(Decimal(66), Unit.KG_PER_YEAR)),
    a_trade(quantity=None, term_years=None, kind=TradeKind.BENCHMARK_PRICE),
    a_trade(kind=TradeKind.LEASE, quantity=tonnes_a_year("0.000001")),
    an_allowance_trade(),
]


def test_rows_that_were_there_are_filled_as_the_domain_would(database: Database) -> None:
    migrate.downgrade(database.owner_url, "jobs")
    with psycopg.connect(database.libpq(SUPERUSER), autocommit=True) as connection:
        connection.execute(TENANT)
        for number, trade in enumerate(TRADES):
            assert trade.price is not None
            values = {
                "id": str(number),
                "instrument": trade.instrument,
                "kind": trade.kind,
                "quantity": trade.quantity and trade.quantity.amount,
                "unit": trade.quantity and trade.quantity.unit,
                "price": trade.price.amount,
                "price_unit": trade.price.per_unit,
                "period": trade.price.per_period,
                "term": trade.term_years,
            }
            connection.execute(ROW, values | {"revises": None, "day": 0, "status": "accepted", "code": None})
    migrate.upgrade(database.owner_url)

    with psycopg.connect(database.libpq(SUPERUSER)) as connection:
        rows = connection.execute(
            """select basis, unit_price, volume, exclusion, accepted_from = known_at, accepted_until
               from trades order by id"""
        ).fetchall()
    for row, trade in zip(rows, TRADES, strict=True):
        deal = priced(trade, None, None)
        exclusion = None if deal.exclusion is None else str(deal.exclusion)
        assert row == (deal.basis, deal.unit_price, deal.volume, exclusion, True, None)


def test_a_chain_of_revisions_becomes_intervals_that_meet(database: Database) -> None:
    migrate.downgrade(database.owner_url, "jobs")
    chain = [
        ("a", None, 0, "superseded", None),
        ("b", "a", 1, "superseded", None),
        ("c", "b", 2, "accepted", None),
        ("q", None, 0, "superseded", "amount_mismatch"),
        ("r", "q", 3, "accepted", None),
        ("z", None, 0, "quarantined", "row_malformed"),
    ]
    with psycopg.connect(database.libpq(SUPERUSER), autocommit=True) as connection:
        connection.execute(TENANT)
        figures = {"instrument": "discharge_right", "kind": "listed", "quantity": 1, "unit": "t/a", "price": 4000}
        figures |= {"price_unit": "t", "period": "year", "term": 5}
        for name, revises, day, status, code in chain:
            told = {"id": name, "revises": revises, "day": day, "status": status, "code": code}
            connection.execute(ROW, figures | told)
    migrate.upgrade(database.owner_url)

    with psycopg.connect(database.libpq(SUPERUSER)) as connection:
        rows = connection.execute(
            """select id, superseded_by, extract(day from accepted_from at time zone 'Asia/Shanghai')::int,
                      extract(day from accepted_until at time zone 'Asia/Shanghai')::int from trades order by id"""
        ).fetchall()
    assert rows == [
        ("a", "b", 1, 2),
        ("b", "c", 2, 3),
        ("c", None, 3, None),
        ("q", "r", None, None),
        ("r", None, 4, None),
        ("z", None, None, None),
    ]
