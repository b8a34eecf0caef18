"""When each trade was believed, what one unit of it cost, which enterprises belong together.

A belief is an interval: it is closed by a revision or by a round trip found later, and the row stays as it was told.
Whoever was told a trade once may still see it afterwards, because a valuation of that day rests on it; the words of a
quarantine are for its sender alone, and so are the names behind the opaque groups.
"""

from migrations.rows import protect, run

revision = "believed_trades"
down_revision = "jobs"

ONCE_VISIBLE = (
    "sent_by = current_tenant() or (shared and (status = 'accepted' or (status = 'superseded' and code is null))"
    " and current_tenant() is not null)"
)
VISIBLE = "sent_by = current_tenant() or (shared and accepted_from is not null and current_tenant() is not null)"

SIZE_OF_UNIT = "case when {unit} in ('kg', 'kg/a') then 0.001 else 1 end"
"""How many tonnes one unit is, as `domain.values.quantity` says."""

BASIS = """case when price_amount is null then null
               when instrument <> 'discharge_right' then case when price_period = 'one_off' then 'per_tonne_co2e' end
               when price_period = 'one_off' and term_years is null then 'per_tonne_permanent'
               when price_period = 'term' and term_years is null then null
               else 'per_tonne_year' end"""

YEARS = """case when instrument <> 'discharge_right' or price_period = 'year' then 1 else coalesce(term_years, 1) end"""


def upgrade() -> None:
    """Add the belief, the normalised price and the groups to trades, and fill them for the rows that are there."""
    run(
        """alter table trades
               add column accepted_from timestamptz, add column accepted_until timestamptz, add column superseded_by text,
               add column superseded_at timestamptz, add column former_code text, add column exclusion text, add column duplicate_of text,
               add column basis text, add column unit_price numeric(40, 0), add column volume numeric(40, 0),
               add column seller_group text, add column buyer_group text""",
        *_filled(),
        """alter table trades
               add constraint trades_belief_is_an_interval check (accepted_until >= accepted_from),
               add constraint trades_accepted_are_believed check (status <> 'accepted' or (accepted_from is not null and accepted_until is null)),
               add constraint trades_unit_price_above_zero check (unit_price > 0 and volume > 0)""",
        "drop index trades_as_evidence",
        "create index trades_believed on trades (pollutant, instrument, traded_on) where accepted_from is not null",
        """create index trades_set_aside on trades (pollutant, instrument, traded_on)
               where code is not null or former_code is not null""",
        "create index trades_by_number on trades (sent_by, source, trade_no)",
        "create index trades_in_order on trades (received_at, id)",
        "create index trade_parties_by_seller on trade_parties (sent_by, seller)",
        "create index trade_parties_by_buyer on trade_parties (sent_by, buyer)",
        """create table holder_groups (
               sent_by text not null references tenants, uscc text not null, group_id text not null, primary key (sent_by, uscc))""",
        """create table affiliations (
               id text primary key, tenant text not null references tenants, shared boolean not null, party_a text not null,
               party_b text not null, since date not null, until date, ground text not null, document jsonb, reported_by text not null,
               created_at timestamptz not null, replaced_by text, check (party_a < party_b), check (until >= since))""",
        """create unique index affiliations_once on affiliations (tenant, party_a, party_b, since)
               where replaced_by is null""",
        "create index affiliations_by_a on affiliations (party_a) where replaced_by is null",
        "create index affiliations_by_b on affiliations (party_b) where replaced_by is null",
        "drop policy trades_app on trades",
        f"create policy trades_app on trades to greenlien_app using ({VISIBLE}) with check (sent_by = current_tenant())",
    )
    protect("holder_groups", "sent_by = current_tenant()", app="select, insert")
    protect(
        "affiliations",
        "tenant = current_tenant() or (shared and current_tenant() is not null)",
        writable="tenant = current_tenant()",
    )


def _filled() -> tuple[str, ...]:
    """Return what fills the new columns: the same arithmetic as `domain.market.priced_deals`."""
    size, price_size = SIZE_OF_UNIT.format(unit="coalesce(unit, price_unit)"), SIZE_OF_UNIT.format(unit="price_unit")
    exact = f"price_amount * 1000000 / ({price_size} * ({YEARS})::numeric(30, 6))"
    return (
        "create index trades_by_revision on trades (sent_by, source, revises) where revises is not null",
        """update trades old set superseded_by =
                   (select new.id from trades new
                    where new.sent_by = old.sent_by and new.source = old.source and new.revises = old.trade_no
                        and new.id <> old.id and new.status <> 'quarantined' and new.received_at >= old.received_at
                    order by new.received_at, new.id limit 1)
               where old.status = 'superseded'""",
        "update trades old set superseded_at = new.received_at from trades new where new.id = old.superseded_by",
        """update trades set accepted_from = known_at,
                   accepted_until = case when status = 'superseded' then greatest(superseded_at, known_at) end
               where status = 'accepted' or (status = 'superseded' and code is null)""",
        f"update trades set basis = {BASIS} where accepted_from is not null",
        f"""update trades set volume = greatest(coalesce(quantity, 1) * 1000000000 * {size}, 1),
                   unit_price = greatest(1, case when abs({exact} - trunc({exact})) = 0.5
                                                 then 2 * round({exact} / 2) else round({exact}) end)
               where accepted_from is not null and basis is not null""",
        """update trades set exclusion = kind where accepted_from is not null
               and kind in ('benchmark_price', 'charge', 'lease', 'buy_back')""",
        "drop index trades_by_revision",
    )


def downgrade() -> None:
    """Take away what this revision added; what was believed when is then no longer known."""
    run(
        "drop table affiliations, holder_groups",
        "drop index trade_parties_by_seller, trade_parties_by_buyer, trades_believed, trades_set_aside, trades_by_number, trades_in_order",
        "drop policy trades_app on trades",
        f"create policy trades_app on trades to greenlien_app using ({ONCE_VISIBLE}) with check (sent_by = current_tenant())",
        """create index trades_as_evidence on trades (pollutant, instrument, left(division, 2), traded_on)
               where status in ('accepted', 'superseded')""",
        """alter table trades drop column accepted_from, drop column accepted_until, drop column superseded_by,
               drop column superseded_at, drop column former_code, drop column exclusion, drop column duplicate_of, drop column basis,
               drop column unit_price, drop column volume, drop column seller_group, drop column buyer_group""",
    )
