"""An audit chain made without a database, by the description of the format alone, for the verifier to judge.

Nothing of the product's is used but its signature, so that a mistake of the product cannot hide in its own mirror.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from integrations.identity.keys import SigningKey, generate_key
from integrations.identity.seals import HouseSeal

GENESIS: Final = "0" * 64
KEY: Final = generate_key()
JWKS: Final = json.dumps({"keys": [KEY.public_jwk]}).encode()


def spelled(value: object) -> bytes:
    """Return the one spelling of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def an_entry(number: int) -> dict[str, object]:
    """Return what one entry says."""
    return {
        "action": "pledge.submitted",
        "actor": "bank-a.officer",
        "at": f"2026-11-21T09:00:00.{number % 1_000_000:06d}+08:00",
        "details": {"number": number, "note": "质押“申请”"},
        "id": f"audit_{number:032x}",
        "subject": f"pledge_{number:032x}",
        "tenant": "bank-a",
    }


def leaf_of(entry: object, sequence: int, previous: str, chain: str = "bank-a") -> bytes:
    """Return the bytes that are hashed."""
    linked = {"algorithm": "sha256", "chain": chain, "entry": entry, "previous": previous, "sequence": sequence}
    return spelled(linked)


def line_of(leaf: bytes) -> bytes:
    """Return an entry's line."""
    return b'{"hash":"' + hashlib.sha256(b"\x00" + leaf).hexdigest().encode() + b'","leaf":' + leaf + b"}\n"


def hash_in(line: bytes) -> str:
    """Return the hash that a line states."""
    return line[9:73].decode()


def chained(entries: Iterator[object] | Sequence[object], first: int = 1, previous: str = GENESIS) -> Iterator[bytes]:
    """Return the lines of entries that follow one another."""
    for sequence, entry in enumerate(entries, first):
        line = line_of(leaf_of(entry, sequence, previous))
        previous = hash_in(line)
        yield line


def a_checkpoint(sequence: int, head: str, key: SigningKey = KEY, at: str = "10:00:00", chain: str = "bank-a") -> str:
    """Return a signed checkpoint."""
    statement = {"algorithm": "sha256", "chain": chain, "head": head, "sequence": sequence, "tree_root": "ab" * 32}
    signer = HouseSeal(key)
    return signer.sign({**statement, "issued_at": f"2026-11-21T{at}.000+08:00"}, "greenlien-checkpoint+jws")


@dataclass(frozen=True, slots=True)
class Trail:
    """A chain's lines; `export` frames some of them as an answer of the export does."""

    lines: Sequence[bytes]
    first: int = 1
    key: SigningKey = field(default=KEY)

    @classmethod
    def of(cls, count: int) -> "Trail":
        """Return a chain of so many entries."""
        return cls(list(chained([an_entry(number) for number in range(1, count + 1)])))

    def head(self, sequence: int) -> str:
        """Return the hash of an entry."""
        return hash_in(self.lines[sequence - self.first]) if sequence else GENESIS

    def checkpoint(self, sequence: int, at: str = "10:00:00") -> str:
        """Return the checkpoint that a bank was given when the chain ended there."""
        return a_checkpoint(sequence, self.head(sequence), self.key, at)

    def framed(self) -> list[bytes]:
        """Return every line of the export: opening, entries, closing."""
        last = self.first + len(self.lines) - 1
        told = {"algorithm": "sha256", "chain": "bank-a", "first": self.first, "format": "greenlien-audit-export-1"}
        closing = a_checkpoint(last, self.head(last) if self.lines else GENESIS, self.key, "23:00:00")
        opening = spelled({**told, "last": last}) + b"\n"
        return [opening, *self.lines, spelled({"checkpoint": closing}) + b"\n"]

    def export(self) -> bytes:
        """Return the whole export."""
        return b"".join(self.framed())

    def part(self, first: int, last: int) -> "Trail":
        """Return the part from one entry to another."""
        return Trail(self.lines[first - self.first : last - self.first + 1], first, self.key)
