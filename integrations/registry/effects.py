"""What happened at the simulated registry: one effect for every freeze, release, transfer or amendment.

>>> sorted(kind.value for kind, sign in SIGNS.items() if sign < 0)
['release', 'transfer']
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from domain.pledges.registry_orders import OrderKind
from domain.values.quantity import Quantity

SIGNS: Final[Mapping[OrderKind, int]] = MappingProxyType(
    {OrderKind.FREEZE: 1, OrderKind.RELEASE: -1, OrderKind.TRANSFER: -1, OrderKind.AMEND: 0}
)
"""How an effect moves what is frozen; an amendment only changes whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One freeze, release, transfer or amendment that happened; an amendment moves no quantity.

    The buyer and the buyer's new number are a transfer's, the new beneficiary and holder an amendment's.
    """

    registry: str
    registry_no: str
    order_id: str
    kind: str
    quantity: Quantity
    registry_ref: str
    freeze_ref: str
    holder_uscc: str
    beneficiary: str
    contract_no: str
    received_at: datetime
    executed_at: datetime
    messages: int
    buyer: str | None = None
    buyer_registry_no: str | None = None
    new_beneficiary: str | None = None
    new_holder: str | None = None
