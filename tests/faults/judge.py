"""The judge: looks on at every commit of ours and every act of the registry, and says what must not be.

What an order did is read from the registry's own effects, which no key keeps from being two, and never from what we
believe. The judge trusts neither side's words: where we settle an order, the registry's books must say the same at that
very moment, and where we give a hold back, nothing of it may be frozen there or still be under way.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from domain.pledges.lifecycle import State
from domain.pledges.pledges import Pledge
from domain.pledges.registry_orders import IN_FLIGHT, SETTLED, OrderKind, OrderState, PledgeOrder
from domain.ports.registry import OrderStatus
from domain.rights.holds import Hold, HoldState
from domain.values.identifiers import RegistryNo
from integrations.registry.ledger import Ledger
from integrations.registry.messages import Outcome
from integrations.registry.wire import Operation, ReplyCode
from tests.fakes.memory import HOLDS, LIVE, ORDERS, PLEDGES, RIGHTS, Change, Memory
from tests.faults.line import ORDERS as ORDER_OPERATIONS
from tests.faults.line import Message

NOT_YET: Final = frozenset({State.FREEZING, State.RELEASING, State.EXCEPTION})
STANDING: Final = frozenset({State.ACTIVE, State.ENFORCING})
POSTED: Final = frozenset({HoldState.POSTED})
SETTLED_AS: Final = {OrderState.EXECUTED: OrderStatus.EXECUTED, OrderState.REFUSED: OrderStatus.REFUSED}
NEW_EFFECTS: Final = "select serial, order_id, kind, registry_no from effects where serial > ? order by serial"
FROZEN: Final = "select kind, quantity from effects where contract_no = ? and registry_no = ?"


class Broken(Exception):
    """A promise was broken; the words say which, and of what."""


@dataclass(slots=True)
class Judge:
    """Looks on; raises Broken."""

    memory: Memory
    ledger: Ledger
    effects: Counter[tuple[str, int, str, str, str | None]] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    _messages: Counter[str] = field(default_factory=Counter)
    _licensed: set[str] = field(default_factory=set)
    _serial: int = 0

    # What passes on the line

    def hear_sent(self, message: Message) -> None:
        """A message leaves: an order that left before leaves again only where the registry said it never saw it."""
        if message.operation not in ORDER_OPERATIONS or message.order_id is None:
            return
        if self._messages[message.order_id] and message.order_id not in self._licensed:
            self._fail(f"{message.order_id} was sent again, and the registry had not said that it never saw it")
        self._messages[message.order_id] += 1
        self._licensed.discard(message.order_id)

    def hear_told(self, message: Message, code: ReplyCode) -> None:
        """A true answer arrives."""
        self.told[code.value] += 1
        if message.operation is Operation.QUERY and code is ReplyCode.NO_SUCH_ORDER and message.order_id is not None:
            self._licensed.add(message.order_id)

    def hear_obeyed(self, _: Message) -> None:
        """The registry has acted: each effect is of an order that we had committed and not settled, and its first."""
        rows = self.ledger._books._db.execute(NEW_EFFECTS, (self._serial,)).fetchall()
        for row in rows:
            self._serial = row["serial"]
            order = self.memory.orders.get(row["order_id"])
            if order is None or order.state not in IN_FLIGHT:
                self._fail(f"{row['order_id']} took effect and is {order and order.state} with us")
                continue
            command = (order.pledge_id, order.round, order.right_id, order.kind.value, order.freeze_ref)
            self.effects[command] += 1
            if self.effects[command] > 1:
                self._fail(f"the {row['kind']} of {command} took effect {self.effects[command]} times")
            self._check_effect(order, row["registry_no"])

    def _check_effect(self, order: PledgeOrder, registry_no: str) -> None:
        hold = self.memory.holds[order.hold_id].hold
        if hold.state not in LIVE:
            self._fail(f"{order.id} took effect after its hold was {hold.state}")
        right = self.ledger._books.right(self.memory.rights[order.right_id].registry, _number(registry_no))
        assert right is not None, "an effect is of a right"
        if order.kind is OrderKind.FREEZE and right.version != order.expected_version:
            self._fail(f"{order.id} froze version {right.version} and was valued on {order.expected_version}")

    # What we commit

    def hear_committed(self, changes: Sequence[Change]) -> None:
        """Check every row that a transaction of ours has changed."""
        for change in changes:
            if change.table == ORDERS:
                self._check_order(change.before, change.after)
            elif change.table == HOLDS:
                self._check_hold(change.after.hold)
            elif change.table == PLEDGES:
                self._check_pledge(change.after)
        for right_id in {self._right_of(change) for change in changes} - {None}:
            self._check_right(str(right_id))

    def _check_order(self, before: PledgeOrder | None, order: PledgeOrder) -> None:
        if before is None:
            return
        if before.state in SETTLED:
            self._fail(f"{order.id} was {before.state} already and is {order.state}")
        if order.state not in SETTLED:
            return
        outcome = self._outcome(order)
        if before.state is OrderState.RECORDED:
            if outcome is not None:
                self._fail(f"{order.id} was withheld, and the registry has it")
        elif outcome is None or outcome.status is not SETTLED_AS[order.state]:
            self._fail(f"{order.id} is {order.state} with us, and at the registry {outcome and outcome.status}")
        elif outcome.registry_ref != order.registry_ref:
            self._fail(f"{order.id} has another reference at the registry")

    def _check_hold(self, hold: Hold) -> None:
        """Nothing that is given back is frozen for us at the registry, or may yet be."""
        if hold.reference is None:
            return
        frozen = self.frozen(hold.reference, hold.right_id)
        held = self._held(hold.reference, hold.right_id, LIVE)
        if frozen > held:
            self._fail(f"{hold.id} is {hold.state}, {held} held in all, and {frozen} frozen at the registry")
        if hold.state not in LIVE:
            under_way = [order for order in self.memory.orders.values() if order.hold_id == hold.id]
            under_way = [order for order in under_way if order.state not in SETTLED]
            if under_way:
                self._fail(f"{hold.id} is {hold.state}, and {under_way[0].id} is {under_way[0].state}")

    def _check_pledge(self, pledge: Pledge) -> None:
        """What an active pledge says it has is frozen, but for what it has ordered to be released."""
        if pledge.status is not State.ACTIVE:
            return
        releases = [order for order in self.memory.orders_of(pledge.id) if order.kind is OrderKind.RELEASE]
        for item in pledge.items:
            leaving = [order for order in releases if order.right_id == item.right_id and order.state not in SETTLED]
            frozen = self.frozen(pledge.id, item.right_id) + sum(order.quantity.amount for order in leaving)
            if frozen < item.quantity.amount:
                self._fail(f"{pledge.id} is active with {item.quantity.amount} of {item.right_id}, frozen {frozen}")

    def _check_right(self, right_id: str) -> None:
        right = self.memory.rights[right_id]
        holds = [each.hold for each in self.memory.holds.values() if each.hold.right_id == right_id]
        live = sum((hold.quantity.amount for hold in holds if hold.state in LIVE), Decimal(0))
        if right.taken != live or right.taken > right.quantity.amount + right.overtaken:
            self._fail(f"{right.taken} of {right.quantity.amount} is taken, overtaken {right.overtaken}, held {live}")
        orders = [order for order in self.memory.orders.values() if order.right_id == right_id]
        if sum(order.state in IN_FLIGHT for order in orders) > 1:
            self._fail(f"two orders of {right_id} are in flight")

    # The end

    def open_orders(self) -> list[PledgeOrder]:
        """Return the orders that have not settled."""
        return [order for order in self.memory.orders.values() if order.state not in SETTLED]

    def check_end(self) -> None:
        """Check that everything has ended, once, and that both sides tell the same."""
        for order in self.open_orders():
            self._fail(f"{order.id} is still {order.state} after {order.attempts} attempts")
        effects = Counter(effect.order_id for effect in self.ledger.effects())
        for order in self.memory.orders.values():
            if effects[order.id] != (1 if order.state is OrderState.EXECUTED else 0):
                self._fail(f"{order.id} is {order.state}, with {effects[order.id]} effects")
        for pledge in self.memory.pledges.values():
            if pledge.status in NOT_YET and not self._is_half_sold(pledge):
                self._fail(f"{pledge.id} is still {pledge.status}: {pledge.reason}")
            if self.memory.pending(pledge.id) is not None:
                self._fail(f"{pledge.id} still waits for an amendment")
            for item in pledge.items:
                frozen = self.frozen(pledge.id, item.right_id)
                posted = self._held(pledge.id, item.right_id, POSTED)
                half = self._is_half_sold(pledge)
                if frozen != posted or (not half and (pledge.status in STANDING) is not (frozen > 0)):
                    self._fail(f"{pledge.id} is {pledge.status}: {posted} posted, {frozen} frozen at the registry")

    def frozen(self, pledge_id: str, right_id: str) -> Decimal:
        """Return what the registry has frozen of a right for a pledge."""
        values = (pledge_id, self.memory.rights[right_id].registry_no)
        rows = self.ledger._books._db.execute(FROZEN, values).fetchall()
        return sum(
            (Decimal(row["quantity"]) * (1 if row["kind"] == OrderKind.FREEZE else -1) for row in rows), Decimal(0)
        )

    def _held(self, pledge_id: str, right_id: str, states: frozenset[HoldState]) -> Decimal:
        """Return what a pledge holds of a right, in any of these states."""
        holds = [each.hold for each in self.memory.holds.values() if each.hold.reference == pledge_id]
        wanted = [hold for hold in holds if hold.right_id == right_id and hold.state in states]
        return sum((hold.quantity.amount for hold in wanted), Decimal(0))

    def _is_half_sold(self, pledge: Pledge) -> bool:
        """Tell whether the registry made one right the buyer's and refused another: a case for a person."""
        return pledge.status is State.EXCEPTION and pledge.reason == "transfer_refused"

    def _outcome(self, order: PledgeOrder) -> Outcome | None:
        known = self.ledger._books.order(self.memory.rights[order.right_id].registry, order.id)
        return None if known is None else known.outcome

    def _right_of(self, change: Change) -> str | None:
        if change.table == RIGHTS:
            return change.key
        if change.table == HOLDS:
            return str(change.after.hold.right_id)
        return str(change.after.right_id) if change.table == ORDERS else None

    def _fail(self, words: str) -> None:
        raise Broken(words)


def _number(text: str) -> RegistryNo:
    return RegistryNo(text)
