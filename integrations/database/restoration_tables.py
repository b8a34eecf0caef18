"""The table of the one permit to send.

It is in the same metadata as all others; whoever opens a unit of work has it there.
"""

from typing import Final

from sqlalchemy import Boolean, Column, Table, Text

from integrations.database.tables import INSTANT, METADATA

SENDING_PERMIT: Final = Table(
    "sending_permit",
    METADATA,
    Column("only_one", Boolean, primary_key=True),
    *(Column(name, Text) for name in ("identity", "restored_from", "ops_client", "security_client")),
    *(Column(name, INSTANT) for name in ("restored_at", "ops_at", "security_at")),
)
