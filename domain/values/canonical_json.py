"""Canonical JSON: equal statements give equal bytes, which is what a digest and a signature are made over.

The subtle thing is what may stand in a statement: texts, whole numbers, yes and no, none, lists, and objects whose
names are ASCII. A decimal is a text here, as it is on the wire, because every language prints a float in its own way;
within these limits sorting the names is all of RFC 8785 that remains.

Source: RFC 8785 (JSON canonicalization scheme), sections 3.2.2 and 3.2.3.

>>> canonical_json({"b": ["二", 1], "a": None}).decode()
'{"a":null,"b":["二",1]}'
"""

import hashlib
import json
from collections.abc import Mapping


def canonical_json(statement: Mapping[str, object]) -> bytes:
    """Return the statement's one spelling, in UTF-8.

    Raises:
        TypeError: something other than a text, whole number, yes or no, none, list or object stands in it.
    """
    _check(statement)
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def digest_of(statement: Mapping[str, object]) -> str:
    """Return the SHA-256 of the statement's one spelling, in hexadecimal."""
    return hashlib.sha256(canonical_json(statement)).hexdigest()


def _check(value: object) -> None:
    if isinstance(value, Mapping):
        for name, part in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise TypeError(name)
            _check(part)
    elif isinstance(value, list):
        for part in value:
            _check(part)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(value)
