"""Revaluations: runs, snapshots, and what was told last."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, text, update
from sqlalchemy.dialects import postgresql

from domain.pledges.coverage import Level
from domain.pledges.lifecycle import TERMINAL
from domain.pledges.pledges import Register, RegistrationStatus
from domain.ports.revaluations import Pledged, Run, Snapshot
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Among, Connection, Prepared
from integrations.database.revaluation_tables import LEVELS, RUNS, SNAPSHOTS, STALE_PRICES

ENDED: Final = ", ".join(f"'{state.value}'" for state in sorted(TERMINAL))
FENCE: Final = "hashtextextended('greenlien.revaluation', 0)"

BEGIN: Final = Prepared(insert(RUNS), ("id", "price_day", "started_at"))
NEW_FENCE: Final = Prepared(text(f"select pg_advisory_xact_lock({FENCE})"))
HELD_FENCE: Final = Prepared(text(f"select pg_advisory_xact_lock_shared({FENCE})"))
LATEST_RUN: Final = Prepared(select(RUNS.c.id).order_by(RUNS.c.sequence.desc()).limit(1))
FINISH: Final = Prepared(
    update(RUNS).where(RUNS.c.id == bindparam("of_run")), ("finished_at", "pledges", "changed", "unpriced")
)
UNDER_CONTROL: Final = Prepared(
    text(f"""
        select i.pledge_id, p.pledgee, p.parties, i.right_id, i.quantity, i.unit,
               coalesce((select max(m.lost) from impairments m where m.pledge_id = i.pledge_id
                             and m.right_id = i.right_id and m.until is null), 0) as lost,
               coalesce(not (v.parties @> p.parties), false) as on_own_deals
        from pledges p join pledge_items i on i.pledge_id = p.id left join valuations v on v.id = i.valuation_id
        where p.status not in ({ENDED})
            and exists (select 1 from registrations r where r.pledge_id = p.id
                        and r.register = '{Register.EMISSION_REGISTRY.value}')
            and not exists (select 1 from registrations r where r.pledge_id = p.id
                            and r.register = '{Register.EMISSION_REGISTRY.value}'
                            and r.status <> '{RegistrationStatus.REGISTERED.value}')
        order by i.pledge_id, i.position""")  # noqa: S608 - the names of our own states
)
LATEST: Final = Among(
    lambda key: (
        select(SNAPSHOTS)
        .ext(postgresql.distinct_on(SNAPSHOTS.c.pledge_id, SNAPSHOTS.c.right_id))
        .where(SNAPSHOTS.c.pledge_id == key)
        .order_by(SNAPSHOTS.c.pledge_id, SNAPSHOTS.c.right_id, SNAPSHOTS.c.sequence.desc())
    )
)
ADD: Final = Prepared(insert(SNAPSHOTS), [column.name for column in SNAPSHOTS.c if column.name != "sequence"])
LEVELS_OF: Final = Among(lambda key: select(LEVELS).where(LEVELS.c.pledge_id == key))
LEVEL: Final = postgresql.insert(LEVELS)
KEEP_LEVEL: Final = Prepared(
    LEVEL.on_conflict_do_update(
        index_elements=["pledge_id"], set_={name: LEVEL.excluded[name] for name in ("level", "since")}
    )
)
STALE: Final = postgresql.insert(STALE_PRICES)
NEWLY_STALE: Final = Prepared(
    STALE.on_conflict_do_update(
        index_elements=["price"],
        set_={name: STALE.excluded[name] for name in ("newest_on", "told_at")},
        where=STALE_PRICES.c.newest_on != STALE.excluded.newest_on,
    )
)


class DatabaseRevaluations:
    """Keep revaluations."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def begin(self, run: Run) -> None:
        """Write that a run has begun, once whoever writes for an earlier one has committed."""
        await self._connection.value(NEW_FENCE, {})
        await self._connection.run(BEGIN, {"id": run.id, "price_day": run.price_day, "started_at": run.started_at})

    async def is_latest(self, run: Run) -> bool:
        """Tell whether no other run has begun since, and let none begin meanwhile."""
        await self._connection.value(HELD_FENCE, {})
        return bool(await self._connection.value(LATEST_RUN, {}) == run.id)

    async def finish(self, run: Run, at: datetime, *, pledges: int, changed: int, unpriced: int) -> None:
        """Write that a run has seen every pledge."""
        counts = {"finished_at": at, "pledges": pledges, "changed": changed, "unpriced": unpriced}
        await self._connection.run(FINISH, {**counts, "of_run": run.id})

    async def under_control(self) -> Sequence[Pledged]:
        """Return every item of every pledge that the registries have frozen whole."""
        return [
            Pledged(
                pledge_id=row.pledge_id,
                pledgee=row.pledgee,
                parties=tuple(row.parties),
                right_id=row.right_id,
                quantity=Quantity(row.quantity, Unit(row.unit)),
                on_own_deals=row.on_own_deals,
                lost=row.lost,
            )
            for row in await self._connection.rows(UNDER_CONTROL, {})
        ]

    async def latest(self, pledge_ids: Sequence[str]) -> Mapping[tuple[str, str], Snapshot]:
        """Return the newest snapshot of each item of these pledges."""
        rows = await self._connection.rows_among(LATEST, pledge_ids)
        return {(row.pledge_id, row.right_id): _snapshot(row) for row in rows}

    async def add(self, snapshots: Sequence[Snapshot]) -> None:
        """Write snapshots."""
        await self._connection.run_each(ADD, [_values(each) for each in snapshots])

    async def history(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Snapshot]:
        """Return visible snapshots of a pledge, newest first."""
        columns = SNAPSHOTS.c
        wanted = select(SNAPSHOTS).where(columns.pledge_id == pledge_id)
        if after is not None:
            last = select(columns.sequence).where(columns.id == after).scalar_subquery()
            wanted = wanted.where(columns.sequence < last)
        wanted = wanted.order_by(columns.sequence.desc()).limit(limit)
        return [_snapshot(row) for row in (await self._connection.execute(wanted)).all()]

    async def levels(self, pledge_ids: Sequence[str]) -> Mapping[str, Level]:
        """Return the level that was told last of each of these pledges."""
        return {row.pledge_id: Level(row.level) for row in await self._connection.rows_among(LEVELS_OF, pledge_ids)}

    async def keep_level(self, pledge_id: str, level: Level, since: datetime) -> None:
        """Write the level that is told of a pledge now."""
        await self._connection.run(KEEP_LEVEL, {"pledge_id": pledge_id, "level": level.value, "since": since})

    async def newly_stale(self, price: str, newest_on: date, at: datetime) -> bool:
        """Write that a price is told to be stale since a deal; false where that was told already."""
        values = {"price": price, "newest_on": newest_on, "told_at": at}
        return await self._connection.run(NEWLY_STALE, values) == 1


def _values(snapshot: Snapshot) -> dict[str, object]:
    return {
        "id": snapshot.id,
        "pledge_id": snapshot.pledge_id,
        "right_id": snapshot.right_id,
        "run_id": snapshot.run_id,
        "parties": list(snapshot.parties),
        "as_of": snapshot.as_of,
        "known_at": snapshot.known_at,
        "unit_value": snapshot.unit_value,
        "market_value": _amount(snapshot.market_value),
        "collateral_value": _amount(snapshot.collateral_value),
        "adopted_value": _amount(snapshot.adopted_value),
        "loan_to_value_cap": snapshot.loan_to_value_cap,
        "confidence_level": snapshot.confidence_level,
        "tier": snapshot.tier,
        "stale": snapshot.stale,
        "unpriced": snapshot.unpriced,
        "digest": snapshot.digest,
        "created_at": snapshot.created_at,
    }


def _snapshot(row: Row[Any]) -> Snapshot:
    return Snapshot(
        id=row.id,
        run_id=row.run_id,
        pledge_id=row.pledge_id,
        right_id=row.right_id,
        parties=tuple(row.parties),
        as_of=row.as_of,
        known_at=row.known_at,
        unit_value=row.unit_value,
        market_value=_money(row.market_value),
        collateral_value=_money(row.collateral_value),
        adopted_value=_money(row.adopted_value),
        loan_to_value_cap=row.loan_to_value_cap,
        confidence_level=row.confidence_level,
        tier=row.tier,
        stale=row.stale,
        unpriced=row.unpriced,
        digest=row.digest,
        created_at=row.created_at,
    )


def _amount(money: Money | None) -> Decimal | None:
    return None if money is None else money.amount


def _money(amount: Decimal | None) -> Money | None:
    return None if amount is None else Money(amount)
