"""Uploads: taken in pieces of any size, bounded, and the same however they are wrapped."""

from collections.abc import Iterable
from typing import Any, cast

import pytest
from litestar.types import HTTPScope, Receive

from api.bodies import EdgeRequest
from api.refusals import BodyTooLarge, UnreadableBody, UnsupportedMediaType
from api.uploads import PART_BYTES, Upload, read_upload, upload_of
from tests.raw_uploads import BOUNDARY, FORM, form, part
from tests.unit.test_bodies import Sender

pytestmark = pytest.mark.anyio

FIELDS = (part("format", b"csv"), part("source", "绍兴".encode()))


def scope(kind: str = FORM) -> HTTPScope:
    return cast("HTTPScope", {"type": "http", "headers": [(b"content-type", kind.encode())], "state": {}})


async def received(pieces: Iterable[bytes], kind: str = FORM, **more: Any) -> EdgeRequest:  # noqa: ANN401 - the sender's
    asked = scope(kind)
    await read_upload(asked, cast("Receive", Sender(pieces, **more)))
    return EdgeRequest(asked)


async def uploaded(pieces: Iterable[bytes], **more: Any) -> Upload:  # noqa: ANN401 - the sender's
    return upload_of(await received(pieces, **more))


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
async def test_a_form_may_come_in_pieces_of_any_size(size: int) -> None:
    content = bytes(range(256)) * 4 + b"\r\n--" + BOUNDARY[:-1].encode()
    body = form(*FIELDS, part("file", content, "Content-Type: text/csv", file_name="成交.csv"))

    upload = await uploaded([body[start : start + size] for start in range(0, len(body), size)])

    assert upload.fields == {"format": "csv", "source": "绍兴"}
    assert (upload.file_name, b"".join(upload.parts)) == ("成交.csv", content)


async def test_a_file_is_kept_in_parts_of_one_mebibyte() -> None:
    content = b"x" * (2 * PART_BYTES + 5)

    upload = await uploaded([form(*FIELDS, part("file", content, file_name="a"))])

    assert [len(each) for each in upload.parts] == [PART_BYTES, PART_BYTES, 5]


async def test_an_empty_file_is_a_file() -> None:
    upload = await uploaded([form(*FIELDS, part("file", b"", file_name="a"))])

    assert (upload.file_name, upload.parts, len(upload.sha256)) == ("a", [], 64)


async def test_two_uploads_are_the_same_by_what_they_say_and_not_by_how_they_are_wrapped() -> None:
    file = part("file", b"x", file_name="a")
    first = await received([form(*FIELDS, file)])
    other_order = form(file, *reversed(FIELDS)).replace(BOUNDARY.encode(), b"another")
    second = await received([other_order], "multipart/form-data; boundary=another")
    changed = await received([form(*FIELDS, part("file", b"y", file_name="a"))])
    renamed = await received([form(*FIELDS, part("file", b"x", file_name="b"))])

    assert await first.body() == await second.body()
    assert len({await each.body() for each in (first, changed, renamed)}) == 3


async def test_what_follows_the_end_of_a_form_is_passed_over() -> None:
    body = form(*FIELDS, part("file", b"x", file_name="a"), end=b"--")

    assert (await uploaded([body, b"\r\n"])).file_name == "a"


async def test_a_stream_that_brings_too_much_is_left() -> None:
    head = b"--" + BOUNDARY.encode() + part("file", b"", file_name="a")[:-2]
    sender = Sender([head, *[b"x" * (1 << 20)] * 40])

    with pytest.raises(BodyTooLarge):
        await read_upload(scope(), cast("Receive", sender))

    assert sender.asked < 25


async def test_whoever_hangs_up_in_the_middle_is_not_waited_for() -> None:
    with pytest.raises(UnreadableBody):
        await received([form(*FIELDS)[:20]], ends=False)


async def test_another_kind_is_refused_unread() -> None:
    sender = Sender([b"{}"])

    with pytest.raises(UnsupportedMediaType):
        await read_upload(scope("application/json"), cast("Receive", sender))

    assert sender.asked == 0
