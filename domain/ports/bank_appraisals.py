"""Where a bank's appraisals, adoptions and policies are kept; each is private to the bank that wrote it.

The tenant is named in every reading, because a background job sees every bank's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from domain.valuation.adoption import Adoption
from domain.valuation.bank_appraisals import BankAppraisal
from domain.valuation.proposals import Proposal
from domain.valuation.valuation_policy import PolicyTerms, ValuationPolicy
from domain.values.money import Money
from domain.values.quantity import Quantity


class BankAppraisals(Protocol):
    """Keep appraisals."""

    async def add(self, appraisal: BankAppraisal) -> None:
        """Write a new one."""
        ...

    async def lock(self, appraisal_id: str) -> BankAppraisal | None:
        """Return one that the caller may see, and let nobody else decide on it until the transaction ends."""
        ...

    async def decide(self, appraisal_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked one; nothing else of it can change."""
        ...

    async def of_right(self, tenant: str, right_id: str) -> Sequence[BankAppraisal]:
        """Return all of a bank's of a right, the newest first."""
        ...


class Adoptions(Protocol):
    """Keep explicit adoptions."""

    async def add(self, adoption: Adoption) -> None:
        """Write a new one."""
        ...

    async def lock(self, adoption_id: str) -> Adoption | None:
        """Return one that the caller may see, and let nobody else decide on it until the transaction ends."""
        ...

    async def decide(self, adoption_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked one; nothing else of it can change."""
        ...

    async def of_right(self, tenant: str, right_id: str) -> Sequence[Adoption]:
        """Return all of a bank's of a right, the newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuedItem:
    """A pledged quantity whose value falls due: valued by `valuation_id` on `valued_on`, to be valued anew by `due_on`.

    `id` is the item's hold. `appraisal_expired_on` is the last day of the bank's newest external appraisal of the
    right, where that has passed.
    """

    id: str
    pledge_id: str
    right_id: str
    quantity: Quantity
    valuation_id: str
    valued_on: date
    adopted_value: Money | None
    revaluation_on: date
    appraisal_expired_on: date | None
    due_on: date


class ValuationPolicies(Protocol):
    """Keep policies, and tell what falls due by them."""

    async def add(self, policy: ValuationPolicy) -> None:
        """Write a new one."""
        ...

    async def lock(self, policy_id: str) -> ValuationPolicy | None:
        """Return one that the caller may see, and let nobody else decide on it until the transaction ends."""
        ...

    async def decide(self, policy_id: str, proposal: Proposal) -> None:
        """Write the decision on a locked one; nothing else of it can change."""
        ...

    async def terms(self, tenant: str) -> PolicyTerms:
        """Return what holds for a bank: its policy approved last, else the default."""
        ...

    async def page(self, after: str | None, limit: int) -> Sequence[ValuationPolicy]:
        """Return up to `limit` of the caller's policies, newest first, after one."""
        ...

    async def due(self, tenant: str, on: date, after: str | None, limit: int) -> Sequence[ValuedItem]:
        """Return up to `limit` items of the bank's live pledges that are due by a day, the longest due first."""
        ...
