"""What the later parts of the product brought, one of each: clients, batches, compensations, orders, endpoints, calls.

Like everything in `world` these are the first bank's, its clients' too. A third bank shares a pledge with it and offers
it a claim, because of what a bank is only a participant of, or is only offered, the second one must not hear either.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.jobs.webhooks import deliver_webhook
from api.permissions import scopes_of
from domain.ports.order_signatures import HEADER
from domain.values.actors import Actor, Role
from domain.values.identifiers import Uscc
from integrations.database.provisioning import NewClient, register
from integrations.identity.keys import generate_key
from integrations.identity.order_signatures import sign_order
from tests.builders import HOLDER
from tests.fakes.edge_app import ISSUER
from tests.integration.business import Business, a_loan_body, a_pledge_body, quantity, yuan
from tests.integration.raw_doors import APPROVER, AUTHORITY, DOORS, ENTERPRISE, OFFICER
from tests.integration.test_exceptions import a_release, queue, silent

Things = Mapping[str, Mapping[str, str]]

THIRD_USCC: Final = Uscc("91330000DEM000900R")
THIRD_OFFICER, THIRD_APPROVER = (
    Actor(client_id=f"bank-c.{place}", tenant="bank-c", role=role, uscc=THIRD_USCC, division=None)
    for place, role in (("officer", Role.BANK_OFFICER), ("approver", Role.BANK_APPROVER))
)
SECURITY: Final = Actor(
    client_id="platform.security", tenant="greenlien", role=Role.PLATFORM_SECURITY, uscc=None, division=None
)


def administered(business: Business) -> Things:
    """Put forward a client of the first bank's."""
    wanted = {**DOORS["/v1/clients"].valid("", "", ""), "id": "raw.officer", "tenant": "bank-a", "role": "bank_officer"}
    del wanted["person"]
    client = _posted(business, SECURITY, "/v1/clients", wanted)
    return {
        "client": {"client_id": str(client["id"])},
        "client key": {"client_id": str(client["id"]), "thumbprint": str(client["keys"][0]["thumbprint"])},
    }


def imported_and_compensated(business: Business) -> Things:
    """Put a batch of old pledges forward, and report what an insurer paid."""
    right, loan = business.verified(), business.loan()
    pledge = business.active({right: "10"}, [loan])
    told = {}
    for path in ("/v1/pledges/imports", "/v1/pledges/{pledge}/compensations"):
        body = DOORS[path].valid(right, loan, pledge)
        told[path] = str(business.post(OFFICER, path.format(pledge=pledge), body, 201)["id"])
    return {
        "batch": {"batch_id": told["/v1/pledges/imports"]},
        "compensation": {"pledge_id": pledge, "compensation_id": told["/v1/pledges/{pledge}/compensations"]},
    }


def called(business: Business) -> Things:
    """Let a release go silent until a person is called."""
    pledge = a_release(business)
    silent(business, pledge)
    (exception,) = queue(business, pledge, OFFICER)
    return {"exception": {"exception_id": str(exception["id"])}}


def ordered(business: Business) -> Things:
    """Let the first bank draft a pledge by a signed order."""
    key, order_key = generate_key(), generate_key()
    client = NewClient(OFFICER, "bank-a", "bank_officer", dict(key.public_jwk), dict(order_key.public_jwk))
    asyncio.run(register(business.database.owner_url, [], [client]))
    order_id = f"ord_{secrets.token_hex(16)}"
    body = json.dumps(a_pledge_body({business.verified(): "1"})).encode()
    signature = sign_order(
        order_key, body, method="POST", target=f"{ISSUER}/v1/pledges", now=business.clock(), order_id=order_id
    )
    headers = {
        "Authorization": business.authorization(OFFICER),
        "Content-Type": "application/json",
        "Idempotency-Key": secrets.token_hex(16),
        HEADER: signature,
    }
    answer = business._http.post(f"{business.base_url}/v1/pledges", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return {"order": {"order_id": order_id}}


def told_by_webhook(business: Business) -> Things:
    """Let the first bank listen where nobody answers, and let something happen."""
    body = {"url": "http://127.0.0.1:9/in", "event_types": ["*"]}
    webhook = str(business.post(OFFICER, "/v1/webhooks", body, 201)["id"])
    pledge = business.draft({business.verified(): "1"})
    business.act(ENTERPRISE, pledge, "submit")

    async def deliver() -> None:
        async with business.worker_house() as house:
            await deliver_webhook(house, webhook)
            await house.webhooks.aclose()  # type: ignore[attr-defined]  # the sender that the business was given

    asyncio.run(deliver())
    delivery = business.get(OFFICER, f"/v1/webhooks/{webhook}/deliveries")["items"][0]["id"]
    return {"webhook": {"webhook_id": webhook}, "delivery": {"webhook_id": webhook, "delivery_id": str(delivery)}}


def with_a_third_bank(business: Business) -> Things:
    """Let the third bank share a pledge with the first, and offer it a claim of its own."""
    business.consent(ENTERPRISE, HOLDER, "bank-c")
    half = {"numerator": 1, "denominator": 2}
    syndicate = {"agent_share": half, "participants": [{"bank": "bank-a", "share": half}]}
    shared = _drafted(business, pledgee="bank-c", syndicate=syndicate)
    business.act(APPROVER, shared, "syndicate/accept")
    loan = str(_posted(business, THIRD_OFFICER, "/v1/loans", a_loan_body())["id"])
    event = DOORS["/v1/loans/{loan}/events"].valid("", "", "")
    right = business.verified()
    pledge = _drafted(business, right, [loan], pledgee="bank-c")
    business.act(ENTERPRISE, pledge, "submit")
    verified = {"items": [{"right_id": right, "quantity": quantity("10")}]}
    business.act(AUTHORITY, pledge, "verify-quantities", verified)
    lending = {"amount": yuan("40000.00"), "rate": "0.0345"}
    _posted(business, THIRD_APPROVER, f"/v1/pledges/{pledge}/approve-loan", lending, 200)
    business.act(ENTERPRISE, pledge, "confirm", expected=202)
    business.work()
    _posted(business, THIRD_OFFICER, f"/v1/loans/{loan}/events", {**event, "principal": yuan("40000.00")})
    terms = {"kind": "transfer_of_claim", "transferee": "bank-a"}
    offer = _posted(business, THIRD_OFFICER, f"/v1/pledges/{pledge}/amendments", terms)
    return {"shared": {"pledge_id": shared}, "offer": {"pledge_id": pledge, "amendment_id": str(offer["id"])}}


def _drafted(business: Business, right: str = "", loans: Sequence[str] = (), **different: object) -> str:
    return business.draft({right or business.verified(): "10"}, loans, **different)


def _posted(business: Business, actor: Actor, path: str, body: object, expected: int = 201) -> Any:  # noqa: ANN401 - any JSON answer
    """Send a command as an actor that `Business` has no client of."""
    token = business.tokens.issue_access_token(actor, scopes_of(actor.role), business.clock()).token
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(16)}
    answer = business._http.post(business.base_url + path, json=body, headers=headers)
    assert answer.status_code == expected, answer.text
    return answer.json()
