"""What the pure model is about: rights, holds and pledges as plain Python, and the table of a pledge's states.

It shares nothing with the product but the words of the contract: the table is written here a second time, by hand, and
quantities are sums.

Source: contract sections 3 and 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

USABLE: Final = frozenset({"effective", "reduced"})
PRINCIPAL: Final = Decimal(1000)
OK: Final = ""
"""What a command is answered that is done; every other answer is the code of a refusal."""

ZHEJIANG: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "submit": {"draft": "submitted", "correction_required": "submitted"},
        "verify-quantities": {"submitted": "quantities_verified"},
        "approve-loan": {"quantities_verified": "loan_approved"},
        "confirm": {"loan_approved": "freezing", "confirmed": "freezing"},
        "request-correction": dict.fromkeys(
            ("submitted", "quantities_verified", "loan_approved"), "correction_required"
        ),
        "reject": dict.fromkeys(
            ("submitted", "correction_required", "quantities_verified", "loan_approved", "confirmed"), "rejected"
        ),
        "withdraw": dict.fromkeys(
            ("draft", "submitted", "correction_required", "quantities_verified", "loan_approved", "confirmed"),
            "withdrawn",
        ),
        "lapse": dict.fromkeys(
            ("submitted", "correction_required", "quantities_verified", "loan_approved", "confirmed"), "withdrawn"
        ),
        "refused": {"freezing": "confirmed"},
    }
)
HUBEI: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "submit": {"draft": "submitted", "correction_required": "submitted"},
        "verify-quantities": {},
        "approve-loan": {"submitted": "freezing", "loan_approved": "freezing"},
        "confirm": {},
        "request-correction": dict.fromkeys(("submitted", "loan_approved"), "correction_required"),
        "reject": dict.fromkeys(("submitted", "correction_required", "loan_approved"), "rejected"),
        "withdraw": dict.fromkeys(("draft", "submitted", "correction_required", "loan_approved"), "withdrawn"),
        "lapse": dict.fromkeys(("submitted", "correction_required", "loan_approved"), "withdrawn"),
        "refused": {"freezing": "loan_approved"},
    }
)
MOVES: Final = MappingProxyType({"zhejiang": ZHEJIANG, "hubei": HUBEI})
FROZEN: Final = frozenset({"active", "releasing", "enforcing", "enforcement_stayed"})
"""States in which the registry has frozen every item."""
ENDED: Final = frozenset({"rejected", "withdrawn", "released"})


@dataclass(frozen=True, slots=True)
class Told:
    """A right as its registry tells it."""

    quantity: Decimal
    status: str = "effective"
    version: int = 1


@dataclass(slots=True)
class RightModel:
    """A right: as we know it, as the registry has it, and its holds by whatever names them."""

    id: str
    number: str
    known: Told
    truth: Told
    holds: dict[str, Decimal] = field(default_factory=dict)
    seized: bool = False

    @property
    def taken(self) -> Decimal:
        """Return the sum of the holds."""
        return sum(self.holds.values(), Decimal(0))

    @property
    def free(self) -> Decimal:
        """Return what nobody has taken; a court may have taken more than there is."""
        return max(self.known.quantity - self.taken, Decimal(0))

    @property
    def pristine(self) -> bool:
        """Tell whether nothing has befallen it that anybody knows of."""
        return self.known.version == 1 and not self.seized and self.taken <= self.known.quantity

    def hear(self) -> None:
        """Learn what the registry has."""
        self.known = self.truth


@dataclass(slots=True)
class AmendmentModel:
    """An amendment of an active pledge that waits for somebody: of one right, more or less."""

    id: str
    kind: str
    right_id: str
    quantity: Decimal
    status: str = "proposed"
    agreed: bool = False
    expected: int = 0

    @property
    def more(self) -> bool:
        """Tell whether it adds."""
        return self.kind == "top_up"


@dataclass(slots=True)
class PledgeModel:
    """A pledge, with its one loan where it has one."""

    id: str
    bank: str
    workflow: str
    items: dict[str, Decimal]
    progressed_at: datetime
    loan: str | None = None
    status: str = "draft"
    held: bool = False
    expected: dict[str, int] = field(default_factory=dict)
    release_ordered_by: str | None = None
    release_reason: str = "waived"
    drawn: Decimal = Decimal(0)
    owed: Decimal = Decimal(0)
    overdue: bool = False
    amendment: AmendmentModel | None = None
    enforcement: str | None = None
    enforcement_id: str | None = None

    def may(self, verb: str) -> bool:
        """Tell whether the table has a row for it."""
        return self.status in MOVES[self.workflow][verb]
