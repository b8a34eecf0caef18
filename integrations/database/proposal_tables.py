"""The tables of what one person of a bank puts forward and a second decides.

They are in the same metadata as all others; whoever opens a unit of work has them there.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA, MONEY, QUANTITY

PERSONS: Final = ("status", "proposed_by", "decided_by", "rejection")


def _proposals(name: str, texts: tuple[str, ...], *columns: Column[Any]) -> Table:
    """Return a table with its own columns, and those of the proposal and its decision."""
    return Table(
        name,
        METADATA,
        Column("id", Text, primary_key=True),
        *(Column(each, Text) for each in (*texts, *PERSONS)),
        *columns,
        *(Column(each, INSTANT) for each in ("proposed_at", "decided_at")),
        Column("version", BigInteger),
    )


APPRAISALS: Final = _proposals(
    "appraisals",
    ("tenant", "right_id", "kind", "unit", "method"),
    Column("value", MONEY),
    Column("quantity", QUANTITY),
    *(Column(each, Date) for each in ("as_of", "valid_until")),
    *(Column(each, JSONB) for each in ("appraiser", "report")),
)
ADOPTED_VALUES: Final = _proposals(
    "adopted_values",
    ("tenant", "right_id", "basis", "valuation_id", "appraisal_id", "unit", "reason"),
    Column("value", MONEY),
    Column("quantity", QUANTITY),
    *(Column(each, Date) for each in ("valued_on", "valid_until")),
)
BANK_POLICIES: Final = _proposals(
    "bank_policies",
    ("tenant",),
    *(Column(each, Integer) for each in ("revaluation_months", "liquidation_days", "loan_end_margin_days")),
)
