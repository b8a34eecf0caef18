"""Signatures of webhooks, against a second implementation, and what a receiver's wish to wait may say."""

import base64
import random
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Oracle

from domain.ports.webhook_sending import SigningSecrets, WebhookMessage
from integrations.webhooks.sender import read_retry_after
from integrations.webhooks.signatures import headers_of, public_key_of
from tests.builders import NOW
from tests.fakes.webhook_receiver import Received, verify_private, verify_shared


def a_message(*keys: SigningSecrets, body: bytes = b'{"a":1}', message_id: str = "evt_1") -> WebhookMessage:
    """Return a message signed with some pairs."""
    return WebhookMessage(url="", id=message_id, body=body, at=NOW, keys=keys)


def test_every_shared_signature_is_that_of_the_second_implementation() -> None:
    draws = random.Random(1)
    for _ in range(200):
        secret, body = draws.randbytes(draws.randint(24, 64)), f'{{"x":"{draws.random()}租"}}'.encode()
        message = a_message(SigningSecrets(secret, bytes(32)), body=body)
        expected = Oracle("whsec_" + base64.b64encode(secret).decode()).sign("evt_1", NOW, body.decode())
        assert headers_of(message)["webhook-signature"].split(" ")[0] == expected


def test_during_a_rotation_each_live_pair_signs_in_both_ways() -> None:
    pairs = SigningSecrets(b"n" * 32, b"N" * 32), SigningSecrets(b"o" * 32, b"O" * 32)
    message = a_message(*pairs)
    told = headers_of(message)
    received = Received("/", told, message.body, 200)
    assert [each.split(",")[0] for each in told["webhook-signature"].split(" ")] == ["v1", "v1", "v1a", "v1a"]
    for pair in pairs:
        assert verify_shared("whsec_" + base64.b64encode(pair.shared).decode(), received)
        assert verify_private(public_key_of(pair.seed), received)
    assert not verify_shared("whsec_" + base64.b64encode(b"x" * 32).decode(), received)
    assert not verify_private(public_key_of(b"x" * 32), received)


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "body"])
def test_a_signature_holds_for_its_own_id_second_and_bytes_alone(part: str) -> None:
    pair = SigningSecrets(b"n" * 32, b"N" * 32)
    message = a_message(pair)
    told = dict(headers_of(message))
    body = message.body + b" " if part == "body" else message.body
    if part != "body":
        told[part] += "1"
    received = Received("/", told, body, 200)
    assert not verify_shared("whsec_" + base64.b64encode(pair.shared).decode(), received)
    assert not verify_private(public_key_of(pair.seed), received)


@pytest.mark.parametrize("message_id", ["evt.1", "evt_１"])
def test_an_id_that_could_be_mistaken_for_more_is_not_signed(message_id: str) -> None:
    with pytest.raises(ValueError, match="evt"):
        headers_of(a_message(message_id=message_id))


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        (None, None),
        ("0", timedelta()),
        ("120", timedelta(minutes=2)),
        (" 120 ", timedelta(minutes=2)),
        ("Sat, 21 Nov 2026 02:10:00 GMT", timedelta(minutes=10)),
        ("Sat, 21 Nov 2026 01:00:00 GMT", timedelta()),
        ("-5", None),
        ("1e9", None),
        ("١٢", None),
        ("9" * 400, None),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_a_receiver_says_how_long_to_wait_in_seconds_or_by_a_date(text: str | None, wait: timedelta | None) -> None:
    assert read_retry_after(text, datetime(2026, 11, 21, 2, tzinfo=UTC)) == wait
