"""Quarantine: why a row may not be believed, with the numbers that prove it.

The subtle thing is that a reason is given to a person who must correct a row, so a code never stands alone: its detail
names the figures as they were sent and as they should have been, in both languages.

Source: contract section 4 (codes). `not_a_sale` is ours: a charge, a lease or a buy-back that says it is a sale.
"""

from dataclasses import dataclass
from enum import StrEnum


class QuarantineCode(StrEnum):
    """Why a row is no evidence.

    `duplicate_conflict` is found against other rows, `outside_price_band` against a rule pack, the others in the row.
    """

    ROW_MALFORMED = "row_malformed"
    PRICE_BASIS_MISSING = "price_basis_missing"
    AMOUNT_MISMATCH = "amount_mismatch"
    UNIT_UNKNOWN = "unit_unknown"
    RELATED_PARTIES = "related_parties"
    OUTSIDE_PRICE_BAND = "outside_price_band"
    DUPLICATE_CONFLICT = "duplicate_conflict"
    FUTURE_DATED = "future_dated"
    NOT_A_SALE = "not_a_sale"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """One reason, with the numbers that prove it, in both languages."""

    code: QuarantineCode
    detail_zh: str
    detail_en: str
