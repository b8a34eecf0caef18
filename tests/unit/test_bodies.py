"""Bodies: read only as far as they are wanted, and whoever hangs up is not waited for."""

from collections.abc import Iterable
from typing import Any, cast

import pytest
from litestar.types import HTTPScope, Receive

from api.bodies import FORM_BYTES_MAX, UPLOAD_BYTES_MAX, EdgeRequest, bounded_upload, read_form_body, read_json_body
from api.refusals import BodyTooLarge, UnreadableBody, UnsupportedMediaType
from api.strict_json import BODY_BYTES_MAX

pytestmark = pytest.mark.anyio

JSON = (b"content-type", b"application/json")
MULTIPART = (b"content-type", b"multipart/form-data; boundary=x")


class Sender:
    """Sends these pieces and counts how many were asked for; after the last it hangs up."""

    def __init__(self, pieces: Iterable[bytes], *, ends: bool = True) -> None:
        self.messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
        ]
        if ends:
            self.messages[-1]["more_body"] = False
        self.asked = 0

    async def __call__(self) -> Any:  # noqa: ANN401 - an ASGI message
        self.asked += 1
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}


def scope(*headers: tuple[bytes, bytes]) -> HTTPScope:
    return cast("HTTPScope", {"type": "http", "headers": list(headers), "state": {}})


def receiving(sender: Sender) -> Receive:
    return cast("Receive", sender)


async def test_a_body_in_pieces_is_put_together_and_kept_byte_for_byte() -> None:
    asked = scope(JSON)

    await read_json_body(asked, receiving(Sender([b'{"a": ', b"1", b" }"])))

    request = EdgeRequest(asked)
    assert await request.body() == b'{"a": 1 }'
    assert (await request.json()).value == {"a": 1}


async def test_a_stream_that_brings_too_much_is_left() -> None:
    sender = Sender([b" " * 65_536] * 1000)

    with pytest.raises(BodyTooLarge):
        await read_json_body(scope(JSON), receiving(sender))

    assert sender.asked == BODY_BYTES_MAX // 65_536 + 1


@pytest.mark.parametrize("length", [str(BODY_BYTES_MAX + 1).encode(), b"9" * 5000])
async def test_an_announced_length_above_the_limit_is_refused_unread(length: bytes) -> None:
    sender = Sender([b"{}"])

    with pytest.raises(BodyTooLarge):
        await read_json_body(scope(JSON, (b"content-length", length)), receiving(sender))

    assert sender.asked == 0


async def test_a_wrong_kind_is_refused_unread() -> None:
    sender = Sender([b"{}"])

    with pytest.raises(UnsupportedMediaType):
        await read_json_body(scope((b"content-type", b"text/plain")), receiving(sender))

    assert sender.asked == 0


async def test_whoever_hangs_up_in_the_middle_is_not_waited_for() -> None:
    with pytest.raises(UnreadableBody):
        await read_json_body(scope(JSON), receiving(Sender([b'{"a":'], ends=False)))


async def test_a_form_is_small() -> None:
    asked = scope()
    await read_form_body(asked, receiving(Sender([b"a=1"])))
    assert await EdgeRequest(asked).body() == b"a=1"

    with pytest.raises(BodyTooLarge):
        await read_form_body(scope(), receiving(Sender([b"x" * (FORM_BYTES_MAX + 1)])))


async def test_an_upload_flows_until_it_is_too_much() -> None:
    sender = Sender([b"x" * (1 << 20)] * 30)
    receive = bounded_upload(scope(MULTIPART), receiving(sender))

    for _ in range(UPLOAD_BYTES_MAX >> 20):
        await receive()

    with pytest.raises(BodyTooLarge):
        await receive()


async def test_an_upload_that_hangs_up_says_so() -> None:
    receive = bounded_upload(scope(MULTIPART), receiving(Sender([b"x"], ends=False)))

    await receive()
    assert (await receive())["type"] == "http.disconnect"


async def test_an_upload_announced_too_large_or_of_another_kind_is_refused_unread() -> None:
    sender = Sender([b"x"])

    with pytest.raises(BodyTooLarge):
        bounded_upload(scope(MULTIPART, (b"content-length", str(UPLOAD_BYTES_MAX + 1).encode())), receiving(sender))
    with pytest.raises(UnsupportedMediaType):
        bounded_upload(scope(JSON), receiving(sender))
    assert sender.asked == 0


async def test_a_route_without_a_body_sees_none() -> None:
    assert await EdgeRequest(scope()).body() == b""
