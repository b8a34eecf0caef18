"""What happens when somebody who owns the database edits the past: shown on a copy of an export.

One forger is clumsy and changes one entry. The other is as good as one can be: he changes it and writes every later
hash anew, so that the copy agrees with itself from end to end. Only the checkpoint that the bank kept does not agree.
"""

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any, Final

from api.verify_audit import CLOSING, HASH, LEAF, Tampered, read_kept, verify

FORGER: Final = "somebody.else"


def altered(export: bytes, sequence: int) -> bytes:
    """Return a copy in which somebody else did what an entry says, and nothing else is touched."""
    lines = export.splitlines(keepends=True)
    leaf: dict[str, Any] = json.loads(lines[sequence][LEAF])
    leaf["entry"]["actor"] = FORGER
    lines[sequence] = lines[sequence][: LEAF.start] + _written(leaf) + CLOSING
    return b"".join(lines)


def forged(export: bytes, sequence: int) -> bytes:
    """Return a copy in which somebody else did what an entry says, every hash from there on being right again."""
    lines = export.splitlines(keepends=True)
    previous: str | None = None
    for place in range(sequence, len(lines) - 1):
        leaf: dict[str, Any] = json.loads(lines[place][LEAF])
        if previous is None:
            leaf["entry"]["actor"] = FORGER
        else:
            leaf["previous"] = previous
        written = _written(leaf)
        previous = hashlib.sha256(b"\x00" + written).hexdigest()
        lines[place] = (
            lines[place][: HASH.start] + previous.encode() + lines[place][HASH.stop : LEAF.start] + written + CLOSING
        )
    return b"".join(lines)


def caught(
    export: bytes, checkpoints: bytes, jwks: bytes, sequence: int, forge: Callable[[bytes, int], bytes] = forged
) -> Tampered:
    """Put other words into an entry of a copy of an export, and return what the verifier says.

    Raises RuntimeError where it says nothing, which must never be.
    """
    try:
        verify(io.BytesIO(forge(export, sequence)), read_kept(checkpoints, jwks))
    except Tampered as fault:
        return fault
    raise RuntimeError("the forgery was not caught")


def _written(leaf: dict[str, Any]) -> bytes:
    return json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
