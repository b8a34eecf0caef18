"""What the stories of signed orders share: requests with any signature on them, and what is kept of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from api.app import make_app
from api.orders import RECEIPT_HEADER
from domain.ports.order_signatures import HEADER
from domain.use_cases.accept_order import RECEIPT
from integrations import system_clock
from integrations.database.engine import make_engine
from integrations.identity.keys import SigningKey
from integrations.identity.order_signatures import sign_order
from integrations.identity.seals import read_sealed
from tests.builders import NOW
from tests.fakes.edge_app import ISSUER, served
from tests.integration.business import SIGNING_KEY, Business, _house, _Opened
from tests.integration.proving import ProvingBusiness, fresh_key

FIRM: Final = "enterprise.shaoxing"
PLEDGES: Final = "/v1/pledges"
TARGET: Final = ISSUER + PLEDGES


def send(
    business: ProvingBusiness,
    path: str,
    body: bytes,
    *signatures: str,
    client: str = FIRM,
    key: str | None = None,
) -> httpx.Response:
    """Send a proven request with these signatures on it, good or bad."""
    speaker = business.client(client)
    token = speaker.token()
    proof = speaker.proof("POST", ISSUER + path.partition("?")[0], token)
    headers = [
        ("Authorization", f"DPoP {token}"),
        ("DPoP", proof),
        ("Content-Type", "application/json"),
        ("Idempotency-Key", key or fresh_key()),
        *((HEADER, signature) for signature in signatures),
    ]
    return httpx.post(business.base_url + path, content=body, headers=headers, trust_env=False)


def signed(business: ProvingBusiness, body: bytes, client: str = FIRM, **different: Any) -> str:  # noqa: ANN401 - whatever a signature says
    meant = {"method": "POST", "target": TARGET, "now": system_clock.now(), **different}
    key: SigningKey = meant.pop("key", business.order_keys[client])
    return sign_order(key, body, **meant)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def drafts(business: ProvingBusiness) -> int:
    [(count,)] = business.sql("select count(*) from pledges")
    return int(count)


def receipt_of(answer: httpx.Response) -> dict[str, Any]:
    return dict(read_sealed(answer.headers[RECEIPT_HEADER], [SIGNING_KEY.public_jwk], RECEIPT))


def kept(business: ProvingBusiness, order_id: str, client: str = FIRM) -> httpx.Response:
    return business.client(client).request("GET", f"/v1/orders/{order_id}")


@contextmanager
def bearing(business: ProvingBusiness) -> Iterator[Business]:
    """Serve the same database from a server that takes bearer tokens."""
    house = _house(make_engine(business.database.app_url, pool_size=2), business.registry, lambda: NOW)
    app = make_app(_Opened(house), business.tokens, ISSUER, clock=lambda: NOW, allow_bearer=True)
    app.state.house = house
    with served(app) as base_url:
        bearer = Business(base_url, business.database, business.registry, business.tokens)
        yield bearer
        bearer._http.close()


def bear(business: Business, body: bytes, signature: str) -> httpx.Response:
    headers = {
        "Authorization": business.authorization(FIRM),
        "Content-Type": "application/json",
        "Idempotency-Key": fresh_key(),
        HEADER: signature,
    }
    return httpx.post(business.base_url + PLEDGES, content=body, headers=headers, trust_env=False)
