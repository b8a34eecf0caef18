"""Routes of webhooks (contract section 7).

The subtle thing is the secret: it is told once, in the answer that made it, and that answer is kept under the client's
idempotency key for thirty days. So what is kept is the sealed secret, and whoever gets the answer, first or replayed,
gets it opened on the way out.
"""

import json
from typing import Any, Final

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from api.answers.webhooks import delivery_answer, webhook_answer
from api.bodies import EdgeRequest
from api.documents import PROBLEMS, documented
from api.house import EdgeUnitOfWork, House, house_of, known_id
from api.idempotency import Answer, command, encoded, if_match, key_of, replied, versioned
from api.pages_of import LIMIT, Limit, Text, cursor_of, page_answer, word_of
from api.permissions import needs
from api.schemas.pledges import Empty
from api.schemas.queries import asked
from api.schemas.webhooks import (
    DeliveryPage,
    DeliveryReply,
    SecretRotationRequest,
    WebhookChangeRequest,
    WebhookPage,
    WebhookReply,
    WebhookRequest,
    WebhookWithSecretReply,
)
from domain.ports.webhook_sending import WebhookUrlRefused
from domain.ports.webhooks import DeliveryState, Webhook
from domain.use_cases import keep_webhooks
from domain.use_cases.keep_webhooks import Keyed, WebhookChange, find_webhook, shared_owner, written_secret

PATH: Final = "/v1/webhooks"
ONE: Final = PATH + "/{webhook_id:str}"
MANAGE: Final = "webhook:manage"
KIND: Final = "webhook"
SECRET: Final = "secret"  # noqa: S105 - the name of a member


def _without_body() -> dict[str, Any]:
    """Return the description of a route whose success says nothing."""
    described = documented(WebhookReply, 204, PROBLEMS)
    del described["responses"][204], described["response_headers"]
    return described


@post(PATH, opt=needs(MANAGE), **documented(WebhookWithSecretReply, 201, PROBLEMS))
async def post_webhook(request: EdgeRequest, data: JSONBody[WebhookRequest]) -> Response[bytes]:
    """Register an endpoint; its address is resolved and judged, and again at every connection."""
    house, actor = house_of(request), request.caller.actor
    key_of(request)
    refusal = await _refusal(house, data.url)
    wanted = WebhookChange(url=data.url, event_types=data.event_types, description=data.description)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        if refusal is not None:
            raise refusal
        keyed = await keep_webhooks.create_webhook(
            uow, actor, wanted, data.secret, house.secrets, house.webhooks, house.now()
        )
        return await _with_secret(uow, house, keyed, 201)

    return _opened(request, await command(request, act))


@get(PATH, opt=needs(MANAGE, body="none"), **documented(WebhookPage, 200, PROBLEMS))
async def list_webhooks(request: EdgeRequest, limit: Limit = LIMIT, cursor: Text = None) -> Response[bytes]:
    """List the tenant's endpoints, oldest first."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        webhooks = await uow.webhooks.page(cursor_of(cursor), limit + 1)
        items = [await _told(uow, house, webhook) for webhook in webhooks]
    return replied(page_answer(items, limit))


@get(ONE, opt=needs(MANAGE, body="none"), **documented(WebhookReply, 200, PROBLEMS))
async def get_webhook(request: EdgeRequest, webhook_id: FromPath[str]) -> Response[bytes]:
    """Read an endpoint and its public keys."""
    house = house_of(request)
    async with house.open(request.caller.actor) as uow:
        webhook = await find_webhook(uow, known_id(webhook_id, KIND))
        told = await _told(uow, house, webhook)
    return replied(Answer(200, told, versioned(webhook.version)))


@patch(ONE, opt=needs(MANAGE), **documented(WebhookReply, 200, PROBLEMS))
async def patch_webhook(
    request: EdgeRequest, webhook_id: FromPath[str], data: JSONBody[WebhookChangeRequest]
) -> Response[bytes]:
    """Change an endpoint's address, types or description, or switch it on or off."""
    house, seen, wanted_id = house_of(request), if_match(request), known_id(webhook_id, KIND)
    wanted = WebhookChange(
        url=data.url, event_types=data.event_types, description=data.description, enabled=data.enabled
    )
    async with house.open(request.caller.actor) as uow:
        await find_webhook(uow, wanted_id)
    if data.url is not None and (refusal := await _refusal(house, data.url)) is not None:
        raise refusal
    async with house.open(request.caller.actor) as uow:
        webhook = await keep_webhooks.change_webhook(uow, request.caller.actor, wanted_id, wanted, seen, house.now())
        told = await _told(uow, house, webhook)
        await uow.commit()
    return replied(Answer(200, told, versioned(webhook.version)))


@delete(ONE, opt=needs(MANAGE, body="none"), **_without_body())
async def delete_webhook(request: EdgeRequest, webhook_id: FromPath[str]) -> None:
    """Delete an endpoint and its keys; nothing is sent to it any more."""
    house, seen, wanted_id = house_of(request), if_match(request), known_id(webhook_id, KIND)
    async with house.open(request.caller.actor) as uow:
        await keep_webhooks.delete_webhook(uow, request.caller.actor, wanted_id, seen, house.now())
        await uow.commit()


@post(ONE + "/rotate-secret", opt=needs(MANAGE), **documented(WebhookWithSecretReply, 200, PROBLEMS))
async def rotate_secret(
    request: EdgeRequest, webhook_id: FromPath[str], data: JSONBody[SecretRotationRequest]
) -> Response[bytes]:
    """Give an endpoint new keys; the former ones sign beside them for three days at least."""
    house, seen, wanted_id = house_of(request), if_match(request), known_id(webhook_id, KIND)

    async def act(uow: EdgeUnitOfWork) -> Answer:
        keyed = await keep_webhooks.rotate_secret(
            uow,
            request.caller.actor,
            wanted_id,
            keep_webhooks.NewSecret(data.secret, data.overlap_hours),
            seen,
            house.secrets,
            house.webhooks,
            house.now(),
        )
        return await _with_secret(uow, house, keyed, 200)

    return _opened(request, await command(request, act))


@get(ONE + "/deliveries", opt=needs(MANAGE, body="none"), **documented(DeliveryPage, 200, PROBLEMS))
async def list_deliveries(
    request: EdgeRequest,
    webhook_id: FromPath[str],
    status: Text = None,
    limit: Limit = LIMIT,
    cursor: Text = None,
) -> Response[bytes]:
    """List what became of each event for an endpoint, the newest first."""
    wanted = asked("status", status, word_of(DeliveryState))
    async with house_of(request).open(request.caller.actor) as uow:
        webhook = await find_webhook(uow, known_id(webhook_id, KIND))
        found = await uow.deliveries.page(webhook.id, wanted, cursor_of(cursor), limit + 1)
    return replied(page_answer([delivery_answer(each) for each in found], limit))


@post(ONE + "/deliveries/{delivery_id:str}/replay", opt=needs(MANAGE), **documented(DeliveryReply, 202, PROBLEMS))
async def replay_delivery(
    request: EdgeRequest,
    webhook_id: FromPath[str],
    delivery_id: FromPath[str],
    data: JSONBody[Empty],  # noqa: ARG001 - `{}` is demanded and checked, and then says nothing
) -> Response[bytes]:
    """Send a delivery again that was delivered or given up, under the same message id."""
    house = house_of(request)
    wanted_id, delivery = known_id(webhook_id, KIND), known_id(delivery_id, "delivery")

    async def act(uow: EdgeUnitOfWork) -> Answer:
        replayed = await keep_webhooks.replay_delivery(uow, request.caller.actor, wanted_id, delivery, house.now())
        return Answer(202, delivery_answer(replayed))

    return await command(request, act)


async def _refusal(house: House, url: str) -> WebhookUrlRefused | None:
    """Judge an address with no transaction open; a replayed command is answered whatever a name resolves to by now."""
    try:
        await house.webhooks.require_allowed(url)
    except WebhookUrlRefused as refusal:
        return refusal
    return None


async def _told(uow: EdgeUnitOfWork, house: House, webhook: Webhook) -> dict[str, object]:
    return webhook_answer(webhook, await uow.webhooks.keys(webhook.id), house.now())


async def _with_secret(uow: EdgeUnitOfWork, house: House, keyed: Keyed, status: int) -> Answer:
    """Return an endpoint with its newest secret as it is kept: sealed, and with the row that it was sealed for."""
    told = await _told(uow, house, keyed.webhook)
    sealed = {"sealed": keyed.key.sealed_shared, "owner": list(shared_owner(keyed.key))}
    return Answer(status, {**told, SECRET: sealed}, versioned(keyed.webhook.version))


def _opened(request: EdgeRequest, answer: Response[bytes]) -> Response[bytes]:
    """Open the secret in an answer that has one."""
    told = json.loads(answer.content)
    kept = told.get(SECRET)
    if isinstance(kept, dict):
        opened = house_of(request).secrets.open(kept["sealed"], tuple(kept["owner"]))
        answer.content = encoded({**told, SECRET: written_secret(opened)})
    return answer
