"""Amendments of pledges, read with the consents that were given to them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Select, func, insert, select, text, tuple_, update
from sqlalchemy.dialects import postgresql

from domain.pledges.amendments import (
    PENDING,
    Amendment,
    AmendmentKind,
    AmendmentState,
    Consent,
    DeterminationEvent,
    Entry,
    Removal,
    Terms,
)
from domain.pledges.pledges import PledgeItem
from domain.values.identifiers import Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from integrations.database.amendment_tables import AMENDMENTS, CONSENTS
from integrations.database.connection import Connection, Prepared

CHANGE_PARTIES: Final = Prepared(text("select change_parties(:amendment_id)"))
WAITING: Final = tuple(state.value for state in sorted(PENDING))
Told = Mapping[str, Any]


class DatabaseAmendments:
    """Keep amendments."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, amendment: Amendment) -> None:
        """Write a new amendment."""
        fixed = {
            "id": amendment.id,
            "pledge_id": amendment.pledge_id,
            "parties": list(amendment.parties),
            "number": amendment.number,
            "kind": amendment.kind.value,
            "terms": _terms_values(amendment.terms),
            "proposed_by": amendment.proposed_by,
            "proposed_at": amendment.proposed_at,
        }
        await self._connection.execute(insert(AMENDMENTS).values(**fixed, **_changing(amendment)))

    async def find(self, pledge_id: str, amendment_id: str) -> Amendment | None:
        """Return a visible amendment of a pledge, none otherwise."""
        wanted = select(AMENDMENTS).where(AMENDMENTS.c.id == amendment_id, AMENDMENTS.c.pledge_id == pledge_id)
        return await self._one(wanted)

    async def lock(self, amendment_id: str) -> Amendment | None:
        """Return an amendment and keep others from changing it until the transaction ends."""
        return await self._one(select(AMENDMENTS).where(AMENDMENTS.c.id == amendment_id).with_for_update())

    async def save(self, amendment: Amendment) -> None:
        """Write a locked amendment's changed fields."""
        changed = update(AMENDMENTS).where(AMENDMENTS.c.id == amendment.id).values(**_changing(amendment))
        await self._connection.execute(changed)

    async def consent(self, amendment: Amendment, consent: Consent) -> None:
        """Write a pledgor's consent, once."""
        values = {
            "amendment_id": amendment.id,
            "uscc": consent.uscc,
            "parties": list(amendment.parties),
            "given_by": consent.given_by,
            "given_at": consent.given_at,
        }
        await self._connection.execute(postgresql.insert(CONSENTS).values(**values).on_conflict_do_nothing())

    async def change_parties(self, amendment_id: str) -> bool:
        """Let the pledge and its loans be the new party's."""
        return bool(await self._connection.value(CHANGE_PARTIES, {"amendment_id": amendment_id}))

    async def pending(self, pledge_id: str) -> Amendment | None:
        """Return the one amendment of a pledge that is pending, none otherwise."""
        wanted = select(AMENDMENTS).where(AMENDMENTS.c.pledge_id == pledge_id, AMENDMENTS.c.status.in_(WAITING))
        return await self._one(wanted)

    async def last_number(self, pledge_id: str) -> int:
        """Return the number of a pledge's latest amendment, 0 before the first."""
        wanted = select(func.coalesce(func.max(AMENDMENTS.c.number), 0)).where(AMENDMENTS.c.pledge_id == pledge_id)
        return int((await self._connection.execute(wanted)).scalar_one())

    async def page(self, pledge_id: str, after: str | None, limit: int) -> Sequence[Amendment]:
        """Return visible amendments of a pledge, newest first."""
        wanted = select(AMENDMENTS).where(AMENDMENTS.c.pledge_id == pledge_id)
        if after is not None:
            last = select(AMENDMENTS.c.number, AMENDMENTS.c.id).where(AMENDMENTS.c.id == after).subquery()
            wanted = wanted.where(
                tuple_(AMENDMENTS.c.number, AMENDMENTS.c.id) < select(last.c.number, last.c.id).scalar_subquery()
            )
        return await self._whole(wanted.order_by(AMENDMENTS.c.number.desc(), AMENDMENTS.c.id.desc()).limit(limit))

    async def _one(self, wanted: Select[Any]) -> Amendment | None:
        found = await self._whole(wanted)
        return found[0] if found else None

    async def _whole(self, wanted: Select[Any]) -> list[Amendment]:
        rows = (await self._connection.execute(wanted)).all()
        if not rows:
            return []
        given = select(CONSENTS).where(CONSENTS.c.amendment_id.in_([row.id for row in rows]))
        consents = (await self._connection.execute(given.order_by(CONSENTS.c.given_at, CONSENTS.c.uscc))).all()
        return [_amendment(row, [each for each in consents if each.amendment_id == row.id]) for row in rows]


def _changing(amendment: Amendment) -> dict[str, object]:
    return {
        "status": amendment.status.value,
        "additions": [_item_values(item) for item in amendment.additions],
        "removals": [_part(removal.right_id, removal.quantity) for removal in amendment.removals],
        "entries": [
            {
                **_part(entry.right_id, entry.quantity),
                "kind": entry.kind,
                "reference": entry.reference,
                "registered_at": None if entry.registered_at is None else entry.registered_at.isoformat(),
            }
            for entry in amendment.entries
        ],
        "decided_by": amendment.decided_by,
        "decided_at": amendment.decided_at,
        "ended_at": amendment.ended_at,
        "reason": amendment.reason,
        "accepted_by": amendment.accepted_by,
        "accepted_at": amendment.accepted_at,
        "version": amendment.version,
    }


def _amendment(row: Any, consents: Sequence[Any]) -> Amendment:  # noqa: ANN401 - a row
    return Amendment(
        id=row.id,
        pledge_id=row.pledge_id,
        parties=tuple(row.parties),
        number=row.number,
        kind=AmendmentKind(row.kind),
        status=AmendmentState(row.status),
        terms=_terms(row.terms),
        additions=tuple(_item(told) for told in row.additions),
        removals=tuple(Removal(told["right_id"], _quantity(told)) for told in row.removals),
        entries=tuple(
            Entry(
                right_id=told["right_id"],
                kind=told["kind"],
                quantity=_quantity(told),
                reference=told["reference"],
                registered_at=None if told["registered_at"] is None else datetime.fromisoformat(told["registered_at"]),
            )
            for told in row.entries
        ),
        consents=tuple(Consent(Uscc(each.uscc), each.given_by, each.given_at) for each in consents),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        ended_at=row.ended_at,
        reason=row.reason,
        accepted_by=row.accepted_by,
        accepted_at=row.accepted_at,
        version=row.version,
    )


def _part(right_id: str, quantity: Quantity) -> dict[str, object]:
    return {"right_id": right_id, "quantity": quantity.wire(), "unit": quantity.unit.value}


def _quantity(told: Told) -> Quantity:
    return Quantity.parse(told["quantity"], Unit(told["unit"]))


def _item_values(item: PledgeItem) -> dict[str, object]:
    return {
        **_part(item.right_id, item.quantity),
        "hold_id": item.hold_id,
        "expected_version": item.expected_version,
        "valuation_id": item.valuation_id,
        "market_value": _money_values(item.market_value),
        "collateral_value": _money_values(item.collateral_value),
        "adopted_value": _money_values(item.adopted_value),
        "loan_to_value_cap": None if item.loan_to_value_cap is None else str(item.loan_to_value_cap),
    }


def _item(told: Told) -> PledgeItem:
    cap = told["loan_to_value_cap"]
    return PledgeItem(
        right_id=told["right_id"],
        quantity=_quantity(told),
        hold_id=told["hold_id"],
        expected_version=told["expected_version"],
        valuation_id=told["valuation_id"],
        market_value=_money(told["market_value"]),
        collateral_value=_money(told["collateral_value"]),
        adopted_value=_money(told["adopted_value"]),
        loan_to_value_cap=None if cap is None else Decimal(cap),
    )


def _money_values(money: Money | None) -> str | None:
    return None if money is None else money.wire()


def _money(text: str | None) -> Money | None:
    return None if text is None else Money.of(text)


def _terms_values(terms: Terms) -> dict[str, object]:
    return {
        "items": [_part(*each) for each in terms.items],
        "released": [_part(*each) for each in terms.released],
        "loan_id": terms.loan_id,
        "new_loan_id": terms.new_loan_id,
        "end": None if terms.end is None else terms.end.isoformat(),
        "repayment": [[on.isoformat(), amount.wire()] for on, amount in terms.repayment],
        "event": None if terms.event is None else terms.event.value,
        "on": None if terms.on is None else terms.on.isoformat(),
        "right_id": terms.right_id,
        "successor_id": terms.successor_id,
        "quantity": None if terms.quantity is None else _part("", terms.quantity),
        "months": terms.months,
        "transferee": terms.transferee,
        "transferee_uscc": terms.transferee_uscc,
        "former_uscc": terms.former_uscc,
        "successor_uscc": terms.successor_uscc,
        "name": terms.name,
        "note": terms.note,
    }


def _terms(told: Told) -> Terms:
    return Terms(
        items=tuple((each["right_id"], _quantity(each)) for each in told["items"]),
        released=tuple((each["right_id"], _quantity(each)) for each in told["released"]),
        loan_id=told["loan_id"],
        new_loan_id=told["new_loan_id"],
        end=_day(told["end"]),
        repayment=tuple((date.fromisoformat(on), Money.of(amount)) for on, amount in told["repayment"]),
        event=None if told["event"] is None else DeterminationEvent(told["event"]),
        on=_day(told["on"]),
        right_id=told["right_id"],
        successor_id=told["successor_id"],
        quantity=None if told["quantity"] is None else _quantity(told["quantity"]),
        months=told["months"],
        transferee=told.get("transferee"),
        transferee_uscc=_uscc(told.get("transferee_uscc")),
        former_uscc=_uscc(told.get("former_uscc")),
        successor_uscc=_uscc(told.get("successor_uscc")),
        name=told.get("name"),
        note=told["note"],
    )


def _uscc(text: str | None) -> Uscc | None:
    return None if text is None else Uscc(text)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
