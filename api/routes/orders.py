"""Routes of signed orders: what a tenant's clients have ordered, as files that verify without us, and our receipts.

An order is its tenant's alone, also where another is party to the thing it was about.
"""

import re
from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from api.answers.orders import order_answer, order_line
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import house_of
from api.idempotency import Answer, replied, response_of
from api.pages_of import LIMIT, Limit, Text, page_answer
from api.permissions import needs
from api.schemas.orders import OrderPage, OrderReply, ReceiptReply
from api.schemas.queries import asked
from domain.errors import InvalidIdentifier
from domain.ports.signed_orders import KeptOrder, OrderReceipt
from domain.rights.authorizations import NotFound
from domain.values.canonical_json import canonical_json

ONE: Final = "/v1/orders/{order_id:str}"

_ORDER_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,128}", re.ASCII)


@get("/v1/orders", opt=needs("order:read", body="none"), **documented(OrderPage, 200, PROBLEMS))
async def list_orders(request: EdgeRequest, limit: Limit = LIMIT, cursor: Text = None) -> Response[bytes]:
    """List the tenant's signed orders, oldest first."""
    after = asked("cursor", cursor, _cursor)
    async with house_of(request).open(request.caller.actor) as uow:
        found = await uow.signed_orders.page(after, limit + 1)
    return replied(page_answer([order_line(*each) for each in found], limit))


@get(ONE, opt=needs("order:read", body="none"), **documented(OrderReply, 200, PROBLEMS))
async def get_order(request: EdgeRequest, order_id: FromPath[str]) -> Response[bytes]:
    """Read an order with its signature, its key and its receipt; the bytes are what `verify-order` verifies."""
    return response_of((200, {}, canonical_json(order_answer(*await _found(request, order_id)))))


@get(ONE + "/receipt", opt=needs("order:read", body="none"), **documented(ReceiptReply, 200, PROBLEMS))
async def get_receipt(request: EdgeRequest, order_id: FromPath[str]) -> Response[bytes]:
    """Read an order's receipt alone; the answer to the order bore the same in its header `Receipt`."""
    _, receipt = await _found(request, order_id)
    return replied(Answer(200, {"order_id": receipt.order_id, "receipt": receipt.jws}))


async def _found(request: EdgeRequest, order_id: str) -> tuple[KeptOrder, OrderReceipt]:
    if _ORDER_ID.fullmatch(order_id) is None:
        raise NotFound("order")
    async with house_of(request).open(request.caller.actor) as uow:
        found = await uow.signed_orders.find(order_id)
    if found is None:
        raise NotFound("order")
    return found


def _cursor(text: str) -> str:
    if _ORDER_ID.fullmatch(text) is None:
        raise InvalidIdentifier(
            what="cursor",
            value=text,
            reason_zh="应为上一页返回的游标。",
            reason_en="the cursor that the page before returned",
        )
    return text
