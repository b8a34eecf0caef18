"""Submit a pledge: value each right, and take a pending hold on every item in one transaction, or on none.

The check that a quantity is free and the taking are one guarded update. A refusal is decided once more under the lock
of the right's balance, so that it never names as available what would have been enough.
"""

from dataclasses import replace
from datetime import datetime

from domain.jurisdictions.rulebook import Rulebook
from domain.pledges.lifecycle import Event, move
from domain.pledges.pledges import Pledge, PledgeItem
from domain.pledges.syndicates import SyndicateIncomplete, waiting_for
from domain.ports.unit_of_work import UnitOfWork
from domain.rights.authorizations import Forbidden, NotFound
from domain.rights.holds import BLOCKS, Hold, HoldKind, HoldState, QuantityUnavailable
from domain.rights.pledgeability import Reason, RightNotPledgeable, reasons_against
from domain.rights.rights import Right
from domain.use_cases.adopt_value import readopted
from domain.use_cases.appraise_right import appraise_subject, subject_of
from domain.use_cases.change_pledge import fetch, happen, hold_details
from domain.use_cases.compliance_reserve import unknown_obligation
from domain.use_cases.hear_registry import ask_for_review
from domain.use_cases.order_notice import demanding_notice
from domain.use_cases.read_pledge import notice_demanded
from domain.valuation.appraisal import Appraisal
from domain.valuation.evidence import NoPriceEvidence
from domain.valuation.subject import Subject
from domain.values.actors import Actor
from domain.values.identifiers import new_id
from domain.values.quantity import Quantity
from domain.values.time import business_date


async def submit_pledge(
    uow: UnitOfWork, actor: Actor, rulebook: Rulebook, pledge_id: str, if_match: int | None, now: datetime
) -> Pledge:
    """Move a draft (or a corrected application) to `submitted`.

    Raises:
        QuantityUnavailable: less is free than asked; says how much is.
        RightNotPledgeable: with every reason.
        NoPriceEvidence, RuleUnknown: there is no value.
        SyndicateIncomplete: a bank of the syndicate has not accepted its share.
    """
    pledge = await fetch(uow, pledge_id, if_match)
    if actor.tenant != pledge.pledgee and actor.uscc not in pledge.pledgors:
        raise Forbidden("pledge:submit")
    move(pledge.workflow, pledge.status, Event.SUBMITTED)
    waiting = waiting_for(pledge.syndicate)
    if waiting:
        raise SyndicateIncomplete(waiting)
    rights = await uow.rights.find_many([item.right_id for item in pledge.items])
    held: dict[str, PledgeItem] = {}
    for item in sorted(pledge.items, key=lambda each: each.right_id):
        right = rights.get(item.right_id)
        if right is None:
            raise NotFound("right")
        pointer = f"#/items/{[each.right_id for each in pledge.items].index(right.id)}"
        held[item.right_id] = await hold_item(uow, actor, rulebook, pledge, item, right, pointer, now)
    items = tuple(held[item.right_id] for item in pledge.items)
    divisions = {right.division for right in rights.values()}
    if any(notice_demanded(rulebook, division, business_date(now)) for division in divisions):
        pledge = demanding_notice(pledge)
    return await happen(uow, actor, replace(pledge, items=items, reason=None), Event.SUBMITTED, now)


async def hold_item(
    uow: UnitOfWork,
    actor: Actor,
    rulebook: Rulebook,
    pledge: Pledge,
    item: PledgeItem,
    right: Right,
    pointer: str,
    now: datetime,
) -> PledgeItem:
    """Return an item with its value, and with a pending hold unless it has one; raises as submitting does."""
    reasons = [
        reason
        for reason in reasons_against(right, rulebook, business_date(now))
        if reason.code != "no_quantity_available"
    ]
    reasons += await unknown_obligation(uow, rulebook, right, now)
    if right.holder_uscc not in pledge.pledgors:
        reasons.insert(0, Reason("holder_changed", "right.holder"))
    if reasons:
        raise RightNotPledgeable(right.id, tuple(reasons))
    hold_id = item.hold_id
    if hold_id is None:
        await _take(uow, right, item.quantity, pointer)
        hold_id = new_id("hold")
        hold = Hold(
            id=hold_id,
            right_id=right.id,
            kind=HoldKind.PLEDGE,
            blocks=BLOCKS[HoldKind.PLEDGE],
            quantity=item.quantity,
            state=HoldState.PENDING,
            since=now,
            until=None,
            reason="pledge_submitted",
            reference=pledge.id,
        )
        await uow.holds.add(hold, pledge.parties)
        await uow.audit.write(
            actor, "hold.pending", right.id, hold_details(hold_id, item.quantity.wire()), pledge.parties, now
        )
        await uow.rights.show_to(right.id, pledge.pledgee)
        if await uow.rights.is_troubled(right.id):
            await ask_for_review(uow, right.id)
    appraisal, readers = await _appraise(uow, actor, rulebook, pledge, subject_of(right, item.quantity), now)
    valuation_id = await uow.valuations.add(appraisal, right.id, pledge.pledgee, readers, now)
    valued = replace(
        item,
        hold_id=hold_id,
        expected_version=right.registry_version,
        valuation_id=valuation_id,
        market_value=appraisal.market_value,
        collateral_value=appraisal.collateral_value,
        adopted_value=appraisal.collateral_value,
        loan_to_value_cap=appraisal.loan_to_value_cap,
    )
    return await readopted(uow, actor.tenant, valued, right, business_date(now)) if actor.role.of_a_bank else valued


async def _appraise(
    uow: UnitOfWork, actor: Actor, rulebook: Rulebook, pledge: Pledge, subject: Subject, now: datetime
) -> tuple[Appraisal, tuple[str, ...]]:
    """Return the value with who may read it: every party, unless it rests on deals that only the bank may see."""
    try:
        return await appraise_subject(uow, rulebook, subject, as_of=None, now=now, shared_only=True), pledge.parties
    except NoPriceEvidence:
        if not actor.role.of_a_bank:
            raise
    return await appraise_subject(uow, rulebook, subject, as_of=None, now=now), actor.parties


async def _take(uow: UnitOfWork, right: Right, asked: Quantity, pointer: str) -> None:
    """Take a quantity of a right.

    Raises:
        QuantityUnavailable: less is free than asked, and no more before this transaction ends; says how much.
    """
    if await uow.rights.take(right.id, asked.amount):
        return
    available = await uow.rights.lock_available(right.id)
    if available < asked.amount or not await uow.rights.take(right.id, asked.amount):
        raise QuantityUnavailable(right.id, Quantity(available, asked.unit), pointer)
