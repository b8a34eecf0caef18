"""Verify a kept order without us: what was ordered, by which key, for whom, and that we answered for it.

Two signatures bear an order. The client's covers its body, method, address, time and id; ours, the receipt, says which
client the key was registered to, and what we answered. Whoever has the published keys checks both; without them, only
the first is shown, and whose key it is stands on the file's word alone.

The subtle thing is that nothing in the file may be left uncovered, or one could be changed unseen: so the file has one
spelling, and every member is held against one of the signatures.

Source: RFC 7515 appendix F, RFC 7638.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.ports.certificates import SealBroken
from domain.ports.order_signatures import OrderSignatureInvalid, OrderSignatures
from domain.ports.tokens import PublicKey
from domain.values.canonical_json import canonical_json
from domain.values.thumbprints import thumbprint_of
from domain.values.time import rfc3339

FORMAT: Final = "greenlien-order-1"
MEMBERS: Final = frozenset(
    {
        "format",
        "order_id",
        "tenant",
        "client",
        "method",
        "target",
        "route",
        "signed_at",
        "received_at",
        "body",
        "signature",
        "key",
        "key_thumbprint",
        "status",
        "receipt",
    }
)
STATED: Final = (
    "order_id",
    "tenant",
    "client",
    "method",
    "target",
    "route",
    "signed_at",
    "received_at",
    "key_thumbprint",
)
"""What the file and the receipt must say alike."""

ReadReceipt = Callable[[str, Sequence[PublicKey]], Mapping[str, object]]


class OrderNotGenuine(Exception):
    """Say in both languages why a file is no order that was given and answered like this."""

    def __init__(self, zh: str, en: str) -> None:
        """Take the words."""
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class VerifiedOrder:
    """What a file says that is true; `receipt` is none where our keys were not at hand."""

    told: Mapping[str, Any]
    body: bytes
    receipt: Mapping[str, Any] | None


def verify_order(
    file: bytes, signatures: OrderSignatures, read_receipt: ReadReceipt, keys: Sequence[PublicKey] | None
) -> VerifiedOrder:
    """Return what a file of an order says, every byte of it verified; of the receipt only with `keys`.

    Raises:
        OrderNotGenuine: it says something that nobody signed.
    """
    told = _read(file)
    body = _bytes(told["body"])
    try:
        order = signatures.verify(told["signature"], body, [told["key"]])
    except OrderSignatureInvalid as refusal:
        raise OrderNotGenuine(
            "签名不是该密钥对这份正文所作的。", f"the signature is not the key's over this body ({refusal.reason})"
        ) from None
    signed = {
        "order_id": order.order_id,
        "method": order.method,
        "target": order.target,
        "signed_at": rfc3339(order.signed_at),
        "key_thumbprint": thumbprint_of(told["key"]),
    }
    _require_alike(told, signed, "客户的签名", "the client's signature")
    if keys is None:
        return VerifiedOrder(told, body, None)
    receipt = verify_receipt(told["receipt"], read_receipt, keys)
    _require_alike(told, {name: receipt.get(name) for name in STATED}, "回执", "the receipt")
    answer = receipt.get("answer")
    stated = {
        "body": hashlib.sha256(body).hexdigest(),
        "signature": hashlib.sha256(told["signature"].encode("ascii")).hexdigest(),
        "status": told["status"],
    }
    found = {
        "body": receipt.get("body_sha256"),
        "signature": receipt.get("signature_sha256"),
        "status": answer.get("status") if isinstance(answer, dict) else None,
    }
    _require_alike(stated, found, "回执", "the receipt")
    return VerifiedOrder(told, body, receipt)


def verify_receipt(jws: str, read_receipt: ReadReceipt, keys: Sequence[PublicKey]) -> Mapping[str, Any]:
    """Return what a receipt of ours says; raises OrderNotGenuine where it is none."""
    try:
        return read_receipt(jws, keys)
    except SealBroken as broken:
        raise OrderNotGenuine(
            "回执不是由所给公钥签署的。", f"the receipt is not of these keys ({broken.reason})"
        ) from None


def require_answer(receipt: Mapping[str, Any], answer: bytes) -> None:
    """Return where an answer is the one that a receipt speaks of; a line feed at its end may have been added."""
    found = {hashlib.sha256(each).hexdigest() for each in (answer, answer.removesuffix(b"\n"))}
    if receipt["answer"]["sha256"] not in found:
        raise OrderNotGenuine("答复不是回执所述的答复。", "the answer is not the one that the receipt speaks of")


def _read(file: bytes) -> Mapping[str, Any]:
    written = file.removesuffix(b"\n")
    try:
        found = json.loads(written)
        told: dict[str, Any] = found if isinstance(found, dict) else {}
        spelled = canonical_json(told)
    except (ValueError, TypeError, RecursionError):
        raise OrderNotGenuine("文件不是 JSON。", "the file is not JSON") from None
    if spelled != written:
        raise OrderNotGenuine("文件的写法不是原样。", "the file is not spelled as it was given out")
    texts = MEMBERS - {"key", "status"}
    if told.keys() != MEMBERS or told["format"] != FORMAT or not isinstance(told["key"], dict):
        raise OrderNotGenuine("文件不是指令。", "the file is not an order")
    if not all(isinstance(told[name], str) for name in texts):
        raise OrderNotGenuine("文件不是指令。", "the file is not an order")
    return told


def _bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = None
    if raw is None or base64.b64encode(raw).decode("ascii") != text:
        raise OrderNotGenuine("正文不是原样的 base64。", "the body is not base64 as it was given out")
    return raw


def _require_alike(told: Mapping[str, object], other: Mapping[str, object], zh: str, en: str) -> None:
    for name, value in other.items():
        if told[name] != value:
            raise OrderNotGenuine(f"{name} 与{zh}所述不符。", f"{name} is not what {en} says")
