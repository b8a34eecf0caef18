"""A registry in memory, for tests that are about something else; it keeps its promises and breaks them on order.

It is kept honest by tests/contracts/test_registry.py, which runs one body of tests against this fake and against the
HTTP client with the simulator. What `slow` has swallowed is delivered by `deliver_slow`, when the test says so.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import (
    DailyBalance,
    DailyBalances,
    HolderMatch,
    OrderAnswer,
    OrderStatus,
    RegistryClosed,
    RegistryClosure,
    RegistryFreeze,
    RegistryOrder,
    RegistryRight,
    RegistryRightNotFound,
    RegistrySilent,
    RegistryStatus,
    RegistryUnavailable,
)
from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from domain.values.quantity import Quantity
from domain.values.time import business_date

STATUS_AFTER: Final[Mapping[str, RegistryStatus]] = {
    "revoke": RegistryStatus.REVOKED,
    "suspend": RegistryStatus.SUSPENDED,
    "reinstate": RegistryStatus.EFFECTIVE,
}
LIVING: Final = (RegistryStatus.EFFECTIVE, RegistryStatus.REDUCED)


@dataclass(frozen=True, slots=True)
class Executed:
    """One freeze or release that happened."""

    order: RegistryOrder
    registry_ref: str
    freeze_ref: str


@dataclass(slots=True)
class FakeRegistry:
    """Implements `Registry`; `executed` is its ledger."""

    rights: Iterable[RegistryRight]
    now: Callable[[], datetime]
    executed: list[Executed] = field(default_factory=list)
    closed_until: datetime | None = None
    """The end that it names while `closed` strikes."""
    _entries: dict[tuple[str, RegistryNo], RegistryRight] = field(init=False)
    _answers: dict[tuple[str, str], tuple[RegistryOrder, OrderAnswer]] = field(default_factory=dict)
    _court: dict[tuple[str, RegistryNo], list[Quantity]] = field(default_factory=dict)
    _business_names: dict[tuple[str, RegistryNo], str] = field(default_factory=dict)
    _faults: list[tuple[str, str]] = field(default_factory=list)
    _on_their_way: list[RegistryOrder] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._entries = {(right.registry, right.registry_no): right for right in self.rights}

    # What a test orders

    def arm(self, operation: str, kind: str, times: int = 1) -> None:
        """Misbehave the next `times` times; the words are those of the simulator's control."""
        self._faults.extend([(operation, kind)] * times)

    async def deliver_slow(self) -> None:
        """Let the orders arrive that `slow` kept on their way."""
        for order in self._on_their_way:
            self._place(order)
        self._on_their_way.clear()

    def change(
        self,
        registry: str,
        registry_no: RegistryNo,
        kind: str,
        *,
        quantity: Quantity | None = None,
        holder_uscc: Uscc | None = None,
        holder_name: str | None = None,
    ) -> None:
        """Let the registry or a court act; the words are those of the simulator's control."""
        key = registry, registry_no
        right = self._entries[key]
        if kind == "court_order":
            self._court.setdefault(key, []).append(quantity or right.quantity)
        elif kind == "lift_court_order":
            self._court[key].pop()
        elif kind == "rename":
            self._business_names[key] = holder_name or right.holder_name
        elif kind == "reduce" and quantity is not None:
            self._revise(replace(right, quantity=right.quantity - quantity, status=RegistryStatus.REDUCED))
        elif kind == "transfer" and holder_uscc is not None and holder_name is not None:
            self._revise(replace(right, holder_uscc=holder_uscc, holder_name=holder_name))
        else:
            self._revise(replace(right, status=STATUS_AFTER[kind]))

    # What the port promises

    async def lookup_right(
        self, registry: str, *, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> Sequence[RegistryRight]:
        """Return the rights as of now."""
        self._question(registry, "lookup")
        found = [
            self._as_of_now(right)
            for right in self._of(registry)
            if registry_no in {None, right.registry_no} and permit_no in {None, right.permit_no}
        ]
        if not found:
            raise RegistryRightNotFound(registry, str(registry_no or permit_no))
        return sorted(found, key=lambda right: right.registry_no)

    async def lookup_freeze(self, registry: str, registry_no: RegistryNo, registry_ref: str) -> RegistryFreeze | None:
        """Return what stands of a freeze, with its place among those of its right."""
        self._question(registry, "standing_freeze")
        standing = self._standing(registry, registry_no)
        found = next((freeze for freeze in standing if freeze.registry_ref == registry_ref), None)
        if found is None:
            return None
        earlier = sum(freeze.registered_at < found.registered_at for freeze in standing)
        return replace(found, rank=1 + earlier)

    async def verify_holder(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch:
        """Compare with the entry, and with the business name."""
        self._question(registry, "verify_holder")
        right = self._entries.get((registry, registry_no))
        if right is None:
            return HolderMatch.UNKNOWN
        if right.holder_uscc != uscc:
            return HolderMatch.MISMATCH
        name = self._business_names.get((registry, registry_no), right.holder_name)
        return HolderMatch.MATCH if name == right.holder_name else HolderMatch.NAME_DIFFERS

    async def send_order(self, order: RegistryOrder) -> OrderAnswer:
        """Execute, refuse, or misbehave."""
        if not self._of(order.registry):
            raise RegistryClosed(order.registry, "no registry of this name")
        fault = self._fault(order.kind.value)
        if fault == "closed":
            raise RegistryClosure(order.registry, "closed", self.closed_until)
        if fault == "error":
            raise RegistrySilent(order.registry, "HTTP 500")
        if fault == "slow":
            self._on_their_way.append(order)
            raise RegistrySilent(order.registry, "slow")
        answer = self._place(order, postponed=fault == "late")
        if fault == "duplicate":
            answer = self._place(order)
        if fault in {"lose_reply", "garbage"}:
            raise RegistrySilent(order.registry, fault)
        return answer

    async def query_order(self, registry: str, order_id: str) -> OrderAnswer | None:
        """Return what became of an order, executing it first if it was only accepted."""
        self._question(registry, "query")
        known = self._answers.get((registry, order_id))
        if known is None:
            return None
        order, answer = known
        return self._execute(order) if answer.status is OrderStatus.ACCEPTED else answer

    async def daily_balances(self, registry: str, on: date) -> DailyBalances:
        """Return today's file; other days are not kept."""
        self._question(registry, "balances")
        if on != business_date(self.now()):
            raise RegistryUnavailable(registry, "no file of this day")
        rights = sorted(self._of(registry), key=lambda right: right.registry_no)
        rows = tuple(
            DailyBalance(
                registry_no=right.registry_no,
                quantity=right.quantity,
                frozen=self._frozen(right),
                version=right.version,
            )
            for right in rights
        )
        return DailyBalances(registry=registry, on=on, rows=rows, control_total=len(rows), sha256=_digest(str(rows)))

    # Inside

    def _question(self, registry: str, operation: str) -> None:
        if not self._of(registry):
            raise RegistryUnavailable(registry, "no registry of this name")
        fault = self._fault(operation)
        if fault == "closed":
            raise RegistryClosure(registry, fault, self.closed_until)
        if fault in {"lose_reply", "garbage", "error", "slow"}:
            raise RegistryUnavailable(registry, fault)

    def _fault(self, operation: str) -> str | None:
        for armed in self._faults:
            if armed[0] in {operation, "any"}:
                self._faults.remove(armed)
                return armed[1]
        return None

    def _of(self, registry: str) -> list[RegistryRight]:
        return [right for right in self._entries.values() if right.registry == registry]

    def _revise(self, right: RegistryRight) -> None:
        self._entries[right.registry, right.registry_no] = replace(right, version=right.version + 1)

    def _as_of_now(self, right: RegistryRight) -> RegistryRight:
        now = self.now().replace(microsecond=0)
        over = right.valid_to is not None and right.valid_to < business_date(now)
        status = RegistryStatus.EXPIRED if over and right.status in LIVING else right.status
        seen = replace(right, status=status, frozen=self._frozen(right), as_of=now)
        return replace(seen, evidence_sha256=_digest(str(seen)))

    def _standing(self, registry: str, registry_no: RegistryNo) -> list[RegistryFreeze]:
        """Return what stands of each freeze of a right; none has its place yet."""
        standing = []
        for frozen in self.executed:
            order = frozen.order
            here = (order.registry, order.registry_no) == (registry, registry_no)
            effects = [effect for effect in self.executed if effect.freeze_ref == frozen.freeze_ref]
            if here and order.kind is OrderKind.FREEZE and _left_of(effects) > 0:
                _, answer = self._answers[registry, order.order_id]
                assert answer.executed_at is not None
                holder, beneficiary = self.parties_of(effects)
                freeze = RegistryFreeze(
                    registry_no=registry_no,
                    registry_ref=frozen.freeze_ref,
                    holder_uscc=holder,
                    beneficiary=beneficiary,
                    quantity=Quantity(_left_of(effects), order.quantity.unit),
                    registered_at=answer.executed_at,
                    rank=0,
                    evidence_sha256=_digest(frozen.freeze_ref),
                )
                standing.append(freeze)
        return standing

    def _frozen(self, right: RegistryRight) -> Quantity:
        total = Quantity.zero(right.quantity.unit)
        for taken in self._court.get((right.registry, right.registry_no), []):
            total += taken
        for effect in self.executed:
            if (effect.order.registry, effect.order.registry_no) == (right.registry, right.registry_no):
                if effect.order.kind is OrderKind.FREEZE:
                    total += effect.order.quantity
                elif effect.order.kind is not OrderKind.AMEND:
                    total -= effect.order.quantity
        return total

    def _place(self, order: RegistryOrder, *, postponed: bool = False) -> OrderAnswer:
        known = self._answers.get((order.registry, order.order_id))
        if known is not None:
            return known[1] if known[0] == order else _answer(order, OrderStatus.REFUSED, reason="ORDER_ID_REUSED")
        if postponed and self._refusal(order) is None:
            answer = _answer(order, OrderStatus.ACCEPTED)
            self._answers[order.registry, order.order_id] = order, answer
            return answer
        return self._execute(order)

    def _execute(self, order: RegistryOrder) -> OrderAnswer:
        reason = self._refusal(order)
        if reason is None:
            registry_ref = f"FAKE{len(self.executed) + 1:08d}"
            self.executed.append(Executed(order, registry_ref, order.registry_ref or registry_ref))
            if order.kind is OrderKind.TRANSFER:
                self._hand_over(order, registry_ref)
            now = self.now().replace(microsecond=0)
            answer = _answer(order, OrderStatus.EXECUTED, registry_ref=registry_ref, executed_at=now)
        else:
            answer = _answer(order, OrderStatus.REFUSED, reason=reason)
        self._answers[order.registry, order.order_id] = order, answer
        return answer

    def _refusal(self, order: RegistryOrder) -> str | None:
        if order.kind is OrderKind.RELEASE:
            return self._refusal_of_release(order)
        if order.kind is OrderKind.TRANSFER:
            return self._refusal_of_release(order) or self._refusal_of_transfer(order)
        if order.kind is OrderKind.AMEND:
            return self._refusal_of_release(order) or self._refusal_of_amendment(order)
        entry = self._entries.get((order.registry, order.registry_no))
        if entry is None:
            return "RIGHT_NOT_FOUND"
        right = self._as_of_now(entry)
        checks = {
            "HOLDER_MISMATCH": order.holder_uscc != right.holder_uscc,
            "SUSPENDED": right.status is RegistryStatus.SUSPENDED,
            "NOT_EFFECTIVE": right.status not in LIVING,
            "VERSION_CONFLICT": order.expected_version not in {None, right.version},
            "UNIT_MISMATCH": order.quantity.unit is not right.quantity.unit,
            "INSUFFICIENT_AVAILABLE": order.quantity.amount > right.quantity.amount - right.frozen.amount,
        }
        return next((reason for reason, applies in checks.items() if applies), None)

    def _refusal_of_transfer(self, order: RegistryOrder) -> str | None:
        right = self._as_of_now(self._entries[order.registry, order.registry_no])
        checks = {
            "HOLDER_MISMATCH": order.holder_uscc != right.holder_uscc or order.buyer in {None, order.holder_uscc},
            "SUSPENDED": right.status is RegistryStatus.SUSPENDED,
            "NOT_EFFECTIVE": right.status not in LIVING,
        }
        return next((reason for reason, applies in checks.items() if applies), None)

    def _hand_over(self, order: RegistryOrder, registry_ref: str) -> None:
        seller = self._entries[order.registry, order.registry_no]
        left = seller.quantity - order.quantity
        status = seller.status if left.is_positive else RegistryStatus.TRANSFERRED
        self._revise(replace(seller, quantity=left, status=status))
        assert order.buyer is not None
        bought = replace(
            seller,
            registry_no=RegistryNo(f"GH-{registry_ref}"),
            permit_no=order.buyer_permit_no or PermitNo(f"{order.buyer}001P"),
            holder_uscc=order.buyer,
            holder_name=next(
                (each.holder_name for each in self._of(order.registry) if each.holder_uscc == order.buyer), order.buyer
            ),
            quantity=order.quantity,
            origin="purchased",
            acquisition_basis="paid",
            acquisition_amount=None,
            acquired_on=business_date(self.now()),
            status=RegistryStatus.EFFECTIVE,
            version=1,
        )
        self._entries[bought.registry, bought.registry_no] = bought

    def _refusal_of_release(self, order: RegistryOrder) -> str | None:
        effects = [effect for effect in self.executed if effect.freeze_ref == order.registry_ref]
        if not effects or effects[0].order.registry_no != order.registry_no:
            return "FREEZE_NOT_FOUND"
        frozen = effects[0].order
        holder, beneficiary = self.parties_of(effects)
        checks = {
            "HOLDER_MISMATCH": order.holder_uscc != holder,
            "NOT_BENEFICIARY": order.beneficiary != beneficiary,
            "UNIT_MISMATCH": order.quantity.unit is not frozen.quantity.unit,
            "AMOUNT_EXCEEDS": order.quantity.amount > _left_of(effects),
        }
        return next((reason for reason, applies in checks.items() if applies), None)

    def _refusal_of_amendment(self, order: RegistryOrder) -> str | None:
        effects = [effect for effect in self.executed if effect.freeze_ref == order.registry_ref]
        right = self._entries[order.registry, order.registry_no]
        checks = {
            "AMOUNT_EXCEEDS": order.quantity.amount != _left_of(effects),
            "HOLDER_MISMATCH": order.new_holder not in {None, order.holder_uscc, right.holder_uscc},
        }
        return next((reason for reason, applies in checks.items() if applies), None)

    @staticmethod
    def parties_of(effects: Sequence[Executed]) -> tuple[Uscc, Uscc]:
        """Return whose a freeze is by its latest amendment: holder and beneficiary; all effects are those of one."""
        last = effects[0].order
        holder, beneficiary = last.holder_uscc, last.beneficiary
        for effect in effects:
            if effect.order.kind is OrderKind.AMEND:
                holder = effect.order.new_holder or holder
                beneficiary = effect.order.new_beneficiary or beneficiary
        return holder, beneficiary


def _left_of(effects: Sequence[Executed]) -> Decimal:
    first, *others = effects
    moved = sum((each.order.quantity.amount for each in others if each.order.kind is not OrderKind.AMEND), Decimal(0))
    return first.order.quantity.amount - moved


def _answer(
    order: RegistryOrder,
    status: OrderStatus,
    *,
    registry_ref: str | None = None,
    executed_at: datetime | None = None,
    reason: str | None = None,
) -> OrderAnswer:
    return OrderAnswer(
        order_id=order.order_id,
        status=status,
        registry_ref=registry_ref,
        executed_at=executed_at,
        reason=reason,
        message=None if reason is None else f"refused: {reason}",
        evidence_sha256=_digest(f"{order.order_id} {status} {registry_ref} {executed_at} {reason}"),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
