"""How signed orders are told: as a file that anybody can verify, in the one spelling of canonical JSON."""

import base64
from collections.abc import Mapping

from domain.ports.signed_orders import KeptOrder, OrderReceipt
from domain.use_cases.verify_order import FORMAT
from domain.values.time import rfc3339


def order_answer(order: KeptOrder, receipt: OrderReceipt) -> Mapping[str, object]:
    """Return an order with everything that it takes to verify it without us."""
    return {
        "format": FORMAT,
        "order_id": order.order_id,
        "tenant": order.tenant,
        "client": order.client_id,
        "method": order.method,
        "target": order.target,
        "route": order.route,
        "signed_at": rfc3339(order.signed_at),
        "received_at": rfc3339(order.received_at),
        "body": base64.b64encode(order.body).decode("ascii"),
        "signature": order.signature,
        "key": dict(order.public_jwk),
        "key_thumbprint": order.thumbprint,
        "status": receipt.status,
        "receipt": receipt.jws,
    }


def order_line(order: KeptOrder, receipt: OrderReceipt) -> dict[str, object]:
    """Return an order as a list tells it."""
    return {
        "id": order.order_id,
        "client": order.client_id,
        "route": order.route,
        "target": order.target,
        "key_thumbprint": order.thumbprint,
        "received_at": rfc3339(order.received_at),
        "status": receipt.status,
        "subject": receipt.subject,
    }
