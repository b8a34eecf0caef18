"""Compact tokens, read by hand before any library sees them.

The subtle thing is that the JOSE library is given only what it cannot misread. It ignores `crit` and `kid`, accepts
padding, unused bits and nested headers, and lets overflow and recursion errors escape; so the shape of a token is
decided here, in a few bytes of plain rules, and whatever is odd is refused before a key is even looked up.

Source: RFC 7515 sections 2 and 5.2, RFC 8725 (best current practice: one algorithm, explicit type, no key in the
header).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from domain.ports.tokens import TokenRefused

TOKEN_LENGTH_MAX: Final = 8192
HEADER_LENGTH_MAX: Final = 1024
KEY_ID_LENGTH_MAX: Final = 128
SIGNATURE_BYTES: Final = 64
NESTING_MAX: Final = 16
ALGORITHM: Final = "ES256"

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_HEADER_KEYS: Final = frozenset({"alg", "typ", "kid"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A signature's header and payload whose shape and algorithm are sound; nothing in them is verified."""

    parameters: dict[str, Any]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Compact:
    """A token whose shape is sound; nothing in it is verified."""

    token: str
    key_id: str
    kind: str | None
    claims: dict[str, Any]


def read_compact(token: str, kinds: frozenset[str | None]) -> Compact:
    """Return the parts of a token of one of the `kinds` (`typ`; none means that an absent one will do).

    Raises:
        TokenRefused: anything at all is odd.
    """
    opened = open_compact(token, kinds, _HEADER_KEYS)
    claims = json_object(opened.payload, NESTING_MAX)
    return Compact(token, key_id_of(opened.parameters), opened.parameters.get("typ"), claims)


def open_compact(
    token: str, kinds: frozenset[str | None], members: frozenset[str], *, header_nesting_max: int = 1
) -> Opened:
    """Return header and payload of an ES256 token of one of the `kinds`, its header of these `members` at most.

    Raises:
        TokenRefused: anything at all is odd.
    """
    if len(token) > TOKEN_LENGTH_MAX or not token.isascii():
        raise TokenRefused("not a short ASCII text")
    segments = token.split(".")
    if len(segments) != 3:  # noqa: PLR2004 - header, payload, signature
        raise TokenRefused("not three segments")
    if len(segments[0]) > HEADER_LENGTH_MAX:
        raise TokenRefused("long header")
    header, payload, signature = (_decoded(segment) for segment in segments)
    if len(signature) != SIGNATURE_BYTES:
        raise TokenRefused("not an ES256 signature")
    parameters = json_object(header, header_nesting_max)
    if not parameters.keys() <= members:
        raise TokenRefused("unexpected header parameter")
    if parameters.get("alg") != ALGORITHM:
        raise TokenRefused("another algorithm")
    kind = parameters.get("typ")
    if not (kind is None or isinstance(kind, str)) or kind not in kinds or (kind is None and "typ" in parameters):
        raise TokenRefused("another type of token")
    return Opened(parameters, payload)


def key_id_of(parameters: Mapping[str, Any]) -> str:
    """Return the key id that a header names; raises TokenRefused where it names none."""
    key_id = parameters.get("kid")
    if not isinstance(key_id, str) or not 1 <= len(key_id) <= KEY_ID_LENGTH_MAX:
        raise TokenRefused("no key id")
    return key_id


def _decoded(segment: str) -> bytes:
    """Return the bytes of a segment that is written in the one canonical way: no padding, no spare bits."""
    if _SEGMENT.fullmatch(segment) is None:
        raise TokenRefused("not base64url")
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (ValueError, binascii.Error):
        raise TokenRefused("not base64url") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != segment:
        raise TokenRefused("not canonical base64url")
    return raw


def json_object(raw: bytes, nesting_max: int) -> dict[str, Any]:
    """Return a JSON object without duplicate keys; brackets are counted first, so that nothing can recurse deeply."""
    if raw.count(b"{") + raw.count(b"[") > nesting_max:
        raise TokenRefused("nested too deep")
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except ValueError:
        raise TokenRefused("not JSON") from None
    if not isinstance(value, dict):
        raise TokenRefused("not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise TokenRefused("duplicate key")
    return members


def _refuse_constant(_: str) -> NoReturn:
    raise TokenRefused("NaN or Infinity")
