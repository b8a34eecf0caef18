"""Canonical JSON and its digest: equal values give equal bytes, however they are written.

Source: issue 3 (the digest is the same on another machine).

>>> sha256_of({"a": Decimal("1.50")}) == sha256_of({"a": Fraction(3, 2)})
True
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction


def sha256_of(value: object) -> str:
    """Return the SHA-256 of the value's canonical JSON: keys sorted, no spaces, every number an exact fraction."""
    text = json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    """Return what JSON has no word for in its own types."""
    if isinstance(value, date):
        return (value.astimezone(UTC) if isinstance(value, datetime) else value).isoformat()
    if isinstance(value, Decimal | Fraction):
        return str(Fraction(value))
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    message = f"{type(value).__name__} has no canonical form"
    raise TypeError(message)
