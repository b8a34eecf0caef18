"""The tables of signed orders and their receipts, in the same metadata as all others."""

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA

SIGNED_ORDERS: Final = Table(
    "signed_orders",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    *(Column(name, Text) for name in ("client_id", "method", "target", "path", "route")),
    Column("body", LargeBinary),
    Column("signature", Text),
    Column("public_jwk", JSONB),
    Column("thumbprint", Text),
    Column("signed_at", INSTANT),
    Column("received_at", INSTANT),
)
ORDER_RECEIPTS: Final = Table(
    "order_receipts",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("status", Integer),
    *(Column(name, Text) for name in ("answer_sha256", "subject", "audit_entry")),
    Column("issued_at", INSTANT),
    Column("jws", Text),
)
