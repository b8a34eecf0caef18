"""The commands of a run: what banks, enterprises, the registry and a court do, at random, by the product's use cases.

A pledge begins here where it is confirmed: its holds are taken and its freezes ordered in one transaction. What comes
before (drafts, values, approvals) asks nothing of a registry and is for other tests.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from api.house import House
from domain.errors import DomainError
from domain.pledges.lifecycle import State
from domain.pledges.pledges import Pledge, ReleaseReason
from domain.pledges.registry_orders import SETTLED
from domain.ports.registry import RegistryUnavailable
from domain.rights.rights import Right
from domain.use_cases.decide_on_pledge import withdraw_pledge
from domain.use_cases.hear_registry import hear
from domain.use_cases.order_freeze import order_freeze
from domain.use_cases.release_pledge import approve_release, request_release
from domain.values.actors import Actor, Role
from domain.values.identifiers import RegistryNo, new_id
from domain.values.quantity import Quantity, Unit
from integrations.registry.changes import Change, ChangeImpossible, ChangeKind
from integrations.registry.client import HttpRegistry
from integrations.registry.demo_rights import SHAOXING_COD_RIGHT, demo_rights
from integrations.registry.ledger import Ledger
from integrations.registry.registered_right import RegisteredRight
from tests.builders import HOLDER, a_pledge, a_right, an_entry
from tests.fakes.memory import RIGHTS, Memory
from tests.faults.later_commands import APPROVER, OFFICER, LaterCommands, take
from tests.faults.line import Killed

RIGHTS_OF_A_RUN: Final = 8
REGISTRY: Final = "zhejiang"
ENTERPRISE: Final = Actor(
    client_id="enterprise.shaoxing", tenant="enterprise.shaoxing", role=Role.ENTERPRISE, uscc=HOLDER, division=None
)
CHANGES: Final = (
    ChangeKind.REDUCE,
    ChangeKind.SUSPEND,
    ChangeKind.REINSTATE,
    ChangeKind.REINSTATE,
    ChangeKind.COURT_ORDER,
    ChangeKind.LIFT_COURT_ORDER,
)
OPEN: Final = frozenset({State.CONFIRMED, State.FREEZING, State.ACTIVE, State.RELEASING, State.EXCEPTION})


def entered_rights(today: date) -> list[RegisteredRight]:
    """Return the rights that the registry has: 12 t/a each."""
    [like] = [right for right in demo_rights(today) if right.registry_no == SHAOXING_COD_RIGHT]
    quantity = Quantity(Decimal(12), Unit.T_PER_YEAR)
    numbers = [RegistryNo(f"PWQ-ZJ-{number:05d}") for number in range(RIGHTS_OF_A_RUN)]
    return [replace(like, registry_no=number, holder_uscc=HOLDER, quantity=quantity) for number in numbers]


@dataclass(frozen=True, slots=True)
class Scene:
    """What commands act upon."""

    house: House
    memory: Memory
    ledger: Ledger
    registry: HttpRegistry

    async def open(self) -> None:
        """Know the registry's rights, as verifications would have made them known."""
        async with self.memory.open(ENTERPRISE) as uow:
            for registered, _ in self.ledger.rights(REGISTRY):
                right = a_right(id=new_id("right"), registry_no=registered.registry_no, quantity=registered.quantity)
                self.memory.put(RIGHTS, right.id, right)
            await uow.commit()


@dataclass(slots=True)
class Commands:
    """Gives commands; counts what became of each."""

    scene: Scene
    chance: random.Random
    given: Counter[str]
    later: LaterCommands = field(init=False)

    def __post_init__(self) -> None:
        """Bring the commands on what stands."""
        self.later = LaterCommands(self.scene.house, self.scene.memory, self.chance)

    async def give(self) -> None:
        """Give one."""
        verbs: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "pledge": (38, self._pledge),
            "release": (20, self._release),
            "cancel": (6, self._cancel),
            "freeze again": (7, self._freeze_again),
            "verify": (5, self._verify),
            "change": (7, self._change),
            "top up": (5, lambda: self._amend(self.later.top_up)),
            "release in part": (5, lambda: self._amend(self.later.release_in_part)),
            "substitute": (4, lambda: self._amend(self.later.substitute)),
            "sell": (3, self._sell),
        }
        [verb] = self.chance.choices(list(verbs), [weight for weight, _ in verbs.values()])
        try:
            await verbs[verb][1]()
        except DomainError as refusal:
            self.given[f"{verb}: {refusal.code}"] += 1
        except ChangeImpossible:
            self.given[f"{verb}: impossible"] += 1
        else:
            self.given[verb] += 1

    async def _pledge(self) -> None:
        rights = self.chance.sample(sorted(self.scene.memory.rights), self.chance.choice((1, 1, 2, 3)))
        now = self.scene.house.now()
        async with self.scene.house.open(ENTERPRISE) as uow:
            name = new_id("pledge")
            known = self.scene.memory.rights
            items = tuple(
                [await take(uow, self.chance, name, known[right_id], self.scene.house) for right_id in rights]
            )
            pledge = a_pledge(
                id=name,
                status=State.CONFIRMED,
                items=items,
                registrations=tuple(an_entry(position=position) for position in range(len(items))),
            )
            await uow.pledges.add(pledge)
            await order_freeze(uow, ENTERPRISE, pledge, now)
            await uow.commit()

    async def _release(self) -> None:
        """Both persons order the release of a pledge, mostly of one that is active."""
        pledge = self._picked(State.ACTIVE if self.chance.random() < 0.9 else None)
        if pledge is None:
            return
        now = self.scene.house.now()
        async with self.scene.house.open(OFFICER) as uow:
            await request_release(uow, OFFICER, pledge.id, ReleaseReason.WAIVED, None, now)
            await uow.commit()
        async with self.scene.house.open(APPROVER) as uow:
            await approve_release(uow, APPROVER, pledge.id, None, now)
            await uow.commit()

    async def _cancel(self) -> None:
        pledge = self._picked(None)
        if pledge is not None:
            async with self.scene.house.open(ENTERPRISE) as uow:
                await withdraw_pledge(uow, ENTERPRISE, pledge.id, None, self.scene.house.now())
                await uow.commit()

    async def _freeze_again(self) -> None:
        """Order the freeze again that was refused, on what we know of the rights now."""
        pledge = self._picked(State.CONFIRMED)
        if pledge is None:
            return
        rights = self.scene.memory.rights
        items = tuple(replace(each, expected_version=rights[each.right_id].registry_version) for each in pledge.items)
        async with self.scene.house.open(ENTERPRISE) as uow:
            await order_freeze(uow, ENTERPRISE, replace(pledge, items=items), self.scene.house.now())
            await uow.commit()

    async def _amend(self, change: Callable[[Pledge], Awaitable[None]]) -> None:
        pledge = self._picked(State.ACTIVE)
        if pledge is not None and self.scene.memory.pending(pledge.id) is None:
            await change(pledge)

    async def _sell(self) -> None:
        """Sell what is pledged, or sell again what the registry would not make the buyer's."""
        unsold = [each for each in self.scene.memory.pledges.values() if self._is_unsold(each)]
        pledge = self.chance.choice(unsold) if unsold else self._picked(State.ACTIVE)
        if pledge is not None and self.scene.memory.pending(pledge.id) is None:
            await self.later.sell(pledge)

    def _is_unsold(self, pledge: Pledge) -> bool:
        """Tell whether a sale was refused, whole or in part."""
        if pledge.status is State.ENFORCING:
            return all(order.state in SETTLED for order in self.scene.memory.orders_of(pledge.id))
        return pledge.status is State.EXCEPTION and pledge.reason == "transfer_refused"

    async def _verify(self) -> None:
        right = self._right()
        try:
            found = await self.scene.registry.lookup_right(REGISTRY, registry_no=right.registry_no)
        except (RegistryUnavailable, Killed):
            return
        async with self.scene.house.open(ENTERPRISE) as uow:
            await hear(uow, found[0], self.scene.house.now())
            await uow.commit()

    async def _change(self) -> None:
        """Let the registry or a court act by itself."""
        kind = self.chance.choice(CHANGES)
        takes = kind in {ChangeKind.REDUCE, ChangeKind.COURT_ORDER}
        quantity = Quantity(Decimal("0.5"), Unit.T_PER_YEAR) if takes else None
        number = self._right().registry_no
        self.scene.ledger.change(Change(registry=REGISTRY, registry_no=number, kind=kind, quantity=quantity))

    def _right(self) -> Right:
        rights = self.scene.memory.rights
        return rights[self.chance.choice(sorted(rights))]

    def _picked(self, state: State | None) -> Pledge | None:
        pledges: Sequence[Pledge] = [
            each for each in self.scene.memory.pledges.values() if each.status in ({state} if state else OPEN)
        ]
        return self.chance.choice(pledges) if pledges else None
