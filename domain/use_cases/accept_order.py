"""Accept an order: keep it before it is carried out, hold a second person's against the first's, and sign a receipt.

The receipt says what was ordered, by whom and by which key, what we answered, and where in the audit trail both stand;
with the checkpoint before, a bank that has only its receipts can show that we have rewritten the trail.

The subtle thing is the order of steps. The order is written first, where a twin with the same id has to wait and then
is refused; the audit's chain is sealed last, since whoever holds it must wait for nobody. A receipt is signed with the
chain held, which takes a tenth of a millisecond.

Source: contract section 2 (release, disposal: a second person); RFC 7515 section 7.1 (the receipt is a compact JWS).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.ports.audit_chain import AuditLeaf, Checkpoint
from domain.ports.signed_orders import KeptOrder, OrderReceipt, OrderReplayed, OrderUnsigned, SameKey
from domain.ports.unit_of_work import UnitOfWork
from domain.values.actors import Actor
from domain.values.time import rfc3339

RECEIPT: Final = "greenlien-receipt+jws"
"""The type in a receipt's header: it can pass for nothing else that is signed here."""

Sign = Callable[[Mapping[str, object]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswer:
    """What was answered to an order."""

    status: int
    sha256: str
    subject: str | None


async def accept_order(uow: UnitOfWork, order: KeptOrder) -> None:
    """Keep an order that was just verified, before it is carried out; raises OrderReplayed for a used id."""
    if not await uow.signed_orders.add(order):
        raise OrderReplayed(order.order_id)


async def require_second_key(uow: UnitOfWork, order: KeptOrder, path: str, subject: str, *, required: bool) -> None:
    """Return where the first person's order, at `path` and about `subject`, is signed by another client and key.

    `order` is the second person's. Where signatures may be left out (not `required`), the first one's may be missing.

    Raises:
        OrderUnsigned: the first person's was not signed.
        SameKey: both are by one key, or one client.
    """
    first = await uow.signed_orders.last_about(path, subject)
    if first is None:
        if required:
            raise OrderUnsigned
        return
    if first.thumbprint == order.thumbprint or first.client_id == order.client_id:
        raise SameKey


async def answer_order(
    uow: UnitOfWork, actor: Actor, order: KeptOrder, answer: OrderAnswer, sign: Sign, now: datetime
) -> OrderReceipt:
    """Write the order into the audit trail, sign the receipt and keep it; send it last of a transaction."""
    said = {
        "route": order.route,
        "target": order.target,
        "key_thumbprint": order.thumbprint,
        **_digests(order),
        "status": answer.status,
        "answer_sha256": answer.sha256,
    }
    entry = await uow.audit.write(actor, "order.answered", order.order_id, said, (order.tenant,), now)
    checkpoint = await uow.audit_chains.latest_checkpoint(order.tenant)
    await uow.audit_chains.seal()
    leaf = await uow.audit_chains.leaf_of(entry, order.tenant)
    assert leaf is not None, entry
    receipt = OrderReceipt(
        order_id=order.order_id,
        tenant=order.tenant,
        status=answer.status,
        answer_sha256=answer.sha256,
        subject=answer.subject,
        audit_entry=entry,
        issued_at=now,
        jws=sign({**receipt_statement(order, answer), "audit": _leaf(entry, leaf), **_issued(checkpoint, now)}),
    )
    await uow.signed_orders.add_receipt(receipt)
    return receipt


def receipt_statement(order: KeptOrder, answer: OrderAnswer) -> dict[str, object]:
    """Return what a receipt says of an order and its answer; the audit's leaf and the checkpoint come beside it."""
    return {
        "order_id": order.order_id,
        "tenant": order.tenant,
        "client": order.client_id,
        "method": order.method,
        "target": order.target,
        "route": order.route,
        "key_thumbprint": order.thumbprint,
        "signed_at": rfc3339(order.signed_at),
        "received_at": rfc3339(order.received_at),
        **_digests(order),
        "answer": {"status": answer.status, "sha256": answer.sha256},
    }


def _digests(order: KeptOrder) -> dict[str, object]:
    return {
        "body_sha256": hashlib.sha256(order.body).hexdigest(),
        "signature_sha256": hashlib.sha256(order.signature.encode("ascii")).hexdigest(),
    }


def _leaf(entry: str, leaf: AuditLeaf) -> dict[str, object]:
    told = {"algorithm": "sha256", "chain": leaf.chain, "sequence": leaf.sequence, "leaf": leaf.hash.hex()}
    return {**told, "entry": entry}


def _issued(checkpoint: Checkpoint | None, now: datetime) -> dict[str, object]:
    told = checkpoint and {
        "sequence": checkpoint.sequence,
        "head": checkpoint.head.hex(),
        "tree_root": checkpoint.tree_root.hex(),
        "issued_at": rfc3339(checkpoint.issued_at),
    }
    return {"checkpoint": told, "issued_at": rfc3339(now)}
