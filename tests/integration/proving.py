"""The business behind a server that takes no plain bearer tokens, and clients that prove everything.

Tokens and proofs live by the real clock, the business by its own that stands still; the server is reached at another
address than its issuer's, as behind a proxy.
"""

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from api.app import make_app
from api.commands.signing_client import SigningClient
from integrations import system_clock
from integrations.database.engine import make_engine
from integrations.database.provisioning import NewClient, register
from integrations.identity.keys import SigningKey, generate_key
from tests.builders import NOW
from tests.database_session import Database
from tests.fakes.edge_app import ISSUER, served
from tests.integration.business import _CLIENTS, Business, _house, _Opened, open_for_business

PROXY_SECRET = b"0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class ProvingBusiness(Business):
    """The same stories, each request with a bound token and a proof of its own."""

    keys: Mapping[str, SigningKey] = field(default_factory=dict)
    order_keys: Mapping[str, SigningKey] = field(default_factory=dict)
    _clients: dict[str, SigningClient] = field(default_factory=dict)

    def client(self, client: str) -> SigningClient:
        """Return a client that proves itself; the same one each time."""
        if client not in self._clients:
            http = httpx.Client(base_url=self.base_url, trust_env=False, timeout=30)
            self._clients[client] = SigningClient(client, self.keys[client], self.order_keys[client], http)
        return self._clients[client]

    def call(self, client: str, method: str, path: str, body: object = None, key: str | None = None) -> tuple[int, Any]:
        """Send a request as a client and return the status and the body."""
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        answer = self.client(client).request(method, path, sent, order=method == "POST", idempotency_key=key)
        return answer.status_code, answer.json()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()
        for client in self._clients.values():
            client.http.close()


@contextmanager
def open_with_proofs(database: Database) -> Iterator[ProvingBusiness]:
    """Serve the product without bearer tokens, every client registered with a key for tokens and one for orders."""
    with open_for_business(database) as business:
        keys = {client: generate_key() for client in _CLIENTS}
        order_keys = {client: generate_key() for client in _CLIENTS}
        new = [
            NewClient(client, tenant, role.value, dict(keys[client].public_jwk), dict(order_keys[client].public_jwk))
            for client, (tenant, role, _, _) in _CLIENTS.items()
        ]
        asyncio.run(register(database.owner_url, [], new))
        with another_worker(business) as base_url:
            proving = ProvingBusiness(
                base_url, database, business.registry, business.tokens, keys=keys, order_keys=order_keys
            )
            try:
                yield proving
            finally:
                proving.close()


@contextmanager
def another_worker(business: Business) -> Iterator[str]:
    """Serve the same database from another application, as a second process would, and yield its address."""
    house = _house(make_engine(business.database.app_url, pool_size=4), business.registry, lambda: NOW)
    app = make_app(
        _Opened(house),
        business.tokens,
        ISSUER,
        clock=system_clock.now,
        allow_bearer=False,
        proxy_secret=PROXY_SECRET,
    )
    app.state.house = house
    with served(app) as base_url:
        yield base_url


def fresh_key() -> str:
    """Return an idempotency key."""
    return secrets.token_hex(16)
