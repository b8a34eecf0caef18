"""Uploads: a multipart form read from the socket as a stream, one file and a few short fields, and nothing else.

The subtle thing is what makes two uploads the same. Every client draws a fresh boundary for every attempt, so the bytes
of a retry differ from those of the first; what an idempotency key stands for is therefore what was sent, the fields,
the file's name and its digest, and not how it was wrapped.

Source: contract section 1 (uploads: multipart, 20 MiB); RFC 7578; RFC 2046 section 5.1.1 (boundaries).
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from litestar.types import HTTPScope, Receive
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from api.bodies import EdgeRequest, bounded_upload, keep_body
from api.refusals import Unreadable, UnreadableBody
from api.strict_json import Payload

PART_BYTES: Final = 1 << 20
PARTS_MAX: Final = 20
FIELD_BYTES_MAX: Final = 1024
HEADER_BYTES_MAX: Final = 1024
HEADERS_MAX: Final = 5
FILE: Final = "file"

_UPLOAD: Final = "greenlien_upload"

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_HEADERS: Final = frozenset({"Content-Disposition", "Content-Type", "Content-Length", "Content-Transfer-Encoding"})
_PLAIN_ENCODINGS: Final = frozenset({"7bit", "8bit", "binary"})


@dataclass(slots=True)
class Upload:
    """What an upload brought: its fields as text, and its file in parts of at most 1 MiB; none without one."""

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None
    parts: list[bytes] = field(default_factory=list)
    sha256: str = ""

    def payload(self) -> Payload:
        """Return the form as a body of plain values, the file by its name, for the model of the route to judge."""
        named: Mapping[str, object] = {} if self.file_name is None else {FILE: self.file_name}
        return Payload({**self.fields, **named})

    def identity(self) -> bytes:
        """Return what makes two uploads the same."""
        said = [self.fields, self.file_name, self.sha256]
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


async def read_upload(scope: HTTPScope, receive: Receive) -> None:
    """Read an upload and keep it for the route, whose model judges the fields and the file's name.

    Raises:
        UnsupportedMediaType: it is no multipart form, or compressed.
        BodyTooLarge: it is above 20 MiB.
        UnreadableBody: it is not well formed, a field comes twice or is long, or the client hung up.
    """
    bounded = bounded_upload(scope, receive)
    gathering = _Gathering()
    try:
        with _parser(scope) as parser:
            more = True
            while more:
                message = await bounded()
                if message["type"] != "http.request":
                    raise UnreadableBody.because(Unreadable.REQUEST)
                if message["body"]:
                    gathering.take(parser.parse(message["body"]))
                more = message.get("more_body", False)
    except MultipartError:
        raise _not_well_formed() from None
    upload = gathering.upload
    keep_body(scope, upload.identity(), upload.payload())
    scope["state"][_UPLOAD] = upload


def upload_of(request: EdgeRequest) -> Upload:
    """Return what was uploaded; asking on a route that takes no upload is our bug."""
    upload: Upload = request.scope["state"][_UPLOAD]
    return upload


def upload_if_any(request: EdgeRequest) -> Upload | None:
    """Return what was uploaded, none where the request brought JSON instead."""
    upload: Upload | None = request.scope["state"].get(_UPLOAD)
    return upload


class _Gathering:
    """Takes a parser's events, each part judged by its head before its bytes are taken."""

    def __init__(self) -> None:
        self.upload = Upload()
        self._name = ""
        self._is_file = False
        self._waiting = bytearray()
        self._digest = hashlib.sha256()

    def take(self, events: Iterable[MultipartSegment | bytes | bytearray | None]) -> None:
        for event in events:
            if event is None:
                self._end()
            elif isinstance(event, MultipartSegment):
                self._begin(event)
            else:
                self._bytes(event)

    def _begin(self, segment: MultipartSegment) -> None:
        self._name, self._is_file = segment.name or "", segment.filename is not None
        known = {FILE} if self.upload.file_name is not None else set()
        if _NAME.fullmatch(self._name) is None or self._name in self.upload.fields.keys() | known:
            raise _not_well_formed()
        if self._is_file != (self._name == FILE) or not {name for name, _ in segment.headerlist} <= _HEADERS:
            raise _not_well_formed()
        if segment.header("Content-Transfer-Encoding", "binary").lower() not in _PLAIN_ENCODINGS:
            raise _not_well_formed()
        if self._is_file:
            self.upload.file_name = segment.filename

    def _bytes(self, piece: bytes | bytearray) -> None:
        self._waiting += piece
        if not self._is_file and len(self._waiting) > FIELD_BYTES_MAX:
            raise _not_well_formed()
        while self._is_file and len(self._waiting) >= PART_BYTES:
            self._part(bytes(self._waiting[:PART_BYTES]))
            del self._waiting[:PART_BYTES]

    def _end(self) -> None:
        if self._is_file:
            if self._waiting:
                self._part(bytes(self._waiting))
            self.upload.sha256 = self._digest.hexdigest()
        else:
            try:
                self.upload.fields[self._name] = self._waiting.decode("utf-8")
            except UnicodeDecodeError:
                raise UnreadableBody.because(Unreadable.NOT_UTF8) from None
        self._waiting.clear()

    def _part(self, content: bytes) -> None:
        self._digest.update(content)
        self.upload.parts.append(content)


def _parser(scope: HTTPScope) -> PushMultipartParser:
    [kind] = [value for name, value in scope["headers"] if name == b"content-type"]
    _, options = parse_options_header(kind.decode("latin-1"))
    boundary = options.get("boundary", "")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise _not_well_formed()
    return PushMultipartParser(
        boundary, max_header_size=HEADER_BYTES_MAX, max_header_count=HEADERS_MAX, max_segment_count=PARTS_MAX
    )


def _not_well_formed() -> UnreadableBody:
    return UnreadableBody.because(Unreadable.MULTIPART)
