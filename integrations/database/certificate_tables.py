"""The tables of searches, documents and certificates, and the view of what lies on a right.

They are in the same metadata as all others; whoever opens a unit of work has them there.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from integrations.database.tables import INSTANT, METADATA, QUANTITY, TEXTS

SEARCHES: Final = Table(
    "searches",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("number", "tenant", "client_id", "digest")),
    Column("searched_at", INSTANT),
    Column("statement", JSONB),
)
DOCUMENTS: Final = Table(
    "pledge_documents",
    METADATA,
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in ("pledge_id", "kind", "title", "sha256", "seal", "file_name", "media_type")),
    Column("size_bytes", BigInteger),
    *(Column(name, Text) for name in ("added_by", "added_for")),
    Column("added_at", INSTANT),
    Column("parties", TEXTS),
)
DOCUMENT_PARTS: Final = Table(
    "pledge_document_parts",
    METADATA,
    Column("document_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("parties", TEXTS),
    Column("content", LargeBinary),
)
DEMANDS: Final = Table(
    "document_demands",
    METADATA,
    Column("pledge_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("parties", TEXTS),
    Column("demanded_by", Text),
    Column("demanded_at", INSTANT),
)
CERTIFICATES: Final = Table(
    "certificates",
    METADATA,
    Column("number", Text, primary_key=True),
    Column("sequence", BigInteger),
    *(Column(name, Text) for name in ("kind", "pledge_id", "occasion", "digest", "jws", "sheet_sha256")),
    Column("parties", TEXTS),
    *(Column(name, INSTANT) for name in ("issued_at", "sealed_at")),
    Column("statement", JSONB),
    Column("sheet", LargeBinary),
)
ENCUMBRANCES: Final = Table(
    "encumbrances",
    MetaData(),
    *(Column(name, Text) for name in ("right_id", "kind", "register")),
    Column("blocks", TEXTS),
    Column("quantity", QUANTITY),
    Column("registered_at", INSTANT),
    Column("place", BigInteger),
)
"""A view: what everybody who sees a right may know of every live hold on it, with its time and place."""
