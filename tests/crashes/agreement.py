"""Whether we and the registry agree: our database beside every freeze and release that the registry executed.

Each rule is a sentence, and returns the sentences of what breaks it; none means that all is well. The registry's ledger
lists effects, not orders, so a freeze that happened twice is two lines in it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from domain.pledges.lifecycle import TRANSITIONS, WAITING, Event, State, Workflow
from domain.pledges.registry_orders import SETTLED, OrderState
from domain.rights.holds import HoldState

Row = Mapping[str, Any]

UNDER_CONTROL: Final = frozenset({State.ACTIVE, State.ENFORCING, State.ENFORCEMENT_STAYED})
TAKING: Final = frozenset({HoldState.PENDING, HoldState.POSTED})
STATEMENTS: Final[Mapping[str, str]] = {
    "pledges": "select id, status, workflow from pledges",
    "items": "select pledge_id, position, right_id, hold_id, quantity from pledge_items",
    "registrations": "select * from registrations where register = 'emission_registry'",
    "holds": "select id, right_id, kind, state, quantity, reference from holds",
    "balances": "select right_id, quantity, taken, overtaken from right_balances",
    "orders": "select * from registry_orders",
    "audit": "select sequence, action, subject, details from audit_entries order by sequence",
    "events": "select sequence, type, subject, data from events order by sequence",
    "certificates": "select number, pledge_id, kind, sealed_at from certificates",
    "jobs": "select id, task_name, status, args from procrastinate_jobs",
}


@dataclass(frozen=True, slots=True)
class Books:
    """Our tables as they stand, and the registry's ledger."""

    ours: Mapping[str, Sequence[Row]]
    ledger: Sequence[Row]

    def of(self, table: str, **wanted: object) -> list[Row]:
        """Return our rows with these values."""
        return [row for row in self.ours[table] if all(row[name] == value for name, value in wanted.items())]

    def effects(self, **wanted: object) -> list[Row]:
        """Return the ledger's lines with these values."""
        return [row for row in self.ledger if all(row[name] == value for name, value in wanted.items())]

    def frozen(self, **wanted: object) -> Decimal:
        """Return what the ledger's freezes with these values still take."""
        return sum((_signed(row) for row in self.effects(**wanted)), Decimal(0))


def opened(libpq: str, ledger: Sequence[Row]) -> Books:
    """Read our tables, all at one moment."""
    with psycopg.connect(libpq, row_factory=dict_row) as connection:
        connection.execute("set transaction isolation level repeatable read")
        return Books({name: connection.execute(text).fetchall() for name, text in STATEMENTS.items()}, ledger)


def disagreements(books: Books) -> list[str]:
    """Return every sentence that is broken at rest."""
    return [f"{rule.__name__}: {broken}" for rule in (*ALWAYS, *AT_REST) for broken in rule(books)]


def breaches(books: Books) -> list[str]:
    """Return every sentence that is broken even while orders are on their way."""
    return [f"{rule.__name__}: {broken}" for rule in ALWAYS for broken in rule(books)]


def an_order_has_at_most_one_effect(books: Books) -> Iterator[str]:
    """Whatever was sent how often, the registry did it once."""
    for order_id, count in Counter(row["order_id"] for row in books.ledger).items():
        if count > 1:
            yield f"{order_id} was executed {count} times"


def an_effect_has_an_order_of_ours(books: Books) -> Iterator[str]:
    """The registry did nothing that we had not committed to before."""
    for row in books.ledger:
        orders = books.of("orders", id=row["order_id"], kind=row["kind"], pledge_id=row["contract_no"])
        if [order["quantity"] for order in orders] != [Decimal(row["quantity"]["amount"])]:
            yield f"{row['order_id']} in the ledger is no order of ours"
        if any(order["state"] == OrderState.RECORDED for order in orders):
            yield f"{row['order_id']} was executed although we think that it was never sent"


def what_is_taken_is_what_the_holds_take(books: Books) -> Iterator[str]:
    """The guarded total is the sum of the live holds, and no more than there is."""
    for balance in books.ours["balances"]:
        held = sum(
            (hold["quantity"] for hold in books.of("holds", right_id=balance["right_id"]) if hold["state"] in TAKING),
            Decimal(0),
        )
        if held != balance["taken"] or held > balance["quantity"] + balance["overtaken"]:
            yield f"{balance['right_id']}: holds take {held}, the balance says {balance}"


def a_frozen_quantity_is_never_free_with_us(books: Books) -> Iterator[str]:
    """While the registry has it frozen for a pledge, a hold of that pledge takes it."""
    for pledge_id in {row["contract_no"] for row in books.ledger}:
        held = sum(
            (hold["quantity"] for hold in books.of("holds", reference=pledge_id) if hold["state"] in TAKING), Decimal(0)
        )
        if books.frozen(contract_no=pledge_id) > held:
            yield f"{pledge_id}: frozen {books.frozen(contract_no=pledge_id)}, held {held}"


def nothing_ends_without_the_registrys_answer(books: Books) -> Iterator[str]:
    """A hold ends once, and only after every order about it was answered."""
    for hold in books.ours["holds"]:
        endings = [
            entry["sequence"]
            for entry in books.ours["audit"]
            if entry["details"].get("hold_id") == hold["id"]
            and entry["action"] in {"hold.voided", "hold.released", "hold.expired"}
        ]
        if len(endings) != (0 if hold["state"] in TAKING else 1):
            yield f"{hold['id']} is {hold['state']} and ended {len(endings)} times"
        for order in books.of("orders", hold_id=hold["id"]):
            answered = _answered(books, order)
            if endings and (not answered or answered[0] > endings[0]):
                yield f"{hold['id']} ended before {order['id']} was answered"


def an_order_is_settled_once(books: Books) -> Iterator[str]:
    """Its answer stands in the trail and in the feed, once each."""
    for order in books.ours["orders"]:
        expected = 1 if order["state"] in SETTLED else 0
        told = [
            event
            for event in books.ours["events"]
            if event["data"].get("order_id") == order["id"]
            and event["type"].endswith((".executed", ".refused", ".reconciled"))
        ]
        if (len(_answered(books, order)), len(told)) != (expected, expected):
            yield f"{order['id']} is {order['state']}, answered {len(_answered(books, order))}, told {len(told)} times"


def a_pledge_moved_by_the_table(books: Books) -> Iterator[str]:
    """Its trail is an unbroken path from draft to where it stands, each step a row of the table."""
    for pledge in books.ours["pledges"]:
        status = State.DRAFT.value
        for entry in books.of("audit", subject=pledge["id"]):
            if "to" in entry["details"]:
                row = (State(entry["details"]["from"]), Event(entry["action"].removeprefix("pledge.")))
                if TRANSITIONS[Workflow(pledge["workflow"])].get(row) != entry["details"]["to"] or row[0] != status:
                    yield f"{pledge['id']} was {status} and moved {entry['details']} by {entry['action']}"
                status = entry["details"]["to"]
        if status != pledge["status"]:
            yield f"{pledge['id']} is {pledge['status']}, its trail ends in {status}"


def what_the_registry_did_is_certified_once(books: Books) -> Iterator[str]:
    """A freeze or release that was carried out whole has its certificate, written in the same transaction."""
    for pledge in books.ours["pledges"]:
        for action, kind in (("pledge.freeze_executed", "registration"), ("pledge.release_executed", "release")):
            done = len(books.of("audit", subject=pledge["id"], action=action))
            issued = len(books.of("certificates", pledge_id=pledge["id"], kind=kind))
            if issued != done:
                yield f"{pledge['id']} has {issued} certificates of {kind} for {done}"


def every_order_is_answered(books: Books) -> Iterator[str]:
    """No order is left open, no pledge waits or is left to a person, and no job is left."""
    for order in books.ours["orders"]:
        if order["state"] not in SETTLED:
            yield f"{order['id']} is {order['state']}"
    for pledge in books.ours["pledges"]:
        if State(pledge["status"]) in {*WAITING, State.EXCEPTION}:
            yield f"{pledge['id']} is {pledge['status']}"
    for job in books.of("jobs", task_name="carry_out_order"):
        yield f"a job is left: {job}"


def an_executed_order_is_in_the_ledger_and_a_refused_one_is_not(books: Books) -> Iterator[str]:
    """Under the reference that we keep."""
    for order in books.ours["orders"]:
        expected = [order["registry_ref"]] if order["state"] == OrderState.EXECUTED else []
        if [row["registry_ref"] for row in books.effects(order_id=order["id"])] != expected:
            yield f"{order['id']} is {order['state']}, the ledger has {books.effects(order_id=order['id'])}"


def posted_holds_are_what_the_registry_has_frozen(books: Books) -> Iterator[str]:
    """For every pledge, item by item, with the state and the registration that follow from it."""
    for pledge in books.ours["pledges"]:
        for item in books.of("items", pledge_id=pledge["id"]):
            numbers = {
                row["registry_no"]
                for row in books.effects(contract_no=pledge["id"])
                if row["order_id"] in {order["id"] for order in books.of("orders", right_id=item["right_id"])}
            }
            frozen = sum((books.frozen(contract_no=pledge["id"], registry_no=number) for number in numbers), Decimal(0))
            yield from _item(books, pledge, item, frozen)


def _item(books: Books, pledge: Row, item: Row, frozen: Decimal) -> Iterator[str]:
    status = State(pledge["status"])
    [entry] = books.of("registrations", pledge_id=pledge["id"], position=item["position"])
    holds = [hold["state"] for hold in books.of("holds", id=item["hold_id"])]
    stands = (holds, entry["status"], frozen)
    if status in UNDER_CONTROL:
        expected = ([HoldState.POSTED], "registered", item["quantity"])
        freezes = books.effects(contract_no=pledge["id"], kind="freeze", registry_ref=entry["reference"])
        if len(freezes) != 1:
            yield f"{pledge['id']} is registered under {entry['reference']}, which the ledger does not know"
    elif status in {State.RELEASED, State.DISPOSED}:
        expected = ([HoldState.RELEASED], "discharged", Decimal(0))
    elif status in {State.WITHDRAWN, State.REJECTED}:
        expected = (holds, entry["status"], Decimal(0))
        if any(hold in TAKING for hold in holds):
            yield f"{pledge['id']} is {status} and still holds"
    else:
        expected = ([HoldState.PENDING], "pending", Decimal(0))
    if stands != expected:
        yield f"{pledge['id']} is {status}: holds, registration and frozen quantity are {stands}, not {expected}"


def _answered(books: Books, order: Row) -> list[int]:
    answers = {f"{order['kind']}.executed", f"{order['kind']}.refused"}
    return [
        entry["sequence"]
        for entry in books.of("audit", subject=order["pledge_id"])
        if entry["action"] in answers and entry["details"].get("order_id") == order["id"]
    ]


def _signed(row: Row) -> Decimal:
    """Return what an effect adds to what is frozen; an amendment of an entry adds nothing."""
    return Decimal(row["quantity"]["amount"]) * {"freeze": 1, "amend": 0}.get(row["kind"], -1)


Rule = Callable[[Books], Iterator[str]]

ALWAYS: Final[Sequence[Rule]] = (
    an_order_has_at_most_one_effect,
    an_effect_has_an_order_of_ours,
    what_is_taken_is_what_the_holds_take,
    a_frozen_quantity_is_never_free_with_us,
    nothing_ends_without_the_registrys_answer,
    an_order_is_settled_once,
    a_pledge_moved_by_the_table,
    what_the_registry_did_is_certified_once,
)
AT_REST: Final[Sequence[Rule]] = (
    every_order_is_answered,
    an_executed_order_is_in_the_ledger_and_a_refused_one_is_not,
    posted_holds_are_what_the_registry_has_frozen,
)
