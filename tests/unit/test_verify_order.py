"""A kept order read without us: one bit anywhere, another key, another answer, and it is none."""

import argparse
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from api.answers.orders import order_answer
from api.commands import orders as command
from api.commands.orders import NOT_GENUINE, USAGE
from domain.ports.signed_orders import KeptOrder, OrderReceipt
from domain.use_cases.accept_order import RECEIPT, OrderAnswer, receipt_statement
from domain.use_cases.verify_order import OrderNotGenuine, VerifiedOrder, require_answer, verify_order
from domain.values.canonical_json import canonical_json
from integrations.identity.keys import SigningKey
from integrations.identity.order_signatures import JoseOrderSignatures, sign_order
from integrations.identity.seals import HouseSeal, read_sealed
from tests.unit.forged_tokens import CLIENT_KEY, NOW, OTHER_KEY, SERVER_KEY

BODY: Final = '{"reason": "claim_extinguished", "说明": "还清"}'.encode()
TARGET: Final = "https://greenlien.example/v1/pledges/pledge_1/release"
ANSWER: Final = b'{"id":"pledge_1","status":"active"}'
KEYS: Final = [SERVER_KEY.public_jwk]


def an_order(key: SigningKey = CLIENT_KEY, **different: Any) -> KeptOrder:  # noqa: ANN401 - whatever an order holds
    signature = sign_order(key, BODY, method="POST", target=TARGET, now=NOW, order_id="ord_0123456789abcdef")
    order = KeptOrder(
        order_id="ord_0123456789abcdef",
        tenant="bank-a",
        client_id="bank-a.officer",
        method="POST",
        target=TARGET,
        path="/v1/pledges/pledge_1/release",
        route="POST /v1/pledges/{pledge_id}/release",
        body=BODY,
        signature=signature,
        public_jwk=key.public_jwk,
        thumbprint=key.key_id,
        signed_at=NOW,
        received_at=NOW + timedelta(seconds=1),
    )
    return replace(order, **different)


def a_file(order: KeptOrder, seal: SigningKey = SERVER_KEY, kind: str = RECEIPT, **stated: object) -> bytes:
    answer = OrderAnswer(status=202, sha256=hashlib.sha256(ANSWER).hexdigest(), subject="pledge_1")
    audit = {"algorithm": "sha256", "chain": order.tenant, "entry": "audit_1", "leaf": "00" * 32, "sequence": 7}
    statement = {**receipt_statement(order, answer), "audit": audit, "checkpoint": None, "issued_at": "x", **stated}
    receipt = OrderReceipt(
        order_id=order.order_id,
        tenant=order.tenant,
        status=answer.status,
        answer_sha256=answer.sha256,
        subject=answer.subject,
        audit_entry="audit_1",
        issued_at=order.received_at,
        jws=HouseSeal(seal).sign(statement, kind),
    )
    return canonical_json(order_answer(order, receipt))


def read(file: bytes, keys: list[dict[str, object]] | None = KEYS) -> VerifiedOrder:
    return verify_order(file, JoseOrderSignatures(), partial(read_sealed, kind=RECEIPT), keys)


def changed(file: bytes, **different: object) -> bytes:
    return canonical_json({**json.loads(file), **different})


def test_a_file_says_what_was_ordered_and_what_we_answered() -> None:
    found = read(a_file(an_order()))

    assert (found.body, found.told["client"], found.told["target"]) == (BODY, "bank-a.officer", TARGET)
    assert found.receipt is not None
    assert found.receipt["answer"]["status"] == 202
    require_answer(found.receipt, ANSWER)
    require_answer(found.receipt, ANSWER + b"\n")
    with pytest.raises(OrderNotGenuine):
        require_answer(found.receipt, ANSWER + b" ")


def test_one_bit_anywhere_in_the_file_is_found(rounds: Callable[[int, int], int]) -> None:
    file = a_file(an_order())
    for place in range(len(file)):
        for bit in range(8)[: rounds(1, 8)]:
            other = bytearray(file)
            other[place] ^= 1 << (bit + place) % 8
            with pytest.raises(OrderNotGenuine):
                read(bytes(other))


def test_what_neither_signature_covers_may_not_stand_in_the_file() -> None:
    file = a_file(an_order())
    for name in json.loads(file):
        rest = {key: value for key, value in json.loads(file).items() if key != name}
        with pytest.raises(OrderNotGenuine):
            read(canonical_json(rest))
    wrong: tuple[dict[str, object], ...] = (
        {"note": "x"},
        {"format": "greenlien-order-2"},
        {"body": None},
        {"key": "x"},
        {"key": {}},
    )
    for different in wrong:
        with pytest.raises(OrderNotGenuine):
            read(changed(file, **different))


@pytest.mark.parametrize(
    "different",
    [{"client_id": "bank-a.approver"}, {"tenant": "bank-b"}, {"route": "POST /x"}, {"received_at": NOW}],
    ids=str,
)
def test_what_only_we_say_is_what_the_receipt_says(different: dict[str, Any]) -> None:
    file, other = a_file(an_order()), a_file(an_order(**different))
    mixed = changed(other, receipt=json.loads(file)["receipt"], signature=json.loads(file)["signature"])

    with pytest.raises(OrderNotGenuine):
        read(mixed)


@pytest.mark.parametrize(
    "different",
    [
        {"order_id": "ord_fedcba9876543210"},
        {"method": "PUT"},
        {"target": TARGET + "/approve"},
        {"signed_at": NOW + timedelta(seconds=1)},
        {"thumbprint": OTHER_KEY.key_id},
        {"public_jwk": OTHER_KEY.public_jwk},
        {"public_jwk": {**OTHER_KEY.public_jwk, "kid": CLIENT_KEY.key_id}, "thumbprint": OTHER_KEY.key_id},
        {"body": BODY + b" "},
    ],
    ids=lambda different: next(iter(different)),
)
def test_we_cannot_say_of_a_client_what_it_did_not_sign(different: dict[str, Any]) -> None:
    """The file and the receipt agree, as we could let them; the client's signature does not."""
    with pytest.raises(OrderNotGenuine):
        read(a_file(an_order(**different)))


def test_a_receipt_is_ours_and_of_this_order() -> None:
    for file in (
        a_file(an_order(), seal=OTHER_KEY),
        a_file(an_order(), kind="greenlien-certificate+jws"),
        a_file(an_order(), kind="at+jwt"),
        a_file(an_order(), body_sha256="00" * 32),
        a_file(an_order(), signature_sha256="00" * 32),
        a_file(an_order(), answer={"status": 201, "sha256": "00" * 32}),
        a_file(an_order(), answer=None),
        changed(a_file(an_order()), status=201),
    ):
        with pytest.raises(OrderNotGenuine):
            read(file)


def test_without_our_keys_only_the_clients_signature_is_shown() -> None:
    assert read(a_file(an_order(), seal=OTHER_KEY), None).receipt is None
    with pytest.raises(OrderNotGenuine):
        read(a_file(an_order(body=b"{}")), None)


def test_another_spelling_is_not_what_was_given_out() -> None:
    file = a_file(an_order())

    assert read(file + b"\n").body == BODY
    for other in (json.dumps(json.loads(file)).encode(), b" " + file, file + b"\n\n", b"[" * 100_000, b"1", b""):
        with pytest.raises(OrderNotGenuine):
            read(other)


def test_the_command_says_in_two_languages_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order, jwks = tmp_path / "order", tmp_path / "jwks"
    order.write_bytes(changed(a_file(an_order()), client="bank-a.approver"))
    jwks.write_text(json.dumps({"keys": KEYS}))

    assert _run(order, jwks) == NOT_GENUINE
    said = capsys.readouterr().err
    assert "client 与回执所述不符" in said
    assert "client is not what the receipt says" in said
    assert _run(tmp_path / "absent", jwks) == USAGE
    assert _run(order, tmp_path / "absent") == USAGE
    assert _run(order, None, answer=order) == USAGE


def test_a_receipt_kept_elsewhere_must_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order, jwks, receipt = tmp_path / "order", tmp_path / "jwks", tmp_path / "receipt"
    order.write_bytes(a_file(an_order()))
    jwks.write_text(json.dumps({"keys": KEYS}))
    receipt.write_text(json.loads(order.read_bytes())["receipt"] + "\n")
    assert _run(order, jwks, receipt=receipt) == 0

    receipt.write_text(json.loads(a_file(an_order(), answer={"status": 409, "sha256": "00"}))["receipt"])
    assert _run(order, jwks, receipt=receipt) == NOT_GENUINE
    assert "another than the file's" in capsys.readouterr().err


def _run(file: Path, jwks: Path | None, receipt: Path | None = None, answer: Path | None = None) -> int:
    return command.verify(argparse.Namespace(file=file, jwks=jwks, receipt=receipt, answer=answer))
