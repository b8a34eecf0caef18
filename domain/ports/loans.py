"""Where loans and their events are kept."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.loans.loans import Loan, LoanEvent


class Loans(Protocol):
    """Keep loans."""

    async def add(self, loan: Loan) -> None:
        """Write a loan; raises ContractNumberTaken when this bank has the number already."""
        ...

    async def find(self, loan_id: str) -> Loan | None:
        """Return a loan that the caller may see, none otherwise."""
        ...

    async def find_many(self, loan_ids: Sequence[str]) -> Mapping[str, Loan]:
        """Return the loans that the caller may see among these, by id."""
        ...

    async def of_contract(self, tenant: str, contract_no: str) -> Loan | None:
        """Return a bank's loan by its contract number, none where it has no such."""
        ...

    async def save(self, loan: Loan) -> None:
        """Write a locked loan's end and schedule, and its version."""
        ...

    async def lock(self, loan_id: str) -> Loan | None:
        """Return a loan and keep others from writing events to it meanwhile."""
        ...

    async def events(self, loan_id: str) -> Sequence[LoanEvent]:
        """Return a loan's events in the order in which they were recorded."""
        ...

    async def events_of_each(self, loan_ids: Sequence[str]) -> Mapping[str, Sequence[LoanEvent]]:
        """Return the events of each of these loans, by the loan's id and in the order in which they were recorded."""
        ...

    async def add_event(self, event: LoanEvent, loan: Loan, recorded_by: str) -> None:
        """Write an event and raise the loan's version."""
        ...
