"""The three requests that are measured, and the world that they need, made over HTTP as a client would make it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import httpx

from api.commands.demonstration import Demonstration
from domain.values.time import add_years
from tests.bench.load import Load, run

REGISTRY_NO: Final = "PWQ-ZJ-330602-00001"
ENTERPRISE: Final = "enterprise.shaoxing"
BANK: Final = "bank-a"
TRADES: Final = 60
LOAN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request: as whom it is sent, its body with `{loan}` open, and the status that is right.

    `aim` is the share of the bare handler's speed that the API is to reach; none where it is only stated.
    """

    name: str
    method: str
    path: str
    status: int
    aim: float | None
    body: str = ""


class World:
    """What the requests need: a verified right, evidence for its value, and loans."""

    def __init__(self, demonstration: Demonstration) -> None:
        """Look at a demonstration that is being served."""
        facts = demonstration.facts()
        self.base_url = str(facts["base_url"])
        self.port = int(self.base_url.rpartition(":")[2])
        self._demonstration = demonstration
        self._right = next(right for right in facts["rights"] if right["registry_no"] == REGISTRY_NO)
        self._today = date.today()  # noqa: DTZ011 - only for contracts that must lie around today

    def cases(self) -> list[Case]:
        """Make the world and return the requests."""
        self._post("exchange.zhejiang", "/v1/market/trades", {"source": "bench", "trades": list(self._trades())})
        asked = {key: self._right[key] for key in ("registry", "registry_no", "holder_uscc")}
        [right] = self._post(ENTERPRISE, "/v1/rights/verifications", asked)["rights"]
        quantity = {"amount": "1.000000", "unit": right["quantity"]["unit"]}
        money = {"amount": "4000.00", "currency": "CNY"}
        pledge = {
            "pledgee": BANK,
            "pledgors": [right["holder"]["uscc"]],
            "security_type": "pledge",
            "items": [{"right_id": right["id"], "quantity": quantity}],
            "loans": ["{loan}"],
            "secured": {"amount": money, "kind": "ordinary"},
            "workflow": "zhejiang",
        }
        return [
            Case(name="GET /v1/rights/{id}", method="GET", path=f"/v1/rights/{right['id']}", status=200, aim=0.5),
            Case(
                name="POST /v1/valuations",
                method="POST",
                path="/v1/valuations",
                status=201,
                aim=None,
                body=json.dumps({"right_id": right["id"], "quantity": quantity}),
            ),
            Case(
                name="POST /v1/pledges",
                method="POST",
                path="/v1/pledges",
                status=201,
                aim=0.4,
                body=json.dumps(pledge),
            ),
        ]

    def token(self) -> str:
        """Return a fresh access token of the enterprise, good for five minutes."""
        return self._demonstration.token(ENTERPRISE)

    def loans(self, seconds: float) -> list[str]:
        """Make loans for some seconds and return their ids: many, so that few pledges hang together by one loan."""
        asked = {
            "borrower_uscc": self._right["holder_uscc"],
            "contract_no": "{number}",
            "kind": "term",
            "principal": {"amount": "4000.00", "currency": "CNY"},
            "rate": {"kind": "fixed", "value": "0.034500"},
            "start": self._today.isoformat(),
            "end": add_years(self._today, 1).isoformat(),
            "repayment": "bullet",
            "purpose": "bench",
        }
        load = Load(
            port=self.port,
            method="POST",
            path="/v1/loans",
            token=self._demonstration.token(f"{BANK}.officer"),
            status=201,
            body=json.dumps(asked),
            keep_bodies=True,
            seconds=seconds,
        )
        return [str(json.loads(body)["id"]) for body in run(load).bodies]

    def _trades(self) -> Iterator[dict[str, Any]]:
        """Yield synthetic deals of the last 300 days around 4,000 yuan per tonne and year, for five years each."""
        for number in range(TRADES):
            tonnes, yuan = 1 + number % 7, 4000 + number * 37 % 400
            yield {
                "trade_no": f"BENCH-{number}",
                "traded_on": (self._today - timedelta(days=3 + number * 5)).isoformat(),
                "venue": "合成数据",
                "division": "330600",
                "instrument": "discharge_right",
                "pollutant": "COD",
                "kind": "enterprise_trade",
                "quantity": {"amount": f"{tonnes}.000000", "unit": "t/a"},
                "price": {
                    "amount": f"{yuan}.00",
                    "currency": "CNY",
                    "per_unit": "t",
                    "per_period": "year",
                    "tax": "unknown",
                },
                "term_years": "5",
                "amount": {"amount": f"{tonnes * yuan * 5}.00", "currency": "CNY"},
            }

    def _post(self, client: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {self._demonstration.token(client)}",
            "Idempotency-Key": secrets.token_hex(16),
        }
        answer = httpx.post(f"{self.base_url}{path}", json=body, headers=headers, timeout=30, trust_env=False)
        told: dict[str, Any] = answer.raise_for_status().json()
        return told
