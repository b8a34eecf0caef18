"""What happens when somebody who owns the database edits the past: shown on a copy of an export.

The forger is as good as one can be: he changes one entry and writes every later hash anew, so that the copy agrees with
itself from end to end. Only the checkpoint that the bank kept does not agree.
"""

import hashlib
import io
import json
from typing import Any, Final

from api.verify_audit import HASH, LEAF, Tampered, read_kept, verify

FORGER: Final = "somebody.else"


def caught(export: bytes, checkpoints: bytes, jwks: bytes, sequence: int) -> Tampered:
    """Put other words into an entry of a copy of an export, rewrite the chain, and return what the verifier says.

    Raises RuntimeError where it says nothing, which must never be.
    """
    try:
        verify(io.BytesIO(forged(export, sequence)), read_kept(checkpoints, jwks))
    except Tampered as fault:
        return fault
    raise RuntimeError("the forgery was not caught")


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
        written = json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        previous = hashlib.sha256(b"\x00" + written).hexdigest()
        lines[place] = (
            lines[place][: HASH.start] + previous.encode() + lines[place][HASH.stop : LEAF.start] + written + b"}\n"
        )
    return b"".join(lines)
