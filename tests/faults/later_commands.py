"""The commands on a pledge that stands: to amend it, and to sell what is pledged.

What a bank decides before (values, coverage, default, conditions of a sale) asks nothing of a registry and is for other
tests: an amendment begins here where it is approved, and a sale where its result is reported.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from api.house import EdgeUnitOfWork, House
from domain.pledges.amendments import Amendment, AmendmentKind, AmendmentState, Removal, Terms
from domain.pledges.enforcements import (
    Enforcement,
    EnforcementEvent,
    EnforcementStatus,
    Outcome,
    Round,
    Route,
    SaleResult,
    Winner,
)
from domain.pledges.lifecycle import Event, State
from domain.pledges.pledges import Pledge, PledgeItem
from domain.pledges.registry_orders import OrderKind
from domain.rights.holds import BLOCKS, Hold, HoldKind, HoldState, QuantityUnavailable
from domain.rights.rights import Right
from domain.use_cases import report_sale
from domain.use_cases.approve_amendment import order_releases
from domain.use_cases.change_enforcement import befall
from domain.use_cases.change_pledge import happen
from domain.use_cases.order_freeze import place, record_order
from domain.use_cases.settle_sale import open_orders
from domain.values.actors import Actor, Role
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.quantity import Quantity
from domain.values.time import business_date
from integrations.registry.demo_rights import ENTERPRISE_HUANGSHI_USCC
from tests.builders import BANK, BANK_USCC, HOLDER, an_item
from tests.fakes.memory import Memory

OFFICER: Final = Actor(client_id="bank-a.officer", tenant=BANK, role=Role.BANK_OFFICER, uscc=BANK_USCC, division=None)
APPROVER: Final = replace(OFFICER, client_id="bank-a.approver", role=Role.BANK_APPROVER)
PRICE: Final = Decimal(5000)


@dataclass(slots=True)
class LaterCommands:
    """Gives commands on pledges that are active."""

    house: House
    memory: Memory
    chance: random.Random

    async def top_up(self, pledge: Pledge) -> None:
        """Freeze more, of a right that is pledged already or of another."""
        await self._amend(pledge, AmendmentKind.TOP_UP, [self._some_right()], ())

    async def release_in_part(self, pledge: Pledge) -> None:
        """Give a tonne of an item back, or the whole of one of several."""
        item = self.chance.choice(pledge.items)
        whole = len(pledge.items) > 1 and self.chance.random() < 1 / 2
        given = item.quantity if whole else Quantity(Decimal(1), item.quantity.unit)
        if given < item.quantity or whole:
            await self._amend(pledge, AmendmentKind.PARTIAL_RELEASE, [], (Removal(item.right_id, given),))

    async def substitute(self, pledge: Pledge) -> None:
        """Freeze one right, and then release another."""
        item = self.chance.choice(pledge.items)
        added = self._some_right()
        if all(each.right_id != added.id for each in pledge.items):
            removals = (Removal(item.right_id, item.quantity),)
            await self._amend(pledge, AmendmentKind.SUBSTITUTE, [added], removals)

    async def sell(self, pledge: Pledge) -> None:
        """Sell all of it, or of each right a part; what was refused before is sold again."""
        async with self.house.open(OFFICER) as uow:
            if pledge.status is State.EXCEPTION:
                enforcement = await uow.enforcements.open_of(pledge.id)
                assert enforcement is not None, "only a sale leaves a pledge so"
                await report_sale.transfer_again(uow, OFFICER, (pledge.id, enforcement.id), None, self.house.now())
            else:
                await self._sell(uow, pledge)
            await uow.commit()

    async def _amend(
        self, pledge: Pledge, kind: AmendmentKind, added: Sequence[Right], removals: tuple[Removal, ...]
    ) -> None:
        now = self.house.now()
        async with self.house.open(APPROVER) as uow:
            additions = tuple([await take(uow, self.chance, pledge.id, right, self.house) for right in added])
            amendment = Amendment(
                id=new_id("amendment"),
                pledge_id=pledge.id,
                parties=pledge.parties,
                number=await uow.amendments.last_number(pledge.id) + 1,
                kind=kind,
                status=AmendmentState.REGISTERING,
                terms=Terms(),
                additions=additions,
                removals=removals,
                proposed_by=OFFICER.client_id,
                proposed_at=now,
            )
            await uow.amendments.add(amendment)
            if not additions:
                await order_releases(uow, APPROVER, pledge, amendment, removals, now)
            else:
                opened = await open_orders(uow, pledge, now)
                for item in additions:
                    await record_order(
                        uow, APPROVER, opened, item, OrderKind.FREEZE, None, now, amendment_id=amendment.id
                    )
            await uow.commit()

    async def _sell(self, uow: EdgeUnitOfWork, pledge: Pledge) -> None:
        now = self.house.now()
        enforcement = await uow.enforcements.open_of(pledge.id)
        if enforcement is None:
            enforcement = _running(pledge, now)
            await uow.enforcements.add(enforcement)
            pledge = await happen(uow, APPROVER, replace(pledge, release=None), Event.ENFORCEMENT_APPROVED, now)
        result = SaleResult(winners=self._winners(pledge), costs=(), claims=(), other_claims=())
        last = replace(enforcement.rounds[-1], outcome=Outcome.SOLD, on=business_date(now), result=result)
        sold = replace(enforcement, rounds=(*enforcement.rounds[:-1], last))
        freezes = await uow.registry_orders.standing_freezes(pledge.id)
        opened = await open_orders(uow, pledge, now)
        for order in report_sale._transfers(opened, sold, result, freezes, now):
            await place(uow, OFFICER, order)
        await befall(uow, OFFICER, sold, EnforcementEvent.SOLD, now)

    def _winners(self, pledge: Pledge) -> tuple[Winner, ...]:
        less = self.chance.random() < 1 / 2
        return tuple(
            Winner(
                right_id=item.right_id,
                buyer=ENTERPRISE_HUANGSHI_USCC,
                buyer_permit_no=None,
                quantity=Quantity(Decimal(1), item.quantity.unit) if less else item.quantity,
                unit_price=PRICE,
                amount=Money((PRICE if less else PRICE * item.quantity.amount).quantize(Decimal("0.01"))),
            )
            for item in pledge.items
        )

    def _some_right(self) -> Right:
        return self.memory.rights[self.chance.choice(sorted(self.memory.rights))]


async def take(uow: EdgeUnitOfWork, chance: random.Random, pledge_id: str, right: Right, house: House) -> PledgeItem:
    """Take some tonnes of a right for a pledge; raises QuantityUnavailable where so much is not free."""
    quantity = Quantity(Decimal(chance.randint(1, 5)), right.quantity.unit)
    if not await uow.rights.take(right.id, quantity.amount):
        raise QuantityUnavailable(right.id, right.available)
    hold = Hold(
        id=new_id("hold"),
        right_id=right.id,
        kind=HoldKind.PLEDGE,
        blocks=BLOCKS[HoldKind.PLEDGE],
        quantity=quantity,
        state=HoldState.PENDING,
        since=house.now(),
        until=None,
        reason="pledge_submitted",
        reference=pledge_id,
    )
    await uow.holds.add(hold, (BANK, HOLDER))
    return an_item(right_id=right.id, quantity=quantity, hold_id=hold.id, expected_version=right.registry_version)


def _running(pledge: Pledge, now: datetime) -> Enforcement:
    """Return an auction that two persons wanted, before its first result."""
    first = Round(number=1, reserve_price=None, opened_by=OFFICER.client_id, opened_at=now)
    return Enforcement(
        id=new_id("enforcement"),
        pledge_id=pledge.id,
        parties=pledge.parties,
        route=Route.AUCTION,
        status=EnforcementStatus.RUNNING,
        grounds=(),
        proposed_by=OFFICER.client_id,
        proposed_at=now,
        approved_by=APPROVER.client_id,
        approved_at=now,
        stays=(),
        end_reason=None,
        ended_by=None,
        distribution=None,
        settled_at=None,
        conditions=(),
        rounds=(first,),
        created_at=now,
        updated_at=now,
        version=1,
    )
