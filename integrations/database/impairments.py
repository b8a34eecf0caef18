"""Impairments, with what was told last of each right and who has a stake in it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, text, update

from domain.pledges.impairments import Impairment, ImpairmentKind, Loss, Seizure
from domain.pledges.lifecycle import TERMINAL
from domain.ports.impairments import StakeHolder, Standing
from domain.rights.reconciliation import DENIED
from domain.rights.rights import Right, RightStatus
from domain.values.identifiers import Uscc
from domain.values.quantity import Quantity, Unit
from integrations.database.connection import Connection, Prepared
from integrations.database.impairment_tables import IMPAIRMENTS, STANDINGS

ENDED: Final = ", ".join(f"'{state.value}'" for state in sorted(TERMINAL))
DENIALS: Final = ", ".join(f"'{kind.value}'" for kind in sorted(DENIED))

LOCK_STANDING: Final = Prepared(
    select(STANDINGS).where(STANDINGS.c.right_id == bindparam("of_right")).with_for_update()
)
KEEP_STANDING: Final = Prepared(
    update(STANDINGS).where(STANDINGS.c.right_id == bindparam("of_right")),
    ("status", "quantity", "holder_uscc", "valid_to", "overtaken", "told_at"),
)
NEWLY_DUE: Final = Prepared(
    text("""
        update right_standings set reconfirmation_due = :due_on
        where right_id = :of_right and reconfirmation_due is distinct from :due_on""")
)
STAKES: Final = Prepared(
    text(f"""
        select p.id, h.quantity, p.pledgee, p.parties, p.pledgors
        from pledge_items i join pledges p on p.id = i.pledge_id join holds h on h.id = i.hold_id
            left join registrations r on r.pledge_id = p.id and r.register = 'emission_registry'
                and r.position = i.position and r.status = 'registered'
        where i.right_id = :of_right and h.state in ('pending', 'posted') and p.status not in ({ENDED})
        order by r.registered_at nulls last, r.reference, h.since, p.id""")  # noqa: S608 - the names of our own states
)
SEIZURES: Final = Prepared(
    text("""
        select id, quantity, since from holds
        where right_id = :of_right and kind = 'judicial' and state in ('pending', 'posted') order by since, id""")
)
RESERVED: Final = Prepared(
    text("""
        select coalesce(sum(quantity), 0) from holds
        where right_id = :of_right and kind = 'compliance' and state in ('pending', 'posted')""")
)
DISPUTED: Final = Prepared(
    text(f"""
        select id from reconciliation_cases
        where right_id = :of_right and state <> 'resolved' and kind in ({DENIALS})""")  # noqa: S608 - our own kinds
)
LASTING: Final = Prepared(
    select(IMPAIRMENTS)
    .where(IMPAIRMENTS.c.right_id == bindparam("of_right"), IMPAIRMENTS.c.until.is_(None))
    .order_by(IMPAIRMENTS.c.since, IMPAIRMENTS.c.id)
)
BEGIN: Final = Prepared(insert(IMPAIRMENTS), [column.name for column in IMPAIRMENTS.c if column.name != "until"])
END: Final = Prepared(
    update(IMPAIRMENTS).where(IMPAIRMENTS.c.id == bindparam("of_id"), IMPAIRMENTS.c.until.is_(None)), ("until",)
)


class DatabaseImpairments:
    """Keep impairments."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def lock_standing(self, right_id: str) -> Standing | None:
        """Return what was told last of a right, locked."""
        row = await self._connection.row(LOCK_STANDING, {"of_right": right_id})
        if row is None:
            return None
        return Standing(
            status=RightStatus(row.status),
            quantity=row.quantity,
            holder_uscc=Uscc(row.holder_uscc),
            valid_to=row.valid_to,
            overtaken=row.overtaken,
        )

    async def keep_standing(self, right: Right, at: datetime) -> None:
        """Write that a right is told of as it stands now."""
        values = {
            "of_right": right.id,
            "status": right.status.value,
            "quantity": right.quantity.amount,
            "holder_uscc": right.holder_uscc,
            "valid_to": right.valid_to,
            "overtaken": right.overtaken,
            "told_at": at,
        }
        await self._connection.run(KEEP_STANDING, values)

    async def newly_due(self, right_id: str, due_on: date) -> bool:
        """Write that a right's confirmation is told to be due on a day; false where that was told already."""
        return await self._connection.run(NEWLY_DUE, {"of_right": right_id, "due_on": due_on}) == 1

    async def stakes(self, right_id: str) -> Sequence[StakeHolder]:
        """Return the pledges with a live hold on a right, in the order of the registry's time."""
        return [
            StakeHolder(
                pledge_id=row.id,
                quantity=row.quantity,
                pledgee=row.pledgee,
                parties=tuple(row.parties),
                pledgors=tuple(Uscc(each) for each in row.pledgors),
            )
            for row in await self._connection.rows(STAKES, {"of_right": right_id})
        ]

    async def seizures(self, right_id: str) -> Sequence[Seizure]:
        """Return the court orders on a right that are known to us."""
        rows = await self._connection.rows(SEIZURES, {"of_right": right_id})
        return [Seizure(row.id, row.quantity, row.since) for row in rows]

    async def reserved(self, right_id: str) -> Decimal:
        """Return what of a right must be surrendered."""
        return Decimal(await self._connection.value(RESERVED, {"of_right": right_id}))

    async def disputed(self, right_id: str) -> str | None:
        """Return the unresolved case in which the registry denies what we hold of a right."""
        found = await self._connection.value(DISPUTED, {"of_right": right_id})
        return None if found is None else str(found)

    async def lasting(self, right_id: str) -> Sequence[Impairment]:
        """Return the impairments on a right that have not ended."""
        return [impairment_from(row) for row in await self._connection.rows(LASTING, {"of_right": right_id})]

    async def begin(self, impairment: Impairment, parties: tuple[str, ...], unit: str) -> None:
        """Write an impairment of a locked pledge."""
        loss = impairment.loss
        values = {
            "id": impairment.id,
            "pledge_id": impairment.pledge_id,
            "right_id": impairment.right_id,
            "parties": list(parties),
            "kind": impairment.kind.value,
            "quantity": None if impairment.quantity is None else impairment.quantity.amount,
            "unit": unit,
            "since": impairment.since,
            "reference": impairment.reference,
            "rank": None if loss is None else loss.rank,
            "pledged": None if loss is None else loss.pledged,
            "lost": None if loss is None else loss.lost,
        }
        await self._connection.run(BEGIN, values)

    async def end(self, impairment_id: str, at: datetime) -> None:
        """Write that an impairment has ended; raises RuntimeError where it had."""
        if await self._connection.run(END, {"of_id": impairment_id, "until": at}) != 1:
            raise RuntimeError(impairment_id)


def impairment_from(row: Row[Any]) -> Impairment:
    """Translate a row."""
    return Impairment(
        id=row.id,
        pledge_id=row.pledge_id,
        right_id=row.right_id,
        kind=ImpairmentKind(row.kind),
        reference=row.reference,
        since=row.since,
        until=row.until,
        quantity=None if row.quantity is None else Quantity(row.quantity, Unit(row.unit)),
        loss=None if row.rank is None else Loss(row.rank, row.pledged, row.lost),
    )
