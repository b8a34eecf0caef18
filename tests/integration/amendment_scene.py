"""Amendments of an active pledge through the real doors, with a watch that looks at every commit.

`Watch` knows what must hold at each moment: every right of the pledge is frozen at the registry for at least what the
pledge says, less what a release that has left us may have released without our knowing; what was secured before stays
secured by itself or by what takes its place; what stays keeps its registration with its reference and time; and our
books take no more and no less than the live holds.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from api.house import EdgeUnitOfWork, House
from api.jobs.registry_orders import carry_out_order
from domain.pledges.registry_orders import OrderKind
from domain.values.actors import Actor
from tests.integration.business import Business, quantity

ENTERPRISE, OFFICER, APPROVER = "enterprise.shaoxing", "bank-a.officer", "bank-a.approver"
ROUNDS_MAX: Final = 30


@dataclass
class Watch:
    """What holds at every commit of an amendment; `kept` keep their rank, and one of each `either` stays frozen."""

    business: Business
    pledge: str
    kept: tuple[str, ...]
    either: tuple[tuple[str, ...], ...] = ()
    looks: int = 0
    entries: dict[str, tuple[Any, ...]] = field(init=False)
    least: dict[str, Decimal] = field(init=False)

    def __post_init__(self) -> None:
        self.entries = {right: self._entry(right) for right in self.kept}
        self.least = {right: self.frozen(right) for right in self.kept}

    def frozen(self, right: str) -> Decimal:
        """Return what the registry has frozen of a right for this pledge."""
        ((number,),) = self.business.sql("select registry_no from rights where id = %s", right)
        total = Decimal(0)
        for effect in self.business.registry.executed:
            order = effect.order
            if (order.registry_no, order.contract_no) == (number, self.pledge):
                sign = {OrderKind.FREEZE: 1, OrderKind.AMEND: 0}.get(order.kind, -1)
                total += sign * order.quantity.amount
        return total

    def look(self) -> None:
        """See that it holds now."""
        self.looks += 1
        ((status,),) = self.business.sql("select status from pledges where id = %s", self.pledge)
        assert status == "active"
        items = self.business.sql("select right_id, quantity from pledge_items where pledge_id = %s", self.pledge)
        assert items
        leaving = self.business.sql(
            "select right_id, quantity from registry_orders where pledge_id = %s and kind = 'release'"
            " and state in ('sent', 'accepted', 'unknown')",
            self.pledge,
        )
        for right, pledged in items:
            on_its_way = sum((quantity for each, quantity in leaving if each == right), Decimal(0))
            assert self.frozen(right) >= pledged - on_its_way, right
        for right in self.kept:
            assert self.frozen(right) >= min(self.least[right], dict(items)[right])
            assert self._entry(right) == self.entries[right]
        for rights in self.either:
            assert any(self.frozen(right) > 0 for right in rights)
        unequal = self.business.sql(
            "select b.right_id from right_balances b where b.taken <> (select coalesce(sum(h.quantity), 0) from holds h"
            " where h.right_id = b.right_id and h.state in ('pending', 'posted'))"
        )
        assert unequal == []

    def work(self) -> None:
        """Carry out every open order, and look after each commit."""
        asyncio.run(self._work())

    async def _work(self) -> None:
        async with self.business.worker_house() as house:
            watched = replace(house, open=self._opening(house))
            for _ in range(ROUNDS_MAX):
                rows = self.business.sql("select id from registry_orders where state not in ('executed', 'refused')")
                if not rows:
                    return
                for (order_id,) in rows:
                    await carry_out_order(watched, order_id)

    def _opening(self, house: House) -> Callable[[Actor | None], Any]:
        @asynccontextmanager
        async def opened(actor: Actor | None) -> AsyncIterator[EdgeUnitOfWork]:
            async with house.open(actor) as uow:
                commit = uow.commit

                async def commit_and_look() -> None:
                    await commit()
                    self.look()

                uow.commit = commit_and_look  # type: ignore[method-assign]  # the watch stands behind the commit
                yield uow

        return opened

    def _entry(self, right: str) -> tuple[Any, ...]:
        ((status, reference, registered_at),) = self.business.sql(
            "select r.status, r.reference, r.registered_at from registrations r join pledge_items i"
            " on i.pledge_id = r.pledge_id and i.position = r.position"
            " where r.register = 'emission_registry' and i.pledge_id = %s and i.right_id = %s",
            self.pledge,
            right,
        )
        return status, reference, registered_at


def a_lent_pledge(business: Business) -> tuple[str, str, str]:
    """Return an active pledge of ten tonnes, its right, and its loan of 40,000, which is paid out."""
    right, loan = business.verified(), business.loan()
    pledge = business.active({right: "10"}, [loan])
    status, answer = business.event(loan, "disbursed", "40000.00")
    assert status == 201, answer
    return pledge, right, loan


def parts(**amounts: str) -> list[dict[str, object]]:
    """Return quantities of rights on the wire, by the right's id."""
    return [{"right_id": right, "quantity": quantity(amount)} for right, amount in amounts.items()]


def propose(business: Business, pledge: str, expected: int = 201, **body: object) -> Any:  # noqa: ANN401 - any JSON answer
    """Let the officer propose an amendment."""
    return business.post(OFFICER, f"/v1/pledges/{pledge}/amendments", body, expected)


def decide(
    business: Business,
    client: str,
    amendment: Mapping[str, Any],
    verb: str,
    body: object = None,
    expected: int = 200,
) -> Any:  # noqa: ANN401 - any JSON answer
    """Send a command on an amendment."""
    path = f"/v1/pledges/{amendment['pledge_id']}/amendments/{amendment['id']}/{verb}"
    return business.post(client, path, body or {}, expected)


def agreed(business: Business, pledge: str, **body: Any) -> Any:  # noqa: ANN401 - any JSON body and answer
    """Propose an amendment, let the pledgor agree and the second person approve; return it as approved."""
    amendment = propose(business, pledge, **body)
    decide(business, ENTERPRISE, amendment, "consent")
    status, answer = business.call(APPROVER, "POST", f"/v1/pledges/{pledge}/amendments/{amendment['id']}/approve", {})
    assert status in {200, 202}, answer
    return answer


def read(business: Business, amendment: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON answer
    """Read an amendment as the bank's officer."""
    return business.get(OFFICER, f"/v1/pledges/{amendment['pledge_id']}/amendments/{amendment['id']}")
