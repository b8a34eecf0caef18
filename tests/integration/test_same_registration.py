"""Refinancing, extension, a further loan, early repayment and a transfer of the claim, under one registration.

The registry here is the simulator behind its own wire, and its ledger is the witness: from the freeze on there is no
moment in which less is frozen, and the entry that gives the rank is the same one to the second.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.ports.registry import DailyBalances, HolderMatch, OrderAnswer, RegistryOrder, RegistryRight
from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from domain.values.time import business_date
from integrations.registry.demo_rights import SHAOXING_COD_RIGHT, demo_rights
from integrations.registry.simulator import create_simulator
from tests.builders import HOLDER, NOW, TODAY
from tests.database_session import Database
from tests.fakes.loopback import serving
from tests.fakes.registry_control import SimulatorControl, simulator_control
from tests.integration import business as scene
from tests.integration.amendment_scene import APPROVER, ENTERPRISE, OFFICER, agreed, decide, propose
from tests.integration.business import OTHER_BANK_USCC, Business, open_for_business, yuan
from tests.integration.registry_scene import SECRET, client


class SimulatedRegistry:
    """The real client against the real simulator, with a connection of its own for each call."""

    def __init__(self, base_url: str, control: SimulatorControl) -> None:
        self._base_url = base_url
        self._entries = _Entries(control)
        self.control = control

    async def lookup_right(
        self, registry: str, *, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> Sequence[RegistryRight]:
        async with client(self._base_url, now=NOW) as line:
            return await line.lookup_right(registry, registry_no=registry_no, permit_no=permit_no)

    async def verify_holder(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch:
        async with client(self._base_url, now=NOW) as line:
            return await line.verify_holder(registry, registry_no, uscc)

    async def send_order(self, order: RegistryOrder) -> OrderAnswer:
        async with client(self._base_url, now=NOW) as line:
            return await line.send_order(order)

    async def query_order(self, registry: str, order_id: str) -> OrderAnswer | None:
        async with client(self._base_url, now=NOW) as line:
            return await line.query_order(registry, order_id)

    async def daily_balances(self, registry: str, on: date) -> DailyBalances:
        async with client(self._base_url, now=NOW) as line:
            return await line.daily_balances(registry, on)


class _Entries:
    def __init__(self, control: SimulatorControl) -> None:
        self._control = control

    def __setitem__(self, key: tuple[str, str], right: RegistryRight) -> None:
        self._control.enter(key[0], SHAOXING_COD_RIGHT, key[1], right.quantity.wire())


@pytest.fixture(scope="module")
def business(new_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Business]:
    simulator = create_simulator(None, demo_rights(business_date(NOW)), SECRET, lambda: NOW)
    with (
        serving(simulator) as base_url,
        simulator_control(base_url) as control,
        new_database() as database,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(scene, "FakeRegistry", lambda _rights, _now: SimulatedRegistry(base_url, control))
        with open_for_business(database) as opened:
            opened.consent(ENTERPRISE, HOLDER, "bank-a")
            yield opened


@pytest.fixture
def pledged(business: Business) -> tuple[str, str, str]:
    right, loan = business.verified(), business.loan("20000.00")
    pledge = business.active({right: "10"}, [loan], "20000.00")
    status, answer = business.event(loan, "disbursed", "20000.00")
    assert status == 201, answer
    return pledge, right, loan


def ledger(business: Business, pledge: str) -> list[dict[str, Any]]:
    control: SimulatorControl = business.registry.control  # type: ignore[attr-defined]  # the registry of this module
    return [effect for effect in control.ledger() if effect["contract_no"] == pledge]


def entry(business: Business, pledge: str, reader: str = OFFICER) -> dict[str, Any]:
    told: dict[str, Any] = business.get(reader, f"/v1/pledges/{pledge}")["registrations"][0]
    return told


def never_less_than_ten(business: Business, pledge: str) -> bool:
    """Tell whether the registry had ten frozen after each of its acts, from the freeze on."""
    frozen = Decimal(0)
    for effect in ledger(business, pledge):
        sign = {"freeze": 1, "amend": 0}.get(effect["kind"], -1)
        frozen += sign * Decimal(effect["quantity"]["amount"])
        if frozen != 10:
            return False
    return frozen == 10


def an_extension(business: Business, pledge: str, loan: str) -> None:
    agreed(business, pledge, kind="loan_extension", loan_id=loan, end="2028-06-21")


def a_refinancing(business: Business, pledge: str, loan: str) -> None:
    agreed(business, pledge, kind="refinance", loan_id=loan, new_loan_id=business.loan("20000.00"))


def a_further_loan(business: Business, pledge: str, _loan: str) -> None:
    more = business.loan("10000.00")
    agreed(business, pledge, kind="add_loan", loan_id=more)
    status, answer = business.event(more, "disbursed", "10000.00")
    assert status == 201, answer


def an_early_repayment(business: Business, _pledge: str, loan: str) -> None:
    assert business.event(loan, "repaid", "5000.00")[0] == 201


@pytest.mark.parametrize("change", [an_extension, a_refinancing, a_further_loan, an_early_repayment])
def test_a_changed_loan_stands_under_the_same_registration_without_an_unfrozen_moment(
    business: Business, pledged: tuple[str, str, str], change: Callable[[Business, str, str], None]
) -> None:
    pledge, _, loan = pledged
    before = entry(business, pledge)

    change(business, pledge, loan)
    business.work()

    assert entry(business, pledge) == before
    assert [effect["kind"] for effect in ledger(business, pledge)] == ["freeze"]
    assert never_less_than_ten(business, pledge)


def test_a_transferred_claim_goes_on_under_the_same_registration_in_the_new_banks_name(
    business: Business, pledged: tuple[str, str, str]
) -> None:
    pledge, _, loan = pledged
    before = entry(business, pledge)
    amendment = propose(business, pledge, kind="transfer_of_claim", transferee="bank-b")
    decide(business, "bank-b.approver", amendment, "accept")
    decide(business, APPROVER, amendment, "approve", expected=202)
    business.work()

    assert entry(business, pledge, "bank-b.officer") == before
    told = ledger(business, pledge)
    assert [effect["kind"] for effect in told] == ["freeze", "amend"]
    assert told[1]["freeze_ref"] == told[0]["registry_ref"] == before["reference"]
    assert told[1]["new_beneficiary"] == OTHER_BANK_USCC
    assert never_less_than_ten(business, pledge)

    body = {"type": "settled", "on": TODAY.isoformat(), "reference": "结清", "principal": yuan("20000.00")}
    business.post("bank-b.officer", f"/v1/loans/{loan}/events", body, 201)
    business.act("bank-b.officer", pledge, "release", {"reason": "claim_extinguished"}, 202)
    business.act("bank-b.approver", pledge, "release/approve", expected=202)
    business.work()
    assert business.get("bank-b.officer", f"/v1/pledges/{pledge}")["status"] == "released"
    assert [effect["kind"] for effect in ledger(business, pledge)] == ["freeze", "amend", "release"]
