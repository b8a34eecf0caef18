"""Raw uploads that no well-behaved client sends: forms that are broken, too large, or something else altogether.

The parts that an upload shares with every other request (tokens, addresses, heads) are `raw_cases`'s; here stands what
only a form can get wrong.

Source: contract section 1 (uploads: multipart, 20 MiB); RFC 7578.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.raw_cases import RawCase, Target

BOUNDARY: Final = "raw0boundary"
FORM: Final = f"multipart/form-data; boundary={BOUNDARY}"
UPLOADS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"/v1/market/imports": {"format": "csv", "source": "raw", "kind": "listed"}}
)
"""Every route that takes a form, and the fields that it takes beside the file."""

LIMIT_BYTES: Final = 20 << 20


def part(name: str, value: bytes, *more: str, file_name: str | None = None) -> bytes:
    """Return one part of a form."""
    named = "" if file_name is None else f'; filename="{file_name}"'
    head = [f'Content-Disposition: form-data; name="{name}"{named}', *more]
    return "\r\n".join(["", *head, "", ""]).encode() + value + b"\r\n"


def form(*parts: bytes, end: bytes = b"--\r\n") -> bytes:
    """Return a form of some parts."""
    mark = b"--" + BOUNDARY.encode()
    return b"".join(mark + each for each in parts) + mark + end


def upload_cases(target: Target) -> Iterator[RawCase]:
    """Yield the cases of an upload whose valid fields, without the file, are the target's."""
    fields = [part(name, str(value).encode()) for name, value in target.valid.items()]
    file = part("file", b"a,b\r\n", file_name="a.csv")
    yield from _kinds(form(*fields, file))
    yield from _too_much(fields)
    for name, body in _broken(fields, file).items():
        yield _case(name, body, 400, "unreadable")
    for name, body in _invalid(fields, file).items():
        yield _case(name, body, 422)


def _case(name: str, body: bytes, status: int, *codes: str, **more: Any) -> RawCase:  # noqa: ANN401 - members of RawCase
    more.setdefault("content_type", FORM)
    return RawCase(name, frozenset({status}), body, frozenset(codes), **more)


def _kinds(valid: bytes) -> Iterator[RawCase]:
    for kind in (None, "", "application/json", "text/csv", "multipart/mixed; boundary=x", "multipart/form-data, x"):
        yield _case(f"content type {kind!r}", valid, 415, "unsupported_media_type", content_type=kind)
    yield _case("a compressed form", valid, 415, "unsupported_media_type", headers=(("Content-Encoding", "gzip"),))
    yield _case("another character set", valid, 415, "unsupported_media_type", content_type=FORM + "; charset=gb18030")
    for boundary in (
        "",
        "; boundary=",
        "; boundary=" + "x" * 71,
        '; boundary="a b "',
        "; boundary=另",
        "; boundary=other",
    ):
        kind = ("multipart/form-data" + boundary).encode().decode("latin-1")
        yield _case(f"the boundary {boundary[:24]!a}", valid, 400, "unreadable", content_type=kind)


def _too_much(fields: list[bytes]) -> Iterator[RawCase]:
    headers = (("Content-Length", str(LIMIT_BYTES + 1)),)
    yield _case("an announced 20 MiB and one byte", b"", 413, "body_too_large", framing="none", headers=headers)
    big = form(*fields, part("file", b"x" * LIMIT_BYTES, file_name="a.csv"))
    yield _case("more than 20 MiB in chunks", big, 413, "body_too_large", framing="chunked")


def _broken(fields: list[bytes], file: bytes) -> dict[str, bytes]:
    valid = form(*fields, file)
    return {
        "nothing": b"",
        "a form without its end": valid[: -len(BOUNDARY) - 6],
        "a form cut in its head": valid[:40],
        "only line ends": b"\r\n" * 1000,
        "JSON": b'{"format":"csv"}',
        "bare line feeds": valid.replace(b"\r\n", b"\n"),
        "a field twice": form(*fields, fields[0], file),
        "two files": form(*fields, file, file),
        "a file in a field": form(part("format", b"csv", file_name="x"), file),
        "a field in place of the file": form(*fields, part("file", b"x")),
        "a part without a name": form(b"\r\nContent-Disposition: form-data\r\n\r\nx\r\n", file),
        "a part that is no form data": form(b'\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n', file),
        "a part without a head": form(b"\r\n\r\nx\r\n", file),
        "a name with a line feed": form(part("a%0Ab", b"x"), file),
        "a name of a prototype": form(part("__proto__", b"x"), file),
        "a name in Chinese": form(part("来源", b"x"), file),
        "a long field": form(*fields, part("venue", b"x" * 2000), file),
        "a field of no UTF-8": form(*fields, part("venue", b"\xff\xfe"), file),
        "an encoded part": form(*fields, part("file", b"YQ==", "Content-Transfer-Encoding: base64", file_name="a")),
        "a strange header of a part": form(*fields, part("file", b"x", "X-Evil: 1", file_name="a")),
        "a long header of a part": form(*fields, part("file", b"x", "Content-Type: " + "x" * 5000, file_name="a")),
        "many headers of a part": form(*fields, part("file", b"x", *["Content-Type: a"] * 9, file_name="a")),
        "a wrong length of a part": form(*fields, part("file", b"x", "Content-Length: 9", file_name="a")),
        "many parts": form(*(part(f"a{number}", b"x") for number in range(100)), file),
        "a part inside a part": form(*fields, part("file", b"x\r\n--" + BOUNDARY.encode() + b"x", file_name="a")),
    }


def _invalid(fields: list[bytes], file: bytes) -> dict[str, bytes]:
    return {
        "no file": form(*fields),
        "no part": form(),
        "no field": form(file),
        "an unknown field": form(*fields, part("zzz", b"1"), file),
        "an empty file name": form(*fields, part("file", b"x", file_name="")),
        "a file name with a control character": form(*fields, part("file", b"x", file_name="a\u202eb")),
        "a long file name": form(*fields, part("file", b"x", file_name="x" * 300)),
        "a field with a line feed": form(*fields, part("venue", b"a\nb"), file),
        "a field with a NUL": form(*fields, part("venue", b"a\x00b"), file),
        "a division of three digits": form(*fields, part("division", b"330"), file),
        "an amount with an exponent": form(*fields, part("term_years", b"1e9"), file),
    }
