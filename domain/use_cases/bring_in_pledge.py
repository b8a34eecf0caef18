"""Enter one existing pledge: its loans with their balances, the hold on what is frozen already, the registry's entry.

The freeze is kept among the pledge's executed orders, under the registry's reference and time, though we never sent
one: what later releases it or makes it a buyer's must name it there. The items have no value; the group is *unpriced*
until somebody appraises, because a bank's old figure is not one of ours.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.loans.loans import Loan, LoanEvent, LoanEventType, LoanKind, outstanding
from domain.pledges.certificates import CertificateKind
from domain.pledges.imports import BroughtLoan, BroughtPledge, Code
from domain.pledges.lifecycle import Event, State, Workflow
from domain.pledges.pledges import Pledge, PledgeItem, Register, Registration, RegistrationStatus
from domain.pledges.registry_orders import OrderKind, OrderState, PledgeOrder
from domain.ports.registry import RegistryFreeze
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.holds import BLOCKS, Hold, HoldKind, HoldState
from domain.rights.rights import Right
from domain.use_cases.change_pledge import happen, hold_details
from domain.use_cases.hear_registry import ask_for_review
from domain.use_cases.issue_certificate import issue_certificate
from domain.values.actors import Actor
from domain.values.identifiers import new_id
from domain.values.money import Money
from domain.values.quantity import Quantity


class Refused(Exception):
    """Say why a row is not brought in after all; it never leaves the import."""

    def __init__(self, why: Code) -> None:
        """Keep the code."""
        super().__init__(why)
        self.why = why


async def bring_in_pledge(
    uow: UnitOfWork, actor: Actor, row: BroughtPledge, right: Right, freeze: RegistryFreeze, now: datetime
) -> Pledge:
    """Write everything of one row; raises Refused, after which the caller undoes what was written."""
    assert actor.uscc is not None, "a bank is a legal person"
    authority = await uow.tenants.authority_of(right.division)
    if authority is None and row.workflow is Workflow.ZHEJIANG:
        raise Refused(Code.AUTHORITY_UNKNOWN)
    parties = _parties(actor, row, authority)
    quantity = freeze.quantity.to(right.quantity.unit)
    pledge_id = new_id("pledge")
    hold = _hold(pledge_id, right, quantity, freeze)
    await _take_over(uow, actor, hold, parties, now)
    loans = [await _loan(uow, actor, loan, now) for loan in row.loans]
    pledge = _draft(actor, row, authority, hold, freeze, loans, now)
    await uow.pledges.add(pledge)
    entered = _executed(pledge, hold, freeze, now)
    await uow.registry_orders.add(entered)
    await uow.registry_orders.save(entered, now)
    await uow.rights.show_to(right.id, actor.tenant)
    said = {"registry_ref": freeze.registry_ref, "rank": freeze.rank, "evidence_sha256": freeze.evidence_sha256}
    active = await happen(uow, actor, pledge, Event.BROUGHT_IN, now, said)
    await issue_certificate(uow, actor, active, CertificateKind.REGISTRATION, "brought_in", now)
    await ask_for_review(uow, right.id)
    return active


def _parties(actor: Actor, row: BroughtPledge, authority: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((actor.tenant, row.pledgor_uscc, *([authority] if authority else []))))


def _hold(pledge_id: str, right: Right, quantity: Quantity, freeze: RegistryFreeze) -> Hold:
    return Hold(
        id=new_id("hold"),
        right_id=right.id,
        kind=HoldKind.PLEDGE,
        blocks=BLOCKS[HoldKind.PLEDGE],
        quantity=quantity,
        state=HoldState.POSTED,
        since=freeze.registered_at,
        until=None,
        reason="pledge_brought_in",
        reference=pledge_id,
    )


async def _take_over(uow: UnitOfWork, actor: Actor, hold: Hold, parties: tuple[str, ...], now: datetime) -> None:
    """Free what the registry reports as frozen for others, and take as much for the pledge.

    Raises Refused where the registry reports less than that beyond our own orders: then it is counted already.
    """
    reported = await uow.holds.reported(hold.right_id)
    if reported is None or reported.quantity.amount < hold.quantity.amount:
        raise Refused(Code.QUANTITY_COUNTED_ALREADY)
    left = reported.quantity - hold.quantity
    await uow.rights.give_back(hold.right_id, hold.quantity.amount)
    if left.is_positive:
        await uow.holds.shrink(reported.id, left)
    else:
        await uow.holds.change(reported.id, HoldState.RELEASED, now)
    what = "hold.reduced" if left.is_positive else "hold.released"
    freed = hold_details(reported.id, hold.quantity.wire())
    await uow.audit.write(actor, what, hold.right_id, freed, parties, now)
    if not await uow.rights.take(hold.right_id, hold.quantity.amount):
        raise Refused(Code.QUANTITY_UNAVAILABLE)
    await uow.holds.add(hold, parties)
    taken = hold_details(hold.id, hold.quantity.wire())
    await uow.audit.write(actor, "hold.posted", hold.right_id, taken, parties, now)


async def _loan(uow: UnitOfWork, actor: Actor, told: BroughtLoan, now: datetime) -> Loan:
    """Return the loan of a contract number: the one that we have where it says the same, else a new one."""
    known = await uow.loans.of_contract(actor.tenant, told.contract_no)
    if known is not None:
        owed = outstanding(await uow.loans.events(known.id))
        if (known.borrower_uscc, known.principal, owed) != (told.borrower_uscc, told.principal, told.outstanding):
            raise Refused(Code.LOAN_CONFLICT)
        return known
    loan = Loan(
        id=new_id("loan"),
        tenant=actor.tenant,
        borrower_uscc=told.borrower_uscc,
        contract_no=told.contract_no,
        kind=told.kind,
        principal=told.principal,
        rate=told.rate,
        start=told.start,
        end=told.end,
        repayment=told.repayment,
        bullet=told.bullet,
        purpose=told.purpose,
        version=1,
        created_at=now,
        parties=tuple(dict.fromkeys((actor.tenant, told.borrower_uscc))),
        overdue_surcharge=told.overdue_surcharge,
    )
    await uow.loans.add(loan)
    said: dict[str, object] = {"contract_no": loan.contract_no, "principal": loan.principal.wire()}
    balance = {"outstanding": told.outstanding.wire(), "as_of": told.as_of.isoformat()}
    await uow.audit.write(actor, "loan.brought_in", loan.id, {**said, **balance}, loan.parties, now)
    return await _opened(uow, actor, loan, told, now)


async def _opened(uow: UnitOfWork, actor: Actor, loan: Loan, told: BroughtLoan, now: datetime) -> Loan:
    """Open the loan's account with its balance as of the day.

    A loan was paid out whole and repaid in part, so that nothing is left to be paid out; a line is drawn so far.
    """
    line = loan.kind is LoanKind.CREDIT_LINE
    drawn = told.outstanding if line else told.principal
    for kind, amount in (
        (LoanEventType.DISBURSED, drawn),
        (LoanEventType.REPAID, drawn - told.outstanding),
    ):
        if amount.is_positive:
            event = LoanEvent(
                id=new_id("loanevent"),
                loan_id=loan.id,
                type=kind,
                principal=amount,
                interest=None,
                penalty=None,
                fee=None,
                on=told.as_of,
                reference=f"brought_in:{kind.value}",
                recorded_at=now,
            )
            await uow.loans.add_event(event, loan, actor.client_id)
            loan = replace(loan, version=loan.version + 1)
    return loan


def _draft(
    actor: Actor,
    row: BroughtPledge,
    authority: str | None,
    hold: Hold,
    freeze: RegistryFreeze,
    loans: list[Loan],
    now: datetime,
) -> Pledge:
    """Return the pledge as it is written before it becomes active, with the entry that the registry shows."""
    lent = sum((loan.principal.amount for loan in loans), Decimal(0))
    assert hold.reference is not None, "the hold names its pledge"
    assert actor.uscc is not None, "a bank is a legal person"
    return Pledge(
        id=hold.reference,
        parties=_parties(actor, row, authority),
        status=State.DRAFT,
        workflow=row.workflow,
        applicant=actor.tenant,
        created_by=actor.client_id,
        pledgors=(row.pledgor_uscc,),
        pledgee=actor.tenant,
        pledgee_uscc=actor.uscc,
        authority=authority,
        security_type=row.security_type,
        secured=row.secured,
        other_security=row.other_security,
        items=(_item(hold),),
        loan_ids=tuple(sorted(loan.id for loan in loans)),
        registrations=(
            Registration(
                register=Register.EMISSION_REGISTRY,
                position=0,
                status=RegistrationStatus.REGISTERED,
                reference=freeze.registry_ref,
                registered_at=freeze.registered_at,
                rank=freeze.rank,
            ),
            Registration(
                register=Register.NOTICE_REGISTRY,
                position=0,
                status=RegistrationStatus.NOT_REQUIRED,
                reference=None,
                registered_at=None,
            ),
        ),
        approved_amount=Money(lent) if lent else None,
        approved_rate=None,
        reason=None,
        order_round=1,
        release=None,
        progressed_at=now,
        created_at=now,
        updated_at=now,
        version=1,
    )


def _item(hold: Hold) -> PledgeItem:
    return PledgeItem(
        right_id=hold.right_id,
        quantity=hold.quantity,
        hold_id=hold.id,
        expected_version=None,
        valuation_id=None,
        market_value=None,
        collateral_value=None,
        adopted_value=None,
        loan_to_value_cap=None,
    )


def _executed(pledge: Pledge, hold: Hold, freeze: RegistryFreeze, now: datetime) -> PledgeOrder:
    """Return the freeze as an order that was executed long ago; nobody ever carries it out."""
    return PledgeOrder(
        id=new_id("order"),
        kind=OrderKind.FREEZE,
        pledge_id=pledge.id,
        right_id=hold.right_id,
        hold_id=hold.id,
        round=pledge.order_round,
        quantity=hold.quantity,
        expected_version=None,
        state=OrderState.EXECUTED,
        attempts=0,
        registry_ref=freeze.registry_ref,
        freeze_ref=None,
        executed_at=freeze.registered_at,
        reason=None,
        message="brought in: frozen before, and not by an order of ours",
        evidence_sha256=freeze.evidence_sha256,
        created_at=now,
        parties=pledge.parties,
    )
