"""A small application behind the real edge, served over real HTTP.

One route takes everything, one lists, one reads, and two fail.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import uvicorn
from litestar import Litestar, get, post
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from api.bodies import EdgeRequest
from api.client_certificates import ClientCertificates
from api.edge import assemble, edge_config
from api.http_protocol import SERVER_OPTIONS
from api.permissions import needs
from api.routes.health import health_routes
from api.routes.identity import identity_routes
from api.schemas.queries import LIMIT_DEFAULT, PageLimit, asked
from api.schemas.wire import (
    Choice,
    DateString,
    DivisionString,
    Items,
    MoneyBody,
    NameString,
    PermitNoString,
    PriceBody,
    QuantityBody,
    ReplyModel,
    UsccString,
    WireModel,
    id_string,
)
from domain.errors import DomainError
from domain.values.actors import Actor, Role
from domain.values.identifiers import parse_division
from domain.values.pollutants import Pollutant
from integrations.identity.keys import SigningKey, generate_key
from integrations.identity.tokens import JoseTokens
from tests.fakes.identity import MemoryGate, MemoryIdentity

ISSUER: Final = "http://127.0.0.1:8300"
START_SECONDS_MAX: Final = 10.0

VALID_BODY: Final[dict[str, Any]] = {
    "borrower_uscc": "91130200699229617X",
    "permit_no": "91130200699229617X001P",
    "division": "330600",
    "name": "绍兴某印染有限公司",
    "principal": {"amount": "1234.56", "currency": "CNY"},
    "items": [{"amount": "10.230000", "unit": "t/a"}],
    "price": {"amount": "6000", "currency": "CNY", "per_unit": "t/a", "per_period": "year"},
    "pollutant": "SO2",
    "start": "2026-11-21",
    "months": 36,
}


class EverythingBody(WireModel):
    """One of each."""

    borrower_uscc: UsccString
    permit_no: PermitNoString
    division: DivisionString
    name: NameString
    principal: MoneyBody
    items: Items[QuantityBody]
    price: PriceBody
    pollutant: Choice[Pollutant]
    start: DateString
    months: int
    right_id: Annotated[str, id_string("right")] | None = None


class EverythingReply(ReplyModel):
    """What was understood, and of whom."""

    client_id: str
    principal: MoneyBody
    items: Items[QuantityBody]
    name: str


class BrokenReply(Exception):
    """A failure of ours, with a secret in its text."""


@dataclass(eq=False)
class Unworded(DomainError):
    """A refusal that nobody wrote words for."""

    code = "unworded"


@dataclass
class EdgeApp:
    """The application and what is behind it."""

    key: SigningKey = field(default_factory=generate_key)
    identity: MemoryIdentity = field(default_factory=MemoryIdentity)
    allow_bearer: bool = True
    proxy_secret: bytes | None = None
    ready: bool = True
    called: int = 0

    @property
    def tokens(self) -> JoseTokens:
        """Return what signs and verifies."""
        return JoseTokens(issuer=ISSUER, audience=ISSUER, signing_key=self.key)

    def authorization(self, role: Role = Role.BANK_OFFICER, scopes: frozenset[str] | None = None) -> dict[str, str]:
        """Return the header of somebody in this role."""
        actor = Actor(client_id=f"bank-a.{role}", tenant="bank-a", role=role, uscc=None, division=None)
        granted = frozenset({"pledge:create", "pledge:read"}) if scopes is None else scopes
        token = self.tokens.issue_access_token(actor, granted, datetime.now(UTC)).token
        return {"Authorization": f"Bearer {token}"}

    def litestar(self) -> Litestar:
        """Return the assembled application."""
        certificates = ClientCertificates(self.proxy_secret)
        config = edge_config(
            self.tokens,
            issuer=ISSUER,
            now=lambda: datetime.now(UTC),
            allow_bearer=self.allow_bearer,
            gate=MemoryGate(self.identity),
            certificates=certificates,
        )
        config.route_handlers = [
            *self._routes(),
            *identity_routes(
                self.tokens,
                issuer=ISSUER,
                now=lambda: datetime.now(UTC),
                proof_required=not self.allow_bearer,
                certificates=certificates,
            ),
            *health_routes(self._checks),
        ]
        config.dependencies = {"uow": Provide(self._unit_of_work)}
        return assemble(config)

    async def _checks(self) -> dict[str, bool]:
        return {"database": self.ready}

    async def _unit_of_work(self) -> AsyncIterator[MemoryIdentity]:
        yield self.identity

    def _routes(self) -> list[HTTPRouteHandler]:
        @post("/v1/everything", opt=needs("pledge:create"))
        async def everything(request: EdgeRequest, data: JSONBody[EverythingBody]) -> EverythingReply:
            self.called += 1
            return EverythingReply(
                client_id=request.caller.client_id, principal=data.principal, items=data.items, name=data.name
            )

        @get("/v1/everything", opt=needs("pledge:read", body="none"))
        async def many(
            limit: FromQuery[PageLimit] = LIMIT_DEFAULT, division: FromQuery[str | None] = None
        ) -> dict[str, int]:
            asked("division", division, parse_division)
            return {"limit": limit}

        @get("/v1/everything/{thing_id:str}", opt=needs("pledge:read", body="none"))
        async def one(thing_id: FromPath[str]) -> dict[str, str]:
            return {"id": thing_id}

        @get("/v1/broken", opt=needs("pledge:read", body="none"))
        async def broken() -> None:
            raise BrokenReply("INSERT INTO secrets VALUES ('hunter2')")

        @get("/v1/unworded", opt=needs("pledge:read", body="none"))
        async def unworded() -> None:
            raise Unworded

        @post("/v1/uploads", opt=needs("pledge:create", body="upload"))
        async def upload(request: EdgeRequest) -> dict[str, int]:
            return {"bytes": sum([len(part) async for part in request.stream()])}

        return [everything, many, one, broken, unworded, upload]


@contextlib.contextmanager
def served(app: Callable[..., Any]) -> Iterator[str]:
    """Serve an application as `serve` does, with the bounded protocol, and yield its address."""
    # asyncio turns Nagle's delay off only where the protocol is named; without it every answer takes 40 ms
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_level="critical", timeout_graceful_shutdown=2, lifespan="off", **SERVER_OPTIONS
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        try:
            deadline = time.monotonic() + START_SECONDS_MAX
            while not server.started:
                if time.monotonic() > deadline or not thread.is_alive():
                    raise RuntimeError("the server did not start")
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_SECONDS_MAX)
