"""The emission registry: who holds what, and the orders that freeze, release, transfer and amend it.

Silence is an answer of its own. `RegistrySilent` means that nobody knows whether the order was executed, so the caller
keeps the order open, asks again with `query_order` and re-sends under the same id; nothing is ever voided on it. Even
"never seen" after a silence only licenses a re-send under the same id: the first message may still be on its way.
`RegistryClosed` is different: the registry said that it did not take the order, so the order waits and is sent again.

Source: house decision 3; civil code art. 414 (rank is the registry's time, never ours).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from domain.errors import DomainError
from domain.pledges.registry_orders import OrderKind
from domain.rights.rights import RightStatus
from domain.values.identifiers import Division, PermitNo, RegistryNo, Uscc
from domain.values.instruments import Instrument
from domain.values.money import Money
from domain.values.pollutants import Pollutant
from domain.values.quantity import Quantity


@dataclass(eq=False)
class RegistryUnavailable(DomainError):
    """Say that a question (lookup, query, balances) found no usable answer: no connection, 5xx, garbage, timeout."""

    code = "registry_unavailable"

    registry: str
    reason: str
    until: datetime | None = None
    """When it says that it will answer again; none where it does not say."""


class RegistrySilent(RegistryUnavailable):
    """Say that an order was sent and its fate is unknown: timeout, 5xx, broken or nonsensical answer."""


class RegistryClosed(RegistryUnavailable):
    """Say that the registry declared itself closed: the order was not taken, nothing happened."""


class RegistryClosure(RegistryClosed):
    """Say that it declared its hours over, in proven words; other closed doors are those that we did not reach."""


@dataclass(eq=False)
class RegistryRightNotFound(DomainError):
    """Say that the registry answered, and knows no such right or permit."""

    code = "right_not_found"

    registry: str
    number: str


RegistryStatus = RightStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryRight:
    """One right as the registry tells it at `as_of`; `frozen` is what all its freezes and court orders take together.

    `version` is the registry's own and rises when holder, quantity, validity or status change, not on our freezes.
    `origin` is initial, new_project, surplus, reserve or purchased; `acquisition_basis` is paid or free.
    `evidence_sha256` is the digest of the registry's answer as received.
    """

    registry: str
    registry_no: RegistryNo
    permit_no: PermitNo
    holder_uscc: Uscc
    holder_name: str
    instrument: Instrument
    pollutant: Pollutant
    vintage: int | None
    quantity: Quantity
    frozen: Quantity
    origin: str
    acquisition_basis: str
    acquisition_amount: Money | None
    acquired_on: date | None
    fee_paid_through: date | None
    tenure: str
    valid_from: date
    valid_to: date | None
    division: Division
    status: RegistryStatus
    as_of: datetime
    version: int
    evidence_sha256: str


class HolderMatch(StrEnum):
    """How the registry compares a holder with its own entry; never a plain yes or no."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NAME_DIFFERS = "name_differs"
    UNKNOWN = "unknown"


class OrderStatus(StrEnum):
    """What the registry says became of an order; ACCEPTED may last for days."""

    ACCEPTED = "accepted"
    EXECUTED = "executed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryOrder:
    """One order to freeze, release, transfer or amend, under our `order_id`, which the registry treats as idempotent.

    `expected_version` fences a freeze: the registry refuses when the right has changed since. A release names the
    freeze by `registry_ref` and repeats the holder as a second check. `beneficiary` is the pledgee's USCC. A transfer
    takes its quantity out of such a freeze and makes it the `buyer`'s, in one act on both entries and both permits;
    without `buyer_permit_no` the registry decides on which permit of the buyer's. An amendment leaves such a freeze as
    it is, with its reference, time and quantity, and enters `new_beneficiary` or `new_holder` in the place of those who
    are named.
    """

    order_id: str
    kind: OrderKind
    registry: str
    registry_no: RegistryNo
    holder_uscc: Uscc
    quantity: Quantity
    beneficiary: Uscc
    contract_no: str
    expected_version: int | None
    registry_ref: str | None
    buyer: Uscc | None = None
    buyer_permit_no: PermitNo | None = None
    new_beneficiary: Uscc | None = None
    new_holder: Uscc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswer:
    """What the registry answered to an order or to a query about it.

    `reason` is the registry's refusal code (`INSUFFICIENT_AVAILABLE`, `HOLDER_MISMATCH`, `VERSION_CONFLICT`,
    `SUSPENDED`, `NOT_BENEFICIARY`, `AMOUNT_EXCEEDS`...) with its words in `message`; none unless refused.
    `executed_at` is the registry's time and gives the rank. `evidence_sha256` is the digest of the answer as
    received.
    """

    order_id: str
    status: OrderStatus
    registry_ref: str | None
    executed_at: datetime | None
    reason: str | None
    message: str | None
    evidence_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryFreeze:
    """One freeze as the registry has it now, under its own reference; whoever ordered it, and through whom.

    `quantity` is what is left of it, `registered_at` the registry's time, and `rank` its place by that time among all
    freezes of the right that stand. `beneficiary` is the pledgee's USCC.
    """

    registry_no: RegistryNo
    registry_ref: str
    holder_uscc: Uscc
    beneficiary: Uscc
    quantity: Quantity
    registered_at: datetime
    rank: int
    evidence_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyBalance:
    """One row of the registry's daily file."""

    registry_no: RegistryNo
    quantity: Quantity
    frozen: Quantity
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyBalances:
    """The registry's daily file; `control_total` counts its rows and was checked by the adapter."""

    registry: str
    on: date
    rows: tuple[DailyBalance, ...]
    control_total: int
    sha256: str


class Registry(Protocol):
    """All emission registries behind one door; `registry` names which (for example `zhejiang`)."""

    async def lookup_right(
        self, registry: str, *, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> Sequence[RegistryRight]:
        """Return the rights under a registry number (one) or a permit (one for each pollutant and tranche).

        Raises:
            RegistryRightNotFound: the registry answered and knows none.
            RegistryUnavailable: no usable answer, or no registry of this name.
        """
        ...

    async def lookup_freeze(self, registry: str, registry_no: RegistryNo, registry_ref: str) -> RegistryFreeze | None:
        """Return what stands of a freeze under the registry's own reference; none where nothing of it stands.

        Raises RegistryUnavailable without a usable answer, also where a registry tells of no freezes one by one.
        """
        ...

    async def verify_holder(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch:
        """Ask whether `uscc` holds the right; raises RegistryUnavailable without a usable answer."""
        ...

    async def send_order(self, order: RegistryOrder) -> OrderAnswer:
        """Send a freeze, release, transfer or amendment, idempotent by `order_id`.

        Raises:
            RegistrySilent: the fate is unknown.
            RegistryClosed: the registry declared that it did not take the order.
        """
        ...

    async def query_order(self, registry: str, order_id: str) -> OrderAnswer | None:
        """Return what became of an order; none when the registry has never seen it. Raises RegistryUnavailable."""
        ...

    async def daily_balances(self, registry: str, on: date) -> DailyBalances:
        """Return the daily file, its control total and digest checked; raises RegistryUnavailable."""
        ...
