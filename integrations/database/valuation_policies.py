"""The banks' policies of valuation, and which pledged values fall due by them."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, text, tuple_

from domain.pledges.lifecycle import TERMINAL
from domain.ports.bank_appraisals import ValuedItem
from domain.valuation.proposals import Proposal
from domain.valuation.valuation_policy import DEFAULT_TERMS, PolicyTerms, ValuationPolicy
from domain.values.money import Money
from domain.values.quantity import Quantity, Unit
from integrations.database.bank_appraisals import Proposed, proposal_from, proposal_values
from integrations.database.connection import Connection, Prepared
from integrations.database.proposal_tables import BANK_POLICIES

OF_POLICIES: Final = Proposed(BANK_POLICIES)
IN_FORCE: Final = Prepared(
    select(BANK_POLICIES)
    .where(BANK_POLICIES.c.tenant == bindparam("of_tenant"), BANK_POLICIES.c.status == "approved")
    .order_by(BANK_POLICIES.c.decided_at.desc(), BANK_POLICIES.c.id.desc())
    .limit(1)
)
ENDED: Final = ", ".join(f"'{state.value}'" for state in sorted(TERMINAL))
DUE: Final = Prepared(
    text(f"""
        with external as (
            select distinct on (right_id) right_id, valid_until from appraisals
            where tenant = :of_tenant and kind = 'external' and status = 'approved' and as_of <= :due_by
            order by right_id, as_of desc, decided_at desc, id desc),
        valued as (
            select i.hold_id as id, i.pledge_id, i.right_id, i.quantity, i.unit, i.valuation_id, v.as_of as valued_on,
                   i.adopted_value, cast(v.as_of + make_interval(months => :months) as date) as revaluation_on,
                   case when x.valid_until < :due_by then x.valid_until end as appraisal_expired_on
            from pledges p join pledge_items i on i.pledge_id = p.id join valuations v on v.id = i.valuation_id
                 left join external x on x.right_id = i.right_id
            where p.pledgee = :of_tenant and i.hold_id is not null and p.status not in ({ENDED})),
        due as (select *, least(revaluation_on, appraisal_expired_on) as due_on from valued)
        select * from due
        where due_on <= :due_by
              and (cast(:after as text) is null
                   or (due_on, id) > (select l.due_on, l.id from due l where l.id = :after))
        order by due_on, id limit :most""")  # noqa: S608 - the names of our own states
)
"""The longest due first. An expired external appraisal is due since its last day; the bank's internal one is not."""


class DatabaseValuationPolicies:
    """Keep policies, and tell what falls due by them."""

    def __init__(self, connection: Connection) -> None:
        """Read and write on a connection."""
        self._connection = connection

    async def add(self, policy: ValuationPolicy) -> None:
        """Write a new one."""
        terms = policy.terms
        values = {
            "id": policy.id,
            "tenant": policy.tenant,
            "revaluation_months": terms.revaluation_months,
            "liquidation_days": terms.liquidation_days,
            "loan_end_margin_days": terms.loan_end_margin_days,
            **proposal_values(policy.proposal),
        }
        await self._connection.run(OF_POLICIES.add, values)

    async def lock(self, policy_id: str) -> ValuationPolicy | None:
        """Return one, locked."""
        row = await self._connection.row(OF_POLICIES.lock, {"of_id": policy_id})
        return None if row is None else _policy(row)

    async def decide(self, policy_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked one."""
        await OF_POLICIES.decided(self._connection, policy_id, proposal)

    async def terms(self, tenant: str) -> PolicyTerms:
        """Return what holds for a bank."""
        row = await self._connection.row(IN_FORCE, {"of_tenant": tenant})
        return DEFAULT_TERMS if row is None else _terms(row)

    async def page(self, after: str | None, limit: int) -> Sequence[ValuationPolicy]:
        """Return the caller's policies, newest first."""
        columns = BANK_POLICIES.c
        wanted = select(BANK_POLICIES).order_by(columns.proposed_at.desc(), columns.id.desc()).limit(limit)
        if after is not None:
            last = select(columns.proposed_at, columns.id).where(columns.id == after).subquery()
            wanted = wanted.where(
                tuple_(columns.proposed_at, columns.id) < select(last.c.proposed_at, last.c.id).scalar_subquery()
            )
        return [_policy(row) for row in (await self._connection.execute(wanted)).all()]

    async def due(self, tenant: str, on: date, after: str | None, limit: int) -> Sequence[ValuedItem]:
        """Return what is due by a day, the longest due first."""
        months = (await self.terms(tenant)).revaluation_months
        wanted = {"of_tenant": tenant, "due_by": on, "months": months, "after": after, "most": limit}
        return [_valued(row) for row in await self._connection.rows(DUE, wanted)]


def _terms(row: Row[Any]) -> PolicyTerms:
    return PolicyTerms(
        revaluation_months=row.revaluation_months,
        liquidation_days=row.liquidation_days,
        loan_end_margin_days=row.loan_end_margin_days,
    )


def _policy(row: Row[Any]) -> ValuationPolicy:
    return ValuationPolicy(id=row.id, tenant=row.tenant, terms=_terms(row), proposal=proposal_from(row))


def _valued(row: Row[Any]) -> ValuedItem:
    return ValuedItem(
        id=row.id,
        pledge_id=row.pledge_id,
        right_id=row.right_id,
        quantity=Quantity(row.quantity, Unit(row.unit)),
        valuation_id=row.valuation_id,
        valued_on=row.valued_on,
        adopted_value=None if row.adopted_value is None else Money(row.adopted_value),
        revaluation_on=row.revaluation_on,
        appraisal_expired_on=row.appraisal_expired_on,
        due_on=row.due_on,
    )
