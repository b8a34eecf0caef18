"""Bodies of signed orders and their receipts."""

from typing import Any, Literal

from api.schemas.wire import InstantReply, ReplyModel


class OrderReply(ReplyModel):
    """A signed order with its signature, key and receipt, in canonical JSON: keep the bytes, `verify-order` reads them.

    `body` is the body as received, in base64; `key` the public key as registered then; `receipt` what we signed.
    """

    format: Literal["greenlien-order-1"]
    order_id: str
    tenant: str
    client: str
    method: str
    target: str
    route: str
    signed_at: InstantReply
    received_at: InstantReply
    body: str
    signature: str
    key: dict[str, Any]
    key_thumbprint: str
    status: int
    receipt: str


class OrderLine(ReplyModel):
    """An order in a list; `subject` is the id of the thing that its answer told."""

    id: str
    client: str
    route: str
    target: str
    key_thumbprint: str
    received_at: InstantReply
    status: int
    subject: str | None


class OrderPage(ReplyModel):
    """A page of orders, oldest first."""

    items: list[OrderLine]
    next_cursor: str | None


class ReceiptReply(ReplyModel):
    """The receipt of an order, a compact JWS by the house's signing key."""

    order_id: str
    receipt: str
