"""The simulated registry at work: it answers questions from its books, rules on orders, and changes rights by itself.

The subtle thing is that an order and its effect are one transaction, on disk before any answer leaves, so that a
`kill -9` loses nothing that was told and a repeated order finds the first one's outcome.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from domain.pledges.registry_orders import OrderKind
from domain.ports.registry import DailyBalance, HolderMatch, OrderStatus, RegistryOrder, RegistryStatus
from domain.values.identifiers import PermitNo, RegistryNo, Uscc
from domain.values.quantity import Quantity
from domain.values.time import business_date
from integrations.outbound.strict_json import read_object, write_object
from integrations.registry.books import Books
from integrations.registry.changes import Change, ChangeImpossible, ChangeKind, changed
from integrations.registry.effects import Effect
from integrations.registry.freezes import StandingFreeze, standing_freeze
from integrations.registry.messages import Outcome, read_order, write_order
from integrations.registry.registered_right import RegisteredRight
from integrations.registry.rulings import (
    refusal_of_amendment,
    refusal_of_freeze,
    refusal_of_release,
    refusal_of_transfer,
)
from integrations.registry.vocabulary import RefusalCode


class Ledger:
    """All simulated registries; with a path their books outlive the process."""

    def __init__(self, path: Path | None, rights: Sequence[RegisteredRight], now: Callable[[], datetime]) -> None:
        """Open the books and enter the rights that they do not hold yet."""
        self._now = now
        self._books = Books(path, now)
        with self._books.transaction():
            for right in rights:
                self._books.enter(right)
        self.registries = self._books.registries()

    def close(self) -> None:
        """Close the books."""
        self._books.close()

    def rights(
        self, registry: str, registry_no: RegistryNo | None = None, permit_no: PermitNo | None = None
    ) -> list[tuple[RegisteredRight, Quantity]]:
        """Return the rights under either number, or all of a registry, each with what is frozen of it."""
        return self._books.rights(registry, registry_no, permit_no)

    def holder_match(self, registry: str, registry_no: RegistryNo, uscc: Uscc) -> HolderMatch | None:
        """Compare a holder with the register and the business register; none when there is no such right."""
        right = self._books.right(registry, registry_no)
        if right is None:
            return None
        if right.holder_uscc != uscc:
            return HolderMatch.MISMATCH
        return HolderMatch.MATCH if self._books.business_name(right) == right.holder_name else HolderMatch.NAME_DIFFERS

    def balances(self, registry: str, on: date) -> list[DailyBalance]:
        """Return each right's balance at the end of a day, as of now for today; none for a day not in the books."""
        return [] if on > business_date(self._now()) else self._books.balances(registry, on)

    def effects(self) -> list[Effect]:
        """Return everything that was executed, oldest first."""
        return self._books.effects()

    def standing_freeze(self, registry: str, registry_no: RegistryNo, registry_ref: str) -> StandingFreeze | None:
        """Return what stands of a freeze by its reference; none where nothing does."""
        return standing_freeze(self._books.effects(), registry, registry_no, registry_ref)

    def place(self, order: RegistryOrder, *, postponed: bool = False) -> Outcome:
        """Take an order and execute or refuse it; the same id again gives the same outcome, or ORDER_ID_REUSED.

        A postponed order that would be executed is only accepted; the next query executes it, or refuses it by then.
        """
        content = write_object(write_order(order))
        with self._books.transaction():
            known = self._books.order(order.registry, order.order_id)
            if known is None:
                self._books.record_order(order, content)
                if postponed and self._refusal(order) is None:
                    return Outcome(order.order_id, order.kind, order.registry_no, OrderStatus.ACCEPTED)
                return self._execute(order)
            if known.content != content or known.outcome.kind is not order.kind:
                reused = RefusalCode.ORDER_ID_REUSED
                return Outcome(order.order_id, order.kind, order.registry_no, OrderStatus.REFUSED, refusal=reused)
            self._books.count_message(order.registry, order.order_id)
            return known.outcome

    def outcome(self, registry: str, order_id: str) -> Outcome | None:
        """Return what became of an order, executing it first if it was only accepted; none when never seen."""
        with self._books.transaction():
            known = self._books.order(registry, order_id)
            if known is None or known.outcome.status is not OrderStatus.ACCEPTED:
                return None if known is None else known.outcome
            return self._execute(read_order(read_object(known.content), registry, known.outcome.kind))

    def is_executed(self, registry: str, order_id: str) -> bool:
        """Tell whether an order has been executed, as the books stand."""
        known = self._books.order(registry, order_id)
        return known is not None and known.outcome.status is OrderStatus.EXECUTED

    def enter(self, right: RegisteredRight) -> tuple[RegisteredRight, Quantity]:
        """Enter a new right; return it and what is frozen of it, nothing.

        Raises:
            ChangeImpossible: the number is taken.
        """
        with self._books.transaction():
            if self._books.right(right.registry, right.registry_no) is not None:
                message = f"{right.registry} has a right {right.registry_no} already"
                raise ChangeImpossible(message)
            self._books.enter(right)
        return right, Quantity.zero(right.quantity.unit)

    def change(self, change: Change) -> tuple[RegisteredRight, Quantity]:
        """Let the registry or a court change a right; return it and what is frozen of it now.

        Raises:
            ChangeImpossible: no such right, or the change does not fit it.
        """
        with self._books.transaction():
            right = self._books.right(change.registry, change.registry_no)
            if right is None:
                message = f"{change.registry} has no right {change.registry_no}"
                raise ChangeImpossible(message)
            if change.kind is ChangeKind.COURT_ORDER:
                self._take_for_court(right, change)
            elif change.kind is ChangeKind.LIFT_COURT_ORDER:
                if not self._books.lift_court_order(right, change.reference):
                    message = "no such court order stands"
                    raise ChangeImpossible(message)
            elif change.kind is ChangeKind.RENAME:
                self._books.rename_holder(right, change.holder_name)
            else:
                right = changed(right, change)
                self._books.replace_entry(right)
            self._books.note_balance(right)
            return right, self._books.frozen(right)

    def _take_for_court(self, right: RegisteredRight, change: Change) -> None:
        quantity = right.quantity if change.quantity is None else change.quantity
        if quantity.unit is not right.quantity.unit or not quantity.is_positive:
            message = f"a court order takes a quantity in {right.quantity.unit}"
            raise ChangeImpossible(message)
        self._books.add_court_order(right, quantity, change.reference)

    def _refusal(self, order: RegistryOrder) -> RefusalCode | None:
        if order.kind is OrderKind.RELEASE:
            return refusal_of_release(order, self._books.freeze(order.registry, order.registry_ref))
        right = self._books.right(order.registry, order.registry_no)
        if order.kind is OrderKind.TRANSFER:
            freeze = self._books.freeze(order.registry, order.registry_ref)
            return refusal_of_transfer(order, freeze, right, business_date(self._now()))
        if order.kind is OrderKind.AMEND:
            return refusal_of_amendment(order, self._books.freeze(order.registry, order.registry_ref), right)
        frozen = Quantity.zero(order.quantity.unit) if right is None else self._books.frozen(right)
        return refusal_of_freeze(order, right, frozen, business_date(self._now()))

    def _hand_over(self, order: RegistryOrder, registry_ref: str) -> None:
        """Take a transferred quantity off the seller's entry, and enter it for the buyer under a new number."""
        seller = self._books.right(order.registry, order.registry_no)
        assert seller is not None, "a transfer of no right was refused"
        assert order.buyer is not None, "a transfer to nobody was refused"
        left = seller.quantity - order.quantity
        status = seller.status if left.is_positive else RegistryStatus.TRANSFERRED
        self._books.replace_entry(replace(seller, quantity=left, status=status, version=seller.version + 1))
        bought = replace(
            seller,
            registry_no=RegistryNo(f"GH-{registry_ref}"),
            permit_no=order.buyer_permit_no or PermitNo(f"{order.buyer}001P"),
            holder_uscc=order.buyer,
            holder_name=next(
                (each.holder_name for each, _ in self.rights(order.registry) if each.holder_uscc == order.buyer),
                order.buyer,
            ),
            quantity=order.quantity,
            origin="purchased",
            acquisition_basis="paid",
            acquisition_amount=None,
            acquired_on=business_date(self._now()),
            status=RegistryStatus.EFFECTIVE,
            version=1,
        )
        self._books.enter(bought)
        self._books.note_transfer(order.registry, registry_ref, bought)

    def _execute(self, order: RegistryOrder) -> Outcome:
        """Rule on a recorded order and write down what follows, inside the caller's transaction."""
        refusal = self._refusal(order)
        if refusal is not None:
            outcome = Outcome(order.order_id, order.kind, order.registry_no, OrderStatus.REFUSED, refusal=refusal)
        else:
            now = self._now()
            registry_ref = self._books.add_effect(order, now)
            if order.kind is OrderKind.TRANSFER:
                self._hand_over(order, registry_ref)
            elif order.kind is OrderKind.AMEND:
                self._books.note_amendment(order, registry_ref)
            outcome = Outcome(
                order.order_id, order.kind, order.registry_no, OrderStatus.EXECUTED, registry_ref, executed_at=now
            )
        self._books.settle(order.registry, outcome)
        right = self._books.right(order.registry, order.registry_no)
        if right is not None:
            self._books.note_balance(right)
        return outcome
