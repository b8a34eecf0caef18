"""The company of actors in a running product: call as any of them, and get rights that nobody else uses."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import httpx

from api.commands.demonstration import Demonstration
from domain.values.time import add_years, business_date
from integrations import system_clock
from tests.fakes.registry_control import SimulatorControl
from tests.openapi_truth import OpenapiTruth

SHAOXING_AMMONIA: Final = ("zhejiang", "PWQ-ZJ-330602-00003")
HUANGSHI_AMMONIA: Final = ("hubei", "PWQ-HB-420202-00002")
TOKEN_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.05
WAIT_SECONDS_MAX: Final = 30.0
DEALS: Final = 6


@dataclass(slots=True)
class Company:
    """Everybody at once: `call` speaks as a client, `control` is the registry simulator's back door."""

    base_url: str
    facts: Mapping[str, Any]
    demonstration: Demonstration
    http: httpx.Client
    back_door: httpx.Client
    control: SimulatorControl
    truth: OpenapiTruth
    today: date
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def control_url(self) -> str:
        """Return the address of the simulator's back door."""
        return str(self.facts["simulators"][0]["control_url"])

    def token(self, client: str) -> str:
        """Return a client's access token, obtained with its own key and at most two minutes old."""
        token, since = self._tokens.get(client, ("", -TOKEN_SECONDS))
        if time.monotonic() - since > TOKEN_SECONDS:
            token, since = self.demonstration.token(client), time.monotonic()
            self._tokens[client] = token, since
        return token

    def call(
        self, client: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request as a client, a POST with a fresh idempotency key unless `headers` name one."""
        own = {"Authorization": f"Bearer {self.token(client)}"}
        if method == "POST":
            own["Idempotency-Key"] = secrets.token_hex(16)
        return self.http.request(method, path, json=body, headers={**own, **(headers or {})})

    def ok(self, client: str, method: str, path: str, body: object = None, status: int = 200) -> Any:  # noqa: ANN401 - any JSON answer
        """Send a request that must have this status, and return the body."""
        answer = self.call(client, method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def uscc_of(self, client: str) -> str:
        """Return the credit code of a client's tenant."""
        return next(str(each["uscc"]) for each in self.facts["clients"] if each["id"] == client)

    def fresh_right(self, tonnes: str = "10", enterprise: str = "enterprise.shaoxing") -> Mapping[str, Any]:
        """Enter a new ammonia right of an enterprise at its registry, verify it, and return it as the API tells it.

        It is good for five years, and there is price evidence for it; both banks may see it.
        """
        registry, like = SHAOXING_AMMONIA if enterprise == "enterprise.shaoxing" else HUANGSHI_AMMONIA
        registry_no = f"{like[:-5]}{secrets.token_hex(6).upper()}"
        self.control.enter(registry, like, registry_no, tonnes)
        asked = {"registry": registry, "registry_no": registry_no, "holder_uscc": self.uscc_of(enterprise)}
        found: Mapping[str, Any] = self.ok(enterprise, "POST", "/v1/rights/verifications", asked)["rights"][0]
        for bank in ("bank-a.officer", "bank-b.officer"):
            self.ok(bank, "POST", "/v1/rights/verifications", asked)
        return found

    def loan(self, bank: str, enterprise: str, amount: str = "10000.00") -> Mapping[str, Any]:
        """Record a bullet loan of a year."""
        contract = {
            "borrower_uscc": self.uscc_of(enterprise),
            "contract_no": f"J-{secrets.token_hex(8)}",
            "kind": "term",
            "principal": yuan(amount),
            "rate": {"kind": "fixed", "value": "0.034500"},
            "start": self.today.isoformat(),
            "end": add_years(self.today, 1).isoformat(),
            "repayment": "bullet",
            "purpose": "设备改造",
        }
        recorded: Mapping[str, Any] = self.ok(f"{bank}.officer", "POST", "/v1/loans", contract, 201)
        return recorded

    def application(self, right: Mapping[str, Any], tonnes: str, **different: object) -> dict[str, Any]:
        """Return the body of an ordinary application by the right's holder to bank-a, in Zhejiang's workflow."""
        ordinary = {
            "pledgee": "bank-a",
            "pledgors": [right["holder"]["uscc"]],
            "security_type": "pledge",
            "items": [item(right, tonnes)],
            "secured": {"amount": yuan("10000.00"), "kind": "ordinary"},
            "workflow": "zhejiang",
        }
        return {**ordinary, **different}

    def draft(self, right: Mapping[str, Any], tonnes: str = "1", **different: object) -> Mapping[str, Any]:
        """Let an enterprise draft an ordinary application."""
        body = self.application(right, tonnes, **different)
        drafted: Mapping[str, Any] = self.ok(self.holder_of(right), "POST", "/v1/pledges", body, 201)
        return drafted

    def holder_of(self, right: Mapping[str, Any]) -> str:
        """Return the client of a right's holder."""
        return next(str(each["id"]) for each in self.facts["clients"] if each["uscc"] == right["holder"]["uscc"])

    def command(self, client: str, pledge: Mapping[str, Any], verb: str, body: object = None) -> httpx.Response:
        """Send a command on a pledge."""
        return self.call(client, "POST", f"/v1/pledges/{pledge['id']}/{verb}", {} if body is None else body)

    def active_pledge(self, right: Mapping[str, Any], tonnes: str = "1") -> Mapping[str, Any]:
        """Pledge a right of Shaoxing to bank-a by Zhejiang's workflow until it is frozen."""
        loan = self.loan("bank-a", "enterprise.shaoxing")
        pledge = self.draft(right, tonnes, loans=[loan["id"]])
        steps: tuple[tuple[str, str, object], ...] = (
            ("enterprise.shaoxing", "submit", {}),
            ("authority.zhejiang", "verify-quantities", {"items": [item(right, tonnes)]}),
            ("bank-a.approver", "approve-loan", {"amount": yuan("10000.00"), "rate": "0.034500"}),
            ("enterprise.shaoxing", "confirm", {}),
        )
        for client, verb, body in steps:
            answer = self.command(client, pledge, verb, body)
            assert answer.is_success, answer.text
        return self.until(pledge, "active")

    def until(self, pledge: Mapping[str, Any], status: str) -> Mapping[str, Any]:
        """Poll a pledge, as bank-a, until it has a status, and return it."""
        found: Mapping[str, Any] = eventually(
            lambda: self.ok("bank-a.officer", "GET", f"/v1/pledges/{pledge['id']}"),
            lambda told: told["status"] == status,
        )
        return found


def item(right: Mapping[str, Any], tonnes: str) -> dict[str, Any]:
    """Return so much of a right as an item."""
    return {"right_id": right["id"], "quantity": {"amount": tonnes, "unit": "t/a"}}


def yuan(amount: str) -> dict[str, str]:
    """Return an amount as it travels."""
    return {"amount": amount, "currency": "CNY"}


def eventually(ask: Callable[[], Any], good: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - whatever is asked for
    """Ask until the answer is good, for at most half a minute."""
    until = time.monotonic() + WAIT_SECONDS_MAX
    while not good(found := ask()):
        assert time.monotonic() < until, found
        time.sleep(POLL_SECONDS)
    return found


@contextmanager
def open_company(demonstration: Demonstration) -> Iterator[Company]:
    """Open the lines to a running product."""
    facts = demonstration.facts()
    base_url = facts["base_url"]
    document = httpx.get(f"{base_url}/openapi.json", trust_env=False).raise_for_status().json()
    truth = OpenapiTruth(document)
    back_door = facts["simulators"][0]["control_url"].removesuffix("/control")
    with (
        httpx.Client(base_url=base_url, trust_env=False, timeout=60, event_hooks={"response": [truth.check]}) as client,
        httpx.Client(base_url=back_door, trust_env=False, timeout=30) as line,
    ):
        today = business_date(system_clock.now())
        yield Company(base_url, facts, demonstration, client, line, SimulatorControl(line), truth, today)


def prepare(company: Company) -> None:
    """Let there be ammonia deals, and the enterprises' consents to both banks."""
    deals = [_deal(division, n, company.today) for division in ("330602", "420202") for n in range(DEALS)]
    company.ok("exchange.zhejiang", "POST", "/v1/market/trades", {"source": "synthetic-journeys", "trades": deals})
    for enterprise in ("enterprise.shaoxing", "enterprise.huangshi"):
        for bank in ("bank-a", "bank-b"):
            company.ok(enterprise, "POST", "/v1/authorizations", consent(company, enterprise, bank), 201)


def consent(company: Company, enterprise: str, grantee: str) -> dict[str, Any]:
    """Return an enterprise's consent for a year."""
    return {
        "enterprise_uscc": company.uscc_of(enterprise),
        "grantee": grantee,
        "scope": ["rights:read", "rights:verify"],
        "from": company.today.isoformat(),
        "to": add_years(company.today, 1).isoformat(),
        "document": {"name": "授权书"},
    }


def _deal(division: str, number: int, today: date) -> dict[str, Any]:
    price = 8000 + number * 10
    return {
        "trade_no": f"SYNTHETIC-J-{division}-{number}",
        "traded_on": (today - timedelta(days=3 + 9 * number)).isoformat(),
        "venue": "合成数据",
        "division": division,
        "instrument": "discharge_right",
        "pollutant": "NH3N",
        "kind": "enterprise_trade",
        "quantity": {"amount": "2.0", "unit": "t/a"},
        "price": {"amount": str(price), "currency": "CNY", "per_unit": "t", "per_period": "year", "tax": "unknown"},
        "term_years": "5",
        "amount": yuan(f"{2 * price * 5}.00"),
    }
