"""Signed orders at the door and around a command: verified before a body is judged, kept and answered with a receipt.

A route says in its `opt` that it takes orders (`api.permissions.orders`). Where the server takes bearer tokens, a
signature may be left out, as the token's proof may; one that is there is verified all the same.

The subtle thing is that a retry is signed anew. A signature is good for a minute, an idempotency key for thirty days:
so the same order under the same key is asked for its id, not for its signature's bytes, and gets its kept answer with
the receipt of the first time.

Source: contract section 1 (precedence: what is not signed is 403, before the payload's 422) and section 2.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog
from litestar.types import HTTPScope

from api.bodies import EdgeRequest
from api.house import EdgeUnitOfWork, House, SentAnswer
from api.permissions import SECONDS
from domain.ports.identity import ClientKey
from domain.ports.order_signatures import HEADER, OrderSignatureInvalid, SignedOrder
from domain.ports.signed_orders import KeptOrder, OrderSignatureRequired
from domain.use_cases.accept_order import RECEIPT, OrderAnswer, accept_order, answer_order, require_second_key
from domain.values.actors import Actor

RECEIPT_HEADER: Final = "Receipt"

_HEADER: Final = HEADER.lower().encode("ascii")
_PRESENTED: Final = "greenlien_order"

log: Final = structlog.get_logger("greenlien.api")


@dataclass(frozen=True, slots=True)
class Presented:
    """A verified order, the key it was signed by, and whether this server wants every order signed."""

    order: SignedOrder
    key: ClientKey
    required: bool


class OrderDesk:
    """Verifies orders at the door; one for each process."""

    __slots__ = ("_house", "_issuer", "_now", "_required")

    def __init__(self, house: Callable[[], House], *, issuer: str, now: Callable[[], datetime], required: bool) -> None:
        """Take where the house is to be had, the origin that orders must name, and whether each must be signed."""
        self._house = house
        self._issuer = issuer
        self._now = now
        self._required = required

    async def present(self, scope: HTTPScope, actor: Actor, body: bytes) -> None:
        """Verify the signature that came with an order, and leave it for `presented`.

        Raises:
            OrderSignatureRequired: there is none, and every order is to be signed.
            OrderSignatureInvalid: several, or not this client's, by an order key in force, over this very request.
        """
        sent = [value for name, value in scope["headers"] if name == _HEADER]
        if not sent:
            if self._required:
                raise OrderSignatureRequired
            return
        try:
            scope["state"][_PRESENTED] = await self._verified(scope, actor, body, sent)
        except OrderSignatureInvalid as refusal:
            told = {"client_id": actor.client_id, "request_id": scope["state"].get("request_id")}
            log.warning("order_signature_refused", reason=refusal.reason, **told)
            raise

    async def _verified(self, scope: HTTPScope, actor: Actor, body: bytes, sent: Sequence[bytes]) -> Presented:
        if len(sent) > 1:
            raise OrderSignatureInvalid("several signatures")
        house, now = self._house(), self._now()
        signature = sent[0].decode("latin-1")
        signatures = house.order_signatures
        signatures.require_meant_for(signatures.claimed(signature), scope["method"], self._target(scope), now)
        async with house.open(actor) as uow:
            keys = await uow.client_register.order_keys(actor.client_id, now)
        by_id = {key.key_id: key for key in keys}
        order = signatures.verify(signature, body, [{**key.public_jwk, "kid": key.key_id} for key in keys])
        return Presented(order, by_id[order.key_id], self._required)

    def _target(self, scope: HTTPScope) -> str:
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        return self._issuer + path + (f"?{query}" if query else "")


def presented(request: EdgeRequest) -> Presented | None:
    """Return the order that was verified at the door, none where nothing was signed."""
    found: Presented | None = request.scope["state"].get(_PRESENTED)
    return found


def order_id_of(request: EdgeRequest) -> str | None:
    """Return the id of the order, none where nothing was signed."""
    found = presented(request)
    return None if found is None else found.order.order_id


async def keep_order(request: EdgeRequest, uow: EdgeUnitOfWork, now: datetime) -> KeptOrder | None:
    """Write the order that was presented, before it is carried out; none where nothing was signed.

    Raises OrderReplayed where its id was used.
    """
    found = presented(request)
    if found is None:
        return None
    order = KeptOrder(
        order_id=found.order.order_id,
        tenant=request.caller.tenant,
        client_id=request.caller.client_id,
        method=found.order.method,
        target=found.order.target,
        path=request.scope["path"],
        route=f"{request.method} {request.scope['path_template']}",
        body=await request.body(),
        signature=found.order.signature,
        public_jwk={**found.key.public_jwk, "kid": found.key.key_id},
        thumbprint=found.key.thumbprint,
        signed_at=found.order.signed_at,
        received_at=now,
    )
    await accept_order(uow, order)
    return order


async def hold_against_first(
    request: EdgeRequest, uow: EdgeUnitOfWork, order: KeptOrder | None, answered: object
) -> None:
    """Return where a second person's route was reached by another key than the first person's order.

    Raises:
        OrderUnsigned, SameKey: as they say; only where this server wants every order signed, or this one is.
    """
    found = presented(request)
    first: str | None = request.route_handler.opt.get(SECONDS)
    if first is None or found is None or order is None:
        return
    path = first.format_map(request.scope["path_params"])
    await require_second_key(uow, order, path, subject_of(answered) or "", required=found.required)


async def with_receipt(
    request: EdgeRequest, uow: EdgeUnitOfWork, order: KeptOrder | None, sent: SentAnswer, subject: str | None
) -> SentAnswer:
    """Return the answer with a signed receipt on it; as it is where nothing was signed."""
    if order is None:
        return sent
    house = request.app.state.house
    status, headers, body = sent
    answer = OrderAnswer(status=status, sha256=hashlib.sha256(body).hexdigest(), subject=subject)
    sign = partial(house.signer.sign, kind=RECEIPT)
    receipt = await answer_order(uow, request.caller.actor, order, answer, sign, house.now())
    return status, {**headers, RECEIPT_HEADER: receipt.jws}, body


def subject_of(answered: object) -> str | None:
    """Return the id of the thing that an answer tells, none where it has none."""
    told: Mapping[str, Any] = answered if isinstance(answered, Mapping) else {}
    found = told.get("id")
    return found if isinstance(found, str) else None
