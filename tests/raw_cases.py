"""Raw requests that no well-behaved client sends: bytes over a socket, and what must come back.

The subtle thing is that a fuzzer which builds its requests with a JSON library never sends most of these.
`cases(target)` derives them from any route and one valid body of it; `send` puts the bytes on a socket; `complaints`
says what is wrong with an answer. So the same list runs against the edge alone and against every real route.

Source: contract section 1; issue 2 ("a 4xx problem document each, in under a second, never a 5xx").
"""

import contextlib
import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

Steps = tuple[str | int, ...]

PROBLEM: Final = "application/problem+json"
SECONDS_MAX: Final = 1.0
TIMEOUT_SECONDS: Final = 5.0
MEBIBYTE: Final = 1 << 20
LANGUAGES: Final = ("zh-CN", "en")

_HOLE: Final = "\N{REPLACEMENT CHARACTER}hole\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Target:
    """A route that takes JSON, one body that it accepts, and where in it stand an amount, a text and an identifier."""

    base_url: str
    path: str
    headers: Mapping[str, str]
    valid: Mapping[str, Any]
    amount: Steps | None = None
    text: Steps | None = None
    identifier: Steps | None = None
    integer: Steps | None = None
    method: str = "POST"
    list_path: str | None = None


@dataclass(frozen=True)
class RawCase:
    """One request; `statuses` are the answers that are right, empty for any 4xx."""

    name: str
    statuses: frozenset[int]
    body: bytes = b""
    codes: frozenset[str] = frozenset()
    method: str = "POST"
    path: str | None = None
    content_type: str | None = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    framing: str = "length"
    head: bytes | None = None
    language_known: bool = True
    authorized: bool = True
    host: str = "localhost"


@dataclass(frozen=True)
class RawAnswer:
    """What came back, or that nothing did."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0


def cases(target: Target) -> list[RawCase]:
    """Return every case that this target has a place for."""
    return [
        *_unreadable(target),
        *_framed(target),
        *_members(target),
        *(_amounts(target, target.amount) if target.amount else ()),
        *(_texts(target, target.text) if target.text else ()),
        *(_identifiers(target, target.identifier) if target.identifier else ()),
        *(_integers(target, target.integer) if target.integer else ()),
        *_addresses(target),
        *(_queries(target.list_path) if target.list_path else ()),
        *_not_http(),
        *_unauthorized(target),
    ]


def send(target: Target, case: RawCase, language: str) -> RawAnswer:
    """Send one case over a socket of its own and read the answer."""
    parts = urlsplit(target.base_url)
    started = time.monotonic()
    with socket.create_connection((parts.hostname or "", parts.port or 80), TIMEOUT_SECONDS) as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may hang up before it has read it all
            connection.sendall(_bytes(target, case, language))
        with contextlib.closing(http.client.HTTPResponse(connection, method=case.method)) as response:
            try:
                response.begin()
                body = response.read()
            except (http.client.HTTPException, OSError):
                return RawAnswer(0, seconds=time.monotonic() - started)
            headers = {name.lower(): value for name, value in response.getheaders()}
            return RawAnswer(response.status, headers, body, time.monotonic() - started)


def complaints(case: RawCase, answer: RawAnswer, language: str) -> list[str]:
    """Return what is wrong with an answer; nothing when it is as it must be."""
    found = []
    if not 400 <= answer.status < 500 or (case.statuses and answer.status not in case.statuses):
        found.append(f"status {answer.status}, expected {sorted(case.statuses) or '4xx'}: {answer.body[:300]!r}")
        return found
    if answer.seconds > SECONDS_MAX:
        found.append(f"took {answer.seconds:.2f} s")
    if answer.headers.get("content-type") != PROBLEM:
        found.append(f"content type {answer.headers.get('content-type')}")
        return found
    problem = json.loads(answer.body)
    if missing := {"type", "title", "status", "detail", "code", "request_id"} - problem.keys():
        found.append(f"lacks {missing}")
        return found
    if problem["status"] != answer.status:
        found.append("the status in the document is another")
    if answer.headers.get("x-request-id") != problem["request_id"]:
        found.append("the request id in the document is another")
    if case.codes and problem["code"] not in case.codes:
        found.append(f"code {problem['code']}, expected {sorted(case.codes)}")
    if case.language_known and _is_chinese(problem["title"]) != language.startswith("zh"):
        found.append(f"told in the wrong language: {problem['title']}")
    if any(word in answer.body for word in (b"Traceback", b"pydantic", b"msgspec", b"sqlalchemy", b".py")):
        found.append(f"tells of our insides: {answer.body[:300]!r}")
    return found


def _bytes(target: Target, case: RawCase, language: str) -> bytes:
    if case.head is not None:
        return case.head
    lines = [f"{case.method} {case.path or target.path} HTTP/1.1", f"Host: {case.host}", f"Accept-Language: {language}"]
    if case.content_type is not None and case.method != "GET":
        lines.append(f"Content-Type: {case.content_type}")
    sent = {name.lower() for name, _ in case.headers}
    if case.authorized:
        lines += [f"{name}: {value}" for name, value in target.headers.items() if name.lower() not in sent]
    lines += [f"{name}: {value}" for name, value in case.headers]
    body = case.body
    if case.framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif case.framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        pieces = [body[start : start + 65536] for start in range(0, len(body), 65536)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _case(name: str, body: bytes, status: int, *codes: str, **more: Any) -> RawCase:  # noqa: ANN401 - members of RawCase
    return RawCase(name, frozenset({status}), body, frozenset(codes), **more)


def _unreadable(target: Target) -> Iterator[RawCase]:
    valid = _dump(target.valid)
    first = next(iter(target.valid))
    twice = b"{" + _dump(first) + b":" + _dump(target.valid[first]) + b"," + valid[1:]
    bodies = {
        "nothing": b"",
        "only spaces": b"  \r\n",
        "a byte order mark": b"\xef\xbb\xbf" + valid,
        "UTF-16": valid.decode().encode("utf-16"),
        "GB18030": '{"name":"绍兴"}'.encode("gb18030"),
        "invalid UTF-8 in a string": b'{"name":"\xff\xfe"}',
        "an overlong slash": b'{"name":"\xc0\xaf"}',
        "a raw surrogate": b'{"name":"\xed\xa0\x80"}',
        "trailing garbage": valid + b"garbage",
        "two documents": valid + valid,
        "a cut document": valid[:-1],
        "a trailing comma": valid[:-1] + b",}",
        "single quotes": valid.replace(b'"', b"'"),
        "a comment": valid[:-1] + b"/* */}",
        "a raw NUL": b'{"name":"a\x00b"}',
        "a raw line feed in a string": b'{"name":"a\nb"}',
        "a duplicate key": twice,
        "a duplicate key deep inside": b'{"a":{"b":[{"c":1,"c":1}]}}',
        "NaN": b'{"amount":NaN}',
        "Infinity": b'{"amount":-Infinity}',
        "an escaped NUL": b'{"name":"a\\u0000b"}',
        "an escaped NUL in a key": b'{"na\\u0000me":"b"}',
        "a lone high surrogate": b'{"name":"\\ud800"}',
        "a lone low surrogate": b'{"name":"\\udc00x"}',
        "arrays nested 33 deep": b"[" * 33 + b"]" * 33,
        "arrays nested 10,000 deep": b"[" * 10_000 + b"]" * 10_000,
        "objects nested 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        "unclosed arrays, 1 MiB": b"[" * MEBIBYTE,
        "10,001 values": b"[" + b"0," * 10_000 + b"0]",
        "quotes and backslashes, 1 MiB": b'\\"' * (MEBIBYTE // 2),
        "a number of a million digits cut off": b'{"a":' + b"9" * 1_000_000,
        "a number with a leading zero": b'{"a":007}',
        "a plus sign": b'{"a":+1}',
        "a hexadecimal number": b'{"a":0x10}',
    }
    return (_case(name, body, 400, "unreadable") for name, body in bodies.items())


def _framed(target: Target) -> Iterator[RawCase]:
    valid = _dump(target.valid)
    long = b'{"name":"' + b"x" * (2 * MEBIBYTE) + b'"}'
    yield _case("2 MiB with its length", long, 413, "body_too_large")
    yield _case("2 MiB in chunks", long, 413, "body_too_large", framing="chunked")
    yield _case("1 MiB and one byte", b" " * (MEBIBYTE + 1), 413, "body_too_large")
    yield _case(
        "an announced 9 EiB", b"", 413, "body_too_large", framing="none", headers=(("Content-Length", "9" * 18),)
    )
    for kind in (
        None,
        "",
        "text/plain",
        "application/xml",
        "application/jsonp",
        "application/json; charset=gb18030",
        "x",
    ):
        yield _case(f"content type {kind!r}", valid, 415, "unsupported_media_type", content_type=kind)
    twice = (("Content-Type", "application/json"),)
    yield _case("two content types", valid, 415, "unsupported_media_type", headers=twice)
    for coding, body in (
        ("gzip", gzip.compress(valid)),
        ("gzip", gzip.compress(b" " * MEBIBYTE * 8)),
        ("identity", valid),
    ):
        more: dict[str, Any] = {"headers": (("Content-Encoding", coding),)}
        yield _case(f"encoding {coding}, {len(body)} bytes", body, 415, "unsupported_media_type", **more)


def _members(target: Target) -> Iterator[RawCase]:
    yield _case("an unknown field", _dump({**target.valid, "zzz": 1}), 422, "invalid_payload")
    yield _case("a field of a prototype", _dump({**target.valid, "__proto__": {"a": 1}}), 422, "invalid_payload")
    yield _case("an unknown float", _dump({**target.valid, "zzz": 0.5}), 422, "invalid_decimal")
    for name, body in {"null": b"null", "an array": b"[]", "a text": b'"a"', "true": b"true", "7": b"7"}.items():
        yield _case(f"the whole body is {name}", body, 422, "invalid_payload")
    yield _case("the whole body is 1e400", b"1e400", 422, "invalid_decimal")
    yield _case("the whole body is an empty object", b"{}", 422, "invalid_payload")


def _amounts(target: Target, steps: Steps) -> Iterator[RawCase]:
    numbers = ("1234.5", "1e3", "1E+999999999", "-0.0", "123456789012345678.91", "1E-400")
    for number in numbers:
        yield _case(f"the number {number} as amount", _with_raw(target, steps, number), 422, "invalid_decimal")
    yield _case("an integer as amount", _with_raw(target, steps, "1234"), 422, "invalid_decimal")
    yield _case("a long integer as amount", _with_raw(target, steps, "9" * 5000), 422, "invalid_integer")
    texts = (
        "1E+999999999", "1e3", "NaN", "Infinity", "-Infinity", "１２３", "١٢", "1_000", "1,000", " 1", "1 ", "1\n",
        "+1", "01", ".5", "5.", "", "-", "0x10", "1.2345678", "1" * 19, "1" * 100_000, "1.0.0", "1\u200b", "½", "−1",
    )  # fmt: skip
    for text in texts:
        yield _case(f"the text {text[:20]!a} as amount", _with(target, steps, text), 422, "invalid_decimal")
    others: tuple[object, ...] = (True, None, [], {}, ["1"])
    for other in others:
        yield _case(f"{other!r} as amount", _with(target, steps, other), 422, "invalid_payload", "invalid_decimal")


def _texts(target: Target, steps: Steps) -> Iterator[RawCase]:
    texts = ("", " a", "a ", "\u0007", "a\u200bb", "\u202egnp.exe", "a\u0000"[:1] + "\u0001", "x" * 100_000, "\ufeffa")
    for text in texts:
        yield _case(f"the text {text[:10]!a} as text", _with(target, steps, text), 422)
    others: tuple[object, ...] = (1, True, None, [], {})
    for other in others:
        yield _case(f"{other!r} as text", _with(target, steps, other), 422)


def _identifiers(target: Target, steps: Steps) -> Iterator[RawCase]:
    value: Any = target.valid
    for step in steps:
        value = value[step]
    digits = str(value)
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in digits)
    cyrillic = digits[:-1] + "\N{CYRILLIC CAPITAL LETTER HA}"
    for text in (
        wide,
        cyrillic,
        f" {digits}",
        f"{digits}\n",
        f"{digits}\u200b",
        digits[:-1],
        digits + "0" * 64,
        "",
        "'; --",
    ):
        yield _case(f"the text {text[:24]!a} as identifier", _with(target, steps, text), 422)
    yield _case("a number as identifier", _with_raw(target, steps, "330000"), 422)


def _integers(target: Target, steps: Steps) -> Iterator[RawCase]:
    for number in ("9007199254740992", "-9007199254740992", "9" * 400, "1" + "0" * 100_000):
        yield _case(f"the integer {number[:20]}", _with_raw(target, steps, number), 422, "invalid_integer")
    yield _case("36.0 as integer", _with_raw(target, steps, "36.0"), 422, "invalid_decimal")
    for value in ("36", True, None, "３６"):
        yield _case(f"{value!a} as integer", _with(target, steps, value), 422, "invalid_payload")


def _addresses(target: Target) -> Iterator[RawCase]:
    base = target.path.split("?")[0]
    valid = _dump(target.valid)
    for path in (
        "/nowhere",
        f"{base}/%ff%fe/x/y",
        f"{base}/%00/x/y",
        "/%2e%2e/%2e%2e/etc/passwd",
        f"{base}/../../x",
        "/%",
    ):
        yield _case(f"the path {path}", valid, 404, "not_found", path=path)
    yield _case("a wrong method", valid, 405, "method_not_allowed", method="DELETE", path=base)
    yield _case("an address of 9 KiB", valid, 414, "address_too_long", path=f"{base}?q={'x' * 9000}")
    more: dict[str, Any] = {"headers": (("X-Padding", "x" * 40_000),)}
    yield _case("headers of 40 kB", valid, 431, "headers_too_large", **more)
    yield _case("a strange host", valid, 400, "unreadable", host="a b")


def _queries(list_path: str) -> Iterator[RawCase]:
    for value in ("abc", "0", "-1", "201", "1.5", "1e2", "1_0", "%EF%BC%91", "99999999999999999999", "%00", "%ff", ""):
        path = f"{list_path}?limit={value}"
        yield _case(f"limit={value}", b"", 422, "invalid_query", method="GET", path=path, framing="none")


def _not_http() -> Iterator[RawCase]:
    heads = {
        "noise": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        "a NUL in the path": b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        "bytes above ASCII in the path": b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        "a negative length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n{}",
        "a length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a head that never ends": b"GET / HTTP/1.1\r\nX-Padding: " + b"x" * MEBIBYTE,
    }
    for name, head in heads.items():
        yield RawCase(name, frozenset({400, 404, 431}), head=head, language_known=False)


def _unauthorized(target: Target) -> Iterator[RawCase]:
    if "Authorization" not in target.headers:
        return
    valid = _dump(target.valid)
    yield _case("no token", valid, 401, "unauthenticated", authorized=False)
    yield _case("no token and no kind of body", b"", 401, "unauthenticated", authorized=False, content_type=None)
    good = target.headers["Authorization"]
    tokens = {
        "an empty header": "",
        "a scheme alone": "Bearer",
        "a scheme and a space": "Bearer ",
        "another scheme": "Basic YTpi",
        "three letters": "Bearer a.b.c",
        "a token of 9 kB": "Bearer " + "x" * 9000,
        "a longer token": good + "x",
        "another signature": good[:-4] + "AAAA",
    }
    for name, token in tokens.items():
        headers = (("Authorization", token),)
        yield _case(f"authorization by {name}", valid, 401, "unauthenticated", headers=headers)
    twice: dict[str, Any] = {"headers": (("Authorization", good), ("Authorization", good))}
    yield _case("two tokens", valid, 401, "unauthenticated", **twice)


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _with(target: Target, steps: Steps, value: object) -> bytes:
    return _with_raw(target, steps, json.dumps(value))


def _with_raw(target: Target, steps: Steps, raw: str) -> bytes:
    document = json.loads(json.dumps(target.valid))
    place = document
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = _HOLE
    return json.dumps(document, ensure_ascii=False).replace(json.dumps(_HOLE, ensure_ascii=False), raw).encode()


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
