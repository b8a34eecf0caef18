"""Loans and their events."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql

from domain.loans.loans import ContractNumberTaken, FixedRate, Loan, LoanEvent, LoanEventType, LoanKind, LprRate
from domain.loans.settlement_accounts import Payee
from domain.values.identifiers import Uscc
from domain.values.money import Money
from integrations.database.connection import Among, Connection, Prepared
from integrations.database.tables import LOAN_EVENTS, LOANS

ADD = Prepared(
    postgresql.insert(LOANS).on_conflict_do_nothing(index_elements=["tenant", "contract_no"]),
    [column.name for column in LOANS.c if column.name != "version"],
)
ONE = Prepared(select(LOANS).where(LOANS.c.id == bindparam("loan_id")))
OF_CONTRACT = Prepared(
    select(LOANS).where(LOANS.c.tenant == bindparam("of_tenant"), LOANS.c.contract_no == bindparam("of_number"))
)
SOME = Among(lambda key: select(LOANS).where(LOANS.c.id == key))
SAVE = Prepared(update(LOANS).where(LOANS.c.id == bindparam("loan_id")), ["end_on", "repayment", "version"])
LOCKED = Prepared(select(LOANS).where(LOANS.c.id == bindparam("loan_id")).with_for_update())
ITS_EVENTS = Prepared(
    select(LOAN_EVENTS).where(LOAN_EVENTS.c.loan_id == bindparam("loan_id")).order_by(LOAN_EVENTS.c.sequence)
)
EVENTS_OF_EACH = Among(
    lambda key: (
        select(LOAN_EVENTS).where(LOAN_EVENTS.c.loan_id == key).order_by(LOAN_EVENTS.c.loan_id, LOAN_EVENTS.c.sequence)
    )
)
ADD_EVENT = Prepared(insert(LOAN_EVENTS))
RAISE_VERSION = Prepared(update(LOANS).where(LOANS.c.id == bindparam("loan_id")), ["version"])


class DatabaseLoans:
    """Keep loans."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, loan: Loan) -> None:
        """Write a loan; raises ContractNumberTaken when this bank has the number already."""
        rate = loan.rate
        fixed = isinstance(rate, FixedRate)
        values = {
            "id": loan.id,
            "tenant": loan.tenant,
            "parties": list(loan.parties),
            "borrower_uscc": loan.borrower_uscc,
            "contract_no": loan.contract_no,
            "kind": loan.kind.value,
            "principal": loan.principal.amount,
            "rate_kind": "fixed" if fixed else "lpr",
            "rate_value": rate.value if isinstance(rate, FixedRate) else None,
            "rate_tenor": rate.tenor if isinstance(rate, LprRate) else None,
            "rate_spread_bp": rate.spread_bp if isinstance(rate, LprRate) else None,
            "rate_reset": rate.reset if isinstance(rate, LprRate) else None,
            "start_on": loan.start,
            "end_on": loan.end,
            "overdue_surcharge": loan.overdue_surcharge,
            "repayment": _schedule(loan),
            "purpose": loan.purpose,
            "created_at": loan.created_at,
        }
        if await self._connection.run(ADD, values) == 0:
            raise ContractNumberTaken(loan.contract_no)

    async def find(self, loan_id: str) -> Loan | None:
        """Return a visible loan, none otherwise."""
        row = await self._connection.row(ONE, {"loan_id": loan_id})
        return None if row is None else _loan(row)

    async def find_many(self, loan_ids: Sequence[str]) -> dict[str, Loan]:
        """Return the visible loans among these, by id."""
        return {row.id: _loan(row) for row in await self._connection.rows_among(SOME, loan_ids)}

    async def of_contract(self, tenant: str, contract_no: str) -> Loan | None:
        """Return a bank's loan by its contract number, none where it has no such."""
        row = await self._connection.row(OF_CONTRACT, {"of_tenant": tenant, "of_number": contract_no})
        return None if row is None else _loan(row)

    async def save(self, loan: Loan) -> None:
        """Write a locked loan's end and schedule, and its version."""
        values = {"loan_id": loan.id, "end_on": loan.end, "repayment": _schedule(loan), "version": loan.version}
        await self._connection.run(SAVE, values)

    async def lock(self, loan_id: str) -> Loan | None:
        """Return a loan and keep others from writing events to it meanwhile."""
        row = await self._connection.row(LOCKED, {"loan_id": loan_id})
        return None if row is None else _loan(row)

    async def events(self, loan_id: str) -> Sequence[LoanEvent]:
        """Return a loan's events in the order in which they were recorded."""
        return [_event(row) for row in await self._connection.rows(ITS_EVENTS, {"loan_id": loan_id})]

    async def events_of_each(self, loan_ids: Sequence[str]) -> dict[str, list[LoanEvent]]:
        """Return the events of each of these loans, by the loan's id and in the order in which they were recorded."""
        found: dict[str, list[LoanEvent]] = {loan_id: [] for loan_id in loan_ids}
        for row in await self._connection.rows_among(EVENTS_OF_EACH, loan_ids):
            found[row.loan_id].append(_event(row))
        return found

    async def add_event(self, event: LoanEvent, loan: Loan, recorded_by: str) -> None:
        """Write an event and raise the loan's version, which numbers it."""
        await self._connection.run(RAISE_VERSION, {"loan_id": loan.id, "version": loan.version + 1})
        values = {
            "id": event.id,
            "loan_id": event.loan_id,
            "parties": loan.parties,
            "sequence": loan.version,
            "type": event.type.value,
            "principal": _amount(event.principal),
            "interest": _amount(event.interest),
            "penalty": _amount(event.penalty),
            "fee": _amount(event.fee),
            "happened_on": event.on,
            "reference": event.reference,
            "recorded_by": recorded_by,
            "recorded_at": event.recorded_at,
            "payee": None if event.payee is None else asdict(event.payee),
        }
        await self._connection.run(ADD_EVENT, values)


def _amount(money: Money | None) -> Decimal | None:
    return None if money is None else money.amount


def _money(amount: Decimal | None) -> Money | None:
    return None if amount is None else Money(amount)


def _schedule(loan: Loan) -> dict[str, object]:
    lines = [[on.isoformat(), amount.wire()] for on, amount in loan.repayment]
    return {"bullet": loan.bullet, "lines": lines}


def _loan(row: Row[Any]) -> Loan:
    rate = (
        FixedRate(value=row.rate_value)
        if row.rate_kind == "fixed"
        else LprRate(tenor=row.rate_tenor, spread_bp=row.rate_spread_bp, reset=row.rate_reset)
    )
    return Loan(
        id=row.id,
        tenant=row.tenant,
        borrower_uscc=Uscc(row.borrower_uscc),
        contract_no=row.contract_no,
        kind=LoanKind(row.kind),
        principal=Money(row.principal),
        rate=rate,
        start=row.start_on,
        end=row.end_on,
        repayment=tuple((date.fromisoformat(on), Money.of(amount)) for on, amount in row.repayment["lines"]),
        bullet=row.repayment["bullet"],
        purpose=row.purpose,
        version=row.version,
        created_at=row.created_at,
        parties=tuple(row.parties),
        overdue_surcharge=row.overdue_surcharge,
    )


def _event(row: Row[Any]) -> LoanEvent:
    return LoanEvent(
        id=row.id,
        loan_id=row.loan_id,
        type=LoanEventType(row.type),
        principal=_money(row.principal),
        interest=_money(row.interest),
        penalty=_money(row.penalty),
        fee=_money(row.fee),
        on=row.happened_on,
        reference=row.reference,
        recorded_at=row.recorded_at,
        payee=None if row.payee is None else Payee(**row.payee),
    )
