"""Requests mutated byte by byte: what a client would send, and then broken in one or several ways.

The subtle thing is that nothing here goes through a library that would put it right: bodies, headers and paths are
bytes. Each case is made from a seed alone, so that a finding is its number.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

DECIMALS: Final = (
    "1e3", "1E+999999999", "NaN", "-0.0", "１２３", "1_000", " 1", "+1", ".5", "5.", "", "0x10", "1.2345678", "9" * 30,
    "-1", "0", "0.000001", "999999999999999999", "1\u200b", "−1",
)  # fmt: skip
TEXTS: Final = (
    "\u0000",
    "\ud800",
    "\u202e",
    "𝟙",
    "' or 1=1 --",
    "{}",
    "%s%n",
    "../..",
    "a" * 70_000,
    "\ufeff",
    "",
    "\r\nX: y",
)
TYPES: Final = (
    b"application/json", b"application/json; charset=utf-8", b"application/json;charset=gb18030", b"text/plain", b"",
    b"application/json, application/json", b"APPLICATION/JSON", b"multipart/form-data; boundary=x", b"\xff\xfe",
    b"application/x-www-form-urlencoded",
)  # fmt: skip
HEADERS: Final = (
    (b"content-encoding", b"gzip"), (b"content-length", b"-1"), (b"content-length", b"9" * 30), (b"if-match", b'"x"'),
    (b"if-match", b'"999999999999999999999"'), (b"if-match", b"*"), (b"idempotency-key", b"short"),
    (b"idempotency-key", b"\xff" * 20), (b"accept-language", b"zh;q=NaN,en;q=1e9"), (b"accept", b"\x00"),
    (b"x-padding", b"x" * 40_000), (b"authorization", b"Bearer \xff"), (b"authorization", b"Bearer " + b"a." * 5000),
    (b"dpop", b"x.y.z"), (b"order-signature", b"a..b"), (b"accept-language", b"," * 9000), (b"cookie", b"=" * 999),
)  # fmt: skip
PATHS: Final = (
    b"%00",
    b"%ff%fe",
    b"%2e%2e%2f",
    b"a" * 9000,
    b"%F0%9F%98%80",
    b"'",
    b"%",
    b"x?limit=-1",
    b"?limit=%00",
    b"/",
)


@dataclass(frozen=True)
class Raw:
    """A request as it stands on the wire, but for its framing."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def mutated(ordinary: Raw, value: object, chance: random.Random) -> Raw:
    """Break an ordinary request whose body says `value`, in one to three ways."""
    broken = ordinary
    for _ in range(chance.choice((1, 1, 2, 3))):
        broken = chance.choice(MUTATIONS)(broken, value, chance)
    return broken


def _places(value: object, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [steps, *(place for step, each in inner for place in _places(each, (*steps, step)))]


def _with(value: object, place: tuple[Any, ...], new: object) -> object:
    if not place:
        return new
    copied: Any = json.loads(json.dumps(value))
    inner = copied
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = new
    return copied


def _value(raw: Raw, value: object, chance: random.Random) -> Raw:
    """Put something else where a value stands."""
    others: tuple[object, ...] = (None, True, [], {}, 0, 1.5, -1, 2**53, 10**400, [[]] * 9, *DECIMALS, *TEXTS)
    return replace(raw, body=_dumped(_with(value, chance.choice(_places(value)), chance.choice(others))))


def _bytes(raw: Raw, _: object, chance: random.Random) -> Raw:
    """Flip, drop, double or insert bytes of the body."""
    body = bytearray(raw.body or b"{}")
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(body) + 1)
        match chance.randrange(4):
            case 0:
                body[place:place] = bytes([chance.randrange(256)])
            case 1:
                del body[place : place + chance.randrange(1, 9)]
            case 2:
                body[place:place] = body[place : place + chance.randrange(1, 99)]
            case _:
                body[place:place] = chance.choice(
                    (b"\x00", b"\xff", b"\xed\xa0\x80", b"\\u0000", b"[", b"{", b'"', b",")
                )
    return replace(raw, body=bytes(body))


def _shape(raw: Raw, _: object, chance: random.Random) -> Raw:
    """Send something of another shape altogether."""
    depth = chance.choice((31, 32, 33, 1000, 100_000))
    key = raw.body[1:12]
    bodies = (
        b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth, b"", b" ", b"\xef\xbb\xbf" + raw.body, b"null",
        raw.body + raw.body, raw.body.decode("utf-8", "replace").encode("utf-16"), b"0" * 200_000, b'{"a":1e9999',
        b"{" + key + b'":1,' + raw.body[1:], b'{"a":1,"a":2}', b" " * (1 << 20) + b" ", b"-", b"[" + b"1," * 20_000,
    )  # fmt: skip
    return replace(raw, body=chance.choice(bodies))


def _header(raw: Raw, _: object, chance: random.Random) -> Raw:
    """Add, replace or drop a header."""
    name, value = chance.choice(HEADERS)
    kept = tuple(each for each in raw.headers if each[0] != name or chance.random() < 0.3)
    return replace(raw, headers=(*kept, (name, value)))


def _type(raw: Raw, _: object, chance: random.Random) -> Raw:
    """Say another kind of body."""
    kept = tuple(each for each in raw.headers if each[0] != b"content-type")
    return replace(raw, headers=(*kept, (b"content-type", chance.choice(TYPES))))


def _path(raw: Raw, _: object, chance: random.Random) -> Raw:
    """Put something odd where a step of the address stands, or behind it."""
    steps = raw.target.split(b"/")
    steps[chance.randrange(1, len(steps))] = chance.choice(PATHS)
    return replace(raw, target=b"/".join(steps))


def _method(raw: Raw, _: object, chance: random.Random) -> Raw:
    return replace(
        raw, method=chance.choice((b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE", b"BREW", b"GET"))
    )


Mutation = Callable[[Raw, object, random.Random], Raw]
MUTATIONS: Final[tuple[Mutation, ...]] = (
    _value,
    _value,
    _value,
    _bytes,
    _bytes,
    _shape,
    _header,
    _type,
    _path,
    _method,
)


def _dumped(value: object) -> bytes:
    return json.dumps(value).encode() if not isinstance(value, bytes) else value
