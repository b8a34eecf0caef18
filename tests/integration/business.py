"""The whole business behind its real doors: the API on a socket, a database of its own, a registry in memory.

The worker's jobs are run when the test says so (`work`), by the product's own code, as the worker's own role. Time
stands still at the builders' `NOW`, unless the test brings a clock.
"""

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

import httpx
import psycopg

from api.app import make_app
from api.house import House
from api.jobs.registry_orders import carry_out_order
from api.permissions import scopes_of
from domain.jurisdictions.rulebook import load_rulebook
from domain.pledges.opening import Opening
from domain.ports.registry import RegistryRight
from domain.ports.tenants import Tenant
from domain.values.actors import Actor, Role
from domain.values.identifiers import Division, RegistryNo, Uscc
from integrations.certificates.sheets import TypstSheets
from integrations.database.engine import make_engine
from integrations.database.postmaster import SUPERUSER
from integrations.database.provisioning import register
from integrations.database.unit_of_work import unit_of_work
from integrations.exchange.files import ExchangeFileReader
from integrations.identity.keys import generate_key
from integrations.identity.order_signatures import JoseOrderSignatures
from integrations.identity.seals import HouseSeal
from integrations.identity.secret_box import AesSecretBox
from integrations.identity.tokens import JoseTokens
from integrations.registry.callbacks import HmacCallbacks
from integrations.registry.client import RegistryEndpoint
from integrations.registry.demo_rights import ENTERPRISE_HUANGSHI_USCC
from integrations.webhooks.sender import webhook_sender
from tests.builders import BANK_USCC, HOLDER, NOW, TODAY, a_right
from tests.database_session import Database
from tests.fakes.edge_app import ISSUER, served
from tests.fakes.registry import FakeRegistry
from tests.filled_database import TENANTS, as_told

HUANGSHI: Final = ENTERPRISE_HUANGSHI_USCC
OTHER_BANK_USCC: Final = Uscc("91420100DEM000310G")
STEPS_MAX: Final = 50
SIGNING_KEY: Final = generate_key()
CALLBACK_SECRET: Final = b"the key of two registries"
CALLING: Final = dict.fromkeys(
    ("zhejiang", "hubei"), RegistryEndpoint("http://registry.invalid", "greenlien", CALLBACK_SECRET)
)
"""The registries that may call, whoever answers for them."""

_CLIENTS: Final = {
    "enterprise.shaoxing": ("enterprise.shaoxing", Role.ENTERPRISE, HOLDER, None),
    "enterprise.huangshi": ("enterprise.huangshi", Role.ENTERPRISE, HUANGSHI, None),
    "bank-a.officer": ("bank-a", Role.BANK_OFFICER, BANK_USCC, None),
    "bank-a.approver": ("bank-a", Role.BANK_APPROVER, BANK_USCC, None),
    "bank-b.officer": ("bank-b", Role.BANK_OFFICER, OTHER_BANK_USCC, None),
    "bank-b.approver": ("bank-b", Role.BANK_APPROVER, OTHER_BANK_USCC, None),
    "authority.zhejiang": ("authority.zhejiang", Role.AUTHORITY, None, Division("33")),
    "authority.second": ("authority.zhejiang", Role.AUTHORITY, None, Division("33")),
    "exchange.zhejiang": ("exchange.zhejiang", Role.EXCHANGE, None, None),
    "bank-a.auditor": ("bank-a", Role.AUDITOR, BANK_USCC, None),
    "bank-b.auditor": ("bank-b", Role.AUDITOR, OTHER_BANK_USCC, None),
    "platform.ops": ("greenlien", Role.PLATFORM_OPS, None, None),
    "platform.security": ("greenlien", Role.PLATFORM_SECURITY, None, None),
    "platform.security.second": ("greenlien", Role.PLATFORM_SECURITY, None, None),
    "auditor": ("bank-a", Role.AUDITOR, BANK_USCC, None),
}


@dataclass(slots=True)
class Business:
    """Everything that a story needs; `call` speaks as a client and returns status and body."""

    base_url: str
    database: Database
    registry: FakeRegistry
    tokens: JoseTokens
    clock: Callable[[], datetime] = lambda: NOW
    _http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=30))
    openings: dict[str, Opening] = field(default_factory=dict)
    """The registries' hours, which a test may set while it runs."""

    def authorization(self, client: str) -> str:
        """Return the header of a client."""
        tenant, role, uscc, division = _CLIENTS[client]
        actor = Actor(client_id=client, tenant=tenant, role=role, uscc=uscc, division=division)
        return f"Bearer {self.tokens.issue_access_token(actor, scopes_of(role), self.clock()).token}"

    def call(self, client: str, method: str, path: str, body: object = None, key: str | None = None) -> tuple[int, Any]:
        """Send a request as a client and return the status and the body."""
        headers = {"Authorization": self.authorization(client), "Idempotency-Key": key or secrets.token_hex(16)}
        answer = self._http.request(method, self.base_url + path, json=body, headers=headers)
        return answer.status_code, answer.json()

    def post(self, client: str, path: str, body: object, expected: int) -> Any:  # noqa: ANN401 - any JSON answer
        """Send a command that must have this status and return the body."""
        status, answer = self.call(client, "POST", path, body)
        assert status == expected, answer
        return answer

    def get(self, client: str, path: str, expected: int = 200) -> Any:  # noqa: ANN401 - any JSON answer
        """Read what must have this status and return the body."""
        status, answer = self.call(client, "GET", path)
        assert status == expected, answer
        return answer

    def act(self, client: str, pledge_id: str, verb: str, body: object = None, expected: int = 200) -> Any:  # noqa: ANN401 - any JSON answer
        """Send a command on a pledge."""
        return self.post(client, f"/v1/pledges/{pledge_id}/{verb}", body or {}, expected)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement as the superuser and return its rows, if it has any."""
        with psycopg.connect(self.database.libpq(SUPERUSER), autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def verified(self, client: str = "enterprise.shaoxing", **different: object) -> str:
        """Let the registry have a fresh right, let its holder verify it, and return its id."""
        number = RegistryNo("PWQ-" + secrets.token_hex(8).upper())
        right = replace(as_told(a_right(registry_no=number, valid_from=TODAY, **different)))
        self.know(right)
        body = {"registry": right.registry, "registry_no": number, "holder_uscc": right.holder_uscc}
        return str(self.post(client, "/v1/rights/verifications", body, 200)["rights"][0]["id"])

    def know(self, right: RegistryRight) -> None:
        """Let the registry have a right."""
        self.registry._entries[right.registry, right.registry_no] = right

    def consent(self, client: str, uscc: str, bank: str) -> None:
        """Let an enterprise consent that a bank sees its rights."""
        body = {"enterprise_uscc": uscc, "grantee": bank, "scope": ["rights:read"], "document": {"name": "授权书"}}
        self.post(client, "/v1/authorizations", {**body, "from": "2020-01-01", "to": "2099-12-31"}, 201)

    def loan(self, principal: str = "40000.00", **different: object) -> str:
        """Let the first bank record a one-year bullet loan and return its id."""
        return str(self.post("bank-a.officer", "/v1/loans", a_loan_body(principal, **different), 201)["id"])

    def draft(self, items: dict[str, str], loans: Sequence[str] = (), **different: object) -> str:
        """Let the enterprise draft a pledge to the first bank and return its id."""
        body = a_pledge_body(items, loans, **different)
        return str(self.post("enterprise.shaoxing", "/v1/pledges", body, 201)["id"])

    def approvable(self, items: dict[str, str], loans: Sequence[str] = (), **different: object) -> str:
        """Bring a pledge to where the bank approves, and return its id."""
        pledge = self.draft(items, loans, **different)
        self.act("enterprise.shaoxing", pledge, "submit")
        verified = [{"right_id": right, "quantity": quantity(amount)} for right, amount in items.items()]
        self.act("authority.zhejiang", pledge, "verify-quantities", {"items": verified})
        return pledge

    def active(self, items: dict[str, str], loans: Sequence[str], amount: str = "40000.00") -> str:
        """Bring a pledge to `active` and return its id."""
        pledge = self.approvable(items, loans)
        self.act("bank-a.approver", pledge, "approve-loan", {"amount": yuan(amount), "rate": "0.0345"})
        self.act("enterprise.shaoxing", pledge, "confirm", expected=202)
        self.work()
        assert self.get("bank-a.officer", f"/v1/pledges/{pledge}")["status"] == "active"
        return pledge

    def event(self, loan: str, kind: str, principal: str | None, **different: object) -> tuple[int, Any]:
        """Let the first bank record an event of a loan."""
        body: dict[str, object] = {"type": kind, "on": TODAY.isoformat(), "reference": secrets.token_hex(8)}
        if principal is not None:
            body["principal"] = yuan(principal)
        return self.call("bank-a.officer", "POST", f"/v1/loans/{loan}/events", {**body, **different})

    def available(self, right: str, client: str = "enterprise.shaoxing") -> str:
        """Return what is free of a right."""
        return str(self.get(client, f"/v1/rights/{right}")["available"]["amount"])

    def work(self) -> None:
        """Carry out every open order, step by step, until none is left."""
        asyncio.run(self._work())

    async def _work(self) -> None:
        async with self.worker_house() as house:
            for _ in range(STEPS_MAX):
                rows = self.sql("select id from registry_orders where state not in ('executed', 'refused') order by id")
                if not rows:
                    return
                for (order_id,) in rows:
                    await carry_out_order(house, order_id)

    @asynccontextmanager
    async def worker_house(self, at: datetime | None = None) -> AsyncIterator[House]:
        """Open the house as the worker has it, at a moment or by the business's clock."""
        engine = make_engine(self.database.worker_url, pool_size=2)
        try:
            yield _house(engine, self.registry, self.clock if at is None else lambda: at, self.openings)
        finally:
            await engine.dispose()


def yuan(amount: str) -> dict[str, str]:
    """Return an amount of money on the wire."""
    return {"amount": amount, "currency": "CNY"}


def quantity(amount: str, unit: str = "t/a") -> dict[str, str]:
    """Return a quantity on the wire."""
    return {"amount": amount, "unit": unit}


def a_loan_body(principal: str = "40000.00", **different: object) -> dict[str, object]:
    """Return an ordinary loan contract on the wire, with a number of its own."""
    return {
        "borrower_uscc": HOLDER,
        "contract_no": "C-" + secrets.token_hex(8),
        "kind": "term",
        "principal": yuan(principal),
        "rate": {"kind": "fixed", "value": "0.034500"},
        "start": TODAY.isoformat(),
        "end": date(2027, 11, 21).isoformat(),
        "repayment": "bullet",
        "purpose": "设备改造",
        **different,
    }


def a_pledge_body(items: dict[str, str], loans: Sequence[str] = (), **different: object) -> dict[str, object]:
    """Return an ordinary application to the first bank on the wire."""
    return {
        "pledgee": "bank-a",
        "pledgors": [HOLDER],
        "security_type": "pledge",
        "items": [{"right_id": right, "quantity": quantity(amount)} for right, amount in items.items()],
        "loans": list(loans),
        "secured": {"amount": yuan("40000.00"), "kind": "ordinary"},
        "workflow": "zhejiang",
        **different,
    }


def a_deal(number: int, price: str = "4000.00", **different: object) -> dict[str, object]:
    """Return an honest deal of a hundred tonnes a year for five years on the wire."""
    return {
        "trade_no": f"SYN-{number}",
        "traded_on": (TODAY - timedelta(days=10 + number)).isoformat(),
        "venue": "合成",
        "division": "330600",
        "instrument": "discharge_right",
        "pollutant": "COD",
        "kind": "enterprise_trade",
        "quantity": quantity("100.000000"),
        "price": {"amount": price, "currency": "CNY", "per_unit": "t", "per_period": "year", "tax": "unknown"},
        "term_years": "5",
        **different,
    }


@contextmanager
def open_for_business(database: Database, clock: Callable[[], datetime] = lambda: NOW) -> Iterator[Business]:
    """Serve the product on a database, with tenants, and prices for COD in Shaoxing and Huangshi."""
    more = (
        Tenant(id="enterprise.huangshi", kind="enterprise", name="黄石示例铸造有限公司", uscc=HUANGSHI, division=None),
        Tenant(id="exchange.zhejiang", kind="exchange", name="交易网", uscc=None, division=None),
        Tenant(id="greenlien", kind="platform", name="平台", uscc=None, division=None),
    )
    asyncio.run(register(database.owner_url, [*TENANTS, *more], []))
    registry = FakeRegistry([as_told(a_right())], clock)
    tokens = JoseTokens(issuer=ISSUER, audience=ISSUER, signing_key=SIGNING_KEY)
    engine = make_engine(database.app_url, pool_size=8)
    openings: dict[str, Opening] = {}
    house = _house(engine, registry, clock, openings)
    app = make_app(_Opened(house), tokens, ISSUER, clock=clock, allow_bearer=True)
    app.state.house = house
    with served(app) as base_url:
        business = Business(base_url, database, registry, tokens, clock, openings=openings)
        deals = [a_deal(number) for number in range(6)]
        deals += [a_deal(number, trade_no=f"HB-{number}", division="420200") for number in range(6)]
        assert business.post("exchange.zhejiang", "/v1/market/trades", {"source": "syn", "trades": deals}, 200)[
            "accepted"
        ] == len(deals)
        try:
            yield business
        finally:
            business._http.close()


def at_once(*acts: Any) -> list[Any]:  # noqa: ANN401 - any callables
    """Call each in a thread of its own, all at the same time, and return what they returned."""
    gate = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        gate.wait()
        results[place] = acts[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class _Opened:
    """A house that is open already."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __aenter__(self) -> House:
        return self._house

    async def __aexit__(self, *_: object) -> None:
        return None


def _house(
    engine: Any,  # noqa: ANN401 - SQLAlchemy's engine
    registry: FakeRegistry,
    now: Callable[[], datetime],
    openings: Mapping[str, Opening] | None = None,
) -> House:
    async def ready() -> dict[str, bool]:
        return {}

    return House(
        open=partial(unit_of_work, engine),
        registry=registry,
        exchange=ExchangeFileReader(),
        signer=HouseSeal(SIGNING_KEY),
        sheets=TypstSheets(),
        issuer=ISSUER,
        rulebook=load_rulebook(),
        now=now,
        ready=ready,
        registry_patience_seconds=2.0,
        callbacks=HmacCallbacks(CALLING),
        openings={} if openings is None else openings,
        secrets=AesSecretBox({"test": bytes(32)}),
        webhooks=webhook_sender((443,), loopback=True),
        order_signatures=JoseOrderSignatures(),
    )
