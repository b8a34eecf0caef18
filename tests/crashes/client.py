"""The actors of the demonstration as HTTP clients, and the few requests by which they bring a pledge along."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import httpx

from api.commands.demonstration import Demonstration
from domain.values.time import add_years, business_date
from integrations import system_clock

ENTERPRISES: Final[Mapping[str, str]] = {
    "enterprise.shaoxing": "91330602DEM0000140",
    "enterprise.huangshi": "91420202DEM0000656",
}
LENT: Final = {"amount": "10000.00", "currency": "CNY"}
DEALS: Final = 6
TOKEN_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Bargain:
    """A pledge as its parties want it: whose rights, how much of each, and by which workflow."""

    enterprise: str
    workflow: str
    items: Mapping[str, str]


@dataclass(slots=True)
class Actors:
    """All demo clients against one address."""

    demonstration: Demonstration
    base_url: str
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def call(self, client: str, method: str, path: str, body: object = None, key: str | None = None) -> httpx.Response:
        """Send a request as a client; a command has its key, a fresh one unless given."""
        headers = {"Authorization": f"Bearer {self._token(client)}"}
        if method == "POST":
            headers["Idempotency-Key"] = key or fresh_key()
        return httpx.request(method, self.base_url + path, json=body, headers=headers, trust_env=False, timeout=30)

    def told(self, client: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON answer
        """Send a request that succeeds, and return its answer."""
        answer = self.call(client, method, path, body)
        assert answer.is_success, f"{client} {method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def tell_prices(self) -> None:
        """Let there be recent deals near both enterprises."""
        trades = [deal(city, number) for city in ("330600", "420200") for number in range(DEALS)]
        told = self.told("exchange.zhejiang", "POST", "/v1/market/trades", {"source": "synthetic", "trades": trades})
        assert told["accepted"] == len(trades), told

    def verify(self, enterprise: str, registry: str, registry_no: str) -> str:
        """Let an enterprise verify its right, and return the right's id."""
        wanted = {"registry": registry, "registry_no": registry_no, "holder_uscc": ENTERPRISES[enterprise]}
        [right] = self.told(enterprise, "POST", "/v1/rights/verifications", wanted)["rights"]
        return str(right["id"])

    def submit(self, bargain: Bargain) -> str:
        """Write a loan, create and submit the pledge that secures it, and return the pledge's id."""
        uscc = ENTERPRISES[bargain.enterprise]
        loan = self.told("bank-a.officer", "POST", "/v1/loans", a_loan(uscc))
        wanted = {
            "pledgee": "bank-a",
            "pledgors": [uscc],
            "security_type": "pledge",
            "items": [quantity_of(right_id, amount) for right_id, amount in bargain.items.items()],
            "loans": [loan["id"]],
            "secured": {"amount": LENT, "kind": "ordinary"},
            "workflow": bargain.workflow,
        }
        pledge = self.told(bargain.enterprise, "POST", "/v1/pledges", wanted)
        self.told(bargain.enterprise, "POST", f"/v1/pledges/{pledge['id']}/submit", {})
        return str(pledge["id"])

    def verify_and_approve(self, pledge_id: str, bargain: Bargain) -> None:
        """Let the authority verify the quantities and the bank approve the loan, as in Zhejiang."""
        items = [quantity_of(right_id, amount) for right_id, amount in bargain.items.items()]
        self.told("authority.zhejiang", "POST", f"/v1/pledges/{pledge_id}/verify-quantities", {"items": items})
        self.told("bank-a.approver", "POST", f"/v1/pledges/{pledge_id}/approve-loan", APPROVAL)

    def _token(self, client: str) -> str:
        token, since = self._tokens.get(client, ("", -TOKEN_SECONDS))
        if time.monotonic() - since > TOKEN_SECONDS:
            token, since = self.demonstration.token(client, self.base_url), time.monotonic()
            self._tokens[client] = token, since
        return token


APPROVAL: Final = {"amount": LENT, "rate": "0.034500"}


def fresh_key() -> str:
    """Return an idempotency key that nobody used."""
    return secrets.token_hex(16)


def quantity_of(right_id: str, amount: str) -> dict[str, object]:
    """Return an item."""
    return {"right_id": right_id, "quantity": {"amount": amount, "unit": "t/a"}}


def deal(city: str, number: int) -> dict[str, object]:
    """Return a synthetic deal of one tonne for five years at 4,000 yuan a year."""
    return {
        "trade_no": f"SYN-{city}-{number}",
        "traded_on": str(_today() - timedelta(days=3 + 5 * number)),
        "venue": "合成数据",
        "division": city,
        "instrument": "discharge_right",
        "pollutant": "COD",
        "kind": "enterprise_trade",
        "quantity": {"amount": "1", "unit": "t/a"},
        "price": {"amount": "4000.00", "currency": "CNY", "per_unit": "t", "per_period": "year", "tax": "unknown"},
        "term_years": "5",
        "amount": {"amount": "20000.00", "currency": "CNY"},
    }


def a_loan(borrower_uscc: str) -> dict[str, object]:
    """Return a one-year bullet loan that a few tonnes carry."""
    return {
        "borrower_uscc": borrower_uscc,
        "contract_no": f"C-{secrets.token_hex(4)}",
        "kind": "term",
        "principal": LENT,
        "rate": {"kind": "fixed", "value": "0.0345"},
        "start": str(_today()),
        "end": str(add_years(_today(), 1)),
        "repayment": "bullet",
        "purpose": "设备改造",
    }


def _today() -> date:
    return business_date(system_clock.now())
