"""Banks' batches of existing pledges: the rows as they were put forward, and what became of each."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, insert, select, tuple_, update

from domain.loans.loans import FixedRate, LoanKind, LprRate
from domain.pledges.imports import BroughtLoan, BroughtPledge, Code, PledgeImport, RowOutcome, RowResult
from domain.pledges.lifecycle import Workflow
from domain.pledges.pledges import OtherSecurity, Secured, SecuredKind, SecurityType
from domain.valuation.proposals import Proposal
from domain.values.identifiers import RegistryNo, Uscc
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from integrations.database.bank_appraisals import proposal_from, proposal_values
from integrations.database.connection import Connection
from integrations.database.syndicate_tables import PLEDGE_IMPORT_ROWS, PLEDGE_IMPORTS


class DatabasePledgeImports:
    """Keep imports of pledges."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, imported: PledgeImport) -> None:
        """Write a batch with its rows."""
        head = {"id": imported.id, "tenant": imported.tenant, "tenant_uscc": imported.tenant_uscc}
        await self._connection.execute(insert(PLEDGE_IMPORTS).values({**head, **proposal_values(imported.proposal)}))
        rows = [
            {
                "import_id": imported.id,
                "position": position,
                "tenant": imported.tenant,
                "content": _row_values(row),
                "outcome": RowOutcome.PENDING.value,
            }
            for position, row in enumerate(imported.rows)
        ]
        await self._connection.execute(insert(PLEDGE_IMPORT_ROWS).values(rows))

    async def find(self, import_id: str) -> PledgeImport | None:
        """Return one of the caller's bank, none otherwise."""
        wanted = select(PLEDGE_IMPORTS).where(PLEDGE_IMPORTS.c.id == import_id)
        found = await self._whole((await self._connection.execute(wanted)).all())
        return found[0] if found else None

    async def lock(self, import_id: str) -> PledgeImport | None:
        """Return one and keep others from deciding on it, or taking a row of it in, meanwhile."""
        wanted = select(PLEDGE_IMPORTS).where(PLEDGE_IMPORTS.c.id == import_id).with_for_update()
        found = await self._whole((await self._connection.execute(wanted)).all())
        return found[0] if found else None

    async def page(self, after: str | None, limit: int) -> Sequence[PledgeImport]:
        """Return up to `limit` of the caller's bank, newest first, after one."""
        place = PLEDGE_IMPORTS.c.proposed_at, PLEDGE_IMPORTS.c.id
        wanted = select(PLEDGE_IMPORTS).order_by(*(each.desc() for each in place)).limit(limit)
        if after is not None:
            last = select(*place).where(PLEDGE_IMPORTS.c.id == after).subquery()
            wanted = wanted.where(tuple_(*place) < select(last.c.proposed_at, last.c.id).scalar_subquery())
        return await self._whole((await self._connection.execute(wanted)).all())

    async def decide(self, import_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked one."""
        decided = update(PLEDGE_IMPORTS).where(PLEDGE_IMPORTS.c.id == import_id).values(proposal_values(proposal))
        await self._connection.execute(decided)

    async def settle(self, import_id: str, position: int, result: RowResult) -> None:
        """Write what became of a row."""
        await self._connection.execute(
            update(PLEDGE_IMPORT_ROWS)
            .where(PLEDGE_IMPORT_ROWS.c.import_id == import_id, PLEDGE_IMPORT_ROWS.c.position == position)
            .values(
                outcome=result.outcome.value,
                code=None if result.code is None else result.code.value,
                pledge_id=result.pledge_id,
            )
        )

    async def _whole(self, heads: Sequence[Row[Any]]) -> list[PledgeImport]:
        """Return the batches of some rows, with their rows in order."""
        wanted = select(PLEDGE_IMPORT_ROWS).where(PLEDGE_IMPORT_ROWS.c.import_id.in_([head.id for head in heads]))
        rows = (await self._connection.execute(wanted.order_by(PLEDGE_IMPORT_ROWS.c.position))).all() if heads else []
        return [_imported(head, [row for row in rows if row.import_id == head.id]) for head in heads]


def _imported(head: Row[Any], rows: Sequence[Row[Any]]) -> PledgeImport:
    return PledgeImport(
        id=head.id,
        tenant=head.tenant,
        tenant_uscc=Uscc(head.tenant_uscc),
        proposal=proposal_from(head),
        rows=tuple(_row(row.content) for row in rows),
        results=tuple(
            RowResult(
                outcome=RowOutcome(row.outcome),
                code=None if row.code is None else Code(row.code),
                pledge_id=row.pledge_id,
            )
            for row in rows
        ),
    )


def _row_values(row: BroughtPledge) -> dict[str, object]:
    secured = row.secured
    return {
        "registry": row.registry,
        "registry_no": row.registry_no,
        "registry_ref": row.registry_ref,
        "pledgor_uscc": row.pledgor_uscc,
        "quantity": row.quantity.wire(),
        "unit": row.quantity.unit.value,
        "registered_on": row.registered_on.isoformat(),
        "rank": row.rank,
        "security_type": row.security_type.value,
        "workflow": row.workflow.value,
        "secured": {
            "amount": secured.amount.wire(),
            "kind": secured.kind.value,
            "scope": list(secured.scope),
            "claims_from": _day(secured.claims_from),
            "claims_to": _day(secured.claims_to),
        },
        "other_security": [
            {"kind": other.kind, "description": other.description, "value": other.value.wire()}
            for other in row.other_security
        ],
        "loans": [_loan_values(loan) for loan in row.loans],
    }


def _loan_values(loan: BroughtLoan) -> dict[str, object]:
    rate = loan.rate
    told = (
        {"value": str(rate.value)}
        if isinstance(rate, FixedRate)
        else {"tenor": rate.tenor, "spread_bp": rate.spread_bp, "reset": rate.reset}
    )
    return {
        "borrower_uscc": loan.borrower_uscc,
        "contract_no": loan.contract_no,
        "kind": loan.kind.value,
        "principal": loan.principal.wire(),
        "outstanding": loan.outstanding.wire(),
        "as_of": loan.as_of.isoformat(),
        "rate": told,
        "start": loan.start.isoformat(),
        "end": loan.end.isoformat(),
        "repayment": [[on.isoformat(), amount.wire()] for on, amount in loan.repayment],
        "bullet": loan.bullet,
        "purpose": loan.purpose,
        "overdue_surcharge": None if loan.overdue_surcharge is None else str(loan.overdue_surcharge),
    }


def _row(told: Mapping[str, Any]) -> BroughtPledge:
    secured = told["secured"]
    return BroughtPledge(
        registry=told["registry"],
        registry_no=RegistryNo(told["registry_no"]),
        registry_ref=told["registry_ref"],
        pledgor_uscc=Uscc(told["pledgor_uscc"]),
        quantity=Quantity(Decimal(told["quantity"]), Unit(told["unit"])),
        registered_on=date.fromisoformat(told["registered_on"]),
        rank=told["rank"],
        security_type=SecurityType(told["security_type"]),
        workflow=Workflow(told["workflow"]),
        secured=Secured(
            amount=Money.of(secured["amount"]),
            kind=SecuredKind(secured["kind"]),
            scope=tuple(secured["scope"]),
            claims_from=_date(secured["claims_from"]),
            claims_to=_date(secured["claims_to"]),
        ),
        other_security=tuple(
            OtherSecurity(kind=each["kind"], description=each["description"], value=Money.of(each["value"]))
            for each in told["other_security"]
        ),
        loans=tuple(_loan(each) for each in told["loans"]),
    )


def _loan(told: Mapping[str, Any]) -> BroughtLoan:
    rate = told["rate"]
    surcharge = told["overdue_surcharge"]
    return BroughtLoan(
        borrower_uscc=Uscc(told["borrower_uscc"]),
        contract_no=told["contract_no"],
        kind=LoanKind(told["kind"]),
        principal=Money.of(told["principal"]),
        outstanding=Money.of(told["outstanding"]),
        as_of=date.fromisoformat(told["as_of"]),
        rate=FixedRate(value=Decimal(rate["value"])) if "value" in rate else LprRate(**rate),
        start=date.fromisoformat(told["start"]),
        end=date.fromisoformat(told["end"]),
        repayment=tuple((date.fromisoformat(on), Money.of(amount)) for on, amount in told["repayment"]),
        bullet=told["bullet"],
        purpose=told["purpose"],
        overdue_surcharge=None if surcharge is None else Decimal(surcharge),
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
