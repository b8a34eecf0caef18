"""A bank with old pledges: freezes that stand at the registry by no order of ours, and the rows that tell of them."""

import asyncio
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from api.jobs.pledge_imports import import_pledges
from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import RegistryOrder, RegistryRight
from domain.values.identifiers import RegistryNo, Uscc
from domain.values.time import business_date
from tests.builders import BANK_USCC, HOLDER, NOW, TODAY, a_right, tonnes
from tests.filled_database import as_told
from tests.integration.business import Business, quantity, yuan

OFFICER, APPROVER = "bank-a.officer", "bank-a.approver"
LONG_AGO: Final = NOW.replace(year=2026, month=3, day=2)


def an_old_right(business: Business, **different: object) -> RegistryRight:
    """Let the registry have a right that nobody here knows."""
    number = RegistryNo("OLD-" + secrets.token_hex(8).upper())
    right = replace(as_told(a_right(registry_no=number, valid_from=TODAY, **different)))
    business.know(right)
    return right


def an_old_freeze(
    business: Business, right: RegistryRight, amount: str, at: datetime = LONG_AGO, beneficiary: Uscc = BANK_USCC
) -> str:
    """Let the registry have frozen a quantity of a right for a bank long ago, and return its reference."""
    order = RegistryOrder(
        order_id="before-us-" + secrets.token_hex(8),
        kind=OrderKind.FREEZE,
        registry=right.registry,
        registry_no=right.registry_no,
        holder_uscc=right.holder_uscc,
        quantity=tonnes(amount),
        beneficiary=beneficiary,
        contract_no="旧-1",
        expected_version=None,
        registry_ref=None,
    )
    clock = business.registry.now
    business.registry.now = lambda: at
    try:
        answer = asyncio.run(business.registry.send_order(order))
    finally:
        business.registry.now = clock
    assert answer.registry_ref is not None, answer
    return answer.registry_ref


def an_old_loan(**different: object) -> dict[str, object]:
    """Return a loan of 100,000 of which 60,000 is still owed, on the wire."""
    return {
        "borrower_uscc": HOLDER,
        "contract_no": "OLD-C-" + secrets.token_hex(6),
        "kind": "term",
        "principal": yuan("100000.00"),
        "outstanding": yuan("60000.00"),
        "as_of": TODAY.isoformat(),
        "rate": {"kind": "fixed", "value": "0.036000"},
        "start": "2026-03-02",
        "end": "2027-03-02",
        "repayment": "bullet",
        "purpose": "设备改造",
        **different,
    }


def a_row(right: RegistryRight, reference: str, amount: str, **different: object) -> dict[str, object]:
    """Return a row of a batch on the wire."""
    return {
        "registry": right.registry,
        "registry_no": right.registry_no,
        "registry_ref": reference,
        "pledgor_uscc": right.holder_uscc,
        "quantity": quantity(amount),
        "registered_on": business_date(LONG_AGO).isoformat(),
        "rank": 1,
        "security_type": "pledge",
        "secured": {"amount": yuan("100000.00"), "kind": "ordinary"},
        "loans": [an_old_loan()],
        **different,
    }


def propose(business: Business, *rows: dict[str, object]) -> str:
    """Let the officer put a batch forward and return its id."""
    return str(business.post(OFFICER, "/v1/pledges/imports", {"rows": list(rows)}, 201)["id"])


def take_in(business: Business, batch: str) -> Any:  # noqa: ANN401 - any JSON answer
    """Run the job of a batch and return the batch."""

    async def run() -> None:
        async with business.worker_house() as house:
            await import_pledges(house, batch)

    asyncio.run(run())
    return business.get(OFFICER, f"/v1/pledges/imports/{batch}")


def brought_in(business: Business, *rows: dict[str, object]) -> Any:  # noqa: ANN401 - any JSON answer
    """Bring a batch in whole, by two persons, and return it."""
    batch = propose(business, *rows)
    business.post(APPROVER, f"/v1/pledges/imports/{batch}/approve", {}, 202)
    return take_in(business, batch)
