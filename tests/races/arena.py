"""The arena: a database, two API processes on it, the herd, and the few things of the business that a race is about."""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg

from api.commands.demonstration import Demonstration
from domain.values.identifiers import Division, RegistryNo
from domain.values.time import add_years, business_date
from integrations import system_clock
from integrations.database.engine import make_engine
from integrations.database.postmaster import SUPERUSER
from integrations.database.unit_of_work import unit_of_work
from tests.builders import HOLDER, SHAOXING, a_right, tonnes
from tests.database_session import Database
from tests.filled_database import as_told
from tests.races.contender import Reply, Request
from tests.races.herd import Herd
from tests.races.ledger import Ledger
from tests.races.servers import Server, api_servers, free_ports

PRODUCT: Final = "api"
SERVERS: Final = 2
TOKEN_SECONDS_MAX: Final = 120.0  # of the five minutes that it is good for
DEALS: Final = 6


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who drafts and submits, for which bank, and which of the bank's officers may reject."""

    client: str
    pledgee: str

    @property
    def officer(self) -> str:
        """Return the pledgee's officer."""
        return f"{self.pledgee}.officer"


ENTRANTS: Final = (
    Entrant("enterprise.shaoxing", "bank-a"),
    Entrant("enterprise.shaoxing", "bank-b"),
    Entrant("bank-a.officer", "bank-a"),
    Entrant("bank-b.officer", "bank-b"),
)


@dataclass(frozen=True, slots=True)
class Drafted:
    """A pledge that was drafted, with its items in the order of the draft."""

    id: str
    entrant: Entrant
    items: Mapping[str, Decimal]


@dataclass(slots=True)
class Arena:
    """Everything that a race needs, running."""

    servers: tuple[Server, ...]
    herd: Herd
    ledger: Ledger
    demonstration: Demonstration
    app_url: str
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def request(self, place: int, client: str, method: str, path: str, body: object = None) -> Request:
        """Return a request of the contender at `place`, as a client; contenders take turns with the servers."""
        port = self.servers[place // len(ENTRANTS) % len(self.servers)].port
        if method == "GET":
            return Request(port, method, path, self._token(client))
        return Request(port, method, path, self._token(client), secrets.token_hex(16), json.dumps(body))

    def command(self, place: int, client: str, pledge_id: str, verb: str, body: object = None) -> Request:
        """Return a command on a pledge."""
        return self.request(place, client, "POST", f"/v1/pledges/{pledge_id}/{verb}", body or {})

    def put_right(self, amount: str, place: Division = SHAOXING) -> str:
        """Let the registry have told of a fresh right of so many tonnes a year, and return its id."""
        return asyncio.run(self._put_right(amount, place))

    def draft(self, wanted: Sequence[tuple[Entrant, Mapping[str, Decimal]]]) -> list[Drafted]:
        """Draft pledges, all contenders at work, and return them in order."""
        requests = [
            self.request(place, entrant.client, "POST", "/v1/pledges", _pledge(entrant, items))
            for place, (entrant, items) in enumerate(wanted)
        ]
        replies = self.herd.share(requests)
        return [
            Drafted(told(reply, 201)["id"], entrant, items)
            for reply, (entrant, items) in zip(replies, wanted, strict=True)
        ]

    def act(self, client: str, path: str, body: object, expected: int) -> Any:  # noqa: ANN401 - any JSON answer
        """Send one command outside any race, and return its answer."""
        [reply] = self.herd.share([self.request(0, client, "POST", path, body)])
        return told(reply, expected)

    def prepare(self) -> None:
        """Let both banks see the enterprise's rights, and let there be prices."""
        today = business_date(system_clock.now())
        for bank in ("bank-a", "bank-b"):
            self.act("enterprise.shaoxing", "/v1/authorizations", _consent(bank, today), 201)
        deals = {"source": "synthetic", "trades": [_deal(number, today) for number in range(DEALS)]}
        assert self.act("exchange.zhejiang", "/v1/market/trades", deals, 200)["accepted"] == DEALS

    def said(self) -> str:
        """Return the ends of the servers' logs."""
        return "\n".join(server.said() for server in self.servers)

    def _token(self, client: str) -> str:
        token, since = self._tokens.get(client, ("", -TOKEN_SECONDS_MAX))
        if time.monotonic() - since > TOKEN_SECONDS_MAX:
            token, since = self.demonstration.token(client, self.servers[0].base_url), time.monotonic()
            self._tokens[client] = token, since
        return token

    async def _put_right(self, amount: str, place: Division) -> str:
        now = system_clock.now()
        today = business_date(now)
        right = a_right(
            registry_no=RegistryNo("PWQ-ZJ-" + secrets.token_hex(8).upper()),
            quantity=tonnes(amount),
            division=place,
            valid_from=today,
            valid_to=add_years(today, 5),
            as_of=now,
        )
        engine = make_engine(self.app_url, pool_size=1)
        try:
            async with unit_of_work(engine, None) as uow:
                right_id = await uow.rights.record_verified(as_told(right), now)
                await uow.commit()
        finally:
            await engine.dispose()
        return right_id


@contextmanager
def opened(
    new_database: Callable[[], AbstractContextManager[Database]],
    folder: Path,
    module: str = PRODUCT,
    also: Mapping[str, str] | None = None,
) -> Iterator[Arena]:
    """Open an arena whose servers are `python -m MODULE serve`, with `also` in their environment."""
    demonstration = Demonstration(folder)
    demonstration.make_keys()
    ports = free_ports(SERVERS)
    with new_database() as database, Herd.gathered() as herd:
        demonstration.register_clients(database.owner_url)
        environment = {
            "GREENLIEN_DEMO": "1",
            "DATABASE_URL": database.app_url,
            "GREENLIEN_ISSUER": f"http://127.0.0.1:{ports[0]}",
            "GREENLIEN_SIGNING_KEY_FILE": str(demonstration.signing_key),
            "GREENLIEN_REGISTRIES": "{}",
            "GREENLIEN_RATE_LIMITS": "off",
            **(also or {}),
        }
        with (
            api_servers(ports, module, environment, folder) as servers,
            psycopg.connect(database.libpq(SUPERUSER), autocommit=True) as connection,
        ):
            arena = Arena(servers, herd, Ledger(connection), demonstration, database.app_url)
            arena.prepare()
            yield arena


def told(reply: Reply, expected: int) -> Any:  # noqa: ANN401 - any JSON answer
    """Return the body of a reply that must have this status."""
    assert reply.status == expected, reply
    return json.loads(reply.body)


def _pledge(entrant: Entrant, items: Mapping[str, Decimal]) -> dict[str, object]:
    return {
        "pledgee": entrant.pledgee,
        "pledgors": [HOLDER],
        "security_type": "pledge",
        "items": [
            {"right_id": right_id, "quantity": {"amount": str(amount), "unit": "t/a"}}
            for right_id, amount in items.items()
        ],
        "loans": [],
        "secured": {"amount": {"amount": "1000.00", "currency": "CNY"}, "kind": "ordinary"},
        "workflow": "zhejiang",
    }


def _consent(bank: str, today: date) -> dict[str, object]:
    return {
        "enterprise_uscc": HOLDER,
        "grantee": bank,
        "scope": ["rights:read"],
        "from": today.isoformat(),
        "to": add_years(today, 1).isoformat(),
        "document": {"name": "授权书"},
    }


def _deal(number: int, today: date) -> dict[str, object]:
    """Return an honest deal of one tonne: 4,000 yuan a tonne and year for five years."""
    return {
        "trade_no": f"SYN-{number}",
        "traded_on": (today - timedelta(days=10 + number)).isoformat(),
        "venue": "合成",
        "division": "330600",
        "instrument": "discharge_right",
        "pollutant": "COD",
        "kind": "enterprise_trade",
        "quantity": {"amount": "1.000000", "unit": "t/a"},
        "price": {"amount": "4000.00", "currency": "CNY", "per_unit": "t", "per_period": "year", "tax": "unknown"},
        "term_years": "5",
        "amount": {"amount": "20000.00", "currency": "CNY"},
    }
