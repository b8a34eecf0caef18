"""Verify a certificate away from the house, with `python -m api verify-certificate FILE --jwks FILE`.

FILE is the answer of the `certificate` route or of the public address, or the JWS alone. Needs no database and no
network; whoever kept the published keys may ask years later. Exit 0: signed by one of the keys, and what stands beside
the signature is what was signed; 1: it is not; 2: unreadable.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from api import wiring
from domain.ports.certificates import SealBroken
from domain.values.canonical_json import digest_of

BROKEN: Final = 1
USAGE: Final = 2
NOT_SIGNED: Final = frozenset({"jws", "verify_url", "sheet_sha256"})
"""What an answer says that the signature does not cover."""


def verify(arguments: argparse.Namespace) -> int:
    """Print the statement that was signed, and say by whom, or why it is no certificate."""
    try:
        jws, told = _read(arguments.file)
        keys = json.loads(arguments.jwks.read_text(encoding="utf-8"))["keys"]
        statement = wiring.read_sealed(jws, [dict(key) for key in keys])
    except SealBroken as broken:
        sys.stderr.write(f"not a certificate of these keys: {broken.reason}\n")
        return BROKEN
    except (OSError, ValueError, TypeError, KeyError) as refusal:
        sys.stderr.write(f"python -m api verify-certificate: {refusal!r}\n")
        return USAGE
    digest = digest_of(statement)
    for name, value in told.items():
        stated = {"digest": digest, "statement": dict(statement)}.get(name, statement.get(name))
        if value != stated:
            sys.stderr.write(f"{name} is not what was signed\n")
            return BROKEN
    print(json.dumps(statement, ensure_ascii=False, indent=2))
    sys.stderr.write(f"{statement.get('number')} is signed; its digest is {digest}\n")
    return 0


def _read(file: Path) -> tuple[str, Mapping[str, Any]]:
    """Return the JWS and whatever else the file says that must agree with it."""
    text = file.read_text(encoding="utf-8").strip()
    if not text.startswith("{"):
        return text, {}
    document = json.loads(text)
    return str(document["jws"]), {name: value for name, value in document.items() if name not in NOT_SIGNED}
