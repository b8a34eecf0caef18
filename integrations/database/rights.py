"""Rights, and the guarded row that says how much of each is taken."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Row, bindparam, func, literal_column, select, text, update

from domain.ports.registry import RegistryRight
from domain.ports.rights import KnownRight, RightFilter
from domain.rights.rights import USABLE, Acquisition, Origin, Right, RightStatus, Tenure
from domain.values.identifiers import Division, PermitNo, RegistryNo, Uscc, new_id
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Among, Connection, Prepared
from integrations.database.tables import BALANCES, RIGHTS

WITH_BALANCE = select(RIGHTS, BALANCES.c.quantity, BALANCES.c.taken, BALANCES.c.overtaken).join(
    BALANCES, BALANCES.c.right_id == RIGHTS.c.id
)
ONE = Prepared(WITH_BALANCE.where(RIGHTS.c.id == bindparam("right_id")))
AMONG = Among(lambda key: WITH_BALANCE.where(RIGHTS.c.id == key))
TAKE = Prepared(
    update(BALANCES)
    .where(BALANCES.c.right_id == bindparam("id"), BALANCES.c.quantity - BALANCES.c.taken >= bindparam("asked"))
    .values(taken=BALANCES.c.taken + bindparam("asked"))
)
AVAILABLE = Prepared(
    select(func.greatest(BALANCES.c.quantity - BALANCES.c.taken, 0))
    .where(BALANCES.c.right_id == bindparam("id"))
    .with_for_update()
)
GIVE_BACK = Prepared(
    update(BALANCES)
    .where(BALANCES.c.right_id == bindparam("id"))
    .values(
        taken=BALANCES.c.taken - bindparam("given"),
        overtaken=func.greatest(0, BALANCES.c.taken - bindparam("given") - BALANCES.c.quantity),
    )
)
GIVE_BACK_UNSEEN = Prepared(text("select give_back_unseen(:id, :given)"))
HIDE = Prepared(text("select hide_right(:right_id, :tenant)"))
LINK = Prepared(text("select link_successor(:former, :successor)"))
SHOW = Prepared(text("select show_right(:right_id, :tenant)"))
KNOWN = Prepared(text("select * from known_right(:registry, :registry_no)"))
STANDS_OTHERWISE = Prepared(text("select right_stands_otherwise(:right_id)"))
TROUBLED = Prepared(
    text("""
        select right_stands_otherwise(:right_id)
            or exists (select 1 from hold_summaries where right_id = :right_id and kind = 'judicial') as troubled""")
)
LOCKED = Prepared(WITH_BALANCE.where(RIGHTS.c.id == bindparam("right_id")).with_for_update(key_share=True, of=RIGHTS))
USABLE_AFTER = Prepared(
    WITH_BALANCE.where(
        RIGHTS.c.id > bindparam("after"), RIGHTS.c.status.in_([literal_column(f"'{each.value}'") for each in USABLE])
    )
    .order_by(RIGHTS.c.id)
    .limit(bindparam("up_to", type_=Integer))
)
CHANGE_STATUS = Prepared(
    update(RIGHTS)
    .where(RIGHTS.c.id == bindparam("of_id"))
    .values(status=bindparam("to_status"), version=RIGHTS.c.version + 1)
)
SEIZE = Prepared(
    update(BALANCES)
    .where(BALANCES.c.right_id == bindparam("id"))
    .values(
        taken=BALANCES.c.taken + bindparam("asked"),
        overtaken=func.greatest(0, BALANCES.c.taken + bindparam("asked") - BALANCES.c.quantity),
    )
)
RECORD = Prepared(text("select record_verified_right(:new_id, :new_hold_id, cast(:told as jsonb), :verified_at)"))


class DatabaseRights:
    """Keep rights."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def find(self, right_id: str) -> Right | None:
        """Return a visible right, none otherwise."""
        row = await self._connection.row(ONE, {"right_id": right_id})
        return None if row is None else right_from(row)

    async def find_many(self, right_ids: Sequence[str]) -> dict[str, Right]:
        """Return the visible rights among these, by id."""
        rows = await self._connection.rows_among(AMONG, right_ids)
        return {row.id: right_from(row) for row in rows}

    async def page(self, narrowed: RightFilter, after: str | None, limit: int) -> Sequence[Right]:
        """Return visible rights in order of id."""
        wanted = WITH_BALANCE.order_by(RIGHTS.c.id).limit(limit)
        if after is not None:
            wanted = wanted.where(RIGHTS.c.id > after)
        if narrowed.holder_uscc is not None:
            wanted = wanted.where(RIGHTS.c.holder_uscc == narrowed.holder_uscc)
        if narrowed.pollutant is not None:
            wanted = wanted.where(RIGHTS.c.pollutant == narrowed.pollutant.value)
        if narrowed.division is not None:
            wanted = wanted.where(RIGHTS.c.division == narrowed.division)
        if narrowed.registry is not None:
            wanted = wanted.where(RIGHTS.c.registry == narrowed.registry)
        return [right_from(row) for row in (await self._connection.execute(wanted)).all()]

    async def record_verified(self, told: RegistryRight, verified_at: datetime) -> str:
        """Write what the registry told; returns the right's id."""
        values = {
            "new_id": new_id("right"),
            "new_hold_id": new_id("hold"),
            "told": json.dumps(_told(told)),
            "verified_at": verified_at,
        }
        return str(await self._connection.value(RECORD, values))

    async def known(self, registry: str, registry_no: RegistryNo) -> KnownRight | None:
        """Return a right of ours by its registry's number, seen or unseen."""
        row = await self._connection.row(KNOWN, {"registry": registry, "registry_no": registry_no})
        return None if row is None else KnownRight(row.id, Unit(row.unit))

    async def stands_otherwise(self, right_id: str) -> bool:
        """Tell whether a right has changed since those whom it concerns were told of it."""
        return bool(await self._connection.value(STANDS_OTHERWISE, {"right_id": right_id}))

    async def is_troubled(self, right_id: str) -> bool:
        """Tell whether a court holds anything of a right, or it has changed and nobody has been told yet."""
        return bool(await self._connection.value(TROUBLED, {"right_id": right_id}))

    async def usable(self, after: str | None, limit: int) -> Sequence[Right]:
        """Return effective or reduced rights in order of id, after one."""
        rows = await self._connection.rows(USABLE_AFTER, {"after": after or "", "up_to": limit})
        return [right_from(row) for row in rows]

    async def lock(self, right_id: str) -> Right | None:
        """Return a right and keep others from entering anything of it."""
        row = await self._connection.row(LOCKED, {"right_id": right_id})
        return None if row is None else right_from(row)

    async def change_status(self, right_id: str, status: RightStatus) -> None:
        """Write what the calendar has made of a right; raises RuntimeError where it is not there."""
        if await self._connection.run(CHANGE_STATUS, {"of_id": right_id, "to_status": status.value}) != 1:
            raise RuntimeError(right_id)

    async def seize(self, right_id: str, quantity: Decimal) -> None:
        """Take a quantity whether or not so much is free; raises RuntimeError where the right is not there."""
        if await self._connection.run(SEIZE, {"id": right_id, "asked": quantity}) != 1:
            raise RuntimeError(right_id)

    async def take(self, right_id: str, quantity: Decimal) -> bool:
        """Take a quantity if it is free, in one guarded update."""
        return await self._connection.run(TAKE, {"id": right_id, "asked": quantity}) == 1

    async def lock_available(self, right_id: str) -> Decimal:
        """Return what is free, and let nobody take or give back until the transaction ends."""
        return Decimal(await self._connection.value(AVAILABLE, {"id": right_id}))

    async def give_back(self, right_id: str, quantity: Decimal) -> None:
        """Give a taken quantity back; what a court took beyond the right shrinks with it.

        Raises RuntimeError where nothing could be given back, because that would lose it for ever.
        """
        if await self._connection.run(GIVE_BACK, {"id": right_id, "given": quantity}):
            return
        if not await self._connection.value(GIVE_BACK_UNSEEN, {"id": right_id, "given": quantity}):
            raise RuntimeError(right_id)

    async def hide_from(self, right_id: str, tenant: str) -> None:
        """Let a tenant see the right no longer as its pledgee."""
        await self._connection.value(HIDE, {"right_id": right_id, "tenant": tenant})

    async def link_successor(self, former_id: str, successor_id: str) -> bool:
        """Link a right with its successor of the next plan period."""
        return bool(await self._connection.value(LINK, {"former": former_id, "successor": successor_id}))

    async def show_to(self, right_id: str, tenant: str) -> None:
        """Let a tenant see the right from now on."""
        await self._connection.value(SHOW, {"right_id": right_id, "tenant": tenant})


def right_from(row: Row[Any]) -> Right:
    """Translate a row."""
    return Right(
        id=row.id,
        registry=row.registry,
        registry_no=RegistryNo(row.registry_no),
        permit_no=PermitNo(row.permit_no),
        holder_uscc=Uscc(row.holder_uscc),
        holder_name=row.holder_name,
        instrument=Instrument(row.instrument),
        pollutant=Pollutant(row.pollutant),
        vintage=row.vintage,
        quantity=Quantity(row.quantity, Unit(row.unit)),
        taken=row.taken,
        overtaken=row.overtaken,
        origin=Origin(row.origin),
        acquisition=Acquisition(
            basis=row.acquisition_basis,
            amount=None if row.acquisition_amount is None else Money(row.acquisition_amount),
            on=row.acquired_on,
            fee_paid_through=row.fee_paid_through,
        ),
        tenure=Tenure(row.tenure),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        predecessor_id=row.predecessor_id,
        successor_id=row.successor_id,
        division=Division(row.division),
        status=RightStatus(row.status),
        registry_version=row.registry_version,
        as_of=row.as_of,
        verified_at=row.verified_at,
        evidence_sha256=row.evidence_sha256,
        version=row.version,
    )


def _told(told: RegistryRight) -> dict[str, object]:
    return {
        "registry": told.registry,
        "registry_no": told.registry_no,
        "permit_no": told.permit_no,
        "holder_uscc": told.holder_uscc,
        "holder_name": told.holder_name,
        "instrument": told.instrument.value,
        "pollutant": told.pollutant.value,
        "vintage": told.vintage,
        "unit": told.quantity.unit.value,
        "quantity": told.quantity.wire(),
        "frozen": told.frozen.wire(),
        "origin": told.origin,
        "acquisition_basis": told.acquisition_basis,
        "acquisition_amount": None if told.acquisition_amount is None else told.acquisition_amount.wire(),
        "acquired_on": None if told.acquired_on is None else told.acquired_on.isoformat(),
        "fee_paid_through": None if told.fee_paid_through is None else told.fee_paid_through.isoformat(),
        "tenure": told.tenure,
        "valid_from": told.valid_from.isoformat(),
        "valid_to": None if told.valid_to is None else told.valid_to.isoformat(),
        "division": told.division,
        "status": told.status.value,
        "registry_version": told.version,
        "as_of": told.as_of.isoformat(),
        "evidence_sha256": told.evidence_sha256,
    }
