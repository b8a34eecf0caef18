"""The three requests that are measured, and the world that they need, made over HTTP as a client would make it."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import httpx

from api.commands.demonstration import Demonstration
from domain.values.time import add_years
from tests.bench.load import Load, send

REGISTRY_NO: Final = "PWQ-ZJ-330602-00001"
ENTERPRISE: Final = "enterprise.shaoxing"
BANK: Final = "bank-a"
TRADES: Final = 60
LOAN_SECONDS: Final = 6.0


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
        self.token = demonstration.token(ENTERPRISE)
        self._bank_token = demonstration.token(f"{BANK}.officer")
        self._exchange_token = demonstration.token("exchange.zhejiang")
        self._right = next(right for right in facts["rights"] if right["registry_no"] == REGISTRY_NO)
        self._today = date.today()  # noqa: DTZ011 - only for contracts that must lie around today

    def cases(self) -> list[Case]:
        """Make the world and return the requests."""
        self._post("/v1/market/trades", self._exchange_token, {"source": "bench", "trades": list(self._trades())})
        asked = {key: self._right[key] for key in ("registry", "registry_no", "holder_uscc")}
        [right] = self._post("/v1/rights/verifications", self.token, asked)["rights"]
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

    def loans(self) -> list[str]:
        """Make loans for a while and return their ids; so many that few pledges meet in one."""
        asked = {
            "borrower_uscc": self._right["holder_uscc"],
            "contract_no": "BENCH-{number}",
            "kind": "term",
            "principal": {"amount": "4000.00", "currency": "CNY"},
            "rate": {"kind": "fixed", "value": "0.0345"},
            "start": self._today.isoformat(),
            "end": add_years(self._today, 1).isoformat(),
            "repayment": "bullet",
            "purpose": "bench",
        }
