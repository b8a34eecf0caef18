"""The export of an audit chain: lines that anybody can check who kept a checkpoint.

Each entry's line holds the very bytes that were hashed, so the reader needs no rule for writing them again. The last
line is a signature of where the export ends; without it, leaving out the newest entries would not show.

Source: contract section 2 (the auditor reads its tenant's audit); JSON lines (jsonlines.org).
"""

from dataclasses import dataclass

from domain.ports.audit_chain import AuditLeaf, ChainHead
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import NotFound
from domain.values.canonical_json import canonical_json

FORMAT = "greenlien-audit-export-1"


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported: a chain's leaves from `first` to `end`."""

    first: int
    end: ChainHead


async def prepare_export(uow: UnitOfWork, chain: str, first: int, last: int | None) -> Export:
    """Return what an export will hold; to the chain's present end unless `last` says otherwise.

    Raises:
        NotFound: the chain has no such entries.
    """
    end = await uow.audit_chains.head_of(chain)
    if last is not None and last != end.sequence:
        leaf = await uow.audit_chains.leaf_at(chain, last)
        if leaf is None:
            raise NotFound("audit_entry")
        end = ChainHead(chain=chain, sequence=leaf.sequence, head=leaf.hash)
    if first > max(end.sequence, 1):
        raise NotFound("audit_entry")
    return Export(first, end)


def opening_line(export: Export) -> bytes:
    """Return the first line: what is exported."""
    told = {"algorithm": "sha256", "chain": export.end.chain, "first": export.first, "format": FORMAT}
    return canonical_json({**told, "last": export.end.sequence}) + b"\n"


def entry_line(leaf: AuditLeaf) -> bytes:
    """Return an entry's line: its hash, and the bytes that it is the hash of."""
    return b'{"hash":"' + leaf.hash.hex().encode("ascii") + b'","leaf":' + leaf.leaf + b"}\n"


def closing_line(jws: str) -> bytes:
    """Return the last line: the signature of where it ends."""
    return canonical_json({"checkpoint": jws}) + b"\n"
